//! The organization of the caller's account: which it is, and the policies that it puts over the account.

use super::desk::{Desk, Later};
use crate::evidence::organization::{ABOUT, Asking, NAME, Organization, OrganizationLevel, OrganizationPolicyKind};
use crate::evidence::{Answer, Evidence, NOT_NEEDED, identity};
use crate::recognize::DeniedLayer;
use crate::request::{EndpointChoice, ServiceId};
use aws_credential_types::Credentials;
use std::cell::RefCell;

type Levels = Answer<Vec<OrganizationLevel>>;

pub(super) struct Found {
    about: Answer<Organization>,
    service_control: Levels,
    resource_control: Levels,
}

impl Found {
    pub(super) fn skipped(why: &str) -> Self {
        let levels = || Answer::Skipped(why.to_owned());
        Self { about: Answer::Skipped(why.to_owned()), service_control: levels(), resource_control: levels() }
    }

    /// What was not asked leaves what is known as it is.
    pub(super) fn put(self, evidence: &mut Evidence) {
        fn fill<T>(known: &mut Answer<T>, found: Answer<T>) {
            if matches!(known, Answer::Skipped(_)) {
                *known = found;
            }
        }
        fill(&mut evidence.organization, self.about);
        fill(&mut evidence.service_control, self.service_control);
        fill(&mut evidence.resource_control, self.resource_control);
    }
}

/// The policies of the kind that AWS named.
pub(super) async fn ask_named(
    desk: &Desk<'_>,
    keys: &Credentials,
    layer: DeniedLayer,
    identity: Later<'_, identity::Identity>,
) -> Found {
    let skipped = Found::skipped(NOT_NEEDED);
    match layer {
        DeniedLayer::ServiceControlPolicy => {
            let [service_control] = ask_policies(desk, keys, [OrganizationPolicyKind::ServiceControl], identity).await;
            Found { service_control, ..skipped }
        }
        DeniedLayer::ResourceControlPolicy => {
            let [resource_control] =
                ask_policies(desk, keys, [OrganizationPolicyKind::ResourceControl], identity).await;
            Found { resource_control, ..skipped }
        }
        _ => skipped,
    }
}

/// Everything, where AWS named nothing. Any member may ask which organization it is in, and the answer tells whether
/// there are policies to ask for: none reach an account outside of one, or the one that manages it.
pub(super) async fn ask_everything(
    desk: &Desk<'_>,
    keys: &Credentials,
    identity: Later<'_, identity::Identity>,
) -> Found {
    let about = ask_about(desk, keys).await;
    let Some(organization) = about.known() else {
        let why = "the caller's organization is not known";
        let levels: Levels = desk.skip(NAME, why);
        return Found { about, service_control: levels.clone(), resource_control: levels };
    };
    let account = identity.clone().await.known().map(|identity| identity.account.clone());
    if account.as_ref() == Some(&organization.management_account) {
        let levels: Levels = desk.skip(NAME, "they do not reach the organization's management account");
        return Found { about, service_control: levels.clone(), resource_control: levels };
    }
    let both = [OrganizationPolicyKind::ServiceControl, OrganizationPolicyKind::ResourceControl];
    let [service_control, resource_control] = ask_policies(desk, keys, both, identity).await;
    Found { about, service_control, resource_control }
}

async fn ask_about(desk: &Desk<'_>, keys: &Credentials) -> Answer<Organization> {
    let plan = desk.plan;
    if let EndpointChoice::NotReachable { why } = plan.settings.endpoints.for_service(ServiceId::Organizations) {
        return desk.skip(ABOUT, &why);
    }
    desk.ask(ABOUT, |ledger| async move {
        Asking { clients: plan.clients, keys, now: (plan.world.now)(), ledger: &ledger }.organization().await
    })
    .await
}

/// The policies over the caller's account, of each kind.
async fn ask_policies<const KINDS: usize>(
    desk: &Desk<'_>,
    keys: &Credentials,
    kinds: [OrganizationPolicyKind; KINDS],
    identity: Later<'_, identity::Identity>,
) -> [Levels; KINDS] {
    let plan = desk.plan;
    let skip = |why: &str| {
        let levels: Levels = desk.skip(NAME, why);
        [(); KINDS].map(|()| levels.clone())
    };
    if let EndpointChoice::NotReachable { why } = plan.settings.endpoints.for_service(ServiceId::Organizations) {
        return skip(&why);
    }
    let Some(account) = identity.await.known().map(|identity| identity.account.clone()) else {
        return skip("the caller's account is not known");
    };
    let found = RefCell::new(None);
    let worst: Answer<()> = desk
        .ask(NAME, |ledger| {
            let (account, found) = (&account, &found);
            async move {
                let asking = Asking { clients: plan.clients, keys, now: (plan.world.now)(), ledger: &ledger };
                let answers = asking.policies(account, kinds).await;
                let worst = answers.iter().find(|answer| answer.known().is_none()).cloned();
                *found.borrow_mut() = Some(answers);
                worst.map_or(Answer::Known(()), |answer| answer.map(|_| ()))
            }
        })
        .await;
    // Nothing was found where the time was up, or the probe broke.
    found.into_inner().unwrap_or_else(|| [(); KINDS].map(|()| worst.clone().map(|()| Vec::new())))
}
