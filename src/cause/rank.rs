//! From what every cause says to what the report shows: the blockers, surest first, and the rest as ruled out or open.
//!
//! Where something is proven, mere readings step back: they are open, not blockers. Where nothing is, they compete,
//! the most probable first. Where there is nothing at all, it is undetermined, and says what would settle it.

use super::case::Case;
use super::{CAUSES, Finding, requester_pays, undetermined};
use crate::diagnosis::{Blocker, CauseNote, Certainty};
use crate::evidence::NOT_NEEDED;
use crate::policy::{Layer, Outcome};

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

/// More readings than this tell nobody anything; a screen shows fewer still.
const MOST_READINGS: usize = 8;

/// Judges a case by every cause.
#[must_use]
pub fn judge(case: &Case<'_>) -> Diagnosis {
    let (mut blockers, mut ruled_out, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for (order, cause) in CAUSES.iter().enumerate() {
        let note = |because: String| CauseNote { cause: cause.code().to_owned(), because };
        match cause.judge(case) {
            Finding::Blocks(blocker) => {
                blockers.push((order, *blocker));
                blockers.extend(cause.also(case).into_iter().map(|other| (order, other)));
            }
            Finding::RuledOut(because) => ruled_out.push(note(because)),
            Finding::Open(because) => open.push(note(because)),
            Finding::Irrelevant => {}
        }
    }
    // Of several policies, and of a copy's two ends, the one that AWS names comes first.
    let is_unsaid = |blocker: &Blocker| {
        (case.request.at_other_end.is_some() || (case.denied_layer().is_some() && is_of_a_policy(&blocker.cause)))
            && blocker.evidence.first().is_none_or(|check| check != case.told_by())
    };
    blockers.sort_by_key(|(order, blocker)| {
        let rank = (std::cmp::Reverse(blocker.certainty), is_unsaid(blocker), improbability(case, &blocker.cause));
        (rank, *order)
    });
    let proven = blockers.first().is_some_and(|(_, blocker)| blocker.certainty == Certainty::Proven);
    let mut shown = Vec::new();
    for (_, blocker) in blockers {
        let is_reading = blocker.certainty == Certainty::Possible && !is_needed_too(case, &blocker.cause);
        if is_reading && proven && blocker.cause == "wrong-profile" {
            // Another profile is a way round what is proven, and stands there as a help.
            continue;
        }
        if is_reading && (proven || shown.len() >= MOST_READINGS) {
            // Its summary says what nobody claims any more.
            let because = if proven { NOT_NEEDED.to_owned() } else { blocker.summary };
            open.push(CauseNote { cause: blocker.cause, because });
        } else {
            shown.push(blocker);
        }
    }
    // One reading, with the statement in hand, and nothing that competes with it: the evidence points one way.
    if let [only] = shown.as_mut_slice()
        && only.certainty == Certainty::Possible
        && only.excerpt.is_some()
    {
        only.certainty = Certainty::Likely;
    }
    if shown.is_empty() {
        shown.push(undetermined::blocker(case, &open));
    }
    let next = next_step(case, &shown);
    shown.extend(next);
    shown.sort_by_key(|blocker| std::cmp::Reverse(blocker.certainty));
    Diagnosis { blockers: shown, ruled_out, open }
}

/// What the command meets after the step that was refused, once that is explained: a copy at its destination, a move at the
/// deletion of its source. It explains nothing of the refusal, so it is no surer than what does.
fn next_step(case: &Case<'_>, shown: &[Blocker]) -> Vec<Blocker> {
    // Another profile is another caller, who meets other things.
    let is_found = |first: &&Blocker| first.certainty > Certainty::Possible && first.cause != "wrong-profile";
    let Some(first) = shown.first().filter(is_found) else { return Vec::new() };
    // One statement may deny both, and is repaired once.
    let is_named = |next: &Blocker| {
        next.cause.ends_with("-deny") && next.place.is_some() && shown.iter().any(|known| known.place == next.place)
    };
    let mut next: Vec<Blocker> =
        CAUSES.iter().flat_map(|cause| cause.next(case)).filter(|next| !is_named(next)).collect();
    for blocker in &mut next {
        blocker.certainty = blocker.certainty.min(first.certainty);
    }
    next
}

/// Across accounts both sides have to allow, so the bucket's side is no rival of the caller's: it comes on top.
fn is_needed_too(case: &Case<'_>, code: &str) -> bool {
    code == "bucket-policy-no-allow" && case.same_account() == Some(false)
}

fn is_of_a_policy(code: &str) -> bool {
    ["-no-allow", "-deny", "-policy", "-boundary"].iter().any(|end| code.ends_with(end))
}

/// Where readings compete, the more usual one comes first: as found in the threads of people who met a bare 403, and
/// by whether the bucket is known to be another account's.
fn improbability(case: &Case<'_>, code: &str) -> usize {
    const USUAL: &[&str] = &[
        "wrong-profile",
        "block-public-access",
        "key-not-found-hidden",
        "identity-policy-no-allow",
        "access-point-policy",
        "bucket-policy-deny",
        "bucket-policy-no-allow",
        "object-owned-by-other-account",
        "requester-pays",
        "identity-policy-deny",
        "service-control-policy",
        "vpc-endpoint-policy",
        "session-policy",
        "resource-control-policy",
    ];
    const ACROSS_ACCOUNTS: &[&str] = &[
        "wrong-profile",
        "block-public-access",
        "access-point-policy",
        "bucket-policy-no-allow",
        "identity-policy-no-allow",
        "key-not-found-hidden",
        "bucket-policy-deny",
        "requester-pays",
        "identity-policy-deny",
    ];
    // What a bucket's own documentation says is no mere guess.
    if code == "requester-pays" && requester_pays::is_well_known(case) {
        return 0;
    }
    let order = if case.same_account() == Some(false) || listing_is_kept_back(case) { ACROSS_ACCOUNTS } else { USUAL };
    order.iter().position(|known| *known == code).map_or(0, |at| at + 1)
}

/// Whether the list was refused although the caller's own policies allow it: then one cause on the bucket's side
/// explains both refusals.
fn listing_is_kept_back(case: &Case<'_>) -> bool {
    let allowed = case
        .verdicts
        .list
        .as_ref()
        .and_then(|verdict| verdict.evaluation.layer(Layer::Identity))
        .map(|layer| layer.outcome);
    case.evidence.listing.denied().is_some() && allowed == Some(Outcome::Allows)
}
