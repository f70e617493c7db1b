//! The edits of a diagnosis as whole documents: those of one document together. Pure.

use crate::diagnosis::{Blocker, Certainty, Edit, EditTarget, Fix, Report};
use crate::request::shell_words;
use serde::Serialize;
use serde_json::Value;

/// One document and all that is to change in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Repaired {
    /// As the commands name it: `NAME.json`.
    pub file: String,
    pub document: EditTarget,
    /// What the changes are for, and who can make them.
    pub reasons: Vec<Reason>,
    /// As it was read; absent where there is none yet, or where it could not be read.
    pub before: Option<String>,
    /// With every edit; absent where the document could not be read.
    pub after: Option<String>,
    /// Statements that are to be added by hand: to a document that could not be read, or over an edit of the same
    /// lines.
    pub statements: Vec<Value>,
    pub commands: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub cause: String,
    pub certainty: Certainty,
    pub summary: String,
    pub who: String,
}

/// Every document that the report edits. Where something is proven, or likely, mere readings change nothing.
#[must_use]
pub fn of(report: &Report) -> Vec<Repaired> {
    let mut documents: Vec<Repaired> = Vec::new();
    for failure in &report.failures {
        let surest = failure.blockers.iter().map(|blocker| blocker.certainty).max();
        let readings = surest == Some(Certainty::Possible);
        let blockers = failure.blockers.iter().filter(|blocker| readings || blocker.certainty > Certainty::Possible);
        // Of mere readings the first that has an edit: they exclude one another.
        for (blocker, fix) in blockers.filter_map(|blocker| Some((blocker, editing(blocker)?))).take(if readings {
            1
        } else {
            usize::MAX
        }) {
            for edit in &fix.edits {
                take(&mut documents, blocker, fix, edit);
            }
        }
    }
    documents
}

/// The fix that edits documents.
fn editing(blocker: &Blocker) -> Option<&Fix> {
    blocker.fix.iter().chain(&blocker.other_fixes).find(|fix| !fix.edits.is_empty())
}

fn take(documents: &mut Vec<Repaired>, blocker: &Blocker, fix: &Fix, edit: &Edit) {
    let commands = commands_for(fix, edit);
    let file = file_name(commands, edit);
    let reason = Reason {
        cause: blocker.cause.clone(),
        certainty: blocker.certainty,
        summary: fix.summary.clone(),
        who: fix.who.clone(),
    };
    let found = edit.document.as_ref();
    let before = found.and_then(|document| document.before.clone());
    let known = documents
        .iter_mut()
        .find(|known| known.document == edit.target && known.file == file && known.before == before);
    let Some(known) = known else {
        documents.push(Repaired {
            file,
            document: edit.target.clone(),
            reasons: vec![reason],
            before,
            after: found.map(|document| document.after.clone()),
            statements: if found.is_none() { edit.statement.iter().cloned().collect() } else { Vec::new() },
            commands: commands.to_vec(),
        });
        return;
    };
    for command in commands {
        if !known.commands.contains(command) {
            known.commands.push(command.clone());
        }
    }
    if !known.reasons.contains(&reason) {
        known.reasons.push(reason);
    }
    let together = match (&known.before, &known.after, found) {
        (_, Some(after), Some(new)) if *after == new.after => return,
        (Some(before), Some(after), Some(new)) => together(before, after, &new.after),
        _ => None,
    };
    match together {
        Some(after) => known.after = Some(after),
        None => known
            .statements
            .extend(edit.statement.iter().filter(|new| !known.statements.contains(new)).cloned().collect::<Vec<_>>()),
    }
}

/// The commands that store the edit's document: where each document of a fix has one, its own.
fn commands_for<'f>(fix: &'f Fix, edit: &Edit) -> &'f [String] {
    let mut targets: Vec<&EditTarget> = Vec::new();
    for edit in &fix.edits {
        if !targets.contains(&&edit.target) {
            targets.push(&edit.target);
        }
    }
    let own = targets.iter().position(|target| **target == edit.target);
    match own {
        Some(index) if fix.commands.len() == targets.len() => fix.commands.get(index..=index).unwrap_or_default(),
        _ => &fix.commands,
    }
}

/// The name that the commands read the document from.
fn file_name(commands: &[String], edit: &Edit) -> String {
    let named = commands.iter().find_map(|command| {
        shell_words(command).into_iter().flatten().find_map(|word| word.strip_prefix("file://").map(str::to_owned))
    });
    named.filter(|name| is_file_name(name)).unwrap_or_else(|| {
        let name = edit.target.policy.as_deref().or(edit.target.owner.as_deref()).unwrap_or("policy");
        let last = name.rsplit(['/', ':']).next().unwrap_or(name);
        let plain: String =
            last.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.+=@".contains(c) { c } else { '-' }).collect();
        format!("{}.json", plain.trim_start_matches('.'))
    })
}

/// Whether a name stays in the directory that it is put into.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']) && !name.chars().any(char::is_control)
}

/// A stretch of a text and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Splice<'t> {
    start: usize,
    end: usize,
    new: &'t str,
}

/// Two edits of the same text, one after the other; `None` where they touch the same place.
fn together(before: &str, one: &str, other: &str) -> Option<String> {
    let (one, other) = (splice(before, one)?, splice(before, other)?);
    let (first, second) = if other.start < one.start { (other, one) } else { (one, other) };
    if second.start < first.end {
        return None;
    }
    let parts = [
        before.get(..first.start)?,
        first.new,
        before.get(first.end..second.start)?,
        second.new,
        before.get(second.end..)?,
    ];
    let text = parts.concat();
    serde_json::from_str::<Value>(&text).ok().map(|_| text)
}

/// The one stretch that differs.
fn splice<'t>(before: &str, after: &'t str) -> Option<Splice<'t>> {
    let same_head =
        before.chars().zip(after.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>();
    let (old, new) = (before.get(same_head..)?, after.get(same_head..)?);
    let same_tail =
        old.chars().rev().zip(new.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>();
    Some(Splice { start: same_head, end: before.len() - same_tail, new: new.get(..new.len() - same_tail)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_of_two_places_and_two_additions_go_together() {
        let before = r#"[{"a":1},{"b":2}]"#;
        let sum = |one: &str, other: &str| together(before, one, other);
        assert_eq!(
            sum(r#"[{"a":9},{"b":2}]"#, r#"[{"a":1},{"b":2},{"c":3}]"#).unwrap(),
            r#"[{"a":9},{"b":2},{"c":3}]"#
        );
        assert_eq!(
            sum(r#"[{"a":1},{"b":2},{"c":3}]"#, r#"[{"a":1},{"b":2},{"d":4}]"#).unwrap(),
            r#"[{"a":1},{"b":2},{"c":3},{"d":4}]"#
        );
    }

    #[test]
    fn edits_of_one_place_do_not() {
        assert_eq!(together(r#"{"a":"x"}"#, r#"{"a":["x","y"]}"#, r#"{"a":["x","z"]}"#), None);
        assert_eq!(together(r#"{"a":1}"#, r#"[{"a":1},2]"#, r#"[{"a":1},3]"#), None);
    }

    #[test]
    fn a_name_stays_where_it_is_put() {
        assert!(is_file_name("LogsRead.json") && is_file_name("a b.json"));
        for name in ["", "../x.json", "/x.json", ".x", "a\\b", "a\nb"] {
            assert!(!is_file_name(name), "{name:?}");
        }
    }
}
