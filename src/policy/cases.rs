//! Where an answer turns on an unknown key, every value that the policies tell apart is tried.
//!
//! Three-valued logic takes each unknown condition by itself: an Allow for `red` and another for anything but `red` leave it
//! open, though one of the two always holds. So the keys that are unknown are worked through, one case for each value
//! that a policy names literally, one for the key's absence, and one for any other value, of which nothing more is
//! known. That covers everything, so an answer that is the same in all the cases is settled. A key that a set operator
//! asks for may have many values and stays unknown; any other is taken for single-valued, as AWS asks of policies.
//!
//! It also finds which keys matter: those that change what is possible while the others stay as they are.

use super::condition::{Base, string::Comparison};
use super::document::Condition;
use super::evaluate;
use super::fold::Possible;
use super::layers::{Layer, Layers};
use super::request::{Facts, Lookup, Request};
use super::trace::{Decision, Dependency};
use std::collections::{BTreeMap, BTreeSet};

/// No more cases than this are tried, and no more statements than that in all of them.
const MAX_CASES: usize = 512;
const MAX_STATEMENTS: usize = 200_000;

/// Narrows what is possible, and the keys that it depends on.
pub(crate) fn narrow(
    request: &Request,
    layers: &Layers,
    possible: Possible,
    depends_on: Vec<Dependency>,
) -> (Possible, Vec<Dependency>) {
    let keys = keys(request, layers);
    let count: usize = keys.iter().map(|key| key.cases.len()).product();
    let statements = Layer::ALL.into_iter().flat_map(|layer| evaluate::each_statement(layers, layer)).count();
    if keys.is_empty() || count.saturating_mul(statements) > MAX_STATEMENTS {
        return (possible, depends_on);
    }
    let mut answers = Vec::with_capacity(count);
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut merged = Possible::default();
    for number in 0..count {
        let (answer, depends_on) = evaluate::possible(&with_case(request, &keys, number), layers);
        merged = merged.merge(answer);
        answers.push(answer);
        named.extend(depends_on.into_iter().map(|dependency| dependency.key.to_ascii_lowercase()));
    }
    if merged.decision() != Decision::Undetermined {
        return (merged, Vec::new());
    }
    let matters = |key: &str| {
        named.contains(key)
            || keys.iter().position(|unknown| unknown.name == key).is_some_and(|index| turns(&answers, &keys, index))
    };
    let narrowed: Vec<Dependency> =
        depends_on.iter().filter(|dependency| matters(&dependency.key.to_ascii_lowercase())).cloned().collect();
    (merged, if narrowed.is_empty() { depends_on } else { narrowed })
}

struct Key {
    /// Lower case.
    name: String,
    cases: Vec<Case>,
}

#[derive(PartialEq, Eq)]
enum Case {
    Absent,
    Value(String),
    /// None of those.
    Other,
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
            Some(Case::Value(value)) => request.context.set(&key.name, [value.as_str()]),
            Some(Case::Other) => request.context.set_other(&key.name),
            Some(Case::Absent) | None => request.context.set_absent(&key.name),
        };
        number /= key.cases.len();
    }
    request
}

/// The unknown keys that conditions ask for, with the cases of each: as many keys as can be afforded.
fn keys(request: &Request, layers: &Layers) -> Vec<Key> {
    let facts = Facts::new(request);
    let mut keys: BTreeMap<&str, Values<'_>> = BTreeMap::new();
    let statements = Layer::ALL.into_iter().flat_map(|layer| evaluate::each_statement(layers, layer));
    for condition in statements.flat_map(|at| &at.statement.conditions) {
        if facts.lookup(&condition.key) == Lookup::Unknown {
            keys.entry(&condition.key).or_default().add(condition);
        }
    }
    let mut keys: Vec<Key> = keys.into_iter().filter_map(|(name, values)| values.cases(name)).collect();
    // The cheapest first; those that would make too many cases stay unknown.
    keys.sort_by_key(|key| key.cases.len());
    let mut count = 1_usize;
    keys.retain(|key| {
        let affordable = count.saturating_mul(key.cases.len()) <= MAX_CASES;
        count = if affordable { count * key.cases.len() } else { count };
        affordable
    });
    keys
}

/// What the conditions on one key name.
#[derive(Default)]
struct Values<'a> {
    literals: BTreeSet<&'a str>,
    /// Something is asked of it that a third value could satisfy.
    open: bool,
    is_boolean: bool,
    many_valued: bool,
}

impl<'a> Values<'a> {
    fn add(&mut self, condition: &'a Condition) {
        self.many_valued |= condition.operator.quantifier.is_some();
        match condition.operator.base {
            Base::Null => {}
            Base::Bool => {
                self.is_boolean = true;
                self.literals.extend(["true", "false"]);
            }
            Base::String { comparison: Comparison::Equal, .. } => {
                self.open = true;
                self.literals.extend(condition.values.iter().filter_map(|value| value.test.template()?.literal()));
            }
            _ => self.open = true,
        }
    }

    fn cases(self, name: &str) -> Option<Key> {
        if self.many_valued || self.literals.len() > MAX_CASES {
            return None;
        }
        let literals = self.literals.into_iter().map(|value| Case::Value(value.to_owned()));
        // A boolean has no third value.
        let other = (self.open || !self.is_boolean).then_some(Case::Other);
        Some(Key { name: name.to_owned(), cases: std::iter::once(Case::Absent).chain(literals).chain(other).collect() })
    }
}
