//! `JUnit` XML, for Jenkins, `CircleCI`, and everything else that shows test reports: one failed test for each failure.
//!
//! There is no standard; this keeps to what Jenkins' schema and everyone's reader agree on.

use super::outline::{self, Story};
use super::{Format, Options, ReportFormat, plain, untrusted};
use crate::diagnosis::Report;

pub struct Junit;

impl ReportFormat for Junit {
    fn format(&self) -> Format {
        Format::Junit
    }

    fn about(&self) -> &'static str {
        "JUnit XML: one failed test for each refused request"
    }

    fn render(&self, report: &Report, options: &Options) -> String {
        let stories = outline::stories(report, options.verbose);
        let tests = stories.len();
        // A command that succeeded must not turn a build yellow.
        let failed = report.command.exit_code != 0;
        let failures = if failed { tests } else { 0 };
        let seconds = format!("{}.{:03}", report.elapsed_ms / 1000, report.elapsed_ms % 1000);
        let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds}\"");
        let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"why403\" {counts}>\n");
        let suite = format!("  <testsuite name=\"why403\" {counts} skipped=\"0\">\n");
        out.push_str(&suite);
        let class = attribute(&command(report));
        for story in &stories {
            out.push_str(&case(story, &class, failed, options));
        }
        out.push_str("  </testsuite>\n</testsuites>\n");
        out
    }
}

/// `aws s3 cp`: the command without its arguments.
fn command(report: &Report) -> String {
    let words = report.command.argv.iter().take_while(|word| !word.starts_with('-') && !word.contains("://"));
    words.take(3).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn case(story: &Story<'_>, class: &str, failed: bool, options: &Options) -> String {
    let name = outline::request(story.failure).unwrap_or_else(|| story.failure.line.clone());
    let place = story
        .failure
        .script
        .as_ref()
        .map(|script| format!(" file=\"{}\" line=\"{}\"", attribute(&script.file), script.line));
    let first = story.sections.first().map(|section| section.blocker);
    let message = attribute(first.map_or("", |blocker| blocker.summary.as_str()));
    let kind = attribute(first.map_or("", |blocker| blocker.cause.as_str()));
    // The lines are visible already.
    let text = untrusted::xml(&plain::story_lines(story, options).join("\n"));
    let body = if failed {
        format!("<failure message=\"{message}\" type=\"{kind}\">{text}</failure>")
    } else {
        format!("<system-out>{text}</system-out>")
    };
    format!(
        "    <testcase name=\"{}\" classname=\"{class}\" time=\"0.000\"{}>\n      {body}\n    </testcase>\n",
        attribute(&name),
        place.unwrap_or_default()
    )
}

fn attribute(text: &str) -> String {
    untrusted::xml(&untrusted::visible(text, true))
}
