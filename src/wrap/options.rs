//! Our own options, before the word `aws`, and the variables that say the same. Pure.
//!
//! Parsed by hand: this stands in front of every `aws` command, and an argument parser's set-up would cost more than all
//! the rest. Everything else that we understand on a command line is [`crate::cli`]'s.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::harmless;
use crate::fault::{self, Stage};
use crate::ignore::{self, Ignore};
use crate::render::{Format, words};
use crate::world::{Surroundings, is_no};

pub(super) const USAGE: &str = "why403 [--explain auto|always|never] [--report FILE] [--timeout SECONDS] \
     [--format FORMAT[=FILE]]... [--no-probe] [--no-cache] [--redact accounts] [--ignore KIND:NAME]... aws ARGS...";

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);

/// Longer than anybody waits at a prompt; a bound, so that a typing error cannot hang a CI job for a day.
const LONGEST_TIMEOUT: Duration = Duration::from_mins(10);

/// How one run is to be watched and explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub explain: Explain,
    /// Whether the diagnosis goes to stderr: `explain`, decided for this run.
    pub show: bool,
    pub report: Option<PathBuf>,
    pub formats: Vec<Output>,
    pub timeout: Duration,
    /// Whether AWS may be asked anything; `false` explains from the error's text alone.
    pub probe: bool,
    /// Whether an answer of an earlier diagnosis may stand for a question.
    pub cache: bool,
    pub redact: Vec<Redact>,
    /// What is not to be explained.
    pub ignore: Vec<Ignore>,
    /// The directory of the `why403 exec` that this run is part of.
    pub run: Option<PathBuf>,
    /// Who said what, so that a config file can speak where nobody has.
    pub sources: Sources,
    /// What was wrong with the variables that are ignored, one line each: they must never cost the command.
    pub ignored: Vec<String>,
}

impl Options {
    /// What the variables say, for a subcommand of ours.
    #[must_use]
    pub fn of_variables(world: &dyn Surroundings) -> Self {
        Flags::default().over_variables(world)
    }

    /// Whether anything that is written can point at a line of a script.
    pub(super) fn may_point(&self, world: &dyn Surroundings) -> bool {
        let points = [Format::Github, Format::Gitlab, Format::Sarif, Format::Junit, Format::Json];
        self.writes_files()
            || self.formats.iter().any(|output| points.contains(&output.format))
            || (self.show && crate::ci::is_ci(world))
    }

    /// Whether something is to be written besides stderr.
    #[must_use]
    pub fn writes_files(&self) -> bool {
        self.report.is_some() || self.run.is_some() || self.formats.iter().any(|format| format.file.is_some())
    }
}

/// Who said something, the weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    #[default]
    Default,
    Config,
    Variable,
    Flag,
}

/// [`Source`] of each option that a config file can set too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub explain: Source,
    pub report: Source,
    pub format: Source,
    pub timeout: Source,
    pub probe: Source,
    pub cache: Source,
    pub redact: Source,
    pub ignore: Source,
}

/// What a report is not to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redact {
    /// Account ids.
    Accounts,
}

/// When to explain on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Explain {
    /// Where a person or a CI log will read it.
    #[default]
    Auto,
    Always,
    Never,
}

/// One `--format`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    /// Where to, if not to stderr.
    pub file: Option<PathBuf>,
}

/// What was said on the command line; `None` is not said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Flags {
    explain: Option<Explain>,
    report: Option<PathBuf>,
    formats: Vec<Output>,
    timeout: Option<Duration>,
    no_probe: bool,
    no_cache: bool,
    redact: Vec<Redact>,
    ignore: Vec<Ignore>,
}

/// A command line, sorted.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed<'a> {
    /// `aws` is asked for, with these arguments.
    Aws {
        flags: Flags,
        args: &'a [OsString],
    },
    NotAws,
    Wrong(UsageError),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    #[error("unknown option `{0}` before `aws`")]
    UnknownOption(String),
    #[error("`{option}` needs a value: {wanted}")]
    NoValue { option: &'static str, wanted: String },
    #[error("`{option}` takes {wanted}")]
    BadValue { option: &'static str, wanted: String },
    #[error("`{0}` takes no value")]
    UnwantedValue(&'static str),
}

/// Sorts a whole argv, the program's name included.
pub(super) fn parse(line: &[OsString]) -> Parsed<'_> {
    fault::point(Stage::Options);
    let Some((program, args)) = line.split_first() else { return Parsed::NotAws };
    // A symlink or a copy of ours that stands on PATH as `aws`: everything is for the real one.
    if is_aws(program) {
        return Parsed::Aws { flags: Flags::default(), args };
    }
    let mut flags = Flags::default();
    let mut rest = args;
    while let Some((arg, after)) = rest.split_first() {
        if arg == "aws" {
            return Parsed::Aws { flags, args: after };
        }
        if arg == "--" {
            return match after.split_first() {
                Some((word, args)) if word == "aws" => Parsed::Aws { flags, args },
                _ => Parsed::NotAws,
            };
        }
        if !arg.as_bytes().starts_with(b"-") || ["-h", "--help", "-V", "--version"].iter().any(|ours| arg == ours) {
            return Parsed::NotAws;
        }
        rest = match flags.take(arg, after) {
            Ok(rest) => rest,
            // Only a mistake in front of `aws` is ours to judge; the subcommands have options of their own.
            Err(_) if !leads_to_aws(after) => return Parsed::NotAws,
            Err(error) => return Parsed::Wrong(error),
        };
    }
    Parsed::NotAws
}

fn is_aws(program: &OsStr) -> bool {
    Path::new(program).file_name() == Some(OsStr::new("aws"))
}

/// What is for `aws`, for when [`parse`] broke: all behind the first such word, where no subcommand of ours stands first.
pub(super) fn behind_aws(line: &[OsString]) -> Option<&[OsString]> {
    let (program, args) = line.split_first()?;
    if is_aws(program) {
        return Some(args);
    }
    let first = args.first()?;
    let at = args.iter().position(|word| word == "aws")?;
    (at == 0 || first.as_bytes().starts_with(b"-")).then(|| &args[at + 1..])
}

/// Whether the first word that is not an option is `aws`. After a mistake nobody can tell which words are values, so the
/// very next one may be.
fn leads_to_aws(rest: &[OsString]) -> bool {
    let mut words = rest.iter().filter(|arg| !arg.as_bytes().starts_with(b"-")).take(2);
    words.any(|word| word == "aws")
}

impl Flags {
    /// Takes one option, and its value where that is the next argument; returns what is left.
    fn take<'a>(&mut self, arg: &OsStr, after: &'a [OsString]) -> Result<&'a [OsString], UsageError> {
        let bytes = arg.as_bytes();
        let (name, inline) = match bytes.iter().position(|byte| *byte == b'=') {
            Some(at) => (&bytes[..at], Some(OsStr::from_bytes(&bytes[at + 1..]))),
            None => (bytes, None),
        };
        let value = |option, wanted: &str| match (inline, after.split_first()) {
            (Some(value), _) => Ok((value, after)),
            (None, Some((value, rest))) => Ok((value.as_os_str(), rest)),
            (None, None) => Err(UsageError::NoValue { option, wanted: wanted.to_owned() }),
        };
        let bad = |option, wanted: &str| UsageError::BadValue { option, wanted: wanted.to_owned() };
        match name {
            b"--explain" => {
                let (value, rest) = value("--explain", EXPLAIN_VALUES)?;
                self.explain = Some(explain(value).ok_or_else(|| bad("--explain", EXPLAIN_VALUES))?);
                Ok(rest)
            }
            b"--report" => {
                let (value, rest) = value("--report", "a file")?;
                if value.is_empty() {
                    return Err(UsageError::NoValue { option: "--report", wanted: "a file".to_owned() });
                }
                self.report = Some(PathBuf::from(value));
                Ok(rest)
            }
            b"--timeout" => {
                let (value, rest) = value("--timeout", TIMEOUT_VALUES)?;
                self.timeout = Some(timeout(value).ok_or_else(|| bad("--timeout", TIMEOUT_VALUES))?);
                Ok(rest)
            }
            b"--format" => {
                let wanted = format_values();
                let (value, rest) = value("--format", &wanted)?;
                self.formats.push(format(value).ok_or_else(|| bad("--format", &wanted))?);
                Ok(rest)
            }
            b"--redact" => {
                let (value, rest) = value("--redact", REDACT_VALUES)?;
                self.redact = redact(value).ok_or_else(|| bad("--redact", REDACT_VALUES))?;
                Ok(rest)
            }
            b"--ignore" => {
                let (value, rest) = value("--ignore", ignore::VALUES)?;
                self.ignore.extend(ignore(value).ok_or_else(|| bad("--ignore", ignore::VALUES))?);
                Ok(rest)
            }
            b"--no-probe" if inline.is_some() => Err(UsageError::UnwantedValue("--no-probe")),
            b"--no-probe" => {
                self.no_probe = true;
                Ok(after)
            }
            b"--no-cache" if inline.is_some() => Err(UsageError::UnwantedValue("--no-cache")),
            b"--no-cache" => {
                self.no_cache = true;
                Ok(after)
            }
            _ => Err(UsageError::UnknownOption(harmless(OsStr::from_bytes(name)))),
        }
    }

    /// The options of a subcommand of ours that runs `aws` further down, as words.
    pub(super) fn read(words: &[OsString]) -> Result<Self, UsageError> {
        fault::point(Stage::Options);
        let mut flags = Self::default();
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = flags.take(word, after)?;
        }
        Ok(flags)
    }

    /// What was said on the command line, then what the variables say, then the defaults.
    pub(super) fn over_variables(self, world: &dyn Surroundings) -> Options {
        let mut variables = Variables { world, ignored: Vec::new() };
        let (explain, said_explain) =
            variables.under(self.explain, "WHY403_EXPLAIN", EXPLAIN_VALUES, explain).unwrap_or_default();
        let (timeout, said_timeout) = variables
            .under(self.timeout, "WHY403_TIMEOUT", TIMEOUT_VALUES, timeout)
            .unwrap_or((DEFAULT_TIMEOUT, Source::Default));
        let (report, said_report) = variables
            .under(self.report, "WHY403_REPORT", "a file", |value| Some(PathBuf::from(value)))
            .map_or((None, Source::Default), |(report, source)| (Some(report), source));
        let some = |list: Vec<Output>| (!list.is_empty()).then_some(list);
        let (formats, said_format) =
            variables.under(some(self.formats), "WHY403_FORMAT", &format_values(), formats).unwrap_or_default();
        let (probe, said_probe) = variables
            .under(self.no_probe.then_some(false), "WHY403_PROBE", SWITCH_VALUES, switch)
            .unwrap_or((true, Source::Default));
        let (cache, said_cache) = variables
            .under(self.no_cache.then_some(false), "WHY403_CACHE", SWITCH_VALUES, switch)
            .unwrap_or((true, Source::Default));
        let redacted = (!self.redact.is_empty()).then_some(self.redact);
        let (redact, said_redact) =
            variables.under(redacted, "WHY403_REDACT", REDACT_VALUES, redact).unwrap_or_default();
        let rules = (!self.ignore.is_empty()).then_some(self.ignore);
        let (ignore, said_ignore) = variables.under(rules, "WHY403_IGNORE", ignore::VALUES, ignore).unwrap_or_default();
        Options {
            explain,
            show: false,
            report,
            formats,
            timeout,
            probe,
            cache,
            redact,
            ignore,
            run: world.variable(super::RUN).map(PathBuf::from),
            sources: Sources {
                explain: said_explain,
                report: said_report,
                format: said_format,
                timeout: said_timeout,
                probe: said_probe,
                cache: said_cache,
                redact: said_redact,
                ignore: said_ignore,
            },
            ignored: variables.ignored,
        }
    }
}

/// The variables, and what is wrong with them.
struct Variables<'a> {
    world: &'a dyn Surroundings,
    ignored: Vec<String>,
}

impl Variables<'_> {
    /// The flag's value, or else the variable's. A value that cannot be read is remembered, never said: it may be a
    /// secret that slipped into the wrong variable.
    fn under<T>(
        &mut self,
        flag: Option<T>,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&OsStr) -> Option<T>,
    ) -> Option<(T, Source)> {
        if let Some(value) = flag {
            return Some((value, Source::Flag));
        }
        let found = read(&self.world.variable(name)?);
        if found.is_none() {
            self.ignored.push(format!("`{name}` takes {wanted}"));
        }
        Some((found?, Source::Variable))
    }
}

pub(crate) const EXPLAIN_VALUES: &str = "auto, always or never";
pub(crate) const TIMEOUT_VALUES: &str = "0 to 600 seconds";
pub(crate) const REDACT_VALUES: &str = "accounts";
const SWITCH_VALUES: &str = "on or off";

pub(crate) fn format_values() -> String {
    let names: Vec<&str> = crate::render::FORMATS.iter().map(|format| format.format().name()).collect();
    format!("{}, with =FILE or without", words::alternatives(&names))
}

fn switch(value: &OsStr) -> Option<bool> {
    let is_yes = ["1", "on", "true", "yes"].iter().any(|yes| value.eq_ignore_ascii_case(yes));
    (is_yes || is_no(value)).then_some(is_yes)
}

/// A comma-separated list; there is one kind so far.
pub(crate) fn redact(value: &OsStr) -> Option<Vec<Redact>> {
    value.to_str()?.split(',').map(|kind| (kind.trim() == "accounts").then_some(Redact::Accounts)).collect()
}

/// A comma-separated list of rules.
fn ignore(value: &OsStr) -> Option<Vec<Ignore>> {
    value.to_str()?.split(',').map(|rule| rule.trim().parse().ok()).collect()
}

/// A comma-separated list of formats.
fn formats(value: &OsStr) -> Option<Vec<Output>> {
    value.as_bytes().split(|byte| *byte == b',').map(|one| format(OsStr::from_bytes(one))).collect()
}

pub(crate) fn explain(value: &OsStr) -> Option<Explain> {
    match value.as_bytes() {
        b"auto" => Some(Explain::Auto),
        b"always" => Some(Explain::Always),
        b"never" => Some(Explain::Never),
        _ => None,
    }
}

/// Seconds, with decimals. `Duration` refuses what is negative or not a number.
pub(crate) fn timeout(value: &OsStr) -> Option<Duration> {
    let seconds: f64 = value.to_str()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|timeout| *timeout <= LONGEST_TIMEOUT)
}

/// `json` or `json=FILE`.
pub(crate) fn format(value: &OsStr) -> Option<Output> {
    let bytes = value.as_bytes();
    let (name, file) = match bytes.iter().position(|byte| *byte == b'=') {
        Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
        None => (bytes, None),
    };
    let format = std::str::from_utf8(name).ok()?.parse().ok()?;
    match file {
        Some([]) => None,
        Some(file) => Some(Output { format, file: Some(PathBuf::from(OsStr::from_bytes(file))) }),
        None => Some(Output { format, file: None }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn argv(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn flags(line: &str) -> Flags {
        match parse(&argv(line)) {
            Parsed::Aws { flags, .. } => flags,
            other => panic!("{line}: {other:?}"),
        }
    }

    struct Given(BTreeMap<&'static str, &'static str>);

    impl Surroundings for Given {
        fn variable(&self, name: &str) -> Option<OsString> {
            self.0.get(name).map(OsString::from)
        }
        fn stderr_is_terminal(&self) -> bool {
            false
        }
    }

    #[test]
    fn where_reading_broke_the_words_for_aws_are_still_found() {
        for (line, expected) in [
            ("why403 aws s3 ls", Some("s3 ls")),
            ("why403 --explain always --no-probe aws s3 ls aws", Some("s3 ls aws")),
            ("why403 -- aws s3 ls", Some("s3 ls")),
            ("/usr/bin/aws s3 aws", Some("s3 aws")),
            ("why403 aws", Some("")),
            ("why403 exec -- aws s3 ls", None),
            ("why403 explain aws", None),
            ("why403 --version", None),
            ("why403", None),
        ] {
            let line = argv(line);
            assert_eq!(behind_aws(&line).map(<[_]>::to_vec), expected.map(argv), "{line:?}");
        }
    }

    #[test]
    fn every_option_in_both_forms() {
        let apart = "why403 --explain always --report r.json --timeout 0.25 --format json=a=b --format terminal --no-probe --no-cache --redact accounts --ignore bucket:scratch-* --ignore profile:dev aws s3";
        let joined = "why403 --explain=always --report=r.json --timeout=0.25 --format=json=a=b --format=terminal --no-probe --no-cache --redact=accounts --ignore=bucket:scratch-*,profile:dev -- aws s3";
        let expected = Flags {
            explain: Some(Explain::Always),
            report: Some("r.json".into()),
            formats: vec![
                Output { format: Format::Json, file: Some("a=b".into()) },
                Output { format: Format::Terminal, file: None },
            ],
            timeout: Some(Duration::from_millis(250)),
            no_probe: true,
            no_cache: true,
            redact: vec![Redact::Accounts],
            ignore: vec!["bucket:scratch-*".parse().expect("a rule"), "profile:dev".parse().expect("a rule")],
        };
        assert_eq!(flags(apart), expected);
        assert_eq!(flags(joined), expected);
    }

    #[test]
    fn everything_after_aws_is_aws_s() {
        let argv = argv("why403 aws --explain always -- aws --help");
        assert_eq!(parse(&argv), Parsed::Aws { flags: Flags::default(), args: &argv[2..] });
    }

    #[test]
    fn a_program_named_aws_has_no_options_of_ours() {
        let argv = argv("/shim/aws --explain always s3 ls");
        assert_eq!(parse(&argv), Parsed::Aws { flags: Flags::default(), args: &argv[1..] });
    }

    #[test]
    fn what_is_not_for_aws_goes_to_our_own_surface() {
        for line in [
            "why403",
            "why403 explain aws",
            "why403 --help",
            "why403 --version aws",
            "why403 -h aws",
            "why403 --bogus explain x",
            "why403 --explain always check s3://b/k",
            "why403 -- explain",
            "why403 --report",
        ] {
            assert_eq!(parse(&argv(line)), Parsed::NotAws, "{line}");
        }
    }

    #[test]
    fn mistakes_before_aws_are_named() {
        for (line, expected) in [
            ("why403 --bogus aws s3", "unknown option `--bogus` before `aws`"),
            ("why403 --bogus=x aws s3", "unknown option `--bogus` before `aws`"),
            ("why403 --bogus x aws s3", "unknown option `--bogus` before `aws`"),
            ("why403 -x aws s3", "unknown option `-x` before `aws`"),
            ("why403 --explain maybe aws s3", "`--explain` takes auto, always or never"),
            ("why403 --timeout soon aws s3", "`--timeout` takes 0 to 600 seconds"),
            ("why403 --timeout -1 aws s3", "`--timeout` takes 0 to 600 seconds"),
            ("why403 --timeout nan aws s3", "`--timeout` takes 0 to 600 seconds"),
            ("why403 --no-probe=1 aws s3", "`--no-probe` takes no value"),
            ("why403 --report= aws s3", "`--report` needs a value: a file"),
        ] {
            match parse(&argv(line)) {
                Parsed::Wrong(error) => assert_eq!(error.to_string(), expected, "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_wrong_variable_is_ignored_and_said_without_its_value() {
        let variables = Given(BTreeMap::from([
            ("WHY403_EXPLAIN", "s3cret"),
            ("WHY403_TIMEOUT", "-5"),
            ("WHY403_FORMAT", "json,s3cret"),
            ("WHY403_PROBE", "s3cret"),
            ("WHY403_CACHE", "s3cret"),
            ("WHY403_REDACT", "accounts,s3cret"),
            ("WHY403_IGNORE", "s3cret"),
        ]));
        let options = Flags::default().over_variables(&variables);
        assert_eq!((options.explain, options.timeout), (Explain::Auto, DEFAULT_TIMEOUT));
        assert!(options.formats.is_empty());
        assert!(options.probe && options.cache && options.redact.is_empty() && options.ignore.is_empty());
        assert_eq!(options.sources, Sources::default());
        assert_eq!(options.ignored.len(), 7);
        assert!(options.ignored.iter().all(|line| !line.contains("s3cret")), "{:?}", options.ignored);
    }
}
