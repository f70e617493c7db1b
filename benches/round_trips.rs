//! How much a diagnosis asks, and how long its longest chain of questions is: one table over the sandbox's scenarios,
//! run with the real AWS CLI. Counts, not times: every answer is held back long enough that a chain is one by need and
//! not by the machine's slowness.
//!
//! `cargo bench --features sandbox --bench round_trips [-- PART_OF_A_NAME]`

use std::process::{Command, Stdio};
use std::time::Duration;
use why403::sandbox::demo::prepare;
use why403::sandbox::scenario::{CliVersion, names};
use why403::sandbox::{Entry, Sandbox, Scenario};

/// The goal for a bare 403 where IAM is readable.
const MOST_ROUND_TRIPS: usize = 3;
const MOST_REQUESTS: usize = 12;

/// How long every answer takes, in milliseconds: longer than anything that this machine does on the way.
const DELAY: u64 = 100;

fn main() {
    let part = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    // One scenario alone is shown request by request.
    let listed = part.is_some();
    println!("{:<52} {:>8} {:>11}", "scenario", "requests", "round trips");
    let mut over = 0;
    for name in names().filter(|name| part.as_ref().is_none_or(|part| name.contains(part.as_str()))) {
        let Some(asked) = ask(name) else { continue };
        let (requests, trips) = (asked.len(), round_trips(&asked));
        if listed {
            let start = asked.iter().map(|entry| entry.arrived).min().unwrap_or_default();
            for entry in &asked {
                println!("{:>6} ms  {:<14} {}", (entry.arrived - start).as_millis(), entry.service, entry.operation);
            }
        }
        let mark = if requests > MOST_REQUESTS || trips > MOST_ROUND_TRIPS { "  *" } else { "" };
        over += usize::from(!mark.is_empty());
        println!("{name:<52} {requests:>8} {trips:>11}{mark}");
    }
    println!("\n{over} scenarios are over {MOST_REQUESTS} requests or {MOST_ROUND_TRIPS} round trips (marked *)");
}

/// What why403 asked in that scenario, under version 1 of the CLI.
fn ask(name: &str) -> Option<Vec<Entry>> {
    let mut scenario = Scenario::load(name).ok()?;
    scenario.network.delay_ms = scenario.network.delay_ms.max(DELAY);
    if !scenario.cli.runs_on(CliVersion::V1) {
        return None;
    }
    let sandbox = Sandbox::start(scenario.clone()).ok()?;
    let prepared = prepare(&scenario, &sandbox, CliVersion::V1).ok()?;
    for (index, arguments) in prepared.runs.iter().enumerate() {
        let last = index + 1 == prepared.runs.len();
        let mut command: Command = prepared.command(env!("CARGO_BIN_EXE_why403").as_ref());
        command.args(["--timeout", "30", "--explain", if last { "always" } else { "never" }, "aws"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    }
    Some(sandbox.log().into_iter().filter(|entry| entry.user_agent.contains("why403")).collect())
}

/// The longest chain of requests of which each began after the one before had been answered.
fn round_trips(asked: &[Entry]) -> usize {
    let mut spans: Vec<(Duration, Duration)> = asked.iter().map(|entry| (entry.answered, entry.arrived)).collect();
    spans.sort_unstable();
    let mut chain = 0;
    let mut free = Duration::ZERO;
    for (answered, arrived) in spans {
        if arrived >= free {
            chain += 1;
            free = answered;
        }
    }
    chain
}
