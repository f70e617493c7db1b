//! From argv, the environment and the config files to what was asked of S3, as S3 and IAM see it.
//!
//! Pure but for reading the profile files ([`files`]). It decides nothing about why a request failed.

use std::path::PathBuf;

/// A value, and where it came from: what shadows what is half of most credential puzzles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    pub value: T,
    pub origin: Origin,
}

/// Where a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command: `--profile`.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A key of a section of the config or credentials file.
    File { path: PathBuf, section: String, key: String },
    /// Nobody said; the CLI's default.
    Default,
}

/// Text that must never be printed. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for signing and for headers only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What one failed request asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The API operation: `HeadObject`.
    pub operation: String,
    /// The IAM action that authorises it: `s3:GetObject`.
    pub action: Option<String>,
    /// A bucket's name, an access point's alias, or an access point's ARN.
    pub bucket: Option<String>,
    pub key: Option<String>,
    pub version_id: Option<String>,
    /// What a list call asked for, or what a recursive command covers.
    pub prefix: Option<String>,
    pub recursive: bool,
    pub side: Side,
    /// `--request-payer requester`.
    pub request_payer: bool,
    /// `--expected-bucket-owner`.
    pub expected_bucket_owner: Option<String>,
    pub sse_c: Option<CustomerKey>,
}

/// Which end of a copy a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Only,
    Source,
    Destination,
}

/// `--sse-c` and `--sse-c-key`, or their `--sse-c-copy-source` twins, as the API wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerKey {
    pub algorithm: String,
    /// The key, base64-encoded.
    pub key: Secret,
    /// The base64 MD5 of the key's bytes.
    pub md5: Option<String>,
}

/// What the CLI would use to send a request: found as the CLI finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The profile in effect (`default` when nobody named one).
    pub profile: Setting<String>,
    pub region: Option<Setting<String>>,
    pub endpoints: Endpoints,
    pub signed: bool,
    pub verify_tls: bool,
    pub ca_bundle: Option<PathBuf>,
    pub s3: S3Options,
    pub use_dualstack: bool,
    pub use_fips: bool,
    pub credentials: CredentialPlan,
    /// The profile that was asked for by variable while keys in the environment win over it.
    pub shadowed_profile: Option<Setting<String>>,
}

/// Endpoints that somebody configured; `None` is AWS's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    pub s3: Option<Setting<String>>,
    pub sts: Option<Setting<String>>,
    pub iam: Option<Setting<String>>,
    pub kms: Option<Setting<String>>,
    pub ec2: Option<Setting<String>>,
    pub organizations: Option<Setting<String>>,
}

/// The profile's `s3 =` block, as far as it changes where a request goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Options {
    pub addressing_style: Option<String>,
    pub use_accelerate: bool,
}

/// Which provider of the CLI's chain wins, decided without asking any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialPlan {
    /// `--no-sign-request`.
    Anonymous,
    /// `AWS_ACCESS_KEY_ID` and friends.
    Environment { keys: Keys },
    /// `aws_access_key_id` of a profile.
    Profile { profile: String, path: PathBuf, keys: Keys },
    /// `role_arn` over a source.
    AssumeRole {
        profile: String,
        role_arn: String,
        source: Box<RoleSource>,
        mfa: bool,
        /// The file's name (without `.json`) in `~/.aws/cli/cache`.
        cache_key: String,
    },
    WebIdentity { profile: Option<String>, role_arn: String, token_file: PathBuf, cache_key: String },
    Sso { profile: String, account: String, role: String, start_url: String, session: Option<String>, cache_key: String },
    /// `aws login`.
    Login { profile: String, session: String },
    Process { profile: String, command: String },
    /// ECS, EKS Pod Identity.
    Container,
    /// EC2's instance metadata, asked when nothing else is there.
    InstanceMetadata,
    /// A profile that is in neither file.
    ProfileNotFound { name: String, similar: Vec<String> },
    /// Half of a pair.
    Partial { place: Origin, missing: &'static str },
    /// The configuration contradicts itself: `what` says how.
    Invalid { what: String },
}

/// What stands under a `role_arn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleSource {
    /// `source_profile`
    Profile(CredentialPlan),
    /// `credential_source = Environment | Ec2InstanceMetadata | EcsContainer`
    Named(String),
}

/// An access key with its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub session_token: Option<Secret>,
}
