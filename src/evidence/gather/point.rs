//! The access point that the request goes through, and the bucket behind it.

use super::Plan;
use super::desk::{Desk, Later};
use crate::evidence::access_point::AccessPoint;
use crate::evidence::replay::Replay;
use crate::evidence::{Answer, access_point, identity};
use crate::recognize::Denial;
use crate::request::{BucketKind, alias_name};
use aws_credential_types::Credentials;

/// Asks about it as soon as its ARN is known: at once where the command names it.
pub(super) async fn ask_access_point(
    desk: &Desk<'_>,
    keys: Option<&Credentials>,
    replayed: Later<'_, Replay>,
    identity: Later<'_, identity::Identity>,
) -> Answer<AccessPoint> {
    let plan = desk.plan;
    let Some(keys) = keys.filter(|_| plan.request.bucket_kind != BucketKind::General) else {
        return Answer::Skipped("the request goes to the bucket itself".to_owned());
    };
    match access_point_arn(plan, replayed, identity).await {
        Some(arn) => {
            desk.ask(access_point::NAME, |ledger| async move {
                access_point::read(plan.clients, keys, &arn, (plan.world.now)(), &ledger).await
            })
            .await
        }
        None => desk.skip(access_point::NAME, "the access point's ARN is not known"),
    }
}

/// As the command named it, as AWS's message does, or by its alias among those of the caller's own account.
async fn access_point_arn(
    plan: &Plan<'_>,
    replayed: Later<'_, Replay>,
    identity: Later<'_, identity::Identity>,
) -> Option<String> {
    let request = plan.request;
    if let Some(arn) = &request.access_point_arn {
        return Some(arn.clone());
    }
    let refused = replayed.await;
    let denial = refused.known().and_then(|replay| Denial::read(replay.decisive().message()));
    let named = denial.as_ref().or(plan.denial).and_then(|denial| denial.resource.as_deref());
    if let Some((arn, _)) = named.and_then(|arn| arn.split_once("/object/")) {
        return arn.contains(":accesspoint/").then(|| arn.to_owned());
    }
    let name = alias_name(request.bucket.as_deref()?)?;
    let account = identity.await.known()?.account.clone();
    Some(format!("arn:{}:s3:{}:{account}:accesspoint/{name}", request.partition, plan.clients.region()))
}
