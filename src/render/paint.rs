//! Colour, as decoration: every function gives the same characters with and without it.

use super::untrusted::code_spans;
use anstyle::{AnsiColor, Style};

pub const CAUSE: Style = AnsiColor::BrightRed.on_default().bold();
pub const LIKELY: Style = AnsiColor::Yellow.on_default().bold();
pub const POSSIBLE: Style = AnsiColor::BrightBlue.on_default().bold();
pub const NOTE: Style = Style::new().bold();
pub const HELP: Style = AnsiColor::BrightGreen.on_default().bold();
pub const TITLE: Style = Style::new().bold();
pub const GUTTER: Style = AnsiColor::BrightBlue.on_default().bold();
pub const COMMAND: Style = AnsiColor::Green.on_default();
pub const ASIDE: Style = Style::new().dimmed();
pub const BODY: Style = Style::new();
const LITERAL: anstyle::Color = anstyle::Color::Ansi(AnsiColor::Cyan);

/// Whether to colour, and whether to link.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    pub color: bool,
    pub hyperlinks: bool,
}

impl Paint {
    /// The text in a style.
    #[must_use]
    pub fn text(self, style: Style, text: &str) -> String {
        if !self.color || style.is_plain() || text.is_empty() {
            return text.to_owned();
        }
        format!("{style}{text}{style:#}")
    }

    /// The lines of one paragraph in a style, with what stands in backticks as a literal. A code span may go on
    /// over the end of a line.
    #[must_use]
    pub fn prose(self, style: Style, lines: &[String]) -> Vec<String> {
        if !self.color || lines.is_empty() {
            return lines.to_vec();
        }
        let whole = lines.join("\n");
        let mut painted = String::with_capacity(whole.len() * 2);
        for (part, is_code) in code_spans(&whole) {
            let style = if is_code { style.fg_color(Some(LITERAL)) } else { style };
            // A style is closed before the line's end, so that a gutter drawn after it has its own.
            for (at, piece) in part.split('\n').enumerate() {
                if at > 0 {
                    painted.push('\n');
                }
                painted.push_str(&self.text(style, piece));
            }
        }
        painted.split('\n').map(str::to_owned).collect()
    }

    /// The text as a link (OSC 8). The address is ours: see [`super::links`].
    #[must_use]
    pub fn link(self, url: Option<&str>, text: String) -> String {
        match url {
            Some(url) if self.hyperlinks => format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\"),
            _ => text,
        }
    }
}
