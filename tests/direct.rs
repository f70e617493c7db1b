//! The subcommands for direct use, through the built program against the sandbox: `check`, `last`, `fix` and `log`.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/clis.rs"]
mod clis;

use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use why403::aws::allowlist;
use why403::sandbox::demo::{Prepared, prepare};
use why403::sandbox::scenario::{CliVersion, Edit, Target};
use why403::sandbox::{Sandbox, Scenario};

const WHY403: &str = env!("CARGO_BIN_EXE_why403");

/// A scenario's world, running, with its user.
struct Scene {
    scenario: Scenario,
    sandbox: Sandbox,
    prepared: Prepared,
}

impl Scene {
    fn of(name: &str) -> Self {
        Self::with(Scenario::load(name).unwrap())
    }

    fn with(scenario: Scenario) -> Self {
        let sandbox = Sandbox::start(scenario.clone()).unwrap();
        let prepared = prepare(&scenario, &sandbox, CliVersion::V1).unwrap();
        Self { scenario, sandbox, prepared }
    }

    fn command(&self) -> Command {
        let mut command = self.prepared.command(WHY403.as_ref());
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command().args(words).output().unwrap()
    }

    fn check(&self, words: &[&str]) -> Output {
        self.run(&[&["check", "--timeout", "20"], words].concat())
    }

    /// The refused command itself, wrapped; it need not be told what was said.
    fn refused(&self) {
        let Some(cli) = clis::found().into_iter().find(|cli| cli.version == CliVersion::V1) else {
            // Without a CLI here, a check of the same object keeps the same diagnosis.
            let place = self.prepared.argv().iter().find(|word| word.starts_with("s3://")).unwrap();
            assert_eq!(self.check(&[place]).status.code(), Some(1));
            return;
        };
        let path = std::env::var("PATH").unwrap();
        let output = self
            .command()
            .env("PATH", format!("{}:{path}", cli.directory.display()))
            .args(["--explain", "always", "--timeout", "20", "aws"])
            .args(self.prepared.argv())
            .output()
            .unwrap();
        assert!(!output.status.success() && stderr(&output).contains("cause["), "{}", stderr(&output));
    }

    fn state(&self) -> PathBuf {
        self.prepared.home().join(".local/state/why403/diagnoses")
    }

    /// Nothing that changes, and nothing that costs.
    #[track_caller]
    fn asked_only_harmlessly(&self) {
        let log = self.sandbox.log();
        assert!(!log.is_empty());
        for entry in log {
            assert!(allowlist::allows(&entry.service, &entry.operation), "{}:{}", entry.service, entry.operation);
            assert!(["GET", "HEAD", "POST"].contains(&entry.method.as_str()), "{}", entry.method);
            assert!(entry.service != "S3" || entry.method != "POST", "{}", entry.operation);
        }
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output))
        .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(output), stderr(output)))
}

fn causes(answer: &Value) -> Vec<&str> {
    let failures = answer["failures"].as_array().unwrap();
    failures
        .iter()
        .flat_map(|failure| failure["blockers"].as_array().unwrap())
        .map(|blocker| blocker["cause"].as_str().unwrap())
        .collect()
}

// ---- check

#[test]
fn check_says_allowed_by_reading_one_byte() {
    let scene = Scene::of("control.success");
    let place = scene.prepared.argv().iter().find(|word| word.starts_with("s3://")).unwrap().clone();
    let output = scene.check(&[&place]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("allowed: `s3:GetObject` on `"), "{text}");
    assert!(text.contains("caller: arn:aws:iam::") && text.contains("profile default: access key in "), "{text}");
    scene.asked_only_harmlessly();
    assert!(!scene.state().exists(), "nothing was refused, so nothing is kept");
    let answer = json(&scene.check(&[&place, "--format", "json"]));
    assert_eq!((answer["verdict"].as_str(), causes(&answer).len()), (Some("allowed"), 0));
    assert_eq!(answer["schema"], 1);
    assert!(answer["caller"]["arn"].as_str().is_some_and(|arn| arn.starts_with("arn:aws:iam::")));
}

#[test]
fn check_says_refused_and_why() {
    let scene = Scene::of("identity-policy-no-allow.prefix");
    let report = scene.prepared.home().join("r.jsonl");
    let place = "s3://acme-logs/2026/07/app.log";
    let output = scene.check(&[place, "--report", report.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    assert!(
        text.starts_with("refused: `s3:GetObject` on `acme-logs/2026/07/app.log`\ncaller: arn:aws:iam::"),
        "{text}"
    );
    assert!(text.contains("cause identity-policy-no-allow: "), "{text}");
    let line: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    assert_eq!(causes(&line), ["identity-policy-no-allow"]);
    assert_eq!(line["failures"][0]["blockers"][0]["certainty"], "proven");
    assert_eq!(line["command"]["argv"][1], "check");
    scene.asked_only_harmlessly();
    let answer = json(&scene.check(&[place, "--format", "json"]));
    assert_eq!(answer["verdict"], "refused");
}

#[test]
fn check_lists_with_one_key_and_takes_a_prefix() {
    let scene = Scene::of("identity-policy-no-allow.prefix");
    assert_eq!(scene.check(&["s3://acme-logs"]).status.code(), Some(0));
    assert_eq!(scene.check(&["s3://acme-logs/2026/", "--action", "list"]).status.code(), Some(0));
    let output = scene.check(&["s3://acme-logs-2"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("bucket-not-found"), "{}", stdout(&output));
    scene.asked_only_harmlessly();
}

/// A user with these statements, and a bucket of the same account.
fn world(statements: &str, look: &str, bucket: &str) -> Scene {
    let text = format!(
        r#"
        title = "a world of its own"
        look = "{look}"
        [[user]]
        name = "alice"
        inline = {{ own = '''{{"Version": "2012-10-17", "Statement": [{statements}]}}''' }}
        [[bucket]]
        name = "acme-logs"
        {bucket}
        [[bucket.object]]
        key = "a.log"
        body = "x"
        [cli]
        as = "user/alice"
        run = ["s3", "cp", "s3://acme-logs/a.log", "."]
        [expect]
        exit = 1
        "#
    );
    Scene::with(Scenario::parse(&text).unwrap())
}

const WRITES: &str =
    r#"{"Effect": "Allow", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::acme-logs/*"}"#;
const READS: &str = r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-logs/*"}"#;

#[test]
fn check_judges_writes_by_the_documents_and_sends_none() {
    let allowed = world(WRITES, "full", "");
    for action in ["put", "delete"] {
        let output = allowed.check(&["s3://acme-logs/new.log", "--action", action]);
        assert_eq!(output.status.code(), Some(0), "{action}: {}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains("note: no request was sent"), "{}", stdout(&output));
    }
    allowed.asked_only_harmlessly();
    let refused = world(READS, "full", "");
    for action in ["put", "delete"] {
        let output = refused.check(&["s3://acme-logs/new.log", "--action", action, "--format", "json"]);
        assert_eq!(output.status.code(), Some(1), "{action}: {}{}", stdout(&output), stderr(&output));
        let answer = json(&output);
        assert_eq!(causes(&answer), ["identity-policy-no-allow"], "{action}");
        let failure = &answer["failures"][0];
        assert_eq!(failure["blockers"][0]["certainty"], "proven");
        assert!(failure["error_code"].is_null() && failure["line"] == "", "nobody said anything: {failure}");
        let evidence = failure["blockers"][0]["evidence"].as_array().unwrap();
        assert!(!evidence.iter().any(|check| check == "cli" || check == "s3-replay"), "{evidence:?}");
    }
    refused.asked_only_harmlessly();
}

#[test]
fn check_cannot_tell_where_the_documents_cannot_be_read() {
    let scene = world(WRITES, "none", "");
    let output = scene.check(&["s3://acme-logs/new.log", "--action", "put"]);
    assert_eq!(output.status.code(), Some(3), "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("cannot tell: `s3:PutObject` on `acme-logs/new.log`\n"), "{text}");
    assert!(text.contains("not checked"), "{text}");
    assert!(!scene.state().exists());
    scene.asked_only_harmlessly();
}

#[test]
fn check_of_a_write_does_not_mind_an_endpoint_that_lets_everything_pass() {
    let endpoint =
        |policy: &str| format!("[[vpc_endpoint]]\nid = \"vpce-0a1b2c3d\"\n{policy}\n[[bucket]]\nname = \"other\"");
    let open = world(WRITES, "full", &endpoint(""));
    let output = open.check(&["s3://acme-logs/new.log", "--action", "put"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let narrow = r#"policy = '''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}'''"#;
    let output = world(WRITES, "full", &endpoint(narrow)).check(&["s3://acme-logs/new.log", "--action", "put"]);
    assert_eq!(output.status.code(), Some(3), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("the VPC endpoint policy"), "{}", stdout(&output));
}

/// What most accounts are: a member of no organization, or of one whose policies it cannot read.
#[test]
fn check_of_a_write_rests_on_an_unread_organization() {
    let reader = r#"{"Effect": "Allow", "Action": ["s3:PutObject", "s3:Get*", "s3:ListAllMyBuckets", "iam:Get*", "iam:List*", "ec2:Describe*", "organizations:Describe*"], "Resource": "*"}"#;
    let alone = world(reader, "none", "").check(&["s3://acme-logs/new.log", "--action", "put"]);
    assert_eq!(alone.status.code(), Some(0), "{}{}", stdout(&alone), stderr(&alone));
    let organization = "[organization]\nid = \"o-acme1234ab\"\nmanagement_account = \"999900001111\"\n[[organization.unit]]\nid = \"r-acme\"\n[[account]]\nid = \"111122223333\"\nunit = \"r-acme\"\n[[bucket]]\nname = \"other\"";
    let member = world(reader, "none", organization).check(&["s3://acme-logs/new.log", "--action", "put"]);
    assert_eq!(member.status.code(), Some(3), "{}{}", stdout(&member), stderr(&member));
    assert!(stdout(&member).contains("service control policies"), "{}", stdout(&member));
}

#[test]
fn check_of_a_write_meets_a_deny() {
    let policy = r#"policy = '''{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::acme-logs/*"}]}'''"#;
    let scene = world(WRITES, "full", policy);
    assert_eq!(scene.check(&["s3://acme-logs/a", "--action", "put"]).status.code(), Some(0));
    let output = scene.check(&["s3://acme-logs/a", "--action", "delete"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("cause bucket-policy-deny: "), "{}", stdout(&output));
}

#[test]
fn check_without_credentials_or_profile_or_answer() {
    let scene = Scene::of("control.success");
    let output = scene.check(&["s3://acme-logs/a", "--profile", "nobody-has-it"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("cause profile-not-found: "), "{}", stdout(&output));
    // No server there: it cannot be told.
    let mut command = scene.command();
    for (name, _) in std::env::vars().chain(scene.prepared.env.clone()) {
        if name.starts_with("AWS_ENDPOINT_URL") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["check", "s3://acme-logs/a", "--endpoint-url", "http://127.0.0.1:9", "--timeout", "5"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn check_used_wrongly_is_two() {
    let scene = Scene::of("control.success");
    for words in [
        &["check", "b/k"][..],
        &["check"],
        &["check", "s3://b", "--action", "put"],
        &["check", "s3://b/k", "--timeout", "-1"],
    ] {
        assert_eq!(scene.run(words).status.code(), Some(2), "{words:?}");
    }
    assert!(scene.sandbox.log().is_empty());
}

// ---- last and the state

#[test]
fn last_shows_it_again_in_every_format() {
    let scene = Scene::of("identity-policy-no-allow.prefix");
    let nothing = scene.run(&["last"]);
    assert_eq!((nothing.status.code(), stdout(&nothing).as_str()), (Some(3), ""));
    scene.refused();
    let plain = scene.run(&["last"]);
    assert_eq!(plain.status.code(), Some(0), "{}", stderr(&plain));
    assert!(stdout(&plain).contains("cause identity-policy-no-allow: "), "{}", stdout(&plain));
    let terminal = stdout(&scene.run(&["last", "--format", "terminal"]));
    // The excerpt is no part of the JSON report, and is kept all the same.
    assert!(terminal.contains("\"Resource\": \"arn:aws:s3:::acme-logs/2025/*\""), "{terminal}");
    let answer = json(&scene.run(&["last", "--format", "json"]));
    assert_eq!(causes(&answer), ["identity-policy-no-allow"]);
    for format in ["concise", "github", "gitlab", "markdown", "sarif", "junit"] {
        let output = scene.run(&["last", "--format", format]);
        assert!(output.status.success() && !output.stdout.is_empty(), "{format}: {}", stderr(&output));
    }
    assert_eq!(scene.run(&["last", "--format", "xml"]).status.code(), Some(2));
    let quiet = stdout(&scene.run(&["last", "-v"]));
    assert!(quiet.len() > stdout(&plain).len(), "-v says more");
}

#[test]
fn last_all_is_bounded_and_in_order() {
    let scene = Scene::of("control.success");
    for index in 0..25 {
        let output = scene.check(&[&format!("s3://no-such-bucket-{index}/k")]);
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    }
    let lines = stdout(&scene.run(&["last", "--all", "--format", "json"]));
    let buckets: Vec<String> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["failures"][0]["request"]["bucket"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let expected: Vec<String> = (5..25).map(|index| format!("no-such-bucket-{index}")).collect();
    assert_eq!(buckets, expected);
    assert!(stdout(&scene.run(&["last"])).contains("no-such-bucket-24"));
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_state_is_its_users_alone_and_holds_no_secret() {
    let scene = Scene::of("identity-policy-no-allow.prefix");
    scene.refused();
    let state = scene.state();
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(state.parent().unwrap()), 0o700);
    let kept = files(&state);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(mode(&kept[0]), 0o600);
    let text = std::fs::read_to_string(&kept[0]).unwrap();
    let credentials = std::fs::read_to_string(scene.prepared.home().join(".aws/credentials")).unwrap();
    let secrets = credentials.lines().filter_map(|line| line.split_once(" = ")).map(|(_, value)| value);
    assert!(secrets.clone().count() >= 2);
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[test]
fn the_state_can_be_elsewhere_or_off() {
    let scene = Scene::of("identity-policy-no-allow.prefix");
    let elsewhere = scene.prepared.home().join("else where");
    let place = "s3://acme-logs/2026/07/app.log";
    let checked = |variables: &[(&str, &str)]| {
        let output =
            scene.command().envs(variables.iter().copied()).args(["check", "--timeout", "20", place]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stderr(&output), "");
    };
    checked(&[("WHY403_NO_STATE", "1")]);
    assert!(!scene.state().exists());
    checked(&[("WHY403_STATE_DIR", elsewhere.to_str().unwrap())]);
    assert!(!scene.state().exists());
    assert_eq!((files(&elsewhere).len(), mode(&elsewhere)), (1, 0o700));
    let output = scene.command().env("WHY403_STATE_DIR", &elsewhere).arg("last").output().unwrap();
    assert!(output.status.success());
    // Somebody else could put files there.
    let open = scene.prepared.home().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    checked(&[("WHY403_STATE_DIR", open.to_str().unwrap())]);
    assert_eq!(files(&open).len(), 0);
}

#[test]
fn a_state_that_cannot_be_written_costs_nothing() {
    let scene = Scene::of("identity-policy-no-allow.prefix");
    let place = "s3://acme-logs/2026/07/app.log";
    let home = scene.prepared.home();
    std::fs::write(home.join("a file"), "").unwrap();
    let read_only = home.join("read-only");
    std::fs::create_dir(&read_only).unwrap();
    std::fs::set_permissions(&read_only, std::fs::Permissions::from_mode(0o500)).unwrap();
    // Root writes everywhere but here.
    for directory in
        [home.join("a file"), home.join("a file/below"), read_only.clone(), "/proc/nowhere".into(), "/dev/null".into()]
    {
        let output = scene
            .command()
            .env("WHY403_STATE_DIR", &directory)
            .args(["check", "--timeout", "20", place])
            .output()
            .unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(1), ""), "{}", directory.display());
        assert!(stdout(&output).contains("identity-policy-no-allow"));
    }
    std::fs::set_permissions(&read_only, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn what_is_kept_may_be_torn_or_strange() {
    let scene = Scene::of("identity-policy-no-allow.prefix");
    assert_eq!(scene.check(&["s3://acme-logs/2026/07/app.log"]).status.code(), Some(1));
    let state = scene.state();
    let good = std::fs::read_to_string(&files(&state)[0]).unwrap();
    let later = |index: u32, text: &str| {
        std::fs::write(state.join(format!("9999999999999999999{index}-1-0.json")), text).unwrap()
    };
    later(0, &good[..good.len() / 2]);
    later(1, "");
    later(2, &good.replace("\"version\":1", "\"version\":99"));
    // Marks that lie outside their text.
    later(3, &good.replace("\"start\":", "\"start\":9999"));
    std::os::unix::fs::symlink("/etc/hostname", state.join("99999999999999999994-1-0.json")).unwrap();
    std::fs::write(state.join("notes.txt"), "mine").unwrap();
    let output = scene.run(&["last", "--format", "terminal"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("identity-policy-no-allow"), "{}", stdout(&output));
    assert_eq!(scene.run(&["last", "--all"]).status.code(), Some(0));
    assert!(state.join("notes.txt").exists());
}

#[test]
fn twenty_processes_keep_at_once() {
    let scene = Scene::of("control.success");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..20)
            .map(|index| {
                let scene = &scene;
                scope.spawn(move || scene.check(&[&format!("s3://no-such-bucket-{index}/k")]))
            })
            .collect();
        for run in runs {
            let output = run.join().unwrap();
            assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
        }
    });
    let lines = stdout(&scene.run(&["last", "--all", "--format", "json"]));
    let mut buckets: Vec<String> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["failures"][0]["request"]["bucket"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    buckets.sort();
    let mut expected: Vec<String> = (0..20).map(|index| format!("no-such-bucket-{index}")).collect();
    expected.sort();
    assert_eq!(buckets, expected);
    assert_eq!(files(&scene.state()).len(), 20, "nothing unfinished is left");
}

// ---- fix

/// Puts a document of `fix --format json` into the scenario's world.
fn apply(world: &mut Scenario, document: &Value) {
    let target = &document["document"];
    let text = |name: &str| target[name].as_str().map(str::to_owned);
    let kind = text("kind").unwrap();
    let named = text("policy").or_else(|| (kind == "identity-policy").then(|| "repair".to_owned()));
    let target = Target { kind, owner: text("owner").unwrap(), policy: named };
    let after = document["after"].as_str().unwrap().to_owned();
    world.apply(&Edit { target, document: after }).unwrap();
}

/// Scenarios whose documents could all be read, and whose repair is an edit.
const REPAIRED: [&str; 7] = [
    "identity-policy-no-allow",
    "identity-policy-no-allow.prefix",
    "identity-policy-no-allow.group",
    "identity-policy-no-allow.no-slash",
    "identity-policy-no-allow.recursive",
    "identity-policy-no-allow.upload",
    "identity-policy-no-allow.upload-acl",
];

#[test]
fn fixed_documents_let_the_command_through() {
    let Some(cli) = clis::found().into_iter().find(|cli| cli.version == CliVersion::V1) else { return };
    for name in REPAIRED {
        let scene = Scene::of(name);
        scene.refused();
        let output = scene.run(&["fix", "--format", "json"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let documents = json(&output)["documents"].as_array().unwrap().clone();
        let mut world = scene.scenario.clone();
        for document in &documents {
            serde_json::from_str::<Value>(document["after"].as_str().unwrap()).unwrap();
            apply(&mut world, document);
        }
        let repaired = Scene::with(world);
        let bare = repaired
            .prepared
            .command(cli.directory.join("aws").as_os_str())
            .args(repaired.prepared.argv())
            .stdin(Stdio::null())
            .output();
        let bare = bare.unwrap();
        assert!(bare.status.success(), "{name}: {}", stderr(&bare));
    }
}

/// A user whose own policy is written as nobody else would.
fn odd_handwriting() -> Scene {
    let policy = "{\n\t\"Version\" :   \"2012-10-17\",\n\"Statement\": [ {\"Sid\":\"Lists\" , \"Effect\": \"Allow\",\n\t\t\"Action\": \"s3:ListBucket\", \"Resource\":\"arn:aws:s3:::acme-logs\"}\n\t\t]  }\n";
    let text = format!(
        r#"
        title = "odd handwriting"
        look = "full"
        [[user]]
        name = "alice"
        inline = {{ own = '''{policy}''' }}
        [[bucket]]
        name = "acme-logs"
        [[bucket.object]]
        key = "a.log"
        body = "x"
        [cli]
        as = "user/alice"
        run = ["s3", "cp", "s3://acme-logs/a.log", "."]
        [expect]
        exit = 1
        "#
    );
    Scene::with(Scenario::parse(&text).unwrap())
}

#[test]
fn a_fixed_document_keeps_the_users_own_formatting() {
    let scene = odd_handwriting();
    assert_eq!(scene.check(&["s3://acme-logs/a.log"]).status.code(), Some(1));
    let answer = json(&scene.run(&["fix", "--format", "json"]));
    let [document] = answer["documents"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    let (before, after) = (document["before"].as_str().unwrap(), document["after"].as_str().unwrap());
    // What was there is there, to the blank: the statement stands in between.
    let head = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    assert!(
        after.ends_with(&before[head..]) && before[..head].ends_with("acme-logs\"}"),
        "{before}\n--- after:\n{after}"
    );
    let value: Value = serde_json::from_str(after).unwrap();
    assert_eq!(value["Statement"][1]["Resource"], "arn:aws:s3:::acme-logs/a.log");
    assert_eq!(document["file"], "own.json");
    assert!(document["commands"][0].as_str().unwrap().contains("--policy-document file://own.json"));

    let documents = stdout(&scene.run(&["fix", "--format", "documents"]));
    assert_eq!(documents.strip_suffix('\n'), Some(after));
    let diff = stdout(&scene.run(&["fix", "--format", "diff"]));
    assert!(diff.starts_with("--- a/own.json\n+++ b/own.json\n@@ -1,"), "{diff}");
    let added: Vec<&str> = diff.lines().filter(|line| line.starts_with('+') && !line.starts_with("+++")).collect();
    assert!(added.iter().any(|line| line.contains("arn:aws:s3:::acme-logs/a.log")), "{diff}");
    let both = stdout(&scene.run(&["fix"]));
    assert!(
        both.contains(&diff)
            && both.contains(after)
            && both.contains("to apply it, `why403 fix --write .` makes the file, and then: aws iam put-user-policy "),
        "{both}"
    );
    // It is the document that IAM takes.
    let mut world = scene.scenario.clone();
    apply(&mut world, document);
    assert_eq!(Scene::with(world).check(&["s3://acme-logs/a.log"]).status.code(), Some(0));
}

#[test]
fn fix_writes_where_it_is_told_and_over_nothing() {
    let scene = odd_handwriting();
    assert_eq!(scene.check(&["s3://acme-logs/a.log"]).status.code(), Some(1));
    let directory = scene.prepared.home().join("fixed");
    let to = directory.to_str().unwrap();
    let output = scene.run(&["fix", "--write", to]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let file = directory.join("own.json");
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written, stdout(&scene.run(&["fix", "--format", "documents"])));
    std::fs::write(&file, "mine").unwrap();
    assert_eq!(scene.run(&["fix", "--write", to]).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(scene.run(&["fix", "--write", to, "--force"]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    // A link leads elsewhere, even with --force.
    let target = scene.prepared.home().join("target");
    std::fs::write(&target, "untouched").unwrap();
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&target, &file).unwrap();
    assert_eq!(scene.run(&["fix", "--write", to, "--force"]).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched");
    scene.asked_only_harmlessly();
}

#[test]
fn fix_prints_documents_that_a_reader_of_json_reads() {
    // Across accounts both sides have to allow.
    let scene = Scene::of("bucket-policy-no-allow");
    scene.refused();
    let documents = stdout(&scene.run(&["fix", "--format", "documents"]));
    let values: Vec<Value> = serde_json::Deserializer::from_str(&documents).into_iter().map(Result::unwrap).collect();
    assert!(!values.is_empty());
}

#[test]
fn fix_of_an_unread_document_is_a_statement_and_says_so() {
    let scene = Scene::of("bucket-policy-no-allow");
    scene.refused();
    let output = scene.run(&["fix"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("could not be read: this is the statement to add"), "{text}");
    let directory = scene.prepared.home().join("fixed");
    let output = scene.run(&["fix", "--write", directory.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    // Half a policy in a file, under the name of the command that stores it, would take the other half away.
    let answer = json(&scene.run(&["fix", "--format", "json"]));
    for document in answer["documents"].as_array().unwrap() {
        let file = directory.join(document["file"].as_str().unwrap());
        assert_eq!(file.exists(), !document["after"].is_null(), "{document}");
        assert!(!document["after"].is_null() || document["statements"][0]["Effect"] == "Allow", "{document}");
    }
}

#[test]
fn fix_with_nothing_to_fix_is_three() {
    let scene = Scene::of("control.success");
    assert_eq!(scene.run(&["fix"]).status.code(), Some(3));
    assert_eq!(scene.check(&["s3://no-such-bucket-1/k"]).status.code(), Some(1));
    let output = scene.run(&["fix"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(3), ""));
    assert!(stderr(&output).contains("edits no policy"), "{}", stderr(&output));
}

// ---- log

fn log(scene: &Scene, text: &str, words: &[&str]) -> Output {
    let file = scene.prepared.home().join("run.log");
    std::fs::write(&file, text).unwrap();
    scene.run(&[&["log", file.to_str().unwrap()], words].concat())
}

const BARE: &str = "2026-07-01T12:00:00Z ERROR botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the GetObject operation: Access Denied\n";

#[test]
fn log_explains_from_the_text_and_asks_nobody() {
    let scene = Scene::of("control.success");
    let text = "Error: reading S3 Bucket (acme-logs) Policy: operation error S3: GetBucketPolicy, https response error StatusCode: 403, RequestID: R, HostID: H, api error AccessDenied: User: arn:aws:sts::111122223333:assumed-role/ci/run is not authorized to perform: s3:GetBucketPolicy on resource: \"arn:aws:s3:::acme-logs\" because no identity-based policy allows the s3:GetBucketPolicy action\n";
    let output = log(&scene, text, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let answer = json(&output);
    assert_eq!(causes(&answer), ["identity-policy-no-allow"]);
    let failure = &answer["failures"][0];
    assert_eq!(failure["request"]["bucket"], "acme-logs");
    assert_eq!(failure["request"]["action"], "s3:GetBucketPolicy");
    assert_eq!(failure["caller"]["arn"], "arn:aws:sts::111122223333:assumed-role/ci/run");
    // Nothing of this machine's own is said of somebody else's log.
    assert_eq!(failure["caller"]["source"], "named in the log");
    assert!(failure["request"]["profile"].is_null() && failure["request"]["region"].is_null(), "{failure}");
    assert!(scene.sandbox.log().is_empty());
    assert_eq!(causes(&json(&scene.run(&["last", "--format", "json"]))), ["identity-policy-no-allow"]);
}

#[test]
fn log_reads_standard_input_and_counts() {
    let scene = Scene::of("control.success");
    let mut child = scene
        .command()
        .args(["log", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    for _ in 0..500 {
        pipe.write_all(BARE.as_bytes()).unwrap();
        pipe.write_all(b"something else\n").unwrap();
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["failures"][0]["count"], 500);
}

#[test]
fn log_probes_when_told_and_only_as_the_same_caller() {
    let scene = Scene::of("identity-policy-no-allow.prefix");
    let line = "download failed: s3://acme-logs/2026/07/app.log to ./app.log An error occurred (AccessDenied) when calling the GetObject operation: Access Denied\n";
    let unasked = json(&log(&scene, line, &["--format", "json"]));
    assert!(scene.sandbox.log().is_empty());
    assert_ne!(unasked["failures"][0]["blockers"][0]["certainty"], "proven", "the text alone proves nothing");
    let asked = json(&log(&scene, line, &["--probe", "--format", "json"]));
    assert_eq!(causes(&asked), ["identity-policy-no-allow"]);
    assert_eq!(asked["failures"][0]["blockers"][0]["certainty"], "proven");
    scene.asked_only_harmlessly();
    let stranger = "An error occurred (AccessDenied) when calling the GetObject operation: User: arn:aws:iam::999900001111:user/eve is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::acme-logs/2026/07/app.log\" because no resource-based policy allows the s3:GetObject action\n";
    let told = json(&log(&scene, stranger, &["--probe", "--format", "json"]));
    assert_eq!(told["failures"][0]["caller"]["arn"], "arn:aws:iam::999900001111:user/eve");
    assert_eq!(told["failures"][0]["caller"]["source"], "named in the log");
}

/// A HEAD that ends with 400 may be a matter of access or not, and of two lines alike one may be and the other not.
#[test]
fn log_keeps_what_was_found_for_one_object_where_another_is_no_matter_of_access() {
    let sealed = "[[bucket.object]]\nkey = \"sealed.log\"\nbody = \"x\"\n\
                  customer_key = \"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"";
    let lists = r#"{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::acme-logs"}"#;
    let scene = world(&format!("{READS}, {lists}"), "full", sealed);
    let line = |key: &str| {
        format!(
            "download failed: s3://acme-logs/{key} to ./{key} An error occurred (400) when calling the HeadObject operation: Bad Request\n"
        )
    };
    let output = log(&scene, &(line("sealed.log") + &line("gone.log")), &["--probe", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let answer = json(&output);
    assert_eq!(causes(&answer), ["customer-key-required"]);
    assert_eq!(answer["failures"][0]["count"], 2);
    // By itself the other has nothing to be said of it.
    let output = log(&scene, &line("gone.log"), &["--probe", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn log_without_a_refusal_is_fine_and_without_a_file_is_wrong_use() {
    let scene = Scene::of("control.success");
    let quiet = "GET / 200\nAn error occurred (NoSuchKey) when calling the GetObject operation: no\n\
                 An error occurred (AccessDenied) when calling the DescribeInstances operation: no\n";
    let output = log(&scene, quiet, &[]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), ""), "{}", stderr(&output));
    assert_eq!(scene.run(&["log", "/nowhere/at/all.log"]).status.code(), Some(2));
    assert!(!scene.state().exists());
}

#[test]
fn log_says_no_secret() {
    let scene = Scene::of("control.success");
    let text = format!(
        "GET https://acme-logs.s3.amazonaws.com/a?X-Amz-Signature=hushhush&X-Amz-Security-Token=tokentoken {}Error executing \"GetObject\" on \"https://acme-logs.s3.amazonaws.com/a?X-Amz-Signature=hushhush\"; <Error><Code>AccessDenied</Code><Message>Access Denied aws_secret_access_key=hushhush</Message></Error>\n",
        BARE.trim_end()
    );
    for format in ["json", "plain", "markdown"] {
        let output = log(&scene, &text, &["--format", format]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(
            !stdout(&output).contains("hushhush") && !stdout(&output).contains("tokentoken"),
            "{}",
            stdout(&output)
        );
    }
    for file in files(&scene.state()) {
        assert!(!std::fs::read_to_string(file).unwrap().contains("hushhush"));
    }
}

#[test]
fn log_of_a_hundred_megabytes_takes_little_memory() {
    let scene = Scene::of("control.success");
    let mut child = scene
        .command()
        .args(["log", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let mut block = String::new();
    for index in 0..200 {
        let _ = writeln!(
            block,
            "2026-07-01T12:00:00Z INFO request {index} took 3 ms and the answer was 200 {}",
            "x".repeat(400)
        );
    }
    block += BARE;
    // A line without an end, too.
    let blocks = 100 * 1024 * 1024 / 4 / block.len();
    let mut most = 0;
    for _ in 0..blocks {
        pipe.write_all(block.as_bytes()).unwrap();
    }
    for _ in 0..blocks {
        pipe.write_all(&[b'x'; 64 * 1024]).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        most = most.max(peak.unwrap_or_default());
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["failures"][0]["count"], u64::try_from(blocks).unwrap());
    assert!(most > 0 && most < 100 * 1024, "{most} kB");
}
