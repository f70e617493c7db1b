//! What why403 costs in front of `aws`, as one table of ratios: each thing is measured in turn with what it is held
//! against, in one run, so that a machine that grows slower on the way slows both.
//!
//! `cargo bench --features sandbox --bench program`. Needs `env`, `sh`, `cat` and, for the last rows, an AWS CLI.

#![expect(clippy::disallowed_methods, reason = "a benchmark is outside, with files and processes of its own")]

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use wait4::Wait4;
use why403::sandbox::demo::prepare;
use why403::sandbox::scenario::CliVersion;
use why403::sandbox::{Sandbox, Scenario};

const WHY403: &str = env!("CARGO_BIN_EXE_why403");

/// Runs of what takes a millisecond, and of what takes a second.
const MANY: usize = 300;
const FEW: usize = 9;

const GIGABYTE: usize = 1_000_000_000;
const LINES: usize = 1_000_000;

fn main() {
    machine();
    println!("\n| what | against | time | ratio | goal |\n|---|---|---|---|---|");
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage(directory.path());
    start_up(&stage);
    streams(&stage);
    diagnosis();
    println!("\nsize of the program: {:.1} MB", megabytes(fs::metadata(WHY403).map_or(0, |file| file.len())));
}

/// Its shape, and no more: whose it is does not matter.
fn machine() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split(|char: char| !(char.is_ascii_digit() || char == '.')).next().unwrap_or_default();
    println!("{cores} cores, {} GiB of memory, {} {kernel}", memory / 1024 / 1024, std::env::consts::OS);
}

/// A directory in which programs named `aws` stand.
struct Stage<'a>(&'a Path);

impl Stage<'_> {
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(&path, text).expect("a file");
        path
    }

    /// A script, and the directory that it stands in.
    fn aws(&self, name: &str, script: &str) -> PathBuf {
        let path = self.file(&format!("{name}/aws"), &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("its mode");
        path
    }
}

/// In surroundings with nothing in them but this `aws`.
fn command(program: impl AsRef<std::ffi::OsStr>, aws: &Path) -> Command {
    let mut command = Command::new(program);
    let directory = aws.parent().expect("a directory").display();
    command.env_clear().env("PATH", format!("{directory}:/usr/local/bin:/usr/bin:/bin")).env("HOME", "/nonexistent");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Made to stay and watch.
fn watching(aws: &Path, report: &Path, arguments: &[&str]) -> Command {
    let mut command = command(WHY403, aws);
    command.args(["--explain", "never", "--no-probe", "--report"]).arg(report).arg("aws").args(arguments);
    command
}

/// The median and what it was the median of.
struct Timed {
    wall: Duration,
    cpu: Duration,
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// All of them once, then all of them again, `runs` times.
fn in_turn(runs: usize, commands: &mut [Command]) -> Vec<Timed> {
    let mut walls = vec![Vec::new(); commands.len()];
    let mut cpus = vec![Vec::new(); commands.len()];
    for run in 0..=runs {
        for (at, command) in commands.iter_mut().enumerate() {
            let started = Instant::now();
            let used = command.spawn().and_then(Wait4::wait4).expect("it runs").rusage;
            // The first is the one that fills the caches.
            if run > 0 {
                walls[at].push(started.elapsed());
                cpus[at].push(used.utime + used.stime);
            }
        }
    }
    walls.into_iter().zip(cpus).map(|(walls, cpus)| Timed { wall: median(walls), cpu: median(cpus) }).collect()
}

fn row(what: &str, against: &str, times: [Duration; 2], note: &str, goal: &str) {
    let ratio = times[0].as_secs_f64() / times[1].as_secs_f64();
    let times = times.map(|time| time.as_secs_f64() * 1000.0);
    println!("| {what} | {against} | {:.2} ms, {:.2} ms{note} | {ratio:.2} | {goal} |", times[0], times[1]);
}

fn start_up(stage: &Stage<'_>) {
    // The smallest program there is, so that nothing of its own hides what stands in front of it.
    let aws = stage.0.join("true/aws");
    fs::create_dir_all(aws.parent().expect("a directory")).expect("a directory");
    fs::copy(["/usr/bin/true", "/bin/true"].iter().find(|path| Path::new(path).exists()).expect("true"), &aws)
        .expect("a copy");
    let mut bare = command(&aws, &aws);
    bare.args(["s3", "ls"]);
    let mut env = command("env", &aws);
    env.args(["aws", "s3", "ls"]);
    let mut passed = command(WHY403, &aws);
    passed.args(["aws", "ec2", "describe-instances"]);
    let mut watched = command(WHY403, &aws);
    watched.env("WHY403_EXPLAIN", "always").args(["aws", "s3", "ls"]);
    let mut in_ci = command(WHY403, &aws);
    in_ci.env("CI", "true").args(["aws", "s3", "ls"]);
    let instructions = [instructions(&mut env), instructions(&mut passed)];
    let times = in_turn(MANY, &mut [bare, env, passed, watched, in_ci]);
    let [bare, env, passed, watched, in_ci] = times.as_slice() else { unreachable!("five were measured") };
    let more = |timed: &Timed| format!(" (+{:.2})", (timed.wall.saturating_sub(bare.wall)).as_secs_f64() * 1000.0);
    row("passed through", "`env`", [passed.wall, env.wall], "", "1.5");
    row("passed through, CPU", "`env`", [passed.cpu, env.cpu], "", "");
    match instructions {
        [Some(env), Some(passed)] => {
            println!(
                "| passed through, instructions | `env` | {passed}, {env} | {:.2} | |",
                passed as f64 / env as f64
            );
        }
        _ => println!("| passed through, instructions | `env` | not counted: no counters here | | |"),
    }
    row("passed through", "bare", [passed.wall, bare.wall], &more(passed), "+1 ms");
    row("watched, succeeds", "bare", [watched.wall, bare.wall], &more(watched), "+1.5 ms");
    row("watched in CI, succeeds", "bare", [in_ci.wall, bare.wall], &more(in_ci), "");
}

/// As `perf` counts them in user mode; `None` where it does not.
fn instructions(command: &mut Command) -> Option<u64> {
    let mut perf = Command::new("perf");
    perf.args(["stat", "-x,", "-e", "instructions:u", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        perf.env(name, value?);
    }
    let said = perf.stdin(Stdio::null()).stdout(Stdio::null()).output().ok()?.stderr;
    String::from_utf8_lossy(&said).lines().last()?.split(',').next()?.parse().ok()
}

/// Runs with stderr in a file, by way of a `cat` where one is asked for.
fn through(command: &mut Command, by_cat: bool, file: &Path) -> Duration {
    let file = Stdio::from(fs::File::create(file).expect("a file"));
    let started = Instant::now();
    if by_cat {
        let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(file).spawn().expect("cat");
        let into_cat = Stdio::from(cat.stdin.take().expect("its stdin"));
        command.stderr(into_cat).status().expect("it runs");
        // A pipe's end of ours in there would keep `cat` waiting.
        command.stderr(Stdio::null());
        cat.wait().expect("our child");
    } else {
        command.stderr(file).status().expect("it runs");
    }
    started.elapsed()
}

/// The most memory that the program itself takes. Looked at from outside again and again, so not in a run that is timed.
fn peak(command: &mut Command) -> u64 {
    let mut program = command.stderr(Stdio::null()).spawn().expect("it runs");
    let status = format!("/proc/{}/status", program.id());
    let mut peak = 0;
    while program.try_wait().expect("our child").is_none() {
        let said = fs::read_to_string(&status).unwrap_or_default();
        let line = said.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        peak = line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(peak);
        sleep(Duration::from_millis(1));
    }
    peak * 1024
}

/// Ours, and `cat` in the same place, in turn.
fn beside_cat(stage: &Stage<'_>, ours: &mut Command, bare: &mut Command) -> [Duration; 2] {
    let file = stage.0.join("log");
    let (mut our_times, mut cat_times) = (Vec::new(), Vec::new());
    for run in 0..=FEW {
        let time = through(ours, false, &file);
        let cat = through(bare, true, &file);
        if run > 0 {
            our_times.push(time);
            cat_times.push(cat);
        }
    }
    fs::remove_file(&file).expect("removed");
    [median(our_times), median(cat_times)]
}

fn streams(stage: &Stage<'_>) {
    let report = stage.0.join("report.jsonl");
    let arguments = ["s3", "sync", "s3://acme-logs", "logs"];
    let debug = "2026-07-01 12:00:00,123 - MainThread - botocore.hooks - DEBUG - Event before-call.s3.GetObject: calling \
                 handler <function add_recursion_detection_header at 0x7f0000000000>\n";
    let log = stage.file("debug", &debug.repeat(10_000_000 / debug.len()));
    let times = GIGABYTE / usize::try_from(fs::metadata(&log).expect("a file").len()).expect("a small file");
    let all = format!("{} ", log.display()).repeat(times);

    let stdout = stage.aws("stdout", &format!("exec cat {all}"));
    let into_cat = |program: &str| format!("{program} s3 sync s3://acme-logs logs | cat >/dev/null");
    let mut commands = [into_cat(&format!("{WHY403} --explain always aws")), into_cat(&stdout.display().to_string())]
        .map(|line| {
            let mut shell = command("sh", &stdout);
            shell.args(["-c", &line]);
            shell
        });
    let timed = in_turn(FEW, &mut commands);
    row("1 GB of stdout", "bare", [timed[0].wall, timed[1].wall], "", "1.0");

    let noisy = stage.aws("stderr", &format!("exec cat {all} >&2"));
    let mut bare = command(&noisy, &noisy);
    bare.args(arguments);
    let mut ours = watching(&noisy, &report, &arguments);
    let times = beside_cat(stage, &mut ours, &mut bare);
    let note = format!(", peak {:.1} MiB", mebibytes(peak(&mut ours)));
    row("1 GB of stderr", "`cat`", times, &note, "1.25, 8 MiB");

    for (name, error) in ERRORS {
        let mut text = String::new();
        for at in 0..LINES {
            let key = format!("2026/07/{:02}/part-{at:07}.parquet", at % 31);
            let error = error.replace("KEY", &key);
            let _ = writeln!(text, "download failed: s3://acme-logs/{key} to logs/{key} {error}");
        }
        let lines = stage.file(name, &text);
        drop(text);
        let failing = stage.aws(&format!("{name}.d"), &format!("cat {} >&2; exit 1", lines.display()));
        let mut bare = command(&failing, &failing);
        bare.args(arguments);
        let _none_yet = fs::remove_file(&report);
        let mut ours = watching(&failing, &report, &arguments);
        let times = beside_cat(stage, &mut ours, &mut bare);
        let counted = counts(&report);
        assert!(counted.iter().all(|count| *count == LINES as u64), "not every line was counted: {counted:?}");
        let explained = mebibytes(peak(&mut ours));
        // The same lines from a command that succeeds after all: what watching takes, and no explaining.
        let forgiven = stage.aws(&format!("{name}.forgiven"), &format!("exec cat {} >&2", lines.display()));
        let watched = mebibytes(peak(&mut watching(&forgiven, &report, &arguments)));
        let note = format!(", peak {watched:.1} MiB ({explained:.1} with the explaining), count exact");
        row(&format!("{LINES} failing lines, {name}"), "`cat`", times, &note, "1.1, 8 MiB");
        fs::remove_file(&lines).expect("removed");
    }
}

const ERRORS: [(&str, &str); 2] = [
    ("bare", "An error occurred (403) when calling the HeadObject operation: Forbidden"),
    (
        "worded",
        "An error occurred (AccessDenied) when calling the GetObject operation: User: arn:aws:iam::111122223333:user/alice \
         is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::acme-logs/KEY\" because no identity-based \
         policy allows the s3:GetObject action",
    ),
];

/// How many failures each report counts.
fn counts(report: &Path) -> Vec<u64> {
    let text = fs::read_to_string(report).expect("a report");
    let count = |line: &str| {
        let report: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let failures = report["failures"].as_array().expect("failures");
        failures.iter().filter_map(|failure| failure["count"].as_u64()).sum()
    };
    let counts: Vec<u64> = text.lines().map(count).collect();
    assert_eq!(counts.len(), FEW + 1, "each run writes a report");
    counts
}

/// A refused command with its diagnosis, the same without, and one more command, all against the sandbox: how long the
/// diagnosis takes is the difference of the first two.
fn diagnosis() {
    for name in ["identity-policy-no-allow.bare", "bucket-policy-deny.bare", "key-not-found-hidden.bare"] {
        let Ok(scenario) = Scenario::load(name) else { continue };
        let sandbox = Sandbox::start(scenario.clone()).expect("a sandbox");
        let prepared = prepare(&scenario, &sandbox, CliVersion::V1).expect("prepared");
        let quiet = |mut command: Command| {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let mut explained = prepared.command(WHY403.as_ref());
        explained.args(["--explain", "always", "aws"]).args(prepared.argv());
        let mut bare = prepared.command("aws".as_ref());
        bare.args(prepared.argv());
        let mut caller = prepared.command("aws".as_ref());
        caller.args(["sts", "get-caller-identity"]);
        let timed = in_turn(FEW, &mut [explained, bare, caller].map(quiet));
        let [explained, bare, caller] = timed.as_slice() else { unreachable!("three were measured") };
        let alone = explained.wall.saturating_sub(bare.wall);
        row(&format!("diagnosis of {name}"), "`aws sts get-caller-identity`", [alone, caller.wall], "", "1.0");
    }
}

#[expect(clippy::cast_precision_loss, reason = "a size to look at")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "a size to look at")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
