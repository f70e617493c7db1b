//! What IAM accepts and nobody means.
//!
//! Findings about a document by itself, without a request: actions that do not exist, a bucket's ARN for its objects'
//! actions and the reverse, ids of deleted principals, a `NotPrincipal` that spares nobody, conditions that can never hold.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html>,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>

use super::actions::{self, About};
use super::arn::S3Resource;
use super::condition::{Base, Quantifier, Test, string::Comparison};
use super::document::{Condition, Document, Effect, Lint, Statement, Version};
use super::principal_match::PrincipalPattern;
use super::trace::Span;
use super::variables::{Mode, Template};
use super::wildcard::has_wildcard;

pub(crate) fn run(document: &Document) -> Vec<Lint> {
    let mut lints = Vec::new();
    for statement in document.statements() {
        let mut report = Report { statement, lints: &mut lints };
        actions_that_do_not_exist(&mut report);
        resources_of_another_kind(&mut report);
        principals(&mut report);
        for condition in &statement.conditions {
            unreachable(&mut report, condition);
        }
        contradictions(&mut report);
        empty(&mut report);
        if document.version() == Version::V2008 {
            variables_in_2008(&mut report);
        }
    }
    lints
}

struct Report<'a> {
    statement: &'a Statement,
    lints: &'a mut Vec<Lint>,
}

impl Report<'_> {
    fn add(&mut self, code: &'static str, message: String, pointer: String, span: Span) {
        self.lints.push(Lint { code, message, pointer, span, statement: self.statement.reference() });
    }
}

fn actions_that_do_not_exist(report: &mut Report<'_>) {
    let own = report.statement;
    for (index, item) in own.action.items.iter().enumerate() {
        let right = actions::right_name(&item.text).map(str::to_owned).or_else(|| actions::misspelled(&item.text));
        if let Some(right) = right {
            let message = format!("`{}` is no IAM action and matches nothing; `{right}` is meant", item.text);
            report.add("action-does-not-exist", message, own.action_pointer(Some(index)), item.span.clone());
        }
    }
}

/// An S3 action that none of the statement's resources can be about.
fn resources_of_another_kind(report: &mut Report<'_>) {
    let own = report.statement;
    let Some(list) = own.resource.as_ref().filter(|list| !list.negated && !own.action.negated) else { return };
    // A wildcard in the bucket's name matches keys too: `arn:aws:s3:::b*` covers objects.
    let covers = |wanted: About| {
        list.items.iter().any(|item| match S3Resource::of(&item.template.text) {
            Some(S3Resource::Bucket(bucket)) => {
                wanted == About::Bucket || bucket.contains('*') || item.template.has_variables()
            }
            Some(S3Resource::Object { bucket, .. }) => wanted == About::Object || bucket.contains('*'),
            Some(S3Resource::AccessPoint { object }) => object == (wanted == About::Object),
            Some(S3Resource::Other) | None => true,
        })
    };
    if list.items.is_empty() {
        return;
    }
    for (index, item) in own.action.items.iter().enumerate() {
        let (code, kind) = match actions::about(&item.text) {
            Some(About::Object) if !covers(About::Object) => {
                ("object-action-on-bucket-arn", "objects, and the statement names buckets only")
            }
            Some(About::Bucket) if !covers(About::Bucket) => {
                ("bucket-action-on-object-arn", "a bucket, and the statement names objects only")
            }
            _ => continue,
        };
        let message = format!("`{}` is about {kind}", item.text);
        report.add(code, message, own.action_pointer(Some(index)), item.span.clone());
    }
}

fn principals(report: &mut Report<'_>) {
    let own = report.statement;
    let Some(element) = &own.principal else { return };
    for entry in &element.entries {
        if entry.pattern == PrincipalPattern::Deleted {
            let message = format!("`{}` is the id of a user or role that was deleted; it matches nobody", entry.text);
            report.add("deleted-principal", message, own.principal_pointer(Some(entry)), entry.span.clone());
        }
    }
    if !element.negated {
        return;
    }
    if own.effect == Effect::Allow {
        let message = "a `NotPrincipal` with Allow lets everybody else in, unsigned requests too".to_owned();
        report.add("allow-with-not-principal", message, own.principal_pointer(None), element.span.clone());
        return;
    }
    let lists = |wanted: &dyn Fn(&PrincipalPattern) -> bool| element.entries.iter().any(|entry| wanted(&entry.pattern));
    for entry in &element.entries {
        let missing = match &entry.pattern {
            PrincipalPattern::Role { account, path_and_name, .. } => {
                let name = path_and_name.rsplit('/').next().unwrap_or_default();
                let session = lists(
                    &|pattern| matches!(pattern, PrincipalPattern::Session { account: a, role, .. } if a == account && **role == *name),
                );
                if session {
                    None
                } else {
                    Some("the ARN of the role's session, so that every session of it is denied")
                }
            }
            _ => None,
        };
        let account = entry.pattern.account().filter(|account| {
            !lists(&|pattern| matches!(pattern, PrincipalPattern::Account { account: a, .. } if a.as_str() == *account))
        });
        let missing =
            missing.or(account.map(|_| "the account's own ARN, so that the account is denied with all in it"));
        if let Some(missing) = missing {
            let message = format!("a `NotPrincipal` with Deny that lists `{}` misses {missing}", entry.text);
            report.add("not-principal-misses-arn", message, own.principal_pointer(Some(entry)), entry.span.clone());
        }
    }
}

/// A condition that can never hold, or whose values can never match.
fn unreachable(report: &mut Report<'_>, condition: &Condition) {
    let own = report.statement;
    let mut hopeless = 0;
    for (index, value) in condition.values.iter().enumerate() {
        let why = match (&value.test, condition.operator.base) {
            (Test::Numeric(None), _) => Some("is no number"),
            (Test::Date(None), _) => Some("is no date"),
            (Test::Binary(None), _) => Some("is no base-64 text"),
            (Test::Ip(None), _) => Some("is no address or network"),
            (Test::Null(None), _) => Some("is neither `true` nor `false`"),
            (Test::TextIgnoringCase(template), Base::Bool)
                if template.literal().is_some_and(|text| !is_boolean(text)) =>
            {
                Some("is neither `true` nor `false`")
            }
            (Test::Ip(Some(network)), _)
                if &*condition.key == "aws:sourceip" && is_private(network.address, network.prefix) =>
            {
                Some("is a private range, and `aws:SourceIp` is a public address or absent")
            }
            (Test::Text(template), Base::String { comparison: Comparison::Equal, .. })
                if has_wildcard(&template.text) && !template.has_variables() && template.literal().is_some() =>
            {
                Some("has a wildcard, which this operator takes for the character itself")
            }
            (Test::Text(template), Base::Arn { .. })
                if !template.is_universal() && !template.has_variables() && template.text.matches(':').count() < 5 =>
            {
                Some("is no ARN: these operators compare its six parts")
            }
            _ => None,
        };
        if let Some(why) = why {
            hopeless += 1;
            let code = if why.starts_with("has a wildcard") { "wildcard-without-like" } else { "unmatchable-value" };
            let message = format!("`{}` {why}", value.text());
            report.add(code, message, own.condition_pointer(condition, Some(index)), value.span.clone());
        }
    }
    let positive = !condition.operator.is_negated() && !condition.operator.if_exists;
    let any_value = condition.operator.quantifier != Some(Quantifier::AllValues);
    if positive
        && any_value
        && !condition.values.is_empty()
        && hopeless == condition.values.len()
        && condition.operator.base != Base::Null
    {
        let message = format!(
            "`{}` on `{}` can hardly hold, so the statement does not apply",
            condition.operator_text, condition.key_text
        );
        report.add("unreachable-condition", message, own.condition_pointer(condition, None), condition.span.clone());
    }
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

fn is_private(address: std::net::IpAddr, prefix: u8) -> bool {
    match address {
        std::net::IpAddr::V4(address) => match address.octets() {
            [10, ..] => prefix >= 8,
            [172, second, ..] if (16..32).contains(&second) => prefix >= 12,
            [192, 168, ..] => prefix >= 16,
            _ => false,
        },
        std::net::IpAddr::V6(address) => address.is_unique_local() && prefix >= 7,
    }
}

/// Two conditions on one key that cannot both hold.
fn contradictions(report: &mut Report<'_>) {
    let own = report.statement;
    let literals = |condition: &Condition| -> Option<Vec<String>> {
        let equal = matches!(condition.operator.base, Base::String { comparison: Comparison::Equal, negated: false });
        if !equal || condition.operator.quantifier.is_some() || condition.operator.if_exists {
            return None;
        }
        condition.values.iter().map(|value| value.test.template()?.literal().map(str::to_owned)).collect()
    };
    for (index, second) in own.conditions.iter().enumerate() {
        for first in own.conditions.iter().take(index).filter(|first| first.key == second.key) {
            let absent = |condition: &Condition| {
                condition.operator.base == Base::Null
                    && condition.values.iter().all(|value| value.test == Test::Null(Some(true)))
            };
            let present = |condition: &Condition| literals(condition).is_some_and(|values| !values.is_empty());
            let disjoint = match (literals(first), literals(second)) {
                (Some(one), Some(other)) => one.iter().all(|value| !other.contains(value)),
                _ => (absent(first) && present(second)) || (present(first) && absent(second)),
            };
            if disjoint && !first.values.is_empty() && !second.values.is_empty() {
                let message =
                    format!("no value of `{}` satisfies both this and `{}`", second.key_text, first.operator_text);
                report.add("unreachable-condition", message, own.condition_pointer(second, None), second.span.clone());
            }
        }
    }
}

fn empty(report: &mut Report<'_>) {
    let own = report.statement;
    let no_effect = "is empty, so the statement has no effect".to_owned();
    if own.action.items.is_empty() {
        report.add("empty-element", no_effect.clone(), own.action_pointer(None), own.action.span.clone());
    }
    if let Some(list) = own.resource.as_ref().filter(|list| list.items.is_empty()) {
        report.add("empty-element", no_effect.clone(), own.resource_pointer(None), list.span.clone());
    }
    if let Some(element) = own.principal.as_ref().filter(|element| element.entries.is_empty()) {
        report.add("empty-element", no_effect, own.principal_pointer(None), element.span.clone());
    }
}

/// Variables are plain text in a document of the older version, or of none.
fn variables_in_2008(report: &mut Report<'_>) {
    let own = report.statement;
    let looks_like_one = |text: &str| Template::new(text, Mode::Like, true).has_variables();
    for (index, item) in own.resource.iter().flat_map(|list| list.items.iter().enumerate()) {
        if looks_like_one(&item.template.text) {
            let message = "policy variables need `\"Version\": \"2012-10-17\"`; here this is plain text".to_owned();
            report.add("variable-in-2008", message, own.resource_pointer(Some(index)), item.span.clone());
        }
    }
    for condition in &own.conditions {
        for (index, value) in condition.values.iter().enumerate() {
            if value.test.template().is_some() && looks_like_one(value.text()) {
                let message = "policy variables need `\"Version\": \"2012-10-17\"`; here this is plain text".to_owned();
                report.add(
                    "variable-in-2008",
                    message,
                    own.condition_pointer(condition, Some(index)),
                    value.span.clone(),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::{Document, Rules};

    fn codes(text: &str) -> Vec<(&'static str, String)> {
        let document = Document::parse(text, Rules::Resource).unwrap();
        document.lints().into_iter().map(|lint| (lint.code, lint.pointer)).collect()
    }

    fn one(rest: &str) -> Vec<(&'static str, String)> {
        codes(&format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*", {rest}}}]}}"#
        ))
    }

    #[test]
    fn actions_and_the_arns_that_they_need() {
        assert_eq!(
            one(r#""Action": ["s3:HeadObject", "s3:GetObject"], "Resource": "arn:aws:s3:::b""#),
            [
                ("action-does-not-exist", "/Statement/0/Action/0".to_owned()),
                ("object-action-on-bucket-arn", "/Statement/0/Action/1".to_owned())
            ]
        );
        assert_eq!(
            one(r#""Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b/*""#),
            [("bucket-action-on-object-arn", "/Statement/0/Action".to_owned())]
        );
        for fine in [
            r#""Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]"#,
            r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::b*""#,
            r#""Action": "s3:*", "Resource": "arn:aws:s3:::b""#,
            r#""Action": "s3:GetObject", "Resource": "*""#,
        ] {
            assert_eq!(one(fine), [], "{fine}");
        }
    }

    #[test]
    fn principals() {
        let text = r#"{"Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:role/r", "arn:aws:iam::111122223333:root"]}, "Action": "s3:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLEEXAMPLE12"}, "Action": "s3:*", "Resource": "*"}]}"#;
        assert_eq!(
            codes(text),
            [
                ("not-principal-misses-arn", "/Statement/0/NotPrincipal/AWS/0".to_owned()),
                ("deleted-principal", "/Statement/1/Principal/AWS".to_owned())
            ]
        );
    }

    #[test]
    fn conditions() {
        let condition = |condition: &str| {
            one(&format!(r#""Action": "s3:*", "Resource": "*", "Condition": {condition}"#))
                .into_iter()
                .map(|(code, _)| code)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            condition(r#"{"StringEquals": {"aws:a": "x*"}}"#),
            ["wildcard-without-like", "unreachable-condition"]
        );
        assert_eq!(condition(r#"{"NumericLessThan": {"s3:max-keys": ["ten", "10"]}}"#), ["unmatchable-value"]);
        assert_eq!(
            condition(r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#),
            ["unmatchable-value", "unreachable-condition"]
        );
        assert_eq!(
            condition(r#"{"StringEquals": {"aws:a": "x"}, "StringEqualsIgnoreCase": {"aws:a": "y"}}"#),
            Vec::<&str>::new()
        );
        assert_eq!(
            condition(r#"{"StringEquals": {"aws:a": "x"}, "Null": {"aws:a": "true"}}"#),
            ["unreachable-condition"]
        );
        assert_eq!(condition(r#"{"Bool": {"aws:SecureTransport": true}}"#), Vec::<&str>::new());
    }
}
