//! What `aws-why` of PyPI and why403 say about the same refusals, and how long each takes to say it: one table over the
//! sandbox's scenarios, one a cause. `benches/versus-aws-why` installs the other and runs this.
//!
//! `aws-why` asks the real AWS only, whatever endpoint the command used, so it is given what it can have here: the CLI's
//! words, which are all that its answer comes from where AWS is not asked.

#![expect(clippy::disallowed_methods, reason = "a benchmark is outside, with files and processes of its own")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use why403::cause::registry;
use why403::sandbox::demo::prepare;
use why403::sandbox::scenario::{CliVersion, names};
use why403::sandbox::{Sandbox, Scenario};

fn main() {
    let Some(peer) = std::env::var_os("AWS_WHY") else {
        println!("AWS_WHY does not say where aws-why is; benches/versus-aws-why does");
        return;
    };
    println!("| cause | aws-why | in | why403 | in |\n|---|---|---|---|---|");
    let (mut of, mut by_peer, mut by_us) = (0, 0, 0);
    for about in registry::all() {
        // What S3 words least is what people meet: a HEAD has no body.
        let name = [format!("{}.bare", about.code), about.code.clone()];
        let Some(name) = name.iter().find(|name| names().any(|known| known == name.as_str())) else { continue };
        let scenario = Scenario::load(name).expect("a scenario");
        if !scenario.cli.runs_on(CliVersion::V1) {
            continue;
        }
        let [peer, ours] = both(&scenario, peer.as_ref());
        of += 1;
        by_peer += u32::from(peer.0.is_some());
        by_us += u32::from(ours.0.as_ref() == Some(&about.code));
        let said = |found: &Option<String>| found.clone().unwrap_or_else(|| "nothing".to_owned());
        println!(
            "| `{}` | {} | {} ms | {} | {} ms |",
            about.code,
            said(&peer.0),
            peer.1.as_millis(),
            said(&ours.0),
            ours.1.as_millis()
        );
    }
    println!("\naws-why gives a reason for {by_peer} of {of}, why403 names the true cause first in {by_us} of {of}");
}

/// What each says and how long it takes beside the command itself.
fn both(scenario: &Scenario, peer: &std::ffi::OsStr) -> [(Option<String>, Duration); 2] {
    let sandbox = Sandbox::start(scenario.clone()).expect("a sandbox");
    let prepared = prepare(scenario, &sandbox, CliVersion::V1).expect("prepared");
    let quiet = |mut command: Command, run: &[String]| {
        command.args(run).stdin(Stdio::null()).stdout(Stdio::null()).output().expect("it runs")
    };
    let (last, before) = prepared.runs.split_last().expect("a command");
    for run in before {
        quiet(prepared.command("aws".as_ref()), run);
    }
    let started = Instant::now();
    let words = quiet(prepared.command("aws".as_ref()), last).stderr;
    let bare = started.elapsed();

    let report = prepared.work_dir().join("report.jsonl");
    let mut wrapped = prepared.command(env!("CARGO_BIN_EXE_why403").as_ref());
    wrapped.args(["--explain", "never", "--report"]).arg(&report).arg("aws");
    let started = Instant::now();
    quiet(wrapped, last);
    let ours = started.elapsed().saturating_sub(bare);
    let said: Value = std::fs::read_to_string(&report)
        .ok()
        .and_then(|text| serde_json::from_str(text.lines().next()?).ok())
        .unwrap_or_default();
    let cause = said["failures"][0]["blockers"][0]["cause"].as_str().map(str::to_owned);

    let started = Instant::now();
    let mut asked = prepared.command(peer);
    let mut asked = asked
        .args(["explain", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("aws-why");
    asked.stdin.take().expect("its stdin").write_all(&words).expect("written");
    let answer = asked.wait_with_output().expect("its answer").stdout;
    let peer = started.elapsed();
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let reason = answer["authorization"][0]["cause"].as_str().filter(|cause| !cause.starts_with("unknown"));
    [(reason.map(str::to_owned), peer), (cause, ours)]
}
