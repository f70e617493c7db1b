//! The config and credentials files, merged as the CLI merges them. The request module's one door to the disk.
//!
//! It reads; it decides nothing. A file that is missing, too large or not a regular file counts as absent.

use crate::request::ini::{self, Document, Section, Value};
use crate::request::words::shell_words;
use crate::request::{Arguments, Origin, Secret, Setting};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No config file that a person keeps is larger.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;
/// The largest file that an argument (`file://`, `fileb://`) is read from.
const LARGEST_ARGUMENT: u64 = 256 * 1024;
/// More cached sessions are not looked through.
const MOST_CACHED: usize = 4096;

/// Everything that the CLI would read before it sends a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFiles {
    pub config: ConfigFile,
    pub credentials: ConfigFile,
    /// Both files' profiles, the credentials file's keys over the config file's.
    pub profiles: BTreeMap<String, Profile>,
    pub sso_sessions: BTreeMap<String, Profile>,
    pub services: BTreeMap<String, Profile>,
    /// What the chain reads after the profiles: boto 2's and the first EC2 tools' files.
    pub legacy: Vec<LegacyKeys>,
    /// The names, without `.json`, in `~/.aws/cli/cache`.
    pub cached_sessions: BTreeSet<String>,
}

/// One of the two files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFile {
    pub path: PathBuf,
    /// `None` where there is no such file.
    pub document: Option<Document>,
    /// Which section is whose: the last of a profile's, in the config file.
    profiles: BTreeMap<String, usize>,
}

impl ConfigFile {
    /// The profile as this file alone has it.
    #[must_use]
    pub(crate) fn profile(&self, name: &str) -> Option<Profile> {
        let section = self.document.as_ref()?.sections.get(*self.profiles.get(name)?)?;
        let mut alone = Profile::default();
        alone.update(&self.path, section);
        Some(alone)
    }
}

/// The keys of a profile, an `sso-session` or a `services` section. Its `Debug` shows no values: some are secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    values: BTreeMap<String, Located>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Located {
    value: Value,
    path: PathBuf,
    section: String,
    line: usize,
}

/// Keys in a file of a format older than profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyKeys {
    pub path: PathBuf,
    pub section: &'static str,
    pub access_key_id: String,
    pub secret_access_key: Option<Secret>,
}

impl Profile {
    pub(crate) const fn empty() -> Self {
        Self { values: BTreeMap::new() }
    }

    /// A key that both have, with different values.
    pub(crate) fn conflict(&self, other: &Self) -> Option<&str> {
        let mut keys = self.values.iter();
        keys.find(|(key, here)| other.values.get(*key).is_some_and(|there| there.value != here.value))
            .map(|(key, _)| key.as_str())
    }

    /// A key's text; `None` also where it holds a nested block.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.values.get(key)?.value {
            Value::Text(text) => Some(text),
            Value::Block(_) => None,
        }
    }

    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// A key's text with the place it stands at.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<Setting<String>> {
        let text = self.text(key)?.to_owned();
        Some(Setting::new(text, self.origin(key)?))
    }

    #[must_use]
    pub fn origin(&self, key: &str) -> Option<Origin> {
        let Located { path, section, line, .. } = self.values.get(key)?;
        Some(Origin::File { path: path.clone(), section: section.clone(), key: key.to_owned(), line: *line })
    }

    /// `key` of the nested block `block`: `addressing_style` of `s3`.
    #[must_use]
    pub fn nested(&self, block: &str, key: &str) -> Option<Setting<String>> {
        let Located { value, path, section, .. } = self.values.get(block)?;
        let Value::Block(inner) = value else { return None };
        let (text, line) = inner.get(key)?;
        let origin =
            Origin::File { path: path.clone(), section: section.clone(), key: format!("{block}.{key}"), line: *line };
        Some(Setting::new(text.clone(), origin))
    }

    fn update(&mut self, path: &Path, section: &Section) {
        for (key, entry) in &section.entries {
            let located = Located {
                value: entry.value.clone(),
                path: path.to_owned(),
                section: section.name.clone(),
                line: entry.line,
            };
            self.values.insert(key.clone(), located);
        }
    }
}

impl ProfileFiles {
    /// Merges the two files' texts; `None` is a file that is not there.
    #[must_use]
    pub fn merge(config: (PathBuf, Option<&str>), credentials: (PathBuf, Option<&str>)) -> Self {
        let read = |(path, text): (PathBuf, Option<&str>)| ConfigFile {
            path,
            document: text.map(ini::parse),
            profiles: BTreeMap::new(),
        };
        let mut files = Self { config: read(config), credentials: read(credentials), ..Self::default() };
        if let Some(document) = &files.config.document {
            for (index, section) in document.sections.iter().enumerate() {
                let (map, name) = match section.name.as_str() {
                    name if name == "default" || name.starts_with("profile") => {
                        let name = if name == "default" { Some(name.to_owned()) } else { second_word(name) };
                        files.config.profiles.extend(name.clone().map(|name| (name, index)));
                        (&mut files.profiles, name)
                    }
                    name if name.starts_with("sso-session") => (&mut files.sso_sessions, second_word(name)),
                    name if name.starts_with("services") => (&mut files.services, second_word(name)),
                    _ => continue,
                };
                if let Some(name) = name {
                    // A later section of the same profile replaces the earlier one whole.
                    let mut profile = Profile::default();
                    profile.update(&files.config.path, section);
                    map.insert(name, profile);
                }
            }
        }
        if let Some(document) = &files.credentials.document {
            for (index, section) in document.sections.iter().enumerate() {
                files.credentials.profiles.insert(section.name.clone(), index);
                files.profiles.entry(section.name.clone()).or_default().update(&files.credentials.path, section);
            }
        }
        files
    }
}

/// `x` of `[profile x]`; nothing where there is more or less.
fn second_word(name: &str) -> Option<String> {
    match shell_words(name)?.as_mut_slice() {
        [_, second] => Some(std::mem::take(second)),
        _ => None,
    }
}

/// Reads the files that the environment points to.
#[must_use]
pub fn load(world: &World) -> ProfileFiles {
    let place = |variable: &str, usual: &str| expand(world.var(variable).unwrap_or(usual), world);
    let config = place("AWS_CONFIG_FILE", "~/.aws/config");
    let credentials = place("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    let (config_text, credentials_text) = (text_of(&config), text_of(&credentials));
    let mut files = ProfileFiles::merge((config, config_text.as_deref()), (credentials, credentials_text.as_deref()));
    files.legacy = legacy(world);
    files.cached_sessions = cached_sessions(world);
    files
}

/// Reads what `file://` and `fileb://` arguments point to, for the options that say what was asked.
pub fn read_arguments(arguments: &mut Arguments, world: &World) {
    for reference in arguments.file_references() {
        let path = reference.strip_prefix("fileb://").or_else(|| reference.strip_prefix("file://"));
        if let Some(bytes) = path.and_then(|path| bytes_of(&expand(path, world), LARGEST_ARGUMENT)) {
            arguments.fill(reference, bytes);
        }
    }
}

fn legacy(world: &World) -> Vec<LegacyKeys> {
    let mut found = Vec::new();
    if let Some(path) = world.var("AWS_CREDENTIAL_FILE") {
        let path = expand(path, world);
        let text = text_of(&path).unwrap_or_default();
        let value = |key: &str| {
            let mut lines = text.lines().rev().filter_map(|line| line.split_once('='));
            lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
        };
        if let Some(access_key_id) = value("AWSAccessKeyId") {
            let secret_access_key = value("AWSSecretKey").map(Secret::new);
            found.push(LegacyKeys { path, section: "AWS_CREDENTIAL_FILE", access_key_id, secret_access_key });
        }
    }
    let boto: Vec<&str> = world.var("BOTO_CONFIG").map_or_else(|| vec!["/etc/boto.cfg", "~/.boto"], |path| vec![path]);
    for path in boto {
        let path = expand(path, world);
        let Some(text) = text_of(&path) else { continue };
        let files = ProfileFiles::merge((PathBuf::new(), None), (path.clone(), Some(&text)));
        if let Some(profile) = files.profiles.get("Credentials")
            && let Some(access_key_id) = profile.text("aws_access_key_id")
        {
            let secret_access_key = profile.text("aws_secret_access_key").map(Secret::new);
            let access_key_id = access_key_id.to_owned();
            found.push(LegacyKeys { path, section: "Credentials", access_key_id, secret_access_key });
        }
    }
    found
}

fn cached_sessions(world: &World) -> BTreeSet<String> {
    let Some(home) = &world.home else { return BTreeSet::new() };
    let Ok(entries) = std::fs::read_dir(home.join(".aws/cli/cache")) else { return BTreeSet::new() };
    entries
        .take(MOST_CACHED)
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .collect()
}

fn text_of(path: &Path) -> Option<String> {
    bytes_of(path, LARGEST_FILE).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The whole of a regular file that is no larger than `limit`. A pipe is left alone: the CLI has emptied it.
pub(crate) fn bytes_of(path: &Path, limit: u64) -> Option<Vec<u8>> {
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}

/// `$NAME`, `${NAME}` and a leading `~`, as Python's `expandvars` and `expanduser` have them.
fn expand(text: &str, world: &World) -> PathBuf {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(sign) = rest.find('$') {
        expanded.push_str(&rest[..sign]);
        let after = &rest[sign + 1..];
        let (name, end) = if let Some(inside) = after.strip_prefix('{') {
            inside.find('}').map_or(("", 0), |end| (&inside[..end], end + 2))
        } else {
            let end =
                after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len());
            (&after[..end], end)
        };
        match world.env.get(OsStr::new(name)).and_then(|value| value.to_str()) {
            Some(value) if !name.is_empty() => {
                expanded.push_str(value);
                rest = &after[end..];
            }
            _ => {
                expanded.push('$');
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    match (expanded.strip_prefix('~'), &world.home) {
        (Some(""), Some(home)) => home.clone(),
        (Some(below), Some(home)) if below.starts_with('/') => home.join(below.trim_start_matches('/')),
        _ => PathBuf::from(expanded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::world;

    fn merged(config: &str, credentials: &str) -> ProfileFiles {
        ProfileFiles::merge(("/c".into(), Some(config)), ("/s".into(), Some(credentials)))
    }

    #[test]
    fn the_credentials_file_wins_key_by_key() {
        let files = merged("[profile dev]\nregion = a\nrole_arn = r\n", "[dev]\nregion = b\n[profile odd]\nx = 1\n");
        let dev = &files.profiles["dev"];
        assert_eq!((dev.text("region"), dev.text("role_arn")), (Some("b"), Some("r")));
        // The credentials file's sections are names as they stand.
        assert!(files.profiles.contains_key("profile odd"));
        let Some(Origin::File { path, section, line, .. }) = dev.origin("role_arn") else { panic!("a file") };
        assert_eq!((path, section, line), ("/c".into(), "profile dev".to_owned(), 3));
    }

    #[test]
    fn sections_are_told_apart() {
        let files = merged(
            "[default]\na = 1\n[profile 'two words']\na = 2\n[dev]\na = 3\n[sso-session corp]\na = 4\n\
             [services local]\ns3 =\n  endpoint_url = http://127.0.0.1:9\n[profile]\na = 5\n",
            "",
        );
        assert_eq!(files.profiles.keys().collect::<Vec<_>>(), ["default", "two words"]);
        assert!(files.sso_sessions.contains_key("corp"));
        let found = files.services["local"].nested("s3", "endpoint_url").unwrap();
        assert_eq!(found.value, "http://127.0.0.1:9");
        assert!(matches!(found.origin, Origin::File { line: 11, .. }));
    }

    #[test]
    fn one_file_alone() {
        let files = merged("[default]\na = 1\n[profile default]\na = 2\n", "[default]\nb = 3\n");
        assert_eq!(files.config.profile("default").unwrap().text("a"), Some("2"));
        assert_eq!(files.profiles["default"].text("a"), Some("2"));
        assert!(!files.credentials.profile("default").unwrap().has("a"));
    }

    #[test]
    fn paths_are_expanded() {
        let world = world(&[("DIR", "/d"), ("HOME", "/home/me")]);
        for (text, path) in [
            ("~/.aws/config", "/home/me/.aws/config"),
            ("~", "/home/me"),
            ("~other/x", "~other/x"),
            ("$DIR/x", "/d/x"),
            ("${DIR}x", "/dx"),
            ("$NONE/x", "$NONE/x"),
            ("${DIR", "${DIR"),
            ("a$", "a$"),
        ] {
            assert_eq!(expand(text, &world), PathBuf::from(path), "{text}");
        }
    }
}
