//! The IAM Toolbox: what was evaluated for a refused request, by the id that the refusal carried.
//!
//! Source: the IAM Toolbox API reference. A refusal's details are there a moment after it, so that the first who ask find none.

use crate::policy::{Decision, Effect, Evaluation, Layer, LayerEvaluation, Truth};
use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::state::State;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub const PATH: &str = "/authorization-details/";

/// Which refusal it was; IAM writes digits and small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorizationId(u32);

impl fmt::Display for AuthorizationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0a1b2c3d{:06}", self.0)
    }
}

/// The details of every refusal that carried an id, with how often they were asked for.
#[derive(Clone, Debug, Default)]
pub struct Authorizations(Arc<Mutex<BTreeMap<String, (u32, Value)>>>);

impl Authorizations {
    /// Keeps one, and gives its id.
    #[must_use]
    pub fn keep(&self, question: &Question, evaluation: &Evaluation, caller: &Caller) -> AuthorizationId {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = AuthorizationId(u32::try_from(kept.len()).unwrap_or(u32::MAX));
        kept.insert(id.to_string(), (0, details(question, evaluation, caller)));
        id
    }

    fn of(&self, id: &str) -> Option<Value> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, details) = kept.get_mut(id)?;
        *asked += 1;
        (*asked > 1).then(|| details.clone())
    }
}

/// Answers one call.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    decide(state, call, &Question::plain(state, call, "iam:GetRequestAuthorizationDetails", "*"))
        .map_err(|_| Fault::new(403, "AccessDeniedException", "User is not authorized to perform this action."))?;
    let id = call.incoming.raw_path.strip_prefix(PATH).unwrap_or_default();
    let details = state.authorizations.of(id).ok_or_else(|| {
        Fault::new(404, "ResourceNotFoundException", "The requested authorization details do not exist in this region.")
    })?;
    Ok(Reply::json(200, "application/json", &details))
}

fn details(question: &Question, evaluation: &Evaluation, caller: &Caller) -> Value {
    let attached_to = |layer: Layer| match layer {
        Layer::Resource => question.resource.split('/').next().unwrap_or_default().to_owned(),
        _ => caller.arn().unwrap_or_default(),
    };
    let explicit = evaluation.decisive.iter().any(|decisive| decisive.effect == Effect::Deny);
    let (mut policies, mut matched) = (Vec::new(), Vec::new());
    for layer in &evaluation.layers {
        let Some(kind) = kind(layer.layer) else { continue };
        for policy in names(layer) {
            let inline = !policy.starts_with("arn:");
            policies.push(json!({
                "type": kind, "inline": inline, "uri": policy, "attachedTo": [{ "arn": attached_to(layer.layer) }],
            }));
            let statements: Vec<Value> = layer
                .statements
                .iter()
                .filter(|trace| trace.policy == policy && trace.verdict == Truth::True)
                .map(|trace| {
                    let sid =
                        trace.statement.sid.clone().unwrap_or_else(|| format!("statement{}", trace.statement.index));
                    let effect = if trace.effect == Effect::Deny { "DENY" } else { "ALLOW" };
                    json!({ "sid": sid, "evaluatedEffect": effect })
                })
                .collect();
            // An implicit denial produces no matched policies.
            if explicit && !statements.is_empty() {
                matched.push(json!({ "uri": policy, "matchedStatements": statements }));
            }
        }
    }
    let effect = match evaluation.decision {
        Decision::Allowed => "ALLOW",
        _ if explicit => "EXPLICIT_DENY",
        _ => "IMPLICIT_DENY",
    };
    json!({
        "requestContext": { "aws:PrincipalArn": caller.arn() },
        "evaluations": [{
            "action": question.action, "resource": question.resource, "evaluatedEffect": effect, "matchedPolicies": matched,
        }],
        "policies": policies,
    })
}

fn names(layer: &LayerEvaluation) -> BTreeSet<String> {
    layer.statements.iter().map(|trace| trace.policy.clone()).collect()
}

const fn kind(layer: Layer) -> Option<&'static str> {
    Some(match layer {
        Layer::Identity => "IDENTITY_BASED_POLICY",
        Layer::Resource => "RESOURCE_BASED_POLICY",
        Layer::PermissionsBoundary => "PERMISSIONS_BOUNDARY",
        Layer::Session => "SESSION_POLICY",
        Layer::ServiceControl => "SERVICE_CONTROL_POLICY",
        Layer::ResourceControl => "RESOURCE_CONTROL_POLICY",
        Layer::VpcEndpoint => "VPC_ENDPOINT_POLICY",
        Layer::BlockPublicAccess => return None,
    })
}
