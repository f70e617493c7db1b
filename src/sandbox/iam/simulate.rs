//! `SimulatePrincipalPolicy`: what a user's or a role's own policies say of an action, and the organization's SCPs,
//! without knowing the request. RCPs, session policies, endpoint policies and ACLs are not asked, as in AWS.

use crate::policy::{Decision, Effect, Layer, Outcome, Rules};
use crate::sandbox::authorize::{Question, ask};
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::fault::Fault;
use crate::sandbox::iam::Desk;
use crate::sandbox::scenario::PolicyText;
use crate::sandbox::state::LiveSession;
use crate::sandbox::xml::Xml;

impl Desk<'_> {
    pub(super) fn simulate(&self) -> Result<Xml, Fault> {
        let source = self.form.get("PolicySourceArn").unwrap_or_default();
        self.allow(source, &format!("policy source {source}"))?;
        let subject = self.subject(source).ok_or_else(|| {
            Fault::new(
                404,
                "NoSuchEntity",
                format!("Invalid Entity Arn: {source} does not clearly define entity type and name."),
            )
        })?;
        let resource_policy = self.form.get("ResourcePolicy").map(PolicyText::new);
        if resource_policy.is_some() && !matches!(subject, Caller::User(_)) {
            return Err(Fault::new(400, "InvalidInput", "Resource policies can be simulated for IAM users only."));
        }
        let actions = self.form.list("ActionNames");
        let mut resources = self.form.list("ResourceArns");
        if resources.is_empty() {
            resources.push("*");
        }
        let mut results = Xml::new();
        for action in &actions {
            for resource in &resources {
                results = results.within("member", self.one(&subject, action, resource, resource_policy.as_ref()));
            }
        }
        Ok(Xml::new().leaf("IsTruncated", "false").within("EvaluationResults", results))
    }

    fn subject(&self, arn: &str) -> Option<Caller> {
        if let Some(user) =
            self.state.scenario.users.iter().find(|user| user.account == self.account && user.arn() == arn)
        {
            return Some(Caller::User(Box::new(user.clone())));
        }
        let role = self.state.scenario.roles.iter().find(|role| role.account == self.account && role.arn() == arn)?;
        Some(Caller::Session(Box::new(LiveSession {
            key: crate::sandbox::scenario::AccessKey::default(),
            role: role.clone(),
            name: "simulated".to_owned(),
            expires: self.call.now,
            policies: Vec::new(),
            mfa: false,
            federated: false,
            tags: std::collections::BTreeMap::new(),
        })))
    }

    fn one(&self, subject: &Caller, action: &str, resource: &str, resource_policy: Option<&PolicyText>) -> Xml {
        let call =
            Call { caller: subject.clone(), service: crate::sandbox::service::Service::Iam, ..self.call.clone() };
        let mut question = Question::plain(self.state, &call, action, resource).of_account(self.account);
        question.context = self.context();
        if let Some(text) = resource_policy {
            question = question.with_policy("ResourcePolicy".to_owned(), text.clone(), Rules::Resource);
        }
        let (evaluation, _) = ask(self.state, &call, &question);
        let decision = match evaluation.decision {
            Decision::Allowed => "allowed",
            Decision::ExplicitlyDenied => "explicitDeny",
            Decision::ImplicitlyDenied | Decision::Undetermined => "implicitDeny",
        };
        let effect = if decision == "allowed" { Effect::Allow } else { Effect::Deny };
        let matched = evaluation.decisive.iter().filter(|decisive| decisive.effect == effect);
        let statements = Xml::new().each(matched, |xml, decisive| {
            let name = decisive.policy.rsplit('/').next().unwrap_or(&decisive.policy);
            let kind = if decisive.policy.starts_with("arn:") { "IAM Policy" } else { "inline" };
            xml.within("member", Xml::new().leaf("SourcePolicyId", name).leaf("SourcePolicyType", kind))
        });
        let outcome = |layer: Layer| evaluation.layer(layer).map(|layer| layer.outcome);
        let applies = |layer: Layer| outcome(layer).is_some_and(|outcome| outcome != Outcome::NotApplicable);
        let word = |layer: Layer| if outcome(layer) == Some(Outcome::Allows) { "true" } else { "false" };
        let mut xml = Xml::new()
            .leaf("EvalActionName", action)
            .leaf("EvalResourceName", resource)
            .leaf("EvalDecision", decision)
            .within("MatchedStatements", statements)
            .within("MissingContextValues", Xml::new());
        if applies(Layer::ServiceControl) {
            let detail = Xml::new().leaf("AllowedByOrganizations", word(Layer::ServiceControl));
            xml = xml.within("OrganizationsDecisionDetail", detail);
        }
        if applies(Layer::PermissionsBoundary) {
            let detail = Xml::new().leaf("AllowedByPermissionsBoundary", word(Layer::PermissionsBoundary));
            xml = xml.within("PermissionsBoundaryDecisionDetail", detail);
        }
        xml
    }

    /// Only what the caller of the simulator says of the request.
    fn context(&self) -> crate::policy::Context {
        let mut context = crate::policy::Context::closed();
        for index in 1.. {
            let entry = format!("ContextEntries.member.{index}");
            let Some(key) = self.form.get(&format!("{entry}.ContextKeyName")) else { break };
            context.set(key, self.form.list(&format!("{entry}.ContextKeyValues")));
        }
        context
    }
}
