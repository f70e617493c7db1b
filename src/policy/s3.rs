//! S3's own rules.
//!
//! * An object that another account wrote and kept belongs to that account: no Allow of the bucket's account reaches it,
//!   in an identity policy or in the bucket policy, while the bucket owner's Denies still hold. The writer's account is let in by
//!   its own policies. Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html>
//! * The root user of the bucket's account may always read, replace and delete the bucket policy, so that a policy which
//!   locks everybody out can be mended. Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html>
//! * Listing one's buckets has no resource of its own: policies name it `*` or `arn:aws:s3:::*`.
//!   Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use super::arn::{Arn, S3Resource};
use super::document::{Document, Effect};
use super::principal::Principal;
use super::principal_match::PrincipalPattern;
use super::request::{Facts, Request};
use super::statement;

/// The account that owns the object, where that is not the bucket's owner.
pub(crate) fn foreign_owner(request: &Request) -> Option<&str> {
    let owner = request.object_owner.as_deref()?;
    let foreign = request.resource_account.as_deref() != Some(owner);
    let object = S3Resource::of(&request.resource).is_some_and(S3Resource::is_object);
    (foreign && object).then_some(owner)
}

/// The bucket owner's root user at the bucket policy itself: the policy's Denies do not hold.
pub(crate) fn is_policy_recovery(request: &Request) -> bool {
    let Principal::Root { account, .. } = &request.principal else { return false };
    let recovers = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
    request.resource_account.as_deref() == Some(account)
        && recovers.iter().any(|action| request.action.eq_ignore_ascii_case(action))
}

/// Whether nobody but that root user may replace the bucket policy: one of its Denies holds for everybody, whatever the request.
#[must_use]
pub fn locks_everybody_out(policy: &Document, replacing: &Request) -> bool {
    let facts = Facts::new(replacing);
    policy.statements().iter().any(|own| {
        let names_everybody = own.principal.as_ref().is_some_and(|named| {
            !named.negated && named.entries.iter().any(|entry| matches!(entry.pattern, PrincipalPattern::Everyone))
        });
        own.effect == Effect::Deny
            && names_everybody
            && own.conditions.is_empty()
            && statement::action(&own.action, &replacing.action)
            && statement::resource(own.resource.as_ref(), &facts).is_true()
    })
}

/// Another name of the resource that policies use for it.
pub(crate) fn other_name(request: &Request) -> Option<&'static str> {
    of_all_buckets(request).filter(|_| request.resource == "*")
}

/// The resource as a policy names it, where the action is about no single one. The asterisk is the name itself: written as
/// the character, it would cover nothing.
pub(crate) fn of_all_buckets(request: &Request) -> Option<&'static str> {
    let service_level = [
        "s3:ListAllMyBuckets",
        "s3:ListAccessPoints",
        "s3:GetAccountPublicAccessBlock",
        "s3:PutAccountPublicAccessBlock",
    ];
    let asks_for_all = service_level.iter().any(|action| request.action.eq_ignore_ascii_case(action));
    let names_none = request.resource == "*" || request.resource.ends_with(":s3:::*");
    if !asks_for_all || !names_none {
        return None;
    }
    Some(match request.principal.partition() {
        Some("aws-cn") => "arn:aws-cn:s3:::*",
        Some("aws-us-gov") => "arn:aws-us-gov:s3:::*",
        _ => "arn:aws:s3:::*",
    })
}

/// The account in the resource's own ARN, which S3's bucket ARNs lack.
pub(crate) fn account_in_arn(resource: &str) -> Option<&str> {
    Arn::parse(resource).map(|arn| arn.account).filter(|account| super::principal::is_account(account))
}
