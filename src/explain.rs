//! From a failed run to what is said about it: the conductor of the whole line.
//!
//! ```text
//! recognize ─► request ─► evidence (ask) ─► cause (judge) ─┬─ settled ─► report ─► render, report file
//!                                    ▲                     └─ not yet: ask further, judge again
//! ```
//!
//! [`check`] asks about a request that nobody sent, [`log`] about failures that somebody wrote down.

mod alike;
pub mod check;
pub mod log;

use crate::aws::clients::Clients;
use crate::aws::credentials::Sources;
use crate::aws::ledger::Total;
use crate::aws::runtime;
use crate::aws::transport::Transport;
use crate::cache::Cache;
use crate::cause::{self, Case, Diagnosis};
use crate::diagnosis::{Caller, CommandRun, Failure, Report, RequestSummary, SCHEMA, Tool};
use crate::evidence::Evidence;
use crate::evidence::gather::{self, Plan};
use crate::fault::{self, Stage};
use crate::ignore::{Kind, is_ignored};
use crate::recognize::{AwsFailure, Class, Denial, FailureGroup, FailureKind, Failures};
use crate::request::{self, Arguments, CliVersion, ProfileFiles, ProfileOption, Request, ServiceId, Settings, Side};
use crate::world::World;
use crate::wrap::{Finished, Options, Redact, Source};
use crate::{output, redact, state};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Kinds of failure that are looked into; the others are counted.
const MOST_KINDS: usize = 4;

/// Where there are no more of them, two objects of each may be looked into within the bound on requests.
const MOST_KINDS_TWICE: usize = 2;

/// Explains a finished run on stderr, in the files that were asked for, and for `why403 last`.
pub fn after(finished: &Finished) {
    let Some(mut report) = diagnose(finished) else { return };
    let options = &finished.options;
    for failure in &mut report.failures {
        failure.script.clone_from(&finished.script);
    }
    // What only this user can read keeps what a repair needs.
    output::part(|| state::keep(&finished.world, &report));
    if options.redact.contains(&Redact::Accounts) {
        fault::point(Stage::Redact);
        report = redact::accounts(report, options.run.as_deref());
    }
    output::deliver(finished, &report);
}

/// What there is to say of a run; nothing where nothing was refused.
#[must_use]
pub fn diagnose(finished: &Finished) -> Option<Report> {
    fault::point(Stage::Request);
    let world = &finished.world;
    let mut arguments = Arguments::parse(&finished.argv);
    request::files::read_arguments(&mut arguments, world);
    let failed = !finished.status.is_success();
    let failures = redacted(finished.failures.clone().or_silent(failed, arguments.is_quiet()));
    let kinds: Vec<&FailureGroup> = kinds(&failures);
    if kinds.is_empty() {
        return None;
    }
    let files = request::files::load(world);
    let settings = Settings::resolve(&arguments, world, &files, cli_version(finished));
    let rules = &finished.options.ignore;
    if is_ignored(rules, Kind::Profile, Some(&settings.profile.value)) {
        return None;
    }
    let run = Inquiry {
        world,
        options: &finished.options,
        aws: Some(&finished.aws),
        arguments: &arguments,
        files: &files,
        settings: &settings,
        deadline: finished.ended + finished.options.timeout,
        flags: flags(&arguments),
    };
    let failures = match runtime::block_on(output::with_spinner(
        &finished.world,
        finished.options.show,
        Some(&finished.stop),
        run.all(&kinds),
    )) {
        Ok(failures) => failures,
        Err(_) => kinds.iter().filter_map(|kind| run.without_probes(kind, "the probes could not be set up")).collect(),
    };
    if failures.is_empty() {
        return None;
    }
    Some(report(world, &finished.argv, finished.status.code(), finished.ended, failures))
}

/// The report of a command that ended, or of a subcommand of ours that began, at `since`.
fn report(world: &World, argv: &[OsString], exit_code: i32, since: Instant, failures: Vec<Failure>) -> Report {
    Report {
        schema: SCHEMA,
        tool: Tool { name: "why403".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        command: CommandRun { argv: request::redact_argv(argv), exit_code },
        time: stamp((world.now)()),
        elapsed_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
        failures,
    }
}

/// RFC 3339, to the second.
fn stamp(at: SystemTime) -> Option<String> {
    OffsetDateTime::from(at).replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

/// Secrets out of what was printed: a URL's password or signature, a token. A program that hands out credentials may
/// complain with anything at all, so its words are not kept; they stand on the screen already.
fn redacted(mut failures: Failures) -> Failures {
    for failure in failures.groups.iter_mut().flat_map(|group| &mut group.examples) {
        if let FailureKind::CredentialSource { provider, message } = &mut failure.kind
            && provider == "custom-process"
            && !message.is_empty()
        {
            let ending = failure.line.find(message.lines().next().unwrap_or_default()).unwrap_or(0);
            failure.line.truncate(ending);
            failure.line.push_str("[redacted]");
            "[redacted]".clone_into(message);
        }
        failure.line = request::redact(&failure.line);
        match &mut failure.kind {
            FailureKind::Service(error) => {
                error.message = request::redact(&error.message);
                error.details.iter_mut().for_each(|(_, value)| *value = request::redact(value));
            }
            FailureKind::ExpiredSession { message }
            | FailureKind::CredentialSource { message, .. }
            | FailureKind::Configuration { message } => *message = request::redact(message),
            FailureKind::Connection { url, message } => {
                *url = url.as_deref().map(request::redact);
                *message = request::redact(message);
            }
            FailureKind::NoCredentials
            | FailureKind::PartialCredentials { .. }
            | FailureKind::ProfileNotFound { .. }
            | FailureKind::NoRegion
            | FailureKind::Archived
            | FailureKind::Silent => {}
        }
    }
    failures
}

fn kinds(failures: &Failures) -> Vec<&FailureGroup> {
    failures
        .groups
        .iter()
        .filter(|group| group.first().is_some_and(|failure| failure.class() != Class::NotOurs))
        .collect()
}

/// Which major version ran: they read two variables in another order, and only their exit statuses tell them apart.
fn cli_version(finished: &Finished) -> CliVersion {
    match finished.status.code() {
        252..=254 => CliVersion::V2,
        255 if finished
            .failures
            .groups
            .iter()
            .filter_map(FailureGroup::first)
            .any(|failure| failure.service().is_some()) =>
        {
            CliVersion::V1
        }
        _ => CliVersion::Unknown,
    }
}

/// The user's own profile and region flags, to stand on every command that is printed.
fn flags(arguments: &Arguments) -> Vec<String> {
    ["--profile", "--region"]
        .into_iter()
        .filter_map(|name| Some([name.to_owned(), arguments.value(name)?.to_owned()]))
        .flatten()
        .collect()
}

/// All that is the same for the failures that are looked into together: of one run, of one log, or none at all.
struct Inquiry<'a> {
    world: &'a World,
    options: &'a Options,
    /// The real `aws`, where there is one.
    aws: Option<&'a Path>,
    arguments: &'a Arguments,
    files: &'a ProfileFiles,
    settings: &'a Settings,
    deadline: Instant,
    flags: Vec<String>,
}

/// What all questions about one failure share.
struct Asking<'a> {
    denial: Option<Denial>,
    options: Vec<ProfileOption>,
    sources: Sources<'a>,
    clients: Clients<'a>,
    /// Whether nothing was refused, so that documents alone tell.
    documents_only: bool,
    cache: Option<Cache>,
    deadline: tokio::time::Instant,
    total: Arc<Total>,
}

impl<'a> Asking<'a> {
    fn about<'p>(&'p self, run: &'p Inquiry<'a>, request: &'p Request) -> Plan<'p> {
        Plan {
            world: run.world,
            settings: run.settings,
            request,
            denial: self.denial.as_ref(),
            sources: &self.sources,
            clients: &self.clients,
            options: &self.options,
            documents_only: self.documents_only,
            asks_all: false,
            cache: self.cache.as_ref(),
            deadline: self.deadline,
            total: Arc::clone(&self.total),
        }
    }
}

impl<'a> Inquiry<'a> {
    /// What questions are asked with, or why none can be.
    fn asking(&self, denial: Option<Denial>, total: &Arc<Total>) -> Result<Asking<'a>, String> {
        let transport = Transport::new(self.settings, self.options.timeout).map_err(|error| error.to_string())?;
        let (world, settings) = (self.world, self.settings);
        Ok(Asking {
            denial,
            options: self.other_profiles(),
            sources: Sources { world, settings, transport: transport.clone(), aws: self.aws },
            clients: Clients::new(settings, transport),
            documents_only: false,
            cache: self.may_remember().then(|| Cache::of(self.world)).flatten(),
            deadline: tokio::time::Instant::from_std(self.deadline),
            total: Arc::clone(total),
        })
    }

    /// Whether answers are kept and used. Behind an endpoint that is not AWS's may be a test server, whose accounts come and
    /// go under the same keys: there only if it was said so.
    fn may_remember(&self) -> bool {
        let is_said = self.options.sources.cache != Source::Default;
        self.options.cache && (is_said || self.settings.endpoints.s3.is_none())
    }

    async fn all(&self, kinds: &[&FailureGroup]) -> Vec<Failure> {
        let total = Arc::new(Total::default());
        let few = kinds.len() <= MOST_KINDS_TWICE;
        let looked = kinds.iter().take(MOST_KINDS).map(|kind| self.kind(kind, few, &total));
        let mut found: Vec<Failure> = futures_util::future::join_all(looked).await.into_iter().flatten().collect();
        for kind in kinds.iter().skip(MOST_KINDS) {
            found.extend(self.without_probes(kind, "other failures of the same run were looked into"));
        }
        found
    }

    /// One kind of failure, asked about and judged.
    async fn one(&self, kind: &FailureGroup, total: &Arc<Total>) -> Option<Failure> {
        let failure = kind.first()?;
        let mut request = Request::from_failure(self.arguments, failure, self.settings);
        // Nothing is asked about what nobody wants explained.
        if self.ignores(&request) {
            return None;
        }
        if let Some(why) = self.why_not_to_ask(failure) {
            return self.judged(kind, failure, &request, Evidence::none(&why));
        }
        let denial = failure.service().and_then(|error| Denial::read(&error.message));
        let asking = match self.asking(denial, total) {
            Ok(asking) => asking,
            Err(error) => return self.judged(kind, failure, &request, Evidence::none(&error)),
        };
        // A copy is refused by either side, and a bare message does not say which: the source can be asked.
        if let Some(source) = self.source_of_copy(&request).filter(|_| asking.denial.is_none()) {
            let evidence = gather::first(&asking.about(self, &source)).await;
            if evidence.replay.known().is_some_and(|replay| !replay.succeeded()) {
                return self.settle(kind, failure, &source, &asking, evidence).await;
            }
            if evidence.replay.known().is_some() {
                // What can be read does not stop the copy: it is the destination's turn alone.
                request.at_other_end = None;
            }
        }
        let evidence = gather::first(&asking.about(self, &request)).await;
        self.settle(kind, failure, &request, &asking, evidence).await
    }

    /// Asks further where the first answers did not settle it.
    async fn settle(
        &self,
        kind: &FailureGroup,
        failure: &AwsFailure,
        request: &Request,
        asking: &Asking<'_>,
        mut evidence: Evidence,
    ) -> Option<Failure> {
        if !self.is_settled(failure, request, &evidence) {
            gather::further(&asking.about(self, request), &mut evidence).await;
        }
        self.judged(kind, failure, request, evidence)
    }

    /// The read of a copy's source.
    fn source_of_copy(&self, request: &Request) -> Option<Request> {
        let copies =
            matches!(request.operation.as_str(), "CopyObject" | "UploadPartCopy") && request.side == Side::Destination;
        let other = request.other.as_ref().filter(|_| copies)?;
        let mut source = Request::at("GetObject", other, self.settings);
        source.side = Side::Source;
        source.moves = request.moves;
        source.sse_c = request.at_other_end.as_ref().and_then(|source| source.sse_c.clone());
        source.at_other_end = Some(Box::new(Request { at_other_end: None, ..request.clone() }));
        Some(source)
    }

    fn is_settled(&self, failure: &AwsFailure, request: &Request, evidence: &Evidence) -> bool {
        let case = Case::new(failure, request, self.settings, evidence, Vec::new());
        !case.is_access_denied() || cause::judge(&case).is_settled()
    }

    /// Whether the failure is one about which nothing can be asked.
    fn why_not_to_ask(&self, failure: &AwsFailure) -> Option<String> {
        if !self.options.probe {
            return Some("probing is switched off".to_owned());
        }
        match &failure.kind {
            FailureKind::Service(_) | FailureKind::Silent | FailureKind::Archived => None,
            _ => Some("the command sent no request".to_owned()),
        }
    }

    fn other_profiles(&self) -> Vec<ProfileOption> {
        request::profile_options(self.settings, self.world, self.files)
    }

    fn without_probes(&self, kind: &FailureGroup, why: &str) -> Option<Failure> {
        let failure = kind.first()?;
        let request = Request::from_failure(self.arguments, failure, self.settings);
        if self.ignores(&request) {
            return None;
        }
        self.judged(kind, failure, &request, Evidence::none(why))
    }

    fn ignores(&self, request: &Request) -> bool {
        is_ignored(&self.options.ignore, Kind::Bucket, request.bucket.as_deref())
    }

    /// The report's entry; nothing where it turned out to be no access matter.
    fn judged(
        &self,
        kind: &FailureGroup,
        failure: &AwsFailure,
        request: &Request,
        evidence: Evidence,
    ) -> Option<Failure> {
        fault::point(Stage::Judge);
        let case = Case::new(failure, request, self.settings, &evidence, self.flags.clone());
        let diagnosis = cause::judge(&case);
        if failure.class() == Class::Maybe && !diagnosis.found() {
            return None;
        }
        let entry = self.entry(kind, &case, diagnosis);
        let account = entry.caller.as_ref().and_then(|caller| caller.account.as_deref());
        (!is_ignored(&self.options.ignore, Kind::Account, account)).then_some(entry)
    }

    fn entry(&self, kind: &FailureGroup, case: &Case<'_>, diagnosis: Diagnosis) -> Failure {
        let service = case.failure.service();
        let caller = case.settings.signed.then(|| Caller {
            arn: case.caller().map(|caller| caller.to_string()),
            account: case.account(),
            source: case.settings.credentials.describe(),
        });
        Failure {
            line: case.failure.line.clone(),
            count: kind.count,
            operation: service
                .and_then(|error| error.operation.clone())
                .or_else(|| Some(case.request.operation.clone())),
            error_code: service.map(|error| error.code.clone()),
            request: RequestSummary {
                action: case.asked_action(),
                bucket: case.request.bucket.clone(),
                key: case.request.key.clone(),
                version_id: case.request.version_id.clone(),
                profile: Some(case.settings.profile.value.clone()),
                region: case.settings.region.as_ref().map(|region| region.value.clone()),
                endpoint: case.settings.endpoints.shown(ServiceId::S3),
                signed: case.settings.signed,
            },
            script: None,
            caller,
            blockers: diagnosis.blockers,
            ruled_out: diagnosis.ruled_out,
            open: diagnosis.open,
            checks: case.evidence.checks.clone(),
        }
    }
}
