//! The caller's permissions boundary denies the action or does not include it.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, DocumentKind};
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct PermissionsBoundary;

const LAYER: LayerCause = LayerCause {
    code: "permissions-boundary",
    layer: Layer::PermissionsBoundary,
    side: Side::Either,
    names: |layer| layer == DeniedLayer::PermissionsBoundary,
    kind: DocumentKind::PermissionsBoundary,
};

impl Cause for PermissionsBoundary {
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
