//! The answers as a table, for people. Rows are printed as they come, so a column is as wide as what it has held so far.

use super::{Answered, Printed};
use crate::policy::simulate::{SimulateAnswer, SimulateDecisive};
use crate::render::untrusted::visible;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

const HEADINGS: [&str; COLUMNS] = ["id", "decision", "denied by", "decided by", "depends on"];
const COLUMNS: usize = 5;
/// A column that follows a wider cell than this starts on where it may.
const MOST_WIDTH: usize = 48;
/// Stands where there is nothing to say.
const NOTHING: &str = "-";

pub struct Table {
    unicode: bool,
    widths: [usize; COLUMNS],
    is_started: bool,
}

impl Table {
    pub fn new(unicode: bool) -> Self {
        Self { unicode, widths: HEADINGS.map(str::len), is_started: false }
    }

    /// The next rows.
    pub fn rows(&mut self, answers: &[Answered]) -> Printed {
        let mut rows: Vec<[String; COLUMNS]> = Vec::with_capacity(answers.len() + 1);
        if !self.is_started && !answers.is_empty() {
            self.is_started = true;
            rows.push(HEADINGS.map(str::to_uppercase));
        }
        rows.extend(answers.iter().map(|answer| self.row(answer)));
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width().min(MOST_WIDTH));
            }
        }
        let text = rows.iter().map(|row| self.line(row)).collect();
        (text, answers.iter().any(|(_, answer)| answer.is_error()))
    }

    fn row(&self, (place, answer): &Answered) -> [String; COLUMNS] {
        let shown = |text: &str| visible(text, self.unicode).into_owned();
        let id = |id: &Value| match id {
            Value::Null => format!("line {}", place.line),
            Value::String(text) => shown(text),
            other => shown(&other.to_string()),
        };
        match answer {
            SimulateAnswer::Decided(decided) => {
                let layers: Vec<&str> = decided.denied_by.iter().map(|layer| layer.name()).collect();
                let statements: Vec<String> =
                    decided.decisive.iter().map(|decisive| shown(&statement(decisive))).collect();
                let keys: Vec<String> = decided.depends_on.iter().map(|key| shown(key)).collect();
                [
                    id(&decided.id),
                    decided.decision.name().to_owned(),
                    listed(&layers.join(", ")),
                    listed(&statements.join(", ")),
                    listed(&keys.join(", ")),
                ]
            }
            SimulateAnswer::Failed { id: own, error } => {
                let at = if error.pointer.is_empty() { String::new() } else { format!(" at {}", error.pointer) };
                let nothing = || NOTHING.to_owned();
                [id(own), "error".to_owned(), nothing(), shown(&format!("{}{at}", error.message)), nothing()]
            }
        }
    }

    fn line(&self, cells: &[String; COLUMNS]) -> String {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(self.widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
        format!("{}\n", line.trim_end())
    }
}

fn listed(text: &str) -> String {
    if text.is_empty() { NOTHING.to_owned() } else { text.to_owned() }
}

/// `Deny OnlyVpce of bucket policy of acme-data`.
pub fn statement(decisive: &SimulateDecisive) -> String {
    let statement = match decisive.statement.sid.as_deref() {
        Some(sid) if !sid.is_empty() => sid.to_owned(),
        _ => format!("Statement[{}]", decisive.statement.index),
    };
    let policy = if decisive.policy.is_empty() { decisive.layer.name() } else { &decisive.policy };
    format!("{} {statement} of {policy}", decisive.effect.name())
}

#[cfg(test)]
mod tests {
    use super::super::lines::Place;
    use super::*;
    use crate::policy::simulate::answer;
    use std::path::Path;

    fn answered(line: usize, text: &str) -> Answered {
        (Place { file: Path::new("f").into(), line }, answer(text))
    }

    fn policy(id: &str, effect: &str) -> String {
        format!(
            r#"{{"id": "{id}", "request": {{"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}}, "policies": {{"identity": [{{"name": "p\u009b", "document": {{"Statement": {{"Sid": "S1", "Effect": "{effect}", "Action": "*", "Resource": "*"}}}}}}]}}}}"#
        )
    }

    #[test]
    fn a_table() {
        let mut table = Table::new(false);
        let rows =
            [answered(1, &policy("t1", "Deny")), answered(2, "{"), answered(3, &policy("a longer name", "Allow"))];
        let (text, has_error) = table.rows(&rows);
        assert!(has_error);
        let expected = "\
ID             DECISION           DENIED BY  DECIDED BY                                        DEPENDS ON
t1             explicitly-denied  identity   Deny S1 of p\\u{9b}                                -
line 2         error              -          the line is not JSON: expected a name in double quotes at byte 1  -
a longer name  allowed            -          Allow S1 of p\\u{9b}                               -
";
        assert_eq!(text, expected);
        let (text, has_error) = table.rows(&[answered(4, &policy("t4", "Allow"))]);
        assert!(!has_error);
        assert!(text.starts_with("t4             allowed"), "{text}");
    }
}
