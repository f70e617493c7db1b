//! Who a request is from: the signature against the keys that the world knows.

use crate::policy::Principal;
use crate::sandbox::fault::{Fault, Protocol};
use crate::sandbox::http::Incoming;
use crate::sandbox::ids;
use crate::sandbox::scenario::User;
use crate::sandbox::service::Service;
use crate::sandbox::sigv4::{self, Mismatch, Signing};
use crate::sandbox::state::{LiveSession, State};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

#[derive(Clone, Debug)]
pub enum Caller {
    Anonymous,
    Root { account: String },
    User(Box<User>),
    Session(Box<LiveSession>),
}

impl Caller {
    #[must_use]
    pub fn principal(&self) -> Principal {
        let partition = "aws".to_owned();
        match self {
            Self::Anonymous => Principal::Anonymous,
            Self::Root { account } => Principal::Root { partition, account: account.clone() },
            Self::User(user) => Principal::User {
                partition,
                account: user.account.clone(),
                path: user.path.clone(),
                name: user.name.clone(),
            },
            Self::Session(session) if session.federated => {
                Principal::Federated { partition, account: session.role.account.clone(), name: session.name.clone() }
            }
            Self::Session(session) => Principal::Session {
                partition,
                account: session.role.account.clone(),
                role: session.role.name.clone(),
                session: session.name.clone(),
                role_path: Some(session.role.path.clone()),
            },
        }
    }

    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Root { account } => Some(account),
            Self::User(user) => Some(&user.account),
            Self::Session(session) => Some(&session.role.account),
        }
    }

    /// As messages and `GetCallerIdentity` name the caller.
    #[must_use]
    pub fn arn(&self) -> Option<String> {
        (!matches!(self, Self::Anonymous)).then(|| self.principal().to_string())
    }

    /// `aws:userid`.
    #[must_use]
    pub fn user_id(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Root { account } => account.clone(),
            Self::User(user) => user.unique_id(),
            Self::Session(session) if session.federated => format!("{}:{}", session.role.account, session.name),
            Self::Session(session) => format!("{}:{}", session.role.unique_id(), session.name),
        }
    }
}

/// Why a signature does not make a caller.
#[derive(Clone, Debug)]
pub enum Unauthenticated {
    /// A service that takes no unsigned request.
    Missing,
    UnknownKey {
        key_id: String,
    },
    Expired {
        token: String,
    },
    BadToken {
        token: String,
    },
    Skewed {
        sent: OffsetDateTime,
        now: OffsetDateTime,
    },
    LinkExpired {
        end: OffsetDateTime,
        now: OffsetDateTime,
        life: i64,
    },
    Mismatch {
        signing: Box<Signing>,
        computed: Box<Mismatch>,
    },
    Body,
}

/// What AWS allows the two clocks to differ by.
const SKEW: Duration = Duration::minutes(15);

/// Checks the signature in the order that S3 does: key, clock, signature, token.
///
/// # Errors
/// Why the request has no caller.
pub fn authenticate(
    state: &State,
    incoming: &Incoming,
    signing: Option<&Signing>,
    now: OffsetDateTime,
) -> Result<Caller, Unauthenticated> {
    let Some(signing) = signing else { return Ok(Caller::Anonymous) };
    let unknown = || Unauthenticated::UnknownKey { key_id: signing.key_id.clone() };
    let (caller, secret, session) = find(state, &signing.key_id).ok_or_else(unknown)?;
    match (session.as_deref(), &signing.token) {
        // Temporary keys mean nothing without their token.
        (Some(_), None) => return Err(unknown()),
        (Some(session), Some(token)) if session.key.token.as_ref() != Some(token) => {
            return Err(Unauthenticated::BadToken { token: token.clone() });
        }
        (Some(session), Some(token)) if session.expires <= now => {
            return Err(Unauthenticated::Expired { token: token.clone() });
        }
        (None, Some(token)) => return Err(Unauthenticated::BadToken { token: token.clone() }),
        _ => {}
    }
    let apart = signing.time - now;
    match signing.expires {
        None if apart.abs() > SKEW => return Err(Unauthenticated::Skewed { sent: signing.time, now }),
        Some(life) if signing.time + Duration::seconds(life) < now => {
            let end = signing.time + Duration::seconds(life);
            return Err(Unauthenticated::LinkExpired { end, now, life });
        }
        Some(_) if apart > SKEW => return Err(Unauthenticated::Skewed { sent: signing.time, now }),
        _ => {}
    }
    signing.verify(incoming, &secret).map_err(|computed| Unauthenticated::Mismatch {
        signing: Box::new(signing.clone()),
        computed: Box::new(computed),
    })?;
    if !sigv4::body_is_as_declared(incoming) {
        return Err(Unauthenticated::Body);
    }
    Ok(caller)
}

/// The caller of a key that is good, with its secret, and its session where it is temporary.
pub(super) fn find(state: &State, key_id: &str) -> Option<(Caller, String, Option<Box<LiveSession>>)> {
    let scenario = &state.scenario;
    if let Some(user) = scenario.users.iter().find(|user| user.key.id == key_id && user.key.active) {
        return Some((Caller::User(Box::new(user.clone())), user.key.secret.clone(), None));
    }
    if let Some(session) = state.sessions.iter().find(|session| session.key.id == key_id) {
        let session = Box::new(session.clone());
        return Some((Caller::Session(session.clone()), session.key.secret.clone(), Some(session)));
    }
    let account = scenario.accounts.iter().find(|account| account.root_key().id == key_id)?;
    Some((Caller::Root { account: account.id.clone() }, account.root_key().secret, None))
}

const MISMATCH: &str =
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.";

impl Unauthenticated {
    /// As that service says it.
    #[must_use]
    pub fn fault(&self, service: Service) -> Fault {
        match service.protocol() {
            Protocol::S3 => self.s3(),
            Protocol::Query { .. } => self.query(),
            Protocol::Ec2 => self.ec2(),
            Protocol::Json | Protocol::RestJson => self.json(),
        }
    }

    fn s3(&self) -> Fault {
        match self {
            Self::Missing => Fault::access_denied("Access Denied"),
            Self::UnknownKey { key_id } => Fault::new(
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            )
            .detail("AWSAccessKeyId", key_id),
            Self::Expired { token } => {
                Fault::new(400, "ExpiredToken", "The provided token has expired.").detail("Token-0", token)
            }
            Self::BadToken { token } => {
                Fault::new(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
                    .detail("Token-0", token)
            }
            Self::Skewed { sent, now } => Fault::new(
                403,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            )
            .detail("RequestTime", sigv4::stamp(*sent))
            .detail("ServerTime", iso(*now))
            .detail("MaxAllowedSkewMilliseconds", SKEW.whole_milliseconds().to_string()),
            Self::LinkExpired { end, now, life } => Fault::access_denied("Request has expired")
                .detail("X-Amz-Expires", life.to_string())
                .detail("Expires", iso(*end))
                .detail("ServerTime", iso(*now)),
            Self::Mismatch { signing, computed } => Fault::new(403, "SignatureDoesNotMatch", MISMATCH)
                .detail("AWSAccessKeyId", &signing.key_id)
                .detail("StringToSign", &computed.string_to_sign)
                .detail("SignatureProvided", &signing.signature)
                .detail("StringToSignBytes", spaced_hex(&computed.string_to_sign))
                .detail("CanonicalRequest", &computed.canonical_request)
                .detail("CanonicalRequestBytes", spaced_hex(&computed.canonical_request)),
            Self::Body => Fault::new(
                400,
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
        }
    }

    fn query(&self) -> Fault {
        match self {
            Self::Missing => Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
            Self::UnknownKey { .. } | Self::BadToken { .. } => {
                Fault::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
            }
            Self::Expired { .. } => {
                Fault::new(403, "ExpiredToken", "The security token included in the request is expired")
            }
            Self::Skewed { sent, now } => Fault::new(403, "SignatureDoesNotMatch", skewed(*sent, *now)),
            Self::LinkExpired { .. } => Fault::new(400, "RequestExpired", "Request has expired."),
            Self::Mismatch { .. } | Self::Body => Fault::new(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
        }
    }

    fn ec2(&self) -> Fault {
        match self {
            Self::Expired { .. } | Self::LinkExpired { .. } => {
                Fault::new(400, "RequestExpired", "Request has expired.")
            }
            Self::Skewed { sent, now } => Fault::new(401, "AuthFailure", skewed(*sent, *now)),
            _ => Fault::new(401, "AuthFailure", "AWS was not able to validate the provided access credentials"),
        }
    }

    fn json(&self) -> Fault {
        match self {
            Self::Missing => Fault::new(400, "MissingAuthenticationTokenException", "Missing Authentication Token"),
            Self::Expired { .. } | Self::LinkExpired { .. } => {
                Fault::new(400, "ExpiredTokenException", "The security token included in the request is expired")
            }
            Self::Skewed { sent, now } => Fault::new(400, "InvalidSignatureException", skewed(*sent, *now)),
            Self::Mismatch { .. } | Self::Body => Fault::new(
                400,
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided.",
            ),
            Self::UnknownKey { .. } | Self::BadToken { .. } => {
                Fault::new(400, "UnrecognizedClientException", "The security token included in the request is invalid.")
            }
        }
    }
}

fn skewed(sent: OffsetDateTime, now: OffsetDateTime) -> String {
    let (sent_text, now_text) = (sigv4::stamp(sent), sigv4::stamp(now));
    if sent > now {
        let limit = sigv4::stamp(now + SKEW);
        format!("Signature not yet current: {sent_text} is still later than {limit} ({now_text} + 15 min.)")
    } else {
        let limit = sigv4::stamp(now - SKEW);
        format!("Signature expired: {sent_text} is now earlier than {limit} ({now_text} - 15 min.)")
    }
}

/// `2026-11-24T15:00:00Z`
#[must_use]
pub fn iso(time: OffsetDateTime) -> String {
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_default()
}

fn spaced_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// A request id: 16 upper-case hex digits, as S3's are.
#[must_use]
pub fn request_id(serial: u64, now: OffsetDateTime) -> String {
    ids::hex(&["request", &serial.to_string(), &now.unix_timestamp_nanos().to_string()], 16).to_uppercase()
}
