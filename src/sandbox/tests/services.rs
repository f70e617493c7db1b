//! The other services, and who may ask them what.

use crate::sandbox::scenario::AccessKey;
use crate::sandbox::tests::client::{Ask, Bench};
use std::time::Duration;

const WORLD: &str = r#"
title = "people, roles and a key"
[organization]
id = "o-acme1234ab"
management_account = "999900001111"
[[organization.unit]]
id = "r-acme"
[[account]]
id = "111122223333"
unit = "r-acme"
block_public_access = ["IgnorePublicAcls"]
[[account]]
id = "999900001111"
unit = "r-acme"

[[user]]
name = "admin"
managed = ["arn:aws:iam::aws:policy/AdministratorAccess"]
[[user]]
name = "boss"
account = "999900001111"
managed = ["arn:aws:iam::aws:policy/AdministratorAccess"]
[[user]]
name = "nobody"
inline = { own = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-logs/100%"}]}' }

[[role]]
name = "deploy"
managed = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}'
[[role]]
name = "web"
trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/idp.example"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"idp.example:sub":"alice"}}}]}'
[[role]]
name = "AWSReservedSSO_Developer_0123456789abcdef"
path = "/aws-reserved/sso.amazonaws.com/"
trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}'

[[session]]
name = "old"
role = "deploy"
expires_in = -1

[[web_identity]]
token = "token-of-alice"
provider = "idp.example"
subject = "alice"
[[web_identity]]
token = "token-of-bob"
provider = "idp.example"
subject = "bob"

[[sso_token]]
token = "sso-of-alice"
roles = ["111122223333/Developer"]

[[kms_key]]
id = "1234abcd-12ab-34cd-56ef-1234567890ab"
[[bucket]]
name = "acme-logs"
[[access_point]]
name = "reports"
bucket = "acme-logs"

[cli]
run = ["s3", "ls"]
"#;

fn part<'a>(text: &'a str, name: &str) -> &'a str {
    let rest = text.split(&format!("<{name}>")).nth(1).unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.split(&format!("</{name}>")).next().unwrap()
}

fn keys(text: &str) -> AccessKey {
    AccessKey {
        id: part(text, "AccessKeyId").to_owned(),
        secret: part(text, "SecretAccessKey").to_owned(),
        token: Some(part(text, "SessionToken").to_owned()),
        active: true,
    }
}

fn whoami() -> Ask {
    Ask::query("sts", "Action=GetCallerIdentity&Version=2011-06-15")
}

#[test]
fn anybody_may_ask_who_they_are() {
    let bench = Bench::new(WORLD);
    let (status, text) = bench.text("nobody", &whoami());
    assert_eq!((status, part(&text, "Arn")), (200, "arn:aws:iam::111122223333:user/nobody"));
    assert!(part(&text, "UserId").starts_with("AIDA"));
    let (_, text) = bench.text("root/111122223333", &whoami());
    assert_eq!(part(&text, "Arn"), "arn:aws:iam::111122223333:root");
}

#[test]
fn bad_credentials_are_refused_in_each_services_words() {
    let bench = Bench::new(WORLD);
    let good = bench.key("nobody");
    let list = Ask::s3("GET", "/acme-logs", "list-type=2");
    let describe = Ask::json("kms", "TrentService.DescribeKey", r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#);
    let unknown = AccessKey { id: "AKIAIOSFODNN7EXAMPLE".to_owned(), ..good.clone() };
    let wrong = AccessKey { secret: "x".repeat(40), ..good.clone() };
    let expired = bench.key("session/old");
    let cut = AccessKey { token: Some("cut".to_owned()), ..expired.clone() };
    let tokenless = AccessKey { token: None, ..expired.clone() };
    for (key, s3, sts, kms) in [
        (&unknown, (403, "InvalidAccessKeyId"), (403, "InvalidClientTokenId"), (400, "UnrecognizedClientException")),
        (&wrong, (403, "SignatureDoesNotMatch"), (403, "SignatureDoesNotMatch"), (400, "InvalidSignatureException")),
        (&expired, (400, "ExpiredToken"), (403, "ExpiredToken"), (400, "ExpiredTokenException")),
        (&cut, (400, "InvalidToken"), (403, "InvalidClientTokenId"), (400, "UnrecognizedClientException")),
        (&tokenless, (403, "InvalidAccessKeyId"), (403, "InvalidClientTokenId"), (400, "UnrecognizedClientException")),
    ] {
        for (ask, (status, code)) in [(&list, s3), (&whoami(), sts), (&describe, kms)] {
            let (reply, entry) = bench.with_key(key, ask);
            assert_eq!((reply.status, entry.code.as_deref()), (status, Some(code)), "{} {}", ask.service, ask.target);
            assert_eq!(entry.caller, None);
            assert!(String::from_utf8(reply.body).unwrap().contains(code));
        }
    }
}

#[test]
fn a_clock_that_is_off_is_told_both_times() {
    let bench = Bench::new(WORLD);
    let mut late = Ask::s3("GET", "/acme-logs", "list-type=2");
    late.ago = Duration::from_secs(16 * 60);
    let (status, text) = bench.text("admin", &late);
    assert_eq!((status, part(&text, "Code")), (403, "RequestTimeTooSkewed"));
    assert_eq!(part(&text, "MaxAllowedSkewMilliseconds"), "900000");
    assert!(part(&text, "RequestTime").ends_with('Z') && part(&text, "ServerTime").contains('-'));
    let mut who = whoami();
    who.ago = Duration::from_secs(16 * 60);
    let (_, text) = bench.text("admin", &who);
    assert!(part(&text, "Message").starts_with("Signature expired: "), "{text}");
    late.ago = Duration::from_secs(14 * 60);
    assert_eq!(bench.as_user("admin", &late).0.status, 200);
}

#[test]
fn a_role_is_assumed_with_trust_and_permission_both() {
    let bench = Bench::new(WORLD);
    let assume = |role: &str| {
        Ask::query(
            "sts",
            &format!("Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/{role}&RoleSessionName=run-42"),
        )
    };
    let (status, text) = bench.text("admin", &assume("deploy"));
    assert_eq!(status, 200, "{text}");
    let (reply, _) = bench.with_key(&keys(&text), &whoami());
    let text = String::from_utf8(reply.body).unwrap();
    assert_eq!(part(&text, "Arn"), "arn:aws:sts::111122223333:assumed-role/deploy/run-42");
    let (status, text) = bench.text("nobody", &assume("deploy"));
    assert_eq!(status, 403);
    assert!(text.contains("because no identity-based policy allows the sts:AssumeRole action"), "{text}");
    // Refused by trust, and not there at all: the same words.
    let (_, untrusting) = bench.text("admin", &assume("web"));
    let (_, missing) = bench.text("admin", &assume("nope"));
    assert_eq!(part(&untrusting, "Message").replace("/web", ""), part(&missing, "Message").replace("/nope", ""));
}

#[test]
fn a_session_policy_given_at_assumption_binds() {
    let bench = Bench::new(WORLD);
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetBucketLocation","Resource":"*"}]}"#;
    let encoded = percent_encoding::utf8_percent_encode(policy, percent_encoding::NON_ALPHANUMERIC);
    let form =
        format!("Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/deploy&RoleSessionName=run&Policy={encoded}");
    let (_, text) = bench.text("admin", &Ask::query("sts", &form));
    let keys = keys(&text);
    assert_eq!(bench.with_key(&keys, &Ask::s3("GET", "/acme-logs", "location")).0.status, 200);
    let (reply, _) = bench.with_key(&keys, &Ask::s3("GET", "/acme-logs", "list-type=2"));
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.contains("because no session policy allows the s3:ListBucket action"), "{text}");
}

#[test]
fn web_identities_open_the_roles_that_trust_them() {
    let bench = Bench::new(WORLD);
    let with = |token: &str| {
        let form = format!(
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::111122223333:role/web&RoleSessionName=w&WebIdentityToken={token}"
        );
        let (reply, entry) = bench.anonymously(&Ask::query("sts", &form));
        (reply.status, entry.code, String::from_utf8(reply.body).unwrap())
    };
    let (status, _, text) = with("token-of-alice");
    assert_eq!((status, part(&text, "SubjectFromWebIdentityToken")), (200, "alice"));
    assert_eq!(with("token-of-bob").1.as_deref(), Some("AccessDenied"));
    assert_eq!(with("another").1.as_deref(), Some("InvalidIdentityToken"));
}

#[test]
fn the_portal_hands_out_a_permission_sets_role() {
    let bench = Bench::new(WORLD);
    let ask = |role: &str, token: &str| {
        let ask = Ask::s3("GET", "/federation/credentials", &format!("role_name={role}&account_id=111122223333"));
        let (reply, entry) = bench.anonymously(&ask.header("x-amz-sso_bearer_token", token));
        (reply.status, entry.service, serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap())
    };
    let (status, service, body) = ask("Developer", "sso-of-alice");
    assert_eq!((status, service.as_str()), (200, "SSO"));
    let word =
        |name: &str| body.pointer(&format!("/roleCredentials/{name}")).and_then(|it| it.as_str()).unwrap().to_owned();
    let key = AccessKey {
        id: word("accessKeyId"),
        secret: word("secretAccessKey"),
        token: Some(word("sessionToken")),
        active: true,
    };
    let (reply, _) = bench.with_key(&key, &whoami());
    assert!(String::from_utf8(reply.body).unwrap().contains("assumed-role/AWSReservedSSO_Developer_0123456789abcdef/"));
    assert_eq!(ask("Admin", "sso-of-alice").0, 403);
    assert_eq!(ask("Developer", "stale").0, 401);
}

#[test]
fn iam_checks_the_permission_before_it_looks() {
    let bench = Bench::new(WORLD);
    let get = |name: &str| Ask::query("iam", &format!("Action=GetUserPolicy&UserName={name}&PolicyName=own"));
    let (status, text) = bench.text("admin", &get("nobody"));
    assert_eq!(status, 200);
    assert!(part(&text, "PolicyDocument").contains("100%25"), "documents are percent-encoded: {text}");
    assert_eq!(bench.as_user("admin", &get("ghost")).1.code.as_deref(), Some("NoSuchEntity"));
    for name in ["nobody", "ghost"] {
        let (status, text) = bench.text("nobody", &get(name));
        assert_eq!(status, 403);
        let expected = format!(
            "User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: iam:GetUserPolicy on resource: user {name} \
             because no identity-based policy allows the iam:GetUserPolicy action"
        );
        assert_eq!(part(&text, "Message"), expected);
    }
}

#[test]
fn the_simulator_answers_for_users_and_roles() {
    let bench = Bench::new(WORLD);
    let ask = |source: &str, action: &str| {
        let form = format!(
            "Action=SimulatePrincipalPolicy&PolicySourceArn=arn:aws:iam::111122223333:{source}&ActionNames.member.1={action}&ResourceArns.member.1=arn:aws:s3:::acme-logs/x"
        );
        let (_, text) = bench.text("admin", &Ask::query("iam", &form));
        part(&text, "EvalDecision").to_owned()
    };
    assert_eq!(ask("role/deploy", "s3:GetObject"), "allowed");
    assert_eq!(ask("role/deploy", "s3:PutObject"), "implicitDeny");
    assert_eq!(ask("user/nobody", "s3:GetObject"), "implicitDeny");
}

#[test]
fn kms_organizations_and_ec2_answer_those_who_may() {
    let bench = Bench::new(WORLD);
    let key = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#;
    let (status, text) = bench.text("admin", &Ask::json("kms", "TrentService.DescribeKey", key));
    assert!(status == 200 && text.contains(r#""KeyManager":"CUSTOMER""#), "{text}");
    let (reply, entry) = bench.as_user("nobody", &Ask::json("kms", "TrentService.GetKeyPolicy", key));
    assert_eq!((reply.status, entry.code.as_deref()), (400, Some("AccessDeniedException")));
    let list = Ask::json(
        "organizations",
        "AWSOrganizationsV20161128.ListPoliciesForTarget",
        r#"{"TargetId":"111122223333","Filter":"SERVICE_CONTROL_POLICY"}"#,
    );
    assert_eq!(bench.as_user("admin", &list).1.code.as_deref(), Some("AccessDeniedException"), "members may not");
    assert!(bench.text("boss", &list).1.contains("p-FullAWSAccess"));
    let endpoints = Ask::query("ec2", "Action=DescribeVpcEndpoints");
    assert_eq!(bench.as_user("admin", &endpoints).0.status, 200);
    assert_eq!(bench.as_user("nobody", &endpoints).1.code.as_deref(), Some("UnauthorizedOperation"));
}

#[test]
fn s3_control_is_told_from_s3_by_its_path() {
    let bench = Bench::new(WORLD);
    let mut ask = Ask::s3("GET", "/v20180820/configuration/publicAccessBlock", "");
    ask.host = "111122223333.127.0.0.1:4566".to_owned();
    let (reply, entry) = bench.as_user("admin", &ask.clone().header("x-amz-account-id", "111122223333"));
    assert_eq!(
        (reply.status, entry.service.as_str(), entry.operation.as_str()),
        (200, "S3 Control", "GetPublicAccessBlock")
    );
    assert!(String::from_utf8(reply.body).unwrap().contains("<IgnorePublicAcls>true</IgnorePublicAcls>"));
    assert_eq!(bench.as_user("nobody", &ask).0.status, 403);
    let point = Ask::s3("GET", "/v20180820/accesspoint/reports", "").header("x-amz-account-id", "111122223333");
    let (_, text) = bench.text("admin", &point);
    assert_eq!((part(&text, "Bucket"), part(&text, "NetworkOrigin")), ("acme-logs", "Internet"));
    let policy = Ask::s3("GET", "/v20180820/accesspoint/reports/policy", "").header("x-amz-account-id", "111122223333");
    assert_eq!(bench.as_user("admin", &policy).1.code.as_deref(), Some("NoSuchAccessPointPolicy"));
}

#[test]
fn a_pasted_repair_changes_the_world_for_those_who_may() {
    let bench = Bench::new(WORLD);
    let read = Ask::s3("GET", "/acme-logs", "location");
    assert_eq!(bench.as_user("nobody", &read).0.status, 403);
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetBucketLocation","Resource":"arn:aws:s3:::acme-logs"}]}"#;
    let encoded = percent_encoding::utf8_percent_encode(document, percent_encoding::NON_ALPHANUMERIC);
    let put = |policy: &str| {
        Ask::query("iam", &format!("Action=PutUserPolicy&UserName=nobody&PolicyName=more&PolicyDocument={policy}"))
    };
    assert_eq!(bench.as_user("nobody", &put(&encoded.to_string())).0.status, 403);
    assert_eq!(bench.as_user("admin", &put("%7B%7D")).1.code.as_deref(), Some("MalformedPolicyDocument"));
    assert_eq!(bench.as_user("admin", &put(&encoded.to_string())).0.status, 200);
    assert_eq!(bench.as_user("nobody", &read).0.status, 200);
    assert_eq!(bench.as_user("nobody", &Ask::s3("GET", "/acme-logs", "acl")).0.status, 403);
}

#[test]
fn machines_get_their_sessions_where_machines_do() {
    let bench = Bench::new(&WORLD.replace("[cli]", "[[session]]\nname = 'i-0abc'\nrole = 'deploy'\n[cli]\ninstance = 'session/i-0abc'\ncontainer = 'session/i-0abc'"));
    let plain = |ask: Ask| {
        let (reply, entry) = bench.anonymously(&ask);
        (reply.status, entry.service, String::from_utf8(reply.body).unwrap())
    };
    let roles = || Ask::s3("GET", "/latest/meta-data/iam/security-credentials/", "");
    assert_eq!(plain(roles()).0, 401, "version 2 wants its token");
    let (_, service, token) = plain(Ask::s3("PUT", "/latest/api/token", ""));
    assert_eq!(service, "Metadata");
    assert_eq!(plain(roles().header("x-aws-ec2-metadata-token", &token)).2, "deploy");
    let (status, _, text) = plain(Ask::s3("GET", "/_container/credentials", ""));
    assert!(status == 200 && text.contains(&bench.key("session/i-0abc").id), "{text}");
    // A world without machines has neither.
    let (reply, _) = Bench::new(WORLD).anonymously(&Ask::s3("GET", "/_container/credentials", ""));
    assert_eq!(reply.status, 404);
}
