//! Being invisible: everything that can be told apart between `aws` and `why403 aws`, with an `aws` of the test's own.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/wrapped.rs"]
mod wrapped;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write, pipe};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use rustix::process::Signal;

use wrapped::{Stage, Terminal, WHY403, end_of, kill, run, text, wait_until, word};

// Streams

#[test]
fn bytes_and_status_are_as_bare() {
    let stage = Stage::with(r"printf 'out\000\377'; printf 'err \033[31m\000\377 no newline' >&2; exit 3");
    for (way, command) in stage.all_ways(&["s3", "ls"]) {
        let output = run(command);
        assert_eq!(output.stdout, b"out\0\xff", "{way}");
        assert_eq!(output.stderr, b"err \x1b[31m\0\xff no newline", "{way}");
        assert_eq!(output.status.code(), Some(3), "{way}");
    }
}

#[test]
fn every_exit_status_is_kept() {
    let stage = Stage::with("exit $3");
    for code in [0, 1, 2, 125, 126, 127, 128, 130, 143, 252, 253, 254, 255] {
        let output = run(stage.watched(&["s3", "ls", &code.to_string()]));
        assert_eq!(output.status.code(), Some(code));
    }
}

#[test]
fn a_prompt_without_a_newline_shows_at_once() {
    let stage = Stage::with("printf 'MFA code: ' >&2; read code; echo \"got $code\"");
    let mut command = stage.watched(&["s3", "ls"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut prompt = [0; 10];
    // The answer is typed only when the question is there; a buffer in between would hang here.
    child.stderr.as_mut().expect("stderr").read_exact(&mut prompt).expect("the prompt");
    assert_eq!(&prompt, b"MFA code: ");
    child.stdin.as_mut().expect("stdin").write_all(b"123456\n").expect("typed");
    assert_eq!(text(&child.wait_with_output().expect("its output").stdout), "got 123456\n");
}

#[test]
fn a_megabyte_through_stdin_and_stdout() {
    let stage = Stage::with("cat");
    let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).take(1_000_000).collect();
    for (way, mut command) in stage.all_ways(&["s3", "cp", "-", "-"]) {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut stdin = child.stdin.take().expect("stdin");
        let input = bytes.clone();
        let feeder = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().expect("its output");
        feeder.join().expect("fed").expect("written");
        assert!(output.stdout == bytes, "{way}");
        assert!(output.status.success(), "{way}");
    }
}

#[test]
fn ten_megabytes_of_stderr_are_equal() {
    let stage = Stage::with("cat noise >&2; exit 1");
    let noise: Vec<u8> =
        (0..2_500_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    fs::write(stage.file("noise"), &noise).expect("written");
    let output = run(stage.watched(&["s3", "sync", "a", "b"]));
    assert!(output.stderr == noise);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn stderr_that_is_opened_for_appending_is_appended_to() {
    let stage = Stage::with("echo two >&2");
    fs::write(stage.file("log"), "one\n").expect("written");
    let log = fs::File::options().append(true).open(stage.file("log")).expect("the log");
    assert!(stage.watched(&["s3", "ls"]).stderr(log).status().expect("it runs").success());
    assert_eq!(stage.read("log"), "one\ntwo\n");
}

#[test]
fn whatever_descriptors_are_closed_the_rest_is_as_bare() {
    // Bare, what writes to a closed descriptor fails; the script says so nowhere and goes on.
    let stage = Stage::with("echo unseen >&2 2>/dev/null; echo seen 2>/dev/null; echo ran >> ran; exit 9");
    for closed in 0..8 {
        let closing: Vec<&str> = ["<&-", ">&-", "2>&-"]
            .into_iter()
            .enumerate()
            .filter_map(|(at, closing)| (closed >> at & 1 == 1).then_some(closing))
            .collect();
        let descriptors = closing.join(" ");
        for (way, aws) in stage.all_ways(&["s3", "ls"]) {
            let mut command = stage.command("sh");
            command.arg("-c").arg(format!("exec \"$@\" {descriptors}")).arg("sh").arg(aws.get_program());
            let output = run_with(command.args(aws.get_args()));
            let seen = if closing.contains(&">&-") { "" } else { "seen\n" };
            assert_eq!(text(&output.stdout), seen, "{way} {descriptors}");
            assert_eq!(output.status.code(), Some(9), "{way} {descriptors}");
            assert_eq!(stage.read("ran"), "ran\n", "{way} {descriptors}");
            fs::remove_file(stage.file("ran")).expect("removed");
        }
    }
}

#[test]
fn without_a_terminal_a_home_or_an_environment_it_is_as_bare() {
    // As cron runs things, and as `ssh host command` does.
    let stage =
        Stage::with("env | grep -v WHY403_GUARD | grep -cv '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD='; echo no >&2; exit 1");
    for (way, aws) in stage.all_ways(&["s3", "ls"]) {
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(aws.get_program()).args(aws.get_args()).current_dir(stage.file("."));
        command.env_clear().env("PATH", format!("{}:/usr/bin:/bin", stage.file("bin").display()));
        let output = run_with(&mut command);
        assert_eq!(text(&output.stdout), "1\n", "{way}");
        assert_eq!(text(&output.stderr), "no\n", "{way}");
        assert_eq!(output.status.code(), Some(1), "{way}");
    }
}

fn run_with(command: &mut Command) -> std::process::Output {
    command.stdin(Stdio::null()).output().expect("it runs")
}

#[test]
fn a_reader_of_stderr_that_is_gone_stops_aws_as_it_would_bare() {
    // The shell dies of SIGPIPE at the echo, and the file is not written.
    let stage = Stage::with("sleep 0.2; echo into the void >&2; echo more >&2; echo survived > survived");
    for (way, mut command) in stage.all_ways(&["s3", "ls"]) {
        let (read, write) = pipe().expect("a pipe");
        drop(read);
        let status = command.stderr(write).status().expect("it runs");
        assert_eq!(status.signal(), Some(Signal::PIPE.as_raw()), "{way}");
        assert_eq!(stage.read("survived"), "", "{way}");
    }
}

#[test]
fn what_holds_stderr_open_after_aws_has_ended_is_not_waited_for() {
    let stage = Stage::with("echo last words >&2; sleep 1000 >/dev/null & echo $! > pid; exit 4");
    let mut child = stage.watched(&["s3", "ls"]).stderr(Stdio::piped()).spawn().expect("it runs");
    let status = end_of(&mut child);
    let mut words = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut words).expect("read");
    assert!(Command::new("kill").arg(stage.read("pid").trim()).status().expect("kill runs").success());
    assert_eq!((words.as_str(), status.code()), ("last words\n", Some(4)));
}

// What aws is given

#[test]
fn directory_mask_environment_descriptors_and_limits_are_as_bare() {
    // The guard is the one thing that is added. The fds are listed by a child of the shell, so theirs is among them.
    let stage = Stage::with("pwd; umask; ulimit -a; env | grep -v '^WHY403_GUARD=' | sort; ls /proc/self/fd");
    let mut seen = stage.all_ways(&["s3", "ls"]).map(|(_, mut command)| {
        let mut shell = stage.command("sh");
        shell.args(["-c", "umask 027; ulimit -n 200; exec \"$@\"", "sh"]).arg(command.get_program());
        shell.args(command.get_args()).env("ODD", OsStr::from_bytes(b"\xff\xfe = \n")).env("EMPTY", "");
        command.env_clear();
        text(&run_with(&mut shell).stdout)
    });
    seen.reverse();
    let [watched, execed, bare] = seen;
    assert!(bare.contains("0027") && bare.contains("EMPTY="), "{bare}");
    assert_eq!(execed, bare);
    assert_eq!(watched, bare);
}

#[test]
fn ignored_and_blocked_signals_are_as_bare() {
    let stage = Stage::with("grep -E 'SigIgn|SigBlk' /proc/self/status");
    let seen = stage.all_ways(&["s3", "ls"]).map(|(_, command)| {
        let mut shell = stage.command("sh");
        shell.args(["-c", "trap '' HUP INT QUIT USR1; exec \"$@\"", "sh"]).arg(command.get_program());
        let masks = text(&run_with(shell.args(command.get_args())).stdout);
        // The C library keeps 32 and 33 to itself, and spawning leaves its traces there.
        masks.lines().map(|line| line[line.len() - 4..].to_owned()).collect::<Vec<_>>()
    });
    // SigBlk, and SigIgn with HUP 1, INT 2, QUIT 3, USR1 10.
    assert_eq!(seen[0], ["0000", "0207"]);
    assert_eq!(seen[1], seen[0]);
    assert_eq!(seen[2], seen[0]);
}

#[test]
fn nohup_outlives_a_hangup() {
    let stage = Stage::with("echo up > up; while [ ! -e go ]; do sleep 0.01; done; echo done");
    let mut command = stage.command("sh");
    let aws = stage.watched(&["s3", "ls"]);
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(aws.get_program()).args(aws.get_args());
    let child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    stage.wait_for("up");
    kill(Signal::HUP, &child);
    fs::write(stage.file("go"), "").expect("written");
    let output = child.wait_with_output().expect("its output");
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("done\n", Some(0)));
}

#[test]
fn the_name_that_aws_is_called_by_is_its_own() {
    // A compiled multi-call program looks at argv[0].
    let stage = Stage::empty();
    let shell = fs::canonicalize("/bin/bash").expect("bash");
    symlink(shell, stage.file("bin/aws")).expect("a link");
    // `aws s3 ls` is then a shell with the script `s3` to run.
    fs::write(stage.file("s3"), "cat /proc/$$/cmdline; exit 0").expect("written");
    for command in [stage.plain(&["s3", "ls"]), stage.watched(&["s3", "ls"])] {
        assert_eq!(text(&run(command).stdout), "aws\0s3\0ls\0");
    }
}

#[test]
fn a_script_without_a_first_line_for_the_kernel_runs_in_the_shell() {
    let stage = Stage::empty();
    stage.program("bin", "echo \"ran $*\"; exit 6\n", 0o755);
    for command in [stage.plain(&["s3", "ls"]), stage.watched(&["s3", "ls"])] {
        let output = run(command);
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("ran s3 ls\n", Some(6)));
    }
}

fn argument() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(1..=u8::MAX, 0..40),
        "(--)?[a-z0-9-]{1,12}(=.{0,8})?".prop_map(|text| text.replace('\0', "").into_bytes()),
        Just(b"--".to_vec()),
        Just(b"aws".to_vec()),
        Just(b"--explain".to_vec()),
        Just(b"help".to_vec()),
        option_of_the_cli(),
    ]
}

/// Options that the CLI itself has, global ones and those of `s3`, alone and with a value of any bytes.
fn option_of_the_cli() -> impl Strategy<Value = Vec<u8>> {
    let options = proptest::sample::select(vec![
        "--debug",
        "--endpoint-url",
        "--no-verify-ssl",
        "--no-paginate",
        "--output",
        "--query",
        "--profile",
        "--region",
        "--version",
        "--color",
        "--no-sign-request",
        "--ca-bundle",
        "--cli-read-timeout",
        "--cli-connect-timeout",
        "--cli-binary-format",
        "--no-cli-pager",
        "--cli-auto-prompt",
        "--no-cli-auto-prompt",
        "--cli-error-format",
        "--recursive",
        "--page-size",
        "--human-readable",
        "--summarize",
        "--request-payer",
        "--dryrun",
        "--quiet",
        "--include",
        "--exclude",
        "--acl",
        "--follow-symlinks",
        "--no-follow-symlinks",
        "--no-guess-mime-type",
        "--sse",
        "--sse-c",
        "--sse-c-key",
        "--sse-kms-key-id",
        "--sse-c-copy-source",
        "--sse-c-copy-source-key",
        "--storage-class",
        "--grants",
        "--website-redirect",
        "--content-type",
        "--cache-control",
        "--content-disposition",
        "--content-encoding",
        "--content-language",
        "--expires",
        "--source-region",
        "--only-show-errors",
        "--no-progress",
        "--expected-size",
        "--ignore-glacier-warnings",
        "--force-glacier-transfer",
        "--metadata",
        "--copy-props",
        "--metadata-directive",
        "--checksum-mode",
        "--checksum-algorithm",
        "--size-only",
        "--exact-timestamps",
        "--delete",
        "--force",
        "--index-document",
        "--error-document",
        "--expires-in",
    ]);
    let value = proptest::option::of(proptest::collection::vec(1..=u8::MAX, 0..12));
    (options, value).prop_map(|(option, value)| match value {
        Some(value) => [option.as_bytes(), b"=", &value].concat(),
        None => option.as_bytes().to_vec(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_argv_arrives_unchanged(
        service in prop_oneof![Just("s3"), Just("s3api"), Just("sts"), Just("--profile")],
        arguments in proptest::collection::vec(argument(), 0..6),
    ) {
        let stage = Stage::with(r#"for word; do printf '%s\0' "$word"; done"#);
        let expected: Vec<u8> = std::iter::once(service.as_bytes().to_vec())
            .chain(arguments.iter().cloned())
            .flat_map(|mut word| { word.push(0); word })
            .collect();
        for mut command in [stage.plain(&[service]), stage.watched(&[service])] {
            command.args(arguments.iter().map(|argument| OsString::from_vec(argument.clone())));
            prop_assert_eq!(&run(command).stdout, &expected);
        }
    }
}

// Who stays, who goes

/// Whether why403 was the parent of an `aws` that prints its own number and its parent's.
fn stays(mut command: Command) -> bool {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it runs");
    let ours = child.id().to_string();
    let printed = text(&child.wait_with_output().expect("its output").stdout);
    let mut numbers = printed.split_whitespace();
    let (own, parent) = (numbers.next().expect("its number"), numbers.next().expect("its parent's"));
    assert_eq!(own == ours, parent != ours, "why403 is {ours}, aws says {printed}");
    parent == ours
}

#[test]
fn a_parent_stays_behind_only_where_something_could_be_said() {
    let stage = Stage::with("echo $$ $PPID");
    let s3: &[&str] = &["s3", "ls"];
    let with = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = stage.plain(args);
        command.envs(variables.iter().copied()).stderr(Stdio::null());
        command
    };
    assert!(stays(stage.watched(s3)));
    assert!(stays(with(&[("CI", "true")], s3)));
    assert!(stays(with(&[("CI", "true")], &["--profile", "x", "s3api", "get-object"])));
    assert!(stays(with(&[("WHY403_EXPLAIN", "always")], s3)));
    assert!(stays(with(&[("WHY403_REPORT", "r.json")], s3)));
    assert!(stays(with(&[("WHY403_EXPLAIN", "always"), ("WHY403_TIMEOUT", "nonsense")], s3)));

    assert!(!stays(with(&[], s3)));
    assert!(!stays(with(&[("CI", "true")], &["sts", "get-caller-identity"])));
    assert!(!stays(with(&[("CI", "true")], &["s3", "cp", "help"])));
    assert!(!stays(with(&[("CI", "true"), ("WHY403_EXPLAIN", "never")], s3)));
    for off in ["off", "0"] {
        assert!(!stays(with(&[("WHY403_EXPLAIN", "always"), ("WHY403", off)], s3)));
    }
}

#[test]
fn on_a_terminal_it_stays() {
    let stage = Stage::with("echo $PPID $(cat /proc/$PPID/comm) end");
    let mut terminal = Terminal::start(&stage, &["why403", "aws", "s3", "ls"].map(program));
    assert!(terminal.expect("end").contains("why403"));
    assert!(terminal.end().success());
}

fn program(word: &str) -> &OsStr {
    OsStr::new(if word == "why403" { WHY403 } else { word })
}

// Finding the real one

#[test]
fn without_an_aws_there_is_a_clear_line_and_127() {
    let stage = Stage::empty();
    let mut command = stage.plain(&["s3", "ls"]);
    let output = run_with(command.env("PATH", stage.file("bin")));
    assert_eq!(text(&output.stderr), "why403: aws: command not found\n");
    assert_eq!(output.status.code(), Some(127));
}

#[test]
fn an_aws_that_may_not_be_run_gives_126() {
    let stage = Stage::empty();
    let path = stage.program("bin", "#!/bin/sh\n", 0o644);
    let mut command = stage.plain(&["s3", "ls"]);
    let output = run_with(command.env("PATH", stage.file("bin")));
    assert_eq!(text(&output.stderr), format!("why403: {}: permission denied\n", path.display()));
    assert_eq!(output.status.code(), Some(126));
}

#[test]
fn an_aws_whose_interpreter_is_missing_is_said_so() {
    let stage = Stage::empty();
    stage.program("bin", "#!/nowhere/python\n", 0o755);
    for command in [stage.plain(&["s3", "ls"]), stage.watched(&["s3", "ls"])] {
        let output = run(command);
        assert!(text(&output.stderr).ends_with("the file or its interpreter does not exist\n"), "{:?}", output.stderr);
        assert_eq!(output.status.code(), Some(127));
    }
}

/// `why403` under the name `aws` in front of the real one: a symlink, and a copy.
fn fronts(stage: &Stage) -> [(&'static str, std::path::PathBuf); 2] {
    let link = stage.directory("link").join("aws");
    symlink(WHY403, &link).expect("a link");
    let copy = stage.directory("copy").join("aws");
    fs::copy(WHY403, &copy).expect("a copy");
    [("a symlink", link), ("a copy", copy)]
}

fn path_of(stage: &Stage, directories: &[&str]) -> OsString {
    let mut all: Vec<_> = directories.iter().map(|name| stage.file(name)).collect();
    all.extend(["/usr/bin".into(), "/bin".into()]);
    std::env::join_paths(all).expect("a path")
}

#[test]
fn under_the_name_aws_it_acts_the_same_way() {
    let stage = Stage::with("echo $$ $PPID; echo \"$*\" > args");
    for (what, front) in fronts(&stage) {
        let directory = if what == "a copy" { "copy" } else { "link" };
        let aws = |args: &[&str]| {
            let mut command = stage.command(&front);
            command.args(args).env("PATH", path_of(&stage, &[directory, "bin"]));
            command
        };
        let mut watched = aws(&["s3", "ls", "--explain", "x"]);
        assert!(stays({
            watched.env("CI", "true");
            watched
        }));
        assert_eq!(stage.read("args"), "s3 ls --explain x\n", "{what}");
        assert!(!stays(aws(&["--explain", "always", "ec2"])));
        assert_eq!(stage.read("args"), "--explain always ec2\n", "{what}");
        let output = run_with(aws(&["s3", "ls"]).env("PATH", stage.file(directory)));
        let expected =
            format!("why403: aws: command not found; the only `aws` on PATH is why403 itself: {}\n", front.display());
        assert_eq!((text(&output.stderr), output.status.code()), (expected, Some(127)), "{what}");
    }
}

#[test]
fn copies_and_scripts_that_lead_back_to_us_are_stepped_over() {
    let stage = Stage::with("echo real \"$@\"; exit 8");
    fronts(&stage);
    fs::copy(WHY403, stage.directory("second").join("aws")).expect("a copy");
    stage.program("execs", &format!("#!/bin/sh\nexec {WHY403} aws --profile p \"$@\"\n"), 0o755);
    stage.program("calls", &format!("#!/bin/sh\n{WHY403} aws \"$@\"\n"), 0o755);
    for front in [
        &["copy", "second", "link", "bin"][..],
        &["second", "copy", "bin"],
        &["execs", "bin"],
        &["calls", "bin"],
        &["calls", "copy", "execs", "second", "link", "bin"],
    ] {
        for args in
            [&["--explain", "always", "--no-probe", "aws", "s3", "ls"][..], &["aws", "s3", "ls"], &["aws", "ec2"]]
        {
            let mut command = stage.command(WHY403);
            let output = run_with(command.args(args).env("PATH", path_of(&stage, front)));
            let printed = text(&output.stdout);
            assert!(printed.starts_with("real ") && printed.lines().count() == 1, "{front:?} {args:?}: {output:?}");
            assert_eq!(output.status.code(), Some(8), "{front:?} {args:?}");
        }
    }
}

#[test]
fn a_loop_that_changes_its_arguments_every_time_is_refused() {
    let stage = Stage::empty();
    // A different file and different arguments at each turn: nothing is there to recognise it by.
    stage.program("bin", &format!("#!/bin/sh\ncp \"$0\" next; mv next \"$0\"; {WHY403} aws s3 ls x \"$@\"\n"), 0o755);
    let output = run(stage.watched(&["s3", "ls"]));
    assert!(text(&output.stderr).contains("leads back to why403 again and again"), "{output:?}");
    assert_eq!(output.status.code(), Some(127));
}

#[test]
fn an_aws_inside_aws_finds_the_real_one_again() {
    // What a `credential_process` does that calls `aws`.
    let script = format!("if [ $1 = sts ]; then echo inner; else {WHY403} aws sts x && echo outer; fi");
    let stage = Stage::with(&script);
    for command in [stage.plain(&["s3", "ls"]), stage.watched(&["s3", "ls"])] {
        let output = run(command);
        assert_eq!(text(&output.stdout), "inner\nouter\n", "{output:?}");
    }
}

#[test]
fn a_mistake_of_ours_in_the_options_is_not_handed_to_aws() {
    let stage = Stage::with("echo ran > ran");
    let mut command = stage.command(WHY403);
    let output = run_with(command.args(["--bogus\u{1b}[31m", "aws", "s3", "ls"]));
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.starts_with("why403: unknown option `--bogus\\u{1b}[31m` before `aws`\n"), "{said}");
    assert_eq!(stage.read("ran"), "");
}

// Signals

#[test]
fn a_death_by_signal_is_died_again() {
    let stage = Stage::with("kill -$3 $$; sleep 100");
    for signal in
        [Signal::KILL, Signal::SEGV, Signal::TERM, Signal::ABORT, Signal::USR1, Signal::INT, Signal::PIPE, Signal::HUP]
    {
        let number = signal.as_raw();
        let status = run(stage.watched(&["s3", "ls", &number.to_string()])).status;
        assert_eq!(status.signal(), Some(number));
        assert!(!status.core_dumped());
    }
}

#[test]
fn a_signal_to_us_alone_reaches_aws() {
    let stage =
        Stage::with("trap 'echo caught; exit 7' TERM HUP USR1 USR2; echo up > up; while :; do sleep 0.01; done");
    for signal in [Signal::TERM, Signal::HUP, Signal::USR1, Signal::USR2] {
        drop(fs::remove_file(stage.file("up")));
        let child = stage.watched(&["s3", "ls"]).stdout(Stdio::piped()).spawn().expect("it runs");
        stage.wait_for("up");
        kill(signal, &child);
        let output = child.wait_with_output().expect("its output");
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("caught\n", Some(7)), "{signal:?}");
    }
}

#[test]
fn an_untrapped_sigterm_ends_both_by_sigterm() {
    let stage = Stage::with("echo up > up; exec sleep 1000");
    let mut child = stage.watched(&["s3", "ls"]).spawn().expect("it runs");
    stage.wait_for("up");
    kill(Signal::TERM, &child);
    assert_eq!(end_of(&mut child).signal(), Some(Signal::TERM.as_raw()));
}

#[test]
fn an_interrupt_to_us_alone_reaches_aws_in_the_end() {
    // Without a terminal nobody else can have sent it to `aws`; a CI system that stops a job does just this.
    let stage = Stage::with("trap 'exit 7' INT; echo up > up; while :; do sleep 0.01; done");
    let mut command = stage.command("setsid");
    let aws = stage.watched(&["s3", "ls"]);
    let mut child = command.arg(aws.get_program()).args(aws.get_args()).spawn().expect("setsid runs");
    stage.wait_for("up");
    kill(Signal::INT, &child);
    assert_eq!(end_of(&mut child).code(), Some(7));
}

#[test]
fn sigterm_gets_through_while_nobody_reads_stderr() {
    let stage = Stage::with("echo up > up; while :; do echo a line of noise; done >&2");
    let (read, write) = pipe().expect("a pipe");
    let mut child = stage.watched(&["s3", "ls"]).stderr(write).spawn().expect("it runs");
    stage.wait_for("up");
    // Long enough to fill both pipes; too short would only make the test easier.
    std::thread::sleep(std::time::Duration::from_millis(300));
    kill(Signal::TERM, &child);
    assert_eq!(end_of(&mut child).signal(), Some(Signal::TERM.as_raw()));
    drop(read);
}

#[test]
fn ctrl_c_reaches_aws_once() {
    // Longer at the end than an interrupt from elsewhere takes to be passed on.
    let script =
        "trap 'echo INT >> caught' INT; echo ready; while [ ! -s caught ]; do sleep 0.01; done; sleep 1.5; exit 130";
    let stage = Stage::with(script);
    let report = stage.file("report");
    let words = ["why403", "--explain", "never", "--no-probe", "--report", word(&report), "aws", "s3", "ls"];
    let mut terminal = Terminal::start(&stage, &words.map(program));
    terminal.expect("ready");
    terminal.type_in("\x03");
    assert_eq!(terminal.end().code(), Some(130));
    assert_eq!(stage.read("caught"), "INT\n");
}

#[test]
fn ctrl_c_that_kills_aws_kills_us_alike() {
    let stage = Stage::with("echo ready; exec sleep 1000");
    let mut terminal = Terminal::start(&stage, &["why403", "--explain", "always", "aws", "s3", "ls"].map(program));
    terminal.expect("ready");
    terminal.type_in("\x03");
    assert_eq!(terminal.end().signal(), Some(Signal::INT.as_raw()));
}

/// What the kernel says of a process.
fn field(process: &str, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    status.lines().find_map(|line| line.strip_prefix(name)).expect("the field").trim().to_owned()
}

#[test]
fn ctrl_z_stops_both_and_fg_goes_on() {
    let stage = Stage::with("echo $$ > up; echo ready; while [ ! -e go ]; do :; done; echo finished; exit 5");
    let mut terminal = Terminal::start(&stage, &["bash", "--norc", "--noprofile", "-i"].map(OsStr::new));
    terminal.type_in("PS1='prompt> '; set -o monitor\n");
    terminal.expect("prompt> ");
    terminal.type_in(&format!("{WHY403} --explain always --no-probe aws s3 ls\n"));
    terminal.expect("ready\r\n");
    terminal.type_in("\x1a");
    terminal.expect("Stopped");
    let aws = stage.read("up").trim().to_owned();
    let why403 = field(&aws, "PPid:");
    // The shell hears of why403 alone; `aws` may take a moment longer.
    for process in [aws, why403] {
        wait_until("it is stopped", || field(&process, "State:").starts_with('T'));
    }
    fs::write(stage.file("go"), "").expect("written");
    terminal.type_in("fg\n");
    terminal.expect("finished\r\n");
    terminal.type_in("echo \"status $?\"; exit 0\n");
    terminal.expect("status 5\r\n");
    assert!(terminal.end().success());
}

#[test]
fn the_size_of_the_terminal_reaches_aws() {
    let stage = Stage::with("trap 'echo resized; exit 0' WINCH; echo ready; while :; do sleep 0.01; done");
    let mut terminal = Terminal::start(&stage, &["why403", "--explain", "always", "aws", "s3", "ls"].map(program));
    terminal.expect("ready");
    terminal.resize(100, 30);
    terminal.expect("resized");
    assert!(terminal.end().success());
}

#[test]
fn a_prompt_on_the_terminal_itself_is_asked_and_answered() {
    // As `getpass` asks for an MFA code: on /dev/tty, whatever stdin and stderr are.
    let script = "stty -echo </dev/tty; printf 'MFA code: ' >/dev/tty; read code </dev/tty; stty echo </dev/tty; \
                  echo \"got $code\"";
    let stage = Stage::with(script);
    let mut terminal = Terminal::start(&stage, &["why403", "--explain", "always", "aws", "s3", "ls"].map(program));
    terminal.expect("MFA code: ");
    terminal.type_in("123456\n");
    let shown = terminal.expect("got 123456\r\n");
    assert_eq!(shown.matches("123456").count(), 1, "the code is not echoed: {shown:?}");
    assert!(terminal.end().success());
}

#[test]
fn a_pager_has_the_terminal_to_itself() {
    // A pager reads keys from the terminal while `aws` feeds it, and has to be in the foreground for that.
    let stage = Stage::with("{ echo 'page one'; echo 'page two'; } | { cat; read key </dev/tty; echo \"key $key\"; }");
    let mut terminal =
        Terminal::start(&stage, &["why403", "--explain", "always", "aws", "s3api", "list-buckets"].map(program));
    terminal.expect("page two\r\n");
    terminal.type_in("q\n");
    terminal.expect("key q\r\n");
    assert!(terminal.end().success());
}

// The screen

const REFUSED: &str = "echo 'fatal error: An error occurred (AccessDenied) when calling the GetObject operation: User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::acme-logs/a.log\" with an explicit deny in an identity-based policy' >&2; exit 1";

#[test]
fn links_are_where_a_terminal_makes_links_of_them_and_nowhere_else() {
    let stage = Stage::with(REFUSED);
    let on_terminal = |variables: &[&str]| {
        let mut words = vec!["env", "TERM=xterm-256color", "TERM_PROGRAM=WezTerm"];
        words.extend(variables);
        words.extend(["why403", "--no-probe", "aws", "s3", "cp", "s3://acme-logs/a.log", "."]);
        let words: Vec<&OsStr> = words.into_iter().map(program).collect();
        let mut terminal = Terminal::start(&stage, &words);
        let screen = terminal.expect("why403 explain");
        assert_eq!(terminal.end().code(), Some(1));
        screen
    };
    let link = "\u{1b}]8;;https://";
    assert!(on_terminal(&[]).contains(link));
    for bare in ["NO_COLOR=1", "TERM=dumb", "CI=true", "GITHUB_ACTIONS=true", "TERM_PROGRAM=Apple_Terminal"] {
        assert!(!on_terminal(&[bare]).contains("\u{1b}]8"), "{bare}");
    }
    let mut piped = stage.command(WHY403);
    piped.args(["--explain", "always", "--no-probe", "aws", "s3", "cp", "s3://acme-logs/a.log", "."]);
    piped.env("TERM", "xterm-256color").env("TERM_PROGRAM", "WezTerm");
    let output = run(piped);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("why403 explain") && !stderr.contains('\u{1b}'), "{stderr}");
}

#[test]
fn off_and_on_without_the_shells_line_say_what_to_do() {
    let stage = Stage::empty();
    for (word, expected) in [("off", "export WHY403=off"), ("on", "nothing is switched off here")] {
        let mut command = stage.command(WHY403);
        command.arg(word).env("SHELL", "/bin/bash");
        let output = run(command);
        let stderr = text(&output.stderr);
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
        assert!(stderr.starts_with("why403: ") && stderr.contains(expected), "{stderr}");
        assert!(output.stdout.is_empty());
    }
}
