//! Lines that are alike may still have different causes: where AWS printed no reason, two of the objects are looked into,
//! and where they were refused for different reasons, the two are explained apart.

use super::Inquiry;
use crate::aws::ledger::Total;
use crate::diagnosis::{Failure, Place};
use crate::recognize::{AwsFailure, Denial, FailureGroup};
use crate::render::words;
use futures_util::future::join;
use std::sync::Arc;

impl Inquiry<'_> {
    /// One kind of failure: one entry, or two where another object of it was refused for another reason.
    pub(super) async fn kind(&self, kind: &FailureGroup, may_look_twice: bool, total: &Arc<Total>) -> Vec<Failure> {
        let other = kind
            .examples
            .last()
            .filter(|other| may_look_twice && kind.examples.len() > 1 && self.options.probe && is_bare(other));
        let Some(other) = other else { return self.one(kind, total).await.into_iter().collect() };
        let other = FailureGroup { count: 1, examples: vec![other.clone()] };
        let (mut first, mut second) = match join(self.one(kind, total), self.one(&other, total)).await {
            (Some(first), Some(second)) => (first, second),
            // One of them turned out to be no matter of access.
            (first, second) => return first.into_iter().chain(second).collect(),
        };
        let is_alike = reasons(&first) == reasons(&second);
        let note = format!(
            "2 of the {} objects were looked into: {}",
            words::number(kind.count),
            if is_alike { "both were refused for this" } else { "they were refused for different reasons" }
        );
        for failure in [&mut first, &mut second] {
            if let Some(blocker) = failure.blockers.first_mut() {
                blocker.notes.push(note.clone());
            }
        }
        if is_alike {
            return vec![first];
        }
        first.count -= second.count;
        vec![first, second]
    }
}

/// Whether AWS refused and gave no reason.
fn is_bare(failure: &AwsFailure) -> bool {
    failure.service().is_some_and(|error| {
        matches!(error.code.as_str(), "AccessDenied" | "403") && Denial::read(&error.message).is_none()
    })
}

/// What a diagnosis names, and where.
fn reasons(failure: &Failure) -> Vec<(&str, Option<&Place>)> {
    failure.blockers.iter().map(|blocker| (blocker.cause.as_str(), blocker.place.as_ref())).collect()
}
