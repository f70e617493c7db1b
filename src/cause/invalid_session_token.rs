//! A session token that is not the key's, that is malformed, or that is missing for temporary credentials.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding, unknown_access_key};
use crate::diagnosis::Certainty;
use crate::evidence::session::KeyKind;

pub(super) struct InvalidSessionToken;

const CODES: &[&str] = &["InvalidToken", "TokenRefreshRequired"];

/// Temporary keys without their token.
pub(super) fn lacks_token(case: &Case<'_>) -> bool {
    case.evidence.session.known().is_some_and(|session| session.kind == KeyKind::Temporary && !session.has_token)
}

impl Cause for InvalidSessionToken {
    fn code(&self) -> &'static str {
        "invalid-session-token"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let said = CODES.contains(&case.code());
        let missing = lacks_token(case) && unknown_access_key::is_said(case);
        if !said && !missing {
            return match case.evidence.identity.known() {
                Some(_) => Finding::RuledOut("sts:GetCallerIdentity took the token".to_owned()),
                None => Finding::Irrelevant,
            };
        }
        let summary = if missing && !said {
            "the temporary access key came without its session token"
        } else {
            "the session token is not valid for this access key"
        };
        let mut found = blocker(self.code(), Certainty::Proven, summary);
        found.evidence.push(case.told_by().to_owned());
        if missing {
            found.evidence.push(crate::evidence::session::NAME.to_owned());
            found.notes.push(
                "an access key id that starts with `ASIA` is temporary and counts only together with its token"
                    .to_owned(),
            );
        }
        found.notes.push(format!("credentials: {}", case.settings.credentials.describe()));
        found.fix = Some(advice(
            "take all three values (access key id, secret, session token) from the same source",
            "you",
            Vec::new(),
        ));
        Finding::Blocks(Box::new(found))
    }
}
