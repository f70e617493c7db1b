//! `why403 check s3://bucket/key`: a diagnosis without a failing command. It never writes.

use super::direct::{self, Screen};
use super::exit;
use crate::config;
use crate::explain::check::{Checked, Question, Verdict, check};
use crate::output;
use crate::render::Format;
use crate::state;
use crate::world::{Surroundings, World};
use crate::wrap::{self, Options, Redact, Source};
use anyhow::{Context, bail};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `why403 check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The object, or the bucket, as `aws s3` names it
    #[arg(value_name = "s3://BUCKET/KEY")]
    place: String,
    /// What to do with it; get where a key is named, list otherwise
    ///
    /// put and delete are never sent: the documents that decide them are read and evaluated.
    #[arg(long, value_name = "ACTION")]
    action: Option<Action>,
    /// As in `aws`
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// As in `aws`
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// As in `aws`
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// As in `aws`: as nobody, without credentials
    #[arg(long)]
    no_sign_request: bool,
    /// Which version of the object
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
    /// Say whether a URL that `aws s3 presign` makes now would live that long
    ///
    /// It ends with the session that signed it, whatever it says itself.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    expires_in: Option<u64>,
    /// Pay for the requests where the bucket's owner does not
    #[arg(long)]
    request_payer: bool,
    /// The longest that it may take; 10 by default
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// How to show it: terminal where stdout is one, plain otherwise
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Append the report of a refusal to FILE, as one line of JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Full ARNs, what was ruled out, and what was asked
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Action {
    Get,
    Put,
    Delete,
    List,
}

/// Nobody waits behind it as behind a command that has failed.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Asks, shows the answer, and gives it as the exit status.
pub fn run(args: &Args, argv: &[OsString]) -> anyhow::Result<u8> {
    let command = args.command()?;
    let world = World::real();
    let mut options = config::under(Options::of_variables(&world), &world);
    if let Some(timeout) = args.timeout {
        options.timeout = timeout;
    } else if options.sources.timeout == Source::Default {
        options.timeout = DEFAULT_TIMEOUT;
    }
    let aws = wrap::find(world.variable("PATH")).aws.ok();
    let url_life = args.expires_in.map(Duration::from_secs);
    let question =
        Question { world: &world, options: &options, aws: aws.as_deref(), command: &command, argv, url_life };
    let mut checked = check(&question);
    if !checked.report.failures.is_empty() {
        state::keep(&world, &checked.report);
    }
    if options.redact.contains(&Redact::Accounts) {
        checked = checked.without_accounts();
    }
    let screen = Screen::new(args.format, args.verbose);
    direct::print(&shown(&checked, &screen)?);
    if !checked.report.failures.is_empty() {
        let written = args
            .report
            .iter()
            .chain(&options.report)
            .next()
            .map(|path| (path, output::append_line(path, &checked.report)));
        if let Some((path, Err(error))) = written {
            bail!("the report could not be written to {}: {error}", direct::harmless(path));
        }
    }
    Ok(match checked.verdict {
        Verdict::Allowed => exit::FINE,
        Verdict::Refused => exit::FOUND,
        Verdict::CannotTell => exit::CANNOT_TELL,
    })
}

impl Args {
    /// The command of the AWS CLI that would send the request. It is never run.
    fn command(&self) -> anyhow::Result<Vec<OsString>> {
        let shown = |text: &str| crate::render::untrusted::visible(text, false).into_owned();
        let Some(path) = self.place.strip_prefix("s3://") else {
            bail!("`{}` is not in S3: it begins with `s3://`", shown(&self.place));
        };
        let location = crate::request::Location::of_path(path);
        if location.bucket.is_empty() {
            bail!("`{}` names no bucket", shown(&self.place));
        }
        let action = self.action.unwrap_or(if location.key.is_empty() { Action::List } else { Action::Get });
        let (name, key) = match action {
            Action::Get => ("get-object", "--key"),
            Action::Put => ("put-object", "--key"),
            Action::Delete => ("delete-object", "--key"),
            Action::List => ("list-objects-v2", "--prefix"),
        };
        if action != Action::List && location.key.is_empty() {
            bail!("`{}` names no object; `--action list` asks about the bucket", shown(&self.place));
        }
        let mut words =
            vec!["aws".to_owned(), "s3api".to_owned(), name.to_owned(), format!("--bucket={}", location.bucket)];
        if !location.key.is_empty() {
            words.push(format!("{key}={}", location.key));
        }
        let given = [
            ("--version-id", self.version_id.as_ref().filter(|_| action != Action::List)),
            ("--profile", self.profile.as_ref()),
            ("--region", self.region.as_ref()),
            ("--endpoint-url", self.endpoint_url.as_ref()),
        ];
        words.extend(given.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))));
        if self.request_payer {
            words.push("--request-payer=requester".to_owned());
        }
        if self.no_sign_request {
            words.push("--no-sign-request".to_owned());
        }
        Ok(words.into_iter().map(OsString::from).collect())
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|timeout| timeout.as_secs() <= 600)
        .ok_or_else(|| "it is 0 to 600 seconds".to_owned())
}

/// The answer in the format that was asked for.
fn shown(checked: &Checked, screen: &Screen) -> anyhow::Result<String> {
    match screen.format {
        Format::Json => {
            let text = serde_json::to_string(checked).context("the answer could not be written as JSON")?;
            Ok(crate::render::untrusted::json(&text) + "\n")
        }
        Format::Terminal | Format::Plain => {
            let rendered = screen.render(&checked.report);
            let between = if rendered.is_empty() { "" } else { "\n" };
            Ok(screen.heading(&title(checked)) + &facts(checked, screen) + between + &rendered)
        }
        Format::Concise => Ok(screen.heading(&title(checked)) + &screen.render(&checked.report)),
        _ => Ok(screen.render(&checked.report)),
    }
}

/// The answer in one line, true on its own.
fn title(checked: &Checked) -> String {
    let request = &checked.request;
    let what = request.action.as_deref().unwrap_or("the request");
    let place = [request.bucket.as_deref(), request.key.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
    let verdict = match checked.verdict {
        Verdict::Allowed => "allowed",
        Verdict::Refused => "refused",
        Verdict::CannotTell => "cannot tell",
    };
    format!("{verdict}: `{what}` on `{place}`")
}

/// Who asked, by which path, and what the answer rests on.
fn facts(checked: &Checked, screen: &Screen) -> String {
    let mut lines = Vec::new();
    if let Some(caller) = &checked.caller {
        let arn = caller.arn.as_deref().unwrap_or("unknown");
        lines.push(format!("caller: {arn} ({})", caller.source));
    } else {
        lines.push("caller: nobody (the request is unsigned)".to_owned());
    }
    lines.extend(checked.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(checked.open.iter().map(|open| format!("open: {}: {}", open.cause, open.because)));
    lines.iter().map(|line| screen.line(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn command(line: &str) -> Result<String, String> {
        let line = Line::parse_from(std::iter::once("check").chain(line.split('|')));
        let words = line.args.command().map_err(|error| error.to_string())?;
        Ok(words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn a_place_and_an_action_are_a_command() {
        for (line, expected) in [
            ("s3://b/k", "aws|s3api|get-object|--bucket=b|--key=k"),
            ("s3://b", "aws|s3api|list-objects-v2|--bucket=b"),
            ("s3://b/p/|--action|list|--version-id|v", "aws|s3api|list-objects-v2|--bucket=b|--prefix=p/"),
            ("s3://b/-x y|--action|put", "aws|s3api|put-object|--bucket=b|--key=-x y"),
            (
                "s3://b/k|--action|delete|--version-id|v|--profile|p|--region|r|--endpoint-url|http://x|--request-payer|--no-sign-request",
                "aws|s3api|delete-object|--bucket=b|--key=k|--version-id=v|--profile=p|--region=r|--endpoint-url=http://x|--request-payer=requester|--no-sign-request",
            ),
        ] {
            assert_eq!(command(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_names_nothing_in_s3_is_wrong_use() {
        for line in ["b/k", "s3://", "s3:///k", "s3://b|--action|get", "s3://b/|--action|delete"] {
            assert!(command(line).is_err(), "{line}");
        }
    }
}
