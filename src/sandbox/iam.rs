//! IAM: users, groups, roles and their policies read, the simulator, and the writes that repairs use.

mod simulate;
mod write;

use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::{Form, Reply};
use crate::sandbox::managed;
use crate::sandbox::message;
use crate::sandbox::scenario::{Group, PolicyText, Role, User};
use crate::sandbox::state::State;
use crate::sandbox::xml::Xml;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;

const NAMESPACE: &str = "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"";
/// RFC 3986, as IAM encodes documents.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const CREATED: &str = "2025-03-04T05:06:07Z";

/// Answers one call.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    let form = call.incoming.form();
    let action = form.get("Action").unwrap_or_default().to_owned();
    let result = if write::knows(&action) {
        write::handle(state, call, &form, &action)
    } else {
        read(state, call, &form, &action)
    }?;
    let body = Xml::new()
        .within(&format!("{action}Result"), result)
        .within("ResponseMetadata", Xml::new().leaf("RequestId", &call.request_id));
    let mut reply = Reply::xml(200, body.document(&format!("{action}Response"), NAMESPACE));
    reply.headers = vec![("content-type".to_owned(), "text/xml".to_owned())];
    Ok(reply)
}

fn read(state: &State, call: &Call<'_>, form: &Form, action: &str) -> Result<Xml, Fault> {
    let account = call.caller.account().unwrap_or_default();
    let desk = Desk { state, call, form, account, action };
    match action {
        "GetUser" => desk.get_user(),
        "GetRole" => desk.role().map(|role| Xml::new().within("Role", role_element(state, role))),
        "ListUserPolicies" => desk.user().map(|user| names(user.inline.keys())),
        "ListRolePolicies" => desk.role().map(|role| names(role.inline.keys())),
        "ListGroupPolicies" => desk.group().map(|group| names(group.inline.keys())),
        "ListAttachedUserPolicies" => desk.user().map(|user| desk.attached(&user.managed)),
        "ListAttachedRolePolicies" => desk.role().map(|role| desk.attached(&role.managed)),
        "ListAttachedGroupPolicies" => desk.group().map(|group| desk.attached(&group.managed)),
        "GetUserPolicy" => desk.user().and_then(|user| desk.inline("UserName", &user.name, &user.inline)),
        "GetRolePolicy" => desk.role().and_then(|role| desk.inline("RoleName", &role.name, &role.inline)),
        "GetGroupPolicy" => desk.group().and_then(|group| desk.inline("GroupName", &group.name, &group.inline)),
        "ListGroupsForUser" => desk.groups_of_user(),
        "ListPolicies" => desk.list_policies(),
        "GetPolicy" => desk.get_policy(),
        "GetPolicyVersion" => desk.get_policy_version(),
        "ListAccountAliases" => {
            desk.allow("*", "*").map(|()| Xml::new().within("AccountAliases", Xml::new()).leaf("IsTruncated", "false"))
        }
        "SimulatePrincipalPolicy" => desk.simulate(),
        _ => Err(Fault::new(400, "InvalidAction", format!("Could not find operation {action} for version 2010-05-08"))),
    }
}

struct Desk<'a> {
    state: &'a State,
    call: &'a Call<'a>,
    form: &'a Form,
    account: &'a str,
    action: &'a str,
}

impl<'a> Desk<'a> {
    /// IAM checks the permission before it looks, so that who may not read learns nothing.
    fn allow(&self, resource: &str, shown: &str) -> Result<(), Fault> {
        if matches!(self.call.caller, Caller::Anonymous) {
            return Err(Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
        }
        let question = Question::plain(self.state, self.call, &format!("iam:{}", self.action), resource);
        decide(self.state, self.call, &question)
            .map_err(|refused| Fault::access_denied(message::plain(&refused, shown, self.state.scenario.messages)))
    }

    fn no_such(kind: &str, name: &str) -> Fault {
        Fault::new(404, "NoSuchEntity", format!("The {kind} with name {name} cannot be found."))
    }

    fn user(&self) -> Result<&'a User, Fault> {
        let name = match (self.form.get("UserName"), &self.call.caller) {
            (Some(name), _) => name.to_owned(),
            (None, Caller::User(user)) => user.name.clone(),
            (None, _) => {
                return Err(Fault::new(
                    400,
                    "ValidationError",
                    "Must specify userName when calling with non-User credentials",
                ));
            }
        };
        let found = self.state.user(self.account, &name);
        let arn = found.map_or_else(|| format!("arn:aws:iam::{}:user/{name}", self.account), User::arn);
        self.allow(&arn, &format!("user {name}"))?;
        found.ok_or_else(|| Self::no_such("user", &name))
    }

    fn role(&self) -> Result<&'a Role, Fault> {
        let name = self.form.get("RoleName").unwrap_or_default();
        let found = self.state.role(self.account, name);
        let arn = found.map_or_else(|| format!("arn:aws:iam::{}:role/{name}", self.account), Role::arn);
        self.allow(&arn, &format!("role {name}"))?;
        found.ok_or_else(|| Self::no_such("role", name))
    }

    fn group(&self) -> Result<&'a Group, Fault> {
        let name = self.form.get("GroupName").unwrap_or_default();
        let found = self.state.scenario.groups.iter().find(|group| group.account == self.account && group.name == name);
        let arn = found.map_or_else(|| format!("arn:aws:iam::{}:group/{name}", self.account), Group::arn);
        self.allow(&arn, &format!("group {name}"))?;
        found.ok_or_else(|| Self::no_such("group", name))
    }

    fn get_user(&self) -> Result<Xml, Fault> {
        let user = self.user()?;
        let xml = Xml::new()
            .leaf("Path", &user.path)
            .leaf("UserName", &user.name)
            .leaf("UserId", &user.unique_id())
            .leaf("Arn", &user.arn())
            .leaf("CreateDate", CREATED);
        Ok(Xml::new().within("User", self.ends(xml, user.boundary.as_deref(), &user.tags)))
    }

    fn ends(&self, xml: Xml, boundary: Option<&str>, tags: &BTreeMap<String, String>) -> Xml {
        ends(self.state, self.account, xml, boundary, tags)
    }

    fn attached(&self, managed: &[String]) -> Xml {
        let found = managed.iter().filter_map(|name| managed::find(&self.state.scenario, self.account, name));
        let list = Xml::new().each(found, |xml, policy| {
            xml.within("member", Xml::new().leaf("PolicyName", &policy.name).leaf("PolicyArn", &policy.arn))
        });
        Xml::new().within("AttachedPolicies", list).leaf("IsTruncated", "false")
    }

    fn inline(&self, kind: &str, owner: &str, policies: &BTreeMap<String, PolicyText>) -> Result<Xml, Fault> {
        let name = self.form.get("PolicyName").unwrap_or_default();
        let text = policies.get(name).ok_or_else(|| Self::no_such("policy", name))?;
        Ok(Xml::new().leaf(kind, owner).leaf("PolicyName", name).leaf("PolicyDocument", &encoded(text)))
    }

    fn groups_of_user(&self) -> Result<Xml, Fault> {
        let user = self.user()?;
        let groups = self
            .state
            .scenario
            .groups
            .iter()
            .filter(|group| group.account == user.account && user.groups.contains(&group.name));
        let list = Xml::new().each(groups, |xml, group| {
            let one = Xml::new()
                .leaf("Path", &group.path)
                .leaf("GroupName", &group.name)
                .leaf("GroupId", &crate::sandbox::ids::unique("AGPA", &group.account, &group.name))
                .leaf("Arn", &group.arn())
                .leaf("CreateDate", CREATED);
            xml.within("member", one)
        });
        Ok(Xml::new().within("Groups", list).leaf("IsTruncated", "false"))
    }

    fn policy(&self) -> Result<managed::Found, Fault> {
        let arn = self.form.get("PolicyArn").unwrap_or_default();
        self.allow(arn, &format!("policy {arn}"))?;
        let missing = || Fault::new(404, "NoSuchEntity", format!("Policy {arn} was not found."));
        managed::find(&self.state.scenario, self.account, arn).ok_or_else(missing)
    }

    /// Those that are attached to somebody of the account. Nobody here has so many that a second page would follow.
    fn list_policies(&self) -> Result<Xml, Fault> {
        self.allow("*", "*")?;
        let attached = managed::attached(&self.state.scenario, self.account);
        let listed: BTreeMap<&str, &managed::Found> =
            attached.iter().map(|found| (found.arn.as_str(), found)).collect();
        let list = Xml::new().each(listed.values(), |xml, policy| xml.within("member", self.about(policy)));
        Ok(Xml::new().within("Policies", list).leaf("IsTruncated", "false"))
    }

    fn get_policy(&self) -> Result<Xml, Fault> {
        Ok(Xml::new().within("Policy", self.about(&self.policy()?)))
    }

    fn about(&self, policy: &managed::Found) -> Xml {
        let attached = managed::attached(&self.state.scenario, self.account);
        let attachments = attached.iter().filter(|found| found.arn == policy.arn).count();
        Xml::new()
            .leaf("PolicyName", &policy.name)
            .leaf("PolicyId", &crate::sandbox::ids::unique("ANPA", self.account, &policy.name))
            .leaf("Arn", &policy.arn)
            .leaf("Path", &policy.path)
            .leaf("DefaultVersionId", &policy.version)
            .leaf("AttachmentCount", &attachments.to_string())
            .leaf("IsAttachable", "true")
            .leaf("CreateDate", CREATED)
            .leaf("UpdateDate", CREATED)
    }

    fn get_policy_version(&self) -> Result<Xml, Fault> {
        let policy = self.policy()?;
        let wanted = self.form.get("VersionId").unwrap_or_default();
        let old = self.state.scenario.policies.iter().find(|own| own.arn() == policy.arn).map(|own| &own.old_versions);
        let text = if wanted == policy.version { Some(&policy.text) } else { old.and_then(|old| old.get(wanted)) };
        let missing = || {
            Fault::new(
                404,
                "NoSuchEntity",
                format!("Policy {} version {wanted} does not exist or is not attachable.", policy.arn),
            )
        };
        let default = if wanted == policy.version { "true" } else { "false" };
        let xml = Xml::new()
            .leaf("Document", &encoded(text.ok_or_else(missing)?))
            .leaf("VersionId", wanted)
            .leaf("IsDefaultVersion", default)
            .leaf("CreateDate", CREATED);
        Ok(Xml::new().within("PolicyVersion", xml))
    }
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> Xml {
    let list = Xml::new().each(names, |xml, name| xml.leaf("member", name));
    Xml::new().within("PolicyNames", list).leaf("IsTruncated", "false")
}

fn role_element(state: &State, role: &Role) -> Xml {
    let xml = Xml::new()
        .leaf("Path", &role.path)
        .leaf("RoleName", &role.name)
        .leaf("RoleId", &role.unique_id())
        .leaf("Arn", &role.arn())
        .leaf("CreateDate", CREATED)
        .leaf("AssumeRolePolicyDocument", &encoded(&role.trust))
        .leaf("MaxSessionDuration", "3600");
    ends(state, &role.account, xml, role.boundary.as_deref(), &role.tags)
}

fn ends(state: &State, account: &str, xml: Xml, boundary: Option<&str>, tags: &BTreeMap<String, String>) -> Xml {
    let boundary = boundary.and_then(|name| managed::find(&state.scenario, account, name));
    let xml = match boundary {
        Some(found) => xml.within(
            "PermissionsBoundary",
            Xml::new().leaf("PermissionsBoundaryType", "Policy").leaf("PermissionsBoundaryArn", &found.arn),
        ),
        None => xml,
    };
    if tags.is_empty() {
        return xml;
    }
    let list = Xml::new()
        .each(tags, |xml, (key, value)| xml.within("member", Xml::new().leaf("Key", key).leaf("Value", value)));
    xml.within("Tags", list)
}

fn encoded(text: &PolicyText) -> String {
    utf8_percent_encode(text.as_str(), &UNRESERVED).to_string()
}
