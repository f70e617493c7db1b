//! Answers kept for the next diagnosis, through the built program against the sandbox: they save questions, and never
//! change what is said.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

use aws_credential_types::Credentials;
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;
use why403::cache::{Cache, Whose};
use why403::diagnosis::Report;
use why403::evidence::identity::Identity;
use why403::sandbox::demo::{Prepared, prepare};
use why403::sandbox::scenario::{CliVersion, names};
use why403::sandbox::{Entry, Sandbox, Scenario};
use why403::world::{Screen, World};

const WHY403: &str = env!("CARGO_BIN_EXE_why403");

/// A scenario's world with its user, and an `aws` that says what the real one would.
struct Scene {
    sandbox: Sandbox,
    prepared: Prepared,
}

impl Scene {
    fn of(name: &str) -> Self {
        Self::saying(name, &Scenario::load(name).unwrap().expect.stderr)
    }

    fn saying(name: &str, said: &str) -> Self {
        let scenario = Scenario::load(name).unwrap();
        let sandbox = Sandbox::start(scenario.clone()).unwrap();
        let prepared = prepare(&scenario, &sandbox, CliVersion::V1).unwrap();
        let said = said.replace('\'', "'\\''");
        let script =
            format!("#!/bin/sh\nprintf '%s\\n' '{said}' >&2\nexit {}\n", scenario.expect.exit.of(CliVersion::V1));
        let aws = prepared.home().join("bin/aws");
        std::fs::create_dir(prepared.home().join("bin")).unwrap();
        std::fs::write(&aws, script).unwrap();
        std::fs::set_permissions(&aws, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { sandbox, prepared }
    }

    fn command(&self) -> Command {
        let mut command = self.prepared.command(WHY403.as_ref());
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.prepared.home().join("bin").display())).stdin(Stdio::null());
        // The sandbox is not AWS.
        command.env("WHY403_CACHE", "on");
        command
    }

    /// The refused command once more: what is said of it, and what was asked for that.
    fn refused(&self, options: &[&str]) -> (Option<Report>, Vec<Entry>) {
        let file = self.prepared.home().join("report.jsonl");
        drop(std::fs::remove_file(&file));
        self.sandbox.clear_log();
        let arguments = self.prepared.runs.last().unwrap();
        let mut command = self.command();
        command.args(["--explain", "never", "--timeout", "20", "--report"]).arg(&file).args(options);
        let output = command.arg("aws").args(arguments).output().unwrap();
        assert!(!String::from_utf8_lossy(&output.stderr).contains("why403:"), "{output:?}");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let asked = self.sandbox.log().into_iter().filter(|entry| entry.user_agent.contains("why403")).collect();
        (text.lines().next().map(|line| serde_json::from_str(line).unwrap()), asked)
    }

    fn directory(&self) -> PathBuf {
        self.prepared.home().join(".cache/why403/answers")
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(self.directory()).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// The default profile's keys.
    fn keys(&self) -> Credentials {
        let text = std::fs::read_to_string(self.prepared.home().join(".aws/credentials")).unwrap();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.split_once(" = ").filter(|(key, _)| *key == name));
            line.map(|(_, value)| value.to_owned())
        };
        let token = value("aws_session_token");
        let (id, secret) = (value("aws_access_key_id").unwrap(), value("aws_secret_access_key").unwrap());
        Credentials::new(id, secret, token, None, "test")
    }

    /// Puts an answer there as an earlier diagnosis would have, when all was well.
    fn plant(&self, identity: &Identity) {
        let cache = Cache::of(&World {
            env: BTreeMap::from([("WHY403_CACHE_DIR".into(), self.directory().into_os_string())]),
            home: None,
            stderr: Screen::default(),
            now: SystemTime::now,
        })
        .unwrap();
        let (keys, place) = (self.keys(), self.sandbox.url());
        cache.keep_identity(Whose { keys: &keys, place: &place }, identity);
    }

    fn count(asked: &[Entry], operation: &str) -> usize {
        asked.iter().filter(|entry| entry.operation == operation).count()
    }
}

const IDENTITY: &str = "GetCallerIdentity";
const PLAIN: &str = "identity-policy-no-allow.prefix";

fn user(name: &str, id: &str) -> Identity {
    Identity {
        arn: format!("arn:aws:iam::111122223333:user/{name}"),
        account: "111122223333".to_owned(),
        user_id: id.to_owned(),
    }
}

/// What a report says, without what was asked for it and how long that took.
fn said(report: Option<&Report>) -> String {
    let Some(mut report) = report.cloned() else { return "nothing".to_owned() };
    report.time = None;
    report.elapsed_ms = 0;
    report.failures.iter_mut().for_each(|failure| failure.checks.clear());
    // A second may begin between the request and its answer.
    serde_json::to_string_pretty(&report).unwrap().replace("differ by 1 s", "differ by 0 s")
}

/// The lines that the other text has not.
fn only_in(text: &str, other: &str) -> String {
    text.lines().filter(|line| !other.contains(line)).map(str::trim).collect::<Vec<_>>().join(" | ")
}

fn causes(report: Option<&Report>) -> Vec<String> {
    let failures = report.iter().flat_map(|report| &report.failures);
    failures
        .flat_map(|failure| &failure.blockers)
        .map(|found| format!("{} {:?}", found.cause, found.certainty))
        .collect()
}

#[test]
fn a_second_diagnosis_asks_less_and_says_where_it_has_it_from() {
    let scene = Scene::of(PLAIN);
    let (first, asked) = scene.refused(&[]);
    assert_eq!(Scene::count(&asked, IDENTITY), 1);
    let (second, asked_again) = scene.refused(&[]);
    assert_eq!(Scene::count(&asked_again, IDENTITY), 0);
    assert!(asked_again.len() < asked.len());
    assert_eq!(causes_and_the_rest(first.as_ref()), causes_and_the_rest(second.as_ref()));
    let checks = &second.unwrap().failures[0].checks;
    let kept = checks.iter().find(|kept| kept.name == "sts-identity").unwrap();
    assert_eq!((kept.why.as_deref(), kept.requests), (Some("from the cache"), Some(0)));
}

/// What is ruled out, and because of what, may be told by another of two answers that came at the same moment.
fn causes_and_the_rest(report: Option<&Report>) -> String {
    let Some(mut report) = report.cloned() else { return "nothing".to_owned() };
    for failure in &mut report.failures {
        // Every refusal has an authorization id of its own.
        let fixes = failure.blockers.iter_mut().flat_map(|blocker| &mut blocker.other_fixes);
        fixes.flat_map(|fix| &mut fix.commands).for_each(|command| {
            let end = command.find("--authorization-id").unwrap_or(command.len());
            command.truncate(end);
        });
        failure.ruled_out.iter_mut().chain(&mut failure.open).for_each(|other| other.because.clear());
    }
    said(Some(&report))
}

/// The `aws` here says a part of what the real one does, so that what is said is not always the cause; it is the same twice.
#[test]
fn in_every_scenario_the_second_diagnosis_says_what_the_first_did() {
    let (mut different, mut saved, mut seen) = (Vec::new(), 0, 0);
    for name in names() {
        let scenario = Scenario::load(name).unwrap();
        // A refusal that goes by itself is another one the second time.
        if !scenario.cli.runs_on(CliVersion::V1) || name.starts_with("not-reproduced") {
            continue;
        }
        let scene = Scene::of(name);
        let (first, asked) = scene.refused(&[]);
        let (second, asked_again) = scene.refused(&[]);
        let (first_said, second_said) = (causes_and_the_rest(first.as_ref()), causes_and_the_rest(second.as_ref()));
        if first_said != second_said {
            different.push(format!("{name}: {}", only_in(&first_said, &second_said)));
            different.push(format!("  again: {}", only_in(&second_said, &first_said)));
        }
        assert!(asked_again.len() <= asked.len(), "{name}: {} and {}", asked.len(), asked_again.len());
        saved += asked.len() - asked_again.len();
        seen += usize::from(first.is_some());
    }
    assert!(seen > 100 && saved > 100, "{seen} diagnoses, {saved} questions saved");
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Somebody else has made the change since: the key is deleted, the bucket is gone.
#[test]
fn what_was_true_an_hour_ago_proves_nothing_wrong_today() {
    // That what is planted is found at all.
    let scene = Scene::of(PLAIN);
    let (report, _) = scene.refused(&["--no-cache"]);
    let alice = {
        let arn = report.unwrap().failures[0].caller.as_ref().unwrap().arn.clone().unwrap();
        assert_eq!(arn, "arn:aws:iam::111122223333:user/alice");
        let (_, _) = scene.refused(&[]);
        let texts = scene.files().into_iter().map(|file| std::fs::read_to_string(file).unwrap());
        let text = texts.into_iter().find(|text| text.contains("user_id")).unwrap();
        let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
        user("alice", stored["value"]["user_id"].as_str().unwrap())
    };
    let planted = Scene::of(PLAIN);
    planted.plant(&alice);
    let (report, asked) = planted.refused(&[]);
    assert_eq!(Scene::count(&asked, IDENTITY), 0);
    assert_eq!(causes(report.as_ref()), ["identity-policy-no-allow Proven"]);

    let head = "when calling the HeadObject operation";
    for (name, status, cause) in [
        ("unknown-access-key", format!("403) {head}: Forbidden"), "unknown-access-key"),
        ("unknown-access-key.inactive", format!("403) {head}: Forbidden"), "unknown-access-key"),
        ("wrong-secret-key", format!("403) {head}: Forbidden"), "wrong-secret-key"),
        ("bucket-not-found", format!("404) {head}: Not Found"), "bucket-not-found"),
        ("wrong-region", format!("301) {head}: Moved Permanently"), "wrong-region"),
    ] {
        let line = format!("fatal error: An error occurred ({status}");
        let fresh = Scene::saying(name, &line);
        let (without, _) = fresh.refused(&["--no-cache"]);
        assert_eq!(fresh.files().len(), 0, "{name}: --no-cache keeps nothing");
        let scene = Scene::saying(name, &line);
        scene.plant(&alice);
        let (with, _) = scene.refused(&[]);
        let text = |scene: &Scene, report: &Option<Report>| {
            let home = scene.prepared.home().display().to_string();
            said(report.as_ref()).replace(&scene.sandbox.url(), "URL").replace(&home, "HOME")
        };
        assert_eq!(text(&scene, &with), text(&fresh, &without), "{name}");
        assert_eq!(causes(with.as_ref()), [format!("{cause} Proven")], "{name}");
    }
}

/// IAM lets a user be renamed, and the name be given to another.
#[test]
fn the_policies_of_somebody_who_has_the_callers_old_name_are_not_the_callers() {
    for kept in [user("bob", "AIDABOBBOBBOBBOBBOBB"), user("alice", "AIDAOTHEROTHEROTHERX")] {
        let scene = Scene::of(PLAIN);
        scene.plant(&kept);
        let (report, asked) = scene.refused(&[]);
        assert_eq!(Scene::count(&asked, IDENTITY), 1, "{}", kept.arn);
        assert_eq!(causes(report.as_ref()), ["identity-policy-no-allow Proven"], "{}", kept.arn);
        let caller = report.unwrap().failures[0].caller.clone().unwrap();
        assert_eq!(caller.arn.as_deref(), Some("arn:aws:iam::111122223333:user/alice"));
    }
}

#[test]
fn it_can_be_off_in_every_way_and_elsewhere() {
    for (options, variable) in [(&["--no-cache"][..], ("WHY403_CACHE", "on")), (&[], ("WHY403_CACHE", "off"))] {
        let scene = Scene::of(PLAIN);
        let arguments = scene.prepared.runs.last().unwrap();
        for _twice in 0..2 {
            scene.sandbox.clear_log();
            let mut command = scene.command();
            command.envs([variable]).args(["--explain", "always", "--timeout", "20"]).args(options);
            let output = command.arg("aws").args(arguments).output().unwrap();
            assert!(String::from_utf8_lossy(&output.stderr).contains("cause[identity-policy-no-allow]"), "{output:?}");
            assert_eq!(Scene::count(&scene.sandbox.log(), IDENTITY), 1);
        }
        assert_eq!(scene.files().len(), 0);
    }
    let scene = Scene::of(PLAIN);
    let elsewhere = scene.prepared.home().join("else where");
    let mut command = scene.command();
    command.env("WHY403_CACHE_DIR", &elsewhere).args(["check", "--timeout", "20", "s3://acme-logs/2026/07/app.log"]);
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    assert_eq!((scene.files().len(), std::fs::read_dir(&elsewhere).unwrap().count()), (0, 1));
}

#[test]
fn of_an_endpoint_that_is_not_awss_nothing_is_kept_unless_it_is_said() {
    for (config, kept) in [("", false), ("cache = false\n", false), ("cache = true\n", true)] {
        let scene = Scene::of(PLAIN);
        let settings = scene.prepared.home().join(".config/why403");
        std::fs::create_dir_all(&settings).unwrap();
        std::fs::write(settings.join("config.toml"), config).unwrap();
        let mut command = scene.command();
        command.env_remove("WHY403_CACHE").args(["--explain", "always", "--timeout", "20", "aws"]);
        let output = command.args(scene.prepared.runs.last().unwrap()).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stderr).contains("cause[identity-policy-no-allow]"), "{output:?}");
        assert_eq!(!scene.files().is_empty(), kept, "{config}");
    }
}

#[test]
fn nobody_else_can_read_it_and_no_secret_is_in_it() {
    let scene = Scene::of(PLAIN);
    scene.refused(&[]);
    let mode = |path: &PathBuf| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&scene.directory()), 0o700);
    let files = scene.files();
    assert_eq!(files.len(), 1);
    let keys = scene.keys();
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        let text = std::fs::read_to_string(&file).unwrap() + &file.display().to_string();
        for secret in [keys.access_key_id(), keys.secret_access_key()] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_torn_a_newer_and_an_unreadable_cache_cost_one_question_each() {
    let scene = Scene::of(PLAIN);
    scene.refused(&[]);
    let good: Vec<(PathBuf, String)> =
        scene.files().into_iter().map(|file| (file.clone(), std::fs::read_to_string(file).unwrap())).collect();
    for spoil in [
        (|text: &str| text[..text.len() / 2].to_owned()) as fn(&str) -> String,
        |text| text.replace("\"version\":1", "\"version\":2"),
        |_| String::new(),
    ] {
        for (file, text) in &good {
            std::fs::write(file, spoil(text)).unwrap();
        }
        let (report, asked) = scene.refused(&[]);
        assert_eq!(Scene::count(&asked, IDENTITY), 1);
        assert_eq!(causes(report.as_ref()), ["identity-policy-no-allow Proven"]);
        // They are good again.
        let (_, asked) = scene.refused(&[]);
        assert_eq!(Scene::count(&asked, IDENTITY), 0);
    }
    for directory in ["/dev/null", "/proc/nowhere"] {
        let mut command = scene.command();
        command.env("WHY403_CACHE_DIR", directory).args(["--explain", "always", "--timeout", "20", "aws"]);
        let output = command.args(scene.prepared.runs.last().unwrap()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("cause[identity-policy-no-allow]") && !stderr.contains("why403:"), "{stderr}");
    }
}

#[test]
fn two_hundred_processes_at_once_leave_whole_files() {
    let scene = Scene::of(PLAIN);
    let file = scene.prepared.home().join("report.jsonl");
    let runs: Vec<_> = (0..200)
        .map(|_| {
            let mut command = scene.command();
            command.args(["--explain", "never", "--timeout", "120", "--report"]).arg(&file).arg("aws");
            command.args(scene.prepared.runs.last().unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    for mut run in runs {
        assert_eq!(run.wait().unwrap().code(), Some(1));
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 200);
    for line in text.lines() {
        let report: Report = serde_json::from_str(line).unwrap();
        assert_eq!(causes(Some(&report)), ["identity-policy-no-allow Proven"]);
    }
    let files = scene.files();
    assert_eq!(files.len(), 1, "{files:?}");
    let (_, asked) = scene.refused(&[]);
    assert_eq!(Scene::count(&asked, IDENTITY), 0);
}

#[test]
fn the_subcommand_shows_it_and_clears_it() {
    let scene = Scene::of(PLAIN);
    let cache = |words: &[&str]| -> String {
        let Output { status, stdout, stderr } = scene.command().arg("cache").args(words).output().unwrap();
        assert!(status.success() && stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    };
    let directory = scene.directory().display().to_string();
    assert_eq!(cache(&[]), format!("{directory}: empty\n"));
    assert_eq!(cache(&["clear"]), format!("removed 0 answers from {directory}\n"));
    scene.refused(&[]);
    let bytes: u64 = scene.files().iter().map(|file| std::fs::metadata(file).unwrap().len()).sum();
    assert_eq!(cache(&[]), format!("{directory}: 1 answer, {bytes} bytes\n"));
    let doctor = scene.command().arg("doctor").output().unwrap();
    let doctor = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.contains(&format!("cache        ~/.cache/why403/answers: 1 answer, {bytes} bytes\n")), "{doctor}");
    std::fs::write(scene.directory().join("notes.txt"), "mine").unwrap();
    assert_eq!(cache(&["clear"]), format!("removed 1 answer from {directory}\n"));
    assert_eq!(scene.files().len(), 1);
}
