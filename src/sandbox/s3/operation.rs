//! Which operation a request's shape means, by the name in S3's model.

use crate::sandbox::http::Incoming;
use crate::sandbox::s3::Target;

/// The name; empty for a shape that no operation has.
#[must_use]
pub fn name(incoming: &Incoming, target: &Target) -> &'static str {
    let method = incoming.method.as_str();
    match (&target.bucket, &target.key) {
        (None, _) if method == "GET" => "ListBuckets",
        (None, _) => "",
        (Some(_), None) => of_bucket(incoming, method),
        (Some(_), Some(_)) => of_object(incoming, method),
    }
}

fn of_object(incoming: &Incoming, method: &str) -> &'static str {
    let has = |name: &str| incoming.asks_for(name);
    let copies = incoming.header("x-amz-copy-source").is_some();
    match method {
        "HEAD" => "HeadObject",
        "GET" if has("acl") => "GetObjectAcl",
        "GET" if has("tagging") => "GetObjectTagging",
        "GET" if has("attributes") => "GetObjectAttributes",
        "GET" if has("uploadId") => "ListParts",
        "GET" if has("retention") => "GetObjectRetention",
        "GET" if has("legal-hold") => "GetObjectLegalHold",
        "GET" => "GetObject",
        "PUT" if has("acl") => "PutObjectAcl",
        "PUT" if has("tagging") => "PutObjectTagging",
        "PUT" if has("uploadId") && copies => "UploadPartCopy",
        "PUT" if has("uploadId") => "UploadPart",
        "PUT" if copies => "CopyObject",
        "PUT" => "PutObject",
        "POST" if has("uploads") => "CreateMultipartUpload",
        "POST" if has("uploadId") => "CompleteMultipartUpload",
        "POST" if has("restore") => "RestoreObject",
        "DELETE" if has("uploadId") => "AbortMultipartUpload",
        "DELETE" if has("tagging") => "DeleteObjectTagging",
        "DELETE" => "DeleteObject",
        _ => "",
    }
}

fn of_bucket(incoming: &Incoming, method: &str) -> &'static str {
    let settings = SETTINGS.iter().find(|(parameter, _)| incoming.asks_for(parameter)).map(|(_, name)| *name);
    match (method, settings) {
        ("GET", Some(name)) => name,
        ("GET", None) if incoming.parameter("list-type") == Some("2") => "ListObjectsV2",
        ("GET", None) => "ListObjects",
        ("HEAD", _) => "HeadBucket",
        ("PUT", None) => "CreateBucket",
        ("PUT", Some("GetBucketPolicy")) => "PutBucketPolicy",
        ("DELETE", None) => "DeleteBucket",
        ("POST", _) if incoming.asks_for("delete") => "DeleteObjects",
        _ => "",
    }
}

const SETTINGS: [(&str, &str); 20] = [
    ("acl", "GetBucketAcl"),
    ("policy", "GetBucketPolicy"),
    ("policyStatus", "GetBucketPolicyStatus"),
    ("publicAccessBlock", "GetPublicAccessBlock"),
    ("ownershipControls", "GetBucketOwnershipControls"),
    ("requestPayment", "GetBucketRequestPayment"),
    ("encryption", "GetBucketEncryption"),
    ("location", "GetBucketLocation"),
    ("versioning", "GetBucketVersioning"),
    ("versions", "ListObjectVersions"),
    ("session", "CreateSession"),
    ("uploads", "ListMultipartUploads"),
    ("tagging", "GetBucketTagging"),
    ("logging", "GetBucketLogging"),
    ("lifecycle", "GetBucketLifecycleConfiguration"),
    ("cors", "GetBucketCors"),
    ("website", "GetBucketWebsite"),
    ("notification", "GetBucketNotificationConfiguration"),
    ("replication", "GetBucketReplication"),
    ("object-lock", "GetObjectLockConfiguration"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderMap, HeaderValue};

    fn named(method: &str, path: &str, query: &str, copy: bool) -> &'static str {
        let mut headers = HeaderMap::new();
        if copy {
            headers.insert("x-amz-copy-source", HeaderValue::from_static("a/b"));
        }
        let incoming =
            Incoming::new(method.into(), "127.0.0.1:1".into(), path.into(), query.into(), headers, Vec::new());
        name(&incoming, &Target::of(&incoming))
    }

    #[test]
    fn shapes_are_named_as_the_model_names_them() {
        for (method, path, query, copy, expected) in [
            ("GET", "/", "", false, "ListBuckets"),
            ("HEAD", "/b", "", false, "HeadBucket"),
            ("GET", "/b", "list-type=2&prefix=a", false, "ListObjectsV2"),
            ("GET", "/b", "prefix=a", false, "ListObjects"),
            ("GET", "/b", "policy", false, "GetBucketPolicy"),
            ("GET", "/b", "policyStatus", false, "GetBucketPolicyStatus"),
            ("PUT", "/b", "policy", false, "PutBucketPolicy"),
            ("PUT", "/b", "", false, "CreateBucket"),
            ("POST", "/b", "delete", false, "DeleteObjects"),
            ("GET", "/b/k", "", false, "GetObject"),
            ("GET", "/b/k", "versionId=1", false, "GetObject"),
            ("PUT", "/b/k", "", false, "PutObject"),
            ("PUT", "/b/k", "", true, "CopyObject"),
            ("PUT", "/b/k", "partNumber=1&uploadId=u", true, "UploadPartCopy"),
            ("POST", "/b/k", "uploads", false, "CreateMultipartUpload"),
            ("DELETE", "/b/k", "", false, "DeleteObject"),
            ("PATCH", "/b/k", "", false, ""),
        ] {
            assert_eq!(named(method, path, query, copy), expected, "{method} {path}?{query}");
        }
    }
}
