//! `why403 completions SHELL` (hidden): the completion scripts of our own commands, made from the clap definition.
//!
//! The files in `completions/` are what this prints, committed, and held to it by a test. Completing `aws` itself is not
//! here: the files in `shell/` see to that.

use clap::builder::PossibleValuesParser;
use clap_complete::aot;

use super::init::Shell;
use super::{exit, print};
use crate::render::FORMATS;

/// Options of `why403 completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell to complete in
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    print(&generate(args.shell));
    Ok(exit::FINE)
}

/// The whole script, ending in a line break.
#[must_use]
pub fn generate(shell: Shell) -> String {
    let mut command = offered(super::command());
    let mut script = Vec::new();
    let shell = match shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
    };
    aot::generate(shell, &mut command, "why403", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == aot::Shell::Fish {
        script.push_str(&positionals(&command));
    }
    script
}

/// clap's script for fish offers the values of options, but not those of arguments.
fn positionals(command: &clap::Command) -> String {
    let mut lines = String::new();
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        for argument in below.get_positionals() {
            let values: Vec<String> = argument.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect();
            if !values.is_empty() {
                let (below, values) = (below.get_name(), values.join(" "));
                lines.push_str(&format!(
                    "complete -c why403 -n \"__fish_why403_using_subcommand {below}\" -f -a '{values}'\n"
                ));
            }
        }
    }
    lines
}

/// The definition as a completion should offer it: the wrapper's options where they are written, before `aws`, and every
/// value that is known by heart.
fn offered(command: clap::Command) -> clap::Command {
    let wrapper: Vec<clap::Arg> = command
        .find_subcommand("aws")
        .map(|aws| aws.get_arguments().filter(|arg| !is_builtin(arg)).cloned().collect())
        .unwrap_or_default();
    let command = if wrapper.is_empty() {
        command
    } else {
        command.mut_subcommand("aws", |aws| aws.mut_args(|arg| arg.hide(true))).args(wrapper)
    };
    with_values(command)
}

fn is_builtin(arg: &clap::Arg) -> bool {
    matches!(arg.get_id().as_str(), "help" | "version")
}

/// Gives the arguments their values, by their names, in every subcommand.
fn with_values(command: clap::Command) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let command = command.mut_args(|arg| match values(arg.get_id().as_str()) {
        Some(values) if arg.get_possible_values().is_empty() => arg.value_parser(PossibleValuesParser::new(values)),
        _ => arg,
    });
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_values))
}

fn values(argument: &str) -> Option<Vec<&'static str>> {
    match argument {
        "cause" | "causes" => Some(crate::cause::registry::all().iter().map(|about| about.code.as_str()).collect()),
        "explain" => Some(vec!["auto", "always", "never"]),
        "format" => Some(FORMATS.iter().map(|format| format.format().name()).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_and_format_is_offered_in_every_shell() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = generate(shell);
            for name in ["cause", "explain", "format"].iter().filter_map(|argument| values(argument)).flatten() {
                assert!(script.contains(name), "{shell:?}: {name}");
            }
            assert!(script.ends_with('\n'), "{shell:?}");
        }
    }
}
