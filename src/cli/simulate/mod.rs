//! `why403 simulate`: the policy evaluator by itself. JSON lines in, JSON lines out, in the same order.
//!
//! The evaluator and the form of a line are [`crate::policy::simulate`]'s. Here the lines are read as they come ([`lines`]),
//! answered on every core ([`ordered`]) and written in the order of the input: as JSON, as a table for people ([`table`]), or
//! not at all, where they are held against expectations ([`expect`]).

mod expect;
mod junit;
mod lines;
mod ordered;
mod table;

use super::exit;
use crate::policy::simulate::{SimulateAnswer, SimulateError, answer};
use crate::render::untrusted;
use lines::{Batch, Numbered};
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

/// Options of `why403 simulate`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = FORMS)]
pub struct Args {
    /// Files of JSON lines; standard input where there is none, and for `-`
    files: Vec<PathBuf>,
    /// Print the answers as a table, for people
    #[arg(long, conflicts_with = "expect")]
    table: bool,
    /// Check the expectations in FILE, and print those that fail; may be given several times
    ///
    /// FILE holds lines in the form of the input, each with an `expect` member; or lines of `id` and `expect` alone, which
    /// are held against the lines of the input with that id. Instead of lines it may be one JSON list of them.
    #[arg(long, value_name = "FILE")]
    expect: Vec<PathBuf>,
    /// Write the outcome of the expectations to FILE too, as JUnit XML
    #[arg(long, value_name = "FILE", requires = "expect")]
    junit: Option<PathBuf>,
}

const FORMS: &str = r#"A line of the input, its documents cut short:
  {"id": "t1",
   "request": {"principal": "arn:aws:iam::111122223333:role/app",
               "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"},
   "policies": {"identity": [{"name": "app-read", "document": {}}]}}

An expectation names members of the answer, and what they have to be:
  {"id": "t1", "expect": {"decision": "explicitly-denied",
                          "denied_by": ["resource"]}}
What it leaves out is not looked at, within objects either. Lists of words may
be in any order. `pointer` stands for the pointer of the answer's error.

Exit status: 0 all was answered, 1 an expectation failed, 2 a line or a file
could not be read."#;

/// Answers every line.
///
/// # Errors
/// Where nothing can be written. A line or a file that cannot be read is said, and what follows it is still answered.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    if !args.expect.is_empty() {
        return expect::run(&args.expect, &args.files, args.junit.as_deref());
    }
    if args.table {
        let mut table = table::Table::new(crate::world::World::real().stderr.unicode);
        return print(&args.files, |batch| batch.map(answered), move |answers| table.rows(&answers));
    }
    print(&args.files, |batch| batch.map(|line| as_json(&line)), |lines: Vec<(String, bool)>| joined(&lines))
}

/// What is to be printed of one batch, and whether a line of it could not be answered.
type Printed = (String, bool);

/// Answers batch by batch, and prints what `shown` makes of each.
fn print<T: Send + 'static>(
    files: &[PathBuf],
    work: fn(&Batch) -> Result<Vec<T>, String>,
    mut shown: impl FnMut(Vec<T>) -> Printed,
) -> anyhow::Result<u8> {
    let mut stdout = io::stdout().lock();
    let mut status = exit::FINE;
    for done in ordered::map(lines::inputs(files), work) {
        match done {
            Ok(answers) => {
                let (text, has_error) = shown(answers);
                if has_error {
                    status = exit::USAGE;
                }
                match stdout.write_all(text.as_bytes()) {
                    // A reader that has seen enough is no error: of `head`, say.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                    written => written?,
                }
            }
            Err(message) => {
                status = exit::USAGE;
                say(&message);
            }
        }
    }
    Ok(status)
}

fn say(message: &str) {
    drop(writeln!(io::stderr(), "why403: {message}"));
}

/// An answer with the place of its line.
type Answered = (lines::Place, SimulateAnswer);

fn answered(line: Numbered<'_>) -> Answered {
    let answer = match line.text {
        Ok(text) => answer(text),
        Err(unreadable) => SimulateAnswer::Failed {
            id: serde_json::Value::Null,
            error: SimulateError { message: unreadable.to_string(), pointer: String::new() },
        },
    };
    (line.place, answer)
}

/// One line of output, and whether it is an error.
fn as_json(line: &Numbered<'_>) -> Printed {
    let (_, answer) = answered(line.clone());
    let text = serde_json::to_string(&answer).unwrap_or_default();
    // An id and a policy's name are strangers' text, and lines of JSON are looked at on terminals.
    let text = match harmless(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(escaped) => escaped,
    };
    (text, answer.is_error())
}

/// The same JSON value, without anything that acts on a terminal or a CI runner.
fn harmless(text: &str) -> Cow<'_, str> {
    // Controls of ASCII are escaped in any JSON, except for DEL.
    if text.is_ascii() && !text.contains('\u{7f}') && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(untrusted::json(text))
}

fn joined(lines: &[Printed]) -> Printed {
    let mut text = String::with_capacity(lines.iter().map(|(line, _)| line.len() + 1).sum());
    for (line, _) in lines {
        text.push_str(line);
        text.push('\n');
    }
    (text, lines.iter().any(|(_, is_error)| *is_error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_harmless_and_keep_their_value() {
        assert!(matches!(harmless(r#"{"id":"a # b"}"#), Cow::Borrowed(_)));
        for id in ["\u{9b}31m", "\u{7f}", "\u{202e}gpj", "##[group]"] {
            let text = serde_json::json!({ "id": id }).to_string();
            let shown = harmless(&text);
            assert!(!shown.contains(id), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap()["id"], id);
        }
    }
}
