//! What two diagnoses in a row need not ask twice: who the caller is.
//!
//! Only answers that hold for a while are kept, never a refusal and never a document: an answer that can change under the
//! user's hands while they repair is asked for again each time. Whoever takes one has to see by an answer of today that the
//! credentials still work ([`crate::evidence::gather`] does), so that a kept answer saves a question and never decides one.
//!
//! A file is named after a hash of the credentials and the endpoint, and holds neither keys nor the hash of keys
//! alone. Other credentials, or another endpoint, find nothing. What cannot be read, or is of a newer version, is not there.

use crate::evidence::identity::Identity;
use crate::private;
use crate::world::World;
use aws_credential_types::Credentials;
use directories::ProjectDirs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Where it is kept in place of the user's own cache directory.
pub const DIRECTORY: &str = "WHY403_CACHE_DIR";

/// No answer is kept longer. Temporary credentials may end sooner.
pub const LONGEST: Duration = Duration::from_hours(1);

/// How many are kept.
pub const MOST: usize = 200;
/// An ARN has 2 KB at most.
const LARGEST: usize = 16 * 1024;

const VERSION: u32 = 1;
const ENDING: &str = ".json";

/// One file.
#[derive(Serialize, Deserialize)]
struct Stored<T> {
    version: u32,
    /// Seconds since 1970, both.
    from: u64,
    until: u64,
    value: T,
}

/// The answers that were had with one set of credentials at one place.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
    now: fn() -> SystemTime,
}

/// Whose answers they are, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    pub keys: &'a Credentials,
    /// The endpoint, or the region of AWS's own.
    pub place: &'a str,
}

impl Cache {
    /// The user's; nothing where there is no directory for it.
    #[must_use]
    pub fn of(world: &World) -> Option<Self> {
        Some(Self { directory: directory(world)?, now: world.now })
    }

    /// Who the caller was.
    #[must_use]
    pub fn identity(&self, whose: Whose<'_>) -> Option<Identity> {
        self.get(&name(whose, "identity"))
    }

    pub fn keep_identity(&self, whose: Whose<'_>, identity: &Identity) {
        self.put(whose, &name(whose, "identity"), identity);
    }

    fn get<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        if !private::is_ours_alone(&self.directory) {
            return None;
        }
        let stored: Stored<T> = serde_json::from_slice(&private::read(&self.directory.join(name), LARGEST)?).ok()?;
        let now = self.now();
        // A clock that was set back must not make an answer last.
        let is_sound = stored.version == VERSION && stored.until <= stored.from.saturating_add(LONGEST.as_secs());
        (is_sound && stored.from <= now && now < stored.until).then_some(stored.value)
    }

    /// What cannot be kept is asked for again.
    fn put<T: Serialize>(&self, whose: Whose<'_>, name: &str, value: &T) {
        let from = self.now();
        let end = whose.keys.expiry().and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok());
        let until = end.map_or(u64::MAX, |end| end.as_secs()).min(from.saturating_add(LONGEST.as_secs()));
        if until > from {
            let stored = Stored { version: VERSION, from, until, value };
            let _not_kept: Option<io::Error> = self.write(name, &stored).err();
        }
    }

    fn write<T: Serialize>(&self, name: &str, stored: &Stored<T>) -> io::Result<()> {
        if !private::directory(&self.directory)? {
            return Ok(());
        }
        private::write(&self.directory, name, &serde_json::to_vec(stored)?)?;
        tidy(&self.directory);
        Ok(())
    }

    fn now(&self) -> u64 {
        (self.now)().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// The directory, whether it is there or not.
#[must_use]
pub fn directory(world: &World) -> Option<PathBuf> {
    if let Some(named) = world.env.get(OsStr::new(DIRECTORY)).filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(named));
    }
    // It asks for the home directory itself; a world without one keeps nothing.
    world.home.as_ref()?;
    Some(ProjectDirs::from("", "", "why403")?.cache_dir().join("answers"))
}

/// How many answers are in a directory, those past their end included, and their bytes.
#[must_use]
pub fn contents(directory: &Path) -> (usize, u64) {
    let names = private::names(directory, is_ours);
    let sizes = names.iter().filter_map(|name| fs::symlink_metadata(directory.join(name)).ok());
    (names.len(), sizes.map(|metadata| metadata.len()).sum())
}

/// Removes every answer; how many there were. Whatever else is in the directory stays.
///
/// # Errors
/// When one cannot be removed.
pub fn clear(directory: &Path) -> io::Result<usize> {
    let names = private::names(directory, is_ours);
    for name in &names {
        match fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(names.len())
}

/// Removes what is past its end, and the oldest where there are too many. Another process may be doing the same.
fn tidy(directory: &Path) {
    let mut aged: Vec<(Duration, String)> = private::names(directory, is_ours)
        .into_iter()
        .map(|name| (private::age(&directory.join(&name)).unwrap_or_default(), name))
        .collect();
    aged.sort_unstable();
    for (at, (age, name)) in aged.iter().enumerate() {
        if at >= MOST || *age > LONGEST {
            drop(fs::remove_file(directory.join(name)));
        }
    }
    private::tidy(directory, is_ours);
}

/// Every part with its length before it, so that no two sets of parts are one text.
fn name(whose: Whose<'_>, kind: &str) -> String {
    let mut hash = Sha256::new();
    let keys = whose.keys;
    for part in [
        "why403",
        keys.access_key_id(),
        keys.secret_access_key(),
        keys.session_token().unwrap_or_default(),
        whose.place,
        kind,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut name: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    name.push_str(ENDING);
    name
}

fn is_ours(name: &str) -> bool {
    name.strip_suffix(ENDING)
        .is_some_and(|stem| stem.len() == 64 && stem.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests look at the files and spoil them")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    const NOON: u64 = 1_800_000_000;

    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOON)
    }

    fn almost_one() -> SystemTime {
        noon() + Duration::from_secs(59 * 60)
    }

    fn one() -> SystemTime {
        noon() + LONGEST
    }

    fn before_noon() -> SystemTime {
        noon() - Duration::from_secs(1)
    }

    fn keys(id: &str, secret: &str, token: Option<&str>, end: Option<SystemTime>) -> Credentials {
        Credentials::new(id, secret, token.map(str::to_owned), end, "test")
    }

    fn alice() -> Credentials {
        keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI", None, None)
    }

    fn whose(keys: &Credentials) -> Whose<'_> {
        Whose { keys, place: "us-east-1" }
    }

    fn who() -> Identity {
        Identity {
            arn: "arn:aws:iam::111122223333:user/alice".to_owned(),
            account: "111122223333".to_owned(),
            user_id: "AIDAALICE".to_owned(),
        }
    }

    /// A directory that is yet to be made.
    fn cache(now: fn() -> SystemTime) -> (tempfile::TempDir, Cache) {
        let base = tempfile::tempdir().unwrap();
        let cache = Cache { directory: base.path().join("answers"), now };
        (base, cache)
    }

    #[test]
    fn an_answer_is_found_again_until_its_end() {
        let (_base, cache) = cache(noon);
        let keys = alice();
        assert_eq!(cache.identity(whose(&keys)), None);
        cache.keep_identity(whose(&keys), &who());
        let later = |now| Cache { now, ..cache.clone() }.identity(whose(&keys));
        assert_eq!(later(noon), Some(who()));
        assert_eq!(later(almost_one), Some(who()));
        assert_eq!(later(one), None);
        assert_eq!(later(before_noon), None, "a clock that was set back");
    }

    #[test]
    fn no_answer_outlives_its_session() {
        let (_base, cache) = cache(noon);
        let session = keys("ASIA", "s", Some("t"), Some(noon() + Duration::from_secs(60)));
        cache.keep_identity(whose(&session), &who());
        assert_eq!(cache.identity(whose(&session)), Some(who()));
        assert_eq!(Cache { now: almost_one, ..cache.clone() }.identity(whose(&session)), None);
        let over = keys("ASIA2", "s", Some("t"), Some(noon()));
        cache.keep_identity(whose(&over), &who());
        assert_eq!(contents(&cache.directory).0, 1);
    }

    #[test]
    fn other_credentials_and_other_places_find_nothing() {
        let (_base, cache) = cache(noon);
        let alice = alice();
        cache.keep_identity(whose(&alice), &who());
        for other in [
            keys("AKIAIOSFODNN7EXAMPLF", "wJalrXUtnFEMI", None, None),
            keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMJ", None, None),
            keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI", Some("t"), None),
            keys("AKIAIOSFODNN7EXAMPL", "EwJalrXUtnFEMI", None, None),
        ] {
            assert_eq!(cache.identity(whose(&other)), None, "{other:?}");
        }
        assert_eq!(cache.identity(Whose { keys: &alice, place: "http://127.0.0.1:4566" }), None);
    }

    #[test]
    fn what_is_torn_or_newer_is_not_there_and_is_written_over() {
        let (_base, cache) = cache(noon);
        let keys = alice();
        cache.keep_identity(whose(&keys), &who());
        let path = cache.directory.join(name(whose(&keys), "identity"));
        let good = std::fs::read_to_string(&path).unwrap();
        let longer = NOON + 2 * LONGEST.as_secs();
        for bad in [
            String::new(),
            good[..good.len() / 2].to_owned(),
            "\0".repeat(100),
            "[".repeat(10_000),
            good.replace("\"version\":1", "\"version\":2"),
            good.replace(&format!("\"until\":{}", NOON + 3600), &format!("\"until\":{longer}")),
            good.clone() + &" ".repeat(LARGEST),
        ] {
            assert_ne!(bad, good);
            std::fs::write(&path, &bad).unwrap();
            assert_eq!(cache.identity(whose(&keys)), None, "{bad:.80}");
        }
        cache.keep_identity(whose(&keys), &who());
        assert_eq!(cache.identity(whose(&keys)), Some(who()));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), good);
    }

    #[test]
    fn only_its_user_can_read_it_or_put_something_there() {
        let (base, cache) = cache(noon);
        let keys = alice();
        cache.keep_identity(whose(&keys), &who());
        let path = cache.directory.join(name(whose(&keys), "identity"));
        assert_eq!(std::fs::metadata(&cache.directory).unwrap().mode() & 0o777, 0o700);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap() + &path.to_string_lossy();
        for secret in [keys.access_key_id(), keys.secret_access_key()] {
            assert!(!text.contains(secret), "{text}");
        }
        // A link, and a directory that anybody can write to, are not trusted.
        let aside = base.path().join("aside");
        std::fs::rename(&path, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, &path).unwrap();
        assert_eq!(cache.identity(whose(&keys)), None);
        cache.keep_identity(whose(&keys), &who());
        assert_eq!(cache.identity(whose(&keys)), Some(who()));
        std::fs::set_permissions(&cache.directory, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(cache.identity(whose(&keys)), None);
    }

    #[test]
    fn there_are_never_more_than_so_many_and_strangers_files_stay() {
        let (_base, cache) = cache(noon);
        private::directory(&cache.directory).unwrap();
        std::fs::write(cache.directory.join("notes.txt"), "mine").unwrap();
        for number in 0..MOST + 20 {
            cache.keep_identity(whose(&keys(&format!("AKIA{number}"), "s", None, None)), &who());
        }
        assert_eq!(contents(&cache.directory).0, MOST);
        assert_eq!(clear(&cache.directory).unwrap(), MOST);
        assert_eq!(contents(&cache.directory), (0, 0));
        assert_eq!(std::fs::read_dir(&cache.directory).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_that_cannot_be_had_costs_nothing() {
        let keys = alice();
        for directory in ["/dev/null", "/dev/null/below", "/proc/nowhere"] {
            let cache = Cache { directory: directory.into(), now: noon };
            cache.keep_identity(whose(&keys), &who());
            assert_eq!(cache.identity(whose(&keys)), None);
        }
    }

    proptest! {
        #[test]
        fn no_file_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (_base, cache) = cache(noon);
            let keys = alice();
            private::directory(&cache.directory).unwrap();
            std::fs::write(cache.directory.join(name(whose(&keys), "identity")), text).unwrap();
            prop_assert_eq!(cache.identity(whose(&keys)), None);
        }
    }
}
