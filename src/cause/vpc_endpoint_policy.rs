//! The request goes through a VPC endpoint whose policy does not allow it or denies it.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::DocumentKind;
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
        LAYER.judge(case, case.verdicts.refused(case))
    }
}
