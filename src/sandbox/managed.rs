//! Managed policies by name or ARN: a scenario's own, and the few of AWS's that scenarios attach.

use crate::sandbox::scenario::{PolicyText, Scenario};

/// A managed policy's default version.
#[derive(Clone, Debug)]
pub struct Found {
    pub arn: String,
    pub name: String,
    pub path: String,
    pub version: String,
    pub text: PolicyText,
}

/// The policy that `name` (a name of that account's, or an ARN) means.
#[must_use]
pub fn find(scenario: &Scenario, account: &str, name: &str) -> Option<Found> {
    let own = scenario.policies.iter().find(|policy| {
        if name.starts_with("arn:") { policy.arn() == name } else { policy.account == account && policy.name == name }
    });
    if let Some(policy) = own {
        return Some(Found {
            arn: policy.arn(),
            name: policy.name.clone(),
            path: policy.path.clone(),
            version: policy.version.clone(),
            text: policy.document.clone(),
        });
    }
    let short = name.strip_prefix("arn:aws:iam::aws:policy/")?;
    let (_, version, text) = AWS_MANAGED.iter().find(|(known, _, _)| *known == short)?;
    Some(Found {
        arn: name.to_owned(),
        name: short.to_owned(),
        path: "/".to_owned(),
        version: (*version).to_owned(),
        text: PolicyText::new(*text),
    })
}

/// What is attached to the users, groups and roles of an account: an entry for each time.
#[must_use]
pub fn attached(scenario: &Scenario, account: &str) -> Vec<Found> {
    let users = scenario.users.iter().filter(|user| user.account == account).flat_map(|user| &user.managed);
    let groups = scenario.groups.iter().filter(|group| group.account == account).flat_map(|group| &group.managed);
    let roles = scenario.roles.iter().filter(|role| role.account == account).flat_map(|role| &role.managed);
    users.chain(groups).chain(roles).filter_map(|name| find(scenario, account, name)).collect()
}

/// Name, default version, text. `SecurityAudit` is cut down to the services that are here.
const AWS_MANAGED: &[(&str, &str, &str)] = &[
    (
        "AdministratorAccess",
        "v1",
        r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*"
        }
    ]
}"#,
    ),
    (
        "AmazonS3ReadOnlyAccess",
        "v3",
        r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "s3:Get*",
                "s3:List*",
                "s3:Describe*",
                "s3-object-lambda:Get*",
                "s3-object-lambda:List*"
            ],
            "Resource": "*"
        }
    ]
}"#,
    ),
    (
        "AmazonS3FullAccess",
        "v2",
        r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "s3:*",
                "s3-object-lambda:*"
            ],
            "Resource": "*"
        }
    ]
}"#,
    ),
    (
        "IAMReadOnlyAccess",
        "v4",
        r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "iam:GenerateCredentialReport",
                "iam:GenerateServiceLastAccessedDetails",
                "iam:Get*",
                "iam:List*",
                "iam:SimulateCustomPolicy",
                "iam:SimulatePrincipalPolicy"
            ],
            "Resource": "*"
        }
    ]
}"#,
    ),
    (
        "SecurityAudit",
        "v57",
        r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "BaseSecurityAuditStatement",
            "Effect": "Allow",
            "Action": [
                "ec2:Describe*",
                "iam:Get*",
                "iam:List*",
                "iam:SimulateCustomPolicy",
                "iam:SimulatePrincipalPolicy",
                "kms:Describe*",
                "kms:GetKeyPolicy",
                "kms:GetKeyRotationStatus",
                "kms:ListAliases",
                "kms:ListGrants",
                "kms:ListKeyPolicies",
                "kms:ListKeys",
                "organizations:Describe*",
                "organizations:List*",
                "s3:GetAccessPoint*",
                "s3:GetAccountPublicAccessBlock",
                "s3:GetBucket*",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:GetObjectAcl",
                "s3:GetObjectVersionAcl",
                "s3:ListAccessPoints",
                "s3:ListAllMyBuckets"
            ],
            "Resource": "*"
        }
    ]
}"#,
    ),
];
