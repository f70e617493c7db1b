//! GitLab: a Code Quality report, and the markers of a section that folds in the job's log.

use super::{Format, Options, ReportFormat, fingerprint, untrusted};
use crate::diagnosis::{Blocker, Certainty, Failure, Report};
use serde_json::{Value, json};

pub struct Gitlab;

impl ReportFormat for Gitlab {
    fn format(&self) -> Format {
        Format::Gitlab
    }

    fn about(&self) -> &'static str {
        "a Code Quality report for GitLab"
    }

    fn render(&self, report: &Report, _: &Options) -> String {
        let blockers = fingerprint::blockers(report);
        let issues: Vec<Value> =
            blockers.iter().map(|(failure, blocker, print)| issue(report, failure, blocker, print)).collect();
        // Printing a JSON value cannot fail.
        let text = serde_json::to_string_pretty(&issues).unwrap_or_default();
        untrusted::json(&text) + "\n"
    }
}

fn issue(report: &Report, failure: &Failure, blocker: &Blocker, fingerprint: &str) -> Value {
    // GitLab wants a file of the repository; the job's own definition is where a job's trouble belongs.
    let (path, line) =
        failure.script.as_ref().map_or((".gitlab-ci.yml", 1), |script| (script.file.as_str(), script.line));
    let severity = match blocker.certainty {
        _ if report.command.exit_code == 0 => "info",
        Certainty::Proven => "critical",
        Certainty::Likely => "major",
        Certainty::Possible => "minor",
    };
    let fix = blocker.fix.as_ref().map(|fix| format!("; fix: {}", fix.summary)).unwrap_or_default();
    json!({
        "description": untrusted::visible(&format!("{}{fix}", blocker.summary), true),
        "check_name": untrusted::visible(&blocker.cause, true),
        "fingerprint": fingerprint,
        "severity": severity,
        "location": { "path": untrusted::visible(path, true), "lines": { "begin": line } },
    })
}

/// A text of ours as a section of the job's log that is folded until someone opens it. `now` is in seconds since
/// 1970; the header is our own text.
#[must_use]
pub fn section(header: &str, text: &str, now: u64) -> String {
    let header = untrusted::visible(header, true);
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    format!(
        "\u{1b}[0Ksection_start:{now}:why403[collapsed=true]\r\u{1b}[0K{header}\n{text}{newline}\u{1b}[0Ksection_end:{now}:why403\r\u{1b}[0K\n"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_section_opens_and_closes() {
        assert_eq!(
            super::section("why403", "cause[x]: y", 7),
            "\u{1b}[0Ksection_start:7:why403[collapsed=true]\r\u{1b}[0Kwhy403\ncause[x]: y\n\u{1b}[0Ksection_end:7:why403\r\u{1b}[0K\n"
        );
    }
}
