//! The names of the files that the CLI keeps sessions in: SHA-1 over JSON written as Python's `json.dumps` writes it
//! (botocore, `CachedCredentialFetcher._create_cache_key`, `SSOTokenLoader`).

use sha1::{Digest, Sha1};
use std::fmt::Write;

/// What is hashed for an assumed role. A session name that botocore made up is not part of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoleArgs<'a> {
    /// The digits of Python's `int(duration_seconds)`.
    pub duration_seconds: Option<&'a str>,
    pub external_id: Option<&'a str>,
    pub role_arn: &'a str,
    pub session_name: Option<&'a str>,
    pub mfa_serial: Option<&'a str>,
}

/// The cache's name for an assumed role, web identity included.
pub(crate) fn role(args: RoleArgs<'_>) -> String {
    let quoted = |value: Option<&str>| value.map(json_text);
    let members = [
        ("DurationSeconds", args.duration_seconds.map(str::to_owned)),
        ("ExternalId", quoted(args.external_id)),
        ("RoleArn", Some(json_text(args.role_arn))),
        ("RoleSessionName", quoted(args.session_name)),
        ("SerialNumber", quoted(args.mfa_serial)),
    ];
    let members: Vec<String> =
        members.into_iter().filter_map(|(name, value)| Some(format!("\"{name}\": {}", value?))).collect();
    hash(&format!("{{{}}}", members.join(", ")))
}

/// The cache's name for a role got through SSO. `place` is the session's name, or the start URL where there is none.
pub(crate) fn sso(account: &str, role: &str, session: Option<&str>, start_url: &str) -> String {
    let (name, place) = session.map_or(("startUrl", start_url), |session| ("sessionName", session));
    let (account, role, place) = (json_text(account), json_text(role), json_text(place));
    hash(&format!("{{\"accountId\":{account},\"roleName\":{role},\"{name}\":{place}}}"))
}

/// The name of an SSO token's file.
pub(crate) fn sso_token(session: Option<&str>, start_url: &str) -> String {
    hash(session.unwrap_or(start_url))
}

/// Python's `int(text)` as `json.dumps` prints it, or nothing where `int` refuses.
pub(crate) fn python_int(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let apart = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    let digits: String = digits.chars().filter(|letter| *letter != '_').collect();
    if apart || digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(if digits.is_empty() { "0".to_owned() } else { format!("{sign}{digits}") })
}

/// A JSON string with everything outside ASCII escaped, as Python writes by default.
fn json_text(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(letter),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Writing to a String does not fail.
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
    json
}

fn hash(text: &str) -> String {
    Sha1::digest(text.as_bytes()).iter().fold(String::with_capacity(40), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
