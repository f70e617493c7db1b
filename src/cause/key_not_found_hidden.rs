//! The key does not exist, and S3 answers 403 and not 404 because the caller may not list the bucket.
//!
//! S3 tells by what its message names: a refused read of an object that speaks of `s3:ListBucket` means that reading
//! is allowed and that there is nothing to read. A list call tells directly, and an evaluator that finds reading
//! allowed by every layer leaves nothing else.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::layer::{LayerCause, Side, is_allowed_as_far_as_read};
use super::{Cause, Finding, object_owned_by_other_account};
use crate::diagnosis::{Blocker, Certainty, DocumentKind};
use crate::evidence::near::{self, Difference};
use crate::policy::{Decision, Layer, Outcome};
use crate::recognize::{Denial, DeniedLayer};
use crate::request::{self, Request};

pub(super) struct KeyNotFoundHidden;

const CODE: &str = "key-not-found-hidden";

/// `s3:ListBucket` where it is missing, for its repair.
const LIST: LayerCause = LayerCause {
    code: CODE,
    layer: Layer::Identity,
    side: Side::NoAllow,
    names: |layer| layer == DeniedLayer::IdentityPolicy,
    kind: DocumentKind::IdentityPolicy,
};

/// The end of the request that reads one object: of a copy its source, whichever end was refused.
pub(super) fn reading_end<'a>(case: &'a Case<'_>) -> Option<&'a Request> {
    let request = case.request;
    let end = match (request.operation.as_str(), request.side) {
        ("CopyObject", request::Side::Destination) => request.at_other_end.as_deref()?,
        ("HeadObject" | "GetObject" | "CopyObject", _) => request,
        _ => return None,
    };
    end.key.is_some().then_some(end)
}

/// Whether AWS's message gives the missing key away.
pub(super) fn is_hint(case: &Case<'_>, denial: &Denial) -> bool {
    reading_end(case).is_some()
        && denial.action.as_deref().is_some_and(|action| action.eq_ignore_ascii_case("s3:ListBucket"))
}

/// Whether S3 told somebody who signs, and who may list, that there is no such key.
pub(super) fn is_told_to_others(case: &Case<'_>) -> bool {
    let signed = case.evidence.signed.known();
    signed.is_some_and(|answer| answer.status == 404 && matches!(answer.code(), "NoSuchKey" | "NoSuchVersion"))
}

/// Whether every permission that the request needs is allowed, as far as could be read.
fn is_allowed_throughout(case: &Case<'_>) -> bool {
    let asked = &case.verdicts.asked;
    !asked.is_empty() && asked.iter().all(|verdict| is_allowed_as_far_as_read(case, verdict))
}

impl Cause for KeyNotFoundHidden {
    fn code(&self) -> &'static str {
        CODE
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let Some(end) = reading_end(case).filter(|_| case.is_access_denied()) else { return Finding::Irrelevant };
        if case.goes_through() {
            return Finding::RuledOut("the object exists".to_owned());
        }
        let Some(key) = end.key.as_deref() else { return Finding::Irrelevant };
        // A list was asked for of the request's own key alone.
        let is_own = std::ptr::eq(end, case.request);
        let listed = case.evidence.listing.known().filter(|_| is_own).and_then(|listing| listing.has(key));
        if listed == Some(true) {
            return Finding::RuledOut("s3:ListObjectsV2 shows the key".to_owned());
        }
        if is_own && case.object_exists() {
            return Finding::RuledOut("another request showed the object".to_owned());
        }
        let hinted = case.denial.as_ref().is_some_and(|denial| is_hint(case, denial));
        if hinted {
            return self.found(case, end, key, Certainty::Proven, case.told_by());
        }
        if listed == Some(false) {
            // A version id names an object that need not be the current one.
            let certainty = if end.version_id.is_some() { Certainty::Possible } else { Certainty::Proven };
            return self.found(case, end, key, certainty, crate::evidence::listing::NAME);
        }
        if is_told_to_others(case) {
            return self.found(case, end, key, Certainty::Proven, crate::evidence::variants::SIGNED);
        }
        if case.denied_layer().is_some() {
            return Finding::Open("S3 tells it to nobody who may not read the key".to_owned());
        }
        if !case.is_bare() {
            return Finding::Irrelevant;
        }
        if !case.settings.signed && !is_allowed_throughout(case) {
            return Finding::Open("a stranger is not told whether a key exists".to_owned());
        }
        self.by_elimination(case, end, key)
    }
}

impl KeyNotFoundHidden {
    /// A bare refusal, and the documents: where they let the request through, nothing else is left.
    fn by_elimination(&self, case: &Case<'_>, end: &Request, key: &str) -> Finding {
        let asked = case.verdicts.asked.iter().map(|verdict| verdict.evaluation.decision);
        let is_refused = |decision| matches!(decision, Decision::ExplicitlyDenied | Decision::ImplicitlyDenied);
        let may_list = case.verdicts.list.as_ref().map(|verdict| verdict.evaluation.decision);
        let check = if case.settings.signed {
            crate::evidence::identity_policies::NAME
        } else {
            crate::evidence::bucket_policy::NAME
        };
        if asked.clone().any(is_refused) {
            return Finding::Open("S3 tells it to nobody who may not read the key".to_owned());
        }
        let is_sure =
            !case.verdicts.asked.is_empty() && asked.into_iter().all(|decision| decision == Decision::Allowed);
        if is_sure && may_list == Some(Decision::Allowed) {
            return Finding::RuledOut("listing is allowed, so a missing key would be answered with 404".to_owned());
        }
        if is_sure || is_allowed_throughout(case) {
            // Whose object it is, is known of the request's own bucket alone.
            let is_the_owners = std::ptr::eq(end, case.request) && !object_owned_by_other_account::could_be(case);
            let certainty = if is_sure && is_the_owners { Certainty::Proven } else { Certainty::Likely };
            return self.found(case, end, key, certainty, check);
        }
        // An access point that lets one VPC in alone says no more to anybody else.
        if super::access_point_policy::is_for_a_vpc(case) {
            return Finding::Open("the access point takes requests from its VPC alone".to_owned());
        }
        self.found(case, end, key, Certainty::Possible, case.told_by())
    }

    fn found(&self, case: &Case<'_>, end: &Request, key: &str, certainty: Certainty, check: &str) -> Finding {
        let bucket = end.bucket.as_deref().unwrap_or_default();
        // Other versions of it may be there.
        let what = end.version_id.as_ref().map_or_else(
            || format!("`{key}` does not exist in `{bucket}`"),
            |version| format!("version `{version}` of `{key}` does not exist in `{bucket}`"),
        );
        let mut found = blocker(CODE, certainty, what);
        found.evidence.push(check.to_owned());
        let lists = case.evidence.listing.known().is_some();
        if !lists {
            found.notes.push("without `s3:ListBucket`, S3 answers 403 where it would otherwise answer 404".to_owned());
        }
        if case.denial.as_ref().is_some_and(|denial| is_hint(case, denial)) {
            found.notes.push(
                "AWS names `s3:ListBucket`, not the permission to read: reading is allowed, and there is nothing to read".to_owned(),
            );
        }
        if is_told_to_others(case) {
            found.notes.push("the same request, signed, is answered with 404".to_owned());
        }
        let listing = case.evidence.listing.known();
        let near = listing.and_then(|listing| near::nearest(key, listing.keys()));
        self.help(case, end, key, near, lists, &mut found);
        Finding::Blocks(Box::new(found))
    }

    fn help(
        &self,
        case: &Case<'_>,
        end: &Request,
        key: &str,
        near: Option<(&str, Difference)>,
        lists: bool,
        found: &mut Blocker,
    ) {
        let bucket = end.bucket.as_deref().unwrap_or_default();
        let folder = key.rfind('/').map_or("", |slash| &key[..=slash]);
        let list = case.command(&["s3", "ls", &format!("s3://{bucket}/{folder}")]);
        if end.version_id.is_some() {
            let versions = case.command(&["s3api", "list-object-versions", "--bucket", bucket, "--prefix", key]);
            let who = "whoever may list the bucket's versions (`s3:ListBucketVersions`)";
            found.fix = Some(advice("look at which versions there are", who, vec![versions]));
            return;
        }
        if let Some((near, difference)) = near {
            found.near_miss = Some(format!("`{near}` exists; it differs {}", difference.words()));
            found.fix = Some(advice(format!("use the key that exists: `s3://{bucket}/{near}`"), "you", Vec::new()));
            found.other_fixes.push(advice("look at what is there", "you", vec![list]));
            return;
        }
        if lists {
            found.fix = Some(advice("look at what is there", "you", vec![list]));
            return;
        }
        found.fix = Some(advice("check the key with someone who can list", "whoever may list the bucket", vec![list]));
        // An edit of the caller's policies helps only where they are what withholds it.
        let lacks = case.verdicts.list.as_ref().filter(|verdict| {
            let outcome = verdict.evaluation.layer(LIST.layer).map(|layer| layer.outcome);
            matches!(outcome, Some(Outcome::NoAllow | Outcome::Unread))
        });
        if let Some(fix) = lacks.and_then(|verdict| super::fixes::for_layer(case, verdict, LIST.layer, LIST.kind)) {
            let fix = crate::diagnosis::Fix {
                summary: format!("to get 404 next time, allow `s3:ListBucket` on `{bucket}`"),
                ..fix
            };
            found.other_fixes.push(fix);
        }
    }
}
