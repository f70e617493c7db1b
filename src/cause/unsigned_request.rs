//! The request went out unsigned, and the object is not public.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding, key_not_found_hidden};
use crate::diagnosis::Certainty;
use crate::policy::{Layer, Outcome};

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
        // The bucket policy lets everybody read, and so does whatever else could be read: it is not the missing signature.
        let is_public = case.verdicts.main().is_some_and(|verdict| {
            let resource = verdict.evaluation.layer(Layer::Resource).map(|layer| layer.outcome);
            resource == Some(Outcome::Allows) && verdict.evaluation.denied_by.is_empty()
        });
        if is_public && !signed_works {
            return Finding::RuledOut("the bucket policy lets everybody do it, signed or not".to_owned());
        }
        let by_policy = case.verdicts.main().is_some_and(|verdict| {
            verdict.evaluation.never_allowed && verdict.documents.layers.resource.known().is_some()
        });
        let certainty = if signed_works || by_policy {
            Certainty::Proven
        } else if key_not_found_hidden::is_told_to_others(case) {
            // The missing key explains the refusal by itself.
            Certainty::Possible
        } else {
            Certainty::Likely
        };
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
        if case.evidence.signed.known().is_some_and(|exchange| exchange.code() == "AccessDenied") {
            found.evidence.push(crate::evidence::variants::SIGNED.to_owned());
            found.notes.push("the same request, signed with the credentials at hand, is refused too".to_owned());
            found.fix = Some(advice(
                "leave `--no-sign-request` out, and sign as a principal whom the bucket lets in: `--profile`",
                "you",
                Vec::new(),
            ));
        }
        Finding::Blocks(Box::new(found))
    }
}
