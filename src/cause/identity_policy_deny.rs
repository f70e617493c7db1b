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
        LAYER.judge_all(case, &case.verdicts.refused(case))
    }

    fn also(&self, case: &Case<'_>) -> Vec<Blocker> {
        LAYER.also(case, &case.verdicts.refused(case))
    }

    fn next(&self, case: &Case<'_>) -> Vec<Blocker> {
        LAYER.next(case)
    }
}
