//! An AWS in miniature, on loopback: S3, STS, IAM, KMS and the few calls of EC2, Organizations, SSO and S3
//! Control that have to do with a refusal. For `why403 demo` and for tests with the real AWS CLI.
//!
//! It holds the world of one [`Scenario`], verifies signatures, decides with the same evaluator
//! that a diagnosis uses, and answers as AWS does: in the same order, with the same texts, as silent
//! where AWS is silent. What it answers where no policy decides comes from AWS's documentation and from recorded answers.
//!
//! It is not a test double for applications: it forgets everything when it stops, and knows no operation that
//! no scenario needs.

mod authorize;
mod call;
mod caller;
mod chunked;
pub mod demo;
mod ec2;
mod fault;
mod http;
mod iam;
mod ids;
mod kms;
pub mod log;
mod managed;
mod message;
mod metadata;
mod organizations;
mod s3;
mod s3control;
pub mod scenario;
mod sentinel;
mod server;
mod service;
mod sigv4;
mod sso;
mod state;
mod sts;
mod toolbox;
mod xml;

#[cfg(test)]
mod tests;

pub use log::Entry;
pub use scenario::Scenario;
pub use sentinel::Sentinel;

use log::Log;
use server::Shared;
use state::State;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running world. Stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("no port on loopback could be opened: {0}")]
    Port(std::io::Error),
    #[error("the server's thread could not be started: {0}")]
    Thread(std::io::Error),
}

impl Sandbox {
    /// Opens a port of its own on loopback and serves the scenario's world from a thread of its own.
    ///
    /// # Errors
    /// When there is no port or no thread to be had.
    pub fn start(scenario: Scenario) -> Result<Self, StartError> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(StartError::Port)?;
        listener.set_nonblocking(true).map_err(StartError::Port)?;
        let address = listener.local_addr().map_err(StartError::Port)?;
        let now = server::now(scenario.clock.offset);
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(scenario, now)),
            log: Log::default(),
            started: Instant::now(),
        });
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, async move {
                    if let Ok(listener) = TcpListener::from_std(listener) {
                        server::serve(listener, of_thread, stopped).await;
                    }
                });
            })
            .map_err(StartError::Thread)?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`, the endpoint of every service.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.shared.log.entries()
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.shared.log.clear();
    }

    /// Changes the world while it runs, as somebody with every permission would: applies a repair, say.
    ///
    /// # Errors
    /// When the edit names what is not there, or a document that AWS would not store.
    pub fn apply(&self, edit: &scenario::Edit) -> Result<(), scenario::EditError> {
        let mut state = self.shared.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.apply(edit)
    }

    /// Stops serving, and waits until it has.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone when the server has ended by itself.
            let _gone = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}
