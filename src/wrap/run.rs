//! `why403 exec`: a command in whose surroundings `aws` is why403, however deep below.
//!
//! A directory with a symlink `aws` to this program goes first on `PATH`, and the options go down as variables, absolute
//! where they name a file: a script may change its directory. What every `aws` says goes to the same report file; formats
//! that are one document are made here when all is over. Nothing of that can cost the command its result.
//!
//! Not covered: an `aws` that is called by its path, and a `PATH` that is set anew from nothing (`sudo`, `env -i`).

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::options::{Explain, Flags, Options, Output, UsageError};
use super::signals::{FORWARDED, FROM_KEYS, Signals, in_foreground};
use super::status::Status;
use super::{exec, locate, panics, plan, say};
use crate::world::{Surroundings, World, is_no};
use crate::{ci, collect, config, fault, output};

/// Tells an `aws` below where the run's directory is. Ours alone.
pub const RUN: &str = "WHY403_RUN";

/// As in `observe`: how long an interrupt that did not come from our terminal waits before it is passed on.
const SECOND_THOUGHTS: Duration = Duration::from_secs(1);

/// Runs `command` with the options that `flags` say, and gives its exit status.
///
/// # Errors
/// When an option is wrong; nothing has run then.
pub fn run_command(flags: &[OsString], command: &[OsString]) -> Result<ExitCode, UsageError> {
    let Some(mut child) = started_by(command) else { return Ok(ExitCode::from(2)) };
    panics::keep_quiet();
    let prepared = match panics::contain(|| prepare(flags, &mut child)) {
        Some(prepared) => prepared?,
        None => {
            panics::say();
            None
        }
    };
    let status = match wait_for(&mut child) {
        Ok(status) => status,
        Err(error) => return Ok(exec::failed(Path::new(child.get_program()), &error)),
    };
    if let Some((stage, options, world)) = prepared {
        for line in &options.ignored {
            say(&format_args!("{line}; it is ignored"));
        }
        if panics::contain(|| stage.deliver(&options, &world, command, status)).is_none() {
            panics::say();
        }
    }
    Ok(status.end_alike())
}

/// Becomes the command, as if nobody had asked for anything: for when not even the options could be read.
#[must_use]
pub fn run_plainly(command: &[OsString]) -> ExitCode {
    panics::say();
    match started_by(command) {
        Some(child) => exec::replace(child, Path::new(&command[0])),
        None => ExitCode::from(2),
    }
}

#[expect(clippy::disallowed_methods, reason = "wrap is the door through which programs are started")]
fn started_by(command: &[OsString]) -> Option<Command> {
    let (program, args) = command.split_first()?;
    let mut child = Command::new(program);
    child.args(args);
    Some(child)
}

/// All that is ours before the command starts. Where it breaks, nothing is explained: a setting that was not read, such as
/// `redact`, must not count as one that was not made.
fn prepare(flags: &[OsString], child: &mut Command) -> Result<Option<(Stage, Options, World)>, UsageError> {
    let flags = Flags::read(flags)?;
    let world = World::real();
    if world.variable("WHY403").is_some_and(|value| is_no(&value)) {
        return Ok(None);
    }
    let mut options = config::under(flags.over_variables(&world), &world);
    options.show = plan::shows(options.explain, &world);
    Ok(Stage::set(child, &options, &world).map(|stage| (stage, options, world)))
}

/// The directory of a run. It goes when this does.
struct Stage {
    directory: PathBuf,
    /// Whether the calls hand in their reports.
    collects: bool,
}

impl Stage {
    /// Sets it up; without it the command runs as if nobody had asked.
    fn set(command: &mut Command, options: &Options, world: &World) -> Option<Self> {
        match panics::contain(|| Self::try_set(command, options, world)) {
            Some(Ok(stage)) => Some(stage),
            None => {
                panics::say();
                None
            }
            Some(Err(error)) => {
                say(&format_args!("nothing is explained, because no directory for `aws` could be made: {error}"));
                None
            }
        }
    }

    fn try_set(command: &mut Command, options: &Options, world: &World) -> io::Result<Self> {
        fault::point(fault::Stage::ExecSetUp);
        let ours = std::env::current_exe()?;
        let collects =
            !at_the_end(options).is_empty() || summary(options, world).is_some() || !options.redact.is_empty();
        let stage = Self { directory: private_directory()?, collects };
        let bin = stage.directory.join("bin");
        std::fs::DirBuilder::new().mode(0o700).create(&bin)?;
        symlink(ours, bin.join("aws"))?;
        let mut path = bin.into_os_string();
        path.push(":");
        path.push(world.variable("PATH").unwrap_or_else(|| locate::DEFAULT_PATH.into()));
        command.env("PATH", path);
        stage.hand_down(command, options, world)?;
        Ok(stage)
    }

    /// The options as variables.
    fn hand_down(&self, command: &mut Command, options: &Options, world: &World) -> io::Result<()> {
        let explain = match options.explain {
            Explain::Auto => "auto",
            Explain::Always => "always",
            Explain::Never => "never",
        };
        command.env("WHY403_EXPLAIN", explain);
        command.env("WHY403_TIMEOUT", options.timeout.as_secs_f64().to_string());
        let switch = |on| if on { "on" } else { "off" };
        command.env("WHY403_PROBE", switch(options.probe)).env("WHY403_CACHE", switch(options.cache));
        let mut set = |name: &str, value: Option<OsString>| match value {
            Some(value) => drop(command.env(name, value)),
            None => drop(command.env_remove(name)),
        };
        let absolute = |path: &Path| std::path::absolute(path).map(PathBuf::into_os_string);
        set("WHY403_REPORT", options.report.as_deref().map(absolute).transpose()?);
        let shown = options.formats.iter().filter(|format| format.file.is_none());
        set("WHY403_FORMAT", list(shown.map(|format| format.format.name().to_owned())));
        set("WHY403_REDACT", list(options.redact.iter().map(|_| "accounts".to_owned())));
        set("WHY403_IGNORE", list(options.ignore.iter().map(ToString::to_string)));
        if let Some(config) = world.variable("WHY403_CONFIG") {
            set("WHY403_CONFIG", Some(absolute(Path::new(&config))?));
        }
        if self.collects {
            set(RUN, Some(self.directory.clone().into_os_string()));
        }
        Ok(())
    }

    /// What is made from all reports together.
    fn deliver(&self, options: &Options, world: &World, command: &[OsString], status: Status) {
        if !self.collects {
            return;
        }
        fault::point(fault::Stage::Merge);
        let collected = collect::read(&self.directory);
        // A run inside a run: the outer one wants to know as well.
        if let Some(outer) = &options.run {
            for report in &collected.reports {
                drop(collect::add(outer, report));
            }
        }
        if collected.left_out > 0 {
            say(&format_args!("{} more failures are left out of what is made at the end", collected.left_out));
        }
        let merged = collect::merge(&collected.reports, crate::request::redact_argv(command), status.code());
        let merged =
            if options.redact.is_empty() { merged } else { crate::redact::accounts(merged, Some(&self.directory)) };
        output::deliver_run(&at_the_end(options), summary(options, world).as_deref(), &collected.reports, &merged);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Something in the background may be using it still; then its `aws` is the next one on PATH.
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

/// The formats with a file: one document each, or the lines of all.
fn at_the_end(options: &Options) -> Vec<(Output, PathBuf)> {
    options.formats.iter().filter_map(|format| Some((format.clone(), format.file.clone()?))).collect()
}

/// The page of a step of GitHub's, where nobody chose another format for the log.
fn summary(options: &Options, world: &World) -> Option<PathBuf> {
    let chosen = options.formats.iter().any(|format| format.file.is_none());
    (options.show && !chosen).then(|| ci::extras(world).summary).flatten()
}

fn list(values: impl Iterator<Item = String>) -> Option<OsString> {
    let values: Vec<String> = values.collect();
    (!values.is_empty()).then(|| values.join(",").into())
}

/// A new directory that nobody else can look into.
fn private_directory() -> io::Result<PathBuf> {
    use std::hash::{BuildHasher, Hasher};
    let parent = std::env::temp_dir();
    for _ in 0..100 {
        // Random keys of the standard library's: a name that nobody can have made before.
        let name = std::hash::RandomState::new().build_hasher().finish();
        let directory = parent.join(format!("why403-{name:016x}"));
        match std::fs::DirBuilder::new().mode(0o700).create(&directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) if directory.as_os_str().as_bytes().contains(&b':') => {
                drop(std::fs::remove_dir(&directory));
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a colon in its name would split PATH"));
            }
            Ok(()) => return Ok(directory),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Runs it on our own streams, passes signals on, and gives its end.
fn wait_for(command: &mut Command) -> io::Result<Status> {
    let signals = Signals::catch()?;
    let mut child = command.spawn()?;
    panics::contain(|| end_of(&mut child, &signals)).unwrap_or_else(|| {
        let (status, _) = signals.end_of(&mut child, || signals.wait(None));
        panics::say();
        Ok(status)
    })
}

fn end_of(child: &mut Child, signals: &Signals) -> io::Result<Status> {
    fault::point(fault::Stage::Wait);
    let pid = Pid::from_child(child);
    // It may have ended this instant; it has not been waited for, so the number is still its own.
    let send = |signal| {
        let _gone = kill_process(pid, signal);
    };
    let mut later: Option<(Signal, Instant)> = None;
    loop {
        signals.wait(later.map(|(_, at)| at.saturating_duration_since(Instant::now())));
        for signal in FORWARDED {
            if signals.take(signal) {
                send(signal);
            }
        }
        for signal in FROM_KEYS {
            if signals.take(signal) && !in_foreground() {
                later = Some((signal, Instant::now() + SECOND_THOUGHTS));
            }
        }
        if let Some(status) = child.try_wait()? {
            return Ok(Status::from(status));
        }
        if let Some((signal, at)) = later
            && at <= Instant::now()
        {
            send(signal);
            later = None;
        }
    }
}
