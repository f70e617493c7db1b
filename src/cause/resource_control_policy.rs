//! A resource control policy of the bucket owner's organization denies the action.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, DocumentKind};
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct ResourceControlPolicy;

const LAYER: LayerCause = LayerCause {
    code: "resource-control-policy",
    layer: Layer::ResourceControl,
    side: Side::Either,
    names: |layer| layer == DeniedLayer::ResourceControlPolicy,
    kind: DocumentKind::ResourceControlPolicy,
};

impl Cause for ResourceControlPolicy {
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
