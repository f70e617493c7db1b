//! HEAD works, and GET answers `InvalidObjectState`: the object is in an archive class and not restored.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::{Cause, Finding};
use crate::diagnosis::Certainty;
use crate::recognize::FailureKind;

pub(super) struct ArchivedObject;

impl Cause for ArchivedObject {
    fn code(&self) -> &'static str {
        "archived-object"
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        let skipped = case.failure.kind == FailureKind::Archived;
        let said = case.code() == "InvalidObjectState";
        let object = case.evidence.object.known().filter(|exchange| exchange.succeeded());
        if !skipped && !said {
            return match case.evidence.replay.known() {
                Some(replay) if replay.succeeded() => Finding::RuledOut("the object can be read".to_owned()),
                _ => Finding::Irrelevant,
            };
        }
        let replayed = case.evidence.replay.known().and_then(|replay| replay.decisive().error.as_ref());
        let class = replayed
            .and_then(|error| error.details.get("StorageClass").cloned())
            .or_else(|| object.and_then(|exchange| exchange.storage_class.clone()))
            .unwrap_or_else(|| "an archive class".to_owned());
        let mut found = blocker(
            self.code(),
            Certainty::Proven,
            format!("`{}` is archived (`{class}`) and has not been restored", case.target()),
        );
        found.evidence.push(if skipped && !said { "cli" } else { case.told_by() }.to_owned());
        let under_way =
            object.and_then(|exchange| exchange.restore.as_deref()).is_some_and(|restore| restore.contains("true"));
        if under_way {
            found.notes.push("a restore is under way: `x-amz-restore` says so".to_owned());
            found.fix = Some(advice("wait until the restore is done, then run the command again", "you", Vec::new()));
            return Finding::Blocks(Box::new(found));
        }
        let restore = match (case.request.bucket.as_deref(), case.request.key.as_deref()) {
            (Some(bucket), Some(key)) => vec![case.command(&[
                "s3api",
                "restore-object",
                "--bucket",
                bucket,
                "--key",
                key,
                "--restore-request",
                "Days=7,GlacierJobParameters={Tier=Standard}",
            ])],
            _ => Vec::new(),
        };
        found.fix = Some(advice("restore a copy for some days (hours of waiting; it costs money)", "you", restore));
        Finding::Blocks(Box::new(found))
    }
}
