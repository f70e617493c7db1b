//! The questions that more than one stage may ask.

use super::desk::{Desk, Later};
use crate::evidence::{Answer, identity, kms, object_acl, own_buckets, settings, vpc_endpoints};
use crate::request::{EndpointChoice, ServiceId, access_key_account};
use aws_credential_types::Credentials;
use futures_util::future::join;

pub(super) async fn read_key(desk: &Desk<'_>, keys: &Credentials, arn: &str) -> Answer<kms::Key> {
    let region = arn.split(':').nth(3).filter(|region| !region.is_empty());
    match desk.plan.clients.kms(keys, region) {
        Ok(client) => desk.ask(kms::NAME, |ledger| async move { kms::read(&client, arn, &ledger).await }).await,
        Err(why) => desk.skip(kms::NAME, &why),
    }
}

pub(super) async fn ask_own_buckets(desk: &Desk<'_>, client: &aws_sdk_s3::Client) -> Answer<own_buckets::OwnBuckets> {
    desk.ask(own_buckets::NAME, |ledger| async move { own_buckets::list(client, &ledger).await }).await
}

pub(super) async fn ask_ownership(desk: &Desk<'_>, client: &aws_sdk_s3::Client) -> Answer<settings::Ownership> {
    match &desk.plan.request.bucket {
        Some(name) => {
            desk.ask(settings::OWNERSHIP, |ledger| async move { settings::ownership(client, name, &ledger).await })
                .await
        }
        None => desk.skip(settings::OWNERSHIP, "the request names no bucket"),
    }
}

pub(super) async fn ask_object_acl(desk: &Desk<'_>, client: &aws_sdk_s3::Client) -> Answer<object_acl::ObjectAcl> {
    desk.ask(object_acl::NAME, |ledger| async move { object_acl::read(client, desk.plan.request, &ledger).await }).await
}

pub(super) async fn ask_public_access(
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

pub(super) async fn ask_endpoints(desk: &Desk<'_>, keys: &Credentials) -> Answer<Vec<vpc_endpoints::VpcEndpoint>> {
    let plan = desk.plan;
    if let EndpointChoice::NotReachable { why } = plan.settings.endpoints.for_service(ServiceId::Ec2) {
        return desk.skip(vpc_endpoints::NAME, &why);
    }
    desk.ask(vpc_endpoints::NAME, |ledger| async move {
        vpc_endpoints::describe(plan.clients, keys, (plan.world.now)(), &ledger).await
    })
    .await
}
