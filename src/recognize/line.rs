//! One line of the CLI's stderr: a failure, or not.
//!
//! It works on bytes and copies nothing, so that a million failing lines cost little more than finding
//! them; [`Found::to_failure`] makes the words of the few that are kept.

use super::said::{self, Said, Saying};
use super::{AwsFailure, FailureKind, ServiceError, Transfer, TransferVerb, transfer};
use memchr::memmem;

const SENTENCE: &[u8] = b"An error occurred (";
/// The same behind a transfer's ends, which nothing but a blank parts from it.
const INNER_SENTENCE: &[u8] = b" An error occurred (";
const WHEN_CALLING: &[u8] = b") when calling the ";
const OPERATION: &[u8] = b" operation";
const MAX_RETRIES: &[u8] = b" (reached max retries: ";
/// v2 puts this before everything that is no transfer's; older versions do not.
const ERROR_PREFIX: &[u8] = b"aws: [ERROR]:";
const FATAL: &[u8] = b"fatal error:";
/// `getpass` writes the prompt to stderr where there is no terminal, and no newline after it.
const MFA_PROMPT: &[u8] = b"Enter MFA code for ";
const SKIPPED: &[u8] = b"warning: Skipping file ";
const ARCHIVED: &[u8] = b". Object is of storage class GLACIER. Unable to perform ";

/// Codes and operations are words; something longer is no error of AWS's.
const LONGEST_NAME: usize = 128;

#[rustfmt::skip]
const TRANSFERS: [(&[u8], TransferVerb); 7] = [
    (b"download failed: ", TransferVerb::Download),
    (b"upload failed: ", TransferVerb::Upload),
    (b"copy failed: ", TransferVerb::Copy),
    (b"move failed: ", TransferVerb::Move),
    (b"delete failed: ", TransferVerb::Delete),
    (b"make_bucket failed: ", TransferVerb::MakeBucket),
    (b"remove_bucket failed: ", TransferVerb::RemoveBucket),
];

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    Failure(Found<'a>),
    /// A transfer failed, and the line does not say of what: a local matter, or a key with a newline
    /// in it and the error further down. Or a prompt, whose answer is not on the line.
    Unfinished,
    Nothing,
}

/// A failure, in the line's own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// With the text that names the transfer's ends.
    pub(super) transfer: Option<(TransferVerb, &'a [u8])>,
    pub(super) says: Says<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Says<'a> {
    Service(Sentence<'a>),
    Cli(Said<'a>),
    Archived,
}

/// `An error occurred ({code}) when calling the {operation} operation{retries}: {message}`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence<'a> {
    pub(super) code: &'a [u8],
    pub(super) operation: &'a [u8],
    pub(super) retries: Option<u32>,
    pub(super) message: &'a [u8],
}

/// Reads a line without its end and its padding.
pub(super) fn read(line: &[u8]) -> Reading<'_> {
    let Some(first) = line.first() else { return Reading::Nothing };
    match first {
        b'f' => match line.strip_prefix(FATAL) {
            Some(rest) => of_cli(rest.trim_ascii_start()),
            None => Reading::Nothing,
        },
        b'd' | b'u' | b'c' | b'm' | b'r' => failed_transfer(line),
        b'a' => match line.strip_prefix(ERROR_PREFIX) {
            Some(rest) => of_cli(rest.trim_ascii_start()),
            None => Reading::Nothing,
        },
        b'w' => skipped(line),
        b'E' if line.starts_with(MFA_PROMPT) => after_prompt(line),
        _ => of_cli(line),
    }
}

fn of_cli(text: &[u8]) -> Reading<'_> {
    let Some(rest) = text.strip_prefix(SENTENCE) else { return said_by_cli(said::at_start(text)) };
    if let Some(sentence) = sentence(rest) {
        return Reading::Failure(Found { transfer: None, says: Says::Service(sentence) });
    }
    // v2 labels its own failures too: `An error occurred (NoCredentials): Unable to locate …`.
    let Some(end) = memmem::find(rest, b"): ") else { return Reading::Nothing };
    let (label, text) = (&rest[..end], &rest[end + 3..]);
    said_by_cli(
        said::at_start(text)
            .or_else(|| (label == b"Configuration").then_some(Said { saying: Saying::Configuration, text })),
    )
}

fn said_by_cli(said: Option<Said<'_>>) -> Reading<'_> {
    said.map_or(Reading::Nothing, |said| Reading::Failure(Found { transfer: None, says: Says::Cli(said) }))
}

fn failed_transfer(line: &[u8]) -> Reading<'_> {
    let Some((verb, text)) =
        TRANSFERS.iter().find_map(|(prefix, verb)| line.strip_prefix(*prefix).map(|rest| (*verb, rest)))
    else {
        return Reading::Nothing;
    };
    // The ends may hold anything, the words of an error too; the CLI's own come last.
    for parenthesis in memchr::memrchr_iter(b'(', text) {
        let Some(ends) = text[..=parenthesis].strip_suffix(INNER_SENTENCE) else { continue };
        let Some(sentence) = sentence(&text[parenthesis + 1..]) else { continue };
        if let Some((at, said)) = said::wrapping(text, ends.len() + 1) {
            return Reading::Failure(Found { transfer: Some((verb, &text[..at - 1])), says: Says::Cli(said) });
        }
        return Reading::Failure(Found { transfer: Some((verb, ends)), says: Says::Service(sentence) });
    }
    match said::last_inside(text) {
        Some((at, said)) => Reading::Failure(Found { transfer: Some((verb, &text[..at - 1])), says: Says::Cli(said) }),
        None => Reading::Unfinished,
    }
}

/// What follows `An error occurred (`.
fn sentence(text: &[u8]) -> Option<Sentence<'_>> {
    // By its first byte: a searcher for the whole costs more than the search.
    let near = &text[..text.len().min(LONGEST_NAME + WHEN_CALLING.len())];
    let end = memchr::memchr_iter(b')', near).find(|at| near[*at..].starts_with(WHEN_CALLING))?;
    let (code, rest) = (&text[..end], &text[end + WHEN_CALLING.len()..]);
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).filter(|end| *end <= LONGEST_NAME)?;
    let (operation, rest) = rest.split_at(end);
    let mut rest = rest.strip_prefix(OPERATION)?;
    let mut retries = None;
    if let Some(text) = rest.strip_prefix(MAX_RETRIES) {
        let end = memchr::memchr(b')', text)?;
        retries = std::str::from_utf8(&text[..end]).ok().and_then(|number| number.parse().ok());
        rest = &text[end + 1..];
    }
    let message = rest.strip_prefix(b":")?.trim_ascii();
    (!code.is_empty() && !operation.is_empty()).then_some(Sentence { code, operation, retries, message })
}

fn skipped(line: &[u8]) -> Reading<'_> {
    let Some(rest) = line.strip_prefix(SKIPPED) else { return Reading::Nothing };
    let Some(end) = memmem::rfind(rest, ARCHIVED) else { return Reading::Nothing };
    let verb = match &rest[end + ARCHIVED.len()..] {
        verb if verb.starts_with(b"copy ") => TransferVerb::Copy,
        verb if verb.starts_with(b"move ") => TransferVerb::Move,
        _ => TransferVerb::Download,
    };
    Reading::Failure(Found { transfer: Some((verb, &rest[..end])), says: Says::Archived })
}

fn after_prompt(line: &[u8]) -> Reading<'_> {
    // The serial number holds no blank, so the first of these is the CLI's.
    let Some(at) = [FATAL, ERROR_PREFIX, SENTENCE].iter().filter_map(|mark| memmem::find(line, mark)).min() else {
        // The prompt alone is no failure, until the next line says that nobody answered.
        return Reading::Unfinished;
    };
    let rest = &line[at..];
    if rest == FATAL || rest == ERROR_PREFIX {
        let text = line[..at].trim_ascii_end();
        let text = text.strip_suffix(b":").unwrap_or(text);
        return said_by_cli(Some(Said { saying: Saying::UnansweredPrompt, text }));
    }
    read(rest)
}

impl Found<'_> {
    pub(super) fn to_failure(&self, line: &[u8]) -> AwsFailure {
        let kind = match &self.says {
            Says::Service(sentence) => FailureKind::Service(ServiceError {
                code: text(sentence.code),
                operation: Some(text(sentence.operation)),
                message: text(sentence.message),
                retries: sentence.retries,
                details: Vec::new(),
            }),
            Says::Cli(said) => said.kind(),
            Says::Archived => FailureKind::Archived,
        };
        AwsFailure { line: text(line), transfer: self.ends(), kind }
    }

    fn ends(&self) -> Option<Transfer> {
        let (verb, location) = self.transfer?;
        if self.says == Says::Archived {
            return Some(Transfer { verb, source: text(location), destination: None });
        }
        Some(transfer::split(verb, &text(location)))
    }
}

/// Long enough for every real line (two keys of 1,024 bytes and a message), short enough for a hundred.
const LONGEST_TEXT: usize = 16 * 1024;

/// Lenient: a key may be any bytes, and a cut may have split a character.
pub(super) fn text(bytes: &[u8]) -> String {
    match bytes.get(..LONGEST_TEXT) {
        Some(cut) if bytes.len() > LONGEST_TEXT => String::from_utf8_lossy(cut).into_owned() + "…",
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
