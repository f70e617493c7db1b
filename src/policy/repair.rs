//! The narrowest edits that let the request through one layer, proven by deciding again with them made.
//!
//! What is missing is added as a statement of its own: this action, this resource, this principal. One statement is
//! mended in place: one that names a bucket for its objects' actions, where `bucket/*` is what it was written to say. A Deny is
//! never removed: it is narrowed for this caller, by the caller's ARN, unless the request itself can satisfy it (use TLS, an MFA
//! device, another header), which is no matter of policy. Where several deny, each is narrowed: one alone helps nobody.
//!
//! The edits stand only if the layer then stops the request no more, no other layer stops it anew, and a set of sentinel
//! requests (another key, another bucket, other actions, other principals, nobody) is treated as before. Where no such
//! edits are found there are none. Public access is never opened, for it has no caller to name.

mod sentinels;
mod text;

pub use self::text::with_statement;

use self::sentinels::sentinels;
use self::text::{insert_before_end, splice};
use super::actions::{self, About};
use super::condition::{Base, string::Comparison};
use super::document::{Condition, Document, Effect, Rules, Version};
use super::evaluate::{self, At, Verdict, decide, each_statement, evaluate};
use super::layers::{Layer, Layers, NamedPolicy, Reading};
use super::nearest::nearest_miss;
use super::principal::Principal;
use super::request::{Facts, Lookup, Request, is_of_identity_center};
use super::trace::{Decisive, Element, Reason, Repair, RepairEdit, RepairOp};
use super::{s3, statement, sts};
use serde_json::{Map, Value, json};

/// The edits that let the request through `layer`. `None` where the layer does not stop it, or no edit is sound. Of a layer
/// that denies, and would not allow either, it is the Denies that they are about.
#[must_use]
pub fn repair(request: &Request, layers: &Layers, layer: Layer) -> Option<Repair> {
    let before = decide(request, layers);
    if layer == Layer::BlockPublicAccess || !before.denied_by.contains(&layer) {
        return None;
    }
    let denies = matching_denies(request, layers, layer);
    if denies.is_empty() {
        let candidates = [mended(request, layers, layer), added(request, layers, layer)];
        return candidates.into_iter().flatten().find_map(|draft| allowing(request, layers, layer, &before, draft));
    }
    sparing(request, layers, layer, &before, &denies)
}

fn matching_denies<'l>(request: &Request, layers: &'l Layers, layer: Layer) -> Vec<At<'l>> {
    let facts = Facts::among(request, layers);
    let denies =
        |at: &At<'_>| at.statement.effect == Effect::Deny && statement::applies(at.statement, &facts).any().is_true();
    each_statement(layers, layer).filter(denies).collect()
}

/// An edit that is not proven yet.
struct Draft {
    policy_index: Option<usize>,
    op: RepairOp,
    edited: String,
    /// Other objects of the bucket come with it.
    whole_bucket: bool,
}

impl Draft {
    /// The layers with the edit made, and the edit itself.
    fn make(self, request: &Request, layers: &Layers, layer: Layer) -> Option<(Layers, RepairEdit)> {
        let policy = self.policy_index.and_then(|index| layers.policies(layer).get(index).copied());
        let rules = policy.map_or_else(|| rules_of(layer, request), |policy| policy.document.rules());
        let document = Document::parse(&self.edited, rules).ok()?;
        let index = match self.op {
            RepairOp::AddStatement => document.statements().len().checked_sub(1)?,
            RepairOp::ReplaceStatement(index) | RepairOp::RemoveStatement(index) => index,
        };
        let span = document.statements().get(index)?.span();
        let statement: Value = serde_json::from_str(document.text().get(span)?).ok()?;
        let edit = RepairEdit {
            policy: policy.map(|policy| policy.name.clone()),
            policy_index: self.policy_index,
            op: self.op,
            statement: Some(statement),
            edited: self.edited,
        };
        let edited = match self.policy_index {
            Some(index) => layers.with_document(layer, index, document)?,
            None => with_new_policy(layers, layer, document)?,
        };
        Some((edited, edit))
    }
}

/// The draft of an Allow, where it holds.
fn allowing(request: &Request, layers: &Layers, layer: Layer, before: &Verdict, draft: Draft) -> Option<Repair> {
    let sentinels = sentinels(request, layer, false, draft.whole_bucket);
    let (edited, edit) = draft.make(request, layers, layer)?;
    let is_left = decide(request, &edited).denied_by.contains(&layer);
    (!is_left && is_sound(request, layers, &edited, layer, before, &sentinels))
        .then(|| Repair { layer, edits: vec![edit] })
}

/// The edit that spares the caller one Deny, which AWS says matched although a condition of it cannot be known here.
#[must_use]
pub fn repair_of(request: &Request, layers: &Layers, denying: &Decisive) -> Option<Repair> {
    let layer = denying.layer;
    let deny = at_place(layers, layer, (denying.policy_index, denying.statement.index))?;
    let before = decide(request, layers);
    sparing(request, layers, layer, &before, &[deny]).filter(|_| deny.statement.effect == Effect::Deny)
}

/// The statement in that place: of which policy of the layer, and which of its statements.
fn at_place(layers: &Layers, layer: Layer, place: (usize, usize)) -> Option<At<'_>> {
    each_statement(layers, layer).find(|at| (at.policy_index, at.statement.index) == place)
}

/// Every Deny narrowed, where that holds.
fn sparing(request: &Request, layers: &Layers, layer: Layer, before: &Verdict, denies: &[At<'_>]) -> Option<Repair> {
    let place = |deny: &At<'_>| (deny.policy_index, deny.statement.index);
    let mut edits = Vec::new();
    let mut edited = layers.clone();
    for deny in denies {
        // Each edit is told by itself, of the document as it is; proven are all together.
        let (_, edit) = narrowed(request, *deny)?.make(request, layers, layer)?;
        edits.push(edit);
        edited = narrowed(request, at_place(&edited, layer, place(deny))?)?.make(request, &edited, layer)?.0;
    }
    let facts = Facts::among(request, &edited);
    let spares = |deny: &At<'_>| {
        at_place(&edited, layer, place(deny))
            .is_some_and(|at| statement::applies(at.statement, &facts).any().is_false())
    };
    let sentinels = sentinels(request, layer, true, false);
    (denies.iter().all(spares) && is_sound(request, layers, &edited, layer, before, &sentinels))
        .then(|| Repair { layer, edits })
}

/// Whether the other layers stop the request as before, and the sentinels gain nothing.
fn is_sound(
    request: &Request,
    layers: &Layers,
    edited: &Layers,
    layer: Layer,
    before: &Verdict,
    sentinels: &[Request],
) -> bool {
    let others = |summary: &Verdict| -> Vec<Layer> {
        summary.denied_by.iter().copied().filter(|blocker| *blocker != layer).collect()
    };
    let after = decide(request, edited);
    let gains = |sentinel: &Request| {
        let (allowed, denied) = evaluate::says(layer, sentinel, layers);
        let (now_allowed, now_denied) = evaluate::says(layer, sentinel, edited);
        let is_spared = (denied.is_true() && !now_denied.is_true()) || (denied.is_unknown() && now_denied.is_false());
        (now_allowed.is_true() && !allowed.is_true()) || is_spared
    };
    others(&after) == others(before)
        && after.never_allowed != after.denied_by.is_empty()
        && !sentinels.iter().any(gains)
}

fn rules_of(layer: Layer, request: &Request) -> Rules {
    match layer {
        Layer::Identity | Layer::BlockPublicAccess => Rules::Identity,
        Layer::PermissionsBoundary => Rules::Boundary,
        Layer::Session => Rules::Session,
        Layer::ServiceControl => Rules::ServiceControl,
        Layer::ResourceControl => Rules::ResourceControl,
        Layer::Resource if sts::is_trust(request) => Rules::Trust,
        Layer::Resource => Rules::Resource,
        Layer::VpcEndpoint => Rules::VpcEndpoint,
    }
}

/// Only an identity or a resource can be given a policy that it did not have.
fn with_new_policy(layers: &Layers, layer: Layer, document: Document) -> Option<Layers> {
    let policy = NamedPolicy { name: String::new(), document };
    let mut layers = layers.clone();
    match layer {
        Layer::Identity => {
            layers.identity = match layers.identity {
                Reading::Partly(_) | Reading::Unread => return None,
                _ => Reading::Read(vec![policy]),
            }
        }
        Layer::Resource => {
            layers.resource = match layers.resource {
                Reading::NotApplicable => Reading::Read(policy),
                _ => return None,
            }
        }
        _ => return None,
    }
    Some(layers)
}

/// A statement of its own for exactly this request.
fn added(request: &Request, layers: &Layers, layer: Layer) -> Option<Draft> {
    let policies = layers.policies(layer);
    let near = || nearest_miss(request, layers, &evaluate(request, layers), layer).map(|near| near.policy_index);
    let policy_index = match policies.len() {
        0 => None,
        1 => Some(0),
        _ => Some(lacking_level(request, layers, layer).or_else(near).unwrap_or(0)),
    };
    let Some(index) = policy_index else {
        let statement = allow(request, layer, Version::V2012)?;
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        let edited = serde_json::to_string_pretty(&document).ok()?;
        return Some(Draft { policy_index: None, op: RepairOp::AddStatement, edited, whole_bucket: false });
    };
    let document = &policies.get(index)?.document;
    let statement = allow(request, layer, document.version())?;
    let edited = with_statement(document, &statement)?;
    Some(Draft { policy_index, op: RepairOp::AddStatement, edited, whole_bucket: false })
}

/// The first policy of the level of an organization that has no Allow.
fn lacking_level(request: &Request, layers: &Layers, layer: Layer) -> Option<usize> {
    let levels = match layer {
        Layer::ServiceControl => layers.service_control.known()?,
        Layer::ResourceControl => layers.resource_control.known()?,
        _ => return None,
    };
    let facts = Facts::among(request, layers);
    let mut first = 0;
    for level in levels {
        let mut statements = level.policies.iter().flat_map(|policy| policy.document.statements());
        let allows =
            statements.any(|own| own.effect == Effect::Allow && statement::applies(own, &facts).any().is_true());
        if !allows && !level.policies.is_empty() {
            return Some(first);
        }
        first += level.policies.len();
    }
    None
}

fn allow(request: &Request, layer: Layer, version: Version) -> Option<Value> {
    let mut statement = Map::new();
    let mut condition = None;
    statement.insert("Effect".to_owned(), "Allow".into());
    if matches!(layer, Layer::Resource | Layer::VpcEndpoint | Layer::ResourceControl) {
        let (principal, held_to) = principal_to_name(request)?;
        statement.insert("Principal".to_owned(), principal);
        condition = held_to;
    }
    statement.insert("Action".to_owned(), request.action.as_str().into());
    if !(layer == Layer::Resource && sts::is_trust(request)) {
        statement.insert("Resource".to_owned(), resource_to_name(request, version)?.into());
    }
    if let Some(condition) = condition_to_hold(request, condition, version) {
        statement.insert("Condition".to_owned(), condition);
    }
    Some(Value::Object(statement))
}

/// What an Allow of the request has to name as its resource. `None` where the version has no way to write it.
#[must_use]
pub fn resource_to_name(request: &Request, version: Version) -> Option<String> {
    s3::of_all_buckets(request).map(str::to_owned).or_else(|| literal(&request.resource, version))
}

/// The condition of an Allow of the request: `held_to`, and for the list of a folder that folder alone. A list's resource is the
/// whole bucket, so that without it the Allow would show every other folder too.
#[must_use]
pub fn condition_to_hold(request: &Request, held_to: Option<Value>, version: Version) -> Option<Value> {
    let Some(prefix) = listed_prefix(request) else { return held_to };
    // Compared as it is, but for variables.
    let written = if version == Version::V2008 { prefix } else { prefix.replace('$', "${$}") };
    let mut condition = held_to.unwrap_or_else(|| json!({}));
    condition.as_object_mut()?.insert("StringEquals".to_owned(), json!({"s3:prefix": written}));
    Some(condition)
}

/// The prefix that a list asks for, where it asks for one.
fn listed_prefix(request: &Request) -> Option<String> {
    let lists = ["s3:ListBucket", "s3:ListBucketVersions"].iter().any(|own| request.action.eq_ignore_ascii_case(own));
    match Facts::new(request).lookup("s3:prefix") {
        Lookup::Values([prefix]) if lists && !prefix.is_empty() => Some(prefix.clone()),
        _ => None,
    }
}

/// The resource as a policy writes it: what would be a wildcard or a variable there, spelt out. A `/*` at the end is the prefix
/// that a recursive command named, and stays. `None` where the version has no way to write it.
#[must_use]
pub fn literal(resource: &str, version: Version) -> Option<String> {
    let (exact, prefix) = match resource.strip_suffix("/*") {
        Some(exact) => (exact, "/*"),
        None => (resource, ""),
    };
    if exact == "*" || !exact.contains(['*', '?', '$']) {
        return (resource != "*").then(|| resource.to_owned());
    }
    if version == Version::V2008 {
        // It has no way to spell these out; a `$` alone is itself.
        return (!exact.contains(['*', '?'])).then(|| resource.to_owned());
    }
    let mut written = String::with_capacity(exact.len() + 8);
    for character in exact.chars() {
        match character {
            '*' | '?' | '$' => written.extend(["${", character.encode_utf8(&mut [0; 4]), "}"]),
            other => written.push(other),
        }
    }
    Some(written + prefix)
}

/// A statement that names the bucket for actions on its objects.
fn mended(request: &Request, layers: &Layers, layer: Layer) -> Option<Draft> {
    let near = nearest_miss(request, layers, &evaluate(request, layers), layer)?;
    let [miss] = near.misses.as_slice() else { return None };
    let (Reason::BucketForObject { needed, .. }, Element::Resource) = (&miss.reason, &miss.element) else {
        return None;
    };
    let policies = layers.policies(layer);
    let document = &policies.get(near.policy_index)?.document;
    let own = document.statements().get(near.statement.index)?;
    let resource = own.resource.as_ref()?;
    let for_objects = own.action.items.iter().all(|item| actions::about(&item.text) == Some(About::Object));
    if resource.items.len() != 1 || !for_objects || own.action.negated {
        return None;
    }
    let span = resource.items.first()?.span.clone();
    let edited = splice(document.text(), span, &serde_json::to_string(needed).ok()?)?;
    Some(Draft {
        policy_index: Some(near.policy_index),
        op: RepairOp::ReplaceStatement(own.index),
        edited,
        whole_bucket: true,
    })
}

/// A Deny that no longer applies to this caller.
fn narrowed(request: &Request, deny: At<'_>) -> Option<Draft> {
    let arns = match &request.principal {
        Principal::Anonymous | Principal::Service { .. } => return None,
        named => arns(named, request.path_is_unknown())?,
    };
    let by_path = arns.len() > 1;
    let arn = arns.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>().ok()?.join(", ");
    let own = deny.statement;
    if own.conditions.iter().any(|condition| is_callers_choice(&condition.key)) {
        return None;
    }
    let text = deny.policy.document.text();
    let spares = own.conditions.iter().find(|condition| spares_by_arn(condition, by_path));
    let edited = match spares {
        Some(condition) if condition.listed => {
            insert_before_end(text, &condition.span, &arn, condition.values.is_empty())?
        }
        Some(condition) => {
            let old = text.get(condition.span.clone())?;
            splice(text, condition.span.clone(), &format!("[{old}, {arn}]"))?
        }
        None => {
            let taken =
                |name: &str| own.conditions.iter().any(|condition| condition.operator_text.eq_ignore_ascii_case(name));
            // The two are the same operator: whichever name is free.
            let operator = ["ArnNotEquals", "ArnNotLike"].into_iter().find(|name| !taken(name))?;
            let list = if by_path { format!("[{arn}]") } else { arn };
            let member = format!("\"{operator}\": {{\"aws:PrincipalArn\": {list}}}");
            match &own.condition_span {
                Some(span) => insert_before_end(text, span, &member, own.conditions.is_empty())?,
                None => insert_before_end(text, &own.span, &format!("\"Condition\": {{{member}}}"), false)?,
            }
        }
    };
    Some(Draft {
        policy_index: Some(deny.policy_index),
        op: RepairOp::ReplaceStatement(own.index),
        edited,
        whole_bucket: false,
    })
}

/// The caller's ARNs as `aws:PrincipalArn` has them. Where the role's path is not known, the role in the root path and the role
/// in any other: a role's name is the account's only one of that name, so the wildcard takes in nobody else.
fn arns(principal: &Principal, path_is_unknown: bool) -> Option<Vec<String>> {
    let Principal::Session { partition, account, role, .. } = principal else {
        return Some(vec![principal.identity_arn()?]);
    };
    if !path_is_unknown {
        return Some(vec![principal.identity_arn()?]);
    }
    let of = |path: &str| format!("arn:{partition}:iam::{account}:role{path}{role}");
    Some(vec![of("/"), of("/*/")])
}

/// Whom a resource's policy names to let a caller in: the element, and the condition that holds it to the caller where the
/// element cannot. A policy that names a role by a path which is not the role's is refused, and the roles of IAM Identity
/// Center have one: their account is named, as AWS advises, and the role within it. `None` for those who have no name.
#[must_use]
pub fn principal_to_name(request: &Request) -> Option<(Value, Option<Value>)> {
    match &request.principal {
        Principal::Anonymous => None,
        Principal::Service { name } => Some((json!({"Service": name}), None)),
        Principal::Session { partition, account, role, .. }
            if request.path_is_unknown() && is_of_identity_center(role) =>
        {
            let arn = format!("arn:{partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com/*{role}");
            let root = format!("arn:{partition}:iam::{account}:root");
            Some((json!({"AWS": root}), Some(json!({"ArnLike": {"aws:PrincipalArn": arn}}))))
        }
        named => Some((json!({"AWS": named.identity_arn()?}), None)),
    }
}

/// A list of ARNs that the Deny leaves alone already, and with wildcards if need be.
fn spares_by_arn(condition: &Condition, with_wildcards: bool) -> bool {
    let by_text = match condition.operator.base {
        Base::Arn { negated: true } | Base::String { comparison: Comparison::Like, negated: true } => true,
        Base::String { negated: true, .. } => !with_wildcards,
        _ => false,
    };
    &*condition.key == "aws:principalarn" && by_text && condition.operator.quantifier.is_none()
}

/// What a caller chooses with each request, so that a Deny on it is satisfied and not edited.
fn is_callers_choice(key: &str) -> bool {
    let fixed = [
        "aws:securetransport",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "s3:tlsversion",
        "s3:signatureversion",
        "s3:authtype",
        "s3:signatureage",
        "s3:prefix",
        "s3:delimiter",
        "s3:max-keys",
        "s3:if-none-match",
    ];
    fixed.contains(&key)
        || key.starts_with("s3:x-amz-")
        || key.starts_with("s3:requestobjecttag")
        || key.starts_with("s3:object-lock-")
}

#[cfg(test)]
mod tests;
