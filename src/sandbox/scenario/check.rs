//! A scenario's promises to itself, checked when it is read: a world with a typo would refuse for the wrong reason.

use crate::policy::Rules;
use crate::sandbox::scenario::{OrgPolicyKind, PolicyText, Scenario, ScenarioError};

impl Scenario {
    /// Every document is one that AWS would store.
    pub(super) fn check_documents(&self) -> Result<(), ScenarioError> {
        let check = |whose: String, text: &PolicyText, rules: Rules| {
            text.parse(rules).map(drop).map_err(|error| ScenarioError::Policy {
                whose,
                pointer: error.pointer,
                message: error.message,
            })
        };
        for user in &self.users {
            for (name, text) in &user.inline {
                check(format!("policy `{name}` of user `{}`", user.name), text, Rules::Identity)?;
            }
        }
        for group in &self.groups {
            for (name, text) in &group.inline {
                check(format!("policy `{name}` of group `{}`", group.name), text, Rules::Identity)?;
            }
        }
        for role in &self.roles {
            for (name, text) in &role.inline {
                check(format!("policy `{name}` of role `{}`", role.name), text, Rules::Identity)?;
            }
            check(format!("the trust policy of role `{}`", role.name), &role.trust, Rules::Trust)?;
        }
        for policy in &self.policies {
            check(format!("policy `{}`", policy.name), &policy.document, Rules::Identity)?;
            for (version, text) in &policy.old_versions {
                check(format!("version `{version}` of policy `{}`", policy.name), text, Rules::Identity)?;
            }
        }
        for session in &self.sessions {
            if let Some(text) = &session.policy {
                check(format!("the session policy of `{}`", session.name), text, Rules::Session)?;
            }
        }
        for bucket in &self.buckets {
            if let Some(text) = &bucket.policy {
                check(format!("the policy of bucket `{}`", bucket.name), text, Rules::Resource)?;
            }
        }
        for key in &self.kms_keys {
            if let Some(text) = &key.policy {
                check(format!("the policy of key `{}`", key.id), text, Rules::Resource)?;
            }
        }
        for endpoint in &self.vpc_endpoints {
            if let Some(text) = &endpoint.policy {
                check(format!("the policy of endpoint `{}`", endpoint.id), text, Rules::VpcEndpoint)?;
            }
        }
        for point in &self.access_points {
            if let Some(text) = &point.policy {
                check(format!("the policy of access point `{}`", point.name), text, Rules::Resource)?;
            }
        }
        for policy in self.organization.iter().flat_map(|organization| &organization.policies) {
            let rules = match policy.kind {
                OrgPolicyKind::Scp => Rules::ServiceControl,
                OrgPolicyKind::Rcp => Rules::ResourceControl,
            };
            check(format!("organization policy `{}`", policy.id), &policy.document, rules)?;
        }
        Ok(())
    }

    /// Every name that is used is there.
    pub(super) fn check_names(&self) -> Result<(), ScenarioError> {
        let dangling = |who: String, what: String| Err(ScenarioError::Dangling { who, what });
        let policy = |account: &str, name: &str| {
            name.starts_with("arn:")
                || self.policies.iter().any(|policy| policy.account == account && policy.name == name)
        };
        for (who, account, names) in self
            .users
            .iter()
            .map(|it| (format!("user `{}`", it.name), &it.account, it.managed.iter().chain(&it.boundary)))
            .chain(
                self.roles
                    .iter()
                    .map(|it| (format!("role `{}`", it.name), &it.account, it.managed.iter().chain(&it.boundary))),
            )
            .chain(
                self.groups
                    .iter()
                    .map(|it| (format!("group `{}`", it.name), &it.account, it.managed.iter().chain(&None))),
            )
        {
            if let Some(name) = names.into_iter().find(|name| !policy(account, name)) {
                return dangling(who, format!("policy `{name}`"));
            }
        }
        for user in &self.users {
            for group in &user.groups {
                if !self.groups.iter().any(|it| it.account == user.account && it.name == *group) {
                    return dangling(format!("user `{}`", user.name), format!("group `{group}`"));
                }
            }
        }
        for session in &self.sessions {
            if !self.roles.iter().any(|role| role.account == session.account && role.name == session.role) {
                return dangling(format!("session `{}`", session.name), format!("role `{}`", session.role));
            }
        }
        for point in &self.access_points {
            if !self.buckets.iter().any(|bucket| bucket.name == point.bucket) {
                return dangling(format!("access point `{}`", point.name), format!("bucket `{}`", point.bucket));
            }
        }
        if let Some(id) = &self.network.vpc_endpoint
            && !self.vpc_endpoints.iter().any(|endpoint| endpoint.id == *id)
        {
            return dangling("the network".to_owned(), format!("endpoint `{id}`"));
        }
        for identity in self.cli.identities() {
            if self.keys_of(identity).is_none() {
                return dangling("the command line".to_owned(), format!("identity `{identity}`"));
            }
        }
        Ok(())
    }
}
