//! The loop guard: what keeps why403 from finding itself as the real `aws`, again and again.
//!
//! Skipping our own file (`locate`) is enough for a symlink. It is not for two copies on `PATH`, which would find each
//! other, nor for a script named `aws` that says `why403 aws "$@"`. So every `aws` that we start gets a variable that
//! says which files have been passed in this chain, and whoever comes in again for the same command skips them all.
//!
//! The variable is also inherited by commands that are no loop: the real `aws` runs a `credential_process` that runs
//! `aws`. There the real `aws` must be found again, so the list only counts where it is about the very same command: the
//! same process (after `exec`), the direct child (after a spawn), or the same arguments. A plain depth stops what
//! slips through all of that.

use std::collections::hash_map::DefaultHasher;
use std::ffi::{OsStr, OsString};
use std::hash::{Hash, Hasher};

use super::locate::Identity;
use crate::fault::{self, Stage};
use crate::world::Surroundings;

/// The variable's name. Its value is ours alone, and nothing breaks where it is lost.
pub const VARIABLE: &str = "WHY403_GUARD";

/// The value for what a diagnosis itself starts (a `credential_process`, `aws configure export-credentials`): an `aws` in
/// there is passed through, because the explaining is already going on.
pub const PROBE: &str = "probe";

/// Deeper than any sane nesting of `aws` inside `aws`, shallow enough that a loop ends at once.
const DEEPEST: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("aws: not run, because `aws` on PATH leads back to why403 again and again")]
pub(super) struct Loop;

/// Where this run stands in a chain of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Guard {
    depth: u32,
    command: u64,
    seen: Vec<Identity>,
    nested: bool,
}

/// How the chain goes on from the process that wrote the variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It became the next program.
    Exec,
    /// It is the next program's parent.
    Spawn,
}

impl Guard {
    /// Reads the variable and finds this process's place in it.
    pub(super) fn enter(world: &dyn Surroundings, aws_args: &[OsString]) -> Result<Self, Loop> {
        fault::point(Stage::Guard);
        let parent = std::os::unix::process::parent_id();
        let written = world.variable(VARIABLE);
        Self::from_value(written.as_deref(), std::process::id(), parent, aws_args, Identity::ours())
    }

    /// For when [`Self::enter`] broke: it knows of no chain, and counts on, so that a loop ends all the same. That of two
    /// copies that find each other does, with 127: the one case in which a fault before `aws` costs its run.
    pub(super) fn blind(world: &dyn Surroundings) -> Result<Self, Loop> {
        let written = world.variable(VARIABLE);
        let depth = written.as_deref().and_then(OsStr::to_str).and_then(|value| value.split(':').nth(1)?.parse().ok());
        let depth: u32 = depth.unwrap_or(0);
        if depth >= DEEPEST {
            return Err(Loop);
        }
        Ok(Self { depth: depth + 1, command: 0, seen: Identity::ours().into_iter().collect(), nested: false })
    }

    fn from_value(
        value: Option<&OsStr>,
        pid: u32,
        parent: u32,
        aws_args: &[OsString],
        ours: Option<Identity>,
    ) -> Result<Self, Loop> {
        let mut hasher = DefaultHasher::new();
        aws_args.hash(&mut hasher);
        let mut guard = Self { depth: 1, command: hasher.finish(), seen: ours.into_iter().collect(), nested: false };
        if value == Some(OsStr::new(PROBE)) {
            guard.nested = true;
            return Ok(guard);
        }
        // Somebody else's value is no reason to refuse anything.
        let Some(written) = value.and_then(OsStr::to_str).and_then(Written::parse) else { return Ok(guard) };
        if written.depth >= DEEPEST {
            return Err(Loop);
        }
        guard.depth = written.depth + 1;
        let same_chain = match written.step {
            Step::Exec => written.pid == pid,
            Step::Spawn => written.pid == parent,
        };
        if same_chain || written.command == guard.command {
            guard.nested = true;
            guard.seen.extend(written.seen);
        }
        Ok(guard)
    }

    /// Whether a file has been passed already.
    pub(super) fn has_seen(&self, candidate: Identity) -> bool {
        self.seen.contains(&candidate)
    }

    /// Whether a why403 further up is busy with this very command.
    pub(super) const fn is_nested(&self) -> bool {
        self.nested
    }

    /// The value for an `aws` that takes our place.
    pub(super) fn for_exec(&self, next: Identity) -> OsString {
        self.value(Step::Exec, next)
    }

    /// The value for an `aws` that becomes our child.
    pub(super) fn for_spawn(&self, next: Identity) -> OsString {
        self.value(Step::Spawn, next)
    }

    fn value(&self, step: Step, next: Identity) -> OsString {
        let step = match step {
            Step::Exec => 'e',
            Step::Spawn => 's',
        };
        let head = format!("1:{}:{step}:{}:{:x}", self.depth, std::process::id(), self.command);
        let files = self.seen.iter().chain([&next]).map(|Identity { device, inode }| format!("{device}-{inode}"));
        std::iter::once(head).chain(files).collect::<Vec<_>>().join(":").into()
    }
}

/// The variable, read: `1:depth:step:pid:command:device-inode:…`.
struct Written {
    depth: u32,
    step: Step,
    pid: u32,
    command: u64,
    seen: Vec<Identity>,
}

impl Written {
    fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(':');
        if parts.next()? != "1" {
            return None;
        }
        let depth = parts.next()?.parse().ok()?;
        let step = match parts.next()? {
            "e" => Step::Exec,
            "s" => Step::Spawn,
            _ => return None,
        };
        let pid = parts.next()?.parse().ok()?;
        let command = u64::from_str_radix(parts.next()?, 16).ok()?;
        let seen = parts
            .map(|part| {
                let (device, inode) = part.split_once('-')?;
                Some(Identity { device: device.parse().ok()?, inode: inode.parse().ok()? })
            })
            .collect::<Option<_>>()?;
        Some(Self { depth, step, pid, command, seen })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Identity = Identity { device: 1, inode: 100 };
    const COPY: Identity = Identity { device: 1, inode: 200 };
    const REAL: Identity = Identity { device: 2, inode: 300 };

    fn args(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn enter(value: Option<&OsStr>, pid: u32, parent: u32, line: &str, ours: Identity) -> Guard {
        Guard::from_value(value, pid, parent, &args(line), Some(ours)).expect("not a loop")
    }

    #[test]
    fn two_copies_do_not_find_each_other() {
        let me = std::process::id();
        let first = enter(None, me, 1, "s3 ls", US);
        assert!(first.has_seen(US) && !first.has_seen(COPY) && !first.is_nested());
        for value in [first.for_exec(COPY), first.for_spawn(COPY)] {
            let (pid, parent) = if value.to_string_lossy().contains(":e:") { (me, 1) } else { (7, me) };
            let second = enter(Some(&value), pid, parent, "s3 ls --and more", COPY);
            assert!(second.is_nested() && second.has_seen(US) && second.has_seen(COPY) && !second.has_seen(REAL));
        }
    }

    #[test]
    fn a_script_between_is_known_by_the_arguments() {
        let first = enter(None, 10, 1, "s3 ls", US);
        let second = enter(Some(&first.for_spawn(COPY)), 12, 11, "s3 ls", US);
        assert!(second.is_nested() && second.has_seen(COPY));
    }

    #[test]
    fn an_aws_inside_aws_starts_afresh() {
        let me = std::process::id();
        let outer = enter(None, me, 1, "s3 ls", US);
        // A credential_process: the child of the process that was exec'ed, or the grandchild of the one that spawned.
        for (value, pid, parent) in [(outer.for_exec(REAL), 50, me), (outer.for_spawn(REAL), 51, 50)] {
            let inner = enter(Some(&value), pid, parent, "sts assume-role", US);
            assert!(!inner.is_nested() && !inner.has_seen(REAL) && inner.has_seen(US));
        }
    }

    #[test]
    fn inside_a_diagnosis_nothing_is_explained_and_the_real_one_is_found() {
        let probe = enter(Some(OsStr::new(PROBE)), 5, 1, "s3 ls", US);
        assert!(probe.is_nested() && probe.has_seen(US) && !probe.has_seen(REAL));
    }

    #[test]
    fn a_loop_that_nothing_else_stops_ends() {
        let mut value = None;
        for turn in 0.. {
            let line = format!("s3 ls --turn {turn}");
            let Ok(guard) = Guard::from_value(value.as_deref(), 7, 6, &args(&line), Some(US)) else {
                assert_eq!(turn, DEEPEST);
                return;
            };
            value = Some(guard.for_spawn(REAL));
        }
    }

    #[test]
    fn a_strange_value_is_no_reason_to_refuse() {
        for value in ["", "1", "x", "1:2", "9:1:e:1:0", "1:1:e:1:0:nonsense", "1:99999999999:e:1:0"] {
            assert!(!enter(Some(OsStr::new(value)), 5, 1, "s3 ls", US).is_nested(), "{value}");
        }
    }
}
