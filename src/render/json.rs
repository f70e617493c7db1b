//! The report itself, on one line: what CI jobs, editors, and tests read, and what `--report` appends.

use super::{Format, Options, ReportFormat, untrusted};
use crate::diagnosis::Report;

pub struct Json;

impl ReportFormat for Json {
    fn format(&self) -> Format {
        Format::Json
    }

    fn about(&self) -> &'static str {
        "the whole report as one line of JSON; `why403 schema` describes it"
    }

    fn render(&self, report: &Report, options: &Options) -> String {
        // Serialising these types cannot fail: they hold strings, numbers, and JSON values.
        let json = serde_json::to_string(report).unwrap_or_default();
        let json = if options.unicode { untrusted::json(&json) } else { untrusted::json_ascii(&json) };
        json + "\n"
    }
}
