//! The key's own policy does not let the caller, or the caller's account, in, or denies it.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding, kms_aws_managed_key};
use crate::diagnosis::{Blocker, Certainty, DocumentKind};
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct KmsKeyPolicy;

const LAYER: LayerCause = LayerCause {
    code: "kms-key-policy",
    layer: Layer::Resource,
    side: Side::Either,
    names: |layer| matches!(layer, DeniedLayer::ResourcePolicy | DeniedLayer::KmsKey),
    kind: DocumentKind::KeyPolicy,
};

impl Cause for KmsKeyPolicy {
    fn code(&self) -> &'static str {
        LAYER.code
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if !case.names_kms() && case.verdicts.kms.is_none() {
            return Finding::Irrelevant;
        }
        if kms_aws_managed_key::is_foreign_managed(case) == Some(true) {
            return Finding::RuledOut("the key is AWS managed: its policy is nobody's to edit".to_owned());
        }
        match LAYER.judge(case, case.verdicts.kms.as_ref()) {
            // "does not exist in this Region, no resource-based policies allow access, or …": KMS does not say which.
            Finding::Blocks(mut found) if case.denied_layer() == Some(DeniedLayer::KmsKey) => {
                let read = case.evidence.key.known().is_some_and(|key| key.policy.known().is_some());
                if !read {
                    found.certainty = Certainty::Likely;
                    found.notes.push("KMS answers the same where the key is gone or of another region".to_owned());
                }
                Finding::Blocks(found)
            }
            other => other,
        }
    }

    fn also(&self, case: &Case<'_>) -> Vec<Blocker> {
        LAYER.also_for_parts(case)
    }
}
