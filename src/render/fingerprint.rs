//! The same trouble has the same fingerprint, from run to run: what CI systems use to tell new from known.

use crate::diagnosis::{Blocker, Failure, Report};
use sha1::{Digest as _, Sha1};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Each blocker with its failure and a fingerprint that no other blocker of the report has.
pub fn blockers(report: &Report) -> Vec<(&Failure, &Blocker, String)> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let pairs =
        report.failures.iter().flat_map(|failure| failure.blockers.iter().map(move |blocker| (failure, blocker)));
    pairs
        .map(|(failure, blocker)| {
            let identity = identity(failure, blocker);
            let times = seen.entry(identity.clone()).or_default();
            *times += 1;
            let print = if *times == 1 { hex(&identity) } else { hex(&format!("{identity}\0{times}")) };
            (failure, blocker, print)
        })
        .collect()
}

/// What makes it the same trouble. The key is left out: tomorrow's log file is denied by the same statement.
fn identity(failure: &Failure, blocker: &Blocker) -> String {
    let place = blocker.place.as_ref();
    let parts = [
        Some(blocker.cause.as_str()),
        failure.request.action.as_deref().or(failure.operation.as_deref()),
        failure.request.bucket.as_deref(),
        place.and_then(|place| place.owner.as_deref()),
        place.and_then(|place| place.policy.as_deref()),
        place.and_then(|place| place.pointer.as_deref()),
    ];
    parts.map(Option::unwrap_or_default).join("\0")
}

fn hex(text: &str) -> String {
    Sha1::digest(text.as_bytes()).iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
