//! Where machines get credentials: EC2's instance metadata (version 2) and the endpoint that containers are given.
//! Both serve one of the scenario's sessions.

use crate::sandbox::caller::iso;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::{Incoming, Reply};
use crate::sandbox::state::{LiveSession, State};
use serde_json::json;
use time::OffsetDateTime;

/// The path of a container's credentials.
pub const CONTAINER: &str = "/_container/credentials";
const TOKEN: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const SESSION_TOKEN: &str = "AQAEAExampleMetadataToken==";

/// Whether a request is for one of them, and as what the log names it.
#[must_use]
pub fn name(incoming: &Incoming) -> Option<&'static str> {
    match (incoming.method.as_str(), incoming.raw_path.as_str()) {
        ("GET", CONTAINER) => Some("ContainerCredentials"),
        ("PUT", TOKEN) => Some("InstanceToken"),
        ("GET", path) if path.starts_with("/latest/") => Some("InstanceMetadata"),
        _ => None,
    }
}

/// Answers one call.
///
/// # Errors
/// 401 without the token, 404 where there is nothing.
pub fn handle(state: &State, incoming: &Incoming, now: OffsetDateTime) -> Result<Reply, Fault> {
    let cli = &state.scenario.cli;
    if incoming.raw_path == CONTAINER {
        let session = session(state, cli.container.as_deref())?;
        return Ok(Reply::json(200, "application/json", &document(session, now, None)));
    }
    let session = session(state, cli.instance.as_deref())?;
    if incoming.raw_path == TOKEN {
        let mut reply = Reply::new(200).with("x-aws-ec2-metadata-token-ttl-seconds", "21600");
        reply.body = SESSION_TOKEN.as_bytes().to_vec();
        return Ok(reply);
    }
    if incoming.header("x-aws-ec2-metadata-token") != Some(SESSION_TOKEN) {
        return Err(Fault::new(401, "Unauthorized", "Unauthorized"));
    }
    match incoming.raw_path.strip_prefix(ROLES) {
        Some("") => {
            let mut reply = Reply::new(200).with("content-type", "text/plain");
            reply.body = session.role.name.clone().into_bytes();
            Ok(reply)
        }
        Some(role) if role == session.role.name => {
            Ok(Reply::json(200, "text/plain", &document(session, now, Some("Success"))))
        }
        _ => Err(missing()),
    }
}

fn missing() -> Fault {
    Fault::new(404, "NotFound", "Not Found")
}

fn session<'a>(state: &'a State, identity: Option<&str>) -> Result<&'a LiveSession, Fault> {
    let key = identity.and_then(|identity| state.scenario.keys_of(identity)).ok_or_else(missing)?;
    state.sessions.iter().find(|session| session.key.id == key.id).ok_or_else(missing)
}

fn document(session: &LiveSession, now: OffsetDateTime, code: Option<&str>) -> serde_json::Value {
    let mut document = json!({
        "AccessKeyId": session.key.id,
        "SecretAccessKey": session.key.secret,
        "Token": session.key.token,
        "Expiration": iso(session.expires),
        "LastUpdated": iso(now),
        "Type": "AWS-HMAC",
    });
    if let Some(code) = code {
        document["Code"] = json!(code);
    }
    document
}
