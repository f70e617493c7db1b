//! The object is encrypted with a customer-provided key (SSE-C), and the request carried none or another.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::recognize::DeniedLayer;

pub(super) struct CustomerKeyRequired;

impl Cause for CustomerKeyRequired {
    fn code(&self) -> &'static str {
        "customer-key-required"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let (code, message) = (case.code(), case.message());
        let missing = code == "UserKeyMustBeSpecified"
            || (matches!(code, "InvalidRequest" | "InvalidArgument")
                && message.contains("using a form of Server Side Encryption"));
        let wrong = case.denied_layer() == Some(DeniedLayer::CustomerKeyWrong)
            || message.contains("must provide the correct secret key")
            || message.contains("calculated MD5 hash of the key did not match");
        if !missing && !wrong {
            return match (case.request.sse_c.is_some(), case.goes_through()) {
                (_, true) => Finding::Irrelevant,
                (true, false) if case.is_bare() => Finding::Open(
                    "the request carried a customer-provided key; S3 did not say whether it was the object's"
                        .to_owned(),
                ),
                _ => Finding::Irrelevant,
            };
        }
        let target = case.target();
        let summary = match (missing, case.request.sse_c.is_some()) {
            (true, false) => {
                format!("`{target}` is encrypted with a customer-provided key, and the request carried none")
            }
            _ => format!("`{target}` is encrypted with another customer-provided key than the request carried"),
        };
        let mut found = blocker(self.code(), Certainty::Proven, summary);
        found.evidence.push(case.told_by().to_owned());
        found.fix = Some(advice(
            "give the key that the object was uploaded with: `--sse-c AES256 --sse-c-key fileb://KEYFILE`",
            "you",
            Vec::new(),
        ));
        found.notes.push("AWS does not keep such keys: an object whose key is lost cannot be read".to_owned());
        Finding::Blocks(Box::new(found))
    }
}
