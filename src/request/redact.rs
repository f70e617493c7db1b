//! The command line as the report may show it: customer keys, tokens, signatures and passwords replaced.

use crate::request::options;
use std::ffi::OsString;

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";

/// Options whose value is a secret unless it names a file.
const SECRET: [&str; 8] = [
    "--sse-c-key",
    "--sse-c-copy-source-key",
    "--sse-customer-key",
    "--sse-customer-key-md5",
    "--copy-source-sse-customer-key",
    "--copy-source-sse-customer-key-md5",
    "--mfa",
    "--token",
];

/// Members of JSON input, query parameters and variables, in lower case, whose value is a secret.
const NAMES: [&str; 14] = [
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-credential",
    "signature",
    "awsaccesskeyid",
    "ssecustomerkey",
    "ssecustomerkeymd5",
    "copysourcessecustomerkey",
    "copysourcessecustomerkeymd5",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
    "secretaccesskey",
    "sessiontoken",
];

/// The words of a command without the secrets in them.
#[must_use]
pub fn redact_argv(argv: &[OsString]) -> Vec<String> {
    let mut next_is_secret = false;
    argv.iter()
        .map(|word| {
            let word = word.to_string_lossy();
            if std::mem::take(&mut next_is_secret) && !word.starts_with("--") {
                return if names_a_file(&word) { redact(&word) } else { REDACTED.to_owned() };
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) if word.starts_with("--") => (name, Some(value)),
                _ => (word.as_ref(), None),
            };
            match (is_secret(name), value) {
                (true, Some(value)) if !names_a_file(value) => format!("{name}={REDACTED}"),
                (true, None) => {
                    next_is_secret = true;
                    word.into_owned()
                }
                _ => redact(&word),
            }
        })
        .collect()
}

fn names_a_file(value: &str) -> bool {
    value.starts_with("file://") || value.starts_with("fileb://")
}

/// Whether the option, or any that it may be the beginning of, takes a secret.
fn is_secret(name: &str) -> bool {
    let known = |table: &[(&'static str, options::Arity)]| table.iter().any(|(option, _)| *option == name);
    name.len() > 4
        && name.starts_with("--")
        && SECRET.iter().any(|secret| {
            *secret == name
                || (secret.starts_with(name)
                    && !known(&options::of_command("s3", "cp"))
                    && !known(&options::of_command("s3api", "")))
        })
}

/// Text of any origin without the values of names that hold secrets, and without passwords in URLs.
#[must_use]
pub fn redact(text: &str) -> String {
    let text = without_passwords(text);
    let lower = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((start, end)) = next_secret(&lower, at) {
        kept.push_str(&text[at..start]);
        kept.push_str(REDACTED);
        at = end;
    }
    kept.push_str(&text[at..]);
    kept
}

/// The text without the user and password of any URL in it: a message may name several, and the first is often `s3://`.
fn without_passwords(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        kept.push_str(before);
        kept.push_str("://");
        let end = after.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace());
        let authority = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        rest = authority.rfind('@').and_then(|at| after.get(at + 1..)).unwrap_or(after);
    }
    kept + rest
}

/// The next value, from `from` on, of one of the names: where it starts and ends.
fn next_secret(text: &str, from: usize) -> Option<(usize, usize)> {
    NAMES
        .iter()
        .flat_map(|name| text[from..].match_indices(name).map(move |(at, _)| (from + at, name.len())))
        .filter_map(|(at, length)| {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_') {
                return None;
            }
            let rest = &text[at + length..];
            let value = rest.trim_start_matches(['"', '\'', '\\', ' ']);
            let value = value.strip_prefix(['=', ':'])?.trim_start_matches([' ', '"', '\'', '\\']);
            let start = text.len() - value.len();
            let length = value.find(['&', '"', '\'', ',', '}', ' ', '\\', '\n']).unwrap_or(value.len());
            (length > 0 && start >= from).then_some((start, start + length))
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split('|').map(OsString::from).collect()
    }

    #[test]
    fn secrets_are_replaced_and_the_rest_stays() {
        for (given, shown) in [
            (
                "aws|s3|cp|s3://b/k|.|--sse-c-key|hush|--sse-c|AES256",
                "aws|s3|cp|s3://b/k|.|--sse-c-key|[redacted]|--sse-c|AES256",
            ),
            ("aws|--sse-c-key=hush", "aws|--sse-c-key=[redacted]"),
            ("aws|--sse-c-key|fileb://key.bin", "aws|--sse-c-key|fileb://key.bin"),
            ("aws|--sse-c-key|fileb://k?Signature=hush", "aws|--sse-c-key|fileb://k?Signature=[redacted]"),
            ("aws|--sse-customer-k|hush|--key|k", "aws|--sse-customer-k|[redacted]|--key|k"),
            ("aws|--sse-c|AES256", "aws|--sse-c|AES256"),
            ("aws|--sse-c-key|--quiet", "aws|--sse-c-key|--quiet"),
            ("aws|--key|signature", "aws|--key|signature"),
            (
                "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA%2F1&X-Amz-Date=2&X-Amz-Signature=abc",
                "https://b.s3.amazonaws.com/k?X-Amz-Credential=[redacted]&X-Amz-Date=2&X-Amz-Signature=[redacted]",
            ),
            (
                "--cli-input-json|{\"Bucket\": \"b\", \"SSECustomerKey\": \"hush\"}",
                "--cli-input-json|{\"Bucket\": \"b\", \"SSECustomerKey\": \"[redacted]\"}",
            ),
            ("--endpoint-url|http://me:hush@localhost:9000/x", "--endpoint-url|http://localhost:9000/x"),
            ("--endpoint-url=http://me:hush@localhost:9000", "--endpoint-url=http://localhost:9000"),
            (
                "from s3://b/k to \"https://me:hush@proxy:8080/\" or http://me:hush@b|http://a/ http://me:h@u@c",
                "from s3://b/k to \"https://proxy:8080/\" or http://b|http://a/ http://c",
            ),
            ("a sentence with s3://b and ana@example.com", "a sentence with s3://b and ana@example.com"),
            ("--mfa|arn 123456", "--mfa|[redacted]"),
            ("AWS_SESSION_TOKEN=hush", "AWS_SESSION_TOKEN=[redacted]"),
        ] {
            assert_eq!(redact_argv(&words(given)).join("|"), shown, "{given}");
        }
    }
}
