//! The caller's account's own buckets: `ListBuckets`. Tells whose a bucket is, the account's canonical user id,
//! and a mistyped name.

use crate::aws::answer::ask;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use std::sync::Arc;

pub const NAME: &str = "s3-own-buckets";

/// What the account owns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnBuckets {
    pub names: Vec<String>,
    /// The account's canonical user id.
    pub owner: Option<String>,
    /// Whether there are more than the page held.
    pub truncated: bool,
}

impl OwnBuckets {
    /// Whether the account owns the bucket, where the page can tell.
    #[must_use]
    pub fn owns(&self, bucket: &str) -> Option<bool> {
        if self.names.iter().any(|name| name == bucket) { Some(true) } else { (!self.truncated).then_some(false) }
    }
}

/// Asks for the names.
pub async fn list(client: &aws_sdk_s3::Client, ledger: &Arc<Ledger>) -> Answer<OwnBuckets> {
    let reply = ask(ledger, |capture| client.list_buckets().customize().interceptor(capture).send()).await;
    reply.into_answer().map(|output| OwnBuckets {
        truncated: output.continuation_token.is_some(),
        owner: output.owner.and_then(|owner| owner.id),
        names: output.buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name).collect(),
    })
}
