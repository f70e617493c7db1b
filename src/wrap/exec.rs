//! The real `aws` takes this process's place: no parent stays behind.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::guard::{self, Guard};
use super::locate::{DEFAULT_PATH, Identity, NotFound};
use super::{harmless, say};

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

/// Becomes the first `aws` on `PATH` that is not us and that the kernel takes: all that is left where the search broke.
pub(super) fn first_that_runs(path: Option<OsString>, args: &[OsString], guard: &Guard) -> ExitCode {
    for directory in std::env::split_paths(&path.unwrap_or_else(|| DEFAULT_PATH.into())) {
        // An empty entry is the current directory, and a bare name would be searched for.
        let candidate = Path::new(".").join(directory).join("aws");
        if let Some(identity) = Identity::at(&candidate).filter(|identity| !guard.has_seen(*identity)) {
            // It returns where the kernel refuses; then the next may do.
            let _refused = command(&candidate, args, &guard.for_exec(identity)).exec();
        }
    }
    say(&NotFound::Missing);
    ExitCode::from(NotFound::Missing.exit_code())
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
