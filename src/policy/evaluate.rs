//! The evaluator: every layer against the request, folded into a decision.
//!
//! [`decide`] is the fast path and says which layers and statements decided; [`evaluate`] adds the trace of every
//! statement. Both answer alike. An answer is given only where it holds whatever is still unknown: the three-valued
//! table first, and where it leaves the answer open, every value that an unknown key can take and the policies tell
//! apart ([`super::cases`]).

use super::cases;
use super::document::{Effect, Statement};
use super::explain;
use super::fold::{self, Atom, Atoms, Case, Possible};
use super::kms;
use super::layers::{Layer, Layers, Level, NamedPolicy, Reading};
use super::principal::Principal;
use super::principal_match::Reach;
use super::request::{Facts, Request};
use super::statement::{self, Tally};
use super::trace::{Decision, Decisive, Dependency, Evaluation, LayerEvaluation, Outcome};
use super::truth::Truth;
use std::collections::BTreeSet;

/// The decision with what it rests on, without the traces.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub decision: Decision,
    pub denied_by: Vec<Layer>,
    pub decisive: Vec<Decisive>,
    pub depends_on: Vec<Dependency>,
    pub unread: Vec<Layer>,
    /// It is refused whatever is still unknown.
    pub never_allowed: bool,
}

/// Decides a request.
#[must_use]
pub fn decide(request: &Request, layers: &Layers) -> Verdict {
    let facts = Facts::among(request, layers);
    let case = Case::of(request);
    let atoms = atoms(layers, &facts);
    let (mut possible, pivotal) = fold::possible(&atoms, case);
    let mut depends_on = Vec::new();
    let mut unread = Vec::new();
    if possible.decision() == Decision::Undetermined {
        depends_on = dependencies(layers, &facts, &pivotal);
        unread = gaps(layers, &pivotal);
        (possible, depends_on) = cases::narrow(request, layers, possible, depends_on);
    }
    let decision = possible.decision();
    if decision != Decision::Undetermined {
        depends_on.clear();
        unread.clear();
    }
    let denied_by = match decision {
        Decision::Allowed => Vec::new(),
        _ => fold::blockers(&atoms, case, layers.identity.applies()),
    };
    let decisive = decisive(decision, layers, &facts, case, &atoms);
    Verdict { decision, denied_by, decisive, depends_on, unread, never_allowed: !possible.allowed }
}

/// Decides a request, and tells why: the trace of every statement of every layer.
#[must_use]
pub fn evaluate(request: &Request, layers: &Layers) -> Evaluation {
    let Verdict { decision, denied_by, decisive, depends_on, unread, never_allowed } = decide(request, layers);
    let facts = Facts::among(request, layers);
    let atoms = atoms(layers, &facts);
    let layers = Layer::ALL
        .into_iter()
        .map(|layer| LayerEvaluation {
            layer,
            outcome: outcome(layer, layers, &atoms),
            statements: each_statement(layers, layer).map(|at| explain::statement(at, &facts)).collect(),
        })
        .collect();
    Evaluation { decision, denied_by, decisive, depends_on, unread, never_allowed, layers }
}

/// The decisions that are possible. For [`super::cases`].
pub(crate) fn possible(request: &Request, layers: &Layers) -> (Possible, Vec<Dependency>) {
    let facts = Facts::among(request, layers);
    let case = Case::of(request);
    let atoms = atoms(layers, &facts);
    let (possible, pivotal) = fold::possible(&atoms, case);
    let depends_on = if pivotal.is_empty() { Vec::new() } else { dependencies(layers, &facts, &pivotal) };
    (possible, depends_on)
}

/// What one layer says of a request: whether it allows, and whether it denies.
pub(crate) fn says(layer: Layer, request: &Request, layers: &Layers) -> (Truth, Truth) {
    said(layer, &atoms(layers, &Facts::among(request, layers)))
}

/// A statement and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub policy: &'a NamedPolicy,
    pub policy_index: usize,
    pub statement: &'a Statement,
}

/// Every statement that was read of a layer.
pub(crate) fn each_statement(layers: &Layers, layer: Layer) -> impl Iterator<Item = At<'_>> {
    layers.policies(layer).into_iter().enumerate().flat_map(|(policy_index, policy)| {
        policy.document.statements().iter().map(move |statement| At { policy, policy_index, statement })
    })
}

fn atoms(layers: &Layers, facts: &Facts<'_>) -> Atoms {
    let mut atoms = Atoms::all_false();
    let mut set = |allow: Atom, deny: Atom, (allows, denies): (Truth, Truth)| {
        atoms.set(allow, allows);
        atoms.set(deny, denies);
    };
    set(Atom::IdentityAllow, Atom::IdentityDeny, policies(&layers.identity, Truth::False, facts));
    set(Atom::BoundaryAllow, Atom::BoundaryDeny, policies(&layers.permissions_boundary, Truth::True, facts));
    // A federated user's session has no permissions but those of its session policy.
    let without_session = !matches!(facts.request.principal, Principal::Federated { .. });
    set(Atom::SessionAllow, Atom::SessionDeny, policies(&layers.session, without_session.into(), facts));
    set(Atom::ScpAllow, Atom::ScpDeny, levels(&layers.service_control, facts));
    set(Atom::RcpAllow, Atom::RcpDeny, levels(&layers.resource_control, facts));
    set(Atom::EndpointAllow, Atom::EndpointDeny, policies(&layers.vpc_endpoint, Truth::True, facts));
    let resource = match layers.resource.known() {
        Some(policy) => Tally::of(policy.document.statements().iter(), facts),
        None => Tally::NOTHING,
    };
    let gap = if layers.resource.has_gaps() { Truth::Unknown } else { Truth::False };
    atoms.set(Atom::Direct, resource.allow.direct.or(gap));
    atoms.set(Atom::Role, resource.allow.role.or(gap));
    atoms.set(Atom::Account, resource.allow.account.or(gap));
    atoms.set(Atom::ResourceDeny, resource.deny.or(gap));
    atoms.set(Atom::Restricted, restricted(layers));
    let grants = if kms::is_key(facts.request) { kms::granted(&layers.grants, facts) } else { Truth::False };
    atoms.set(Atom::Grant, grants);
    atoms.set(Atom::SameAccount, same_account(facts.request));
    atoms
}

fn same_account(request: &Request) -> Truth {
    match (request.principal.account(), request.resource_account.as_deref()) {
        (Some(caller), Some(owner)) => (caller == owner).into(),
        (None, _) => Truth::False,
        (Some(_), None) => Truth::Unknown,
    }
}

fn restricted(layers: &Layers) -> Truth {
    let in_force = match &layers.block_public_access {
        Reading::NotApplicable => Truth::False,
        Reading::Unread => Truth::Unknown,
        Reading::Read(on) => (*on).into(),
        Reading::Partly(on) => Truth::from(*on).or(Truth::Unknown),
    };
    let public = match layers.resource.known() {
        Some(policy) => Truth::from(policy.document.is_public()),
        None => Truth::False,
    };
    let gap = if layers.resource.has_gaps() { Truth::Unknown } else { Truth::False };
    in_force.and(public.or(gap))
}

/// Whether one of the policies allows, and whether one denies. `without` is what the layer's absence means.
fn policies(reading: &Reading<Vec<NamedPolicy>>, without: Truth, facts: &Facts<'_>) -> (Truth, Truth) {
    let known = |policies: &[NamedPolicy]| {
        let tally = Tally::of(policies.iter().flat_map(|policy| policy.document.statements()), facts);
        (tally.allow.any(), tally.deny)
    };
    match reading {
        Reading::NotApplicable => (without, Truth::False),
        Reading::Unread => (Truth::Unknown, Truth::Unknown),
        Reading::Read(policies) => known(policies),
        Reading::Partly(policies) => {
            let (allows, denies) = known(policies);
            (allows.or(Truth::Unknown), denies.or(Truth::Unknown))
        }
    }
}

/// Every level has to allow; a Deny of any is a Deny.
fn levels(reading: &Reading<Vec<Level>>, facts: &Facts<'_>) -> (Truth, Truth) {
    let known = |levels: &[Level]| {
        levels.iter().fold((Truth::True, Truth::False), |(allows, denies), level| {
            let tally = Tally::of(level.policies.iter().flat_map(|policy| policy.document.statements()), facts);
            (allows.and(tally.allow.any()), denies.or(tally.deny))
        })
    };
    match reading {
        Reading::NotApplicable => (Truth::True, Truth::False),
        Reading::Unread => (Truth::Unknown, Truth::Unknown),
        Reading::Read(levels) => known(levels),
        // A policy that was not read may add an Allow to a level, a level that was not read may lack one.
        Reading::Partly(levels) => (Truth::Unknown, known(levels).1.or(Truth::Unknown)),
    }
}

fn gaps(layers: &Layers, pivotal: &[Atom]) -> Vec<Layer> {
    let mut found: Vec<Layer> = pivotal
        .iter()
        .filter(|atom| **atom != Atom::SameAccount)
        .map(|atom| atom.layer())
        .filter(|layer| has_gaps(*layer, layers))
        .collect();
    if pivotal.contains(&Atom::Restricted) && layers.resource.has_gaps() {
        found.push(Layer::Resource);
    }
    // Whether there is a boundary decides what a Deny with `NotPrincipal` makes of the caller.
    let turns_on_boundary = |atom: &Atom| {
        let excludes = |at: At<'_>| at.statement.principal.as_ref().is_some_and(|element| element.negated);
        atom.denies() && each_statement(layers, atom.layer()).any(excludes)
    };
    if layers.permissions_boundary == Reading::Unread && pivotal.iter().any(turns_on_boundary) {
        found.push(Layer::PermissionsBoundary);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The unknown keys of the statements that stand behind the pivotal atoms.
fn dependencies(layers: &Layers, facts: &Facts<'_>, pivotal: &[Atom]) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    // One statement may stand behind several atoms.
    let mut seen = BTreeSet::new();
    for atom in pivotal {
        if *atom == Atom::SameAccount {
            found.push(explain::whose_resource());
            continue;
        }
        if *atom == Atom::Grant {
            found.extend(explain::grant_dependencies(&layers.grants, facts));
            continue;
        }
        let effect = if atom.denies() { Effect::Deny } else { Effect::Allow };
        let open = open_policies(layers, *atom, facts);
        for at in each_statement(layers, atom.layer()) {
            if at.statement.effect != effect || !open.as_ref().is_none_or(|open| open.contains(&at.policy_index)) {
                continue;
            }
            let reach = statement::applies(at.statement, facts);
            let behind = match atom {
                Atom::Direct => reach.direct,
                Atom::Role => reach.role,
                Atom::Account => reach.account,
                _ => reach.any(),
            };
            if behind.is_unknown() && seen.insert((atom.layer(), at.policy_index, at.statement.index)) {
                found.extend(explain::dependencies(atom.layer(), at, facts));
            }
        }
    }
    found
}

/// An Allow that is unknown matters only at a level that nothing else allows at: the policies of those levels. `None` is every
/// policy.
fn open_policies(layers: &Layers, atom: Atom, facts: &Facts<'_>) -> Option<BTreeSet<usize>> {
    let reading = match atom {
        Atom::ScpAllow => &layers.service_control,
        Atom::RcpAllow => &layers.resource_control,
        _ => return None,
    };
    let mut open = BTreeSet::new();
    let mut first = 0;
    for level in reading.known().into_iter().flatten() {
        let tally = Tally::of(level.policies.iter().flat_map(|policy| policy.document.statements()), facts);
        if tally.allow.any().is_unknown() {
            open.extend(first..first + level.policies.len());
        }
        first += level.policies.len();
    }
    Some(open)
}

fn decisive(decision: Decision, layers: &Layers, facts: &Facts<'_>, case: Case, atoms: &Atoms) -> Vec<Decisive> {
    let mut found = Vec::new();
    let mut add = |layer: Layer, effect: Effect, counts: &dyn Fn(Reach) -> bool| {
        for at in each_statement(layers, layer) {
            if at.statement.effect == effect && counts(statement::applies(at.statement, facts)) {
                found.push(Decisive {
                    layer,
                    policy: at.policy.name.clone(),
                    policy_index: at.policy_index,
                    statement: at.statement.reference(),
                    effect,
                });
            }
        }
    };
    match decision {
        Decision::ExplicitlyDenied => {
            for atom in Atom::ALL {
                if atom.denies() && atom != Atom::Restricted && case.counts(atom) && atoms.get(atom).is_true() {
                    add(atom.layer(), Effect::Deny, &|reach| reach.any().is_true());
                }
            }
        }
        Decision::Allowed => {
            let fold = fold::Fold::of(atoms, case);
            let across = !atoms.get(Atom::SameAccount).is_true();
            if case.caller == fold::Caller::Identity && fold.own.is_true() {
                add(Layer::Identity, Effect::Allow, &|reach| reach.any().is_true());
            }
            let needs_both = across || case.kind == fold::Kind::ResourceFirst;
            let limits = fold.limits.is_true();
            add(Layer::Resource, Effect::Allow, &|reach| {
                reach.direct.is_true() || (reach.role.is_true() && limits) || (needs_both && reach.any().is_true())
            });
        }
        Decision::ImplicitlyDenied | Decision::Undetermined => {}
    }
    found
}

fn said(layer: Layer, atoms: &Atoms) -> (Truth, Truth) {
    let (allow, deny) = match layer {
        Layer::Identity => (Atom::IdentityAllow, Atom::IdentityDeny),
        Layer::PermissionsBoundary => (Atom::BoundaryAllow, Atom::BoundaryDeny),
        Layer::Session => (Atom::SessionAllow, Atom::SessionDeny),
        Layer::ServiceControl => (Atom::ScpAllow, Atom::ScpDeny),
        Layer::ResourceControl => (Atom::RcpAllow, Atom::RcpDeny),
        Layer::VpcEndpoint => (Atom::EndpointAllow, Atom::EndpointDeny),
        Layer::Resource => {
            let named = atoms.get(Atom::Direct).or(atoms.get(Atom::Role)).or(atoms.get(Atom::Account));
            return (named.or(atoms.get(Atom::Grant)), atoms.get(Atom::ResourceDeny));
        }
        Layer::BlockPublicAccess => return (!atoms.get(Atom::Restricted), atoms.get(Atom::Restricted)),
    };
    (atoms.get(allow), atoms.get(deny))
}

fn has_gaps(layer: Layer, layers: &Layers) -> bool {
    match layer {
        Layer::Identity => layers.identity.has_gaps(),
        Layer::PermissionsBoundary => layers.permissions_boundary.has_gaps(),
        Layer::Session => layers.session.has_gaps(),
        Layer::ServiceControl => layers.service_control.has_gaps(),
        Layer::ResourceControl => layers.resource_control.has_gaps(),
        Layer::Resource => layers.resource.has_gaps(),
        Layer::VpcEndpoint => layers.vpc_endpoint.has_gaps(),
        Layer::BlockPublicAccess => layers.block_public_access.has_gaps(),
    }
}

fn does_apply(layer: Layer, layers: &Layers) -> bool {
    match layer {
        Layer::Identity => layers.identity.applies(),
        Layer::PermissionsBoundary => layers.permissions_boundary.applies(),
        Layer::Session => layers.session.applies(),
        Layer::ServiceControl => layers.service_control.applies(),
        Layer::ResourceControl => layers.resource_control.applies(),
        Layer::Resource => layers.resource.applies() || !layers.grants.is_empty(),
        Layer::VpcEndpoint => layers.vpc_endpoint.applies(),
        Layer::BlockPublicAccess => layers.block_public_access.applies(),
    }
}

fn outcome(layer: Layer, layers: &Layers, atoms: &Atoms) -> Outcome {
    let (allow, deny) = said(layer, atoms);
    match (deny, allow) {
        _ if !does_apply(layer, layers) => Outcome::NotApplicable,
        (Truth::True, _) => Outcome::DeniesExplicitly,
        (Truth::False, Truth::True) => Outcome::Allows,
        (Truth::False, Truth::False) => Outcome::NoAllow,
        _ if has_gaps(layer, layers) => Outcome::Unread,
        _ => Outcome::Depends,
    }
}
