//! From what every cause says to what the report shows: the blockers, surest first, and the rest as ruled out or open.
//!
//! Where something is proven, mere readings step back: they are open, not blockers. Where nothing is, they compete,
//! the most probable first. Where there is nothing at all, it is undetermined, and says what would settle it.

use super::case::Case;
use super::{CAUSES, Finding, undetermined};
use crate::diagnosis::{Blocker, Certainty, CauseNote};

/// What is made of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    pub blockers: Vec<Blocker>,
    pub ruled_out: Vec<CauseNote>,
    pub open: Vec<CauseNote>,
}

impl Diagnosis {
    /// Whether the blockers are known, so that nothing more need be asked.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.blockers.iter().any(|blocker| blocker.certainty == Certainty::Proven)
    }

    /// Whether anything but the last resort was found.
    #[must_use]
    pub fn found(&self) -> bool {
        self.blockers.iter().any(|blocker| blocker.cause != undetermined::CODE)
    }
}

/// How many competing readings are shown.
const MOST_READINGS: usize = 4;

/// Judges a case by every cause.
#[must_use]
pub fn judge(case: &Case<'_>) -> Diagnosis {
    let (mut blockers, mut ruled_out, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for (order, cause) in CAUSES.iter().enumerate() {
        let note = |because: String| CauseNote { cause: cause.code().to_owned(), because };
        match cause.judge(case) {
            Finding::Blocks(blocker) => blockers.push((order, *blocker)),
            Finding::RuledOut(because) => ruled_out.push(note(because)),
            Finding::Open(because) => open.push(note(because)),
            Finding::Irrelevant => {}
        }
    }
    blockers.sort_by_key(|(order, blocker)| (std::cmp::Reverse(blocker.certainty), *order));
    let proven = blockers.first().is_some_and(|(_, blocker)| blocker.certainty == Certainty::Proven);
    let mut shown = Vec::new();
    for (_, blocker) in blockers {
        let is_reading = blocker.certainty == Certainty::Possible;
        if is_reading && (proven || shown.len() >= MOST_READINGS) {
            open.push(CauseNote { cause: blocker.cause, because: blocker.summary });
        } else {
            shown.push(blocker);
        }
    }
    if shown.is_empty() {
        shown.push(undetermined::blocker(case, &open));
    }
    Diagnosis { blockers: shown, ruled_out, open }
}
