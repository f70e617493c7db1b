//! What was not checked, in one note; silence means checked.

use super::MOST;
use crate::diagnosis::{Check, Failure, Outcome};
use crate::render::words;

/// One note over the causes that stayed open and the checks that brought nothing, grouped by the reason.
pub fn note(failure: &Failure) -> Option<String> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |what: String, because: String| {
        if groups.iter().any(|(_, things)| things.contains(&what)) {
            return;
        }
        match groups.iter_mut().find(|(reason, _)| *reason == because) {
            Some((_, things)) => things.push(what),
            None => groups.push((because, vec![what])),
        }
    };
    for open in &failure.open {
        add(subject(&open.cause), with_code(&open.because));
    }
    let used: Vec<&String> = failure.blockers.iter().flat_map(|blocker| &blocker.evidence).collect();
    for check in failure.checks.iter().filter(|check| !used.contains(&&check.name)) {
        if let Some(because) = reason(check) {
            add(checked(&check.name), because);
        }
    }
    if groups.is_empty() {
        return None;
    }
    let left_out: usize = groups.iter().skip(MOST).map(|(_, things)| things.len()).sum();
    let mut parts: Vec<String> = groups
        .iter()
        .take(MOST)
        .map(|(because, things)| {
            let things = words::list_at_most(things, MOST + 1);
            if because.is_empty() { things } else { format!("{things} ({because})") }
        })
        .collect();
    if left_out > 0 {
        parts.push(format!("and {}", words::and_more(left_out)));
    }
    Some(format!("not checked: {}", parts.join("; ")))
}

/// Everything that was asked, with what it cost: for those who want to know.
pub fn asked(failure: &Failure) -> Option<String> {
    let checks: Vec<String> = failure.checks.iter().map(one_check).collect();
    (!checks.is_empty()).then(|| format!("asked: {}", checks.join(", ")))
}

fn one_check(check: &Check) -> String {
    let outcome = match check.outcome {
        Outcome::Ok => "ok",
        Outcome::Denied => "denied",
        Outcome::Failed => "failed",
        Outcome::TimedOut => "timed out",
        Outcome::Skipped => "skipped",
    };
    let cost = check.ms.map(|ms| format!(" in {ms} ms")).unwrap_or_default();
    let why = check.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    format!("`{}` {outcome}{cost}{why}", check.name)
}

/// Why a check leaves something unchecked. A refused probe of the bucket or the object is an answer, and one
/// that was skipped had a reason that makes it needless.
fn reason(check: &Check) -> Option<String> {
    // Of the other probes, a refusal is an answer.
    let is_document = matches!(
        check.name.as_str(),
        "iam-policies"
            | "iam-role-trust"
            | "kms-key"
            | "kms-key-policy"
            | "organization"
            | "organization-policies"
            | "s3-access-point"
            | "s3-bucket-policy"
            | "s3-other-bucket-policy"
            | "vpc-endpoints"
    );
    // An account that is in no organization has none of its policies: that is known.
    let is_answer = check.why.as_ref().is_some_and(|why| why.contains("AWSOrganizationsNotInUseException"));
    match check.outcome {
        Outcome::Denied if is_document && !is_answer => Some(match (&check.why, permission(&check.name)) {
            (Some(why), _) if mentions_permission(why) => with_code(why),
            (_, Some(permission)) => format!("`{permission}` was denied"),
            (Some(why), None) => with_code(why),
            (None, None) => "denied".to_owned(),
        }),
        Outcome::TimedOut => Some("no answer in time; `WHY403_TIMEOUT` sets the limit".to_owned()),
        Outcome::Failed => Some(check.why.as_deref().map_or_else(|| "the request failed".to_owned(), with_code)),
        _ => None,
    }
}

fn permission(check: &str) -> Option<&'static str> {
    Some(match check {
        "iam-role-trust" => "iam:GetRole",
        "organization" => "organizations:DescribeOrganization",
        "organization-policies" => "organizations:ListPoliciesForTarget",
        "s3-access-point" => "s3:GetAccessPoint",
        "s3-bucket-policy" | "s3-other-bucket-policy" => "s3:GetBucketPolicy",
        "vpc-endpoints" => "ec2:DescribeVpcEndpoints",
        "kms-key" => "kms:DescribeKey",
        "kms-key-policy" => "kms:GetKeyPolicy",
        _ => return None,
    })
}

/// What a check looks at, as one says "not checked: …".
fn checked(check: &str) -> String {
    let words = match check {
        "credentials" => "the credentials",
        "dns" => "the address of the endpoint",
        "iam-role-trust" => "the role's trust policy",
        "iam-simulation" => "IAM's own simulation",
        "organization" | "organization-policies" => "service control policies",
        "s3-access-point" => "the access point policy",
        "s3-object" => "the object's headers",
        "s3-object-acl" => "the object's owner",
        "vpc-endpoints" => "the VPC endpoint policy",
        "iam-policies" => "identity policies",
        "kms-key" => "the KMS key",
        "kms-key-policy" => "the key policy",
        "other-profiles" => "other profiles",
        "s3-bucket" => "the bucket's region",
        "s3-bucket-policy" => "the bucket policy",
        "s3-other-bucket-policy" => "the policy of the copy's other bucket",
        "s3-list" => "the listing of the prefix",
        "s3-own-buckets" => "the caller's buckets",
        "s3-replay" => "a replay of the request",
        "s3-unsigned" => "an unsigned request",
        "sts-identity" => "the caller's identity",
        other => return format!("`{other}`"),
    };
    words.to_owned()
}

/// What would have to be read to exclude a cause.
fn subject(cause: &str) -> String {
    let words = match cause {
        "identity-policy-no-allow" | "identity-policy-deny" => "identity policies",
        "permissions-boundary" => "the permissions boundary",
        "session-policy" => "the session policy",
        "service-control-policy" => "service control policies",
        "resource-control-policy" => "resource control policies",
        "bucket-policy-deny" | "bucket-policy-no-allow" => "the bucket policy",
        "vpc-endpoint-policy" => "the VPC endpoint policy",
        "access-point-policy" => "the access point policy",
        "block-public-access" => "Block Public Access",
        "object-owned-by-other-account" => "the object's owner",
        "kms-no-allow" | "kms-key-unusable" | "kms-aws-managed-key" => "the KMS key",
        "kms-key-policy" => "the key policy",
        "requester-pays" => "who pays for requests",
        "assume-role-denied" => "the role's trust policy",
        "wrong-profile" => "other profiles",
        "key-not-found-hidden" => "whether the key exists",
        "bucket-not-found" => "whether the bucket exists",
        "wrong-region" => "the bucket's region",
        other => return format!("`{other}`"),
    };
    words.to_owned()
}

fn mentions_permission(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || c == '`').any(is_permission)
}

/// `s3:ListBucket`: a service in lower case, a colon, an operation with a capital.
fn is_permission(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        !service.is_empty()
            && service.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && action.starts_with(|c: char| c.is_ascii_uppercase())
            && action.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// The reason with backticks round the permissions that it names, unless it has backticks of its own.
pub fn with_code(because: &str) -> String {
    if because.contains('`') {
        return because.to_owned();
    }
    let words: Vec<String> = because
        .split(' ')
        .map(|word| {
            let bare = word.trim_end_matches([',', ';', '.']);
            if is_permission(bare) { format!("`{bare}`{}", &word[bare.len()..]) } else { word.to_owned() }
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_stand_in_backticks() {
        assert_eq!(
            with_code("organizations:ListPoliciesForTarget was denied"),
            "`organizations:ListPoliciesForTarget` was denied"
        );
        assert_eq!(with_code("see arn:aws:s3:::b and x: Y"), "see arn:aws:s3:::b and x: Y");
        assert_eq!(with_code("`a` s3:GetObject"), "`a` s3:GetObject");
    }
}
