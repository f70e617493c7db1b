//! Another account uploaded the object without giving the bucket's owner control, so no policy of the bucket's account
//! reaches it. AWS's message does not show it: everything looks allowed.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::evidence::settings::Ownership;
use crate::recognize::{DeniedLayer, DenyEffect};
use crate::request::Side;

pub(super) struct ObjectOwnedByOtherAccount;

/// The canonical ids of the object's owner and of the bucket's, where both are known.
fn owners<'a>(case: &'a Case<'_>) -> Option<(&'a str, &'a str)> {
    let key = case.request.key.as_deref()?;
    let listed = case.evidence.listing.known().and_then(|listing| listing.owner_of(key));
    let by_acl = case.evidence.object_acl.known().and_then(|acl| acl.owner.as_deref());
    let object = listed.or(by_acl)?;
    // ListBuckets tells the canonical id of the caller's account, which is the bucket's where the bucket is its own.
    let bucket = case.evidence.own_buckets.known().filter(|_| case.same_account() == Some(true))?.owner.as_deref()?;
    Some((object, bucket))
}

/// Whether the object is known to be another account's, with ACLs in force and none that is known to let the bucket's
/// owner in.
pub(super) fn is_out_of_reach(case: &Case<'_>) -> bool {
    owners(case).is_some_and(|(object, bucket)| object != bucket)
        && case.evidence.ownership.known() != Some(&Ownership::BucketOwnerEnforced)
        && lets_the_bucket_owner_in(case) != Some(true)
}

/// Whether the object's ACL lets the bucket's owner read it, as `bucket-owner-full-control` and `bucket-owner-read` do: then
/// the owner's policies decide as they do for its own objects. `None` where the ACL could not be read.
fn lets_the_bucket_owner_in(case: &Case<'_>) -> Option<bool> {
    let acl = case.evidence.object_acl.known()?;
    let (_, bucket) = owners(case)?;
    Some(acl.readers.iter().any(|reader| reader == bucket))
}

/// Whether nothing excludes it.
pub(super) fn could_be(case: &Case<'_>) -> bool {
    if case.evidence.ownership.known() == Some(&Ownership::BucketOwnerEnforced) {
        return false;
    }
    owners(case).is_none_or(|(object, bucket)| object != bucket)
}

impl Cause for ObjectOwnedByOtherAccount {
    fn code(&self) -> &'static str {
        "object-owned-by-other-account"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let reads = matches!(
            case.request.operation.as_str(),
            "HeadObject" | "GetObject" | "CopyObject" | "GetObjectAcl" | "GetObjectTagging"
        );
        // A copy writes its destination anew.
        let reads = reads && case.request.side != Side::Destination;
        if !reads || case.request.key.is_none() || !case.is_access_denied() || !case.is_general_bucket() {
            return Finding::Irrelevant;
        }
        if case.goes_through() {
            return Finding::RuledOut("the same request goes through now".to_owned());
        }
        if case.names_kms() || case.head_goes_through() {
            return Finding::RuledOut("S3 let the request through as far as the key".to_owned());
        }
        if case.denial.as_ref().is_some_and(|denial| super::key_not_found_hidden::is_hint(case, denial)) {
            return Finding::RuledOut("there is no such object".to_owned());
        }
        let ownership = case.evidence.ownership.known();
        if ownership == Some(&Ownership::BucketOwnerEnforced) {
            return Finding::RuledOut("the bucket owner owns every object (`BucketOwnerEnforced`)".to_owned());
        }
        match owners(case) {
            Some((object, bucket)) if object == bucket => {
                Finding::RuledOut("the bucket's owner owns the object".to_owned())
            }
            Some(_) => {
                let acl = lets_the_bucket_owner_in(case);
                if acl == Some(true) {
                    return Finding::RuledOut("the object's ACL lets the bucket's owner read it".to_owned());
                }
                // Without the ACL, a policy of the caller's that was not read explains a bare refusal as well.
                let is_sure = ownership.is_some() && (acl == Some(false) || misses_a_resource_policy(case));
                self.found(case, if is_sure { Certainty::Proven } else { Certainty::Likely })
            }
            // In the bucket's own account an identity-based Allow is enough, and yet AWS misses a resource-based one.
            None if case.same_account() == Some(true) && misses_a_resource_policy(case) => {
                self.found(case, Certainty::Likely)
            }
            None if case.is_bare()
                && case.is_aws()
                && case.settings.signed
                && case.same_account() != Some(false)
                && nothing_denies(case) =>
            {
                self.found(case, Certainty::Possible)
            }
            None if case.same_account() == Some(false) => Finding::Open(
                "the bucket is another account's, and who owns its objects cannot be read from here".to_owned(),
            ),
            None => Finding::Open(match case.evidence.listing.absence() {
                Some(why) => format!("`s3:ListBucket`, which tells each object's owner: {why}"),
                None => case
                    .evidence
                    .own_buckets
                    .absence()
                    .unwrap_or_else(|| "the list does not show the object's owner".to_owned()),
            }),
        }
    }
}

fn misses_a_resource_policy(case: &Case<'_>) -> bool {
    case.denied_layer() == Some(DeniedLayer::ResourcePolicy)
        && case.denial.as_ref().and_then(|denial| denial.effect) == Some(DenyEffect::Implicit)
}

/// Whether the documents that were read leave the refusal unexplained.
fn nothing_denies(case: &Case<'_>) -> bool {
    case.verdicts.main().is_none_or(|verdict| verdict.evaluation.denied_by.is_empty())
}

impl ObjectOwnedByOtherAccount {
    fn found(&self, case: &Case<'_>, certainty: Certainty) -> Finding {
        let (bucket, key) =
            (case.request.bucket.as_deref().unwrap_or_default(), case.request.key.as_deref().unwrap_or_default());
        let mut found = blocker(
            self.code(),
            certainty,
            format!("`{key}` belongs to another account than `{bucket}`, and the bucket's policies do not reach it"),
        );
        if owners(case).is_some() {
            found
                .evidence
                .extend([crate::evidence::listing::NAME, crate::evidence::own_buckets::NAME].map(str::to_owned));
        } else {
            found.evidence.push(case.told_by().to_owned());
        }
        if case.evidence.ownership.known().is_some() {
            found.evidence.push(crate::evidence::settings::OWNERSHIP.to_owned());
        }
        found.notes.push("whoever uploads to a bucket with ACLs owns the object, unless the upload gives `bucket-owner-full-control`".to_owned());
        found.fix = Some(advice(
            "have the account that uploaded it give the bucket's owner control",
            "the account that uploaded the object",
            vec![case.command(&[
                "s3api",
                "put-object-acl",
                "--bucket",
                bucket,
                "--key",
                key,
                "--acl",
                "bucket-owner-full-control",
            ])],
        ));
        found.other_fixes.push(advice(
            "to own every object of the bucket from now on, switch its ACLs off (`BucketOwnerEnforced`); existing ACLs stop counting",
            case.bucket_administrator(),
            vec![case.command(&[
                "s3api",
                "put-bucket-ownership-controls",
                "--bucket",
                bucket,
                "--ownership-controls",
                "Rules=[{ObjectOwnership=BucketOwnerEnforced}]",
            ])],
        ));
        Finding::Blocks(Box::new(found))
    }
}
