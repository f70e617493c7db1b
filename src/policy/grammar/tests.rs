use crate::policy::{Document, Rules, Version};

fn refused(text: &str, rules: Rules) -> String {
    let error = Document::parse(text, rules).expect_err(text);
    if let Some(span) = &error.span {
        assert!(text.get(span.clone()).is_some(), "{text}");
    }
    assert!(!error.message.ends_with('.') && !error.message.starts_with(char::is_uppercase), "{}", error.message);
    error.pointer
}

fn statement(statement: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
}

#[test]
fn what_identity_policies_may_not_say() {
    for (pointer, text) in [
        ("", String::new()),
        ("", "[]".to_owned()),
        ("", "\"x\"".to_owned()),
        ("/Statement", "{}".to_owned()),
        ("/Statement", r#"{"Version": "2012-10-17"}"#.to_owned()),
        ("/Statement", r#"{"Statement": []}"#.to_owned()),
        ("/Statement", r#"{"Statement": "x"}"#.to_owned()),
        ("/Statement/0", r#"{"Statement": [1]}"#.to_owned()),
        ("/Version", r#"{"Version": "2012-10-18", "Statement": []}"#.to_owned()),
        ("/Version", r#"{"Version": 2012, "Statement": []}"#.to_owned()),
        ("/Extra", r#"{"Extra": 1, "Statement": []}"#.to_owned()),
        ("/Id", r#"{"Id": 1, "Statement": []}"#.to_owned()),
        ("/Statement", r#"{"Statement": [], "Statement": []}"#.to_owned()),
        ("/statement", r#"{"Statement": [], "statement": []}"#.to_owned()),
        ("/Statement/0/Effect", statement(r#"{"Action": "*", "Resource": "*"}"#)),
        ("/Statement/0/Effect", statement(r#"{"Effect": "allow", "Action": "*", "Resource": "*"}"#)),
        ("/Statement/0/Effect", statement(r#"{"Effect": ["Allow"], "Action": "*", "Resource": "*"}"#)),
        ("/Statement/0/Effect", statement(r#"{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}"#)),
        ("/Statement/0/Action", statement(r#"{"Effect": "Allow", "Resource": "*"}"#)),
        ("/Statement/0/Action", statement(r#"{"Effect": "Allow", "Action": "GetObject", "Resource": "*"}"#)),
        ("/Statement/0/Action/1", statement(r#"{"Effect": "Allow", "Action": ["s3:*", "s3"], "Resource": "*"}"#)),
        ("/Statement/0/Action", statement(r#"{"Effect": "Allow", "Action": "", "Resource": "*"}"#)),
        ("/Statement/0/Action", statement(r#"{"Effect": "Allow", "Action": {"a": 1}, "Resource": "*"}"#)),
        (
            "/Statement/0/NotAction",
            statement(r#"{"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}"#),
        ),
        ("/Statement/0/Resource", statement(r#"{"Effect": "Allow", "Action": "*"}"#)),
        ("/Statement/0/Resource", statement(r#"{"Effect": "Allow", "Action": "*", "Resource": "b/*"}"#)),
        ("/Statement/0/Resource", statement(r#"{"Effect": "Allow", "Action": "*", "Resource": ""}"#)),
        ("/Statement/0/Resource", statement(r#"{"Effect": "Allow", "Action": "*", "Resource": null}"#)),
        (
            "/Statement/0/Principal",
            statement(r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}"#),
        ),
        ("/Statement/0/Sid", statement(r#"{"Sid": "a b", "Effect": "Allow", "Action": "*", "Resource": "*"}"#)),
        ("/Statement/0/Resources", statement(r#"{"Effect": "Allow", "Action": "*", "Resources": "*"}"#)),
        (
            "/Statement/0/Condition",
            statement(r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": []}"#),
        ),
        (
            "/Statement/0/Condition/StringEqual",
            statement(
                r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEqual": {"aws:a": "x"}}}"#,
            ),
        ),
        (
            "/Statement/0/Condition/NullIfExists",
            statement(
                r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"NullIfExists": {"aws:a": "true"}}}"#,
            ),
        ),
        (
            "/Statement/0/Condition/StringEquals/a",
            statement(
                r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a": "x"}}}"#,
            ),
        ),
        (
            "/Statement/0/Condition/StringEquals/AWS:a",
            statement(
                r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:a": "x", "AWS:a": "y"}}}"#,
            ),
        ),
        (
            "/Statement/0/Condition/StringEquals/aws:PrincipalTag~1t/1",
            statement(
                r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/t": ["x", null]}}}"#,
            ),
        ),
        (
            "/Statement/1/Sid",
            statement(
                r#"{"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"}, {"Sid": "A", "Effect": "Deny", "Action": "*", "Resource": "*"}"#,
            ),
        ),
        ("/Statement/Effect", r#"{"Statement": {"Action": "*", "Resource": "*"}}"#.to_owned()),
    ] {
        assert_eq!(refused(&text, Rules::Identity), pointer, "{text}");
    }
}

#[test]
fn what_resource_and_trust_policies_may_not_say() {
    for (pointer, rest) in [
        ("/Statement/0/Principal", r#""Resource": "*""#),
        ("/Statement/0/Principal", r#""Principal": "arn:aws:iam::111122223333:root", "Resource": "*""#),
        ("/Statement/0/Principal/aws_account", r#""Principal": {"aws_account": "111122223333"}, "Resource": "*""#),
        ("/Statement/0/Principal/AWS", r#""Principal": {"AWS": "arn:aws:iam::111122223333:user/*"}, "Resource": "*""#),
        ("/Statement/0/Principal/AWS/1", r#""Principal": {"AWS": ["*", "ana"]}, "Resource": "*""#),
        ("/Statement/0/Principal/AWS", r#""Principal": {"AWS": "arn:aws:iam::111122223333:group/g"}, "Resource": "*""#),
        ("/Statement/0/NotPrincipal", r#""Principal": "*", "NotPrincipal": "*", "Resource": "*""#),
    ] {
        assert_eq!(
            refused(&statement(&format!(r#"{{"Effect": "Allow", "Action": "s3:*", {rest}}}"#)), Rules::Resource),
            pointer
        );
    }
    assert_eq!(
        refused(
            &statement(r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", "Resource": "*"}"#),
            Rules::Trust
        ),
        "/Statement/0/Resource"
    );
    assert_eq!(
        refused(&statement(r#"{"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": "*"}"#), Rules::Trust),
        "/Statement/0/NotPrincipal"
    );
}

#[test]
fn what_is_grammatical() {
    for text in [
        statement(r#"{"Effect": "Allow", "Action": [], "Resource": []}"#),
        statement(r#"{"Effect": "Allow", "NotAction": ["iam:*"], "NotResource": "*", "Condition": {}}"#),
        statement(
            r#"{"effect": "Allow", "action": "S3:getobject", "RESOURCE": "arn:aws:s3:::b", "condition": {"bool": {"aws:securetransport": true}}}"#,
        ),
        statement(
            r#"{"Sid": "", "Effect": "Allow", "Action": "*", "Resource": "*"}, {"Sid": "", "Effect": "Allow", "Action": "*", "Resource": "*"}"#,
        ),
        r#"{"Statement": {"Effect": "Allow", "Action": "*:*", "Resource": "arn:aws:s3:::${aws:username}"}}"#.to_owned(),
        "\u{feff}{\"Id\": \"x\", \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}}"
            .to_owned(),
        statement(
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"NumericLessThan": {"s3:max-keys": [10, "20"]}, "StringLike": {"aws:a": []}}}"#,
        ),
    ] {
        assert!(Document::parse(&text, Rules::Identity).is_ok(), "{text}");
    }
}

#[test]
fn a_document_as_iam_returns_it() {
    let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3AGetObject%22%2C%22Resource%22%3A%22arn%3Aaws%3As3%3A%3A%3Ab%2F%C3%A9%2B%2A%22%7D%5D%7D";
    let document = Document::parse_url_encoded(encoded, Rules::Identity).unwrap();
    assert_eq!(document.version(), Version::V2012);
    assert_eq!(document.statements()[0].resources().1.collect::<Vec<_>>(), ["arn:aws:s3:::b/é+*"]);
    assert!(Document::parse_url_encoded("%7B%FF", Rules::Identity).is_err());
}

#[test]
fn many_names_are_checked_as_well_as_few() {
    let keys: Vec<String> = (0..40).map(|index| format!(r#""aws:k{index}": "x""#)).collect();
    let text = |keys: &[String]| {
        statement(&format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {{"StringEquals": {{{}}}}}}}"#,
            keys.join(", ")
        ))
    };
    assert!(Document::parse(&text(&keys), Rules::Identity).is_ok());
    let twice: Vec<String> = keys.iter().cloned().chain(["\"AWS:K7\": \"y\"".to_owned()]).collect();
    assert_eq!(refused(&text(&twice), Rules::Identity), "/Statement/0/Condition/StringEquals/AWS:K7");
}

#[test]
fn the_span_of_a_syntax_error_is_a_whole_character() {
    for text in ["{\u{feff}", "{\"Version\": é}", "{\"a\": \"\\é\"}", "", "{", "[\u{1f600}"] {
        let span = Document::parse(text, Rules::Identity).unwrap_err().span.unwrap();
        assert!(text.get(span.clone()).is_some_and(|part| part.chars().count() <= 1), "{text} {span:?}");
    }
}
