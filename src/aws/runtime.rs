//! The async runtime, set up only once there is something to diagnose.

use std::future::Future;
use std::time::Duration;

/// Runs one diagnosis to its end on this thread. Name look-ups that still hang on their own threads
/// are left behind, not waited for.
///
/// # Errors
/// When the runtime cannot be set up (no file descriptors, say).
pub fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::ZERO);
    Ok(result)
}
