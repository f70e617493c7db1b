//! Organizations' readings, and the write that a repair uses. Any member may describe the organization; policies and parents are for the management account.

use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::kms::target;
use crate::sandbox::scenario::{Edit, OrgPolicy, OrgPolicyKind, Organization, Target};
use crate::sandbox::state::State;
use serde_json::{Value, json};

const CONTENT: &str = "application/x-amz-json-1.1";

/// Answers one call.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    let account = call.caller.account().unwrap_or_default();
    let operation = target(call);
    decide(state, call, &Question::plain(state, call, &format!("organizations:{operation}"), "*"))
        .map_err(|_| no_permission())?;
    let outside =
        || Fault::new(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.");
    let organization = state.scenario.organization.as_ref().filter(|_| state.is_member(account)).ok_or_else(outside)?;
    let body: Value = serde_json::from_slice(&call.incoming.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if operation == "DescribeOrganization" {
        return Ok(describe(organization));
    }
    // A member that is not the management account is refused whatever its policies say.
    if organization.management_account != account {
        return Err(no_permission());
    }
    match operation {
        "ListParents" => parents(state, organization, text("ChildId")),
        "ListPoliciesForTarget" => policies(state, organization, text("TargetId"), text("Filter")),
        "DescribePolicy" => policy(organization, text("PolicyId")),
        "UpdatePolicy" => {
            let (id, document) = (text("PolicyId").to_owned(), text("Content").to_owned());
            update(state, &id, document)
        }
        _ => Err(Fault::new(400, "UnknownOperationException", "")),
    }
}

fn update(state: &mut State, id: &str, document: String) -> Result<Reply, Fault> {
    let missing =
        || Fault::new(400, "PolicyNotFoundException", "We can't find a policy with the PolicyId that you specified.");
    let policies = state.scenario.organization.iter().flat_map(|organization| &organization.policies);
    let kind = policies.into_iter().find(|policy| policy.id == id).map(|policy| policy.kind).ok_or_else(missing)?;
    let kind = match kind {
        OrgPolicyKind::Scp => "service-control-policy",
        OrgPolicyKind::Rcp => "resource-control-policy",
    };
    let target = Target { kind: kind.to_owned(), owner: id.to_owned(), policy: None };
    let edited = state.apply(&Edit { target, document });
    edited.map_err(|error| Fault::new(400, "MalformedPolicyDocumentException", error.to_string()))?;
    match &state.scenario.organization {
        Some(organization) => policy(organization, id),
        None => Err(missing()),
    }
}

fn no_permission() -> Fault {
    Fault::new(400, "AccessDeniedException", "You don't have permissions to access this resource.")
}

fn describe(organization: &Organization) -> Reply {
    let management = &organization.management_account;
    let body = json!({ "Organization": {
        "Id": organization.id,
        "Arn": format!("arn:aws:organizations::{management}:organization/{}", organization.id),
        "FeatureSet": "ALL",
        "MasterAccountId": management,
        "MasterAccountArn": format!("arn:aws:organizations::{management}:account/{}/{management}", organization.id),
        "MasterAccountEmail": "aws@acme.example",
        "AvailablePolicyTypes": [{ "Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED" }],
    }});
    Reply::json(200, CONTENT, &body)
}

fn parents(state: &State, organization: &Organization, child: &str) -> Result<Reply, Fault> {
    let of_account = state.scenario.account(child).and_then(|account| account.unit.clone());
    let of_unit = organization.units.iter().find(|unit| unit.id == child).and_then(|unit| unit.parent.clone());
    let missing = || {
        Fault::new(
            400,
            "ChildNotFoundException",
            "We can't find an organizational unit (OU) or account with the ChildId that you specified.",
        )
    };
    let parent = of_account.or(of_unit).ok_or_else(missing)?;
    let kind = if parent.starts_with("r-") { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
    Ok(Reply::json(200, CONTENT, &json!({ "Parents": [{ "Id": parent, "Type": kind }] })))
}

fn kind_name(kind: OrgPolicyKind) -> &'static str {
    match kind {
        OrgPolicyKind::Scp => "SERVICE_CONTROL_POLICY",
        OrgPolicyKind::Rcp => "RESOURCE_CONTROL_POLICY",
    }
}

fn summary(organization: &Organization, policy: &OrgPolicy) -> Value {
    let name = if policy.name.is_empty() { &policy.id } else { &policy.name };
    json!({
        "Id": policy.id,
        "Arn": organization.policy_arn(policy),
        "Name": name,
        "Description": "",
        "Type": kind_name(policy.kind),
        "AwsManaged": organization.policies.iter().all(|own| own.id != policy.id),
    })
}

fn policies(state: &State, organization: &Organization, target: &str, filter: &str) -> Result<Reply, Fault> {
    let of_account = state.scenario.account(target).map(|account| (&account.scp, &account.rcp));
    let of_unit = organization.units.iter().find(|unit| unit.id == target).map(|unit| (&unit.scp, &unit.rcp));
    let missing = || {
        Fault::new(
            400,
            "TargetNotFoundException",
            "We can't find a root, OU, account, or policy with the TargetId that you specified.",
        )
    };
    let (scp, rcp) = of_account.or(of_unit).ok_or_else(missing)?;
    let ids = if filter == "RESOURCE_CONTROL_POLICY" { rcp } else { scp };
    let list: Vec<Value> =
        ids.iter().filter_map(|id| organization.policy(id)).map(|policy| summary(organization, &policy)).collect();
    Ok(Reply::json(200, CONTENT, &json!({ "Policies": list })))
}

fn policy(organization: &Organization, id: &str) -> Result<Reply, Fault> {
    let missing =
        || Fault::new(400, "PolicyNotFoundException", "We can't find a policy with the PolicyId that you specified.");
    let policy = organization.policy(id).ok_or_else(missing)?;
    let body =
        json!({ "Policy": { "PolicySummary": summary(organization, &policy), "Content": policy.document.as_str() } });
    Ok(Reply::json(200, CONTENT, &body))
}
