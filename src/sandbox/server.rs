//! HTTP on loopback: connections in, whole requests to the world, answers out, every one in the log.

use crate::sandbox::call::Call;
use crate::sandbox::caller::{Caller, Unauthenticated, authenticate, request_id};
use crate::sandbox::fault::{Fault, Protocol};
use crate::sandbox::http::{Incoming, Reply};
use crate::sandbox::log::{Entry, Log, without_secrets};
use crate::sandbox::service::Service;
use crate::sandbox::state::State;
use crate::sandbox::{ec2, iam, ids, kms, metadata, organizations, s3, s3control, sigv4, sso, sts, toolbox};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming as Body};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use time::{Duration, OffsetDateTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// The most that is read of one request's body.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    pub state: Mutex<State>,
    pub log: Log,
    pub started: Instant,
}

/// AWS's clock.
#[must_use]
pub fn now(offset: i64) -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::seconds(offset)
}

/// Serves until told to stop.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            _ = &mut stop => return,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    tokio::task::spawn_local(connection(stream, Arc::clone(&shared)));
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let black_hole = shared.state.lock().unwrap_or_else(PoisonError::into_inner).scenario.network.black_hole;
    if black_hole {
        // The connection stands and nothing ever comes back; it ends with the runtime.
        std::future::pending::<()>().await;
    }
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(request, shared).await) }
    });
    // A client that hangs up is no matter of the server's.
    let _gone = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Body>, shared: Arc<Shared>) -> Response<Full<Bytes>> {
    let arrived = shared.started.elapsed();
    let delay = shared.state.lock().unwrap_or_else(PoisonError::into_inner).scenario.network.delay_ms;
    if delay > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
    }
    let (parts, body) = request.into_parts();
    let bytes = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(collected) => collected.to_bytes().to_vec(),
        Err(_) => Vec::new(),
    };
    let in_header = parts.headers.get("host").and_then(|host| host.to_str().ok()).map(str::to_owned);
    // In the absolute form, which proxies are sent, the target names the host.
    let host = parts.uri.authority().map(ToString::to_string).or(in_header).unwrap_or_default();
    let incoming = Incoming::new(
        parts.method.to_string(),
        host,
        parts.uri.path().to_owned(),
        parts.uri.query().unwrap_or_default().to_owned(),
        parts.headers,
        bytes,
    );
    let (reply, mut entry) = answer(&shared, &incoming);
    entry.arrived = arrived;
    entry.answered = shared.started.elapsed();
    shared.log.push(entry);
    written(reply, &incoming)
}

/// Everything between the bytes: who, what, may they, and how it is said.
#[must_use]
pub fn answer(shared: &Shared, incoming: &Incoming) -> (Reply, Entry) {
    let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    let now = now(state.scenario.clock.offset);
    let id = request_id(state.serial(), now);
    let mut entry = Entry {
        service: String::new(),
        operation: String::new(),
        method: incoming.method.clone(),
        path: incoming.raw_path.clone(),
        query: without_secrets(&incoming.raw_query),
        range: incoming.header("range").map(str::to_owned),
        caller: None,
        signed: false,
        user_agent: incoming.header("user-agent").unwrap_or_default().to_owned(),
        request_payer: incoming.header("x-amz-request-payer").is_some(),
        status: 0,
        code: None,
        arrived: std::time::Duration::ZERO,
        answered: std::time::Duration::ZERO,
    };
    let (protocol, result) = decide(&mut state, incoming, now, &id, &mut entry);
    let reply = result.unwrap_or_else(|fault| protocol.write(&fault, incoming, &id));
    let reply = reply
        .with("date", s3::http_date(now))
        .with("x-amz-request-id", id.clone())
        .with("x-amzn-requestid", id.clone())
        .with("x-amz-id-2", ids::base64ish(&["host", &id], 76))
        .with("server", "AmazonS3");
    entry.status = reply.status;
    entry.code.clone_from(&reply.code);
    (reply, entry)
}

fn decide(
    state: &mut State,
    incoming: &Incoming,
    now: OffsetDateTime,
    id: &str,
    entry: &mut Entry,
) -> (Protocol, Result<Reply, Fault>) {
    let signing = match sigv4::read(incoming) {
        Ok(signing) => signing,
        Err(error) => {
            let code = match error {
                sigv4::Unreadable::Mechanism => "InvalidRequest",
                sigv4::Unreadable::Header(_) => "AuthorizationHeaderMalformed",
                sigv4::Unreadable::Query(_) => "AuthorizationQueryParametersError",
            };
            return (Protocol::S3, Err(Fault::new(400, code, error.to_string())));
        }
    };
    entry.signed = signing.is_some();
    let Some(service) = Service::of(incoming, signing.as_ref()) else {
        return (Protocol::S3, Err(Fault::not_implemented()));
    };
    service.name().clone_into(&mut entry.service);
    entry.operation = operation(service, incoming);
    let protocol = service.protocol();
    let caller = match authenticate(state, incoming, signing.as_ref(), now) {
        Ok(caller) => caller,
        Err(unauthenticated) => return (protocol, Err(unauthenticated.fault(service))),
    };
    entry.caller = caller.arn();
    let anonymous = matches!(caller, Caller::Anonymous);
    let call = Call { incoming, signing: signing.as_ref(), caller, service, now, request_id: id.to_owned() };
    let result = match service {
        Service::S3 => s3::handle(state, &call),
        Service::Sts => sts::handle(state, &call),
        Service::Sso => sso::portal(state, &call),
        Service::SsoOidc => sso::oidc(&call),
        Service::Metadata => metadata::handle(state, incoming, now),
        _ if anonymous => Err(Unauthenticated::Missing.fault(service)),
        Service::S3Control => s3control::handle(state, &call),
        Service::Iam => iam::handle(state, &call),
        Service::IamToolbox => toolbox::handle(state, &call),
        Service::Kms => kms::handle(state, &call),
        Service::Ec2 => ec2::handle(state, &call),
        Service::Organizations => organizations::handle(state, &call),
    };
    (protocol, result)
}

fn operation(service: Service, incoming: &Incoming) -> String {
    match service {
        Service::S3 => s3::name(incoming, &s3::Target::of(incoming)).to_owned(),
        Service::S3Control => s3control::name(incoming).to_owned(),
        Service::Sts | Service::Iam | Service::Ec2 => incoming.form().get("Action").unwrap_or_default().to_owned(),
        Service::Kms | Service::Organizations => {
            incoming.header("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned()
        }
        Service::IamToolbox => "GetRequestAuthorizationDetails".to_owned(),
        Service::Sso => "GetRoleCredentials".to_owned(),
        Service::SsoOidc => "CreateToken".to_owned(),
        Service::Metadata => metadata::name(incoming).unwrap_or_default().to_owned(),
    }
}

fn written(reply: Reply, incoming: &Incoming) -> Response<Full<Bytes>> {
    let headers = reply.header_map();
    let head = incoming.method == "HEAD";
    let body = if head { Vec::new() } else { reply.body };
    let length = body.len();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    if let Ok(status) = hyper::StatusCode::from_u16(reply.status) {
        *response.status_mut() = status;
    }
    let has_length = headers.contains_key(CONTENT_LENGTH);
    let mut last: Option<HeaderName> = None;
    for (name, value) in headers {
        last = name.or(last);
        if let Some(name) = &last {
            response.headers_mut().append(name.clone(), value);
        }
    }
    if !head && !has_length && reply.status != 204 {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}
