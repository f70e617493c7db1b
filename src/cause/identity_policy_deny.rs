//! A statement attached to the caller denies the action outright.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, DocumentKind};
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct IdentityPolicyDeny;

const LAYER: LayerCause = LayerCause {
    code: "identity-policy-deny",
    layer: Layer::Identity,
    side: Side::Deny,
    names: |layer| layer == DeniedLayer::IdentityPolicy,
    kind: DocumentKind::IdentityPolicy,
};

impl Cause for IdentityPolicyDeny {
    fn code(&self) -> &'static str {
        LAYER.code
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let refused = case.verdicts.refused(case);
        let is_read = case.evidence.identity_policies.known().is_some();
        match LAYER.judge_all(case, &refused) {
            finding @ Finding::Open(_) if !is_read => LAYER.as_reading(case, refused.first().copied(), finding),
            finding => finding,
        }
    }

    fn also(&self, case: &Case<'_>) -> Vec<Blocker> {
        LAYER.also(case, &case.verdicts.refused(case))
    }

    fn next(&self, case: &Case<'_>) -> Vec<Blocker> {
        LAYER.next(case)
    }
}
