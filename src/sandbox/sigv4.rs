//! Signature Version 4, verified: the request is canonicalised as it arrived and signed again with the
//! secret that the key id is known to have. Headers and presigned queries, S3's single encoding of the path
//! and the other services' double one.
//!
//! The signatures of single chunks of a streaming upload are not verified: the head's covers the command.

use crate::sandbox::http::Incoming;
use crate::sandbox::ids::hex_of;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::time::SystemTime;
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// What stays literal in a canonical request.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const UNRESERVED_AND_SLASH: AsciiSet = UNRESERVED.remove(b'/');
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const STAMP: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
/// The token of a directory bucket's session, of a user's own keys.
pub const DIRECTORY_SESSION: &str = "directory-bucket-session";

/// How a request says who sent it.
#[derive(Clone, Debug)]
pub struct Signing {
    pub key_id: String,
    /// `20261124`
    pub date: String,
    pub region: String,
    pub service: String,
    pub signed_headers: Vec<String>,
    pub signature: String,
    pub time: OffsetDateTime,
    pub token: Option<String>,
    /// Seconds that a presigned URL lives; unset for a signature in the header.
    pub expires: Option<i64>,
}

/// A signature that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the authorization header is malformed; {0}")]
    Header(&'static str),
    #[error("the authorization parameters of the query are malformed; {0}")]
    Query(&'static str),
    #[error("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")]
    Mechanism,
}

/// What the two sides would have to compare.
#[derive(Clone, Debug)]
pub struct Mismatch {
    pub string_to_sign: String,
    pub canonical_request: String,
}

/// Reads the signature; none where the request is unsigned.
///
/// # Errors
/// When there is one that cannot be understood.
pub fn read(incoming: &Incoming) -> Result<Option<Signing>, Unreadable> {
    if let Some(authorization) = incoming.header("authorization") {
        return from_header(incoming, authorization).map(Some);
    }
    if incoming.asks_for("X-Amz-Algorithm") {
        return from_query(incoming).map(Some);
    }
    if incoming.asks_for("AWSAccessKeyId") && incoming.asks_for("Signature") {
        return Err(Unreadable::Mechanism);
    }
    Ok(None)
}

fn from_header(incoming: &Incoming, authorization: &str) -> Result<Signing, Unreadable> {
    let fields = authorization.strip_prefix(ALGORITHM).ok_or(Unreadable::Mechanism)?;
    let field =
        |name: &str| fields.split(',').map(str::trim).find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let credential = field("Credential").ok_or(Unreadable::Header("a credential is expected"))?;
    let headers = field("SignedHeaders").ok_or(Unreadable::Header("signed headers are expected"))?;
    let signature = field("Signature").ok_or(Unreadable::Header("a signature is expected"))?;
    let stamp = incoming.header("x-amz-date").ok_or(Unreadable::Header("a date is expected"))?;
    let time = parse_stamp(stamp).ok_or(Unreadable::Header("the date is not ISO 8601 basic"))?;
    let session = incoming.header("x-amz-s3session-token").filter(|token| *token != DIRECTORY_SESSION);
    let token = incoming.header("x-amz-security-token").or(session).map(str::to_owned);
    signing(credential, headers, signature, time, token, None)
        .ok_or(Unreadable::Header("the credential has five parts"))
}

fn from_query(incoming: &Incoming) -> Result<Signing, Unreadable> {
    let parameter = |name: &str| incoming.parameter(name).ok_or(Unreadable::Query("one of them is missing"));
    if parameter("X-Amz-Algorithm")? != ALGORITHM {
        return Err(Unreadable::Mechanism);
    }
    let time = parse_stamp(parameter("X-Amz-Date")?).ok_or(Unreadable::Query("the date is not ISO 8601 basic"))?;
    let expires = parameter("X-Amz-Expires")?.parse().map_err(|_| Unreadable::Query("the life is no number"))?;
    let token = incoming.parameter("X-Amz-Security-Token").map(str::to_owned);
    signing(
        parameter("X-Amz-Credential")?,
        parameter("X-Amz-SignedHeaders")?,
        parameter("X-Amz-Signature")?,
        time,
        token,
        Some(expires),
    )
    .ok_or(Unreadable::Query("the credential has five parts"))
}

fn signing(
    credential: &str,
    headers: &str,
    signature: &str,
    time: OffsetDateTime,
    token: Option<String>,
    expires: Option<i64>,
) -> Option<Signing> {
    // The key id may itself hold slashes on other servers; the scope is the last four parts.
    let mut parts = credential.rsplitn(5, '/');
    let (terminator, service, region, date, key_id) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (terminator == "aws4_request").then(|| Signing {
        key_id: key_id.to_owned(),
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        signed_headers: headers.split(';').map(str::to_owned).collect(),
        signature: signature.to_owned(),
        time,
        token,
        expires,
    })
}

fn parse_stamp(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, STAMP).ok().map(PrimitiveDateTime::assume_utc)
}

/// `20261124T150000Z`
#[must_use]
pub fn stamp(time: OffsetDateTime) -> String {
    time.format(STAMP).unwrap_or_default()
}

impl Signing {
    /// Whether the request was signed with `secret`.
    ///
    /// # Errors
    /// What was computed here, when it was not.
    pub fn verify(&self, incoming: &Incoming, secret: &str) -> Result<(), Mismatch> {
        let canonical_request = self.canonical_request(incoming);
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let string_to_sign =
            format!("{ALGORITHM}\n{}\n{scope}\n{}", stamp(self.time), sha256_hex(canonical_request.as_bytes()));
        let day = midnight(&self.date).unwrap_or_else(|| self.time.into());
        let key = generate_signing_key(secret, day, &self.region, &self.service);
        let expected = calculate_signature(key, string_to_sign.as_bytes());
        if expected == self.signature { Ok(()) } else { Err(Mismatch { string_to_sign, canonical_request }) }
    }

    /// Whether S3's rules of canonical requests hold (S3 Control signs as `s3` too).
    fn is_s3(&self) -> bool {
        matches!(self.service.as_str(), "s3" | "s3express" | "s3-outposts" | "s3-object-lambda")
    }

    fn canonical_request(&self, incoming: &Incoming) -> String {
        let path = if self.is_s3() {
            utf8_percent_encode(&incoming.path(), &UNRESERVED_AND_SLASH).to_string()
        } else {
            utf8_percent_encode(&incoming.raw_path, &UNRESERVED_AND_SLASH).to_string()
        };
        let mut parameters: Vec<(String, String)> = incoming
            .query
            .iter()
            .filter(|(name, _)| self.expires.is_none() || name != "X-Amz-Signature")
            .map(|(name, value)| (encode(name), encode(value)))
            .collect();
        parameters.sort();
        let query = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let headers = self
            .signed_headers
            .iter()
            .fold(String::new(), |text, name| text + name + ":" + &canonical_value(incoming, name) + "\n");
        format!(
            "{}\n{path}\n{query}\n{headers}\n{}\n{}",
            incoming.method,
            self.signed_headers.join(";"),
            self.payload_hash(incoming)
        )
    }

    fn payload_hash(&self, incoming: &Incoming) -> String {
        match (incoming.header("x-amz-content-sha256"), self.expires) {
            (Some(declared), _) => declared.to_owned(),
            (None, Some(_)) if self.is_s3() => "UNSIGNED-PAYLOAD".to_owned(),
            (None, _) => sha256_hex(&incoming.body),
        }
    }
}

/// Whether the body is the one that was declared, where one was.
#[must_use]
pub fn body_is_as_declared(incoming: &Incoming) -> bool {
    match incoming.header("x-amz-content-sha256") {
        Some(declared) if declared.len() == 64 => declared == sha256_hex(&incoming.body),
        _ => true,
    }
}

fn canonical_value(incoming: &Incoming, name: &str) -> String {
    let values: Vec<String> = incoming
        .headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    if values.is_empty() && name == "host" { incoming.host.clone() } else { values.join(",") }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, &UNRESERVED).to_string()
}

fn midnight(date: &str) -> Option<SystemTime> {
    parse_stamp(&format!("{date}T000000Z")).map(SystemTime::from)
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex_of(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderMap, HeaderName, HeaderValue};

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn incoming(method: &str, host: &str, path: &str, query: &str, headers: &[(&str, &str)]) -> Incoming {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        Incoming::new(method.into(), host.into(), path.into(), query.into(), map, Vec::new())
    }

    /// The worked example of the S3 API reference, "Signature Calculations for the Authorization Header: Example: GET Object".
    fn documented_get(signature: &str) -> Incoming {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature={signature}"
        );
        let empty = sha256_hex(b"");
        incoming(
            "GET",
            "examplebucket.s3.amazonaws.com",
            "/test.txt",
            "",
            &[
                ("host", "examplebucket.s3.amazonaws.com"),
                ("range", "bytes=0-9"),
                ("x-amz-content-sha256", &empty),
                ("x-amz-date", "20130524T000000Z"),
                ("authorization", &authorization),
            ],
        )
    }

    #[test]
    fn the_documented_header_signature_verifies() {
        let request = documented_get("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        let signing = read(&request).unwrap().unwrap();
        assert_eq!((signing.key_id.as_str(), signing.region.as_str()), ("AKIAIOSFODNN7EXAMPLE", "us-east-1"));
        signing.verify(&request, SECRET).unwrap();
        let mismatch = signing.verify(&request, "another secret").unwrap_err();
        assert!(
            mismatch
                .string_to_sign
                .starts_with("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n")
        );
    }

    #[test]
    fn a_changed_header_no_longer_verifies() {
        let mut request = documented_get("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        request.headers.insert("range", HeaderValue::from_static("bytes=0-10"));
        assert!(read(&request).unwrap().unwrap().verify(&request, SECRET).is_err());
    }

    /// The worked example of "Authenticating Requests: Using Query Parameters".
    #[test]
    fn the_documented_presigned_url_verifies() {
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
                     &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
                     &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        let host = "examplebucket.s3.amazonaws.com";
        let request = incoming("GET", host, "/test.txt", query, &[("host", host)]);
        let signing = read(&request).unwrap().unwrap();
        assert_eq!(signing.expires, Some(86400));
        signing.verify(&request, SECRET).unwrap();
        assert!(signing.verify(&request, "another").is_err());
    }

    #[test]
    fn unsigned_and_unreadable_are_told_apart() {
        let plain = incoming("GET", "h", "/b/k", "", &[]);
        assert!(read(&plain).unwrap().is_none());
        let v2 = incoming("GET", "h", "/b/k", "", &[("authorization", "AWS AKIA:sig")]);
        assert_eq!(read(&v2).unwrap_err(), Unreadable::Mechanism);
        let cut = incoming("GET", "h", "/b/k", "", &[("authorization", "AWS4-HMAC-SHA256 Credential=a/b")]);
        assert!(matches!(read(&cut).unwrap_err(), Unreadable::Header(_)));
    }
}
