//! One statement against one request: it applies if its principal, action, resource and every condition do.
//!
//! This is the fast path: it allocates nothing (but where a policy variable has to be filled in) and stops at the first
//! element that settles it. [`super::explain`] tells the same story element by element, with the same matchers.

use super::condition;
use super::document::{ActionPattern, Effect, List, ResourcePattern, Statement};
use super::principal_match::{self, Reach};
use super::request::Facts;
use super::s3;
use super::truth::Truth;
use super::variables::Match;
use super::wildcard::{self, Plain};

/// Whether, and by which way of naming the caller, the statement applies.
pub(crate) fn applies(statement: &Statement, facts: &Facts<'_>) -> Reach {
    if !action(&statement.action, &facts.request.action) {
        return Reach::NONE;
    }
    let resource = resource(statement.resource.as_ref(), facts);
    if resource.is_false() {
        return Reach::NONE;
    }
    let reach = principal(statement, facts);
    if reach.any().is_false() {
        return Reach::NONE;
    }
    let mut truth = resource;
    for condition in &statement.conditions {
        truth = truth.and(condition::evaluate(condition, facts));
        if truth.is_false() {
            return Reach::NONE;
        }
    }
    reach.and(truth)
}

/// A policy of an identity names nobody: it is attached to the caller.
pub(crate) fn principal(statement: &Statement, facts: &Facts<'_>) -> Reach {
    match &statement.principal {
        Some(element) => principal_match::element(element, statement.effect, facts),
        None => Reach::DIRECT,
    }
}

pub(crate) fn action(list: &List<ActionPattern>, requested: &str) -> bool {
    list.items.iter().any(|pattern| action_matches(pattern, requested)) != list.negated
        // A list of nothing has no effect, negated or not.
        && !list.items.is_empty()
}

pub(crate) fn action_matches(pattern: &ActionPattern, requested: &str) -> bool {
    if !pattern.has_wildcard {
        return pattern.text.eq_ignore_ascii_case(requested);
    }
    *pattern.text == *"*" || wildcard::matches_ignoring_case(&Plain(&pattern.text), requested)
}

pub(crate) fn resource(list: Option<&List<ResourcePattern>>, facts: &Facts<'_>) -> Truth {
    let Some(list) = list else { return Truth::True };
    if list.items.is_empty() {
        return Truth::False;
    }
    let (mut unknown, mut invalid) = (false, false);
    for pattern in &list.items {
        match resource_matches(pattern, facts) {
            Match::Yes => return (!list.negated).into(),
            Match::Unknown => unknown = true,
            Match::Invalid => invalid = true,
            Match::No => {}
        }
    }
    match (unknown, list.negated) {
        (true, _) => Truth::Unknown,
        (false, false) => Truth::False,
        // A variable without a value excludes nothing: the statement does not apply.
        (false, true) => (!invalid).into(),
    }
}

pub(crate) fn resource_matches(pattern: &ResourcePattern, facts: &Facts<'_>) -> Match {
    let found = pattern.template.matches(&facts.request.resource, facts);
    match (found, s3::other_name(facts.request)) {
        (Match::No, Some(name)) => pattern.template.matches(name, facts),
        _ => found,
    }
}

/// What one layer's statements come to: by which way of naming the caller an Allow applies, and whether a Deny does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    pub allow: Reach,
    pub deny: Truth,
}

impl Tally {
    pub const NOTHING: Self = Self { allow: Reach::NONE, deny: Truth::False };

    pub fn of<'a>(statements: impl Iterator<Item = &'a Statement>, facts: &Facts<'_>) -> Self {
        let mut tally = Self::NOTHING;
        for statement in statements {
            let reach = applies(statement, facts);
            match statement.effect {
                Effect::Allow => tally.allow = tally.allow.or(reach),
                Effect::Deny => tally.deny = tally.deny.or(reach.any()),
            }
        }
        tally
    }
}
