//! The bucket's own settings that decide about access beside its policy: Block Public Access (bucket and
//! account), Object Ownership, Requester Pays. Each is readable with a permission of its own.

use crate::aws::answer::ask;
use crate::aws::clients::Clients;
use crate::aws::ledger::Ledger;
use crate::aws::xml;
use crate::evidence::{Answer, ApiError};
use aws_credential_types::Credentials;
use std::sync::Arc;
use std::time::SystemTime;

pub const PUBLIC_ACCESS: &str = "s3-public-access-block";
pub const ACCOUNT_PUBLIC_ACCESS: &str = "account-public-access-block";
pub const OWNERSHIP: &str = "s3-ownership-controls";
pub const PAYMENT: &str = "s3-request-payment";
pub const POLICY_STATUS: &str = "s3-policy-status";
pub const ENCRYPTION: &str = "s3-encryption";

/// The four switches of Block Public Access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the API has these four switches")]
pub struct PublicAccessBlock {
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// The most restrictive union, as S3 forms it of the account's and the bucket's.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            block_public_acls: self.block_public_acls || other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls || other.ignore_public_acls,
            block_public_policy: self.block_public_policy || other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets || other.restrict_public_buckets,
        }
    }
}

/// Who owns what is uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// ACLs are off; the bucket's owner owns every object.
    BucketOwnerEnforced,
    BucketOwnerPreferred,
    /// The writer owns (also where nothing is configured).
    ObjectWriter,
}

/// The bucket's Block Public Access.
pub async fn public_access(
    client: &aws_sdk_s3::Client,
    bucket: &str,
    ledger: &Arc<Ledger>,
) -> Answer<PublicAccessBlock> {
    let reply =
        ask(ledger, |capture| client.get_public_access_block().bucket(bucket).customize().interceptor(capture).send())
            .await;
    match reply.into_answer() {
        Answer::Known(output) => {
            let block = output.public_access_block_configuration;
            Answer::Known(block.map_or_else(PublicAccessBlock::default, |block| PublicAccessBlock {
                block_public_acls: block.block_public_acls.unwrap_or(false),
                ignore_public_acls: block.ignore_public_acls.unwrap_or(false),
                block_public_policy: block.block_public_policy.unwrap_or(false),
                restrict_public_buckets: block.restrict_public_buckets.unwrap_or(false),
            }))
        }
        Answer::Denied(ApiError { code, .. }) if code == "NoSuchPublicAccessBlockConfiguration" => {
            Answer::Known(PublicAccessBlock::default())
        }
        other => other.map(|_| PublicAccessBlock::default()),
    }
}

/// The account's Block Public Access (S3 Control).
pub async fn account_public_access(
    clients: &Clients<'_>,
    keys: &Credentials,
    account: &str,
    now: SystemTime,
    ledger: &Arc<Ledger>,
) -> Answer<PublicAccessBlock> {
    let reply =
        clients.s3_control(keys, "GetPublicAccessBlock", account, "configuration/publicAccessBlock", now, ledger).await;
    match reply {
        Answer::Known(body) => Answer::Known(read_block(&body)),
        Answer::Denied(ApiError { code, .. }) if code == "NoSuchPublicAccessBlockConfiguration" => {
            Answer::Known(PublicAccessBlock::default())
        }
        other => other.map(|_| PublicAccessBlock::default()),
    }
}

fn read_block(body: &[u8]) -> PublicAccessBlock {
    let mut block = PublicAccessBlock::default();
    xml::walk(body, |path, text| {
        let on = text.eq_ignore_ascii_case("true");
        match path.last().map(String::as_str) {
            Some("BlockPublicAcls") => block.block_public_acls = on,
            Some("IgnorePublicAcls") => block.ignore_public_acls = on,
            Some("BlockPublicPolicy") => block.block_public_policy = on,
            Some("RestrictPublicBuckets") => block.restrict_public_buckets = on,
            _ => {}
        }
    });
    block
}

/// The bucket's Object Ownership.
pub async fn ownership(client: &aws_sdk_s3::Client, bucket: &str, ledger: &Arc<Ledger>) -> Answer<Ownership> {
    let reply = ask(ledger, |capture| {
        client.get_bucket_ownership_controls().bucket(bucket).customize().interceptor(capture).send()
    })
    .await;
    match reply.into_answer() {
        Answer::Known(output) => {
            let rules = output.ownership_controls.map(|controls| controls.rules).unwrap_or_default();
            Answer::Known(match rules.first().map(|rule| rule.object_ownership.as_str()) {
                Some("BucketOwnerEnforced") => Ownership::BucketOwnerEnforced,
                Some("BucketOwnerPreferred") => Ownership::BucketOwnerPreferred,
                _ => Ownership::ObjectWriter,
            })
        }
        Answer::Denied(ApiError { code, .. }) if code == "OwnershipControlsNotFoundError" => {
            Answer::Known(Ownership::ObjectWriter)
        }
        other => other.map(|_| Ownership::ObjectWriter),
    }
}

/// Whether the bucket policy is public, as S3 judges it; a bucket without a policy has no public one.
pub async fn policy_is_public(client: &aws_sdk_s3::Client, bucket: &str, ledger: &Arc<Ledger>) -> Answer<bool> {
    let reply =
        ask(ledger, |capture| client.get_bucket_policy_status().bucket(bucket).customize().interceptor(capture).send())
            .await;
    match reply.into_answer() {
        Answer::Known(output) => {
            Answer::Known(output.policy_status.and_then(|status| status.is_public).unwrap_or(false))
        }
        Answer::Denied(ApiError { code, .. }) if code == "NoSuchBucketPolicy" => Answer::Known(false),
        other => other.map(|_| false),
    }
}

/// Well-known public buckets whose documentation says that the requester pays.
const KNOWN_TO_CHARGE: &[&str] = &[
    "arxiv",
    "imdb-datasets",
    "naip-analytic",
    "naip-source",
    "naip-visualization",
    "sentinel-s1-l1c",
    "sentinel-s2-l1c",
    "sentinel-s2-l2a",
    "usgs-landsat",
    "usgs-lidar",
];

/// Whether it is one of those.
#[must_use]
pub fn is_known_to_charge(bucket: &str) -> bool {
    KNOWN_TO_CHARGE.contains(&bucket)
}

/// Whether the requester pays. Only the owner's account is told.
pub async fn requester_pays(client: &aws_sdk_s3::Client, bucket: &str, ledger: &Arc<Ledger>) -> Answer<bool> {
    let reply = ask(ledger, |capture| {
        client.get_bucket_request_payment().bucket(bucket).customize().interceptor(capture).send()
    })
    .await;
    reply.into_answer().map(|output| output.payer.is_some_and(|payer| payer.as_str() == "Requester"))
}

/// The KMS key that an upload without its own encryption header is encrypted with: `None` for S3's own keys.
pub async fn default_key(client: &aws_sdk_s3::Client, bucket: &str, ledger: &Arc<Ledger>) -> Answer<Option<String>> {
    let reply =
        ask(ledger, |capture| client.get_bucket_encryption().bucket(bucket).customize().interceptor(capture).send())
            .await;
    match reply.into_answer() {
        Answer::Known(output) => {
            let rules = output.server_side_encryption_configuration.map(|found| found.rules).unwrap_or_default();
            let rule = rules.into_iter().find_map(|rule| rule.apply_server_side_encryption_by_default);
            Answer::Known(rule.and_then(|rule| {
                let by_kms = rule.sse_algorithm.as_str().starts_with("aws:kms");
                by_kms.then(|| rule.kms_master_key_id.unwrap_or_else(|| "alias/aws/s3".to_owned()))
            }))
        }
        Answer::Denied(ApiError { code, .. }) if code == "ServerSideEncryptionConfigurationNotFoundError" => {
            Answer::Known(None)
        }
        other => other.map(|_| None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_switches_are_read() {
        let body = b"<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls><RestrictPublicBuckets>TRUE</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
        let block = read_block(body);
        assert!(block.restrict_public_buckets && !block.block_public_acls);
        assert_eq!(read_block(b"<<not xml"), PublicAccessBlock::default());
    }
}
