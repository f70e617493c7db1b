//! The recogniser: lines in, failures out, and what little one line must know of the one before.
//!
//! Three things take more than a line: a message with newlines in it, the details that v2 prints under
//! an error, and a key with a newline in it. `--debug` floods the stream with lines that hold the same
//! words (a traceback, a body); none of them *begins* as an error does, which is why only beginnings count.

use super::group::{ExampleId, Failures, Groups};
use super::line::{self, Reading};
use super::pieces::Pieces;
use super::tail::Tail;
use super::{FailureKind, structured};
use memchr::memmem;

/// How much of the stream's end is kept.
const TAIL: usize = 64 * 1024;
/// A key of 1,024 bytes twice, and a message.
const LONGEST_PENDING: usize = 16 * 1024;
/// Each is read again with all before it, so there is an end to that.
const MOST_PENDING_LINES: u8 = 32;
/// No message of AWS's is longer than a screen; what goes on is something else.
const MOST_MESSAGE_LINES: u8 = 8;
const LONGEST_MESSAGE: usize = 8 * 1024;
const MOST_DETAILS: usize = 16;
const LONGEST_DETAIL: usize = 1024;

const DETAILS_HEADING: &[u8] = b"Additional error details:";

/// Finds the failures in a stream that comes in any chunks, in bounded memory.
#[derive(Clone, Debug)]
pub struct Recognizer {
    pieces: Pieces,
    lines: Lines,
    tail: Tail,
}

impl Default for Recognizer {
    fn default() -> Self {
        Self::new()
    }
}

impl Recognizer {
    #[must_use]
    pub fn new() -> Self {
        Self { pieces: Pieces::new(), lines: Lines::default(), tail: Tail::new(TAIL) }
    }

    /// The next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.tail.push(bytes);
        let lines = &mut self.lines;
        self.pieces.push(bytes, |line| lines.push(line));
    }

    /// The stream has ended.
    #[must_use]
    pub fn finish(mut self) -> Failures {
        let lines = &mut self.lines;
        self.pieces.finish(|line| lines.push(line));
        let mut failures = self.lines.groups.finish(self.tail.as_slice().to_vec());
        // A structured error has no sentence in it and is the last thing the CLI prints.
        if failures.is_empty() {
            failures.groups.extend(structured::read(&failures.tail));
        }
        failures
    }
}

/// What the lines so far leave open.
#[derive(Clone, Debug, Default)]
struct Lines {
    groups: Groups,
    after: After,
    /// A transfer's line that has not come to its error yet, and how many lines it has taken.
    pending: Vec<u8>,
    taken: u8,
}

#[derive(Clone, Copy, Debug, Default)]
enum After {
    #[default]
    Nothing,
    /// A failure that is kept: its message may go on, this many lines of it have.
    Failure(ExampleId, u8),
    /// And then a blank line: v2's details may follow.
    Blank(ExampleId),
    Details(ExampleId),
}

impl Lines {
    fn push(&mut self, line: &[u8]) {
        let line = line.trim_ascii_end();
        if self.groups.count_again(line) {
            self.pending.clear();
            self.after = After::Nothing;
            return;
        }
        match line::read(line) {
            Reading::Failure(found) => {
                self.pending.clear();
                self.after = match self.groups.record(&found, line) {
                    Some(id) => After::Failure(id, 0),
                    None => After::Nothing,
                };
            }
            Reading::Unfinished => {
                self.after = After::Nothing;
                self.pending.clear();
                self.pending.extend_from_slice(&line[..line.len().min(LONGEST_PENDING)]);
                self.taken = 0;
            }
            Reading::Nothing if !self.pending.is_empty() => self.resume(line),
            Reading::Nothing => self.follow(line),
        }
    }

    /// A further line of a transfer's failure whose key holds a newline, or else the end of hoping.
    fn resume(&mut self, line: &[u8]) {
        self.taken += 1;
        let is_enough = self.taken > MOST_PENDING_LINES || self.pending.len() + line.len() > LONGEST_PENDING;
        if is_enough || is_from_elsewhere(line) {
            self.pending.clear();
            return;
        }
        self.pending.push(b'\n');
        self.pending.extend_from_slice(line);
        if let Reading::Failure(found) = line::read(&self.pending) {
            self.after = match self.groups.record(&found, &self.pending) {
                Some(id) => After::Failure(id, 0),
                None => After::Nothing,
            };
            self.pending.clear();
        }
    }

    fn follow(&mut self, line: &[u8]) {
        let after = self.after;
        self.after = match after {
            After::Nothing => return,
            After::Failure(id, _) if line.is_empty() => After::Blank(id),
            After::Failure(id, lines) if lines < MOST_MESSAGE_LINES && !is_from_elsewhere(line) => {
                self.add_to_message(id, line);
                After::Failure(id, lines + 1)
            }
            After::Blank(id) if line == DETAILS_HEADING => After::Details(id),
            After::Details(id) if self.add_detail(id, line) => After::Details(id),
            _ => After::Nothing,
        }
    }

    fn add_to_message(&mut self, id: ExampleId, line: &[u8]) {
        let Some(failure) = self.groups.example_mut(id) else { return };
        let message = match &mut failure.kind {
            FailureKind::Service(error) => &mut error.message,
            FailureKind::ExpiredSession { message }
            | FailureKind::CredentialSource { message, .. }
            | FailureKind::Configuration { message }
            | FailureKind::Connection { message, .. } => message,
            _ => return,
        };
        if message.len() + line.len() < LONGEST_MESSAGE {
            if !message.is_empty() {
                message.push('\n');
            }
            message.push_str(&line::text(line));
        }
    }

    fn add_detail(&mut self, id: ExampleId, line: &[u8]) -> bool {
        let Some((name, value)) = memmem::find(line, b": ").map(|at| (&line[..at], &line[at + 2..])) else {
            return false;
        };
        let (name, value) = (line::text(name), line::text(&value[..value.len().min(LONGEST_DETAIL)]));
        if let Some(FailureKind::Service(error)) = self.groups.example_mut(id).map(|failure| &mut failure.kind)
            && error.details.len() < MOST_DETAILS
            && structured::may_keep(&name)
        {
            error.details.push((name, value));
        }
        true
    }
}

/// Whether a line that follows a failure is none of its message's: a success, a warning, Python's or
/// the log's own.
fn is_from_elsewhere(line: &[u8]) -> bool {
    #[rustfmt::skip]
    const OPENINGS: [&[u8]; 17] = [
        b"download: ", b"upload: ", b"copy: ", b"move: ", b"delete: ", b"make_bucket: ", b"remove_bucket: ",
        b"(dryrun) ", b"warning: ", b"Completed ", b"cancelled: ", b"usage: ", b"Traceback (", b"  File ",
        b"During handling of the above", b"botocore.", b"awscli.",
    ];
    let is_dated = matches!(line, [y @ b'0'..=b'9', _, _, _, b'-', _, _, b'-', ..] if y.is_ascii_digit());
    let is_python_warning = line.first() == Some(&b'/') && memmem::find(line, b"Warning: ").is_some();
    is_dated || is_python_warning || line == DETAILS_HEADING || OPENINGS.iter().any(|opening| line.starts_with(opening))
}
