//! What the people of a scenario may read for a diagnosis, besides what their policies say: one inline policy more, on
//! every user and role.

use crate::sandbox::scenario::{PolicyText, Scenario};
use serde::Deserialize;
use serde_json::json;

/// `"full"`, `"partial"`, `"none"`, or a list of areas.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Look {
    Word(Word),
    Areas(Vec<Area>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    Full,
    /// Names of policies but no documents, own buckets but no settings of theirs.
    Partial,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    Identity,
    IdentityNames,
    Simulate,
    Bucket,
    Buckets,
    Kms,
    Ec2,
    Organizations,
}

impl Default for Look {
    fn default() -> Self {
        Self::Word(Word::None)
    }
}

impl Area {
    const ALL: [Self; 7] =
        [Self::Identity, Self::Simulate, Self::Bucket, Self::Buckets, Self::Kms, Self::Ec2, Self::Organizations];

    const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Identity => &["iam:Get*", "iam:List*"],
            Self::IdentityNames => &["iam:GetUser", "iam:GetRole", "iam:List*"],
            Self::Simulate => &["iam:SimulatePrincipalPolicy"],
            Self::Bucket => &[
                "s3:GetAccessPoint",
                "s3:GetAccessPointPolicy",
                "s3:GetAccountPublicAccessBlock",
                "s3:GetBucketAcl",
                "s3:GetBucketLocation",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPolicy",
                "s3:GetBucketPolicyStatus",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketRequestPayment",
                "s3:GetEncryptionConfiguration",
                "s3:GetObjectAcl",
                "s3:ListAccessPoints",
            ],
            Self::Buckets => &["s3:ListAllMyBuckets"],
            Self::Kms => &["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"],
            Self::Ec2 => &["ec2:DescribeVpcEndpoints"],
            Self::Organizations => &["organizations:Describe*", "organizations:List*"],
        }
    }
}

/// The inline policy's name.
pub const POLICY: &str = "support-read";

impl Scenario {
    /// Attaches the policy.
    pub(super) fn let_look(&mut self) {
        let areas: &[Area] = match &self.look {
            Look::Word(Word::Full) => &Area::ALL,
            Look::Word(Word::Partial) => &[Area::IdentityNames, Area::Buckets],
            Look::Word(Word::None) => return,
            Look::Areas(areas) => areas,
        };
        let actions: Vec<&str> = areas.iter().flat_map(|area| area.actions()).copied().collect();
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
        });
        let text = PolicyText::new(serde_json::to_string_pretty(&document).unwrap_or_default());
        for user in &mut self.users {
            user.inline.insert(POLICY.to_owned(), text.clone());
        }
        for role in &mut self.roles {
            role.inline.insert(POLICY.to_owned(), text.clone());
        }
    }
}
