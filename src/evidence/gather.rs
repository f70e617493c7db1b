//! Which probes are asked, in which order, within which budget. They run side by side; one that needs another's
//! answer starts as soon as that is there. Nothing is judged here: what AWS's message names decides only which
//! documents are worth a request.
//!
//! ```text
//! at once   sts-identity · s3-replay · s3-list · s3-bucket-policy · s3-other-bucket-policy (of a copy)
//! then      iam-policies (who?) · s3-bucket (is it there?) · s3-own-buckets, s3-ownership-controls (whose?) ·
//!           s3-unsigned, other-profiles, kms-key, vpc-endpoints, organization-policies (refused by what?)
//! further   what only a bare refusal makes worth asking: payment, Block Public Access, …
//! ```

mod ask;
mod assume_role;
mod desk;
mod further;
mod kept;
mod named;
mod organization;
mod owner;
mod point;
mod questions;

pub use further::further;

use self::assume_role::assume_role;
use self::desk::{Desk, Later};
use self::questions::ask_s3;
use crate::aws::clients::{Clients, Signer};
use crate::aws::credentials::{CredentialsError, Sources};
use crate::aws::ledger::Total;
use crate::cache::Cache;
use crate::evidence::{Answer, Evidence, NOT_NEEDED, identity, identity_policies, session};
use crate::policy::Principal;
use crate::recognize::Denial;
use crate::request::{ProfileOption, Request, Settings};
use crate::world::World;
use aws_credential_types::Credentials;
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
    /// Whether what may be asked is itself the question: then nothing is left out because it explains nothing.
    pub asks_all: bool,
    /// The answers of earlier diagnoses, where they may be used.
    pub cache: Option<&'a Cache>,
    /// When all has to be over.
    pub deadline: Instant,
    pub total: Arc<Total>,
}

/// The condition key that holds the KMS key which an upload named.
const KMS_KEY_HEADER: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

/// Why a bucket's settings are not asked for.
const FOREIGN: &str = "the bucket is another account's, and only its owner is told";

/// Why Block Public Access is not asked for.
const OWN: &str = "it does not reach the bucket's own account";

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
        ask_s3(&desk, &signer, keys.as_ref(), &mut evidence).await;
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
