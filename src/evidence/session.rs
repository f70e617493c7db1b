//! The credentials that the command used, as far as they may be talked about.

use aws_credential_types::Credentials;
use std::time::SystemTime;

/// What an access key tells about itself without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The last four characters of the access key id.
    pub key_ending: String,
    /// The account that is encoded in the id, where it is of the newer kind.
    pub account: Option<String>,
    pub kind: KeyKind,
    pub has_token: bool,
    /// When the session ends, where that is known.
    pub ends: Option<SystemTime>,
}

/// What the id's prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `AKIA…`: a user's or root's own key.
    LongTerm,
    /// `ASIA…`: needs a session token.
    Temporary,
    Other,
}

pub const NAME: &str = "credentials";

/// Reads what the keys themselves tell.
#[must_use]
pub fn describe(keys: &Credentials) -> Session {
    let id = keys.access_key_id();
    Session {
        key_ending: id.chars().skip(id.chars().count().saturating_sub(4)).collect(),
        account: crate::request::access_key_account(id),
        kind: match id.get(..4) {
            Some("AKIA") => KeyKind::LongTerm,
            Some("ASIA") => KeyKind::Temporary,
            _ => KeyKind::Other,
        },
        ends: keys.expiry(),
        has_token: keys.session_token().is_some_and(|token| !token.is_empty()),
    }
}
