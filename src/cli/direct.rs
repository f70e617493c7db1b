//! What the subcommands for direct use share: how a report looks on standard output, and our own lines on standard
//! error.

use crate::diagnosis::Report;
use crate::output;
use crate::render::{Format, Options, untrusted};
use crate::world::World;
use std::io::{IsTerminal, Write};
use std::path::Path;

/// Standard output, and the format that suits it.
pub struct Screen {
    pub format: Format,
    pub options: Options,
}

impl Screen {
    pub fn new(format: Option<Format>, verbose: bool) -> Self {
        let world = World::real();
        let is_terminal = std::io::stdout().is_terminal();
        let format = format.unwrap_or(if is_terminal { Format::Terminal } else { Format::Plain });
        let width = is_terminal
            .then(|| rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok())
            .flatten()
            .map(|size| usize::from(size.ws_col))
            .filter(|columns| *columns > 0);
        let forced = world.var("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let wanted = forced || (is_terminal && world.var("TERM").is_some_and(|term| term != "dumb"));
        let color = wanted && world.var("NO_COLOR").is_none();
        let options = Options {
            width,
            unicode: world.stderr.unicode,
            color,
            hyperlinks: color && world.can_link(supports_hyperlinks::Stream::Stdout),
            verbose,
            ..output::plain_options()
        };
        Self { format, options }
    }

    /// Whether a person reads it, and not a program.
    pub fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Terminal | Format::Plain | Format::Concise)
    }

    /// The report, ending in a line break unless it is empty.
    pub fn render(&self, report: &Report) -> String {
        let mut text = self.format.render(report, &self.options);
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// One line of ours, of text that strangers may have written.
    pub fn line(&self, text: &str) -> String {
        untrusted::visible(text, self.options.unicode).into_owned() + "\n"
    }

    /// A line that heads others.
    pub fn heading(&self, text: &str) -> String {
        let bold = anstyle::Style::new().bold();
        let line = untrusted::visible(text, self.options.unicode);
        if self.options.color { format!("{bold}{line}{bold:#}\n") } else { format!("{line}\n") }
    }
}

/// Writes to stdout. A reader that went away is no error of ours.
pub fn print(text: &str) {
    drop(std::io::stdout().write_all(text.as_bytes()));
}

/// Says one line of our own on stderr.
pub fn say(line: &str) {
    drop(std::io::stderr().write_all(format!("why403: {line}\n").as_bytes()));
}

pub fn harmless(path: &Path) -> String {
    untrusted::visible(&path.to_string_lossy(), false).into_owned()
}
