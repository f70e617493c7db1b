//! The config file: what a user always wants, below what a variable or a flag says.
//!
//! It is read after `aws` has ended and there is something to explain, or by a subcommand of ours: a command that is passed
//! through never waits for it. So `explain` cannot be `always` in it: whether a command is watched is settled before.
//! A file that is wrong costs one line under the explanation, and nothing else.

use crate::fault::{self, Stage};
use crate::ignore::Ignore;
use crate::render::untrusted::visible;
use crate::world::{Surroundings, World};
use crate::wrap::values;
use crate::wrap::{Explain, Options, Output, Redact, Source};
use rustix::fs::OFlags;
use serde::Deserialize;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Seven keys need no more.
const LARGEST: u64 = 256 * 1024;

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub explain: Option<Explain>,
    pub report: Option<PathBuf>,
    pub timeout: Option<Duration>,
    pub format: Option<Vec<Output>>,
    pub probe: Option<bool>,
    pub cache: Option<bool>,
    pub redact: Option<Vec<Redact>>,
    pub ignore: Option<Vec<Ignore>>,
}

/// Why a file is not heeded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{} could not be read: {reason}", shown(path))]
    Unreadable { path: PathBuf, reason: io::Error },
    #[error("{}, line {line}: {what}", shown(path))]
    Wrong { path: PathBuf, line: usize, what: String },
    #[error("{}: `{key}` takes {wanted}", shown(path))]
    Value { path: PathBuf, key: &'static str, wanted: String },
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy(), false).into_owned()
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    explain: Option<String>,
    report: Option<String>,
    timeout: Option<toml::Value>,
    format: Option<Vec<String>>,
    probe: Option<bool>,
    cache: Option<bool>,
    redact: Option<Vec<String>>,
    ignore: Option<Vec<String>>,
}

/// Where the file is, if it is anywhere: `WHY403_CONFIG`, or `config.toml` in the user's config directory for why403.
#[must_use]
pub fn path(world: &World) -> Option<PathBuf> {
    world.variable("WHY403_CONFIG").map(PathBuf::from).or_else(|| {
        let directories = directories::ProjectDirs::from("", "", "why403")?;
        Some(directories.config_dir().join("config.toml"))
    })
}

/// Reads the file. One that is not there says nothing, unless a variable names it.
///
/// # Errors
/// When it cannot be read, is no TOML, or has a key or a value that is not known.
pub fn load(world: &World) -> Result<Config, ConfigError> {
    let Some(path) = path(world) else { return Ok(Config::default()) };
    match read(&path) {
        Ok(text) => parse(&text, &path, world.home.as_deref()),
        // A home directory that is none, `/dev/null`, holds no file either.
        Err(reason)
            if matches!(reason.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
                && world.variable("WHY403_CONFIG").is_none() =>
        {
            Ok(Config::default())
        }
        Err(reason) => Err(ConfigError::Unreadable { path, reason }),
    }
}

/// The whole file. A pipe that nobody writes to and a device without end are not waited for: `aws` has ended, and its
/// result with it.
fn read(path: &Path) -> io::Result<String> {
    let no_waiting = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(no_waiting).open(path)?;
    let mut text = String::new();
    if file.take(LARGEST + 1).read_to_string(&mut text)? as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than a config file can be"));
    }
    Ok(text)
}

/// Pure: the text of the file at `path`, which is for messages.
fn parse(text: &str, path: &Path, home: Option<&Path>) -> Result<Config, ConfigError> {
    let written: Written = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let what = visible(error.message().lines().next().unwrap_or_default(), false).into_owned();
        ConfigError::Wrong { path: path.to_owned(), line: before.matches('\n').count() + 1, what }
    })?;
    let wrong = |key, wanted: &str| ConfigError::Value { path: path.to_owned(), key, wanted: wanted.to_owned() };
    let explain = written.explain.map(|text| match values::explain(OsStr::new(&text)) {
        Some(Explain::Always) => Err(wrong(
            "explain",
            "auto or never here; `always` goes into WHY403_EXPLAIN, because the file is read after `aws` has ended",
        )),
        Some(explain) => Ok(explain),
        None => Err(wrong("explain", "auto or never")),
    });
    let timeout = written.timeout.map(|value| {
        let text = match value {
            toml::Value::String(text) => text,
            number => number.to_string(),
        };
        values::timeout(OsStr::new(&text)).ok_or_else(|| wrong("timeout", values::TIMEOUT_VALUES))
    });
    let format = written.format.map(|list| {
        let all = list.iter().map(|one| values::format(OsStr::new(one)));
        all.collect::<Option<Vec<Output>>>().ok_or_else(|| wrong("format", &values::format_values()))
    });
    let redact = written.redact.map(|list| {
        let all: Option<Vec<Vec<Redact>>> = list.iter().map(|one| values::redact(OsStr::new(one))).collect();
        all.map(|all| all.concat()).ok_or_else(|| wrong("redact", values::REDACT_VALUES))
    });
    let ignore = written.ignore.map(|list| {
        let all = list.iter().map(|one| one.parse().ok());
        all.collect::<Option<Vec<Ignore>>>().ok_or_else(|| wrong("ignore", crate::ignore::VALUES))
    });
    let report = written.report.map(|file| match (file.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Ok(home.join(rest)),
        _ if file.is_empty() => Err(wrong("report", "a file")),
        _ => Ok(PathBuf::from(file)),
    });
    Ok(Config {
        explain: explain.transpose()?,
        report: report.transpose()?,
        timeout: timeout.transpose()?,
        format: format.transpose()?,
        probe: written.probe,
        cache: written.cache,
        redact: redact.transpose()?,
        ignore: ignore.transpose()?,
    })
}

/// The options with the file's word where neither a flag nor a variable has one.
#[must_use]
pub fn under(mut options: Options, world: &World) -> Options {
    fault::point(Stage::Config);
    // `why403 exec` has read it for all that run below.
    if options.run.is_some() {
        return options;
    }
    match load(world) {
        Ok(config) => fill(options, config),
        Err(error) => {
            options.ignored.push(error.to_string());
            options
        }
    }
}

fn fill(mut options: Options, config: Config) -> Options {
    fn set<T>(value: Option<T>, into: &mut T, source: &mut Source) {
        if let Some(value) = value.filter(|_| *source == Source::Default) {
            *into = value;
            *source = Source::Config;
        }
    }
    set(config.explain, &mut options.explain, &mut options.sources.explain);
    set(config.report.map(Some), &mut options.report, &mut options.sources.report);
    set(config.timeout, &mut options.timeout, &mut options.sources.timeout);
    set(config.format, &mut options.formats, &mut options.sources.format);
    set(config.probe, &mut options.probe, &mut options.sources.probe);
    set(config.cache, &mut options.cache, &mut options.sources.cache);
    set(config.redact, &mut options.redact, &mut options.sources.redact);
    set(config.ignore, &mut options.ignore, &mut options.sources.ignore);
    options.show &= options.explain != Explain::Never;
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        parse(text, Path::new("config.toml"), Some(Path::new("/home/me"))).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key() {
        let config = read(
            "explain = \"never\"\nreport = \"~/403.jsonl\"\ntimeout = 2.5\nformat = [\"concise\", \"sarif=out.sarif\"]\n\
             probe = false\ncache = false\nredact = [\"accounts\"]\nignore = [\"bucket:scratch-*\", \"profile:sandbox\"]\n",
        )
        .unwrap();
        assert_eq!(config.explain, Some(Explain::Never));
        assert_eq!(config.report, Some("/home/me/403.jsonl".into()));
        assert_eq!(config.timeout, Some(Duration::from_millis(2500)));
        assert_eq!(config.format.map(|list| list.len()), Some(2));
        assert_eq!((config.probe, config.cache), (Some(false), Some(false)));
        assert_eq!(config.redact, Some(vec![Redact::Accounts]));
        assert_eq!(config.ignore.map(|list| list[0].to_string()), Some("bucket:scratch-*".to_owned()));
        assert_eq!(read("timeout = 3\n").unwrap().timeout, Some(Duration::from_secs(3)));
        assert_eq!(read("").unwrap(), Config::default());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, expected) in [
            ("timeout = 1\nfromat = []\n", "config.toml, line 2: unknown field `fromat`"),
            ("timeout = 1\n\nx y\n", "config.toml, line 3: "),
            ("timeout = \"soon\"\n", "config.toml: `timeout` takes 0 to 600 seconds"),
            ("explain = \"always\"\n", "config.toml: `explain` takes auto or never here; "),
            ("format = [\"xml\"]\n", "config.toml: `format` takes terminal, "),
            ("redact = [\"names\"]\n", "config.toml: `redact` takes accounts"),
            ("ignore = [\"role:x\"]\n", "config.toml: `ignore` takes profile:NAME, bucket:NAME or account:ID"),
            ("report = \"\"\n", "config.toml: `report` takes a file"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
