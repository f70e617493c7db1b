//! Nothing attached to the caller allows the action on this resource.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::layer::{LayerCause, Side};
use super::verdict::Verdict;
use super::{Cause, Finding, wrong_profile};
use crate::diagnosis::{Blocker, Certainty, DocumentKind, Fix};
use crate::evidence::simulation::{self, SimulatedDecision};
use crate::policy::{self, Layer, Outcome};
use crate::recognize::DeniedLayer;

pub(super) struct IdentityPolicyNoAllow;

const LAYER: LayerCause = LayerCause {
    code: "identity-policy-no-allow",
    layer: Layer::Identity,
    side: Side::NoAllow,
    names: |layer| layer == DeniedLayer::IdentityPolicy,
    kind: DocumentKind::IdentityPolicy,
};

impl Cause for IdentityPolicyNoAllow {
    fn code(&self) -> &'static str {
        LAYER.code
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if super::assume_role_denied::is_about(case) {
            return Finding::Irrelevant;
        }
        // `s3:ListBucket` on a read is the missing key's mark, not a permission that the read needs.
        if case.denial.as_ref().is_some_and(|denial| super::key_not_found_hidden::is_hint(case, denial)) {
            return Finding::RuledOut("AWS names `s3:ListBucket`: reading the object is allowed".to_owned());
        }
        match LAYER.judge_all(case, &asked(case)) {
            Finding::Blocks(mut blocker) => {
                self.add_ways_out(case, &mut blocker);
                Finding::Blocks(blocker)
            }
            Finding::Open(because) => self.by_simulation(case).unwrap_or_else(|| self.as_reading(case, because)),
            other => other,
        }
    }

    fn also(&self, case: &Case<'_>) -> Vec<Blocker> {
        // The list is what a missing key is told by; it is not needed.
        if case.denial.as_ref().is_some_and(|denial| super::key_not_found_hidden::is_hint(case, denial)) {
            return Vec::new();
        }
        LAYER.also(case, &asked(case))
    }

    fn next(&self, case: &Case<'_>) -> Vec<Blocker> {
        LAYER.next(case)
    }
}

/// S3's permissions, whatever AWS names: a key's have a cause of their own.
fn asked<'a>(case: &'a Case<'_>) -> Vec<&'a Verdict> {
    case.verdicts.asked.iter().collect()
}

/// The same listing with a slash at its end, where the caller's policies allow that one: `aws s3 ls s3://b/x` asks for all
/// that begins with `x`, and not for the folder.
fn listing_of_the_folder(case: &Case<'_>) -> Option<Fix> {
    let (request, verdict) = (case.request, case.verdicts.main()?);
    let prefix = request.prefix.as_deref().filter(|prefix| !prefix.is_empty() && !prefix.ends_with('/'))?;
    let bucket = request.bucket.as_deref().filter(|_| verdict.action == "s3:ListBucket")?;
    let delimited = request.conditions.get("s3:delimiter").is_some_and(|delimiter| delimiter == "/");
    if !delimited && !request.recursive {
        return None;
    }
    let mut other = verdict.request.clone();
    other.context.set("s3:prefix", [format!("{prefix}/")]);
    let evaluated = policy::evaluate(&other, &verdict.documents.layers);
    let allows = evaluated.layer(Layer::Identity).is_some_and(|layer| layer.outcome == Outcome::Allows);
    if !allows || !evaluated.denied_by.is_empty() {
        return None;
    }
    let place = format!("s3://{bucket}/{prefix}/");
    let words: &[&str] = if delimited { &["s3", "ls", &place] } else { &["s3", "ls", "--recursive", &place] };
    Some(advice("end the prefix with `/`, which the policy allows", "you", vec![case.command(words)]))
}

impl IdentityPolicyNoAllow {
    /// The first help is one that needs nobody else.
    fn add_ways_out(&self, case: &Case<'_>, blocker: &mut Blocker) {
        if case.evidence.unsigned.known().is_some_and(|exchange| exchange.succeeded()) {
            blocker.notes.push("the object is public: an unsigned request reads it".to_owned());
            let allow = blocker.fix.take();
            blocker.fix = Some(advice("send the request unsigned: `--no-sign-request`", "you", Vec::new()));
            blocker.other_fixes.splice(0..0, allow);
        }
        if let Some(listing) = listing_of_the_folder(case) {
            let allow = blocker.fix.replace(listing);
            blocker.other_fixes.splice(0..0, allow);
        }
        if let Some(profile) = wrong_profile::way_out(case) {
            blocker.other_fixes.push(advice(
                format!("use profile `{profile}`, which can make this request: `--profile {profile}`"),
                "you",
                Vec::new(),
            ));
        }
    }

    /// IAM's own opinion, where the documents could not be read.
    fn by_simulation(&self, case: &Case<'_>) -> Option<Finding> {
        let simulated = case.evidence.simulation.known()?;
        match simulated.decision {
            SimulatedDecision::ImplicitDeny
                if simulated.organization_allows != Some(false) && simulated.boundary_allows != Some(false) => {}
            SimulatedDecision::Allowed => {
                return Some(Finding::RuledOut("iam:SimulatePrincipalPolicy says that it is allowed".to_owned()));
            }
            _ => return None,
        }
        // A bucket policy of the same account could allow it all the same.
        let mut found = self.reading(case, Certainty::Likely);
        found.evidence.push(simulation::NAME.to_owned());
        found.notes.push("`iam:SimulatePrincipalPolicy` says that no policy of the caller's allows it".to_owned());
        Some(Finding::Blocks(Box::new(found)))
    }

    /// A bare refusal and nothing to read: it may be this.
    fn as_reading(&self, case: &Case<'_>, because: String) -> Finding {
        if !case.is_bare() || !case.is_aws() || !case.settings.signed || case.head_goes_through() {
            return Finding::Open(because);
        }
        let mut found = self.reading(case, Certainty::Possible);
        found.notes.push(format!("not checked: {because}"));
        Finding::Blocks(Box::new(found))
    }

    fn reading(&self, case: &Case<'_>, certainty: Certainty) -> Blocker {
        let whose = case.whose_policies();
        let action = case.request.action.as_deref().unwrap_or("the request");
        let mut found =
            blocker(LAYER.code, certainty, format!("no policy of {whose} allows `{action}`{}", case.on_target()));
        found.fix =
            case.verdicts.main().and_then(|verdict| super::fixes::for_layer(case, verdict, LAYER.layer, LAYER.kind));
        self.add_ways_out(case, &mut found);
        found
    }
}
