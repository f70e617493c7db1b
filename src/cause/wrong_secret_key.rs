//! The access key id is known, and the secret does not belong to it.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding, clock_skew};
use crate::diagnosis::Certainty;

pub(super) struct WrongSecretKey;

const CODE: &str = "SignatureDoesNotMatch";

impl Cause for WrongSecretKey {
    fn code(&self) -> &'static str {
        "wrong-secret-key"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let by_s3 = case.code() == CODE;
        let sts = &case.evidence.identity;
        let by_sts = sts.denied().is_some_and(|error| error.code == CODE) && !clock_skew::is_said_by_sts(case);
        if !by_s3 && !by_sts {
            return match sts.known() {
                Some(_) => Finding::RuledOut("sts:GetCallerIdentity took the signature".to_owned()),
                None => Finding::Irrelevant,
            };
        }
        let certainty = if by_s3 && by_sts { Certainty::Proven } else { Certainty::Likely };
        let key = case.evidence.session.known().map_or_else(String::new, |session| format!(" …{}", session.key_ending));
        let mut found = blocker(self.code(), certainty, format!("the secret does not belong to access key{key}"));
        if by_s3 {
            found.evidence.push(case.told_by().to_owned());
        }
        if by_sts {
            found.evidence.push(crate::evidence::identity::NAME.to_owned());
        }
        found.notes.push(format!("credentials: {}", case.settings.credentials.describe()));
        if by_s3 && sts.known().is_some() {
            found.notes.push("STS took the same key's signature: a proxy that changes headers between here and S3 breaks signatures too".to_owned());
        }
        found.fix = Some(advice(
            "enter the key pair again, without blanks at its ends and with every `/` and `+` of the secret",
            "you",
            vec![case.command(&["configure"])],
        ));
        Finding::Blocks(Box::new(found))
    }
}
