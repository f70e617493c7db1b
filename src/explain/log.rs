//! Failures that somebody wrote down: what a saved log says of them, and on request what AWS says now.
//!
//! The log may be anybody's: whoever reads it need not be who was refused. So nothing of this machine's credentials
//! is said of the caller unless AWS is asked, and it is not asked where the log names another caller.

use super::{Inquiry, flags, kinds, redacted, report};
use crate::aws::runtime;
use crate::diagnosis::{Caller, Failure, Report};
use crate::output;
use crate::policy::Principal;
use crate::recognize::{Denial, FailureGroup, Failures};
use crate::request::{self, Arguments, CliVersion, CredentialPlan, ProfileFiles, Request, Settings};
use crate::world::World;
use crate::wrap::Options;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

/// A log, read.
#[derive(Debug)]
pub struct Log<'a> {
    pub world: &'a World,
    pub options: &'a Options,
    /// The real `aws`, where there is one.
    pub aws: Option<&'a Path>,
    pub failures: Failures,
    /// What the user typed, for the report.
    pub argv: &'a [OsString],
}

/// What there is to say of a log; nothing where nothing was refused in it.
#[must_use]
pub fn diagnose(log: &Log<'_>) -> Option<Report> {
    let began = Instant::now();
    let (world, options) = (log.world, log.options);
    let failures = redacted(log.failures.clone());
    let kinds = kinds(&failures);
    if kinds.is_empty() {
        return None;
    }
    let arguments = Arguments::parse(&[]);
    let (no_files, nobodys) = (ProfileFiles::default(), nobodys(world, &arguments));
    let text = Inquiry {
        world,
        options,
        aws: log.aws,
        arguments: &arguments,
        files: &no_files,
        settings: &nobodys,
        deadline: began + options.timeout,
        flags: Vec::new(),
    };
    let kinds: Vec<&FailureGroup> = kinds.into_iter().filter(|kind| text.is_about_s3(kind)).collect();
    let unasked = |why: &str| kinds.iter().filter_map(|kind| text.by_text(kind, why)).collect();
    let failures: Vec<Failure> = if options.probe && !kinds.is_empty() {
        let files = request::files::load(world);
        let settings = Settings::resolve(&arguments, world, &files, CliVersion::Unknown);
        let probing = Inquiry { files: &files, settings: &settings, flags: flags(&arguments), ..text };
        runtime::block_on(output::with_spinner(world, true, None, probing.all(&kinds)))
            .map(|found| text.without_strangers(&kinds, found))
            .unwrap_or_else(|_| unasked("the probes could not be set up"))
    } else {
        unasked("a log is explained from its text; `--probe` asks AWS")
    };
    (!failures.is_empty()).then(|| report(world, log.argv, 1, began, failures))
}

/// The settings of a request that somebody else sent: nothing of this machine's, and credentials of no known kind.
fn nobodys(world: &World, arguments: &Arguments) -> Settings {
    let elsewhere = World { env: BTreeMap::new(), home: None, ..world.clone() };
    let mut settings = Settings::resolve(arguments, &elsewhere, &ProfileFiles::default(), CliVersion::Unknown);
    settings.credentials = CredentialPlan::Container;
    settings.chain = Vec::new();
    settings
}

impl Inquiry<'_> {
    /// Whether S3 has a part in a failure: a log tells of all that a program did.
    fn is_about_s3(&self, kind: &FailureGroup) -> bool {
        let Some(failure) = kind.first() else { return false };
        let Some(error) = failure.service() else { return true };
        let request = Request::from_failure(self.arguments, failure, self.settings);
        error.operation.is_none()
            || failure.transfer.is_some()
            || request.action.is_some()
            || ["s3:", ":s3:", "kms:"].iter().any(|word| error.message.contains(word))
    }

    /// From the text alone, with nothing of this machine's in it.
    fn by_text(&self, kind: &FailureGroup, why: &str) -> Option<Failure> {
        let mut failure = self.without_probes(kind, why)?;
        failure.caller = failure
            .caller
            .filter(|caller| caller.arn.is_some())
            .map(|caller| Caller { source: "named in the log".to_owned(), ..caller });
        let unknown = self.settings.credentials.describe();
        for blocker in &mut failure.blockers {
            blocker.notes.retain(|note| !note.contains(&unknown));
            if blocker.cause == "no-credentials" {
                "there were no credentials where it ran".clone_into(&mut blocker.summary);
            }
        }
        failure.request.profile = None;
        failure.request.region = None;
        failure.request.endpoint = None;
        Some(failure)
    }

    /// What was learned as somebody else than the log's caller says nothing of the log.
    fn without_strangers(&self, kinds: &[&FailureGroup], found: Vec<Failure>) -> Vec<Failure> {
        let caller_in_log = |failure: &Failure| -> Option<(String, &FailureGroup)> {
            let kind = kinds.iter().find(|kind| kind.first().is_some_and(|first| first.line == failure.line))?;
            let denial = Denial::read(&kind.first()?.service()?.message)?;
            Some((denial.caller_arn?, kind))
        };
        found
            .into_iter()
            .filter_map(|failure| {
                let asked = failure.caller.as_ref().and_then(|caller| caller.arn.clone());
                match (caller_in_log(&failure), asked) {
                    (Some((named, kind)), Some(asked)) if !is_same(&named, &asked) => {
                        self.by_text(kind, &format!("the log names another caller than the one here, {asked}"))
                    }
                    _ => Some(failure),
                }
            })
            .collect()
    }
}

/// Whether two ARNs are the same user, or sessions of the same role.
fn is_same(a: &str, b: &str) -> bool {
    let holder = |arn: &str| match arn.parse::<Principal>() {
        Ok(principal @ Principal::Session { .. }) => principal.role_arn(),
        Ok(principal) => Some(principal.to_string()),
        Err(_) => Some(arn.to_owned()),
    };
    holder(a) == holder(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_one_role_are_one_caller() {
        let session = |name: &str| format!("arn:aws:sts::111122223333:assumed-role/app/{name}");
        assert!(is_same(&session("a"), &session("b")));
        assert!(!is_same(&session("a"), "arn:aws:sts::111122223333:assumed-role/other/a"));
        assert!(!is_same(&session("a"), "arn:aws:sts::444455556666:assumed-role/app/a"));
        assert!(is_same("arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:user/ana"));
    }
}
