//! Uploads, copies and deletions of single objects.

use crate::sandbox::call::{Call, tags_of_query};
use crate::sandbox::caller::iso;
use crate::sandbox::chunked;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::ids;
use crate::sandbox::s3::read::NAMESPACE;
use crate::sandbox::s3::{Place, acl, charged, check_payer, encryption};
use crate::sandbox::scenario::Object;
use crate::sandbox::state::{NULL_VERSION, State, Version};
use crate::sandbox::xml::{Element, Xml};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// What an upload would store, after everything about it was allowed.
pub(super) fn admitted(state: &State, call: &Call<'_>, at: &Place) -> Result<Version, Fault> {
    let bucket = at.held(state)?;
    let key = at.key()?;
    at.allow_object(state, call, "s3:PutObject", None, &[])?;
    check_payer(call, bucket)?;
    let grants = acl::requested(state, call.incoming, bucket)?;
    if let Some(grants) = &grants {
        acl::settable(state, call, bucket, grants)?;
        at.allow_object(state, call, "s3:PutObjectAcl", None, &[])?;
    }
    let tags = call.incoming.header("x-amz-tagging").map(tags_of_query);
    if tags.is_some() {
        at.allow_object(state, call, "s3:PutObjectTagging", None, &[])?;
    }
    if bucket.spec.blocks_customer_keys && call.incoming.header("x-amz-server-side-encryption-customer-key").is_some() {
        return Err(Fault::access_denied(format!(
            "User: {} is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::{}/{key}\" because this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C).",
            call.caller.arn().unwrap_or_default(),
            bucket.spec.name,
        )));
    }
    let wanted = encryption::check_upload(state, call, bucket, key)?;
    let metadata = call
        .incoming
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-amz-meta-") || name.as_str() == "cache-control")
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    Ok(Version {
        id: NULL_VERSION.to_owned(),
        object: Object {
            key: key.to_owned(),
            body: String::new(),
            owner: acl::writer(call, bucket).map(str::to_owned),
            grants: grants.unwrap_or_default(),
            tags: tags.unwrap_or_default(),
            storage_class: call
                .incoming
                .header("x-amz-storage-class")
                .filter(|class| *class != "STANDARD")
                .map(str::to_owned),
            restored: false,
            kms_key: wanted.kms_key,
            customer_key: wanted.customer_key,
            version_id: None,
            locked: false,
            delete_marker: false,
        },
        body: Vec::new(),
        modified: call.now,
        content_type: call.incoming.header("content-type").unwrap_or("binary/octet-stream").to_owned(),
        metadata,
    })
}

/// Stores a version, beside the others or instead of the one that is there.
pub(super) fn store(state: &mut State, at: &Place, mut version: Version) -> Result<Version, Fault> {
    let serial = state.serial();
    let bucket = state
        .buckets
        .get_mut(&at.bucket)
        .ok_or_else(|| Fault::new(404, "NoSuchBucket", "The specified bucket does not exist"))?;
    let versions = bucket.objects.entry(version.object.key.clone()).or_default();
    if bucket.spec.versioning {
        version.id = ids::base64ish(&["version", &serial.to_string()], 32).replace(['+', '/'], "_");
    } else {
        versions.retain(|kept| kept.id != NULL_VERSION);
    }
    versions.push(version.clone());
    Ok(version)
}

/// `PutObject`.
pub(super) fn put(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let mut version = admitted(state, call, at)?;
    version.body = body(call)?;
    let version = store(state, at, version)?;
    let bucket = at.held(state)?;
    let reply = Reply::new(200)
        .with("etag", version.etag())
        .with_if("x-amz-version-id", (version.id != NULL_VERSION).then(|| version.id.clone()));
    Ok(charged(call, bucket, encryption::headers(state, bucket, &version, reply)))
}

/// The bytes of an upload, out of their chunks where they came in some.
pub(super) fn body(call: &Call<'_>) -> Result<Vec<u8>, Fault> {
    if chunked::is_chunked(call.incoming) {
        chunked::decode(&call.incoming.body)
            .map_err(|_| Fault::new(400, "IncompleteBody", "The request body terminated unexpectedly"))
    } else {
        Ok(call.incoming.body.clone())
    }
}

/// The source of a copy, if the caller may read it: its bytes, tags and what else the copy takes over.
pub(super) fn source(state: &State, call: &Call<'_>) -> Result<Version, Fault> {
    let header = call.incoming.header("x-amz-copy-source").unwrap_or_default();
    let (path, id) = header.split_once("?versionId=").map_or((header, None), |(path, id)| (path, Some(id)));
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let (name, key) = named_source(state, path.trim_start_matches('/'))
        .ok_or_else(|| Fault::new(400, "InvalidArgument", "Invalid copy source object key"))?;
    let at = Place::find(state, &name, Some(&key))?;
    let bucket = at.held(state)?;
    if let Some(expected) = call.incoming.header("x-amz-source-expected-bucket-owner")
        && expected != bucket.spec.account
    {
        return Err(Fault::access_denied(crate::sandbox::message::BARE));
    }
    let version = match id {
        Some(id) => bucket.version(&key, id),
        None => bucket.current(&key),
    };
    let visible = version.filter(|version| !version.object.delete_marker);
    let action = if id.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    at.allow_object(state, call, action, visible, &[])?;
    check_payer(call, bucket)?;
    let Some(version) = visible else {
        at.allow_bucket(state, call, "s3:ListBucket", &[])?;
        return Err(Fault::new(404, "NoSuchKey", "The specified key does not exist.").detail("Key", key));
    };
    encryption::check_customer_key(call.incoming, version, true)?;
    if version.is_archived() {
        return Err(Fault::new(
            403,
            "InvalidObjectState",
            "Operation is not valid for the source object's storage class",
        ));
    }
    let takes_tags = call.incoming.header("x-amz-tagging-directive") != Some("REPLACE");
    if takes_tags && !version.object.tags.is_empty() {
        at.allow_object(state, call, "s3:GetObjectTagging", visible, &[])?;
    }
    encryption::check_decrypt(state, call, bucket, version)?;
    Ok(version.clone())
}

/// `BUCKET/KEY`, or `ARN-OF-AN-ACCESS-POINT/object/KEY`.
fn named_source(state: &State, path: &str) -> Option<(String, String)> {
    if path.starts_with("arn:") {
        let (arn, key) = path.split_once("/object/")?;
        let point = state
            .scenario
            .access_points
            .iter()
            .find(|point| arn.ends_with(&format!(":{}:accesspoint/{}", point.account, point.name)))?;
        return Some((point.alias(), key.to_owned()));
    }
    path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), key.to_owned()))
}

/// `CopyObject`.
pub(super) fn copy(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let source = source(state, call)?;
    let mut version = admitted(state, call, at)?;
    let takes_tags = call.incoming.header("x-amz-tagging-directive") != Some("REPLACE");
    if takes_tags && !source.object.tags.is_empty() {
        at.allow_object(state, call, "s3:PutObjectTagging", None, &[])?;
        version.object.tags.clone_from(&source.object.tags);
    }
    if call.incoming.header("x-amz-metadata-directive") != Some("REPLACE") {
        version.metadata.clone_from(&source.metadata);
        version.content_type.clone_from(&source.content_type);
    }
    version.body.clone_from(&source.body);
    let version = store(state, at, version)?;
    let body = Xml::new().leaf("LastModified", &iso(version.modified)).leaf("ETag", &version.etag());
    let bucket = at.held(state)?;
    let reply = Reply::xml(200, body.document("CopyObjectResult", NAMESPACE));
    Ok(charged(call, bucket, encryption::headers(state, bucket, &version, reply)))
}

/// `PutObjectTagging`.
pub(super) fn put_tagging(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let id = super::read::found(state, call, at, "s3:PutObjectTagging", "s3:PutObjectVersionTagging")?.id.clone();
    let root = Element::parse(&call.incoming.body).map_err(|_| {
        Fault::new(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    })?;
    let tags: BTreeMap<String, String> = root
        .child("TagSet")
        .map(|set| {
            set.children("Tag")
                .filter_map(|tag| Some((tag.text_of("Key")?.to_owned(), tag.text_of("Value")?.to_owned())))
                .collect()
        })
        .unwrap_or_default();
    let key = at.key()?.to_owned();
    let held = state.buckets.get_mut(&at.bucket).and_then(|bucket| bucket.objects.get_mut(&key));
    if let Some(version) = held.and_then(|versions| versions.iter_mut().find(|version| version.id == id)) {
        version.object.tags = tags;
    }
    Ok(Reply::new(200))
}

/// `DeleteObject`. What is not there is deleted as well as anything.
pub(super) fn delete(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let key = at.key()?.to_owned();
    let id = call.incoming.parameter("versionId").map(str::to_owned);
    allow_delete(state, call, at, &key, id.as_deref())?;
    check_payer(call, at.held(state)?)?;
    remove(state, call, at, &key, id.as_deref());
    Ok(Reply::new(204))
}

fn allow_delete(state: &State, call: &Call<'_>, at: &Place, key: &str, id: Option<&str>) -> Result<(), Fault> {
    let bucket = at.held(state)?;
    let version = match id {
        Some(id) => bucket.version(key, id),
        None => bucket.current(key),
    };
    // Who may delete is settled by the bucket's account, whoever owns the object: a deny and a bucket-level right.
    let owned = version.filter(|version| bucket.owner_of(version) == bucket.spec.account);
    let action = if id.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
    at.allow_key(state, call, action, key, owned, &[])?;
    if id.is_none() {
        return Ok(());
    }
    if bucket.spec.mfa_delete && call.incoming.header("x-amz-mfa").is_none() {
        return Err(Fault::access_denied("Mfa Authentication must be used for this request"));
    }
    if version.is_some_and(|version| version.object.locked) {
        return Err(Fault::access_denied("Access Denied because object protected by object lock."));
    }
    Ok(())
}

fn remove(state: &mut State, call: &Call<'_>, at: &Place, key: &str, id: Option<&str>) {
    let serial = state.serial();
    let Some(bucket) = state.buckets.get_mut(&at.bucket) else { return };
    let versioning = bucket.spec.versioning;
    let Some(versions) = bucket.objects.get_mut(key) else { return };
    match (id, versioning) {
        (Some(id), _) => versions.retain(|version| version.id != id),
        (None, false) => versions.clear(),
        (None, true) => {
            if let Some(mut marker) = versions.last().cloned() {
                marker.id = ids::base64ish(&["marker", &serial.to_string()], 32).replace(['+', '/'], "_");
                marker.object.delete_marker = true;
                marker.body.clear();
                marker.modified = call.now;
                versions.push(marker);
            }
        }
    }
    if versions.is_empty() {
        bucket.objects.remove(key);
    }
}

/// `DeleteObjects`: each key is decided by itself, and the refusals stand in a 200.
pub(super) fn delete_several(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let root = Element::parse(&call.incoming.body).map_err(|_| {
        Fault::new(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    })?;
    let mut body = Xml::new();
    for object in root.children("Object") {
        let key = object.text_of("Key").unwrap_or_default();
        let id = object.text_of("VersionId");
        body = match allow_delete(state, call, at, key, id) {
            Ok(()) => {
                remove(state, call, at, key, id);
                body.within("Deleted", Xml::new().leaf("Key", key).leaf_if("VersionId", id))
            }
            Err(fault) => body
                .within("Error", Xml::new().leaf("Key", key).leaf("Code", &fault.code).leaf("Message", &fault.message)),
        };
    }
    Ok(Reply::xml(200, body.document("DeleteResult", NAMESPACE)))
}
