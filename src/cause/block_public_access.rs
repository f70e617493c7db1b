//! The bucket policy or an ACL grants the public or another account access, and Block Public Access overrides that.
//!
//! AWS reports it in a bucket policy's words: `RestrictPublicBuckets` as an explicit deny, `IgnorePublicAcls` as a
//! missing allow.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding, access_point_policy};
use crate::diagnosis::{Blocker, Certainty, DocumentKind, Place};
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

/// Whether both the bucket's and its account's settings were read, and let public ACLs through.
fn is_known_to_be_off(case: &Case<'_>) -> bool {
    let both = case.evidence.public_access.known().zip(case.evidence.account_public_access.known());
    both.is_some_and(|(bucket, account)| !bucket.union(*account).block_public_acls)
}

/// Whether `RestrictPublicBuckets` could be what AWS calls an explicit deny in a resource-based policy. It keeps everybody
/// out but the bucket's own account, so in that account's requests the words mean what they say; so they do where they are
/// about a key or an access point, and where the setting is known to be off.
pub(super) fn could_hide_behind_a_deny(case: &Case<'_>) -> bool {
    let evidence = case.evidence;
    let is_off = evidence.public_access.known().zip(evidence.account_public_access.known()).is_some()
        && !in_force(case).is_some_and(|block| block.restrict_public_buckets);
    case.denied_layer() == Some(DeniedLayer::ResourcePolicy)
        && case.denial.as_ref().and_then(|denial| denial.effect) == Some(DenyEffect::Explicit)
        && !case.names_kms()
        && !access_point_policy::is_named(case)
        && case.same_account() != Some(true)
        && !is_off
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
        match case.denied_layer() {
            Some(DeniedLayer::BlockPublicAccess(
                setting @ (PublicAccessSetting::BlockPublicAcls | PublicAccessSetting::BlockPublicPolicy),
            )) => return self.refuses(case, setting, case.told_by()),
            Some(DeniedLayer::BlockPublicAccess(setting)) => {
                return self.found(case, setting_name(setting), case.told_by());
            }
            _ => {}
        }
        if case.names_kms() || case.head_goes_through() {
            return Finding::RuledOut("S3 let the request through as far as the key".to_owned());
        }
        if case.request.names_public_acl() && in_force(case).is_some_and(|block| block.block_public_acls) {
            return self.refuses(case, PublicAccessSetting::BlockPublicAcls, settings::PUBLIC_ACCESS);
        }
        if case.request.names_public_acl() && case.is_bare() && case.is_aws() && !is_known_to_be_off(case) {
            return match self.refuses(case, PublicAccessSetting::BlockPublicAcls, case.told_by()) {
                Finding::Blocks(mut found) => {
                    found.certainty = Certainty::Possible;
                    found.notes.push("new buckets have it on from the start".to_owned());
                    Finding::Blocks(found)
                }
                other => other,
            };
        }
        let by_policy = case
            .verdicts
            .main()
            .and_then(|verdict| verdict.evaluation.layer(Layer::BlockPublicAccess))
            .map(|layer| layer.outcome);
        if by_policy == Some(Outcome::DeniesExplicitly) {
            return self.found(case, "RestrictPublicBuckets", settings::PUBLIC_ACCESS);
        }
        // S3 itself takes the policy for public, whatever it says: then nobody outside the account gets in.
        let is_outside = !case.settings.signed || case.same_account() == Some(false);
        if is_outside
            && case.evidence.policy_is_public.known() == Some(&true)
            && case.evidence.public_access.known().is_some_and(|block| block.restrict_public_buckets)
        {
            let mut found = self.overrides(case, Certainty::Proven, "RestrictPublicBuckets", settings::PUBLIC_ACCESS);
            found.evidence.push(settings::POLICY_STATUS.to_owned());
            return Finding::Blocks(Box::new(found));
        }
        if could_hide_behind_a_deny(case) {
            let mut found = self.overrides(case, Certainty::Possible, "RestrictPublicBuckets", case.told_by());
            found.notes.push("AWS reports it in the words of a bucket policy's explicit deny".to_owned());
            return Finding::Blocks(Box::new(found));
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
        Finding::Blocks(Box::new(self.overrides(case, Certainty::Proven, setting, check)))
    }

    /// The two settings that refuse a request for what it would make public: only another request goes through.
    fn refuses(&self, case: &Case<'_>, setting: PublicAccessSetting, check: &str) -> Finding {
        let (what, way) = if setting == PublicAccessSetting::BlockPublicPolicy {
            ("the policy", "put a policy that names who may come in, in place of `*`: it is not public".to_owned())
        } else {
            let acl = case.request.conditions.get("s3:x-amz-acl");
            let named = acl.map_or_else(|| "the public ACL".to_owned(), |acl| format!("`--acl {acl}`"));
            ("the public ACL", format!("leave {named} out, and let in who is to read it by name, in the bucket policy"))
        };
        let bucket = case.bucket_or_so();
        let summary = format!("`{}` of Block Public Access refuses {what} for {bucket}", setting_name(setting));
        let mut found = blocker(CODE, Certainty::Proven, summary);
        found.evidence.push(check.to_owned());
        found.fix = Some(advice(way, "you", Vec::new()));
        Finding::Blocks(Box::new(found))
    }

    fn overrides(&self, case: &Case<'_>, certainty: Certainty, setting: &str, check: &str) -> Blocker {
        let bucket = case.bucket_name().unwrap_or("the bucket");
        let mut found =
            blocker(CODE, certainty, format!("`{setting}` of Block Public Access overrides what `{bucket}` grants"));
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
        found
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
