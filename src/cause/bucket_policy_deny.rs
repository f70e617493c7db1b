//! A statement of the bucket policy denies the request outright.

use super::case::Case;
use super::fixes::{self, advice, blocker};
use super::layer::{LayerCause, Side, surer};
use super::verdict::Verdict;
use super::{Cause, Finding, access_point_policy, block_public_access, ways};
use crate::diagnosis::{Blocker, Certainty, DocumentKind};
use crate::policy::{Layer, Outcome};
use crate::recognize::DeniedLayer;

pub(super) struct BucketPolicyDeny;

const LAYER: LayerCause = LayerCause {
    code: "bucket-policy-deny",
    layer: Layer::Resource,
    side: Side::Deny,
    names: |layer| layer == DeniedLayer::ResourcePolicy,
    kind: DocumentKind::BucketPolicy,
};

impl Cause for BucketPolicyDeny {
    fn code(&self) -> &'static str {
        LAYER.code
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if super::assume_role_denied::is_about(case) || case.request.bucket.is_none() {
            return Finding::Irrelevant;
        }
        findings(case).reduce(surer).unwrap_or_else(|| of_verdict(case, None))
    }

    fn also(&self, case: &Case<'_>) -> Vec<Blocker> {
        match self.judge(case) {
            Finding::Blocks(first) => LAYER.beside(&first, findings(case)),
            _ => Vec::new(),
        }
    }

    fn next(&self, case: &Case<'_>) -> Vec<Blocker> {
        let mut found = LAYER.next_of_each(case);
        for (verdict, blocker) in &mut found {
            add_condition_help(case, Some(verdict), blocker);
        }
        found.into_iter().map(|(_, blocker)| blocker).collect()
    }
}

/// What it says of each permission that is asked for; through an access point, of the bucket behind it.
fn findings<'c>(case: &'c Case<'_>) -> impl Iterator<Item = Finding> + use<'c> {
    let behind = case.verdicts.behind.as_ref().filter(|_| !case.names_kms());
    let asked = case.verdicts.asked.iter().filter(move |asked| behind.is_none() || asked.is_of_other_bucket());
    behind.into_iter().chain(asked).map(|verdict| of_verdict(case, Some(verdict)))
}

fn of_verdict(case: &Case<'_>, verdict: Option<&Verdict>) -> Finding {
    if case.names_kms() {
        return LAYER.judge_documents_only(case, verdict);
    }
    let other = verdict.filter(|verdict| verdict.is_of_other_bucket());
    let shows = |verdict: &Verdict| {
        verdict.evaluation.layer(Layer::Resource).is_some_and(|layer| layer.outcome == Outcome::DeniesExplicitly)
    };
    if other.is_none()
        && case.access_point_arn().is_some()
        && access_point_policy::is_named(case)
        && !case.verdicts.behind.as_ref().is_some_and(shows)
        && !access_point_policy::is_cleared(case)
    {
        return Finding::Open(
            "AWS names a resource-based policy, and the request went through an access point".to_owned(),
        );
    }
    let same = verdict.map_or_else(|| case.same_account(), |verdict| verdict.same_account(case));
    match LAYER.judge(case, verdict) {
        Finding::Blocks(mut found) => {
            // AWS's words are about the bucket that it names.
            if other.is_none() && block_public_access::could_hide_behind_a_deny(case) {
                found.certainty = found.certainty.min(Certainty::Likely);
                found
                    .notes
                    .push("`RestrictPublicBuckets` of Block Public Access is reported in the same words".to_owned());
            }
            if let Some(locked) = verdict.filter(|verdict| same == Some(true) && fixes::is_locked(verdict)) {
                let bucket = case.bucket_of(Some(locked));
                found.notes.push(format!(
                    "the policy denies `s3:PutBucketPolicy` to everybody: only the root user of {bucket}'s account can replace it"
                ));
            }
            add_condition_help(case, verdict, &mut found);
            Finding::Blocks(found)
        }
        Finding::Open(because) if case.is_bare() && case.is_aws() && case.settings.signed && same != Some(true) => {
            let mut found = blocker(
                LAYER.code,
                Certainty::Possible,
                format!("the bucket policy of {} denies this request", case.bucket_of(verdict)),
            );
            found.notes.push(format!("not checked: {because}"));
            Finding::Blocks(Box::new(found))
        }
        other => other,
    }
}

/// A Deny with a condition is met first, and edited last.
fn add_condition_help(case: &Case<'_>, verdict: Option<&Verdict>, found: &mut Blocker) {
    let Some(verdict) = verdict else { return };
    let exempt = found.fix.take().unwrap_or_else(|| {
        let who = case.administrator_of(Some(verdict));
        advice(format!("ask {who} to exempt {}", case.who()), who, Vec::new())
    });
    let mut ways = ways::out_of(found, verdict, Layer::Resource).into_iter().chain([exempt]);
    found.fix = ways.next();
    found.other_fixes.splice(0..0, ways);
}
