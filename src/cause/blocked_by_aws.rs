//! AWS itself has shut the bucket, the object or the account out.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;

pub(super) struct BlockedByAws;

impl Cause for BlockedByAws {
    fn code(&self) -> &'static str {
        "blocked-by-aws"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let target = case.target();
        let summary = match case.code() {
            "AllAccessDisabled" => format!("AWS has disabled all access to `{target}`"),
            "AccountProblem" => "there is a problem with the AWS account that keeps S3 from answering".to_owned(),
            "NotSignedUp" | "OptInRequired" => "the caller's account is not signed up for S3".to_owned(),
            "InvalidPayer" => "all access to the object is disabled for this payer".to_owned(),
            "InvalidSecurity" => "AWS does not take the security credentials of this account".to_owned(),
            _ => return Finding::Irrelevant,
        };
        let mut found = blocker(self.code(), Certainty::Proven, summary);
        found.evidence.push(case.told_by().to_owned());
        found.notes.push(format!("AWS's code is `{}`; no policy changes it", case.code()));
        found.fix = Some(match case.code() {
            "AllAccessDisabled" => advice(
                "check the bucket's name (reserved and blocked names answer so), or have its owner ask AWS Support",
                case.bucket_administrator(),
                Vec::new(),
            ),
            _ => advice("look at the account's billing page, or ask AWS Support", case.own_administrator(), Vec::new()),
        });
        Finding::Blocks(Box::new(found))
    }
}
