//! The last diagnoses, kept for `why403 last` and `why403 fix`: one file each in a directory that only its user can
//! read.
//!
//! Many processes may keep one at the same time. What cannot be kept is not kept, and nobody hears of it: explaining does
//! not depend on it. No secret is in here, because none is in a report.

use crate::diagnosis::{Blocker, Edit, EditedDocument, Excerpt, Report};
use crate::fault::{self, Stage};
use crate::private;
use crate::world::{World, is_no};
use directories::ProjectDirs;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

/// Where they are kept in place of the user's own state directory.
pub const DIRECTORY: &str = "WHY403_STATE_DIR";
/// Keeps nothing.
pub const OFF: &str = "WHY403_NO_STATE";

/// How many are kept.
pub const MOST: usize = 20;
/// A larger one is not kept. The documents of a request have 20 KB at most, and few of them are at fault.
const LARGEST: usize = 1024 * 1024;

const ENDING: &str = ".json";

/// One diagnosis, as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// With what its JSON leaves out: the excerpts, and the documents before and after each edit.
    pub report: Report,
    /// When, in seconds since 1970.
    pub at: u64,
}

/// One file.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    at: u64,
    report: Report,
    /// Of every blocker, in order.
    excerpts: Vec<Option<Excerpt>>,
    /// Of every edit, in order.
    documents: Vec<Option<EditedDocument>>,
}

const VERSION: u32 = 1;

/// Keeps a report, where that is wanted and can be done.
pub fn keep(world: &World, report: &Report) {
    if world.var(OFF).is_some_and(|value| !is_no(OsStr::new(value))) {
        return;
    }
    // Nothing may come of it: not an error, not a line.
    let _not_kept: Option<io::Error> = directory(world).and_then(|directory| keep_in(&directory, world, report).err());
}

/// What was kept, the last one first. What cannot be read is passed over.
#[must_use]
pub fn kept(world: &World) -> Vec<Kept> {
    let Some(directory) = directory(world) else { return Vec::new() };
    names(&directory).iter().rev().filter_map(|name| read(&directory.join(name))).collect()
}

/// The last one.
#[must_use]
pub fn last(world: &World) -> Option<Kept> {
    let directory = directory(world)?;
    names(&directory).iter().rev().find_map(|name| read(&directory.join(name)))
}

/// The directory, whether it is there or not.
#[must_use]
pub fn directory(world: &World) -> Option<PathBuf> {
    if let Some(named) = world.env.get(OsStr::new(DIRECTORY)).filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(named));
    }
    // It asks for the home directory itself; a world without one keeps nothing.
    world.home.as_ref()?;
    let own = ProjectDirs::from("", "", "why403")?;
    Some(own.state_dir().unwrap_or_else(|| own.data_local_dir()).join("diagnoses"))
}

fn keep_in(directory: &Path, world: &World, report: &Report) -> io::Result<()> {
    fault::point(Stage::State);
    let now = (world.now)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let text = serde_json::to_vec(&Stored::of(report, now.as_secs()))?;
    if text.len() > LARGEST {
        return Ok(());
    }
    if !private::directory(directory)? {
        return Ok(());
    }
    // By age when sorted by name; the process and a count keep two of the same moment apart.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let order = after_the_last(directory, now.as_nanos());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{order:020}-{}-{count}{ENDING}", std::process::id());
    let written = private::write(directory, &name, &text);
    tidy(directory);
    written
}

/// Where in the order a diagnosis of `now` stands: behind all that are kept, even where the clock was ahead when they
/// were. Else it would be taken for the oldest, and go at once.
fn after_the_last(directory: &Path, now: u128) -> u128 {
    let last = names(directory).last().and_then(|name| name.split('-').next()?.parse::<u128>().ok());
    // Twenty digits, so that order by name stays order by number.
    now.max(last.map_or(0, |last| last + 1)).min(99_999_999_999_999_999_999)
}

/// Removes what is too much and what was never finished. Another process may be doing the same.
fn tidy(directory: &Path) {
    let names = names(directory);
    for name in names.iter().take(names.len().saturating_sub(MOST)) {
        drop(fs::remove_file(directory.join(name)));
    }
    private::tidy(directory, is_ours);
}

/// The files' names, the oldest first.
fn names(directory: &Path) -> Vec<String> {
    let mut names = private::names(directory, is_ours);
    names.sort_unstable();
    names
}

fn is_ours(name: &str) -> bool {
    name.strip_suffix(ENDING)
        .is_some_and(|stem| stem.len() > 20 && stem.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

fn read(path: &Path) -> Option<Kept> {
    let stored: Stored = serde_json::from_slice(&private::read(path, LARGEST)?).ok()?;
    (stored.version == VERSION).then(|| stored.into_kept())
}

impl Stored {
    fn of(report: &Report, at: u64) -> Self {
        let blockers = || report.failures.iter().flat_map(|failure| &failure.blockers);
        Self {
            version: VERSION,
            at,
            report: report.clone(),
            excerpts: blockers().map(|blocker| blocker.excerpt.clone()).collect(),
            documents: blockers().flat_map(edits).map(|edit| edit.document.clone()).collect(),
        }
    }

    fn into_kept(self) -> Kept {
        let Self { mut report, at, excerpts, documents, .. } = self;
        let (mut excerpts, mut documents) = (excerpts.into_iter(), documents.into_iter());
        for blocker in report.failures.iter_mut().flat_map(|failure| &mut failure.blockers) {
            blocker.excerpt = excerpts.next().flatten().filter(is_sound);
            for fix in blocker.fix.iter_mut().chain(&mut blocker.other_fixes) {
                for edit in &mut fix.edits {
                    edit.document = documents.next().flatten();
                }
            }
        }
        Kept { report, at }
    }
}

fn edits(blocker: &Blocker) -> impl Iterator<Item = &Edit> {
    blocker.fix.iter().chain(&blocker.other_fixes).flat_map(|fix| &fix.edits)
}

/// Whether every mark lies in the text: a file may have been edited.
fn is_sound(excerpt: &Excerpt) -> bool {
    excerpt.marks.iter().all(|mark| excerpt.text.get(mark.span.clone()).is_some())
}
