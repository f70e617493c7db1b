//! A policy of a world, replaced: how a test applies a repair that a report proposes.

use crate::policy::Rules;
use crate::sandbox::scenario::{PolicyText, Scenario};

/// Which document. The names are those of a report's `fix.edits[].target`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `identity-policy`, `bucket-policy`, ….
    pub kind: String,
    /// The ARN of the user, group or role, the bucket's name, the key's ARN, ….
    pub owner: String,
    /// One policy of several, by name or ARN.
    pub policy: Option<String>,
}

/// The document as it shall read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub target: Target,
    pub document: String,
}

/// An edit that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("no document is a `{kind}` of `{owner}`{}", named.as_ref().map(|name| format!(" named `{name}`")).unwrap_or_default())]
    NoSuchDocument { kind: String, owner: String, named: Option<String> },
    #[error("AWS would not store the document, at {pointer}: {message}")]
    Refused { pointer: String, message: String },
}

impl Target {
    fn missing(&self) -> EditError {
        EditError::NoSuchDocument { kind: self.kind.clone(), owner: self.owner.clone(), named: self.policy.clone() }
    }
}

impl Scenario {
    /// The text of a document, where there is one.
    #[must_use]
    pub fn document(&self, target: &Target) -> Option<PolicyText> {
        // Looking is editing a copy: one walk knows where documents are.
        self.clone().slot(target).ok().and_then(|slot| slot.clone())
    }

    /// Replaces a document, or adds it where its place is free.
    ///
    /// # Errors
    /// When there is no such place, or the text is no policy.
    pub fn apply(&mut self, edit: &Edit) -> Result<(), EditError> {
        let rules = match edit.target.kind.as_str() {
            "identity-policy" => Rules::Identity,
            "permissions-boundary" => Rules::Boundary,
            "session-policy" => Rules::Session,
            "role-trust-policy" => Rules::Trust,
            "service-control-policy" => Rules::ServiceControl,
            "resource-control-policy" => Rules::ResourceControl,
            "vpc-endpoint-policy" => Rules::VpcEndpoint,
            _ => Rules::Resource,
        };
        let text = PolicyText::new(&edit.document);
        text.parse(rules).map_err(|error| EditError::Refused { pointer: error.pointer, message: error.message })?;
        let mut slot = self.slot(&edit.target)?;
        slot.set(text);
        Ok(())
    }
}

/// Where a document is, or may be put.
enum Slot<'a> {
    Always(&'a mut PolicyText),
    Perhaps(&'a mut Option<PolicyText>),
    Inline(&'a mut std::collections::BTreeMap<String, PolicyText>, String),
}

impl Slot<'_> {
    fn set(&mut self, text: PolicyText) {
        match self {
            Self::Always(slot) => **slot = text,
            Self::Perhaps(slot) => **slot = Some(text),
            Self::Inline(policies, name) => {
                policies.insert(name.clone(), text);
            }
        }
    }

    fn clone(&self) -> Option<PolicyText> {
        match self {
            Self::Always(slot) => Some((**slot).clone()),
            Self::Perhaps(slot) => (**slot).clone(),
            Self::Inline(policies, name) => policies.get(name).cloned(),
        }
    }
}

impl Scenario {
    fn slot(&mut self, target: &Target) -> Result<Slot<'_>, EditError> {
        let owner = target.owner.as_str();
        let short = target.policy.as_deref().map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
        let found = match target.kind.as_str() {
            "identity-policy" => self.identity_slot(owner, short),
            "permissions-boundary" => self.boundary_slot(owner, short),
            "session-policy" => self
                .sessions
                .iter_mut()
                .find(|session| owner.ends_with(&format!("{}/{}", session.role, session.name)))
                .map(|session| Slot::Perhaps(&mut session.policy)),
            "role-trust-policy" => {
                self.roles.iter_mut().find(|role| role.arn() == owner).map(|role| Slot::Always(&mut role.trust))
            }
            "bucket-policy" => self
                .buckets
                .iter_mut()
                .find(|bucket| bucket.name == owner)
                .map(|bucket| Slot::Perhaps(&mut bucket.policy)),
            "key-policy" => self.kms_keys.iter_mut().find(|key| key.arn() == owner).map(|key| {
                // The policy in force is one that was never written down, until it is edited.
                let in_force = key.policy();
                key.policy.get_or_insert(in_force);
                Slot::Perhaps(&mut key.policy)
            }),
            "vpc-endpoint-policy" => {
                self.vpc_endpoints.iter_mut().find(|endpoint| endpoint.id == owner).map(|endpoint| {
                    let in_force = endpoint.policy();
                    endpoint.policy.get_or_insert(in_force);
                    Slot::Perhaps(&mut endpoint.policy)
                })
            }
            "access-point-policy" => self
                .access_points
                .iter_mut()
                .find(|point| owner.ends_with(&format!(":{}:accesspoint/{}", point.account, point.name)))
                .map(|point| Slot::Perhaps(&mut point.policy)),
            "service-control-policy" | "resource-control-policy" => {
                let id = owner.rsplit('/').next().unwrap_or(owner);
                let policies = self.organization.iter_mut().flat_map(|organization| &mut organization.policies);
                policies.into_iter().find(|policy| policy.id == id).map(|policy| Slot::Always(&mut policy.document))
            }
            _ => None,
        };
        found.ok_or_else(|| target.missing())
    }

    fn managed_slot(&mut self, owner: &str, name: &str) -> Option<Slot<'_>> {
        let account = owner.split(':').nth(4).unwrap_or_default().to_owned();
        let policy = self.policies.iter_mut().find(|policy| policy.account == account && policy.name == name)?;
        Some(Slot::Always(&mut policy.document))
    }

    fn identity_slot(&mut self, owner: &str, name: Option<String>) -> Option<Slot<'_>> {
        // Without a name the edit asks for a new inline policy.
        let name = name.unwrap_or_else(|| "why403".to_owned());
        let attached = self
            .users
            .iter()
            .filter(|it| it.arn() == owner)
            .flat_map(|it| &it.managed)
            .chain(self.roles.iter().filter(|it| it.arn() == owner).flat_map(|it| &it.managed))
            .chain(self.groups.iter().filter(|it| it.arn() == owner).flat_map(|it| &it.managed))
            .any(|managed| managed.rsplit('/').next() == Some(name.as_str()));
        if attached {
            return self.managed_slot(owner, &name);
        }
        let users = self.users.iter_mut().filter(|it| it.arn() == owner).map(|it| &mut it.inline);
        let roles = self.roles.iter_mut().filter(|it| it.arn() == owner).map(|it| &mut it.inline);
        let groups = self.groups.iter_mut().filter(|it| it.arn() == owner).map(|it| &mut it.inline);
        users.chain(roles).chain(groups).next().map(|inline| Slot::Inline(inline, name))
    }

    fn boundary_slot(&mut self, owner: &str, name: Option<String>) -> Option<Slot<'_>> {
        let of_user = self.users.iter().find(|it| it.arn() == owner).and_then(|it| it.boundary.clone());
        let of_role = self.roles.iter().find(|it| it.arn() == owner).and_then(|it| it.boundary.clone());
        let boundary = name.or(of_user).or(of_role)?;
        let short = boundary.rsplit('/').next().unwrap_or(&boundary).to_owned();
        self.managed_slot(owner, &short)
    }
}
