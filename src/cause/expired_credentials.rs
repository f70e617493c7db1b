//! A session token, or an SSO, login or web-identity token, that is past its end.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::{Certainty, Fix};
use crate::recognize::{DeniedLayer, FailureKind};
use crate::request::CredentialPlan;

pub(super) struct ExpiredCredentials;

const CODES: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnauthorizedException"];

impl Cause for ExpiredCredentials {
    fn code(&self) -> &'static str {
        "expired-credentials"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let by_sts = case.evidence.identity.denied().map_or("", |error| error.code.as_str());
        let check = match &case.failure.kind {
            FailureKind::ExpiredSession { .. } => "cli",
            _ if CODES.contains(&case.code()) => case.told_by(),
            _ if CODES.contains(&by_sts) => crate::evidence::identity::NAME,
            _ if case.denied_layer() == Some(DeniedLayer::RequestExpired) => case.told_by(),
            _ => {
                return match case.evidence.identity.known() {
                    Some(_) => Finding::RuledOut("sts:GetCallerIdentity answered".to_owned()),
                    None if case.is_access_denied() && case.settings.signed => Finding::Open(
                        case.evidence.identity.absence().unwrap_or_else(|| "the caller is not known".to_owned()),
                    ),
                    None => Finding::Irrelevant,
                };
            }
        };
        let what = match &case.settings.credentials {
            CredentialPlan::Sso { .. } => "the SSO session",
            CredentialPlan::Login { .. } => "the login session",
            CredentialPlan::WebIdentity { .. } => "the web identity token",
            CredentialPlan::Environment { .. } => "the session token in `AWS_SESSION_TOKEN`",
            CredentialPlan::Profile { .. } => "the session token of the profile",
            _ => "the session",
        };
        let profile = &case.settings.profile.value;
        let mut found = blocker(self.code(), Certainty::Proven, format!("{what} is past its end"));
        found.evidence.push(check.to_owned());
        found.notes.push(format!("credentials: {}", case.settings.credentials.describe()));
        found.fix = Some(renewal(case, profile));
        Finding::Blocks(Box::new(found))
    }
}

/// How such a session is renewed.
fn renewal(case: &Case<'_>, profile: &str) -> Fix {
    let named = ["--profile", profile];
    let with_profile = |words: &[&str]| {
        format!(
            "aws {}",
            [words, &named].concat().iter().map(|word| super::case::quote(word)).collect::<Vec<_>>().join(" ")
        )
    };
    match &case.settings.credentials {
        CredentialPlan::Sso { .. } => advice("sign in again", "you", vec![with_profile(&["sso", "login"])]),
        CredentialPlan::Login { .. } => advice("sign in again", "you", vec![with_profile(&["login"])]),
        CredentialPlan::Environment { .. } => advice(
            "export fresh credentials, or unset the three variables so that the profile counts",
            "you",
            vec!["unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN".to_owned()],
        ),
        CredentialPlan::Profile { .. } => {
            advice(format!("put fresh temporary credentials into profile `{profile}`"), "you", Vec::new())
        }
        _ => advice("renew the session at its source, then run the command again", "you", Vec::new()),
    }
}
