//! The key is disabled, pending deletion, pending import, or gone.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;

pub(super) struct KmsKeyUnusable;

impl Cause for KmsKeyUnusable {
    fn code(&self) -> &'static str {
        "kms-key-unusable"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let code = case.code();
        let state = case.evidence.key.known().and_then(|key| key.about.known()).map(|about| about.state.as_str());
        let said = match code {
            "KMS.DisabledException" => Some("disabled"),
            "KMS.KMSInvalidStateException" => Some("in a state that does not allow its use"),
            "KMS.NotFoundException" => Some("not there"),
            _ if code.starts_with("KMS.") => Some("not usable"),
            _ => None,
        };
        let by_state = match state {
            Some("Enabled" | "") | None => None,
            Some("Disabled") => Some("disabled"),
            Some("PendingDeletion") => Some("pending deletion"),
            Some("PendingImport") => Some("waiting for its key material"),
            Some(_) => Some("in a state that does not allow its use"),
        };
        let Some(what) = by_state.or(said) else {
            return match state {
                Some("Enabled") => Finding::RuledOut("kms:DescribeKey says that the key is enabled".to_owned()),
                _ if case.names_kms() => Finding::Open("`kms:DescribeKey` did not tell the key's state".to_owned()),
                _ => Finding::Irrelevant,
            };
        };
        let key = case.evidence.key.known().map(|key| key.arn.as_str());
        let name = key.map_or("the KMS key", |arn| arn.rsplit(':').next().unwrap_or(arn));
        let mut found =
            blocker(self.code(), Certainty::Proven, format!("`{name}`, which encrypts `{}`, is {what}", case.target()));
        if said.is_some() {
            found.evidence.push(case.told_by().to_owned());
        }
        if by_state.is_some() {
            found.evidence.push(crate::evidence::kms::NAME.to_owned());
        }
        let account = case.evidence.key.known().and_then(|key| key.account()).map_or_else(
            || "an administrator of the key's account".to_owned(),
            |account| format!("an administrator of {account}"),
        );
        let region = key.and_then(|arn| arn.split(':').nth(3)).unwrap_or("REGION");
        found.fix = Some(match (what, key) {
            ("disabled", Some(arn)) => {
                advice("enable the key", account, vec![format!("aws kms enable-key --region {region} --key-id {arn}")])
            }
            ("pending deletion", Some(arn)) => advice(
                "cancel the deletion, then enable the key",
                account,
                vec![
                    format!("aws kms cancel-key-deletion --region {region} --key-id {arn}"),
                    format!("aws kms enable-key --region {region} --key-id {arn}"),
                ],
            ),
            _ => advice("look at the key's state; data under a deleted key cannot be read again", account, Vec::new()),
        });
        Finding::Blocks(Box::new(found))
    }
}
