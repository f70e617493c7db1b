//! The same harmless request with one thing changed: signed where the command sent it unsigned, or without the
//! expected bucket owner. What changes the answer is what stood in the way.

use crate::aws::answer::Exchange;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::evidence::replay::{self, Stand};
use crate::request::Request;
use std::sync::Arc;

pub const SIGNED: &str = "s3-signed";
pub const WITHOUT_OWNER: &str = "s3-without-expected-owner";

/// The request without `x-amz-expected-bucket-owner`.
pub async fn without_owner(
    client: &aws_sdk_s3::Client,
    request: &Request,
    stand: Stand,
    ledger: &Arc<Ledger>,
) -> Answer<Exchange> {
    let plain = Request { expected_bucket_owner: None, ..request.clone() };
    replay::send(client, &plain, stand, ledger).await
}
