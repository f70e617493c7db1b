//! This machine's clock is too far from AWS's.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;

pub(super) struct ClockSkew;

/// S3's limit (`MaxAllowedSkewMilliseconds`).
const LIMIT_SECONDS: u64 = 900;

/// STS says it in the words of a signature: "Signature expired: … is now earlier than …".
pub(super) fn is_said_by_sts(case: &Case<'_>) -> bool {
    case.evidence.identity.denied().is_some_and(|error| {
        error.message.contains("Signature expired") || error.message.contains("Signature not yet current")
    })
}

impl Cause for ClockSkew {
    fn code(&self) -> &'static str {
        "clock-skew"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let said = case.code() == "RequestTimeTooSkewed" || is_said_by_sts(case);
        let skew = case.evidence.skew;
        let far = skew.is_some_and(|seconds| seconds.unsigned_abs() > LIMIT_SECONDS);
        if !said && !far {
            return match skew {
                Some(seconds) => {
                    Finding::RuledOut(format!("this clock and AWS's differ by {} s", seconds.unsigned_abs()))
                }
                None => Finding::Irrelevant,
            };
        }
        if !said && case.goes_through() {
            return Finding::RuledOut("the same request goes through now".to_owned());
        }
        // S3 looks at the clock before it looks at permissions: a refusal by another name was not about the clock.
        if !said && !matches!(case.code(), "" | "SignatureDoesNotMatch") {
            return Finding::RuledOut(format!("AWS answers `{}`, which comes after the clock", case.code()));
        }
        let certainty = if said { Certainty::Proven } else { Certainty::Likely };
        let summary = match skew {
            Some(seconds) => {
                let minutes = (seconds.unsigned_abs() + 30) / 60;
                let way = if seconds > 0 { "ahead of" } else { "behind" };
                format!("this machine's clock is {minutes} minutes {way} AWS's; S3 allows 15")
            }
            None => "this machine's clock is too far from AWS's; S3 allows 15 minutes".to_owned(),
        };
        let mut found = blocker(self.code(), certainty, summary);
        found.evidence.push(
            if case.code() == "RequestTimeTooSkewed" {
                case.told_by()
            } else if said {
                crate::evidence::identity::NAME
            } else {
                "s3-replay"
            }
            .to_owned(),
        );
        found.fix = Some(advice(
            "set the clock, or switch its synchronisation on",
            "you",
            vec!["sudo timedatectl set-ntp true".to_owned()],
        ));
        Finding::Blocks(Box::new(found))
    }
}
