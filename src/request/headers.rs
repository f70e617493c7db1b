//! What the command's flags put into a request's headers and query, as the condition keys that policies test.

use crate::request::operation;
use crate::request::{Arguments, Request, Settings, Side};
use percent_encoding::percent_decode_str;

/// An option of `aws s3`, one of `aws s3api`, the API's member, and the condition key that it fills.
const HEADERS: [(&str, &str, &str, &str); 12] = [
    ("--acl", "--acl", "ACL", "s3:x-amz-acl"),
    ("", "--grant-full-control", "GrantFullControl", "s3:x-amz-grant-full-control"),
    ("", "--grant-read", "GrantRead", "s3:x-amz-grant-read"),
    ("", "--grant-read-acp", "GrantReadACP", "s3:x-amz-grant-read-acp"),
    ("", "--grant-write", "GrantWrite", "s3:x-amz-grant-write"),
    ("", "--grant-write-acp", "GrantWriteACP", "s3:x-amz-grant-write-acp"),
    ("--sse-kms-key-id", "--ssekms-key-id", "SSEKMSKeyId", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
    ("--storage-class", "--storage-class", "StorageClass", "s3:x-amz-storage-class"),
    (
        "--website-redirect",
        "--website-redirect-location",
        "WebsiteRedirectLocation",
        "s3:x-amz-website-redirect-location",
    ),
    ("--metadata-directive", "--metadata-directive", "MetadataDirective", "s3:x-amz-metadata-directive"),
    ("", "--object-lock-mode", "ObjectLockMode", "s3:object-lock-mode"),
    ("", "--object-lock-legal-hold-status", "ObjectLockLegalHoldStatus", "s3:object-lock-legal-hold"),
];

/// Fills in the conditions, and the actions that they bring with them.
pub(crate) fn fill(request: &mut Request, arguments: &Arguments, settings: &Settings) {
    let of_s3 = arguments.s3_command().is_some();
    set(request, "aws:SecureTransport", Some(settings.secure_transport().to_string()));
    if settings.signed {
        set(request, "s3:authType", Some("REST-HEADER".to_owned()));
        set(request, "s3:signatureversion", Some("AWS4-HMAC-SHA256".to_owned()));
    }
    if operation::is_list(&request.operation) {
        list(request, arguments, of_s3);
    }
    let writes_acl = matches!(request.operation.as_str(), "PutObjectAcl" | "PutBucketAcl" | "CreateBucket");
    let uploads = operation::is_upload(&request.operation) && request.side != Side::Source;
    if uploads || writes_acl {
        for (flag, api_flag, member, key) in HEADERS {
            let value =
                if of_s3 { arguments.value(flag).map(str::to_owned) } else { arguments.parameter(api_flag, member) };
            set(request, key, value);
        }
    }
    if uploads {
        upload(request, arguments, of_s3);
    }
    if request.operation == "CreateBucket" {
        create_bucket(request, arguments, settings);
    }
    match request.operation.as_str() {
        "GetObjectAttributes" => {
            also(request, if request.version_id.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" });
        }
        "DeleteObject" | "DeleteObjects" | "PutObjectRetention" if arguments.has("--bypass-governance-retention") => {
            also(request, "s3:BypassGovernanceRetention");
        }
        _ => {}
    }
}

fn list(request: &mut Request, arguments: &Arguments, of_s3: bool) {
    let delimiter = match arguments.s3_command() {
        Some("ls") if !request.recursive => Some("/".to_owned()),
        Some(_) => None,
        None => arguments.parameter("--delimiter", "Delimiter"),
    };
    set(request, "s3:delimiter", delimiter);
    // The CLI's own paging asks for as many as the page size, and otherwise leaves the number to S3.
    let member = if of_s3 { None } else { arguments.parameter("--max-keys", "MaxKeys") };
    set(request, "s3:max-keys", arguments.value("--page-size").map(str::to_owned).or(member));
}

fn upload(request: &mut Request, arguments: &Arguments, of_s3: bool) {
    if of_s3 {
        for grant in arguments.values("--grants") {
            let Some((permission, grantee)) = grant.split_once('=') else { continue };
            let key = match permission {
                "read" => "s3:x-amz-grant-read",
                "full" => "s3:x-amz-grant-full-control",
                "readacl" => "s3:x-amz-grant-read-acp",
                "writeacl" => "s3:x-amz-grant-write-acp",
                _ => continue,
            };
            set(request, key, Some(grantee.to_owned()));
        }
        // `--sse` without a value means AES256.
        let encryption = arguments.has("--sse").then(|| arguments.value("--sse").unwrap_or("AES256").to_owned());
        set(request, "s3:x-amz-server-side-encryption", encryption);
    } else {
        let encryption = arguments.parameter("--server-side-encryption", "ServerSideEncryption");
        set(request, "s3:x-amz-server-side-encryption", encryption);
    }
    let algorithm = request.sse_c.as_ref().map(|key| key.algorithm.clone());
    set(request, "s3:x-amz-server-side-encryption-customer-algorithm", algorithm);
    if request.operation == "CopyObject"
        && let Some(source) = &request.other
    {
        let source = format!("{}/{}", source.bucket, source.key);
        set(request, "s3:x-amz-copy-source", Some(source));
    }
    let tags = if of_s3 { None } else { arguments.parameter("--tagging", "Tagging") };
    if let Some(tags) = &tags {
        tagging(request, tags);
    }
    // A canned ACL of `private` is what an object gets anyhow, and S3 asks for the permission all the same.
    if request.conditions.keys().any(|key| key == "s3:x-amz-acl" || key.starts_with("s3:x-amz-grant-")) {
        also(request, "s3:PutObjectAcl");
    }
    if request.conditions.contains_key("s3:object-lock-mode") {
        also(request, "s3:PutObjectRetention");
    }
    if request.conditions.contains_key("s3:object-lock-legal-hold") {
        also(request, "s3:PutObjectLegalHold");
    }
}

/// `key=value&other=value`, percent-encoded as a query is.
fn tagging(request: &mut Request, tags: &str) {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    for tag in tags.split('&').filter(|tag| !tag.is_empty()).take(50) {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        set(request, &format!("s3:RequestObjectTag/{}", decode(key)), Some(decode(value)));
    }
    if !tags.is_empty() {
        also(request, "s3:PutObjectTagging");
    }
}

fn create_bucket(request: &mut Request, arguments: &Arguments, settings: &Settings) {
    // `mb` names the region to S3 but for us-east-1, which has no name there.
    let region = settings.region.as_ref().map(|region| region.value.clone()).filter(|region| region != "us-east-1");
    if arguments.s3_command() == Some("mb") {
        set(request, "s3:locationconstraint", region);
    }
    set(request, "s3:x-amz-object-ownership", arguments.parameter("--object-ownership", "ObjectOwnership"));
    if request.conditions.contains_key("s3:x-amz-acl") {
        also(request, "s3:PutBucketAcl");
    }
    if request.conditions.contains_key("s3:x-amz-object-ownership") {
        also(request, "s3:PutBucketOwnershipControls");
    }
    if arguments.has("--object-lock-enabled-for-bucket") {
        also(request, "s3:PutBucketObjectLockConfiguration");
        also(request, "s3:PutBucketVersioning");
    }
}

fn set(request: &mut Request, key: &str, value: Option<String>) {
    if let Some(value) = value {
        request.conditions.insert(key.to_owned(), value);
    }
}

fn also(request: &mut Request, action: &str) {
    if !request.also.iter().any(|known| known == action) {
        request.also.push(action.to_owned());
    }
}
