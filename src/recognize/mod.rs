//! Bytes of the CLI's stderr to the failures in them. Pure.
//!
//! It reads what AWS CLI v1 and v2 print and nothing else; what a failure *means* is for
//! [`crate::cause`], what was *asked* for [`crate::request`].

/// One failure that the CLI reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsFailure {
    /// The line as printed, without padding, decoded leniently. Strangers wrote parts of it.
    pub line: String,
    /// The two ends of the transfer that failed, when the line names them.
    pub transfer: Option<Transfer>,
    pub kind: FailureKind,
}

/// `download failed: s3://b/k to ./k`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub verb: TransferVerb,
    pub source: String,
    pub destination: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// An SSO, login or assume-role session that is past its end, in the CLI's own words.
    ExpiredSession { message: String },
    /// A credential provider failed otherwise (`credential_process`, IMDS, a bad configuration).
    CredentialSource { provider: String, message: String },
    /// No answer from the endpoint: refused, timed out, TLS, proxy.
    Connection { url: Option<String>, message: String },
    /// `--quiet` or `--only-show-errors` with nothing printed and a status that says failure.
    Silent,
}

/// An error that AWS answered with, as the CLI retold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// `AccessDenied`, or the HTTP status (`403`) for a HEAD, whose answer has no body.
    pub code: String,
    /// The API operation: `HeadObject`.
    pub operation: String,
    pub message: String,
    /// From `(reached max retries: N)`.
    pub retries: Option<u32>,
}
