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
            "KMS.KMSInvalidStateException" if case.message().contains("is pending deletion") => {
                Some("pending deletion")
            }
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
        let key = case.evidence.key.known().map(|key| key.arn.as_str()).or_else(|| named(case.message()));
        let name =
            key.map_or_else(|| "the KMS key".to_owned(), |arn| format!("`{}`", arn.rsplit(':').next().unwrap_or(arn)));
        let mut found =
            blocker(self.code(), Certainty::Proven, format!("{name}, which encrypts `{}`, is {what}", case.target()));
        if said.is_some() {
            found.evidence.push(case.told_by().to_owned());
        }
        if by_state.is_some() {
            found.evidence.push(crate::evidence::kms::NAME.to_owned());
        }
        let account = key.and_then(|arn| arn.split(':').nth(4)).filter(|account| !account.is_empty()).map_or_else(
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

/// The key's ARN in KMS's words: `arn:aws:kms:… is disabled.`, `Key 'arn:aws:kms:…' does not exist`.
fn named(message: &str) -> Option<&str> {
    let arn = message.get(message.find("arn:")?..)?;
    let end =
        arn.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '-' | '_'))).unwrap_or(arn.len());
    arn.get(..end).filter(|arn| arn.split(':').nth(2) == Some("kms") && arn.contains(":key/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_read_from_the_message() {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(named(&format!("{arn} is disabled.")), Some(arn));
        assert_eq!(named(&format!("Key '{arn}' does not exist")), Some(arn));
        for other in ["", "Invalid keyId 'x'", "Invalid arn us-east-1", "arn:aws:s3:::b is disabled."] {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
