//! The organization's policies over one account, root to account, per level: readable from the management account
//! or a delegated administrator's only.

use crate::aws::clients::Clients;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use aws_credential_types::Credentials;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::SystemTime;

pub const NAME: &str = "organization-policies";
pub const ABOUT: &str = "organization";

/// Which kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationPolicyKind {
    ServiceControl,
    ResourceControl,
}

impl OrganizationPolicyKind {
    fn filter(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }
}

/// The policies of one level of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationLevel {
    /// `root`, an OU's id, or the account's.
    pub level: String,
    pub policies: Vec<OrganizationPolicy>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationPolicy {
    pub name: String,
    pub arn: String,
    pub text: String,
}

/// The organization that the caller's account is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: String,
    pub management_account: String,
}

/// Everything needed to ask.
#[derive(Clone, Debug)]
pub struct Asking<'a> {
    pub clients: &'a Clients<'a>,
    pub keys: &'a Credentials,
    pub now: SystemTime,
    pub ledger: &'a Arc<Ledger>,
}

/// The tree is at most this deep: the root, five levels of OUs, the account.
const DEEPEST: usize = 7;

impl Asking<'_> {
    async fn call<T: for<'de> Deserialize<'de>>(&self, operation: &'static str, body: serde_json::Value) -> Answer<T> {
        let reply =
            match self.clients.organizations(self.keys, operation, body.to_string(), self.now, self.ledger).await {
                Ok(reply) => reply,
                Err(why) => return Answer::Skipped(why),
            };
        match reply.into_answer() {
            Answer::Known(body) => match serde_json::from_slice(&body) {
                Ok(value) => Answer::Known(value),
                Err(_) => Answer::Failed(format!("the answer of organizations:{operation} could not be read")),
            },
            Answer::Denied(error) => Answer::Denied(error),
            Answer::TimedOut => Answer::TimedOut,
            Answer::Failed(why) => Answer::Failed(why),
            Answer::Skipped(why) => Answer::Skipped(why),
        }
    }

    /// Which organization the account is in: any member may ask.
    pub async fn organization(&self) -> Answer<Organization> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            organization: Found,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Found {
            id: String,
            master_account_id: String,
        }
        self.call::<Output>("DescribeOrganization", json!({})).await.map(|output| Organization {
            id: output.organization.id,
            management_account: output.organization.master_account_id,
        })
    }

    /// All policies that apply to `account`, of each kind, the root's first. The way to the root is asked for once.
    pub async fn policies<const KINDS: usize>(
        &self,
        account: &str,
        kinds: [OrganizationPolicyKind; KINDS],
    ) -> [Answer<Vec<OrganizationLevel>>; KINDS] {
        let targets = match self.targets(account).await {
            Answer::Known(targets) => targets,
            other => return [(); KINDS].map(|()| other.clone().map(|_| Vec::new())),
        };
        let mut found = join_all(kinds.map(|kind| self.levels(&targets, kind))).await.into_iter();
        [(); KINDS].map(|()| found.next().unwrap_or(Answer::TimedOut))
    }

    /// The account, and everything above it, the root first.
    async fn targets(&self, account: &str) -> Answer<Vec<String>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Parents {
            parents: Vec<Parent>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Parent {
            id: String,
            #[serde(rename = "Type")]
            kind: String,
        }
        let mut targets = vec![account.to_owned()];
        loop {
            let child = targets.last().cloned().unwrap_or_default();
            let parents: Parents = match self.call("ListParents", json!({ "ChildId": child })).await {
                Answer::Known(parents) => parents,
                other => return other.map(|_| Vec::new()),
            };
            let Some(parent) = parents.parents.into_iter().next() else { break };
            let at_root = parent.kind == "ROOT";
            targets.push(parent.id);
            if at_root || targets.len() > DEEPEST {
                break;
            }
        }
        targets.reverse();
        Answer::Known(targets)
    }

    async fn levels(&self, targets: &[String], kind: OrganizationPolicyKind) -> Answer<Vec<OrganizationLevel>> {
        let levels = join_all(targets.iter().map(|target| self.level(target, kind))).await;
        let mut found = Vec::new();
        for level in levels {
            match level {
                Answer::Known(level) => found.push(level),
                other => return other.map(|_| Vec::new()),
            }
        }
        Answer::Known(found)
    }

    async fn level(&self, target: &str, kind: OrganizationPolicyKind) -> Answer<OrganizationLevel> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Listed {
            policies: Vec<Summary>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Summary {
            id: String,
            arn: String,
            name: String,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Described {
            policy: Policy,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Policy {
            content: String,
        }
        let request = json!({ "TargetId": target, "Filter": kind.filter() });
        let listed: Listed = match self.call("ListPoliciesForTarget", request).await {
            Answer::Known(listed) => listed,
            other => return other.map(|_| OrganizationLevel { level: String::new(), policies: Vec::new() }),
        };
        let described = join_all(listed.policies.into_iter().map(|summary| async move {
            let answer: Answer<Described> = self.call("DescribePolicy", json!({ "PolicyId": summary.id })).await;
            answer.map(|described| OrganizationPolicy {
                name: summary.name,
                arn: summary.arn,
                text: described.policy.content,
            })
        }))
        .await;
        let mut policies = Vec::new();
        for answer in described {
            match answer {
                Answer::Known(policy) => policies.push(policy),
                other => return other.map(|_| OrganizationLevel { level: String::new(), policies: Vec::new() }),
            }
        }
        let level = if target.starts_with("r-") { "root".to_owned() } else { target.to_owned() };
        Answer::Known(OrganizationLevel { level, policies })
    }
}
