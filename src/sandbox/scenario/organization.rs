//! The organization of a scenario: its units and the policies that hang on them.

use crate::sandbox::scenario::PolicyText;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    pub id: String,
    pub management_account: String,
    #[serde(default, rename = "unit")]
    pub units: Vec<Unit>,
    #[serde(default, rename = "policy")]
    pub policies: Vec<OrgPolicy>,
}

/// The root (`r-…`) or an organizational unit (`ou-…`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub id: String,
    pub parent: Option<String>,
    #[serde(default = "full_scp")]
    pub scp: Vec<String>,
    #[serde(default = "full_rcp")]
    pub rcp: Vec<String>,
}

fn full_scp() -> Vec<String> {
    vec!["p-FullAWSAccess".to_owned()]
}

fn full_rcp() -> Vec<String> {
    vec!["p-RCPFullAWSAccess".to_owned()]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrgPolicyKind {
    Scp,
    Rcp,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrgPolicy {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub kind: OrgPolicyKind,
    pub document: PolicyText,
}

impl OrgPolicy {
    /// Full access, as AWS attaches it everywhere: it is AWS's own, not the organization's.
    fn full(kind: OrgPolicyKind) -> Self {
        let (id, name, document) = match kind {
            OrgPolicyKind::Scp => (
                "p-FullAWSAccess",
                "FullAWSAccess",
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            ),
            OrgPolicyKind::Rcp => (
                "p-RCPFullAWSAccess",
                "RCPFullAWSAccess",
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
            ),
        };
        Self { id: id.to_owned(), name: name.to_owned(), kind, document: PolicyText::new(document) }
    }
}

impl Organization {
    /// The policy of that id: one of the organization's, or AWS's own full access.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<OrgPolicy> {
        let own = self.policies.iter().find(|policy| policy.id == id).cloned();
        own.or_else(|| {
            [OrgPolicyKind::Scp, OrgPolicyKind::Rcp].into_iter().map(OrgPolicy::full).find(|policy| policy.id == id)
        })
    }

    #[must_use]
    pub fn policy_arn(&self, policy: &OrgPolicy) -> String {
        let kind = match policy.kind {
            OrgPolicyKind::Scp => "service_control_policy",
            OrgPolicyKind::Rcp => "resource_control_policy",
        };
        if policy.id == "p-FullAWSAccess" || policy.id == "p-RCPFullAWSAccess" {
            return format!("arn:aws:organizations::aws:policy/{kind}/{}", policy.id);
        }
        format!("arn:aws:organizations::{}:policy/{}/{kind}/{}", self.management_account, self.id, policy.id)
    }

    /// The units above and including `unit`, the root first.
    #[must_use]
    pub fn path_to(&self, unit: &str) -> Vec<&Unit> {
        let mut path = Vec::new();
        let mut next = Some(unit);
        while let Some(found) = next.and_then(|id| self.units.iter().find(|unit| unit.id == id)) {
            // A unit that is its own ancestor would never end.
            if path.iter().any(|seen: &&Unit| seen.id == found.id) {
                break;
            }
            path.push(found);
            next = found.parent.as_deref();
        }
        path.reverse();
        path
    }
}
