//! The object itself, as its HEAD tells where HEAD is allowed: storage class, encryption, key. Needs only
//! `s3:GetObject`, so it answers where a GET is refused for its KMS key or its storage class.

use crate::aws::answer::{Exchange, ask};
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::request::Request;
use aws_sdk_s3::types::RequestPayer;
use std::sync::Arc;

pub const NAME: &str = "s3-object";

/// Asks as the command did; every answer that came is `Known`.
pub async fn head(client: &aws_sdk_s3::Client, request: &Request, ledger: &Arc<Ledger>) -> Answer<Exchange> {
    let mut call = client
        .head_object()
        .set_bucket(request.bucket.clone())
        .set_key(request.key.clone())
        .set_version_id(request.version_id.clone())
        .set_expected_bucket_owner(request.expected_bucket_owner.clone())
        .set_request_payer(request.request_payer.then_some(RequestPayer::Requester));
    if let Some(sse_c) = &request.sse_c {
        call = call
            .sse_customer_algorithm(&sse_c.algorithm)
            .sse_customer_key(sse_c.key.expose())
            .set_sse_customer_key_md5(sse_c.md5.clone());
    }
    ask(ledger, |capture| call.customize().interceptor(capture).send()).await.into_exchange()
}
