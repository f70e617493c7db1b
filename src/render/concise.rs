//! One line for each blocker, for a log that has much else in it.

use super::{Format, Options, ReportFormat, outline, untrusted, words};
use crate::diagnosis::{Blocker, Failure, Report};

pub struct Concise;

impl ReportFormat for Concise {
    fn format(&self) -> Format {
        Format::Concise
    }

    fn about(&self) -> &'static str {
        "one line for each cause"
    }

    fn render(&self, report: &Report, options: &Options) -> String {
        let mut out = String::new();
        for failure in &report.failures {
            for blocker in &failure.blockers {
                let text = line(failure, blocker);
                out.push_str("why403: ");
                out.push_str(&untrusted::visible(&text, options.unicode));
                out.push('\n');
            }
        }
        out
    }
}

/// `cause[code]: summary (37 objects); fix: what to do (who can)`.
fn line(failure: &Failure, blocker: &Blocker) -> String {
    let count = if failure.count > 1 { format!(" ({})", words::count(failure.count, "object")) } else { String::new() };
    let fix = blocker.fix.as_ref().map_or_else(String::new, |fix| {
        let who = if matches!(fix.who.as_str(), "" | "you") { String::new() } else { format!(" ({})", fix.who) };
        format!("; fix: {}{who}", fix.summary)
    });
    format!("{}[{}]: {}{count}{fix}", outline::prefix(blocker.certainty), blocker.cause, blocker.summary)
}
