//! STS: who am I, and let me be another.

use crate::policy::{Layer, Rules};
use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::caller::{Caller, iso};
use crate::sandbox::fault::Fault;
use crate::sandbox::http::{Form, Reply};
use crate::sandbox::ids;
use crate::sandbox::managed;
use crate::sandbox::message;
use crate::sandbox::scenario::{AccessKey, PolicyText, Role, WebIdentity};
use crate::sandbox::state::{LiveSession, State};
use crate::sandbox::xml::Xml;
use std::collections::BTreeMap;
use time::Duration;

const NAMESPACE: &str = "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"";

/// Answers one call.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    let form = call.incoming.form();
    match form.get("Action").unwrap_or_default() {
        "GetCallerIdentity" => identity(call),
        "AssumeRole" => assume_role(state, call, &form),
        "AssumeRoleWithWebIdentity" => assume_with_web_identity(state, call, &form),
        "GetAccessKeyInfo" => key_info(state, call, &form),
        action => {
            Err(Fault::new(400, "InvalidAction", format!("Could not find operation {action} for version 2011-06-15")))
        }
    }
}

fn answer(call: &Call<'_>, action: &str, result: Xml) -> Reply {
    let body = Xml::new()
        .within(&format!("{action}Result"), result)
        .within("ResponseMetadata", Xml::new().leaf("RequestId", &call.request_id));
    Reply::xml(200, body.document(&format!("{action}Response"), NAMESPACE))
}

/// Needs no permission, and works where one is denied.
fn identity(call: &Call<'_>) -> Result<Reply, Fault> {
    let (Some(arn), Some(account)) = (call.caller.arn(), call.caller.account()) else {
        return Err(Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
    };
    let result = Xml::new().leaf("Arn", &arn).leaf("UserId", &call.caller.user_id()).leaf("Account", account);
    Ok(answer(call, "GetCallerIdentity", result))
}

fn key_info(state: &State, call: &Call<'_>, form: &Form) -> Result<Reply, Fault> {
    decide(state, call, &Question::plain(state, call, "sts:GetAccessKeyInfo", "*"))
        .map_err(|refused| Fault::access_denied(message::plain(&refused, "*", state.scenario.messages)))?;
    let id = form.get("AccessKeyId").unwrap_or_default();
    let user = state.scenario.users.iter().find(|user| user.key.id == id).map(|user| user.account.clone());
    let session =
        state.sessions.iter().find(|session| session.key.id == id).map(|session| session.role.account.clone());
    let account = user
        .or(session)
        .ok_or_else(|| Fault::new(400, "ValidationError", format!("Invalid value {id} for access key ID")))?;
    Ok(answer(call, "GetAccessKeyInfo", Xml::new().leaf("Account", &account)))
}

/// The role that an ARN names.
fn role_of<'a>(state: &'a State, arn: &str) -> Option<&'a Role> {
    state.scenario.roles.iter().find(|role| role.arn() == arn)
}

fn assume_role(state: &mut State, call: &Call<'_>, form: &Form) -> Result<Reply, Fault> {
    let (arn, name) = (form.get("RoleArn").unwrap_or_default(), form.get("RoleSessionName").unwrap_or_default());
    let caller = call
        .caller
        .arn()
        .ok_or_else(|| Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"))?;
    if matches!(call.caller, Caller::Root { .. }) {
        return Err(Fault::access_denied("Roles may not be assumed by root accounts."));
    }
    // A role that is not there and one that does not trust the caller look alike.
    let hidden = || {
        Fault::access_denied(format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"))
    };
    let role = role_of(state, arn).ok_or_else(hidden)?.clone();
    let mut question = Question::plain(state, call, "sts:AssumeRole", arn).of_account(&role.account).with_policy(
        format!("trust policy of {}", role.name),
        role.trust.clone(),
        Rules::Trust,
    );
    if let Some(id) = form.get("ExternalId") {
        question.context.set("sts:ExternalId", [id]);
    }
    question.context.set("sts:RoleSessionName", [name]);
    decide(state, call, &question).map_err(|refused| {
        let of_the_caller = refused.reason.layer != Layer::Resource && !refused.crosses_accounts;
        if of_the_caller {
            Fault::access_denied(message::plain(&refused, arn, state.scenario.messages))
        } else {
            hidden()
        }
    })?;
    let mut policies = Vec::new();
    if let Some(text) = form.get("Policy") {
        let text = PolicyText::new(text);
        text.parse(Rules::Session).map_err(|error| Fault::new(400, "MalformedPolicyDocument", error.message))?;
        policies.push(("session policy".to_owned(), text));
    }
    for index in 1.. {
        let Some(policy) = form.get(&format!("PolicyArns.member.{index}.arn")) else { break };
        let found = managed::find(&state.scenario, &role.account, policy);
        policies.extend(found.map(|found| (found.arn, found.text)));
    }
    let seconds = form.get("DurationSeconds").and_then(|text| text.parse().ok()).unwrap_or(3600);
    let session = open(state, call, role, name, policies, seconds);
    let result = Xml::new().within("Credentials", credentials(&session)).within("AssumedRoleUser", assumed(&session));
    Ok(answer(call, "AssumeRole", result))
}

/// Takes a token that the scenario lists, for a role whose trust names the token's provider.
fn assume_with_web_identity(state: &mut State, call: &Call<'_>, form: &Form) -> Result<Reply, Fault> {
    let token = form.get("WebIdentityToken").unwrap_or_default();
    let known = state.scenario.web_identities.iter().find(|identity| identity.token == token).cloned();
    let identity = known.ok_or_else(|| {
        Fault::new(
            400,
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    })?;
    if identity.expired {
        return Err(Fault::new(
            400,
            "ExpiredTokenException",
            "Token expired: current date/time must be before the expiration date/time",
        ));
    }
    let arn = form.get("RoleArn").unwrap_or_default();
    let role = role_of(state, arn).filter(|role| trusts(role, &identity)).cloned();
    let role = role.ok_or_else(|| Fault::access_denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"))?;
    let name = form.get("RoleSessionName").unwrap_or("web-identity").to_owned();
    let session = open(state, call, role, &name, Vec::new(), 3600);
    let result = Xml::new()
        .within("Credentials", credentials(&session))
        .leaf("SubjectFromWebIdentityToken", &identity.subject)
        .within("AssumedRoleUser", assumed(&session))
        .leaf("Provider", &identity.provider)
        .leaf("Audience", &identity.audience);
    Ok(answer(call, "AssumeRoleWithWebIdentity", result))
}

/// The trust policy allows the provider in. Its conditions on the token's claims are equalities on `sub` and `aud` here.
fn trusts(role: &Role, identity: &WebIdentity) -> bool {
    let provider = format!("oidc-provider/{}", identity.provider);
    role.trust.statements().iter().any(|statement| {
        let principal = statement.pointer("/Principal/Federated").and_then(serde_json::Value::as_str);
        let claim = |name: &str, value: &str| {
            let key = format!("{}:{name}", identity.provider);
            let wanted = statement.pointer("/Condition/StringEquals").and_then(|keys| keys.get(&key));
            wanted.is_none_or(|wanted| wanted.as_str() == Some(value))
        };
        statement.get("Effect").and_then(serde_json::Value::as_str) == Some("Allow")
            && principal.is_some_and(|principal| principal.ends_with(&provider))
            && claim("sub", &identity.subject)
            && claim("aud", &identity.audience)
    })
}

/// Opens a session and remembers it.
pub fn open(
    state: &mut State,
    call: &Call<'_>,
    role: Role,
    name: &str,
    policies: Vec<(String, PolicyText)>,
    seconds: i64,
) -> LiveSession {
    let what = format!("{}/{name}/{}", role.name, state.serial());
    let session = LiveSession {
        key: AccessKey {
            id: ids::access_key("ASIA", &role.account, &what),
            secret: ids::secret(&role.account, &what),
            token: Some(ids::token(&role.account, &what)),
            active: true,
        },
        role,
        name: name.to_owned(),
        expires: call.now + Duration::seconds(seconds),
        policies,
        mfa: false,
        federated: false,
        tags: BTreeMap::new(),
    };
    state.sessions.push(session.clone());
    session
}

fn credentials(session: &LiveSession) -> Xml {
    Xml::new()
        .leaf("AccessKeyId", &session.key.id)
        .leaf("SecretAccessKey", &session.key.secret)
        .leaf("SessionToken", session.key.token.as_deref().unwrap_or_default())
        .leaf("Expiration", &iso(session.expires))
}

fn assumed(session: &LiveSession) -> Xml {
    let caller = Caller::Session(Box::new(session.clone()));
    Xml::new().leaf("AssumedRoleId", &caller.user_id()).leaf("Arn", &caller.arn().unwrap_or_default())
}
