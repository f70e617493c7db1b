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
        let (first, second) = join(self.one(kind, total), self.one(&other, total)).await;
        together(kind.count, first, second)
    }
}

/// What is said of `count` failures of which two were looked into. What was found for one of them is said though there is
/// nothing to say of the other: it is no matter of access, or nobody wants it explained.
fn together(count: u64, first: Option<Failure>, second: Option<Failure>) -> Vec<Failure> {
    let (mut first, mut second) = match (first, second) {
        (Some(first), Some(second)) => (first, second),
        (first, second) => return first.into_iter().chain(second).collect(),
    };
    let is_alike = reasons(&first) == reasons(&second);
    let note = format!(
        "2 of the {} objects were looked into: {}",
        words::number(count),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(key: &str, cause: &str, count: u64) -> Failure {
        let blocker = json!({
            "cause": cause, "certainty": "proven", "summary": "it is refused", "place": null, "notes": [], "evidence": [],
            "fix": null, "other_fixes": []
        });
        serde_json::from_value(json!({
            "line": format!("download failed: s3://acme-logs/{key}"), "count": count, "operation": "GetObject",
            "error_code": "AccessDenied", "request": {"signed": true}, "caller": null, "blockers": [blocker],
            "ruled_out": [], "open": [], "checks": []
        }))
        .unwrap()
    }

    fn said(failures: &[Failure]) -> Vec<(&str, u64, Vec<&str>)> {
        let firsts = failures.iter().map(|failure| (&failure.blockers[0], failure.count));
        firsts
            .map(|(blocker, count)| (&*blocker.cause, count, blocker.notes.iter().map(|note| &**note).collect()))
            .collect()
    }

    #[test]
    fn what_was_found_for_one_object_is_said_though_there_is_nothing_to_say_of_the_other() {
        let (first, second) = (refused("a", "kms-key-policy", 3), refused("b", "bucket-policy-deny", 1));
        assert_eq!(together(3, Some(first.clone()), None), [first]);
        assert_eq!(together(3, None, Some(second.clone())), [second]);
        assert_eq!(together(3, None, None), []);
    }

    #[test]
    fn two_objects_are_one_entry_where_their_reasons_are_the_same_and_two_where_not() {
        let first = || Some(refused("a", "kms-key-policy", 1200));
        let alike = together(1200, first(), Some(refused("b", "kms-key-policy", 1)));
        let both = "2 of the 1200 objects were looked into: both were refused for this";
        assert_eq!(said(&alike), [("kms-key-policy", 1200, vec![both])]);
        let apart = together(1200, first(), Some(refused("b", "bucket-policy-deny", 1)));
        let each = "2 of the 1200 objects were looked into: they were refused for different reasons";
        assert_eq!(said(&apart), [("kms-key-policy", 1199, vec![each]), ("bucket-policy-deny", 1, vec![each])]);
    }
}
