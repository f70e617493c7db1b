//! A request that nobody sent: would it be let through?
//!
//! A read is tried, harmlessly: one byte of the object, or the same list. A write never is: the documents that
//! decide it are read and evaluated, and where one that could decide cannot be read, it cannot be told.

use super::{Asking, Inquiry, flags, report};
use crate::aws::answer::Exchange;
use crate::aws::ledger::Total;
use crate::aws::runtime;
use crate::cause::verdict::Verdict as Permission;
use crate::cause::{self, Case, Diagnosis};
use crate::diagnosis::{Caller, CauseNote, Certainty, Check, Failure, Report, RequestSummary};
use crate::evidence::session::Session;
use crate::evidence::{Answer, Evidence, gather, replay};
use crate::policy::{self, Decision, Document, Layer, Layers, NamedPolicy, Outcome, Reading, Rules};
use crate::recognize::{AwsFailure, Class, FailureGroup, FailureKind, ServiceError};
use crate::request::{self, Arguments, CliVersion, CredentialPlan, Request, Settings};
use crate::world::World;
use crate::wrap::Options;
use crate::{output, redact};
use serde::Serialize;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// What is asked, and with what.
#[derive(Debug)]
pub struct Question<'a> {
    pub world: &'a World,
    pub options: &'a Options,
    /// The real `aws`, where there is one.
    pub aws: Option<&'a Path>,
    /// The command of the AWS CLI that would send the request.
    pub command: &'a [OsString],
    /// What the user typed, for the report.
    pub argv: &'a [OsString],
    /// How long a URL presigned for the request is to live.
    pub url_life: Option<Duration>,
}

/// The answer. Its first members are a report's, so whoever reads reports can read it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// The refusal, where it is one.
    #[serde(flatten)]
    pub report: Report,
    pub verdict: Verdict,
    pub request: RequestSummary,
    pub caller: Option<Caller>,
    /// What it rests on, or what kept it from being told.
    pub notes: Vec<String>,
    /// What could still refuse it, where it cannot be told.
    pub open: Vec<CauseNote>,
    pub checks: Vec<Check>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Allowed,
    Refused,
    CannotTell,
}

impl Checked {
    /// The same with every account id replaced.
    #[must_use]
    pub fn without_accounts(mut self) -> Self {
        // As one more failure, so that an id becomes the same everywhere.
        let said = Failure {
            line: String::new(),
            count: 0,
            operation: None,
            error_code: None,
            request: self.request,
            script: None,
            caller: self.caller,
            blockers: Vec::new(),
            ruled_out: self.notes.into_iter().map(|because| CauseNote { cause: String::new(), because }).collect(),
            open: self.open,
            checks: self.checks,
        };
        self.report.failures.insert(0, said);
        let mut report = redact::accounts(self.report, None);
        let said = if report.failures.is_empty() { None } else { Some(report.failures.remove(0)) };
        let (request, caller, notes, open, checks) = said.map_or_else(Default::default, |said| {
            (
                said.request,
                said.caller,
                said.ruled_out.into_iter().map(|note| note.because).collect(),
                said.open,
                said.checks,
            )
        });
        Self { report, request, caller, notes, open, checks, ..self }
    }
}

/// Asks, and judges.
#[must_use]
pub fn check(question: &Question<'_>) -> Checked {
    let began = Instant::now();
    let (world, options) = (question.world, question.options);
    let arguments = Arguments::parse(question.command);
    let files = request::files::load(world);
    let settings = Settings::resolve(&arguments, world, &files, CliVersion::Unknown);
    let inquiry = Inquiry {
        world,
        options,
        aws: question.aws,
        arguments: &arguments,
        files: &files,
        settings: &settings,
        deadline: began + options.timeout,
        flags: flags(&arguments),
    };
    let request = Request::from_failure(&arguments, &AwsFailure::silent(), &settings);
    let work = inquiry.check(&request, question.url_life);
    let found = runtime::block_on(output::with_spinner(world, true, None, work)).unwrap_or_else(|_| {
        inquiry.cannot_tell(&request, Evidence::none("the probes could not be set up"), Vec::new())
    });
    let Found { verdict, entry, notes, open } = found;
    let exit_code = i32::from(verdict != Verdict::Allowed);
    let (request, caller, checks) = (entry.request.clone(), entry.caller.clone(), entry.checks.clone());
    let failures = if verdict == Verdict::Refused { vec![entry] } else { Vec::new() };
    Checked {
        report: report(world, question.argv, exit_code, began, failures),
        verdict,
        request,
        caller,
        notes,
        open,
        checks,
    }
}

/// An answer on its way to the report.
struct Found {
    verdict: Verdict,
    /// Who asked for what, and the refusal where it is one.
    entry: Failure,
    notes: Vec<String>,
    open: Vec<CauseNote>,
}

impl Inquiry<'_> {
    async fn check(&self, request: &Request, url_life: Option<Duration>) -> Found {
        let mut asking = match self.asking(None, &Arc::new(Total::default())) {
            Ok(asking) => asking,
            Err(why) => return self.cannot_tell(request, Evidence::none(&why), vec![why]),
        };
        asking.documents_only = replay::stand_in(request).is_err();
        let evidence = gather::first(&asking.about(self, request)).await;
        if self.settings.signed && evidence.session.known().is_none() {
            return self.without_credentials(request, evidence);
        }
        let of_url = url_life.map(|life| life_of_url(evidence.session.known(), (self.world.now)(), life));
        let mut found = if asking.documents_only {
            self.by_documents(request, &asking, evidence).await
        } else {
            self.by_trying(request, &asking, evidence).await
        };
        found.notes.extend(of_url);
        found
    }

    /// A read was sent: what it met is the answer.
    async fn by_trying(&self, request: &Request, asking: &Asking<'_>, mut evidence: Evidence) -> Found {
        let Answer::Known(replay) = &evidence.replay else {
            let why = evidence.replay.absence().unwrap_or_default();
            return self.cannot_tell(request, evidence, vec![why]);
        };
        if replay.succeeded() {
            let mut notes = vec![match replay::stand_in(request) {
                Ok(replay::Stand::List) => "S3 answered the list".to_owned(),
                _ => "S3 gave one byte of it".to_owned(),
            }];
            notes.extend(replay.in_region.as_ref().map(|(region, _)| {
                format!("only in the bucket's own region, `{region}`; the AWS CLI goes there by itself where it can")
            }));
            return self.found(Verdict::Allowed, request, &evidence, &AwsFailure::silent(), notes);
        }
        let failure = met(request, replay.decisive());
        if failure.class() == Class::NotOurs {
            let note = of_no_access(request, replay.decisive());
            return self.found(Verdict::CannotTell, request, &evidence, &failure, vec![note]);
        }
        if !self.is_settled(&failure, request, &evidence) {
            gather::further(&asking.about(self, request), &mut evidence).await;
        }
        let case = Case::new(&failure, request, self.settings, &evidence, self.flags.clone());
        let diagnosis = cause::judge(&case);
        if failure.class() == Class::Maybe && !diagnosis.found() {
            let note = format!("S3 answered `{}`, which need not be about access", case.code());
            return self.found(Verdict::CannotTell, request, &evidence, &failure, vec![note]);
        }
        let entry = self.entry(&FailureGroup { count: 1, examples: vec![failure.clone()] }, &case, diagnosis);
        Found { verdict: Verdict::Refused, entry, notes: Vec::new(), open: Vec::new() }
    }

    /// Nothing was sent: the documents alone answer.
    async fn by_documents(&self, request: &Request, asking: &Asking<'_>, mut evidence: Evidence) -> Found {
        gather::further(&asking.about(self, request), &mut evidence).await;
        // The causes judge a refusal; what they say of one without a reason is what the documents show.
        let supposed = FailureKind::Service(ServiceError {
            code: "AccessDenied".to_owned(),
            operation: Some(request.operation.clone()),
            message: "Access Denied".to_owned(),
            retries: None,
            details: Vec::new(),
        });
        let supposed = AwsFailure { line: String::new(), transfer: None, kind: supposed };
        let case = Case::new(&supposed, request, self.settings, &evidence, self.flags.clone());
        let Diagnosis { blockers, ruled_out, mut open } = cause::judge(&case);
        let (shown, readings): (Vec<_>, Vec<_>) = blockers.into_iter().partition(|blocker| {
            // Nobody was told anything: what would rest on AWS's words rests on nothing.
            blocker.certainty != Certainty::Possible && !blocker.evidence.iter().any(|check| check == "cli")
        });
        let sure = shown.iter().any(|blocker| blocker.certainty == Certainty::Proven);
        let readings = if sure { readings } else { shown.iter().cloned().chain(readings).collect() };
        open.extend(
            readings
                .into_iter()
                .filter(|reading| reading.cause != "undetermined")
                .map(|reading| CauseNote { cause: reading.cause, because: reading.summary }),
        );
        if sure {
            let diagnosis = Diagnosis { blockers: shown, ruled_out, open };
            let mut entry = self.entry(&FailureGroup { count: 1, examples: vec![supposed.clone()] }, &case, diagnosis);
            entry.error_code = None;
            let notes = vec!["no request was sent: the documents show it".to_owned()];
            return Found { verdict: Verdict::Refused, entry, notes, open: Vec::new() };
        }
        let gaps = gaps(&case);
        if gaps.is_empty() {
            let notes = vec!["no request was sent: every document that decides was read, and allows it".to_owned()];
            return self.found(Verdict::Allowed, request, &evidence, &supposed, notes);
        }
        let mut notes = vec!["no request was sent, and the documents that could be read do not settle it".to_owned()];
        notes.extend(gaps);
        Found { open, ..self.found(Verdict::CannotTell, request, &evidence, &supposed, notes) }
    }

    /// No request could be signed.
    fn without_credentials(&self, request: &Request, evidence: Evidence) -> Found {
        let why = evidence.session.absence().unwrap_or_default();
        let kind = match &self.settings.credentials {
            CredentialPlan::Nothing => FailureKind::NoCredentials,
            CredentialPlan::ProfileNotFound { name, .. } => FailureKind::ProfileNotFound { name: name.clone() },
            CredentialPlan::Partial { place, missing } => {
                FailureKind::PartialCredentials { provider: place.to_string(), missing: (*missing).to_owned() }
            }
            CredentialPlan::Invalid { what } => {
                FailureKind::CredentialSource { provider: "profile".to_owned(), message: what.clone() }
            }
            _ if why.starts_with(ENDED) => FailureKind::ExpiredSession { message: why.clone() },
            // The keys may be there for the CLI, which may prompt for them.
            _ => return self.cannot_tell(request, evidence, vec![format!("no credentials to ask with: {why}")]),
        };
        let failure = AwsFailure { line: String::new(), transfer: None, kind };
        let case = Case::new(&failure, request, self.settings, &evidence, self.flags.clone());
        let mut diagnosis = cause::judge(&case);
        for blocker in &mut diagnosis.blockers {
            // The CLI was not asked; its files and variables were.
            blocker
                .evidence
                .iter_mut()
                .filter(|check| *check == "cli")
                .for_each(|check| *check = "credentials".to_owned());
        }
        let entry = self.entry(&FailureGroup { count: 1, examples: vec![failure.clone()] }, &case, diagnosis);
        Found { verdict: Verdict::Refused, entry, notes: Vec::new(), open: Vec::new() }
    }

    fn cannot_tell(&self, request: &Request, evidence: Evidence, notes: Vec<String>) -> Found {
        self.found(Verdict::CannotTell, request, &evidence, &AwsFailure::silent(), notes)
    }

    /// An answer that is no refusal.
    fn found(
        &self,
        verdict: Verdict,
        request: &Request,
        evidence: &Evidence,
        failure: &AwsFailure,
        notes: Vec<String>,
    ) -> Found {
        let case = Case::new(failure, request, self.settings, evidence, self.flags.clone());
        let nothing = Diagnosis { blockers: Vec::new(), ruled_out: Vec::new(), open: Vec::new() };
        let entry = self.entry(&FailureGroup { count: 1, examples: vec![failure.clone()] }, &case, nothing);
        Found { verdict, entry, notes, open: Vec::new() }
    }
}

/// The longest that a signature of version 4 may be valid.
const LONGEST_URL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a URL presigned now would be good: it ends with the session that signed it, whatever it says itself.
fn life_of_url(session: Option<&Session>, now: SystemTime, life: Duration) -> String {
    let stamp = |at| super::stamp(at).unwrap_or_default();
    let url_ends = now + life.min(LONGEST_URL);
    let bound = if life > LONGEST_URL { " (7 days are the most that a signature may be valid)" } else { "" };
    match session {
        None => "an unsigned request has no presigned URL".to_owned(),
        Some(session) if !session.has_token => {
            format!("a URL presigned now would be good until {}{bound}: its key does not expire", stamp(url_ends))
        }
        Some(Session { ends: None, .. }) => format!(
            "a URL presigned now would be good until {} at most{bound}: it ends with the session, whose end is not known",
            stamp(url_ends)
        ),
        Some(Session { ends: Some(end), .. }) if *end < url_ends => format!(
            "a URL presigned now would end with the session that signs it, at {}, and not at {}{bound}",
            stamp(*end),
            stamp(url_ends)
        ),
        Some(_) => {
            format!("a URL presigned now would be good until {}{bound}: the session lasts longer", stamp(url_ends))
        }
    }
}

/// How [`crate::aws::credentials::CredentialsError::Expired`] begins.
const ENDED: &str = "the cached session ended";

/// The refusal that the trial met, as the CLI would have it.
fn met(request: &Request, exchange: &Exchange) -> AwsFailure {
    let code = if exchange.code().is_empty() { exchange.status.to_string() } else { exchange.code().to_owned() };
    let kind = FailureKind::Service(ServiceError {
        code,
        operation: Some(request.operation.clone()),
        message: exchange.message().to_owned(),
        retries: None,
        details: Vec::new(),
    });
    AwsFailure { line: String::new(), transfer: None, kind }
}

fn of_no_access(request: &Request, exchange: &Exchange) -> String {
    match (exchange.code(), exchange.status, &request.key, &request.bucket) {
        ("NoSuchKey", _, Some(key), Some(bucket)) => {
            format!(
                "there is no `{key}` in `{bucket}`: S3 says so to a caller who may list the bucket, so nothing was read"
            )
        }
        ("", status, ..) => format!("S3 answered {status}, which is no access matter"),
        (code, ..) => format!("S3 answered `{code}`, which is no access matter"),
    }
}

/// What keeps the documents from allowing it, in words; nothing where they do.
fn gaps(case: &Case<'_>) -> Vec<String> {
    let mut gaps = Vec::new();
    if case.verdicts.asked.is_empty() {
        gaps.push("not checked: the caller or the resource is not known".to_owned());
    }
    for permission in case.verdicts.asked.iter().chain(&case.verdicts.access_point).chain(&case.verdicts.kms) {
        gaps.extend(gap(case, permission));
    }
    // An upload is encrypted with the bucket's key, and needs that one too.
    if case.request.operation == "PutObject"
        && case.verdicts.kms.is_none()
        && let Some(why) = case.evidence.default_key.absence()
    {
        gaps.push(format!("not checked: whether the bucket encrypts with a KMS key ({why})"));
    }
    gaps.dedup();
    gaps
}

fn gap(case: &Case<'_>, permission: &Permission) -> Option<String> {
    let mut layers = permission.documents.layers.clone();
    // Where there is no endpoint, the request goes through none; where each lets it pass, it does not matter which it takes.
    let endpoints = case.evidence.vpc_endpoints.known();
    if endpoints.is_some_and(|all| all.iter().all(|endpoint| lets_pass(&endpoint.policy, &permission.request))) {
        layers.vpc_endpoint = Reading::NotApplicable;
    }
    let decided = policy::decide(&permission.request, &layers);
    if decided.decision == Decision::Allowed {
        return None;
    }
    let mut parts: Vec<String> = decided.unread.iter().map(|layer| named(*layer).to_owned()).collect();
    let mut keys: Vec<&str> = decided.depends_on.iter().map(|dependency| dependency.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    parts.extend(keys.iter().map(|key| format!("the condition key `{key}`")));
    let action = &permission.action;
    Some(match parts.as_slice() {
        [] => format!("`{action}` is not allowed by what was read"),
        parts => format!("not checked for `{action}`: {}", crate::render::words::list(parts)),
    })
}

/// Whether an endpoint with this policy lets the request pass, whatever is unknown of it.
fn lets_pass(policy: &str, request: &policy::Request) -> bool {
    let Ok(document) = Document::parse(policy, Rules::VpcEndpoint) else { return false };
    let endpoint = NamedPolicy { name: String::new(), document };
    let layers = Layers { vpc_endpoint: Reading::Read(vec![endpoint]), ..Layers::default() };
    let evaluated = policy::evaluate(request, &layers);
    evaluated.layer(Layer::VpcEndpoint).is_some_and(|layer| layer.outcome == Outcome::Allows)
}

fn named(layer: Layer) -> &'static str {
    match layer {
        Layer::Identity => "identity policies",
        Layer::PermissionsBoundary => "the permissions boundary",
        Layer::Session => "the session policy",
        Layer::ServiceControl => "service control policies",
        Layer::ResourceControl => "resource control policies",
        Layer::Resource => "the resource's own policy",
        Layer::VpcEndpoint => "the VPC endpoint policy",
        Layer::BlockPublicAccess => "Block Public Access",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::session::KeyKind;

    #[test]
    fn a_presigned_url_ends_with_the_session_that_signed_it() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let hours = |n: u64| Duration::from_secs(n * 3600);
        let session = |has_token, ends: Option<u64>| Session {
            key_ending: "WXYZ".to_owned(),
            account: None,
            kind: if has_token { KeyKind::Temporary } else { KeyKind::LongTerm },
            has_token,
            ends: ends.map(|n| now + hours(n)),
        };
        for (session, life, part) in [
            (
                session(true, Some(1)),
                hours(12),
                "would end with the session that signs it, at 2027-01-15T09:00:00Z, and not at 2027-01-15T20:00:00Z",
            ),
            (session(true, Some(12)), hours(1), "good until 2027-01-15T09:00:00Z: the session lasts longer"),
            (session(true, None), hours(1), "whose end is not known"),
            (session(false, None), hours(1), "its key does not expire"),
            (session(false, None), hours(24 * 8), "2027-01-22T08:00:00Z (7 days are the most"),
        ] {
            let said = life_of_url(Some(&session), now, life);
            assert!(said.contains(part), "{said}");
        }
    }
}
