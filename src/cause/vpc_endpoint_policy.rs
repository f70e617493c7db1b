//! The request goes through a VPC endpoint whose policy does not allow it or denies it.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, DocumentKind};
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct VpcEndpointPolicy;

const LAYER: LayerCause = LayerCause {
    code: "vpc-endpoint-policy",
    layer: Layer::VpcEndpoint,
    side: Side::Either,
    names: |layer| layer == DeniedLayer::VpcEndpointPolicy,
    kind: DocumentKind::VpcEndpointPolicy,
};

impl Cause for VpcEndpointPolicy {
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
