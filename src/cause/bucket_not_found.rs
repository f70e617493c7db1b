//! No bucket of that name exists, often because the name is mistyped.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::evidence::near;

pub(super) struct BucketNotFound;

impl Cause for BucketNotFound {
    fn code(&self) -> &'static str {
        "bucket-not-found"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let Some(bucket) = case.request.bucket.as_deref() else { return Finding::Irrelevant };
        if case.request.makes_its_bucket() {
            return Finding::Irrelevant;
        }
        let said = case.code() == "NoSuchBucket";
        let head = case.evidence.bucket.known().map(|exchange| exchange.status);
        if !said && head != Some(404) {
            return match head {
                Some(status) => Finding::RuledOut(format!("s3:HeadBucket answers {status}: the bucket exists")),
                None => match case.evidence.shows_the_bucket() {
                    Some(check) => Finding::RuledOut(format!("`{check}` had an answer: the bucket exists")),
                    None => Finding::Irrelevant,
                },
            };
        }
        let mut found = blocker(self.code(), Certainty::Proven, format!("there is no bucket `{bucket}`"));
        found.evidence.push(if said { case.told_by() } else { crate::evidence::bucket::NAME }.to_owned());
        if case.told_by() == "s3-replay" && head == Some(404) && said {
            found.evidence.push(crate::evidence::bucket::NAME.to_owned());
        }
        found.fix = Some(match closest_own(case) {
            Some(name) => {
                found.near_miss = Some(format!("the caller's account has a bucket `{name}`"));
                let key = case.request.key.as_deref().or(case.request.prefix.as_deref()).unwrap_or_default();
                advice(format!("use the bucket that exists: `s3://{name}/{key}`"), "you", Vec::new())
            }
            None => advice("check the bucket's name", "you", vec![case.command(&["s3", "ls"])]),
        });
        Finding::Blocks(Box::new(found))
    }
}

/// A bucket of the caller's account whose name is a letter or two away.
pub(super) fn closest_own<'a>(case: &'a Case<'_>) -> Option<&'a str> {
    let bucket = case.request.bucket.as_deref()?;
    let most = if bucket.len() > 8 { 2 } else { 1 };
    let own = case.evidence.own_buckets.known()?;
    own.names.iter().map(String::as_str).find(|name| *name != bucket && near::within(bucket, name, most))
}
