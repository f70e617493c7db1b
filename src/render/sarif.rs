//! SARIF 2.1.0 (OASIS), for code scanning: a rule for each cause, a result for each blocker, and the policies as
//! artifacts with the statement as the region.

use super::{Format, Options, ReportFormat, fingerprint, links, outline, untrusted};
use crate::diagnosis::{Blocker, Certainty, Excerpt, Failure, Place, Report};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use std::ops::Range;

pub struct Sarif;

/// What stays itself in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

impl ReportFormat for Sarif {
    fn format(&self) -> Format {
        Format::Sarif
    }

    fn about(&self) -> &'static str {
        "SARIF 2.1.0 for code scanning"
    }

    fn render(&self, report: &Report, options: &Options) -> String {
        let mut run = Run { options, artifacts: Vec::new(), rules: Vec::new() };
        let blockers = fingerprint::blockers(report);
        let results: Vec<Value> =
            blockers.iter().map(|(failure, blocker, print)| run.result(failure, blocker, print)).collect();
        let rules: Vec<Value> = run.rules.iter().map(|code| run.rule(code)).collect();
        let artifacts: Vec<Value> = run.artifacts.iter().map(|(uri, excerpt)| artifact(uri, excerpt)).collect();
        let log = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "why403",
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules,
                } },
                "columnKind": "unicodeCodePoints",
                "artifacts": artifacts,
                "results": results,
            }],
        });
        // Printing a JSON value cannot fail.
        let text = serde_json::to_string_pretty(&log).unwrap_or_default();
        untrusted::json(&text) + "\n"
    }
}

/// What a run gathers as its results are made: each rule and each document once.
struct Run<'a> {
    options: &'a Options,
    artifacts: Vec<(String, &'a Excerpt)>,
    rules: Vec<&'a str>,
}

impl<'a> Run<'a> {
    fn result(&mut self, failure: &Failure, blocker: &'a Blocker, fingerprint: &str) -> Value {
        let rule = index_of(&mut self.rules, blocker.cause.as_str(), |known, new| known == new);
        let document = blocker.excerpt.as_ref().map(|excerpt| self.document(excerpt));
        let script = failure.script.as_ref().map(|script| {
            json!({ "physicalLocation": {
                "artifactLocation": { "uri": encoded(&script.file) },
                "region": { "startLine": script.line.max(1) },
            } })
        });
        // A file of the repository is what code scanning can show; the policy then stands beside it.
        let (mut first, related) = match (script, document) {
            (Some(script), document) => (script, document),
            (None, Some(document)) => (document, None),
            (None, None) => (json!({}), None),
        };
        if let (Some(place), Some(location)) = (&blocker.place, first.as_object_mut()) {
            location.insert("logicalLocations".to_owned(), json!([logical(place)]));
        }
        let mut result = json!({
            "ruleId": blocker.cause,
            "ruleIndex": rule,
            "level": level(blocker.certainty),
            "message": { "text": message(failure, blocker) },
            "partialFingerprints": { "why403/v1": fingerprint },
            "occurrenceCount": failure.count.max(1),
            "properties": properties(failure, blocker),
        });
        if let Some(result) = result.as_object_mut() {
            if first.as_object().is_some_and(|location| !location.is_empty()) {
                result.insert("locations".to_owned(), json!([first]));
            }
            if let Some(related) = related {
                result.insert("relatedLocations".to_owned(), json!([related]));
            }
        }
        result
    }

    /// The location of a document's marked text.
    fn document(&mut self, excerpt: &'a Excerpt) -> Value {
        let uri = format!("aws/{}.json", encoded(&excerpt.title.replace(' ', "-")));
        // Two policies can have one name: the second gets a number.
        let is_same = |known: &Excerpt| known.title == excerpt.title && known.text == excerpt.text;
        let index = self.artifacts.iter().position(|(_, known)| is_same(known)).unwrap_or_else(|| {
            let taken = self.artifacts.iter().filter(|(_, known)| known.title == excerpt.title).count();
            let uri = if taken == 0 { uri } else { format!("{}-{}.json", uri.trim_end_matches(".json"), taken + 1) };
            self.artifacts.push((uri, excerpt));
            self.artifacts.len() - 1
        });
        let uri = self.artifacts.get(index).map(|(uri, _)| uri.as_str());
        let mut location = json!({ "physicalLocation": { "artifactLocation": { "uri": uri, "index": index } } });
        if let Some(mark) = excerpt.marks.iter().find(|mark| mark.primary)
            && let Some(region) = region(&excerpt.text, &mark.span)
        {
            location["physicalLocation"]["region"] = region;
            if !mark.label.is_empty() {
                location["message"] = json!({ "text": text(&mark.label) });
            }
        }
        location
    }

    fn rule(&self, code: &str) -> Value {
        let mut rule = Map::new();
        rule.insert("id".to_owned(), json!(code));
        let meaning = (self.options.meaning)(code);
        rule.insert("shortDescription".to_owned(), json!({ "text": meaning.map_or_else(|| text(code), text) }));
        let help = format!("why403 explain {code}");
        rule.insert("help".to_owned(), json!({ "text": text(&help) }));
        if let Some(url) = links::cause(code) {
            rule.insert("helpUri".to_owned(), json!(url));
        }
        Value::Object(rule)
    }
}

fn artifact(uri: &str, excerpt: &Excerpt) -> Value {
    json!({
        "location": { "uri": uri },
        "description": { "text": text(&excerpt.title) },
        "mimeType": "application/json",
        "contents": { "text": excerpt.text },
    })
}

fn index_of<T>(known: &mut Vec<T>, new: T, is_same: impl Fn(&T, &T) -> bool) -> usize {
    known.iter().position(|one| is_same(one, &new)).unwrap_or_else(|| {
        known.push(new);
        known.len() - 1
    })
}

fn level(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Proven => "error",
        Certainty::Likely => "warning",
        Certainty::Possible => "note",
    }
}

fn message(failure: &Failure, blocker: &Blocker) -> String {
    let mut lines = vec![blocker.summary.clone()];
    lines.extend(outline::request(failure).map(|request| format!("request: {request}")));
    lines.extend(blocker.near_miss.iter().chain(&blocker.notes).map(|note| format!("note: {note}")));
    lines.extend(
        blocker.fix.iter().chain(&blocker.other_fixes).map(|fix| format!("help: {} ({})", fix.summary, fix.who)),
    );
    lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("\n")
}

/// Text of a message, in which `[…](…)` would be a link.
fn text(text: &str) -> String {
    untrusted::visible(text, true).replace("](", "]\\u{28}")
}

fn properties(failure: &Failure, blocker: &Blocker) -> Value {
    json!({
        "certainty": blocker.certainty,
        "request": failure.request,
        "caller": failure.caller,
        "edits": blocker.fix.as_ref().map_or(&[][..], |fix| &fix.edits),
    })
}

fn logical(place: &Place) -> Value {
    let parts = [place.owner.as_deref(), place.policy.as_deref(), place.pointer.as_deref()];
    let qualified = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
    let name = place.statement.as_ref().map(|statement| match &statement.sid {
        Some(sid) => sid.clone(),
        None => format!("Statement[{}]", statement.index),
    });
    let mut logical = json!({ "fullyQualifiedName": qualified });
    if let (Some(name), Some(logical)) = (name, logical.as_object_mut()) {
        logical.insert("name".to_owned(), json!(name));
    }
    logical
}

/// Lines and columns from 1, columns in code points; `None` where the span is not one of the text.
fn region(text: &str, span: &Range<usize>) -> Option<Value> {
    let snippet = text.get(span.clone()).filter(|snippet| !snippet.is_empty())?;
    let position = |at: usize| {
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    };
    let ((start_line, start_column), (end_line, end_column)) = (position(span.start), position(span.end));
    Some(json!({
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
        "snippet": { "text": snippet },
    }))
}

fn encoded(path: &str) -> String {
    utf8_percent_encode(path.trim_start_matches("./"), PATH).to_string()
}
