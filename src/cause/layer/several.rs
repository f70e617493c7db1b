//! What a layer withholds of more than one permission: those that the request needs beside the first, and those that the
//! command needs after it.

use super::{LayerCause, Side, surer};
use crate::cause::Finding;
use crate::cause::case::Case;
use crate::cause::verdict::Verdict;
use crate::diagnosis::{Blocker, Certainty};
use crate::request::DELETES_THE_SOURCE;

impl LayerCause {
    /// The surest finding about any permission of several; of equals the first.
    pub fn judge_all(&self, case: &Case<'_>, verdicts: &[&Verdict]) -> Finding {
        let judged = verdicts.iter().map(|verdict| self.judge(case, Some(verdict))).reduce(surer);
        judged.unwrap_or_else(|| self.judge(case, None))
    }

    /// The other permissions of several that it withholds. What one statement denies twice is named once.
    pub fn also(&self, case: &Case<'_>, verdicts: &[&Verdict]) -> Vec<Blocker> {
        let Finding::Blocks(first) = self.judge_all(case, verdicts) else { return Vec::new() };
        self.beside(&first, verdicts.iter().map(|verdict| self.judge(case, Some(verdict))))
    }

    /// What more of several findings blocks than the first.
    pub fn beside(&self, first: &Blocker, findings: impl Iterator<Item = Finding>) -> Vec<Blocker> {
        let mut found: Vec<Blocker> = vec![first.clone()];
        for finding in findings {
            let Finding::Blocks(blocker) = finding else { continue };
            let is_named = |known: &Blocker| {
                known.summary == blocker.summary
                    || (self.side == Side::Deny && known.place.is_some() && known.place == blocker.place)
            };
            if blocker.certainty > Certainty::Possible && !found.iter().any(is_named) {
                found.push(*blocker);
            }
        }
        found.split_off(1)
    }

    /// What it withholds of what the command does next: AWS's message is not about that.
    pub fn next(&self, case: &Case<'_>) -> Vec<Blocker> {
        self.next_of_each(case).into_iter().map(|(_, blocker)| blocker).collect()
    }

    /// The same, each with the permission that is withheld.
    pub fn next_of_each<'c>(&self, case: &'c Case<'_>) -> Vec<(&'c Verdict, Blocker)> {
        let mut found: Vec<(&Verdict, Blocker)> = Vec::new();
        for verdict in &case.verdicts.next {
            let Finding::Blocks(mut blocker) = self.weigh(case, Some(verdict), None) else { continue };
            blocker.summary = self.summary_of_next(case, verdict);
            let is_named = found.iter().any(|(_, known)| known.summary == blocker.summary);
            if blocker.certainty > Certainty::Possible && !is_named {
                blocker.notes.push(
                    if case.request.each.is_some() {
                        "the list was refused first; the command needs this next"
                    } else if verdict.action == DELETES_THE_SOURCE {
                        "the copy was refused first; the move needs this next, to delete its source"
                    } else {
                        "the read of the source was refused first; the copy needs this next"
                    }
                    .to_owned(),
                );
                found.push((verdict, *blocker));
            }
        }
        found
    }

    /// The permission that an upload in parts needs of the key beside the first, where it withholds that.
    pub fn also_for_parts(&self, case: &Case<'_>) -> Vec<Blocker> {
        case.verdicts
            .kms_of_parts
            .iter()
            .filter_map(|verdict| match self.judge(case, Some(verdict)) {
                Finding::Blocks(blocker) if blocker.certainty > Certainty::Possible => Some(*blocker),
                _ => None,
            })
            .collect()
    }
}
