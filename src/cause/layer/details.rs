//! What IAM's details of a refusal say of a layer: every Deny that matched, where the message names one.

use super::{LayerCause, Side};
use crate::cause::case::Case;
use crate::cause::fixes;
use crate::cause::verdict::Verdict;
use crate::diagnosis::{Blocker, Certainty, EditTarget, Place};
use crate::evidence::authorization::{self, MatchedDeny, PolicyType};
use crate::policy::Layer;

impl LayerCause {
    /// The Deny of this layer that IAM's details of this very refusal name.
    pub(super) fn detailed<'a>(&self, case: &'a Case<'_>, verdict: &Verdict) -> Option<&'a MatchedDeny> {
        let kind = match self.layer {
            Layer::Identity => PolicyType::IdentityBasedPolicy,
            Layer::Resource => PolicyType::ResourceBasedPolicy,
            Layer::PermissionsBoundary => PolicyType::PermissionsBoundary,
            Layer::Session => PolicyType::SessionPolicy,
            Layer::ServiceControl => PolicyType::ServiceControlPolicy,
            Layer::ResourceControl => PolicyType::ResourceControlPolicy,
            Layer::VpcEndpoint => PolicyType::VpcEndpointPolicy,
            Layer::BlockPublicAccess => return None,
        };
        let details = case.evidence.authorization.known().filter(|_| self.side != Side::NoAllow)?;
        details.denies.iter().find(|deny| {
            // The id stands in a text of which strangers choose a part: it has to be of this request.
            let same = deny.action.eq_ignore_ascii_case(&verdict.action) && deny.resource == verdict.resource;
            same && deny.kind == kind
        })
    }

    /// IAM's details name a policy whose documents, as far as read, do not show it.
    pub(super) fn by_details(&self, case: &Case<'_>, verdict: &Verdict, deny: &MatchedDeny) -> Blocker {
        let mut blocker = fixes::blocker(self.code, Certainty::Proven, self.summary_of(case, verdict));
        let policy = deny.policy_name().map(str::to_owned);
        let owner = match self.layer {
            Layer::ServiceControl | Layer::ResourceControl => deny.policy_arn.clone(),
            _ => deny.attached_to.first().cloned().or_else(|| self.holder(case, Some(verdict))),
        };
        // No Allow overrules it, and its text is not known.
        let target = EditTarget { kind: self.kind, owner, policy };
        let who = fixes::who_can(case, verdict, self.kind, &target);
        let EditTarget { kind: document, owner, policy } = target;
        blocker.place = Some(Place { document, owner, policy, statement: None, pointer: None });
        blocker.fix = Some(fixes::advice(format!("have {} exempt this request", deny.described()), who, Vec::new()));
        self.cite_details(deny, &mut blocker);
        blocker
    }

    /// Notes that IAM's details say so, and of which statements.
    pub(super) fn cite_details(&self, deny: &MatchedDeny, blocker: &mut Blocker) {
        let check = authorization::NAME.to_owned();
        if !blocker.evidence.contains(&check) {
            blocker.evidence.push(check);
        }
        if blocker.place.as_ref().is_none_or(|place| place.statement.is_none()) {
            blocker.notes.push(format!("IAM's details of this refusal name {}", deny.described()));
        }
    }
}
