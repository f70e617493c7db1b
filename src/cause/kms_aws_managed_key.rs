//! The object is encrypted with the AWS managed key `aws/s3`, which no other account can ever use, and the caller is of
//! another account.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::evidence::Answer;
use crate::recognize::DeniedLayer;

pub(super) struct KmsAwsManagedKey;

/// Whether the key is an AWS managed one of another account; `None` where that could not be told.
pub(super) fn is_foreign_managed(case: &Case<'_>) -> Option<bool> {
    let key = case.evidence.key.known()?;
    let caller = case.account()?;
    let owner = key.about.known().and_then(|about| about.account.as_deref()).or_else(|| key.account())?;
    if owner == caller {
        return Some(false);
    }
    key.about.known().map(|about| about.aws_managed)
}

impl Cause for KmsAwsManagedKey {
    fn code(&self) -> &'static str {
        "kms-aws-managed-key"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let Some(key) = case.evidence.key.known() else { return Finding::Irrelevant };
        if !case.names_kms() && !case.is_access_denied() {
            return Finding::Irrelevant;
        }
        let certainty = match is_foreign_managed(case) {
            Some(true) => Certainty::Proven,
            Some(false) => {
                return Finding::RuledOut("the key is of the caller's account, or a customer managed one".to_owned());
            }
            // KMS's own words for a key of another account that nothing opens.
            None if case.denied_layer() == Some(DeniedLayer::KmsKey) && matches!(key.about, Answer::Denied(_)) => {
                Certainty::Possible
            }
            None => return Finding::Open("`kms:DescribeKey` did not tell who manages the key".to_owned()),
        };
        let mut found = blocker(
            self.code(),
            certainty,
            format!("`{}` is encrypted with another account's AWS managed key", case.target()),
        );
        found.evidence.push(crate::evidence::kms::NAME.to_owned());
        found.notes.push("the policy of `aws/s3` cannot be edited, and it lets its own account in alone".to_owned());
        found.fix = Some(advice(
            "encrypt the object again under a customer managed key whose policy lets the caller's account in",
            case.bucket_administrator(),
            Vec::new(),
        ));
        Finding::Blocks(Box::new(found))
    }
}
