//! The very request that was refused succeeds now.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;

pub(super) struct NotReproduced;

impl Cause for NotReproduced {
    fn code(&self) -> &'static str {
        "not-reproduced"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        // A GET stands for a HEAD and for a list of its own kind; what only a region explains has its own cause.
        if !case.goes_through() {
            return match case.evidence.replay.known() {
                Some(replay) if matches!(replay.decisive().status, 400..=499) => {
                    Finding::RuledOut("the replay was refused too".to_owned())
                }
                Some(replay) => Finding::Open(format!("the replay met HTTP status {}", replay.decisive().status)),
                None => Finding::Irrelevant,
            };
        }
        let replay = case.evidence.replay.known();
        if replay.is_some_and(|replay| replay.in_region.is_some()) {
            return Finding::RuledOut("it goes through in the bucket's own region only".to_owned());
        }
        if !matches!(case.failure.service().map(|error| error.code.as_str()), Some(code) if code != "404") {
            return Finding::Irrelevant;
        }
        let mut found =
            blocker(self.code(), Certainty::Proven, format!("the same request{} goes through now", case.on_target()));
        found.evidence.push(crate::evidence::replay::NAME.to_owned());
        found
            .notes
            .push("permissions that were changed moments ago take a while to reach every part of AWS".to_owned());
        found.fix = Some(advice("run the command again", "you", Vec::new()));
        Finding::Blocks(Box::new(found))
    }
}
