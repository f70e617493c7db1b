//! Failures in a saved log: the CLI's wording behind a time and a level, and that of programs which speak to S3 through
//! an SDK. Pure.
//!
//! What is read: the CLI and boto3 (botocore's sentence, wherever in a line it begins), the Go SDKs and Terraform
//! (`operation error S3: …, api error AccessDenied: …` and, older, `AccessDenied: …` over `status code: 403, …`), the
//! Java SDKs and Hadoop (`… (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; …)`), the JavaScript SDK
//! (a name and a message, confirmed by `$metadata`), Ruby and .NET (an exception's class), and an error body as S3
//! sends it. A line of JSON is read by its strings. What a program makes of the error beyond that is its own.
//!
//! Lines come in any number and length; what is kept is bounded. Of a line only the failure is kept, from its first
//! word on: what stands before it is the log's business.

use super::class;
use super::group::{Failures, Groups};
use super::line::{self, Found, Reading, Says, Sentence};
use super::pieces::Pieces;
use super::said::{Said, Saying};
use super::{AwsFailure, Denial, FailureKind, TransferVerb};
use memchr::memmem;
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A message that Terraform broke into lines: no more of them than this, and no more bytes.
const MOST_BOXED_LINES: usize = 32;
const LONGEST_BOXED: usize = 16 * 1024;
/// A stack trace stands between a JavaScript error's message and its `$metadata`.
const PATIENCE: u8 = 40;
/// A bucket's name, a key of 1,024 bytes, and `s3://`.
const LONGEST_PLACE: usize = 1200;
/// Beginnings that are looked at in one line.
const MOST_BEGINNINGS: usize = 8;

/// Finds the failures in a log that comes in any chunks, in bounded memory.
#[derive(Debug)]
pub struct LogRecognizer {
    pieces: Pieces,
    lines: Lines,
}

impl Default for LogRecognizer {
    fn default() -> Self {
        Self::new()
    }
}

impl LogRecognizer {
    #[must_use]
    pub fn new() -> Self {
        Self { pieces: Pieces::new(), lines: Lines::default() }
    }

    /// The next bytes of the log.
    pub fn push(&mut self, bytes: &[u8]) {
        let lines = &mut self.lines;
        self.pieces.push(bytes, |line| lines.push(line));
    }

    /// The log has ended.
    #[must_use]
    pub fn finish(mut self) -> Failures {
        let lines = &mut self.lines;
        self.pieces.finish(|line| lines.push(line));
        lines.flush();
        let mut failures = self.lines.groups.finish(Vec::new());
        for failure in failures.groups.iter_mut().flat_map(|group| &mut group.examples) {
            name_operation(failure);
        }
        failures
    }
}

/// What the lines so far leave open.
#[derive(Debug, Default)]
struct Lines {
    groups: Groups,
    /// A message in Terraform's box, put together again.
    boxed: Vec<u8>,
    boxed_lines: usize,
    named: Option<Named>,
}

/// A code and a message that only something further down makes an error of AWS's.
#[derive(Clone, Debug)]
struct Named {
    code: Vec<u8>,
    message: Vec<u8>,
    place: Vec<u8>,
    operation: Vec<u8>,
    lines_left: u8,
}

impl Lines {
    fn push(&mut self, line: &[u8]) {
        let line = without_colors(line);
        let line = line.trim_ascii_end();
        match in_box(line) {
            Some([]) => self.flush(),
            Some(rest) if !self.boxed.is_empty() => {
                self.boxed_lines += 1;
                if self.boxed_lines > MOST_BOXED_LINES || self.boxed.len() + rest.len() > LONGEST_BOXED {
                    self.flush();
                } else {
                    self.boxed.push(b' ');
                    self.boxed.extend_from_slice(rest);
                }
            }
            Some(rest) => {
                self.boxed.extend_from_slice(&rest[..rest.len().min(LONGEST_BOXED)]);
                self.boxed_lines = 1;
            }
            None => {
                self.flush();
                self.read(line);
            }
        }
    }

    fn flush(&mut self) {
        let boxed = std::mem::take(&mut self.boxed);
        if !boxed.is_empty() {
            self.read(&boxed);
        }
    }

    fn read(&mut self, line: &[u8]) {
        let mut confirms = false;
        if let Some(named) = &mut self.named {
            if let Some(found) = COMMAND.part(line) {
                named.operation = found.to_vec();
            }
            confirms = CONFIRMS.is_match(line);
            named.lines_left = named.lines_left.saturating_sub(1);
            if named.lines_left == 0 && !confirms {
                self.named = None;
            }
        }
        if !WORTH_A_LOOK.is_match(line) {
            if confirms {
                self.confirm();
            }
            return;
        }
        let text = string_around(line);
        if self.read_text(&text) || (text.len() != line.len() && self.read_text(line)) {
            self.named = None;
        } else if confirms {
            self.confirm();
        } else if let Some(named) = named(&text) {
            self.named = Some(named);
            // All of it may stand in one line.
            if CONFIRMS.is_match(line) {
                self.confirm();
            }
        }
    }

    fn read_text(&mut self, text: &[u8]) -> bool {
        self.of_cli(text) || self.of_go(text) || self.of_java(text) || self.of_body(text) || self.without_keys(text)
    }

    /// The CLI's own lines and botocore's sentence, wherever they begin.
    fn of_cli(&mut self, text: &[u8]) -> bool {
        for beginning in BEGINNINGS.get().into_iter().flat_map(|regex| regex.find_iter(text)).take(MOST_BEGINNINGS) {
            let at = beginning.start();
            if at > 0 && !is_boundary(text[at - 1]) {
                continue;
            }
            let said = &text[at..];
            let Reading::Failure(mut found) = line::read(said) else { continue };
            let place = match (&found.transfer, &found.says) {
                (None, Says::Service(sentence)) => place(text, sentence.message),
                _ => Vec::new(),
            };
            if !place.is_empty() {
                found.transfer = Some((TransferVerb::Download, &place));
            }
            self.groups.record(&found, said);
            return true;
        }
        false
    }

    /// `operation error S3: HeadObject, https response error StatusCode: 403, RequestID: …, HostID: …, api error
    /// Forbidden: Forbidden`, of the second Go SDK. An error on the way (AssumeRole) stands inside the other: the
    /// last one counts.
    fn of_go(&mut self, text: &[u8]) -> bool {
        let Some(found) = GO_OPERATION.get().and_then(|regex| regex.captures_iter(text).last()) else { return false };
        let (Some(whole), Some(operation)) = (found.get(0), found.get(1)) else { return false };
        let rest = &text[whole.end()..];
        let Some(error) = GO_ERROR.captures(rest) else { return false };
        let (Some(code), Some(message)) = (error.get(1), error.get(2)) else { return false };
        let is_head = operation.as_bytes().starts_with(b"Head");
        let code = match code.as_bytes() {
            b"Forbidden" if is_head => b"403",
            b"BadRequest" if is_head => b"400",
            code => code,
        };
        self.record(&text[whole.start()..], text, code, operation.as_bytes(), message.as_bytes());
        true
    }

    /// `Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; …)`, of the first Java SDK;
    /// the second leaves the code out: `Access Denied (Service: S3, Status Code: 403, …)`.
    fn of_java(&mut self, text: &[u8]) -> bool {
        if let Some(found) = JAVA.captures(text)
            && let Some(whole) = found.get(0)
        {
            let part = |index: usize| found.get(index).map_or(&b""[..], |part| part.as_bytes());
            let before = &text[..whole.start()];
            let start = memmem::rfind(before, EXCEPTION).map_or(0, |at| at + EXCEPTION.len());
            let message = before[start..].trim_ascii();
            let code = match part(2) {
                b"" => code_of_message(message, part(1)),
                // A HEAD's answer has no body: `403 Forbidden`.
                code => code.split(|byte| *byte == b' ').next().unwrap_or_default(),
            };
            let line = &text[start..whole.end()];
            self.record(line, text, code, operation_of_class(text), if message == b"null" { b"" } else { message });
            return true;
        }
        let Some(found) = CLASS.captures(text) else { return false };
        let (Some(whole), Some(code), Some(message)) = (found.get(0), found.get(1), found.get(2)) else { return false };
        let message = message.as_bytes().trim_ascii();
        let code =
            if code.as_bytes() == b"AmazonS3Exception" { code_of_message(message, b"") } else { code.as_bytes() };
        if code.is_empty() {
            return false;
        }
        self.record(&text[whole.start()..], text, code, b"", message);
        true
    }

    /// `<Error><Code>AccessDenied</Code><Message>Access Denied</Message>…`, as S3 sends it.
    fn of_body(&mut self, text: &[u8]) -> bool {
        let Some(found) = BODY.captures(text) else { return false };
        let (Some(whole), Some(code)) = (found.get(0), found.get(1)) else { return false };
        let message = found.get(2).map_or(&b""[..], |message| message.as_bytes());
        self.record(&text[whole.start()..whole.end()], text, code.as_bytes(), operation_of_php(text), message);
        true
    }

    /// SDKs that found no credentials anywhere say so each in its own way.
    fn without_keys(&mut self, text: &[u8]) -> bool {
        let Some(found) = WITHOUT_KEYS.get().and_then(|regex| regex.find(text)) else { return false };
        let text = &text[found.start()..];
        let says = Says::Cli(Said { saying: Saying::NoCredentials, text: &text[..found.len()] });
        self.groups.record(&Found { transfer: None, says }, text);
        true
    }

    fn confirm(&mut self) {
        let Some(Named { code, message, place, operation, .. }) = self.named.take() else { return };
        let line = [code.as_slice(), b": ", &message].concat();
        self.record_at(&line, &place, &code, &operation, &message);
    }

    fn record(&mut self, line: &[u8], text: &[u8], code: &[u8], operation: &[u8], message: &[u8]) {
        let place = place(text, message);
        self.record_at(line, &place, code, operation, message);
    }

    fn record_at(&mut self, line: &[u8], place: &[u8], code: &[u8], operation: &[u8], message: &[u8]) {
        let says = Says::Service(Sentence { code, operation, retries: None, message });
        let transfer = (!place.is_empty()).then_some((TransferVerb::Download, place));
        self.groups.record(&Found { transfer, says }, line.trim_ascii_end());
    }
}

/// A pattern of this file's own, built when it is first needed.
struct Pattern(LazyLock<Option<Regex>>);

impl Pattern {
    fn get(&self) -> Option<&Regex> {
        // One that could not be built matches nothing; the tests build every one.
        self.0.as_ref()
    }

    fn is_match(&self, text: &[u8]) -> bool {
        self.get().is_some_and(|regex| regex.is_match(text))
    }

    fn captures<'t>(&self, text: &'t [u8]) -> Option<Captures<'t>> {
        self.get()?.captures(text)
    }

    /// The part of the text that the first group matched.
    fn part<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        Some(self.captures(text)?.get(1)?.as_bytes())
    }
}

macro_rules! pattern {
    ($text:expr) => {
        Pattern(LazyLock::new(|| RegexBuilder::new($text).unicode(false).build().ok()))
    };
}

/// Most lines of most logs end here.
static WORTH_A_LOOK: Pattern = pattern!(concat!(
    r"An error occurred \(|failed: |fatal error:|aws: \[ERROR\]:|warning: Skipping file |operation error |",
    r"\(Service: |<Code>|status code: |[Cc]redential|SSO|The config profile \(|Denied|Forbidden|Unauthorized|",
    r"AccessKeyId|ClientTokenId|SignatureDoesNotMatch|Expired|InvalidToken|NoSuchBucket|Redirect|",
    r"AuthorizationHeader|TimeTooSkewed|S3Exception|KMS\.|403",
));

/// What a line of the CLI's begins with.
static BEGINNINGS: Pattern = pattern!(concat!(
    r"An error occurred \(|(?:download|upload|copy|move|delete|make_bucket|remove_bucket) failed: |fatal error:|",
    r"aws: \[ERROR\]:|warning: Skipping file |Unable to locate credentials|Partial credentials found in |",
    r"The config profile \(|The SSO session associated with |Error loading SSO Token: |",
    r"Error when retrieving (?:token|credentials) from |Your session has expired\.",
));

static GO_OPERATION: Pattern = pattern!(r"operation error (?:S3|S3 Control|STS|KMS|SSO): ([A-Za-z0-9]{1,64}), ");

static GO_ERROR: Pattern = pattern!(concat!(
    r"(?s)https? response error StatusCode: [0-9]{3}, (?:RequestID: [^,]*, )?(?:HostID: [^,]*, )?",
    r"(?:api error )?([A-Za-z0-9.]{1,128}): ?(.*)$",
));

static JAVA: Pattern = pattern!(concat!(
    r"\(Service: (?:Amazon )?(?:S3|AWSKMS|Kms|KMS|AWSSecurityTokenService|Sts)[;,] Status Code: ([0-9]{3})",
    r"(?:[;,] Error Code: ([^;,)]{1,128}))?[^)\n]*\)",
));

/// A message follows its exception's class.
const EXCEPTION: &[u8] = b"Exception: ";

/// An exception's class that says which error it is: of Ruby's SDK, of .NET's.
static CLASS: Pattern = pattern!(r"(?:Aws::S3::Errors::|Amazon\.S3\.)([A-Za-z0-9]{1,128})(?:: | \()([^\n)]*)");

static BODY: Pattern = pattern!(r"(?s)<Code>([A-Za-z0-9.]{1,128})</Code>\s*(?:<Message>([^<]*)</Message>)?");

static WITHOUT_KEYS: Pattern = pattern!(concat!(
    r"NoCredentialProviders: no valid providers in chain|No valid credential sources found|",
    r"Could not load credentials from any providers|",
    r"Unable to load (?:AWS )?credentials from any (?:provider in the chain|of the providers in the chain)|",
    r"failed to refresh cached credentials, no EC2 IMDS role found",
));

/// What makes an error of AWS's of a name and a message: the JavaScript SDK's metadata, the first Go SDK's second line.
static CONFIRMS: Pattern =
    pattern!(r#"\$metadata|\$fault|httpStatusCode['"]?: ?[0-9]{3}|status code: [0-9]{3}, request id: "#);

/// A frame of the JavaScript SDK's that names the operation.
static COMMAND: Pattern = pattern!(r"\bde_([A-Za-z0-9]{1,64})CommandError\b");

static CODE: Pattern = pattern!(r#"(?:^|[\s:("'\[])([A-Z][A-Za-z0-9.]{3,60}|403): ([^\n]*)"#);

/// `CODE: message` with a code that AWS uses.
fn named(text: &[u8]) -> Option<Named> {
    let mut from = 0;
    while let Some(found) = CODE.get()?.captures_at(text, from) {
        let (code, message) = (found.get(1)?, found.get(2)?);
        if std::str::from_utf8(code.as_bytes()).is_ok_and(class::is_known) {
            let message = message.as_bytes().trim_ascii();
            let keep = |bytes: &[u8]| bytes[..bytes.len().min(LONGEST_BOXED)].to_vec();
            return Some(Named {
                code: keep(code.as_bytes()),
                message: if message == b"UnknownError" { Vec::new() } else { keep(message) },
                place: place(text, message),
                operation: Vec::new(),
                lines_left: PATIENCE,
            });
        }
        from = code.end();
    }
    None
}

/// Where a message came without its code.
fn code_of_message<'a>(message: &[u8], status: &'a [u8]) -> &'a [u8] {
    match message {
        b"Access Denied" => b"AccessDenied",
        _ if message.ends_with(b"is not authorized to perform") => b"AccessDenied",
        _ if memmem::find(message, b"not authorized to perform: ").is_some() => b"AccessDenied",
        b"The AWS Access Key Id you provided does not exist in our records." => b"InvalidAccessKeyId",
        b"The provided token has expired." => b"ExpiredToken",
        b"The specified bucket does not exist" => b"NoSuchBucket",
        _ => status,
    }
}

/// Hadoop says what it did: `getFileStatus on s3a://…`; a HEAD first, whatever came after.
fn operation_of_class(text: &[u8]) -> &'static [u8] {
    for (word, operation) in [
        (&b"getFileStatus on "[..], &b"HeadObject"[..]),
        (b"open s3a://", b"GetObject"),
        (b"getObjectMetadata", b"HeadObject"),
        (b"listStatus", b"ListObjectsV2"),
        (b"PUT ", b"PutObject"),
    ] {
        if memmem::find(text, word).is_some() {
            return operation;
        }
    }
    b""
}

/// `Error executing "GetObject" on "https://…"`, of PHP's SDK.
fn operation_of_php(text: &[u8]) -> &[u8] {
    const OPENING: &[u8] = b"Error executing \"";
    let Some(at) = memmem::find(text, OPENING) else { return b"" };
    let rest = &text[at + OPENING.len()..];
    let end = rest.iter().take(64).position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(0);
    &rest[..end]
}

/// The bucket and key that a failure is about, as `s3://bucket/key`; empty where nothing tells.
fn place(text: &[u8], message: &[u8]) -> Vec<u8> {
    let denied = std::str::from_utf8(message).ok().and_then(Denial::read).and_then(|denial| denial.resource);
    if let Some((_, name)) = denied.as_deref().and_then(|arn| arn.split_once(":s3:::")) {
        return bounded([b"s3://", name.as_bytes()].concat());
    }
    if let Some(found) = URI.part(text) {
        return bounded([b"s3://", found].concat());
    }
    if let Some(found) = UPLOADED.part(text) {
        return bounded([b"s3://", found].concat());
    }
    if let Some(found) = HOST.captures(text) {
        let part = |index: usize| found.get(index).map_or(&b""[..], |part| part.as_bytes());
        return bounded(match part(1) {
            b"" => [b"s3://", part(2)].concat(),
            bucket => [b"s3://", bucket, b"/", part(2)].concat(),
        });
    }
    match (TERRAFORM_BUCKET.part(text), TERRAFORM_OBJECT.part(text)) {
        (Some(bucket), Some(key)) => bounded([b"s3://", bucket, b"/", key].concat()),
        (Some(bucket), None) => bounded([b"s3://", bucket].concat()),
        _ => Vec::new(),
    }
}

fn bounded(place: Vec<u8>) -> Vec<u8> {
    if place.len() > LONGEST_PLACE { Vec::new() } else { place }
}

/// A URI ends at a blank or a bracket; a colon after it is the sentence's.
static URI: Pattern =
    pattern!(concat!(r#"s3[an]?://([a-z0-9][a-z0-9._-]{1,254}"#, r#"(?:/[^\s"'`<>|)\]},;]*[^\s"'`<>|)\]},;:.])?)"#,));

/// boto3's `Failed to upload f to bucket/key: An error occurred …`.
static UPLOADED: Pattern = pattern!(r"Failed to upload .+? to ([a-z0-9][a-z0-9.-]{1,62}/.+?): An error occurred \(");

/// A URL of S3's, without its query: that may hold a signature.
static HOST: Pattern = pattern!(concat!(
    r"https?://(?:([a-z0-9][a-z0-9.-]{1,62})\.)?s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?",
    r#"/([^\s"'?<>`)]*)"#,
));

static TERRAFORM_BUCKET: Pattern = pattern!(r"[Bb]ucket (?:\(|Name: ?)([a-z0-9][a-z0-9.-]{1,62})\)?");
static TERRAFORM_OBJECT: Pattern = pattern!(r"S3 Object \(([^)\s]+)\)");

/// The operation, where the program did not say it and AWS's message does.
fn name_operation(failure: &mut AwsFailure) {
    let FailureKind::Service(error) = &mut failure.kind else { return };
    if error.operation.as_deref() != Some("") {
        return;
    }
    let action = Denial::read(&error.message).and_then(|denial| denial.action);
    error.operation = action.and_then(|action| {
        Some(match action.as_str() {
            "s3:ListBucket" => "ListObjectsV2".to_owned(),
            "s3:ListAllMyBuckets" => "ListBuckets".to_owned(),
            "s3:GetObjectVersion" => "GetObject".to_owned(),
            "kms:Decrypt" => "GetObject".to_owned(),
            "kms:GenerateDataKey" => "PutObject".to_owned(),
            other => other.strip_prefix("s3:").or_else(|| other.strip_prefix("sts:"))?.to_owned(),
        })
    });
}

/// What stands in Terraform's box, which a time may precede.
fn in_box(line: &[u8]) -> Option<&[u8]> {
    // `│`, `╷` and `╵`; only their first byte is looked for.
    let at = memchr::memchr(0xE2, &line[..line.len().min(64)])?;
    let rest = &line[at..];
    let sides: [&[u8]; 3] = ["│".as_bytes(), "╷".as_bytes(), "╵".as_bytes()];
    sides.iter().find_map(|side| rest.strip_prefix(*side)).map(<[u8]>::trim_ascii)
}

static SEQUENCE: Pattern = pattern!(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b.");

/// A log's line without the escape sequences that colour it.
fn without_colors(line: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(0x1B, line).is_none() {
        return Cow::Borrowed(line);
    }
    match SEQUENCE.get() {
        Some(sequence) => sequence.replace_all(line, &b""[..]),
        None => Cow::Borrowed(line),
    }
}

/// The string of a line of JSON (or of `key="value"`) that holds the words, unescaped; the line itself otherwise.
fn string_around(line: &[u8]) -> Cow<'_, [u8]> {
    let Some(found) = WORTH_A_LOOK.get().and_then(|regex| regex.find(line)) else { return Cow::Borrowed(line) };
    let mut open = None;
    let mut escaped = false;
    for (at, byte) in line.iter().enumerate() {
        match (byte, escaped) {
            (b'\\', false) => escaped = true,
            (b'"', false) => match open {
                None if at >= found.start() => break,
                None => open = Some(at + 1),
                Some(start) if at >= found.start() => return unescaped(&line[start..at]),
                Some(_) => open = None,
            },
            _ => escaped = false,
        }
    }
    Cow::Borrowed(line)
}

fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match (byte, (*byte == b'\\').then(|| bytes.next()).flatten()) {
            (_, None) => out.push(*byte),
            (_, Some(b'n')) => out.push(b'\n'),
            (_, Some(b't')) => out.push(b'\t'),
            (_, Some(other)) => out.push(*other),
        }
    }
    Cow::Owned(out)
}

/// What may stand before a failure's first word.
fn is_boundary(byte: u8) -> bool {
    !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/'))
}

#[cfg(test)]
#[path = "log/tests.rs"]
mod tests;
