//! The reports of one `why403 exec`: every `aws` below it adds its own to a file, and at the end they become one.
//!
//! The file is ours alone, in a directory that goes with the run. It holds what the JSON report leaves out as well (the
//! policy's text and the spans to underline), so that a merged document shows what a single one does.

use crate::diagnosis::{CommandRun, Excerpt, Failure, Report, SCHEMA, Tool};
use crate::fault::{self, Stage};
use crate::output;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Distinct failures that a merged report holds: a loop over a million keys fails a million times.
const MOST: usize = 1000;

/// What a run's calls have said.
#[derive(Debug, Default)]
pub struct Collected {
    /// Each call's own report, in the order in which they came in.
    pub reports: Vec<Report>,
    /// Failures beyond [`MOST`].
    pub left_out: u64,
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    report: Report,
    /// Of every blocker of every failure, in order.
    excerpts: Vec<Option<Excerpt>>,
}

fn file(directory: &Path) -> PathBuf {
    directory.join("reports.jsonl")
}

/// Adds a report. A run that is over is not waited for by anybody, so that its directory may be gone.
///
/// # Errors
/// When the file cannot be written.
pub fn add(directory: &Path, report: &Report) -> io::Result<()> {
    fault::point(Stage::Collect);
    let excerpts = report.failures.iter().flat_map(|failure| &failure.blockers).map(|blocker| blocker.excerpt.clone());
    let line = Line { excerpts: excerpts.collect(), report: report.clone() };
    match output::append(&file(directory), &serde_json::to_string(&line)?) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Everything that has come in. A line that cannot be read (a process that was killed while it wrote) is passed over.
#[must_use]
pub fn read(directory: &Path) -> Collected {
    let Ok(file) = File::open(file(directory)) else { return Collected::default() };
    let mut collected = Collected::default();
    let mut failures = 0;
    for line in BufReader::new(file).lines().map_while(Result::ok) {
        let Ok(Line { mut report, excerpts }) = serde_json::from_str::<Line>(&line) else { continue };
        let blockers = report.failures.iter_mut().flat_map(|failure| &mut failure.blockers);
        for (blocker, excerpt) in blockers.zip(excerpts) {
            blocker.excerpt = excerpt;
        }
        failures += report.failures.len();
        if failures > MOST {
            collected.left_out += u64::try_from(report.failures.len()).unwrap_or(u64::MAX);
        } else {
            collected.reports.push(report);
        }
    }
    collected
}

/// One report of the whole run: `argv` is the command that `why403 exec` ran. The same failure of several calls is one,
/// counted.
#[must_use]
pub fn merge(reports: &[Report], argv: Vec<String>, exit_code: i32) -> Report {
    let mut failures: Vec<Failure> = Vec::new();
    for failure in reports.iter().flat_map(|report| &report.failures) {
        match failures.iter_mut().find(|known| is_same(known, failure)) {
            Some(known) => known.count = known.count.saturating_add(failure.count),
            None => failures.push(failure.clone()),
        }
    }
    Report {
        schema: SCHEMA,
        tool: Tool { name: "why403".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        command: CommandRun { argv, exit_code },
        time: reports.last().and_then(|report| report.time.clone()),
        elapsed_ms: reports.iter().map(|report| report.elapsed_ms).fold(0, u64::saturating_add),
        failures,
    }
}

/// The same request for the same reason from the same place; how often and how long it took differ.
fn is_same(one: &Failure, other: &Failure) -> bool {
    one.line == other.line
        && one.request == other.request
        && one.caller == other.caller
        && one.blockers == other.blockers
        && one.script == other.script
}
