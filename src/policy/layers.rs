//! The policy layers that a request meets, each as far as it could be read.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#access_policy-types>

use super::document::Document;
use std::fmt;

/// How far a layer could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reading<T> {
    /// The layer does not apply to this request.
    #[default]
    NotApplicable,
    /// It may apply, and could not be read: unknown as a whole.
    Unread,
    Read(T),
    /// These, and others that could not be read.
    Partly(T),
}

impl<T> Reading<T> {
    /// What was read of it.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Read(value) | Self::Partly(value) => Some(value),
            Self::NotApplicable | Self::Unread => None,
        }
    }

    /// There may be more than was read.
    pub fn has_gaps(&self) -> bool {
        matches!(self, Self::Unread | Self::Partly(_))
    }

    #[must_use]
    pub fn applies(&self) -> bool {
        !matches!(self, Self::NotApplicable)
    }
}

/// A policy document and what to call it.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedPolicy {
    pub name: String,
    pub document: Document,
}

/// The policies attached at one level of the organization: the root, an organizational unit, the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    pub level: String,
    pub policies: Vec<NamedPolicy>,
}

/// Everything that decides. The default is that nothing applies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layers {
    /// A user's own and its groups', or a role's.
    pub identity: Reading<Vec<NamedPolicy>>,
    pub permissions_boundary: Reading<Vec<NamedPolicy>>,
    pub session: Reading<Vec<NamedPolicy>>,
    /// Of the caller's account.
    pub service_control: Reading<Vec<Level>>,
    /// Of the resource's account.
    pub resource_control: Reading<Vec<Level>>,
    /// Bucket, key, access-point or trust policy. Not applicable is known to have none.
    pub resource: Reading<NamedPolicy>,
    pub vpc_endpoint: Reading<Vec<NamedPolicy>>,
    /// Whether `RestrictPublicBuckets` is in force (bucket, account or organization).
    pub block_public_access: Reading<bool>,
    /// Grants on the KMS key.
    pub grants: Vec<Grant>,
}

/// A KMS grant, as far as it decides.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/grants.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: String,
    /// The grantee's ARN, or a service principal.
    pub grantee: String,
    /// `Decrypt`, `GenerateDataKey`, without `kms:`.
    pub operations: Vec<String>,
    /// Pairs that the encryption context must hold, or be exactly.
    pub constraints: GrantConstraints,
}

/// What a grant asks of the encryption context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum GrantConstraints {
    #[default]
    None,
    /// The encryption context holds these pairs, and may hold others.
    Subset(Vec<(String, String)>),
    /// The encryption context is these pairs and no others.
    Equals(Vec<(String, String)>),
    /// Of a kind that is not evaluated here: it may hold or not.
    Unread,
}

/// One kind of policy. [`Display`](fmt::Display) gives the names of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    Identity,
    PermissionsBoundary,
    Session,
    ServiceControl,
    ResourceControl,
    Resource,
    VpcEndpoint,
    BlockPublicAccess,
}

impl Layer {
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::PermissionsBoundary,
        Self::Session,
        Self::ServiceControl,
        Self::ResourceControl,
        Self::Resource,
        Self::VpcEndpoint,
        Self::BlockPublicAccess,
    ];

    /// `permissions_boundary`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::PermissionsBoundary => "permissions_boundary",
            Self::Session => "session",
            Self::ServiceControl => "service_control",
            Self::ResourceControl => "resource_control",
            Self::Resource => "resource",
            Self::VpcEndpoint => "vpc_endpoint",
            Self::BlockPublicAccess => "block_public_access",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Layers {
    /// The policies that were read of a layer, in order. Organizations' levels are flattened.
    #[must_use]
    pub fn policies(&self, layer: Layer) -> Vec<&NamedPolicy> {
        fn all(reading: &Reading<Vec<NamedPolicy>>) -> Vec<&NamedPolicy> {
            reading.known().map(|policies| policies.iter().collect()).unwrap_or_default()
        }
        fn levels(reading: &Reading<Vec<Level>>) -> Vec<&NamedPolicy> {
            reading.known().map(|levels| levels.iter().flat_map(|level| &level.policies).collect()).unwrap_or_default()
        }
        match layer {
            Layer::Identity => all(&self.identity),
            Layer::PermissionsBoundary => all(&self.permissions_boundary),
            Layer::Session => all(&self.session),
            Layer::VpcEndpoint => all(&self.vpc_endpoint),
            Layer::ServiceControl => levels(&self.service_control),
            Layer::ResourceControl => levels(&self.resource_control),
            Layer::Resource => self.resource.known().into_iter().collect(),
            Layer::BlockPublicAccess => Vec::new(),
        }
    }

    /// The same layers with one document replaced. `None` where there is no such policy.
    #[must_use]
    pub fn with_document(&self, layer: Layer, policy_index: usize, document: Document) -> Option<Self> {
        let mut layers = self.clone();
        let slot = match layer {
            Layer::Identity => nth(&mut layers.identity, policy_index),
            Layer::PermissionsBoundary => nth(&mut layers.permissions_boundary, policy_index),
            Layer::Session => nth(&mut layers.session, policy_index),
            Layer::VpcEndpoint => nth(&mut layers.vpc_endpoint, policy_index),
            Layer::ServiceControl => nth_of_levels(&mut layers.service_control, policy_index),
            Layer::ResourceControl => nth_of_levels(&mut layers.resource_control, policy_index),
            Layer::Resource => match &mut layers.resource {
                Reading::Read(policy) | Reading::Partly(policy) if policy_index == 0 => Some(policy),
                _ => None,
            },
            Layer::BlockPublicAccess => None,
        }?;
        slot.document = document;
        Some(layers)
    }
}

fn nth(reading: &mut Reading<Vec<NamedPolicy>>, index: usize) -> Option<&mut NamedPolicy> {
    match reading {
        Reading::Read(policies) | Reading::Partly(policies) => policies.get_mut(index),
        _ => None,
    }
}

fn nth_of_levels(reading: &mut Reading<Vec<Level>>, index: usize) -> Option<&mut NamedPolicy> {
    match reading {
        Reading::Read(levels) | Reading::Partly(levels) => {
            levels.iter_mut().flat_map(|level| level.policies.iter_mut()).nth(index)
        }
        _ => None,
    }
}
