//! Failures by kind: exact counts, a few examples, bounded memory.

use super::likeness::Likeness;
use super::line::Found;
use super::{AwsFailure, shape};

/// A run with more kinds of failure than this is counted on, and not told apart further.
pub const MAX_GROUPS: usize = 32;

/// Enough for a diagnosis to see what varies and what does not.
pub const MAX_EXAMPLES: usize = 3;

/// Kinds that are known again by comparing. A run has one or two that come by the thousand; each costs every line that
/// is of none of them.
const MAX_LIKENESSES: usize = 4;

/// How often none can be made before nobody tries any more.
const MAX_ATTEMPTS: u8 = 32;

/// Everything that failed in one run of the CLI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// In the order of their first lines.
    pub groups: Vec<FailureGroup>,
    /// How many more failures there were, of kinds beyond [`MAX_GROUPS`].
    pub overflow: u64,
    /// The last 64 KiB of the stream, as it came: with `--debug` that holds signatures and tokens.
    pub tail: Vec<u8>,
}

/// Failures that differ in nothing but their objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureGroup {
    pub count: u64,
    /// The first ones, each of another object; never empty, at most [`MAX_EXAMPLES`].
    pub examples: Vec<AwsFailure>,
}

impl Failures {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// All failures, of all kinds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.groups.iter().map(|group| group.count).sum::<u64>() + self.overflow
    }

    /// Puts a [`super::FailureKind::Silent`] where a failed command printed nothing because it was told to
    /// (`quiet`: argv has `--quiet`). Without `--quiet` silence has other reasons: `aws s3 ls` that finds
    /// nothing exits with 1 and says nothing.
    #[must_use]
    pub fn or_silent(mut self, failed: bool, quiet: bool) -> Self {
        if failed && quiet && self.is_empty() && self.tail.trim_ascii().is_empty() {
            self.groups.push(FailureGroup::of_one(AwsFailure::silent()));
        }
        self
    }
}

impl FailureGroup {
    pub(super) fn of_one(failure: AwsFailure) -> Self {
        Self { count: 1, examples: vec![failure] }
    }

    /// The first of its kind.
    #[must_use]
    pub fn first(&self) -> Option<&AwsFailure> {
        self.examples.first()
    }
}

/// Which example a line became: its group and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExampleId {
    group: usize,
    example: usize,
}

/// The groups as they grow.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    found: Vec<FailureGroup>,
    /// The shape of each. Compared whole: a hash of strangers' text could be made to collide.
    shapes: Vec<Vec<u8>>,
    overflow: u64,
    scratch: Vec<u8>,
    /// With the group that each stands for, which has all its examples.
    likenesses: Vec<(Likeness, usize)>,
    attempts: u8,
}

impl Groups {
    /// Counts a line that is the same failure as lines before it, of one more object; `false` where it has to be read.
    pub(super) fn count_again(&mut self, line: &[u8]) -> bool {
        let Some((_, group)) = self.likenesses.iter().find(|(likeness, _)| likeness.matches(line)) else {
            return false;
        };
        self.found[*group].count += 1;
        true
    }

    /// Counts a failure, and keeps it where it is one of the first of its kind.
    pub(super) fn record(&mut self, found: &Found<'_>, line: &[u8]) -> Option<ExampleId> {
        shape::of(found, &mut self.scratch);
        let known = self.shapes.iter().position(|shape| *shape == self.scratch);
        let Some(group) = known else {
            if self.found.len() == MAX_GROUPS {
                self.overflow += 1;
                return None;
            }
            self.shapes.push(self.scratch.clone());
            self.found.push(FailureGroup::of_one(found.to_failure(line)));
            return Some(ExampleId { group: self.found.len() - 1, example: 0 });
        };
        let known = &mut self.found[group];
        known.count += 1;
        if known.examples.len() == MAX_EXAMPLES {
            if self.likenesses.len() < MAX_LIKENESSES && self.attempts < MAX_ATTEMPTS {
                self.attempts += 1;
                self.likenesses.extend(Likeness::of(found, line).map(|likeness| (likeness, group)));
            }
            return None;
        }
        let failure = found.to_failure(line);
        if known.examples.iter().any(|example| example.line == failure.line) {
            return None;
        }
        known.examples.push(failure);
        Some(ExampleId { group, example: known.examples.len() - 1 })
    }

    pub(super) fn example_mut(&mut self, id: ExampleId) -> Option<&mut AwsFailure> {
        self.found.get_mut(id.group)?.examples.get_mut(id.example)
    }

    pub(super) fn finish(self, tail: Vec<u8>) -> Failures {
        Failures { groups: self.found, overflow: self.overflow, tail }
    }
}
