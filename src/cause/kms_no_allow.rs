//! The object is encrypted with a KMS key, and no identity-based policy of the caller's allows using it.
//!
//! A bodiless HEAD never has this cause: HEAD needs no `kms:Decrypt`. It is told by a GET's or an upload's message, and
//! by the documents where the key is known.

use super::case::Case;
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::DocumentKind;
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct KmsNoAllow;

const LAYER: LayerCause = LayerCause {
    code: "kms-no-allow",
    layer: Layer::Identity,
    side: Side::NoAllow,
    names: |layer| layer == DeniedLayer::IdentityPolicy,
    kind: DocumentKind::IdentityPolicy,
};

impl Cause for KmsNoAllow {
    fn code(&self) -> &'static str {
        LAYER.code
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if !case.names_kms() && case.verdicts.kms.is_none() {
            return Finding::Irrelevant;
        }
        LAYER.judge(case, case.verdicts.kms.as_ref())
    }
}
