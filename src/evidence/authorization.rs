//! What IAM says that it evaluated for the refused request: `GetRequestAuthorizationDetails` of the IAM Toolbox, by the
//! authorization id that the refusal carried. It names every policy with a Deny that matched, where a message names one; an
//! implicit denial has none to name. It tells no policy's text.
//!
//! Source: the IAM Toolbox API reference. The details come a moment after the refusal, so that a "not found" is asked again.

use crate::aws::clients::Clients;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use aws_credential_types::Credentials;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub const NAME: &str = "authorization-details";

/// How long it is waited before each further try.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(400)];

/// The statements that denied it, as far as IAM told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorization {
    pub denies: Vec<MatchedDeny>,
}

/// A policy whose Deny matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedDeny {
    /// The action that was evaluated.
    pub action: String,
    /// What it was evaluated on: an ARN.
    pub resource: String,
    pub kind: PolicyType,
    /// The policy's ARN; an inline one has none.
    pub policy_arn: Option<String>,
    /// ARNs of what the policy is attached to.
    pub attached_to: Vec<String>,
    /// The matching statements' ids, as the policy has them or as IAM makes them up.
    pub statements: Vec<String>,
}

impl MatchedDeny {
    /// The managed policy's name.
    #[must_use]
    pub fn policy_name(&self) -> Option<&str> {
        self.policy_arn.as_deref()?.rsplit('/').next()
    }

    /// ``the statement `NotByNight` of `OfficeHours` ``
    #[must_use]
    pub fn described(&self) -> String {
        let statements: Vec<String> = self.statements.iter().map(|sid| format!("`{sid}`")).collect();
        let which = match statements.as_slice() {
            [] => "the Deny".to_owned(),
            [one] => format!("the statement {one}"),
            many => format!("the statements {}", many.join(", ")),
        };
        match (self.policy_name(), self.kind) {
            (Some(name), _) => format!("{which} of `{name}`"),
            (None, PolicyType::ResourceBasedPolicy) => format!("{which} of the resource's policy"),
            (None, PolicyType::VpcEndpointPolicy) => format!("{which} of the endpoint's policy"),
            (None, PolicyType::SessionPolicy) => format!("{which} of the session policy"),
            (None, _) => format!("{which} of an inline policy"),
        }
    }
}

/// As the API names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PolicyType {
    IdentityBasedPolicy,
    ResourceBasedPolicy,
    PermissionsBoundary,
    SessionPolicy,
    ServiceControlPolicy,
    ResourceControlPolicy,
    VpcEndpointPolicy,
    #[serde(other)]
    Other,
}

/// Asks for the details of one refusal.
pub async fn read(
    clients: &Clients<'_>,
    keys: &Credentials,
    id: &str,
    now: fn() -> SystemTime,
    ledger: &Arc<Ledger>,
) -> Answer<Authorization> {
    if id.is_empty() || id.len() > 256 || !id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()) {
        return Answer::Skipped("the message carries no authorization id of IAM's form".to_owned());
    }
    let mut pauses = PAUSES.into_iter();
    loop {
        let answer = clients.authorization_details(keys, id, now(), ledger).await;
        match (answer, pauses.next()) {
            (Answer::Denied(error), Some(pause)) if error.status == 404 => tokio::time::sleep(pause).await,
            (Answer::Known(body), _) => {
                return match parse(&body) {
                    Some(found) => Answer::Known(found),
                    None => Answer::Failed("the answer is not of the form that IAM documents".to_owned()),
                };
            }
            (absent, _) => return absent.map(|_| Authorization::default()),
        }
    }
}

fn parse(body: &[u8]) -> Option<Authorization> {
    let details: Details = serde_json::from_slice(body).ok()?;
    let policies = &details.policies;
    let denies = details.evaluations.iter().flat_map(|evaluation| {
        evaluation.matched_policies.iter().filter_map(|matched| {
            let denying = matched.matched_statements.iter().filter(|statement| statement.evaluated_effect == "DENY");
            let statements: Vec<String> = denying.map(|statement| statement.sid.clone()).collect();
            let policy = policies.iter().find(|policy| policy.uri == matched.uri)?;
            (!statements.is_empty()).then(|| MatchedDeny {
                action: evaluation.action.clone(),
                resource: evaluation.resource.clone(),
                kind: policy.kind,
                policy_arn: (policy.inline != Some(true) && policy.uri.starts_with("arn:")).then(|| policy.uri.clone()),
                attached_to: policy.attached_to.iter().map(|entity| entity.arn.clone()).collect(),
                statements: statements.into_iter().filter(|sid| !sid.is_empty()).collect(),
            })
        })
    });
    Some(Authorization { denies: denies.collect() })
}

/// The answer, as much of it as is used: the first page. Lists may be left out where they are empty.
#[derive(Deserialize)]
struct Details {
    evaluations: Vec<Evaluation>,
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evaluation {
    action: String,
    #[serde(default)]
    resource: String,
    #[serde(default)]
    matched_policies: Vec<MatchedPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MatchedPolicy {
    uri: String,
    #[serde(default)]
    matched_statements: Vec<MatchedStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MatchedStatement {
    #[serde(default)]
    sid: String,
    #[serde(default)]
    evaluated_effect: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    #[serde(rename = "type", default = "other")]
    kind: PolicyType,
    inline: Option<bool>,
    #[serde(default)]
    uri: String,
    #[serde(default)]
    attached_to: Vec<AttachedTo>,
}

#[derive(Deserialize)]
struct AttachedTo {
    #[serde(default)]
    arn: String,
}

const fn other() -> PolicyType {
    PolicyType::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_denying_policies_are_read_and_the_allowing_ones_passed_over() {
        let body = br#"{"requestContext": {"aws:username": "alice"}, "evaluations": [{"action": "s3:GetObject",
            "resource": "arn:aws:s3:::b/k", "evaluatedEffect": "EXPLICIT_DENY", "matchedPolicies": [
              {"uri": "arn:aws:iam::aws:policy/ReadOnlyAccess", "matchedStatements": [{"sid": "all", "evaluatedEffect": "ALLOW"}]},
              {"uri": "inline-7", "matchedStatements": [{"sid": "No", "evaluatedEffect": "DENY"}, {"evaluatedEffect": "DENY"}]},
              {"uri": "nowhere", "matchedStatements": [{"sid": "No", "evaluatedEffect": "DENY"}]}]},
            {"action": "s3:GetObjectTagging", "resource": ""}],
          "policies": [
            {"type": "IDENTITY_BASED_POLICY", "inline": false, "uri": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            {"type": "IDENTITY_BASED_POLICY", "inline": true, "uri": "inline-7",
             "attachedTo": [{"arn": "arn:aws:iam::111122223333:user/alice"}]},
            {"type": "A_NEW_KIND", "uri": "x"}]}"#;
        let found = parse(body).unwrap();
        assert_eq!(
            found.denies,
            [MatchedDeny {
                action: "s3:GetObject".to_owned(),
                resource: "arn:aws:s3:::b/k".to_owned(),
                kind: PolicyType::IdentityBasedPolicy,
                policy_arn: None,
                attached_to: vec!["arn:aws:iam::111122223333:user/alice".to_owned()],
                statements: vec!["No".to_owned()],
            }]
        );
        assert_eq!(found.denies[0].described(), "the statement `No` of an inline policy");
    }

    #[test]
    fn another_form_is_no_answer() {
        for body in [&b""[..], b"{}", b"[]", b"{\"evaluations\": 1, \"policies\": []}", b"\xff"] {
            assert_eq!(parse(body), None);
        }
        let nothing = br#"{"requestContext": {}, "evaluations": [], "policies": [], "nextToken": "t"}"#;
        assert_eq!(parse(nothing), Some(Authorization::default()));
    }
}
