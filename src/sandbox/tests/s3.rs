//! What S3 says and does not say.

use crate::sandbox::tests::client::{Ask, Bench, header};
use std::time::Duration;

const WORLD: &str = r#"
title = "a world with one of each"
[organization]
id = "o-acme1234ab"
management_account = "999900001111"
[[organization.unit]]
id = "r-acme"
[[account]]
id = "111122223333"
unit = "r-acme"
[[account]]
id = "444455556666"
unit = "r-acme"
[[account]]
id = "777788889999"

[[user]]
name = "admin"
managed = ["arn:aws:iam::aws:policy/AdministratorAccess"]
[[user]]
name = "reader"
inline = { r = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":"*"}]}' }
[[user]]
name = "nobody"
[[user]]
name = "sibling"
account = "444455556666"
managed = ["arn:aws:iam::aws:policy/AdministratorAccess"]
[[user]]
name = "stranger"
account = "777788889999"
managed = ["arn:aws:iam::aws:policy/AdministratorAccess"]

[[kms_key]]
id = "1234abcd-12ab-34cd-56ef-1234567890ab"

[[bucket]]
name = "acme-logs"
versioning = true
[[bucket.object]]
key = "a b/ü+.txt"
body = "hello"
[[bucket.object]]
key = "empty"
[[bucket.object]]
key = "gone"
version_id = "one"
[[bucket.object]]
key = "gone"
version_id = "two"
delete_marker = true
[[bucket.object]]
key = "kms"
body = "x"
kms_key = "1234abcd-12ab-34cd-56ef-1234567890ab"

[[bucket]]
name = "acme-shared"
policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::777788889999:root","arn:aws:iam::444455556666:root"]},"Action":["s3:GetBucketPolicy","s3:ListBucket"],"Resource":"arn:aws:s3:::acme-shared"}]}'

[[bucket]]
name = "acme-inbox"
ownership = "ObjectWriter"
block_public_access = ["IgnorePublicAcls"]
[[bucket.object]]
key = "theirs"
body = "x"
owner = "444455556666"
[[bucket.object]]
key = "given"
body = "x"
owner = "444455556666"
grant = [{ to = "111122223333", permission = "FULL_CONTROL" }]
[[bucket.object]]
key = "open"
body = "x"
grant = [{ to = "everyone", permission = "READ" }]

[[bucket]]
name = "acme-open"
ownership = "ObjectWriter"
block_public_access = "none"
[[bucket.object]]
key = "open"
body = "x"
grant = [{ to = "everyone", permission = "READ" }]

[cli]
run = ["s3", "ls"]
"#;

fn get(path: &str) -> Ask {
    Ask::s3("GET", path, "")
}

#[test]
fn a_key_with_everything_in_it_is_signed_alike_on_both_sides() {
    let bench = Bench::new(WORLD);
    assert_eq!(bench.text("reader", &get("/acme-logs/a b/ü+.txt")), (200, "hello".to_owned()));
    let mut virtual_hosted = get("/a b/ü+.txt");
    virtual_hosted.host = "acme-logs.localhost:4566".to_owned();
    assert_eq!(bench.text("reader", &virtual_hosted), (200, "hello".to_owned()));
}

#[test]
fn a_missing_key_is_404_only_to_those_who_may_list() {
    let bench = Bench::new(WORLD);
    let (status, text) = bench.text("admin", &get("/acme-logs/nope"));
    assert_eq!(status, 404);
    assert!(text.contains("<Code>NoSuchKey</Code>") && text.contains("<Key>nope</Key>"), "{text}");
    let (status, text) = bench.text("reader", &get("/acme-logs/nope"));
    assert_eq!(status, 403);
    assert!(
        text.contains(
            "is not authorized to perform: s3:ListBucket on resource: &quot;arn:aws:s3:::acme-logs&quot; because no \
             identity-based policy allows the s3:ListBucket action"
        ),
        "{text}"
    );
    let (_, text) = bench.text("nobody", &get("/acme-logs/nope"));
    assert!(text.contains("is not authorized to perform: s3:GetObject on resource"), "{text}");
}

#[test]
fn a_head_says_nothing_but_its_status_and_ids() {
    let bench = Bench::new(WORLD);
    let (reply, entry) = bench.as_user("nobody", &Ask::s3("HEAD", "/acme-logs/empty", ""));
    assert_eq!(
        (reply.status, entry.operation.as_str(), entry.code.as_deref()),
        (403, "HeadObject", Some("AccessDenied"))
    );
    assert!(reply.body.is_empty());
    assert!(header(&reply, "x-amz-request-id").is_some() && header(&reply, "date").is_some());
    assert_eq!(header(&reply, "x-amz-bucket-region"), None);
    let (reply, _) = bench.as_user("nobody", &Ask::s3("HEAD", "/acme-logs", ""));
    assert_eq!((reply.status, header(&reply, "x-amz-bucket-region")), (403, Some("us-east-1")));
    let (reply, _) = bench.anonymously(&Ask::s3("HEAD", "/acme-logs", ""));
    assert_eq!((reply.status, header(&reply, "x-amz-bucket-region")), (403, Some("us-east-1")));
    assert_eq!(bench.as_user("nobody", &Ask::s3("HEAD", "/acme-nope", "")).0.status, 404);
}

#[test]
fn one_byte_of_an_empty_object_is_416_and_no_refusal() {
    let bench = Bench::new(WORLD);
    let (status, text) = bench.text("reader", &get("/acme-logs/empty").header("range", "bytes=0-0"));
    assert_eq!(status, 416);
    assert!(text.contains("<ActualObjectSize>0</ActualObjectSize>"), "{text}");
    let (reply, _) = bench.as_user("reader", &get("/acme-logs/a b/ü+.txt").header("range", "bytes=0-0"));
    assert_eq!(
        (reply.status, header(&reply, "content-range"), reply.body.as_slice()),
        (206, Some("bytes 0-0/5"), &b"h"[..])
    );
}

#[test]
fn a_delete_marker_shows_as_one() {
    let bench = Bench::new(WORLD);
    let (reply, _) = bench.as_user("admin", &get("/acme-logs/gone"));
    assert_eq!((reply.status, header(&reply, "x-amz-delete-marker")), (404, Some("true")));
    let (reply, _) = bench.as_user("admin", &Ask::s3("GET", "/acme-logs/gone", "versionId=two"));
    assert_eq!((reply.status, reply.code.as_deref()), (405, Some("MethodNotAllowed")));
    assert_eq!(bench.as_user("admin", &Ask::s3("GET", "/acme-logs/gone", "versionId=one")).0.status, 200);
    assert_eq!(bench.as_user("reader", &get("/acme-logs/gone")).0.status, 403);
}

#[test]
fn a_head_needs_no_kms_and_a_get_does() {
    let bench = Bench::new(WORLD);
    let (reply, _) = bench.as_user("reader", &Ask::s3("HEAD", "/acme-logs/kms", ""));
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    assert_eq!((reply.status, header(&reply, "x-amz-server-side-encryption-aws-kms-key-id")), (200, Some(arn)));
    let (status, text) = bench.text("reader", &get("/acme-logs/kms"));
    assert_eq!(status, 403);
    let expected = format!(
        "is not authorized to perform: kms:Decrypt on resource: {arn} because no identity-based policy allows the kms:Decrypt action"
    );
    assert!(text.contains(&expected), "{text}");
    assert_eq!(bench.as_user("admin", &get("/acme-logs/kms")).0.status, 200);
    assert_eq!(bench.anonymously(&get("/acme-logs/kms")).0.status, 403);
}

#[test]
fn the_bucket_policy_is_the_owners_account_to_read() {
    let bench = Bench::new(WORLD);
    let policy = |bucket: &str| Ask::s3("GET", bucket, "policy");
    assert_eq!(bench.as_user("admin", &policy("/acme-shared")).0.status, 200);
    assert_eq!(bench.as_user("admin", &policy("/acme-logs")).0.status, 404);
    assert_eq!(bench.as_user("nobody", &policy("/acme-shared")).0.status, 403);
    // Allowed by both sides, and of another account.
    let (reply, entry) = bench.as_user("stranger", &policy("/acme-shared"));
    assert_eq!((reply.status, entry.code.as_deref()), (405, Some("MethodNotAllowed")));
    assert_eq!(bench.as_user("stranger", &policy("/acme-logs")).0.status, 403);
}

#[test]
fn the_reason_is_told_inside_an_organization_and_not_across() {
    let bench = Bench::new(WORLD);
    let (_, text) = bench.text("sibling", &get("/acme-logs/empty"));
    assert!(text.contains("because no resource-based policy allows the s3:GetObject action"), "{text}");
    let (_, text) = bench.text("stranger", &get("/acme-logs/empty"));
    assert!(text.contains("<Message>Access Denied</Message>"), "{text}");
    let (reply, _) = bench.anonymously(&get("/acme-logs/empty"));
    assert!(String::from_utf8(reply.body).unwrap().contains("<Message>Access Denied</Message>"));
}

#[test]
fn an_object_is_its_writers_while_acls_are_on() {
    let bench = Bench::new(WORLD);
    assert_eq!(
        bench.as_user("admin", &get("/acme-inbox/theirs")).0.status,
        403,
        "no policy of the bucket's account reaches it"
    );
    assert_eq!(bench.as_user("sibling", &get("/acme-inbox/theirs")).0.status, 200);
    assert_eq!(bench.as_user("admin", &get("/acme-inbox/given")).0.status, 200);
    let (_, text) = bench.text("admin", &Ask::s3("GET", "/acme-inbox", "list-type=2&fetch-owner=true&prefix=theirs"));
    let owner = crate::sandbox::ids::canonical("444455556666");
    assert!(text.contains(&format!("<Owner><ID>{owner}</ID></Owner>")), "{text}");
}

#[test]
fn a_public_acl_counts_unless_it_is_ignored() {
    let bench = Bench::new(WORLD);
    assert_eq!(bench.anonymously(&get("/acme-open/open")).0.status, 200);
    assert_eq!(bench.anonymously(&get("/acme-inbox/open")).0.status, 403);
    assert_eq!(bench.as_user("nobody", &get("/acme-open/open")).0.status, 200);
}

#[test]
fn a_region_that_is_not_the_buckets_is_named() {
    let bench = Bench::new(WORLD);
    let mut ask = get("/acme-logs/empty");
    ask.region = "eu-west-1";
    let (reply, _) = bench.as_user("reader", &ask);
    assert_eq!((reply.status, header(&reply, "x-amz-bucket-region")), (400, Some("us-east-1")));
    let text = String::from_utf8(reply.body).unwrap();
    assert!(
        text.contains("<Code>AuthorizationHeaderMalformed</Code>") && text.contains("<Region>us-east-1</Region>"),
        "{text}"
    );
}

#[test]
fn the_expected_owner_is_held_to() {
    let bench = Bench::new(WORLD);
    let with = |owner: &str| get("/acme-logs/a b/ü+.txt").header("x-amz-expected-bucket-owner", owner);
    assert_eq!(bench.as_user("reader", &with("111122223333")).0.status, 200);
    let (status, text) = bench.text("reader", &with("444455556666"));
    assert!(status == 403 && text.contains("<Message>Access Denied</Message>"), "{text}");
    assert_eq!(bench.as_user("reader", &with("me")).0.status, 400);
}

#[test]
fn a_presigned_url_lives_as_long_as_it_says() {
    let bench = Bench::new(WORLD);
    let mut ask = get("/acme-logs/a b/ü+.txt");
    ask.presigned = Some(Duration::from_secs(60));
    let (reply, entry) = bench.as_user("reader", &ask);
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"hello"[..]));
    assert!(entry.query.contains("X-Amz-Date") && !entry.query.contains("Signature="), "{}", entry.query);
    ask.ago = Duration::from_secs(61);
    let (status, text) = bench.text("reader", &ask);
    assert_eq!(status, 403);
    assert!(text.contains("<Message>Request has expired</Message>") && text.contains("<ServerTime>"), "{text}");
}

#[test]
fn what_is_written_can_be_read_listed_and_deleted() {
    let bench = Bench::new(WORLD);
    let mut put = Ask::s3("PUT", "/acme-logs/new/1", "").header("x-amz-meta-a", "b");
    put.body = "first".to_owned();
    assert_eq!(bench.as_user("admin", &put).0.status, 200);
    assert_eq!(bench.as_user("reader", &put).0.status, 403);
    let (reply, _) = bench.as_user("reader", &get("/acme-logs/new/1"));
    assert_eq!((reply.body.as_slice(), header(&reply, "x-amz-meta-a")), (&b"first"[..], Some("b")));
    let copy = Ask::s3("PUT", "/acme-logs/new/2", "").header("x-amz-copy-source", "acme-logs/new/1");
    assert_eq!(bench.as_user("admin", &copy).0.status, 200);
    let (_, text) = bench.text("admin", &Ask::s3("GET", "/acme-logs", "list-type=2&prefix=new%2F&max-keys=1"));
    assert!(text.contains("<Key>new/1</Key>") && text.contains("<IsTruncated>true</IsTruncated>"), "{text}");
    let token = text.split("<NextContinuationToken>").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    let (_, text) = bench
        .text("admin", &Ask::s3("GET", "/acme-logs", &format!("list-type=2&prefix=new%2F&continuation-token={token}")));
    assert!(text.contains("<Key>new/2</Key>") && !text.contains("<Key>new/1</Key>"), "{text}");
    let (_, text) = bench.text("admin", &Ask::s3("GET", "/acme-logs", "list-type=2&delimiter=%2F"));
    assert!(text.contains("<CommonPrefixes><Prefix>new/</Prefix></CommonPrefixes>"), "{text}");
    assert_eq!(bench.as_user("admin", &Ask::s3("DELETE", "/acme-logs/new/1", "")).0.status, 204);
    assert_eq!(bench.as_user("admin", &get("/acme-logs/new/1")).0.status, 404);
}

#[test]
fn the_log_keeps_no_secret() {
    let bench = Bench::new(WORLD);
    let key = bench.key("reader");
    let (_, entry) = bench.as_user("reader", &get("/acme-logs/empty"));
    let text = format!("{entry:?}");
    assert!(text.contains("arn:aws:iam::111122223333:user/reader"), "{text}");
    assert!(!text.contains(&key.secret) && !text.contains("AWS4-HMAC-SHA256"), "{text}");
}
