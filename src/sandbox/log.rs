//! What was asked of the sandbox, in order. For tests that hold requests to an allowlist and count round
//! trips. Nothing secret is kept: no header but what is named here, no body, no signature.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One request and its answer's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As the service's model names it: `S3`, `STS`, `IAM`, `KMS`, `EC2`, `Organizations`, `S3 Control`, `SSO`.
    pub service: String,
    /// `GetObject`; empty where nothing is known by that shape.
    pub operation: String,
    pub method: String,
    /// Percent-encoded, as sent.
    pub path: String,
    /// Percent-encoded, without what signs it.
    pub query: String,
    /// The range that a GET asked for.
    pub range: Option<String>,
    /// The caller's ARN, where the signature was good.
    pub caller: Option<String>,
    pub signed: bool,
    pub user_agent: String,
    pub request_payer: bool,
    pub status: u16,
    /// The error's code, where it was one.
    pub code: Option<String>,
    /// When it arrived, and when the answer left, since the sandbox started.
    pub arrived: Duration,
    pub answered: Duration,
}

#[derive(Debug, Default)]
pub struct Log {
    entries: Mutex<Vec<Entry>>,
}

impl Log {
    pub fn push(&self, entry: Entry) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A query string without signature, credential and token.
#[must_use]
pub fn without_secrets(query: &str) -> String {
    const SECRET: [&str; 5] =
        ["x-amz-signature", "x-amz-credential", "x-amz-security-token", "awsaccesskeyid", "signature"];
    query
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
            !SECRET.contains(&name.as_str())
        })
        .collect::<Vec<_>>()
        .join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presigned_query_loses_what_signs_it() {
        let query = "list-type=2&X-Amz-Credential=AKIA%2Fx&X-Amz-Signature=abc&X-Amz-Security-Token=t&prefix=a";
        assert_eq!(without_secrets(query), "list-type=2&prefix=a");
    }
}
