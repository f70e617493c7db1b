//! What a fix changes, in words: a command that changes something says so.

use crate::diagnosis::{DocumentKind, EditTarget, Fix};
use crate::render::outline::caller;

/// `changes IAM`, `changes the bucket policy`; nothing for a fix that changes nothing in AWS or on this machine.
pub fn changes(fix: &Fix) -> Option<String> {
    let mut things: Vec<&str> = fix.edits.iter().map(|edit| changed(edit.target.kind)).collect();
    if things.is_empty() {
        things = fix.commands.iter().filter_map(|command| changed_by(command)).collect();
    }
    let mut seen = Vec::new();
    things.retain(|thing| {
        !seen.contains(thing) && {
            seen.push(*thing);
            true
        }
    });
    (!things.is_empty()).then(|| format!("changes {}", crate::render::words::list(&things)))
}

fn changed(document: DocumentKind) -> &'static str {
    match document {
        DocumentKind::IdentityPolicy | DocumentKind::PermissionsBoundary => "IAM",
        DocumentKind::RoleTrustPolicy => "the role's trust policy",
        DocumentKind::BucketPolicy => "the bucket policy",
        DocumentKind::KeyPolicy => "the key policy",
        DocumentKind::VpcEndpointPolicy => "the VPC endpoint policy",
        DocumentKind::AccessPointPolicy => "the access point policy",
        DocumentKind::SessionPolicy => "the session policy",
        DocumentKind::ServiceControlPolicy | DocumentKind::ResourceControlPolicy => "the organization",
    }
}

/// What the names of the operations that change something begin with.
const VERBS: &[&str] = &[
    "add", "attach", "cancel", "copy", "create", "delete", "detach", "disable", "enable", "modify", "put", "remove",
    "restore", "set", "update",
];

/// What an `aws` command changes, from its service and the verb that its operation begins with.
fn changed_by(command: &str) -> Option<&'static str> {
    let mut words = command.split_whitespace().skip_while(|word| *word != "aws").skip(1);
    let (service, operation) = (words.next()?, words.next()?);
    let verb = operation.split('-').next()?;
    let changes = VERBS.contains(&verb) || (service == "s3" && ["cp", "mv", "rm", "sync", "mb", "rb"].contains(&verb));
    match service {
        "configure" if verb == "set" => Some("your AWS configuration"),
        "iam" if changes => Some("IAM"),
        "kms" if changes => Some("the key"),
        "organizations" if changes => Some("the organization"),
        "ec2" if changes => Some("the VPC endpoint"),
        "s3control" if changes => Some("the access point"),
        "s3" if changes => Some("objects"),
        "s3api" if changes && operation.contains("bucket-policy") => Some("the bucket policy"),
        "s3api" if changes && operation.contains("object") => Some("the object"),
        "s3api" if changes => Some("the bucket"),
        _ => None,
    }
}

/// A kind of document, in words.
pub fn document(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::IdentityPolicy => "identity policy",
        DocumentKind::BucketPolicy => "bucket policy",
        DocumentKind::KeyPolicy => "key policy",
        DocumentKind::VpcEndpointPolicy => "VPC endpoint policy",
        DocumentKind::AccessPointPolicy => "access point policy",
        DocumentKind::PermissionsBoundary => "permissions boundary",
        DocumentKind::SessionPolicy => "session policy",
        DocumentKind::ServiceControlPolicy => "service control policy",
        DocumentKind::ResourceControlPolicy => "resource control policy",
        DocumentKind::RoleTrustPolicy => "trust policy",
    }
}

/// One document: ``policy `app-read` of `role/app` ``, ``the bucket policy of `acme-logs` ``.
pub fn target(target: &EditTarget) -> String {
    let owner = target.owner.as_deref().map(|owner| caller::short(owner).unwrap_or_else(|| owner.to_owned()));
    let of = owner.map(|owner| format!(" of `{owner}`")).unwrap_or_default();
    match &target.policy {
        Some(policy) => format!("policy `{policy}`{of}"),
        None => format!("the {}{of}", document(target.kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_change_something_say_what() {
        let cases = [
            ("aws iam put-role-policy --role-name app", Some("IAM")),
            ("AWS_PROFILE=x aws s3api put-bucket-policy --bucket b", Some("the bucket policy")),
            ("aws s3api restore-object --bucket b --key k", Some("the object")),
            ("aws configure set region eu-west-1", Some("your AWS configuration")),
            ("aws s3 ls s3://acme-logs/", None),
            ("aws sso login --profile dev", None),
            ("date", None),
        ];
        for (command, changed) in cases {
            assert_eq!(changed_by(command), changed, "{command}");
        }
    }
}
