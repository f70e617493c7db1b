//! The command of a scenario, what lies round it on the user's machine, and what is expected of it.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Which major version of the AWS CLI runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CliVersion {
    V1,
    V2,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cli {
    /// Whose keys the default profile holds.
    #[serde(rename = "as")]
    pub identity: Option<String>,
    /// More profiles with keys: name to identity.
    #[serde(default)]
    pub profiles: BTreeMap<String, String>,
    #[serde(default)]
    pub config: String,
    #[serde(default)]
    pub credentials: String,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Files in the working directory, by relative path.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The region that the default profile sets; an empty one sets none.
    pub region: Option<String>,
    /// aws's arguments, one command or several one after another.
    pub run: Commands,
    pub stdin: Option<String>,
    /// The machine is an EC2 instance whose metadata hands out this session (`session/NAME`).
    pub instance: Option<String>,
    /// The command runs in a container whose credentials are this session's.
    pub container: Option<String>,
    /// The endpoint is given to S3 alone, as for an S3-compatible server.
    #[serde(default)]
    pub s3_endpoint_only: bool,
    pub only: Option<CliVersion>,
}

impl Cli {
    /// Every identity that the files are written for.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        self.identity
            .iter()
            .chain(self.profiles.values())
            .chain(&self.instance)
            .chain(&self.container)
            .map(String::as_str)
    }

    #[must_use]
    pub fn runs_on(&self, version: CliVersion) -> bool {
        self.only.is_none_or(|only| only == version)
    }
}

/// One argument list, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Commands {
    One(Vec<String>),
    Several(Vec<Vec<String>>),
}

impl Commands {
    #[must_use]
    pub fn all(&self) -> &[Vec<String>] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
    }
}

/// What a test holds the run to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The (last) command's exit status.
    pub exit: ExitStatuses,
    /// A part of what the bare command prints to stderr.
    pub stderr: String,
    /// A part of what a GET of the same object says, where a HEAD's refusal says nothing.
    pub replay: Option<String>,
    /// Whether a diagnosis is due at all.
    #[serde(default = "due")]
    pub diagnosis: Option<bool>,
    pub causes: Vec<ExpectedCause>,
    /// The cause that is named first.
    pub first: Option<String>,
    /// At least one of these is named, where what can be seen does not tell which it is.
    pub one_of: Vec<String>,
    /// Nothing that can be seen proves anything: no blocker may be `proven`.
    pub unproven: bool,
    /// Causes that no blocker may name.
    pub absent: Vec<String>,
    /// The report's `request.action`.
    pub action: Option<String>,
    /// The report's `caller.arn`.
    pub caller: Option<String>,
    /// A part of the report's `caller.source`.
    pub source: Option<String>,
    /// Sentinel commands that stay refused after every repair was applied.
    pub still_refused: Vec<Vec<String>>,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
const fn due() -> Option<bool> {
    Some(true)
}

impl Expect {
    #[must_use]
    pub fn wants_diagnosis(&self) -> bool {
        self.diagnosis.unwrap_or(true)
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum ExitStatuses {
    Same(i32),
    Each { v1: i32, v2: i32 },
}

impl Default for ExitStatuses {
    fn default() -> Self {
        Self::Same(1)
    }
}

impl ExitStatuses {
    #[must_use]
    pub const fn of(self, version: CliVersion) -> i32 {
        match (self, version) {
            (Self::Same(status) | Self::Each { v1: status, .. }, CliVersion::V1)
            | (Self::Same(status) | Self::Each { v2: status, .. }, CliVersion::V2) => status,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedCause {
    pub cause: String,
    /// One certainty, or those that are all fair.
    pub certainty: Certainties,
    /// `where.document`.
    pub document: Option<String>,
    /// `where.policy`.
    pub policy: Option<String>,
    /// `where.owner`.
    pub owner: Option<String>,
    /// A part of `summary`.
    pub summary: Option<String>,
    /// A part of `fix.who`.
    pub who: Option<String>,
    /// A part of `fix.summary`.
    pub help: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Certainties {
    One(Certainty),
    Any(Vec<Certainty>),
}

impl Certainties {
    #[must_use]
    pub fn all(&self) -> &[Certainty] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Any(all) => all,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    Proven,
    Likely,
    Possible,
}

impl Certainty {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}
