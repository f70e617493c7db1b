//! The session policy that was given when the role was assumed denies the action or does not include it. AWS's message alone tells: no call reads a session policy.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, DocumentKind};
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct SessionPolicy;

const LAYER: LayerCause = LayerCause {
    code: "session-policy",
    layer: Layer::Session,
    side: Side::Either,
    names: |layer| layer == DeniedLayer::SessionPolicy,
    kind: DocumentKind::SessionPolicy,
};

impl Cause for SessionPolicy {
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
