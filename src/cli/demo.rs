//! `why403 demo [CAUSE]`: an AWS in miniature on loopback, the real `aws s3 cp` against it through the wrapper, and what
//! a user sees.

use super::{exit, print};
use crate::cause::case::quote;
use crate::sandbox::demo::prepare;
use crate::sandbox::scenario::{CliVersion, names};
use crate::sandbox::{Sandbox, Scenario};
use anyhow::{Context, bail};
use std::io::Write;
use std::path::PathBuf;

/// Options of `why403 demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A cause, or a scenario's name; three scenes where there is none
    scenario: Option<String>,
    /// List all scenarios
    #[arg(long)]
    list: bool,
    /// The AWS CLI to run; the first `aws` on PATH otherwise
    #[arg(long, value_name = "FILE")]
    aws: Option<PathBuf>,
}

/// The moments of delight.
const SCENES: &[&str] = &["identity-policy-no-allow.prefix", "key-not-found-hidden", "bucket-policy-deny"];

/// Plays the scenes.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    if args.list {
        for name in names() {
            let scenario = Scenario::load(name)?;
            print(&format!("{name:<44} {}\n", scenario.title));
        }
        return Ok(exit::FINE);
    }
    let scenes: Vec<&str> = args.scenario.as_deref().map_or_else(|| SCENES.to_vec(), |name| vec![name]);
    for name in scenes {
        play(name, args)?;
    }
    Ok(exit::FINE)
}

fn play(name: &str, args: &Args) -> anyhow::Result<()> {
    if !names().any(|known| known == name) {
        bail!("there is no scenario `{name}`; `why403 demo --list` shows them all");
    }
    let scenario = Scenario::load(name)?;
    let version = version(args);
    print(&format!("# {}: {}\n", name, scenario.title));
    let sandbox = Sandbox::start(scenario.clone())?;
    let prepared = prepare(&scenario, &sandbox, version)?;
    let ours = std::env::current_exe().context("this program's own file was not found")?;
    for (index, run) in prepared.runs.iter().enumerate() {
        let words: Vec<String> = run.iter().map(|word| quote(word)).collect();
        print(&format!("$ aws {}\n", words.join(" ")));
        std::io::stdout().flush()?;
        let mut command = prepared.command(ours.as_os_str());
        if let Some(directory) = args.aws.as_deref().and_then(std::path::Path::parent) {
            command.env("PATH", format!("{}:/usr/bin:/bin", directory.display()));
        }
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "WHY403_REPORT", "WHY403_TIMEOUT", "WHY403_FORMAT"] {
            if let Some(value) = crate::world::World::real().var(name) {
                command.env(name, value);
            }
        }
        // What came before is the scene's setting; the last run is the scene.
        let last = index + 1 == prepared.runs.len();
        command.args(["--explain", if last { "always" } else { "never" }, "aws"]).args(run);
        let status = command.status().context("the wrapper could not be started")?;
        print(&format!("(exit {})\n\n", status.code().unwrap_or(128)));
    }
    Ok(())
}

/// Old releases of version 2 take the endpoint from the command line alone.
fn version(args: &Args) -> CliVersion {
    let program = args.aws.as_ref().map_or_else(|| PathBuf::from("aws"), Clone::clone);
    #[expect(clippy::disallowed_methods, reason = "the demonstration asks the CLI for its version")]
    let asked = std::process::Command::new(program).arg("--version").output();
    match asked {
        Ok(output) if String::from_utf8_lossy(&output.stdout).starts_with("aws-cli/2") => CliVersion::V2,
        _ => CliVersion::V1,
    }
}
