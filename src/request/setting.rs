//! A value together with where it came from: what shadows what is half of most credential puzzles.

use std::path::PathBuf;

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Setting<T> {
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

/// Where a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command: `--profile`.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A key of a section of the config or credentials file, on a line that counts from one.
    File { path: PathBuf, section: String, key: String, line: usize },
    /// Nobody said; the CLI's default.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(name),
            Self::File { path, section, key, line } => write!(f, "{key} of [{section}] ({}:{line})", path.display()),
            Self::Default => f.write_str("the default"),
        }
    }
}
