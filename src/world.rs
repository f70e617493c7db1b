//! The only door to the environment, the clock and the terminal. Tests build a [`World`] by hand.
//!
//! A [`World`] is read once, when there is something to explain. The wrapper's pass-through path must not pay for that:
//! it asks [`Process`] for the few things that it needs, one at a time, through [`Surroundings`].

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::SystemTime;
use supports_hyperlinks::Stream;

/// What surrounds one run: everything that is not an argument and not an answer from AWS.
#[derive(Clone, Debug)]
pub struct World {
    /// The environment variables, as the process got them.
    pub env: BTreeMap<OsString, OsString>,
    /// Where `~` points, if anywhere (cron and some containers have none).
    pub home: Option<PathBuf>,
    /// What standard error is connected to.
    pub stderr: Screen,
    /// The wall clock; a function so that a test can set it.
    pub now: fn() -> SystemTime,
}

/// What a stream is connected to, as far as drawing on it is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    pub is_terminal: bool,
    /// Columns, if the stream is a terminal that tells.
    pub width: Option<usize>,
    /// Whether the locale can show more than ASCII.
    pub unicode: bool,
    /// Whether colour is wanted (`NO_COLOR`, `CLICOLOR_FORCE`, a dumb terminal).
    pub color: bool,
    /// Whether the terminal makes links of OSC 8 out of text.
    pub hyperlinks: bool,
}

/// The little that is asked before anybody knows whether there will be something to explain.
pub trait Surroundings {
    /// A variable's value, if it is set and not empty.
    fn variable(&self, name: &str) -> Option<OsString>;

    fn stderr_is_terminal(&self) -> bool;
}

/// Whether a variable's value says no.
#[must_use]
pub fn is_no(value: &OsStr) -> bool {
    ["0", "off", "false", "no"].iter().any(|no| value.eq_ignore_ascii_case(no))
}

/// This process, asked directly: nothing is copied that nobody asked for.
#[derive(Clone, Copy, Debug)]
pub struct Process;

impl Surroundings for Process {
    #[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }

    fn stderr_is_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }
}

impl Surroundings for World {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.env.get(OsStr::new(name)).filter(|value| !value.is_empty()).cloned()
    }

    fn stderr_is_terminal(&self) -> bool {
        self.stderr.is_terminal
    }
}

impl World {
    /// The real one.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the door to the environment and the clock")]
    pub fn real() -> Self {
        let env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        let home = env.get(OsStr::new("HOME")).filter(|home| !home.is_empty()).map(PathBuf::from);
        let mut world = Self {
            env,
            home,
            stderr: Screen { is_terminal: std::io::stderr().is_terminal(), ..Screen::default() },
            now: SystemTime::now,
        };
        world.stderr = world.screen();
        world
    }

    /// A variable's value, if it is set, not empty, and UTF-8.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env.get(OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    }

    fn screen(&self) -> Screen {
        let is_terminal = self.stderr.is_terminal;
        let width = is_terminal
            .then(|| rustix::termios::tcgetwinsize(rustix::stdio::stderr()).ok())
            .flatten()
            .map(|size| usize::from(size.ws_col))
            .filter(|columns| *columns > 0);
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| self.var(name))
            .unwrap_or_default()
            .to_ascii_lowercase();
        let forced = self.var("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let color = self.var("NO_COLOR").is_none()
            && (forced || (is_terminal && self.var("TERM").is_some_and(|term| term != "dumb")));
        let unicode = locale.contains("utf-8") || locale.contains("utf8");
        let hyperlinks = color && self.can_link(Stream::Stderr);
        Screen { is_terminal, width, unicode, color, hyperlinks }
    }

    /// Whether that stream is a terminal that makes links out of text. The log of a CI system shows the sequences.
    #[must_use]
    pub fn can_link(&self, stream: Stream) -> bool {
        supports_hyperlinks::on(stream) && !crate::ci::is_ci(self)
    }
}
