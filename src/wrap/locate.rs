//! Which `aws` is the real one: the first on `PATH` that is not us.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::harmless;
use crate::fault::{self, Stage};

/// What `execvp` and the shells search where `PATH` is not set.
pub(super) const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Which file it is, whatever it is called and however many symlinks lead to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Of the file at a path, if there is one.
    pub(super) fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().as_ref().map(Self::of)
    }

    /// This program's own file. `None` where nobody can tell (no `/proc` in a chroot): then the guard has to do alone.
    pub(super) fn ours() -> Option<Self> {
        // Through the kernel's own link first: right even where the file has been replaced since.
        let metadata = std::fs::metadata("/proc/self/exe").or_else(|_| std::fs::metadata(std::env::current_exe()?));
        metadata.ok().as_ref().map(Self::of)
    }
}

/// The real `aws`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// As the shell would run it: the `PATH` entry and the name, symlinks not resolved. A shim manager looks at the name
    /// that it was called by.
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotFound {
    #[error("aws: command not found")]
    Missing,
    #[error("aws: command not found; the only `aws` on PATH is why403 itself: {}", harmless(.0.as_os_str()))]
    OnlyUs(PathBuf),
    #[error("{}: permission denied", harmless(.0.as_os_str()))]
    NotExecutable(PathBuf),
}

impl NotFound {
    /// As the shells have it.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::Missing | Self::OnlyUs(_) => 127,
            Self::NotExecutable(_) => 126,
        }
    }
}

/// Searches as a shell does: executable regular files only; one that is not executable is remembered for the message.
pub(super) fn locate(path: Option<OsString>, is_us: impl Fn(Identity) -> bool) -> Result<Found, NotFound> {
    fault::point(Stage::Locate);
    let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
    let mut missed = NotFound::Missing;
    for directory in path.as_bytes().split(|byte| *byte == b':') {
        // POSIX: an empty entry is the current directory.
        let directory = if directory.is_empty() { Path::new(".") } else { Path::new(OsStr::from_bytes(directory)) };
        let candidate = directory.join("aws");
        let Ok(metadata) = std::fs::metadata(&candidate) else { continue };
        if !metadata.is_file() {
            continue;
        }
        let identity = Identity::of(&metadata);
        if is_us(identity) {
            if missed == NotFound::Missing {
                missed = NotFound::OnlyUs(candidate);
            }
        } else if rustix::fs::access(&candidate, rustix::fs::Access::EXEC_OK).is_err() {
            if !matches!(missed, NotFound::NotExecutable(_)) {
                missed = NotFound::NotExecutable(candidate);
            }
        } else {
            return Ok(Found { path: candidate, identity });
        }
    }
    Err(missed)
}

/// The files named `aws` on that path that are this program.
pub(super) fn links_to(path: Option<&OsStr>, ours: Option<Identity>) -> Vec<PathBuf> {
    let directories = path.unwrap_or_else(|| OsStr::new(DEFAULT_PATH)).as_bytes().split(|byte| *byte == b':');
    let candidates = directories.map(|directory| Path::new(OsStr::from_bytes(directory)).join("aws"));
    candidates
        .filter(|candidate| std::fs::metadata(candidate).is_ok_and(|metadata| Some(Identity::of(&metadata)) == ours))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    struct Shelf(tempfile::TempDir);

    impl Shelf {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a directory"))
        }

        fn directory(&self, name: &str) -> PathBuf {
            let directory = self.0.path().join(name);
            fs::create_dir_all(&directory).expect("a directory");
            directory
        }

        fn program(&self, directory: &str, mode: u32) -> PathBuf {
            let path = self.directory(directory).join("aws");
            File::create(&path).expect("a file").set_permissions(Permissions::from_mode(mode)).expect("its mode");
            path
        }

        fn search(&self, directories: &[&str], us: &[&Path]) -> Result<Found, NotFound> {
            let entries: Vec<PathBuf> = directories.iter().map(|name| self.0.path().join(name)).collect();
            let us: Vec<Identity> =
                us.iter().map(|path| Identity::of(&fs::metadata(path).expect("the file"))).collect();
            locate(Some(std::env::join_paths(entries).expect("a path")), |candidate| us.contains(&candidate))
        }
    }

    #[test]
    fn the_first_executable_file_that_is_not_us() {
        let shelf = Shelf::new();
        let us = shelf.program("us", 0o755);
        fs::create_dir_all(shelf.directory("folder").join("aws")).expect("a folder");
        shelf.program("plain", 0o644);
        symlink("/nowhere", shelf.directory("dangling").join("aws")).expect("a link");
        symlink(&us, shelf.directory("link").join("aws")).expect("a link");
        fs::hard_link(&us, shelf.directory("hard").join("aws")).expect("a link");
        let real = shelf.program("real", 0o755);
        shelf.program("later", 0o755);
        let order = ["missing", "folder", "plain", "dangling", "link", "hard", "us", "real", "later"];
        assert_eq!(shelf.search(&order, &[&us]).expect("found").path, real);
    }

    #[test]
    fn the_path_found_keeps_its_own_name() {
        let shelf = Shelf::new();
        let real = shelf.program("manager", 0o755);
        let shim = shelf.directory("shims").join("aws");
        symlink(&real, &shim).expect("a link");
        assert_eq!(shelf.search(&["shims"], &[]).expect("found").path, shim);
    }

    #[test]
    fn each_way_of_finding_nothing_has_its_own_word() {
        let shelf = Shelf::new();
        let us = shelf.program("us", 0o755);
        let plain = shelf.program("plain", 0o644);
        assert_eq!(shelf.search(&["missing"], &[]), Err(NotFound::Missing));
        assert_eq!(shelf.search(&["us"], &[&us]), Err(NotFound::OnlyUs(us.clone())));
        // Root may do everything but execute what nobody may execute.
        assert_eq!(shelf.search(&["us", "plain"], &[&us]), Err(NotFound::NotExecutable(plain)));
    }

    #[test]
    fn an_empty_entry_is_the_current_directory() {
        // Only the path's form can be looked at here: the current directory belongs to the whole test process.
        let found = locate(Some("/nowhere::".into()), |_| false);
        assert_eq!(found, Err(NotFound::Missing));
    }
}
