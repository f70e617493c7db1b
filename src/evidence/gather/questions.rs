//! All that is asked about a request to S3: what the bucket answers, who asks, and with which policies.

use super::desk::{Desk, Later};
use super::kept::Kept;
use super::named::{Asker, Named, ask_named};
use super::owner::{LaterOwner, Owner, ask_owner};
use super::point::ask_access_point;
use super::{ask_identity, caller_arn, read_policies};
use crate::aws::answer::Exchange;
use crate::aws::clients::Signer;
use crate::evidence::access_point::AccessPoint;
use crate::evidence::bucket_policy::BucketPolicy;
use crate::evidence::identity::Identity;
use crate::evidence::identity_policies::IdentityPolicies;
use crate::evidence::listing::Listing;
use crate::evidence::region::Places;
use crate::evidence::replay::{Replay, Stand};
use crate::evidence::{
    AWS_NAMED_IT, Answer, Evidence, NOT_NEEDED, bucket, bucket_policy, identity, identity_policies, listing, replay,
    settings, unsigned,
};
use crate::recognize::{Denial, DeniedLayer};
use crate::request::BucketKind;
use aws_credential_types::Credentials;
use futures_util::FutureExt;
use futures_util::future::{join, join4};
use std::cell::RefCell;

/// Asks it all, each question as soon as what it needs is there.
pub(super) async fn ask_s3(desk: &Desk<'_>, signer: &Signer, keys: Option<&Credentials>, evidence: &mut Evidence) {
    let region = RefCell::default();
    let places = Places::new(desk.plan.clients, &region);
    // Each of a copy's buckets has a region of its own.
    let other_region = RefCell::default();
    let other_places = Places::new(desk.plan.clients, &other_region);
    // An unsigned request may be told nothing; the bucket's own documents can be read by whoever may.
    let reader = match keys {
        Some(_) => None,
        None => desk.borrowed_keys().await,
    };
    let stand = replay::stand_in(desk.plan.request);
    let questions = Questions { desk, signer, keys, reader: reader.as_ref(), places, other_places, stand };

    let replayed: Later<'_, Replay> = questions.replay().boxed_local().shared();
    let policy: Later<'_, BucketPolicy> = questions.bucket_policy().boxed_local().shared();
    let other_policy: Later<'_, BucketPolicy> = questions.other_bucket_policy().boxed_local().shared();
    let listed: Later<'_, Listing> = questions.listing().boxed_local().shared();
    let kept = Kept::of(desk, keys);
    let identity: Later<'_, Identity> =
        questions.identity(kept.as_ref(), replayed.clone(), policy.clone()).boxed_local().shared();

    let owner: LaterOwner<'_> =
        questions.owner(replayed.clone(), policy.clone(), other_policy.clone(), listed.clone()).boxed_local().shared();

    let about_the_bucket = join4(
        questions.bucket(replayed.clone(), policy.clone()),
        listed.clone(),
        questions.unsigned(replayed.clone(), policy.clone()),
        owner.clone(),
    );
    let about_the_caller = join(identity.clone(), questions.identity_policies(kept.as_ref(), identity.clone()));
    let about_the_refusal = questions.named(replayed.clone(), policy.clone(), owner, identity.clone());
    let point: Later<'_, AccessPoint> =
        ask_access_point(desk, keys.or(questions.reader), replayed.clone(), identity.clone()).boxed_local().shared();
    let behind = questions.policy_behind(replayed.clone(), point.clone());
    let ((bucket, listing, unsigned, owner), (mut identity, mut policies), named, behind) =
        join4(about_the_bucket, about_the_caller, about_the_refusal, behind).await;

    if let Some(kept) = &kept {
        if !kept.is_still(&identity, &policies) {
            (identity, policies) = questions.caller_anew(kept).await;
        }
        kept.renew(desk, &identity);
    }
    evidence.replay = replayed.await;
    evidence.access_point = point.await;
    evidence.bucket_policy = behind.unwrap_or(policy.await);
    evidence.other_bucket_policy = other_policy.await;
    evidence.bucket = bucket;
    evidence.listing = listing;
    evidence.unsigned = unsigned;
    evidence.identity = identity;
    evidence.identity_policies = policies;
    owner.put(evidence);
    named.put(evidence);
    evidence.region = region.borrow().clone();
    evidence.other_region = other_region.borrow().clone();
}

const NOT_YET: &str = "the bucket is to be made";
const NO_BUCKET: &str = "the request names no general purpose bucket";

/// What the questions share.
struct Questions<'a> {
    desk: &'a Desk<'a>,
    signer: &'a Signer,
    /// The failing command's own; none where it sent its request unsigned.
    keys: Option<&'a Credentials>,
    /// Somebody else's, for the documents that an unsigned request cannot ask for.
    reader: Option<&'a Credentials>,
    places: Places<'a>,
    /// Where the bucket at the other end of a copy is.
    other_places: Places<'a>,
    stand: Result<Stand, String>,
}

impl Questions<'_> {
    fn reads_an_object(&self) -> bool {
        matches!(self.stand, Ok(Stand::Object))
    }

    async fn replay(&self) -> Answer<Replay> {
        match &self.stand {
            Ok(stand) => {
                self.desk
                    .ask(replay::NAME, |ledger| async move {
                        replay::follow(&self.places, self.signer, self.desk.plan.request, *stand, &ledger).await
                    })
                    .await
            }
            Err(why) => self.desk.skip(replay::NAME, why),
        }
    }

    async fn bucket_policy(&self) -> Answer<BucketPolicy> {
        let request = self.desk.plan.request;
        if matches!(request.bucket_kind, BucketKind::AccessPoint | BucketKind::AccessPointAlias) {
            // Which bucket it is, the access point tells.
            return Answer::Skipped(NO_BUCKET.to_owned());
        }
        let Some(name) = request.bucket.as_deref().filter(|_| request.bucket_kind == BucketKind::General) else {
            return self.desk.skip(bucket_policy::NAME, NO_BUCKET);
        };
        if request.makes_its_bucket() {
            return self.desk.skip(bucket_policy::NAME, NOT_YET);
        }
        self.policy_of(name, bucket_policy::NAME, &self.places).await
    }

    /// The policy of the bucket behind an access point, where there is one and the refusal may be its own.
    async fn policy_behind(
        &self,
        replayed: Later<'_, Replay>,
        point: Later<'_, AccessPoint>,
    ) -> Option<Answer<BucketPolicy>> {
        let kind = self.desk.plan.request.bucket_kind;
        if !matches!(kind, BucketKind::AccessPoint | BucketKind::AccessPointAlias) {
            return None;
        }
        let replayed = replayed.await;
        let replayed = replayed.known();
        let denial = replayed.and_then(|replay| Denial::read(replay.decisive().message()));
        let layer = denial.as_ref().or(self.desk.plan.denial).and_then(|denial| denial.layer);
        let may_be_its_own = matches!(layer, None | Some(DeniedLayer::ResourcePolicy | DeniedLayer::AccessPointPolicy));
        if !may_be_its_own || replayed.is_some_and(Replay::succeeded) {
            return Some(self.desk.skip(bucket_policy::NAME, NOT_NEEDED));
        }
        let point = point.await;
        let facts = point.known().and_then(|point| point.about.known());
        Some(match facts.map(|facts| facts.bucket.as_str()).filter(|bucket| !bucket.is_empty()) {
            Some(bucket) => self.policy_of(bucket, bucket_policy::NAME, &self.places).await,
            None => self.desk.skip(bucket_policy::NAME, "the bucket behind the access point is not known"),
        })
    }

    /// Of a copy's other bucket; nobody misses it where there is none.
    async fn other_bucket_policy(&self) -> Answer<BucketPolicy> {
        match self.desk.plan.request.other_bucket() {
            Some(name) => self.policy_of(name, bucket_policy::OTHER, &self.other_places).await,
            None => Answer::Skipped("the request is no copy between two buckets".to_owned()),
        }
    }

    async fn policy_of(&self, bucket: &str, check: &str, places: &Places<'_>) -> Answer<BucketPolicy> {
        let Some(keys) = self.keys.or(self.reader) else {
            return self.desk.skip(check, "the request was unsigned");
        };
        let reader = Signer::Keys(keys.clone());
        self.desk.ask(check, |ledger| async move { bucket_policy::get(places, &reader, bucket, &ledger).await }).await
    }

    async fn listing(&self) -> Answer<Listing> {
        let request = self.desk.plan.request;
        match (request.bucket.as_deref(), request.key.as_deref(), self.keys) {
            (Some(name), Some(key), Some(_)) if self.reads_an_object() => {
                self.desk
                    .ask(listing::NAME, |ledger| async move {
                        listing::near(&self.places, self.signer, request, name, key, &ledger).await
                    })
                    .await
            }
            (Some(_), Some(_), None) => self.desk.skip(listing::NAME, "the request was unsigned"),
            _ => self.desk.skip(listing::NAME, "the request reads no object"),
        }
    }

    /// Whether the bucket is there, where no other answer shows it.
    async fn bucket(&self, replayed: Later<'_, Replay>, policy: Later<'_, BucketPolicy>) -> Answer<Exchange> {
        let request = self.desk.plan.request;
        let Some(name) = request.bucket.as_deref() else {
            return self.desk.skip(bucket::NAME, "the request names no bucket");
        };
        if request.bucket_kind == BucketKind::Directory {
            return self.desk.skip(bucket::NAME, "it is a directory bucket");
        }
        if request.makes_its_bucket() {
            return self.desk.skip(bucket::NAME, NOT_YET);
        }
        if is_shown(replayed, policy).await {
            return self.desk.skip(bucket::NAME, "S3 answered for it: it exists, in this region");
        }
        let client = self.places.client(self.signer);
        let answer =
            self.desk.ask(bucket::NAME, |ledger| async move { bucket::head(&client, name, &ledger).await }).await;
        self.places.learn(answer.known());
        answer
    }

    /// The read as a stranger would send it.
    async fn unsigned(&self, replayed: Later<'_, Replay>, policy: Later<'_, BucketPolicy>) -> Answer<Exchange> {
        let request = self.desk.plan.request;
        if self.keys.is_none() {
            return self.desk.skip(unsigned::NAME, "the request itself was unsigned");
        }
        if !self.reads_an_object() || request.bucket_kind != BucketKind::General {
            return self.desk.skip(unsigned::NAME, "the request reads no object of a general purpose bucket");
        }
        let refused = replayed.await;
        let layer = refused.known().and_then(|replay| Denial::read(replay.decisive().message())?.layer);
        if !matches!(layer, None | Some(DeniedLayer::IdentityPolicy)) {
            return self.desk.skip(unsigned::NAME, AWS_NAMED_IT);
        }
        if request.bucket.as_deref().is_some_and(settings::is_known_to_charge) {
            return self.desk.skip(unsigned::NAME, "a Requester Pays bucket is open to nobody unsigned");
        }
        // What lets everybody in lets in the bucket's own account too.
        if policy.await.known().is_some_and(BucketPolicy::is_the_callers) {
            return self.desk.skip(unsigned::NAME, "the bucket is of the caller's account");
        }
        let client = self.places.client(&Signer::Nobody);
        self.desk.ask(unsigned::NAME, |ledger| async move { unsigned::head(&client, request, &ledger).await }).await
    }

    /// Whose bucket and object they are, where the refusal may turn on that.
    async fn owner(
        &self,
        replayed: Later<'_, Replay>,
        policy: Later<'_, BucketPolicy>,
        other_policy: Later<'_, BucketPolicy>,
        listed: Later<'_, Listing>,
    ) -> Owner {
        let (replayed, policy, other_policy, listed) = join4(replayed, policy, other_policy, listed).await;
        if self.keys.is_none() {
            return Owner::not_asked();
        }
        let client = self.places.client(self.signer);
        ask_owner(self.desk, &client, &replayed, &policy, &other_policy, &listed).await
    }

    async fn identity(
        &self,
        kept: Option<&Kept<'_>>,
        replayed: Later<'_, Replay>,
        policy: Later<'_, BucketPolicy>,
    ) -> Answer<Identity> {
        let Some(keys) = self.keys else { return self.desk.skip(identity::NAME, "the request was unsigned") };
        // What an earlier diagnosis learned counts when an answer of this one shows that the credentials still work.
        if let Some(identity) = kept.and_then(|kept| kept.identity.clone())
            && is_shown(replayed, policy).await
        {
            return self.desk.remember(identity::NAME, identity);
        }
        ask_identity(self.desk, keys).await
    }

    async fn identity_policies(
        &self,
        kept: Option<&Kept<'_>>,
        identity: Later<'_, Identity>,
    ) -> Answer<IdentityPolicies> {
        let Some(keys) = self.keys else {
            return self.desk.skip(identity_policies::NAME, "the request was unsigned");
        };
        let iam = match self.desk.plan.clients.iam(keys) {
            Ok(iam) => iam,
            Err(why) => return self.desk.skip(identity_policies::NAME, &why),
        };
        // The name is enough to begin with; whether it is the caller's still is seen when all is there.
        let kept = kept.and_then(|kept| kept.identity.as_ref());
        read_policies(self.desk, &iam, caller_arn(self.desk.plan, kept, identity).await).await
    }

    /// Who it is now, when it is not who it was.
    async fn caller_anew(&self, kept: &Kept<'_>) -> (Answer<Identity>, Answer<IdentityPolicies>) {
        let identity = ask_identity(self.desk, kept.keys).await;
        let caller = identity.known().map(|identity| identity.arn.clone());
        let policies = match self.desk.plan.clients.iam(kept.keys) {
            Ok(iam) => read_policies(self.desk, &iam, caller).await,
            Err(why) => self.desk.skip(identity_policies::NAME, &why),
        };
        (identity, policies)
    }

    /// What the refusal names is worth a look at once.
    async fn named(
        &self,
        replayed: Later<'_, Replay>,
        policy: Later<'_, BucketPolicy>,
        owner: LaterOwner<'_>,
        identity: Later<'_, Identity>,
    ) -> Named {
        let refused = replayed.await;
        let denial = refused.known().and_then(|replay| Denial::read(replay.decisive().message()));
        let said = denial.as_ref().or(self.desk.plan.denial);
        let ask = async |region: Option<&str>| {
            let asker = Asker { signer: self.signer, keys: self.keys.or(self.reader), region };
            ask_named(self.desk, asker, said, refused.known(), policy.clone(), owner.clone(), identity.clone()).await
        };
        let region = self.places.pointed();
        let named = ask(region.as_deref()).await;
        if self.stand.is_ok() {
            return named;
        }
        // Without a replay it is the policy's answer that points elsewhere, and nobody waited for that.
        policy.clone().await;
        match self.places.pointed() {
            Some(pointed) if region.as_ref() != Some(&pointed) => ask(Some(&pointed)).await,
            _ => named,
        }
    }
}

/// Whether an answer of S3's shows that the bucket is there; whoever signed for it has credentials that work.
async fn is_shown(replayed: Later<'_, Replay>, policy: Later<'_, BucketPolicy>) -> bool {
    let (replayed, policy) = join(replayed, policy).await;
    replayed.known().is_some_and(Replay::shows_the_bucket) || bucket_policy::shows_the_bucket(&policy)
}
