//! The bucket is Requester Pays, and the request did not accept the charge.
//!
//! Only the owner's account is told by S3 that a bucket is Requester Pays, and sending the header to find out would
//! spend the user's money: it is never sent unasked.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::evidence::settings;

pub(super) struct RequesterPays;

/// Whether the bucket's own documentation says so.
pub(super) fn is_well_known(case: &Case<'_>) -> bool {
    case.request.bucket.as_deref().is_some_and(settings::is_known_to_charge)
}

impl Cause for RequesterPays {
    fn code(&self) -> &'static str {
        "requester-pays"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let about_a_role = super::assume_role_denied::is_about(case);
        if about_a_role || !case.is_access_denied() || !case.settings.signed || case.goes_through() {
            return Finding::Irrelevant;
        }
        let Some(bucket) = case.request.bucket.as_deref() else { return Finding::Irrelevant };
        if case.request.request_payer {
            return Finding::RuledOut("the request accepted the charge".to_owned());
        }
        let told = case.evidence.requester_pays.known();
        match (told, case.same_account()) {
            (Some(false), _) => {
                return Finding::RuledOut("s3:GetBucketRequestPayment says that the owner pays".to_owned());
            }
            (_, Some(true)) => {
                return Finding::RuledOut("the bucket's own account never pays as a requester".to_owned());
            }
            _ => {}
        }
        // The refusal's text is the general one: a reason excludes it.
        if case.denied_layer().is_some() {
            return Finding::RuledOut("AWS names another reason".to_owned());
        }
        let (certainty, check) = match told {
            Some(true) if case.same_account() == Some(false) => (Certainty::Proven, settings::PAYMENT),
            // Only the owner's account is told, and it pays for itself: whose the bucket is would have to be known.
            Some(true) => (Certainty::Possible, settings::PAYMENT),
            _ if is_well_known(case) => (Certainty::Likely, case.told_by()),
            _ if case.same_account() == Some(false) => (Certainty::Possible, case.told_by()),
            _ => return Finding::Open("only the bucket's owner can read `s3:GetBucketRequestPayment`".to_owned()),
        };
        let summary = match certainty {
            Certainty::Possible => {
                format!("`{bucket}` is Requester Pays (its owner alone can tell), and the charge was not accepted")
            }
            _ => format!("`{bucket}` is Requester Pays, and the request did not accept the charge"),
        };
        let mut found = blocker(self.code(), certainty, summary);
        found.evidence.push(check.to_owned());
        found.fix = Some(advice(
            "accept the charge: `--request-payer requester` (this spends your money: a price for each request and for each byte)",
            "you",
            Vec::new(),
        ));
        Finding::Blocks(Box::new(found))
    }
}
