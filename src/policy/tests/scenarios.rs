//! Explanations: nearest misses, what is underlined in a Deny, and requests seen from outside.

use crate::policy::*;

fn request(action: &str, resource: &str) -> Request {
    Request {
        principal: "arn:aws:sts::111122223333:assumed-role/ci-deploy/run-1".parse().unwrap(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        resource_account: Some("111122223333".to_owned()),
        object_owner: None,
        context: Context::open(),
    }
}

fn named(statements: &str, rules: Rules) -> NamedPolicy {
    let text = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statements}]}}");
    NamedPolicy { name: "p".to_owned(), document: Document::parse(&text, rules).unwrap() }
}

fn identity(statements: &str) -> Layers {
    Layers { identity: Reading::Read(vec![named(statements, Rules::Identity)]), ..Layers::default() }
}

/// The nearest miss's statement, its sentences, its labels, and the text that is underlined.
fn near(request: &Request, layers: &Layers, layer: Layer) -> Option<(usize, Vec<String>, Vec<String>, String)> {
    let evaluation = evaluate(request, layers);
    let near = nearest_miss(request, layers, &evaluation, layer)?;
    let text = layers.policies(layer)[near.policy_index].document.text();
    let underlined = text[near.misses[0].span.clone()].to_owned();
    let sentences = near.misses.iter().map(|miss| miss.sentence.clone()).collect();
    Some((near.statement.index, sentences, near.misses.iter().map(|miss| miss.label.clone()).collect(), underlined))
}

const OBJECT: &str = "arn:aws:s3:::acme-logs/2026/07/app.log";

#[test]
fn the_smallest_edit_is_the_nearest() {
    let get = request("s3:GetObject", OBJECT);
    for (statements, index, sentence, label, underlined) in [
        (
            r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-logs/2025/*"}"#,
            0,
            "covers `2025/*`; `2026/07/app.log` was needed",
            "covers only `2025/*`",
            r#""arn:aws:s3:::acme-logs/2025/*""#,
        ),
        (
            // The bucket stands there for ListBucket.
            r#"{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::acme-logs", "arn:aws:s3:::acme-logs/2025/*"]}"#,
            0,
            "covers `2025/*`; `2026/07/app.log` was needed",
            "covers only `2025/*`",
            r#""arn:aws:s3:::acme-logs/2025/*""#,
        ),
        (
            r#"{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::other/*", "arn:aws:s3:::acme-logs"]}"#,
            1,
            "covers `arn:aws:s3:::acme-logs`; objects need `arn:aws:s3:::acme-logs/*`",
            "the bucket, not its objects",
            r#""arn:aws:s3:::acme-logs""#,
        ),
        (
            r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-log/*"}"#,
            0,
            "names `acme-log`; the bucket is `acme-logs`",
            "the bucket is `acme-logs`",
            r#""arn:aws:s3:::acme-log/*""#,
        ),
        (
            r#"{"Effect": "Allow", "Action": ["s3:HeadObject", "s3:PutObject"], "Resource": "arn:aws:s3:::acme-logs/*"}"#,
            0,
            "`s3:HeadObject` is no IAM action; `s3:GetObject` is what authorises that call",
            "no such action; `s3:GetObject` is meant",
            r#""s3:HeadObject""#,
        ),
        (
            r#"{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::acme-logs/*"}"#,
            0,
            "allows `s3:PutObject`; `s3:GetObject` was needed",
            "not `s3:GetObject`",
            r#""s3:PutObject""#,
        ),
        (
            r#"{"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}"#,
            0,
            "`NotAction` leaves out `s3:Get*`",
            "this action is left out",
            r#""s3:Get*""#,
        ),
    ] {
        let (at, sentences, labels, text) = near(&get, &identity(statements), Layer::Identity).expect(statements);
        assert_eq!(
            (at, sentences[0].as_str(), labels[0].as_str(), text.as_str()),
            (index, sentence, label, underlined)
        );
    }
}

#[test]
fn listing_by_the_objects_arn() {
    let list = request("s3:ListBucket", "arn:aws:s3:::acme-logs");
    let layers = identity(
        r#"{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListObjectsV2"], "Resource": "arn:aws:s3:::acme-logs/*"}"#,
    );
    let (_, sentences, ..) = near(&list, &layers, Layer::Identity).unwrap();
    assert_eq!(
        sentences,
        [
            "covers `arn:aws:s3:::acme-logs/*`; the bucket itself is `arn:aws:s3:::acme-logs`",
            "`s3:ListObjectsV2` is no IAM action; `s3:ListBucket` is what authorises that call"
        ]
    );
}

#[test]
fn a_condition_says_what_it_saw_and_what_it_wanted() {
    let mut get = request("s3:GetObject", OBJECT);
    let layers = identity(
        r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}}"#,
    );
    get.context.set("aws:PrincipalTag/team", ["green"]);
    let (_, sentences, labels, underlined) = near(&get, &layers, Layer::Identity).unwrap();
    assert_eq!(
        sentences,
        ["`StringEquals` on `aws:PrincipalTag/team` asks for `red` or `blue`; the request has `green`"]
    );
    assert_eq!(labels, ["this request has `green`"]);
    assert_eq!(underlined, r#""aws:PrincipalTag/team": ["red", "blue"]"#);
    get.context.set_absent("aws:PrincipalTag/team");
    let (_, sentences, ..) = near(&get, &layers, Layer::Identity).unwrap();
    assert_eq!(
        sentences,
        [
            "`StringEquals` on `aws:PrincipalTag/team` asks for `red` or `blue`; the request has no `aws:PrincipalTag/team`"
        ]
    );
}

#[test]
fn another_permission_is_no_near_miss() {
    let get = request("s3:GetObject", OBJECT);
    for statements in [
        r#"{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}"#,
        r#"{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::elsewhere/*"}"#,
        r#"{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-logs"}"#,
        r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}"#,
    ] {
        assert_eq!(near(&get, &identity(statements), Layer::Identity), None, "{statements}");
    }
}

#[test]
fn a_deleted_principal_is_the_diagnosis() {
    let mut get = request("s3:GetObject", OBJECT);
    get.resource_account = Some("444455556666".to_owned());
    let resource = named(
        r#"{"Effect": "Allow", "Principal": {"AWS": "AROACKCEVSQ6C2EXAMPLE"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-logs/*"}"#,
        Rules::Resource,
    );
    let layers = Layers {
        resource: Reading::Read(resource),
        ..identity(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#)
    };
    let (_, _, labels, underlined) = near(&get, &layers, Layer::Resource).unwrap();
    assert_eq!(
        (labels[0].as_str(), underlined.as_str()),
        ("the id of a deleted principal", r#""AROACKCEVSQ6C2EXAMPLE""#)
    );
}

#[test]
fn a_deny_is_underlined_where_the_request_could_change() {
    let mut get = request("s3:GetObject", OBJECT);
    get.context.set_absent("aws:SourceVpce");
    for (deny, underlined, label) in [
        (
            r#""Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-logs/*", "Condition": {"StringNotEquals": { "aws:SourceVpce": "vpce-0a1b2c3d" }}"#,
            r#""aws:SourceVpce": "vpce-0a1b2c3d""#,
            "this request has no `aws:SourceVpce`",
        ),
        (
            r#""NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:role/ci-deploy", "arn:aws:iam::111122223333:root"]}, "Action": "s3:*", "Resource": "*""#,
            r#"{"AWS": ["arn:aws:iam::111122223333:role/ci-deploy", "arn:aws:iam::111122223333:root"]}"#,
            "does not list `arn:aws:sts::111122223333:assumed-role/ci-deploy/run-1`",
        ),
        (
            r#""Principal": {"AWS": ["444455556666", "111122223333"]}, "Action": "s3:*", "Resource": "*""#,
            r#""111122223333""#,
            "names this caller",
        ),
        (
            r#""Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-logs/2026/*""#,
            r#""arn:aws:s3:::acme-logs/2026/*""#,
            "covers this resource",
        ),
        (
            r#""Principal": "*", "Action": ["s3:Put*", "s3:Get*"], "Resource": "*""#,
            r#""s3:Get*""#,
            "covers `s3:GetObject`",
        ),
    ] {
        let resource = named(&format!(r#"{{"Effect": "Deny", {deny}}}"#), Rules::Resource);
        let layers = Layers {
            resource: Reading::Read(resource),
            ..identity(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#)
        };
        let evaluation = evaluate(&get, &layers);
        assert_eq!(evaluation.decision, Decision::ExplicitlyDenied, "{deny}");
        let found = denying_span(&get, &layers, &evaluation.decisive[0]).unwrap();
        let text = layers.policies(Layer::Resource)[0].document.text();
        assert_eq!(
            (&text[found.span], found.label.as_str(), &text[found.effect_span]),
            (underlined, label, "\"Deny\"")
        );
    }
}

#[test]
fn a_request_seen_from_outside_depends_on_what_is_not_told() {
    let get = request("s3:GetObject", OBJECT);
    let layers = identity(
        r#"{"Sid": "Vpce", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}"#,
    );
    let evaluation = evaluate(&get, &layers);
    assert_eq!(evaluation.decision, Decision::Undetermined);
    assert!(!evaluation.never_allowed);
    let [dependency] = evaluation.depends_on.as_slice() else { panic!("one key") };
    assert_eq!(
        (dependency.key.as_str(), dependency.wanted.as_str(), dependency.for_decision),
        ("aws:SourceVpce", "`vpce-1`", Decision::Allowed)
    );
    assert_eq!(dependency.statement.as_ref().and_then(|statement| statement.sid.as_deref()), Some("Vpce"));
    assert_eq!(evaluation.layer(Layer::Identity).map(|layer| layer.outcome), Some(Outcome::Depends));
}

#[test]
fn whose_bucket_it_is_may_be_all_that_is_missing() {
    let mut get = request("s3:GetObject", OBJECT);
    get.resource_account = None;
    let mut layers = identity(r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}"#);
    let keys = |layers: &Layers| {
        decide(&get, layers).depends_on.into_iter().map(|dependency| dependency.key).collect::<Vec<_>>()
    };
    assert_eq!(keys(&layers), ["aws:ResourceAccount"]);
    layers.resource = Reading::Unread;
    assert_eq!(decide(&get, &layers).unread, [Layer::Resource]);
    let policy = named(
        r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci-deploy"}, "Action": "s3:GetObject", "Resource": "*"}"#,
        Rules::Resource,
    );
    layers.resource = Reading::Read(policy);
    assert_eq!(decide(&get, &layers).decision, Decision::Allowed);
}

#[test]
fn a_roles_path_that_nobody_told_may_be_the_one_that_is_asked_for() {
    let mut get = request("s3:GetObject", OBJECT);
    let layers = |pattern: &str| {
        identity(&format!(
            r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}, {{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {{"ArnNotLike": {{"aws:PrincipalArn": "{pattern}"}}}}}}"#
        ))
    };
    assert_eq!(decide(&get, &layers("arn:aws:iam::111122223333:role/team/ci-deploy")).decision, Decision::Undetermined);
    // A condition names whom it likes, and the role that it names need not be there.
    assert_eq!(decide(&get, &layers("arn:aws:iam::111122223333:role/ci-deploy")).decision, Decision::Undetermined);
    assert_eq!(decide(&get, &layers("arn:aws:iam::111122223333:role/*ci-deploy")).decision, Decision::Allowed);
    assert_eq!(decide(&get, &layers("arn:aws:iam::111122223333:role/team/other")).decision, Decision::ExplicitlyDenied);
    if let Principal::Session { role_path, .. } = &mut get.principal {
        *role_path = Some("/".to_owned());
    }
    assert_eq!(
        decide(&get, &layers("arn:aws:iam::111122223333:role/team/ci-deploy")).decision,
        Decision::ExplicitlyDenied
    );
}

#[test]
fn a_layer_half_read_may_hold_the_allow_or_a_deny() {
    let get = request("s3:GetObject", OBJECT);
    let nothing = named(r#"{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}"#, Rules::Identity);
    let partly =
        |policy: NamedPolicy| decide(&get, &Layers { identity: Reading::Partly(vec![policy]), ..Layers::default() });
    let verdict = partly(nothing);
    assert_eq!(
        (verdict.decision, verdict.unread, verdict.denied_by),
        (Decision::Undetermined, vec![Layer::Identity], vec![])
    );
    let deny = named(r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#, Rules::Identity);
    assert_eq!(partly(deny).decision, Decision::ExplicitlyDenied);
}
