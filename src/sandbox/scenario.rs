//! A scenario: one small world, the command that is run in it, and what a diagnosis of it has to say.
//!
//! Scenarios are TOML files under `scenarios/`, compiled in. The world is what AWS would hold; the
//! command is what a user would have typed, with the files and environment they had; the
//! expectation is for tests. A file says only what differs from an ordinary world:
//!
//! ```toml
//! title = "the policy reaches only last year's logs"
//!
//! extends = "other-scenario"       # that one, with what follows laid on top
//!
//! look = "full"                    # what everybody may read for a diagnosis: "full", "partial", "none", or areas
//!
//! spreading = 1                    # the first requests about S3 still meet older, stricter permissions
//!
//! messages = "enhanced"            # or "bare": every refusal reads `Access Denied`, as across organizations
//!
//! [clock]
//! offset = -1500                   # seconds that AWS's clock is ahead of this machine's
//!
//! [network]                        # how requests arrive
//! source_ip = "203.0.113.7"        # the default
//! vpc_endpoint = "vpce-0a1b2c3d"   # through this endpoint
//! secure_transport = false         # what policies see; the sandbox itself speaks plain HTTP
//! endpoint_region = "eu-west-1"    # the endpoint serves this region alone; unset, it serves all
//!
//! [organization]
//! id = "o-acme1234ab"
//! management_account = "999900001111"
//! [[organization.unit]]            # root first; an account's path is its `unit` and all parents
//! id = "r-acme"
//! scp = ["FullAWSAccess"]          # ids of policies
//! rcp = ["RCPFullAWSAccess"]
//! [[organization.policy]]
//! id = "p-nologs01"
//! kind = "scp"                     # or "rcp"
//! document = '''{ … }'''           # a policy is JSON text, kept byte for byte, or a TOML table
//!
//! [[account]]                      # the first is the home of everything that names no account
//! id = "111122223333"
//! unit = "r-acme"                  # member of the organization, there
//!
//! [[user]]
//! name = "alice"
//! groups = ["devs"]
//! managed = ["LogsRead"]           # names of [[policy]] of the same account
//! inline = { own = '''{ … }''' }
//! boundary = "Edges"
//! key = { id = "AKIA…", secret = "…" }   # made up (the id encodes the account) when left out
//!
//! [[role]]
//! name = "ci-deploy"
//! trust = '''{ … }'''
//!
//! [[session]]                      # temporary credentials of a role that were handed out before
//! name = "run-42"
//! role = "ci-deploy"
//! expires_in = -3600
//! policy = '''{ … }'''             # the session policy
//!
//! [[policy]]                       # a customer managed policy
//! name = "LogsRead"
//! document = '''{ … }'''
//!
//! [[bucket]]
//! name = "acme-logs"
//! policy = '''{ … }'''
//! [[bucket.object]]
//! key = "2025/app.log"
//! body = "line\n"
//!
//! [[kms_key]]
//! id = "1234abcd-12ab-34cd-56ef-1234567890ab"
//! policy = '''{ … }'''
//!
//! [[vpc_endpoint]]
//! id = "vpce-0a1b2c3d"
//! vpc = "vpc-11aa22bb"
//! policy = '''{ … }'''
//!
//! [[access_point]]
//! name = "reports"
//! bucket = "acme-logs"
//!
//! [cli]
//! as = "session/run-42"            # whose keys the default profile holds: user/NAME, session/NAME, root/ACCOUNT
//! profiles = { dev = "user/alice" }
//! config = """…"""                 # appended to the config file
//! credentials = """…"""            # appended to the credentials file
//! env = { AWS_PROFILE = "dev" }
//! files = { "app.log" = "hello" }  # in the working directory
//! run = ["s3", "cp", "s3://acme-logs/2026/app.log", "."]
//! stdin = "…"
//! instance = "session/i-0abc"      # whose credentials the instance's metadata hands out
//! container = "session/task"       # or the container's endpoint
//! only = "v1"                      # a command that the other major cannot run here
//!
//! [expect]
//! exit = { v1 = 1, v2 = 1 }        # or one number
//! stderr = "HeadObject"            # a part of what the bare command says
//! caller = "arn:aws:iam::111122223333:user/alice"
//! replay = "because no identity-based policy"   # a part of what a GET of the object says where the HEAD said nothing
//! diagnosis = true                 # false: a failure that is no matter of access
//! causes = [{ cause = "identity-policy-no-allow", certainty = "proven", document = "identity-policy" }]
//! one_of = ["identity-policy-no-allow", "undetermined"]
//! unproven = true                  # nothing that can be seen proves anything
//! absent = ["bucket-policy-deny"]  # near misses that must not be named
//! ```
//!
//! In `config`, `credentials`, `env`, `files` and `run`, `{id:user/alice}`, `{secret:…}` and `{token:…}` stand
//! for that identity's keys, `{endpoint}` for the sandbox's address and `{dir}` for the working directory.

mod access;
mod check;
mod cli;
mod document;
mod edit;
mod embedded;
mod identity;
mod look;
mod merge;
mod organization;
mod storage;

pub use access::{AccessPoint, Grant, KeyState, KmsKey, VpcEndpoint};
pub use cli::{Certainty, Cli, CliVersion, ExitStatuses, Expect, ExpectedCause};
pub use document::PolicyText;
pub use edit::{Edit, EditError, Target};
pub use embedded::{EMBEDDED, names};
pub use identity::{AccessKey, Account, Group, ManagedPolicy, Role, Session, SsoToken, User, WebIdentity};
pub use look::{Area, Look};
pub use organization::{OrgPolicy, OrgPolicyKind, Organization, Unit};
pub use storage::{AclGrant, BlockPublicAccess, Bucket, Grantee, Object, Ownership, Permission, WrongRegion};

use serde::Deserialize;

/// The account of everything that names none, when the file declares no account at all.
pub const DEFAULT_ACCOUNT: &str = "111122223333";
/// The region of everything that names none.
pub const DEFAULT_REGION: &str = "us-east-1";

/// One world, one command, one expectation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One line: what is wrong in this world.
    pub title: String,
    /// Consumed when the scenario is read.
    #[serde(default)]
    pub extends: Option<String>,
    #[serde(default)]
    pub look: Look,
    /// So many requests about S3 are refused before the permissions that stand here have spread.
    #[serde(default)]
    pub spreading: u32,
    #[serde(default)]
    pub messages: Messages,
    #[serde(default)]
    pub clock: Clock,
    #[serde(default)]
    pub network: Network,
    pub organization: Option<Organization>,
    #[serde(default, rename = "account")]
    pub accounts: Vec<Account>,
    #[serde(default, rename = "user")]
    pub users: Vec<User>,
    #[serde(default, rename = "group")]
    pub groups: Vec<Group>,
    #[serde(default, rename = "role")]
    pub roles: Vec<Role>,
    #[serde(default, rename = "policy")]
    pub policies: Vec<ManagedPolicy>,
    #[serde(default, rename = "session")]
    pub sessions: Vec<Session>,
    #[serde(default, rename = "web_identity")]
    pub web_identities: Vec<WebIdentity>,
    #[serde(default, rename = "sso_token")]
    pub sso_tokens: Vec<SsoToken>,
    #[serde(default, rename = "bucket")]
    pub buckets: Vec<Bucket>,
    #[serde(default, rename = "kms_key")]
    pub kms_keys: Vec<KmsKey>,
    #[serde(default, rename = "vpc_endpoint")]
    pub vpc_endpoints: Vec<VpcEndpoint>,
    #[serde(default, rename = "access_point")]
    pub access_points: Vec<AccessPoint>,
    pub cli: Cli,
    #[serde(default)]
    pub expect: Expect,
}

/// How refusals are worded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Messages {
    /// With the reason, where AWS gives one: inside one account, inside one organization.
    #[default]
    Enhanced,
    /// The same, and with the id of what was evaluated.
    Identified,
    /// `Access Denied` and no more.
    Bare,
}

/// AWS's clock against this machine's.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Seconds that AWS is ahead (negative: behind).
    #[serde(default)]
    pub offset: i64,
}

/// How requests reach AWS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    pub source_ip: String,
    /// The VPC endpoint that requests pass; policies then see no public address.
    pub vpc_endpoint: Option<String>,
    pub secure_transport: bool,
    /// The one region that this endpoint serves. A bucket elsewhere is answered with 301, as a regional endpoint
    /// does, whatever the request was signed for.
    pub endpoint_region: Option<String>,
    /// Milliseconds that every answer is held back.
    pub delay_ms: u64,
    /// Connections are accepted and never answered.
    pub black_hole: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            source_ip: "203.0.113.7".to_owned(),
            vpc_endpoint: None,
            secure_transport: false,
            endpoint_region: None,
            delay_ms: 0,
            black_hole: false,
        }
    }
}

/// Why a scenario is no world.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("there is no scenario named `{0}`")]
    Unknown(String),
    #[error("the scenario is not valid: {0}")]
    Toml(#[from] toml::de::Error),
    #[error("{whose} is not a policy that AWS would take, at {pointer}: {message}")]
    Policy { whose: String, pointer: String, message: String },
    #[error("{who} names {what}, which the scenario does not hold")]
    Dangling { who: String, what: String },
}

/// The text's table, with that of the scenario that it extends below it.
fn whole(text: &str) -> Result<toml::Table, ScenarioError> {
    let mut table: toml::Table = toml::from_str(text)?;
    // A chain of extensions ends, or it would be longer than the list of scenarios.
    for _ in EMBEDDED {
        let Some(toml::Value::String(base)) = table.remove("extends") else { break };
        let below = embedded::text(&base).ok_or(ScenarioError::Unknown(base))?;
        let below: toml::Table = toml::from_str(below)?;
        table = merge::merged(below, table);
    }
    Ok(table)
}

impl Scenario {
    /// Reads the embedded scenario `name` (`identity-policy-no-allow`, `kms-no-allow.partial`).
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn load(name: &str) -> Result<Self, ScenarioError> {
        let text = embedded::text(name).ok_or_else(|| ScenarioError::Unknown(name.to_owned()))?;
        Self::parse(text)
    }

    /// Reads a scenario and checks it: every document is one that AWS would store, every name that is
    /// used is there.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self = whole(text)?.try_into()?;
        scenario.settle();
        scenario.let_look();
        scenario.check_documents()?;
        scenario.check_names()?;
        Ok(scenario)
    }

    /// Fills in what the file left to be understood: accounts, keys, ids.
    fn settle(&mut self) {
        let home = self.accounts.first().map_or(DEFAULT_ACCOUNT, |account| account.id.as_str()).to_owned();
        let fill = |account: &mut String| {
            if account.is_empty() {
                account.clone_from(&home);
            }
        };
        self.users.iter_mut().for_each(|it| fill(&mut it.account));
        self.groups.iter_mut().for_each(|it| fill(&mut it.account));
        self.roles.iter_mut().for_each(|it| fill(&mut it.account));
        self.policies.iter_mut().for_each(|it| fill(&mut it.account));
        self.sessions.iter_mut().for_each(|it| fill(&mut it.account));
        self.buckets.iter_mut().for_each(|it| fill(&mut it.account));
        self.kms_keys.iter_mut().for_each(|it| fill(&mut it.account));
        self.vpc_endpoints.iter_mut().for_each(|it| fill(&mut it.account));
        self.access_points.iter_mut().for_each(|it| fill(&mut it.account));
        for user in &mut self.users {
            user.settle();
        }
        for session in &mut self.sessions {
            session.settle();
        }
        let mentioned = [home]
            .into_iter()
            .chain(self.users.iter().map(|it| it.account.clone()))
            .chain(self.roles.iter().map(|it| it.account.clone()))
            .chain(self.buckets.iter().map(|it| it.account.clone()))
            .chain(self.buckets.iter().flat_map(|it| it.objects.iter().filter_map(|object| object.owner.clone())))
            .chain(self.kms_keys.iter().map(|it| it.account.clone()))
            .chain(self.access_points.iter().map(|it| it.account.clone()))
            .collect::<Vec<_>>();
        for id in mentioned {
            if !self.accounts.iter().any(|account| account.id == id) {
                self.accounts.push(Account::plain(&id));
            }
        }
    }

    /// The keys of an identity as `cli` names it: `user/NAME`, `session/NAME`, `root/ACCOUNT`.
    #[must_use]
    pub fn keys_of(&self, identity: &str) -> Option<AccessKey> {
        let (kind, name) = identity.split_once('/')?;
        match kind {
            "user" => self.users.iter().find(|user| user.name == name).map(|user| user.key.clone()),
            "session" => self.sessions.iter().find(|session| session.name == name).map(|session| session.key.clone()),
            "root" => self.accounts.iter().find(|account| account.id == name).map(Account::root_key),
            _ => None,
        }
    }

    #[must_use]
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }
}
