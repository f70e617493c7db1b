//! Whose bucket it is, and whose object: what a refusal turns on that no policy explains.

use super::ask::{ask_object_acl, ask_own_buckets, ask_ownership};
use super::desk::{Desk, not_needed};
use super::named::names_kms;
use crate::evidence::bucket_policy::BucketPolicy;
use crate::evidence::listing::Listing;
use crate::evidence::object_acl::ObjectAcl;
use crate::evidence::own_buckets::OwnBuckets;
use crate::evidence::replay::{self, Replay, Stand};
use crate::evidence::settings::Ownership;
use crate::evidence::{Answer, Evidence};
use crate::recognize::{Denial, DeniedLayer, DenyEffect};
use crate::request::BucketKind;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared, join3};

/// What others may wait for.
pub(super) type LaterOwner<'a> = Shared<LocalBoxFuture<'a, Owner>>;

/// What was learned of it.
#[derive(Clone)]
pub(super) struct Owner {
    pub(super) own_buckets: Answer<OwnBuckets>,
    ownership: Answer<Ownership>,
    object_acl: Answer<ObjectAcl>,
}

impl Owner {
    pub(super) fn not_asked() -> Self {
        Self { own_buckets: not_needed(), ownership: not_needed(), object_acl: not_needed() }
    }

    pub(super) fn put(self, evidence: &mut Evidence) {
        evidence.own_buckets = self.own_buckets;
        evidence.ownership = self.ownership;
        evidence.object_acl = self.object_acl;
    }
}

/// Asks what the first answers make likely to matter; [`super::further()`] asks the rest where it is still needed.
pub(super) async fn ask_owner(
    desk: &Desk<'_>,
    client: &aws_sdk_s3::Client,
    replayed: &Answer<Replay>,
    policy: &Answer<BucketPolicy>,
    other_policy: &Answer<BucketPolicy>,
    listed: &Answer<Listing>,
) -> Owner {
    let request = desk.plan.request;
    let code = replayed.known().map_or("", |replay| replay.decisive().code());
    let denial = replayed.known().and_then(|replay| Denial::read(replay.decisive().message()));
    let layer = denial.as_ref().and_then(|denial| denial.layer);
    let effect = denial.as_ref().and_then(|denial| denial.effect);
    let bare = layer.is_none();
    let by_resource = layer == Some(DeniedLayer::ResourcePolicy);
    let by_kms = denial.as_ref().is_some_and(names_kms);
    let refused = code == "AccessDenied" && !by_kms && request.bucket_kind == BucketKind::General;
    let of_the_bucket = refused && policy.known().is_none() && (bare || by_resource);
    // A copy is decided at both its ends, each by whose bucket it is.
    let of_a_copy = request.other_bucket().is_some() && [policy, other_policy].iter().any(|it| it.denied().is_some());
    let key = request.key.as_deref().filter(|_| matches!(replay::stand_in(request), Ok(Stand::Object)));
    let of_an_object = refused && policy.known().is_some_and(BucketPolicy::is_the_callers) && key.is_some();
    // In the bucket's own account an identity-based Allow is enough: AWS misses a resource-based one only where the object is
    // not the bucket owner's.
    let is_said = of_an_object && by_resource && effect == Some(DenyEffect::Implicit);
    // Without AWS's word for it the setting is asked first: where it is enforced, there is no other owner to look for.
    let may_be = of_an_object && bare;
    let is_listed = key.and_then(|key| listed.known()?.owner_of(key)).is_some();

    let ownership = async { if is_said || may_be { ask_ownership(desk, client).await } else { not_needed() } };
    let ownership = ownership.boxed_local().shared();
    let is_open = || async { may_be && ownership.clone().await.known() != Some(&Ownership::BucketOwnerEnforced) };
    let own_buckets = async {
        if of_the_bucket || of_a_copy || is_said || code == "NoSuchBucket" || is_open().await {
            ask_own_buckets(desk, client).await
        } else {
            not_needed()
        }
    };
    // The list tells the object's owner as well; only the ACL tells whether it lets the bucket's owner in.
    let object_acl = async {
        if (is_said && !is_listed) || is_open().await { ask_object_acl(desk, client).await } else { not_needed() }
    };
    let (own_buckets, ownership, object_acl) = join3(own_buckets, ownership.clone(), object_acl).await;
    Owner { own_buckets, ownership, object_acl }
}
