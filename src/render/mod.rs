//! How a report looks: one file per output format, each a pure function from the report to text.
//!
//! `outline` decides what is said and in which order; a format decides how it looks. What strangers wrote is made
//! harmless by [`untrusted`], once, where a format writes it down. Nothing here judges a cause, asks the
//! environment, or prints: the caller says what the terminal can do, puts a blank line between AWS's text and
//! this one, and writes it where it belongs.

mod concise;
mod excerpt;
mod fingerprint;
pub mod github;
pub mod gitlab;
mod json;
mod junit;
mod links;
mod markdown;
mod outline;
mod paint;
mod plain;
mod reflow;
mod sarif;
pub mod schema;
mod statement;
mod terminal;
pub mod untrusted;
pub mod words;
mod wrap;

pub use outline::target as document_title;

use crate::diagnosis::Report;
use std::fmt;
use std::str::FromStr;

/// What the reader's side can show, and how much it wants to know.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent abilities of a terminal, each with a switch of its own"
)]
pub struct Options {
    /// The terminal's columns; `None` where there is no terminal.
    pub width: Option<usize>,
    /// Whether the locale is UTF-8; without it, everything is ASCII.
    pub unicode: bool,
    pub color: bool,
    /// Whether the terminal knows OSC 8.
    pub hyperlinks: bool,
    /// Full ARNs, what was ruled out, and what was asked.
    pub verbose: bool,
    /// What a cause means in general, for the formats with a table of rules: the registry's text.
    pub meaning: fn(&str) -> Option<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: None, unicode: true, color: false, hyperlinks: false, verbose: false, meaning: |_| None }
    }
}

/// One way to write a report down.
pub trait ReportFormat: Sync {
    fn format(&self) -> Format;
    /// For `--help`: what it is for, without a full stop.
    fn about(&self) -> &'static str;
    /// The whole text, ending in a line break; empty for a report without failures, where the format allows that.
    fn render(&self, report: &Report, options: &Options) -> String;
}

/// Every format, in the order in which they are listed to people.
pub static FORMATS: &[&dyn ReportFormat] = &[
    &terminal::Terminal,
    &plain::Plain,
    &concise::Concise,
    &json::Json,
    &github::Github,
    &gitlab::Gitlab,
    &markdown::Markdown,
    &sarif::Sarif,
    &junit::Junit,
];

/// The name of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Terminal,
    Plain,
    Concise,
    Json,
    Github,
    Gitlab,
    Markdown,
    Sarif,
    Junit,
}

impl Format {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Plain => "plain",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Markdown => "markdown",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
        }
    }

    #[must_use]
    pub fn render(self, report: &Report, options: &Options) -> String {
        // A test walks the registry: every name has its format.
        FORMATS.iter().find(|format| format.format() == self).map_or_else(String::new, |f| f.render(report, options))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No format has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no format is called `{}`; there are {}", untrusted::visible(.0, false), words::list(&names()))]
pub struct UnknownFormat(pub String);

fn names() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.format().name()).collect()
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        FORMATS
            .iter()
            .map(|format| format.format())
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_and_the_names_are_the_same_list() {
        for format in FORMATS {
            let name = format.format().name();
            assert_eq!(name.parse(), Ok(format.format()));
            assert!(!format.about().is_empty() && !format.about().ends_with('.'), "{name}");
        }
        let distinct: std::collections::BTreeSet<_> = names().into_iter().collect();
        assert_eq!(distinct.len(), FORMATS.len());
        // An enum variant that no format serves would render to nothing.
        let all = [
            Format::Terminal,
            Format::Plain,
            Format::Concise,
            Format::Json,
            Format::Github,
            Format::Gitlab,
            Format::Markdown,
            Format::Sarif,
            Format::Junit,
        ];
        assert!(all.iter().all(|format| distinct.contains(format.name())));
    }

    #[test]
    fn a_wrong_name_is_told_the_right_ones() {
        let error = "xml\u{1b}".parse::<Format>().unwrap_err().to_string();
        assert_eq!(
            error,
            "no format is called `xml\\u{1b}`; there are terminal, plain, concise, json, github, gitlab, markdown, sarif, and junit"
        );
    }
}
