//! `why403 init SHELL`: prints what a shell has to read so that `aws` explains itself.
//!
//! What is printed is a preamble of assignments (where this program is, what the command is to be called) and then a
//! plain file of `shell/`, the same that plugin managers source by itself. Nothing is filled into those files: they are
//! linted and tested as they are.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{exit, print};
use crate::world::{Process, Surroundings};

/// Options of `why403 init`.
#[derive(Debug, clap::Args)]
#[command(after_help = INSTRUCTIONS)]
pub struct Args {
    /// The shell that will read this
    shell: Shell,
    /// Define NAME instead of `aws`, which then stays as it is
    #[arg(long, value_name = "NAME", default_value = "aws", value_parser = command_name)]
    cmd: String,
    /// Run `why403 last` at a key: `alt-w`, `ctrl-g`, or as the shell writes it; WHY403_KEY does the same
    #[arg(long, value_name = "KEY", value_parser = key)]
    key: Option<String>,
}

const INSTRUCTIONS: &str = r#"Add one line to the shell's own file:
  bash  ~/.bashrc                    eval "$(why403 init bash)"
  zsh   ~/.zshrc                     eval "$(why403 init zsh)"
  fish  ~/.config/fish/config.fish   why403 init fish | source

Then `why403 off` and `why403 on` are for one shell, and `command aws` is always the real one."#;

/// A shell that we speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    /// The static part.
    const fn file(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../shell/why403.bash"),
            Self::Zsh => include_str!("../../shell/why403.plugin.zsh"),
            Self::Fish => include_str!("../../shell/why403.fish"),
        }
    }

    fn assign(self, name: &str, value: &str) -> String {
        let quoted = self.quote(value);
        match self {
            Self::Bash => format!("__why403_{name}={quoted}\n"),
            // A plugin manager may evaluate this in a function.
            Self::Zsh => format!("\\builtin typeset -g __why403_{name}={quoted}\n"),
            Self::Fish => format!("set -g __why403_{name} {quoted}\n"),
        }
    }

    /// Between single quotes nothing means anything, but for the quote itself and, in fish, the backslash.
    fn quote(self, value: &str) -> String {
        let inside = match self {
            Self::Bash | Self::Zsh => value.replace('\'', r"'\''"),
            Self::Fish => value.replace('\\', r"\\").replace('\'', r"\'"),
        };
        format!("'{inside}'")
    }
}

/// Prints the script.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let program = own_path().and_then(|path| path.into_os_string().into_string().ok());
    print(&script(args.shell, program.as_deref(), &args.cmd, args.key.as_deref()));
    Ok(exit::FINE)
}

fn script(shell: Shell, program: Option<&str>, command: &str, key: Option<&str>) -> String {
    // What cannot be written down safely is looked for on PATH, as the file does by itself.
    let program = program.filter(|path| !path.chars().any(char::is_control)).unwrap_or("why403");
    let preamble = [("bin", program), ("cmd", command)].map(|(name, value)| shell.assign(name, value)).concat();
    // Without the option the variable decides, and an earlier option must not linger in this shell.
    let key = match (key, shell) {
        (Some(key), _) => shell.assign("key", key),
        (None, Shell::Fish) => "set -e __why403_key\n".to_owned(),
        (None, Shell::Bash | Shell::Zsh) => shell.assign("key", ""),
    };
    preamble + &key + shell.file()
}

/// Where this program is, by the name that it was called by: that name outlives an upgrade, where a symlink's target
/// (`Cellar/why403/0.1.0/…`) does not.
fn own_path() -> Option<PathBuf> {
    let ours = std::env::current_exe().ok()?;
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    let called = std::env::args_os().next().and_then(|name| as_called(&name, Process.variable("PATH").as_deref()));
    match called {
        Some(path) if identity(&path).is_some() && identity(&path) == identity(&ours) => Some(path),
        _ => Some(ours),
    }
}

/// The file that a shell would run for this word, as an absolute path.
fn as_called(name: &OsStr, search: Option<&OsStr>) -> Option<PathBuf> {
    if Path::new(name).components().count() > 1 {
        return std::path::absolute(name).ok();
    }
    let found = std::env::split_paths(search?).map(|folder| folder.join(name)).find(|path| path.is_file())?;
    std::path::absolute(found).ok()
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum BadName {
    #[error("a command's name has letters, digits, `-`, `_` and `.` alone, and begins with a letter or `_`")]
    Characters,
    #[error("that name has a meaning of its own in the shell, or here")]
    Taken,
}

/// Words that a function must not be called, in any of the shells: reserved words, and what the files themselves use.
const TAKEN: &str = "and begin bind bindkey break builtin case command compdef complete continue coproc declare do done \
    echo elif else emulate end esac eval exec exit export fi for foreach function functions if in local nocorrect not or \
    printf read realpath repeat return select set source status string switch test then time typeset unset until while \
    why403 zle";

fn command_name(name: &str) -> Result<String, BadName> {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if !begins || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return Err(BadName::Characters);
    }
    if name.starts_with("__why403_") || TAKEN.split_whitespace().any(|taken| taken == name) {
        return Err(BadName::Taken);
    }
    Ok(name.to_owned())
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is written with visible ASCII characters, without quotes or blanks")]
struct BadKey;

/// readline reads the key between double quotes, so a quote would end it.
fn key(key: &str) -> Result<String, BadKey> {
    let is_fine = !key.is_empty() && key.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\''));
    is_fine.then(|| key.to_owned()).ok_or(BadKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

    #[test]
    fn the_preamble_stands_before_the_file_as_it_is() {
        for shell in SHELLS {
            let script = script(shell, Some("/opt/why 403/it's"), "w", Some("alt-w"));
            let preamble = script.strip_suffix(shell.file()).expect("the whole file at the end");
            assert_eq!(preamble.lines().count(), 3, "{preamble}");
            assert!(preamble.contains("'/opt/why 403/it"), "{preamble}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_written_is_left_to_path() {
        for path in [None, Some("/tmp/a\nb"), Some("/tmp/\u{1b}[31m")] {
            assert!(script(Shell::Bash, path, "aws", None).starts_with("__why403_bin='why403'\n"));
        }
    }

    #[test]
    fn quotes_and_backslashes_stay_inside() {
        assert_eq!(Shell::Zsh.quote(r"a'b\c"), r"'a'\''b\c'");
        assert_eq!(Shell::Fish.quote(r"a'b\c"), r"'a\'b\\c'");
    }

    #[test]
    fn names_that_would_break_the_shell_are_refused() {
        for name in ["aws", "w", "_aws", "aws-why", "aws2", "a.b"] {
            assert_eq!(command_name(name).as_deref(), Ok(name));
        }
        for name in ["", "-w", "2aws", "a b", "a;b", "a$(b)", "a\nb", "ä", "a/b"] {
            assert_eq!(command_name(name), Err(BadName::Characters), "{name}");
        }
        for name in ["why403", "command", "if", "__why403_aws"] {
            assert_eq!(command_name(name), Err(BadName::Taken), "{name}");
        }
    }

    #[test]
    fn a_key_cannot_leave_its_quotes() {
        for fine in ["alt-w", "ctrl-g", r"\ew", "^Xw", "ctrl-x,w"] {
            assert_eq!(key(fine).as_deref(), Ok(fine));
        }
        for bad in ["", "\"", "'", "a b", "a\n", "ü"] {
            assert_eq!(key(bad), Err(BadKey), "{bad}");
        }
    }

    #[test]
    fn a_bare_name_is_found_along_path_and_a_relative_one_made_absolute() {
        let folder = tempfile::tempdir().expect("a directory");
        let program = folder.path().join("why403");
        std::fs::File::create(&program).expect("a file");
        let search = std::env::join_paths([Path::new("/nowhere"), folder.path()]).expect("a path");
        assert_eq!(as_called(OsStr::new("why403"), Some(&search)), Some(program));
        assert_eq!(as_called(OsStr::new("why403"), Some(OsStr::new("/nowhere"))), None);
        assert!(as_called(OsStr::new("./why403"), None).is_some_and(|path| path.is_absolute()));
    }
}
