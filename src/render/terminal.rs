//! The screen: what a person reads under the error.
//!
//! annotate-snippets draws the excerpt; titles, notes, and helps are laid out here, because it does not wrap text.

use super::excerpt::{Look, Sheet};
use super::outline::{self, Help, Note, Section, Story};
use super::paint::{self, Paint};
use super::wrap::wrap;
use super::{Format, Options, ReportFormat, links, statement, untrusted, words};
use crate::diagnosis::{Blocker, Report};
use unicode_width::UnicodeWidthStr as _;

pub struct Terminal;

/// Prose wider than this tires the eye, however wide the terminal is.
const WIDEST: usize = 100;

/// Below this, wrapping leaves a column of single words.
const NARROWEST: usize = 24;

/// The columns of an excerpt where the terminal's are not known.
const DRAWN: usize = 120;

/// What is indented under a help stands below its text.
const UNDER_HELP: &str = "      ";

/// At most this many lines of one statement.
const MOST_STATEMENT_LINES: usize = 40;

impl ReportFormat for Terminal {
    fn format(&self) -> Format {
        Format::Terminal
    }

    fn about(&self) -> &'static str {
        "for a person at a terminal: the policy with the statement underlined, the facts, the fix"
    }

    fn render(&self, report: &Report, options: &Options) -> String {
        let mut screen = Screen::new(options);
        for (at, story) in outline::stories(report, options.verbose).iter().enumerate() {
            if at > 0 {
                screen.line("");
            }
            screen.story(story);
        }
        screen.more(&outline::codes(report), outline::makes_what(report));
        screen.out
    }
}

struct Screen<'a> {
    options: &'a Options,
    paint: Paint,
    width: usize,
    out: String,
}

impl<'a> Screen<'a> {
    fn new(options: &'a Options) -> Self {
        Self {
            options,
            paint: Paint { color: options.color, hyperlinks: options.hyperlinks },
            width: options.width.unwrap_or(WIDEST).clamp(NARROWEST, WIDEST),
            out: String::new(),
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn visible<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        untrusted::visible(text, self.options.unicode)
    }

    fn story(&mut self, story: &Story<'_>) {
        if let Some(heading) = &story.heading {
            let heading = self.visible(heading);
            for line in self.paint.prose(paint::ASIDE, &wrap(&heading, self.width, self.width - 4)) {
                self.line(&line);
            }
        }
        for (at, section) in story.sections.iter().enumerate() {
            if at > 0 {
                self.line("");
            }
            self.section(section, story);
        }
        if !story.rivals.is_empty() {
            self.line("");
        }
        for rival in &story.rivals {
            self.title(rival);
        }
        if story.rivals_left_out > 0 {
            self.line(&format!("and {}", words::and_more(story.rivals_left_out)));
        }
    }

    fn section(&mut self, section: &Section<'_>, story: &Story<'_>) {
        let blocker = section.blocker;
        self.title(blocker);
        let look = Look {
            // A picture is read as a whole: it may use all of a terminal, where prose may not.
            width: self.options.width.unwrap_or(DRAWN).max(NARROWEST),
            unicode: self.options.unicode,
            color: self.options.color,
            certainty: blocker.certainty,
        };
        let mut notes: Vec<(String, bool)> = Vec::new();
        let mut gutter = 0;
        if let Some(excerpt) = section.excerpt {
            let sheet = Sheet::new(excerpt, self.options.unicode);
            let drawing = sheet.draw(&look);
            gutter = drawing.gutter;
            notes.extend(drawing.loose_labels.into_iter().map(|label| (label, false)));
            let followed = !(notes.is_empty() && section.notes.is_empty());
            // The console is AWS's own; a command that was pointed elsewhere has none.
            let link = story
                .failure
                .request
                .endpoint
                .is_none()
                .then(|| blocker.place.as_ref().and_then(links::document))
                .flatten();
            self.drawing(&drawing.lines, followed, gutter, (&sheet.title, link.as_deref()));
        }
        notes.extend(section.notes.iter().map(|Note { text, aside }| (self.visible(text).into_owned(), *aside)));
        self.notes(&notes, gutter);
        for help in &section.helps {
            self.help(help);
        }
    }

    /// `likely cause[code]: title`.
    fn title(&mut self, blocker: &Blocker) {
        let word = outline::prefix(blocker.certainty);
        let code = self.visible(&blocker.cause).into_owned();
        let summary = self.visible(&blocker.summary).into_owned();
        let used = word.len() + code.width() + 4;
        // The prefix does not count as prose: a title of one line stays on it where the terminal has the room.
        let room = self.options.width.unwrap_or(used + WIDEST).clamp(NARROWEST, used + WIDEST);
        let lines = wrap(&summary, room.saturating_sub(used), room - 4);
        let look = Look { width: 0, unicode: false, color: false, certainty: blocker.certainty };
        let url = links::cause(&blocker.cause);
        let tag = self.paint.text(look.level(), &format!("{word}[{code}]"));
        let tag = self.paint.link(url.as_deref(), tag);
        for (at, line) in self.paint.prose(paint::TITLE, &lines).iter().enumerate() {
            let before =
                if at == 0 { format!("{tag}{} ", self.paint.text(paint::TITLE, ":")) } else { "    ".to_owned() };
            self.line(format!("{before}{line}").trim_end());
        }
    }

    /// The excerpt. What is drawn closes itself; where notes follow, the gutter runs on to them.
    fn drawing(&mut self, lines: &[String], followed: bool, gutter: usize, (title, link): (&str, Option<&str>)) {
        for (at, drawn) in lines.iter().enumerate() {
            let is_last = at + 1 == lines.len();
            let finished = match (at, link) {
                (0, Some(url)) if self.options.hyperlinks && !title.is_empty() => {
                    drawn.replacen(title, &self.paint.link(Some(url), title.to_owned()), 1)
                }
                _ if is_last && followed => drawn.replacen("╰╴", "│ ", 1),
                _ => drawn.clone(),
            };
            self.line(finished.trim_end());
        }
        if followed {
            let bar = if self.options.unicode { "│" } else { "|" };
            let bar = self.paint.text(paint::GUTTER, bar);
            self.line(&format!("{} {bar}", " ".repeat(gutter)));
        }
    }

    /// ` = note: …`, one after another, below the line numbers.
    fn notes(&mut self, notes: &[(String, bool)], gutter: usize) {
        let indent = " ".repeat(gutter + 1);
        for (at, (text, aside)) in notes.iter().enumerate() {
            let is_last = at + 1 == notes.len();
            let (mark, bar) = match (self.options.unicode, is_last) {
                (false, _) => ("=", " "),
                (true, false) => ("├", "│"),
                (true, true) => ("╰", " "),
            };
            let (label, style) = if *aside { (paint::ASIDE, paint::ASIDE) } else { (paint::NOTE, paint::BODY) };
            let room = self.width.saturating_sub(gutter + 9).max(NARROWEST / 2);
            let lines = self.paint.prose(style, &wrap(text, room, room));
            for (at, line) in lines.iter().enumerate() {
                let line = if at == 0 {
                    format!(
                        "{indent}{} {} {line}",
                        self.paint.text(paint::GUTTER, mark),
                        self.paint.text(label, "note:")
                    )
                } else {
                    format!("{indent}{}       {line}", self.paint.text(paint::GUTTER, bar))
                };
                self.line(line.trim_end());
            }
        }
    }

    fn help(&mut self, help: &Help<'_>) {
        let colon = if help.has_body() { ":" } else { "" };
        let room = self.width - UNDER_HELP.len();
        let whole = format!("{}{colon}", self.visible(&help.sentence()));
        let mut lines = wrap(&whole, room, room);
        if lines.len() > 1 && !help.terms.is_empty() {
            // Who and what it changes stand together, on a line that the eye finds.
            lines = wrap(&self.visible(&help.text), room, room);
            lines.extend(wrap(&format!("{}{colon}", self.visible(&help.terms())), room, room));
        }
        for (at, line) in self.paint.prose(paint::BODY, &lines).iter().enumerate() {
            let before =
                if at == 0 { format!("{} ", self.paint.text(paint::HELP, "help:")) } else { UNDER_HELP.to_owned() };
            self.line(format!("{before}{line}").trim_end());
        }
        for change in &help.edits {
            for line in self.paint.prose(paint::BODY, &lead_lines(&self.visible(&change.lead), room)) {
                self.line(&format!("{UNDER_HELP}{line}"));
            }
            self.statement(change.statement, room);
        }
        for command in &help.commands {
            // A command is pasted: never wrapped, never cut.
            for line in command.lines() {
                let line = untrusted::escape(line, self.options.unicode);
                self.line(&format!("{UNDER_HELP}{}", self.paint.text(paint::COMMAND, &line)));
            }
        }
    }

    fn statement(&mut self, statement: Option<&serde_json::Value>, room: usize) {
        let Some(statement) = statement else { return };
        let lines = statement::lines(statement, room);
        for line in lines.iter().take(MOST_STATEMENT_LINES) {
            // Outside UTF-8, JSON's own escapes: it still works when pasted.
            let line = if self.options.unicode { line.clone() } else { untrusted::json_ascii(line) };
            self.line(&format!("{UNDER_HELP}{line}"));
        }
        if lines.len() > MOST_STATEMENT_LINES {
            let left = words::count((lines.len() - MOST_STATEMENT_LINES) as u64, "more line");
            self.line(&format!("{UNDER_HELP}... ({left}; the JSON report has the whole statement)"));
        }
    }

    /// The footer: where the causes shown are explained at length, and what makes the files that commands name.
    fn more(&mut self, codes: &[&str], makes_what: Option<&str>) {
        if codes.is_empty() {
            return;
        }
        let command = format!("why403 explain {}", codes.join(" "));
        let command = self.visible(&command).into_owned();
        let line = format!("{} {}", self.paint.text(paint::ASIDE, "more:"), self.paint.text(paint::COMMAND, &command));
        self.line(&line);
        if let Some(what) = makes_what {
            let command = self.paint.text(paint::COMMAND, outline::MAKES_FILES);
            let what = self.paint.text(paint::ASIDE, &format!("({what})"));
            self.line(&format!("{UNDER_HELP}{command}  {what}"));
        }
    }
}

fn lead_lines(lead: &str, room: usize) -> Vec<String> {
    if lead.is_empty() { Vec::new() } else { wrap(lead, room, room) }
}
