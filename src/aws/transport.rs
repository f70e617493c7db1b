//! The HTTP client under the SDK: the one place where bytes leave and enter.
//!
//! reqwest speaks HTTP (proxies and `NO_PROXY` from the environment included); this adapter makes it
//! safe to point at any server: no redirect is followed (credentials never reach another host), nothing
//! is retried, and an answer is read up to [`LARGEST_ANSWER`], a refusal up to
//! [`LARGEST_ERROR`], and no further.

use super::runtime;
use crate::request::Settings;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// The most that is read of one answer. Policies end at 20 KB (bucket) and 32 KB (key); a list of 1000 keys
/// of the longest kind is about 1.2 MB.
pub const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// The most that is read of a refusal. It holds a code and a sentence, and the time to parse what a hostile server makes of
/// it comes out of every other probe's.
pub const LARGEST_ERROR: usize = 128 * 1024;

/// The whole of Mozilla's list has a quarter of a megabyte.
const LARGEST_BUNDLE: u64 = 16 * 1024 * 1024;

/// The connector, shared by all clients of one diagnosis.
#[derive(Clone, Debug)]
pub struct Transport {
    http: reqwest::Client,
    connections: Handle,
}

/// Why no client could be set up.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("the CA bundle {} could not be read: {reason}", path.display())]
    CaBundle { path: PathBuf, reason: String },
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}

/// An answer that was not taken whole.
#[derive(Debug, thiserror::Error)]
#[error("the answer is larger than {0} bytes")]
struct TooLarge(usize);

impl Transport {
    /// A client that verifies, or does not verify, TLS as the failing command did.
    ///
    /// # Errors
    /// When the CA bundle cannot be read or is not PEM.
    pub fn new(settings: &Settings, limit: Duration) -> Result<Self, TransportError> {
        // Only the first installation in a process takes; a later one finds the same provider there.
        let _already_there = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(limit)
            .timeout(limit)
            .tls_danger_accept_invalid_certs(!settings.verify_tls);
        if let (true, Some(path)) = (settings.verify_tls, &settings.ca_bundle) {
            builder = builder.tls_certs_only(read_bundle(path)?);
        }
        let http = builder.build().map_err(|error| TransportError::Client(error.to_string()))?;
        let connections = runtime::connections().map_err(|error| TransportError::Client(error.to_string()))?;
        Ok(Self { http, connections })
    }

    /// An exchange on the thread that serves connections. It ends when nobody waits for it any more.
    async fn exchange_there(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let connections = self.connections.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn_on(self.exchange(request), &connections);
        match tasks.join_next().await {
            Some(Ok(answer)) => answer,
            // A fault of ours is the probe's that asked.
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Some(Err(error)) => Err(ConnectorError::other(error.into(), None)),
            None => Err(ConnectorError::other("nothing was sent".into(), None)),
        }
    }

    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let url = reqwest::Url::parse(&parts.uri.to_string()).map_err(|error| ConnectorError::user(error.into()))?;
        let mut outgoing = reqwest::Request::new(parts.method, url);
        *outgoing.headers_mut() = parts.headers;
        if let Some(bytes) = body.bytes()
            && !bytes.is_empty()
        {
            *outgoing.body_mut() = Some(bytes.to_vec().into());
        }
        let mut incoming = self.http.execute(outgoing).await.map_err(connector_error)?;
        let status = StatusCode::try_from(incoming.status().as_u16())
            .map_err(|error| ConnectorError::other(error.into(), None))?;
        let headers = incoming.headers().clone();
        let largest = if incoming.status().is_success() { LARGEST_ANSWER } else { LARGEST_ERROR };
        let mut bytes = Vec::new();
        while let Some(chunk) = incoming.chunk().await.map_err(connector_error)? {
            if bytes.len() + chunk.len() > largest {
                return Err(ConnectorError::other(Box::new(TooLarge(largest)), None));
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(status, SdkBody::from(bytes));
        for (name, value) in &headers {
            // A header that is not text is of no use to anybody here.
            if let Ok(value) = value.to_str() {
                response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
            }
        }
        Ok(response)
    }
}

fn read_bundle(path: &PathBuf) -> Result<Vec<reqwest::Certificate>, TransportError> {
    let refuse = |reason: String| TransportError::CaBundle { path: path.clone(), reason };
    let pem = read_pem(path).map_err(|error| refuse(error.to_string()))?;
    reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| refuse(error.to_string()))
}

/// A regular file of a bounded length: a pipe would be waited for, and a device has no end.
fn read_pem(path: &PathBuf) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let length = file.metadata().map(|found| if found.is_file() { found.len() } else { u64::MAX })?;
    if length > LARGEST_BUNDLE {
        return Err(std::io::Error::other("it is no file of a bundle's length"));
    }
    let mut pem = Vec::new();
    file.take(LARGEST_BUNDLE).read_to_end(&mut pem)?;
    Ok(pem)
}

fn connector_error(error: reqwest::Error) -> ConnectorError {
    let error = error.without_url();
    if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().exchange_there(request))
    }
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
