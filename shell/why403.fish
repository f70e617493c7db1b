# why403 for fish: a refused S3 command is explained under its error.
#
#     why403 init fish | source           in ~/.config/fish/config.fish, or
#     source /path/to/why403.fish         with why403 on PATH, or
#     fisher install why403/why403        which takes this file from conf.d/
#
# It defines `aws`, which runs the AWS CLI through why403, and `why403`, which adds `why403 off` and `why403 on` for this
# shell and leaves everything else to the program. Where why403 is gone, `aws` is the real one. `command aws` always is.
#
# Starting a shell starts no program here, so that it costs next to nothing.

# `why403 init` assigns these before this file; alone, the file finds the program on PATH.
set -q __why403_bin[1]; or set -g __why403_bin why403
set -q __why403_cmd[1]; or set -g __why403_cmd aws
if not set -q __why403_key[1]
    set -g __why403_key
    set -q WHY403_KEY; and set -g __why403_key $WHY403_KEY
end
set -q __why403_state[1]; or set -g __why403_state on
set -q __why403_function[1]; or set -g __why403_function ''

# Finds why403 itself: where it was at the start, or, when an upgrade has moved it, on PATH.
function __why403_locate
    if string match -q '*/*' -- $__why403_bin; and test -f $__why403_bin -a -x $__why403_bin
        set -g __why403_found $__why403_bin
    else
        set -g __why403_found (command -s why403)
    end
    test -n "$__why403_found"
end

# Whether a completion or a key asks, in the middle of a line: an explanation would be written across it. (fish's own
# completion of `aws` lists buckets with `aws s3 ls`.)
function __why403_is_editing
    status is-interactive; or return
    set -l run (status current-commandline | string collect)
    set -l typed (commandline | string collect)
    test -z "$run" -a -n "$typed"
end

# Whether the line being run is one `aws … &`. fish runs a function in front even so; in here it can still be helped.
function __why403_is_background
    set -l word '([^\'"\\\\;|&()\n]|\'[^\']*\'|"[^"]*"|\\\\.|>&\d|&>)*'
    set -l run (status current-commandline | string collect)
    status is-interactive; and string match -qr "^\s*$__why403_cmd(\s$word)?&\s*\$" -- "$run"
end

function __why403_aws
    set -l program aws
    if test $__why403_state = on; and not __why403_is_editing; and __why403_locate
        set program $__why403_found aws
    end
    if __why403_is_background
        command $program $argv &
    else
        command $program $argv
    end
end

function why403 --description 'Say why S3 said 403'
    switch "$argv"
        case off
            set -g __why403_state off
            return 0
        case on
            set -g __why403_state on
            if test $__why403_function != $__why403_cmd
                echo "why403: `$__why403_cmd` was a function already, and is left as it was" >&2
                return 1
            end
            return 0
        case '*'
            if __why403_locate
                command $__why403_found $argv
            else
                command why403 $argv
            end
    end
end

# A function of that name that is not ours does something that its owner needs (`docker run amazon/aws-cli`, say).
if test $__why403_function = $__why403_cmd; or not functions -q $__why403_cmd
    set -g __why403_function $__why403_cmd
    if test $__why403_cmd = aws
        function aws --description 'The AWS CLI, explained by why403'
            __why403_aws $argv
        end
    else
        function $__why403_cmd --wraps aws --description 'The AWS CLI, explained by why403'
            __why403_aws $argv
        end
    end
end

# The AWS CLI's own completer: on PATH, or beside the real `aws`.
function __why403_find_completer
    command -s aws_completer; and return
    set -l aws (command -s aws); or return
    for found in (string replace -r '/[^/]*$' '' (realpath $aws) $aws)/{aws_completer,../libexec/aws_completer} /usr/libexec/aws_completer
        if test -x $found
            echo $found
            return
        end
    end
    return 1
end

# The completer counts in what is written up to the cursor, and ends some words with a space.
function __why403_complete
    set -l completer (__why403_find_completer); or return
    set -lx COMP_LINE (commandline -cp | string collect)
    set -lx COMP_POINT (string length -- $COMP_LINE)
    set -lx COMP_SHELL fish
    $completer | string trim -r
end

# Whether fish has a completion of `aws` already: its own, a vendor's or the user's.
function __why403_has_completion
    for folder in $fish_complete_path
        test -e $folder/aws.fish; and return
    end
    complete -c aws | string match -q '*'
end

# The key, if one is wanted: `alt-w`, `ctrl-g`, or anything that `bind` reads.
function __why403_bind
    set -l keys $__why403_key
    # fish 4 reads these names itself.
    if string match -qr '^[0-3]\.' -- $version
        set keys (string replace -r '^alt-(.)$' '\\\\e$1' -- $keys | string replace -r '^ctrl-(.)$' '\\\\c$1')
        set keys (string unescape -- $keys)
    end
    bind $keys __why403_last
    bind -M insert $keys __why403_last
end

function __why403_last
    echo
    why403 last
    commandline -f repaint
end

if status is-interactive
    if not __why403_has_completion
        complete -c aws -f -a '(__why403_complete)'
    end
    if test -n "$__why403_key"
        __why403_bind
    end
end

# What fisher calls when it takes the plugin away.
function __why403_uninstall --on-event why403_uninstall
    test -n "$__why403_function"; and functions -e $__why403_function
    functions -e why403 (functions -a | string match '__why403_*')
    set -e (set -ng | string match '__why403_*')
end

# Nothing found so far is of use to anybody; and reading this file again leaves everything as it is.
set -g __why403_found ''
