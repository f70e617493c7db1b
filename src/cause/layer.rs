//! What the policy causes share: AWS's message and the evaluator's verdict about one layer, held against each other.
//!
//! AWS names one layer. A layer that its documents show to block blocks too, whatever the message names; one that AWS
//! names while its documents allow is a contradiction, which is said and which lowers certainty.

mod details;
mod place;
mod several;
mod words;

use self::place::{deny_it_too, may_deny_it_too, say_that_it_is_met};
use super::Finding;
use super::case::Case;
use super::fixes;
use super::verdict::Verdict;
use crate::diagnosis::{Blocker, Certainty, DocumentKind, Fix};
use crate::policy::{self, Effect, Layer, Outcome, Truth};
use crate::recognize::{Denial, DeniedLayer, DenyEffect};
use crate::request::BucketKind;
use std::collections::BTreeSet;

/// One layer, and which side of it a cause is about.
#[derive(Clone, Copy)]
pub(super) struct LayerCause {
    pub code: &'static str,
    pub layer: Layer,
    pub side: Side,
    /// Whether a message names this layer.
    pub names: fn(DeniedLayer) -> bool,
    /// What holds the document where nothing of it was read.
    pub kind: DocumentKind,
}

/// Which way the layer stops a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// A matching Deny.
    Deny,
    /// No matching Allow.
    NoAllow,
    /// Either: the layer has one cause for both.
    Either,
}

impl LayerCause {
    /// Judges `verdict`, the permission in question.
    pub fn judge(&self, case: &Case<'_>, verdict: Option<&Verdict>) -> Finding {
        self.weigh(case, verdict, case.denial.as_ref().filter(|denial| self.is_named(denial, verdict)))
    }

    /// Judges it, with what AWS's message says of it.
    fn weigh(&self, case: &Case<'_>, verdict: Option<&Verdict>, named: Option<&Denial>) -> Finding {
        if case.goes_through() {
            return Finding::RuledOut("the same request goes through now".to_owned());
        }
        if !case.is_access_denied() {
            return Finding::Irrelevant;
        }
        let Some(verdict) = verdict else {
            return match named {
                Some(denial) => Finding::Blocks(Box::new(self.by_message(case, denial))),
                None => Finding::Open("the caller is not known".to_owned()),
            };
        };
        let detailed = self.detailed(case, verdict);
        if named.is_none() && case.head_goes_through() && verdict.action.starts_with("s3:Get") {
            return Finding::RuledOut("HEAD, which needs the same permission, goes through".to_owned());
        }
        let outcome = verdict.evaluation.layer(self.layer).map_or(Outcome::NotApplicable, |layer| layer.outcome);
        let blocks = verdict.evaluation.denied_by.contains(&self.layer);
        let shown = match (self.side, outcome) {
            // A Deny that does not count stops nothing: the bucket policy's for the root user who is to mend it.
            (Side::Deny | Side::Either, Outcome::DeniesExplicitly) => blocks || named.is_some(),
            // Where AWS names the layer, the documents agree by allowing nothing, whatever else could not be read.
            (Side::NoAllow | Side::Either, Outcome::NoAllow) => blocks || named.is_some(),
            _ => false,
        };
        if self.side == Side::NoAllow && named.is_none() && self.lacks_an_allow_behind_a_deny(verdict) {
            return Finding::Blocks(Box::new(self.behind_a_deny(case, verdict)));
        }
        let foreign =
            verdict.evaluation.denied_by.is_empty() && super::object_owned_by_other_account::is_out_of_reach(case);
        match (named, shown && !foreign) {
            (Some(denial), true) => {
                let mut blocker = self.by_documents(case, verdict, Certainty::Proven);
                self.cite(case, denial, &mut blocker);
                detailed.into_iter().for_each(|deny| self.cite_details(deny, &mut blocker));
                Finding::Blocks(Box::new(blocker))
            }
            // Ownership does not show in the message: AWS names a policy although every policy allows.
            (Some(_), false) if foreign => {
                Finding::RuledOut(format!("it is not stopped by {}; the object is another account's", self.thing()))
            }
            (Some(denial), false) => {
                let mut blocker = self.named_not_shown(case, verdict, denial, outcome);
                detailed.into_iter().for_each(|deny| self.cite_details(deny, &mut blocker));
                Finding::Blocks(Box::new(blocker))
            }
            (None, true) => {
                // Whose a directory bucket is, S3 tells nobody.
                let is_supposed = case.request.bucket_kind == BucketKind::Directory;
                // No grant overrules a Deny; one does what an Allow does.
                let doubts = match outcome {
                    Outcome::DeniesExplicitly => Vec::new(),
                    _ => verdict.documents.grants_in_doubt.clone(),
                };
                let unheard = self.is_unheard_of(case, verdict, outcome);
                let is_sure = !is_supposed && !self.is_contradicted(case, verdict) && doubts.is_empty() && !unheard;
                let certainty = if is_sure { Certainty::Proven } else { Certainty::Likely };
                let mut blocker = self.by_documents(case, verdict, certainty);
                blocker.notes.extend(doubts);
                if unheard {
                    blocker.notes.push(
                        "AWS's message names a missing Allow, where a Deny comes first: its condition may not be met after all".to_owned(),
                    );
                }
                Finding::Blocks(Box::new(blocker))
            }
            (None, false) => match detailed {
                Some(deny) => Finding::Blocks(Box::new(self.by_details(case, verdict, deny))),
                None => self.not_blocking(case, verdict, outcome),
            },
        }
    }

    /// Judges by the documents alone: AWS's message is about another service's part of the request.
    pub fn judge_documents_only(&self, case: &Case<'_>, verdict: Option<&Verdict>) -> Finding {
        let Some(verdict) = verdict else { return Finding::Irrelevant };
        match verdict.evaluation.layer(self.layer).map(|layer| layer.outcome) {
            Some(Outcome::DeniesExplicitly) if self.side != Side::NoAllow => {
                Finding::Blocks(Box::new(self.by_documents(case, verdict, Certainty::Proven)))
            }
            _ => Finding::RuledOut("S3 let the request through as far as the key".to_owned()),
        }
    }

    /// Whether AWS's message is about this layer, this side, and this permission.
    fn is_named(&self, denial: &Denial, verdict: Option<&Verdict>) -> bool {
        let side = match denial.effect {
            Some(DenyEffect::Explicit) => self.side != Side::NoAllow,
            Some(DenyEffect::Implicit) => self.side != Side::Deny,
            None => self.side == Side::Either,
        };
        let same = verdict
            .zip(denial.action.as_ref())
            .is_none_or(|(verdict, action)| verdict.action.eq_ignore_ascii_case(action));
        denial.layer.is_some_and(|layer| (self.names)(layer)) && side && same
    }

    /// AWS said that this very permission is held: it named another one of the same request.
    fn is_contradicted(&self, case: &Case<'_>, verdict: &Verdict) -> bool {
        self.side == Side::NoAllow
            && case.denial.as_ref().is_some_and(|denial| {
                super::key_not_found_hidden::is_hint(case, denial) && verdict.action != "s3:ListBucket"
            })
    }

    /// AWS names a missing Allow for this very permission, and a Deny, which AWS looks at first, would hold by its conditions
    /// alone: what is known of the request here may not be what AWS saw of it.
    fn is_unheard_of(&self, case: &Case<'_>, verdict: &Verdict, outcome: Outcome) -> bool {
        let names_it = case.denial.as_ref().is_some_and(|denial| {
            let same = denial.action.as_ref().is_some_and(|action| action.eq_ignore_ascii_case(&verdict.action));
            denial.effect == Some(DenyEffect::Implicit) && same && denial.resource.as_ref() == Some(&verdict.resource)
        });
        let statements = || verdict.evaluation.layer(self.layer).into_iter().flat_map(|layer| &layer.statements);
        let mut denying = statements().filter(|trace| trace.effect == Effect::Deny && trace.verdict == Truth::True);
        let has_condition = |trace: &policy::StatementTrace| {
            trace.elements.iter().any(|found| matches!(found.element, policy::Element::Condition { .. }))
        };
        outcome == Outcome::DeniesExplicitly && names_it && denying.all(has_condition)
    }

    /// AWS's message alone: nothing of the documents is known.
    fn by_message(&self, case: &Case<'_>, denial: &Denial) -> Blocker {
        let mut blocker = fixes::blocker(
            self.code,
            Certainty::Proven,
            self.summary(case, None, denial.action.as_deref().unwrap_or("the request"), denial.resource.as_deref()),
        );
        self.cite(case, denial, &mut blocker);
        blocker.place = Some(self.unread_place(case, None, denial));
        blocker
    }

    /// AWS names the layer, and its documents, as far as read, do not show it.
    fn named_not_shown(&self, case: &Case<'_>, verdict: &Verdict, denial: &Denial, outcome: Outcome) -> Blocker {
        let mut blocker = fixes::blocker(self.code, Certainty::Proven, self.summary_of(case, verdict));
        self.cite(case, denial, &mut blocker);
        blocker.place = Some(self.unread_place(case, Some(verdict), denial));
        match outcome {
            // AWS says that no Allow holds: what could not be known of the nearest one is not so.
            Outcome::Depends if denial.effect == Some(DenyEffect::Implicit) => {
                let missed = self.mark_nearest(verdict, &mut blocker, true);
                blocker.fix = fixes::for_layer(case, verdict, self.layer, self.kind);
                if let Some(meet) = missed.iter().find_map(fixes::way_to_meet) {
                    let allow = blocker.fix.replace(meet);
                    blocker.other_fixes.splice(0..0, allow);
                }
                self.add_document_evidence(verdict, &mut blocker);
            }
            Outcome::Depends => {
                // AWS says that a Deny matched: where one alone can, it is that one.
                let possible = self.undecided(verdict);
                if let [only] = possible.as_slice() {
                    self.mark_statement(verdict, only, &mut blocker);
                    say_that_it_is_met(&mut blocker);
                    blocker.fix = fixes::for_deny(case, verdict, &self.decisive(only), self.kind);
                } else if !possible.is_empty() {
                    blocker.notes.push(format!(
                        "{} statements could be the one; their conditions turn on keys that only AWS knows",
                        possible.len()
                    ));
                }
                self.add_document_evidence(verdict, &mut blocker);
            }
            // A gap is in the document, or in what could be read of it. No answer tells that a session has no policy.
            Outcome::Unread => {}
            Outcome::NotApplicable if self.layer == Layer::Session => {}
            Outcome::NotApplicable => {
                blocker.certainty = Certainty::Likely;
                blocker.notes.push(format!(
                    "AWS's message names this layer, and this request is not subject to {}: it may have been taken away since",
                    self.thing()
                ));
                self.add_document_evidence(verdict, &mut blocker);
            }
            Outcome::Allows | Outcome::NoAllow | Outcome::DeniesExplicitly => {
                let partly = self.has_gaps(verdict);
                if !partly {
                    blocker.certainty = Certainty::Likely;
                    blocker.notes.push(format!(
                        "AWS's message names this layer, and the documents that were read do not show it: {} may have been changed since",
                        self.thing()
                    ));
                }
                self.add_document_evidence(verdict, &mut blocker);
            }
        }
        if blocker.fix.is_none() {
            blocker.fix = fixes::for_layer(case, verdict, self.layer, self.kind);
        }
        blocker
    }

    /// Whether the caller's policies deny it and nothing allows it either: without the Deny it would still be refused.
    fn lacks_an_allow_behind_a_deny(&self, verdict: &Verdict) -> bool {
        let may_allow = |layer: Layer| {
            let mut statements = verdict.evaluation.layer(layer).into_iter().flat_map(|layer| &layer.statements);
            statements.any(|trace| trace.effect == Effect::Allow && trace.verdict != Truth::False)
        };
        let layers = &verdict.documents.layers;
        let outcome = verdict.evaluation.layer(self.layer).map(|layer| layer.outcome);
        // Within an account the resource's policy could allow it all the same.
        let resource_may_allow = match (verdict.request.principal.account(), &verdict.request.resource_account) {
            (Some(own), Some(account)) if own != account => false,
            (Some(_), Some(_)) => layers.resource.has_gaps() || may_allow(Layer::Resource),
            _ => true,
        };
        self.layer == Layer::Identity
            && outcome == Some(Outcome::DeniesExplicitly)
            && !self.has_gaps(verdict)
            && !may_allow(Layer::Identity)
            && !resource_may_allow
            && layers.grants.is_empty()
            && verdict.documents.grants_in_doubt.is_empty()
    }

    fn behind_a_deny(&self, case: &Case<'_>, verdict: &Verdict) -> Blocker {
        let summary = self.summary_of(case, verdict);
        let mut blocker = fixes::blocker(self.code, Certainty::Proven, summary);
        self.add_document_evidence(verdict, &mut blocker);
        self.mark_nearest(verdict, &mut blocker, false);
        if blocker.place.is_none() {
            blocker.place = self.holder_place(case, verdict);
        }
        blocker.notes.push("without the statement that denies it, it would still be refused".to_owned());
        blocker.fix = fixes::for_missing_allow(case, verdict, self.layer, self.kind);
        blocker
    }

    /// The documents show it.
    fn by_documents(&self, case: &Case<'_>, verdict: &Verdict, certainty: Certainty) -> Blocker {
        let mut blocker = fixes::blocker(self.code, certainty, self.summary_of(case, verdict));
        self.add_document_evidence(verdict, &mut blocker);
        let outcome = verdict.evaluation.layer(self.layer).map(|layer| layer.outcome);
        if outcome == Some(Outcome::DeniesExplicitly) {
            let mut denying = verdict
                .evaluation
                .layer(self.layer)
                .into_iter()
                .flat_map(|layer| &layer.statements)
                .filter(|trace| trace.effect == Effect::Deny && trace.verdict == Truth::True);
            if let Some(trace) = denying.next() {
                self.mark_statement(verdict, trace, &mut blocker);
                blocker.notes.extend(deny_it_too(trace, &denying.collect::<Vec<_>>()));
                blocker.notes.extend(may_deny_it_too(trace, &self.undecided(verdict)));
            }
        } else if let [missed] = self.mark_nearest(verdict, &mut blocker, false).as_slice() {
            // An Allow of its own goes past what the statement asks for; to meet it does not.
            blocker.other_fixes.extend(fixes::way_to_meet(missed));
        }
        if blocker.place.is_none() {
            blocker.place = self.holder_place(case, verdict);
        }
        blocker.fix = fixes::for_layer(case, verdict, self.layer, self.kind);
        blocker
    }

    /// What a bare refusal may be where the layer could not be read; what is more usual is named before it.
    pub fn as_reading(&self, case: &Case<'_>, verdict: Option<&Verdict>, finding: Finding) -> Finding {
        let (Finding::Open(because), Some(verdict)) = (&finding, verdict) else { return finding };
        if !case.is_bare() || !case.is_aws() || !case.settings.signed || case.head_goes_through() {
            return finding;
        }
        let mut blocker = fixes::blocker(self.code, Certainty::Possible, self.summary_of(case, verdict));
        blocker.evidence.push(case.told_by().to_owned());
        blocker.notes.push(format!("not checked: {because}"));
        Finding::Blocks(Box::new(blocker))
    }

    fn not_blocking(&self, case: &Case<'_>, verdict: &Verdict, outcome: Outcome) -> Finding {
        match outcome {
            Outcome::NotApplicable => Finding::RuledOut(format!("this request is not subject to {}", self.thing())),
            // Within an account a resource policy could allow it all the same, and it could not be read.
            Outcome::NoAllow
                if self.side != Side::Deny
                    && matches!(self.layer, Layer::Identity | Layer::PermissionsBoundary | Layer::Session)
                    && !self.has_gaps(verdict)
                    && !self.is_contradicted(case, verdict)
                    && verdict.documents.layers.resource.has_gaps() =>
            {
                let mut blocker = self.by_documents(case, verdict, Certainty::Likely);
                blocker
                    .notes
                    .push("a resource policy of the same account could allow it too, and could not be read".to_owned());
                Finding::Blocks(Box::new(blocker))
            }
            Outcome::Unread if self.could_be_all(case, verdict) => {
                let mut blocker = fixes::blocker(self.code, Certainty::Possible, self.summary_of(case, verdict));
                blocker.evidence.push(case.told_by().to_owned());
                blocker.notes.push(format!(
                    "everything that could be read allows it; not checked: {}",
                    self.absence(case, verdict)
                ));
                blocker.fix = fixes::for_layer(case, verdict, self.layer, self.kind);
                Finding::Blocks(Box::new(blocker))
            }
            Outcome::Unread => Finding::Open(self.absence(case, verdict)),
            Outcome::Depends if self.side != Side::NoAllow => {
                let possible = self.undecided(verdict);
                let Some(first) = possible.first() else { return self.settled(outcome) };
                let mut blocker = fixes::blocker(self.code, Certainty::Possible, self.summary_of(case, verdict));
                self.add_document_evidence(verdict, &mut blocker);
                self.mark_statement(verdict, first, &mut blocker);
                blocker.notes.extend(self.unknown_keys(verdict));
                blocker.fix = fixes::for_layer(case, verdict, self.layer, self.kind);
                Finding::Blocks(Box::new(blocker))
            }
            Outcome::Depends => Finding::Open(
                self.unknown_keys(verdict)
                    .unwrap_or_else(|| "its conditions turn on keys that only AWS knows".to_owned()),
            ),
            Outcome::NoAllow | Outcome::DeniesExplicitly | Outcome::Allows if self.has_gaps(verdict) => {
                Finding::Open(self.absence(case, verdict))
            }
            other => self.settled(other),
        }
    }

    /// What the layer's conditions turn on and nobody here knows.
    fn unknown_keys(&self, verdict: &Verdict) -> Option<String> {
        let depends_on = verdict.evaluation.depends_on.iter();
        let of_the_layer = depends_on.filter(|dependency| dependency.layer == self.layer);
        let keys: BTreeSet<&str> = of_the_layer.map(|dependency| dependency.key.as_str()).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        (!keys.is_empty()).then(|| format!("it turns on {}, which only AWS knows of this request", fixes::and(&keys)))
    }

    /// A bare refusal, and every document that could be read lets the request through: it is one that could not.
    fn could_be_all(&self, case: &Case<'_>, verdict: &Verdict) -> bool {
        if !case.is_bare() || !case.is_aws() || !case.settings.signed {
            return false;
        }
        match self.kind {
            DocumentKind::KeyPolicy => case.suspects_kms(),
            _ if verdict.action.starts_with("kms:") => case.suspects_kms(),
            _ => is_allowed_as_far_as_read(case, verdict),
        }
    }

    fn settled(&self, outcome: Outcome) -> Finding {
        Finding::RuledOut(match (outcome, self.side) {
            (Outcome::Allows, Side::Deny) => format!("no statement of {} denies it", self.thing()),
            (Outcome::Allows, _) => format!("it is allowed by {}", self.thing()),
            (Outcome::NoAllow, Side::Deny) => format!("no statement of {} denies it", self.thing()),
            (Outcome::DeniesExplicitly, Side::NoAllow) => format!("it is denied outright by {}", self.thing()),
            _ => format!("it is not stopped by {}", self.thing()),
        })
    }

    fn has_gaps(&self, verdict: &Verdict) -> bool {
        let layers = &verdict.documents.layers;
        match self.layer {
            Layer::Identity => layers.identity.has_gaps(),
            Layer::PermissionsBoundary => layers.permissions_boundary.has_gaps(),
            Layer::Session => layers.session.has_gaps(),
            Layer::ServiceControl => layers.service_control.has_gaps(),
            Layer::ResourceControl => layers.resource_control.has_gaps(),
            Layer::Resource => layers.resource.has_gaps(),
            Layer::VpcEndpoint => layers.vpc_endpoint.has_gaps(),
            Layer::BlockPublicAccess => layers.block_public_access.has_gaps(),
        }
    }

    /// The Deny statements whose match turns on what is unknown.
    fn undecided<'v>(&self, verdict: &'v Verdict) -> Vec<&'v policy::StatementTrace> {
        verdict
            .evaluation
            .layer(self.layer)
            .into_iter()
            .flat_map(|layer| &layer.statements)
            .filter(|trace| trace.effect == Effect::Deny && trace.verdict == Truth::Unknown)
            .collect()
    }

    /// Notes that AWS's own message says so.
    fn cite(&self, case: &Case<'_>, denial: &Denial, blocker: &mut Blocker) {
        let told = case.told_by().to_owned();
        if !blocker.evidence.contains(&told) {
            blocker.evidence.insert(0, told);
        }
        if let Some(id) = &denial.authorization_id
            && case.evidence.authorization.known().is_none()
        {
            let command = case.command(&["iam-toolbox", "get-request-authorization-details", "--authorization-id", id]);
            blocker.other_fixes.push(Fix {
                summary: "see all that AWS evaluated for this request (kept for 24 hours)".to_owned(),
                who: "you, where `iam:GetRequestAuthorizationDetails` is allowed".to_owned(),
                edits: Vec::new(),
                commands: vec![command],
            });
        }
    }
}

/// The finding that says more; of equals the first.
pub(super) fn surer(a: Finding, b: Finding) -> Finding {
    let rank = |finding: &Finding| match finding {
        Finding::Blocks(blocker) => 2 + blocker.certainty as u8,
        Finding::Open(_) => 1,
        Finding::RuledOut(_) | Finding::Irrelevant => 0,
    };
    if rank(&b) > rank(&a) { b } else { a }
}

/// Whether the documents that decide most often were read, and allow the request: the caller's own, the bucket's, and no
/// layer that was read stops it.
pub(super) fn is_allowed_as_far_as_read(case: &Case<'_>, verdict: &Verdict) -> bool {
    let outcome = |layer| verdict.evaluation.layer(layer).map(|layer| layer.outcome);
    let (identity, resource) = (outcome(Layer::Identity), outcome(Layer::Resource));
    verdict.same_account(case) == Some(true)
        && verdict.evaluation.denied_by.is_empty()
        && (identity == Some(Outcome::Allows) || resource == Some(Outcome::Allows))
        && matches!(resource, Some(Outcome::Allows | Outcome::NoAllow | Outcome::NotApplicable) | None)
}
