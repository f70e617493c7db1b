//! The registry of variables: the README's table, `--help`, `why403 config` and the man pages are made from it, and tests
//! hold the flags and the config file's keys to it.

/// A variable of ours: what it takes, what it does, and the flag and the config file's key that say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    pub value: &'static str,
    pub about: &'static str,
    /// Its flag, before `aws` and of `why403 exec`.
    pub flag: Option<&'static str>,
    /// Its key in the config file.
    pub key: Option<&'static str>,
}

impl Variable {
    const fn new(name: &'static str, value: &'static str, about: &'static str) -> Self {
        Self { name, value, about, flag: None, key: None }
    }

    /// With a flag, and a key of the flag's name.
    const fn flag(self, flag: &'static str, key: &'static str) -> Self {
        Self { flag: Some(flag), key: Some(key), ..self }
    }
}

/// Every variable that a user may set.
pub const VARIABLES: &[Variable] = &[
    Variable::new("WHY403", "off", "pass every command through, explain nothing"),
    Variable::new("WHY403_EXPLAIN", "auto|always|never", "when to explain on stderr; auto: on a terminal, or in CI")
        .flag("--explain", "explain"),
    Variable::new("WHY403_REPORT", "FILE", "append a report to FILE as one line of JSON").flag("--report", "report"),
    Variable::new("WHY403_TIMEOUT", "SECONDS", "the longest that a diagnosis may take; 3 by default")
        .flag("--timeout", "timeout"),
    Variable::new("WHY403_FORMAT", "FORMAT[=FILE][,...]", "how to explain, and where to").flag("--format", "format"),
    Variable::new("WHY403_PROBE", "on|off", "off: explain from the error's text alone, ask AWS nothing")
        .flag("--no-probe", "probe"),
    Variable::new(
        "WHY403_CACHE",
        "on|off",
        "off: keep no answer for the next diagnosis, use none; on: of any endpoint's",
    )
    .flag("--no-cache", "cache"),
    Variable::new("WHY403_REDACT", "accounts", "replace account ids in all that why403 writes")
        .flag("--redact", "redact"),
    Variable::new(
        "WHY403_IGNORE",
        "KIND:NAME[,...]",
        "explain nothing of a profile:, bucket: or account: (* is any text)",
    )
    .flag("--ignore", "ignore"),
    Variable::new("WHY403_CONFIG", "FILE", "the config file, instead of the one in the user's config directory"),
    Variable::new("WHY403_STATE_DIR", "DIR", "where the last diagnoses are kept, for `why403 last` and `why403 fix`"),
    Variable::new("WHY403_NO_STATE", "1", "keep no diagnosis"),
    Variable::new("WHY403_CACHE_DIR", "DIR", "where the last answers of STS are kept: who the caller is"),
    Variable::new("WHY403_NO_PROGRESS", "1", "no spinner while AWS is asked"),
    Variable::new("WHY403_KEY", "KEYS", "the key that runs `why403 last` in the shell, such as alt-w; none by default"),
];
