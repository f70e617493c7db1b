//! Signals while `aws` runs and while its failure is explained.
//!
//! A terminal sends Ctrl-C and Ctrl-\ to the whole foreground group: `aws` gets them by itself, and all that is needed
//! here is not to die of them. Those are handlers that do nothing but set a flag, never `SIG_IGN`, which a child would
//! inherit. What is sent to one process alone (`kill PID`) reaches us instead of `aws` and is passed on. Ctrl-Z, `fg`
//! and a change of the window's size go to the group as well and are left at their default.
//!
//! What our parent had ignored (`nohup`, a shell's background job) stays ignored, for us and for `aws`.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::BorrowedFd;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};

use super::status::Status;
use super::tee;

/// Sent on to `aws` at once: nobody sends these to a group by pressing a key.
pub(super) const FORWARDED: [Signal; 5] = [Signal::TERM, Signal::HUP, Signal::USR1, Signal::USR2, Signal::CONT];

/// What a terminal sends to the group.
pub(super) const FROM_KEYS: [Signal; 2] = [Signal::INT, Signal::QUIT];

/// Signals, caught: flags that say which, and a pipe that wakes whoever waits.
#[derive(Debug)]
pub(super) struct Signals {
    caught: Vec<(Signal, Arc<AtomicBool>)>,
    wake: PipeReader,
    waker: PipeWriter,
}

/// Wakes the thread that waits for signals.
#[derive(Debug)]
pub(super) struct Waker(PipeWriter);

impl Waker {
    pub(super) fn wake(&self) {
        wake(&self.0);
    }
}

fn wake(waker: &PipeWriter) {
    // A full pipe wakes just as well; it does not block, signal-hook has seen to that.
    let _full = rustix::io::write(waker, b"x");
}

/// What stirs in a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stir {
    Nothing,
    Bytes,
    /// Nobody writes any more and all has been read, or nobody reads what would be passed on.
    Over,
}

impl Signals {
    /// Starts to catch. To be done before `aws` is started, so that not even its earliest end is missed.
    pub(super) fn catch() -> io::Result<Self> {
        let (wake, waker) = io::pipe()?;
        let ignored = Ignored::now();
        let mut caught = Vec::new();
        for signal in FORWARDED.into_iter().chain(FROM_KEYS) {
            if ignored.contains(signal) {
                continue;
            }
            let flag = Arc::new(AtomicBool::new(false));
            // The flag first: it must be up when the pipe wakes.
            signal_hook::flag::register(signal.as_raw(), Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(signal.as_raw(), waker.try_clone()?)?;
            caught.push((signal, flag));
        }
        signal_hook::low_level::pipe::register(Signal::CHILD.as_raw(), waker.try_clone()?)?;
        Ok(Self { caught, wake, waker })
    }

    pub(super) fn waker(&self) -> io::Result<Waker> {
        Ok(Waker(self.waker.try_clone()?))
    }

    /// Lets the next [`Signals::wait`] return at once.
    pub(super) fn wake(&self) {
        wake(&self.waker);
    }

    /// Waits for any signal, a child's end, a [`Waker`], or the time-out.
    pub(super) fn wait(&self, timeout: Option<Duration>) {
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut fds = [PollFd::new(&self.wake, PollFlags::IN)];
        if poll(&mut fds, timeout.as_ref()).is_ok_and(|ready| ready > 0) {
            self.take_wakes();
        }
    }

    /// The same, or for something to stir in `pipe`, which is to be passed on to our stderr.
    pub(super) fn wait_beside(&self, pipe: BorrowedFd<'_>, timeout: Option<Duration>) -> Stir {
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut fds = [
            PollFd::new(&self.wake, PollFlags::IN),
            PollFd::from_borrowed_fd(pipe, PollFlags::IN),
            PollFd::from_borrowed_fd(rustix::stdio::stderr(), PollFlags::empty()),
        ];
        if poll(&mut fds, timeout.as_ref()).is_err() {
            return Stir::Nothing;
        }
        let [wake, pipe, stderr] = fds.map(|fd| fd.revents());
        if !wake.is_empty() {
            self.take_wakes();
        }
        if !stderr.is_empty() || (!pipe.is_empty() && !pipe.contains(PollFlags::IN)) {
            Stir::Over
        } else if pipe.is_empty() {
            Stir::Nothing
        } else {
            Stir::Bytes
        }
    }

    /// The same, but not for bytes that could not be passed on at once: whoever waits here must be there for signals.
    pub(super) fn wait_to_pass(&self, pipe: BorrowedFd<'_>, timeout: Option<Duration>) -> Stir {
        if tee::takes_more() {
            return self.wait_beside(pipe, timeout);
        }
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut fds =
            [PollFd::new(&self.wake, PollFlags::IN), PollFd::from_borrowed_fd(rustix::stdio::stderr(), PollFlags::OUT)];
        if poll(&mut fds, timeout.as_ref()).is_ok() && !fds[0].revents().is_empty() {
            self.take_wakes();
        }
        Stir::Nothing
    }

    /// Waits for a child's end with what is owed it alone, its signals: for when the better waiting broke. Also whether it
    /// was told to end. `idle` is to wait for the next signal.
    pub(super) fn end_of(&self, child: &mut Child, mut idle: impl FnMut()) -> (Status, bool) {
        let mut told_to_go = false;
        loop {
            for signal in FORWARDED.into_iter().chain(FROM_KEYS) {
                if self.take(signal) && !(FROM_KEYS.contains(&signal) && in_foreground()) {
                    // It has not been waited for yet, so the number is still its own; it may have ended this instant.
                    let _gone = kill_process(Pid::from_child(child), signal);
                    told_to_go |= signal == Signal::TERM || signal == Signal::HUP;
                }
            }
            match child.try_wait() {
                Ok(None) => idle(),
                Ok(Some(ended)) => return (Status::from(ended), told_to_go),
                // Nobody else waits for our child, so this does not happen; a status is owed all the same.
                Err(_) => return (Status::Exited(u8::MAX), told_to_go),
            }
        }
    }

    fn take_wakes(&self) {
        let mut bytes = [0; 64];
        let _left = rustix::io::read(&self.wake, &mut bytes);
    }

    /// Whether the signal has come since this was last asked.
    pub(super) fn take(&self, signal: Signal) -> bool {
        self.caught.iter().any(|(caught, flag)| *caught == signal && flag.swap(false, Ordering::SeqCst))
    }

    /// Whether any of these has come since it was last asked.
    pub(super) fn take_any(&self, signals: &[Signal]) -> bool {
        // All of them are asked: what is left over would be taken for a new one later.
        signals.iter().filter(|signal| self.take(**signal)).count() > 0
    }
}

/// Whether the keyboard's signals come to this process group. If so, `aws` has got them too.
pub(super) fn in_foreground() -> bool {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open("/dev/tty", flags, Mode::empty())
        .and_then(rustix::termios::tcgetpgrp)
        .is_ok_and(|group| group == rustix::process::getpgrp())
}

/// Which signals are ignored, as a bit mask.
struct Ignored(u64);

impl Ignored {
    /// Asks the kernel. There is no safe call for it; where `/proc` is missing, nothing counts as ignored.
    #[expect(clippy::disallowed_methods, reason = "wrap is the door to processes and their signals")]
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self::from_status(&status)
    }

    fn from_status(status: &str) -> Self {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0))
    }

    fn contains(&self, signal: Signal) -> bool {
        let bit = u32::try_from(signal.as_raw() - 1).unwrap_or(u32::MAX);
        1_u64.checked_shl(bit).is_some_and(|bit| self.0 & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        let ignored =
            Ignored::from_status("Name:\tx\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\nSigCgt:\t0\n");
        assert!(ignored.contains(Signal::HUP) && ignored.contains(Signal::PIPE));
        assert!(!ignored.contains(Signal::INT) && !ignored.contains(Signal::TERM));
        for strange in ["", "SigIgn:", "SigIgn:\tnonsense"] {
            assert!(!Ignored::from_status(strange).contains(Signal::HUP), "{strange}");
        }
    }
}
