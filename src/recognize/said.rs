//! What the CLI says for itself, without an answer from AWS: its credentials, its configuration, its
//! connection.
//!
//! One table of openings, from botocore's `exceptions.py` and the providers in `credentials.py` and
//! `tokens.py` (v1 and v2 share them), so that what is not in it (a usage error, a bad parameter, a
//! local file) is nothing.

use super::FailureKind;
use memchr::memmem;

/// What a saying says; with the text it becomes a [`FailureKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saying {
    NoCredentials,
    PartialCredentials,
    ProfileNotFound,
    ExpiredSession,
    /// `Error when retrieving credentials from {provider}: {message}`.
    Retrieval,
    /// The text is all message, and belongs to this provider.
    Source(&'static str),
    /// [`Saying::Source`] where one of [`PROFILE_WORDS`] follows.
    ProfileSays,
    /// A prompt that met the end of the input.
    UnansweredPrompt,
    NoRegion,
    Configuration,
    Connection,
}

/// A saying and the text that it stands at the start of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said<'a> {
    pub(super) saying: Saying,
    pub(super) text: &'a [u8],
}

#[rustfmt::skip]
const OPENINGS: &[(&[u8], Saying)] = &[
    (b"Unable to locate credentials", Saying::NoCredentials),
    (b"Unable to locate authorization token", Saying::Source("bearer-token")),
    (b"Unable to refresh login credentials", Saying::ExpiredSession),
    (b"Unable to create or refresh login credentials", Saying::Source("login")),
    (b"Unable to parse config file: ", Saying::Configuration),
    (b"Unsupported configuration when using S3", Saying::Configuration),
    (b"Partial credentials found in ", Saying::PartialCredentials),
    (b"Provided region_name '", Saying::Configuration),
    (b"The config profile (", Saying::ProfileNotFound),
    (b"The specified config file (", Saying::Configuration),
    (b"The SSO session associated with this profile has expired", Saying::ExpiredSession),
    (b"The pending authorization to retrieve an SSO token has expired", Saying::ExpiredSession),
    (b"The source_profile \"", Saying::Source("assume-role")),
    (b"The source profile \"", Saying::Source("assume-role")),
    (b"The credential_source \"", Saying::Source("assume-role")),
    (b"The credential source \"", Saying::Source("assume-role")),
    (b"The profile \"", Saying::ProfileSays),
    (b"The provided profile or the current environment is configured to assume role with web identity",
        Saying::Source("assume-role-with-web-identity")),
    (b"The profile is configured to use the services section", Saying::Configuration),
    (b"You must specify a region", Saying::NoRegion),
    (b"Your session has expired.", Saying::ExpiredSession),
    (b"Could not connect to the endpoint URL: ", Saying::Connection),
    (b"Connect timeout on endpoint URL: ", Saying::Connection),
    (b"Connection was closed before we received a valid response", Saying::Connection),
    (b"Cannot refresh credentials: MFA token required", Saying::Source("assume-role")),
    (b"Credentials were refreshed, but the refreshed credentials are still expired", Saying::ExpiredSession),
    (b"Read timeout on endpoint URL: ", Saying::Connection),
    (b"Failed to connect to proxy URL: ", Saying::Connection),
    (b"SSL validation failed for ", Saying::Connection),
    (b"An HTTP Client raised an unhandled exception: ", Saying::Connection),
    (b"An HTTP Client failed to establish a connection: ", Saying::Connection),
    // The CRT transfer client's words for the same.
    (b"AWS_IO_", Saying::Connection),
    (b"Error when retrieving token from ", Saying::ExpiredSession),
    (RETRIEVAL, Saying::Retrieval),
    (b"Error loading SSO Token: ", Saying::ExpiredSession),
    (b"Error loading login session token: ", Saying::ExpiredSession),
    (b"Error retrieving metadata: ", Saying::Source("metadata")),
    (b"Infinite loop in credential configuration detected", Saying::Source("assume-role")),
    (b"Invalid endpoint configuration: ", Saying::Configuration),
    (b"Invalid EC2 Instance Metadata endpoint mode: ", Saying::Configuration),
    (b"Invalid endpoint EC2 Instance Metadata endpoint: ", Saying::Configuration),
    (b"Invalid endpoint: ", Saying::Configuration),
    (b"Invalid configuration value(s) provided for proxies_config", Saying::Configuration),
];

/// Wraps what another provider, or a process that ran the CLI, had to say.
const RETRIEVAL: &[u8] = b"Error when retrieving credentials from ";

/// What tells a contradiction inside a profile from other sentences that begin with one.
const PROFILE_WORDS: [&[u8]; 3] = [
    b"\" is configured to use SSO but is missing",
    b"\" is configured to use the SSO token provider",
    b"\" contains both source_profile and credential_source",
];

/// The saying that `text` begins with.
pub(super) fn at_start(text: &[u8]) -> Option<Said<'_>> {
    let first = *text.first()?;
    // Most lines of most streams end here.
    if !matches!(first, b'A' | b'C' | b'E' | b'F' | b'I' | b'P' | b'R' | b'S' | b'T' | b'U' | b'Y') {
        return None;
    }
    OPENINGS.iter().find_map(|&(opening, saying)| text.starts_with(opening).then(|| confirm(saying, text)).flatten())
}

/// The last saying that begins inside `text` behind a blank, and where: a transfer's ends stand before
/// it and nothing but a blank parts them.
pub(super) fn last_inside(text: &[u8]) -> Option<(usize, Said<'_>)> {
    // Backwards from blank to blank: an end may hold a saying too, and the CLI's own comes last.
    memchr::memrchr_iter(b' ', text)
        .find_map(|blank| Some((blank + 1, at_start(&text[blank + 1..])?)))
        .map(|(at, said)| wrapping(text, at).unwrap_or((at, said)))
}

/// The failed retrieval whose message begins at `at`: it is the failure, and what it wraps is its reason.
pub(super) fn wrapping(text: &[u8], at: usize) -> Option<(usize, Said<'_>)> {
    let before = text[..at].strip_suffix(b": ")?;
    let start = memmem::rfind(before, RETRIEVAL).filter(|start| *start > 0 && text[start - 1] == b' ')?;
    let is_one_word = memchr::memchr(b' ', &before[start + RETRIEVAL.len()..]).is_none();
    is_one_word.then_some((start, Said { saying: Saying::Retrieval, text: &text[start..] }))
}

fn confirm(saying: Saying, text: &[u8]) -> Option<Said<'_>> {
    if saying == Saying::ProfileSays {
        // A profile's name and no more may stand before the words.
        let near = &text[..text.len().min(512)];
        PROFILE_WORDS.iter().find(|words| memmem::find(near, words).is_some())?;
    }
    Some(Said { saying, text })
}

impl Said<'_> {
    pub(super) fn kind(&self) -> FailureKind {
        let message = String::from_utf8_lossy(self.text).trim().to_owned();
        match self.saying {
            Saying::NoCredentials => FailureKind::NoCredentials,
            Saying::PartialCredentials => {
                let said = message.strip_prefix("Partial credentials found in ").unwrap_or(&message);
                let (provider, missing) = said.split_once(", missing: ").unwrap_or((said, ""));
                FailureKind::PartialCredentials { provider: provider.into(), missing: missing.into() }
            }
            Saying::ProfileNotFound => {
                let name = message
                    .strip_prefix("The config profile (")
                    .and_then(|rest| rest.rsplit_once(") could not be found"))
                    .map_or("", |(name, _)| name);
                FailureKind::ProfileNotFound { name: name.into() }
            }
            Saying::ExpiredSession => FailureKind::ExpiredSession { message },
            Saying::Retrieval => {
                let said = message.strip_prefix("Error when retrieving credentials from ").unwrap_or(&message);
                let (provider, why) = said.split_once(':').unwrap_or((said, ""));
                FailureKind::CredentialSource { provider: provider.into(), message: why.trim().into() }
            }
            Saying::Source(provider) => FailureKind::CredentialSource { provider: provider.into(), message },
            Saying::ProfileSays => {
                let provider = if message.contains(" SSO ") { "sso" } else { "assume-role" };
                FailureKind::CredentialSource { provider: provider.into(), message }
            }
            Saying::UnansweredPrompt => FailureKind::CredentialSource { provider: "assume-role".into(), message },
            Saying::NoRegion => FailureKind::NoRegion,
            Saying::Configuration => FailureKind::Configuration { message },
            Saying::Connection => FailureKind::Connection { url: url(&message), message },
        }
    }
}

/// The endpoint or the proxy that a message about the connection names.
fn url(message: &str) -> Option<String> {
    if let Some(rest) = message.strip_prefix("SSL validation failed for ") {
        return rest.split(' ').next().filter(|url| url.contains("://")).map(str::to_owned);
    }
    let (_, rest) = message.split_once(" URL: \"")?;
    rest.rsplit_once('"').map(|(url, _)| url.to_owned())
}
