//! The decision, as one visible table: what every layer says, folded into allowed, explicitly or implicitly denied.
//!
//! * An explicit Deny anywhere wins.
//! * Organizations' policies, the VPC endpoint's policy and, across accounts, Block Public Access must each let it pass.
//! * Within an account an Allow of the identity's *or* the resource's policies is enough. Boundary and session cut what
//!   comes from the identity, and what a resource policy gives to a role's ARN; they do not cut what it gives to the user, the
//!   session or everybody directly.
//! * Across accounts both sides must allow.
//! * A key policy and a trust policy have to allow by themselves; naming the account there hands the decision to the
//!   identity's policies.
//! * The root user needs nobody's Allow in its own account, and nobody's but the resource's in another.
//! * Some callers are refused whatever any policy allows: see [`super::sts`].
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>

use super::layers::Layer;
use super::principal::Principal;
use super::request::Request;
use super::trace::Decision;
use super::truth::Truth;
use super::{kms, s3, sts};

/// One thing that a layer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Atom {
    IdentityAllow,
    IdentityDeny,
    BoundaryAllow,
    BoundaryDeny,
    SessionAllow,
    SessionDeny,
    ScpAllow,
    ScpDeny,
    RcpAllow,
    RcpDeny,
    /// The resource's policy lets the caller in by its own name.
    Direct,
    /// It lets the caller's role in.
    Role,
    /// It lets the caller's account in.
    Account,
    ResourceDeny,
    EndpointAllow,
    EndpointDeny,
    /// `RestrictPublicBuckets` is in force, and the bucket policy is public.
    Restricted,
    /// A KMS grant covers it.
    Grant,
    SameAccount,
}

impl Atom {
    pub const COUNT: usize = 19;
    pub const ALL: [Self; Self::COUNT] = [
        Self::IdentityAllow,
        Self::IdentityDeny,
        Self::BoundaryAllow,
        Self::BoundaryDeny,
        Self::SessionAllow,
        Self::SessionDeny,
        Self::ScpAllow,
        Self::ScpDeny,
        Self::RcpAllow,
        Self::RcpDeny,
        Self::Direct,
        Self::Role,
        Self::Account,
        Self::ResourceDeny,
        Self::EndpointAllow,
        Self::EndpointDeny,
        Self::Restricted,
        Self::Grant,
        Self::SameAccount,
    ];

    pub fn layer(self) -> Layer {
        match self {
            Self::IdentityAllow | Self::IdentityDeny => Layer::Identity,
            Self::BoundaryAllow | Self::BoundaryDeny => Layer::PermissionsBoundary,
            Self::SessionAllow | Self::SessionDeny => Layer::Session,
            Self::ScpAllow | Self::ScpDeny => Layer::ServiceControl,
            Self::RcpAllow | Self::RcpDeny => Layer::ResourceControl,
            Self::EndpointAllow | Self::EndpointDeny => Layer::VpcEndpoint,
            Self::Restricted => Layer::BlockPublicAccess,
            Self::Direct | Self::Role | Self::Account | Self::ResourceDeny | Self::Grant | Self::SameAccount => {
                Layer::Resource
            }
        }
    }

    /// It speaks against the request.
    pub fn denies(self) -> bool {
        matches!(
            self,
            Self::IdentityDeny
                | Self::BoundaryDeny
                | Self::SessionDeny
                | Self::ScpDeny
                | Self::RcpDeny
                | Self::ResourceDeny
                | Self::EndpointDeny
                | Self::Restricted
        )
    }
}

/// What every layer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Atoms([Truth; Atom::COUNT]);

impl Atoms {
    pub fn all_false() -> Self {
        Self([Truth::False; Atom::COUNT])
    }

    pub fn get(&self, atom: Atom) -> Truth {
        self.0.get(atom as usize).copied().unwrap_or(Truth::Unknown)
    }

    pub fn set(&mut self, atom: Atom, truth: Truth) {
        if let Some(slot) = self.0.get_mut(atom as usize) {
            *slot = truth;
        }
    }

    pub fn unknown(&self) -> impl Iterator<Item = Atom> {
        Atom::ALL.into_iter().filter(|atom| self.get(*atom).is_unknown())
    }
}

/// Where the Allow has to come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    General,
    /// A key policy or a trust policy: it has to allow by itself.
    ResourceFirst,
    /// An object that the bucket's owner does not own.
    ForeignObject {
        callers: bool,
    },
    /// AWS refuses it whatever any policy allows.
    Never,
}

/// What kind of principal it is, as far as that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// With policies of its own.
    Identity,
    /// Allowed everything by its own account.
    Root,
    /// With no account: unsigned requests and services.
    None { service: bool },
}

/// What of the request decides which rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub kind: Kind,
    pub caller: Caller,
    pub service_linked: bool,
    pub policy_recovery: bool,
}

impl Case {
    pub fn of(request: &Request) -> Self {
        let caller = match &request.principal {
            Principal::Anonymous => Caller::None { service: false },
            Principal::Service { .. } => Caller::None { service: true },
            Principal::Root { .. } => Caller::Root,
            _ => Caller::Identity,
        };
        let kind = if let Some(owner) = s3::foreign_owner(request) {
            Kind::ForeignObject { callers: request.principal.account() == Some(owner) }
        } else if sts::never_assumes(request) {
            Kind::Never
        } else if kms::is_key(request) || sts::is_trust(request) {
            Kind::ResourceFirst
        } else {
            Kind::General
        };
        Self {
            kind,
            caller,
            service_linked: request.principal.is_service_linked_role(),
            policy_recovery: s3::is_policy_recovery(request),
        }
    }

    /// Organizations' policies of the caller's account do not reach it.
    fn skips_scp(self) -> bool {
        self.service_linked || matches!(self.caller, Caller::None { .. })
    }

    /// Whether what the atom says counts at all in this case.
    pub fn counts(self, atom: Atom) -> bool {
        match atom {
            Atom::ScpAllow | Atom::ScpDeny => !self.skips_scp(),
            Atom::RcpAllow | Atom::RcpDeny => !self.service_linked,
            Atom::ResourceDeny => !self.policy_recovery,
            Atom::Restricted => self.caller != Caller::None { service: true },
            Atom::IdentityAllow
            | Atom::IdentityDeny
            | Atom::BoundaryAllow
            | Atom::BoundaryDeny
            | Atom::SessionAllow
            | Atom::SessionDeny => self.caller == Caller::Identity,
            _ => true,
        }
    }
}

/// The table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fold {
    pub denied: Truth,
    pub granted: Truth,
    /// What the caller's own side gives, boundary and session applied.
    pub own: Truth,
    /// Boundary and session.
    pub limits: Truth,
    /// What identity and resource together give, before organizations, endpoint and public access.
    pub core: Truth,
    /// Block Public Access keeps it out.
    pub restricted: Truth,
}

impl Fold {
    pub fn of(atoms: &Atoms, case: Case) -> Self {
        let counted = |atom: Atom| if case.counts(atom) { atoms.get(atom) } else { Truth::False };
        let must_allow = |atom: Atom| if case.counts(atom) { atoms.get(atom) } else { Truth::True };
        let same = match case.caller {
            Caller::None { .. } => Truth::False,
            Caller::Identity | Caller::Root => atoms.get(Atom::SameAccount),
        };
        let (identity, limits) = match case.caller {
            Caller::Identity => {
                (atoms.get(Atom::IdentityAllow), atoms.get(Atom::BoundaryAllow).and(atoms.get(Atom::SessionAllow)))
            }
            Caller::Root => (Truth::True, Truth::True),
            Caller::None { .. } => (Truth::False, Truth::True),
        };
        let own = identity.and(limits);
        let grant = atoms.get(Atom::Grant);
        let (direct, role, account) =
            (atoms.get(Atom::Direct), atoms.get(Atom::Role).or(grant), atoms.get(Atom::Account));
        let named = direct.or(role.and(limits));
        let core = match (case.kind, case.caller) {
            (Kind::ForeignObject { callers: true }, _) => own,
            (Kind::ForeignObject { callers: false } | Kind::Never, _) => Truth::False,
            (_, Caller::None { .. }) => direct,
            (kind, _) => {
                let within = match kind {
                    Kind::General => named.or(own),
                    _ => named.or(account.and(own)),
                };
                let across = own.and(direct.or(role).or(account));
                // Whichever it is, where both agree.
                same.and(within).or((!same).and(across)).or(within.and(across))
            }
        };
        let restricted = counted(Atom::Restricted).and(!same);
        let denied = counted(Atom::IdentityDeny)
            .or(counted(Atom::BoundaryDeny))
            .or(counted(Atom::SessionDeny))
            .or(counted(Atom::ScpDeny))
            .or(counted(Atom::RcpDeny))
            .or(counted(Atom::ResourceDeny))
            .or(counted(Atom::EndpointDeny))
            // S3 reports this as an explicit deny in the resource-based policy.
            .or(restricted);
        let granted =
            core.and(must_allow(Atom::ScpAllow)).and(must_allow(Atom::RcpAllow)).and(must_allow(Atom::EndpointAllow));
        Self { denied, granted, own, limits, core, restricted }
    }

    pub fn decision(self) -> Decision {
        match (self.denied, self.granted) {
            (Truth::True, _) => Decision::ExplicitlyDenied,
            (Truth::False, Truth::True) => Decision::Allowed,
            (Truth::False, Truth::False) => Decision::ImplicitlyDenied,
            _ => Decision::Undetermined,
        }
    }
}

/// Which decisions are possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Possible {
    pub allowed: bool,
    pub explicit: bool,
    pub implicit: bool,
}

impl Possible {
    fn add(&mut self, decision: Decision) {
        match decision {
            Decision::Allowed => self.allowed = true,
            Decision::ExplicitlyDenied => self.explicit = true,
            Decision::ImplicitlyDenied => self.implicit = true,
            Decision::Undetermined => *self = Self { allowed: true, explicit: true, implicit: true },
        }
    }

    pub fn merge(self, other: Self) -> Self {
        Self {
            allowed: self.allowed || other.allowed,
            explicit: self.explicit || other.explicit,
            implicit: self.implicit || other.implicit,
        }
    }

    /// The one decision, where there is only one.
    pub fn decision(self) -> Decision {
        match (self.allowed, self.explicit, self.implicit) {
            (true, false, false) => Decision::Allowed,
            (false, true, false) => Decision::ExplicitlyDenied,
            (false, false, true) => Decision::ImplicitlyDenied,
            _ => Decision::Undetermined,
        }
    }
}

/// Beyond this many unknown atoms the table is not tried line by line.
const MAX_UNKNOWN: usize = 10;

/// Every decision that the unknown atoms leave possible, and the atoms that it turns on.
pub(crate) fn possible(atoms: &Atoms, case: Case) -> (Possible, Vec<Atom>) {
    let settled = Fold::of(atoms, case).decision();
    let mut all = Possible::default();
    if settled != Decision::Undetermined {
        all.add(settled);
        return (all, Vec::new());
    }
    let unknown: Vec<Atom> = atoms.unknown().filter(|atom| case.counts(*atom)).collect();
    if unknown.len() > MAX_UNKNOWN {
        all.add(Decision::Undetermined);
        let fold = Fold::of(atoms, case);
        all.allowed = !fold.denied.is_true() && !fold.granted.is_false();
        all.explicit = !fold.denied.is_false();
        all.implicit = !fold.denied.is_true() && !fold.granted.is_true();
        return (all, unknown);
    }
    let lines = 1_usize << unknown.len();
    let decide = |line: usize| {
        let mut tried = *atoms;
        for (bit, atom) in unknown.iter().enumerate() {
            tried.set(*atom, (line >> bit & 1 == 1).into());
        }
        Fold::of(&tried, case).decision()
    };
    let decisions: Vec<Decision> = (0..lines).map(decide).collect();
    for decision in &decisions {
        all.add(*decision);
    }
    let pivotal = unknown.iter().enumerate().filter(|(bit, _)| {
        decisions
            .iter()
            .enumerate()
            .any(|(line, decision)| decisions.get(line ^ (1 << bit)).is_some_and(|other| other != decision))
    });
    (all, pivotal.map(|(_, atom)| *atom).collect())
}

/// The layers that have to change before the request is allowed: those with a matching Deny, and the least of those
/// that lack an Allow.
pub(crate) fn blockers(atoms: &Atoms, case: Case, has_identity: bool) -> Vec<Layer> {
    let fold = Fold::of(atoms, case);
    let lacks = |truth: Truth| truth.is_false();
    let mut layers: Vec<Layer> = Atom::ALL
        .into_iter()
        .filter(|atom| atom.denies() && *atom != Atom::Restricted && case.counts(*atom) && atoms.get(*atom).is_true())
        .map(Atom::layer)
        .collect();
    if fold.restricted.is_true() {
        layers.push(Layer::BlockPublicAccess);
    }
    for atom in [Atom::ScpAllow, Atom::RcpAllow, Atom::EndpointAllow] {
        if case.counts(atom) && lacks(atoms.get(atom)) {
            layers.push(atom.layer());
        }
    }
    if lacks(fold.core) {
        let resource = atoms.get(Atom::Direct).or(atoms.get(Atom::Role)).or(atoms.get(Atom::Grant));
        let same = atoms.get(Atom::SameAccount);
        let mut own_side = |also_identity: bool| {
            if also_identity && case.caller == Caller::Identity && lacks(atoms.get(Atom::IdentityAllow)) {
                layers.push(Layer::Identity);
            }
            if lacks(atoms.get(Atom::BoundaryAllow)) && case.counts(Atom::BoundaryAllow) {
                layers.push(Layer::PermissionsBoundary);
            }
            if lacks(atoms.get(Atom::SessionAllow)) && case.counts(Atom::SessionAllow) {
                layers.push(Layer::Session);
            }
        };
        match (case.kind, case.caller) {
            (Kind::ForeignObject { callers: true }, _) => own_side(true),
            // Nothing but another identity would change it.
            (Kind::Never, _) => layers.push(Layer::Identity),
            (Kind::ForeignObject { callers: false }, _) | (_, Caller::None { .. }) => layers.push(Layer::Resource),
            (kind, _) if same.is_true() => {
                let role_is_named = resource.is_true();
                let delegated = atoms.get(Atom::Account).is_true();
                match kind {
                    // The role is let in, within limits that do not.
                    _ if role_is_named => own_side(false),
                    Kind::General if has_identity => own_side(true),
                    Kind::ResourceFirst if delegated && has_identity => own_side(true),
                    _ => layers.push(Layer::Resource),
                }
            }
            _ => {
                own_side(true);
                if lacks(resource.or(atoms.get(Atom::Account))) {
                    layers.push(Layer::Resource);
                }
            }
        }
    }
    layers.sort_unstable();
    layers.dedup();
    layers
}
