//! What could be read does not settle it. The last resort: it says what would.

use super::case::Case;
use super::fixes::{self, advice};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, CauseNote, Certainty, Fix};
use crate::recognize::DeniedLayer;

pub(super) struct Undetermined;

pub(super) const CODE: &str = "undetermined";

impl Cause for Undetermined {
    fn code(&self) -> &'static str {
        CODE
    }

    /// Never by itself: it is what remains when nothing else was found.
    fn judge(&self, _case: &Case<'_>) -> Finding {
        Finding::Irrelevant
    }
}

/// What AWS says in so many words, and what is no policy's matter and no other cause's.
fn said_otherwise(case: &Case<'_>) -> Option<(String, Fix)> {
    let target = case.target();
    Some(match case.denied_layer()? {
        DeniedLayer::ObjectLock => (
            format!(
                "AWS says that Object Lock protects `{target}`: until its retention or legal hold ends, no policy lets it go"
            ),
            advice(
                "wait for the end of the retention, or have the legal hold taken off",
                case.bucket_administrator(),
                Vec::new(),
            ),
        ),
        // Who may, and with what: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMFADelete.html
        DeniedLayer::MfaDelete => (
            format!(
                "AWS says that MFA delete is on in {}: the root user alone may do this, with an MFA code",
                case.bucket_or_so()
            ),
            advice(
                "send it as the root user, with `--mfa 'SERIAL CODE'` of its device",
                case.bucket_account().map_or_else(
                    || "the root user of the bucket's account".to_owned(),
                    |account| format!("the root user of {account}"),
                ),
                Vec::new(),
            ),
        ),
        DeniedLayer::CustomerKeysBlocked => (
            format!("AWS says that {} takes no uploads with customer-provided keys (SSE-C)", case.bucket_or_so()),
            advice("upload without `--sse-c` and `--sse-c-key`", "you", Vec::new()),
        ),
        DeniedLayer::RequestExpired => (
            "AWS says that the presigned URL is past its end".to_owned(),
            advice("make a new one: `aws s3 presign`", "whoever made the URL", Vec::new()),
        ),
        DeniedLayer::HeadersNotSigned => (
            "AWS says that the request came with headers that its signature does not cover".to_owned(),
            advice("look for a proxy on the way that adds `x-amz-` headers", "whoever runs the proxy", Vec::new()),
        ),
        _ => return None,
    })
}

/// The blocker that stands where there is no other.
pub(super) fn blocker(case: &Case<'_>, open: &[CauseNote]) -> Blocker {
    if let Some((why, fix)) = said_otherwise(case) {
        let mut found = fixes::blocker(CODE, Certainty::Possible, why);
        found.evidence.push(case.told_by().to_owned());
        found.fix = Some(fix);
        return found;
    }
    let what = case.request.action.as_deref().unwrap_or("the request");
    let mut found = fixes::blocker(
        CODE,
        Certainty::Possible,
        format!("what could be read does not settle why `{what}`{} was refused", case.on_target()),
    );
    found.evidence.push(case.told_by().to_owned());
    found.fix = Some(if !case.is_aws() {
        advice(
            "ask whoever runs this S3-compatible server: only its own policies and logs can tell",
            "the server's administrator",
            Vec::new(),
        )
    } else if case.evidence.identity_policies.known().is_none() && case.settings.signed {
        advice(
            "run it once as somebody who may read the caller's policies (`iam:GetRole`, `iam:ListRolePolicies`, `iam:GetRolePolicy`, …)",
            case.own_administrator(),
            Vec::new(),
        )
    } else if case.same_account() == Some(false) {
        advice(
            "ask the bucket's owner for the bucket policy and for the entry of this request in CloudTrail",
            case.bucket_administrator(),
            Vec::new(),
        )
    } else {
        advice(
            match open.first() {
                Some(first) => format!("settle first whether it is `{}` ({})", first.cause, first.because),
                None => "look the request up in CloudTrail: its entry names the policy".to_owned(),
            },
            case.own_administrator(),
            Vec::new(),
        )
    });
    let id = case.evidence.replay.known().and_then(|replay| replay.decisive().request_id.clone());
    if let Some(id) = id {
        found.notes.push(format!("AWS Support can look the refusal up by its request id, `{id}`"));
    }
    found
}
