//! A stage for the wrapper: a directory with an `aws` of the test's own on `PATH`, run bare and through why403.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The built program.
pub const WHY403: &str = env!("CARGO_BIN_EXE_why403");

/// Longer than anything here takes on a busy machine. A test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A directory with `bin/aws` in it.
pub struct Stage(tempfile::TempDir);

impl Stage {
    /// With a shell script as `aws`.
    pub fn with(script: &str) -> Self {
        let stage = Self::empty();
        stage.program("bin", &format!("#!/bin/sh\n{script}"), 0o755);
        stage
    }

    /// Without any `aws`.
    pub fn empty() -> Self {
        let stage = Self(tempfile::tempdir().expect("a directory"));
        fs::create_dir(stage.file("bin")).expect("a directory");
        stage
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// Puts another program named `aws` into a directory. A process of its own writes it: here, a child that another thread is
    /// starting could hold it open for writing a moment longer, and nobody can run a program that somebody may write
    /// (`ETXTBSY`).
    pub fn program(&self, directory: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.directory(directory).join("aws");
        let mut writer = Command::new("sh")
            .args(["-c", r#"rm -f "$1" && cat > "$1" && chmod "$2" "$1""#, "sh"])
            .arg(&path)
            .arg(format!("{mode:o}"))
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        writer.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("its text");
        assert!(writer.wait().expect("its end").success(), "{} is not written", path.display());
        path
    }

    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.file(name);
        fs::create_dir_all(&path).expect("a directory");
        path
    }

    /// A command with nothing of the test's own environment in it but `PATH`, and nowhere to ask AWS.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        self.dress(&mut command);
        command
    }

    fn dress(&self, command: &mut Command) {
        let mut path = self.file("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        command.env_clear().env("PATH", path).env("HOME", self.0.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").current_dir(self.0.path());
    }

    /// `aws` itself.
    pub fn bare(&self, args: &[&str]) -> Command {
        let mut command = self.command(self.file("bin/aws"));
        command.args(args);
        command
    }

    /// `why403 aws …`, left to its own judgement.
    pub fn plain(&self, args: &[&str]) -> Command {
        let mut command = self.command(WHY403);
        command.arg("aws").args(args);
        command
    }

    /// `why403 aws …`, made to stay and watch, and to show nothing of its own: what comes out is what went through.
    pub fn watched(&self, args: &[&str]) -> Command {
        let mut command = self.command(WHY403);
        command.args(["--explain", "never", "--no-probe", "--report"]).arg(self.file("report")).arg("aws").args(args);
        command
    }

    /// The three, with a name for the message of an assertion.
    pub fn all_ways(&self, args: &[&str]) -> [(&'static str, Command); 3] {
        [("bare", self.bare(args)), ("exec'ed", self.plain(args)), ("watched", self.watched(args))]
    }

    /// Waits until the script has written a file, as a sign of how far it is.
    pub fn wait_for(&self, name: &str) {
        wait_until(&format!("`{name}` is written"), || !self.read(name).is_empty());
    }
}

/// Looks again and again, with patience.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Runs to the end with nothing on stdin.
pub fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().expect("it runs")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Sends a signal to one process, as `kill` does.
pub fn kill(signal: rustix::process::Signal, child: &Child) {
    rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).expect("it is there");
}

/// Waits with patience, so that a hang is a failure and not a silence.
pub fn end_of(child: &mut Child) -> ExitStatus {
    let mut status = None;
    wait_until("it ends", || {
        status = child.try_wait().expect("our child");
        status.is_some()
    });
    status.expect("it has ended")
}

/// A program on a terminal of its own, as its session's foreground.
pub struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
    child: Child,
}

impl Terminal {
    pub fn start(stage: &Stage, words: &[&OsStr]) -> Self {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("its name").into_string().expect("a name");
        let open = || File::options().read(true).write(true).open(&name).expect("the terminal");
        // setsid(1) makes the terminal the controlling one, which from here would take unsafe code.
        let mut command = stage.command("setsid");
        command.arg("--ctty").args(words).stdin(open()).stdout(open()).stderr(open()).env("TERM", "dumb");
        let child = command.spawn().expect("setsid runs");
        let keyboard = File::from(master);
        let mut reader = keyboard.try_clone().expect("a second handle");
        let (send, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { keyboard, screen, shown: String::new(), child }
    }

    pub fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits until the screen shows this, and takes everything up to it.
    pub fn expect(&mut self, wanted: &str) -> String {
        let started = Instant::now();
        loop {
            if let Some(at) = self.shown.find(wanted) {
                let rest = self.shown.split_off(at + wanted.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            let left = PATIENCE.saturating_sub(started.elapsed());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&text(&bytes)),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("`{wanted}` was never shown; this was: {:?}", self.shown)
                }
            }
        }
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&self.keyboard, size).expect("resized");
    }

    pub fn end(mut self) -> ExitStatus {
        end_of(&mut self.child)
    }
}

/// Where a test's program stands, as a word for a shell.
pub fn word(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
