//! IAM's own opinion, `iam:SimulatePrincipalPolicy`: asked where the caller's documents could not be read. A second
//! opinion and no more: it knows nothing of the bucket policy, the endpoint's, the session's, nor RCPs.

use crate::aws::answer::ask;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use std::sync::Arc;

pub const NAME: &str = "iam-simulation";

/// What IAM decided of the identity side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    pub decision: SimulatedDecision,
    /// The policies whose statements matched: `SourcePolicyId`.
    pub matched: Vec<String>,
    /// Context keys that the simulation had no value for.
    pub missing_context: Vec<String>,
    /// Whether the boundary, or the organization's SCPs, let it through; `None` where the answer said nothing.
    pub boundary_allows: Option<bool>,
    pub organization_allows: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimulatedDecision {
    Allowed,
    ExplicitDeny,
    ImplicitDeny,
}

/// Asks about one action on one resource, as the user or role of `principal` (an IAM ARN).
pub async fn ask_iam(
    client: &aws_sdk_iam::Client,
    principal: &str,
    action: &str,
    resource: &str,
    ledger: &Arc<Ledger>,
) -> Answer<Simulation> {
    let call =
        client.simulate_principal_policy().policy_source_arn(principal).action_names(action).resource_arns(resource);
    let reply = ask(ledger, |capture| call.customize().interceptor(capture).send()).await;
    match reply.into_answer() {
        Answer::Known(output) => {
            let Some(result) = output.evaluation_results.unwrap_or_default().into_iter().next() else {
                return Answer::Failed("the simulation answered nothing".to_owned());
            };
            Answer::Known(Simulation {
                decision: match result.eval_decision.as_str() {
                    "allowed" => SimulatedDecision::Allowed,
                    "explicitDeny" => SimulatedDecision::ExplicitDeny,
                    _ => SimulatedDecision::ImplicitDeny,
                },
                matched: result
                    .matched_statements
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|statement| statement.source_policy_id)
                    .collect(),
                missing_context: result.missing_context_values.unwrap_or_default(),
                boundary_allows: result
                    .permissions_boundary_decision_detail
                    .map(|detail| detail.allowed_by_permissions_boundary),
                organization_allows: result.organizations_decision_detail.map(|detail| detail.allowed_by_organizations),
            })
        }
        other => other.map(|_| Simulation {
            decision: SimulatedDecision::ImplicitDeny,
            matched: Vec::new(),
            missing_context: Vec::new(),
            boundary_allows: None,
            organization_allows: None,
        }),
    }
}
