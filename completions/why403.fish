# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_why403_global_optspecs
    string join \n explain= report= timeout= format= no-probe no-cache redact= ignore= h/help V/version
end

function __fish_why403_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_why403_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_why403_using_subcommand
    set -l cmd (__fish_why403_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c why403 -n "__fish_why403_needs_command" -l explain -d 'When to explain: auto (on a terminal, or in CI), always, never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c why403 -n "__fish_why403_needs_command" -l report -d 'Append the report to FILE, as one line of JSON' -r
complete -c why403 -n "__fish_why403_needs_command" -l timeout -d 'The longest that a diagnosis may take' -r
complete -c why403 -n "__fish_why403_needs_command" -l format -d 'How to explain, and where to; may be given several times' -r -f -a "terminal\t''
plain\t''
concise\t''
json\t''
github\t''
gitlab\t''
markdown\t''
sarif\t''
junit\t''"
complete -c why403 -n "__fish_why403_needs_command" -l redact -d 'Replace account ids in all that why403 writes: accounts' -r
complete -c why403 -n "__fish_why403_needs_command" -l ignore -d 'Explain nothing of a profile:, bucket: or account: (* is any text); may be given several times' -r
complete -c why403 -n "__fish_why403_needs_command" -l no-probe -d 'Explain from the error\'s text alone: ask AWS nothing'
complete -c why403 -n "__fish_why403_needs_command" -l no-cache -d 'Keep no answer of AWS\'s for the next diagnosis, and use none'
complete -c why403 -n "__fish_why403_needs_command" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_needs_command" -s V -l version -d 'Print version'
complete -c why403 -n "__fish_why403_needs_command" -f -a "exec" -d 'Run a command in which every `aws` is explained: `why403 exec -- make deploy`'
complete -c why403 -n "__fish_why403_needs_command" -f -a "config" -d 'Show every setting, and who said it'
complete -c why403 -n "__fish_why403_needs_command" -f -a "cache" -d 'Show where answers of AWS\'s are kept for the next diagnosis, or clear them'
complete -c why403 -n "__fish_why403_needs_command" -f -a "doctor" -d 'Say what is found on this machine: `aws`, the shell, profiles, and what may be asked'
complete -c why403 -n "__fish_why403_needs_command" -f -a "explain" -d 'Say what a cause means, and how it is proven and repaired'
complete -c why403 -n "__fish_why403_needs_command" -f -a "check" -d 'Diagnose a request that nobody sent: 0 allowed, 1 refused, 3 cannot tell'
complete -c why403 -n "__fish_why403_needs_command" -f -a "last" -d 'Show the last diagnosis again'
complete -c why403 -n "__fish_why403_needs_command" -f -a "fix" -d 'Print the last diagnosis\'s edits as whole policy documents and as a diff; apply nothing'
complete -c why403 -n "__fish_why403_needs_command" -f -a "log" -d 'Find and explain the failures in a saved log: of the AWS CLI, boto3, Terraform, other SDKs'
complete -c why403 -n "__fish_why403_needs_command" -f -a "simulate" -d 'Decide requests against policies, with no AWS and no network'
complete -c why403 -n "__fish_why403_needs_command" -f -a "init" -d 'Print what a shell has to read so that `aws` explains itself'
complete -c why403 -n "__fish_why403_needs_command" -f -a "off" -d 'Explain nothing in this shell, until `why403 on`; needs the line of `why403 init`'
complete -c why403 -n "__fish_why403_needs_command" -f -a "on" -d 'Explain again in this shell; needs the line of `why403 init`'
complete -c why403 -n "__fish_why403_needs_command" -f -a "completions" -d 'Print the completions of why403 for a shell'
complete -c why403 -n "__fish_why403_needs_command" -f -a "man" -d 'Write the man pages into a directory'
complete -c why403 -n "__fish_why403_needs_command" -f -a "schema" -d 'Print the JSON Schema of the report'
complete -c why403 -n "__fish_why403_needs_command" -f -a "demo" -d 'Show what a refusal looks like, on an AWS in miniature'
complete -c why403 -n "__fish_why403_needs_command" -f -a "aws" -d 'Run the AWS CLI, and explain what was refused'
complete -c why403 -n "__fish_why403_using_subcommand exec" -l explain -d 'When to explain: auto (on a terminal, or in CI), always, never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c why403 -n "__fish_why403_using_subcommand exec" -l report -d 'Append the report to FILE, as one line of JSON' -r
complete -c why403 -n "__fish_why403_using_subcommand exec" -l timeout -d 'The longest that a diagnosis may take' -r
complete -c why403 -n "__fish_why403_using_subcommand exec" -l format -d 'How to explain, and where to; may be given several times' -r -f -a "terminal\t''
plain\t''
concise\t''
json\t''
github\t''
gitlab\t''
markdown\t''
sarif\t''
junit\t''"
complete -c why403 -n "__fish_why403_using_subcommand exec" -l redact -d 'Replace account ids in all that why403 writes: accounts' -r
complete -c why403 -n "__fish_why403_using_subcommand exec" -l ignore -d 'Explain nothing of a profile:, bucket: or account: (* is any text); may be given several times' -r
complete -c why403 -n "__fish_why403_using_subcommand exec" -l no-probe -d 'Explain from the error\'s text alone: ask AWS nothing'
complete -c why403 -n "__fish_why403_using_subcommand exec" -l no-cache -d 'Keep no answer of AWS\'s for the next diagnosis, and use none'
complete -c why403 -n "__fish_why403_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c why403 -n "__fish_why403_using_subcommand config" -l json -d 'As JSON'
complete -c why403 -n "__fish_why403_using_subcommand config" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand cache; and not __fish_seen_subcommand_from clear" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand cache; and not __fish_seen_subcommand_from clear" -f -a "clear" -d 'Remove every kept answer'
complete -c why403 -n "__fish_why403_using_subcommand cache; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand doctor" -l probe -d 'Ask AWS which questions of a diagnosis this identity may ask: in general, or about one object' -r
complete -c why403 -n "__fish_why403_using_subcommand doctor" -l profile -d 'The profile to probe as; the one in effect otherwise' -r
complete -c why403 -n "__fish_why403_using_subcommand doctor" -l json -d 'As JSON, to paste into an issue'
complete -c why403 -n "__fish_why403_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand explain" -l list -d 'List all causes, by family'
complete -c why403 -n "__fish_why403_using_subcommand explain" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand check" -l action -d 'What to do with it; get where a key is named, list otherwise' -r -f -a "get\t''
put\t''
delete\t''
list\t''"
complete -c why403 -n "__fish_why403_using_subcommand check" -l profile -d 'As in `aws`' -r
complete -c why403 -n "__fish_why403_using_subcommand check" -l region -d 'As in `aws`' -r
complete -c why403 -n "__fish_why403_using_subcommand check" -l endpoint-url -d 'As in `aws`' -r
complete -c why403 -n "__fish_why403_using_subcommand check" -l version-id -d 'Which version of the object' -r
complete -c why403 -n "__fish_why403_using_subcommand check" -l expires-in -d 'Say whether a URL that `aws s3 presign` makes now would live that long' -r
complete -c why403 -n "__fish_why403_using_subcommand check" -l timeout -d 'The longest that it may take; 10 by default' -r
complete -c why403 -n "__fish_why403_using_subcommand check" -l format -d 'How to show it: terminal where stdout is one, plain otherwise' -r -f -a "terminal\t''
plain\t''
concise\t''
json\t''
github\t''
gitlab\t''
markdown\t''
sarif\t''
junit\t''"
complete -c why403 -n "__fish_why403_using_subcommand check" -l report -d 'Append the report of a refusal to FILE, as one line of JSON' -r -F
complete -c why403 -n "__fish_why403_using_subcommand check" -l no-sign-request -d 'As in `aws`: as nobody, without credentials'
complete -c why403 -n "__fish_why403_using_subcommand check" -l request-payer -d 'Pay for the requests where the bucket\'s owner does not'
complete -c why403 -n "__fish_why403_using_subcommand check" -s v -l verbose -d 'Full ARNs, what was ruled out, and what was asked'
complete -c why403 -n "__fish_why403_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c why403 -n "__fish_why403_using_subcommand last" -l format -d 'How to show it: terminal where stdout is one, plain otherwise' -r -f -a "terminal\t''
plain\t''
concise\t''
json\t''
github\t''
gitlab\t''
markdown\t''
sarif\t''
junit\t''"
complete -c why403 -n "__fish_why403_using_subcommand last" -l all -d 'All that are kept, the oldest first'
complete -c why403 -n "__fish_why403_using_subcommand last" -s v -l verbose -d 'Full ARNs, what was ruled out, and what was asked'
complete -c why403 -n "__fish_why403_using_subcommand last" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand fix" -l format -d 'Only the documents, only their diff, or both as JSON' -r -f -a "diff\t''
documents\t''
json\t''"
complete -c why403 -n "__fish_why403_using_subcommand fix" -l write -d 'Write the documents to DIR, under the names that the commands use' -r -F
complete -c why403 -n "__fish_why403_using_subcommand fix" -l force -d 'Replace files that are there already'
complete -c why403 -n "__fish_why403_using_subcommand fix" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand log" -l format -d 'How to show it: terminal where stdout is one, plain otherwise' -r -f -a "terminal\t''
plain\t''
concise\t''
json\t''
github\t''
gitlab\t''
markdown\t''
sarif\t''
junit\t''"
complete -c why403 -n "__fish_why403_using_subcommand log" -l probe -d 'Ask AWS too, with the credentials here'
complete -c why403 -n "__fish_why403_using_subcommand log" -s v -l verbose -d 'Full ARNs, what was ruled out, and what was asked'
complete -c why403 -n "__fish_why403_using_subcommand log" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand simulate" -l expect -d 'Check the expectations in FILE, and print those that fail; may be given several times' -r -F
complete -c why403 -n "__fish_why403_using_subcommand simulate" -l junit -d 'Write the outcome of the expectations to FILE too, as JUnit XML' -r -F
complete -c why403 -n "__fish_why403_using_subcommand simulate" -l table -d 'Print the answers as a table, for people'
complete -c why403 -n "__fish_why403_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c why403 -n "__fish_why403_using_subcommand init" -l cmd -d 'Define NAME instead of `aws`, which then stays as it is' -r
complete -c why403 -n "__fish_why403_using_subcommand init" -l key -d 'Run `why403 last` at a key: `alt-w`, `ctrl-g`, or as the shell writes it; WHY403_KEY does the same' -r
complete -c why403 -n "__fish_why403_using_subcommand init" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand off" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand on" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand completions" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand man" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand schema" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand demo" -l aws -d 'The AWS CLI to run; the first `aws` on PATH otherwise' -r -F
complete -c why403 -n "__fish_why403_using_subcommand demo" -l list -d 'List all scenarios'
complete -c why403 -n "__fish_why403_using_subcommand demo" -s h -l help -d 'Print help'
complete -c why403 -n "__fish_why403_using_subcommand aws" -l explain -d 'When to explain: auto (on a terminal, or in CI), always, never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c why403 -n "__fish_why403_using_subcommand aws" -l report -d 'Append the report to FILE, as one line of JSON' -r
complete -c why403 -n "__fish_why403_using_subcommand aws" -l timeout -d 'The longest that a diagnosis may take' -r
complete -c why403 -n "__fish_why403_using_subcommand aws" -l format -d 'How to explain, and where to; may be given several times' -r -f -a "terminal\t''
plain\t''
concise\t''
json\t''
github\t''
gitlab\t''
markdown\t''
sarif\t''
junit\t''"
complete -c why403 -n "__fish_why403_using_subcommand aws" -l redact -d 'Replace account ids in all that why403 writes: accounts' -r
complete -c why403 -n "__fish_why403_using_subcommand aws" -l ignore -d 'Explain nothing of a profile:, bucket: or account: (* is any text); may be given several times' -r
complete -c why403 -n "__fish_why403_using_subcommand aws" -l no-probe -d 'Explain from the error\'s text alone: ask AWS nothing'
complete -c why403 -n "__fish_why403_using_subcommand aws" -l no-cache -d 'Keep no answer of AWS\'s for the next diagnosis, and use none'
complete -c why403 -n "__fish_why403_using_subcommand aws" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c why403 -n "__fish_why403_using_subcommand explain" -f -a 'no-credentials profile-not-found expired-credentials unknown-access-key wrong-secret-key invalid-session-token clock-skew unsigned-request wrong-profile assume-role-denied key-not-found-hidden bucket-not-found wrong-region requester-pays archived-object customer-key-required identity-policy-no-allow identity-policy-deny permissions-boundary session-policy service-control-policy resource-control-policy bucket-policy-deny bucket-policy-no-allow vpc-endpoint-policy access-point-policy block-public-access object-owned-by-other-account kms-no-allow kms-key-policy kms-key-unusable kms-aws-managed-key bucket-owner-mismatch blocked-by-aws not-reproduced undetermined'
complete -c why403 -n "__fish_why403_using_subcommand init" -f -a 'bash zsh fish'
