//! What stands between a caller and the bytes in a scenario, besides policies of people and buckets: KMS
//! keys, VPC endpoints, access points.

use crate::sandbox::ids;
use crate::sandbox::scenario::storage::BlockPublicAccess;
use crate::sandbox::scenario::{DEFAULT_REGION, PolicyText};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KmsKey {
    pub id: String,
    #[serde(default)]
    pub account: String,
    #[serde(default = "home_region")]
    pub region: String,
    /// `alias/…`, where it has one. `alias/aws/s3` makes it the account's AWS managed key.
    pub alias: Option<String>,
    #[serde(default)]
    pub state: KeyState,
    /// Unset: the policy that KMS gives a new key, which leaves all to the account's own policies (and for the AWS
    /// managed key, the one that lets in the account's callers through S3).
    pub policy: Option<PolicyText>,
    #[serde(default, rename = "grant")]
    pub grants: Vec<Grant>,
}

fn home_region() -> String {
    DEFAULT_REGION.to_owned()
}

impl KmsKey {
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:kms:{}:{}:key/{}", self.region, self.account, self.id)
    }

    /// Whether AWS manages it for S3 (`aws/s3`).
    #[must_use]
    pub fn is_aws_managed(&self) -> bool {
        self.alias.as_deref() == Some("alias/aws/s3")
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> PolicyText {
        if let Some(policy) = &self.policy {
            return policy.clone();
        }
        let account = &self.account;
        PolicyText::new(if self.is_aws_managed() {
            let region = &self.region;
            format!(
                r#"{{
  "Version": "2012-10-17",
  "Id": "auto-s3-2",
  "Statement": [
    {{
      "Sid": "Allow access through S3 for all principals in the account that are authorized to use S3",
      "Effect": "Allow",
      "Principal": {{ "AWS": "*" }},
      "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
      "Resource": "*",
      "Condition": {{
        "StringEquals": {{ "kms:ViaService": "s3.{region}.amazonaws.com", "kms:CallerAccount": "{account}" }}
      }}
    }},
    {{
      "Sid": "Allow direct access to key metadata to the account",
      "Effect": "Allow",
      "Principal": {{ "AWS": "arn:aws:iam::{account}:root" }},
      "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
      "Resource": "*"
    }}
  ]
}}"#
            )
        } else {
            format!(
                r#"{{
  "Version": "2012-10-17",
  "Id": "key-default-1",
  "Statement": [
    {{
      "Sid": "Enable IAM User Permissions",
      "Effect": "Allow",
      "Principal": {{ "AWS": "arn:aws:iam::{account}:root" }},
      "Action": "kms:*",
      "Resource": "*"
    }}
  ]
}}"#
            )
        })
    }

    /// Whether `name` (an id, an ARN, an alias or an alias's ARN) means this key, for a caller of `account`.
    #[must_use]
    pub fn answers_to(&self, name: &str, account: &str) -> bool {
        if name == self.arn() {
            return true;
        }
        let alias_arn =
            self.alias.as_ref().map(|alias| format!("arn:aws:kms:{}:{}:{alias}", self.region, self.account));
        if alias_arn.as_deref() == Some(name) {
            return true;
        }
        self.account == account && (name == self.id || self.alias.as_deref() == Some(name))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum KeyState {
    #[default]
    Enabled,
    Disabled,
    PendingDeletion,
    PendingImport,
    Unavailable,
}

impl KeyState {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
            Self::PendingImport => "PendingImport",
            Self::Unavailable => "Unavailable",
        }
    }
}

/// A KMS grant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The principal's ARN.
    pub grantee: String,
    /// `Decrypt`, `GenerateDataKey`, ….
    pub operations: Vec<String>,
    #[serde(default)]
    pub context_equals: BTreeMap<String, String>,
    #[serde(default)]
    pub context_subset: BTreeMap<String, String>,
}

impl Grant {
    #[must_use]
    pub fn id(&self, key: &KmsKey) -> String {
        ids::hex(&[&key.id, &self.grantee], 64)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpcEndpoint {
    pub id: String,
    #[serde(default = "a_vpc")]
    pub vpc: String,
    #[serde(default)]
    pub account: String,
    #[serde(default = "home_region")]
    pub region: String,
    /// Unset: full access.
    pub policy: Option<PolicyText>,
    #[serde(default)]
    pub interface: bool,
}

fn a_vpc() -> String {
    "vpc-0123456789abcdef0".to_owned()
}

impl VpcEndpoint {
    #[must_use]
    pub fn policy(&self) -> PolicyText {
        self.policy.clone().unwrap_or_else(|| {
            PolicyText::new(
                r#"{
  "Version": "2008-10-17",
  "Statement": [
    { "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }
  ]
}"#,
            )
        })
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPoint {
    pub name: String,
    #[serde(default)]
    pub account: String,
    pub bucket: String,
    /// Restricts it to this VPC; unset, its origin is the internet.
    pub vpc: Option<String>,
    pub policy: Option<PolicyText>,
    #[serde(default = "BlockPublicAccess::all")]
    pub block_public_access: BlockPublicAccess,
}

impl AccessPoint {
    #[must_use]
    pub fn arn(&self, region: &str) -> String {
        format!("arn:aws:s3:{region}:{}:accesspoint/{}", self.account, self.name)
    }

    /// The bucket-style name that S3 makes up for it.
    #[must_use]
    pub fn alias(&self) -> String {
        format!("{}-{}-s3alias", self.name, ids::hex(&[&self.account, &self.name], 34))
    }
}
