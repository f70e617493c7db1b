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

mod ask;
mod assume_role;
mod desk;
mod further;
mod named;

pub use further::further;

use self::assume_role::assume_role;
use self::desk::{Desk, Later};
use self::named::ask_named;
use crate::aws::answer::Exchange;
use crate::aws::clients::{Clients, Signer};
use crate::aws::credentials::{CredentialsError, Sources};
use crate::aws::ledger::Total;
use crate::cache::{Bucket, Cache, Whose};
use crate::evidence::replay::{Replay, Stand};
use crate::evidence::{
    Answer, Evidence, NOT_NEEDED, bucket, bucket_policy, identity, identity_policies, listing, replay, session,
    unsigned,
};
use crate::policy::Principal;
use crate::recognize::{Denial, DeniedLayer};
use crate::request::{BucketKind, ProfileOption, Request, ServiceId, Settings};
use crate::world::World;
use aws_credential_types::Credentials;
use futures_util::FutureExt;
use futures_util::future::{join, join3, join4};
use std::cell::RefCell;
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
    let s3 = &plan.clients.s3(signer, region);
    // An unsigned request may be told nothing; the bucket's own documents can be read by whoever may.
    let reader = match keys {
        Some(_) => None,
        None => borrowed_keys(plan).await,
    };
    let owner_view =
        &reader.as_ref().map_or_else(|| s3.clone(), |keys| plan.clients.s3(&Signer::Keys(keys.clone()), region));
    let first_round = region.is_none();
    let stand = replay::stand_in(request);
    let object_read = matches!(stand, Ok(Stand::Object));

    let replayed: Later<'_, Replay> = async {
        match &stand {
            Ok(stand) => {
                desk.ask(replay::NAME, |ledger| async move {
                    let answer = replay::send(s3, request, *stand, &ledger).await;
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
                desk.ask(
                    bucket_policy::NAME,
                    |ledger| async move { bucket_policy::get(owner_view, name, &ledger).await },
                )
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
        desk.ask(bucket::NAME, |ledger| async move { bucket::head(s3, name, &ledger).await }).await
    };
    let listed = async {
        match (bucket_name, &request.key, keys) {
            (Some(name), Some(key), Some(_)) if object_read => {
                desk.ask(listing::NAME, |ledger| async move { listing::near(s3, request, name, key, &ledger).await })
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
