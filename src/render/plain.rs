//! The same content without a picture: one fact per line, for screen readers, for grep, and for logs.
//!
//! Lines are not wrapped: whatever shows them does that better, and a search finds whole facts.

use super::excerpt::Sheet;
use super::outline::{self, Help, Section, Story};
use super::{Format, Options, ReportFormat, statement, untrusted, words};
use crate::diagnosis::{Blocker, Report};

pub struct Plain;
impl ReportFormat for Plain {
    fn format(&self) -> Format {
        Format::Plain
    }

    fn about(&self) -> &'static str {
        "the same without drawing: one fact per line, for screen readers and logs"
    }

    fn render(&self, report: &Report, options: &Options) -> String {
        let mut out = String::new();
        for story in outline::stories(report, options.verbose) {
            for line in story_lines(&story, options) {
                out.push_str(&line);
                out.push('\n');
            }
        }
        let codes = outline::codes(report);
        if !codes.is_empty() {
            out.push_str(&untrusted::visible(&format!("more: why403 explain {}", codes.join(" ")), options.unicode));
            out.push('\n');
        }
        if let Some(what) = outline::makes_what(report) {
            out.push_str(&format!("more: {} {what}\n", outline::MAKES_FILES));
        }
        out
    }
}

/// A failure as lines; other formats put them into their own frames.
pub fn story_lines(story: &Story<'_>, options: &Options) -> Vec<String> {
    let visible = |text: &str| untrusted::visible(text, options.unicode).into_owned();
    let mut lines: Vec<String> = Vec::new();
    lines.extend(story.heading.as_deref().map(|heading| format!("failure {}", visible(heading))));
    if let Some(first) = story.sections.first() {
        lines.push(visible(&title(first.blocker)));
        lines.extend(details(first, options));
    }
    lines.extend(after_first(story, options));
    lines
}

/// What follows the first blocker: the others that must change, and the competing readings.
pub fn after_first(story: &Story<'_>, options: &Options) -> Vec<String> {
    let visible = |text: &str| untrusted::visible(text, options.unicode).into_owned();
    let mut lines = Vec::new();
    for section in story.sections.iter().skip(1) {
        lines.push(visible(&title(section.blocker)));
        lines.extend(details(section, options));
    }
    lines.extend(story.rivals.iter().map(|rival| visible(&title(rival))));
    if story.rivals_left_out > 0 {
        lines.push(format!("and {}", words::and_more(story.rivals_left_out)));
    }
    lines
}

/// What follows a title: the place, the notes, the helps.
pub fn details(section: &Section<'_>, options: &Options) -> Vec<String> {
    let visible = |text: &str| untrusted::visible(text, options.unicode).into_owned();
    let mut lines = Vec::new();
    if let Some(excerpt) = section.excerpt {
        let sheet = Sheet::new(excerpt, options.unicode);
        for spot in sheet.spots() {
            // The parts are visible already.
            let label = if spot.label.is_empty() { String::new() } else { format!(": {}", spot.label) };
            lines.push(format!("at {}, line {}, column {}{label}", sheet.title, spot.line, spot.column));
            lines.push(format!("the text there: {}", spot.quote));
        }
    }
    lines.extend(section.notes.iter().map(|note| visible(&format!("note: {}", note.text))));
    for help in &section.helps {
        lines.push(visible(&format!("help: {}", help.sentence())));
        lines.extend(body(help, options));
    }
    lines
}

fn body(help: &Help<'_>, options: &Options) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &help.edits {
        if !change.lead.is_empty() {
            lines.push(untrusted::visible(&change.lead, options.unicode).into_owned());
        }
        let statement = change.statement.map(statement::one_line);
        lines.extend(statement.map(|text| {
            let text = if options.unicode { text } else { untrusted::json_ascii(&text) };
            format!("statement: {text}")
        }));
    }
    for command in &help.commands {
        lines.extend(command.lines().map(|line| format!("command: {}", untrusted::escape(line, options.unicode))));
    }
    lines
}

/// `likely cause key-not-found-hidden: …`: brackets are read aloud, and say nothing.
fn title(blocker: &Blocker) -> String {
    format!("{} {}: {}", outline::prefix(blocker.certainty), blocker.cause, blocker.summary)
}
