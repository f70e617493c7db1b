//! What each CI system gets, and the files that we offer for them: their commands are taken out of the YAML and run, with
//! the real CLI against the sandbox.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/clis.rs"]
mod clis;
#[path = "support/wrapped.rs"]
#[expect(dead_code, reason = "this test needs a part of the stage")]
mod wrapped;

use clis::Cli;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use why403::render::untrusted::code_spans;
use why403::sandbox::demo::{Prepared, prepare};
use why403::sandbox::scenario::CliVersion;
use why403::sandbox::{Sandbox, Scenario};
use wrapped::{Stage, WHY403, text};

/// A job's machine: a checkout, a directory for temporary files, and a sandbox behind `aws`.
struct Job {
    prepared: Prepared,
    cli: Cli,
    _sandbox: Sandbox,
}

impl Job {
    fn new() -> Option<Self> {
        // The templates' commands name no endpoint, and version 2 needs one on the command line here.
        let cli = clis::found().into_iter().find(|cli| cli.version == CliVersion::V1)?;
        let scenario = Scenario::load("identity-policy-no-allow.prefix").unwrap();
        let sandbox = Sandbox::start(scenario.clone()).unwrap();
        let prepared = prepare(&scenario, &sandbox, cli.version).unwrap();
        Some(Self { prepared, cli, _sandbox: sandbox })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.prepared.work_dir().join(name)
    }

    fn temp(&self, name: &str) -> PathBuf {
        self.prepared.home().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.temp(name)).unwrap_or_default()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.prepared.command(program.as_ref());
        command.env("PATH", self.path()).env("TMPDIR", self.prepared.home()).env("LC_ALL", "C");
        command.env("WHY403_TIMEOUT", "60").stdin(Stdio::null());
        command
    }

    fn path(&self) -> String {
        format!("{}:{}", self.cli.directory.display(), std::env::var("PATH").unwrap())
    }

    /// The part of stderr that is ours.
    fn said(&self, variables: &[(&str, &str)], script: &str) -> String {
        fs::write(self.file("deploy.sh"), script).unwrap();
        let bare = self.command("bash").arg("deploy.sh").output().unwrap();
        let output =
            self.command(WHY403).args(["exec", "--", "bash", "deploy.sh"]).envs(variables.iter().copied()).output();
        let output = output.unwrap();
        assert_eq!(output.status, bare.status, "{}", text(&output.stderr));
        let (bare, wrapped) = (text(&bare.stderr), text(&output.stderr));
        wrapped.strip_prefix(bare.as_str()).unwrap_or_else(|| panic!("not behind aws's own text: {wrapped}")).to_owned()
    }
}

const REFUSED: &str = "#!/bin/bash\naws s3 cp s3://acme-logs/2026/07/app.log .\n";

#[test]
fn github_gets_text_an_annotation_and_a_summary() {
    let Some(job) = Job::new() else { return };
    let (workspace, summary) = (job.prepared.work_dir(), job.temp("summary.md"));
    let github = [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_WORKSPACE", workspace.to_str().unwrap()),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    let said = job.said(&github, REFUSED);
    assert!(said.starts_with("\ncause[identity-policy-no-allow]: "), "{said}");
    let annotations: Vec<&str> = said.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(annotations.len(), 1, "{said}");
    let head = "::error title=cause[identity-policy-no-allow],file=deploy.sh,line=2::no policy of `user/alice` allows";
    assert!(annotations[0].starts_with(head), "{}", annotations[0]);
    assert_eq!(job.read("summary.md").matches("More: `why403 explain").count(), 1, "{}", job.read("summary.md"));

    // Without `exec`, behind the shim of the action or the shell: each call adds its own.
    let output =
        job.command(WHY403).args(["aws", "s3", "cp", "s3://acme-logs/2026/07/app.log", "."]).envs(github).output();
    assert!(text(&output.unwrap().stderr).contains("\n::error title="));
    assert_eq!(job.read("summary.md").matches("More: `why403 explain").count(), 2, "appended, not replaced");

    // Whoever chooses a format gets that one.
    let mut chosen = job.command(WHY403);
    chosen.args(["--format", "concise", "aws", "s3", "cp", "s3://acme-logs/2026/07/app.log", "."]).envs(github);
    let stderr = text(&chosen.output().unwrap().stderr);
    assert!(stderr.contains("\nwhy403: cause[") && !stderr.contains("::error"), "{stderr}");
    assert_eq!(job.read("summary.md").matches("More: `why403 explain").count(), 2);
}

#[test]
fn a_step_that_passes_is_left_alone() {
    let Some(job) = Job::new() else { return };
    let github = [("CI", "true"), ("GITHUB_ACTIONS", "true")];
    let said = job.said(&github, &format!("{REFUSED}true\n"));
    assert!(said.contains("\n::error title="), "{said}");
    assert_eq!(job.said(&github, "aws --version 2>/dev/null\n"), "");
}

#[test]
fn gitlab_gets_a_section_that_folds() {
    let Some(job) = Job::new() else { return };
    let said = job.said(&[("CI", "true"), ("GITLAB_CI", "true")], REFUSED);
    let (first, rest) = said.trim_start_matches('\n').split_once('\n').unwrap();
    assert!(first.starts_with("\u{1b}[0Ksection_start:"), "{said:?}");
    // The header can be read without opening it.
    assert!(first.contains("why403[collapsed=true]\r\u{1b}[0Kwhy403: cause[identity-policy-no-allow]: "), "{said:?}");
    assert!(rest.starts_with("cause[identity-policy-no-allow]"), "{said:?}");
    assert!(said.ends_with(":why403\r\u{1b}[0K\n"), "{said:?}");
}

#[test]
fn every_other_system_gets_plain_text() {
    let Some(job) = Job::new() else { return };
    for system in ["BUILDKITE", "TF_BUILD", "CIRCLECI", "JENKINS_URL", "CODEBUILD_BUILD_ID"] {
        let said = job.said(&[(system, "true")], REFUSED);
        assert!(said.starts_with("\ncause[identity-policy-no-allow]: "), "{system}: {said}");
        assert!(!said.contains("\n::") && !said.contains('\u{1b}'), "{system}: {said:?}");
    }
    assert_eq!(job.said(&[("CI", "false"), ("TF_BUILD", "True")], REFUSED), "");
}

/// A key can be named by anybody who may upload. Nothing that it says is a command to a runner.
#[test]
fn no_key_name_is_a_command() {
    const REFUSED: &str = "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden\n";
    let stage = Stage::with(&format!("printf '{REFUSED}' >&2; exit 1"));
    let summary = stage.file("summary.md");
    let keys = [
        "2026/07/ ::error::pwned",
        "2026/07/%0A::set-env name=PATH::pwned",
        "2026/07/##[error]pwned",
        "2026/07/ ##vso[task.complete result=Failed;]pwned",
        "2026/07/\n::error::pwned\n##[error]pwned",
        "2026/07/\u{1b}[2J\r::stop-commands::pwned",
        "2026/07/<img src=x>](http://x)\u{202e}pwned",
    ];
    for system in ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"] {
        for key in keys {
            let mut command = stage.command(WHY403);
            command.env(system, "true").env("GITHUB_STEP_SUMMARY", &summary);
            command.args(["--no-probe", "aws", "s3", "cp", &format!("s3://acme-logs/{key}"), "."]);
            let stderr = text(&command.output().unwrap().stderr);
            let said = stderr.strip_prefix(REFUSED).unwrap();
            assert!(said.contains("cause[") && said.contains("pwned"), "{said}");
            for line in said.split(['\n', '\r']) {
                let line = line.trim_start();
                let is_ours = line.starts_with("::error title=") && system == "GITHUB_ACTIONS";
                assert!(is_ours || !line.starts_with("::"), "{system}: {said:?}");
                assert!(!line.contains("##[") && !line.contains("##vso["), "{system}: {said:?}");
            }
            assert_eq!(said.matches("\n::").count(), usize::from(system == "GITHUB_ACTIONS"), "{said:?}");
            assert!(!said.replace("\u{1b}[0K", "").contains('\u{1b}') && !said.contains('\u{202e}'), "{said:?}");
        }
    }
    // On a page of Markdown, strangers' text is code and nothing else.
    let page = stage.read("summary.md");
    assert_eq!(page.matches("why403 explain").count(), keys.len(), "{page}");
    let prose: String = page
        .split("```")
        .step_by(2)
        .flat_map(code_spans)
        .filter(|(_, is_code)| !is_code)
        .map(|(part, _)| part)
        .collect();
    assert!(!prose.contains("pwned") && !prose.contains("<img"), "{prose}");
}

// The files that we offer

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A YAML file as JSON, by the parser that came with the AWS CLI.
fn yaml(cli: &Cli, name: &str) -> Value {
    let program = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let output = Command::new(cli.directory.join("python")).args(["-c", program]).arg(root(name)).output().unwrap();
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A place with a release in it, as `file://`.
fn release(job: &Job) -> String {
    let target = format!("why403-{}-unknown-linux-musl", std::env::consts::ARCH);
    let (inside, download) = (job.temp("pack").join(&target), job.temp("releases/latest/download"));
    fs::create_dir_all(&inside).unwrap();
    fs::create_dir_all(&download).unwrap();
    fs::copy(WHY403, inside.join("why403")).unwrap();
    fs::copy(root("ci/install.sh"), download.join("install.sh")).unwrap();
    let archive = format!("{target}.tar.gz");
    let pack = format!(
        "tar -czf ../releases/latest/download/{archive} {target}; cd ../releases/latest/download; sha256sum {archive} >SHA256SUMS"
    );
    let output = job.command("sh").args(["-euc", &pack]).current_dir(job.temp("pack")).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    format!("file://{}", job.temp("releases").display())
}

fn bash(job: &Job, script: &str, variables: &[(&str, String)]) -> Output {
    // As GitHub runs `shell: bash`.
    let mut command = job.command("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    command.envs(variables.iter().map(|(name, value)| (*name, value.as_str()))).output().unwrap()
}

#[test]
fn the_github_action_does_what_it_says() {
    let Some(job) = Job::new() else { return };
    let action = yaml(&job.cli, "action.yml");
    let step = &action["runs"]["steps"][0];
    let run = |from: &str| {
        for file in ["path", "env"] {
            fs::write(job.temp(file), "").unwrap();
        }
        let mut variables = vec![
            ("GITHUB_ACTION_PATH", root("").display().to_string()),
            ("RUNNER_TEMP", job.temp("runner").display().to_string()),
            ("GITHUB_PATH", job.temp("path").display().to_string()),
            ("GITHUB_ENV", job.temp("env").display().to_string()),
        ];
        // What the runner puts in: each input's own default, and what a user says here.
        for (name, value) in step["env"].as_object().unwrap() {
            let input = value.as_str().unwrap().trim_start_matches("${{ inputs.").trim_end_matches(" }}");
            let default =
                action["inputs"][input]["default"].as_str().unwrap_or_else(|| panic!("no input is called {input}"));
            let value = match input {
                "from" => from,
                "redact" => "accounts",
                _ => default,
            };
            variables.push((name, value.to_owned()));
        }
        bash(&job, step["run"].as_str().unwrap(), &variables)
    };
    let output = run(&release(&job));
    assert!(output.status.success() && output.stdout.is_empty(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(job.read("env"), "WHY403_REDACT=accounts\nWHY403_PROBE=on\n");

    // A later step of the job, in which nothing knows of why403.
    let mut later = vec![
        ("PATH", format!("{}:{}", job.read("path").trim(), job.path())),
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("CI", "true".to_owned()),
    ];
    let env = job.read("env");
    later.extend(env.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name, value.to_owned())));
    let output = bash(&job, "aws s3 cp s3://acme-logs/2026/07/app.log .", &later);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("\ncause[identity-policy-no-allow]: ") && stderr.contains("\n::error title="), "{stderr}");
    assert!(stderr.contains("administrator of account-0001"), "{stderr}");

    // Without a release the job goes on.
    let output = run("file:///nowhere");
    assert!(output.status.success());
    assert!(text(&output.stdout).starts_with("::warning title=why403::"), "{}", text(&output.stdout));
    assert_eq!(job.read("path"), "");
}

#[test]
fn what_is_not_the_release_is_not_installed() {
    let Some(job) = Job::new() else { return };
    let from = release(&job);
    let download = job.temp("releases/latest/download");
    let archive = download.join(format!("why403-{}-unknown-linux-musl.tar.gz", std::env::consts::ARCH));
    let mut bytes = fs::read(&archive).unwrap();
    bytes.push(0);
    fs::write(&archive, bytes).unwrap();
    let variables = [("WHY403_FROM", from)];
    let install = || bash(&job, &format!("sh {} bin", root("ci/install.sh").display()), &variables);
    assert!(!install().status.success());
    fs::write(download.join("SHA256SUMS"), "").unwrap();
    let output = install();
    assert!(text(&output.stderr).contains("SHA256SUMS does not name"), "{}", text(&output.stderr));
    assert!(!job.file("bin").exists());
}

#[test]
fn the_gitlab_template_does_what_it_says() {
    let Some(job) = Job::new() else { return };
    let template = yaml(&job.cli, "ci/gitlab.yml");
    let before = template[".why403"]["before_script"][0].as_str().unwrap();
    let report = template[".why403"]["artifacts"]["reports"]["codequality"].as_str().unwrap();
    fs::write(job.file("deploy.sh"), REFUSED).unwrap();
    let script = format!("{before}\nwhy403 exec --format gitlab={report} -- bash ./deploy.sh");
    let mut variables = vec![
        ("CI", "true".to_owned()),
        ("GITLAB_CI", "true".to_owned()),
        ("CI_PROJECT_DIR", job.prepared.work_dir().display().to_string()),
        ("WHY403_VERSION", template["variables"]["WHY403_VERSION"].as_str().unwrap().to_owned()),
    ];
    variables.push(("WHY403_FROM", release(&job)));
    let output = bash(&job, &script, &variables);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("section_start:"), "{stderr}");
    let quality: Value = serde_json::from_str(&fs::read_to_string(job.file(report)).unwrap()).unwrap();
    assert_eq!(quality[0]["check_name"], "identity-policy-no-allow");
    assert_eq!(quality[0]["location"]["path"], "deploy.sh");
    assert_eq!(quality[0]["location"]["lines"]["begin"], 2);

    variables.last_mut().unwrap().1 = "file:///nowhere".to_owned();
    fs::remove_dir_all(job.file(".why403")).unwrap();
    let output = bash(&job, &script, &variables);
    assert_eq!(output.status.code(), Some(1), "the script's own");
    assert!(text(&output.stdout).contains("aws runs without it") && !text(&output.stderr).contains("cause["));
}

#[test]
fn the_buildspec_does_what_it_says() {
    let Some(job) = Job::new() else { return };
    let buildspec = yaml(&job.cli, "ci/buildspec.yml");
    let commands = |phase: &str| -> Vec<String> {
        let commands = buildspec["phases"][phase]["commands"].as_array().unwrap();
        commands.iter().map(|command| command.as_str().unwrap().to_owned()).collect()
    };
    let script = [commands("install"), commands("build")].concat().join("\n");
    let script = script.replace("/tmp/", &format!("{}/", job.prepared.home().display()));
    fs::write(job.file("Makefile"), "deploy:\n\taws s3 cp s3://acme-logs/2026/07/app.log .\n").unwrap();
    let variables = [
        ("CODEBUILD_BUILD_ID", "x:1".to_owned()),
        ("CODEBUILD_SRC_DIR", job.prepared.work_dir().display().to_string()),
        ("WHY403_FROM", release(&job)),
    ];
    let output = bash(&job, &script, &variables);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "make's own: {stderr}");
    assert!(stderr.contains("\ncause[identity-policy-no-allow]: "), "{stderr}");
    let report = &buildspec["reports"]["why403"];
    let file = Path::new(report["base-directory"].as_str().unwrap()).join(report["files"][0].as_str().unwrap());
    let junit = fs::read_to_string(job.file(file.to_str().unwrap())).unwrap();
    assert!(junit.contains("tests=\"1\" failures=\"1\""), "{junit}");
}
