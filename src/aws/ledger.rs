//! What was sent: how many requests, for which check, and never more than the cap of one diagnosis.
//! The report's `checks` are made from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The most requests that one diagnosis may send, whatever its probes would like to ask.
pub const MOST_REQUESTS: u32 = 60;

/// Counts the requests of one whole diagnosis.
#[derive(Debug, Default)]
pub struct Total {
    requests: AtomicU32,
}

/// Counts the requests of one check.
#[derive(Debug, Default)]
pub struct Ledger {
    requests: AtomicU32,
    total: Arc<Total>,
}

impl Ledger {
    #[must_use]
    pub fn new(total: &Arc<Total>) -> Arc<Self> {
        Arc::new(Self { requests: AtomicU32::new(0), total: Arc::clone(total) })
    }

    /// Whether one more request may go out; counts it if so.
    #[must_use]
    pub fn take(&self) -> bool {
        if self.total.requests.fetch_add(1, Ordering::Relaxed) >= MOST_REQUESTS {
            return false;
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        true
    }

    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_is_shared_by_all_checks() {
        let total = Arc::new(Total::default());
        let (one, other) = (Ledger::new(&total), Ledger::new(&total));
        let sent = (0..MOST_REQUESTS * 2).filter(|turn| if turn % 2 == 0 { one.take() } else { other.take() }).count();
        assert_eq!(sent, MOST_REQUESTS as usize);
        assert_eq!(one.requests() + other.requests(), MOST_REQUESTS);
    }
}
