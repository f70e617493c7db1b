//! The caller's permissions boundary denies the action or does not include it.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::DocumentKind;
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
        LAYER.judge(case, case.verdicts.refused(case))
    }
}
