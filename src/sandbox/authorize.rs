//! The decision: every layer that the world holds for a question, gathered and given to the evaluator. What it
//! answers is all there is; nothing here allows or refuses by itself.

use crate::policy::{
    Context, Decision, Document, Effect, Evaluation, Grant, GrantConstraints, Layer, Layers, Level, NamedPolicy,
    Reading, Request, Rules, evaluate,
};
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::managed;
use crate::sandbox::scenario::{KmsKey, Messages, OrgPolicyKind, PolicyText};
use crate::sandbox::service::Service;
use crate::sandbox::state::State;
use crate::sandbox::toolbox::AuthorizationId;

/// Whether the caller may do this to that.
#[derive(Clone, Debug)]
pub struct Question {
    pub action: String,
    /// An ARN.
    pub resource: String,
    pub resource_account: String,
    /// The resource's own policy, and what messages and traces call it.
    pub policy: Option<(String, PolicyText, Rules)>,
    pub context: Context,
    /// `RestrictPublicBuckets` is in force and the policy is a public one.
    pub restricts_public: bool,
    pub grants: Vec<Grant>,
}

impl Question {
    /// A question about something that has no policy of its own, in the caller's account.
    #[must_use]
    pub fn plain(state: &State, call: &Call<'_>, action: &str, resource: impl Into<String>) -> Self {
        Self {
            action: action.to_owned(),
            resource: resource.into(),
            resource_account: call.caller.account().unwrap_or_default().to_owned(),
            policy: None,
            context: call.context(state),
            restricts_public: false,
            grants: Vec::new(),
        }
    }

    #[must_use]
    pub fn of_account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.resource_account);
        self
    }

    #[must_use]
    pub fn with_policy(mut self, name: String, text: PolicyText, rules: Rules) -> Self {
        self.policy = Some((name, text, rules));
        self
    }

    /// A use of a KMS key, with the key's policy and grants.
    #[must_use]
    pub fn on_key(state: &State, call: &Call<'_>, action: &str, key: &KmsKey) -> Self {
        let mut question = Self::plain(state, call, action, key.arn()).of_account(&key.account);
        question.policy = Some((format!("key policy of {}", key.id), key.policy(), Rules::Resource));
        question.grants = key.grants.iter().map(|grant| as_evaluated(grant, key)).collect();
        if let Some(account) = call.caller.account() {
            question.context.set("kms:CallerAccount", [account]);
        }
        question
    }
}

fn as_evaluated(grant: &crate::sandbox::scenario::Grant, key: &KmsKey) -> Grant {
    let pairs =
        |map: &std::collections::BTreeMap<String, String>| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    Grant {
        id: grant.id(key),
        grantee: grant.grantee.clone(),
        operations: grant.operations.clone(),
        constraints: if !grant.context_equals.is_empty() {
            GrantConstraints::Equals(pairs(&grant.context_equals))
        } else if !grant.context_subset.is_empty() {
            GrantConstraints::Subset(pairs(&grant.context_subset))
        } else {
            GrantConstraints::None
        },
    }
}

/// A refusal, with what a message may say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `None` for an anonymous caller.
    pub caller: Option<String>,
    pub action: String,
    pub resource: String,
    pub reason: Reason,
    /// Both accounts are one, or of one organization: AWS then says why.
    pub may_say_why: bool,
    /// The caller is of another account than the resource.
    pub crosses_accounts: bool,
    /// What the details of the evaluation can be asked for by.
    pub authorization: Option<AuthorizationId>,
}

/// The one reason that AWS names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub layer: Layer,
    pub effect: Effect,
    /// The managed policy that denies, where it is one that has an ARN.
    pub policy_arn: Option<String>,
}

/// Decides.
///
/// # Errors
/// The refusal.
pub fn decide(state: &State, call: &Call<'_>, question: &Question) -> Result<(), Refused> {
    let (evaluation, _) = ask(state, call, question);
    if evaluation.decision == Decision::Allowed {
        return Ok(());
    }
    let account = call.caller.account();
    let crosses_accounts = account.is_some_and(|account| account != question.resource_account);
    let related = account
        .is_some_and(|account| !crosses_accounts || state.same_organization(account, &question.resource_account));
    let authorization = (state.scenario.messages == Messages::Identified && related)
        .then(|| state.authorizations.keep(question, &evaluation, &call.caller));
    Err(Refused {
        authorization,
        caller: call.caller.arn(),
        action: question.action.clone(),
        resource: question.resource.clone(),
        reason: reason(&evaluation),
        may_say_why: related,
        crosses_accounts,
    })
}

/// Asks the evaluator, and gives its answer with the request and layers it was about.
#[must_use]
pub fn ask(state: &State, call: &Call<'_>, question: &Question) -> (Evaluation, Layers) {
    let request = Request {
        principal: call.caller.principal(),
        action: question.action.clone(),
        resource: question.resource.clone(),
        resource_account: Some(question.resource_account.clone()),
        object_owner: None,
        context: question.context.clone(),
    };
    let layers = layers(state, call, question);
    (evaluate(&request, &layers), layers)
}

fn layers(state: &State, call: &Call<'_>, question: &Question) -> Layers {
    let resource = question.policy.as_ref().and_then(|(name, text, rules)| named(name, text, *rules));
    let through_endpoint =
        matches!(call.service, Service::S3 | Service::S3Control) && question.action.starts_with("s3");
    let endpoint = state.vpc_endpoint().filter(|_| through_endpoint);
    Layers {
        identity: identity(state, &call.caller),
        permissions_boundary: boundary(state, &call.caller),
        session: session(&call.caller),
        service_control: control(state, call.caller.account(), OrgPolicyKind::Scp),
        resource_control: if rcp_covers(question) {
            control(state, Some(&question.resource_account), OrgPolicyKind::Rcp)
        } else {
            Reading::NotApplicable
        },
        resource: resource.map_or(Reading::NotApplicable, Reading::Read),
        vpc_endpoint: endpoint.map_or(Reading::NotApplicable, |endpoint| {
            Reading::Read(named(&endpoint.id, &endpoint.policy(), Rules::VpcEndpoint).into_iter().collect())
        }),
        block_public_access: Reading::Read(question.restricts_public),
        grants: question.grants.clone(),
    }
}

/// The services whose resources RCPs govern, of those that are here.
fn rcp_covers(question: &Question) -> bool {
    ["s3:", "sts:", "kms:"].iter().any(|service| question.action.starts_with(service))
}

/// A document that does not parse was refused when it was stored, so none is left out here.
fn named(name: &str, text: &PolicyText, rules: Rules) -> Option<NamedPolicy> {
    let document: Document = text.parse(rules).ok()?;
    Some(NamedPolicy { name: name.to_owned(), document })
}

fn identity(state: &State, caller: &Caller) -> Reading<Vec<NamedPolicy>> {
    let policies = match caller {
        Caller::Anonymous => return Reading::NotApplicable,
        // The root user may do all that its account may.
        Caller::Root { account } => {
            managed::find(&state.scenario, account, "arn:aws:iam::aws:policy/AdministratorAccess")
                .and_then(|all| named("root", &all.text, Rules::Identity))
                .into_iter()
                .collect()
        }
        Caller::User(user) => {
            let own = attached(state, &user.account, &user.inline, &user.managed);
            let of_groups = state
                .scenario
                .groups
                .iter()
                .filter(|group| group.account == user.account && user.groups.contains(&group.name))
                .flat_map(|group| attached(state, &group.account, &group.inline, &group.managed));
            own.into_iter().chain(of_groups).collect()
        }
        Caller::Session(session) => {
            // The role as it is now: policies are read at each request, whatever the session's age.
            let role = state.role(&session.role.account, &session.role.name).unwrap_or(&session.role);
            attached(state, &role.account, &role.inline, &role.managed)
        }
    };
    Reading::Read(policies)
}

fn attached(
    state: &State,
    account: &str,
    inline: &std::collections::BTreeMap<String, PolicyText>,
    names: &[String],
) -> Vec<NamedPolicy> {
    let inline = inline.iter().filter_map(|(name, text)| named(name, text, Rules::Identity));
    let managed = names.iter().filter_map(|name| {
        let found = managed::find(&state.scenario, account, name)?;
        named(&found.arn, &found.text, Rules::Identity)
    });
    inline.chain(managed).collect()
}

fn boundary(state: &State, caller: &Caller) -> Reading<Vec<NamedPolicy>> {
    let (account, name) = match caller {
        Caller::Anonymous | Caller::Root { .. } => return Reading::NotApplicable,
        Caller::User(user) => (&user.account, &user.boundary),
        Caller::Session(session) => {
            let role = state.role(&session.role.account, &session.role.name).unwrap_or(&session.role);
            (&role.account, &role.boundary)
        }
    };
    let Some(name) = name else { return Reading::NotApplicable };
    let found = managed::find(&state.scenario, account, name);
    Reading::Read(found.and_then(|found| named(&found.arn, &found.text, Rules::Boundary)).into_iter().collect())
}

fn session(caller: &Caller) -> Reading<Vec<NamedPolicy>> {
    match caller {
        Caller::Session(session) if !session.policies.is_empty() => Reading::Read(
            session.policies.iter().filter_map(|(name, text)| named(name, text, Rules::Session)).collect(),
        ),
        _ => Reading::NotApplicable,
    }
}

/// The organization's policies of one kind that bear on an account, level by level.
fn control(state: &State, account: Option<&str>, kind: OrgPolicyKind) -> Reading<Vec<Level>> {
    let (Some(organization), Some(account)) = (&state.scenario.organization, account) else {
        return Reading::NotApplicable;
    };
    let Some(account) = state.scenario.account(account) else { return Reading::NotApplicable };
    // The management account is exempt from both kinds.
    let Some(unit) = account.unit.as_deref().filter(|_| account.id != organization.management_account) else {
        return Reading::NotApplicable;
    };
    let rules = match kind {
        OrgPolicyKind::Scp => Rules::ServiceControl,
        OrgPolicyKind::Rcp => Rules::ResourceControl,
    };
    let level = |name: &str, ids: &[String]| Level {
        level: name.to_owned(),
        policies: ids
            .iter()
            .filter_map(|id| organization.policy(id))
            .filter_map(|policy| named(&organization.policy_arn(&policy), &policy.document, rules))
            .collect(),
    };
    let of = |scp: &'_ [String], rcp: &'_ [String]| match kind {
        OrgPolicyKind::Scp => scp.to_vec(),
        OrgPolicyKind::Rcp => rcp.to_vec(),
    };
    let mut levels: Vec<Level> =
        organization.path_to(unit).iter().map(|unit| level(&unit.id, &of(&unit.scp, &unit.rcp))).collect();
    levels.push(level(&account.id, &of(&account.scp, &account.rcp)));
    Reading::Read(levels)
}

/// The one reason that is named, in the order of AWS's evaluation: an explicit deny of any layer before an
/// allow that is missing; the organization before the resource before the caller.
fn reason(evaluation: &Evaluation) -> Reason {
    const ORDER: [Layer; 8] = [
        Layer::ResourceControl,
        Layer::ServiceControl,
        Layer::VpcEndpoint,
        Layer::Resource,
        Layer::BlockPublicAccess,
        Layer::Identity,
        Layer::PermissionsBoundary,
        Layer::Session,
    ];
    for layer in ORDER {
        let deny =
            evaluation.decisive.iter().find(|decisive| decisive.layer == layer && decisive.effect == Effect::Deny);
        if let Some(deny) = deny {
            let names_policy = !matches!(layer, Layer::Resource | Layer::VpcEndpoint);
            let policy_arn = (names_policy && deny.policy.starts_with("arn:")).then(|| deny.policy.clone());
            return Reason { layer, effect: Effect::Deny, policy_arn };
        }
    }
    if evaluation.denied_by.contains(&Layer::BlockPublicAccess) {
        return Reason { layer: Layer::BlockPublicAccess, effect: Effect::Deny, policy_arn: None };
    }
    let layer = ORDER.into_iter().find(|layer| evaluation.denied_by.contains(layer)).unwrap_or(Layer::Identity);
    Reason { layer, effect: Effect::Allow, policy_arn: None }
}
