//! `why403 exec [OPTIONS] -- COMMAND…`: every `aws` below the command is explained, and the script stays as it is.

use super::run_options::RunOptions;
use crate::wrap;
use std::ffi::OsString;
use std::process::ExitCode;

/// Options of `why403 exec`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: RunOptions,
    /// The command, and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs the command; the exit status is its own.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    Ok(wrap::run_command(&args.options.words(), &args.command)?)
}

/// What is to run, for when the command line could not be read: all behind the `--` of an `exec`.
pub fn command(args: &[OsString]) -> Option<&[OsString]> {
    let at = args.iter().position(|word| word == "--")?;
    (args.get(1).is_some_and(|word| word == "exec") && at + 1 < args.len()).then(|| &args[at + 1..])
}
