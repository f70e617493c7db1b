//! KMS's readings, as JSON 1.1, and the write that a repair uses.

use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::message;
use crate::sandbox::scenario::{Edit, KmsKey, Target};
use crate::sandbox::state::State;
use serde_json::{Value, json};

const CONTENT: &str = "application/x-amz-json-1.1";

/// The operation that a JSON request's target header names.
#[must_use]
pub fn target<'a>(call: &'a Call<'_>) -> &'a str {
    call.incoming.header("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default()
}

/// Answers one call.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    let body: Value = serde_json::from_slice(&call.incoming.body).unwrap_or_default();
    let id = body.get("KeyId").and_then(Value::as_str).unwrap_or_default();
    match target(call) {
        "DescribeKey" => key(state, call, id, "kms:DescribeKey").map(|key| describe(&key)),
        "GetKeyPolicy" => {
            let key = own(call, key(state, call, id, "kms:GetKeyPolicy")?)?;
            Ok(Reply::json(200, CONTENT, &json!({ "Policy": key.policy().as_str(), "PolicyName": "default" })))
        }
        "ListGrants" => key(state, call, id, "kms:ListGrants").map(|key| grants(&key)),
        "PutKeyPolicy" => {
            let key = own(call, key(state, call, id, "kms:PutKeyPolicy")?)?;
            let document = body.get("Policy").and_then(Value::as_str).unwrap_or_default().to_owned();
            let target = Target { kind: "key-policy".to_owned(), owner: key.arn(), policy: None };
            let edited = state.apply(&Edit { target, document });
            edited.map_err(|error| Fault::new(400, "MalformedPolicyDocumentException", error.to_string()))?;
            Ok(Reply::json(200, CONTENT, &json!({})))
        }
        _ => Err(Fault::new(400, "UnknownOperationException", "")),
    }
}

/// The key, if the caller may do that with it. A key of another account that is not there looks like one that refuses.
fn key(state: &State, call: &Call<'_>, id: &str, action: &str) -> Result<KmsKey, Fault> {
    let Some(account) = call.caller.account() else {
        return Err(Fault::new(400, "MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    let found = if id == "alias/aws/s3" {
        Some(state.aws_managed_key(account, call.region()))
    } else {
        state.kms_key(id, account).cloned().or_else(|| managed_by_arn(state, id))
    };
    let Some(key) = found.filter(|key| key.region == call.region()) else {
        let shown = if id.starts_with("arn:") {
            id.to_owned()
        } else {
            format!("arn:aws:kms:{}:{account}:key/{id}", call.region())
        };
        return Err(Fault::new(400, "NotFoundException", format!("Key '{shown}' does not exist")));
    };
    decide(state, call, &Question::on_key(state, call, action, &key)).map_err(|refused| {
        Fault::new(400, "AccessDeniedException", message::plain(&refused, &key.arn(), state.scenario.messages))
    })?;
    Ok(key)
}

/// An `aws/s3` key that no scenario wrote down, by its ARN.
fn managed_by_arn(state: &State, arn: &str) -> Option<KmsKey> {
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next()?, parts.next()?);
    Some(state.aws_managed_key(account, region)).filter(|key| key.arn() == arn)
}

/// Some calls answer the key's own account alone.
fn own(call: &Call<'_>, key: KmsKey) -> Result<KmsKey, Fault> {
    match &call.caller {
        caller if caller.account() == Some(&key.account) => Ok(key),
        Caller::Anonymous => {
            Err(Fault::new(400, "MissingAuthenticationTokenException", "Missing Authentication Token"))
        }
        _ => Err(Fault::new(
            400,
            "AccessDeniedException",
            "The key is of another account, and this operation works within one account alone",
        )),
    }
}

fn describe(key: &KmsKey) -> Reply {
    let manager = if key.is_aws_managed() { "AWS" } else { "CUSTOMER" };
    let enabled = key.state == crate::sandbox::scenario::KeyState::Enabled;
    let mut metadata = json!({
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn(),
        "CreationDate": 1_740_000_000.0,
        "Enabled": enabled,
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state.name(),
        "Origin": "AWS_KMS",
        "KeyManager": manager,
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    });
    if key.state == crate::sandbox::scenario::KeyState::PendingDeletion {
        metadata["DeletionDate"] = json!(4_102_444_800.0);
    }
    Reply::json(200, CONTENT, &json!({ "KeyMetadata": metadata }))
}

fn grants(key: &KmsKey) -> Reply {
    let grants: Vec<Value> = key
        .grants
        .iter()
        .map(|grant| {
            let mut constraints = serde_json::Map::new();
            if !grant.context_equals.is_empty() {
                constraints.insert("EncryptionContextEquals".to_owned(), json!(grant.context_equals));
            }
            if !grant.context_subset.is_empty() {
                constraints.insert("EncryptionContextSubset".to_owned(), json!(grant.context_subset));
            }
            let mut entry = json!({
                "KeyId": key.arn(),
                "GrantId": grant.id(key),
                "GranteePrincipal": grant.grantee,
                "IssuingAccount": format!("arn:aws:iam::{}:root", key.account),
                "Operations": grant.operations,
            });
            if !constraints.is_empty() {
                entry["Constraints"] = Value::Object(constraints);
            }
            entry
        })
        .collect();
    Reply::json(200, CONTENT, &json!({ "Grants": grants, "Truncated": false }))
}
