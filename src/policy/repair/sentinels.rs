//! What a repair may not change: other keys, other buckets, other actions, other people, nobody.

use crate::policy::layers::Layer;
use crate::policy::principal::Principal;
use crate::policy::request::Request;
use crate::policy::{s3, sts};

/// Requests that an edit must leave as they are.
pub(super) fn sentinels(request: &Request, layer: Layer, narrows_deny: bool, whole_bucket: bool) -> Vec<Request> {
    let mut sentinels = Vec::new();
    let mut add = |change: &dyn Fn(&mut Request)| {
        let mut sentinel = request.clone();
        change(&mut sentinel);
        if sentinel != *request {
            sentinels.push(sentinel);
        }
    };
    // A Deny that spares the caller spares it for all that the Deny covers: who else it spares is the question.
    if !narrows_deny {
        for action in [
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:ListBucket",
            "s3:PutBucketPolicy",
            "kms:Decrypt",
            "kms:ScheduleKeyDeletion",
            "iam:PassRole",
            "sts:AssumeRole",
            "sts:TagSession",
        ] {
            if !action.eq_ignore_ascii_case(&request.action) {
                add(&|sentinel| action.clone_into(&mut sentinel.action));
            }
        }
        if !sts::is_trust(request) && s3::of_all_buckets(request).is_none() {
            let resource = request.resource.trim_end_matches('*');
            if !whole_bucket {
                add(&|sentinel| sentinel.resource = format!("{}-other", resource.trim_end_matches('/')));
                if let Some((parent, _)) = resource.trim_end_matches('/').rsplit_once('/') {
                    add(&|sentinel| sentinel.resource = format!("{parent}/another"));
                    add(&|sentinel| parent.clone_into(&mut sentinel.resource));
                }
            }
            if super::listed_prefix(request).is_some() {
                add(&|sentinel| {
                    sentinel.context.set("s3:prefix", ["why403-sentinel/"]);
                });
            }
            add(&|sentinel| "arn:aws:s3:::another-bucket/key".clone_into(&mut sentinel.resource));
            add(&|sentinel| "arn:aws:s3:::another-bucket".clone_into(&mut sentinel.resource));
        }
    }
    let principal_matters =
        narrows_deny || matches!(layer, Layer::Resource | Layer::VpcEndpoint | Layer::ResourceControl);
    if principal_matters {
        let account = request.principal.account().unwrap_or("111122223333").to_owned();
        let other = if account == "999999999999" { "888888888888" } else { "999999999999" };
        let partition = request.principal.partition().unwrap_or("aws").to_owned();
        for account in [account.as_str(), other] {
            for kind in ["user/why403-sentinel", "role/why403-sentinel"] {
                if let Ok(principal) = format!("arn:{partition}:iam::{account}:{kind}").parse::<Principal>() {
                    add(&|sentinel| sentinel.principal = principal.clone());
                }
            }
        }
        add(&|sentinel| sentinel.principal = Principal::Anonymous);
    }
    sentinels
}
