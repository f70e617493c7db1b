//! What a reader of `JUnit` XML may rely on, as a check. There is no standard and no schema that all agree on: the rules here
//! are what the public descriptions of the format have in common (elements, their order, attributes and their types), and
//! what readers reckon with: counts that are true, one outcome for a case, and nothing that they do not know.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    Count,
    /// Seconds, as a decimal.
    Seconds,
    /// A number from 1.
    Line,
}

use Type::{Count, Line, Seconds, Text};

struct Rule {
    element: &'static str,
    required: &'static [(&'static str, Type)],
    optional: &'static [(&'static str, Type)],
    /// What may stand in it, in this order.
    children: &'static [&'static str],
    /// Children of which only one may stand there, whichever it is.
    one_of: &'static [&'static str],
    has_text: bool,
}

const RULES: &[Rule] = &[
    Rule {
        element: "testsuites",
        required: &[],
        optional: &[
            ("name", Text),
            ("tests", Count),
            ("failures", Count),
            ("errors", Count),
            ("skipped", Count),
            ("time", Seconds),
        ],
        children: &["testsuite"],
        one_of: &[],
        has_text: false,
    },
    Rule {
        element: "testsuite",
        required: &[("name", Text), ("tests", Count)],
        optional: &[
            ("failures", Count),
            ("errors", Count),
            ("skipped", Count),
            ("time", Seconds),
            ("timestamp", Text),
            ("hostname", Text),
            ("id", Text),
            ("package", Text),
            ("file", Text),
        ],
        children: &["properties", "testcase", "system-out", "system-err"],
        one_of: &["properties"],
        has_text: false,
    },
    Rule {
        element: "testcase",
        required: &[("name", Text), ("classname", Text)],
        optional: &[("time", Seconds), ("file", Text), ("line", Line)],
        children: &["skipped", "error", "failure", "system-out", "system-err"],
        // Some readers keep the first of several, some the last.
        one_of: &["skipped", "error", "failure"],
        has_text: false,
    },
    Rule {
        element: "failure",
        required: &[("message", Text), ("type", Text)],
        optional: &[],
        children: &[],
        one_of: &[],
        has_text: true,
    },
    Rule {
        element: "error",
        required: &[("message", Text), ("type", Text)],
        optional: &[],
        children: &[],
        one_of: &[],
        has_text: true,
    },
    Rule {
        element: "skipped",
        required: &[],
        optional: &[("message", Text)],
        children: &[],
        one_of: &[],
        has_text: true,
    },
    Rule { element: "system-out", required: &[], optional: &[], children: &[], one_of: &[], has_text: true },
    Rule { element: "system-err", required: &[], optional: &[], children: &[], one_of: &[], has_text: true },
];

/// How many cases there are, and how they went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub tests: usize,
    pub failures: usize,
    pub errors: usize,
    pub skipped: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }

    fn of(&self, name: &str) -> Option<usize> {
        match name {
            "tests" => Some(self.tests),
            "failures" => Some(self.failures),
            "errors" => Some(self.errors),
            "skipped" => Some(self.skipped),
            _ => None,
        }
    }
}

/// An element that is open.
struct Open {
    rule: &'static Rule,
    attributes: BTreeMap<String, String>,
    /// The place of the latest child in the order.
    at: usize,
    outcomes: usize,
    tally: Tally,
}

/// Reads a document, and says what its first mistake is.
pub fn check(document: &str) -> Result<Tally, String> {
    if let Some(bad) = document.chars().find(|c| !is_of_xml(*c)) {
        return Err(format!("{bad:?} is no character of XML 1.0"));
    }
    let mut reader = Reader::from_str(document);
    let mut open: Vec<Open> = Vec::new();
    let mut whole: Option<Tally> = None;
    loop {
        let event = reader.read_event().map_err(|error| format!("no XML: {error}"))?;
        match event {
            Event::Start(_) | Event::Empty(_) if whole.is_some() => return Err("a second root".to_owned()),
            Event::Start(tag) => {
                let element = enter(open.last_mut(), &tag)?;
                open.push(element);
            }
            Event::Empty(tag) => {
                let element = enter(open.last_mut(), &tag)?;
                leave(element, &mut open, &mut whole)?;
            }
            // The reader has seen to it that it is the right one.
            Event::End(_) => {
                let element = open.pop().ok_or("an end without a start")?;
                leave(element, &mut open, &mut whole)?;
            }
            Event::Text(text) => {
                let blank = text.trim().is_empty();
                if !blank && !open.last().is_some_and(|element| element.rule.has_text) {
                    return Err(format!("text where none belongs: {:?}", &*text));
                }
            }
            Event::GeneralRef(reference) => {
                let known = ["quot", "apos", "amp", "lt", "gt"].contains(&reference.as_ref());
                let character = reference.resolve_char_ref().ok().flatten();
                if !known && !character.is_some_and(is_of_xml) {
                    return Err(format!("an unknown reference: {:?}", &*reference));
                }
                if !open.last().is_some_and(|element| element.rule.has_text) {
                    return Err("a reference where no text belongs".to_owned());
                }
            }
            Event::Decl(_) if open.is_empty() && whole.is_none() => {}
            Event::Eof => break,
            other => return Err(format!("not of this format: {other:?}")),
        }
    }
    if let Some(unfinished) = open.last() {
        return Err(format!("`{}` has no end", unfinished.rule.element));
    }
    whole.ok_or_else(|| "no root".to_owned())
}

fn enter(parent: Option<&mut Open>, tag: &BytesStart<'_>) -> Result<Open, String> {
    let name = tag.name().as_ref().to_owned();
    let rule = RULES.iter().find(|rule| rule.element == name).ok_or_else(|| format!("an element `{name}`"))?;
    match parent {
        None if !name.starts_with("testsuite") => return Err(format!("`{name}` as the root")),
        None => {}
        Some(parent) => {
            let order = parent.rule.children;
            let at = order.iter().position(|child| *child == name);
            let at = at.ok_or_else(|| format!("`{name}` in `{}`", parent.rule.element))?;
            if at < parent.at {
                return Err(format!("`{name}` after `{}`", order[parent.at]));
            }
            parent.at = at;
            parent.outcomes += usize::from(parent.rule.one_of.contains(&&*name));
            if parent.outcomes > 1 {
                return Err(format!("a second one of {:?}", parent.rule.one_of));
            }
        }
    }
    let mut attributes = BTreeMap::new();
    for attribute in tag.attributes() {
        // One that is there twice is an error of the reader's.
        let attribute = attribute.map_err(|error| format!("`{name}`: {error}"))?;
        let key = attribute.key.as_ref().to_owned();
        let known = rule.required.iter().chain(rule.optional).find(|(known, _)| *known == key);
        let (_, holds) = known.ok_or_else(|| format!("an attribute `{key}` of `{name}`"))?;
        if attribute.value.contains(['\n', '\t', '<']) {
            return Err(format!("`{key}` would be read otherwise than it is written: {:?}", attribute.value));
        }
        if !fits(*holds, &attribute.value) {
            return Err(format!("`{key}` of `{name}` is no {holds:?}: {:?}", attribute.value));
        }
        attributes.insert(key, attribute.value.to_string());
    }
    if let Some((missing, _)) = rule.required.iter().find(|(required, _)| !attributes.contains_key(*required)) {
        return Err(format!("`{name}` without `{missing}`"));
    }
    Ok(Open { rule, attributes, at: 0, outcomes: 0, tally: Tally::default() })
}

fn leave(element: Open, open: &mut [Open], whole: &mut Option<Tally>) -> Result<(), String> {
    let mut tally = element.tally;
    match element.rule.element {
        "testcase" => tally.tests = 1,
        "failure" => tally.failures = 1,
        "error" => tally.errors = 1,
        "skipped" => tally.skipped = 1,
        name => {
            for (key, value) in &element.attributes {
                if let Some(counted) = tally.of(key).filter(|counted| *value != counted.to_string()) {
                    return Err(format!("`{key}` of `{name}` says {value}, and there are {counted}"));
                }
            }
        }
    }
    match open.last_mut() {
        Some(parent) => parent.tally.add(&tally),
        None => *whole = Some(tally),
    }
    Ok(())
}

fn fits(holds: Type, value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match holds {
        Text => true,
        Count => digits(value),
        Line => digits(value) && value != "0",
        Seconds => value.split_once('.').map_or_else(|| digits(value), |(whole, part)| digits(whole) && digits(part)),
    }
}

/// XML 1.0, production 2.
fn is_of_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
