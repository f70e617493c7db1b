//! The few writes that a repair's command line uses.

use crate::policy::Rules;
use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Form;
use crate::sandbox::message;
use crate::sandbox::scenario::{Edit, Group, PolicyText, Role, Target, User};
use crate::sandbox::state::State;
use crate::sandbox::xml::Xml;

/// Whether the action is one of these.
#[must_use]
pub fn knows(action: &str) -> bool {
    matches!(
        action,
        "PutUserPolicy" | "PutRolePolicy" | "PutGroupPolicy" | "CreatePolicyVersion" | "UpdateAssumeRolePolicy"
    )
}

/// Makes the change.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>, form: &Form, action: &str) -> Result<Xml, Fault> {
    let account = call.caller.account().unwrap_or_default();
    let (kind, name, arn) = subject(state, account, form, action);
    let shown = format!("{kind} {name}");
    let missing = || Fault::new(404, "NoSuchEntity", format!("The {shown} cannot be found."));
    decide(state, call, &Question::plain(state, call, &format!("iam:{action}"), arn.as_deref().unwrap_or("*")))
        .map_err(|refused| Fault::access_denied(message::plain(&refused, &shown, state.scenario.messages)))?;
    let arn = arn.ok_or_else(missing)?;
    let document = form.get("PolicyDocument").unwrap_or_default().to_owned();
    let text = PolicyText::new(&document);
    let rules = if action == "UpdateAssumeRolePolicy" { Rules::Trust } else { Rules::Identity };
    text.parse(rules).map_err(|error| Fault::new(400, "MalformedPolicyDocument", error.message))?;
    if action == "CreatePolicyVersion" {
        return new_version(state, &arn, text, form.get("SetAsDefault") == Some("true")).ok_or_else(missing);
    }
    let kind = if action == "UpdateAssumeRolePolicy" { "role-trust-policy" } else { "identity-policy" };
    let target = Target { kind: kind.to_owned(), owner: arn, policy: form.get("PolicyName").map(str::to_owned) };
    state.apply(&Edit { target, document }).map_err(|_| missing())?;
    Ok(Xml::new())
}

/// Kind, name and ARN of what is written to; no ARN where it is not there.
fn subject(state: &State, account: &str, form: &Form, action: &str) -> (&'static str, String, Option<String>) {
    let get = |name: &str| form.get(name).unwrap_or_default().to_owned();
    match action {
        "PutUserPolicy" => ("user", get("UserName"), state.user(account, &get("UserName")).map(User::arn)),
        "PutGroupPolicy" => {
            let name = get("GroupName");
            let group = state.scenario.groups.iter().find(|group| group.account == account && group.name == name);
            ("group", name, group.map(Group::arn))
        }
        "CreatePolicyVersion" => {
            let arn = get("PolicyArn");
            let known = state.scenario.policies.iter().any(|policy| policy.arn() == arn);
            ("policy", arn.clone(), known.then_some(arn))
        }
        _ => ("role", get("RoleName"), state.role(account, &get("RoleName")).map(Role::arn)),
    }
}

fn new_version(state: &mut State, arn: &str, text: PolicyText, default: bool) -> Option<Xml> {
    let policy = state.scenario.policies.iter_mut().find(|policy| policy.arn() == arn)?;
    let number = |id: &str| id.trim_start_matches('v').parse::<u32>().unwrap_or(0);
    let highest = policy.old_versions.keys().map(|id| number(id)).max().unwrap_or(0).max(number(&policy.version));
    let id = format!("v{}", highest + 1);
    if default {
        let old = std::mem::replace(&mut policy.document, text);
        let old_id = std::mem::replace(&mut policy.version, id.clone());
        policy.old_versions.insert(old_id, old);
    } else {
        policy.old_versions.insert(id.clone(), text);
    }
    let version = Xml::new().leaf("VersionId", &id).leaf("IsDefaultVersion", if default { "true" } else { "false" });
    Some(Xml::new().within("PolicyVersion", version))
}
