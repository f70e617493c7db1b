//! Everything attached to the caller, where IAM lets it look: a user's inline, managed and group policies, or a
//! role's, and the permissions boundary.
//!
//! Two round trips for the documents of a user or a role, three for those of a user's groups. IAM gives a managed policy only
//! by version, so the default versions of the account's attached policies are asked for along with the names
//! (`iam:ListPolicies`). A policy that is not on that page costs a question for its number; version 1 is asked for beside it,
//! because most policies have only that.

use crate::aws::answer::ask;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::policy::Principal;
use aws_sdk_iam::operation::get_policy_version::GetPolicyVersionOutput;
use aws_sdk_iam::operation::get_policy_version::builders::GetPolicyVersionFluentBuilder;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Shared, join, join_all, join3, join4, select};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub const NAME: &str = "iam-policies";

/// The caller's own policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityPolicies {
    /// The ARN of the user or role that they are attached to, with its path where IAM told.
    pub principal: String,
    /// Its unique id, which no other user or role is ever given; empty where IAM did not tell.
    pub principal_id: String,
    /// The tags of the user or role itself, all of them; `None` where IAM did not tell.
    pub tags: Option<Vec<(String, String)>>,
    pub policies: Vec<AttachedPolicy>,
    pub boundary: Boundary,
    /// What could not be read: what, and because of what. Empty means that everything was.
    pub unread: Vec<Unread>,
}

/// One policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedPolicy {
    pub name: String,
    /// The user, group or role that it hangs on.
    pub owner: String,
    pub kind: PolicyKind,
    /// The JSON, decoded.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    Inline,
    Managed {
        arn: String,
        version: String,
        /// How many users, groups and roles it is attached to, where IAM told.
        attachments: Option<i32>,
    },
}

impl IdentityPolicies {
    /// Whether they are of somebody else than of whom STS calls `user_id`: of another user or role of the same name.
    #[must_use]
    pub fn are_of_another(&self, user_id: &str) -> bool {
        let id = user_id.split(':').next().unwrap_or_default();
        !self.principal_id.is_empty() && self.principal_id != id
    }
}

impl PolicyKind {
    /// Whether an edit may reach others than the one it was found on.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Managed { attachments, .. } if *attachments != Some(1))
    }

    /// Whether AWS maintains it, so that nobody else can edit it.
    #[must_use]
    pub fn is_aws_managed(&self) -> bool {
        matches!(self, Self::Managed { arn, .. } if arn.split(':').nth(4) == Some("aws"))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Boundary {
    None,
    Policy(Box<AttachedPolicy>),
    #[default]
    Unread,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The API call: `iam:ListGroupsForUser`.
    pub call: &'static str,
    pub because: String,
}

/// Reads what is attached to `caller` (a user or an assumed role's session).
pub async fn read(client: &aws_sdk_iam::Client, caller: &Principal, ledger: &Arc<Ledger>) -> Answer<IdentityPolicies> {
    let versions = default_versions(client, ledger).boxed().shared();
    let reader =
        Reader { client, ledger, versions: versions.clone(), unread: Mutex::default(), refused: Mutex::default() };
    let reading = async {
        match caller {
            Principal::User { name, .. } => Ok(reader.user(name).await),
            Principal::Session { role, .. } => Ok(reader.role(role).await),
            Principal::Root { .. } => Err("the root user has no identity-based policies"),
            _ => Err("the caller is neither a user nor a role"),
        }
    }
    .boxed_local();
    // The versions go out with the names; where nothing managed is attached, nobody waits for them.
    let found = match select(reading, versions).await {
        Either::Left((found, _)) => found,
        Either::Right((_, reading)) => reading.await,
    };
    let found = match found {
        Ok(found) => found,
        Err(why) => return Answer::Skipped(why.to_owned()),
    };
    let mut unread = reader.unread.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Not in the order in which the answers came, which is another each time.
    unread.sort_unstable_by_key(|unread| unread.call);
    let refused = reader.refused.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (found.policies.is_empty() && matches!(found.boundary, Boundary::Unread), refused) {
        // Nothing at all could be read: one answer for all of it.
        (true, Some(answer)) if !unread.is_empty() => answer,
        _ => Answer::Known(IdentityPolicies { unread, ..found }),
    }
}

/// Where the account has so many policies that their list takes longer, the few that matter are asked for one by one.
const VERSIONS_WITHIN: Duration = Duration::from_secs(1);

/// How many have the policy, as a permissions boundary too: an edit reaches them all.
fn uses(attached: Option<i32>, as_boundary: Option<i32>) -> Option<i32> {
    attached.map(|count| count.saturating_add(as_boundary.unwrap_or(0)))
}

/// A managed policy's default version, and how many users, groups and roles have the policy.
#[derive(Clone, Debug)]
struct DefaultVersion {
    id: String,
    attachments: Option<i32>,
}

type DefaultVersions = Arc<BTreeMap<String, DefaultVersion>>;

/// Of the policies that are attached to anybody, by ARN, as many as IAM gives at once. Empty where IAM does not tell: then
/// each is asked for by itself, and nothing is missing from what was read.
async fn default_versions(client: &aws_sdk_iam::Client, ledger: &Arc<Ledger>) -> DefaultVersions {
    let request = client.list_policies().only_attached(true);
    let reply = ask(ledger, |capture| request.customize().interceptor(capture).send());
    let reply = tokio::time::timeout(VERSIONS_WITHIN, reply).await.ok();
    let policies = reply.and_then(|reply| reply.output?.policies).unwrap_or_default();
    let listed = policies.into_iter().filter_map(|policy| {
        let attachments = uses(policy.attachment_count, policy.permissions_boundary_usage_count);
        Some((policy.arn?, DefaultVersion { id: policy.default_version_id?, attachments }))
    });
    Arc::new(listed.collect())
}

struct Reader<'a> {
    client: &'a aws_sdk_iam::Client,
    ledger: &'a Arc<Ledger>,
    versions: Shared<BoxFuture<'a, DefaultVersions>>,
    unread: Mutex<Vec<Unread>>,
    refused: Mutex<Option<Answer<IdentityPolicies>>>,
}

/// Sends one IAM call and gives its output, or notes why there is none.
macro_rules! call {
    ($reader:expr, $name:literal, $request:expr) => {{
        let request = $request;
        let reply = ask($reader.ledger, |capture| request.customize().interceptor(capture).send()).await;
        $reader.take($name, reply.into_answer())
    }};
}

impl Reader<'_> {
    fn take<T>(&self, call: &'static str, answer: Answer<T>) -> Option<T> {
        let because = answer.absence();
        match answer {
            Answer::Known(value) => Some(value),
            absent => {
                self.note(call, because.unwrap_or_default());
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                refused.get_or_insert(absent.map(|_| IdentityPolicies::default()));
                None
            }
        }
    }

    fn note(&self, call: &'static str, because: String) {
        let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        if !unread.iter().any(|noted| noted.call == call) {
            unread.push(Unread { call, because });
        }
    }

    async fn user(&self, name: &str) -> IdentityPolicies {
        let client = self.client;
        let (user, inline, attached, groups) = join4(
            async {
                let user = call!(self, "iam:GetUser", client.get_user().user_name(name))?.user?;
                let boundary = self.boundary(user.permissions_boundary()).await;
                let tags = pairs(user.tags());
                Some((user.arn, user.user_id, Some(tags), boundary))
            },
            async { self.user_inline(name).await },
            async {
                let output =
                    call!(self, "iam:ListAttachedUserPolicies", client.list_attached_user_policies().user_name(name))?;
                self.complete("iam:ListAttachedUserPolicies", output.is_truncated());
                Some(self.managed(name, output.attached_policies()).await)
            },
            async {
                let output = call!(self, "iam:ListGroupsForUser", client.list_groups_for_user().user_name(name))?;
                self.complete("iam:ListGroupsForUser", output.is_truncated());
                Some(join_all(output.groups().iter().map(|group| self.group(group.group_name()))).await.concat())
            },
        )
        .await;
        let (principal, principal_id, tags, boundary) = user.unwrap_or_default();
        IdentityPolicies {
            principal,
            principal_id,
            tags,
            policies: [inline, attached.unwrap_or_default(), groups.unwrap_or_default()].concat(),
            boundary,
            unread: Vec::new(),
        }
    }

    async fn user_inline(&self, name: &str) -> Vec<AttachedPolicy> {
        let client = self.client;
        let Some(output) = call!(self, "iam:ListUserPolicies", client.list_user_policies().user_name(name)) else {
            return Vec::new();
        };
        self.complete("iam:ListUserPolicies", output.is_truncated());
        let documents = output.policy_names().iter().map(|policy| async move {
            let output =
                call!(self, "iam:GetUserPolicy", client.get_user_policy().user_name(name).policy_name(policy))?;
            Some(inline(name, policy, output.policy_document()))
        });
        join_all(documents).await.into_iter().flatten().collect()
    }

    async fn group(&self, name: &str) -> Vec<AttachedPolicy> {
        let client = self.client;
        let inline_ones = async {
            let Some(output) = call!(self, "iam:ListGroupPolicies", client.list_group_policies().group_name(name))
            else {
                return Vec::new();
            };
            self.complete("iam:ListGroupPolicies", output.is_truncated());
            let documents = output.policy_names().iter().map(|policy| async move {
                let output =
                    call!(self, "iam:GetGroupPolicy", client.get_group_policy().group_name(name).policy_name(policy))?;
                Some(inline(name, policy, output.policy_document()))
            });
            join_all(documents).await.into_iter().flatten().collect()
        };
        let managed_ones = async {
            let output =
                call!(self, "iam:ListAttachedGroupPolicies", client.list_attached_group_policies().group_name(name));
            let Some(output) = output else { return Vec::new() };
            self.complete("iam:ListAttachedGroupPolicies", output.is_truncated());
            self.managed(name, output.attached_policies()).await
        };
        let (inline_ones, managed_ones) = join(inline_ones, managed_ones).await;
        [inline_ones, managed_ones].concat()
    }

    async fn role(&self, name: &str) -> IdentityPolicies {
        let client = self.client;
        let (role, inline_ones, managed_ones) = join3(
            async {
                let role = call!(self, "iam:GetRole", client.get_role().role_name(name))?.role?;
                let boundary = self.boundary(role.permissions_boundary()).await;
                let tags = pairs(role.tags());
                Some((role.arn, role.role_id, Some(tags), boundary))
            },
            async {
                let Some(output) = call!(self, "iam:ListRolePolicies", client.list_role_policies().role_name(name))
                else {
                    return Vec::new();
                };
                self.complete("iam:ListRolePolicies", output.is_truncated());
                let documents = output.policy_names().iter().map(|policy| async move {
                    let output =
                        call!(self, "iam:GetRolePolicy", client.get_role_policy().role_name(name).policy_name(policy))?;
                    Some(inline(name, policy, output.policy_document()))
                });
                join_all(documents).await.into_iter().flatten().collect()
            },
            async {
                let output =
                    call!(self, "iam:ListAttachedRolePolicies", client.list_attached_role_policies().role_name(name));
                let Some(output) = output else { return Vec::new() };
                self.complete("iam:ListAttachedRolePolicies", output.is_truncated());
                self.managed(name, output.attached_policies()).await
            },
        )
        .await;
        let (principal, principal_id, tags, boundary) = role.unwrap_or_default();
        IdentityPolicies {
            principal,
            principal_id,
            tags,
            policies: [inline_ones, managed_ones].concat(),
            boundary,
            unread: Vec::new(),
        }
    }

    async fn boundary(&self, attached: Option<&aws_sdk_iam::types::AttachedPermissionsBoundary>) -> Boundary {
        let Some(arn) = attached.and_then(|boundary| boundary.permissions_boundary_arn()) else {
            return Boundary::None;
        };
        match self.document("", arn).await {
            Some(policy) => Boundary::Policy(Box::new(policy)),
            None => Boundary::Unread,
        }
    }

    async fn managed(&self, owner: &str, attached: &[aws_sdk_iam::types::AttachedPolicy]) -> Vec<AttachedPolicy> {
        let arns = attached.iter().filter_map(|policy| policy.policy_arn());
        join_all(arns.map(|arn| self.document(owner, arn))).await.into_iter().flatten().collect()
    }

    /// A managed policy's default version.
    async fn document(&self, owner: &str, arn: &str) -> Option<AttachedPolicy> {
        let listed = self.versions.clone().await.get(arn).cloned();
        let (default, output) = match listed {
            Some(default) => {
                let output = call!(self, "iam:GetPolicyVersion", self.version(arn, &default.id))?;
                (default, output)
            }
            None => self.unlisted(arn).await?,
        };
        let text = decode(output.policy_version()?.document()?);
        let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let kind = PolicyKind::Managed { arn: arn.to_owned(), version: default.id, attachments: default.attachments };
        Some(AttachedPolicy { name, owner: owner.to_owned(), kind, text })
    }

    /// A managed policy whose default version is not known yet.
    async fn unlisted(&self, arn: &str) -> Option<(DefaultVersion, GetPolicyVersionOutput)> {
        // Most policies are never edited. AWS's own are, again and again.
        let first = (!arn.contains(":iam::aws:policy/")).then(|| self.version(arn, "v1"));
        let (policy, first) =
            join(async { call!(self, "iam:GetPolicy", self.client.get_policy().policy_arn(arn)) }, async {
                let first = first?;
                // Version 1 may have been deleted: its absence is not a gap in what was read.
                ask(self.ledger, |capture| first.customize().interceptor(capture).send()).await.output
            })
            .await;
        let policy = policy?.policy?;
        let attachments = uses(policy.attachment_count, policy.permissions_boundary_usage_count);
        let default = DefaultVersion { id: policy.default_version_id?, attachments };
        let output = match (default.id.as_str(), first) {
            ("v1", Some(first)) => first,
            (id, _) => call!(self, "iam:GetPolicyVersion", self.version(arn, id))?,
        };
        Some((default, output))
    }

    fn version(&self, arn: &str, id: &str) -> GetPolicyVersionFluentBuilder {
        self.client.get_policy_version().policy_arn(arn).version_id(id)
    }

    /// A second page is not asked for; that there is one is said.
    fn complete(&self, call: &'static str, truncated: bool) {
        if truncated {
            self.note(call, "there are more than one page holds".to_owned());
        }
    }
}

fn pairs(tags: &[aws_sdk_iam::types::Tag]) -> Vec<(String, String)> {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

fn inline(owner: &str, name: &str, document: &str) -> AttachedPolicy {
    AttachedPolicy { name: name.to_owned(), owner: owner.to_owned(), kind: PolicyKind::Inline, text: decode(document) }
}

/// IAM returns documents URL-encoded (RFC 3986).
fn decode(document: &str) -> String {
    percent_decode_str(document).decode_utf8_lossy().into_owned()
}
