//! The bucket policy or an ACL grants the public or another account access, and Block Public Access overrides that.
//!
//! AWS reports it in a bucket policy's words: `RestrictPublicBuckets` as an explicit deny, `IgnorePublicAcls` as a
//! missing allow.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::{Certainty, DocumentKind, Place};
use crate::evidence::NOT_NEEDED;
use crate::evidence::settings::{self, PublicAccessBlock};
use crate::policy::{Layer, Outcome};
use crate::recognize::{DeniedLayer, DenyEffect, PublicAccessSetting};

pub(super) struct BlockPublicAccess;

const CODE: &str = "block-public-access";

/// The most restrictive union of what could be read.
fn in_force(case: &Case<'_>) -> Option<PublicAccessBlock> {
    let (bucket, account) = (case.evidence.public_access.known(), case.evidence.account_public_access.known());
    match (bucket, account) {
        (Some(bucket), Some(account)) => Some(bucket.union(*account)),
        (one, other) => one.or(other).copied(),
    }
}

fn named(case: &Case<'_>, effect: DenyEffect) -> bool {
    case.denied_layer() == Some(DeniedLayer::ResourcePolicy)
        && case.denial.as_ref().and_then(|denial| denial.effect) == Some(effect)
}

fn resource_outcome(case: &Case<'_>) -> Option<Outcome> {
    case.verdicts.main().and_then(|verdict| verdict.evaluation.layer(Layer::Resource)).map(|layer| layer.outcome)
}

/// AWS says "explicit deny in a resource-based policy", the bucket policy that was read has none, and
/// `RestrictPublicBuckets` is on.
pub(super) fn hides_behind_a_deny(case: &Case<'_>) -> bool {
    named(case, DenyEffect::Explicit)
        && matches!(resource_outcome(case), Some(Outcome::Allows | Outcome::NoAllow))
        && in_force(case).is_some_and(|block| block.restrict_public_buckets)
}

/// AWS says "no resource-based policy allows", and the bucket policy that was read does.
pub(super) fn hides_behind_no_allow(case: &Case<'_>) -> bool {
    named(case, DenyEffect::Implicit)
        && resource_outcome(case) == Some(Outcome::Allows)
        && in_force(case).is_some_and(|block| block.restrict_public_buckets || block.ignore_public_acls)
}

impl Cause for BlockPublicAccess {
    fn code(&self) -> &'static str {
        CODE
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if super::assume_role_denied::is_about(case) || !case.is_access_denied() {
            return Finding::Irrelevant;
        }
        if case.goes_through() {
            return Finding::RuledOut("the same request goes through now".to_owned());
        }
        if let Some(DeniedLayer::BlockPublicAccess(setting)) = case.denied_layer() {
            return self.found(case, setting_name(setting), case.told_by());
        }
        if case.request.names_public_acl() && in_force(case).is_some_and(|block| block.block_public_acls) {
            return self.found(case, "BlockPublicAcls", settings::PUBLIC_ACCESS);
        }
        let by_policy = case
            .verdicts
            .main()
            .and_then(|verdict| verdict.evaluation.layer(Layer::BlockPublicAccess))
            .map(|layer| layer.outcome);
        if by_policy == Some(Outcome::DeniesExplicitly) || hides_behind_a_deny(case) {
            return self.found(case, "RestrictPublicBuckets", settings::PUBLIC_ACCESS);
        }
        if hides_behind_no_allow(case) {
            let block = in_force(case).unwrap_or_default();
            let name = if block.restrict_public_buckets { "RestrictPublicBuckets" } else { "IgnorePublicAcls" };
            return self.found(case, name, settings::PUBLIC_ACCESS);
        }
        match in_force(case) {
            Some(block) if !block.restrict_public_buckets && !block.ignore_public_acls => {
                Finding::RuledOut("Block Public Access is off where it was read".to_owned())
            }
            _ if case.same_account() == Some(true) && case.settings.signed => {
                Finding::RuledOut("it does not reach the bucket's own account".to_owned())
            }
            Some(_) => Finding::Open("Block Public Access is on; what it overrides was not readable".to_owned()),
            None => Finding::Open(match case.evidence.public_access.absence() {
                Some(why) if why != NOT_NEEDED => format!("`s3:GetBucketPublicAccessBlock`: {why}"),
                _ => NOT_NEEDED.to_owned(),
            }),
        }
    }
}

impl BlockPublicAccess {
    fn found(&self, case: &Case<'_>, setting: &str, check: &str) -> Finding {
        let bucket = case.bucket_name().unwrap_or("the bucket");
        let mut found = blocker(
            CODE,
            Certainty::Proven,
            format!("`{setting}` of Block Public Access overrides what `{bucket}` grants"),
        );
        found.evidence.push(check.to_owned());
        if matches!(
            case.evidence.bucket_policy.known(),
            Some(crate::evidence::bucket_policy::BucketPolicy::Document(_))
        ) {
            found.evidence.push(crate::evidence::bucket_policy::NAME.to_owned());
            found.place = Some(Place {
                document: DocumentKind::BucketPolicy,
                owner: Some(bucket.to_owned()),
                policy: None,
                statement: None,
                pointer: None,
            });
        }
        found
            .notes
            .push("a policy counts as public when it names `*` without a condition that fixes who that is".to_owned());
        let who = case.who();
        found.fix = Some(if case.settings.signed {
            advice(
                format!(
                    "name {who} (or its account) in the bucket policy in place of `*`: then the policy is not public"
                ),
                case.bucket_administrator(),
                Vec::new(),
            )
        } else {
            advice("send the request signed, as a principal that the bucket policy names", "you", Vec::new())
        });
        Finding::Blocks(Box::new(found))
    }
}

fn setting_name(setting: PublicAccessSetting) -> &'static str {
    match setting {
        PublicAccessSetting::BlockPublicAcls => "BlockPublicAcls",
        PublicAccessSetting::IgnorePublicAcls => "IgnorePublicAcls",
        PublicAccessSetting::BlockPublicPolicy => "BlockPublicPolicy",
        PublicAccessSetting::RestrictPublicBuckets => "RestrictPublicBuckets",
    }
}
