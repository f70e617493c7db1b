//! The failed command is explained, and nothing of that can cost its result: not a panic, not a hang, not impatience.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::signals::{FROM_KEYS, Signals};
use super::{Finished, panics, say};

/// How long the explaining may go past its own budget: to draw what it has, on a busy machine.
const GRACE: Duration = Duration::from_secs(1);

/// How long it gets to tidy up (a spinner's line) when it is told to stop. Short enough to be "at once" to a person.
const TIDY_UP: Duration = Duration::from_millis(100);

/// Policies are parsed and evaluated by recursion, bounded, but strangers choose how deep.
const STACK: usize = 8 * 1024 * 1024;

/// Says that the explaining should stop. Whoever does not look is stopped all the same, a moment later.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Explains, and returns when that is done, has failed, takes too long, or is not wanted any more. In the last two cases
/// a thread is left behind that ends with the process.
pub(super) fn explain(finished: Finished, signals: &Signals) {
    let budget = finished.options.timeout;
    let stop = finished.stop.clone();
    if guarded(signals, budget + GRACE, &stop, move || crate::explain::after(&finished)) == Guarded::TooLate {
        say(&format_args!("explaining did not end within its {budget:?} and was stopped"));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guarded {
    /// The work has ended, or somebody told it to.
    Over,
    TooLate,
}

fn guarded(signals: &Signals, limit: Duration, stop: &Stop, work: impl FnOnce() + Send + 'static) -> Guarded {
    let (tell, done) = sync_channel(1);
    let waker = match signals.waker() {
        Ok(waker) => waker,
        Err(error) => {
            say(&format_args!("nothing is explained, because no pipe could be opened: {error}"));
            return Guarded::Over;
        }
    };
    let worker = thread::Builder::new().name("explain".to_owned()).stack_size(STACK).spawn(move || {
        let ended = panics::contain(work);
        let _nobody_waits = tell.send(ended.is_some());
        waker.wake();
    });
    if let Err(error) = worker {
        say(&format_args!("nothing is explained, because no thread could be started: {error}"));
        return Guarded::Over;
    }
    let deadline = Instant::now() + limit;
    let too_late = loop {
        match done.try_recv() {
            Ok(true) => return Guarded::Over,
            Ok(false) | Err(TryRecvError::Disconnected) => {
                panics::say();
                return Guarded::Over;
            }
            Err(TryRecvError::Empty) => {}
        }
        if signals.take_any(&FROM_KEYS) | signals.take_any(&[Signal::TERM, Signal::HUP]) {
            break false;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break true;
        }
        signals.wait(Some(left));
    };
    stop.set();
    let tidied = done.recv_timeout(TIDY_UP);
    if too_late && tidied == Err(RecvTimeoutError::Timeout) { Guarded::TooLate } else { Guarded::Over }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[test]
    fn a_panic_ends_with_the_work() {
        panics::keep_quiet();
        let signals = Signals::catch().expect("signals");
        assert_eq!(guarded(&signals, LONG, &Stop::default(), || panic!("a fault")), Guarded::Over);
    }

    #[test]
    fn work_that_never_ends_is_left_behind() {
        let signals = Signals::catch().expect("signals");
        let stop = Stop::default();
        let (open, never) = channel::<()>();
        let ended = guarded(&signals, Duration::from_millis(50), &stop, move || assert!(never.recv().is_err()));
        assert!(stop.is_set());
        assert_eq!(ended, Guarded::TooLate);
        drop(open);
    }

    #[test]
    fn ctrl_c_ends_it_at_once() {
        let signals = Signals::catch().expect("signals");
        let stop = Stop::default();
        let (open, never) = channel::<()>();
        let ended = guarded(&signals, LONG, &stop, move || {
            signal_hook::low_level::raise(Signal::INT.as_raw()).expect("raised");
            assert!(never.recv().is_err());
        });
        assert!(stop.is_set());
        assert_eq!(ended, Guarded::Over);
        drop(open);
    }

    #[test]
    fn work_that_looks_at_the_flag_may_tidy_up() {
        let signals = Signals::catch().expect("signals");
        let stop = Stop::default();
        let watched = stop.clone();
        let ended = guarded(&signals, Duration::from_millis(20), &stop, move || {
            while !watched.is_set() {
                thread::sleep(Duration::from_millis(1));
            }
        });
        assert_eq!(ended, Guarded::Over);
    }
}
