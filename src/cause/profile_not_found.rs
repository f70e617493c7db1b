//! A profile that is in neither file.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::recognize::FailureKind;
use crate::request::CredentialPlan;

pub(super) struct ProfileNotFound;

impl Cause for ProfileNotFound {
    fn code(&self) -> &'static str {
        "profile-not-found"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let FailureKind::ProfileNotFound { name } = &case.failure.kind else { return Finding::Irrelevant };
        let mut found = blocker(
            self.code(),
            Certainty::Proven,
            format!("profile `{name}` is in neither the config nor the credentials file"),
        );
        found.evidence.push("cli".to_owned());
        let origin = &case.settings.profile;
        if origin.value == *name {
            found.notes.push(format!("the name comes from {}", origin.origin));
        }
        let similar = match &case.settings.credentials {
            CredentialPlan::ProfileNotFound { similar, .. } => similar.as_slice(),
            _ => &[],
        };
        let help = match similar.first() {
            Some(near) => format!("use `{near}`, which exists: `--profile {near}`"),
            None => format!("add `[profile {name}]` to the config file, or name a profile that exists"),
        };
        if similar.len() > 1 {
            let others: Vec<&str> = similar.iter().skip(1).map(String::as_str).collect();
            found.notes.push(format!("similar names that exist: {}", super::fixes::and(&others)));
        }
        found.fix = Some(advice(help, "you", vec!["aws configure list-profiles".to_owned()]));
        Finding::Blocks(Box::new(found))
    }
}
