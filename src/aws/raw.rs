//! Signed calls to services whose SDK would cost minutes of build for one or two operations: EC2 (query), Organizations
//! (JSON 1.1), S3 Control (REST) and the IAM Toolbox (REST, JSON). The same gate, transport, ledger and bounds as the SDK's.

use crate::aws::allowlist;
use crate::aws::answer::{Exchange, Failure, Reply, cut, parse_error};
use crate::aws::ledger::Ledger;
use crate::aws::transport::Transport;
use crate::evidence::ApiError;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;

/// One call, before it is signed.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The service's name in the allowlist: `EC2`.
    pub service: &'static str,
    /// Its name in the credential scope: `ec2`.
    pub signing_name: &'static str,
    pub operation: &'static str,
    pub region: &'a str,
    pub method: &'static str,
    /// The whole URL, query included.
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// Why a call was not sent.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("{0} is not on the list of allowed operations")]
    NotAllowed(&'static str),
    #[error("the request could not be signed: {0}")]
    Signing(String),
}

/// Sends one call; `output` is the answer's body.
pub async fn send(
    transport: &Transport,
    keys: &Credentials,
    call: Call<'_>,
    now: SystemTime,
    ledger: &Arc<Ledger>,
) -> Reply<Vec<u8>> {
    let failed = |why: String| Reply { output: None, exchange: None, failure: Some(Failure::Other(why)) };
    let request = match signed(keys, &call, now) {
        Ok(request) => request,
        Err(error) => return failed(error.to_string()),
    };
    if !ledger.take() {
        return failed("the cap on requests of one diagnosis was reached".to_owned());
    }
    let response = match transport.call(request).await {
        Ok(response) => response,
        Err(error) if error.is_timeout() => {
            return Reply { output: None, exchange: None, failure: Some(Failure::TimedOut) };
        }
        Err(_) => return failed(format!("no answer came from {}", call.signing_name)),
    };
    let status = response.status().as_u16();
    let body = response.body().bytes().unwrap_or_default().to_vec();
    let error = (status >= 300).then(|| read_error(status, &body));
    let output = error.is_none().then_some(body);
    Reply { output, exchange: Some(Exchange { status, error, ..Exchange::default() }), failure: None }
}

fn signed(keys: &Credentials, call: &Call<'_>, now: SystemTime) -> Result<HttpRequest, CallError> {
    if !allowlist::allows(call.service, call.operation) {
        return Err(CallError::NotAllowed(call.operation));
    }
    let refuse = |error: &dyn std::fmt::Display| CallError::Signing(error.to_string());
    let identity = keys.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(call.region)
        .name(call.signing_name)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| refuse(&error))?
        .into();
    let signable = SignableRequest::new(
        call.method,
        &call.url,
        call.headers.iter().map(|(name, value)| (*name, value.as_str())),
        SignableBody::Bytes(call.body.as_bytes()),
    )
    .map_err(|error| refuse(&error))?;
    let (instructions, _signature) = sign(signable, &parameters).map_err(|error| refuse(&error))?.into_parts();
    let mut request = HttpRequest::new(SdkBody::from(call.body.as_str()));
    request.set_method(call.method).map_err(|error| refuse(&error))?;
    request.set_uri(call.url.as_str()).map_err(|error| refuse(&error))?;
    for (name, value) in &call.headers {
        request.headers_mut().try_insert(*name, value.clone()).map_err(|error| refuse(&error))?;
    }
    // As the SDK's own requests are marked, so that an administrator reading CloudTrail knows who asked.
    request.headers_mut().try_insert("user-agent", "app/why403").map_err(|error| refuse(&error))?;
    let (headers, _query) = instructions.into_parts();
    for header in headers {
        request.headers_mut().try_insert(header.name(), header.value().to_owned()).map_err(|error| refuse(&error))?;
    }
    Ok(request)
}

/// XML for the query and REST services, `{"__type": …, "message": …}` for the JSON ones.
fn read_error(status: u16, body: &[u8]) -> ApiError {
    // Some services write the message twice, once with a capital: so it is no struct.
    let Ok(Value::Object(json)) = serde_json::from_slice::<Value>(body) else { return parse_error(status, body) };
    let text = |names: [&str; 2]| names.iter().find_map(|name| json.get(*name)?.as_str()).unwrap_or_default();
    ApiError {
        status,
        code: cut(text(["__type", "code"]).rsplit('#').next().unwrap_or_default()).to_owned(),
        message: cut(text(["message", "Message"])).to_owned(),
        ..ApiError::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &'static str) -> Call<'static> {
        Call {
            service: "EC2",
            signing_name: "ec2",
            operation,
            region: "us-east-1",
            method: "POST",
            url: "https://ec2.us-east-1.amazonaws.com/".to_owned(),
            headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
            body: format!("Action={operation}"),
        }
    }

    #[test]
    fn what_is_not_on_the_list_is_not_even_signed() {
        let keys = Credentials::new("AKIAEXAMPLE", "secret", None, None, "test");
        assert!(matches!(
            signed(&keys, &call("TerminateInstances"), SystemTime::UNIX_EPOCH),
            Err(CallError::NotAllowed(_))
        ));
        let request = signed(&keys, &call("DescribeVpcEndpoints"), SystemTime::UNIX_EPOCH).unwrap();
        let authorization = request.headers().get("authorization").unwrap();
        assert!(authorization.contains("/us-east-1/ec2/aws4_request"), "{authorization}");
    }

    #[test]
    fn json_errors_are_read_like_xml_ones() {
        let error = read_error(400, br#"{"__type":"com.amazonaws.kms#AccessDeniedException","Message":"no"}"#);
        assert_eq!((error.code.as_str(), error.message.as_str()), ("AccessDeniedException", "no"));
        let error = read_error(400, br#"{"__type":"AWSOrganizationsNotInUseException","Message":"no","message":"no"}"#);
        assert_eq!(error.code, "AWSOrganizationsNotInUseException");
        let error = read_error(403, b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>m</Message></Error></Errors></Response>");
        assert_eq!(error.code, "UnauthorizedOperation");
    }
}
