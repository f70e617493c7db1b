//! Which service an `aws` command line is for. Pure.
//!
//! It reads no more of the CLI's grammar than that takes: which global options bring a value along. A wrong guess costs
//! a diagnosis at most, never the command.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// The global options of CLI v1 and v2 that take a value (`awscli/data/cli.json`).
const WITH_VALUE: [&str; 11] = [
    "--ca-bundle",
    "--cli-binary-format",
    "--cli-connect-timeout",
    "--cli-error-format",
    "--cli-read-timeout",
    "--color",
    "--endpoint-url",
    "--output",
    "--profile",
    "--query",
    "--region",
];

/// The global options that take none, where one could be read as the beginning of another that does.
const WITHOUT_VALUE: [&str; 3] = ["--cli-auto-prompt", "--debug", "--version"];

/// The service of a command line, if we can have something to say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    S3,
    S3Api,
}

/// Finds the service word, and whether the command is one that can be denied (`help` cannot).
pub(super) fn of_interest(args: &[OsString]) -> Option<Service> {
    let mut words = positionals(args);
    let service = match words.next()?.as_bytes() {
        b"s3" => Service::S3,
        b"s3api" => Service::S3Api,
        _ => return None,
    };
    // `aws s3 help` and `aws s3 cp help` open a pager, a bare `aws s3` prints its usage.
    if words.next()? == "help" || args.last().is_some_and(|last| last == "help") {
        return None;
    }
    Some(service)
}

/// The arguments that are neither global options nor their values. Options of a command come after the words that are
/// looked for here, so it does not matter that they are not known.
fn positionals(args: &[OsString]) -> impl Iterator<Item = &OsStr> {
    let mut rest = args.iter();
    std::iter::from_fn(move || {
        loop {
            let arg = rest.next()?;
            if !arg.as_bytes().starts_with(b"-") {
                return Some(arg.as_os_str());
            }
            if takes_value(arg.as_bytes()) {
                rest.next();
            }
        }
    })
}

/// argparse accepts an unambiguous beginning of an option as well: `--reg eu-west-1`.
fn takes_value(option: &[u8]) -> bool {
    let is_start_of = |name: &str| name.as_bytes().starts_with(option);
    option.len() > 2
        && WITH_VALUE.iter().any(|name| is_start_of(name))
        && !WITHOUT_VALUE.iter().any(|name| is_start_of(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Service> {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        of_interest(&args)
    }

    #[test]
    fn the_service_is_found_behind_global_options() {
        for line in [
            "s3 ls",
            "--profile s3api s3 ls",
            "--profile=s3api s3 ls",
            "--region eu-west-1 --debug s3 ls",
            "--no-verify-ssl --endpoint-url http://x --output json --query a s3 ls",
            "--color off --ca-bundle /x --cli-read-timeout 1 --cli-connect-timeout 1 --cli-binary-format raw s3 ls",
            "--reg eu-west-1 s3 ls",
            "--debug s3 --region x ls",
            "--cli-auto-prompt s3 ls",
        ] {
            assert_eq!(of(line), Some(Service::S3), "{line}");
        }
        assert_eq!(of("s3api get-object --bucket b --key help x"), Some(Service::S3Api));
    }

    #[test]
    fn what_cannot_be_denied_by_s3_is_let_go() {
        for line in [
            "",
            "--version",
            "sts get-caller-identity",
            "--profile s3 sts x",
            "help",
            "s3 help",
            "s3 cp help",
            "s3control x",
            "s3",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
