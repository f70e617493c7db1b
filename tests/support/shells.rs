//! Real shells on a stage of their own: a home with nothing in it, and a PATH with an `aws`, an `aws_completer` and a
//! why403 that the tests put there and take away.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::tools::{find, require};

/// The built program.
pub const WHY403: &str = env!("CARGO_BIN_EXE_why403");

/// Longer than anything here takes on a busy machine. A test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the scripts and the shells themselves start. Nothing else is on PATH, least of all the machine's own `aws`.
const TOOLS: &[&str] = &[
    "bash", "cat", "clear", "env", "fish", "kill", "ls", "mkdir", "readlink", "rm", "sed", "sh", "sleep", "tr", "tty",
    "uname", "zsh",
];

/// A failing `s3 cp`, an exit status on demand, and for the rest the arguments as they came.
const AWS: &str = r#"#!/bin/sh
printf '%s\n' "$*" >>"$HOME/calls"
case "${1-} ${2-}" in
"s3 cp")
    echo 'fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden' >&2
    exit 1
    ;;
"exit "*) exit "$2" ;;
"sleep "*) exec sleep "$2" ;;
*) printf '<%s>' "$@" && echo ;;
esac
"#;

/// Completes `aws s3 ` as the real one would, and notes what it was asked.
const COMPLETER: &str = r#"#!/bin/sh
printf '%s|%s\n' "$COMP_LINE" "$COMP_POINT" >>"$HOME/completed"
case "$COMP_LINE" in *" s3 ") echo "presign-me " ;; esac
"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

impl Shell {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }

    /// The words that start it strictly and bare. fish knows no stricter.
    pub const fn strict(self) -> &'static [&'static str] {
        match self {
            Self::Bash => &["bash", "--noprofile", "--norc", "-e", "-u", "-o", "pipefail"],
            Self::Zsh => &["zsh", "-e", "-u", "-o", "pipefail", "--no-rcs"],
            Self::Fish => &["fish", "--no-config", "--private"],
        }
    }

    /// The plain file.
    pub fn file(self) -> PathBuf {
        let name = match self {
            Self::Bash => "why403.bash",
            Self::Zsh => "why403.plugin.zsh",
            Self::Fish => "why403.fish",
        };
        Path::new(env!("CARGO_MANIFEST_DIR")).join("shell").join(name)
    }

    /// The line that README tells to write, with options.
    pub fn init(self, options: &str) -> String {
        match self {
            Self::Bash | Self::Zsh => format!("eval \"$(why403 init {} {options})\"", self.name()),
            Self::Fish => format!("why403 init fish {options} | source"),
        }
    }

    /// The line that sources the plain file.
    pub fn source(self) -> String {
        format!("source '{}'", self.file().display())
    }

    /// The file that it reads at the start of an interactive session, with what makes its screen predictable before
    /// what the user wrote.
    fn write_own_file(self, home: &Path, user: &str) -> Vec<String> {
        let (name, before, words): (_, _, &[&str]) = match self {
            Self::Bash => (".bashrc", "PS1='[$?] $ '\nbind 'set bell-style none'\n", &["bash"]),
            Self::Zsh => (".zshrc", "PS1='[%?] $ '\nunsetopt prompt_sp beep\n", &["zsh", "-d"]),
            Self::Fish => (
                ".config/fish/config.fish",
                "set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n\
                 function fish_prompt; echo -n \"[$status] \\$ \"; end\n",
                &["fish"],
            ),
        };
        let file = home.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("its folder");
        fs::write(file, format!("{before}{user}\n")).expect("written");
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}

/// Whether the shells are here.
pub fn all_here() -> bool {
    require(&["bash", "zsh", "fish"])
}

/// A home and a PATH.
pub struct Stage(tempfile::TempDir);

impl Stage {
    pub fn new() -> Self {
        let stage = Self(tempfile::tempdir().expect("a directory"));
        fs::create_dir(stage.path("tools")).expect("a directory");
        for tool in TOOLS {
            if let Some(found) = find(tool) {
                symlink(found, stage.path("tools").join(tool)).expect("a link");
            }
        }
        stage.program("bin/aws", AWS);
        stage.program("bin/aws_completer", COMPLETER);
        symlink(WHY403, stage.path("bin/why403")).expect("a link");
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn program(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
        fs::write(&path, text).expect("written");
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("its mode");
    }

    /// Moves a program to where no PATH leads.
    pub fn rename(&self, from: &str, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().expect("a folder")).expect("its folder");
        fs::rename(self.path(from), to).expect("moved");
    }

    /// What has been written to a file of the home, and forgets it.
    pub fn take(&self, name: &str) -> String {
        let path = self.path(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        if path.exists() {
            fs::remove_file(path).expect("removed");
        }
        text
    }

    /// The whole environment, and nowhere to ask AWS.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let home = self.0.path().display().to_string();
        vec![
            ("PATH", format!("{home}/bin:{home}/tools")),
            ("HOME", home),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("TERM", "screen".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1".to_owned()),
        ]
    }

    /// Runs a script under the shell's strict flags, with nothing of the test's environment and no terminal.
    pub fn run(&self, shell: Shell, script: &str) -> Output {
        let words = shell.strict();
        let mut command = Command::new(self.path("tools").join(words[0]));
        command.args(&words[1..]).arg("-c").arg(script).stdin(Stdio::null());
        command.env_clear().envs(self.environment()).current_dir(self.0.path());
        command.output().expect("the shell runs")
    }

    /// Runs a script that must end well and say nothing on stderr; returns what it wrote.
    pub fn fine(&self, shell: Shell, script: &str) -> String {
        let output = self.run(shell, script);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && stderr.is_empty(), "{shell:?}: {script}\n{stdout}\n{stderr}");
        stdout
    }

    /// An interactive session in a terminal, as its user would have it, with these lines in the shell's own file.
    pub fn session(&self, shell: Shell, own_file: &str) -> Screen {
        let words = shell.write_own_file(self.0.path(), own_file);
        let screen = self.terminal(&words);
        screen.wait("[0] $");
        screen
    }

    /// A program in a terminal of 100 by 30.
    pub fn terminal(&self, words: &[String]) -> Screen {
        // One server for each: an earlier one may still be ending.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let screen = Screen { socket: self.path(&format!("tmux-{}", COUNT.fetch_add(1, Ordering::Relaxed))) };
        let assignments = self.environment().into_iter().map(|(name, value)| format!("{name}={value}"));
        let directory = self.0.path().display().to_string();
        let mut command = screen.tmux(&["new-session", "-d", "-x", "100", "-y", "30", "-c", &directory, "env", "-i"]);
        let started = command.args(assignments).args(words).output().expect("tmux runs");
        assert!(started.status.success(), "{}", text(&started.stderr));
        screen
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A terminal, seen through a tmux server of its own.
pub struct Screen {
    socket: PathBuf,
}

impl Screen {
    fn tmux(&self, words: &[&str]) -> Command {
        let mut command = Command::new(find("tmux").expect("tmux was asked for"));
        command.arg("-S").arg(&self.socket).args(["-f", "/dev/null"]).args(words);
        command.env_remove("TMUX").env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        command
    }

    /// Types text as it is.
    pub fn type_in(&self, keys: &str) {
        assert!(self.tmux(&["send-keys", "-l", keys]).status().expect("tmux runs").success());
    }

    /// Presses one key, by tmux's name for it.
    pub fn press(&self, key: &str) {
        assert!(self.tmux(&["send-keys", key]).status().expect("tmux runs").success());
    }

    /// What stands on the screen, without the empty lines below.
    pub fn text(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().expect("tmux runs");
        text(&output.stdout).trim_end().to_owned()
    }

    /// Waits until the last line is so, and returns the screen.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let screen = self.text();
            if is_so(&screen) {
                return screen;
            }
            assert!(started.elapsed() < PATIENCE, "waited in vain for {what}; the screen:\n{screen}");
            sleep(Duration::from_millis(15));
        }
    }

    /// Waits until this is the whole last line.
    pub fn wait(&self, last_line: &str) -> String {
        self.wait_until(&format!("`{last_line}`"), |screen| screen.lines().last() == Some(last_line))
    }

    /// Clears the screen, so that the next prompt is a new one, and runs a line to its end.
    pub fn run(&self, line: &str, status: u8) -> String {
        self.press("C-l");
        self.wait_until("an empty screen", |screen| screen.lines().count() == 1);
        self.type_in(line);
        self.press("Enter");
        let prompt = format!("[{status}] $");
        self.wait_until(&format!("`{prompt}` after `{line}`"), |screen| {
            screen.lines().count() > 1 && screen.lines().last() == Some(&prompt)
        })
    }

    /// Presses TAB after a text until the line has become this. (Some shells load a completion at the first TAB and
    /// complete at the second.)
    pub fn completes(&self, typed: &str, completed: &str) {
        self.press("C-u");
        self.type_in(typed);
        self.press("Tab");
        self.wait_until(&format!("`{typed}` to become `{completed}`"), |screen| {
            screen.lines().last().is_some_and(|line| line.trim_end().ends_with(completed))
        });
        self.press("C-u");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.tmux(&["kill-server"]).output());
    }
}
