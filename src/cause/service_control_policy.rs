//! A service control policy of the caller's organization denies the action or does not include it.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, DocumentKind};
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct ServiceControlPolicy;

const LAYER: LayerCause = LayerCause {
    code: "service-control-policy",
    layer: Layer::ServiceControl,
    side: Side::Either,
    names: |layer| layer == DeniedLayer::ServiceControlPolicy,
    kind: DocumentKind::ServiceControlPolicy,
};

impl Cause for ServiceControlPolicy {
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
