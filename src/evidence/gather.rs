//! Which probes are asked, in which order, within which budget. They run side by side; one that needs another's
//! answer starts as soon as that is there. Nothing is judged here: what AWS's message names decides only which
//! documents are worth a request.
//!
//! ```text
//! at once   sts-identity · s3-replay · s3-list · s3-bucket-policy
//! then      iam-policies (who?) · s3-bucket (whose?) · s3-unsigned, other-profiles, kms-key, vpc-endpoints,
//!           organization-policies (refused by what?)
//! further   what only a bare refusal makes worth asking: ownership, payment, Block Public Access, …
//! ```

use crate::aws::answer::Exchange;
use crate::aws::clients::{Clients, Signer};
use crate::aws::credentials::{CredentialsError, Sources};
use crate::aws::ledger::{Ledger, Total};
use crate::cache::{Bucket, Cache, Whose};
use crate::diagnosis::{Check, Outcome};
use crate::evidence::organization::{Asking, OrganizationPolicyKind};
use crate::evidence::replay::{Replay, Stand};
use crate::evidence::{
    Answer, Evidence, NOT_NEEDED, PROBES, access_point, bucket, bucket_policy, dns, identity, identity_policies, kms,
    listing, object, object_acl, organization, own_buckets, profiles, replay, role_trust, session, settings,
    simulation, unsigned, variants, vpc_endpoints,
};
use crate::policy::Principal;
use crate::recognize::{Denial, DeniedLayer};
use crate::request::{
    BucketKind, EndpointChoice, ProfileOption, Request, ServiceId, Settings, access_key_account, alias_name,
};
use crate::world::World;
use crate::{fault, wrap};
use aws_credential_types::Credentials;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, join, join3, join4};
use std::cell::RefCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::time::Instant;

/// What there is to ask about, and with what.
pub struct Plan<'a> {
    pub world: &'a World,
    pub settings: &'a Settings,
    pub request: &'a Request,
    /// What AWS said to the command itself, where it said anything.
    pub denial: Option<&'a Denial>,
    pub sources: &'a Sources<'a>,
    pub clients: &'a Clients<'a>,
    pub options: &'a [ProfileOption],
    /// Whether nothing was refused, so that documents alone tell: then the bucket's default key is read for an upload.
    pub documents_only: bool,
    /// The answers of earlier diagnoses, where they may be used.
    pub cache: Option<&'a Cache>,
    /// When all has to be over.
    pub deadline: Instant,
    pub total: Arc<Total>,
}

/// The condition key that holds the KMS key which an upload named.
const KMS_KEY_HEADER: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

/// Why an owner's settings are not asked for.
const FOREIGN: &str = "the bucket is another account's, and only its owner may read them";

/// A probe's answer that several others wait for.
type Later<'a, T> = Shared<LocalBoxFuture<'a, Answer<T>>>;

/// Times the probes, bounds them, and writes them down for the report.
struct Desk<'a> {
    plan: &'a Plan<'a>,
    checks: RefCell<Vec<Check>>,
}

impl Desk<'_> {
    /// Runs one probe under the budget.
    async fn ask<T, F: Future<Output = Answer<T>>>(
        &self,
        name: &str,
        probe: impl FnOnce(Arc<Ledger>) -> F,
    ) -> Answer<T> {
        let ledger = Ledger::new(&self.plan.total);
        let start = Instant::now();
        debug_assert!(PROBES.contains(&name), "{name} is not on the list of probes");
        let asked = async {
            fault::probe(name);
            probe(Arc::clone(&ledger)).await
        };
        // A probe that breaks costs its own answer and no other's.
        let asked = tokio::time::timeout_at(self.plan.deadline, AssertUnwindSafe(asked).catch_unwind());
        let answer = match asked.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Answer::Failed(wrap::fault()),
            Err(_) => Answer::TimedOut,
        };
        let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (outcome, requests) = (answer.outcome(), ledger.requests());
        let sent = requests > 0 || outcome != Outcome::Skipped;
        self.note(Check {
            name: name.to_owned(),
            outcome,
            why: answer.absence(),
            ms: sent.then_some(ms),
            requests: sent.then_some(requests),
        });
        answer
    }

    fn skip<T>(&self, name: &str, why: &str) -> Answer<T> {
        self.note(Check {
            name: name.to_owned(),
            outcome: Outcome::Skipped,
            why: Some(why.to_owned()),
            ms: None,
            requests: None,
        });
        Answer::Skipped(why.to_owned())
    }

    /// Whether a question went out.
    fn has_asked(&self, name: &str) -> bool {
        self.checks
            .borrow()
            .iter()
            .any(|check| check.name == name && check.requests.is_some_and(|requests| requests > 0))
    }

    /// Takes an answer of an earlier diagnosis, and says so.
    fn remember<T>(&self, name: &str, value: T) -> Answer<T> {
        self.note(Check {
            name: name.to_owned(),
            outcome: Outcome::Ok,
            why: Some("from the cache".to_owned()),
            ms: None,
            requests: Some(0),
        });
        Answer::Known(value)
    }

    fn note(&self, check: Check) {
        self.checks.borrow_mut().push(check);
    }
}

/// The first questions: those that settle most refusals, in two or three round trips.
pub async fn first(plan: &Plan<'_>) -> Evidence {
    let desk = Desk { plan, checks: RefCell::default() };
    let mut evidence = Evidence::none(NOT_NEEDED);
    let signer = match signer(plan).await {
        Ok(signer) => signer,
        Err(error) => {
            evidence = Evidence::none(&format!("no credentials to ask with: {error}"));
            evidence.session = desk.skip(session::NAME, &error.to_string());
            evidence.checks = desk.checks.into_inner();
            return evidence;
        }
    };
    let keys = match &signer {
        Signer::Keys(keys) => Some(keys.clone()),
        Signer::Nobody => None,
    };
    if let Some(keys) = &keys {
        evidence.session = Answer::Known(session::describe(keys));
    }
    if plan.request.operation == "AssumeRole" {
        assume_role(&desk, keys.as_ref(), &mut evidence).await;
    } else {
        let region = ask_s3(&desk, &signer, keys.as_ref(), None, &mut evidence).await;
        if let Some(region) = region {
            ask_s3(&desk, &signer, keys.as_ref(), Some(&region), &mut evidence).await;
        }
    }
    evidence.skew = skew(plan, &evidence);
    evidence.checks = desk.checks.into_inner();
    evidence
}

/// The credentials of the failing command; for a role that could not be assumed, those that tried.
async fn signer(plan: &Plan<'_>) -> Result<Signer, CredentialsError> {
    if !plan.settings.signed {
        return Ok(Signer::Nobody);
    }
    let credentials = if plan.request.operation == "AssumeRole" {
        plan.settings.credentials.assuming_identity().unwrap_or(&plan.settings.credentials)
    } else {
        &plan.settings.credentials
    };
    let loaded = tokio::time::timeout_at(plan.deadline, plan.sources.load(credentials)).await;
    match loaded {
        Ok(loaded) => loaded.map(Signer::Keys),
        Err(_) => Err(CredentialsError::Unavailable("they could not be had within the time limit".to_owned())),
    }
}

fn skew(plan: &Plan<'_>, evidence: &Evidence) -> Option<i64> {
    let exchange = evidence.replay.known().map(|replay| &replay.as_sent).or_else(|| evidence.bucket.known())?;
    let local = time::OffsetDateTime::from((plan.world.now)());
    Some((local - exchange.server_time()?).whole_seconds())
}

/// All of S3's and IAM's questions; answers with the bucket's region where the command's was another.
async fn ask_s3(
    desk: &Desk<'_>,
    signer: &Signer,
    keys: Option<&Credentials>,
    region: Option<&str>,
    gathered: &mut Evidence,
) -> Option<String> {
    let plan = desk.plan;
    let request = plan.request;
    // What the first round brought, for a second one in the bucket's own region.
    let evidence = &gathered.clone();
    let s3 = plan.clients.s3(signer, region);
    // An unsigned request may be told nothing; the bucket's own documents can be read by whoever may.
    let reader = match keys {
        Some(_) => None,
        None => borrowed_keys(plan).await,
    };
    let owner_view =
        reader.as_ref().map_or_else(|| s3.clone(), |keys| plan.clients.s3(&Signer::Keys(keys.clone()), region));
    let first_round = region.is_none();
    let stand = replay::stand_in(request);
    let object_read = matches!(stand, Ok(Stand::Object));

    let replayed: Later<'_, Replay> = async {
        match &stand {
            Ok(stand) => {
                desk.ask(replay::NAME, |ledger| async move {
                    let answer = replay::send(&s3_clone(plan, signer, region), request, *stand, &ledger).await;
                    let before = evidence.replay.known().map(|replay| replay.as_sent.clone());
                    answer.map(|exchange| match (region, before) {
                        (Some(region), Some(as_sent)) => {
                            Replay { as_sent, in_region: Some((region.to_owned(), exchange)) }
                        }
                        _ => Replay { as_sent: exchange, in_region: None },
                    })
                })
                .await
            }
            Err(why) => desk.skip(replay::NAME, why),
        }
    }
    .boxed_local()
    .shared();

    let bucket_name = request.bucket.as_deref();
    let plain_bucket = bucket_name.filter(|_| request.bucket_kind == BucketKind::General);
    let policy: Later<'_, bucket_policy::BucketPolicy> = async {
        match (plain_bucket, keys.or(reader.as_ref())) {
            (Some(name), Some(_)) => {
                desk.ask(bucket_policy::NAME, |ledger| {
                    let s3 = owner_view.clone();
                    async move { bucket_policy::get(&s3, name, &ledger).await }
                })
                .await
            }
            (Some(_), None) => desk.skip(bucket_policy::NAME, "the request was unsigned"),
            (None, _) => desk.skip(bucket_policy::NAME, "the request names no general purpose bucket"),
        }
    }
    .boxed_local()
    .shared();

    // What an earlier diagnosis learned counts when an answer of this one shows that it still holds.
    let places = (plan.clients.place(ServiceId::Sts), plan.clients.place(ServiceId::S3));
    let kept = match (plan.cache, keys) {
        (Some(cache), Some(keys)) if first_round => {
            Some((cache, Whose { keys, place: &places.0 }, Whose { keys, place: &places.1 }))
        }
        _ => None,
    };
    let said = plan.denial.and_then(|denial| denial.caller_arn.as_deref());
    let kept_identity = kept
        .and_then(|(cache, whose, _)| cache.identity(whose))
        .filter(|kept| said.is_none_or(|said| said == kept.arn));
    // Where the request is not repeated, the bucket's answer is the one that tells AWS's clock.
    let kept_bucket =
        kept.zip(bucket_name).filter(|_| stand.is_ok()).and_then(|((cache, _, whose), name)| cache.bucket(whose, name));
    let still_holds = async {
        let (replayed, policy) = join(replayed.clone(), policy.clone()).await;
        replayed.known().is_some_and(|replay| vouches(&replay.as_sent))
            || policy.known().is_some()
            || is_denied(&policy)
    }
    .boxed_local()
    .shared();

    let identity: Later<'_, identity::Identity> = async {
        if !first_round {
            return evidence.identity.clone();
        }
        let Some(keys) = keys else { return desk.skip(identity::NAME, "the request was unsigned") };
        if let Some(kept) = &kept_identity
            && still_holds.clone().await
        {
            return desk.remember(identity::NAME, kept.clone());
        }
        ask_identity(desk, keys).await
    }
    .boxed_local()
    .shared();

    let bucket_answer = async {
        let Some(name) = bucket_name else { return desk.skip(bucket::NAME, "the request names no bucket") };
        if request.bucket_kind == BucketKind::Directory {
            return desk.skip(bucket::NAME, "it is a directory bucket");
        }
        // Whoever was given the bucket's policy, or none, was told that the bucket exists, and where.
        if policy.clone().await.known().is_some_and(bucket_policy::BucketPolicy::is_the_callers) {
            return desk.skip(bucket::NAME, "its owner's documents were read: it exists, in this region");
        }
        if let Some(kept) = &kept_bucket
            && still_holds.clone().await
        {
            let found =
                Exchange { status: kept.status, bucket_region: Some(kept.region.clone()), ..Exchange::default() };
            return desk.remember(bucket::NAME, found);
        }
        desk.ask(
            bucket::NAME,
            |ledger| async move { bucket::head(&s3_clone(plan, signer, region), name, &ledger).await },
        )
        .await
    };
    let listed = async {
        match (bucket_name, &request.key, keys) {
            (Some(name), Some(key), Some(_)) if object_read => {
                desk.ask(listing::NAME, |ledger| {
                    let s3 = s3.clone();
                    async move { listing::near(&s3, request, name, key, &ledger).await }
                })
                .await
            }
            (Some(_), Some(_), None) => desk.skip(listing::NAME, "the request was unsigned"),
            _ => desk.skip(listing::NAME, "the request reads no object"),
        }
    };
    let stranger = async {
        if keys.is_none() {
            return desk.skip(unsigned::NAME, "the request itself was unsigned");
        }
        if !object_read || request.bucket_kind != BucketKind::General {
            return desk.skip(unsigned::NAME, "the request reads no object of a general purpose bucket");
        }
        let refused = replayed.clone().await;
        let layer = refused.known().and_then(|replay| Denial::read(replay.decisive().message())?.layer);
        let own = policy.clone().await.known().is_some_and(bucket_policy::BucketPolicy::is_the_callers);
        match layer {
            // What lets everybody in lets in the bucket's own account too.
            Some(DeniedLayer::IdentityPolicy) if own => {
                return desk.skip(unsigned::NAME, "the bucket is of the caller's account");
            }
            Some(DeniedLayer::IdentityPolicy) | None => {}
            Some(_) => return desk.skip(unsigned::NAME, "AWS named what refuses the request"),
        }
        let client = plan.clients.s3(&Signer::Nobody, region);
        desk.ask(unsigned::NAME, |ledger| async move { unsigned::head(&client, request, &ledger).await }).await
    };
    let policies = async {
        if !first_round {
            return evidence.identity_policies.clone();
        }
        let Some(keys) = keys else { return desk.skip(identity_policies::NAME, "the request was unsigned") };
        let iam = match plan.clients.iam(keys) {
            Ok(iam) => iam,
            Err(why) => return desk.skip(identity_policies::NAME, &why),
        };
        // The name is enough to begin with; whether it is the caller's still is seen below.
        read_policies(desk, &iam, caller_arn(plan, kept_identity.as_ref(), identity.clone()).await).await
    };
    // What the refusal names is worth a look at once.
    let named = async {
        let refused = replayed.clone().await;
        let denial = refused.known().and_then(|replay| Denial::read(replay.decisive().message()));
        let said = denial.as_ref().or(plan.denial);
        ask_named(desk, signer, keys.or(reader.as_ref()), region, said, refused.known(), identity.clone()).await
    };

    let ((identity_answer, replay_answer, bucket_answer, policy), (listed, stranger, policies), named) = join3(
        join4(identity.clone(), replayed.clone(), bucket_answer, policy.clone()),
        join3(listed, stranger, policies),
        named,
    )
    .await;

    let pointed = replay_answer
        .known()
        .and_then(|replay| replay::pointed_region(replay.decisive()))
        .or_else(|| bucket_answer.known().and_then(replay::pointed_region))
        .filter(|pointed| first_round && *pointed != plan.clients.region())
        .map(str::to_owned);
    let (identity_answer, policies) = match (&kept_identity, keys) {
        (Some(kept), Some(keys)) if !is_still(kept, &identity_answer, &policies) => {
            let answer = ask_identity(desk, keys).await;
            let caller = answer.known().map(|identity| identity.arn.clone());
            let policies = match plan.clients.iam(keys) {
                Ok(iam) => read_policies(desk, &iam, caller).await,
                Err(why) => desk.skip(identity_policies::NAME, &why),
            };
            (answer, policies)
        }
        _ => (identity_answer, policies),
    };
    if let Some((cache, whose, whose_bucket)) = kept {
        if let (Some(identity), true) = (identity_answer.known(), desk.has_asked(identity::NAME)) {
            cache.keep_identity(whose, identity);
        }
        if let (Some(name), Some(Exchange { status: status @ (200 | 403), bucket_region: Some(region), .. }), true) =
            (bucket_name, bucket_answer.known(), desk.has_asked(bucket::NAME))
        {
            cache.keep_bucket(whose_bucket, name, &Bucket { status: *status, region: region.clone() });
        }
    }
    gathered.identity = identity_answer;
    gathered.replay = replay_answer;
    gathered.bucket = bucket_answer;
    gathered.bucket_policy = policy;
    gathered.listing = listed;
    gathered.unsigned = stranger;
    gathered.identity_policies = policies;
    named.put(gathered);
    pointed
}

/// The first other identity that can be had without a prompt.
async fn borrowed_keys(plan: &Plan<'_>) -> Option<Credentials> {
    let option = plan.options.first()?;
    tokio::time::timeout_at(plan.deadline, plan.sources.load(&option.plan)).await.ok()?.ok()
}

fn s3_clone(plan: &Plan<'_>, signer: &Signer, region: Option<&str>) -> aws_sdk_s3::Client {
    plan.clients.s3(signer, region)
}

/// Whether an answer of S3's shows that the credentials are good and the bucket is there: S3 looks at neither permission
/// nor key before that.
fn vouches(exchange: &Exchange) -> bool {
    exchange.succeeded() || matches!(exchange.code(), "AccessDenied" | "NoSuchKey" | "InvalidObjectState")
}

fn is_denied<T>(answer: &Answer<T>) -> bool {
    answer.denied().is_some_and(|error| error.code == "AccessDenied")
}

/// Whether the caller is who it was: a user can be renamed, and another can be given the name.
fn is_still(
    kept: &identity::Identity,
    identity: &Answer<identity::Identity>,
    policies: &Answer<identity_policies::IdentityPolicies>,
) -> bool {
    let is_same = identity.known().is_none_or(|identity| identity == kept);
    let is_gone = policies.denied().is_some_and(|error| error.code == "NoSuchEntity");
    is_same && !is_gone && !policies.known().is_some_and(|policies| policies.are_of_another(&kept.user_id))
}

async fn ask_identity(desk: &Desk<'_>, keys: &Credentials) -> Answer<identity::Identity> {
    match desk.plan.clients.sts(keys) {
        Ok(sts) => desk.ask(identity::NAME, |ledger| async move { identity::ask_sts(&sts, &ledger).await }).await,
        Err(why) => desk.skip(identity::NAME, &why),
    }
}

/// Who the caller is: by AWS's own message, by an earlier diagnosis, or from STS.
async fn caller_arn(
    plan: &Plan<'_>,
    kept: Option<&identity::Identity>,
    identity: Later<'_, identity::Identity>,
) -> Option<String> {
    let said = plan.denial.and_then(|denial| denial.caller_arn.clone());
    match said.or_else(|| kept.map(|kept| kept.arn.clone())) {
        Some(arn) => Some(arn),
        None => identity.await.known().map(|identity| identity.arn.clone()),
    }
}

/// What hangs on the caller.
async fn read_policies(
    desk: &Desk<'_>,
    iam: &aws_sdk_iam::Client,
    caller: Option<String>,
) -> Answer<identity_policies::IdentityPolicies> {
    let Some(caller) = caller.and_then(|arn| arn.parse::<Principal>().ok()) else {
        return desk.skip(identity_policies::NAME, "the caller is not known");
    };
    desk.ask(identity_policies::NAME, |ledger| async move { identity_policies::read(iam, &caller, &ledger).await })
        .await
}

/// The answers that a refusal's own words made worth asking for.
struct Named {
    profiles: Answer<Vec<profiles::ProfileAttempt>>,
    signed: Answer<Exchange>,
    without_owner: Answer<Exchange>,
    own_buckets: Answer<own_buckets::OwnBuckets>,
    object: Answer<Exchange>,
    default_key: Answer<Option<String>>,
    key: Answer<kms::Key>,
    access_point: Answer<access_point::AccessPoint>,
    public_access: Answer<settings::PublicAccessBlock>,
    account_public_access: Answer<settings::PublicAccessBlock>,
    vpc_endpoints: Answer<Vec<vpc_endpoints::VpcEndpoint>>,
    service_control: Answer<Vec<organization::OrganizationLevel>>,
    resource_control: Answer<Vec<organization::OrganizationLevel>>,
}

impl Named {
    fn put(self, evidence: &mut Evidence) {
        evidence.profiles = self.profiles;
        evidence.signed = self.signed;
        evidence.without_owner = self.without_owner;
        evidence.own_buckets = self.own_buckets;
        evidence.object = self.object;
        evidence.default_key = self.default_key;
        evidence.key = self.key;
        evidence.access_point = self.access_point;
        evidence.public_access = self.public_access;
        evidence.account_public_access = self.account_public_access;
        evidence.vpc_endpoints = self.vpc_endpoints;
        evidence.service_control = self.service_control;
        evidence.resource_control = self.resource_control;
    }
}

async fn ask_named(
    desk: &Desk<'_>,
    signer: &Signer,
    keys: Option<&Credentials>,
    region: Option<&str>,
    denial: Option<&Denial>,
    refused: Option<&Replay>,
    identity: Later<'_, identity::Identity>,
) -> Named {
    let plan = desk.plan;
    let request = plan.request;
    let stand = replay::stand_in(request).ok();
    let client = plan.clients.s3(signer, region);
    let layer = denial.and_then(|denial| denial.layer);
    let unsigned = matches!(signer, Signer::Nobody);
    let goes_through = refused.is_some_and(Replay::succeeded);
    let code = refused.map_or("", |replay| replay.decisive().code());
    let no_bucket = code == "NoSuchBucket";

    let profiles = async {
        match (keys, stand, refused) {
            _ if goes_through => desk.skip(profiles::NAME, "the request goes through"),
            (Some(keys), Some(stand), Some(_)) if !unsigned && !plan.options.is_empty() && !no_bucket => {
                let used = keys.access_key_id().to_owned();
                desk.ask(profiles::NAME, |ledger| async move {
                    profiles::try_all(plan.sources, plan.clients, plan.options, &used, request, stand, &ledger).await
                })
                .await
            }
            _ => desk.skip(profiles::NAME, "no other profile can be tried without a prompt"),
        }
    };
    let signed = async {
        match (unsigned, stand, keys) {
            (true, Some(stand), Some(keys)) => {
                let client = plan.clients.s3(&Signer::Keys(keys.clone()), region);
                desk.ask(variants::SIGNED, |ledger| async move { replay::send(&client, request, stand, &ledger).await })
                    .await
            }
            _ => Answer::Skipped("the request was signed".to_owned()),
        }
    };
    let without_owner = async {
        match (stand, &request.expected_bucket_owner) {
            (Some(stand), Some(_)) => {
                let client = client.clone();
                desk.ask(variants::WITHOUT_OWNER, |ledger| async move {
                    variants::without_owner(&client, request, stand, &ledger).await
                })
                .await
            }
            _ => Answer::Skipped("the command named no expected bucket owner".to_owned()),
        }
    };
    let own = async {
        if no_bucket && keys.is_some() {
            let client = client.clone();
            desk.ask(own_buckets::NAME, |ledger| async move { own_buckets::list(&client, &ledger).await }).await
        } else {
            Answer::Skipped(NOT_NEEDED.to_owned())
        }
    };
    let encryption = async {
        let by_kms = denial.is_some_and(names_kms) || code.starts_with("KMS.");
        let object = match stand {
            Some(Stand::Object) if request.operation == "GetObject" || by_kms || code == "InvalidObjectState" => {
                let client = client.clone();
                desk.ask(object::NAME, |ledger| async move { object::head(&client, request, &ledger).await }).await
            }
            _ => Answer::Skipped(NOT_NEEDED.to_owned()),
        };
        let uploads_with_kms = (by_kms || (plan.documents_only && request.operation == "PutObject"))
            && !matches!(stand, Some(Stand::Object));
        // A read that S3 itself refuses does not show the object's key; the bucket's default one is the best guess.
        let refused_by_policy =
            matches!(layer, Some(DeniedLayer::IdentityPolicy)) && !by_kms && object.known().is_none();
        let reads = matches!(stand, Some(Stand::Object)) && refused_by_policy;
        let default_key = match (&request.bucket, uploads_with_kms || (reads && keys.is_some())) {
            (Some(bucket), true) => {
                let client = client.clone();
                desk.ask(
                    settings::ENCRYPTION,
                    |ledger| async move { settings::default_key(&client, bucket, &ledger).await },
                )
                .await
            }
            _ => Answer::Skipped(NOT_NEEDED.to_owned()),
        };
        let named_key = denial.filter(|denial| names_kms(denial)).and_then(|denial| denial.resource.clone());
        let arn = named_key
            .filter(|arn| arn.starts_with("arn:") && arn.contains(":kms:"))
            .or_else(|| object.known().and_then(|exchange| exchange.kms_key.clone()))
            .or_else(|| request.conditions.get(KMS_KEY_HEADER).cloned())
            .or_else(|| default_key.known().cloned().flatten().filter(|_| uploads_with_kms));
        let key = match (arn, keys) {
            (Some(arn), Some(keys)) => read_key(desk, keys, &arn).await,
            _ => desk.skip(kms::NAME, "no KMS key is named"),
        };
        (object, default_key, key)
    };
    let point = async {
        let Some(keys) = keys.filter(|_| request.bucket_kind != BucketKind::General) else {
            return Answer::Skipped("the request goes to the bucket itself".to_owned());
        };
        match access_point_arn(plan, denial, identity.clone()).await {
            Some(arn) => {
                desk.ask(access_point::NAME, |ledger| async move {
                    access_point::read(plan.clients, keys, &arn, (plan.world.now)(), &ledger).await
                })
                .await
            }
            None => desk.skip(access_point::NAME, "the access point's ARN is not known"),
        }
    };
    let public = async {
        let masquerades = matches!(layer, Some(DeniedLayer::ResourcePolicy | DeniedLayer::BlockPublicAccess(_)));
        let whole_world = unsigned && keys.is_some();
        if masquerades || whole_world || request.names_public_acl() {
            let viewer = match (unsigned, keys) {
                (true, Some(keys)) => plan.clients.s3(&Signer::Keys(keys.clone()), region),
                _ => client.clone(),
            };
            ask_public_access(desk, &viewer, keys, identity.clone()).await
        } else {
            not_needed_pair()
        }
    };
    let network = async {
        match keys {
            Some(keys) if matches!(layer, Some(DeniedLayer::VpcEndpointPolicy)) => ask_endpoints(desk, keys).await,
            _ => Answer::Skipped(NOT_NEEDED.to_owned()),
        }
    };
    let organization = async {
        let (scp, rcp) = (
            matches!(layer, Some(DeniedLayer::ServiceControlPolicy)),
            matches!(layer, Some(DeniedLayer::ResourceControlPolicy)),
        );
        match keys {
            Some(keys) if scp || rcp => ask_organization(desk, keys, scp, rcp, identity.clone()).await,
            _ => not_needed_pair(),
        }
    };
    let (profiles, signed, without_owner, own_buckets) = (profiles, signed, without_owner, own);
    let (
        (profiles, signed, without_owner, own_buckets),
        (encryption, access_point, public),
        (vpc_endpoints, organization),
    ) = tokio::join!(
        join4(profiles, signed, without_owner, own_buckets),
        join3(encryption, point, public),
        join(network, organization)
    );
    let (object, default_key, key) = encryption;
    let (public_access, account_public_access) = public;
    let (service_control, resource_control) = organization;
    Named {
        profiles,
        signed,
        without_owner,
        own_buckets,
        object,
        default_key,
        key,
        access_point,
        public_access,
        account_public_access,
        vpc_endpoints,
        service_control,
        resource_control,
    }
}

/// The access point that the request goes through: as the command named it, as AWS's message does, or by its alias among
/// those of the caller's own account.
async fn access_point_arn(
    plan: &Plan<'_>,
    denial: Option<&Denial>,
    identity: Later<'_, identity::Identity>,
) -> Option<String> {
    let request = plan.request;
    if let Some(arn) = &request.access_point_arn {
        return Some(arn.clone());
    }
    if let Some((arn, _)) =
        denial.and_then(|denial| denial.resource.as_deref()).and_then(|arn| arn.split_once("/object/"))
    {
        return arn.contains(":accesspoint/").then(|| arn.to_owned());
    }
    let name = alias_name(request.bucket.as_deref()?)?;
    let account = identity.await.known()?.account.clone();
    Some(format!("arn:{}:s3:{}:{account}:accesspoint/{name}", request.partition, plan.clients.region()))
}

/// Whether the refusal is KMS's.
fn names_kms(denial: &Denial) -> bool {
    denial.layer == Some(DeniedLayer::KmsKey)
        || denial.action.as_deref().is_some_and(|action| action.starts_with("kms:"))
}

fn not_needed_pair<A, B>() -> (Answer<A>, Answer<B>) {
    (Answer::Skipped(NOT_NEEDED.to_owned()), Answer::Skipped(NOT_NEEDED.to_owned()))
}

async fn read_key(desk: &Desk<'_>, keys: &Credentials, arn: &str) -> Answer<kms::Key> {
    let region = arn.split(':').nth(3).filter(|region| !region.is_empty());
    match desk.plan.clients.kms(keys, region) {
        Ok(client) => desk.ask(kms::NAME, |ledger| async move { kms::read(&client, arn, &ledger).await }).await,
        Err(why) => desk.skip(kms::NAME, &why),
    }
}

async fn ask_public_access(
    desk: &Desk<'_>,
    client: &aws_sdk_s3::Client,
    keys: Option<&Credentials>,
    identity: Later<'_, identity::Identity>,
) -> (Answer<settings::PublicAccessBlock>, Answer<settings::PublicAccessBlock>) {
    let plan = desk.plan;
    let bucket_level = async {
        match &plan.request.bucket {
            Some(name) => {
                desk.ask(settings::PUBLIC_ACCESS, |ledger| async move {
                    settings::public_access(client, name, &ledger).await
                })
                .await
            }
            None => desk.skip(settings::PUBLIC_ACCESS, "the request names no bucket"),
        }
    };
    let account_level = async {
        let known = identity.await.known().map(|identity| identity.account.clone());
        // An access key id of the newer kind tells its account by itself.
        let account = known.or_else(|| keys.and_then(|keys| access_key_account(keys.access_key_id())));
        match (keys, account) {
            (Some(keys), Some(account)) => {
                desk.ask(settings::ACCOUNT_PUBLIC_ACCESS, |ledger| async move {
                    settings::account_public_access(plan.clients, keys, &account, (plan.world.now)(), &ledger).await
                })
                .await
            }
            _ => desk.skip(settings::ACCOUNT_PUBLIC_ACCESS, "the caller's account is not known"),
        }
    };
    join(bucket_level, account_level).await
}

async fn ask_endpoints(desk: &Desk<'_>, keys: &Credentials) -> Answer<Vec<vpc_endpoints::VpcEndpoint>> {
    let plan = desk.plan;
    if let EndpointChoice::NotReachable { why } = plan.settings.endpoints.for_service(ServiceId::Ec2) {
        return desk.skip(vpc_endpoints::NAME, &why);
    }
    desk.ask(vpc_endpoints::NAME, |ledger| async move {
        vpc_endpoints::describe(plan.clients, keys, (plan.world.now)(), &ledger).await
    })
    .await
}

type Levels = Answer<Vec<organization::OrganizationLevel>>;

async fn ask_organization(
    desk: &Desk<'_>,
    keys: &Credentials,
    scp: bool,
    rcp: bool,
    identity: Later<'_, identity::Identity>,
) -> (Levels, Levels) {
    let plan = desk.plan;
    if let EndpointChoice::NotReachable { why } = plan.settings.endpoints.for_service(ServiceId::Organizations) {
        return (desk.skip(organization::NAME, &why), Answer::Skipped(why));
    }
    let Some(account) = identity.await.known().map(|identity| identity.account.clone()) else {
        return (desk.skip(organization::NAME, "the caller's account is not known"), Answer::Skipped(String::new()));
    };
    let both = RefCell::new((None, None));
    let _levels: Answer<()> = desk
        .ask(organization::NAME, |ledger| {
            let (account, both) = (&account, &both);
            async move {
                let asking = Asking { clients: plan.clients, keys, now: (plan.world.now)(), ledger: &ledger };
                let (service, resource) = join(
                    async {
                        if scp {
                            Some(asking.policies(account, OrganizationPolicyKind::ServiceControl).await)
                        } else {
                            None
                        }
                    },
                    async {
                        if rcp {
                            Some(asking.policies(account, OrganizationPolicyKind::ResourceControl).await)
                        } else {
                            None
                        }
                    },
                )
                .await;
                let worst = service.iter().chain(&resource).find(|answer| answer.known().is_none()).cloned();
                *both.borrow_mut() = (service, resource);
                worst.map_or(Answer::Known(()), |answer| answer.map(|_| ()))
            }
        })
        .await;
    let (service, resource) = both.into_inner();
    let skipped = || Answer::Skipped(NOT_NEEDED.to_owned());
    (service.unwrap_or_else(skipped), resource.unwrap_or_else(skipped))
}

/// What is asked only where the first answers did not settle it: the refusal was bare, and the documents read so far
/// allow the request or could not be read.
pub async fn further(plan: &Plan<'_>, evidence: &mut Evidence) {
    let desk = Desk { plan, checks: RefCell::new(std::mem::take(&mut evidence.checks)) };
    let region = evidence.replay.known().and_then(|replay| replay.in_region.as_ref()).map(|(region, _)| region.clone());
    let (Some(bucket), Ok(signer)) = (plan.request.bucket.as_deref(), signer(plan).await) else {
        evidence.checks = desk.checks.into_inner();
        return;
    };
    let keys = match &signer {
        Signer::Keys(keys) => Some(keys.clone()),
        Signer::Nobody => None,
    };
    let client = &plan.clients.s3(&signer, region.as_deref());
    let identity: Later<'_, identity::Identity> = std::future::ready(evidence.identity.clone()).boxed_local().shared();
    // What only an owner may read is not asked for where S3 said that the bucket is another account's.
    let foreign = evidence.bucket_policy.known() == Some(&bucket_policy::BucketPolicy::NotTheOwner);
    let general = plan.request.bucket_kind == BucketKind::General;
    let own = async {
        match evidence.own_buckets.known() {
            None if keys.is_some() => Some(
                desk.ask(own_buckets::NAME, |ledger| async move { own_buckets::list(client, &ledger).await }).await,
            ),
            _ => None,
        }
    };
    let owners =
        async {
            if keys.is_none() || !general {
                return None;
            }
            if foreign {
                return Some((desk.skip(settings::OWNERSHIP, FOREIGN), desk.skip(settings::PAYMENT, FOREIGN)));
            }
            Some(
                join(
                    desk.ask(settings::OWNERSHIP, |ledger| async move {
                        settings::ownership(client, bucket, &ledger).await
                    }),
                    desk.ask(settings::PAYMENT, |ledger| async move {
                        settings::requester_pays(client, bucket, &ledger).await
                    }),
                )
                .await,
            )
        };
    let acl = async {
        let read = matches!(replay::stand_in(plan.request), Ok(Stand::Object)) && plan.request.key.is_some();
        if keys.is_none() || !general || !read {
            return None;
        }
        Some(
            desk.ask(object_acl::NAME, |ledger| async move { object_acl::read(client, plan.request, &ledger).await })
                .await,
        )
    };
    let public = async {
        match evidence.public_access {
            Answer::Skipped(_) if foreign => {
                Some((desk.skip(settings::PUBLIC_ACCESS, FOREIGN), desk.skip(settings::ACCOUNT_PUBLIC_ACCESS, FOREIGN)))
            }
            Answer::Skipped(_) if general && keys.is_some() => {
                Some(ask_public_access(&desk, client, keys.as_ref(), identity.clone()).await)
            }
            _ => None,
        }
    };
    let network = async {
        match (&keys, &evidence.vpc_endpoints) {
            (Some(keys), Answer::Skipped(_)) => Some(ask_endpoints(&desk, keys).await),
            _ => None,
        }
    };
    let name = async {
        match plan.settings.endpoints.for_service(ServiceId::S3) {
            EndpointChoice::Aws => {
                let host = format!("s3.{}.amazonaws.com", plan.clients.region());
                Some(desk.ask(dns::NAME, |_| async move { dns::resolve(&host).await }).await)
            }
            _ => None,
        }
    };
    let organization = async {
        match (&keys, &evidence.service_control) {
            (Some(keys), Answer::Skipped(_)) => Some(ask_organization(&desk, keys, true, true, identity.clone()).await),
            _ => None,
        }
    };
    let about = async {
        let keys = keys.as_ref()?;
        if let EndpointChoice::NotReachable { why } = plan.settings.endpoints.for_service(ServiceId::Organizations) {
            return Some(desk.skip(organization::ABOUT, &why));
        }
        Some(
            desk.ask(organization::ABOUT, |ledger| async move {
                Asking { clients: plan.clients, keys, now: (plan.world.now)(), ledger: &ledger }.organization().await
            })
            .await,
        )
    };
    let simulated = async {
        let unread = evidence.identity_policies.known().is_none_or(|policies| !policies.unread.is_empty());
        let (Some(keys), Some(principal), true) = (&keys, simulated_principal(evidence), unread) else { return None };
        let (Ok(iam), Some(action), Some(resource)) =
            (plan.clients.iam(keys), plan.request.action.clone(), plan.request.resource_arn())
        else {
            return None;
        };
        Some(
            desk.ask(simulation::NAME, |ledger| async move {
                simulation::ask_iam(&iam, &principal, &action, &resource, &ledger).await
            })
            .await,
        )
    };
    let (own, owners, acl, public, network, name, organization, about, simulated) =
        tokio::join!(own, owners, acl, public, network, name, organization, about, simulated);
    drop(identity);
    if let Some(answer) = own {
        evidence.own_buckets = answer;
    }
    if let Some((ownership, payer)) = owners {
        evidence.ownership = ownership;
        evidence.requester_pays = payer;
    }
    if let Some(answer) = acl {
        evidence.object_acl = answer;
    }
    if let Some((bucket_level, account_level)) = public {
        evidence.public_access = bucket_level;
        evidence.account_public_access = account_level;
    }
    if let Some(answer) = network {
        evidence.vpc_endpoints = answer;
    }
    if let Some(answer) = name {
        evidence.dns = answer;
    }
    if let Some((service, resource)) = organization {
        evidence.service_control = service;
        evidence.resource_control = resource;
    }
    if let Some(answer) = about {
        evidence.organization = answer;
    }
    if let Some(answer) = simulated {
        evidence.simulation = answer;
    }
    evidence.checks = desk.checks.into_inner();
}

/// The user or role that the simulation speaks for. A session's role ARN lacks the path, which only IAM can tell.
fn simulated_principal(evidence: &Evidence) -> Option<String> {
    let read = evidence.identity_policies.known().map(|policies| policies.principal.clone());
    if let Some(principal) = read.filter(|principal| !principal.is_empty()) {
        return Some(principal);
    }
    let principal: Principal = evidence.identity.known()?.arn.parse().ok()?;
    match &principal {
        Principal::User { .. } => Some(principal.to_string()),
        Principal::Session { .. } => principal.role_arn(),
        _ => None,
    }
}

/// A role that could not be assumed: who tried, with which policies, and whom the role trusts.
async fn assume_role(desk: &Desk<'_>, keys: Option<&Credentials>, evidence: &mut Evidence) {
    let plan = desk.plan;
    let Some(keys) = keys else { return };
    let identity = ask_identity(desk, keys).boxed_local().shared();
    let policies = async {
        match plan.clients.iam(keys) {
            Ok(iam) => read_policies(desk, &iam, caller_arn(plan, None, identity.clone()).await).await,
            Err(why) => desk.skip(identity_policies::NAME, &why),
        }
    };
    let trust = async {
        match (plan.clients.iam(keys), &plan.request.role_arn) {
            (Ok(iam), Some(arn)) => {
                desk.ask(role_trust::NAME, |ledger| async move { role_trust::read(&iam, arn, &ledger).await }).await
            }
            (Err(why), _) => desk.skip(role_trust::NAME, &why),
            (_, None) => desk.skip(role_trust::NAME, "the role is not known"),
        }
    };
    let (identity, policies, trust) = join3(identity.clone(), policies, trust).await;
    evidence.identity = identity;
    evidence.identity_policies = policies;
    evidence.role_trust = trust;
}
