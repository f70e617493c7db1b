//! The caller is of another account than the bucket, and the bucket policy does not let it in.

use super::case::Case;
use super::fixes::{self, blocker};
use super::layer::{LayerCause, Side, is_allowed_as_far_as_read, surer};
use super::verdict::Verdict;
use super::{Cause, Finding, object_owned_by_other_account};
use crate::diagnosis::{Blocker, Certainty, DocumentKind, Place};
use crate::evidence::bucket_policy::{self, BucketPolicy};
use crate::policy::{Layer, Outcome};
use crate::recognize::{DeniedLayer, DenyEffect};
use crate::request::BucketKind;

pub(super) struct BucketPolicyNoAllow;

const LAYER: LayerCause = LayerCause {
    code: "bucket-policy-no-allow",
    layer: Layer::Resource,
    side: Side::NoAllow,
    names: |layer| layer == DeniedLayer::ResourcePolicy,
    kind: DocumentKind::BucketPolicy,
};

impl Cause for BucketPolicyNoAllow {
    fn code(&self) -> &'static str {
        LAYER.code
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if super::assume_role_denied::is_about(case) || case.request.bucket.is_none() {
            return Finding::Irrelevant;
        }
        if case.goes_through() {
            return Finding::RuledOut("the same request goes through now".to_owned());
        }
        if !case.is_access_denied() || case.names_kms() || !case.settings.signed {
            return Finding::Irrelevant;
        }
        if case.head_goes_through() {
            return Finding::RuledOut("HEAD, which needs the same permission, goes through".to_owned());
        }
        Self::ends(case).reduce(surer).unwrap_or(Finding::Irrelevant)
    }

    fn also(&self, case: &Case<'_>) -> Vec<Blocker> {
        match self.judge(case) {
            Finding::Blocks(first) => LAYER.beside(&first, Self::ends(case)),
            _ => Vec::new(),
        }
    }
}

impl BucketPolicyNoAllow {
    /// What it says of the bucket, and of the one at the other end of a copy.
    fn ends<'c>(case: &'c Case<'_>) -> impl Iterator<Item = Finding> + use<'c> {
        let other = case.verdicts.asked.iter().find(|verdict| verdict.is_of_other_bucket());
        let own = case.verdicts.main().filter(|verdict| !verdict.is_of_other_bucket());
        let is_there = own.is_some() || other.is_none();
        let own = is_there.then(|| Self.of_own(case, own));
        own.into_iter().chain(other.map(|other| Self.of(case, Some(other))))
    }

    fn of_own(&self, case: &Case<'_>, verdict: Option<&Verdict>) -> Finding {
        if case.access_point_arn().is_some() && super::access_point_policy::is_named(case) {
            let explicit = case.denial.as_ref().and_then(|denial| denial.effect) == Some(DenyEffect::Explicit);
            if explicit && case.verdicts.behind.is_some() {
                return Finding::RuledOut("AWS names an explicit deny".to_owned());
            }
            return Finding::Open(
                "AWS names a resource-based policy, and the request went through an access point".to_owned(),
            );
        }
        match (self.of(case, verdict), case.point_to_nowhere()) {
            (Finding::Blocks(found), Some(point)) => {
                Finding::Blocks(Box::new(self.through_a_point(case, point, *found)))
            }
            (finding, _) => finding,
        }
    }

    /// What it says of one bucket's side.
    fn of(&self, case: &Case<'_>, verdict: Option<&Verdict>) -> Finding {
        let same = verdict.map_or_else(|| case.same_account(), |verdict| verdict.same_account(case));
        let is_other = verdict.is_some_and(Verdict::is_of_other_bucket);
        // What AWS says of the caller's side is about the bucket that it names.
        let is_said = !is_other && case.denied_layer() == Some(DeniedLayer::IdentityPolicy);
        match (LAYER.judge(case, verdict), same) {
            (Finding::Blocks(mut found), same) if same != Some(true) => {
                // Object ownership does not show in the message: it says the same of an object that another account owns.
                if same.is_none() && object_owned_by_other_account::could_be(case) {
                    found.certainty = found.certainty.min(Certainty::Likely);
                }
                Finding::Blocks(found)
            }
            (_, Some(true)) => Finding::RuledOut(
                "the bucket is of the caller's own account, where an identity-based policy is enough".to_owned(),
            ),
            (Finding::RuledOut(because), _) => Finding::RuledOut(because),
            (_, Some(false)) if case.is_bare() || is_said => self.unseen(case, verdict),
            (Finding::Open(because), None) if case.is_bare() && case.is_aws() => {
                let mut found = blocker(LAYER.code, Certainty::Possible, self.summary(case, verdict));
                found.evidence.push(case.told_by().to_owned());
                found.notes.push(format!(
                    "whether {} belongs to another account is not known: {because}",
                    case.bucket_of(verdict)
                ));
                found.fix = verdict.and_then(|verdict| fixes::for_layer(case, verdict, LAYER.layer, LAYER.kind));
                Finding::Blocks(Box::new(found))
            }
            (finding, _) => finding,
        }
    }

    /// No policy can be put on a bucket whose name nobody told: it is the access point's that can be spelt out, and the bucket's
    /// has to allow the same.
    fn through_a_point(&self, case: &Case<'_>, point: &str, mut found: Blocker) -> Blocker {
        found.place = Some(Place {
            document: DocumentKind::BucketPolicy,
            owner: None,
            policy: None,
            statement: None,
            pointer: None,
        });
        let verdict =
            case.verdicts.access_point.as_ref().filter(|_| case.request.bucket_kind == BucketKind::AccessPoint);
        let of_the_point =
            verdict.and_then(|verdict| fixes::for_layer(case, verdict, LAYER.layer, DocumentKind::AccessPointPolicy));
        let of_the_bucket = fixes::advice(
            format!(
                "have the bucket's policy allow the same, or leave it to its access points (`s3:DataAccessPointAccount`): both, `{point}` and the bucket, have to let it through"
            ),
            case.bucket_administrator(),
            Vec::new(),
        );
        match of_the_point {
            Some(fix) => {
                found.fix = Some(fix);
                found.other_fixes.insert(0, of_the_bucket);
            }
            None => found.fix = Some(of_the_bucket),
        }
        found
    }

    fn summary(&self, case: &Case<'_>, verdict: Option<&Verdict>) -> String {
        let who = case.who();
        let bucket = case.bucket_of(verdict);
        match case.account() {
            Some(account) => format!("the bucket policy of {bucket} does not let {who} of {account} in"),
            None => format!("the bucket policy of {bucket} does not let {who} in"),
        }
    }

    /// Across accounts the policy cannot be read; what can be is that it is another account's, and that the refusal came
    /// without a reason, as refusals across accounts do.
    fn unseen(&self, case: &Case<'_>, verdict: Option<&Verdict>) -> Finding {
        let is_other = verdict.is_some_and(Verdict::is_of_other_bucket);
        let identity = verdict.and_then(|verdict| verdict.evaluation.layer(Layer::Identity)).map(|layer| layer.outcome);
        // Where the caller's own side stops it, AWS never got as far as the bucket's: then this is one thing more that may
        // be missing.
        // Of a copy's two ends it is this one only where nothing is known to stop it at the other.
        let own_side_allows = !is_other || case.verdicts.main().is_some_and(|own| is_allowed_as_far_as_read(case, own));
        let certainty = match identity {
            Some(Outcome::Allows | Outcome::NotApplicable) if own_side_allows => Certainty::Likely,
            _ => Certainty::Possible,
        };
        let mut found = blocker(LAYER.code, certainty, self.summary(case, verdict));
        found.evidence.push(case.told_by().to_owned());
        let (policy, check) = if is_other {
            (&case.evidence.other_bucket_policy, bucket_policy::OTHER)
        } else {
            (&case.evidence.bucket_policy, bucket_policy::NAME)
        };
        if matches!(policy.known(), Some(BucketPolicy::NotTheOwner)) {
            found.evidence.push(check.to_owned());
            found.notes.push("the bucket is another account's: `s3:GetBucketPolicy` answers 405 to a caller who is not of the owner's".to_owned());
        } else if case.evidence.own_buckets.known().is_some() {
            found.evidence.push(crate::evidence::own_buckets::NAME.to_owned());
            found.notes.push("the bucket is not among those of the caller's account".to_owned());
        }
        if let Some(name) = super::bucket_not_found::closest_own(case).filter(|_| !is_other) {
            found.near_miss = Some(format!("the caller's account has a bucket `{name}`"));
        }
        found.notes.push("across accounts both sides have to allow: the caller's policies and the bucket's".to_owned());
        found.place = Some(Place {
            document: DocumentKind::BucketPolicy,
            owner: verdict.map_or_else(|| case.bucket_name(), |verdict| verdict.bucket(case)).map(str::to_owned),
            policy: None,
            statement: None,
            pointer: None,
        });
        found.fix = verdict.and_then(|verdict| fixes::for_layer(case, verdict, LAYER.layer, LAYER.kind));
        Finding::Blocks(Box::new(found))
    }
}
