//! `why403 fix`: the last diagnosis's edits as whole policy documents and as a diff. It applies nothing.
//!
//! Account ids stay in them even where they are redacted elsewhere: a document without them repairs nothing.

mod diff;
mod documents;

use super::direct::{self, Screen};
use super::{exit, last};
use crate::diagnosis::{Certainty, EditTarget};
use crate::render::document_title;
use crate::state;
use crate::world::World;
use anyhow::{Context, bail};
use documents::Repaired;
use rustix::fs::OFlags;
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Options of `why403 fix`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only the documents, only their diff, or both as JSON
    #[arg(long, value_name = "FORMAT")]
    format: Option<Shape>,
    /// Write the documents to DIR, under the names that the commands use
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Replace files that are there already
    #[arg(long, requires = "write")]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    Diff,
    Documents,
    Json,
}

/// All of it as JSON.
#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    documents: &'a [Repaired],
}

/// Prints, or writes files.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let world = World::real();
    let Some(kept) = state::last(&world) else {
        direct::say(&last::nothing(&world));
        return Ok(exit::CANNOT_TELL);
    };
    let documents = documents::of(&kept.report);
    if documents.is_empty() {
        direct::say(&format!(
            "the last diagnosis edits no policy ({}); `why403 last` shows it",
            visible(&last::command(&kept.report))
        ));
        return Ok(exit::CANNOT_TELL);
    }
    if let Some(directory) = &args.write {
        write(&documents, directory, args.force)?;
        return Ok(exit::FINE);
    }
    match args.format {
        Some(Shape::Json) => {
            let text = serde_json::to_string(&Json { schema: 1, documents: &documents })?;
            direct::print(&(crate::render::untrusted::json(&text) + "\n"));
        }
        Some(Shape::Diff) => documents.iter().for_each(|document| direct::print(&for_reader(&diff(document)))),
        Some(Shape::Documents) => documents.iter().for_each(print_document),
        None => {
            let screen = Screen::new(None, false);
            let texts: Vec<String> = documents.iter().map(|document| page(document, &screen)).collect();
            direct::print(&texts.join("\n"));
        }
    }
    if args.format.is_some() {
        documents.iter().filter_map(by_hand).for_each(|line| direct::say(&visible(&line)));
    }
    Ok(exit::FINE)
}

/// Everything about one document, for a person.
fn page(document: &Repaired, screen: &Screen) -> String {
    let mut out = String::new();
    for reason in &document.reasons {
        let sure = match reason.certainty {
            Certainty::Proven => "",
            Certainty::Likely => ", if the likely cause is the one",
            Certainty::Possible => ", if the possible cause is the one",
        };
        out += &screen.heading(&format!("{}: {}{sure} ({})", reason.cause, reason.summary, reason.who));
    }
    if let Some(after) = &document.after {
        let new = if document.before.is_none() { " (new)" } else { "" };
        out += &screen.line(&format!("{}{new}, as {}", name(&document.document), document.file));
        // A new document is its own difference.
        if document.before.is_some() {
            out += &for_reader(&diff(document));
            out += "\n";
        }
        out += &for_reader(&ended(after));
        out += "\n";
    }
    if let Some(line) = by_hand(document) {
        out += &screen.line(&line);
        for statement in &document.statements {
            out += &for_reader(&ended(&serde_json::to_string_pretty(statement).unwrap_or_default()));
        }
    }
    for command in document.commands.iter().filter(|_| document.after.is_some()) {
        let command = crate::render::untrusted::escape(command, screen.options.unicode);
        out += &format!("to apply it, `why403 fix --write .` makes the file, and then: {command}\n");
    }
    out
}

/// What has to be done by hand, and why.
fn by_hand(document: &Repaired) -> Option<String> {
    if document.statements.is_empty() {
        return None;
    }
    let it = name(&document.document);
    Some(match document.after {
        None => {
            format!("{it} could not be read: this is the statement to add to what it says now, not the whole of it")
        }
        Some(_) => format!("{it} needs one statement more, which touches the same lines:"),
    })
}

/// The whole document, ready to be read from a file; of one that could not be read, the statements.
fn print_document(document: &Repaired) {
    match &document.after {
        Some(after) => direct::print(&for_reader(&ended(after))),
        None => document
            .statements
            .iter()
            .filter_map(|statement| serde_json::to_string_pretty(statement).ok())
            .for_each(|text| direct::print(&for_reader(&ended(&text)))),
    }
}

fn diff(document: &Repaired) -> String {
    document
        .after
        .as_ref()
        .map_or_else(String::new, |after| diff::unified(document.before.as_deref(), after, &document.file))
}

fn name(target: &EditTarget) -> String {
    document_title(target)
}

fn ended(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// A document byte for byte, unless a terminal shows it: strangers may have written parts of it.
fn for_reader(text: &str) -> String {
    if std::io::stdout().is_terminal() { harmless(text) } else { text.to_owned() }
}

/// The same JSON with everything unseen spelt out; its own line breaks and tabs stay.
fn harmless(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split('\t').map(crate::render::untrusted::json).collect::<Vec<_>>().join("\t")
}

fn visible(text: &str) -> String {
    crate::render::untrusted::visible(text, false).into_owned()
}

/// Writes every document that is whole; nothing at all where a file would be lost.
fn write(documents: &[Repaired], directory: &Path, force: bool) -> anyhow::Result<()> {
    let whole: Vec<(&Repaired, &String, PathBuf)> = documents
        .iter()
        .filter_map(|document| Some((document, document.after.as_ref()?, directory.join(&document.file))))
        .collect();
    for (at, (document, _, path)) in whole.iter().enumerate() {
        if !documents::is_file_name(&document.file) {
            bail!("`{}` is no name for a file", visible(&document.file));
        }
        if whole[..at].iter().any(|(_, _, other)| other == path) {
            bail!("two documents are called {}; `--format documents` prints them", direct::harmless(path));
        }
        if !force && path.symlink_metadata().is_ok() {
            bail!("{} is there already; `--force` replaces it", direct::harmless(path));
        }
    }
    std::fs::create_dir_all(directory).with_context(|| format!("{} could not be made", direct::harmless(directory)))?;
    for (document, after, path) in &whole {
        store(path, &ended(after), force)
            .with_context(|| format!("{} could not be written", direct::harmless(path)))?;
        direct::print(&format!("wrote {}\n", direct::harmless(path)));
        for command in &document.commands {
            direct::print(&format!(
                "to apply it, in that directory: {}\n",
                crate::render::untrusted::escape(command, false)
            ));
        }
    }
    for document in documents {
        if let Some(line) = by_hand(document) {
            direct::print(&format!("{}\n", visible(&line)));
            for statement in &document.statements {
                direct::print(&for_reader(&ended(&serde_json::to_string_pretty(statement)?)));
            }
        }
    }
    Ok(())
}

/// Never through a link, which might lead anywhere.
fn store(path: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default());
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path)?.write_all(text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_shows_is_the_same_json() {
        let text = "{\r\n\t\"a\u{202e}\": \"\u{7f}\"\r}\n";
        let shown = harmless(text);
        assert_eq!(shown, "{\n\t\"a\\u202e\": \"\\u007f\"\n}\n");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(text));
    }
}
