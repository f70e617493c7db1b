//! The real `aws` takes this process's place: no parent stays behind.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::{guard, harmless, say};

/// The command as the shell would start it: by path, named `aws`, everything inherited. Only the guard is added.
#[expect(clippy::disallowed_methods, reason = "wrap is the door through which the real aws is started")]
pub(super) fn command(aws: &Path, args: &[OsString], guard: &OsStr) -> Command {
    let mut command = Command::new(aws);
    command.arg0("aws").args(args).env(guard::VARIABLE, guard);
    command
}

/// Becomes `aws`. Returns only where that fails, with the status that a shell would give.
pub(super) fn replace(mut command: Command, aws: &Path) -> ExitCode {
    let error = command.exec();
    failed(aws, &error)
}

/// Says why `aws` could not be started.
pub(super) fn failed(aws: &Path, error: &io::Error) -> ExitCode {
    say(&format_args!("{}: {}", harmless(aws.as_os_str()), reason(error)));
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 })
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        // The file was there a moment ago: what is missing is the interpreter that its first line names.
        io::ErrorKind::NotFound => "cannot be started: the file or its interpreter does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => format!("cannot be started: {error}"),
    }
}
