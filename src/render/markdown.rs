//! Markdown, for job summaries, issues, and chat.
//!
//! Strangers' text is never markup: between backticks it is a code span, elsewhere it is escaped, and a fence is
//! longer than any run of backticks inside it. Every line begins with something of ours.

use super::excerpt::{Look, Sheet};
use super::outline::{self, Help, Section, Story};
use super::{Format, Options, ReportFormat, statement, untrusted, words};
use crate::diagnosis::{Failure, Report};
use untrusted::markdown as inline;

pub struct Markdown;

/// GitHub refuses a summary of more than 1 MiB.
const LONGEST: usize = 900_000;

/// The columns of drawn excerpts; a block that is wider scrolls.
const DRAWN: usize = 120;

/// The columns of statements.
const WIDTH: usize = 100;

impl ReportFormat for Markdown {
    fn format(&self) -> Format {
        Format::Markdown
    }

    fn about(&self) -> &'static str {
        "Markdown for job summaries, issues, and chat"
    }

    fn render(&self, report: &Report, options: &Options) -> String {
        let stories = outline::stories(report, options.verbose);
        let mut out = String::new();
        if stories.len() > 1 {
            out.push_str(&table(&stories));
        }
        for (at, story) in stories.iter().enumerate() {
            let text = self::story(story, options);
            if out.len() + text.len() > LONGEST {
                let left = format!("and {}\n", words::and_more(stories.len() - at));
                out.push_str(&left);
                break;
            }
            out.push_str(&text);
        }
        let codes = outline::codes(report);
        if !codes.is_empty() {
            out.push_str(&inline(&format!("More: `why403 explain {}`", codes.join(" "))));
            out.push('\n');
        }
        out
    }
}

/// One row for each failure, where there are several.
fn table(stories: &[Story<'_>]) -> String {
    let mut out = "| Refused | Times | Cause |\n|---|--:|---|\n".to_owned();
    for story in stories.iter().take(1000) {
        let cause = story.sections.first().map(|section| section.blocker);
        let cause = cause.map(|blocker| format!("{} `{}`", outline::prefix(blocker.certainty), blocker.cause));
        let row = [refused(story.failure), words::number(story.failure.count), cause.unwrap_or_default()];
        let row = row.map(|cell| untrusted::markdown_cell(&cell)).join(" | ");
        out.push_str(&["| ", &row, " |\n"].concat());
    }
    out.push('\n');
    out
}

/// ``  `s3:GetObject` on `s3://bucket/key` ``.
fn refused(failure: &Failure) -> String {
    match outline::request(failure) {
        Some(request) => match request.split_once(" on ") {
            Some((what, target)) => format!("`{what}` on `{target}`"),
            None => format!("`{request}`"),
        },
        None => format!("`{}`", failure.line.trim()),
    }
}

fn story(story: &Story<'_>, options: &Options) -> String {
    let mut blocks = vec![format!("### 403: {}", inline(&refused(story.failure)))];
    for section in &story.sections {
        blocks.extend(self::section(section, options));
    }
    if !story.rivals.is_empty() {
        let mut rivals: Vec<String> = story
            .rivals
            .iter()
            .map(|rival| {
                let text = format!("{} `{}`: {}", outline::prefix(rival.certainty), rival.cause, rival.summary);
                format!("- {}", inline(&text))
            })
            .collect();
        if story.rivals_left_out > 0 {
            rivals.push(format!("- and {}", words::and_more(story.rivals_left_out)));
        }
        blocks.push(rivals.join("\n"));
    }
    blocks.join("\n\n") + "\n\n"
}

fn section(section: &Section<'_>, options: &Options) -> Vec<String> {
    let blocker = section.blocker;
    let title = format!("`{}`: {}", blocker.cause, blocker.summary);
    let mut blocks = vec![format!("**{}** {}", outline::prefix(blocker.certainty), inline(&title))];
    let mut notes = Vec::new();
    if let Some(excerpt) = section.excerpt {
        let look = Look { width: DRAWN, unicode: false, color: false, certainty: blocker.certainty };
        let drawing = Sheet::new(excerpt, true).draw(&look);
        blocks.push(fenced("text", &drawing.lines.join("\n")));
        // Labels come back visible; escaping again changes nothing in them.
        notes.extend(drawing.loose_labels);
    }
    notes.extend(section.notes.iter().map(|note| note.text.clone()));
    if !notes.is_empty() {
        blocks.push(notes.iter().map(|note| format!("- {}", inline(note))).collect::<Vec<_>>().join("\n"));
    }
    for (at, help) in section.helps.iter().enumerate() {
        blocks.extend(self::help(help, at == 0, options));
    }
    blocks
}

fn help(help: &Help<'_>, is_first: bool, options: &Options) -> Vec<String> {
    let label = if is_first { "**Fix:** " } else { "" };
    let mut blocks = vec![format!("{label}{}", inline(&help.sentence()))];
    for change in &help.edits {
        if !change.lead.is_empty() {
            blocks.push(inline(&change.lead));
        }
        if let Some(statement) = change.statement {
            blocks.push(fenced("json", &statement::lines(statement, WIDTH).join("\n")));
        }
    }
    if !help.commands.is_empty() {
        let lines = help.commands.iter().flat_map(|command| command.lines());
        let lines: Vec<_> = lines.map(|line| untrusted::escape(line, options.unicode)).collect();
        blocks.push(fenced("sh", &lines.join("\n")));
    }
    blocks
}

fn fenced(language: &str, text: &str) -> String {
    let fence = untrusted::markdown_fence(text);
    format!("{fence}{language}\n{text}\n{fence}")
}
