//! Whether the bucket exists, and where: `HeadBucket`, whose `x-amz-bucket-region` comes on a refusal too.

use crate::aws::answer::{Exchange, ask};
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use std::sync::Arc;

pub const NAME: &str = "s3-bucket";

/// Asks; every answer that came is `Known`, whatever its status.
pub async fn head(client: &aws_sdk_s3::Client, bucket: &str, ledger: &Arc<Ledger>) -> Answer<Exchange> {
    let reply =
        ask(ledger, |capture| client.head_bucket().bucket(bucket).customize().interceptor(capture).send()).await;
    reply.into_exchange()
}
