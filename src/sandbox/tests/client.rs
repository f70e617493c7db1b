//! A client that signs with the SDK's own signer and hands its requests over without a socket.

use crate::sandbox::http::{Incoming, Reply};
use crate::sandbox::log::{Entry, Log};
use crate::sandbox::scenario::AccessKey;
use crate::sandbox::server::{self, Shared};
use crate::sandbox::state::State;
use crate::sandbox::{Scenario, scenario};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

pub const HOST: &str = "127.0.0.1:4566";

/// A world without a server round it.
pub struct Bench {
    pub shared: Shared,
}

/// One request, before it is signed.
#[derive(Clone)]
pub struct Ask {
    pub method: &'static str,
    pub host: String,
    /// Encoded, with its query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub service: &'static str,
    pub region: &'static str,
    /// Signed so long ago.
    pub ago: Duration,
    /// Presigned, for so long.
    pub presigned: Option<Duration>,
}

const VALUE: AsciiSet = PATH.add(b'/');
const PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

impl Ask {
    pub fn s3(method: &'static str, path: &str, query: &str) -> Self {
        let path = utf8_percent_encode(path, &PATH).to_string();
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        Self {
            method,
            host: HOST.to_owned(),
            target,
            headers: Vec::new(),
            body: String::new(),
            service: "s3",
            region: "us-east-1",
            ago: Duration::ZERO,
            presigned: None,
        }
    }

    pub fn query(service: &'static str, form: &str) -> Self {
        let mut ask = Self::s3("POST", "/", "");
        ask.service = service;
        form.clone_into(&mut ask.body);
        ask.header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    }

    pub fn json(service: &'static str, target: &str, body: &str) -> Self {
        let mut ask = Self::s3("POST", "/", "");
        ask.service = service;
        body.clone_into(&mut ask.body);
        ask.header("x-amz-target", target).header("content-type", "application/x-amz-json-1.1")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Bench {
    pub fn new(text: &str) -> Self {
        Self::of(Scenario::parse(text).unwrap())
    }

    pub fn of(scenario: Scenario) -> Self {
        let now = server::now(scenario.clock.offset);
        let state = Mutex::new(State::new(scenario, now));
        Self { shared: Shared { state, log: Log::default(), started: Instant::now() } }
    }

    /// The keys of a user, or of what is written out: `session/NAME`.
    pub fn key(&self, identity: &str) -> AccessKey {
        let identity = if identity.contains('/') { identity.to_owned() } else { format!("user/{identity}") };
        self.shared.state.lock().unwrap().scenario.keys_of(&identity).unwrap()
    }

    pub fn apply(&self, edit: &scenario::Edit) {
        self.shared.state.lock().unwrap().apply(edit).unwrap();
    }

    /// Unsigned.
    pub fn anonymously(&self, ask: &Ask) -> (Reply, Entry) {
        server::answer(&self.shared, &incoming(ask, &[], None))
    }

    pub fn as_user(&self, identity: &str, ask: &Ask) -> (Reply, Entry) {
        self.with_key(&self.key(identity), ask)
    }

    pub fn with_key(&self, key: &AccessKey, ask: &Ask) -> (Reply, Entry) {
        server::answer(&self.shared, &signed(key, ask))
    }

    /// The text of the answer, and its status.
    pub fn text(&self, identity: &str, ask: &Ask) -> (u16, String) {
        let (reply, _) = self.as_user(identity, ask);
        (reply.status, String::from_utf8(reply.body).unwrap())
    }
}

fn incoming(ask: &Ask, more: &[(String, String)], target: Option<&str>) -> Incoming {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_str(&ask.host).unwrap());
    for (name, value) in ask.headers.iter().chain(more) {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let target = target.unwrap_or(&ask.target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Incoming::new(
        ask.method.to_owned(),
        ask.host.clone(),
        path.to_owned(),
        query.to_owned(),
        headers,
        ask.body.clone().into_bytes(),
    )
}

#[expect(clippy::disallowed_methods, reason = "signatures carry the time, and this test signs")]
fn signed(key: &AccessKey, ask: &Ask) -> Incoming {
    let identity = Credentials::new(&key.id, &key.secret, key.token.clone(), None, "test").into();
    let mut settings = SigningSettings::default();
    if ask.service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if let Some(life) = ask.presigned {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(life);
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    }
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(ask.region)
        .name(ask.service)
        .time(SystemTime::now() - ask.ago)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let url = format!("http://{}{}", ask.host, ask.target);
    let headers = ask.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let body =
        if ask.presigned.is_some() { SignableBody::UnsignedPayload } else { SignableBody::Bytes(ask.body.as_bytes()) };
    let request = SignableRequest::new(ask.method, url, headers, body).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    let more: Vec<(String, String)> =
        instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut target = ask.target.clone();
    for (name, value) in instructions.params() {
        let mark = if target.contains('?') { '&' } else { '?' };
        target = format!("{target}{mark}{name}={}", utf8_percent_encode(value, &VALUE));
    }
    incoming(ask, &more, Some(&target))
}

/// The value of a header.
pub fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
