//! The command named an expected bucket owner, and the bucket belongs to another account.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;

pub(super) struct BucketOwnerMismatch;

impl Cause for BucketOwnerMismatch {
    fn code(&self) -> &'static str {
        "bucket-owner-mismatch"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let Some(expected) = case.request.expected_bucket_owner.as_deref() else { return Finding::Irrelevant };
        if case.goes_through() {
            return Finding::RuledOut("the same request goes through now".to_owned());
        }
        if !case.is_access_denied() {
            return Finding::Irrelevant;
        }
        let bucket = case.request.bucket.as_deref().unwrap_or("the bucket");
        let owner = case.bucket_account();
        if owner.as_deref() == Some(expected) {
            return Finding::RuledOut(format!("`{bucket}` belongs to {expected}, as the command expected"));
        }
        let without = case.evidence.without_owner.known();
        let (certainty, check) = match (without, &owner) {
            (Some(exchange), _) if exchange.succeeded() || exchange.status == 416 => {
                (Certainty::Proven, crate::evidence::variants::WITHOUT_OWNER)
            }
            (_, Some(_)) => (Certainty::Proven, crate::evidence::bucket_policy::NAME),
            // Refused either way, but with a reason only where the header is not in the way.
            (Some(exchange), None)
                if exchange.message().contains("not authorized") && case.denied_layer().is_none() =>
            {
                (Certainty::Likely, crate::evidence::variants::WITHOUT_OWNER)
            }
            _ => (Certainty::Possible, case.told_by()),
        };
        let mut found = blocker(
            self.code(),
            certainty,
            format!("`{bucket}` does not belong to {expected}, which the command expects"),
        );
        found.evidence.push(check.to_owned());
        if let Some(owner) = owner {
            found.notes.push(format!("it belongs to {owner}"));
        }
        found.fix = Some(advice(
            "name the bucket's real owner with `--expected-bucket-owner`, or check that this is the bucket you mean",
            "you",
            Vec::new(),
        ));
        Finding::Blocks(Box::new(found))
    }
}
