//! What S3 Block Public Access means by "public".
//!
//! S3 takes a bucket policy for public until every Allow in it is held to fixed values: a principal that is named, or a
//! condition that admits fixed values only (no wildcard, no policy variable) for one of a list of keys. An `aws:SourceIp`
//! range wider than /8 (IPv4) or /32 (IPv6) is no limit. `RestrictPublicBuckets` then keeps everybody out
//! but the bucket's own account and AWS services, *whatever* the policy says, the parts of it that are not public included.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status>

use super::condition::{Base, Quantifier, Test};
use super::document::{Condition, Document, Effect, Statement};
use super::principal_match::PrincipalPattern;
use super::wildcard::has_wildcard;

impl Document {
    /// Whether S3 calls this bucket policy public.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.statements().iter().any(is_public)
    }
}

fn is_public(statement: &Statement) -> bool {
    statement.effect == Effect::Allow && names_the_public(statement) && !statement.conditions.iter().any(is_fixed)
}

fn names_the_public(statement: &Statement) -> bool {
    let Some(principal) = &statement.principal else { return true };
    // Everybody but some is public too.
    principal.negated
        || principal.entries.iter().any(|entry| match &entry.pattern {
            PrincipalPattern::Everyone => true,
            // Anyone can have an account with a web identity provider.
            PrincipalPattern::Provider(provider) => !provider.starts_with("arn:"),
            _ => false,
        })
}

/// A condition that holds the statement to fixed values.
fn is_fixed(condition: &Condition) -> bool {
    let operator = condition.operator;
    // A condition that holds where the key is missing, or that only keeps values out, fixes nothing.
    if operator.if_exists || operator.is_negated() || operator.quantifier == Some(Quantifier::AllValues) {
        return false;
    }
    if condition.values.is_empty() {
        // Nothing matches it.
        return operator.base != Base::Null;
    }
    let all = |fixed: fn(&str) -> bool| {
        condition.values.iter().all(|value| {
            let variables = value.test.template().is_some_and(super::variables::Template::has_variables);
            !variables && fixed(value.text())
        })
    };
    let literal = |text: &str| !has_wildcard(text);
    match (&*condition.key, operator.base) {
        (
            "aws:principalarn"
            | "aws:principalaccount"
            | "aws:principalorgid"
            | "aws:principalorgpaths"
            | "aws:principalservicename"
            | "aws:principalservicenameslist"
            | "aws:sourcearn"
            | "aws:sourcevpc"
            | "aws:sourcevpce"
            | "aws:sourceowner"
            | "aws:sourceaccount"
            | "aws:sourceorgid"
            | "s3:x-amz-server-side-encryption-aws-kms-key-id"
            | "s3:dataaccesspointaccount",
            Base::String { .. } | Base::Arn { .. },
        ) => all(literal),
        ("aws:userid", Base::String { .. }) => all(|text| {
            // Every session of one role is one principal.
            !has_wildcard(text.strip_suffix(":*").unwrap_or(text)) && text != ":*"
        }),
        ("s3:dataaccesspointarn", Base::String { .. } | Base::Arn { .. }) => all(|text| {
            let account = super::arn::Arn::parse(text).map(|arn| arn.account);
            account.is_some_and(super::principal::is_account)
        }),
        ("aws:sourceip", Base::Ip { .. }) => condition.values.iter().all(|value| match &value.test {
            Test::Ip(Some(network)) if network.address.is_ipv4() => network.prefix >= 8,
            Test::Ip(Some(network)) => network.prefix >= 32,
            _ => false,
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Rules;

    fn public(principal: &str, condition: &str) -> bool {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{condition}}}}}"#
        );
        Document::parse(&text, Rules::Resource).unwrap().is_public()
    }

    #[test]
    fn the_documents_examples() {
        assert!(public(r#"{"Federated":"graph.facebook.com"}"#, "{}"));
        assert!(public(r#""*""#, "{}"));
        assert!(public(r#""*""#, r#"{"StringLike":{"aws:SourceVpc":"vpc-*"}}"#));
        assert!(!public(r#""*""#, r#"{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}"#));
    }

    #[test]
    fn what_fixes_and_what_does_not() {
        for (condition, expected) in [
            (r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"54.0.0.0/8"}}"#, false),
            (r#"{"IpAddress":{"aws:SourceIp":["54.0.0.0/8","0.0.0.0/0"]}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"2001::/16"}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#, false),
            (r#"{"NotIpAddress":{"aws:SourceIp":"54.0.0.0/8"}}"#, true),
            (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, false),
            (r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}"#, true),
            (r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, true),
            (r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#, true),
            (r#"{"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}}"#, true),
            (r#"{"StringLike":{"aws:userid":"AROAEXAMPLE:*"}}"#, false),
            (r#"{"StringLike":{"aws:userid":"AROA*:*"}}"#, true),
            (r#"{"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}"#, false),
            (r#"{"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:*:accesspoint/x"}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#, false),
        ] {
            assert_eq!(public(r#""*""#, condition), expected, "{condition}");
        }
        assert!(!public(r#"{"AWS":"111122223333"}"#, "{}"));
        assert!(public(r#"{"AWS":["111122223333","*"]}"#, "{}"));
    }
}
