//! The Allow that came closest: the fewest elements wrong, then the smallest edit.
//!
//! Only a statement that could have been meant counts. One about another service, or about another resource *and* another
//! action, is no near miss but a different permission, and naming it would mislead.

use super::document::Effect;
use super::explain::cost_of_resource;
use super::layers::{Layer, Layers};
use super::request::Request;
use super::trace::{Element, ElementTrace, Evaluation, Miss, NearMiss, Reason, StatementTrace};

/// Beyond this a statement was not meant.
const MAX_COST: usize = 26;

/// The statement of a layer that came closest to allowing. `None` where none comes near, or where one allows.
#[must_use]
pub fn nearest_miss(request: &Request, _layers: &Layers, evaluation: &Evaluation, layer: Layer) -> Option<NearMiss> {
    let statements = &evaluation.layer(layer)?.statements;
    let allows = statements.iter().filter(|trace| trace.effect == Effect::Allow && !trace.verdict.is_true());
    let candidates = allows.filter_map(|trace| {
        let mut misses: Vec<(usize, &ElementTrace)> = trace
            .elements
            .iter()
            .filter(|element| !element.truth.is_true())
            .map(|element| (cost(element, request), element))
            .collect();
        let total: usize = misses.iter().map(|(cost, _)| cost).sum();
        if misses.is_empty() || total > MAX_COST || is_another_permission(trace, &misses) {
            return None;
        }
        // The dearest first: mending the others alone would not help.
        misses.sort_by_key(|(cost, element)| (std::cmp::Reverse(*cost), rank(&element.element)));
        Some(((misses.len(), total, trace.policy_index, trace.statement.index), trace, misses))
    });
    let (_, trace, misses) = candidates.min_by_key(|(key, _, _)| *key)?;
    Some(near_miss(trace, &misses))
}

/// Another action on everything (`"Resource": "*"`) says nothing about the resource that was asked for.
fn is_another_permission(trace: &StatementTrace, misses: &[(usize, &ElementTrace)]) -> bool {
    let other_action = misses.iter().any(|(_, element)| matches!(element.reason, Reason::ActionDiffers { .. }));
    let of_everything =
        trace.elements.iter().any(|element| element.element == Element::Resource && element.wanted == "*");
    other_action && of_everything
}

fn near_miss(trace: &StatementTrace, misses: &[(usize, &ElementTrace)]) -> NearMiss {
    let misses = misses.iter().map(|(_, element)| Miss {
        element: element.element.clone(),
        span: element.span.clone(),
        pointer: element.pointer.clone(),
        sentence: element.reason.sentence(),
        label: element.reason.label(),
        reason: element.reason.clone(),
    });
    NearMiss {
        policy: trace.policy.clone(),
        policy_index: trace.policy_index,
        statement: trace.statement.clone(),
        misses: misses.collect(),
    }
}

fn rank(element: &Element) -> usize {
    match element {
        Element::Action | Element::NotAction => 0,
        Element::Resource | Element::NotResource => 1,
        Element::Principal | Element::NotPrincipal => 2,
        Element::Condition { .. } => 3,
    }
}

/// How big an edit it would take.
fn cost(element: &ElementTrace, request: &Request) -> usize {
    match &element.reason {
        Reason::ActionDoesNotExist { right, .. } if right.eq_ignore_ascii_case(&request.action) => 1,
        Reason::ActionDiffers { written, needed } if service(written).eq_ignore_ascii_case(service(needed)) => 13,
        Reason::ActionDiffers { .. } | Reason::ActionDoesNotExist { .. } => 100,
        Reason::PrincipalDeleted { .. } => 4,
        Reason::PrincipalDiffers { written, .. } if names_account(written, request) => 8,
        Reason::ActionExcluded { .. }
        | Reason::ResourceExcluded { .. }
        | Reason::PrincipalExcluded { .. }
        | Reason::PrincipalDiffers { .. }
        | Reason::PrincipalNotExcluded { .. }
        | Reason::PrincipalBounded => 15,
        Reason::KeyUnknown { .. } => 2,
        Reason::KeyAbsent { .. } | Reason::KeyValue { .. } => 5,
        Reason::Empty => 30,
        Reason::Matches => 0,
        resource => cost_of_resource(resource),
    }
}

fn service(action: &str) -> &str {
    action.split_once(':').map_or(action, |(service, _)| service)
}

fn names_account(written: &str, request: &Request) -> bool {
    request.principal.account().is_some_and(|account| written.contains(account))
}
