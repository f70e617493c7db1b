//! Repairs: the narrowest edit that lets the failed request through, who can make it, and commands that work when
//! pasted. Nothing here widens to `*`, turns Block Public Access off, or takes a Deny away that could be satisfied.

use super::case::Case;
use super::documents::Source;
use super::verdict::{Verdict, end_of};
use crate::diagnosis::{Blocker, Certainty, DocumentKind, Edit, EditOp, EditTarget, EditedDocument, Fix};
use crate::policy::{self, Decisive, Layer, Outcome, Principal, Reading, Repair, RepairEdit, RepairOp};
use crate::recognize::{DeniedLayer, DenyEffect};
use serde_json::{Value, json};

/// A blocker with nothing but its head.
pub(super) fn blocker(code: &str, certainty: Certainty, summary: impl Into<String>) -> Blocker {
    Blocker {
        cause: code.to_owned(),
        certainty,
        summary: summary.into(),
        place: None,
        near_miss: None,
        evidence: Vec::new(),
        fix: None,
        other_fixes: Vec::new(),
        notes: Vec::new(),
        excerpt: None,
    }
}

/// An action that edits no policy.
pub(super) fn advice(summary: impl Into<String>, who: impl Into<String>, commands: Vec<String>) -> Fix {
    Fix { summary: summary.into(), who: who.into(), edits: Vec::new(), commands }
}

/// `` `a`, `b`, and `c` ``.
pub(super) fn and(items: &[&str]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("`{item}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}

/// The repair of one layer, proven by the evaluator where the layer was read.
pub(super) fn for_layer(case: &Case<'_>, verdict: &Verdict, layer: Layer, kind: DocumentKind) -> Option<Fix> {
    let wanted = wanted_request(case, verdict);
    let outcome = verdict.evaluation.layer(layer).map(|layer| layer.outcome);
    // A Deny of some of the keys that a recursive command covers is one of the key that failed.
    let repair = policy::repair(&wanted, &verdict.documents.layers, layer)
        .or_else(|| policy::repair(&verdict.request, &verdict.documents.layers, layer));
    let grants = !matches!(outcome, Some(Outcome::DeniesExplicitly));
    if let Some(repair) = repair {
        let sources = || sources(verdict, &repair).into_iter().flatten();
        if sources().any(|source| source.aws_managed) {
            return grants.then(|| allow(case, verdict, &wanted, layer, kind)).flatten();
        }
        if grants && sources().any(|source| !is_the_callers_own(case, source)) {
            return allow(case, verdict, &wanted, layer, kind);
        }
        return edited(case, verdict, kind, repair);
    }
    match outcome {
        // A Deny that no edit may take away: the request itself has to meet its condition.
        Some(Outcome::DeniesExplicitly) => None,
        // AWS says that nothing denies, and nothing allows: an Allow helps, whatever the conditions of the others.
        Some(Outcome::Depends) if !says_that_nothing_allows(case, verdict, layer) => None,
        // A Deny of another layer hides that this one allows nothing either.
        Some(Outcome::NoAllow) => allow(case, verdict, &wanted, layer, kind),
        _ if case.denial.as_ref().is_some_and(|denial| denial.effect == Some(DenyEffect::Explicit)) => None,
        _ => allow(case, verdict, &wanted, layer, kind),
    }
}

/// The exemption of the caller from the one Deny that AWS's message can be about.
pub(super) fn for_deny(case: &Case<'_>, verdict: &Verdict, denying: &Decisive, kind: DocumentKind) -> Option<Fix> {
    let repair = policy::repair_of(&wanted_request(case, verdict), &verdict.documents.layers, denying)?;
    let is_aws_managed = sources(verdict, &repair).into_iter().flatten().any(|source| source.aws_managed);
    if is_aws_managed { None } else { edited(case, verdict, kind, repair) }
}

/// Where each edit's document came from.
fn sources<'v>(verdict: &'v Verdict, repair: &Repair) -> Vec<Option<&'v Source>> {
    let source = |edit: &RepairEdit| verdict.documents.source(repair.layer, edit.policy_index?);
    repair.edits.iter().map(source).collect()
}

/// A repair as the report has it.
fn edited(case: &Case<'_>, verdict: &Verdict, kind: DocumentKind, repair: Repair) -> Option<Fix> {
    let sources = sources(verdict, &repair);
    let layer = repair.layer;
    let edits = repair.edits.into_iter().zip(&sources);
    let edits = edits.map(|(edit, source)| edit_of(case, verdict, layer, kind, edit, *source)).collect();
    finish(case, verdict, &verdict.resource, layer, &sources, edits)
}

/// The report's edit.
fn edit_of(
    case: &Case<'_>,
    verdict: &Verdict,
    layer: Layer,
    kind: DocumentKind,
    edit: RepairEdit,
    source: Option<&Source>,
) -> Edit {
    let (op, statement_index) = match edit.op {
        RepairOp::AddStatement => (EditOp::AddStatement, None),
        RepairOp::ReplaceStatement(index) => (EditOp::ReplaceStatement, Some(index)),
        RepairOp::RemoveStatement(index) => (EditOp::RemoveStatement, Some(index)),
    };
    let target = source.map_or_else(
        || target(case, verdict, kind),
        |source| EditTarget { kind: source.kind, owner: source.owner.clone(), policy: source.policy.clone() },
    );
    let before = edit.policy_index.and_then(|index| verdict.documents.document(layer, index));
    let document = EditedDocument { before: before.map(|document| document.text().to_owned()), after: edit.edited };
    Edit { target, op, statement_index, statement: edit.statement, document: Some(document) }
}

/// An Allow of its own, where a Deny of the same layer is what stops it first.
pub(super) fn for_missing_allow(case: &Case<'_>, verdict: &Verdict, layer: Layer, kind: DocumentKind) -> Option<Fix> {
    allow(case, verdict, &wanted_request(case, verdict), layer, kind)
}

/// Whether AWS's message says that the layer has no Allow for the permission.
fn says_that_nothing_allows(case: &Case<'_>, verdict: &Verdict, layer: Layer) -> bool {
    let named = match case.denied_layer() {
        Some(DeniedLayer::IdentityPolicy) => layer == Layer::Identity,
        Some(DeniedLayer::ResourcePolicy) => layer == Layer::Resource,
        _ => false,
    };
    let denial = case.denial.as_ref();
    named
        && denial.and_then(|denial| denial.effect) == Some(DenyEffect::Implicit)
        && denial.and_then(|denial| denial.action.as_deref()) == Some(&*verdict.action)
}

/// What the caller can do to meet an Allow's condition.
pub(super) fn way_to_meet(missed: &policy::Reason) -> Option<Fix> {
    let (policy::Reason::KeyUnknown { key, .. }
    | policy::Reason::KeyAbsent { key, .. }
    | policy::Reason::KeyValue { key, .. }) = missed
    else {
        return None;
    };
    let way = match key.to_ascii_lowercase().as_str() {
        "aws:sourceip" | "aws:vpcsourceip" => "run this from an address that the statement lets in",
        "aws:sourcevpce" | "aws:sourcevpc" => {
            "run this from a network that reaches S3 through the VPC endpoint that the statement lets in"
        }
        "aws:multifactorauthpresent" | "aws:multifactorauthage" => "use a session that was made with MFA",
        _ => return None,
    };
    Some(advice(way, "you", Vec::new()))
}

/// What the repair has to let through: the failed request, or all that a recursive command named.
fn wanted_request(case: &Case<'_>, verdict: &Verdict) -> policy::Request {
    let mut wanted = verdict.request.clone();
    let end = end_of(case, &verdict.resource);
    if end.recursive
        && let (Some(bucket), Some(_)) = (end.bucket_arn(), wanted.resource.split_once('/'))
        && wanted.resource.starts_with(&format!("{bucket}/"))
    {
        let prefix = end.prefix.as_deref().unwrap_or_default();
        wanted.resource = format!("{bucket}/{prefix}*");
    }
    wanted
}

/// Whether a change of this document would reach the caller alone.
fn is_the_callers_own(case: &Case<'_>, source: &Source) -> bool {
    match source.kind {
        DocumentKind::IdentityPolicy => source.owner == case.policy_holder() && !source.shared,
        _ => true,
    }
}

/// An Allow of exactly what was asked, for a document that was not read or that is nobody's to edit.
fn allow(
    case: &Case<'_>,
    verdict: &Verdict,
    wanted: &policy::Request,
    layer: Layer,
    kind: DocumentKind,
) -> Option<Fix> {
    // The statement goes into a new document, or into one that was not read; the version that is written everywhere is meant.
    let version = match (layer, &verdict.documents.layers.resource) {
        (Layer::Resource, Reading::Read(own)) => own.document.version(),
        _ => policy::Version::V2012,
    };
    let mut statement = json!({ "Effect": "Allow" });
    let members = statement.as_object_mut()?;
    let mut condition = None;
    match layer {
        Layer::Identity => {}
        Layer::Resource => {
            let (principal, held_to) = policy::repair::principal_to_name(wanted)?;
            members.insert("Principal".to_owned(), principal);
            condition = held_to;
        }
        // Nobody can add an Allow to a policy that was not read without knowing what else it says.
        _ => return None,
    }
    members.insert("Action".to_owned(), wanted.action.as_str().into());
    // A trust policy has no Resource: it is the role's own.
    if kind != DocumentKind::RoleTrustPolicy {
        members.insert("Resource".to_owned(), policy::repair::resource_to_name(wanted, version)?.into());
    }
    if let Some(condition) = policy::repair::condition_to_hold(wanted, condition, version) {
        members.insert("Condition".to_owned(), condition);
    }
    let owner = match kind {
        DocumentKind::IdentityPolicy => case.policy_holder(),
        DocumentKind::BucketPolicy => verdict.bucket(case).map(str::to_owned),
        DocumentKind::KeyPolicy | DocumentKind::RoleTrustPolicy => Some(wanted.resource.clone()),
        DocumentKind::AccessPointPolicy => case.access_point_arn().map(str::to_owned),
        _ => None,
    };
    // Which user's policy to edit, the ARN of a federated user's session does not tell.
    if owner.is_none() && case.is_federated() {
        let whose = case.whose_policies();
        let summary = format!("allow `{}` on `{}`, in a policy of {whose}", wanted.action, wanted.resource);
        return Some(advice(summary, case.own_administrator(), Vec::new()));
    }
    let edit = Edit {
        target: EditTarget { kind, owner, policy: None },
        op: EditOp::AddStatement,
        statement_index: None,
        document: allowing(verdict, layer, &statement),
        statement: Some(statement),
    };
    finish(case, verdict, &wanted.resource, layer, &[None], vec![edit])
}

/// The whole document around an Allow: a new policy of an identity, or a resource's own with the statement added. Of a
/// resource whose policy could not be read there is none: it would take away what the policy says now.
fn allowing(verdict: &Verdict, layer: Layer, statement: &Value) -> Option<EditedDocument> {
    let layers = &verdict.documents.layers;
    match (layer, &layers.resource) {
        (Layer::Resource, Reading::Read(own)) => {
            let after = policy::repair::with_statement(&own.document, statement)?;
            Some(EditedDocument { before: Some(own.document.text().to_owned()), after })
        }
        (Layer::Resource, Reading::Partly(_) | Reading::Unread) => None,
        _ => {
            let whole = json!({ "Version": "2012-10-17", "Statement": [statement] });
            Some(EditedDocument { before: None, after: serde_json::to_string_pretty(&whole).ok()? + "\n" })
        }
    }
}

fn target(case: &Case<'_>, verdict: &Verdict, kind: DocumentKind) -> EditTarget {
    let owner = match kind {
        DocumentKind::IdentityPolicy | DocumentKind::PermissionsBoundary => case.policy_holder(),
        DocumentKind::BucketPolicy => verdict.bucket(case).map(str::to_owned),
        DocumentKind::KeyPolicy | DocumentKind::RoleTrustPolicy => Some(verdict.resource.clone()),
        DocumentKind::AccessPointPolicy => case.access_point_arn().map(str::to_owned),
        DocumentKind::SessionPolicy => case.caller().map(|caller| caller.to_string()),
        _ => None,
    };
    EditTarget { kind, owner, policy: None }
}

/// Who makes the edits, and the command for each of the documents; `None` without an edit. `resource` is what the
/// repair lets the caller have: the refused one, or all that a recursive command named.
fn finish(
    case: &Case<'_>,
    verdict: &Verdict,
    resource: &str,
    layer: Layer,
    sources: &[Option<&Source>],
    edits: Vec<Edit>,
) -> Option<Fix> {
    let first = edits.first()?;
    let (action, who) = (verdict.action.as_str(), case.who());
    let effect = |edit: &Edit| Some(edit.statement.as_ref()?.get("Effect")?.as_str()? == "Deny");
    let denied = effect(first) == Some(true) || first.op == EditOp::RemoveStatement;
    let summary = match (layer, first.op, denied) {
        (_, EditOp::RemoveStatement, _) => "remove the statement that denies it".to_owned(),
        (_, _, true) if edits.len() > 1 => {
            format!("exempt {who} from the {} statements that deny it", edits.len())
        }
        (_, _, true) => format!("exempt {who} from the statement that denies it"),
        (Layer::Identity, EditOp::ReplaceStatement, _) => format!("let the statement cover what {who} asked for"),
        (Layer::Identity, ..) => format!("allow `{action}` on exactly this, in a policy of {who}"),
        (Layer::Resource, ..) => format!("let {who} in, for `{action}` on exactly this"),
        _ => format!("let `{action}` on exactly this through"),
    };
    let by_itself = |source: &Option<&Source>| source.is_none_or(|source| source.arn.is_none());
    let set =
        edits.iter().zip(sources).find_map(|(edit, source)| permission_set(&edit.target).filter(|_| by_itself(source)));
    if let Some(set) = set {
        return Some(Fix {
            summary: format!("{summary}: in the permission set `{set}`, which alone can change that role"),
            who: "an administrator of IAM Identity Center".to_owned(),
            edits,
            commands: Vec::new(),
        });
    }
    let mut commands: Vec<String> = Vec::new();
    for (edit, source) in edits.iter().zip(sources) {
        commands.extend(
            command(case, (action, resource), *source, &edit.target).filter(|command| !commands.contains(command)),
        );
    }
    Some(Fix { summary, who: who_can(case, verdict, first.target.kind, &first.target), edits, commands })
}

/// The permission set that a role of IAM Identity Center's was made from. IAM takes no edit of such a role from anybody:
/// its own policies are the permission set's.
fn permission_set(target: &EditTarget) -> Option<&str> {
    let own = matches!(target.kind, DocumentKind::IdentityPolicy | DocumentKind::PermissionsBoundary);
    let role = target.owner.as_deref().filter(|_| own)?.rsplit('/').next()?;
    let (set, _id) = role.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
    Some(set)
}

/// Who can edit a kind of document.
pub(super) fn who_can(case: &Case<'_>, verdict: &Verdict, kind: DocumentKind, target: &EditTarget) -> String {
    let account_of = |arn: &Option<String>| {
        arn.as_deref().and_then(|arn| arn.split(':').nth(4)).filter(|account| !account.is_empty()).map(str::to_owned)
    };
    match kind {
        DocumentKind::IdentityPolicy | DocumentKind::PermissionsBoundary => case.own_administrator(),
        DocumentKind::SessionPolicy => "whoever makes the session".to_owned(),
        DocumentKind::BucketPolicy => who_can_replace_the_policy(case, verdict),
        DocumentKind::KeyPolicy | DocumentKind::RoleTrustPolicy | DocumentKind::AccessPointPolicy => {
            account_of(&target.owner)
                .map_or_else(|| case.own_administrator(), |account| format!("an administrator of {account}"))
        }
        DocumentKind::VpcEndpointPolicy => "whoever runs the VPC endpoint".to_owned(),
        DocumentKind::ServiceControlPolicy => "an administrator of the organization".to_owned(),
        DocumentKind::ResourceControlPolicy => "an administrator of the bucket owner's organization".to_owned(),
    }
}

/// Who can replace the bucket's policy. Its account's root user always can, whatever the policy says.
fn who_can_replace_the_policy(case: &Case<'_>, verdict: &Verdict) -> String {
    let account = verdict.request.principal.account().filter(|_| verdict.same_account(case) == Some(true));
    match (&verdict.request.principal, account) {
        (Principal::Root { .. }, Some(_)) => "you".to_owned(),
        (_, Some(account)) if is_locked(verdict) => format!("the root user of {account}"),
        _ => case.administrator_of(Some(verdict)),
    }
}

/// Whether the bucket's policy lets nobody but its account's root user replace it.
pub(super) fn is_locked(verdict: &Verdict) -> bool {
    let Reading::Read(policy) = &verdict.documents.layers.resource else { return false };
    let bucket = verdict.resource.split_once('/').map_or(verdict.resource.as_str(), |(bucket, _key)| bucket);
    let replacing = policy::Request {
        action: "s3:PutBucketPolicy".to_owned(),
        resource: bucket.to_owned(),
        ..verdict.request.clone()
    };
    policy::locks_everybody_out(&policy.document, &replacing)
}

/// The command that stores the edited document; `why403 fix` prints the document.
fn command(
    case: &Case<'_>,
    (action, resource): (&str, &str),
    source: Option<&Source>,
    target: &EditTarget,
) -> Option<String> {
    let owner = target.owner.as_deref()?;
    let file = |name: &str| format!("file://{name}.json");
    let words: Vec<String> = match target.kind {
        DocumentKind::IdentityPolicy | DocumentKind::PermissionsBoundary => {
            if let Some(arn) = source.and_then(|source| source.arn.as_ref()) {
                let name = arn.rsplit('/').next().unwrap_or(arn);
                [
                    "iam",
                    "create-policy-version",
                    "--set-as-default",
                    "--policy-arn",
                    arn,
                    "--policy-document",
                    &file(name),
                ]
                .map(str::to_owned)
                .to_vec()
            } else {
                let (kind, name) = holder(owner)?;
                let policy = target.policy.clone().unwrap_or_else(|| new_policy_name(action, resource));
                vec![
                    "iam".to_owned(),
                    format!("put-{kind}-policy"),
                    format!("--{kind}-name"),
                    name.to_owned(),
                    "--policy-name".to_owned(),
                    policy.clone(),
                    "--policy-document".to_owned(),
                    file(&policy),
                ]
            }
        }
        DocumentKind::BucketPolicy => {
            ["s3api", "put-bucket-policy", "--bucket", owner, "--policy", &file(&format!("{owner}-policy"))]
                .map(str::to_owned)
                .to_vec()
        }
        DocumentKind::KeyPolicy => {
            ["kms", "put-key-policy", "--policy-name", "default", "--key-id", owner, "--policy", &file("key-policy")]
                .map(str::to_owned)
                .to_vec()
        }
        DocumentKind::VpcEndpointPolicy => {
            ["ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", owner, "--policy-document", &file(owner)]
                .map(str::to_owned)
                .to_vec()
        }
        DocumentKind::RoleTrustPolicy => {
            let name = owner.rsplit('/').next()?;
            [
                "iam",
                "update-assume-role-policy",
                "--role-name",
                name,
                "--policy-document",
                &file(&format!("{name}-trust")),
            ]
            .map(str::to_owned)
            .to_vec()
        }
        DocumentKind::ServiceControlPolicy | DocumentKind::ResourceControlPolicy => {
            let id = owner.rsplit('/').next()?;
            ["organizations", "update-policy", "--policy-id", id, "--content", &file(id)].map(str::to_owned).to_vec()
        }
        DocumentKind::AccessPointPolicy => {
            let account = owner.split(':').nth(4)?;
            let name = owner.rsplit('/').next()?;
            ["s3control", "put-access-point-policy", "--account-id", account, "--name", name, "--policy", &file(name)]
                .map(str::to_owned)
                .to_vec()
        }
        DocumentKind::SessionPolicy => return None,
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Some(case.command(&words))
}

/// `role`, `app` of a role's ARN.
fn holder(arn: &str) -> Option<(&'static str, &str)> {
    let rest = arn.splitn(6, ':').nth(5)?;
    let kind = ["role", "user", "group"].into_iter().find(|kind| rest.starts_with(&format!("{kind}/")))?;
    Some((kind, rest.rsplit('/').next()?))
}

/// A name for an inline policy that does not exist yet: letters, digits and `+=,.@_-`, at most 128.
fn new_policy_name(action: &str, resource: &str) -> String {
    let verb = action.rsplit(':').next().unwrap_or(action);
    let place = resource.rsplit(':').next().unwrap_or(resource).split('/').next().unwrap_or_default();
    let name: String = format!("{verb}-{place}")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "+=,.@_-".contains(c) { c } else { '-' })
        .collect();
    name.trim_end_matches('-').chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_like_english() {
        assert_eq!(and(&[]), "");
        assert_eq!(and(&["a"]), "`a`");
        assert_eq!(and(&["a", "b"]), "`a` and `b`");
        assert_eq!(and(&["a", "b", "c"]), "`a`, `b`, and `c`");
    }

    #[test]
    fn holders_are_read_from_their_arns() {
        assert_eq!(holder("arn:aws:iam::111122223333:role/path/app"), Some(("role", "app")));
        assert_eq!(holder("arn:aws:iam::111122223333:user/ana"), Some(("user", "ana")));
        assert_eq!(holder("acme-logs"), None);
    }

    #[test]
    fn a_new_policys_name_is_one_that_iam_takes() {
        assert_eq!(new_policy_name("s3:GetObject", "arn:aws:s3:::acme-logs/a b/*"), "GetObject-acme-logs");
        assert_eq!(new_policy_name("s3:ListBucket", "arn:aws:s3:::acme-logs"), "ListBucket-acme-logs");
    }
}
