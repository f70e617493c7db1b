//! Expectations: tests of policies that a team keeps beside them.
//!
//! An expectation names members of an answer. One that comes with a request of its own is answered by itself; any other is
//! held against every line of the input that has its id. An error that was expected is as good as a decision that was.

use super::lines::{self, Batch, MAX_LINE, Place, named};
use super::table::statement;
use super::{exit, junit, ordered, say};
use crate::policy::simulate::{SimulateAnswer, SimulateDecisive, answer};
use crate::render::untrusted::visible;
use crate::render::words;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of expectations is kept in memory.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Members of an answer that an expectation may name. `pointer` is the error's.
const MEMBERS: [&str; 6] = ["decision", "denied_by", "decisive", "depends_on", "error", "pointer"];

/// What came of one expectation.
#[derive(Debug)]
pub struct Checked {
    pub id: String,
    pub place: Place,
    pub outcome: Outcome,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Holds,
    /// What was expected and what was found, a line each.
    Fails(Vec<String>),
    /// It is no expectation.
    Wrong(String),
}

/// An expectation, read.
struct Expectation {
    id: Value,
    place: Place,
    expect: Map<String, Value>,
    /// It came with a request of its own: what was answered.
    own: Option<SimulateAnswer>,
}

/// Checks all of them, prints those that fail, and says how many did.
pub fn run(files: &[PathBuf], inputs: &[PathBuf], junit: Option<&Path>) -> anyhow::Result<u8> {
    let mut is_unread = false;
    let mut checked = Vec::new();
    let mut by_id: Vec<Expectation> = Vec::new();
    for file in files {
        match items(file) {
            Ok(items) => {
                for (place, text) in items {
                    match read(&text, place) {
                        Ok(expectation) => match &expectation.own {
                            Some(answer) => checked.push(check(&expectation, answer)),
                            None => by_id.push(expectation),
                        },
                        Err(wrong) => checked.push(wrong),
                    }
                }
            }
            Err(error) => {
                is_unread = true;
                say(&format!("{} could not be read: {error}", named(file)));
            }
        }
    }
    if !by_id.is_empty() {
        is_unread |= against_input(&by_id, inputs, &mut checked);
    } else if !inputs.is_empty() {
        is_unread = true;
        say("an input was given, and every expectation that could be read has a request of its own");
    }
    if let Some(path) = junit {
        File::create(path)
            .and_then(|mut file| file.write_all(junit::document(&checked).as_bytes()))
            .map_err(|error| anyhow::anyhow!("{} could not be written: {error}", named(path)))?;
    }
    match io::stdout().lock().write_all(summary(&checked).as_bytes()) {
        // A reader that has seen enough is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    Ok(if is_unread || checked.iter().any(|one| matches!(one.outcome, Outcome::Wrong(_))) {
        exit::USAGE
    } else if checked.iter().any(|one| one.outcome != Outcome::Holds) {
        exit::FOUND
    } else {
        exit::FINE
    })
}

/// Holds expectations against the lines of the input that have their ids. Whether an input could not be read.
fn against_input(by_id: &[Expectation], inputs: &[PathBuf], checked: &mut Vec<Checked>) -> bool {
    let mut wanted: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, expectation) in by_id.iter().enumerate() {
        wanted.entry(expectation.id.to_string()).or_default().push(index);
    }
    let mut found: Vec<Option<Checked>> = by_id.iter().map(|_| None).collect();
    let mut is_unread = false;
    let work = |batch: &Batch| batch.map(super::answered);
    for batch in ordered::map(lines::inputs(inputs), work) {
        let answers = match batch {
            Ok(answers) => answers,
            Err(message) => {
                is_unread = true;
                say(&message);
                continue;
            }
        };
        for (place, answer) in answers {
            let id = id_of(&answer);
            // Nobody can expect anything of a line that is no JSON.
            if let (SimulateAnswer::Failed { error, .. }, Value::Null) = (&answer, id) {
                is_unread = true;
                say(&format!("{place}: {}", visible(&error.message, true)));
            }
            for index in wanted.get(&id.to_string()).into_iter().flatten() {
                if let (Some(expectation), Some(slot)) = (by_id.get(*index), found.get_mut(*index))
                    && slot.as_ref().is_none_or(|earlier| earlier.outcome == Outcome::Holds)
                {
                    *slot = Some(check(expectation, &answer));
                }
            }
        }
    }
    for (expectation, outcome) in by_id.iter().zip(found) {
        checked.push(outcome.unwrap_or_else(|| Checked {
            id: shown(&expectation.id),
            place: expectation.place.clone(),
            outcome: Outcome::Fails(vec!["no line of the input has this id".to_owned()]),
        }));
    }
    is_unread
}

fn id_of(answer: &SimulateAnswer) -> &Value {
    match answer {
        SimulateAnswer::Decided(decided) => &decided.id,
        SimulateAnswer::Failed { id, .. } => id,
    }
}

/// The texts of a file: its lines, or the items of the one list that it is.
fn items(file: &Path) -> io::Result<Vec<(Place, String)>> {
    let mut text = String::new();
    let source: Box<dyn Read> =
        if file == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(file)?) };
    if source.take(MAX_FILE + 1).read_to_string(&mut text)? as u64 > MAX_FILE {
        return Err(io::Error::other(format!("it is longer than {} MiB", MAX_FILE / (1024 * 1024))));
    }
    let file: Arc<Path> = file.into();
    let place = |line| Place { file: Arc::clone(&file), line };
    let body = text.trim_start_matches('\u{feff}');
    if !body.trim_start().starts_with('[') {
        let lines = body.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        return Ok(lines.map(|(index, line)| (place(index + 1), line.to_owned())).collect());
    }
    let items: Vec<&RawValue> = serde_json::from_str(body)?;
    let mut seen = (0, 1);
    let numbered = items.into_iter().map(|item| {
        // The items are slices of the text, in order.
        let at = (item.get().as_ptr() as usize).saturating_sub(body.as_ptr() as usize);
        let between = body.as_bytes().get(seen.0..at).unwrap_or_default();
        seen = (at, seen.1 + between.iter().filter(|&&byte| byte == b'\n').count());
        (place(seen.1), item.get().to_owned())
    });
    Ok(numbered.collect())
}

fn read(text: &str, place: Place) -> Result<Expectation, Checked> {
    let wrong =
        |id: &Value, message: String| Checked { id: shown(id), place: place.clone(), outcome: Outcome::Wrong(message) };
    if text.len() > MAX_LINE {
        return Err(wrong(&Value::Null, lines::Unreadable::TooLong.to_string()));
    }
    let line: Value =
        serde_json::from_str(text).map_err(|error| wrong(&Value::Null, format!("the line is not JSON: {error}")))?;
    let id = line.get("id").cloned().unwrap_or_default();
    let Some(expect) = line.get("expect").and_then(Value::as_object) else {
        return Err(wrong(&id, "the line has no object `expect`".to_owned()));
    };
    if expect.is_empty() {
        return Err(wrong(&id, "`expect` names no member of the answer".to_owned()));
    }
    if let Some(other) = expect.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
        return Err(wrong(
            &id,
            format!("an answer has no `{}`: it has {}", visible(other, true), words::list(&MEMBERS)),
        ));
    }
    let own = line.get("request").is_some().then(|| answer(text));
    if own.is_none() && id.is_null() {
        return Err(wrong(&id, "the line has neither a `request` nor an `id`".to_owned()));
    }
    let expect = expect.clone();
    Ok(Expectation { id, place, expect, own })
}

fn check(expectation: &Expectation, answer: &SimulateAnswer) -> Checked {
    let found = serde_json::to_value(answer).unwrap_or_default();
    let error = found.get("error").unwrap_or(&Value::Null);
    let mut failures = Vec::new();
    for (member, expected) in &expectation.expect {
        let actual = if member == "pointer" { error.get("pointer") } else { found.get(member) };
        let actual = actual.unwrap_or(&Value::Null);
        if !agrees(expected, actual) {
            failures.push(format!("{member}: expected {}, found {}", literal(expected), literal(actual)));
        }
    }
    match answer {
        SimulateAnswer::Decided(decided) if !failures.is_empty() && !decided.decisive.is_empty() => {
            let statements: Vec<String> = decided.decisive.iter().map(because).collect();
            failures.push(format!("because of {}", words::list_at_most(&statements, 4)));
        }
        SimulateAnswer::Failed { error, .. }
            if !failures.is_empty()
                || !["error", "pointer"].iter().any(|name| expectation.expect.contains_key(*name)) =>
        {
            let at = if error.pointer.is_empty() { String::new() } else { format!(" at {}", error.pointer) };
            failures.push(format!("not answered: {}", visible(&format!("{}{at}", error.message), true)));
        }
        _ => {}
    }
    let outcome = if failures.is_empty() { Outcome::Holds } else { Outcome::Fails(failures) };
    Checked { id: shown(&expectation.id), place: expectation.place.clone(), outcome }
}

fn because(decisive: &SimulateDecisive) -> String {
    format!("`{}`", visible(&statement(decisive), true))
}

/// Whether what was found is what was expected: members that an expected object leaves out are not looked at, and lists of
/// words may be in any order.
fn agrees(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(member, expected)| found.get(member).is_some_and(|found| agrees(expected, found)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            let words = |list: &[Value]| -> Option<Vec<String>> {
                list.iter().map(|word| word.as_str().map(str::to_owned)).collect()
            };
            expected.len() == found.len()
                && match (words(expected), words(found)) {
                    (Some(mut expected), Some(mut found)) => {
                        expected.sort();
                        found.sort();
                        expected == found
                    }
                    _ => expected.iter().zip(found).all(|(expected, found)| agrees(expected, found)),
                }
        }
        (expected, found) => expected == found,
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        value => format!("`{}`", visible(&value.to_string().replace('"', ""), true)),
    }
}

/// An id as it is printed.
fn shown(id: &Value) -> String {
    match id {
        Value::Null => "no id".to_owned(),
        Value::String(text) => visible(text, true).into_owned(),
        other => visible(&other.to_string(), true).into_owned(),
    }
}

fn summary(checked: &[Checked]) -> String {
    let mut text = String::new();
    let (mut failed, mut wrong) = (0, 0);
    for one in checked {
        let (word, lines) = match &one.outcome {
            Outcome::Holds => continue,
            Outcome::Fails(lines) => {
                failed += 1;
                ("failed", lines.as_slice())
            }
            Outcome::Wrong(line) => {
                wrong += 1;
                ("wrong", std::slice::from_ref(line))
            }
        };
        text.push_str(&format!("{word}: {} ({})\n", one.id, one.place));
        for line in lines {
            text.push_str(&format!("  {line}\n"));
        }
    }
    let all = words::count(checked.len() as u64, "expectation");
    text.push_str(&match (failed, wrong) {
        (0, 0) if checked.len() == 1 => "1 expectation holds\n".to_owned(),
        (0, 0) => format!("{all} hold\n"),
        (failed, 0) => format!("{} of {all} failed\n", words::number(failed)),
        (failed, wrong) => {
            format!("{} of {all} failed, and {} could not be read\n", words::number(failed), words::number(wrong))
        }
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn place() -> Place {
        Place { file: Path::new("tests.jsonl").into(), line: 3 }
    }

    fn checked(expect: &Value, statement: &Value) -> Outcome {
        let line = json!({"id": "t1", "expect": expect,
            "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"},
            "policies": {"identity": [{"name": "p", "document": {"Statement": statement}}]}});
        match read(&line.to_string(), place()) {
            Ok(expectation) => check(&expectation, expectation.own.as_ref().unwrap()).outcome,
            Err(wrong) => wrong.outcome,
        }
    }

    #[test]
    fn members_are_held_to_what_was_expected() {
        let deny = json!({"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"});
        for expect in [
            json!({"decision": "explicitly-denied"}),
            json!({"denied_by": ["identity"], "depends_on": []}),
            json!({"decisive": [{"statement": {"sid": "No"}}]}),
        ] {
            assert_eq!(checked(&expect, &deny), Outcome::Holds, "{expect}");
        }
        assert_eq!(
            checked(&json!({"decision": "allowed", "denied_by": []}), &deny),
            Outcome::Fails(vec![
                "decision: expected `allowed`, found `explicitly-denied`".to_owned(),
                "denied_by: expected `[]`, found `[identity]`".to_owned(),
                "because of `Deny No of p`".to_owned(),
            ])
        );
        for (expect, told) in [
            (json!({"decison": "allowed"}), "an answer has no `decison`"),
            (json!({}), "`expect` names no member"),
            (json!("allowed"), "the line has no object `expect`"),
        ] {
            let Outcome::Wrong(message) = checked(&expect, &deny) else { panic!("{expect}") };
            assert!(message.starts_with(told), "{message}");
        }
    }

    #[test]
    fn an_error_is_as_expected_or_a_failure() {
        let bad = json!({"Effect": "Maybe", "Action": "*", "Resource": "*"});
        let pointer = "/policies/identity/0/document/Statement/Effect";
        assert_eq!(checked(&json!({"pointer": pointer}), &bad), Outcome::Holds);
        assert_eq!(checked(&json!({"error": {"pointer": pointer}}), &bad), Outcome::Holds);
        assert!(matches!(checked(&json!({"pointer": "/elsewhere"}), &bad), Outcome::Fails(_)));
        let Outcome::Fails(lines) = checked(&json!({"decision": "implicitly-denied"}), &bad) else { panic!() };
        assert_eq!(lines[0], "decision: expected `implicitly-denied`, found nothing");
        assert!(lines[1].ends_with(&format!("at {pointer}")), "{lines:?}");
        // Not even where what was expected is what an error has: nothing.
        assert!(matches!(checked(&json!({"decision": null}), &bad), Outcome::Fails(_)));
    }

    #[test]
    fn what_agrees() {
        assert!(agrees(&json!(["b", "a"]), &json!(["a", "b"])));
        assert!(!agrees(&json!(["a"]), &json!(["a", "b"])));
        assert!(!agrees(&json!(["a", "a"]), &json!(["a", "b"])));
        assert!(agrees(&json!([{"a": 1}, {}]), &json!([{"a": 1, "b": 2}, {"c": 3}])));
        assert!(!agrees(&json!([{"a": 1}, {"a": 2}]), &json!([{"a": 2}, {"a": 1}])));
        assert!(!agrees(&json!({"a": 1}), &json!({"b": 1})));
    }

    #[test]
    fn the_words() {
        let one = |outcome| Checked { id: "t1".to_owned(), place: place(), outcome };
        assert_eq!(summary(&[one(Outcome::Holds)]), "1 expectation holds\n");
        assert_eq!(
            summary(&[one(Outcome::Holds), one(Outcome::Fails(vec!["x".to_owned()]))]),
            "failed: t1 (tests.jsonl:3)\n  x\n1 of 2 expectations failed\n"
        );
        assert_eq!(
            summary(&[one(Outcome::Wrong("y".to_owned()))]),
            "wrong: t1 (tests.jsonl:3)\n  y\n0 of 1 expectation failed, and 1 could not be read\n"
        );
    }
}
