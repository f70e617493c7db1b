//! What S3 holds in a scenario: buckets with their settings, and objects.

use crate::sandbox::scenario::{DEFAULT_REGION, PolicyText};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    pub name: String,
    #[serde(default)]
    pub account: String,
    #[serde(default = "home_region")]
    pub region: String,
    pub policy: Option<PolicyText>,
    #[serde(default)]
    pub ownership: Ownership,
    /// All four flags are on for a new bucket; a scenario turns them off where it matters.
    #[serde(default = "BlockPublicAccess::all")]
    pub block_public_access: BlockPublicAccess,
    #[serde(default)]
    pub requester_pays: bool,
    #[serde(default)]
    pub versioning: bool,
    /// MFA delete is on.
    #[serde(default)]
    pub mfa_delete: bool,
    /// Its default encryption takes no uploads with customer-provided keys.
    #[serde(default)]
    pub blocks_customer_keys: bool,
    /// The KMS key of default encryption (id, ARN or alias), unset: SSE-S3.
    pub default_kms_key: Option<String>,
    #[serde(default)]
    pub bucket_key: bool,
    #[serde(default, rename = "grant")]
    pub grants: Vec<AclGrant>,
    /// `AllAccessDisabled`: AWS itself has shut it.
    pub problem: Option<String>,
    /// How a request that was signed for another region is refused.
    #[serde(default)]
    pub wrong_region: WrongRegion,
    #[serde(default, rename = "object")]
    pub objects: Vec<Object>,
}

fn home_region() -> String {
    DEFAULT_REGION.to_owned()
}

impl Bucket {
    /// A bucket as `CreateBucket` leaves it.
    #[must_use]
    pub fn plain(name: &str, account: &str, region: &str) -> Self {
        Self {
            name: name.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            policy: None,
            ownership: Ownership::default(),
            block_public_access: BlockPublicAccess::all(),
            requester_pays: false,
            versioning: false,
            mfa_delete: false,
            blocks_customer_keys: false,
            default_kms_key: None,
            bucket_key: false,
            grants: Vec::new(),
            problem: None,
            wrong_region: WrongRegion::default(),
            objects: Vec::new(),
        }
    }

    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Ownership {
    #[default]
    BucketOwnerEnforced,
    BucketOwnerPreferred,
    ObjectWriter,
    /// A bucket older than the setting: ACLs are on, and there is no document that says so.
    Unset,
}

impl Ownership {
    #[must_use]
    pub const fn acls_enabled(self) -> bool {
        !matches!(self, Self::BucketOwnerEnforced)
    }

    /// The value of the setting's document; none where there is no document.
    #[must_use]
    pub const fn document(self) -> Option<&'static str> {
        match self {
            Self::BucketOwnerEnforced => Some("BucketOwnerEnforced"),
            Self::BucketOwnerPreferred => Some("BucketOwnerPreferred"),
            Self::ObjectWriter => Some("ObjectWriter"),
            Self::Unset => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WrongRegion {
    /// 400 `AuthorizationHeaderMalformed`, naming the right one.
    #[default]
    Malformed,
    /// 301 `PermanentRedirect`.
    Redirect,
    /// 400 `IllegalLocationConstraintException`, as regions that one opts into answer.
    Illegal,
}

/// The four flags. In a file: `"all"`, `"none"`, or a list of flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "S3's own four flags")]
pub struct BlockPublicAccess {
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
}

impl BlockPublicAccess {
    #[must_use]
    pub const fn all() -> Self {
        Self {
            block_public_acls: true,
            ignore_public_acls: true,
            block_public_policy: true,
            restrict_public_buckets: true,
        }
    }

    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// The most restrictive of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self {
            block_public_acls: self.block_public_acls || other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls || other.ignore_public_acls,
            block_public_policy: self.block_public_policy || other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets || other.restrict_public_buckets,
        }
    }
}

impl<'de> Deserialize<'de> for BlockPublicAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        enum Word {
            #[serde(rename = "all")]
            All,
            #[serde(rename = "none")]
            None,
        }
        #[derive(Deserialize)]
        enum Flag {
            BlockPublicAcls,
            IgnorePublicAcls,
            BlockPublicPolicy,
            RestrictPublicBuckets,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Word(Word),
            Flags(Vec<Flag>),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Word(Word::All) => Self::all(),
            Written::Word(Word::None) => Self::default(),
            Written::Flags(flags) => flags.iter().fold(Self::default(), |mut set, flag| {
                match flag {
                    Flag::BlockPublicAcls => set.block_public_acls = true,
                    Flag::IgnorePublicAcls => set.ignore_public_acls = true,
                    Flag::BlockPublicPolicy => set.block_public_policy = true,
                    Flag::RestrictPublicBuckets => set.restrict_public_buckets = true,
                }
                set
            }),
        })
    }
}

/// One grant of an ACL, besides the owner's full control.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AclGrant {
    /// An account id, `everyone` or `authenticated`.
    pub to: Grantee,
    pub permission: Permission,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Grantee {
    Everyone,
    Authenticated,
    Account(String),
}

impl From<String> for Grantee {
    fn from(text: String) -> Self {
        match text.as_str() {
            "everyone" => Self::Everyone,
            "authenticated" => Self::Authenticated,
            _ => Self::Account(text),
        }
    }
}

impl Grantee {
    #[must_use]
    pub const fn is_public(&self) -> bool {
        !matches!(self, Self::Account(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Permission {
    Read,
    Write,
    ReadAcp,
    WriteAcp,
    FullControl,
}

impl Permission {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::ReadAcp => "READ_ACP",
            Self::WriteAcp => "WRITE_ACP",
            Self::FullControl => "FULL_CONTROL",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::ReadAcp, Self::WriteAcp, Self::FullControl]
            .into_iter()
            .find(|it| it.name() == text)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    pub key: String,
    #[serde(default)]
    pub body: String,
    /// The account that wrote it and owns it, where that is not the bucket's. Counts only while ACLs are enabled.
    pub owner: Option<String>,
    #[serde(default, rename = "grant")]
    pub grants: Vec<AclGrant>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    pub storage_class: Option<String>,
    /// A restored copy of an archived object is there.
    #[serde(default)]
    pub restored: bool,
    /// The KMS key it is encrypted with (id, ARN or alias).
    pub kms_key: Option<String>,
    /// The SSE-C key, base64 as the header carries it.
    pub customer_key: Option<String>,
    pub version_id: Option<String>,
    /// Object Lock holds this version.
    #[serde(default)]
    pub locked: bool,
    /// This version is a delete marker.
    #[serde(default)]
    pub delete_marker: bool,
}
