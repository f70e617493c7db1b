//! Valid credentials, but not the ones meant: keys in the environment win over the `AWS_PROFILE` that was set, or
//! another profile of this user's can make the request.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::evidence::profiles::{self, ProfileAttempt};
use crate::request::CredentialPlan;

pub(super) struct WrongProfile;

impl Cause for WrongProfile {
    fn code(&self) -> &'static str {
        "wrong-profile"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if !case.settings.signed || case.goes_through() {
            return Finding::Irrelevant;
        }
        let Some(attempts) = case.evidence.profiles.known() else { return Finding::Irrelevant };
        let shadowed = case.settings.shadowed_profile.as_ref();
        let works = |attempt: &&ProfileAttempt| attempt.succeeded();
        if let Some(profile) = shadowed {
            let meant = attempts.iter().find(|attempt| attempt.profile == profile.value);
            if let Some(attempt) = meant.filter(works) {
                return self.shadows(case, &attempt.profile, Certainty::Proven);
            }
        }
        match attempts.iter().find(works) {
            // Whether the other one was meant, nobody can say: it is a way out, and a reading.
            Some(attempt) => self.another(case, attempt),
            None if attempts.is_empty() => Finding::Irrelevant,
            None => Finding::RuledOut(format!(
                "no other profile that needs no prompt can make the request either ({} tried)",
                attempts.len()
            )),
        }
    }
}

impl WrongProfile {
    fn shadows(&self, case: &Case<'_>, profile: &str, certainty: Certainty) -> Finding {
        let mut found = blocker(
            self.code(),
            certainty,
            format!("`AWS_ACCESS_KEY_ID` in the environment wins over `AWS_PROFILE={profile}`"),
        );
        found.evidence.push(profiles::NAME.to_owned());
        found.notes.push(format!("the same request signed by profile `{profile}` goes through"));
        if let Some(who) = case.caller_name() {
            found.notes.push(format!("the keys in the environment are those of {who}"));
        }
        found.fix = Some(advice(
            format!("name the profile on the command line, which beats the environment: `--profile {profile}`"),
            "you",
            Vec::new(),
        ));
        found.other_fixes.push(advice(
            "take the keys out of the environment",
            "you",
            vec!["unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN".to_owned()],
        ));
        Finding::Blocks(Box::new(found))
    }

    fn another(&self, case: &Case<'_>, attempt: &ProfileAttempt) -> Finding {
        let current = match &case.settings.credentials {
            CredentialPlan::Environment { .. } => "the keys in the environment".to_owned(),
            plan => {
                plan.profile().map_or_else(|| "the credentials in use".to_owned(), |name| format!("profile `{name}`"))
            }
        };
        // Where the bucket is the caller's own account's, its policies are the first suspects.
        let certainty = if case.same_account() == Some(true) { Certainty::Possible } else { Certainty::Likely };
        let mut found = blocker(
            self.code(),
            certainty,
            format!("{current} cannot make this request; profile `{}` can", attempt.profile),
        );
        found.evidence.push(profiles::NAME.to_owned());
        found.notes.push(format!("credentials in use: {}", case.settings.credentials.describe()));
        found.fix = Some(advice(format!("use the other profile: `--profile {}`", attempt.profile), "you", Vec::new()));
        Finding::Blocks(Box::new(found))
    }
}

/// The profile that can make the request, for the help under another cause.
pub(super) fn way_out(case: &Case<'_>) -> Option<String> {
    let attempts = case.evidence.profiles.known()?;
    attempts.iter().find(|attempt| attempt.succeeded()).map(|attempt| attempt.profile.clone())
}
