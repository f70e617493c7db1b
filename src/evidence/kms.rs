//! The KMS key that the object is encrypted with: its state, whose it is, its policy and its grants.

use crate::aws::answer::ask;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::policy::GrantConstraints;
use futures_util::future::join3;
use std::collections::HashMap;
use std::sync::Arc;

pub const NAME: &str = "kms-key";

/// What could be learned of a key; each part has a permission of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// As the object's header or the message named it; of a key that was named by its id alone, as KMS tells it.
    pub arn: String,
    pub about: Answer<KeyFacts>,
    pub policy: Answer<String>,
    pub grants: Answer<KeyGrants>,
}

/// The first page of the key's grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyGrants {
    pub grants: Vec<KeyGrant>,
    /// Whether there are others, which were not asked for.
    pub more: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion`, …
    pub state: String,
    /// Whether it is an AWS managed key (`aws/s3`), whose policy nobody can edit.
    pub aws_managed: bool,
    pub account: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyGrant {
    pub id: String,
    pub grantee: String,
    /// `Decrypt`, `GenerateDataKey`, …
    pub operations: Vec<String>,
    pub constraints: GrantConstraints,
}

impl Key {
    /// The account in the key's ARN.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.arn.split(':').nth(4).filter(|account| !account.is_empty())
    }
}

/// Asks for all three side by side. `arn` names the key; an alias is never passed, because asking for
/// `alias/aws/s3` may create the key.
pub async fn read(client: &aws_sdk_kms::Client, arn: &str, ledger: &Arc<Ledger>) -> Answer<Key> {
    if arn.contains("alias/") {
        return Answer::Skipped("the key is named by an alias only".to_owned());
    }
    let (about, policy, grants) = join3(
        async {
            let reply =
                ask(ledger, |capture| client.describe_key().key_id(arn).customize().interceptor(capture).send()).await;
            match reply.into_answer() {
                Answer::Known(output) => match output.key_metadata {
                    Some(key) => Answer::Known(KeyFacts {
                        arn: key.arn.unwrap_or_else(|| arn.to_owned()),
                        state: key.key_state.map_or_else(String::new, |state| state.as_str().to_owned()),
                        aws_managed: key.key_manager.is_some_and(|manager| manager.as_str() == "AWS"),
                        account: key.aws_account_id,
                    }),
                    None => Answer::Failed("the answer of kms:DescribeKey is incomplete".to_owned()),
                },
                other => other.map(|_| empty_facts()),
            }
        },
        async {
            let reply = ask(ledger, |capture| {
                client.get_key_policy().key_id(arn).policy_name("default").customize().interceptor(capture).send()
            })
            .await;
            match reply.into_answer() {
                Answer::Known(output) => output
                    .policy
                    .map_or_else(|| Answer::Failed("the answer holds no document".to_owned()), Answer::Known),
                other => other.map(|_| String::new()),
            }
        },
        async {
            let reply =
                ask(ledger, |capture| client.list_grants().key_id(arn).customize().interceptor(capture).send()).await;
            reply.into_answer().map(|output| KeyGrants {
                more: output.truncated,
                grants: output.grants.unwrap_or_default().into_iter().filter_map(read_grant).collect(),
            })
        },
    )
    .await;
    // A bucket's setting and an upload's header may hold the id alone, and policies are about ARNs.
    let told = about.known().map(|about: &KeyFacts| about.arn.as_str()).filter(|_| !arn.starts_with("arn:"));
    Answer::Known(Key { arn: told.unwrap_or(arn).to_owned(), about, policy, grants })
}

fn read_grant(grant: aws_sdk_kms::types::GrantListEntry) -> Option<KeyGrant> {
    Some(KeyGrant {
        id: grant.grant_id.unwrap_or_default(),
        grantee: grant.grantee_principal?,
        operations: grant.operations.unwrap_or_default().iter().map(|name| name.as_str().to_owned()).collect(),
        constraints: grant.constraints.map_or(GrantConstraints::None, read_constraints),
    })
}

/// What is not one encryption context alone is for AWS to evaluate. So is what holds nothing: it may be a constraint that
/// this version of the API does not know.
fn read_constraints(constraints: aws_sdk_kms::types::GrantConstraints) -> GrantConstraints {
    let pairs = |pairs: HashMap<String, String>| pairs.into_iter().collect();
    match (constraints.encryption_context_equals, constraints.encryption_context_subset, constraints.source_arn) {
        (Some(exact), None, None) => GrantConstraints::Equals(pairs(exact)),
        (None, Some(subset), None) => GrantConstraints::Subset(pairs(subset)),
        _ => GrantConstraints::Unread,
    }
}

fn empty_facts() -> KeyFacts {
    KeyFacts { arn: String::new(), state: String::new(), aws_managed: false, account: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_kms::types::GrantConstraints as Said;

    #[test]
    fn a_constraint_that_is_not_one_encryption_context_is_unread() {
        let exact = Said::builder().encryption_context_equals("aws:s3:arn", "arn:aws:s3:::b");
        let pair = ("aws:s3:arn".to_owned(), "arn:aws:s3:::b".to_owned());
        assert_eq!(read_constraints(exact.clone().build()), GrantConstraints::Equals(vec![pair]));
        let of_a_source = exact.source_arn("arn:aws:s3:::b").build();
        assert_eq!(read_constraints(of_a_source), GrantConstraints::Unread);
        assert_eq!(read_constraints(Said::builder().build()), GrantConstraints::Unread);
    }
}
