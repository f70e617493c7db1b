//! What was asked, and how the CLI would send it: against what the CLI itself makes of the same input.
#![expect(clippy::disallowed_methods, reason = "tests write the files that they then read")]

use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use why403::recognize::{AwsFailure, Recognizer};
use why403::request::{
    Arguments, BucketKind, CliVersion, CredentialPlan, EndpointChoice, LinkOutcome, Origin, ProfileFiles, Request,
    RoleSource, ServiceId, Settings, Side, files, profile_options, redact_argv, shell_words,
};
use why403::world::{Screen, World};

fn world(variables: &[(&str, &str)]) -> World {
    world_of(variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect())
}

fn world_of(env: BTreeMap<OsString, OsString>) -> World {
    World {
        home: env.get(&OsString::from("HOME")).map(PathBuf::from),
        env,
        stderr: Screen { unicode: true, ..Screen::default() },
        now: || SystemTime::UNIX_EPOCH,
    }
}

/// A command line as a shell would split it.
fn words(line: &str) -> Vec<OsString> {
    shell_words(line).expect("a finished line").into_iter().map(OsString::from).collect()
}

fn parse(line: &str) -> Arguments {
    Arguments::parse(&words(line))
}

fn merged(config: &str, credentials: &str) -> ProfileFiles {
    ProfileFiles::merge(("/config".into(), Some(config)), ("/credentials".into(), Some(credentials)))
}

fn settings(line: &str, variables: &[(&str, &str)], config: &str, credentials: &str) -> Settings {
    Settings::resolve(&parse(line), &world(variables), &merged(config, credentials), CliVersion::V2)
}

fn failure(line: &str) -> AwsFailure {
    let mut recognizer = Recognizer::new();
    recognizer.push(format!("{line}\n").as_bytes());
    recognizer
        .finish()
        .groups
        .first()
        .and_then(|group| group.first())
        .cloned()
        .unwrap_or_else(|| panic!("no failure in {line}"))
}

fn asked(command: &str, line: &str) -> Request {
    Request::from_failure(&parse(command), &failure(line), &settings(command, &[], "", ""))
}

fn silent(command: &str) -> Request {
    Request::from_failure(&parse(command), &AwsFailure::silent(), &settings(command, &[], "", ""))
}

/// The paths and values are what awscli 1.45.11's own parser gives for the same line.
#[test]
fn command_lines_are_taken_apart_as_the_cli_does() {
    /// A line, its paths, its options with a value, and its switches.
    type Case =
        (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)], &'static [&'static str]);
    let cases: &[Case] = &[
        ("aws s3 cp s3://b/k . --profile dev", &["s3://b/k", "."], &[("--profile", "dev")], &[]),
        (
            "aws --profile=dev --reg us-west-2 s3 cp s3://b/k .",
            &["s3://b/k", "."],
            &[("--profile", "dev"), ("--region", "us-west-2")],
            &[],
        ),
        (
            "aws s3 --prof dev cp --recurs s3://b/p/ ./d",
            &["s3://b/p/", "./d"],
            &[("--profile", "dev")],
            &["--recursive"],
        ),
        (
            "aws s3 cp --sse aws:kms --sse-kms-key-id K ./f s3://b/k",
            &["./f", "s3://b/k"],
            &[("--sse", "aws:kms"), ("--sse-kms-key-id", "K")],
            &[],
        ),
        ("aws s3 cp ./f s3://b/k --sse --quiet", &["./f", "s3://b/k"], &[], &["--sse", "--quiet"]),
        ("aws s3 cp s3://b/k - --request-payer", &["s3://b/k", "-"], &[], &["--request-payer"]),
        (
            "aws s3 cp --request-payer requester --only-show s3://b/k .",
            &["s3://b/k", "."],
            &[("--request-payer", "requester")],
            &["--only-show-errors"],
        ),
        (
            "aws s3 cp ./f s3://b/k --grants read=uri=x full=id=y",
            &["./f", "s3://b/k"],
            &[("--grants", "full=id=y")],
            &[],
        ),
        (
            "aws s3 cp --grants read=uri=x full=id=y --acl private ./f s3://b/k",
            &["./f", "s3://b/k"],
            &[("--acl", "private")],
            &["--grants"],
        ),
        (
            "aws s3 sync --exclude '*' --include 'a b*' s3://b/p ./d --delete --no-sign-request",
            &["s3://b/p", "./d"],
            &[("--include", "a b*")],
            &["--delete", "--no-sign-request"],
        ),
        (
            "aws s3 ls --page-size 5 s3://b/p --hum --debug",
            &["s3://b/p"],
            &[("--page-size", "5")],
            &["--human-readable", "--debug"],
        ),
        (
            "aws s3 cp --metadata k=v,k2=v2 s3://b/k s3://c/ --source-region us-east-1",
            &["s3://b/k", "s3://c/"],
            &[("--source-region", "us-east-1")],
            &[],
        ),
        ("aws s3 mb s3://b --tags a b --tags c d", &["s3://b"], &[("--tags", "d")], &[]),
        ("aws s3 presign s3://b/k --expires-in 60", &["s3://b/k"], &[("--expires-in", "60")], &[]),
        ("aws s3 rm --dryrun -- s3://b/k", &["s3://b/k"], &[], &["--dryrun"]),
        ("aws s3 cp s3://b/k . --q keys", &["s3://b/k", "."], &[("--query", "keys")], &[]),
        (
            "aws s3 cp --content-disposition 'attachment; filename=\"x y\"' ./f s3://b/k --endpoint http://localhost:1",
            &["./f", "s3://b/k"],
            &[("--endpoint-url", "http://localhost:1")],
            &[],
        ),
        ("aws s3 cp ./f s3://b/k --cache-control '-1 x'", &["./f", "s3://b/k"], &[("--cache-control", "-1 x")], &[]),
        // What the CLI would refuse is read as well as can be.
        ("aws s3 cp --from-the-future yes s3://b/k .", &["s3://b/k", "."], &[], &["--from-the-future"]),
        ("aws s3 cp --sse-c --sse-c-key", &[], &[], &["--sse-c", "--sse-c-key"]),
    ];
    for (line, paths, values, switches) in cases {
        let arguments = parse(line);
        assert_eq!(arguments.positionals, *paths, "{line}");
        for (name, value) in *values {
            assert_eq!(arguments.value(name), Some(*value), "{line}: {name}");
        }
        for name in *switches {
            assert!(arguments.has(name), "{line}: {name}");
        }
    }
}

#[test]
fn s3api_commands_name_their_operation() {
    let arguments = parse("/usr/local/bin/aws s3api get-object --bucket b --key 'a key' --range bytes=0-1 out.bin");
    assert_eq!(arguments.api_operation().as_deref(), Some("GetObject"));
    assert_eq!((arguments.value("--bucket"), arguments.value("--key")), (Some("b"), Some("a key")));
    assert_eq!(parse("s3api list-objects-v2 --bucket b").api_operation().as_deref(), Some("ListObjectsV2"));
    assert_eq!(parse("aws s3 ls").api_operation(), None);
    assert_eq!(Arguments::parse(&[]), Arguments::default());
}

struct Asked {
    command: &'static str,
    line: &'static str,
    operation: &'static str,
    action: &'static str,
    resource: Option<&'static str>,
}

#[test]
fn the_request_is_told_from_the_line_and_the_command() {
    let cases = [
        Asked {
            command: "aws s3 cp 's3://b/a key.csv' .",
            line: "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
            operation: "HeadObject",
            action: "s3:GetObject",
            resource: Some("arn:aws:s3:::b/a key.csv"),
        },
        Asked {
            command: "aws s3 cp s3://b/p ./d --recursive",
            line: "download failed: s3://b/p/x to y.txt to d/x to y.txt An error occurred (AccessDenied) when calling the GetObject operation: Access Denied",
            operation: "GetObject",
            action: "s3:GetObject",
            resource: Some("arn:aws:s3:::b/p/x to y.txt"),
        },
        Asked {
            command: "aws s3 cp s3://b/p ./d --recursive",
            line: "fatal error: An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied",
            operation: "ListObjectsV2",
            action: "s3:ListBucket",
            resource: Some("arn:aws:s3:::b"),
        },
        Asked {
            command: "aws s3 cp ./f.txt s3://b/in/ --acl bucket-owner-full-control",
            line: "upload failed: ./f.txt to s3://b/in/f.txt An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
            operation: "PutObject",
            action: "s3:PutObject",
            resource: Some("arn:aws:s3:::b/in/f.txt"),
        },
        Asked {
            command: "aws s3 cp ./big s3://b/big",
            line: "upload failed: ./big to s3://b/big An error occurred (AccessDenied) when calling the CreateMultipartUpload operation: Access Denied",
            operation: "CreateMultipartUpload",
            action: "s3:PutObject",
            resource: Some("arn:aws:s3:::b/big"),
        },
        Asked {
            command: "aws s3 cp s3://a/k s3://b/",
            line: "copy failed: s3://a/k to s3://b/k An error occurred (AccessDenied) when calling the CopyObject operation: Access Denied",
            operation: "CopyObject",
            action: "s3:PutObject",
            resource: Some("arn:aws:s3:::b/k"),
        },
        Asked {
            command: "aws s3 cp s3://a/k s3://b/",
            line: "copy failed: s3://a/k to s3://b/k An error occurred (AccessDenied) when calling the CopyObject operation: User: arn:aws:iam::1:user/u is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::a/k\" because no identity-based policy allows the s3:GetObject action",
            operation: "CopyObject",
            action: "s3:GetObject",
            resource: Some("arn:aws:s3:::a/k"),
        },
        Asked {
            command: "aws s3 cp s3://a/k s3://b/",
            line: "copy failed: s3://a/k to s3://b/k An error occurred (AccessDenied) when calling the GetObjectTagging operation: Access Denied",
            operation: "GetObjectTagging",
            action: "s3:GetObjectTagging",
            resource: Some("arn:aws:s3:::a/k"),
        },
        Asked {
            command: "aws s3 mv s3://a/k s3://b/k",
            line: "move failed: s3://a/k to s3://b/k An error occurred (AccessDenied) when calling the DeleteObject operation: Access Denied",
            operation: "DeleteObject",
            action: "s3:DeleteObject",
            resource: Some("arn:aws:s3:::a/k"),
        },
        Asked {
            command: "aws s3 sync s3://a/p s3://b/q --delete",
            line: "delete failed: s3://b/q/old An error occurred (AccessDenied) when calling the DeleteObject operation: Access Denied",
            operation: "DeleteObject",
            action: "s3:DeleteObject",
            resource: Some("arn:aws:s3:::b/q/old"),
        },
        Asked {
            command: "aws s3 sync ./d s3://b/q",
            line: "fatal error: An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied",
            operation: "ListObjectsV2",
            action: "s3:ListBucket",
            resource: Some("arn:aws:s3:::b"),
        },
        Asked {
            command: "aws s3 sync s3://a s3://b",
            line: "fatal error: An error occurred (AccessDenied) when calling the ListObjectsV2 operation: User: arn:aws:iam::1:user/u is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::b\" because no identity-based policy allows the s3:ListBucket action",
            operation: "ListObjectsV2",
            action: "s3:ListBucket",
            resource: Some("arn:aws:s3:::b"),
        },
        Asked {
            command: "aws s3 ls",
            line: "An error occurred (AccessDenied) when calling the ListBuckets operation: Access Denied",
            operation: "ListBuckets",
            action: "s3:ListAllMyBuckets",
            resource: Some("*"),
        },
        Asked {
            command: "aws s3 ls b/p",
            line: "aws: [ERROR]: An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied",
            operation: "ListObjectsV2",
            action: "s3:ListBucket",
            resource: Some("arn:aws:s3:::b"),
        },
        Asked {
            command: "aws s3 mb s3://new",
            line: "make_bucket failed: s3://new An error occurred (AccessDenied) when calling the CreateBucket operation: Access Denied",
            operation: "CreateBucket",
            action: "s3:CreateBucket",
            resource: Some("arn:aws:s3:::new"),
        },
        Asked {
            command: "aws s3api head-object --bucket b --key k --version-id v1",
            line: "An error occurred (403) when calling the HeadObject operation: Forbidden",
            operation: "HeadObject",
            action: "s3:GetObjectVersion",
            resource: Some("arn:aws:s3:::b/k"),
        },
        Asked {
            command: "aws s3api get-bucket-encryption --bucket b",
            line: "An error occurred (AccessDenied) when calling the GetBucketEncryption operation: Access Denied",
            operation: "GetBucketEncryption",
            action: "s3:GetEncryptionConfiguration",
            resource: Some("arn:aws:s3:::b"),
        },
        Asked {
            command: "aws s3api get-object --cli-input-json '{\"Bucket\": \"b\", \"Key\": \"from json\"}' out",
            line: "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied",
            operation: "GetObject",
            action: "s3:GetObject",
            resource: Some("arn:aws:s3:::b/from json"),
        },
        Asked {
            command: "aws s3 cp s3://arn:aws:s3:us-west-2:111122223333:accesspoint:logs/2026/a .",
            line: "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
            operation: "HeadObject",
            action: "s3:GetObject",
            resource: Some("arn:aws:s3:us-west-2:111122223333:accesspoint/logs/object/2026/a"),
        },
        Asked {
            command: "aws s3 cp s3://arn:aws:s3::111122223333:accesspoint/m.mrap/a .",
            line: "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
            operation: "HeadObject",
            action: "s3:GetObject",
            resource: Some("arn:aws:s3::111122223333:accesspoint/m.mrap/object/a"),
        },
        Asked {
            command: "aws s3 cp s3://logs-abcdefg-s3alias/a .",
            line: "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
            operation: "HeadObject",
            action: "s3:GetObject",
            resource: None,
        },
        Asked {
            command: "aws s3 cp s3://fast--use1-az4--x-s3/a .",
            line: "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
            operation: "HeadObject",
            action: "s3express:CreateSession",
            resource: None,
        },
        Asked {
            command: "aws s3 cp s3://b/k . --region cn-north-1",
            line: "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
            operation: "HeadObject",
            action: "s3:GetObject",
            resource: Some("arn:aws-cn:s3:::b/k"),
        },
    ];
    for case in cases {
        let request = asked(case.command, case.line);
        assert_eq!(request.operation, case.operation, "{} | {}", case.command, case.line);
        assert_eq!(request.action.as_deref(), Some(case.action), "{} | {}", case.command, case.line);
        assert_eq!(request.resource_arn().as_deref(), case.resource, "{} | {}", case.command, case.line);
    }
}

/// `--quiet` prints nothing, so the command line alone has to tell.
#[test]
fn silent_failures_are_told_from_the_command() {
    for (command, operation, bucket, key, prefix) in [
        ("aws s3 cp s3://b/k . --quiet", "HeadObject", Some("b"), Some("k"), None),
        ("aws s3 cp ./f s3://b/in/ --quiet", "PutObject", Some("b"), Some("in/f"), None),
        ("aws s3 cp - s3://b/in --quiet", "PutObject", Some("b"), Some("in"), None),
        ("aws s3 cp s3://a/x/k s3://b/ --quiet", "HeadObject", Some("a"), Some("x/k"), None),
        ("aws s3 cp s3://b/p . --recursive --quiet", "ListObjectsV2", Some("b"), None, Some("p/")),
        ("aws s3 cp ./d s3://b/p --recursive --quiet", "PutObject", Some("b"), None, Some("p/")),
        ("aws s3 sync s3://b . --quiet", "ListObjectsV2", Some("b"), None, Some("")),
        ("aws s3 rm s3://b/k --quiet", "DeleteObject", Some("b"), Some("k"), None),
        ("aws s3 rm s3://b/p --recursive --quiet", "ListObjectsV2", Some("b"), None, Some("p/")),
        ("aws s3 ls s3://b/p", "ListObjectsV2", Some("b"), None, Some("p")),
        ("aws s3 ls", "ListBuckets", None, None, None),
        ("aws s3 rb s3://b", "DeleteBucket", Some("b"), None, None),
        ("aws s3api put-object --bucket b --key k --body f", "PutObject", Some("b"), Some("k"), None),
    ] {
        let request = silent(command);
        assert_eq!(request.operation, operation, "{command}");
        assert_eq!((request.bucket.as_deref(), request.key.as_deref()), (bucket, key), "{command}");
        assert_eq!(request.prefix.as_deref(), prefix, "{command}");
    }
}

#[test]
fn copies_name_both_ends() {
    let request = asked(
        "aws s3api copy-object --bucket b --key k2 --copy-source 'a/k 1?versionId=v' --tagging 'team=red&a+b=%2F'",
        "An error occurred (AccessDenied) when calling the CopyObject operation: Access Denied",
    );
    assert_eq!(request.side, Side::Destination);
    let other = request.other.clone().expect("the source");
    assert_eq!((other.bucket.as_str(), other.key.as_str(), other.version_id.as_deref()), ("a", "k 1", Some("v")));
    assert_eq!(
        request.needs(),
        [
            ("s3:PutObject".to_owned(), "arn:aws:s3:::b/k2".to_owned()),
            ("s3:PutObjectTagging".to_owned(), "arn:aws:s3:::b/k2".to_owned()),
            ("s3:GetObjectVersion".to_owned(), "arn:aws:s3:::a/k 1".to_owned()),
        ]
    );
    assert_eq!(request.context()["s3:RequestObjectTag/team"].as_deref(), Some("red"));
    assert_eq!(request.context()["s3:RequestObjectTag/a b"].as_deref(), Some("/"));
    assert_eq!(request.context()["s3:x-amz-copy-source"].as_deref(), Some("a/k 1"));
    assert_eq!(request.needs_for_tags()[0], ("s3:GetObjectTagging".to_owned(), "arn:aws:s3:::a/k 1".to_owned()));
}

#[test]
fn each_end_of_a_copy_has_what_it_needs_and_its_own_headers() {
    let command = "aws s3 cp --recursive s3://a/in s3://b/out --acl bucket-owner-full-control";
    let source = asked(
        command,
        "copy failed: s3://a/in/k to s3://b/out/k An error occurred (AccessDenied) when calling the CopyObject operation: \
         User: arn:aws:iam::111122223333:user/u is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::a/in/k\"",
    );
    assert_eq!(source.side, Side::Source);
    assert_eq!(
        source.needs(),
        [
            ("s3:GetObject".to_owned(), "arn:aws:s3:::a/in/k".to_owned()),
            ("s3:PutObject".to_owned(), "arn:aws:s3:::b/out/k".to_owned()),
            ("s3:PutObjectAcl".to_owned(), "arn:aws:s3:::b/out/k".to_owned()),
        ]
    );
    assert_eq!(source.other_bucket(), Some("b"));
    assert!(source.needs_next().is_empty(), "it is the copy itself");
    let there = source.at_other_end.as_ref().expect("the destination");
    assert_eq!((source.prefix.as_deref(), there.prefix.as_deref()), (Some("in/"), Some("out/")));
    assert!(!source.context().contains_key("s3:x-amz-acl"), "the source is sent no ACL");
    assert_eq!(there.context()["s3:x-amz-acl"].as_deref(), Some("bucket-owner-full-control"));
    assert_eq!(there.context()["s3:x-amz-copy-source"].as_deref(), Some("a/in/k"));

    let read = asked(
        "aws s3 cp s3://a/k s3://b/",
        "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
    );
    assert_eq!(read.needs(), [("s3:GetObject".to_owned(), "arn:aws:s3:::a/k".to_owned())]);
    assert_eq!(read.needs_next(), [("s3:PutObject".to_owned(), "arn:aws:s3:::b/k".to_owned())]);
    assert!(!read.at_other_end.expect("the destination").context().contains_key("s3:x-amz-copy-source"));

    let within = asked(
        "aws s3api copy-object --bucket b --key k2 --copy-source b/k",
        "An error occurred (AccessDenied) when calling the CopyObject operation: Access Denied",
    );
    assert_eq!(within.other_bucket(), None);
    let download = asked(
        "aws s3 cp s3://a/k .",
        "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
    );
    assert!(download.at_other_end.is_none() && download.needs_next().is_empty());
}

#[test]
fn a_list_is_for_what_the_command_does_with_its_objects() {
    let list = "fatal error: An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied";
    let next = |command: &str| -> Vec<String> {
        asked(command, list).needs_next().into_iter().map(|(action, object)| format!("{action} {object}")).collect()
    };
    assert_eq!(next("aws s3 cp --recursive s3://a/in d"), ["s3:GetObject arn:aws:s3:::a/in/*"]);
    assert_eq!(next("aws s3 sync s3://a d"), ["s3:GetObject arn:aws:s3:::a/*"]);
    assert_eq!(next("aws s3 sync d s3://a/out"), ["s3:PutObject arn:aws:s3:::a/out/*"]);
    assert_eq!(next("aws s3 rm --recursive s3://a/in/"), ["s3:DeleteObject arn:aws:s3:::a/in/*"]);
    let moved = ["s3:GetObject arn:aws:s3:::a/in/*", "s3:DeleteObject arn:aws:s3:::a/in/*"];
    assert_eq!(next("aws s3 mv --recursive s3://a/in d"), moved);
    assert_eq!(next("aws s3 ls --recursive s3://a/in"), [""; 0], "it is the list alone");
    assert_eq!(next("aws s3api list-objects-v2 --bucket a"), [""; 0]);
}

#[test]
fn a_move_ends_with_the_deletion_of_its_source() {
    let next = |command: &str, line: &str| -> Vec<String> {
        asked(command, line).needs_next().into_iter().map(|(action, object)| format!("{action} {object}")).collect()
    };
    let head = "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden";
    let delete = "s3:DeleteObject arn:aws:s3:::a/k";
    assert_eq!(next("aws s3 mv s3://a/k .", head), [delete]);
    assert_eq!(next("aws s3 mv s3://a/k s3://b/", head), ["s3:PutObject arn:aws:s3:::b/k", delete]);
    let refused = |operation: &str| {
        format!(
            "move failed: s3://a/k to s3://b/k An error occurred (AccessDenied) when calling the {operation} operation: Access Denied"
        )
    };
    assert_eq!(next("aws s3 mv s3://a/k s3://b/", &refused("CopyObject")), [delete]);
    assert_eq!(next("aws s3 mv s3://a/k s3://b/", &refused("DeleteObject")), [""; 0], "it is that deletion");
    let upload = "move failed: ./k to s3://b/k An error occurred (AccessDenied) when calling the PutObject operation: Access Denied";
    assert_eq!(next("aws s3 mv k s3://b/", upload), [""; 0], "the source is no object");
    assert_eq!(next("aws s3 cp s3://a/k .", head), [""; 0], "nothing is moved");
}

#[test]
fn uploads_say_what_they_need_and_fix() {
    let request = silent("aws s3 cp f s3://b/k --grants full=id=abc --sse --storage-class GLACIER --quiet");
    let actions: Vec<String> = request.needs().into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["s3:PutObject", "s3:PutObjectAcl"]);
    let context = request.context();
    for (key, value) in [
        ("s3:x-amz-grant-full-control", Some("id=abc")),
        ("s3:x-amz-server-side-encryption", Some("AES256")),
        ("s3:x-amz-storage-class", Some("GLACIER")),
        ("s3:x-amz-acl", None),
        ("aws:SecureTransport", Some("true")),
    ] {
        assert_eq!(context.get(key).map(Option::as_deref), Some(value), "{key}");
    }
    assert!(!context.contains_key("s3:prefix"));
}

#[test]
fn lists_say_what_they_ask_for() {
    let context = silent("aws s3 ls s3://b/p --page-size 7").context();
    assert_eq!(context["s3:prefix"].as_deref(), Some("p"));
    assert_eq!(context["s3:delimiter"].as_deref(), Some("/"));
    assert_eq!(context["s3:max-keys"].as_deref(), Some("7"));
    let context = silent("aws s3 ls s3://b --recursive").context();
    assert_eq!((context["s3:prefix"].as_deref(), context["s3:delimiter"].as_deref()), (Some(""), None));
    let context = silent("aws s3api list-objects-v2 --bucket b --endpoint-url http://localhost:1").context();
    assert_eq!((context["s3:prefix"].as_deref(), context["aws:SecureTransport"].as_deref()), (None, Some("false")));
}

#[test]
fn flags_that_change_a_read_are_kept() {
    let request = silent("aws s3 cp s3://b/k . --request-payer");
    assert!(request.request_payer);
    let request = silent(
        "aws s3api get-object --bucket b --key k --expected-bucket-owner 111122223333 --request-payer requester out",
    );
    assert_eq!((request.expected_bucket_owner.as_deref(), request.request_payer), (Some("111122223333"), true));
    assert_eq!(silent("aws s3 cp s3://fast--use1-az4--x-s3/k .").bucket_kind, BucketKind::Directory);
}

#[test]
fn customer_keys_come_from_files_for_the_right_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("key.bin");
    std::fs::write(&path, b"abcdefghijklmnopqrstuvwxyz012345").expect("a file");
    let key = |command: String| {
        let world = world(&[]);
        let mut arguments = parse(&command);
        files::read_arguments(&mut arguments, &world);
        let settings = Settings::resolve(&arguments, &world, &ProfileFiles::default(), CliVersion::V1);
        let request = Request::from_failure(&arguments, &AwsFailure::silent(), &settings);
        request.sse_c.map(|key| (key.key.expose().to_owned(), key.md5))
    };
    let file = path.display();
    let wanted =
        Some(("YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=".to_owned(), Some("NX6C25NPxF9KJbS4Pci9GQ==".to_owned())));
    assert_eq!(key(format!("aws s3 cp s3://b/k . --sse-c AES256 --sse-c-key fileb://{file}")), wanted);
    assert_eq!(
        key(format!("aws s3 cp s3://a/k s3://b/k --sse-c-copy-source --sse-c-copy-source-key fileb://{file}")),
        wanted
    );
    assert_eq!(key(format!("aws s3 cp s3://a/k s3://b/k --sse-c --sse-c-key fileb://{file}")), None);
    let input = directory.path().join("input.json");
    std::fs::write(&input, r#"{"Bucket": "b", "Key": "k", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": "abcdefghijklmnopqrstuvwxyz012345"}"#)
        .expect("a file");
    assert_eq!(key(format!("aws s3api head-object --cli-input-json file://{}", input.display())), wanted);
}

#[test]
fn a_role_that_is_refused_is_the_resource() {
    let command = "aws s3 ls --profile dev";
    let config = "[profile dev]\nrole_arn = arn:aws:iam::111122223333:role/app\nsource_profile = base\n";
    let settings = settings(command, &[], config, "[base]\naws_access_key_id = A\naws_secret_access_key = S\n");
    let line = "An error occurred (AccessDenied) when calling the AssumeRole operation: Access Denied";
    let request = Request::from_failure(&parse(command), &failure(line), &settings);
    assert_eq!(request.needs(), [("sts:AssumeRole".to_owned(), "arn:aws:iam::111122223333:role/app".to_owned())]);
    assert!(matches!(settings.credentials.assuming_identity(), Some(CredentialPlan::Profile { .. })));
    assert_eq!(settings.credentials.describe(), "profile dev: role_arn over source_profile base");
}

#[test]
fn only_a_users_keys_make_sessions_that_surely_have_no_tags_of_their_own() {
    let role = |source: &str| format!("[profile dev]\nrole_arn = arn:aws:iam::111122223333:role/app\n{source}\n");
    let is_untagged = |config: &str, credentials: &str| {
        settings("aws s3 ls --profile dev", &[], config, credentials).credentials.makes_untagged_sessions()
    };
    let keys = "[base]\naws_access_key_id = A\naws_secret_access_key = S\n";
    let over_base = role("source_profile = base");
    assert!(is_untagged(&over_base, keys));
    // Temporary credentials may hold tags that are passed on, and so may those that another program hands out.
    assert!(!is_untagged(&over_base, &format!("{keys}aws_session_token = T\n")));
    assert!(!is_untagged(&(over_base.clone() + "[profile base]\ncredential_process = hand-out\n"), ""));
    assert!(!is_untagged(&role("credential_source = EcsContainer"), ""));
    assert!(!is_untagged("[profile dev]\naws_access_key_id = A\naws_secret_access_key = S\n", ""));
}

const CONFIG: &str = "\
[default]
region = eu-west-1
[profile dev]
region = eu-west-2
services = local
endpoint_url = http://profile
[profile plain]
endpoint_url = http://profile
[services local]
s3 =
  endpoint_url = http://local-s3
";

#[test]
fn endpoints_follow_the_contract() {
    use EndpointChoice::{Aws, Configured, NotReachable};
    let choose = |line: &str, variables: &[(&str, &str)], service| {
        settings(line, variables, CONFIG, "").endpoints.for_service(service)
    };
    let at = |url: &str| Configured(url.to_owned());
    let ls = "aws s3 ls";
    assert_eq!(choose(ls, &[], ServiceId::S3), Aws);
    assert_eq!(choose(ls, &[], ServiceId::Sts), Aws);
    // One for all.
    for service in [
        ServiceId::S3,
        ServiceId::Sts,
        ServiceId::Iam,
        ServiceId::Kms,
        ServiceId::Ec2,
        ServiceId::Organizations,
        ServiceId::S3Control,
    ] {
        assert_eq!(choose(ls, &[("AWS_ENDPOINT_URL", "http://all")], service), at("http://all"));
        assert_eq!(choose("aws s3 ls --profile plain", &[], service), at("http://profile"));
    }
    // One for S3 alone.
    for variables in [
        &[("AWS_ENDPOINT_URL_S3", "http://s3")][..],
        &[("AWS_ENDPOINT_URL_S3", "http://s3"), ("AWS_ENDPOINT_URL_STS", "")][..],
    ] {
        assert_eq!(choose(ls, variables, ServiceId::S3), at("http://s3"));
        assert!(matches!(choose(ls, variables, ServiceId::Sts), NotReachable { .. }));
    }
    let flag = "aws s3 ls --endpoint-url http://flag";
    assert_eq!(choose(flag, &[("AWS_ENDPOINT_URL_S3", "http://s3")], ServiceId::S3), at("http://flag"));
    assert!(matches!(choose(flag, &[], ServiceId::Iam), NotReachable { .. }));
    assert_eq!(choose(flag, &[("AWS_ENDPOINT_URL_STS", "http://sts")], ServiceId::Sts), at("http://sts"));
    // A flag speaks for the command's own service, and a service's own setting for no other.
    assert_eq!(choose("aws sts get-caller-identity --endpoint-url http://flag", &[], ServiceId::S3), Aws);
    assert_eq!(choose(ls, &[("AWS_ENDPOINT_URL_STS", "http://sts")], ServiceId::S3), Aws);
    assert_eq!(choose(ls, &[("AWS_ENDPOINT_URL_STS", "http://sts")], ServiceId::Iam), Aws);
    // The services section before the profile's own; the environment before both.
    assert_eq!(choose("aws s3 ls --profile dev", &[], ServiceId::S3), at("http://local-s3"));
    assert_eq!(choose("aws s3 ls --profile dev", &[], ServiceId::Sts), at("http://profile"));
    assert_eq!(
        choose("aws s3 ls --profile dev", &[("AWS_ENDPOINT_URL", "http://all")], ServiceId::S3),
        at("http://all")
    );
    assert_eq!(
        choose("aws s3 ls --profile dev", &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], ServiceId::S3),
        Aws
    );
}

#[test]
fn versions_differ_in_which_variable_wins() {
    let variables = [
        ("AWS_PROFILE", "dev"),
        ("AWS_DEFAULT_PROFILE", "plain"),
        ("AWS_REGION", "a-1"),
        ("AWS_DEFAULT_REGION", "b-1"),
    ];
    let resolve = |cli| {
        let settings = Settings::resolve(&parse("aws s3 ls"), &world(&variables), &merged(CONFIG, ""), cli);
        (settings.profile.value, settings.region.map(|region| region.value))
    };
    assert_eq!(resolve(CliVersion::V1), ("plain".to_owned(), Some("b-1".to_owned())));
    assert_eq!(resolve(CliVersion::V2), ("dev".to_owned(), Some("a-1".to_owned())));
    assert_eq!(resolve(CliVersion::Unknown), resolve(CliVersion::V2));
}

#[test]
fn a_flag_beats_keys_in_the_environment_and_a_variable_does_not() {
    let variables = [("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "S"), ("AWS_PROFILE", "dev")];
    let credentials = "[dev]\naws_access_key_id = D\naws_secret_access_key = S\n";
    let shadowed = settings("aws s3 ls", &variables, CONFIG, credentials);
    assert!(matches!(shadowed.credentials, CredentialPlan::Environment { .. }));
    assert_eq!(shadowed.shadowed_profile.as_ref().map(|profile| profile.value.as_str()), Some("dev"));
    let flag = settings("aws s3 ls --profile dev", &variables, CONFIG, credentials);
    assert!(matches!(&flag.credentials, CredentialPlan::Profile { keys, .. } if keys.access_key_id == "D"));
    assert_eq!(flag.shadowed_profile, None);
    let options = profile_options(&shadowed, &world(&variables), &merged(CONFIG, credentials));
    assert_eq!(options.iter().map(|option| option.name.as_str()).collect::<Vec<_>>(), ["dev"]);
    assert!(profile_options(&flag, &world(&variables), &merged(CONFIG, credentials)).is_empty());
}

#[test]
fn the_walk_says_what_was_looked_at() {
    let nothing =
        settings("aws s3 ls", &[("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_SECRET_ACCESS_KEY", "s")], "", "");
    assert_eq!(nothing.credentials, CredentialPlan::Nothing);
    let walk: Vec<String> = nothing.chain_walk().iter().map(ToString::to_string).collect();
    assert_eq!(
        walk.first().map(String::as_str),
        Some("environment variables: AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not")
    );
    assert_eq!(walk.len(), 11, "{walk:#?}");
    assert!(nothing.chain_walk().iter().all(|link| matches!(link.outcome, LinkOutcome::Absent(_))));
    let half = settings("aws s3 ls", &[("AWS_ACCESS_KEY_ID", "A")], "", "");
    assert!(
        matches!(&half.credentials, CredentialPlan::Partial { missing: "AWS_SECRET_ACCESS_KEY", place: Origin::Variable(name) } if name == "AWS_ACCESS_KEY_ID")
    );
    let absent = settings("aws s3 ls --profile dve", &[], CONFIG, "");
    assert_eq!(
        absent.credentials,
        CredentialPlan::ProfileNotFound { name: "dve".to_owned(), similar: vec!["dev".to_owned()] }
    );
}

#[test]
fn roles_that_go_in_a_circle_or_too_deep_are_refused() {
    let role = |name: &str, source: &str| format!("[profile {name}]\nrole_arn = r\nsource_profile = {source}\n");
    let circle = role("a", "b") + &role("b", "c") + &role("c", "b");
    assert!(matches!(settings("aws s3 ls --profile a", &[], &circle, "").credentials, CredentialPlan::Invalid { .. }));
    let deep: String = (0..50_000).map(|level| role(&format!("p{level}"), &format!("p{}", level + 1))).collect();
    assert!(matches!(settings("aws s3 ls --profile p0", &[], &deep, "").credentials, CredentialPlan::Invalid { .. }));
}

#[test]
fn nothing_prints_a_secret() {
    let variables = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "hush-1"), ("AWS_SESSION_TOKEN", "hush-2")];
    let files = merged("", "[default]\naws_access_key_id = A\naws_secret_access_key = hush-3\n");
    let arguments = parse("aws s3 cp s3://b/k . --sse-c --sse-c-key hush-4");
    let settings = Settings::resolve(&arguments, &world(&variables), &files, CliVersion::V2);
    let request = Request::from_failure(&arguments, &AwsFailure::silent(), &settings);
    let options = profile_options(&settings, &world(&variables), &files);
    let shown = format!(
        "{arguments:?} {settings:?} {files:?} {request:?} {options:?} {} {:?}",
        settings.credentials.describe(),
        settings.chain_walk()
    );
    assert!(!shown.contains("hush"), "{shown}");
    assert!(!redact_argv(&words("aws s3 cp s3://b/k . --sse-c --sse-c-key hush-4")).concat().contains("hush"));
}

/// What botocore 1.43.11 made of random environments and files (`src/request/testdata/record.py`).
#[test]
fn settings_and_credentials_are_what_botocore_finds() {
    let recorded = include_str!("../src/request/testdata/botocore.json");
    let cases: Vec<Value> = serde_json::from_str(recorded).expect("recorded cases");
    assert!(cases.len() > 100);
    for (index, case) in cases.iter().enumerate() {
        let directory = tempfile::tempdir().expect("a directory");
        let wrong = against_botocore(case, directory.path());
        assert!(wrong.is_empty(), "case {index}: {wrong:#?}\n{case:#}");
    }
}

fn against_botocore(case: &Value, directory: &Path) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let place = directory.to_str().expect("a path in UTF-8");
    let variables = case["env"].as_object().expect("variables").iter();
    let env = variables.map(|(name, value)| (name.into(), text(value).replace('@', place).into())).collect();
    for (name, content) in [("config", text(&case["config"])), ("credentials", text(&case["credentials"]))] {
        std::fs::write(directory.join(name), content).expect("a file");
    }
    std::fs::write(directory.join("credfile"), "AWSAccessKeyId=OLD\nAWSSecretKey=s\n").expect("a file");
    let world = world_of(env);
    let mut argv: Vec<OsString> = words("aws s3 ls");
    argv.extend(case["argv"].as_array().expect("words").iter().map(|word| OsString::from(text(word))));
    let settings = Settings::resolve(&Arguments::parse(&argv), &world, &files::load(&world), CliVersion::V1);

    let expected = &case["expect"];
    let mut wrong = Vec::new();
    let mut check = |what: &str, want: &Value, got: Option<&str>| {
        if want.as_str() != got {
            wrong.push(format!("{what}: botocore has {want}, we {got:?}"));
        }
    };
    for (what, got) in facts(&settings.credentials) {
        check(what, &expected["creds"][what], got.as_deref());
    }
    check("profile", &expected["profile"], Some(&settings.profile.value));
    if matches!(settings.credentials, CredentialPlan::ProfileNotFound { .. }) {
        return wrong;
    }
    check("region", &expected["region"], settings.region.as_ref().map(|region| region.value.as_str()));
    check("ca", &expected["ca"], settings.ca_bundle.as_ref().and_then(|path| path.to_str()));
    for (name, service) in
        [("s3", ServiceId::S3), ("sts", ServiceId::Sts), ("iam", ServiceId::Iam), ("s3control", ServiceId::S3Control)]
    {
        // The CLI dies of a services section that is not there.
        if expected[name] != "ERR" {
            check(name, &expected[name], settings.endpoints.url(service));
        }
    }
    for (name, got) in [
        ("path", settings.s3.addressing_style.as_deref() == Some("path")),
        ("dual", settings.s3.use_dualstack),
        ("fips", settings.use_fips),
        ("accel", settings.s3.use_accelerate),
    ] {
        if let Some(want) = expected[name].as_bool()
            && want != got
        {
            wrong.push(format!("{name}: botocore has {want}, we {got}"));
        }
    }
    wrong
}

/// A plan in the words of the recording.
fn facts(plan: &CredentialPlan) -> Vec<(&'static str, Option<String>)> {
    let some = |text: &str| Some(text.to_owned());
    let keys = |method: &str, keys: &why403::request::Keys| {
        vec![
            ("method", some(method)),
            ("access", some(&keys.access_key_id)),
            ("token", keys.session_token.as_ref().map(|token| token.expose().to_owned())),
        ]
    };
    match plan {
        CredentialPlan::Environment { keys: found } => keys("env", found),
        CredentialPlan::Profile { path, keys: found, .. } => keys(file_method(path), found),
        // That provider raises while the chain is built.
        CredentialPlan::AssumeRole { source, .. }
            if matches!(&**source, RoleSource::Profile(CredentialPlan::Login { .. })) =>
        {
            vec![("method", some("login"))]
        }
        CredentialPlan::AssumeRole { role_arn, cache_key, source, .. } => {
            let (method, key) = match &**source {
                RoleSource::Named(name) if name == "Environment" => ("env".to_owned(), None),
                RoleSource::Named(name) if name == "EcsContainer" => ("container-role".to_owned(), None),
                RoleSource::Named(_) => ("iam-role".to_owned(), None),
                RoleSource::Profile(below) => {
                    let facts: BTreeMap<_, _> = facts(below).into_iter().collect();
                    (facts["method"].clone().unwrap_or_default(), facts.get("cache_key").cloned().flatten())
                }
            };
            vec![
                ("method", some("assume-role")),
                ("role", some(role_arn)),
                ("cache_key", some(cache_key)),
                ("source", Some(method)),
                ("source_key", key),
            ]
        }
        CredentialPlan::WebIdentity { role_arn, cache_key, .. } => vec![
            ("method", some("assume-role-with-web-identity")),
            ("role", some(role_arn)),
            ("cache_key", some(cache_key)),
        ],
        CredentialPlan::Sso { cache_key, token_key, .. } => {
            vec![("method", some("sso")), ("cache_key", some(cache_key)), ("token_key", some(token_key))]
        }
        CredentialPlan::Partial { missing, .. } => vec![("method", some("partial")), ("var", some(missing))],
        CredentialPlan::Login { .. } => vec![("method", some("login"))],
        CredentialPlan::Process { .. } => vec![("method", some("custom-process"))],
        CredentialPlan::Container => vec![("method", some("container-role"))],
        CredentialPlan::InstanceMetadata => vec![("method", some("iam-role"))],
        CredentialPlan::Nothing => vec![("method", some("none"))],
        CredentialPlan::Invalid { .. } => vec![("method", some("invalid"))],
        CredentialPlan::ProfileNotFound { .. } => vec![("method", some("profile-not-found"))],
        CredentialPlan::Anonymous => vec![("method", some("anonymous"))],
    }
}

fn file_method(path: &Path) -> &'static str {
    match path.file_name().and_then(|name| name.to_str()) {
        Some("credentials") => "shared-credentials-file",
        Some("config") => "config-file",
        _ => "ec2-credentials-file",
    }
}

/// Words that reach far into the parser, and others.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "aws",
            "s3",
            "s3api",
            "cp",
            "mv",
            "sync",
            "ls",
            "rm",
            "mb",
            "copy-object",
            "get-object",
            "--recursive",
            "--profile",
            "--sse-c",
            "--sse-c-key",
            "--bucket",
            "--key",
            "--copy-source",
            "--tagging",
            "--grants",
            "--cli-input-json",
            "--",
            "-",
            "s3://",
            "s3://b/k",
            "s3://arn:aws:s3:us-east-1:1:accesspoint/",
            "arn:aws:s3-outposts:::outpost",
            "--tags",
            "--request-payer",
            "--no-s",
            "--endpoint-url",
        ])
        .prop_map(str::to_owned),
        ".{0,24}",
        "--[a-z-]{0,12}(=.{0,8})?",
        "s3://.{0,24}",
        "arn:[a-z-]{0,4}:[a-z0-9-]{0,12}:.{0,24}",
    ]
}

fn ini_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\[(profile |services |sso-session )?[a-c'\" ]{0,4}\\]?",
        "( |\t)?(role_arn|source_profile|credential_source|sso_session|sso_role_name|services|region|s3|duration_seconds) ?[=:] ?[a-c0-9]{0,3}",
        ".{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_command_line_and_no_file_makes_it_panic(
        argv in proptest::collection::vec(word(), 0..12),
        config in proptest::collection::vec(ini_line(), 0..16),
        credentials in proptest::collection::vec(ini_line(), 0..8),
        said in ".{0,40}",
    ) {
        let argv: Vec<OsString> = argv.into_iter().map(OsString::from).collect();
        let arguments = Arguments::parse(&argv);
        let files = merged(&config.join("\n"), &credentials.join("\r\n"));
        let world = world(&[("AWS_PROFILE", "a")]);
        let settings = Settings::resolve(&arguments, &world, &files, CliVersion::Unknown);
        for failure in [
            AwsFailure::silent(),
            failure("copy failed: s3://a/k to s3://b/k An error occurred (AccessDenied) when calling the CopyObject operation: x"),
            failure(&format!("An error occurred (AccessDenied) when calling the GetObject operation: x{}", said.replace(['\n', '\r'], " "))),
        ] {
            let request = Request::from_failure(&arguments, &failure, &settings);
            let _ = (request.needs(), request.context(), request.resource_arn(), request.bucket_arn(), request.needs_for_tags());
        }
        let _ = (redact_argv(&argv), profile_options(&settings, &world, &files), settings.credentials.describe());
    }

    #[test]
    fn any_bytes_are_a_config_file(text in "(?s).{0,200}") {
        let _ = merged(&text, &text);
    }

    #[test]
    fn any_line_has_words_or_none(text in "(?s).{0,80}") {
        let _ = shell_words(&text);
    }
}
