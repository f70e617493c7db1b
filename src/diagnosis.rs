//! The report: one format-neutral value for every failure explained.
//!
//! These types are the JSON contract (`why403 schema` prints their JSON Schema): additive changes only
//! while [`SCHEMA`] stays 1. What a person's screen needs beyond it (the policy's text, the spans to
//! underline) rides along in fields that are not serialised. A secret never enters any of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The version of the report's shape.
pub const SCHEMA: u32 = 1;

/// One run of the wrapped command, with a diagnosis for each distinct failure in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    pub schema: u32,
    pub tool: Tool,
    pub command: CommandRun,
    /// When the diagnosis was made: RFC 3339, in UTC, to the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How long the diagnosis took, from the end of the command, in milliseconds.
    pub elapsed_ms: u64,
    pub failures: Vec<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// The command that failed. Secrets in `argv` (SSE-C keys, presigned URLs) are replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandRun {
    pub argv: Vec<String>,
    /// The shell's view of how it ended: 128 plus the signal's number for a death by signal.
    pub exit_code: i32,
}

/// One distinct failure, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The line that the CLI printed (the first of `count` alike); empty when it printed nothing.
    pub line: String,
    pub count: u64,
    pub operation: Option<String>,
    pub error_code: Option<String>,
    pub request: RequestSummary,
    /// The line of a script that ran the command, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<ScriptLine>,
    pub caller: Option<Caller>,
    /// Everything that has to change before the request succeeds, the surest first. Never empty.
    pub blockers: Vec<Blocker>,
    pub ruled_out: Vec<CauseNote>,
    pub open: Vec<CauseNote>,
    pub checks: Vec<Check>,
}

/// A line of a script, in the checkout that CI made or the repository around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScriptLine {
    /// Relative to the repository's root.
    pub file: String,
    /// From 1.
    pub line: u64,
}

/// What was asked of S3, in the terms of S3 and IAM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestSummary {
    pub action: Option<String>,
    pub bucket: Option<String>,
    pub key: Option<String>,
    pub version_id: Option<String>,
    pub profile: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub signed: bool,
}

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caller {
    pub arn: Option<String>,
    pub account: Option<String>,
    /// The path the credentials came by: `profile dev: role_arn over source_profile base`.
    pub source: String,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The evidence allows it; others are as good.
    Possible,
    /// The evidence points one way; a document that could overturn it was not readable.
    Likely,
    /// AWS said so, or every document that could decide was read and evaluated.
    Proven,
}

/// One thing that has to change before the request succeeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Blocker {
    /// A code of the registry of causes.
    pub cause: String,
    pub certainty: Certainty,
    /// Who is stopped by what, in one line, true on its own.
    pub summary: String,
    #[serde(rename = "where")]
    pub place: Option<Place>,
    pub near_miss: Option<String>,
    /// The names of the checks that this rests on.
    pub evidence: Vec<String>,
    pub fix: Option<Fix>,
    /// Other ways out, each after `fix` in preference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_fixes: Vec<Fix>,
    /// Facts that the reader needs to believe it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The document to underline, for the formats that draw.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// The document at fault, and the statement in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    pub document: DocumentKind,
    /// Whose it is: an ARN, or the bucket's name.
    pub owner: Option<String>,
    /// Which of the owner's policies.
    pub policy: Option<String>,
    pub statement: Option<StatementRef>,
    /// A JSON pointer into the document.
    pub pointer: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementRef {
    pub index: usize,
    pub sid: Option<String>,
}

/// The kinds of document that decide a request; the names are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    IdentityPolicy,
    BucketPolicy,
    KeyPolicy,
    VpcEndpointPolicy,
    AccessPointPolicy,
    PermissionsBoundary,
    SessionPolicy,
    ServiceControlPolicy,
    ResourceControlPolicy,
    RoleTrustPolicy,
}

/// A change that lets the request through, and who can make it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// An action: starts with a verb, lower case, no full stop.
    pub summary: String,
    /// "you", "an administrator of 111122223333", "the owner of acme-data".
    pub who: String,
    pub edits: Vec<Edit>,
    /// Commands that work when pasted.
    pub commands: Vec<String>,
}

/// A machine-applicable edit of one policy document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    pub target: EditTarget,
    pub op: EditOp,
    /// Which statement of the document, for `replace-statement` and `remove-statement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<serde_json::Value>,
    /// The document's text before and after: what `why403 fix` prints. Absent where the document could not be read.
    #[serde(skip)]
    pub document: Option<EditedDocument>,
}

/// One policy document with an edit applied. Not part of the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedDocument {
    /// As it was read; absent where there is none yet.
    pub before: Option<String>,
    /// With the edit, and all else as it was.
    pub after: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditTarget {
    pub kind: DocumentKind,
    pub owner: Option<String>,
    pub policy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EditOp {
    AddStatement,
    ReplaceStatement,
    RemoveStatement,
}

/// A cause that is excluded, or one that could not be, and because of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CauseNote {
    pub cause: String,
    pub because: String,
}

/// A probe that was considered, with what it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    pub name: String,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Ok,
    Denied,
    Failed,
    TimedOut,
    Skipped,
}

/// A document's text with the spans to underline: what the terminal draws. Not part of the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// What to call it: `policy LogsRead (v3)`, `bucket policy of acme-logs`.
    pub title: String,
    pub text: String,
    pub marks: Vec<Mark>,
}

/// One underlined span. Exactly one mark of an excerpt is primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Bytes of [`Excerpt::text`].
    pub span: Range<usize>,
    pub label: String,
    pub primary: bool,
}
