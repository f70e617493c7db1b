//! `why403 exec`: a script that knows nothing of why403, and every `aws` below it explained. With the real CLI and the
//! sandbox; what only concerns processes, with an `aws` of the test's own.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/clis.rs"]
mod clis;
#[path = "support/junit.rs"]
mod junit;
#[path = "support/wrapped.rs"]
#[expect(dead_code, reason = "this test needs a part of the stage")]
mod wrapped;

use clis::Cli;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use why403::diagnosis::{Report, ScriptLine};
use why403::sandbox::demo::{Prepared, prepare};
use why403::sandbox::scenario::Object;
use why403::sandbox::{Sandbox, Scenario};
use wrapped::{Stage, WHY403, end_of, kill, run, text};

const SCENARIO: &str = "identity-policy-no-allow.prefix";

/// A user of the sandbox with a repository to work in.
struct World {
    prepared: Prepared,
    cli: Cli,
    /// What the CLI needs to find the sandbox.
    pointed: String,
    // Stops when dropped.
    _sandbox: Sandbox,
}

impl World {
    fn with(cli: &Cli) -> Self {
        let mut scenario = Scenario::load(SCENARIO).unwrap();
        let objects = &mut scenario.buckets[0].objects;
        let log = objects.iter().find(|object| object.key == "2026/07/app.log").unwrap().clone();
        for name in ["one", "two", "three", "four"] {
            objects.push(Object { key: format!("2026/07/{name}.log"), ..log.clone() });
        }
        let sandbox = Sandbox::start(scenario.clone()).unwrap();
        let prepared = prepare(&scenario, &sandbox, cli.version).unwrap();
        let run = prepared.argv();
        let pointed = run.iter().position(|word| word == "--endpoint-url").map(|at| run[at..=at + 1].join(" "));
        fs::create_dir(prepared.work_dir().join(".git")).unwrap();
        Self { prepared, cli: cli.clone(), pointed: pointed.unwrap_or_default(), _sandbox: sandbox }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.prepared.work_dir().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    fn script(&self, name: &str, text: &str) {
        fs::write(self.file(name), text.replace("ENDPOINT", &self.pointed)).unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.prepared.command(program.as_ref());
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.cli.directory.display()));
        command.env("TMPDIR", self.prepared.home()).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    fn exec(&self, options: &[&str], command: &[&str]) -> Output {
        let mut exec = self.command(WHY403);
        exec.arg("exec").args(["--timeout", "60"]).args(options).arg("--").args(command);
        exec.output().unwrap()
    }

    /// What the run left in the directory for temporary files.
    fn left_over(&self) -> Vec<String> {
        let entries = fs::read_dir(self.prepared.home()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("why403")).collect()
    }
}

fn reports(text: &str) -> Vec<Report> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Five refusals: one at the head of a pipeline, two side by side, one by xargs, one in a subshell. And commands that are
/// none of our business between them.
const SCRIPT: &str = "#!/bin/bash
set -u
aws s3 cp s3://acme-logs/2026/07/one.log - ENDPOINT | cat >piped
echo \"status ${PIPESTATUS[0]}\"
aws s3 cp s3://acme-logs/2026/07/two.log . ENDPOINT &
aws s3 cp s3://acme-logs/2026/07/three.log . ENDPOINT &
wait
cd ..
printf '%s\\n' s3://acme-logs/2026/07/four.log | xargs -P 2 -I{} aws s3 cp {} . ENDPOINT
( aws s3 cp s3://acme-logs/2026/07/five.log . ENDPOINT ) || echo refused
aws --version >/dev/null 2>&1
exit 7
";

#[test]
fn five_refusals_of_a_script_are_one_report() {
    for cli in clis::found() {
        let world = World::with(&cli);
        world.script("deploy.sh", SCRIPT);
        let bare = world.command("bash").arg("deploy.sh").output().unwrap();
        let options = ["--report", "403.jsonl", "--format", "sarif=out.sarif", "--format", "junit=out.xml"];
        let output = world.exec(&options, &["bash", "deploy.sh"]);
        let stderr = text(&output.stderr);
        assert_eq!((bare.status.code(), output.status.code()), (Some(7), Some(7)), "{stderr}");
        assert_eq!(text(&output.stdout), text(&bare.stdout));
        // Nothing was to be shown: stderr is no terminal and this is no CI.
        let mut lines = [text(&bare.stderr), stderr].map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        lines.iter_mut().for_each(|lines| lines.sort());
        assert_eq!(lines[0], lines[1]);

        // The script changed its directory; the report did not.
        let reports = reports(&world.read("403.jsonl"));
        assert_eq!(reports.len(), 5, "{reports:?}");
        let mut places = BTreeMap::new();
        for report in &reports {
            assert_eq!(report.failures.len(), 1);
            let failure = &report.failures[0];
            let key = failure.request.key.clone().unwrap();
            // The fifth was never there.
            let cause = if key.ends_with("five.log") { "key-not-found-hidden" } else { "identity-policy-no-allow" };
            assert_eq!(failure.blockers[0].cause, cause, "{key}");
            places.insert(key, failure.script.clone());
        }
        let at = |line| Some(ScriptLine { file: "deploy.sh".to_owned(), line });
        for (name, line) in [("one", 3), ("two", 5), ("three", 6), ("five", 10)] {
            assert_eq!(places[&format!("2026/07/{name}.log")], at(line), "{name}");
        }
        // xargs made its words; bash stands on that line, but others had run in the background.
        assert!([None, at(9)].contains(&places["2026/07/four.log"]));

        let sarif: serde_json::Value = serde_json::from_str(&world.read("out.sarif")).unwrap();
        let run = &sarif["runs"][0];
        let blockers: usize = reports.iter().map(|report| report.failures[0].blockers.len()).sum();
        assert_eq!(run["results"].as_array().map(Vec::len), Some(blockers));
        assert_eq!(run["artifacts"].as_array().map(Vec::len), Some(1), "the policy that all five are about, once");
        assert!(run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"].is_number());
        let xml = world.read("out.xml");
        assert!(xml.contains("tests=\"5\" failures=\"5\"") && xml.contains("classname=\"bash deploy.sh\""), "{xml}");
        assert!(junit::check(&xml).is_ok(), "{:?}: {xml}", junit::check(&xml));
        assert_eq!(world.left_over(), [""; 0]);
    }
}

#[test]
fn what_was_shown_and_made_is_as_the_options_say() {
    let Some(cli) = clis::found().into_iter().next() else { return };
    let world = World::with(&cli);
    world.script("one.sh", "aws s3 cp s3://acme-logs/2026/07/one.log . ENDPOINT || true\n");
    let options = ["--explain", "always", "--format", "concise", "--format", "markdown=out.md", "--no-probe"];
    let output = world.exec(&options, &["sh", "one.sh"]);
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("\nwhy403: ") && !stderr.contains("more: why403"), "{stderr}");
    assert!(world.read("out.md").contains("why403 explain"), "{}", world.read("out.md"));

    // A run in which all went well leaves an empty document, and not the one of the run before.
    let output = world.exec(&["--format", "gitlab=quality.json", "--format", "markdown=out.md"], &["true"]);
    assert!(output.status.success());
    assert_eq!((world.read("quality.json").as_str(), world.read("out.md").as_str()), ("[]\n", ""));

    // A step that passes has no failed test, whatever went wrong inside it.
    let output = world.exec(&["--format", "junit=out.xml"], &["sh", "one.sh"]);
    assert!(output.status.success());
    assert!(world.read("out.xml").contains("tests=\"1\" failures=\"0\""), "{}", world.read("out.xml"));

    let off = world
        .command(WHY403)
        .args(["exec", "--report", "off.jsonl", "--", "sh", "one.sh"])
        .env("WHY403", "off")
        .output();
    assert!(off.unwrap().status.success());
    assert!(!world.file("off.jsonl").exists());
}

#[test]
fn account_ids_are_the_same_stand_in_in_all_reports() {
    let Some(cli) = clis::found().into_iter().next() else { return };
    let world = World::with(&cli);
    world.script(
        "two.sh",
        "aws s3 cp s3://acme-logs/2026/07/one.log . ENDPOINT &\naws s3 cp s3://acme-logs/2026/07/two.log . ENDPOINT &\nwait\n",
    );
    let options =
        ["--explain", "always", "--redact", "accounts", "--report", "403.jsonl", "--format", "sarif=out.sarif"];
    let output = world.exec(&options, &["sh", "two.sh"]);
    // What aws says itself passes through; here it says no account.
    for (what, text) in
        [("stderr", text(&output.stderr)), ("report", world.read("403.jsonl")), ("sarif", world.read("out.sarif"))]
    {
        assert!(text.contains("account-0001") && !text.contains("111122223333"), "{what}: {text}");
    }
    let reports = reports(&world.read("403.jsonl"));
    let callers: Vec<_> = reports.iter().map(|report| report.failures[0].caller.clone().unwrap().arn).collect();
    assert_eq!(callers, vec![Some("arn:aws:iam::account-0001:user/alice".to_owned()); 2]);
}

#[test]
fn the_status_is_the_commands() {
    let stage = Stage::with("exit 5");
    let exec = |command: &[&str]| {
        let mut exec = stage.command(WHY403);
        exec.args(["exec", "--"]).args(command);
        run(exec)
    };
    assert_eq!(exec(&["sh", "-c", "exit 42"]).status.code(), Some(42));
    assert_eq!(exec(&["sh", "-c", "kill -9 $$"]).status.signal(), Some(9));
    assert_eq!(exec(&["aws", "s3", "ls"]).status.code(), Some(5));
    let missing = exec(&["no-such-program-here"]);
    assert_eq!(missing.status.code(), Some(127));
    assert!(text(&missing.stderr).starts_with("why403: no-such-program-here: "), "{}", text(&missing.stderr));
    let wrong = run({
        let mut exec = stage.command(WHY403);
        exec.args(["exec", "--format", "xml", "--", "touch", "made"]);
        exec
    });
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).starts_with("why403: `--format` takes "), "{}", text(&wrong.stderr));
    assert!(!stage.file("made").exists());
}

#[test]
fn the_shim_is_first_on_path_and_leads_to_the_real_one() {
    let stage = Stage::with("echo real \"$@\"");
    let mut exec = stage.command(WHY403);
    exec.args(["exec", "--", "sh", "-c", "command -v aws; aws ec2 x; env aws s3 ls; sh -c 'aws sts y'"]);
    let output = run(exec);
    let stdout = text(&output.stdout);
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(lines[0].ends_with("/bin/aws") && !lines[0].starts_with(stage.file("").to_str().unwrap()), "{stdout}");
    assert_eq!(lines[1..], ["real ec2 x", "real s3 ls", "real sts y"]);
    assert!(!Path::new(lines[0]).exists(), "the directory goes with the run");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn stdin_is_the_commands() {
    use std::io::Write;
    let stage = Stage::with("cat");
    let mut exec = stage.command(WHY403);
    exec.args(["exec", "--report", "r", "--", "sh", "-c", "aws s3 cp - s3://b/k"]);
    let mut child = exec.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"through and through").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"through and through");
}

#[test]
fn a_signal_reaches_the_command_and_its_end_is_ours() {
    let stage = Stage::with("exit 0");
    let mut exec = stage.command(WHY403);
    exec.args([
        "exec",
        "--",
        "sh",
        "-c",
        "trap 'echo told >told; exit 3' TERM; echo ready >ready; while :; do sleep 0.05; done",
    ]);
    let mut child = exec.env("TMPDIR", stage.directory("tmp")).stdin(Stdio::null()).spawn().unwrap();
    stage.wait_for("ready");
    kill(rustix::process::Signal::TERM, &child);
    assert_eq!(end_of(&mut child).code(), Some(3));
    assert_eq!(stage.read("told"), "told\n");

    let mut exec = stage.command(WHY403);
    exec.args(["exec", "--", "sleep", "60"]).env("TMPDIR", stage.directory("tmp"));
    let mut child = exec.stdin(Stdio::null()).spawn().unwrap();
    wrapped::wait_until("it has started", || fs::read_dir(stage.file("tmp")).unwrap().count() > 0);
    std::thread::sleep(std::time::Duration::from_millis(100));
    kill(rustix::process::Signal::TERM, &child);
    assert_eq!(end_of(&mut child).signal(), Some(15));
    assert_eq!(fs::read_dir(stage.file("tmp")).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn the_doctor_asks_what_this_identity_may_ask() {
    let Some(cli) = clis::found().into_iter().next() else { return };
    let world = World::with(&cli);
    let doctor = |args: &[&str]| {
        let mut command = world.command(WHY403);
        command.arg("doctor").args(args).env("WHY403_TIMEOUT", "30");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let found: serde_json::Value =
        serde_json::from_str(&doctor(&["--json", "--probe", "s3://acme-logs/2026/07/app.log"])).unwrap();
    assert_eq!(found["probes"]["caller"], "arn:aws:iam::111122223333:user/alice");
    let checks = found["probes"]["checks"].as_array().unwrap();
    let outcome = |name: &str| checks.iter().find(|check| check["name"] == name).map(|check| check["outcome"].clone());
    assert_eq!(outcome("sts-identity"), Some("ok".into()), "{checks:?}");
    assert_eq!(outcome("iam-policies"), Some("ok".into()), "{checks:?}");
    assert_eq!(outcome("organization"), Some("denied".into()), "{checks:?}");
    assert_eq!(outcome("vpc-endpoints"), Some("ok".into()), "{checks:?}");
    let screen = doctor(&["--probe"]);
    assert!(screen.contains("probes       as arn:aws:iam::111122223333:user/alice, about no bucket"), "{screen}");
    let mut wrong = world.command(WHY403);
    wrong.args(["doctor", "--probe", "acme-logs"]);
    assert_eq!(wrong.output().unwrap().status.code(), Some(2));
}
