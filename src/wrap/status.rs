//! How `aws` ended, and ending the same way.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};

/// How the real `aws` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Exited(u8),
    /// Killed by this signal.
    Signaled(i32),
}

impl Status {
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Exited(0))
    }

    /// The number that a shell shows in `$?`.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Exited(code) => code as i32,
            Self::Signaled(signal) => 128 + signal,
        }
    }

    /// Ends this process's part as `aws` ended: by the same signal, or with the same code. A signal does not return.
    pub(super) fn end_alike(self) -> ExitCode {
        match self {
            Self::Exited(code) => ExitCode::from(code),
            Self::Signaled(signal) => {
                die_by(signal);
                // Only for a signal that cannot be raised again; what a shell would show is the best that is left.
                ExitCode::from(u8::try_from(self.code()).unwrap_or(u8::MAX))
            }
        }
    }
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(u8::try_from(code).unwrap_or(u8::MAX)),
            (None, Some(signal)) => Self::Signaled(signal),
            // A stopped child is not reported without being asked for.
            (None, None) => Self::Exited(u8::MAX),
        }
    }
}

/// Raises the signal with its default action. A core of ours would say nothing about `aws`, and it could hold
/// credentials that a diagnosis read: so there is none.
fn die_by(signal: i32) {
    let limit = getrlimit(Resource::Core);
    // Where that is refused the signal still has to be raised.
    let _refused = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: limit.maximum });
    #[cfg(target_os = "linux")]
    let _refused = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    if signal_hook::low_level::emulate_default_handler(signal).is_err() {
        // Signals that signal-hook does not list have no handler here, so the default action is what happens.
        if let Some(signal) = Signal::from_named_raw(signal) {
            let _refused = kill_process(getpid(), signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_is_taken_apart() {
        assert_eq!(Status::from(ExitStatus::from_raw(0)), Status::Exited(0));
        assert_eq!(Status::from(ExitStatus::from_raw(254 << 8)), Status::Exited(254));
        assert_eq!(Status::from(ExitStatus::from_raw(9)), Status::Signaled(9));
        // SIGSEGV, with the bit for "dumped core".
        assert_eq!(Status::from(ExitStatus::from_raw(0x8b)), Status::Signaled(11));
        assert_eq!(Status::Signaled(11).code(), 139);
        assert!(Status::Exited(0).is_success() && !Status::Exited(1).is_success() && !Status::Signaled(2).is_success());
    }
}
