//! `aws` as a child, watched: stdin and stdout are its own, its stderr comes through [`mod@tee`].
//!
//! The thread that copies is started by the first byte that there is to copy: most commands succeed and say nothing.

use std::ffi::OsString;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use super::after::{self, Stop};
use super::guard::Guard;
use super::locate::Found;
use super::options::Options;
use super::signals::{FORWARDED, FROM_KEYS, Signals, Stir, in_foreground};
use super::status::Status;
use super::tee::{self, Passed, Seen, tee};
use super::{Finished, exec, panics, say, script};
use crate::config;
use crate::fault::{self, Stage};
use crate::world::{Process, World};

/// How long an interrupt that did not come from our terminal waits before it is passed on. Who sends one to a group
/// (`timeout`, some CI runners) has reached `aws` already, and `aws` uses this time to end; twice would cut its tidying up
/// short. Who sends it to our process alone has not, and it must not get lost.
const SECOND_THOUGHTS: Duration = Duration::from_secs(1);

/// How long the rest of stderr may take to go through after `aws` was told to end from outside. Long enough for any
/// reader that reads; one that does not must not keep alive what is meant to be gone.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Runs `aws` to its end, explains a failure, and gives `aws`'s exit status.
pub(super) fn observe(found: &Found, aws_args: &[OsString], guard: &Guard, options: Options) -> ExitCode {
    // Before `aws` starts: the shell goes on reading its script beside a command in the background.
    let pointed = panics::contain(|| options.may_point(&Process).then(|| script::line(aws_args, &Process)));
    let set_up = panics::contain(|| SetUp::new(exec::command(&found.path, aws_args, &guard.for_spawn(found.identity))));
    if set_up.is_none() {
        panics::say();
    }
    let Some(Ok(mut run)) = set_up.map(|set_up| Run::start(set_up?, found)) else {
        // A fault of ours, no process or descriptor to be had, or an `aws` that cannot be run at all: without us in
        // between it has the best chance, and the error is the one that it would have been.
        return exec::replace(exec::command(&found.path, aws_args, &guard.for_exec(found.identity)), &found.path);
    };
    let Some(end) = panics::contain(|| run.wait()) else {
        let status = run.wait_plainly();
        panics::say();
        return status.end_alike();
    };
    if end.status.is_success() || end.told_to_go {
        return end.status.end_alike();
    }
    let failures = match end.seen {
        Some(Seen::Through(failures)) => failures,
        Some(Seen::Broken) => {
            panics::say();
            return end.status.end_alike();
        }
        Some(Seen::Unwatched(error)) => {
            say(&format_args!("nothing is explained, because no thread could be started: {error}"));
            return end.status.end_alike();
        }
        None => return end.status.end_alike(),
    };
    // Somebody pressed Ctrl-C, or something killed it: that is the reason, unless it had complained before.
    let cut_short = end.interrupted || matches!(end.status, Status::Signaled(_));
    if !(cut_short && failures.is_empty()) {
        if pointed.is_none() {
            say(&format_args!("the line of the script is not told, because of {}", panics::fault()));
        }
        let explained = panics::contain(|| {
            let argv = std::iter::once("aws".into()).chain(aws_args.iter().cloned()).collect();
            let world = World::real();
            let finished = Finished {
                aws: found.path.clone(),
                argv,
                status: end.status,
                failures,
                // Only now: nobody waits for a file of ours before `aws` has run.
                options: config::under(options, &world),
                world,
                script: pointed.flatten().flatten(),
                ended: end.at,
                stop: Stop::default(),
            };
            after::explain(finished, &run.signals);
        });
        if explained.is_none() {
            panics::say();
        }
    }
    end.status.end_alike()
}

/// All that is needed before `aws` starts. Made apart: a fault in here must not cost its start, and one after the start
/// must not start it twice.
struct SetUp {
    command: Command,
    signals: Signals,
    ended: PipeReader,
    running: PipeWriter,
}

impl SetUp {
    fn new(mut command: Command) -> io::Result<Self> {
        fault::point(Stage::Start);
        command.stderr(Stdio::piped());
        let signals = Signals::catch()?;
        let (ended, running) = io::pipe()?;
        Ok(Self { command, signals, ended, running })
    }
}

/// A running `aws`.
struct Run {
    child: Child,
    signals: Signals,
    stderr: Stderr,
    /// Closed when `aws` has ended.
    running: Option<PipeWriter>,
}

/// Where `aws`'s stderr is in its life.
enum Stderr {
    /// Nothing has come yet. With the pipe that says that `aws` has ended.
    Silent(ChildStderr, PipeReader),
    /// The thread copies, and tells what it saw when it has done.
    Copied(Receiver<Seen>),
    /// There is no thread to be had.
    Unwatched(Unwatched),
    Over(Option<Seen>),
}

/// stderr whose words go through the thread that waits for signals as well: never a byte more than can be written at once.
struct Unwatched {
    from: Arc<ChildStderr>,
    /// Why there is no thread.
    error: io::Error,
    /// How much of it is `aws`'s, once that has ended.
    left: Option<usize>,
}

/// How a run ended.
struct End {
    status: Status,
    at: Instant,
    /// `None` if somebody did not want to wait for it.
    seen: Option<Seen>,
    /// Ctrl-C or its like came while `aws` ran.
    interrupted: bool,
    /// A signal came that asks the whole command to end.
    told_to_go: bool,
}

impl Run {
    fn start(SetUp { mut command, signals, ended, running }: SetUp, found: &Found) -> io::Result<Self> {
        let mut child = match command.spawn() {
            // A script without a `#!` line: execvp hands it to the shell, posix_spawn does not.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NOEXEC) => {
                through_shell(&command, found).spawn()?
            }
            other => other?,
        };
        let stderr = match child.stderr.take() {
            Some(stderr) => Stderr::Silent(stderr, ended),
            None => Stderr::Over(None),
        };
        Ok(Self { child, signals, stderr, running: Some(running) })
    }

    /// To its end and its last words, and nothing besides: for when [`Self::wait`] broke.
    fn wait_plainly(&mut self) -> Status {
        if matches!(self.stderr, Stderr::Silent(..)) {
            self.stderr.copy(&self.signals);
        }
        let Self { child, signals, stderr, running } = self;
        let (status, told_to_go) = signals.end_of(child, || stderr.wait(signals, None));
        *running = None;
        let ended = Instant::now();
        while stderr.end(signals).is_none() && !(told_to_go && ended.elapsed() >= LAST_WORDS) {
            stderr.wait(signals, told_to_go.then_some(LAST_WORDS));
        }
        status
    }

    fn wait(&mut self) -> End {
        fault::point(Stage::Wait);
        let mut status: Option<(Status, Instant)> = None;
        let mut interrupted = false;
        let mut told_to_go = false;
        let mut pass_on_later: Option<(Signal, Instant)> = None;
        loop {
            let until = match status {
                None => pass_on_later.map(|(_, at)| at),
                Some((_, ended)) => told_to_go.then(|| ended + LAST_WORDS),
            };
            let timeout = until.map(|at| at.saturating_duration_since(Instant::now()));
            self.stderr.wait(&self.signals, timeout);
            let Some((status, at)) = status else {
                for signal in FORWARDED {
                    if self.signals.take(signal) {
                        self.send(signal);
                        told_to_go |= signal == Signal::TERM || signal == Signal::HUP;
                    }
                }
                for signal in FROM_KEYS {
                    if self.signals.take(signal) {
                        interrupted = true;
                        if !in_foreground() {
                            pass_on_later = Some((signal, Instant::now() + SECOND_THOUGHTS));
                        }
                    }
                }
                status = match self.child.try_wait() {
                    Ok(ended) => ended.map(|ended| (Status::from(ended), Instant::now())),
                    // Nobody else waits for our child, so this does not happen; a status is owed all the same.
                    Err(_) => Some((Status::Exited(u8::MAX), Instant::now())),
                };
                if status.is_some() {
                    self.running = None;
                    pass_on_later = None;
                    // The tee may have been done long before, and its wake-up is spent.
                    self.signals.wake();
                } else if let Some((signal, at)) = pass_on_later
                    && at <= Instant::now()
                {
                    self.send(signal);
                    pass_on_later = None;
                }
                continue;
            };
            let told_again = self.signals.take_any(&FROM_KEYS) | self.signals.take_any(&[Signal::TERM, Signal::HUP]);
            let in_a_hurry = told_again || (told_to_go && at.elapsed() >= LAST_WORDS);
            let seen = match self.stderr.end(&self.signals) {
                Some(seen) => seen,
                // Whoever reads our stderr does not read, and somebody does not want to wait for them.
                None if in_a_hurry => None,
                None => continue,
            };
            return End { status, at, seen, interrupted, told_to_go: told_to_go || told_again };
        }
    }

    /// Sends a signal to `aws`. It has not been waited for yet, so the number is still its own.
    fn send(&self, signal: Signal) {
        // It may have ended this instant.
        let _gone = kill_process(Pid::from_child(&self.child), signal);
    }
}

impl Stderr {
    /// Waits for a signal, the time-out, or, where no thread does, for bytes.
    fn wait(&mut self, signals: &Signals, timeout: Option<Duration>) {
        match self {
            Self::Silent(from, _) => match signals.wait_beside(from.as_fd(), timeout) {
                Stir::Nothing => {}
                Stir::Bytes => self.copy(signals),
                Stir::Over => *self = Self::Over(Some(Seen::nothing())),
            },
            Self::Unwatched(unwatched) => match signals.wait_to_pass(unwatched.from.as_fd(), timeout) {
                Stir::Nothing => {}
                Stir::Bytes if unwatched.pass_once() == Passed::On => {}
                Stir::Bytes | Stir::Over => self.over(),
            },
            Self::Copied(_) | Self::Over(_) => signals.wait(timeout),
        }
    }

    /// `aws` has ended. What was seen, or `None` while it is still being copied.
    fn end(&mut self, signals: &Signals) -> Option<Option<Seen>> {
        if let Self::Silent(from, _) = self {
            if tee::is_empty(from.as_fd()) {
                *self = Self::Over(Some(Seen::nothing()));
            } else {
                self.copy(signals);
            }
        }
        if let Self::Unwatched(unwatched) = self {
            unwatched.left.get_or_insert_with(|| tee::standing_in(unwatched.from.as_fd()));
            while unwatched.left > Some(0) {
                if !tee::takes_more() {
                    return None;
                }
                if unwatched.pass_once() == Passed::Over {
                    break;
                }
            }
            self.over();
        }
        match self {
            Self::Over(seen) => Some(seen.take()),
            Self::Copied(seen) => match seen.try_recv() {
                Ok(seen) => Some(Some(seen)),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(None),
            },
            Self::Silent(..) | Self::Unwatched(_) => None,
        }
    }

    /// Starts the thread that copies. `aws` runs already and must not be held up: without one its words go through here.
    fn copy(&mut self, signals: &Signals) {
        let Self::Silent(from, ended) = std::mem::replace(self, Self::Over(None)) else { return };
        // Shared until the thread has it: where threads are refused, descriptors may be too.
        let from = Arc::new(from);
        let its = Arc::clone(&from);
        let (tell, seen) = sync_channel(1);
        let started = signals.waker().and_then(|waker| {
            thread::Builder::new().name("tee".to_owned()).spawn(move || {
                let _nobody_waits = tell.send(tee(its, &ended));
                waker.wake();
            })
        });
        *self = match started {
            Ok(_) => Self::Copied(seen),
            Err(error) => Self::Unwatched(Unwatched { from, error, left: None }),
        };
    }

    /// Nothing comes any more of what nobody watched.
    fn over(&mut self) {
        if let Self::Unwatched(unwatched) = std::mem::replace(self, Self::Over(None)) {
            *self = Self::Over(Some(Seen::Unwatched(unwatched.error)));
        }
    }
}

impl Unwatched {
    fn pass_once(&mut self) -> Passed {
        match tee::pass_some(self.from.as_fd(), rustix::stdio::stderr(), self.left.unwrap_or(usize::MAX)) {
            Some(count) => {
                self.left = self.left.map(|left| left.saturating_sub(count));
                Passed::On
            }
            None => Passed::Over,
        }
    }
}

/// The same command, as execvp falls back to it.
#[expect(clippy::disallowed_methods, reason = "wrap is the door through which the real aws is started")]
fn through_shell(command: &Command, found: &Found) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg(&found.path).args(command.get_args()).stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    shell
}
