//! Why a statement applies or does not, element by element, and what to underline.
//!
//! It asks the same matchers as the fast path, and tells of each element the value that matched or the one that came
//! closest.

use super::actions;
use super::arn::{Arn, S3Resource};
use super::condition::{self, Base, Order};
use super::document::{Condition, Effect, PrincipalElement, PrincipalEntry, Statement};
use super::evaluate::At;
use super::layers::{Grant, GrantConstraints, Layer, Layers};
use super::principal_match::{self, CANONICAL_KEY, PROVIDER_KEY, PrincipalPattern};
use super::request::{Facts, Lookup, Request};
use super::statement;
use super::trace::{
    Decision, Decisive, DenyingSpan, Dependency, Element, ElementTrace, Reason, StatementRef, StatementTrace,
};
use super::truth::Truth;
use super::variables::Match;
use super::wildcard::edit_distance;

/// At most this many values are named in a sentence.
const MAX_NAMED: usize = 4;

/// The trace of one statement.
pub(crate) fn statement(at: At<'_>, facts: &Facts<'_>) -> StatementTrace {
    let own = at.statement;
    let elements = elements(own, facts);
    StatementTrace {
        policy: at.policy.name.clone(),
        policy_index: at.policy_index,
        statement: own.reference(),
        effect: own.effect,
        verdict: statement::applies(own, facts).any(),
        elements,
    }
}

fn elements(own: &Statement, facts: &Facts<'_>) -> Vec<ElementTrace> {
    let mut elements = Vec::new();
    if let Some(element) = &own.principal {
        elements.push(principal(own, element, facts));
    }
    elements.push(action(own, facts));
    elements.extend(resource(own, facts));
    elements.extend(own.conditions.iter().map(|each| condition(own, each, facts)));
    elements
}

fn principal(own: &Statement, element: &PrincipalElement, facts: &Facts<'_>) -> ElementTrace {
    let caller = facts.request.principal.to_string();
    let truth = principal_match::element(element, own.effect, facts).any();
    let named = |entry: &&PrincipalEntry| !principal_match::entry(&entry.pattern, facts).any().is_false();
    let in_account = |entry: &&PrincipalEntry| {
        entry.pattern.account().is_some() && entry.pattern.account() == facts.request.principal.account()
    };
    let entries = &element.entries;
    let matching = entries.iter().find(named);
    let deleted = entries.iter().find(|entry| entry.pattern == PrincipalPattern::Deleted);
    let nearest = matching.or_else(|| entries.iter().find(in_account)).or(deleted).or(entries.first());
    let written = nearest.map_or(String::new(), |entry| entry.text.to_string());
    let reason = match (element.negated, truth) {
        _ if entries.is_empty() => Reason::Empty,
        (true, Truth::False) => Reason::PrincipalExcluded { written: written.clone() },
        (true, _) => match principal_match::missing_from(element, facts) {
            Some(missing) => Reason::PrincipalNotExcluded { missing },
            None if principal_match::is_never_spared(facts).is_true() => Reason::PrincipalBounded,
            None => Reason::Matches,
        },
        (false, Truth::False) if nearest.is_some_and(|entry| entry.pattern == PrincipalPattern::Deleted) => {
            Reason::PrincipalDeleted { written: written.clone() }
        }
        (false, Truth::False) => Reason::PrincipalDiffers { written: written.clone(), needed: caller.clone() },
        (false, _) => Reason::Matches,
    };
    // A NotPrincipal applies by what it does not list: no entry of it is the one to point at.
    let pointed = if element.negated && !truth.is_false() { None } else { nearest };
    ElementTrace {
        element: if element.negated { Element::NotPrincipal } else { Element::Principal },
        truth,
        span: pointed.map_or_else(|| element.span.clone(), |entry| entry.span.clone()),
        pointer: own.principal_pointer(pointed),
        reason,
        saw: caller,
        wanted: written,
    }
}

fn action(own: &Statement, facts: &Facts<'_>) -> ElementTrace {
    let requested = &facts.request.action;
    let list = &own.action;
    let truth = Truth::from(statement::action(list, requested));
    let matching = list.items.iter().position(|item| statement::action_matches(item, requested));
    let stands_for = |text: &str| actions::right_name(text).is_some_and(|right| right.eq_ignore_ascii_case(requested));
    let nearest = matching
        .or_else(|| list.items.iter().position(|item| stands_for(&item.text)))
        .or_else(|| {
            let distances = list.items.iter().enumerate().filter_map(|(index, item)| {
                let distance = edit_distance(&item.text.to_ascii_lowercase(), &requested.to_ascii_lowercase(), 64)?;
                Some((distance, index))
            });
            distances.min().map(|(_, index)| index)
        })
        .or(if list.items.is_empty() { None } else { Some(0) });
    let item = nearest.and_then(|index| list.items.get(index));
    let written = item.map_or(String::new(), |item| item.text.to_string());
    let reason = match (list.negated, truth.is_true()) {
        _ if list.items.is_empty() => Reason::Empty,
        (_, true) => Reason::Matches,
        (true, false) => Reason::ActionExcluded { written: written.clone() },
        (false, false) => match actions::right_name(&written) {
            Some(right) => Reason::ActionDoesNotExist { written: written.clone(), right: right.to_owned() },
            None => Reason::ActionDiffers { written: written.clone(), needed: requested.clone() },
        },
    };
    let pointed = if list.negated && truth.is_true() { None } else { item.zip(nearest) };
    ElementTrace {
        element: if list.negated { Element::NotAction } else { Element::Action },
        truth,
        span: pointed.map_or_else(|| list.span.clone(), |(item, _)| item.span.clone()),
        pointer: own.action_pointer(pointed.map(|(_, index)| index)),
        reason,
        saw: requested.clone(),
        wanted: written,
    }
}

fn resource(own: &Statement, facts: &Facts<'_>) -> Option<ElementTrace> {
    let list = own.resource.as_ref()?;
    let requested = &facts.request.resource;
    let truth = statement::resource(Some(list), facts);
    let found: Vec<Match> = list.items.iter().map(|item| statement::resource_matches(item, facts)).collect();
    let matching = found.iter().position(|found| matches!(found, Match::Yes | Match::Unknown));
    let nearest = matching.or_else(|| {
        let reasons: Vec<Reason> = list
            .items
            .iter()
            .zip(&found)
            .map(|(item, found)| why_not(&item.template.text, requested, *found))
            .collect();
        // A bucket that stands beside some of its objects is meant as the bucket.
        let names_objects = reasons.iter().any(|reason| matches!(reason, Reason::OtherPrefix { .. }));
        let cost = |reason: &Reason| match reason {
            Reason::BucketForObject { .. } if names_objects => cost_of_resource(reason) + 10,
            _ => cost_of_resource(reason),
        };
        reasons.iter().enumerate().min_by_key(|(index, reason)| (cost(reason), *index)).map(|(index, _)| index)
    });
    let item = nearest.and_then(|index| list.items.get(index));
    let written = item.map_or(String::new(), |item| item.template.text.to_string());
    let reason = match (list.negated, truth) {
        _ if list.items.is_empty() => Reason::Empty,
        (true, Truth::False) if matching.is_none() => Reason::VariableAbsent { written: written.clone() },
        (true, Truth::False) => Reason::ResourceExcluded { written: written.clone() },
        (false, Truth::False) => {
            let found = nearest.and_then(|index| found.get(index)).copied().unwrap_or(Match::No);
            why_not(&written, requested, found)
        }
        _ => Reason::Matches,
    };
    let pointed = if list.negated && truth.is_true() { None } else { item.zip(nearest) };
    Some(ElementTrace {
        element: if list.negated { Element::NotResource } else { Element::Resource },
        truth,
        span: pointed.map_or_else(|| list.span.clone(), |(item, _)| item.span.clone()),
        pointer: own.resource_pointer(pointed.map(|(_, index)| index)),
        reason,
        saw: requested.clone(),
        wanted: written,
    })
}

/// How a resource that does not match misses.
fn why_not(written: &str, needed: &str, found: Match) -> Reason {
    if found == Match::Invalid {
        return Reason::VariableAbsent { written: written.to_owned() };
    }
    let differs = || Reason::ResourceDiffers { written: written.to_owned(), needed: needed.to_owned() };
    let same_partition = Arn::parse(written).map(|arn| arn.partition) == Arn::parse(needed).map(|arn| arn.partition);
    let (Some(own), Some(asked), true) = (S3Resource::of(written), S3Resource::of(needed), same_partition) else {
        return differs();
    };
    let (own_bucket, own_key) = parts(own);
    let (bucket, key) = parts(asked);
    if bucket.is_empty() || own_bucket.is_empty() {
        return differs();
    }
    if own_bucket != bucket {
        let close = (bucket.len() / 4).clamp(1, 3);
        return match edit_distance(own_bucket, bucket, close) {
            Some(distance) if own_key.is_some() == key.is_some() => {
                Reason::BucketTypo { written: own_bucket.to_owned(), needed: bucket.to_owned(), distance }
            }
            _ => differs(),
        };
    }
    match (own_key, key) {
        (None, Some(_)) => {
            let prefix = written.split_once(bucket).map_or("arn:aws:s3:::", |(prefix, _)| prefix);
            Reason::BucketForObject { written: written.to_owned(), needed: format!("{prefix}{bucket}/*") }
        }
        (Some(_), None) => Reason::ObjectForBucket { written: written.to_owned(), needed: needed.to_owned() },
        (Some(covers), Some(key)) => Reason::OtherPrefix { covers: covers.to_owned(), needed: key.to_owned() },
        (None, None) => differs(),
    }
}

fn parts(resource: S3Resource<'_>) -> (&str, Option<&str>) {
    match resource {
        S3Resource::Bucket(bucket) => (bucket, None),
        S3Resource::Object { bucket, key } => (bucket, Some(key)),
        S3Resource::AccessPoint { .. } | S3Resource::Other => ("", None),
    }
}

pub(crate) fn cost_of_resource(reason: &Reason) -> usize {
    match reason {
        Reason::BucketForObject { .. } => 1,
        Reason::ObjectForBucket { .. } => 2,
        Reason::OtherPrefix { .. } => 3,
        Reason::BucketTypo { distance, .. } => 3 + distance,
        Reason::VariableAbsent { .. } => 7,
        _ => 20,
    }
}

fn condition(own: &Statement, each: &Condition, facts: &Facts<'_>) -> ElementTrace {
    let truth = condition::evaluate(each, facts);
    let (key, operator, wanted) = (each.key_text.to_string(), each.operator_text.to_string(), wanted(each));
    let (saw, reason) = match facts.lookup(&each.key) {
        Lookup::Absent => (
            format!("no `{key}`"),
            Reason::KeyAbsent { key: key.clone(), operator: operator.clone(), wanted: wanted.clone() },
        ),
        Lookup::Unknown | Lookup::Other => (
            "unknown".to_owned(),
            Reason::KeyUnknown { key: key.clone(), operator: operator.clone(), wanted: wanted.clone() },
        ),
        Lookup::Values(values) => {
            let saw = named(values.iter().map(String::as_str), "and");
            let reason = Reason::KeyValue {
                key: key.clone(),
                operator: operator.clone(),
                saw: saw.clone(),
                wanted: wanted.clone(),
            };
            (saw, reason)
        }
    };
    ElementTrace {
        element: Element::Condition { operator, key },
        truth,
        span: each.key_span.start..each.span.end,
        pointer: own.condition_pointer(each, None),
        reason,
        saw,
        wanted,
    }
}

/// What a condition asks for, in words: "`red` or `blue`", "anything but `vpce-1`", "less than `10`".
pub(crate) fn wanted(each: &Condition) -> String {
    let values = named(each.values.iter().map(super::document::ConditionValue::text), "or");
    let order = match each.operator.base {
        Base::Numeric { order, .. } | Base::Date { order, .. } => order,
        Base::Null => {
            let absent = each.values.iter().any(|value| value.text().eq_ignore_ascii_case("true"));
            return format!("{} `{}`", if absent { "no" } else { "a" }, each.key_text);
        }
        _ => Order::Equal,
    };
    if each.operator.is_negated() {
        return format!("anything but {values}");
    }
    match (order, each.operator.base) {
        (Order::Equal, _) => values,
        (Order::Less, Base::Date { .. }) => format!("a time before {values}"),
        (Order::LessOrEqual, Base::Date { .. }) => format!("a time no later than {values}"),
        (Order::Greater, Base::Date { .. }) => format!("a time after {values}"),
        (Order::GreaterOrEqual, Base::Date { .. }) => format!("a time no earlier than {values}"),
        (Order::Less, _) => format!("less than {values}"),
        (Order::LessOrEqual, _) => format!("at most {values}"),
        (Order::Greater, _) => format!("more than {values}"),
        (Order::GreaterOrEqual, _) => format!("at least {values}"),
    }
}

fn named<'a>(values: impl Iterator<Item = &'a str>, word: &str) -> String {
    let all: Vec<&str> = values.collect();
    let shown: Vec<String> = all.iter().take(MAX_NAMED).map(|value| format!("`{value}`")).collect();
    let more = all.len().saturating_sub(MAX_NAMED);
    match (shown.split_last(), more) {
        (None, _) => "nothing".to_owned(),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, before)), 0) => format!("{} {word} {last}", before.join(", ")),
        (Some(_), more) => format!("{} {word} {more} more", shown.join(", ")),
    }
}

/// The keys that keep the statement from being settled.
pub(crate) fn dependencies(layer: Layer, at: At<'_>, facts: &Facts<'_>) -> Vec<Dependency> {
    let own = at.statement;
    let mut found: Vec<Dependency> = Vec::new();
    let mut add = |key: String, wanted: String| {
        let for_decision = match own.effect {
            Effect::Allow => Decision::Allowed,
            Effect::Deny => Decision::ExplicitlyDenied,
        };
        if !found.iter().any(|dependency| dependency.key == key && dependency.wanted == wanted) {
            found.push(Dependency {
                key,
                layer,
                statement: Some(own.reference()),
                policy: at.policy.name.clone(),
                effect: own.effect,
                wanted,
                for_decision,
            });
        }
    };
    let as_named = |folded: &str, written: &str| match facts.request.context.unknown_name(folded) {
        Some(name) => name.to_owned(),
        None => written.to_owned(),
    };
    if statement::principal(own, facts).any().is_unknown() {
        for entry in own.principal.iter().flat_map(|principal| &principal.entries) {
            match &entry.pattern {
                PrincipalPattern::Provider(provider) => {
                    add(as_named(PROVIDER_KEY, "aws:FederatedProvider"), format!("`{provider}`"));
                }
                PrincipalPattern::CanonicalUser(id) => add(as_named(CANONICAL_KEY, "CanonicalUser"), format!("`{id}`")),
                _ => {}
            }
        }
    }
    for item in own.resource.iter().flat_map(|resource| &resource.items) {
        if statement::resource_matches(item, facts) == Match::Unknown {
            for key in item.template.variables().filter(|key| facts.is_open(key)) {
                add(as_named(key, key), format!("what makes `{}` match", item.template.text));
            }
        }
    }
    for each in own.conditions.iter().filter(|each| condition::evaluate(each, facts).is_unknown()) {
        let variables = each.values.iter().filter_map(|value| value.test.template());
        let mut variables =
            variables.flat_map(super::variables::Template::variables).filter(|key| facts.is_open(key)).peekable();
        if facts.is_open(&each.key) || variables.peek().is_none() {
            add(as_named(&each.key, &each.key_text), wanted(each));
        }
        for key in variables {
            add(as_named(key, key), format!("what makes `{}` hold", each.operator_text));
        }
    }
    found
}

/// Whose account the resource is in decides, and nobody said.
pub(crate) fn whose_resource() -> Dependency {
    Dependency {
        key: "aws:ResourceAccount".to_owned(),
        layer: Layer::Resource,
        statement: None,
        policy: String::new(),
        effect: Effect::Allow,
        wanted: "the caller's own account".to_owned(),
        for_decision: Decision::Allowed,
    }
}

/// The encryption context that a grant asks for, where it is not known.
pub(crate) fn grant_dependencies(grants: &[Grant], facts: &Facts<'_>) -> Vec<Dependency> {
    let mut found = Vec::new();
    for grant in grants {
        let (GrantConstraints::Subset(pairs) | GrantConstraints::Equals(pairs)) = &grant.constraints else { continue };
        for (key, value) in pairs {
            let key = format!("kms:EncryptionContext:{key}");
            if facts.is_open(&key.to_ascii_lowercase()) {
                found.push(Dependency {
                    key,
                    layer: Layer::Resource,
                    statement: None,
                    policy: grant.id.clone(),
                    effect: Effect::Allow,
                    wanted: format!("`{value}`"),
                    for_decision: Decision::Allowed,
                });
            }
        }
    }
    found
}

/// What to underline in a Deny that matches: a condition first, since that is what the request can change, else who,
/// what and where it names.
#[must_use]
pub fn denying_span(request: &Request, layers: &Layers, decisive: &Decisive) -> Option<DenyingSpan> {
    let facts = Facts::among(request, layers);
    let policies = layers.policies(decisive.layer);
    let policy = policies.get(decisive.policy_index)?;
    let own = policy.document.statements().get(decisive.statement.index)?;
    let elements = elements(own, &facts);
    let is_condition = |trace: &&ElementTrace| matches!(trace.element, Element::Condition { .. });
    let specific = |trace: &&ElementTrace| trace.wanted != "*" && !trace.wanted.is_empty();
    let chosen = elements
        .iter()
        .find(is_condition)
        .or_else(|| elements.iter().find(|trace| trace.element == Element::NotPrincipal))
        .or_else(|| elements.iter().find(|trace| trace.element == Element::Principal && specific(trace)))
        .or_else(|| {
            elements
                .iter()
                .find(|trace| matches!(trace.element, Element::Resource | Element::NotResource) && specific(trace))
        })
        .or_else(|| elements.iter().find(|trace| matches!(trace.element, Element::Action | Element::NotAction)))?;
    let label = match (&chosen.reason, &chosen.element) {
        (Reason::Matches, Element::Principal) => "names this caller".to_owned(),
        (Reason::Matches, Element::Resource) => "covers this resource".to_owned(),
        (Reason::Matches, Element::NotResource) => "does not leave out this resource".to_owned(),
        (Reason::Matches, Element::Action) => format!("covers `{}`", request.action),
        (Reason::Matches, Element::NotAction) => format!("does not leave out `{}`", request.action),
        (reason, _) => reason.label(),
    };
    Some(DenyingSpan {
        policy: policy.name.clone(),
        policy_index: decisive.policy_index,
        statement: StatementRef { index: own.index, sid: decisive.statement.sid.clone() },
        span: chosen.span.clone(),
        pointer: chosen.pointer.clone(),
        label,
        effect_span: own.effect_span.clone(),
        element: chosen.element.clone(),
        reason: chosen.reason.clone(),
    })
}
