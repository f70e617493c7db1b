//! Being invisible: the real `aws` runs as if nobody stood in front of it, and only when it has failed does anything of
//! ours happen.
//!
//! ```text
//! entry ─► options (ours, before `aws`) ─► plan (pure) ─┬─ exec: the real aws takes this process's place
//!            locate · guard (the real aws)              └─ observe: spawn, tee stderr, wait ─► after: explain
//! ```
//!
//! What is deliberately not here: clap, an async runtime, an SDK, a regex. A command that is passed through sets up none
//! of them. What an option of `aws` *means* is not here either: [`crate::request`] knows that.
//!
//! Two things are not as bare, because they cannot be so without unsafe code: a descriptor 0, 1 or 2 that is closed at
//! the start is `/dev/null` for `aws` (Rust's runtime opens it before `main`), and `SIGPIPE` is at its default for `aws`
//! even where our parent ignored it.

mod after;
mod exec;
mod guard;
mod locate;
mod observe;
mod options;
mod panics;
mod plan;
mod run;
mod script;
mod service;
mod signals;
mod status;
mod tee;
mod variables;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use crate::diagnosis::ScriptLine;
use crate::recognize::Failures;
use crate::world::{Process, Surroundings, World};

pub use after::Stop;
pub use guard::{PROBE, VARIABLE as GUARD};
pub use options::{Explain, Options, Output, Redact, Source, Sources};
pub(crate) use panics::{contain, fault, keep_quiet};
pub use run::{RUN, run_command, run_plainly};
pub use status::Status;

/// How the value of each option is read, for the config file.
pub(crate) mod values {
    pub(crate) use super::options::{REDACT_VALUES, TIMEOUT_VALUES, explain, format, format_values, redact, timeout};
}

/// What a search for `aws` along a `PATH` comes by.
#[derive(Clone, Debug)]
pub struct Search {
    /// The real one, or why there is none.
    pub aws: Result<PathBuf, String>,
    /// What is called `aws` there and is this program.
    pub in_front: Vec<PathBuf>,
}

/// Searches as a run would.
#[must_use]
pub fn find(path: Option<std::ffi::OsString>) -> Search {
    let ours = locate::Identity::ours();
    let in_front = locate::links_to(path.as_deref(), ours);
    let found = locate::locate(path, |candidate| Some(candidate) == ours);
    Search { aws: found.map(|found| found.path).map_err(|error| error.to_string()), in_front }
}

/// What `aws --version` says; nothing where it cannot be asked, or says something else: a complaint may hold anything.
#[must_use]
pub fn version_of(aws: &std::path::Path) -> Option<String> {
    let mut command = exec::command(aws, &["--version".into()], std::ffi::OsStr::new(guard::PROBE));
    let output = command.stdin(std::process::Stdio::null()).output().ok()?;
    // Old releases of version 1 say it on stderr.
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    let said = String::from_utf8_lossy(&said);
    said.lines().map(str::trim).find(|line| line.starts_with("aws-cli/")).map(str::to_owned)
}

/// The options as the variables and the config file have them, and no command line.
#[must_use]
pub fn settled(world: &World) -> Options {
    crate::config::under(options::Flags::default().over_variables(world), world)
}
pub use variables::{VARIABLES, Variable};

use guard::Guard;
use options::Parsed;
use plan::Plan;

/// What became of the command line.
#[derive(Debug)]
pub enum Entry {
    /// `aws` was asked for and has run (or could not be run); this is the exit status.
    Done(ExitCode),
    /// `aws` was not asked for: the arguments, untouched, for our own surface.
    NotAws(Vec<OsString>),
}

/// One run of the real `aws` that did not end well, with all that was seen of it.
#[derive(Debug)]
pub struct Finished {
    /// The real `aws`, as found on `PATH`.
    pub aws: PathBuf,
    /// What the user typed, from `aws` on.
    pub argv: Vec<OsString>,
    pub status: Status,
    /// The failures that were recognised in its stderr, and its last 64 KiB.
    pub failures: Failures,
    pub options: Options,
    pub world: World,
    /// The line of the script that ran it, where that is known.
    pub script: Option<ScriptLine>,
    /// When `aws` ended: the time budget runs from here.
    pub ended: Instant,
    /// Set when somebody wants the explaining to stop.
    pub stop: Stop,
}

/// Runs `aws` if the arguments ask for it.
#[must_use]
pub fn entry(args: Vec<OsString>) -> Entry {
    keep_quiet();
    let (flags, aws_args) = match contain(|| options::parse(&args)) {
        Some(Parsed::NotAws) => return Entry::NotAws(args),
        Some(Parsed::Wrong(error)) => {
            say(&error);
            say(&format_args!("usage: {}", options::USAGE));
            return Entry::Done(ExitCode::from(2));
        }
        Some(Parsed::Aws { flags, args }) => (Some(flags), args),
        None => match options::behind_aws(&args) {
            Some(args) => (None, args),
            None => return Entry::NotAws(args),
        },
    };
    Entry::Done(run(flags, aws_args))
}

/// Without flags where something of ours broke: then `aws` is passed through, and what broke is said.
fn run(flags: Option<options::Flags>, aws_args: &[OsString]) -> ExitCode {
    let (guard, flags) = match contain(|| Guard::enter(&Process, aws_args)) {
        Some(guard) => (guard, flags),
        None => (Guard::blind(&Process), None),
    };
    let guard = match guard {
        Ok(guard) => guard,
        Err(error) => {
            say(&error);
            return ExitCode::from(127);
        }
    };
    let found = match contain(|| locate::locate(Process.variable("PATH"), |candidate| guard.has_seen(candidate))) {
        Some(Ok(found)) => found,
        Some(Err(error)) => {
            say(&error);
            return ExitCode::from(error.exit_code());
        }
        None => {
            panics::say();
            return exec::first_that_runs(Process.variable("PATH"), aws_args, &guard);
        }
    };
    let plan = match flags {
        // Whoever called us for this very command has decided already: explaining twice helps nobody.
        _ if guard.is_nested() => Some(Plan::Exec),
        Some(flags) => contain(|| plan::plan(aws_args, flags, &Process)),
        None => None,
    };
    let plan = plan.unwrap_or_else(|| {
        panics::say();
        Plan::Exec
    });
    match plan {
        Plan::Exec => exec::replace(exec::command(&found.path, aws_args, &guard.for_exec(found.identity)), &found.path),
        Plan::Observe(options) => observe::observe(&found, aws_args, &guard, options),
    }
}

/// Says one line of our own on stderr. Nothing can be done where that fails, and `aws`'s result must not suffer.
fn say(line: &dyn Display) {
    drop(std::io::stderr().write_all(format!("why403: {line}\n").as_bytes()));
}

/// A path or an argument in a line of ours: strangers may have chosen it, so control characters are made visible.
fn harmless(text: &std::ffi::OsStr) -> String {
    crate::render::untrusted::visible(&text.to_string_lossy(), false).into_owned()
}
