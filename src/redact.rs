//! Account ids out of a report, for logs that everybody can read: each becomes `account-0001`, `account-0002`, …, the same
//! one the same everywhere in the report, and in all reports of one `why403 exec`.
//!
//! Every run of exactly twelve digits counts as one. So a key with a date and a time in it is touched as well: a public log
//! is the place to hide too much. The stand-in is as long as an id, so that what is underlined stays underlined. What `aws`
//! itself prints is not touched: it passes through byte for byte.

use crate::diagnosis::{Excerpt, Report};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Digits of an account id.
const LENGTH: usize = 12;

/// Replaces them. The reports of one run share `run`'s directory.
#[must_use]
pub fn accounts(report: Report, run: Option<&Path>) -> Report {
    let ids = found(&report);
    let known = match run.map(|run| shared(run, &ids)) {
        Some(Ok(known)) => known,
        // Alone, or as good as alone: then the numbers hold for this report.
        Some(Err(_)) | None => ids,
    };
    replaced(report, &known)
}

/// Replaces them in any JSON.
#[must_use]
pub fn accounts_of(value: Value) -> Value {
    let mut ids = Vec::new();
    walk(&value, &mut |text| note(text, &mut ids));
    mapped(value, &ids)
}

/// Adds the ids of a text that are not known yet.
fn note(text: &str, ids: &mut Vec<String>) {
    for id in runs(text) {
        if !ids.iter().any(|known| *known == text[id.clone()]) {
            ids.push(text[id].to_owned());
        }
    }
}

/// The ids of a report, once each, in order.
fn found(report: &Report) -> Vec<String> {
    let mut ids = Vec::new();
    let mut look = |text: &str| note(text, &mut ids);
    // The caller's own first: it is then number one.
    for caller in report.failures.iter().filter_map(|failure| failure.caller.as_ref()) {
        caller.account.iter().chain(&caller.arn).for_each(|text| look(text));
    }
    walk(&serde_json::to_value(report).unwrap_or_default(), &mut look);
    for excerpt in excerpts(report) {
        look(&excerpt.title);
        look(&excerpt.text);
        excerpt.marks.iter().for_each(|mark| look(&mark.label));
    }
    ids
}

fn walk(value: &Value, look: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(list) => list.iter().for_each(|value| walk(value, look)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            look(key);
            walk(value, look);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn excerpts(report: &Report) -> impl Iterator<Item = &Excerpt> {
    report.failures.iter().flat_map(|failure| &failure.blockers).filter_map(|blocker| blocker.excerpt.as_ref())
}

fn replaced(report: Report, known: &[String]) -> Report {
    let mut excerpts: Vec<Option<Excerpt>> =
        report.failures.iter().flat_map(|failure| &failure.blockers).map(|blocker| blocker.excerpt.clone()).collect();
    let value = serde_json::to_value(&report).map(|value| mapped(value, known)).unwrap_or_default();
    // The same types read what they wrote; a report that they do not read is left out rather than shown as it was.
    let mut clean: Report = serde_json::from_value(value).unwrap_or(Report { failures: Vec::new(), ..report });
    for excerpt in excerpts.iter_mut().flatten() {
        excerpt.title = text(&excerpt.title, known);
        excerpt.text = text(&excerpt.text, known);
        for mark in &mut excerpt.marks {
            mark.label = text(&mark.label, known);
        }
    }
    for (blocker, excerpt) in clean.failures.iter_mut().flat_map(|failure| &mut failure.blockers).zip(excerpts) {
        blocker.excerpt = excerpt;
    }
    clean
}

fn mapped(value: Value, known: &[String]) -> Value {
    match value {
        Value::String(string) => Value::String(text(&string, known)),
        Value::Array(list) => list.into_iter().map(|value| mapped(value, known)).collect(),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (text(&key, known), mapped(value, known))).collect())
        }
        other => other,
    }
}

fn text(text: &str, known: &[String]) -> String {
    let mut out = text.to_owned();
    for id in runs(text) {
        let number = known.iter().position(|known| *known == text[id.clone()]).map_or(0, |at| at + 1);
        // As long as an id, whatever the number.
        out.replace_range(id, &format!("account-{:04}", number % 10_000));
    }
    out
}

/// Where runs of exactly twelve digits stand.
fn runs(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        match (byte.is_ascii_digit(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if at - from == LENGTH {
                    runs.push(from..at);
                }
                start = None;
            }
            _ => {}
        }
    }
    runs
}

/// The ids of the whole run, with ours added to them: one a line, in a file that only this user can read.
fn shared(run: &Path, ids: &[String]) -> io::Result<Vec<String>> {
    let path = run.join("accounts");
    let mut file: File = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
    file.lock()?;
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    let mut known: Vec<String> = text.lines().map(str::to_owned).collect();
    for id in ids {
        if !known.contains(id) {
            writeln!(file, "{id}")?;
            known.push(id.clone());
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_are_an_account() {
        let known = ["111122223333".to_owned(), "444455556666".to_owned()];
        let shown = text("arn:aws:iam::111122223333:user/a on logs-444455556666, 111122223333", &known);
        assert_eq!(shown, "arn:aws:iam::account-0001:user/a on logs-account-0002, account-0001");
        for other in ["", "12345678901", "1234567890123", "2026-07-01", "ü"] {
            assert_eq!(text(other, &known), other);
        }
    }

    #[test]
    fn a_run_shares_its_numbers() {
        let run = tempfile::tempdir().unwrap();
        let ids = |list: &[&str]| list.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(shared(run.path(), &ids(&["1", "2"])).unwrap(), ["1", "2"]);
        assert_eq!(shared(run.path(), &ids(&["3", "1"])).unwrap(), ["1", "2", "3"]);
        assert_eq!(shared(run.path(), &[]).unwrap(), ["1", "2", "3"]);
    }
}
