//! One exchange with AWS: the question's outcome as the SDK understood it, beside the answer's status,
//! headers and error body as they came.
//!
//! A HEAD's 403 has neither code nor message, so status and headers are first-class here. Error bodies
//! are read by ourselves, and only the elements named in [`DETAILS`] are kept: others hold session
//! tokens (`Token-0`) and strings to sign.

use crate::aws::ledger::{Ledger, MOST_REQUESTS};
use crate::aws::xml;
use crate::evidence::{Answer, ApiError};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// The elements of an error body that may be kept.
pub const DETAILS: &[&str] = &[
    "AccessTier",
    "ActualObjectSize",
    "Bucket",
    "BucketName",
    "Endpoint",
    "Expires",
    "HeadersNotSigned",
    "MaxAllowedSkewMilliseconds",
    "Method",
    "Region",
    "RequestTime",
    "ResourceType",
    "ServerTime",
    "StorageClass",
];

/// A longer element is cut: an error message is a sentence or two.
const LONGEST_TEXT: usize = 8 * 1024;

/// What came back on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    pub status: u16,
    /// The server's clock: the `Date` header.
    pub date: Option<String>,
    /// `x-amz-bucket-region`.
    pub bucket_region: Option<String>,
    /// `x-amz-storage-class`.
    pub storage_class: Option<String>,
    /// `x-amz-server-side-encryption-aws-kms-key-id`.
    pub kms_key: Option<String>,
    /// `x-amz-archive-status` of Intelligent-Tiering.
    pub archive_status: Option<String>,
    /// `x-amz-restore`.
    pub restore: Option<String>,
    /// `x-amz-request-id`, for AWS's support.
    pub request_id: Option<String>,
    /// The error that the body told of, if the status is one.
    pub error: Option<ApiError>,
}

impl Exchange {
    /// The server's clock, if it told.
    #[must_use]
    pub fn server_time(&self) -> Option<OffsetDateTime> {
        let date = self.date.as_deref()?;
        OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok()
    }

    /// The error's code, empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.error.as_ref().map_or("", |error| error.code.as_str())
    }

    /// The error's message, empty where there is none.
    #[must_use]
    pub fn message(&self) -> &str {
        self.error.as_ref().map_or("", |error| error.message.as_str())
    }

    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// An SDK call's outcome with the exchange behind it.
#[derive(Debug)]
pub struct Reply<T> {
    pub output: Option<T>,
    pub exchange: Option<Exchange>,
    /// Why there is no exchange, without URLs or credentials.
    pub failure: Option<Failure>,
}

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    TimedOut,
    Other(String),
}

impl<T> Reply<T> {
    /// The output, or what stood in its way.
    pub fn into_answer(self) -> Answer<T> {
        match (self.output, self.exchange, self.failure) {
            (Some(output), ..) => Answer::Known(output),
            (None, Some(Exchange { status: 400..=499, error: Some(error), .. }), _) => Answer::Denied(error),
            // A redirect or a server's own failure refuses nothing.
            (None, Some(exchange), None) => Answer::Failed(format!("HTTP status {}", exchange.status)),
            (None, _, Some(Failure::TimedOut)) => Answer::TimedOut,
            (None, _, Some(Failure::Other(why))) => Answer::Failed(why),
            (None, None, None) => Answer::Failed("no answer".to_owned()),
        }
    }
}

impl<T> Reply<T> {
    /// The exchange itself: for the probes to which a refusal is knowledge.
    pub fn into_exchange(self) -> Answer<Exchange> {
        match self.exchange.clone() {
            Some(exchange) => Answer::Known(exchange),
            None => self.into_answer().map(|_| Exchange::default()),
        }
    }
}

/// Sends one SDK call and keeps what came back. `call` gets the interceptor to put on it:
/// `ask(&ledger, |capture| client.head_bucket().bucket(b).customize().interceptor(capture).send())`.
pub async fn ask<T, E, F>(ledger: &Arc<Ledger>, call: impl FnOnce(Capture) -> F) -> Reply<T>
where
    E: Error + Send + Sync + 'static,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    if !ledger.take() {
        let why = format!("a diagnosis sends at most {MOST_REQUESTS} requests");
        return Reply { output: None, exchange: None, failure: Some(Failure::Other(why)) };
    }
    let capture = Capture { seen: Arc::default() };
    let seen = Arc::clone(&capture.seen);
    let outcome = call(capture).await;
    let exchange = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match outcome {
        Ok(output) => Reply { output: Some(output), exchange, failure: None },
        Err(error) => {
            let answered = exchange.as_ref().is_some_and(|exchange| exchange.error.is_some());
            let failure = (!answered).then(|| describe(&error));
            Reply { output: None, exchange, failure }
        }
    }
}

/// The interceptor that keeps a call's answer.
#[derive(Clone, Debug)]
pub struct Capture {
    seen: Arc<Mutex<Option<Exchange>>>,
}

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "Capture"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let exchange = read_exchange(context.response());
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(exchange);
        Ok(())
    }
}

fn read_exchange(response: &HttpResponse) -> Exchange {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).map(|value| cut(value).to_owned());
    Exchange {
        status,
        date: header("date"),
        bucket_region: header("x-amz-bucket-region"),
        storage_class: header("x-amz-storage-class"),
        kms_key: header("x-amz-server-side-encryption-aws-kms-key-id"),
        archive_status: header("x-amz-archive-status"),
        restore: header("x-amz-restore"),
        request_id: header("x-amz-request-id"),
        error: (status >= 300).then(|| parse_error(status, response.body().bytes().unwrap_or_default())),
    }
}

/// Reads an XML error body: S3's `<Error>` and the query protocol's `<ErrorResponse><Error>`. Whatever it
/// is given, it answers: an empty or foreign body leaves code and message empty.
#[must_use]
pub fn parse_error(status: u16, body: &[u8]) -> ApiError {
    let mut error = ApiError { status, ..ApiError::default() };
    xml::walk(body, |path, text| {
        if let Some(element) = path.last() {
            keep(&mut error, element, text);
        }
    });
    error
}

fn keep(error: &mut ApiError, element: &str, text: &str) {
    let text = cut(text);
    match element {
        "Code" if error.code.is_empty() => error.code = text.to_owned(),
        "Message" | "message" if error.message.is_empty() => error.message = text.to_owned(),
        name if DETAILS.contains(&name) => {
            error.details.entry(name.to_owned()).or_insert_with(|| text.to_owned());
        }
        _ => {}
    }
}

pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}

/// The innermost reason, which names neither the URL nor a proxy's password.
fn describe<E: Error + Send + Sync + 'static>(error: &SdkError<E, HttpResponse>) -> Failure {
    if let SdkError::TimeoutError(_) = error {
        return Failure::TimedOut;
    }
    if let SdkError::DispatchFailure(failure) = error
        && failure.is_timeout()
    {
        return Failure::TimedOut;
    }
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    // The words of the system's error, without its number.
    Failure::Other(text.split(" (os error").next().unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_errors_are_read_with_their_entities() {
        let body = br#"<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>User: arn:aws:iam::111122223333:user/a is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::b/k&amp;&#x41;&quot; because no identity-based policy allows the s3:GetObject action</Message><RequestId>X</RequestId></Error>"#;
        let error = parse_error(403, body);
        assert_eq!(error.code, "AccessDenied");
        assert!(error.message.contains(r#"on resource: "arn:aws:s3:::b/k&A" because"#), "{}", error.message);
        assert!(error.details.is_empty());
    }

    #[test]
    fn the_query_protocols_errors_are_read_too() {
        let body = b"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error><RequestId>1</RequestId></ErrorResponse>";
        let error = parse_error(403, body);
        assert_eq!(error.code, "InvalidClientTokenId");
    }

    #[test]
    fn tokens_and_strings_to_sign_are_dropped() {
        let body = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message><Token-0>SECRETTOKEN</Token-0><StringToSign>SECRETSTS</StringToSign><Region>eu-west-1</Region></Error>";
        let error = parse_error(400, body);
        assert_eq!(error.details.get("Region").map(String::as_str), Some("eu-west-1"));
        assert!(!format!("{error:?}").contains("SECRET"));
    }

    #[test]
    fn no_body_and_no_xml_leave_the_code_empty() {
        for body in [&b""[..], b"<html><body>nope", b"\xff\xfe\x00<<<", b"<Error><Code>"] {
            let error = parse_error(403, body);
            assert_eq!((error.code.as_str(), error.status), ("", 403));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..512)) {
            let _whatever = parse_error(403, &body);
        }
    }
}
