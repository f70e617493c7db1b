//! The options of `aws`, `aws s3 …` and `aws s3api …`, as far as one must know which take a value
//! (awscli: `data/cli.json`, `customizations/s3/subcommands.py`; botocore's model of S3).

/// How many words after an option are its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    /// A switch.
    None,
    One,
    /// `--tags key value`
    Two,
    /// One, but only where it is one of these: `--sse`, `--sse aws:kms`.
    Maybe(&'static [&'static str]),
    /// Everything up to the next option.
    Many,
}

/// Options of every command, in versions 1 and 2.
pub(crate) const GLOBAL: &[(&str, Arity)] = &[
    ("--debug", Arity::None),
    ("--endpoint-url", Arity::One),
    ("--no-verify-ssl", Arity::None),
    ("--no-paginate", Arity::None),
    ("--output", Arity::One),
    ("--query", Arity::One),
    ("--profile", Arity::One),
    ("--region", Arity::One),
    ("--version", Arity::None),
    ("--color", Arity::One),
    ("--no-sign-request", Arity::None),
    ("--ca-bundle", Arity::One),
    ("--cli-read-timeout", Arity::One),
    ("--cli-connect-timeout", Arity::One),
    ("--cli-binary-format", Arity::One),
    ("--cli-error-format", Arity::One),
    ("--no-cli-pager", Arity::None),
    ("--cli-auto-prompt", Arity::None),
    ("--no-cli-auto-prompt", Arity::None),
    ("--v2-debug", Arity::None),
];

const SSE: &[&str] = &["AES256", "aws:kms", "aws:kms:dsse"];
const SSE_C: &[&str] = &["AES256"];
const PAYER: &[&str] = &["requester"];

const TRANSFER: &[&str] = &["cp", "mv", "sync"];
const LISTS: &[&str] = &["cp", "mv", "sync", "rm", "ls"];
const OBJECTS: &[&str] = &["cp", "mv", "sync", "rm"];

/// An option of `aws s3`, with the commands that have it.
type S3Option = (&'static str, Arity, &'static [&'static str]);

const S3: &[S3Option] = &[
    ("--recursive", Arity::None, &["cp", "mv", "rm", "ls"]),
    ("--dryrun", Arity::None, OBJECTS),
    ("--quiet", Arity::None, OBJECTS),
    ("--only-show-errors", Arity::None, OBJECTS),
    ("--include", Arity::One, OBJECTS),
    ("--exclude", Arity::One, OBJECTS),
    ("--acl", Arity::One, TRANSFER),
    ("--follow-symlinks", Arity::None, TRANSFER),
    ("--no-follow-symlinks", Arity::None, TRANSFER),
    ("--no-guess-mime-type", Arity::None, TRANSFER),
    ("--sse", Arity::Maybe(SSE), TRANSFER),
    ("--sse-c", Arity::Maybe(SSE_C), TRANSFER),
    ("--sse-c-key", Arity::One, TRANSFER),
    ("--sse-kms-key-id", Arity::One, TRANSFER),
    ("--sse-c-copy-source", Arity::Maybe(SSE_C), TRANSFER),
    ("--sse-c-copy-source-key", Arity::One, TRANSFER),
    ("--storage-class", Arity::One, TRANSFER),
    ("--grants", Arity::Many, TRANSFER),
    ("--website-redirect", Arity::One, TRANSFER),
    ("--content-type", Arity::One, TRANSFER),
    ("--cache-control", Arity::One, TRANSFER),
    ("--content-disposition", Arity::One, TRANSFER),
    ("--content-encoding", Arity::One, TRANSFER),
    ("--content-language", Arity::One, TRANSFER),
    ("--expires", Arity::One, TRANSFER),
    ("--source-region", Arity::One, TRANSFER),
    ("--no-progress", Arity::None, TRANSFER),
    ("--progress-frequency", Arity::One, TRANSFER),
    ("--progress-multiline", Arity::None, TRANSFER),
    ("--page-size", Arity::One, LISTS),
    ("--ignore-glacier-warnings", Arity::None, TRANSFER),
    ("--force-glacier-transfer", Arity::None, TRANSFER),
    ("--request-payer", Arity::Maybe(PAYER), LISTS),
    ("--checksum-mode", Arity::One, TRANSFER),
    ("--checksum-algorithm", Arity::One, TRANSFER),
    ("--metadata", Arity::One, TRANSFER),
    ("--metadata-directive", Arity::One, TRANSFER),
    ("--copy-props", Arity::One, TRANSFER),
    ("--expected-size", Arity::One, &["cp"]),
    ("--case-conflict", Arity::One, TRANSFER),
    ("--no-overwrite", Arity::None, TRANSFER),
    ("--validate-same-s3-paths", Arity::None, &["mv"]),
    ("--delete", Arity::None, &["sync"]),
    ("--size-only", Arity::None, &["sync"]),
    ("--exact-timestamps", Arity::None, &["sync"]),
    ("--human-readable", Arity::None, &["ls"]),
    ("--summarize", Arity::None, &["ls"]),
    ("--bucket-name-prefix", Arity::One, &["ls"]),
    ("--bucket-region", Arity::One, &["ls"]),
    ("--tags", Arity::Two, &["mb"]),
    ("--force", Arity::None, &["rb"]),
    ("--expires-in", Arity::One, &["presign"]),
    ("--index-document", Arity::One, &["website"]),
    ("--error-document", Arity::One, &["website"]),
];

/// Options of `aws s3api` that take no value, and those that say what was asked. The others take one value, or a
/// list of them.
const S3API: &[(&str, Arity)] = &[
    ("--bypass-governance-retention", Arity::None),
    ("--no-bypass-governance-retention", Arity::None),
    ("--fetch-owner", Arity::None),
    ("--no-fetch-owner", Arity::None),
    ("--skip-destination-validation", Arity::None),
    ("--no-skip-destination-validation", Arity::None),
    ("--bucket-key-enabled", Arity::None),
    ("--no-bucket-key-enabled", Arity::None),
    ("--object-lock-enabled-for-bucket", Arity::None),
    ("--no-object-lock-enabled-for-bucket", Arity::None),
    ("--confirm-remove-self-bucket-access", Arity::None),
    ("--no-confirm-remove-self-bucket-access", Arity::None),
    ("--bucket", Arity::One),
    ("--key", Arity::One),
    ("--version-id", Arity::One),
    ("--copy-source", Arity::One),
    ("--expected-bucket-owner", Arity::One),
    ("--expected-source-bucket-owner", Arity::One),
    ("--prefix", Arity::One),
    ("--delimiter", Arity::One),
    ("--max-keys", Arity::One),
    ("--max-items", Arity::One),
    ("--page-size", Arity::One),
    ("--request-payer", Arity::One),
    ("--acl", Arity::One),
    ("--grant-full-control", Arity::One),
    ("--grant-read", Arity::One),
    ("--grant-read-acp", Arity::One),
    ("--grant-write", Arity::One),
    ("--grant-write-acp", Arity::One),
    ("--tagging", Arity::One),
    ("--tagging-directive", Arity::One),
    ("--metadata-directive", Arity::One),
    ("--storage-class", Arity::One),
    ("--server-side-encryption", Arity::One),
    ("--ssekms-key-id", Arity::One),
    ("--sse-customer-algorithm", Arity::One),
    ("--sse-customer-key", Arity::One),
    ("--sse-customer-key-md5", Arity::One),
    ("--copy-source-sse-customer-algorithm", Arity::One),
    ("--copy-source-sse-customer-key", Arity::One),
    ("--copy-source-sse-customer-key-md5", Arity::One),
    ("--object-lock-mode", Arity::One),
    ("--object-lock-retain-until-date", Arity::One),
    ("--object-lock-legal-hold-status", Arity::One),
    ("--object-ownership", Arity::One),
    ("--mfa", Arity::One),
    ("--checksum-mode", Arity::One),
    ("--if-match", Arity::One),
    ("--if-none-match", Arity::One),
    ("--object-attributes", Arity::Many),
    ("--optional-object-attributes", Arity::Many),
    ("--cli-input-json", Arity::One),
    ("--cli-input-yaml", Arity::One),
    ("--generate-cli-skeleton", Arity::Maybe(&["input", "output", "yaml-input"])),
];

/// The options that one command has beside the global ones.
pub(crate) fn of_command(service: &str, command: &str) -> Vec<(&'static str, Arity)> {
    match service {
        "s3" => {
            let known = S3.iter().any(|(_, _, commands)| commands.contains(&command));
            let own = S3.iter().filter(|(_, _, commands)| !known || commands.contains(&command));
            own.map(|(name, arity, _)| (*name, *arity)).collect()
        }
        "s3api" => S3API.to_vec(),
        _ => Vec::new(),
    }
}

/// How many paths a command of `aws s3` takes.
pub(crate) fn paths(command: &str) -> usize {
    if TRANSFER.contains(&command) { 2 } else { 1 }
}

/// Finds an option by its name or, as argparse does, by a beginning that no other option shares.
pub(crate) fn find(word: &str, table: &[(&'static str, Arity)]) -> Option<(&'static str, Arity)> {
    if let Some(exact) = table.iter().find(|(name, _)| *name == word) {
        return Some(*exact);
    }
    let mut beginnings = table.iter().filter(|(name, _)| word.len() > 2 && name.starts_with(word));
    match (beginnings.next(), beginnings.next()) {
        (Some(only), None) => Some(*only),
        _ => None,
    }
}
