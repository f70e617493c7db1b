//! Who there is in a scenario: accounts, users, groups, roles, their policies, and credentials that were
//! handed out before the command ran.

use crate::sandbox::ids;
use crate::sandbox::scenario::storage::BlockPublicAccess;
use crate::sandbox::scenario::{DEFAULT_REGION, PolicyText};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub id: String,
    /// The organization's unit that holds it; unset, it is no member.
    pub unit: Option<String>,
    /// Ids of organization policies attached to the account itself, besides full access.
    #[serde(default = "full_scp")]
    pub scp: Vec<String>,
    #[serde(default = "full_rcp")]
    pub rcp: Vec<String>,
    #[serde(default)]
    pub block_public_access: BlockPublicAccess,
    /// `AccountProblem` or `NotSignedUp`: every request about it is refused with that code.
    pub problem: Option<String>,
}

fn full_scp() -> Vec<String> {
    vec!["p-FullAWSAccess".to_owned()]
}

fn full_rcp() -> Vec<String> {
    vec!["p-RCPFullAWSAccess".to_owned()]
}

impl Account {
    pub(super) fn plain(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            unit: None,
            scp: full_scp(),
            rcp: full_rcp(),
            block_public_access: BlockPublicAccess::default(),
            problem: None,
        }
    }

    /// The account's canonical user id, as ACLs and listings name owners.
    #[must_use]
    pub fn canonical_id(&self) -> String {
        ids::canonical(&self.id)
    }

    #[must_use]
    pub fn root_key(&self) -> AccessKey {
        AccessKey {
            id: ids::access_key("AKIA", &self.id, "root"),
            secret: ids::secret(&self.id, "root"),
            token: None,
            active: true,
        }
    }
}

/// A key pair, with its token where it is temporary.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessKey {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
    pub active: bool,
}

impl Default for AccessKey {
    fn default() -> Self {
        Self { id: String::new(), secret: String::new(), token: None, active: true }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    #[serde(default)]
    pub account: String,
    #[serde(default = "slash")]
    pub path: String,
    #[serde(default)]
    pub groups: Vec<String>,
    #[serde(default)]
    pub managed: Vec<String>,
    #[serde(default)]
    pub inline: BTreeMap<String, PolicyText>,
    pub boundary: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub key: AccessKey,
}

fn slash() -> String {
    "/".to_owned()
}

impl User {
    /// A user with those managed policies and nothing else.
    #[must_use]
    pub fn plain(name: &str, account: &str, managed: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            account: account.to_owned(),
            path: slash(),
            groups: Vec::new(),
            managed: managed.iter().map(|name| (*name).to_owned()).collect(),
            inline: BTreeMap::new(),
            boundary: None,
            tags: BTreeMap::new(),
            key: AccessKey::default(),
        }
    }

    pub(super) fn settle(&mut self) {
        if self.key.id.is_empty() {
            self.key.id = ids::access_key("AKIA", &self.account, &self.name);
        }
        if self.key.secret.is_empty() {
            self.key.secret = ids::secret(&self.account, &self.name);
        }
    }

    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:user{}{}", self.account, self.path, self.name)
    }

    #[must_use]
    pub fn unique_id(&self) -> String {
        ids::unique("AIDA", &self.account, &self.name)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    #[serde(default)]
    pub account: String,
    #[serde(default = "slash")]
    pub path: String,
    #[serde(default)]
    pub managed: Vec<String>,
    #[serde(default)]
    pub inline: BTreeMap<String, PolicyText>,
}

impl Group {
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:group{}{}", self.account, self.path, self.name)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub name: String,
    #[serde(default)]
    pub account: String,
    #[serde(default = "slash")]
    pub path: String,
    pub trust: PolicyText,
    #[serde(default)]
    pub managed: Vec<String>,
    #[serde(default)]
    pub inline: BTreeMap<String, PolicyText>,
    pub boundary: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl Role {
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role{}{}", self.account, self.path, self.name)
    }

    #[must_use]
    pub fn unique_id(&self) -> String {
        ids::unique("AROA", &self.account, &self.name)
    }
}

/// A customer managed policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedPolicy {
    pub name: String,
    #[serde(default)]
    pub account: String,
    #[serde(default = "slash")]
    pub path: String,
    /// The default version's id and text.
    #[serde(default = "version_one")]
    pub version: String,
    pub document: PolicyText,
    #[serde(default)]
    pub old_versions: BTreeMap<String, PolicyText>,
}

fn version_one() -> String {
    "v1".to_owned()
}

impl ManagedPolicy {
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:policy{}{}", self.account, self.path, self.name)
    }
}

/// Temporary credentials of a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The role session's name, the last part of its ARN.
    pub name: String,
    pub role: String,
    #[serde(default)]
    pub account: String,
    #[serde(default)]
    pub key: AccessKey,
    /// Seconds from the sandbox's start, by AWS's clock.
    #[serde(default = "an_hour")]
    pub expires_in: i64,
    /// The inline session policy.
    pub policy: Option<PolicyText>,
    /// Managed session policies, by name or ARN.
    #[serde(default)]
    pub policy_arns: Vec<String>,
    /// What the sign-in said about MFA.
    #[serde(default)]
    pub mfa: bool,
    /// The session is one of `GetFederationToken`: its ARN names no role, and `role` stands for the user who asked for it.
    #[serde(default)]
    pub federated: bool,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

const fn an_hour() -> i64 {
    3600
}

impl Session {
    pub(super) fn settle(&mut self) {
        let what = format!("{}/{}", self.role, self.name);
        if self.key.id.is_empty() {
            self.key.id = ids::access_key("ASIA", &self.account, &what);
        }
        if self.key.secret.is_empty() {
            self.key.secret = ids::secret(&self.account, &what);
        }
        if self.key.token.is_none() {
            self.key.token = Some(ids::token(&self.account, &what));
        }
    }
}

/// A token that an identity provider issued and STS takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebIdentity {
    pub token: String,
    /// The provider's host and path, as in `oidc-provider/HOST`.
    pub provider: String,
    pub subject: String,
    #[serde(default)]
    pub audience: String,
    #[serde(default)]
    pub expired: bool,
}

/// An SSO access token that the portal takes, and the roles that it opens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SsoToken {
    pub token: String,
    /// `ACCOUNT/ROLE` pairs.
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default)]
    pub expired: bool,
    #[serde(default = "home_region")]
    pub region: String,
}

fn home_region() -> String {
    DEFAULT_REGION.to_owned()
}
