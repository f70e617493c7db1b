//! The failed read once more, as a request whose refusal has a body: a GET of one byte for a HEAD or GET of
//! an object, the same list for a list. Same identity, version, endpoint, query and headers.
//!
//! Writes are never replayed. A probe costs one request's price; `x-amz-request-payer` is sent only
//! where the user's own command did.

use crate::aws::answer::{Exchange, ask};
use crate::aws::clients::Signer;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::evidence::region::Places;
use crate::request::Request;
use aws_sdk_s3::types::RequestPayer;
use std::sync::Arc;

pub const NAME: &str = "s3-replay";

/// What the replay met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The answer where the command sent its request.
    pub as_sent: Exchange,
    /// The answer in the bucket's own region, where the first one pointed there.
    pub in_region: Option<(String, Exchange)>,
}

impl Replay {
    /// The answer that speaks about access: the bucket's own region's.
    #[must_use]
    pub fn decisive(&self) -> &Exchange {
        self.in_region.as_ref().map_or(&self.as_sent, |(_, exchange)| exchange)
    }

    /// Whether an answer shows that the bucket is there, in the region that answered: S3 looks at neither permission nor key
    /// before that.
    #[must_use]
    pub fn shows_the_bucket(&self) -> bool {
        let exchange = self.decisive();
        exchange.succeeded() || matches!(exchange.code(), "AccessDenied" | "NoSuchKey" | "InvalidObjectState")
    }

    /// Whether the request goes through now: 416 is the answer for one byte of an empty object.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self.decisive().status, 200..=299 | 416)
    }
}

/// Which harmless request stands for the failed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// `GET key`, `Range: bytes=0-0`.
    Object,
    /// `ListObjectsV2`, with the command's own prefix, delimiter and page size.
    List,
}

/// What can be replayed, or why it cannot.
///
/// # Errors
/// Why there is nothing to send.
pub fn stand_in(request: &Request) -> Result<Stand, String> {
    match request.operation.as_str() {
        "HeadObject" | "GetObject" if request.bucket.is_some() && request.key.is_some() => Ok(Stand::Object),
        "ListObjectsV2" | "ListObjects" | "HeadBucket" if request.bucket.is_some() => Ok(Stand::List),
        "HeadObject" | "GetObject" | "ListObjectsV2" | "ListObjects" | "HeadBucket" => {
            Err("the bucket or key is not known".to_owned())
        }
        operation => Err(format!("`{operation}` is not repeated: it is not a plain read")),
    }
}

/// Sends the stand-in where the command sent its request, and where the answer points.
pub async fn follow(
    places: &Places<'_>,
    signer: &Signer,
    request: &Request,
    stand: Stand,
    ledger: &Arc<Ledger>,
) -> Answer<Replay> {
    let as_sent = send(&places.client(signer), request, stand, ledger).await;
    let in_region = match places.learn(as_sent.known()) {
        Some(region) => {
            let answer = send(&places.client(signer), request, stand, ledger).await;
            answer.known().cloned().map(|exchange| (region, exchange))
        }
        None => None,
    };
    as_sent.map(|as_sent| Replay { as_sent, in_region })
}

/// Sends the stand-in to `client`.
pub async fn send(
    client: &aws_sdk_s3::Client,
    request: &Request,
    stand: Stand,
    ledger: &Arc<Ledger>,
) -> Answer<Exchange> {
    let payer = request.request_payer.then_some(RequestPayer::Requester);
    match stand {
        Stand::Object => {
            let mut call = client
                .get_object()
                .set_bucket(request.bucket.clone())
                .set_key(request.key.clone())
                .set_version_id(request.version_id.clone())
                .set_expected_bucket_owner(request.expected_bucket_owner.clone())
                .set_request_payer(payer)
                .range("bytes=0-0");
            if let Some(sse_c) = &request.sse_c {
                call = call
                    .sse_customer_algorithm(&sse_c.algorithm)
                    .sse_customer_key(sse_c.key.expose())
                    .set_sse_customer_key_md5(sse_c.md5.clone());
            }
            ask(ledger, |capture| call.customize().interceptor(capture).send()).await.into_exchange()
        }
        Stand::List => {
            let said = |key: &str| request.conditions.get(key).cloned();
            // Policies look at both: a page of one key, asked for to save bytes, would be another question.
            let call = client
                .list_objects_v2()
                .set_bucket(request.bucket.clone())
                .set_prefix(request.prefix.clone())
                .set_delimiter(said("s3:delimiter"))
                .set_max_keys(said("s3:max-keys").and_then(|keys| keys.parse().ok()))
                .set_expected_bucket_owner(request.expected_bucket_owner.clone())
                .set_request_payer(payer);
            ask(ledger, |capture| call.customize().interceptor(capture).send()).await.into_exchange()
        }
    }
}
