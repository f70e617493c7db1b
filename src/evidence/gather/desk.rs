//! Where the probes are asked: each timed, bounded, and written down for the report.

use super::Plan;
use crate::aws::ledger::Ledger;
use crate::diagnosis::{Check, Outcome};
use crate::evidence::{Answer, NOT_NEEDED, PROBES};
use crate::{fault, wrap};
use aws_credential_types::Credentials;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use std::cell::RefCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::time::Instant;

/// A probe's answer that several others wait for.
pub(super) type Later<'a, T> = Shared<LocalBoxFuture<'a, Answer<T>>>;

/// Times the probes, bounds them, and writes them down for the report.
pub(super) struct Desk<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) checks: RefCell<Vec<Check>>,
}

impl Desk<'_> {
    /// Runs one probe under the budget.
    pub(super) async fn ask<T, F: Future<Output = Answer<T>>>(
        &self,
        name: &str,
        probe: impl FnOnce(Arc<Ledger>) -> F,
    ) -> Answer<T> {
        let ledger = Ledger::new(&self.plan.total);
        let start = Instant::now();
        debug_assert!(PROBES.contains(&name), "{name} is not on the list of probes");
        let asked = async {
            fault::probe(name);
            probe(Arc::clone(&ledger)).await
        };
        // A probe that breaks costs its own answer and no other's.
        let asked = tokio::time::timeout_at(self.plan.deadline, AssertUnwindSafe(asked).catch_unwind());
        let answer = match asked.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Answer::Failed(wrap::fault()),
            Err(_) => Answer::TimedOut,
        };
        let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (outcome, requests) = (answer.outcome(), ledger.requests());
        let sent = requests > 0 || outcome != Outcome::Skipped;
        self.note(Check {
            name: name.to_owned(),
            outcome,
            why: answer.absence(),
            ms: sent.then_some(ms),
            requests: sent.then_some(requests),
        });
        answer
    }

    pub(super) fn skip<T>(&self, name: &str, why: &str) -> Answer<T> {
        self.note(Check {
            name: name.to_owned(),
            outcome: Outcome::Skipped,
            why: Some(why.to_owned()),
            ms: None,
            requests: None,
        });
        Answer::Skipped(why.to_owned())
    }

    /// Whether a question went out.
    pub(super) fn has_asked(&self, name: &str) -> bool {
        self.checks
            .borrow()
            .iter()
            .any(|check| check.name == name && check.requests.is_some_and(|requests| requests > 0))
    }

    /// Takes an answer of an earlier diagnosis, and says so.
    pub(super) fn remember<T>(&self, name: &str, value: T) -> Answer<T> {
        self.note(Check {
            name: name.to_owned(),
            outcome: Outcome::Ok,
            why: Some("from the cache".to_owned()),
            ms: None,
            requests: Some(0),
        });
        Answer::Known(value)
    }

    /// The first other identity that can be had without a prompt.
    pub(super) async fn borrowed_keys(&self) -> Option<Credentials> {
        let option = self.plan.options.first()?;
        tokio::time::timeout_at(self.plan.deadline, self.plan.sources.load(&option.plan)).await.ok()?.ok()
    }

    pub(super) fn note(&self, check: Check) {
        self.checks.borrow_mut().push(check);
    }
}

pub(super) fn not_needed<T>() -> Answer<T> {
    Answer::Skipped(NOT_NEEDED.to_owned())
}
