//! The request goes through an access point whose policy, network origin or Block Public Access refuses it.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Certainty, DocumentKind};
use crate::policy::{Layer, Outcome};
use crate::recognize::{DeniedLayer, DenyEffect};

pub(super) struct AccessPointPolicy;

const LAYER: LayerCause = LayerCause {
    code: "access-point-policy",
    layer: Layer::Resource,
    side: Side::Either,
    names: |layer| matches!(layer, DeniedLayer::ResourcePolicy | DeniedLayer::AccessPointPolicy),
    kind: DocumentKind::AccessPointPolicy,
};

/// Whether AWS's message is about the access point's policy: its resource is the access point's ARN.
pub(super) fn is_named(case: &Case<'_>) -> bool {
    match case.denied_layer() {
        Some(DeniedLayer::AccessPointPolicy) => true,
        Some(DeniedLayer::ResourcePolicy) => case
            .denial
            .as_ref()
            .and_then(|denial| denial.resource.as_deref())
            .is_some_and(|resource| resource.contains(":accesspoint/")),
        _ => false,
    }
}

fn vpc<'a>(case: &'a Case<'_>) -> Option<&'a str> {
    case.evidence.access_point.known()?.about.known()?.vpc.as_deref()
}

/// Whether the access point takes requests from one VPC alone.
pub(super) fn is_for_a_vpc(case: &Case<'_>) -> bool {
    vpc(case).is_some()
}

/// Whether the point's own policy was read and denies nothing, so that an explicit deny is its bucket's.
pub(super) fn is_cleared(case: &Case<'_>) -> bool {
    let outcome = case
        .verdicts
        .access_point
        .as_ref()
        .and_then(|verdict| verdict.evaluation.layer(Layer::Resource))
        .map(|layer| layer.outcome);
    let explicit = case.denial.as_ref().and_then(|denial| denial.effect) == Some(DenyEffect::Explicit);
    explicit && matches!(outcome, Some(Outcome::Allows | Outcome::NoAllow | Outcome::NotApplicable))
}

impl Cause for AccessPointPolicy {
    fn code(&self) -> &'static str {
        LAYER.code
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let Some(arn) = case.access_point_arn() else { return Finding::Irrelevant };
        if case.goes_through() {
            return Finding::RuledOut("the same request goes through now".to_owned());
        }
        if !case.is_access_denied() || case.names_kms() {
            return Finding::Irrelevant;
        }
        if let Some(vpc) = vpc(case)
            && case.denied_layer().is_none()
        {
            let name = arn.rsplit('/').next().unwrap_or(arn);
            let mut found = blocker(
                LAYER.code,
                Certainty::Likely,
                format!("access point `{name}` takes requests from `{vpc}` alone"),
            );
            found.evidence.push(crate::evidence::access_point::NAME.to_owned());
            found.fix = Some(advice(
                format!("run this from inside `{vpc}`, or use an access point with internet origin"),
                "you",
                Vec::new(),
            ));
            return Finding::Blocks(Box::new(found));
        }
        if case.denied_layer() == Some(DeniedLayer::ResourcePolicy) && is_cleared(case) {
            return Finding::RuledOut("no statement of its policy denies it: AWS speaks of the bucket's".to_owned());
        }
        let verdict = case.verdicts.access_point.as_ref();
        let finding = LAYER.judge(case, verdict);
        match finding {
            Finding::Open(_) if is_named(case) => {
                let denial = case.denial.clone().unwrap_or_default();
                let who = case.who();
                let action = denial.action.unwrap_or_else(|| "the request".to_owned());
                let mut found = blocker(
                    LAYER.code,
                    Certainty::Proven,
                    format!(
                        "the policy of access point `{}` does not let {who} do `{action}`",
                        arn.rsplit('/').next().unwrap_or(arn)
                    ),
                );
                found.evidence.push(case.told_by().to_owned());
                Finding::Blocks(Box::new(found))
            }
            other => LAYER.as_reading(case, verdict, other),
        }
    }
}
