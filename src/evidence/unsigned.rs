//! Whether a stranger could read it: the same HEAD without a signature. Free of charge for the caller.

use crate::aws::answer::{Exchange, ask};
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::request::Request;
use std::sync::Arc;

pub const NAME: &str = "s3-unsigned";

/// Asks with a client that does not sign; every answer that came is `Known`.
pub async fn head(client: &aws_sdk_s3::Client, request: &Request, ledger: &Arc<Ledger>) -> Answer<Exchange> {
    let call = client
        .head_object()
        .set_bucket(request.bucket.clone())
        .set_key(request.key.clone())
        .set_version_id(request.version_id.clone());
    let reply = ask(ledger, |capture| call.customize().interceptor(capture).send()).await;
    reply.into_exchange()
}
