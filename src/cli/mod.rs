//! Our own surface: the subcommands that are not `aws`. It never sees an option of `aws`'s.

mod cache;
mod check;
pub mod completions;
mod config;
#[cfg(feature = "sandbox")]
mod demo;
mod direct;
mod doctor;
mod exec;
mod explain;
mod fix;
pub mod init;
mod last;
mod log;
mod man;
mod run_options;
mod schema;
mod simulate;
mod switch;

use crate::fault::{self, Stage};
use crate::wrap;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Exit statuses of our own subcommands; `why403 aws …` exits as `aws` did.
pub mod exit {
    /// All went well.
    pub const FINE: u8 = 0;
    /// Something was found, or an expectation failed.
    pub const FOUND: u8 = 1;
    /// Used wrongly, or an input that could not be read.
    pub const USAGE: u8 = 2;
    /// It cannot be told.
    pub const CANNOT_TELL: u8 = 3;
}

/// Why did S3 say 403? The answer, under the error.
#[derive(Debug, Parser)]
#[command(name = "why403", version, about, after_help = after_help(), disable_help_subcommand = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the AWS CLI, and explain what was refused
    ///
    /// stdin and stdout are aws's own, stderr passes through byte for byte, and the exit status is aws's. Only a failed
    /// S3 command is followed by anything of ours.
    #[command(override_usage = "why403 [OPTIONS] aws ARGS...")]
    Aws(AwsHelp),
    /// Run a command in which every `aws` is explained: `why403 exec -- make deploy`
    ///
    /// A directory with an `aws` of ours goes first on PATH, for everything below the command. Reports of all calls come
    /// together; a format with a file is written once, at the end. The exit status is the command's own.
    #[command(override_usage = "why403 exec [OPTIONS] -- COMMAND...")]
    Exec(exec::Args),
    /// Show every setting, and who said it
    Config(config::Args),
    /// Show where answers of AWS's are kept for the next diagnosis, or clear them
    Cache(cache::Args),
    /// Say what is found on this machine: `aws`, the shell, profiles, and what may be asked
    Doctor(doctor::Args),
    /// Say what a cause means, and how it is proven and repaired
    Explain(explain::Args),
    /// Diagnose a request that nobody sent: 0 allowed, 1 refused, 3 cannot tell
    ///
    /// Nothing is ever written. A read is tried with one byte; for put and delete the documents alone are evaluated.
    Check(check::Args),
    /// Show the last diagnosis again
    Last(last::Args),
    /// Print the last diagnosis's edits as whole policy documents and as a diff; apply nothing
    Fix(fix::Args),
    /// Find and explain the failures in a saved log: of the AWS CLI, boto3, Terraform, other SDKs
    Log(log::Args),
    /// Decide requests against policies, with no AWS and no network
    Simulate(simulate::Args),
    /// Print what a shell has to read so that `aws` explains itself
    Init(init::Args),
    /// Explain nothing in this shell, until `why403 on`; needs the line of `why403 init`
    Off,
    /// Explain again in this shell; needs the line of `why403 init`
    On,
    /// Print the completions of why403 for a shell
    #[command(hide = true)]
    Completions(completions::Args),
    /// Write the man pages into a directory
    #[command(hide = true)]
    Man(man::Args),
    /// Print the JSON Schema of the report
    Schema,
    /// Show what a refusal looks like, on an AWS in miniature
    #[cfg(feature = "sandbox")]
    Demo(demo::Args),
}

/// The options that stand before `aws`: read by the wrapper itself, listed here for `--help`.
#[derive(Debug, clap::Args)]
struct AwsHelp {
    #[command(flatten)]
    _options: run_options::RunOptions,
}

fn after_help() -> String {
    let mut text = "Variables:\n".to_owned();
    let rest = " ".repeat(39);
    for crate::wrap::Variable { name, value, about, .. } in crate::wrap::VARIABLES {
        let first = format!("  {:<36} ", format!("{name}={value}"));
        // Short enough for a terminal of 80 columns: clap would go on at its edge.
        let layout = textwrap::Options::new(79).initial_indent(&first).subsequent_indent(&rest);
        text.push_str(&textwrap::fill(about, layout));
        text.push('\n');
    }
    text.push_str("\nExit status of `why403 aws …`: that of aws. Of the other commands: 0 fine, 1 something was found, 2 wrong use, 3 cannot tell.");
    text
}

/// Runs one subcommand. `args` is the whole argv.
#[must_use]
pub fn run(args: Vec<OsString>) -> ExitCode {
    wrap::keep_quiet();
    let parsed = wrap::contain(|| {
        fault::point(Stage::CommandLine);
        Cli::try_parse_from(&args)
    });
    let cli = match parsed {
        Some(Ok(cli)) => cli,
        Some(Err(error)) => {
            let code = if error.use_stderr() { exit::USAGE } else { exit::FINE };
            drop(error.print());
            return ExitCode::from(code);
        }
        None => return exec::command(&args).map_or_else(cannot_tell, wrap::run_plainly),
    };
    wrap::contain(|| dispatch(cli.command, &args)).unwrap_or_else(cannot_tell)
}

fn cannot_tell() -> ExitCode {
    direct::say(&format!("it cannot be told, because of {}", wrap::fault()));
    ExitCode::from(exit::CANNOT_TELL)
}

fn dispatch(command: Command, args: &[OsString]) -> ExitCode {
    // Whatever breaks in `exec`, its command runs: it sees to that itself.
    if !matches!(command, Command::Exec(_)) {
        fault::point(Stage::Subcommand);
    }
    // A report names the program, not the path that it was started by.
    let typed: Vec<OsString> = std::iter::once("why403".into()).chain(args.iter().skip(1).cloned()).collect();
    let outcome = match command {
        Command::Aws(_) => {
            // The wrapper takes every command line that asks for `aws` with something to run.
            print(&Cli::command().render_help().to_string());
            Ok(exit::USAGE)
        }
        Command::Exec(args) => {
            return exec::run(&args).unwrap_or_else(|error| {
                drop(writeln!(std::io::stderr(), "why403: {error}"));
                ExitCode::from(exit::USAGE)
            });
        }
        Command::Config(args) => config::run(&args),
        Command::Cache(args) => cache::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Check(args) => check::run(&args, &typed),
        Command::Last(args) => last::run(&args),
        Command::Fix(args) => fix::run(&args),
        Command::Log(args) => log::run(&args, &typed),
        Command::Simulate(args) => simulate::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Off => Ok(switch::run(false)),
        Command::On => Ok(switch::run(true)),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Schema => {
            print(&schema::text());
            Ok(exit::FINE)
        }
        #[cfg(feature = "sandbox")]
        Command::Demo(args) => demo::run(&args),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            drop(writeln!(std::io::stderr(), "why403: {error:#}"));
            ExitCode::from(exit::USAGE)
        }
    }
}

/// Writes to stdout. A reader that went away is no error of ours.
fn print(text: &str) {
    drop(std::io::stdout().write_all(text.as_bytes()));
}

/// The whole definition, for completions, man pages and the tests that hold them to it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }
}
