//! Files that nobody but this user can read, in a directory that nobody else can put files into: the last diagnoses
//! ([`crate::state`]) and the cache ([`crate::cache`]).
//!
//! Many processes may write at the same time: each writes a file of its own and gives it its name when it is whole, so that
//! there is nothing to lock and nothing to be torn.

use rustix::fs::OFlags;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What a process that was killed while it wrote left behind goes after this long.
const ABANDONED: Duration = Duration::from_mins(10);

const UNFINISHED: &str = ".tmp";

/// Makes the directory, for this user alone; whether it is so.
///
/// # Errors
/// When it is not there and cannot be made.
pub fn directory(path: &Path) -> io::Result<bool> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    Ok(is_ours_alone(path))
}

/// Whether nobody else can put files where ours are read from.
#[must_use]
pub fn is_ours_alone(directory: &Path) -> bool {
    fs::metadata(directory)
        .is_ok_and(|metadata| metadata.is_dir() && is_ours(&metadata) && metadata.mode() & 0o022 == 0)
}

fn is_ours(metadata: &fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw()
}

/// Writes a file that is there whole or not at all. One of that name is replaced.
///
/// # Errors
/// When it cannot be written; then nothing is left of it.
pub fn write(directory: &Path, name: &str, text: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let unfinished = directory.join(format!("{name}-{}-{count}{UNFINISHED}", std::process::id()));
    let written = write_new(&unfinished, text).and_then(|()| fs::rename(&unfinished, directory.join(name)));
    if written.is_err() {
        drop(fs::remove_file(&unfinished));
    }
    written
}

/// `create_new` follows no link and takes over no file of anybody's.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)
}

/// Reads a file that is ours, no link, and not larger than `most` bytes.
#[must_use]
pub fn read(path: &Path, most: usize) -> Option<Vec<u8>> {
    let no_link = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).ok()?;
    let file = OpenOptions::new().read(true).custom_flags(no_link).open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || !is_ours(&metadata) {
        return None;
    }
    let mut text = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut text).ok()?;
    (text.len() <= most).then_some(text)
}

/// The names in the directory that `is_ours` knows. Whatever else is in there is none of ours, and stays.
pub fn names(directory: &Path, is_ours: impl Fn(&str) -> bool) -> Vec<String> {
    let Ok(found) = fs::read_dir(directory) else { return Vec::new() };
    found.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| is_ours(name)).collect()
}

/// Removes what was never finished of files that `is_ours` knows the names of. Another process may be doing the same.
pub fn tidy(directory: &Path, is_ours: impl Fn(&str) -> bool) {
    for name in names(directory, |name| finished_name(name).is_some_and(&is_ours)) {
        let path = directory.join(name);
        if age(&path).is_some_and(|age| age > ABANDONED) {
            drop(fs::remove_file(path));
        }
    }
}

/// The name that an unfinished file would have got.
fn finished_name(name: &str) -> Option<&str> {
    let mut parts = name.strip_suffix(UNFINISHED)?.rsplitn(3, '-');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(parts.next()?) && is_number(parts.next()?)).then(|| parts.next())?
}

/// How long ago a file was written; nothing where the clock says that it is yet to be.
#[must_use]
pub fn age(path: &Path) -> Option<Duration> {
    fs::symlink_metadata(path).and_then(|metadata| metadata.modified()).ok()?.elapsed().ok()
}
