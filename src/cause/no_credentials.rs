//! No credentials at all, or half of a pair. The CLI says so itself; what helps is the chain as it was walked.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::recognize::FailureKind;
use crate::request::{ChainLink, LinkOutcome};

pub(super) struct NoCredentials;

impl Cause for NoCredentials {
    fn code(&self) -> &'static str {
        "no-credentials"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let profile = &case.settings.profile.value;
        let (summary, help) = match &case.failure.kind {
            FailureKind::NoCredentials => (
                format!("there are no credentials for profile `{profile}`"),
                "give the profile credentials, or name one that has them with `--profile`".to_owned(),
            ),
            FailureKind::PartialCredentials { provider, missing } => (
                format!("there is half of a pair of credentials: `{missing}` is missing"),
                format!("set `{missing}` too, or take the other half away ({provider})"),
            ),
            _ => match &case.evidence.session {
                crate::evidence::Answer::Known(_) => return Finding::RuledOut("the request was signed".to_owned()),
                _ => return Finding::Irrelevant,
            },
        };
        let mut found = blocker(self.code(), Certainty::Proven, summary);
        found.evidence.push("cli".to_owned());
        found.notes = case.settings.chain_walk().iter().map(looked_at).collect();
        found.fix = Some(advice(help, "you", vec![case.command(&["configure", "list"])]));
        Finding::Blocks(Box::new(found))
    }
}

/// The AWS CLI found nothing, so a place where there could have been something had nothing either.
fn looked_at(link: &ChainLink) -> String {
    match &link.outcome {
        LinkOutcome::Found(_) => format!("looked at {}: nothing came from there", link.place),
        _ => format!("looked at {link}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_gave_nothing_is_not_named_as_if_it_had() {
        let link = |outcome| ChainLink { place: "instance metadata", outcome };
        let found = link(LinkOutcome::Found("instance metadata".to_owned()));
        assert_eq!(looked_at(&found), "looked at instance metadata: nothing came from there");
        let absent = link(LinkOutcome::Absent("AWS_EC2_METADATA_DISABLED is true".to_owned()));
        assert_eq!(looked_at(&absent), "looked at instance metadata: AWS_EC2_METADATA_DISABLED is true");
    }
}
