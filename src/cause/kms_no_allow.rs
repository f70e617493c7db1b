//! The object is encrypted with a KMS key, and no identity-based policy of the caller's allows using it.
//!
//! A bodiless HEAD never has this cause: HEAD needs no `kms:Decrypt`. It is told by a GET's or an upload's message, and
//! by the documents where the key is known.

use super::case::Case;
use super::fixes::{blocker, for_layer};
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, Certainty, DocumentKind};
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
        match LAYER.judge(case, case.verdicts.kms.as_ref()) {
            Finding::Open(because) if case.suspects_kms() && case.is_bare() => {
                let mut found = blocker(
                    LAYER.code,
                    Certainty::Possible,
                    format!("no policy of {} allows using the KMS key of `{}`", case.whose_policies(), case.target()),
                );
                found.evidence.push(crate::evidence::object::NAME.to_owned());
                found
                    .notes
                    .push("HEAD goes through and GET does not, and the object is encrypted with a KMS key".to_owned());
                found.notes.push(format!("not checked: {because}"));
                found.fix =
                    case.verdicts.kms.as_ref().and_then(|verdict| for_layer(case, verdict, LAYER.layer, LAYER.kind));
                Finding::Blocks(Box::new(found))
            }
            // The object's own key is not known; the bucket's default one is what new objects get.
            Finding::Blocks(mut found) if !case.names_kms() && case.evidence.key.known().is_none() => {
                found.certainty = found.certainty.min(Certainty::Likely);
                found.evidence.push(crate::evidence::settings::ENCRYPTION.to_owned());
                found.notes.push(
                    "the bucket encrypts new objects with this key; the object's own could not be seen".to_owned(),
                );
                Finding::Blocks(found)
            }
            other => other,
        }
    }

    fn also(&self, case: &Case<'_>) -> Vec<Blocker> {
        LAYER.also_for_parts(case)
    }
}
