//! The request went to another region than the bucket's, or to an endpoint that does not serve it.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::evidence::region::pointed_region;

pub(super) struct WrongRegion;

const CODES: &[&str] =
    &["AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException"];

impl Cause for WrongRegion {
    fn code(&self) -> &'static str {
        "wrong-region"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let evidence = case.evidence;
        let as_sent = evidence.replay.known().map(|replay| &replay.as_sent);
        let pointed = as_sent.and_then(pointed_region);
        let complains = as_sent.is_some_and(|exchange| {
            CODES.contains(&exchange.code()) || (matches!(exchange.status, 301 | 307) && pointed.is_some())
        });
        let said = CODES.contains(&case.said_code()) || matches!(case.said_status(), Some(301 | 307));
        let home = pointed
            .or(evidence.region.as_deref())
            .or_else(|| evidence.bucket.known().and_then(|exchange| exchange.bucket_region.as_deref()));
        let sent = case.settings.region.as_ref();
        // The CLI follows S3 to the bucket's region by itself: a refusal that it printed came from there.
        let was_refused = case.said_status() == Some(403) || matches!(case.said_code(), "AccessDenied");
        if !said && (!complains || was_refused) {
            return match (home, sent) {
                (Some(home), Some(sent)) if home == sent.value => {
                    Finding::RuledOut(format!("the bucket is in {home}, where the request went"))
                }
                (None, Some(sent)) if case.is_general_bucket() && evidence.shows_the_bucket().is_some() => {
                    Finding::RuledOut(format!("the bucket is in {}, where the request went", sent.value))
                }
                _ => Finding::Irrelevant,
            };
        }
        let bucket = case.request.bucket.as_deref().unwrap_or("the bucket");
        let went = sent.map_or("us-east-1", |setting| setting.value.as_str());
        let constraint = case
            .message()
            .strip_prefix("The ")
            .and_then(|rest| rest.split_once(" location constraint"))
            .map(|(constraint, _)| constraint)
            .filter(|named| named.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
            .filter(|_| case.request.makes_its_bucket());
        let home = home.or(constraint);
        let summary = match home {
            Some("unspecified") => format!("the request to make `{bucket}` went to `{went}`, and names no region"),
            Some(home) if constraint.is_some() => {
                format!("`{bucket}` is to be made in `{home}`, and the request went to `{went}`")
            }
            Some(home) => format!("`{bucket}` is in `{home}`, and the request went to `{went}`"),
            None => format!("`{bucket}` is not in `{went}`, where the request went"),
        };
        let mut found = blocker(self.code(), Certainty::Proven, summary);
        found.evidence.push(if complains { "s3-replay" } else { "cli" }.to_owned());
        if let Some(sent) = sent {
            found.notes.push(format!("the region comes from {}", sent.origin));
        }
        let way = match home {
            Some("unspecified") => {
                format!("name the region too: `--create-bucket-configuration LocationConstraint={went}`")
            }
            Some(home) if constraint.is_some() => format!("send the request there: `--region {home}`"),
            Some(home) => format!("name the bucket's region: `--region {home}`"),
            None => "name the bucket's region with `--region`".to_owned(),
        };
        found.fix = Some(advice(way, "you", Vec::new()));
        Finding::Blocks(Box::new(found))
    }
}
