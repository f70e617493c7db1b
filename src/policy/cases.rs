//! Where an answer turns on an unknown key, every value that the policies tell apart is tried.
//!
//! Three-valued logic takes each unknown condition by itself: an Allow for `red` and another for anything but `red` leave it
//! open, though one of the two always holds. So the keys that are unknown are worked through, one case for each value
//! that a policy names, one for any other, and one for the key's absence. That is exact for a key which is only
//! compared for equality; a key that is compared in any other way stays unknown in every case.
//!
//! It also finds which keys matter: those that change what is possible while the others stay as they are.

use super::condition::{Base, string::Comparison};
use super::document::Condition;
use super::evaluate;
use super::fold::Possible;
use super::layers::{Layer, Layers};
use super::request::{Facts, Lookup, Request};
use super::trace::{Decision, Dependency};

/// No more cases than this are tried.
const MAX_CASES: usize = 512;

/// Narrows what is possible, and the keys that it depends on.
pub(crate) fn narrow(
    request: &Request,
    layers: &Layers,
    possible: Possible,
    depends_on: Vec<Dependency>,
) -> (Possible, Vec<Dependency>) {
    let keys = keys(request, layers);
    let count = keys.iter().try_fold(1_usize, |count, key| count.checked_mul(key.cases.len()));
    let Some(count) = count.filter(|&count| !keys.is_empty() && count <= MAX_CASES) else {
        return (possible, depends_on);
    };
    let mut answers = Vec::with_capacity(count);
    let mut named: Vec<Dependency> = Vec::new();
    let mut merged = Possible::default();
    for number in 0..count {
        let (answer, depends_on) = evaluate::possible(&with_case(request, &keys, number), layers);
        merged = merged.merge(answer);
        answers.push(answer);
        named.extend(depends_on);
    }
    if merged.decision() != Decision::Undetermined {
        return (merged, Vec::new());
    }
    let matters = |key: &str| match keys.iter().position(|unknown| unknown.name == key) {
        Some(index) => turns(&answers, &keys, index),
        None => named.iter().any(|dependency| dependency.key.eq_ignore_ascii_case(key)),
    };
    let narrowed: Vec<Dependency> =
        depends_on.iter().filter(|dependency| matters(&dependency.key.to_ascii_lowercase())).cloned().collect();
    (merged, if narrowed.is_empty() { depends_on } else { narrowed })
}

struct Key {
    /// Lower case.
    name: String,
    /// `None` is the key's absence.
    cases: Vec<Option<String>>,
}

/// Whether some two cases that differ in this key alone differ in what is possible.
fn turns(answers: &[Possible], keys: &[Key], index: usize) -> bool {
    let stride: usize = keys.iter().take(index).map(|key| key.cases.len()).product();
    let size = keys.get(index).map_or(1, |key| key.cases.len());
    answers.iter().enumerate().any(|(number, answer)| {
        let place = number / stride % size;
        place > 0 && answers.get(number - place * stride).is_some_and(|first| first != answer)
    })
}

fn with_case(request: &Request, keys: &[Key], mut number: usize) -> Request {
    let mut request = request.clone();
    for key in keys {
        match key.cases.get(number % key.cases.len()) {
            Some(Some(value)) => request.context.set(&key.name, [value.as_str()]),
            _ => request.context.set_absent(&key.name),
        };
        number /= key.cases.len();
    }
    request
}

/// The unknown keys that are only ever compared for equality, with the values to try.
fn keys(request: &Request, layers: &Layers) -> Vec<Key> {
    let facts = Facts::new(request);
    let mut keys: Vec<Key> = Vec::new();
    let mut unfit: Vec<String> = Vec::new();
    for statement in
        Layer::ALL.into_iter().flat_map(|layer| evaluate::each_statement(layers, layer)).map(|at| at.statement)
    {
        for template in statement.resource.iter().flat_map(|resource| &resource.items).map(|item| &item.template) {
            unfit.extend(template.variables().map(str::to_owned));
        }
        for condition in &statement.conditions {
            let templates = condition.values.iter().filter_map(|value| value.test.template());
            unfit.extend(templates.flat_map(super::variables::Template::variables).map(str::to_owned));
            if facts.lookup(&condition.key) != Lookup::Unknown {
                continue;
            }
            let Some(values) = told_apart(condition) else {
                unfit.push(condition.key.to_string());
                continue;
            };
            let name = condition.key.to_string();
            let at = keys.iter().position(|key| key.name == name).unwrap_or_else(|| {
                keys.push(Key { name, cases: vec![None] });
                keys.len() - 1
            });
            if let Some(key) = keys.get_mut(at) {
                // A boolean has no third value; of any other key, one that no policy names is a case of its own.
                let other = (condition.operator.base != Base::Bool).then_some("\u{0}any other");
                for value in values.into_iter().chain(other) {
                    if !key.cases.iter().any(|case| case.as_deref() == Some(value)) {
                        key.cases.push(Some(value.to_owned()));
                    }
                }
            }
        }
    }
    keys.retain(|key| !unfit.contains(&key.name));
    keys
}

/// The values that the condition tells apart. `None` where there are more than can be listed.
fn told_apart(condition: &Condition) -> Option<Vec<&str>> {
    if condition.operator.quantifier.is_some() {
        return None;
    }
    match condition.operator.base {
        Base::Bool
            if !condition
                .values
                .iter()
                .any(|value| value.test.template().is_some_and(super::variables::Template::has_variables)) =>
        {
            Some(vec!["true", "false"])
        }
        Base::String { comparison: Comparison::Equal, .. } => {
            condition.values.iter().map(|value| value.test.template()?.literal()).collect()
        }
        Base::Null => Some(Vec::new()),
        _ => None,
    }
}
