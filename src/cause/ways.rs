//! What a caller can do about a Deny with conditions, short of having it edited. All of its conditions have to hold for it
//! to deny, so one that no longer does is enough: each way is a help of its own.

use super::fixes::advice;
use super::verdict::Verdict;
use crate::diagnosis::{Blocker, Fix};
use crate::policy::{self, Effect, Element, ElementTrace, Layer, StatementTrace, Truth};

const ENDPOINT: &str = "run this from a network that reaches S3 through the VPC endpoint that the statement names";

/// A way out, and what of the request is other on it, where the command's own options decide that.
struct Way {
    fix: Fix,
    changes: Vec<(&'static str, Option<String>)>,
}

const SSE: &str = "s3:x-amz-server-side-encryption";
const SSE_KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
const SSE_C: &str = "s3:x-amz-server-side-encryption-customer-algorithm";
const ACL: &str = "s3:x-amz-acl";

/// The ways out of the statement that `found` shows, in the order of its conditions: those that are ways out of every other
/// Deny of the layer too, for one alone would help nobody. What leads out of another one may lead out of this one as well:
/// a bucket that asks for a header denies a wrong one in one statement, and none in the next.
pub(super) fn out_of(found: &Blocker, verdict: &Verdict, layer: Layer) -> Vec<Fix> {
    let Some(shown) = found.place.as_ref().and_then(|place| place.statement.as_ref()) else { return Vec::new() };
    let statements = || verdict.evaluation.layer(layer).into_iter().flat_map(|layer| &layer.statements);
    let Some(statement) = statements().find(|trace| trace.statement.index == shown.index) else { return Vec::new() };
    let others = statements().filter(|trace| denies(trace) && trace.statement.index != shown.index);
    let others: Vec<Vec<Way>> = others.map(|other| ways(&other.elements)).collect();
    let own = ways(&statement.elements);
    let is_way = |known: &Way, way: &Way| known.fix.summary == way.fix.summary;
    let leads_out = |way: &&Way| {
        // What the command's own options decide can be tried; of the rest the same words are the same way.
        if !way.changes.is_empty() {
            return spares(way, verdict, layer);
        }
        std::iter::once(&own).chain(&others).all(|ways| ways.iter().any(|known| is_way(known, way)))
    };
    let mut found: Vec<Fix> = Vec::new();
    for way in own.iter().chain(others.iter().flatten()).filter(leads_out) {
        if !found.iter().any(|known| known.summary == way.fix.summary) {
            found.push(way.fix.clone());
        }
    }
    found
}

fn denies(trace: &StatementTrace) -> bool {
    trace.effect == Effect::Deny && trace.verdict == Truth::True
}

/// Whether no statement of the layer denies the request as it is on that way.
fn spares(way: &Way, verdict: &Verdict, layer: Layer) -> bool {
    let mut request = verdict.request.clone();
    for (key, value) in &way.changes {
        match value {
            Some(value) => request.context.set(key, [value.as_str()]),
            None => request.context.set_absent(key),
        };
    }
    let evaluated = policy::evaluate(&request, &verdict.documents.layers);
    !evaluated.layer(layer).into_iter().flat_map(|layer| &layer.statements).any(denies)
}

fn ways(elements: &[ElementTrace]) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for trace in elements {
        let Element::Condition { operator, key } = &trace.element else { continue };
        if let Some(way) = way(operator, key, &trace.wanted)
            && !ways.iter().any(|known| known.fix.summary == way.fix.summary)
        {
            ways.push(way);
        }
    }
    ways
}

/// What keeps one condition from holding. `wanted` is what makes it hold, in words, with values in backticks.
fn way(operator: &str, written: &str, wanted: &str) -> Option<Way> {
    let (operator, key) = (operator.to_ascii_lowercase(), written.to_ascii_lowercase());
    let values: Vec<&str> = wanted.split('`').skip(1).step_by(2).collect();
    let has = |value: &str| values.iter().any(|own| own.eq_ignore_ascii_case(value));
    // It denies what is not as the statement names it, or what has no such key.
    let asks = if operator == "null" { wanted.starts_with("no ") } else { operator.contains("not") };
    // One value, and no pattern: what can be given as it is.
    let only = match values.as_slice() {
        [only] if operator != "null" && !only.contains(['*', '?', '$']) => Some(*only),
        _ => None,
    };
    let changed = |summary: &str, changes: Vec<(&'static str, Option<String>)>| {
        Some(Way { fix: advice(summary, "you", Vec::new()), changes })
    };
    let you = |summary: &str| changed(summary, Vec::new());
    let to = |value: &str| Some(value.to_owned());
    match key.as_str() {
        "aws:sourcevpce" | "aws:sourcevpc" if asks => you(ENDPOINT),
        "aws:sourcevpce" | "aws:sourcevpc" => you("run this from a network that does not use the VPC endpoint"),
        "aws:sourceip" | "aws:vpcsourceip" if asks => you("run this from an address that the statement leaves out"),
        "aws:sourceip" | "aws:vpcsourceip" => you("run this from an address that the statement does not name"),
        "aws:securetransport" if has("false") => you("use an `https://` endpoint"),
        "aws:multifactorauthpresent" if !has("true") => you("use a session that was made with MFA"),
        "aws:multifactorauthage" => you("use a session that was made with MFA, not long ago"),
        SSE_C if !asks => changed("upload without `--sse-c` and `--sse-c-key`", vec![(SSE_C, None)]),
        SSE_KEY if asks => match only {
            Some(id) => changed(
                &format!("give the upload the key that the statement asks for: `--sse aws:kms --sse-kms-key-id {id}`"),
                vec![(SSE, to("aws:kms")), (SSE_KEY, to(id))],
            ),
            None => you("give the upload a key that the statement asks for: `--sse aws:kms --sse-kms-key-id`"),
        },
        SSE => {
            let kms = values.iter().any(|own| own.to_ascii_lowercase().trim_end_matches('*') == "aws:kms");
            let sse = match (asks, kms) {
                (true, true) | (false, false) => "aws:kms",
                _ => "AES256",
            };
            // A Deny of AES256 asks for another; any other positive one is met by S3's own keys.
            let sse = if !asks && !has("AES256") { "AES256" } else { sse };
            changed(
                &format!("give the upload the encryption that the statement asks for: `--sse {sse}`"),
                vec![(SSE, to(sse))],
            )
        }
        ACL if asks => {
            let acl = only.unwrap_or("bucket-owner-full-control");
            changed(
                &format!("give the upload the ACL that the statement asks for: `--acl {acl}`"),
                vec![(ACL, to(acl))],
            )
        }
        ACL => changed("upload without `--acl`", vec![(ACL, None)]),
        _ => {
            // A tag's name is written as the object has it.
            let tag = written.get(key.strip_prefix("s3:existingobjecttag/").map(|tag| key.len() - tag.len())?..)?;
            if asks {
                return you("wait until the object carries the tag that the statement asks for");
            }
            let fix = advice(
                format!("have the object's tag `{tag}` corrected, where it does not belong there"),
                "whoever may tag the object",
                Vec::new(),
            );
            Some(Way { fix, changes: Vec::new() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(operator: &str, key: &str, wanted: &str) -> Option<String> {
        way(operator, key, wanted).map(|way| way.fix.summary)
    }

    #[test]
    fn what_a_deny_asks_for_and_what_it_forbids_have_other_ways_out() {
        for (operator, key, wanted, part) in [
            (
                "StringNotEquals",
                "s3:ExistingObjectTag/GuardDutyMalwareScanStatus",
                "anything but `NO_THREATS_FOUND`",
                "wait until",
            ),
            ("Null", "s3:ExistingObjectTag/reviewed", "no `s3:ExistingObjectTag/reviewed`", "wait until"),
            ("StringEquals", "s3:ExistingObjectTag/dataClass", "`secret`", "tag `dataClass` corrected"),
            ("StringNotEqualsIfExists", "aws:SourceVpce", "anything but `vpce-1`", "through the VPC endpoint"),
            ("StringEquals", "aws:SourceVpce", "`vpce-1`", "does not use the VPC endpoint"),
            ("Null", "aws:SourceVpce", "no `aws:SourceVpce`", "through the VPC endpoint"),
            ("IpAddress", "aws:SourceIp", "`203.0.113.0/24`", "does not name"),
            ("NotIpAddress", "aws:SourceIp", "anything but `203.0.113.0/24`", "leaves out"),
            ("StringNotEquals", "s3:x-amz-server-side-encryption", "anything but `aws:kms`", "`--sse aws:kms`"),
            ("Null", "s3:x-amz-server-side-encryption", "no `s3:x-amz-server-side-encryption`", "`--sse AES256`"),
            ("StringEquals", "s3:x-amz-server-side-encryption", "`AES256`", "`--sse aws:kms`"),
            ("StringEquals", "s3:x-amz-server-side-encryption", "`aws:kms`", "`--sse AES256`"),
            (
                "StringNotEquals",
                "s3:x-amz-server-side-encryption-aws-kms-key-id",
                "anything but `arn:aws:kms:us-east-1:111122223333:key/k`",
                "--sse-kms-key-id arn:aws:kms:us-east-1:111122223333:key/k",
            ),
            (
                "Null",
                "s3:x-amz-server-side-encryption-customer-algorithm",
                "a `s3:x-amz-server-side-encryption-customer-algorithm`",
                "without `--sse-c`",
            ),
            ("StringNotEquals", "s3:x-amz-acl", "anything but `bucket-owner-read`", "`--acl bucket-owner-read`"),
            ("StringEquals", "s3:x-amz-acl", "`public-read`", "without `--acl`"),
            ("BoolIfExists", "aws:MultiFactorAuthPresent", "`false`", "with MFA"),
        ] {
            let way = said(operator, key, wanted).unwrap();
            assert!(way.contains(part), "{operator} {key}: {way}");
        }
        for (operator, key, wanted) in [
            ("ArnNotLike", "aws:PrincipalArn", "anything but `arn:aws:iam::*:role/audit`"),
            ("BoolIfExists", "aws:ViaAWSService", "`false`"),
            ("Bool", "aws:SecureTransport", "`true`"),
        ] {
            assert_eq!(said(operator, key, wanted), None);
        }
    }
}
