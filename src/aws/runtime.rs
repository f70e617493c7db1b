//! The async runtime, set up only once there is something to diagnose: one thread that waits for answers and keeps the
//! time, and one beside it that serves the connections.

use std::future::Future;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};

/// Runs one diagnosis to its end on this thread. Name look-ups that still hang on their own threads
/// are left behind, not waited for.
///
/// # Errors
/// When the runtime cannot be set up (no file descriptors, say).
pub fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::ZERO);
    Ok(result)
}

/// Where connections are served: a thread of their own, which ends with the process.
///
/// An endpoint can keep a connection's task busy for seconds on end: hyper reads informational responses (`103 Early Hints`)
/// as fast as they come, bounds neither their number nor their bytes, and neither it nor reqwest lets one count them. A
/// time limit that waited for its turn behind that would come too late for anything to be said.
///
/// # Errors
/// When there is no thread or no descriptor to be had.
pub(super) fn connections() -> io::Result<Handle> {
    static STARTED: Mutex<Option<Handle>> = Mutex::new(None);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(connections) = &*started {
        return Ok(connections.clone());
    }
    // What came for one connection is noticed after each turn of another, and not after the usual 61.
    let runtime = Builder::new_current_thread().enable_all().event_interval(1).build()?;
    let connections = runtime.handle().clone();
    thread::Builder::new()
        .name("connections".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    *started = Some(connections.clone());
    Ok(connections)
}
