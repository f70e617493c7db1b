//! Where a layer's documents stand, and what of their text is marked: the statement that denies, or the Allow that came
//! closest.

use super::LayerCause;
use crate::cause::case::{self, Case};
use crate::cause::documents::Source;
use crate::cause::verdict::Verdict;
use crate::diagnosis::{Blocker, DocumentKind, Excerpt, Mark, Place, StatementRef};
use crate::policy::{self, Decisive, Effect, Layer};
use crate::recognize::Denial;
use crate::render::words::list_at_most;

impl LayerCause {
    pub(super) fn unread_place(&self, case: &Case<'_>, verdict: Option<&Verdict>, denial: &Denial) -> Place {
        let arn = denial.policy_arn.clone();
        let policy = arn.as_deref().and_then(|arn| arn.rsplit('/').next()).map(str::to_owned);
        let owner = match self.layer {
            Layer::ServiceControl | Layer::ResourceControl => arn,
            _ => self.holder(case, verdict),
        };
        Place { document: self.kind, owner, policy, statement: None, pointer: None }
    }

    pub(super) fn holder_place(&self, case: &Case<'_>, verdict: &Verdict) -> Option<Place> {
        let owner = self.holder(case, Some(verdict))?;
        Some(Place { document: self.kind, owner: Some(owner), policy: None, statement: None, pointer: None })
    }

    /// Whose document it is, where none was read.
    pub(super) fn holder(&self, case: &Case<'_>, verdict: Option<&Verdict>) -> Option<String> {
        match self.kind {
            DocumentKind::IdentityPolicy | DocumentKind::PermissionsBoundary => case.policy_holder(),
            DocumentKind::SessionPolicy => case.caller().map(|caller| caller.to_string()),
            DocumentKind::BucketPolicy => {
                verdict.map_or_else(|| case.bucket_name(), |verdict| verdict.bucket(case)).map(str::to_owned)
            }
            DocumentKind::AccessPointPolicy => case.access_point_arn().map(str::to_owned),
            DocumentKind::KeyPolicy => case.evidence.key.known().map(|key| key.arn.clone()).or_else(|| {
                case.denial.as_ref().filter(|denial| case::is_kms(denial)).and_then(|denial| denial.resource.clone())
            }),
            _ => None,
        }
    }

    pub(super) fn add_document_evidence(&self, verdict: &Verdict, blocker: &mut Blocker) {
        let check = match self.layer {
            Layer::Identity | Layer::PermissionsBoundary => crate::evidence::identity_policies::NAME,
            Layer::ServiceControl | Layer::ResourceControl => crate::evidence::organization::NAME,
            Layer::VpcEndpoint => crate::evidence::vpc_endpoints::NAME,
            Layer::Resource => match self.kind {
                DocumentKind::KeyPolicy => crate::evidence::kms::NAME,
                DocumentKind::RoleTrustPolicy => crate::evidence::role_trust::NAME,
                DocumentKind::AccessPointPolicy => crate::evidence::access_point::NAME,
                _ if verdict.is_of_other_bucket() => crate::evidence::bucket_policy::OTHER,
                _ => crate::evidence::bucket_policy::NAME,
            },
            Layer::Session | Layer::BlockPublicAccess => return,
        };
        if !blocker.evidence.iter().any(|name| name == check) {
            blocker.evidence.push(check.to_owned());
        }
    }

    pub(super) fn decisive(&self, trace: &policy::StatementTrace) -> Decisive {
        Decisive {
            layer: self.layer,
            policy: trace.policy.clone(),
            policy_index: trace.policy_index,
            statement: trace.statement.clone(),
            effect: trace.effect,
        }
    }

    pub(super) fn mark_statement(&self, verdict: &Verdict, trace: &policy::StatementTrace, blocker: &mut Blocker) {
        let Some(document) = verdict.documents.document(self.layer, trace.policy_index) else { return };
        let source = verdict.documents.source(self.layer, trace.policy_index);
        let denying = self.decisive(trace);
        let Some(found) = policy::denying_span(&verdict.request, &verdict.documents.layers, &denying) else { return };
        blocker.place = Some(place(self.kind, source, &trace.statement, found.pointer));
        let mut marks = vec![Mark { span: found.span.clone(), label: found.label, primary: true }];
        if trace.effect == Effect::Deny && found.effect_span != found.span {
            marks.push(Mark {
                span: found.effect_span,
                label: "a matching Deny wins over every Allow".to_owned(),
                primary: false,
            });
        }
        blocker.excerpt = Some(Excerpt {
            title: source.map_or_else(|| "policy".to_owned(), |source| source.title.clone()),
            text: document.text().to_owned(),
            marks,
        });
    }

    /// Marks the Allow that came closest, and tells in what it misses. `is_settled` is whether AWS said that it does not
    /// hold, whatever could be known of it from here.
    pub(super) fn mark_nearest(
        &self,
        verdict: &Verdict,
        blocker: &mut Blocker,
        is_settled: bool,
    ) -> Vec<policy::Reason> {
        let Some(mut miss) =
            policy::nearest_miss(&verdict.request, &verdict.documents.layers, &verdict.evaluation, self.layer)
        else {
            return Vec::new();
        };
        let Some(document) = verdict.documents.document(self.layer, miss.policy_index) else { return Vec::new() };
        let source = verdict.documents.source(self.layer, miss.policy_index);
        if is_settled {
            say_that_it_is_not_met(&mut miss);
        }
        let Some(first) = miss.misses.first() else { return Vec::new() };
        blocker.place = Some(place(self.kind, source, &miss.statement, first.pointer.clone()));
        let name = miss.statement.sid.as_ref().map_or_else(
            || format!("statement {} of `{}`", miss.statement.index + 1, miss.policy),
            |sid| format!("statement `{sid}` of `{}`", miss.policy),
        );
        blocker.near_miss = Some(format!("{name} {}", first.sentence));
        blocker.excerpt = Some(Excerpt {
            title: source.map_or_else(|| "policy".to_owned(), |source| source.title.clone()),
            text: document.text().to_owned(),
            marks: miss
                .misses
                .iter()
                .enumerate()
                .map(|(index, miss)| Mark { span: miss.span.clone(), label: miss.label.clone(), primary: index == 0 })
                .collect(),
        });
        miss.misses.into_iter().map(|miss| miss.reason).collect()
    }
}

/// AWS says that the statement denies, so its condition is met, whatever could be known of it from here.
pub(super) fn say_that_it_is_met(blocker: &mut Blocker) {
    let Some(excerpt) = &mut blocker.excerpt else { return };
    let pointer = blocker.place.as_ref().and_then(|place| place.pointer.as_deref()).unwrap_or_default();
    let text = pointer.to_ascii_lowercase();
    for mark in excerpt.marks.iter_mut().filter(|mark| mark.primary) {
        let label = if text.contains("notequals") && text.contains("aws:sourcevpce") {
            "this request did not use this VPC endpoint"
        } else if text.contains("notequals") && text.contains("aws:sourcevpc") {
            "this request did not come from this VPC"
        } else if text.contains("notipaddress") {
            "this request came from another address"
        } else {
            "AWS found this condition met"
        };
        label.clone_into(&mut mark.label);
    }
}

/// One Deny is shown; whoever exempts the caller from that one alone meets the next.
pub(super) fn deny_it_too(shown: &policy::StatementTrace, others: &[&policy::StatementTrace]) -> Option<String> {
    let verb = if others.len() == 1 { "denies" } else { "deny" };
    Some(format!("{} {verb} it too", names_beside(shown, others)?))
}

/// Those whose conditions turn on what only AWS knows of the request.
pub(super) fn may_deny_it_too(shown: &policy::StatementTrace, others: &[&policy::StatementTrace]) -> Option<String> {
    let turns = if others.len() == 1 { "its condition turns" } else { "their conditions turn" };
    Some(format!("{} may deny it too: {turns} on what only AWS knows", names_beside(shown, others)?))
}

/// What to call the others, where there are any.
fn names_beside(shown: &policy::StatementTrace, others: &[&policy::StatementTrace]) -> Option<String> {
    let name = |trace: &&policy::StatementTrace| {
        let statement = match &trace.statement.sid {
            Some(sid) => format!("statement `{sid}`"),
            None => format!("statement {}", trace.statement.index + 1),
        };
        if trace.policy_index == shown.policy_index { statement } else { format!("{statement} of `{}`", trace.policy) }
    };
    let names: Vec<String> = others.iter().map(name).collect();
    (!names.is_empty()).then(|| list_at_most(&names, 4))
}

/// AWS says that the statement does not allow: the condition that could not be known is not met, or one of several is not.
fn say_that_it_is_not_met(miss: &mut policy::NearMiss) {
    let alone = miss.misses.len() == 1;
    for miss in &mut miss.misses {
        let policy::Reason::KeyUnknown { key, operator, wanted } = &miss.reason else { continue };
        let found = if alone { "AWS found it not met" } else { "AWS found one of its conditions not met" };
        miss.sentence = format!("`{operator}` on `{key}` asks for {wanted}; {found}");
        miss.label =
            if alone { "AWS found this condition not met" } else { "not met, or another one is not" }.to_owned();
    }
}

fn place(kind: DocumentKind, source: Option<&Source>, statement: &policy::StatementRef, pointer: String) -> Place {
    Place {
        document: source.map_or(kind, |source| source.kind),
        owner: source.and_then(|source| source.owner.clone()),
        policy: source.and_then(|source| source.policy.clone()),
        statement: Some(StatementRef { index: statement.index, sid: statement.sid.clone() }),
        pointer: Some(pointer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Truth;

    #[test]
    fn every_other_deny_is_named_by_where_it_stands() {
        let trace = |policy_index: usize, index: usize, sid: Option<&str>| policy::StatementTrace {
            policy: format!("P{policy_index}"),
            policy_index,
            statement: policy::StatementRef { index, sid: sid.map(str::to_owned) },
            effect: Effect::Deny,
            verdict: Truth::True,
            elements: Vec::new(),
        };
        let (shown, same, other) = (trace(0, 0, None), trace(0, 1, Some("B")), trace(1, 0, None));
        assert_eq!(deny_it_too(&shown, &[]), None);
        assert_eq!(deny_it_too(&shown, &[&same]).unwrap(), "statement `B` denies it too");
        assert_eq!(deny_it_too(&shown, &[&same, &other]).unwrap(), "statement `B` and statement 1 of `P1` deny it too");
    }
}
