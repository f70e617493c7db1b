use super::*;
use crate::policy::{Context, Decision};

fn request(principal: &str) -> Request {
    Request {
        principal: principal.parse().unwrap(),
        action: "s3:GetObject".to_owned(),
        resource: "arn:aws:s3:::acme-data/a.csv".to_owned(),
        resource_account: Some("111122223333".to_owned()),
        object_owner: None,
        context: Context::closed(),
    }
}

fn named(text: &str, rules: Rules) -> NamedPolicy {
    NamedPolicy { name: "p".to_owned(), document: Document::parse(text, rules).unwrap() }
}

fn identity(text: &str) -> Layers {
    Layers { identity: Reading::Read(vec![named(text, Rules::Identity)]), ..Layers::default() }
}

/// The edit, where there is one and no more.
fn only(request: &Request, layers: &Layers, layer: Layer) -> Option<RepairEdit> {
    let mut edits = repair(request, layers, layer)?.edits;
    let edit = edits.pop();
    assert!(edits.is_empty(), "{edits:?}");
    edit
}

const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/i-0abc";

#[test]
fn the_contracts_example_names_the_objects_of_the_bucket() {
    let text = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject",   "Resource": "arn:aws:s3:::acme-data"}
]}"#;
    let repair = only(&request(SESSION), &identity(text), Layer::Identity).unwrap();
    assert_eq!(repair.op, RepairOp::ReplaceStatement(0));
    assert_eq!(
        repair.statement.unwrap(),
        json!({"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*"})
    );
    assert_eq!(repair.edited, text.replace("acme-data\"", "acme-data/*\""));
}

#[test]
fn what_is_missing_is_added_in_the_documents_own_form() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"s3:GetObject\",\n      \"Resource\": \"arn:aws:s3:::acme-data/2025/*\"\n    }\n  ]\n}";
    let repair = only(&request(SESSION), &identity(text), Layer::Identity).unwrap();
    assert_eq!(repair.op, RepairOp::AddStatement);
    assert_eq!(
        repair.edited,
        "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"s3:GetObject\",\n      \"Resource\": \"arn:aws:s3:::acme-data/2025/*\"\n    },\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"s3:GetObject\",\n      \"Resource\": \"arn:aws:s3:::acme-data/a.csv\"\n    }\n  ]\n}"
    );
}

#[test]
fn compact_and_single_statements_stay_so() {
    let compact = r#"{"Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#;
    let edited = only(&request(SESSION), &identity(compact), Layer::Identity).unwrap().edited;
    assert_eq!(
        edited,
        r#"{"Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-data/a.csv"}]}"#
    );
    let single = r#"{"Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}}"#;
    let edited = only(&request(SESSION), &identity(single), Layer::Identity).unwrap().edited;
    assert_eq!(
        edited,
        r#"{"Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}, {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-data/a.csv"}]}"#
    );
}

#[test]
fn a_caller_without_policies_is_given_one() {
    let layers = Layers { identity: Reading::Read(Vec::new()), ..Layers::default() };
    let repair = only(&request(SESSION), &layers, Layer::Identity).unwrap();
    assert_eq!((repair.policy, repair.policy_index), (None, None));
    assert_eq!(repair.statement.unwrap()["Resource"], "arn:aws:s3:::acme-data/a.csv");
}

#[test]
fn keys_that_look_like_patterns_are_spelt_out() {
    let mut request = request(SESSION);
    request.resource = "arn:aws:s3:::acme-data/a*b?${x}".to_owned();
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#;
    let repaired = only(&request, &identity(text), Layer::Identity).unwrap();
    assert_eq!(repaired.statement.unwrap()["Resource"], "arn:aws:s3:::acme-data/a${*}b${?}${$}{x}");
    // The older version of the language has no way to say it.
    assert_eq!(only(&request, &identity(&text.replace("\"Version\":\"2012-10-17\",", "")), Layer::Identity), None);
    request.resource = "arn:aws:s3:::acme-data/logs/*".to_owned();
    let repaired = only(&request, &identity(text), Layer::Identity).unwrap();
    assert_eq!(repaired.statement.unwrap()["Resource"], "arn:aws:s3:::acme-data/logs/*");
}

fn across(bucket_policy: Option<&str>) -> (Request, Layers) {
    let mut request = request(SESSION);
    request.resource_account = Some("444455556666".to_owned());
    let mut layers = identity(r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#);
    layers.resource = bucket_policy.map_or(Reading::NotApplicable, |text| Reading::Read(named(text, Rules::Resource)));
    (request, layers)
}

#[test]
fn another_accounts_bucket_lets_in_the_role_and_nobody_else() {
    for policy in [
        None,
        Some(
            r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:*","Resource":"arn:aws:s3:::acme-data/*"}]}"#,
        ),
    ] {
        let (request, layers) = across(policy);
        let repair = only(&request, &layers, Layer::Resource).unwrap();
        assert_eq!(
            repair.statement.unwrap(),
            json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/a.csv"})
        );
    }
}

#[test]
fn a_deny_is_narrowed_and_never_removed() {
    let deny = |condition: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "111122223333"}}, "Action": "s3:*", "Resource": "arn:aws:s3:::acme-data/*"}}, {{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-data/*"{condition}}}]}}"#
        )
    };
    let condition_after = |condition: &str| {
        let (request, layers) = across(Some(&deny(condition)));
        only(&request, &layers, Layer::Resource).map(|repair| {
            assert_eq!(repair.op, RepairOp::ReplaceStatement(1));
            repair.statement.unwrap()["Condition"].clone()
        })
    };
    let role = "arn:aws:iam::111122223333:role/app";
    assert_eq!(condition_after("").unwrap(), json!({"ArnNotEquals": {"aws:PrincipalArn": role}}));
    assert_eq!(
        condition_after(r#", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}"#).unwrap(),
        json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "ArnNotEquals": {"aws:PrincipalArn": role}})
    );
    assert_eq!(
        condition_after(
            r#", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/admin"}}"#
        )
        .unwrap(),
        json!({"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::444455556666:role/admin", role]}})
    );
    assert_eq!(
        condition_after(r#", "Condition": {"StringNotEquals": {"aws:PrincipalArn": ["a"]}}"#).unwrap(),
        json!({"StringNotEquals": {"aws:PrincipalArn": ["a", role]}})
    );
    // What the request itself can satisfy is no matter for the policy.
    assert_eq!(
        condition_after(r#", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}"#),
        Some(json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})).filter(|_| false)
    );
}

#[test]
fn nothing_is_opened_to_the_public() {
    let mut anonymous = request("anonymous");
    anonymous.resource_account = Some("444455556666".to_owned());
    assert_eq!(decide(&anonymous, &Layers::default()).decision, Decision::ImplicitlyDenied);
    assert_eq!(only(&anonymous, &Layers::default(), Layer::Resource), None);
}

#[test]
fn a_trust_policy_lets_the_caller_assume_the_role() {
    let mut request = request(SESSION);
    request.action = "sts:AssumeRole".to_owned();
    request.resource = "arn:aws:iam::111122223333:role/admin".to_owned();
    let trust = named(
        r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
        Rules::Trust,
    );
    let layers = Layers { resource: Reading::Read(trust), ..Layers::default() };
    let repair = only(&request, &layers, Layer::Resource).unwrap();
    assert_eq!(
        repair.statement.unwrap(),
        json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "sts:AssumeRole"})
    );
}

#[test]
fn every_deny_is_narrowed_each_in_its_own_place() {
    let role = "arn:aws:iam::111122223333:role/app";
    let text = r#"{"Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "arn:aws:s3:::acme-data/*"},
  {"Sid": "Vpc", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-data/*"},
  {"Sid": "Other", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::acme-data/*"},
  {"Sid": "Csv", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*.csv"}
]}"#;
    let (request, layers) = across(Some(text));
    let repair = repair(&request, &layers, Layer::Resource).unwrap();
    let ops: Vec<RepairOp> = repair.edits.iter().map(|edit| edit.op).collect();
    assert_eq!(ops, [RepairOp::ReplaceStatement(1), RepairOp::ReplaceStatement(3)]);
    let sids = |text: &str| -> Vec<String> {
        let document = Document::parse(text, Rules::Resource).unwrap();
        let spared = |statement: &&crate::policy::Statement| text[statement.span()].contains(role);
        document
            .statements()
            .iter()
            .filter(spared)
            .filter_map(|statement| statement.sid.as_deref().map(str::to_owned))
            .collect()
    };
    // Each by itself, of the document as it is.
    assert_eq!(sids(&repair.edits[0].edited), ["Vpc"]);
    assert_eq!(sids(&repair.edits[1].edited), ["Csv"]);
}

#[test]
fn denies_of_several_policies_are_all_narrowed() {
    let deny = r#"{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#;
    let allow = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    let policies = [deny, allow, deny].map(|text| named(text, Rules::Identity));
    let layers = Layers { identity: Reading::Read(policies.to_vec()), ..Layers::default() };
    let repair = repair(&request(SESSION), &layers, Layer::Identity).unwrap();
    let places: Vec<Option<usize>> = repair.edits.iter().map(|edit| edit.policy_index).collect();
    assert_eq!(places, [Some(0), Some(2)]);
}

#[test]
fn one_deny_that_the_request_can_meet_leaves_nothing_to_edit() {
    let text = r#"{"Statement": [
  {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
]}"#;
    assert_eq!(repair(&request(SESSION), &identity(text), Layer::Identity), None);
}

#[test]
fn a_deny_is_narrowed_where_nothing_allows_either() {
    let text = r#"{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#;
    let repair = only(&request(SESSION), &identity(text), Layer::Identity).unwrap();
    assert_eq!(repair.op, RepairOp::ReplaceStatement(0));
}

#[test]
fn a_deny_that_only_aws_can_decide_is_narrowed_where_it_is_known_to_be_the_one() {
    let text = r#"{"Statement": [
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
]}"#;
    let (mut request, layers) = (request(SESSION), identity(text));
    request.context = Context::open();
    assert_eq!(repair(&request, &layers, Layer::Identity), None);
    let statement = |index| Decisive {
        layer: Layer::Identity,
        policy: "p".to_owned(),
        policy_index: 0,
        statement: crate::policy::StatementRef { index, sid: None },
        effect: Effect::Deny,
    };
    let [edit] = repair_of(&request, &layers, &statement(1)).unwrap().edits.try_into().unwrap();
    assert_eq!(
        edit.statement.unwrap()["Condition"],
        json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "ArnNotEquals": {"aws:PrincipalArn": ["arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/*/app"]}})
    );
    // An Allow spares nobody.
    assert_eq!(repair_of(&request, &layers, &statement(0)), None);
    assert_eq!(repair_of(&request, &layers, &statement(7)), None);
}

/// A session seen from outside, whose role's path nobody told, and a bucket policy.
fn from_outside(role: &str, policy: &str) -> (Request, Layers) {
    let mut request = request(&format!("arn:aws:sts::111122223333:assumed-role/{role}/s"));
    request.context = Context::open();
    request.resource_account = Some("444455556666".to_owned());
    (request, Layers { resource: Reading::Read(named(policy, Rules::Resource)), ..Layers::default() })
}

#[test]
fn an_exemption_reaches_a_role_whatever_its_path() {
    let deny = |condition: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-data/*"{condition}}}}}"#
        )
    };
    let both = json!(["arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/*/app"]);
    let (request, layers) = from_outside("app", &deny(""));
    let edit = only(&request, &layers, Layer::Resource).unwrap();
    assert_eq!(edit.statement.unwrap()["Condition"], json!({"ArnNotEquals": {"aws:PrincipalArn": both}}));
    // A list that takes no wildcards is left as it is.
    let (_, layers) = from_outside(
        "app",
        &deny(r#", "Condition": {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/admin"}}"#),
    );
    let edit = only(&request, &layers, Layer::Resource).unwrap();
    assert_eq!(
        edit.statement.unwrap()["Condition"],
        json!({"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/admin"}, "ArnNotEquals": {"aws:PrincipalArn": both}})
    );
}

#[test]
fn a_role_of_identity_center_is_let_in_by_a_condition() {
    let (request, layers) = from_outside(
        "AWSReservedSSO_Dev_0123456789abcdef",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-data/b.csv"}]}"#,
    );
    let edit = only(&request, &layers, Layer::Resource).unwrap();
    assert_eq!(
        edit.statement.unwrap(),
        json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:GetObject",
               "Resource": "arn:aws:s3:::acme-data/a.csv",
               "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Dev_0123456789abcdef"}}})
    );
}
