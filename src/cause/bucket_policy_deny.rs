//! A statement of the bucket policy denies the request outright.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::layer::{LayerCause, Side};
use super::verdict::Verdict;
use super::{Cause, Finding, access_point_policy, block_public_access};
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
        if case.names_kms() {
            return LAYER.judge_documents_only(case, case.verdicts.main());
        }
        let behind = case.verdicts.behind.as_ref();
        let shows = |verdict: &Verdict| {
            verdict.evaluation.layer(Layer::Resource).is_some_and(|layer| layer.outcome == Outcome::DeniesExplicitly)
        };
        if case.access_point_arn().is_some()
            && access_point_policy::is_named(case)
            && !behind.is_some_and(shows)
            && !access_point_policy::is_cleared(case)
        {
            return Finding::Open(
                "AWS names a resource-based policy, and the request went through an access point".to_owned(),
            );
        }
        let finding = behind
            .map_or(case.verdicts.asked.as_slice(), std::slice::from_ref)
            .iter()
            .map(|verdict| LAYER.judge(case, Some(verdict)))
            .find(|finding| matches!(finding, Finding::Blocks(_)));
        let finding = finding.unwrap_or_else(|| LAYER.judge(case, behind.or(case.verdicts.main())));
        match finding {
            Finding::Blocks(mut found) => {
                if block_public_access::could_hide_behind_a_deny(case) {
                    found.certainty = found.certainty.min(Certainty::Likely);
                    found.notes.push(
                        "`RestrictPublicBuckets` of Block Public Access is reported in the same words".to_owned(),
                    );
                }
                add_condition_help(case, &mut found);
                Finding::Blocks(found)
            }
            Finding::Open(because)
                if case.is_bare() && case.is_aws() && case.settings.signed && case.same_account() != Some(true) =>
            {
                let mut found = blocker(
                    LAYER.code,
                    Certainty::Possible,
                    format!("the bucket policy of {} denies this request", case.bucket_or_so()),
                );
                found.notes.push(format!("not checked: {because}"));
                Finding::Blocks(Box::new(found))
            }
            other => other,
        }
    }
}

/// A Deny with a condition is met first, and edited last.
fn add_condition_help(case: &Case<'_>, found: &mut Blocker) {
    let Some(excerpt) = &found.excerpt else { return };
    let text = excerpt
        .marks
        .iter()
        .find(|mark| mark.primary)
        .and_then(|mark| excerpt.text.get(mark.span.clone()))
        .unwrap_or_default();
    let lower = text.to_ascii_lowercase();
    let meet = if lower.contains("aws:sourcevpce") || lower.contains("aws:sourcevpc") {
        "run this from a network that reaches S3 through the VPC endpoint that the statement names"
    } else if lower.contains("aws:sourceip") || lower.contains("aws:vpcsourceip") {
        "run this from an address that the statement leaves out"
    } else if lower.contains("aws:securetransport") {
        "use an `https://` endpoint"
    } else if lower.contains("aws:multifactorauth") {
        "use a session that was made with MFA"
    } else if lower.contains("s3:x-amz-server-side-encryption") {
        if lower.contains("aws:kms") {
            "give the upload the encryption that the statement asks for: `--sse aws:kms`"
        } else {
            "give the upload the encryption that the statement asks for: `--sse AES256`"
        }
    } else if lower.contains("s3:x-amz-acl") {
        "give the upload the ACL that the statement asks for: `--acl bucket-owner-full-control`"
    } else if lower.contains("s3:existingobjecttag") {
        "wait until the object carries the tag that the statement asks for"
    } else {
        return;
    };
    let exempt = found.fix.take();
    found.fix = Some(advice(meet, "you", Vec::new()));
    match exempt {
        Some(fix) => found.other_fixes.insert(0, fix),
        None => found.other_fixes.insert(
            0,
            advice(format!("ask for an exemption of {}", case.who()), case.bucket_administrator(), Vec::new()),
        ),
    }
}
