//! v2's structured errors: `--cli-error-format json|yaml|text|table`.
//!
//! The error's members without the sentence round them, and so without the operation, printed once and
//! last (v2's `errorhandler.py`; its formatters write to stderr what they else write to stdout). The
//! transfers of `aws s3` print their lines in every format, so this is read only where no line was found.

mod table;
mod yaml;

use super::said::{self, Said, Saying};
use super::{AwsFailure, FailureGroup, FailureKind, ServiceError, class};

/// A member of a structured error, as text.
type Member = (String, String);

/// More members than any error of S3's has, or a longer block than any, is something else.
const MOST_MEMBERS: usize = 32;
const LONGEST_BLOCK: usize = 16 * 1024;

/// Members that can be shown. Some servers send the session token, the string to sign or the access
/// key back in an error (`Token-0`, `StringToSign`), so what is not known to be harmless is left out.
const HARMLESS: [&str; 21] = [
    "ActualObjectSize",
    "AccessTier",
    "ArgumentName",
    "Bucket",
    "BucketName",
    "Condition",
    "Endpoint",
    "ExpectedRegion",
    "Expires",
    "HostId",
    "Key",
    "MaxAllowedSkewMilliseconds",
    "Method",
    "RangeRequested",
    "Region",
    "RequestId",
    "RequestTime",
    "ResourceType",
    "ServerTime",
    "StorageClass",
    "VersionId",
];

pub(super) fn may_keep(name: &str) -> bool {
    HARMLESS.contains(&name)
}

/// The structured error that the stream ends with.
pub(super) fn read(tail: &[u8]) -> Option<FailureGroup> {
    let text = String::from_utf8_lossy(tail);
    // Not a tab: it may stand before an empty message.
    let text = text.trim_end_matches(['\n', '\r', ' ']);
    [json, yaml::read, table::read, tab_separated].into_iter().find_map(|read| {
        let (block, members) = read(text)?;
        // The block is shown, and a member in it could be the session token.
        let may_show = members.iter().all(|(name, _)| matches!(name.as_str(), "Code" | "Message") || may_keep(name));
        let line = if may_show && block.len() <= LONGEST_BLOCK { block.to_owned() } else { String::new() };
        Some(FailureGroup::of_one(AwsFailure { line, transfer: None, kind: kind(members)? }))
    })
}

fn kind(members: Vec<Member>) -> Option<FailureKind> {
    let mut code = None;
    let mut message = None;
    let mut details = Vec::new();
    for (name, value) in members {
        match name.as_str() {
            "Code" => code = Some(value),
            "Message" => message = Some(value),
            _ if may_keep(&name) => details.push((name, value)),
            _ => {}
        }
    }
    let (code, message) = (code?, message?);
    match code.as_str() {
        // The CLI's own codes, for what it says without AWS.
        "NoCredentials" => Some(FailureKind::NoCredentials),
        "NoRegion" => Some(FailureKind::NoRegion),
        "Configuration" => {
            let text = message.as_bytes();
            Some(said::at_start(text).unwrap_or(Said { saying: Saying::Configuration, text }).kind())
        }
        "ParamValidation" | "Pager" => None,
        _ if is_code(&code) => {
            Some(FailureKind::Service(ServiceError { code, operation: None, message, retries: None, details }))
        }
        _ => None,
    }
}

fn is_code(code: &str) -> bool {
    !code.is_empty()
        && code.len() <= 128
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':'))
}

fn json(text: &str) -> Option<(&str, Vec<Member>)> {
    let start = if text.starts_with("{\n") || text.starts_with("{\r\n") { Some(0) } else { None };
    let start = text.rfind("\n{\n").or_else(|| text.rfind("\n{\r\n")).map(|at| at + 1).or(start)?;
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<serde_json::Value>();
    let value = values.next()?.ok()?;
    let block = &text[start..start + values.byte_offset()];
    let members = value.as_object()?.iter().take(MOST_MEMBERS).map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.clone(), value)
    });
    Some((block, members.collect()))
}

/// The values alone, sorted by their names, which are not there: only a code that is known gives it
/// away, and only the message stands after it for certain.
fn tab_separated(text: &str) -> Option<(&str, Vec<Member>)> {
    text.rsplit('\n').take(8).find_map(|line| {
        let line = line.trim_end_matches('\r');
        let mut start = 0;
        for code in line.split('\t') {
            if class::is_known(code) {
                let rest = line[start + code.len()..].strip_prefix('\t')?;
                let message = rest.split('\t').next()?;
                let members = vec![("Code".to_owned(), code.to_owned()), ("Message".to_owned(), message.to_owned())];
                // The fields round these two have no names to know them by.
                return Some((&line[start..=start + code.len() + message.len()], members));
            }
            start += code.len() + 1;
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "User: arn:aws:iam::123456789012:user/ro is not authorized to perform: s3:GetObject on \
                           resource: \"arn:aws:s3:::bkt-deny-star/k\" with an explicit deny in a resource-based policy";

    fn service(stderr: &str) -> ServiceError {
        let group = read(stderr.as_bytes()).unwrap_or_else(|| panic!("nothing in {stderr}"));
        match group.examples[0].kind.clone() {
            FailureKind::Service(error) => error,
            other => panic!("{other:?}"),
        }
    }

    // Every block below is what v2's own formatters print for the error.

    #[test]
    fn json_in_either_order_and_after_other_lines() {
        let error = service("{\n    \"Code\": \"AccessDenied\",\n    \"Message\": \"Access Denied\"\n}\n");
        assert_eq!(
            (error.code.as_str(), error.message.as_str(), error.operation),
            ("AccessDenied", "Access Denied", None)
        );
        let noise = "urllib3 warning\n{\n    \"Message\": \"Forbidden\",\n    \"Code\": \"403\"\n}\n\n2026-11-24 11:22:33,444 - MainThread - DEBUG - rc 254\n";
        assert_eq!(service(noise).code, "403");
    }

    #[test]
    fn json_keeps_harmless_members_only() {
        let error = service(
            "{\n    \"Code\": \"InvalidObjectState\",\n    \"Message\": \"m\",\n    \"StorageClass\": \"GLACIER\",\n    \"Token-0\": \"secret\"\n}\n",
        );
        assert_eq!(error.details, [("StorageClass".to_owned(), "GLACIER".to_owned())]);
    }

    #[test]
    fn a_session_token_is_in_nothing_that_is_kept() {
        for stderr in [
            "{\n    \"Code\": \"ExpiredToken\",\n    \"Message\": \"m\",\n    \"Token-0\": \"s3cr3t\"\n}\n",
            "Code: ExpiredToken\nMessage: m\nToken-0: s3cr3t\n",
            "ExpiredToken\tm\ts3cr3t\n",
            "s3cr3t\tExpiredToken\tm\n",
            "---\n|  error  |\n+--+--+\n|  Code   |  Message  |  Token-0  |\n+--+--+\n|  ExpiredToken|  m  |  s3cr3t  |\n+--+--+\n",
        ] {
            let group = read(stderr.as_bytes()).unwrap();
            assert_eq!(service(stderr).code, "ExpiredToken");
            assert!(!format!("{group:?}").contains("s3cr3t"), "{group:?}");
        }
    }

    #[test]
    fn yaml_plain_quoted_and_folded() {
        assert_eq!(service("Code: AccessDenied\nMessage: Access Denied\n").message, "Access Denied");
        assert_eq!(service("Code: '403'\nMessage: Forbidden\n").code, "403");
        let folded = "Code: AccessDenied\nMessage: 'User: arn:aws:iam::123456789012:user/ro is not authorized to perform: s3:GetObject\n  on resource: \"arn:aws:s3:::bkt-deny-star/k\" with an explicit deny in a resource-based\n  policy'\n";
        assert_eq!(service(folded).message, REFUSED);
        let escaped = "Code: PermanentRedirect\nMessage: \"line one: x\\nline two  with two spaces\\ttab\"\n";
        assert_eq!(service(escaped).message, "line one: x\nline two  with two spaces\ttab");
        let members = "AccessTier: ARCHIVE_ACCESS\nCode: InvalidObjectState\nMessage: The operation is not valid for the object's storage class\nStorageClass: GLACIER\n";
        let error = service(members);
        assert_eq!((error.code.as_str(), error.details.len()), ("InvalidObjectState", 2));
        assert_eq!(error.message, "The operation is not valid for the object's storage class");
    }

    #[test]
    fn tables_across_and_down() {
        let across = "-----------------------------------\n|              error              |\n+---------------+-----------------+\n|     Code      |     Message     |\n+---------------+-----------------+\n|  AccessDenied |  Access Denied  |\n+---------------+-----------------+\n";
        let error = service(across);
        assert_eq!((error.code.as_str(), error.message.as_str()), ("AccessDenied", "Access Denied"));
        let down = format!(
            "-----\n|    error    |\n+---------+----+\n|  Code   |  AccessDenied     |\n|  Message|  {REFUSED}   |\n+---------+----+\n"
        );
        let error = service(&down);
        assert_eq!((error.code.as_str(), error.message.as_str()), ("AccessDenied", REFUSED));
        let coloured = across.replace("AccessDenied", "\u{1b}[1m\u{1b}[34mAccessDenied\u{1b}[0m");
        assert_eq!(service(&coloured).code, "AccessDenied");
        let broken = "-----\n|  error  |\n+----+----+\n|  Code   |  Message  |\n+----+----+\n|  PermanentRedirect |  line one: x\nline two  |\n+----+----+\n";
        assert_eq!(service(broken).message, "line one: x\nline two");
    }

    #[test]
    fn tabs_only_with_a_code_that_is_known() {
        let error = service(&format!("AccessDenied\t{REFUSED}\n"));
        assert_eq!((error.code.as_str(), error.message.as_str()), ("AccessDenied", REFUSED));
        assert_eq!(service("ARCHIVE_ACCESS\tInvalidObjectState\tThe operation\tGLACIER\n").code, "InvalidObjectState");
        assert!(read(b"CONTENTS\tkey\t2026\n").is_none());
        assert!(read(b"AccessDenied\n").is_none());
        assert_eq!(service("AccessDenied\t\n").message, "");
    }

    #[test]
    fn what_the_cli_says_for_itself() {
        let kind = |stderr: &str| read(stderr.as_bytes()).map(|group| group.examples[0].kind.clone());
        let none = "{\n    \"Code\": \"NoCredentials\",\n    \"Message\": \"Unable to locate credentials. You can configure credentials by running \\\"aws login\\\".\"\n}\n";
        assert_eq!(kind(none), Some(FailureKind::NoCredentials));
        assert_eq!(kind("Code: NoRegion\nMessage: You must specify a region.\n"), Some(FailureKind::NoRegion));
        assert_eq!(kind("{\n    \"Code\": \"ParamValidation\",\n    \"Message\": \"Bucket is missing\"\n}\n"), None);
    }

    #[test]
    fn other_text_is_nothing() {
        for text in [
            "",
            "{",
            "{\n",
            "{\n}",
            "{\n  \"Code\": 1",
            "Code:",
            "Message: x\n",
            "|",
            "| error |\n",
            "\t\t\t",
            "{\n\"Code\":\"a b\",\"Message\":\"\"\n}",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
