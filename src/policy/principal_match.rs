//! `Principal` and `NotPrincipal`, held against the caller.
//!
//! How a policy names the caller decides what else may still stop it. Named *directly* (the user, the session itself,
//! `*`), an Allow needs nobody's consent within the account. A *role's* ARN names whoever uses the role, within what the
//! role's boundary and session allow. An *account* (`111122223333` or its root ARN) hands the decision to that account's
//! own policies.
//!
//! `NotPrincipal` with Deny spares a caller only if every ARN that it goes by is listed: the account's, the role's and
//! the session's. A user or role with a permissions boundary it never spares. An id such as `AIDA…` or `AROA…` is what AWS
//! stores in place of a user or role that was deleted; it never matches again.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>

use super::arn::Arn;
use super::document::{Effect, PrincipalElement};
use super::principal::{self, Principal};
use super::request::{Facts, Lookup};
use super::truth::Truth;
use compact_str::CompactString;

/// What one entry of the element names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalPattern {
    /// `*`.
    Everyone,
    Account {
        partition: Option<Partition>,
        account: Account,
    },
    User {
        partition: Partition,
        account: Account,
        /// With its path: `/team/ana`.
        path_and_name: CompactString,
    },
    Role {
        partition: Partition,
        account: Account,
        path_and_name: CompactString,
    },
    Session {
        partition: Partition,
        account: Account,
        role: CompactString,
        session: CompactString,
    },
    FederatedUser {
        partition: Partition,
        account: Account,
        name: CompactString,
    },
    Service(CompactString),
    /// A web identity or SAML provider.
    Provider(CompactString),
    CanonicalUser(CompactString),
    /// The id of a deleted user or role.
    Deleted,
    /// An ARN of something that never calls.
    Nobody,
}

/// Nearly always `aws`, which then costs nothing to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partition(Option<CompactString>);

impl Partition {
    fn new(text: &str) -> Self {
        Self((text != "aws").then(|| text.into()))
    }

    fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("aws")
    }
}

/// Twelve digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account([u8; 12]);

impl Account {
    fn new(text: &str) -> Option<Self> {
        if principal::is_account(text) { text.as_bytes().try_into().ok().map(Self) } else { None }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl PrincipalPattern {
    pub fn parse(kind: &str, text: &str) -> Result<Self, &'static str> {
        match kind {
            "AWS" => Self::aws(text),
            "Service" | "Federated" if text == "*" => Ok(Self::Everyone),
            "Service" if text.contains('.') => Ok(Self::Service(text.into())),
            "Service" => Err("a service principal is named like `ec2.amazonaws.com`"),
            "Federated" if text.is_empty() => Err("a federated principal is a provider's name or ARN"),
            "Federated" => Ok(Self::Provider(text.into())),
            _ if text.is_empty() => Err("a canonical user is named by its id"),
            _ => Ok(Self::CanonicalUser(text.into())),
        }
    }

    fn aws(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Everyone);
        }
        if let Some(account) = Account::new(text) {
            return Ok(Self::Account { partition: None, account });
        }
        let Some(arn) = Arn::parse(text) else {
            let is_id = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            return if is_id { Ok(Self::Deleted) } else { Err("a principal is an account id, an ARN or `*`") };
        };
        if text.contains(['*', '?']) {
            return Err("a principal cannot have wildcards within it");
        }
        if arn.service == "iam" && arn.resource.starts_with("group/") {
            return Err("a group cannot be a principal");
        }
        let Some(account) = Account::new(arn.account).filter(|_| arn.region.is_empty()) else {
            return Ok(Self::Nobody);
        };
        let partition = Partition::new(arn.partition);
        let named = |kind: &str| arn.resource.strip_prefix(kind).filter(|rest| rest.len() > 1 && !rest.ends_with('/'));
        Ok(if arn.service == "iam" && arn.resource == "root" {
            Self::Account { partition: Some(partition), account }
        } else if let (Some(rest), "iam") = (named("user"), arn.service) {
            Self::User { partition, account, path_and_name: rest.into() }
        } else if let (Some(rest), "iam") = (named("role"), arn.service) {
            Self::Role { partition, account, path_and_name: rest.into() }
        } else if let (Some((role, session)), "sts") =
            (named("assumed-role/").and_then(|rest| rest.split_once('/')), arn.service)
        {
            Self::Session { partition, account, role: role.into(), session: session.into() }
        } else if let (Some(name), "sts") = (named("federated-user/"), arn.service) {
            Self::FederatedUser { partition, account, name: name.into() }
        } else {
            Self::Nobody
        })
    }

    /// The account that the pattern names, where it names one.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Account { account, .. }
            | Self::User { account, .. }
            | Self::Role { account, .. }
            | Self::Session { account, .. }
            | Self::FederatedUser { account, .. } => Some(account.as_str()),
            _ => None,
        }
    }
}

/// How the caller is named, if it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    pub direct: Truth,
    pub role: Truth,
    pub account: Truth,
}

impl Reach {
    pub const NONE: Self = Self { direct: Truth::False, role: Truth::False, account: Truth::False };
    pub const DIRECT: Self = Self { direct: Truth::True, ..Self::NONE };
    const ROLE: Self = Self { role: Truth::True, ..Self::NONE };
    const ACCOUNT: Self = Self { account: Truth::True, ..Self::NONE };

    /// Named in any way.
    pub fn any(self) -> Truth {
        self.direct.or(self.role).or(self.account)
    }

    pub fn or(self, other: Self) -> Self {
        Self {
            direct: self.direct.or(other.direct),
            role: self.role.or(other.role),
            account: self.account.or(other.account),
        }
    }

    pub fn and(self, truth: Truth) -> Self {
        Self { direct: self.direct.and(truth), role: self.role.and(truth), account: self.account.and(truth) }
    }
}

/// The key that tells which provider vouched for a session.
pub(crate) const PROVIDER_KEY: &str = "aws:federatedprovider";
/// Not a key of AWS's: the canonical id of the caller's account, which nothing else of a request tells.
pub(crate) const CANONICAL_KEY: &str = "canonicaluser";

/// How one entry names the caller.
pub(crate) fn entry(pattern: &PrincipalPattern, facts: &Facts<'_>) -> Reach {
    let caller = &facts.request.principal;
    let named = |names: bool, reach: Reach| if names { reach } else { Reach::NONE };
    match (pattern, caller) {
        (PrincipalPattern::Everyone, _) => Reach::DIRECT,
        (PrincipalPattern::Account { partition, account }, caller) => {
            let same = caller.account() == Some(account.as_str())
                && partition.as_ref().is_none_or(|partition| caller.partition() == Some(partition.as_str()));
            named(same, if matches!(caller, Principal::Root { .. }) { Reach::DIRECT } else { Reach::ACCOUNT })
        }
        (
            PrincipalPattern::User { partition, account, path_and_name },
            Principal::User { partition: p, account: a, path, name },
        ) => named(
            partition.as_str() == p && account.as_str() == a && is_path_and_name(path_and_name, path, name),
            Reach::DIRECT,
        ),
        (
            PrincipalPattern::Role { partition, account, path_and_name },
            Principal::Role { partition: p, account: a, path, name },
        ) => named(
            partition.as_str() == p && account.as_str() == a && is_path_and_name(path_and_name, path, name),
            Reach::ROLE,
        ),
        (
            PrincipalPattern::Role { partition, account, path_and_name },
            Principal::Session { partition: p, account: a, role, role_path, .. },
        ) => {
            let same_role = match role_path {
                Some(path) => is_path_and_name(path_and_name, path, role),
                // Role names are unique within an account, and a role that is named exists.
                None => path_and_name.rsplit('/').next() == Some(role),
            };
            named(partition.as_str() == p && account.as_str() == a && same_role, Reach::ROLE)
        }
        (
            PrincipalPattern::Session { partition, account, role, session },
            Principal::Session { partition: p, account: a, role: r, session: s, .. },
        ) => named(partition.as_str() == p && account.as_str() == a && **role == *r && **session == *s, Reach::DIRECT),
        (
            PrincipalPattern::FederatedUser { partition, account, name },
            Principal::Federated { partition: p, account: a, name: n },
        ) => named(partition.as_str() == p && account.as_str() == a && **name == *n, Reach::DIRECT),
        (PrincipalPattern::Service(name), Principal::Service { name: n }) => named(**name == *n, Reach::DIRECT),
        (PrincipalPattern::Provider(provider), caller) => by_provider(provider, caller, facts),
        (PrincipalPattern::CanonicalUser(id), caller) if caller.account().is_some() => {
            match facts.lookup(CANONICAL_KEY) {
                Lookup::Values(ids) => named(ids.iter().any(|own| **own == **id), Reach::ACCOUNT),
                Lookup::Absent => Reach::NONE,
                Lookup::Unknown | Lookup::Other => Reach { account: Truth::Unknown, ..Reach::NONE },
            }
        }
        _ => Reach::NONE,
    }
}

fn is_path_and_name(text: &str, path: &str, name: &str) -> bool {
    let Some(before) = text.strip_suffix(name) else { return false };
    before.trim_matches('/') == path.trim_matches('/') && before.ends_with('/')
}

/// Sessions of `AssumeRoleWithWebIdentity` and `AssumeRoleWithSAML`, and the calls that make them, which are unsigned.
fn by_provider(provider: &str, caller: &Principal, facts: &Facts<'_>) -> Reach {
    let action = &facts.request.action;
    let making = action.eq_ignore_ascii_case("sts:AssumeRoleWithWebIdentity")
        || action.eq_ignore_ascii_case("sts:AssumeRoleWithSAML");
    if !(making || matches!(caller, Principal::Session { .. } | Principal::Role { .. })) {
        return Reach::NONE;
    }
    match facts.lookup(PROVIDER_KEY) {
        Lookup::Values(providers) if providers.iter().any(|own| own == provider) => Reach::DIRECT,
        Lookup::Values(_) | Lookup::Absent => Reach::NONE,
        Lookup::Unknown | Lookup::Other => Reach { direct: Truth::Unknown, ..Reach::NONE },
    }
}

/// How the element as a whole names the caller.
pub(crate) fn element(element: &PrincipalElement, effect: Effect, facts: &Facts<'_>) -> Reach {
    if element.negated {
        return not_principal(element, effect, facts);
    }
    element.entries.iter().fold(Reach::NONE, |reach, each| reach.or(entry(&each.pattern, facts)))
}

fn not_principal(element: &PrincipalElement, effect: Effect, facts: &Facts<'_>) -> Reach {
    let listed = element.entries.iter().fold(Reach::NONE, |reach, each| reach.or(entry(&each.pattern, facts)));
    let applies = match effect {
        // Whoever is listed in any way is left out of what is allowed.
        Effect::Allow => !listed.any(),
        Effect::Deny => (!spared(listed, element, facts)).or(is_never_spared(facts)),
    };
    Reach { direct: applies, ..Reach::NONE }
}

/// Whether every ARN that the caller goes by is listed.
fn spared(listed: Reach, element: &PrincipalElement, facts: &Facts<'_>) -> Truth {
    let everyone = element.entries.iter().any(|entry| entry.pattern == PrincipalPattern::Everyone);
    if everyone {
        return Truth::True;
    }
    match &facts.request.principal {
        Principal::Anonymous | Principal::Service { .. } | Principal::Root { .. } => listed.direct.or(listed.account),
        Principal::User { .. } | Principal::Federated { .. } => listed.direct.and(listed.account),
        // Any session of the role: which one is not said, so the role stands for it.
        Principal::Role { .. } => listed.role.and(listed.account),
        Principal::Session { .. } => listed.direct.and(listed.role).and(listed.account),
    }
}

/// "The `NotPrincipal` element with a `Deny` effect will always deny any IAM principal that has a permissions boundary policy
/// attached, regardless of the values specified."
pub(crate) fn is_never_spared(facts: &Facts<'_>) -> Truth {
    match &facts.request.principal {
        Principal::Anonymous | Principal::Service { .. } | Principal::Root { .. } => Truth::False,
        // A federated user's session is bounded as the user is.
        _ => facts.bounded,
    }
}

/// The first ARN of the caller's that a sparing `NotPrincipal` would have to list and does not.
pub(crate) fn missing_from(element: &PrincipalElement, facts: &Facts<'_>) -> Option<String> {
    let listed = element.entries.iter().fold(Reach::NONE, |reach, each| reach.or(entry(&each.pattern, facts)));
    let caller = &facts.request.principal;
    let root = || match (caller.partition(), caller.account()) {
        (Some(partition), Some(account)) => Some(format!("arn:{partition}:iam::{account}:root")),
        _ => None,
    };
    let direct = !listed.direct.is_true();
    match caller {
        Principal::Session { .. } | Principal::Role { .. } if !listed.role.is_true() => caller.role_arn(),
        Principal::Role { .. } => root().filter(|_| !listed.account.is_true()),
        _ if direct => Some(caller.to_string()),
        _ => root().filter(|_| !listed.account.is_true()),
    }
}
