//! GitHub Actions: one annotation for each failure, and the text of the job's summary.
//!
//! An annotation does not fail a step. Nothing that a stranger wrote can end its own annotation or begin a command.

use super::outline::{self, Story};
use super::{Format, Options, ReportFormat, markdown, plain, untrusted};
use crate::diagnosis::Report;

pub struct Github;

/// GitHub cuts an annotation at 64 KiB.
const LONGEST: usize = 16_384;

impl ReportFormat for Github {
    fn format(&self) -> Format {
        Format::Github
    }

    fn about(&self) -> &'static str {
        "annotations of a GitHub Actions job"
    }

    fn render(&self, report: &Report, options: &Options) -> String {
        let level = if report.command.exit_code == 0 { "warning" } else { "error" };
        let stories = outline::stories(report, options.verbose);
        stories.iter().map(|story| annotation(story, level, options)).collect()
    }
}

/// The text for `$GITHUB_STEP_SUMMARY`.
#[must_use]
pub fn step_summary(report: &Report, options: &Options) -> String {
    markdown::Markdown.render(report, options)
}

fn annotation(story: &Story<'_>, level: &str, options: &Options) -> String {
    let Some(first) = story.sections.first() else { return String::new() };
    let visible = |text: &str| untrusted::visible(text, options.unicode).into_owned();
    let title = format!("{}[{}]", outline::prefix(first.blocker.certainty), first.blocker.cause);
    let mut properties = vec![format!("title={}", untrusted::workflow_property(&visible(&title)))];
    if let Some(script) = &story.failure.script {
        properties.push(format!("file={}", untrusted::workflow_property(&visible(&script.file))));
        properties.push(format!("line={}", script.line));
    }
    let mut lines = vec![visible(&first.blocker.summary)];
    lines.extend(outline::request(story.failure).map(|request| visible(&format!("request: {request}"))));
    lines.extend(plain::details(first, options));
    lines.extend(plain::after_first(story, options));
    let message = lines.join("\n");
    let message = untrusted::workflow_message(&untrusted::clip(&message, LONGEST));
    format!("::{level} {}::{message}\n", properties.join(","))
}
