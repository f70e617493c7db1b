//! The questions about a role that could not be assumed.

use super::desk::Desk;
use super::{ask_identity, caller_arn, read_policies};
use crate::evidence::{Evidence, identity_policies, role_trust};
use aws_credential_types::Credentials;
use futures_util::FutureExt;
use futures_util::future::join3;

/// A role that could not be assumed: who tried, with which policies, and whom the role trusts.
pub(super) async fn assume_role(desk: &Desk<'_>, keys: Option<&Credentials>, evidence: &mut Evidence) {
    let plan = desk.plan;
    let Some(keys) = keys else { return };
    let identity = ask_identity(desk, keys).boxed_local().shared();
    let policies = async {
        match plan.clients.iam(keys) {
            Ok(iam) => read_policies(desk, &iam, caller_arn(plan, None, identity.clone()).await).await,
            Err(why) => desk.skip(identity_policies::NAME, &why),
        }
    };
    let trust = async {
        match (plan.clients.iam(keys), &plan.request.role_arn) {
            (Ok(iam), Some(arn)) => {
                desk.ask(role_trust::NAME, |ledger| async move { role_trust::read(&iam, arn, &ledger).await }).await
            }
            (Err(why), _) => desk.skip(role_trust::NAME, &why),
            (_, None) => desk.skip(role_trust::NAME, "the role is not known"),
        }
    };
    let (identity, policies, trust) = join3(identity.clone(), policies, trust).await;
    evidence.identity = identity;
    evidence.identity_policies = policies;
    evidence.role_trust = trust;
}
