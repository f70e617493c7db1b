//! Bytes of the CLI's stderr to the failures in them. Pure.
//!
//! It reads what AWS CLI v1 and v2 print and nothing else; what a failure *means* is for
//! [`crate::cause`], what was *asked* for [`crate::request`]. The words come from the CLI's own source
//! (`botocore/exceptions.py`, `s3/results.py`, v2's `errorhandler.py`), checked against real runs.
//!
//! [`Recognizer`] takes the stream in whatever pieces it comes and gives [`Failures`]: kinds of
//! failure with exact counts and a few examples each, in bounded memory. Usage errors, bad parameters
//! and missing local files are no failures here: AWS was never asked, or the CLI said it all.
//! [`Denial`] reads what AWS says inside a refusal, on the screen or in a body.

mod class;
mod denial;
mod group;
mod likeness;
mod line;
pub mod log;
mod pieces;
mod said;
mod shape;
mod stream;
mod structured;
mod tail;
mod transfer;

pub use class::Class;
pub use denial::{Denial, DeniedLayer, DenyEffect, PublicAccessSetting};
pub use group::{FailureGroup, Failures, MAX_EXAMPLES, MAX_GROUPS};
pub use stream::Recognizer;

/// One failure that the CLI reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsFailure {
    /// The line as printed, without padding, decoded leniently. Strangers wrote parts of it. Of a
    /// message of several lines it is the first; of a structured error (`--cli-error-format`) all of
    /// it, unless it holds what could be a secret; of a silent failure nothing.
    pub line: String,
    /// The two ends of the transfer that failed, when the line names them.
    pub transfer: Option<Transfer>,
    pub kind: FailureKind,
}

/// `download failed: s3://b/k to ./k`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub verb: TransferVerb,
    /// `s3://…`, a local path as the CLI shortens it, or `-`.
    pub source: String,
    /// Absent for what has one end: delete, make and remove bucket, a skipped archived object.
    pub destination: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferVerb {
    Upload,
    Download,
    Copy,
    Move,
    Delete,
    MakeBucket,
    RemoveBucket,
}

/// What kind of failure, with the parts of its text that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// `An error occurred (code) when calling the X operation: message`.
    Service(ServiceError),
    /// `Unable to locate credentials`.
    NoCredentials,
    /// `Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY`.
    PartialCredentials { provider: String, missing: String },
    /// `The config profile (x) could not be found`.
    ProfileNotFound { name: String },
    /// An SSO, login or assume-role session that is past its end or was never begun, in the CLI's words.
    ExpiredSession { message: String },
    /// A credential provider failed otherwise (`credential_process`, IMDS, a prompt for an MFA code
    /// that nobody answered, a profile that contradicts itself).
    CredentialSource { provider: String, message: String },
    /// `You must specify a region`.
    NoRegion,
    /// The configuration cannot be read or cannot be followed; no credentials are involved.
    Configuration { message: String },
    /// No answer from the endpoint: refused, timed out, TLS, proxy.
    Connection { url: Option<String>, message: String },
    /// `warning: Skipping file s3://b/k. Object is of storage class GLACIER`: the CLI looked, and did
    /// not ask. It says GLACIER for every archived class, and exits with 2 when nothing else failed.
    Archived,
    /// `--quiet` with nothing printed and a status that says failure.
    Silent,
}

/// An error that AWS answered with, as the CLI retold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// `AccessDenied`, or the HTTP status (`403`) for a HEAD, whose answer has no body.
    pub code: String,
    /// The API operation: `HeadObject`. Absent in a structured error, which leaves it out.
    pub operation: Option<String>,
    /// With its further lines, where it has any.
    pub message: String,
    /// From `(reached max retries: N)`.
    pub retries: Option<u32>,
    /// `Additional error details:` of v2, or the further members of a structured error, as far as they
    /// are known to hold no secret.
    pub details: Vec<(String, String)>,
}

impl AwsFailure {
    /// `--quiet` silences errors too: all that is left is argv and the status.
    #[must_use]
    pub fn silent() -> Self {
        Self { line: String::new(), transfer: None, kind: FailureKind::Silent }
    }

    /// What AWS answered, when AWS answered.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceError> {
        match &self.kind {
            FailureKind::Service(error) => Some(error),
            _ => None,
        }
    }
}
