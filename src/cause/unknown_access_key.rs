//! An access key id that AWS does not know: deleted, deactivated, mistyped, or of another partition.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding, invalid_session_token};
use crate::diagnosis::Certainty;

pub(super) struct UnknownAccessKey;

const CODES: &[&str] = &["InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"];

/// Whether an answer says that the key is not known.
pub(super) fn is_said(case: &Case<'_>) -> bool {
    CODES.contains(&case.code())
}

impl Cause for UnknownAccessKey {
    fn code(&self) -> &'static str {
        "unknown-access-key"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let sts = &case.evidence.identity;
        if sts.known().is_some() && !is_said(case) {
            return Finding::RuledOut("sts:GetCallerIdentity knows the key".to_owned());
        }
        let by_sts = sts.denied().is_some_and(|error| CODES.contains(&error.code.as_str()));
        let by_sts_alone = by_sts && case.code().is_empty();
        if !is_said(case) && !by_sts_alone {
            return Finding::Irrelevant;
        }
        if invalid_session_token::lacks_token(case) {
            return Finding::RuledOut("temporary keys without their token are answered the same way".to_owned());
        }
        let certainty = if sts.known().is_some() { Certainty::Likely } else { Certainty::Proven };
        let key = case.evidence.session.known().map_or_else(String::new, |session| format!(" …{}", session.key_ending));
        let mut found = blocker(self.code(), certainty, format!("AWS does not know the access key{key}"));
        found.evidence.push(if is_said(case) { case.told_by() } else { crate::evidence::identity::NAME }.to_owned());
        found.notes.push(format!("credentials: {}", case.settings.credentials.describe()));
        if sts.known().is_some() {
            found.notes.push(
                "STS knows the key: S3 may stand in another partition, or the key was made moments ago".to_owned(),
            );
        }
        found.fix = Some(advice(
            "use a key that exists and is active (the IAM console lists the user's keys)",
            "you",
            vec![case.command(&["sts", "get-caller-identity"])],
        ));
        Finding::Blocks(Box::new(found))
    }
}
