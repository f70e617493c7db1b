//! The questions that only a bare refusal makes worth asking.

use super::ask::{ask_endpoints, ask_object_acl, ask_own_buckets, ask_ownership, ask_public_access};
use super::desk::{Desk, Later};
use super::named::names_kms;
use super::{FOREIGN, OWN, Plan, organization, signer};
use crate::aws::clients::Signer;
use crate::evidence::bucket_policy::BucketPolicy;
use crate::evidence::replay::Stand;
use crate::evidence::settings::Ownership;
use crate::evidence::{
    AWS_NAMED_IT, Answer, Evidence, dns, identity, object_acl, replay, settings, simulation, vpc_endpoints,
};
use crate::policy::Principal;
use crate::recognize::Denial;
use crate::request::{BucketKind, EndpointChoice, ServiceId};
use futures_util::FutureExt;
use std::cell::RefCell;

/// What is asked only where the first answers did not settle it: the refusal was bare, and the documents read so far
/// allow the request or could not be read.
pub async fn further(plan: &Plan<'_>, evidence: &mut Evidence) {
    let desk = Desk { plan, checks: RefCell::new(std::mem::take(&mut evidence.checks)) };
    let region = evidence.region.clone();
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
    let owns = evidence.own_buckets.known().and_then(|own| own.owns(bucket));
    let policy = evidence.bucket_policy.known();
    let foreign = policy == Some(&BucketPolicy::NotTheOwner) || (policy.is_none() && owns == Some(false));
    let is_own = policy.is_some_and(BucketPolicy::is_the_callers) || owns == Some(true);
    // Where AWS named what refuses, nothing but that is looked for.
    let refused = evidence.replay.known().and_then(|replay| Denial::read(replay.decisive().message()));
    let refused = refused.as_ref().or(plan.denial).filter(|_| !plan.asks_all);
    let named = refused.is_some_and(|denial| denial.layer.is_some());
    // Where KMS refuses, the bucket's settings and the object's owner do not.
    let general = plan.request.bucket_kind == BucketKind::General && !refused.is_some_and(names_kms);
    let enforced = evidence.ownership.known() == Some(&Ownership::BucketOwnerEnforced);
    let own = async {
        match evidence.own_buckets {
            Answer::Skipped(_) if keys.is_some() && general && !(is_own && enforced) => {
                Some(ask_own_buckets(&desk, client).await)
            }
            _ => None,
        }
    };
    let ownership = async {
        match evidence.ownership {
            Answer::Skipped(_) if keys.is_some() && general && foreign => Some(desk.skip(settings::OWNERSHIP, FOREIGN)),
            Answer::Skipped(_) if keys.is_some() && general => Some(ask_ownership(&desk, client).await),
            _ => None,
        }
    };
    let payment = async {
        if keys.is_none() || !general {
            return None;
        }
        if foreign {
            return Some(desk.skip(settings::PAYMENT, FOREIGN));
        }
        if is_own {
            return Some(desk.skip(settings::PAYMENT, "the bucket's own account never pays as a requester"));
        }
        let ask = desk
            .ask(settings::PAYMENT, |ledger| async move { settings::requester_pays(client, bucket, &ledger).await });
        Some(ask.await)
    };
    let acl = async {
        let key = plan.request.key.as_deref().filter(|_| matches!(replay::stand_in(plan.request), Ok(Stand::Object)));
        let (Some(key), true, true) = (key, general, keys.is_some()) else { return None };
        let listed = evidence.listing.known().and_then(|listing| listing.owner_of(key));
        let owner = evidence.own_buckets.known().filter(|_| is_own).and_then(|own| own.owner.as_deref());
        match evidence.object_acl {
            Answer::Skipped(_) if foreign => Some(desk.skip(object_acl::NAME, "the bucket is another account's")),
            Answer::Skipped(_) if enforced || (listed.is_some() && listed == owner) => {
                Some(desk.skip(object_acl::NAME, "the bucket's owner owns the object"))
            }
            Answer::Skipped(_) => Some(ask_object_acl(&desk, client).await),
            _ => None,
        }
    };
    let public = async {
        match evidence.public_access {
            Answer::Skipped(_) if foreign => {
                Some((desk.skip(settings::PUBLIC_ACCESS, FOREIGN), desk.skip(settings::ACCOUNT_PUBLIC_ACCESS, FOREIGN)))
            }
            Answer::Skipped(_) if is_own && keys.is_some() => {
                Some((desk.skip(settings::PUBLIC_ACCESS, OWN), desk.skip(settings::ACCOUNT_PUBLIC_ACCESS, OWN)))
            }
            Answer::Skipped(_) if general && keys.is_some() => {
                Some(ask_public_access(&desk, client, keys.as_ref(), identity.clone()).await)
            }
            _ => None,
        }
    };
    let network = async {
        match (&keys, &evidence.vpc_endpoints) {
            (_, Answer::Skipped(_)) if named => Some(desk.skip(vpc_endpoints::NAME, AWS_NAMED_IT)),
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
        match (&keys, &evidence.organization) {
            (_, Answer::Skipped(_)) if named => Some(organization::Found::skipped(AWS_NAMED_IT)),
            (Some(keys), Answer::Skipped(_)) => Some(organization::ask_everything(&desk, keys, identity.clone()).await),
            _ => None,
        }
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
    let (own, ownership, payment, acl, public, network, name, organization, simulated) =
        tokio::join!(own, ownership, payment, acl, public, network, name, organization, simulated);
    drop(identity);
    if let Some(answer) = own {
        evidence.own_buckets = answer;
    }
    if let Some(answer) = ownership {
        evidence.ownership = answer;
    }
    if let Some(answer) = payment {
        evidence.requester_pays = answer;
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
    if let Some(found) = organization {
        found.put(evidence);
    }
    if let Some(answer) = simulated {
        evidence.simulation = answer;
    }
    evidence.checks = desk.checks.into_inner();
}

/// The user or role that the simulation speaks for. A session's role ARN lacks the path, which only IAM can tell.
pub(super) fn simulated_principal(evidence: &Evidence) -> Option<String> {
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
