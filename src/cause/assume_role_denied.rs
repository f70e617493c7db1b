//! The profile assumes a role, and that was refused: by the role's trust policy, or for want of `sts:AssumeRole`.

use super::case::Case;
use super::fixes::{advice, blocker};
use super::layer::{LayerCause, Side};
use super::{Cause, Finding};
use crate::diagnosis::{Blocker, Certainty, DocumentKind};
use crate::policy::Layer;
use crate::recognize::DeniedLayer;

pub(super) struct AssumeRoleDenied;

const CODE: &str = "assume-role-denied";

const TRUST: LayerCause = LayerCause {
    code: CODE,
    layer: Layer::Resource,
    side: Side::Either,
    names: |layer| layer == DeniedLayer::ResourcePolicy,
    kind: DocumentKind::RoleTrustPolicy,
};

const PERMISSION: LayerCause = LayerCause {
    code: CODE,
    layer: Layer::Identity,
    side: Side::Either,
    names: |layer| layer == DeniedLayer::IdentityPolicy,
    kind: DocumentKind::IdentityPolicy,
};

/// The operations that hand out a role's session.
pub(super) fn is_about(case: &Case<'_>) -> bool {
    matches!(
        case.request.operation.as_str(),
        "AssumeRole" | "AssumeRoleWithWebIdentity" | "AssumeRoleWithSAML" | "GetRoleCredentials"
    )
}

impl Cause for AssumeRoleDenied {
    fn code(&self) -> &'static str {
        CODE
    }

    fn judge(&self, case: &Case<'_>) -> Finding {
        if !is_about(case) {
            return Finding::Irrelevant;
        }
        let refused = matches!(case.said_code(), "AccessDenied" | "AccessDeniedException" | "ForbiddenException");
        if !refused {
            return Finding::Irrelevant;
        }
        let verdict = case.verdicts.main();
        let sides: Vec<Blocker> = [TRUST.judge(case, verdict), PERMISSION.judge(case, verdict)]
            .into_iter()
            .filter_map(|finding| match finding {
                Finding::Blocks(blocker) if blocker.certainty != Certainty::Possible => Some(*blocker),
                _ => None,
            })
            .collect();
        let role = case.request.role_arn.as_deref().unwrap_or("the role");
        let who = case.who();
        let mut found = blocker(CODE, Certainty::Proven, format!("{who} may not assume `{}`", short(role)));
        found.evidence.push("cli".to_owned());
        let hops = case.settings.credentials.hops();
        if hops.len() > 1 {
            let at = hops.iter().rev().position(|hop| *hop == role).map_or(1, |at| at + 1);
            found.notes.push(format!("this is hop {at} of {} in the profile's chain of roles", hops.len()));
        }
        found.notes.push(format!("credentials: {}", case.settings.credentials.describe()));
        let mut sides = sides.into_iter();
        match sides.next() {
            Some(side) => {
                found.place = side.place;
                found.near_miss = side.near_miss;
                found.excerpt = side.excerpt;
                found.notes.push(side.summary);
                found.fix = side.fix;
                found.evidence.extend(side.evidence.into_iter().filter(|check| check != "cli"));
                // Where both sides lack, one edit alone lets nobody in.
                for other in sides.filter_map(|other| other.fix) {
                    match &mut found.fix {
                        Some(fix) => {
                            fix.summary = format!("{}; and {}", fix.summary, other.summary);
                            fix.edits.extend(other.edits);
                            fix.commands.extend(other.commands);
                        }
                        None => found.fix = Some(other),
                    }
                }
            }
            None => {
                found.notes.push(
                    "the role's trust policy has to name the caller, and (unless it names the caller itself, in the same account) the caller has to be allowed `sts:AssumeRole` on the role".to_owned(),
                );
                found.fix = Some(advice(
                    format!("have the role trust {who}, and allow {who} to call `sts:AssumeRole` on it"),
                    role_administrator(role),
                    Vec::new(),
                ));
            }
        }
        Finding::Blocks(Box::new(found))
    }
}

fn short(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

fn role_administrator(arn: &str) -> String {
    match arn.split(':').nth(4).filter(|account| !account.is_empty()) {
        Some(account) => format!("an administrator of {account}"),
        None => "an administrator of the role's account".to_owned(),
    }
}
