//! The request went out unsigned, and the object is not public.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::policy::Decision;

pub(super) struct UnsignedRequest;

impl Cause for UnsignedRequest {
    fn code(&self) -> &'static str {
        "unsigned-request"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if case.settings.signed {
            return Finding::RuledOut("the request was signed".to_owned());
        }
        if case.goes_through() || !case.is_access_denied() {
            return Finding::Irrelevant;
        }
        let signed_works =
            case.evidence.signed.known().is_some_and(|exchange| exchange.succeeded() || exchange.status == 416);
        let by_policy = case.verdicts.main().is_some_and(|verdict| {
            matches!(verdict.evaluation.decision, Decision::ExplicitlyDenied | Decision::ImplicitlyDenied)
                && verdict.documents.layers.resource.known().is_some()
        });
        let certainty = if signed_works || by_policy { Certainty::Proven } else { Certainty::Likely };
        let mut found = blocker(
            self.code(),
            certainty,
            format!("the request was sent unsigned, and `{}` is not public", case.target()),
        );
        found.evidence.push(case.told_by().to_owned());
        if signed_works {
            found.evidence.push(crate::evidence::variants::SIGNED.to_owned());
            found.notes.push("the same request, signed, goes through".to_owned());
        }
        found.fix = Some(advice("leave `--no-sign-request` out, so that the request is signed", "you", Vec::new()));
        Finding::Blocks(Box::new(found))
    }
}
