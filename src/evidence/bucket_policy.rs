//! The bucket policy, and with it whose bucket it is: `GetBucketPolicy` answers 405 to a caller who holds the
//! permission but is not of the owner's account (facts of the S3 API reference).

use crate::aws::answer::ask;
use crate::aws::clients::Signer;
use crate::aws::ledger::Ledger;
use crate::evidence::region::Places;
use crate::evidence::{Answer, ApiError};
use std::sync::Arc;

pub const NAME: &str = "s3-bucket-policy";

/// The same of the bucket at the other end of a copy.
pub const OTHER: &str = "s3-other-bucket-policy";

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketPolicy {
    /// The document as stored.
    Document(String),
    /// The caller's account owns the bucket, and it has no policy.
    None,
    /// The bucket is another account's.
    NotTheOwner,
}

impl BucketPolicy {
    /// Whether the caller's account owns the bucket: S3 tells its policy, or that there is none, to no other.
    #[must_use]
    pub fn is_the_callers(&self) -> bool {
        !matches!(self, Self::NotTheOwner)
    }
}

/// Asks.
pub async fn get(places: &Places<'_>, signer: &Signer, bucket: &str, ledger: &Arc<Ledger>) -> Answer<BucketPolicy> {
    let question = async |client: aws_sdk_s3::Client| {
        ask(ledger, |capture| client.get_bucket_policy().bucket(bucket).customize().interceptor(capture).send()).await
    };
    let reply = places.ask(signer, question).await;
    match reply.into_answer() {
        Answer::Known(output) => match output.policy {
            Some(text) => Answer::Known(BucketPolicy::Document(text)),
            None => Answer::Failed("the answer holds no document".to_owned()),
        },
        Answer::Denied(ApiError { code, .. }) if code == "NoSuchBucketPolicy" => Answer::Known(BucketPolicy::None),
        Answer::Denied(ApiError { status: 405, .. }) => Answer::Known(BucketPolicy::NotTheOwner),
        other => other.map(|_| BucketPolicy::None),
    }
}

/// Whether the answer shows that the bucket is there, in the region that answered.
#[must_use]
pub fn shows_the_bucket(answer: &Answer<BucketPolicy>) -> bool {
    answer.known().is_some() || answer.denied().is_some_and(|error| error.code == "AccessDenied")
}
