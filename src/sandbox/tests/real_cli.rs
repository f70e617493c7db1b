//! The real AWS CLI in a scenario's world, bare: what it prints and how it ends is what the scenario says.

use crate::sandbox::scenario::CliVersion;
use crate::sandbox::{Sandbox, Scenario, demo};
use std::ffi::OsStr;
use std::io::Write;
use std::process::Stdio;
use std::sync::OnceLock;

/// One scenario for each shape of failure that the CLI prints.
const SHAPES: [&str; 15] = [
    "identity-policy-no-allow",
    "identity-policy-no-allow.list",
    "identity-policy-no-allow.copy",
    "identity-policy-no-allow.upload",
    "identity-policy-no-allow.delete",
    "identity-policy-no-allow.recursive",
    "kms-no-allow",
    "kms-key-unusable",
    "bucket-not-found",
    "wrong-region",
    "expired-credentials",
    "no-credentials",
    "profile-not-found",
    "archived-object",
    "control.success",
];

/// The `aws` of a major version, looked for once.
fn aws(version: CliVersion) -> Option<&'static str> {
    static FOUND: OnceLock<Vec<(CliVersion, &'static str)>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        ["aws", "/usr/bin/aws", "/usr/local/bin/aws"]
            .into_iter()
            .filter_map(|program| {
                #[expect(clippy::disallowed_methods, reason = "the test looks for the CLI that it is about to run")]
                let output = std::process::Command::new(program).arg("--version").output().ok()?;
                let said = [output.stdout, output.stderr].concat();
                let said = String::from_utf8_lossy(&said).into_owned();
                let version = if said.starts_with("aws-cli/1.") { CliVersion::V1 } else { CliVersion::V2 };
                said.starts_with("aws-cli/").then_some((version, program))
            })
            .collect()
    });
    found.iter().find(|(known, _)| *known == version).map(|(_, program)| *program)
}

/// Runs all of a scenario's commands; the last one's status and stderr.
fn run(name: &str, version: CliVersion, program: &str) -> (Scenario, Option<i32>, String) {
    let scenario = Scenario::load(name).unwrap();
    let sandbox = Sandbox::start(scenario.clone()).unwrap();
    let prepared = demo::prepare(&scenario, &sandbox, version).unwrap();
    let mut last = None;
    for arguments in &prepared.runs {
        let mut command = prepared.command(OsStr::new(program));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(prepared.stdin.as_deref().unwrap_or_default().as_bytes()).unwrap();
        drop(stdin);
        last = Some(child.wait_with_output().unwrap());
    }
    let output = last.unwrap();
    (scenario, output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn check(name: &str, version: CliVersion, program: &str) {
    let (scenario, status, stderr) = run(name, version, program);
    assert!(stderr.contains(&scenario.expect.stderr), "{name} {version:?}: {stderr}");
    assert_eq!(status, Some(scenario.expect.exit.of(version)), "{name} {version:?}: {stderr}");
}

/// A tool that is missing fails the tests in CI, and is said loudly elsewhere.
fn with_cli(version: CliVersion, names: impl Iterator<Item = &'static str>) {
    let Some(program) = aws(version) else {
        #[expect(
            clippy::disallowed_methods,
            reason = "whether a missing tool may be skipped is the environment's to say"
        )]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "CLI {version:?} is not installed");
        eprintln!("SKIPPED: CLI {version:?} is not installed");
        return;
    };
    for name in names.filter(|name| Scenario::load(name).unwrap().cli.runs_on(version)) {
        check(name, version, program);
    }
}

#[test]
fn v1_meets_each_shape_of_failure() {
    with_cli(CliVersion::V1, SHAPES.into_iter());
}

#[test]
fn v2_meets_each_shape_of_failure() {
    with_cli(CliVersion::V2, SHAPES.into_iter());
}
