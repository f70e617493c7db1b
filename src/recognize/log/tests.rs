use super::super::TransferVerb;
use super::*;

fn read(log: &str) -> Failures {
    let mut recognizer = LogRecognizer::new();
    recognizer.push(log.as_bytes());
    recognizer.finish()
}

/// Code, operation, message, place and line of the only failure.
#[track_caller]
fn only(log: &str) -> (String, String, String, String, String) {
    let failures = read(log);
    let [group] = failures.groups.as_slice() else { panic!("{log}: {failures:?}") };
    let failure = group.first().unwrap();
    let error = failure.service().unwrap();
    let place = failure.transfer.as_ref().map_or(String::new(), |transfer| transfer.source.clone());
    let operation = error.operation.clone().unwrap_or_default();
    (error.code.clone(), operation, error.message.clone(), place, failure.line.clone())
}

#[track_caller]
fn is(log: &str, code: &str, operation: &str, message: &str, place: &str) {
    let (found_code, found_operation, found_message, found_place, _) = only(log);
    let found = (found_code.as_str(), found_operation.as_str(), found_message.as_str(), found_place.as_str());
    assert_eq!(found, (code, operation, message, place), "{log}");
}

const DENIED: &str = "User: arn:aws:iam::111122223333:user/ana is not authorized to perform: s3:GetObject on resource: \
                      \"arn:aws:s3:::acme-logs/2026/a b.log\" because no identity-based policy allows the s3:GetObject action";

#[test]
fn every_pattern_is_one() {
    let all = [
        &WORTH_A_LOOK,
        &BEGINNINGS,
        &GO_OPERATION,
        &GO_ERROR,
        &JAVA,
        &CLASS,
        &BODY,
        &WITHOUT_KEYS,
        &CONFIRMS,
        &COMMAND,
        &CODE,
        &URI,
        &UPLOADED,
        &HOST,
        &TERRAFORM_BUCKET,
        &TERRAFORM_OBJECT,
        &SEQUENCE,
    ];
    assert!(all.iter().all(|pattern| pattern.get().is_some()));
}

#[test]
fn the_cli_behind_a_time_and_a_level() {
    for before in [
        "",
        "2026-07-01T12:00:00.123Z ",
        "[2026-07-01 12:00:00] [ERROR] deploy: ",
        "Jul  1 12:00:00 host cron[12]: ",
        "\u{1b}[31mERROR\u{1b}[0m ",
        "#12 3.456 ",
    ] {
        is(
            &format!("{before}fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden\n"),
            "403",
            "HeadObject",
            "Forbidden",
            "",
        );
        is(
            &format!(
                "{before}download failed: s3://b/a k to ./a k An error occurred (AccessDenied) when calling the GetObject operation: Access Denied"
            ),
            "AccessDenied",
            "GetObject",
            "Access Denied",
            "s3://b/a k",
        );
    }
}

#[test]
fn boto3_in_a_traceback_and_in_json() {
    let sentence = format!("An error occurred (AccessDenied) when calling the GetObject operation: {DENIED}");
    let traceback = format!(
        "Traceback (most recent call last):\n  File \"x.py\", line 3, in <module>\n    s3.get_object(Bucket=\"b\")\n\
         botocore.exceptions.ClientError: {sentence}\n"
    );
    is(&traceback, "AccessDenied", "GetObject", DENIED, "s3://acme-logs/2026/a b.log");
    assert_eq!(only(&traceback).4, sentence);
    let json = serde_json::json!({"level": "error", "msg": format!("it broke: {sentence}"), "x": "y"}).to_string();
    is(&json, "AccessDenied", "GetObject", DENIED, "s3://acme-logs/2026/a b.log");
    let repr = "ERROR ClientError: An error occurred (InvalidAccessKeyId) when calling the ListBuckets operation: The AWS Access Key Id you provided does not exist in our records.";
    assert_eq!(only(repr).0, "InvalidAccessKeyId");
    is(
        "boto3.exceptions.S3UploadFailedError: Failed to upload /tmp/x to acme-logs/up/x y: An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
        "AccessDenied",
        "PutObject",
        "Access Denied",
        "s3://acme-logs/up/x y",
    );
}

#[test]
fn terraform_and_the_second_go_sdk() {
    is(
        "Error: reading S3 Bucket (acme-logs) Policy: operation error S3: GetBucketPolicy, https response error StatusCode: 403, RequestID: 9X, HostID: abc=, api error AccessDenied: Access Denied",
        "AccessDenied",
        "GetBucketPolicy",
        "Access Denied",
        "s3://acme-logs",
    );
    is(
        "2026-07-01T12:00:00Z level=error operation error S3: HeadObject, https response error StatusCode: 403, RequestID: R, HostID: H, api error Forbidden: Forbidden",
        "403",
        "HeadObject",
        "Forbidden",
        "",
    );
    is(
        "operation error S3: ListObjectsV2, https response error StatusCode: 404, RequestID: R, HostID: H, NoSuchBucket: ",
        "NoSuchBucket",
        "ListObjectsV2",
        "",
        "",
    );
    // What failed is the way to the credentials.
    is(
        "operation error S3: GetObject, get identity: get credentials: failed to refresh cached credentials, operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: R, api error AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/r",
        "AccessDenied",
        "AssumeRole",
        "User: arn:aws:iam::111122223333:user/ana is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/r",
        "",
    );
}

#[test]
fn terraform_breaks_lines_in_its_box() {
    let log = "╷\n│ Error: reading S3 Bucket (acme-logs) Policy: operation error S3: \n│ GetBucketPolicy, https response error \
               StatusCode: 403, RequestID: 9X, \n│ HostID: abc=, api error AccessDenied: Access Denied\n│ \n│   with \
               aws_s3_bucket_policy.x,\n│   on main.tf line 1\n╵\n";
    is(log, "AccessDenied", "GetBucketPolicy", "Access Denied", "s3://acme-logs");
    let timed: String = log.lines().map(|line| format!("2026-07-01T12:00:00.0Z {line}\n")).collect();
    is(&timed, "AccessDenied", "GetBucketPolicy", "Access Denied", "s3://acme-logs");
}

#[test]
fn the_first_go_sdk_takes_two_lines() {
    is(
        "Error: error reading S3 Bucket (acme-logs): AccessDenied: Access Denied\n\tstatus code: 403, request id: R, host id: H\n",
        "AccessDenied",
        "",
        "Access Denied",
        "s3://acme-logs",
    );
    is(
        "{\"msg\":\"AccessDenied: Access Denied\\n\\tstatus code: 403, request id: R, host id: H\"}",
        "AccessDenied",
        "",
        "Access Denied",
        "",
    );
}

#[test]
fn java_and_hadoop() {
    is(
        "com.amazonaws.services.s3.model.AmazonS3Exception: Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; Request ID: R; S3 Extended Request ID: H; Proxy: null), S3 Extended Request ID: H",
        "AccessDenied",
        "",
        "Access Denied",
        "",
    );
    is(
        "Caused by: software.amazon.awssdk.services.s3.model.S3Exception: Access Denied (Service: S3, Status Code: 403, Request ID: R, Extended Request ID: H) (SDK Attempt Count: 1)",
        "AccessDenied",
        "",
        "Access Denied",
        "",
    );
    is(
        "26/07/01 12:00:00 ERROR java.nio.file.AccessDeniedException: s3a://acme-logs/in/part-0: getFileStatus on s3a://acme-logs/in/part-0: com.amazonaws.services.s3.model.AmazonS3Exception: Forbidden (Service: Amazon S3; Status Code: 403; Error Code: 403 Forbidden; Request ID: R; S3 Extended Request ID: H; Proxy: null), S3 Extended Request ID: H:403 Forbidden",
        "403",
        "HeadObject",
        "Forbidden",
        "s3://acme-logs/in/part-0",
    );
    let quoted = format!("S3Exception: {DENIED} (Service: S3, Status Code: 403, Request ID: R)");
    is(&quoted, "AccessDenied", "GetObject", DENIED, "s3://acme-logs/2026/a b.log");
}

#[test]
fn javascript_is_confirmed_by_its_metadata() {
    let log = "AccessDenied: Access Denied\n    at throwDefaultError (/app/node_modules/@smithy/smithy-client/dist-cjs/index.js:867:20)\n\
               \x20   at de_GetObjectCommandError (/app/node_modules/@aws-sdk/client-s3/dist-cjs/index.js:4721:14) {\n  '$fault': 'client',\n\
               \x20 '$metadata': {\n    httpStatusCode: 403,\n    requestId: 'R',\n  },\n  Code: 'AccessDenied',\n  RequestId: 'R'\n}\n";
    is(log, "AccessDenied", "GetObject", "Access Denied", "");
    // A program's own words are no error of AWS's.
    assert!(read("AccessDenied: this door is closed\nnothing more\n").is_empty());
    assert!(read(&format!("AccessDenied: no\n{}'$metadata': {{}}\n", "x\n".repeat(50))).is_empty());
}

#[test]
fn ruby_dot_net_php_and_bodies() {
    is(
        "deploy.rb:3: Access Denied (Aws::S3::Errors::AccessDenied: Access Denied)",
        "AccessDenied",
        "",
        "Access Denied",
        "",
    );
    is("Unhandled exception. Amazon.S3.AmazonS3Exception: Access Denied\n", "AccessDenied", "", "Access Denied", "");
    is(
        "Error executing \"GetObject\" on \"https://acme-logs.s3.eu-west-1.amazonaws.com/a.csv?X-Amz-Signature=hush\"; AWS HTTP error: <?xml?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
        "AccessDenied",
        "GetObject",
        "Access Denied",
        "s3://acme-logs/a.csv",
    );
}

#[test]
fn nobody_found_credentials() {
    for line in [
        "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
        "Error: No valid credential sources found",
        "NoCredentialProviders: no valid providers in chain. Deprecated.",
        "CredentialsProviderError: Could not load credentials from any providers",
        "Unable to load credentials from any of the providers in the chain AwsCredentialsProviderChain(",
    ] {
        let failures = read(line);
        assert_eq!(failures.groups.len(), 1, "{line}");
        assert_eq!(failures.groups[0].first().unwrap().kind, FailureKind::NoCredentials, "{line}");
    }
    let failures = read("12:00 botocore.exceptions.ProfileNotFound: The config profile (dev) could not be found");
    assert_eq!(failures.groups[0].first().unwrap().kind, FailureKind::ProfileNotFound { name: "dev".to_owned() });
}

#[test]
fn what_is_no_failure_is_none() {
    for line in [
        "",
        "upload: ./x to s3://b/x",
        "GET /403 200",
        "403: nothing",
        "the user typed An error occurred (x",
        "INFO operation error handling is enabled",
        "Denied: a word",
        "{\"status\":403,\"path\":\"/x\"}",
        "test failed: expected 3",
        "curl: (22) The requested URL returned error: 403 Forbidden",
    ] {
        assert!(read(line).is_empty(), "{line}: {:?}", read(line));
    }
}

#[test]
fn counts_are_exact_and_memory_is_bounded_on_a_huge_log() {
    let mut recognizer = LogRecognizer::new();
    for index in 0..20_000 {
        let line = format!(
            "2026-07-01T12:00:00Z download failed: s3://b/{index} to ./x An error occurred (AccessDenied) when calling the GetObject operation: Access Denied\n"
        );
        recognizer.push(line.as_bytes());
        recognizer.push(b"a line of something else\n");
    }
    // A line without an end, in the box and out of it.
    recognizer.push("│ Error: ".as_bytes());
    for _ in 0..64 {
        recognizer.push(&[b'x'; 64 * 1024]);
    }
    let failures = recognizer.finish();
    assert_eq!(failures.count(), 20_000);
    assert_eq!(failures.groups.len(), 1);
    assert_eq!(failures.groups[0].examples.len(), super::super::MAX_EXAMPLES);
    assert_eq!(failures.groups[0].first().unwrap().transfer.as_ref().unwrap().verb, TransferVerb::Download);
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_too_odd_and_chunks_do_not_matter(
        lines in proptest::collection::vec(proptest::sample::select(vec![
            "│ Error: operation error S3: GetObject, https response error", "│ StatusCode: 403, api error AccessDenied: no",
            "AccessDenied: Access Denied", "\tstatus code: 403, request id: R", "'$metadata': {", "\u{1b}[1", "\"\\", "│", "<Code>A</Code>",
            "An error occurred (AccessDenied) when calling the GetObject operation: \"", "x (Service: Amazon S3; Status Code: 403; Error Code: ",
        ]), 0..12),
        odd in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64),
        size in 1_usize..50,
    ) {
        let mut log = lines.join("\n").into_bytes();
        log.extend(odd);
        let mut whole = LogRecognizer::new();
        whole.push(&log);
        let mut torn = LogRecognizer::new();
        log.chunks(size).for_each(|chunk| torn.push(chunk));
        proptest::prop_assert_eq!(whole.finish(), torn.finish());
    }
}
