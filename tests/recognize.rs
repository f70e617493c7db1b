//! The recogniser against what the real CLI prints: recorded runs, every template of its source, and
//! what no CLI prints but a stream may hold.
//!
//! `transcripts/cli.jsonl` holds runs of AWS CLI 1.45.11, 2.9.19 and 2.38.1 against servers on loopback,
//! `transcripts/expected.jsonl` what each distinct stderr in it says, `transcripts/debug-*.txt` the end
//! of two runs with `--debug`.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use why403::recognize::{
    AwsFailure, Class, Denial, DeniedLayer, FailureKind, Failures, MAX_EXAMPLES, MAX_GROUPS, Recognizer, TransferVerb,
};

const TRANSCRIPTS: &str = include_str!("transcripts/cli.jsonl");
const EXPECTED: &str = include_str!("transcripts/expected.jsonl");
const DEBUG_TRANSFER: &str = include_str!("transcripts/debug-cp.txt");
const DEBUG_API: &str = include_str!("transcripts/debug-api.txt");

fn recognize(stderr: impl AsRef<[u8]>) -> Failures {
    let mut recognizer = Recognizer::new();
    recognizer.push(stderr.as_ref());
    recognizer.finish()
}

/// The one failure in `stderr`.
fn only(stderr: &str) -> AwsFailure {
    let failures = recognize(stderr);
    assert_eq!((failures.groups.len(), failures.count()), (1, 1), "{stderr}: {failures:?}");
    failures.groups[0].examples[0].clone()
}

/// A failure in the words of `expected.jsonl`.
fn described(failure: &AwsFailure) -> Value {
    let mut value = match &failure.kind {
        FailureKind::Service(error) => {
            let mut value = json!({
                "kind": "service",
                "code": error.code,
                "operation": error.operation,
                "message": error.message,
            });
            if let Some(retries) = error.retries {
                value["retries"] = retries.into();
            }
            value
        }
        FailureKind::NoCredentials => json!({"kind": "no-credentials"}),
        FailureKind::PartialCredentials { provider, missing } => {
            json!({"kind": "partial-credentials", "provider": provider, "missing": missing})
        }
        FailureKind::ProfileNotFound { name } => json!({"kind": "profile-not-found", "name": name}),
        FailureKind::ExpiredSession { message } => json!({"kind": "expired-session", "message": message}),
        FailureKind::CredentialSource { provider, message } => {
            json!({"kind": "credential-source", "provider": provider, "message": message})
        }
        FailureKind::NoRegion => json!({"kind": "no-region"}),
        FailureKind::Configuration { message } => json!({"kind": "configuration", "message": message}),
        FailureKind::Connection { url, .. } => json!({"kind": "connection", "url": url}),
        FailureKind::Archived => json!({"kind": "archived"}),
        FailureKind::Silent => json!({"kind": "silent"}),
    };
    if let Some(transfer) = &failure.transfer {
        value["verb"] = verb(transfer.verb).into();
        value["source"] = transfer.source.clone().into();
        if let Some(destination) = &transfer.destination {
            value["destination"] = destination.clone().into();
        }
    }
    value
}

fn verb(verb: TransferVerb) -> &'static str {
    match verb {
        TransferVerb::Upload => "upload",
        TransferVerb::Download => "download",
        TransferVerb::Copy => "copy",
        TransferVerb::Move => "move",
        TransferVerb::Delete => "delete",
        TransferVerb::MakeBucket => "make_bucket",
        TransferVerb::RemoveBucket => "remove_bucket",
    }
}

fn json_lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

#[test]
fn every_recorded_run_says_what_is_expected_of_it() {
    let mut expected: HashMap<String, (Value, bool)> = json_lines(EXPECTED)
        .map(|entry| (entry["stderr"].as_str().unwrap().to_owned(), (entry["groups"].clone(), false)))
        .collect();
    let mut runs = 0;
    for record in json_lines(TRANSCRIPTS) {
        let stderr = record["stderr"].as_str().unwrap();
        let (groups, used) = expected.get_mut(stderr).unwrap_or_else(|| panic!("nothing is expected of {stderr:?}"));
        *used = true;
        let failures = recognize(stderr);
        let got: Vec<Vec<Value>> =
            failures.groups.iter().map(|group| group.examples.iter().map(described).collect()).collect();
        assert_eq!(json!(got), *groups, "{}: {stderr}", record["title"]);
        for group in &failures.groups {
            assert_eq!(group.count, group.examples.len() as u64, "{stderr}");
            for example in &group.examples {
                assert!(stderr.lines().any(|line| line.trim_end() == example.line), "{}", example.line);
            }
        }
        runs += 1;
    }
    assert_eq!(runs, 379);
    let unused: Vec<_> = expected.iter().filter(|(_, (_, used))| !used).collect();
    assert!(unused.is_empty(), "no run prints {unused:?}");
}

/// The verb, the source, and the destination where there is one.
type Ends = (&'static str, &'static str, Option<&'static str>);

/// Every way in which the CLI leads up to an error, and what it makes of the transfer.
const LEADS: [(&str, Option<Ends>); 17] = [
    ("", None),
    ("aws: [ERROR]: ", None),
    ("fatal error: ", None),
    ("Enter MFA code for arn:aws:iam::111122223333:mfa/dev: fatal error: ", None),
    ("Completed 1.0 MiB/2.0 MiB (3.0 MiB/s) with 1 file(s) remaining\rfatal error: ", None),
    ("download failed: s3://b/k to ./k ", Some(("download", "s3://b/k", Some("./k")))),
    ("download failed: s3://b/k to - ", Some(("download", "s3://b/k", Some("-")))),
    (
        "download failed: s3://b/from a to b to dir/from a to b ",
        Some(("download", "s3://b/from a to b", Some("dir/from a to b"))),
    ),
    ("upload failed: ./my file to s3://b/my file ", Some(("upload", "./my file", Some("s3://b/my file")))),
    ("upload failed: - to s3://b/k ", Some(("upload", "-", Some("s3://b/k")))),
    ("copy failed: s3://a/x to y to s3://b/x to y ", Some(("copy", "s3://a/x to y", Some("s3://b/x to y")))),
    ("move failed: s3://a/k to ./k ", Some(("move", "s3://a/k", Some("./k")))),
    ("move failed: s3://a/k to s3://b/k ", Some(("move", "s3://a/k", Some("s3://b/k")))),
    ("delete failed: s3://b/it will not go ", Some(("delete", "s3://b/it will not go", None))),
    ("make_bucket failed: s3://b ", Some(("make_bucket", "s3://b", None))),
    ("remove_bucket failed: s3://b ", Some(("remove_bucket", "s3://b", None))),
    (
        "download failed: s3://b/An error occurred (X) when calling the Y operation: z to ./An error occurred (X) ",
        Some((
            "download",
            "s3://b/An error occurred (X) when calling the Y operation: z",
            Some("./An error occurred (X)"),
        )),
    ),
];

#[test]
fn every_lead_with_a_service_error() {
    for (lead, transfer) in LEADS {
        for (retry, retries) in
            [("", None), (" (reached max retries: 0)", Some(0)), (" (reached max retries: 4)", Some(4))]
        {
            for padding in ["\n", "          \n", "\r\n", ""] {
                let line = format!(
                    "{lead}An error occurred (AccessDenied) when calling the GetObject operation{retry}: Access Denied{padding}"
                );
                let got = described(&only(&line));
                let mut expected = json!({
                    "kind": "service", "code": "AccessDenied", "operation": "GetObject", "message": "Access Denied",
                });
                if let Some(retries) = retries {
                    expected["retries"] = json!(retries);
                }
                if let Some((verb, source, destination)) = transfer {
                    expected["verb"] = verb.into();
                    expected["source"] = source.into();
                    if let Some(destination) = destination {
                        expected["destination"] = destination.into();
                    }
                }
                assert_eq!(got, expected, "{line:?}");
            }
        }
    }
}

/// What the CLI says without an answer from AWS, and how it is read.
fn sayings() -> Vec<(&'static str, Value)> {
    let expired = |message: &str| json!({"kind": "expired-session", "message": message});
    let source =
        |provider: &str, message: &str| json!({"kind": "credential-source", "provider": provider, "message": message});
    let connection = |url: &str| json!({"kind": "connection", "url": url});
    let configuration = |message: &str| json!({"kind": "configuration", "message": message});
    let same = |read: &dyn Fn(&str) -> Value, message: &'static str| (message, read(message));
    vec![
        ("Unable to locate credentials", json!({"kind": "no-credentials"})),
        (
            "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY",
            json!({"kind": "partial-credentials", "provider": "env", "missing": "AWS_SECRET_ACCESS_KEY"}),
        ),
        (
            "The config profile (my (old) one) could not be found",
            json!({"kind": "profile-not-found", "name": "my (old) one"}),
        ),
        ("You must specify a region.", json!({"kind": "no-region"})),
        same(&configuration, "Unable to parse config file: /home/dev/.aws/config"),
        same(&configuration, "The specified config file (/nowhere) could not be found."),
        same(
            &configuration,
            "Unsupported configuration when using S3 access-points: Client does not support s3 accelerate",
        ),
        ("Could not connect to the endpoint URL: \"http://127.0.0.1:1/b/k\"", connection("http://127.0.0.1:1/b/k")),
        ("Connect timeout on endpoint URL: \"https://s3.amazonaws.com/\"", connection("https://s3.amazonaws.com/")),
        ("Read timeout on endpoint URL: \"https://s3.amazonaws.com/\"", connection("https://s3.amazonaws.com/")),
        (
            "Connection was closed before we received a valid response from endpoint URL: \"https://b.s3.amazonaws.com/k\".",
            connection("https://b.s3.amazonaws.com/k"),
        ),
        ("Failed to connect to proxy URL: \"http://proxy:3128\"", connection("http://proxy:3128")),
        (
            "SSL validation failed for https://b.s3.amazonaws.com/k [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:992)",
            connection("https://b.s3.amazonaws.com/k"),
        ),
        same(&expired, "Error when retrieving token from sso: Token has expired and refresh failed"),
        same(&expired, "Error loading SSO Token: Token for corp does not exist"),
        same(
            &expired,
            "The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login with the corresponding profile.",
        ),
        same(&expired, "Error loading login session token: Token for x does not exist"),
        same(&expired, "Your session has expired. Please reauthenticate using 'aws login'."),
        same(
            &expired,
            "Unable to refresh login credentials because of a change in your password. Please reauthenticate with your new password using 'aws login'.",
        ),
        (
            "Error when retrieving credentials from custom-process: no such vault: dev",
            source("custom-process", "no such vault: dev"),
        ),
        (
            "Error when retrieving credentials from custom-process: An error occurred (ExpiredToken) when calling the AssumeRole operation: The security token included in the request is expired",
            source(
                "custom-process",
                "An error occurred (ExpiredToken) when calling the AssumeRole operation: The security token included in the request is expired",
            ),
        ),
        (
            "Error when retrieving credentials from iam-role: Credential refresh failed",
            source("iam-role", "Credential refresh failed"),
        ),
        (
            "Error when retrieving credentials from container-role: Error retrieving metadata: Received error 403",
            source("container-role", "Error retrieving metadata: Received error 403"),
        ),
        (
            "Cannot refresh credentials: MFA token required.",
            source("assume-role", "Cannot refresh credentials: MFA token required."),
        ),
        (
            "Infinite loop in credential configuration detected. Attempting to load from profile a which has already been visited. Visited profiles: ['a', 'b']",
            source(
                "assume-role",
                "Infinite loop in credential configuration detected. Attempting to load from profile a which has already been visited. Visited profiles: ['a', 'b']",
            ),
        ),
        (
            "The source_profile \"base\" referenced in the profile \"dev\" does not exist.",
            source("assume-role", "The source_profile \"base\" referenced in the profile \"dev\" does not exist."),
        ),
        (
            "The profile \"dev\" is configured to use SSO but is missing required configuration: sso_region",
            source(
                "sso",
                "The profile \"dev\" is configured to use SSO but is missing required configuration: sso_region",
            ),
        ),
        (
            "Unable to create or refresh login credentials due to insufficient permissions. You may be missing permission for the 'signin:CreateOAuth2Token' action.",
            source(
                "login",
                "Unable to create or refresh login credentials due to insufficient permissions. You may be missing permission for the 'signin:CreateOAuth2Token' action.",
            ),
        ),
    ]
}

#[test]
fn every_saying_of_the_cli_behind_every_lead() {
    for (saying, expected) in sayings() {
        for (lead, transfer) in LEADS {
            let mut expected = expected.clone();
            if let Some((verb, source, destination)) = transfer {
                expected["verb"] = verb.into();
                expected["source"] = source.into();
                if let Some(destination) = destination {
                    expected["destination"] = destination.into();
                }
            }
            // A key that holds a whole error's words is told apart by a later error's, and there is none.
            if lead.contains("(X)") {
                continue;
            }
            assert_eq!(described(&only(&format!("{lead}{saying}\n"))), expected, "{lead}{saying}");
        }
    }
}

#[test]
fn failures_of_the_cli_that_it_labels() {
    // v2 since early 2026.
    for (line, kind) in [
        (
            "aws: [ERROR]: An error occurred (NoCredentials): Unable to locate credentials. You can configure credentials by running \"aws login\".",
            FailureKind::NoCredentials,
        ),
        (
            "aws: [ERROR]: An error occurred (NoRegion): You must specify a region. You can also configure your region by running \"aws configure\".",
            FailureKind::NoRegion,
        ),
        (
            "aws: [ERROR]: An error occurred (Configuration): something is not set",
            FailureKind::Configuration { message: "something is not set".into() },
        ),
    ] {
        assert_eq!(only(&format!("\n{line}\n")).kind, kind);
    }
}

#[test]
fn what_is_no_failure_of_ours() {
    for stderr in [
        "",
        "\n",
        "usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]\nTo see help text, you can run:\n\n  aws help\n\naws: error: the following arguments are required: --key\n",
        "\naws: [ERROR]: An error occurred (ParamValidation): Parameter validation failed:\nInvalid bucket name \"A_B\"\n",
        "\nParameter validation failed:\nInvalid length for parameter Key, value: 0, valid min length: 1\n",
        "\nUnknown options: --nope\n",
        "\nThe user-provided path ./nope does not exist.\n",
        "fatal error: invalid literal for int() with base 10: 'x'\n",
        "fatal error: \n",
        "cancelled: ctrl-c received\n",
        "warning: Skipping file /dev/null. File is character special device, block special device, FIFO, or socket.\n",
        "warning: Skipping file s3://b/../k. File references a parent directory.\n",
        "download failed: s3://b/k to ./k [Errno 28] No space left on device\n",
        "\nremove_bucket failed: Unable to delete all objects in the bucket, bucket will not be deleted.\n",
        "\naws: [ERROR]: The profile \"x\" is somebody's own business\n",
        "aws: [ERROR]: An error occurred\nAn error occurred (\nAn error occurred ()\nAn error occurred (X) when calling the\n",
        "An error occurred () when calling the GetObject operation: x\n",
        "    An error occurred (AccessDenied) when calling the GetObject operation: quoted somewhere\n",
        "(dryrun) download: s3://b/fatal error: An error occurred to ./x\n",
    ] {
        assert!(recognize(stderr).is_empty(), "{stderr}");
    }
}

#[test]
fn archived_objects() {
    let line = "warning: Skipping file s3://b/a. Object is of storage class X/k. Object is of storage class GLACIER. Unable to perform download operations on GLACIER objects. You must restore the object to be able to perform the operation. See aws s3 download help for additional parameter options to ignore or force these transfers.";
    let failure = only(&format!("{line}\n"));
    assert_eq!(
        described(&failure),
        json!({"kind": "archived", "verb": "download", "source": "s3://b/a. Object is of storage class X/k"})
    );
    assert_eq!(failure.class(), Class::Access);
    let denied = "An error occurred (InvalidObjectState) when calling the GetObject operation: The operation is not valid for the object's storage class";
    assert_eq!(only(&format!("download failed: s3://b/k to ./k {denied}\n")).class(), Class::Access);
}

#[test]
fn details_under_an_error_belong_to_it() {
    let stderr = "\naws: [ERROR]: An error occurred (NoSuchBucket) when calling the GetObject operation: The specified bucket does not exist\n\nAdditional error details:\nBucketName: my-bucket\nToken-0: AQoDYXdzEJr\nFieldErrors: <complex value>\nUse \"--cli-error-format json\" or another error format to see the full details.\n";
    let failure = only(stderr);
    let error = failure.service().unwrap();
    assert_eq!(error.message, "The specified bucket does not exist");
    assert_eq!(error.details, [("BucketName".to_owned(), "my-bucket".to_owned())]);
}

#[test]
fn a_message_of_several_lines() {
    // v1 writes it for a bucket of another region.
    let stderr = "\nAn error occurred (PermanentRedirect) when calling the ListObjectsV2 operation: The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint: b.s3.eu-west-1.amazonaws.com\nYou can fix this issue by explicitly providing the correct region location using the --region argument\n";
    let failure = only(stderr);
    assert!(failure.line.ends_with("b.s3.eu-west-1.amazonaws.com"));
    let message = &failure.service().unwrap().message;
    assert!(message.contains(".amazonaws.com\nYou can fix") && message.ends_with("--region argument"), "{message}");

    let process = only("\nError when retrieving credentials from custom-process: vault: sealed\nask an operator\n");
    assert_eq!(
        process.kind,
        FailureKind::CredentialSource {
            provider: "custom-process".into(),
            message: "vault: sealed\nask an operator".into()
        }
    );
}

#[test]
fn what_follows_a_failure_is_not_taken_into_its_message() {
    let line = "download failed: s3://b/1 to ./1 An error occurred (AccessDenied) when calling the GetObject operation: Access Denied";
    for next in [
        "download: s3://b/2 to ./2",
        "warning: Skipping file s3://b/x. File references a parent directory.",
        "2026-11-24 15:25:10,212 - Thread-1 - s3transfer.utils - DEBUG - Releasing acquire 0/None",
        "/usr/lib/python3/urllib3/connectionpool.py:1045: InsecureRequestWarning: Unverified HTTPS request",
        "Traceback (most recent call last):",
        "",
    ] {
        let failure = only(&format!("{line}\n{next}\nand more\n"));
        let message = failure.service().unwrap().message.clone();
        assert!(message == "Access Denied", "{next}: {message}");
    }
}

#[test]
fn a_prompt_for_an_mfa_code_that_nobody_answers() {
    let prompt = "Enter MFA code for arn:aws:iam::111122223333:mfa/dev: ";
    for end in ["fatal error: \n", "\naws: [ERROR]:\n", "\n\naws: [ERROR]:\n"] {
        let expected = FailureKind::CredentialSource {
            provider: "assume-role".into(),
            message: "Enter MFA code for arn:aws:iam::111122223333:mfa/dev".into(),
        };
        assert_eq!(only(&format!("{prompt}{end}")).kind, expected, "{end:?}");
    }
    // One that somebody does is no failure.
    assert!(recognize(prompt).is_empty());
    assert!(recognize(format!("{prompt}\ndownload: s3://b/k to ./k\naws: [ERROR]:\n")).is_empty());
}

#[test]
fn a_key_with_newlines_in_it() {
    let failure = only(
        "download failed: s3://b/one\ntwo to ./one\ntwo An error occurred (AccessDenied) when calling the GetObject operation: Access Denied\n",
    );
    let transfer = failure.transfer.unwrap();
    assert_eq!((transfer.source.as_str(), transfer.destination.as_deref()), ("s3://b/one\ntwo", Some("./one\ntwo")));
    // A local failure does not swallow the next one.
    let two = "download failed: s3://b/1 to /x [Errno 13] Permission denied: '/x'\ndownload failed: s3://b/2 to ./2 An error occurred (AccessDenied) when calling the GetObject operation: Access Denied\n";
    assert_eq!(only(two).transfer.unwrap().source, "s3://b/2");
}

#[test]
fn debug_output_holds_one_failure_and_it_is_the_last_word() {
    assert!(DEBUG_TRANSFER.matches("An error occurred (").count() == 2 && DEBUG_TRANSFER.contains("Traceback"));
    assert_eq!(
        described(&only(DEBUG_TRANSFER)),
        json!({
            "kind": "service", "code": "403", "operation": "HeadObject", "message": "Forbidden",
            "verb": "download", "source": "s3://acme-data/k", "destination": "-",
        })
    );
    assert!(DEBUG_API.matches("An error occurred (").count() == 2);
    let failure = only(DEBUG_API);
    let error = failure.service().unwrap();
    assert_eq!((error.code.as_str(), error.operation.as_deref()), ("AccessDenied", Some("GetObject")));
    let denial = Denial::read(&error.message).unwrap();
    assert_eq!(denial.layer, Some(DeniedLayer::IdentityPolicy));
    assert_eq!(denial.resource.as_deref(), Some("arn:aws:s3:::acme-data/k"));
}

#[test]
fn structured_errors_are_failures_without_an_operation() {
    for stderr in [
        "{\n    \"Code\": \"AccessDenied\",\n    \"Message\": \"Access Denied\"\n}\n",
        "Code: AccessDenied\nMessage: Access Denied\n",
        "AccessDenied\tAccess Denied\n",
        "-----\n|  error  |\n+---------------+-----------------+\n|     Code      |     Message     |\n+---------------+-----------------+\n|  AccessDenied |  Access Denied  |\n+---------------+-----------------+\n",
    ] {
        let failure = only(stderr);
        let error = failure.service().unwrap();
        assert_eq!((error.code.as_str(), error.message.as_str()), ("AccessDenied", "Access Denied"), "{stderr}");
        assert_eq!((error.operation.as_deref(), failure.class()), (None, Class::Access));
        assert!(stderr.contains(&failure.line) && !failure.line.is_empty());
    }
}

#[test]
fn silence_counts_only_where_it_was_asked_for() {
    let silent = |stderr: &str, failed, quiet| {
        let failures = recognize(stderr).or_silent(failed, quiet);
        failures.groups.first().and_then(|group| group.first()).map(|failure| failure.kind.clone())
    };
    assert_eq!(silent("", true, true), Some(FailureKind::Silent));
    assert_eq!(silent("", false, true), None);
    assert_eq!(silent("", true, false), None);
    assert_eq!(silent("usage: aws s3 cp\n", true, true), None);
    assert_eq!(silent("fatal error: Unable to locate credentials\n", true, true), Some(FailureKind::NoCredentials));
}

#[test]
fn bytes_that_are_no_text() {
    let mut line = b"download failed: s3://b/\xff\0\x1b[31mk to ./k ".to_vec();
    line.extend_from_slice(b"An error occurred (AccessDenied) when calling the GetObject operation: Access Denied\n");
    let failures = recognize(line);
    assert_eq!(failures.groups[0].examples[0].transfer.as_ref().unwrap().source, "s3://b/\u{fffd}\0\u{1b}[31mk");
}

#[test]
fn an_endless_line_is_read_from_its_end() {
    let mut recognizer = Recognizer::new();
    recognizer.push(b"download failed: s3://b/");
    for _ in 0..1000 {
        recognizer.push(&[b'k'; 1000]);
    }
    recognizer.push(b" to ./k An error occurred (AccessDenied) when calling the GetObject operation: Access Denied");
    let failures = recognizer.finish();
    assert_eq!(failures.count(), 1);
    let failure = &failures.groups[0].examples[0];
    assert_eq!(failure.service().unwrap().code, "AccessDenied");
    assert!(failure.line.len() < 64 * 1024);
    assert_eq!(failures.tail.len(), 64 * 1024);
}

/// A failing line of a recursive command, of one of many kinds.
fn failing_line(out: &mut String, kind: usize, key: usize) {
    out.clear();
    let _ = writeln!(
        out,
        "download failed: s3://bucket-{kind}/{key} to ./{key} An error occurred (AccessDenied) when calling the GetObject \
         operation: User: arn:aws:iam::111122223333:user/ci is not authorized to perform: s3:GetObject on resource: \
         \"arn:aws:s3:::bucket-{kind}/{key}\" because no session policy allows the s3:GetObject action"
    );
}

#[test]
fn a_million_failing_lines_are_counted_exactly_in_bounded_memory() {
    const LINES: usize = 1_000_000;
    const KINDS: usize = 40;
    let mut recognizer = Recognizer::new();
    let mut line = String::new();
    for at in 0..LINES {
        failing_line(&mut line, at % KINDS, at);
        recognizer.push(line.as_bytes());
    }
    let failures = recognizer.finish();
    assert_eq!(failures.groups.len(), MAX_GROUPS);
    assert!(failures.groups.iter().all(|group| group.count == (LINES / KINDS) as u64));
    assert_eq!(failures.overflow, ((KINDS - MAX_GROUPS) * LINES / KINDS) as u64);
    assert_eq!(failures.count(), LINES as u64);
    for (kind, group) in failures.groups.iter().enumerate() {
        assert_eq!(group.examples.len(), MAX_EXAMPLES);
        for (at, example) in group.examples.iter().enumerate() {
            let source = format!("s3://bucket-{kind}/{}", at * KINDS + kind);
            assert_eq!(example.transfer.as_ref().unwrap().source, source);
        }
    }
    let kept: usize = failures.groups.iter().flat_map(|group| &group.examples).map(|example| example.line.len()).sum();
    assert!(kept + failures.tail.len() < 128 * 1024, "{kept} bytes of examples");
}

/// Everything above as one stream.
fn corpus() -> Vec<u8> {
    let mut all = Vec::new();
    for entry in json_lines(EXPECTED) {
        all.extend_from_slice(entry["stderr"].as_str().unwrap().as_bytes());
    }
    for (lead, _) in LEADS {
        for (saying, _) in sayings() {
            all.extend_from_slice(format!("{lead}{saying}\r\n").as_bytes());
        }
    }
    all.extend_from_slice(DEBUG_TRANSFER.as_bytes());
    all.extend_from_slice(b"upload failed: ./a\nb to s3://b/a\nb An error occurred (X) when calling the PutObject operation: y\nz\n\nAdditional error details:\nKey: k\n");
    all.extend_from_slice(b"no newline at the end \xf0\x9f");
    all
}

#[test]
fn one_byte_at_a_time_is_the_same_as_all_at_once() {
    let corpus = corpus();
    let whole = recognize(&corpus);
    assert!(whole.groups.len() == MAX_GROUPS && whole.overflow > 0);
    let mut recognizer = Recognizer::new();
    for byte in &corpus {
        recognizer.push(std::slice::from_ref(byte));
    }
    assert_eq!(recognizer.finish(), whole);
}

/// Parts of lines that, put together, come close to failures.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "\n",
        "\r",
        "\r\n",
        " ",
        "\0",
        "aws: [ERROR]: ",
        "fatal error: ",
        "download failed: ",
        "upload failed: ",
        "s3://b/k",
        " to ",
        "An error occurred (",
        " An error occurred (",
        "AccessDenied",
        ") when calling the ",
        "GetObject",
        " operation",
        " (reached max retries: ",
        "9",
        ")",
        ": ",
        "Access Denied",
        "arn:aws:s3:::b/k",
        "\"",
        " because no ",
        "Enter MFA code for ",
        "Additional error details:",
        "Key: v",
        "{\n",
        "}",
        "\"Code\": \"403\"",
        "\"Message\": \"m\"",
        ",",
        "Code: ",
        "Message: '",
        "|  error  |",
        "|  Code  |  Message  |",
        "+---+",
        "\t",
        "The profile \"",
        "Unable to locate credentials",
        "warning: Skipping file ",
        ". Object is of storage class GLACIER. Unable to perform ",
        "2026-01-01 ",
        "é",
    ]);
    prop_oneof![
        8 => words.prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_chunks_of_any_stream_give_the_same(
        fragments in prop::collection::vec(fragment(), 0..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let stream = fragments.concat();
        let whole = recognize(&stream);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        let mut recognizer = Recognizer::new();
        let mut start = 0;
        for cut in cuts {
            recognizer.push(&stream[start..cut]);
            start = cut;
        }
        recognizer.push(&stream[start..]);
        prop_assert_eq!(recognizer.finish(), whole);
    }

    #[test]
    fn a_transfer_is_read_back_whatever_its_key(
        key in "[^\r\n]{0,60}[^\r\n \t]",
        code in "[A-Z][A-Za-z.]{1,30}",
        operation in "[A-Z][A-Za-z0-9]{1,30}",
    ) {
        prop_assume!(!key.contains("s3://"));
        let line = format!("upload failed: ./f to s3://bucket/{key} An error occurred ({code}) when calling the {operation} operation: no");
        let failure = only(&line);
        let transfer = failure.transfer.clone().unwrap();
        prop_assert_eq!(transfer.destination, Some(format!("s3://bucket/{key}")));
        let error = failure.service().unwrap();
        prop_assert_eq!((&error.code, error.operation.as_ref()), (&code, Some(&operation)));
    }

    #[test]
    fn no_bytes_panic(stream in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = recognize(stream);
    }
}
