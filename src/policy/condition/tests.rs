//! The operators' table: present, absent and unknown keys, negation, set operators, `IfExists`.

use crate::policy::{Context, Decision, Document, Layers, NamedPolicy, Reading, Request, Rules, decide};
use Decision::{Allowed, ImplicitlyDenied, Undetermined};

/// What an Allow with this condition makes of the request.
fn with(condition: &str, set: impl FnOnce(&mut Context)) -> Decision {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}}}"#
    );
    let document = Document::parse(&text, Rules::Identity).unwrap();
    let mut context = Context::closed();
    set(&mut context);
    let request = Request {
        principal: "arn:aws:iam::111122223333:user/ana".parse().unwrap(),
        action: "s3:GetObject".to_owned(),
        resource: "arn:aws:s3:::b/k".to_owned(),
        resource_account: Some("111122223333".to_owned()),
        object_owner: None,
        context,
    };
    let identity = Reading::Read(vec![NamedPolicy { name: "p".to_owned(), document }]);
    decide(&request, &Layers { identity, ..Layers::default() }).decision
}

fn operator(operator: &str, wanted: &str, saw: &[&str]) -> Decision {
    with(&format!(r#"{{"{operator}": {{"k:a": {wanted}}}}}"#), |context| {
        context.set("K:A", saw.iter().copied());
    })
}

#[test]
fn every_operator_against_a_value() {
    for (name, wanted, yes, no) in [
        ("StringEquals", r#""x""#, "x", "X"),
        ("StringNotEquals", r#"["x", "y"]"#, "z", "y"),
        ("StringEqualsIgnoreCase", r#""xY""#, "Xy", "x"),
        ("StringNotEqualsIgnoreCase", r#""xY""#, "x", "Xy"),
        ("StringLike", r#""a*c?""#, "abbcd", "abbc"),
        ("StringNotLike", r#""a*""#, "b", "ab"),
        ("NumericEquals", r#""10""#, "10.0", "10.1"),
        ("NumericNotEquals", "10", "11", "10"),
        ("NumericLessThan", r#""10""#, "9", "10"),
        ("NumericLessThanEquals", r#""10""#, "10", "11"),
        ("NumericGreaterThan", r#""10""#, "11", "10"),
        ("NumericGreaterThanEquals", r#""10""#, "10", "9"),
        ("DateEquals", r#""2024-01-01T00:00:00Z""#, "1704067200", "1704067201"),
        ("DateNotEquals", r#""2024-01-01T00:00:00Z""#, "2024-01-02T00:00:00Z", "2024-01-01"),
        ("DateLessThan", r#""2024-01-01""#, "2023-12-31T23:59:59Z", "2024-01-01"),
        ("DateLessThanEquals", r#""2024-01-01""#, "2024-01-01", "2024-01-02"),
        ("DateGreaterThan", r#""2024-01-01""#, "2024-01-02", "2024-01-01"),
        ("DateGreaterThanEquals", r#""2024-01-01""#, "2024-01-01", "2023-12-31"),
        ("Bool", "true", "True", "false"),
        ("BinaryEquals", r#""QUJD""#, "QUJD", "QUJE"),
        ("IpAddress", r#"["203.0.113.0/24", "2001:db8::/32"]"#, "2001:db8::1", "203.0.114.1"),
        ("NotIpAddress", r#""203.0.113.0/24""#, "203.0.114.1", "203.0.113.1"),
        (
            "ArnEquals",
            r#""arn:aws:iam::*:role/x*""#,
            "arn:aws:iam::111122223333:role/xy",
            "arn:aws:iam::111122223333:role/y",
        ),
        (
            "ArnLike",
            r#""arn:aws:iam::1?1122223333:role/x""#,
            "arn:aws:iam::111122223333:role/x",
            "arn:aws:iam::1:role/x",
        ),
        (
            "ArnNotEquals",
            r#""arn:aws:iam::*:role/x""#,
            "arn:aws:iam::111122223333:role/y",
            "arn:aws:iam::111122223333:role/x",
        ),
        (
            "ArnNotLike",
            r#""arn:aws:iam::*:role/x""#,
            "arn:aws:iam::111122223333:role/y",
            "arn:aws:iam::111122223333:role/x",
        ),
    ] {
        assert_eq!(operator(name, wanted, &[yes]), Allowed, "{name} {wanted} {yes}");
        assert_eq!(operator(name, wanted, &[no]), ImplicitlyDenied, "{name} {wanted} {no}");
        assert_eq!(operator(&format!("{name}IfExists"), wanted, &[no]), ImplicitlyDenied, "{name}IfExists");
        assert_eq!(operator(&format!("{name}IfExists"), wanted, &[]), Allowed, "{name}IfExists, absent");
        assert_eq!(operator(&name.to_uppercase(), wanted, &[yes]), Allowed, "the case of {name}");
        let absent = if name.contains("Not") { Allowed } else { ImplicitlyDenied };
        assert_eq!(operator(name, wanted, &[]), absent, "{name}, absent");
        assert_eq!(
            with(&format!(r#"{{"{name}": {{"k:a": {wanted}}}}}"#), |context| {
                context.set_unknown("k:a");
            }),
            Undetermined,
            "{name}, unknown"
        );
    }
}

#[test]
fn set_operators() {
    for (name, wanted, saw, expected) in [
        ("ForAllValues:StringEquals", r#"["a", "b"]"#, &["a"][..], Allowed),
        ("ForAllValues:StringEquals", r#"["a", "b"]"#, &["a", "c"], ImplicitlyDenied),
        ("ForAllValues:StringEquals", r#"["a", "b"]"#, &[], Allowed),
        ("ForAllValues:StringEquals", r#"["a", "b"]"#, &[""], Allowed),
        ("ForAllValues:StringNotEquals", r#"["a", "b"]"#, &["c", "d"], Allowed),
        ("ForAllValues:StringNotEquals", r#"["a", "b"]"#, &["c", "a"], ImplicitlyDenied),
        ("ForAnyValue:StringEquals", r#"["a", "b"]"#, &["c", "b"], Allowed),
        ("ForAnyValue:StringEquals", r#"["a", "b"]"#, &["c"], ImplicitlyDenied),
        ("ForAnyValue:StringEquals", r#"["a", "b"]"#, &[], ImplicitlyDenied),
        ("ForAnyValue:StringNotEquals", r#"["a", "b"]"#, &["a", "c"], Allowed),
        ("ForAnyValue:StringNotEquals", r#"["a", "b"]"#, &["a"], ImplicitlyDenied),
        ("ForAnyValue:StringNotEquals", r#"["a", "b"]"#, &[], ImplicitlyDenied),
        ("ForAnyValue:StringLike", r#""a*""#, &["b", "ab"], Allowed),
        ("ForAllValues:StringLike", r"[]", &["b"], ImplicitlyDenied),
        ("ForAnyValue:StringEqualsIfExists", r#""a""#, &[], Allowed),
    ] {
        assert_eq!(operator(name, wanted, saw), expected, "{name} {wanted} {saw:?}");
    }
}

#[test]
fn null_asks_for_presence_alone() {
    assert_eq!(operator("Null", r#""true""#, &[]), Allowed);
    assert_eq!(operator("Null", r#""true""#, &["x"]), ImplicitlyDenied);
    assert_eq!(operator("Null", "false", &["x"]), Allowed);
    assert_eq!(operator("Null", "false", &[]), ImplicitlyDenied);
    assert_eq!(
        with(r#"{"Null": {"k:a": ["true", "false"]}}"#, |context| {
            context.set_unknown("k:a");
        }),
        Allowed
    );
}

#[test]
fn an_unknown_key_that_cannot_turn_it_is_no_dependency() {
    let unknown = |condition: &str| {
        with(condition, |context| {
            context.set_unknown("k:a").set_unknown("k:b");
        })
    };
    assert_eq!(unknown(r#"{"StringLikeIfExists": {"k:a": "*"}}"#), Allowed);
    assert_eq!(unknown(r#"{"StringEquals": {"k:a": "x"}, "StringNotEquals": {"k:a": "x"}}"#), ImplicitlyDenied);
    assert_eq!(unknown(r#"{"Null": {"k:a": "true"}, "StringEquals": {"k:a": "x"}}"#), ImplicitlyDenied);
    assert_eq!(unknown(r#"{"StringEquals": {"k:a": []}}"#), ImplicitlyDenied);
    assert_eq!(unknown(r#"{"StringEquals": {"k:a": "x", "k:c": "y"}}"#), ImplicitlyDenied);
}

#[test]
fn malformed_values_match_nothing() {
    assert_eq!(operator("NumericLessThan", r#""ten""#, &["1"]), ImplicitlyDenied);
    assert_eq!(operator("NumericNotEquals", r#""10""#, &["ten"]), Allowed);
    assert_eq!(operator("IpAddress", r#""203.0.113.0/33""#, &["203.0.113.0"]), ImplicitlyDenied);
    assert_eq!(operator("DateLessThan", r#""soon""#, &["2024-01-01"]), ImplicitlyDenied);
    assert_eq!(operator("Null", r#""maybe""#, &[]), ImplicitlyDenied);
}

/// What an Allow with this condition makes of a session whose role's path nobody told.
fn of_unknown_path(role: &str, condition: &str) -> Decision {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}}}"#
    );
    let document = Document::parse(&text, Rules::Identity).unwrap();
    let request = Request {
        principal: format!("arn:aws:sts::111122223333:assumed-role/{role}/s").parse().unwrap(),
        action: "s3:GetObject".to_owned(),
        resource: "arn:aws:s3:::b/k".to_owned(),
        resource_account: Some("111122223333".to_owned()),
        object_owner: None,
        context: Context::open(),
    };
    let identity = Reading::Read(vec![NamedPolicy { name: "p".to_owned(), document }]);
    decide(&request, &Layers { identity, ..Layers::default() }).decision
}

#[test]
fn a_role_of_unknown_path_is_known_only_by_what_holds_for_every_path() {
    let arn = |rest: &str| format!(r#""arn:aws:iam::111122223333:role/{rest}""#);
    for (wanted, expected) in [
        (arn("app"), Undetermined),
        (arn("team/app"), Undetermined),
        (format!("[{}, {}]", arn("app"), arn("team/app")), Undetermined),
        (format!("[{}, {}]", arn("app"), arn("*/app")), Allowed),
        (arn("*app"), Allowed),
        (arn("*"), Allowed),
        (arn("*/app"), Undetermined),
        (arn("other"), ImplicitlyDenied),
        (arn("team/other"), ImplicitlyDenied),
    ] {
        assert_eq!(
            of_unknown_path("app", &format!(r#"{{"ArnLike": {{"aws:PrincipalArn": {wanted}}}}}"#)),
            expected,
            "{wanted}"
        );
    }
    assert_eq!(
        of_unknown_path("app", &format!(r#"{{"ArnNotEquals": {{"aws:PrincipalArn": {}}}}}"#, arn("app"))),
        Undetermined
    );
    assert_eq!(
        of_unknown_path("app", &format!(r#"{{"ArnNotEquals": {{"aws:PrincipalArn": {}}}}}"#, arn("other"))),
        Allowed
    );
    // IAM Identity Center's roles never stand in the root path.
    let center = "AWSReservedSSO_Dev_0123456789abcdef";
    let like =
        |rest: &str| of_unknown_path(center, &format!(r#"{{"ArnLike": {{"aws:PrincipalArn": {}}}}}"#, arn(rest)));
    assert_eq!(like("aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Dev_0123456789abcdef"), Allowed);
    assert_eq!(like("aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Dev_0123456789abcdef"), Undetermined);
    assert_eq!(like("AWSReservedSSO_Dev_*"), ImplicitlyDenied);
}

#[test]
fn only_texts_and_arns_take_variables() {
    let wanted = |operator: &str| {
        with(&format!(r#"{{"{operator}": {{"k:a": "${{k:b}}"}}}}"#), |context| {
            context.set("k:a", ["true"]).set("k:b", ["true"]);
        })
    };
    assert_eq!(wanted("StringEquals"), Allowed);
    assert_eq!(wanted("Bool"), ImplicitlyDenied);
}
