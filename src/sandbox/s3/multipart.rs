//! Multipart uploads.

use crate::sandbox::call::Call;
use crate::sandbox::caller::iso;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::ids;
use crate::sandbox::s3::read::NAMESPACE;
use crate::sandbox::s3::{Place, encryption, write};
use crate::sandbox::state::{State, Upload};
use crate::sandbox::xml::Xml;
use std::collections::BTreeMap;

/// `CreateMultipartUpload`: all that a PUT is checked for is checked here, and what its parts need of a KMS key.
pub(super) fn create(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let template = write::admitted(state, call, at)?;
    encryption::check_decrypt(state, call, at.held(state)?, &template)?;
    let id = ids::hex(&["upload", &state.serial().to_string()], 64);
    let key = template.object.key.clone();
    state.uploads.insert(id.clone(), Upload { bucket: at.bucket.clone(), template, parts: BTreeMap::new() });
    let body = Xml::new().leaf("Bucket", &at.bucket).leaf("Key", &key).leaf("UploadId", &id);
    Ok(Reply::xml(200, body.document("InitiateMultipartUploadResult", NAMESPACE)))
}

fn upload<'a>(state: &'a mut State, call: &Call<'_>, at: &Place) -> Result<&'a mut Upload, Fault> {
    let id = call.incoming.parameter("uploadId").unwrap_or_default().to_owned();
    let missing = || {
        Fault::new(
            404,
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        )
    };
    state.uploads.get_mut(&id).filter(|upload| upload.bucket == at.bucket).ok_or_else(missing)
}

fn number(call: &Call<'_>) -> Result<u32, Fault> {
    let number = call
        .incoming
        .parameter("partNumber")
        .and_then(|text| text.parse().ok())
        .filter(|number| (1..=10_000).contains(number));
    number.ok_or_else(|| {
        Fault::new(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
    })
}

/// `UploadPart`.
pub(super) fn part(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    at.allow_object(state, call, "s3:PutObject", None, &[])?;
    let (number, bytes) = (number(call)?, write::body(call)?);
    let etag = format!("\"{}\"", ids::hex(&[&String::from_utf8_lossy(&bytes)], 32));
    upload(state, call, at)?.parts.insert(number, bytes);
    Ok(Reply::new(200).with("etag", etag))
}

/// `UploadPartCopy`.
pub(super) fn part_copy(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let source = write::source(state, call)?;
    at.allow_object(state, call, "s3:PutObject", None, &[])?;
    let range =
        call.incoming.header("x-amz-copy-source-range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let bytes = match range.map(|(first, last)| (first.parse::<usize>(), last.parse::<usize>())) {
        Some((Ok(first), Ok(last))) => source.body.get(first..=last).unwrap_or_default().to_vec(),
        _ => source.body.clone(),
    };
    let number = number(call)?;
    let etag = format!("\"{}\"", ids::hex(&[&String::from_utf8_lossy(&bytes)], 32));
    upload(state, call, at)?.parts.insert(number, bytes);
    let body = Xml::new().leaf("LastModified", &iso(call.now)).leaf("ETag", &etag);
    Ok(Reply::xml(200, body.document("CopyPartResult", NAMESPACE)))
}

/// `CompleteMultipartUpload`.
pub(super) fn complete(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    at.allow_object(state, call, "s3:PutObject", None, &[])?;
    let id = call.incoming.parameter("uploadId").unwrap_or_default().to_owned();
    let upload = upload(state, call, at)?.clone();
    let mut version = upload.template;
    version.body = upload.parts.into_values().flatten().collect();
    state.uploads.remove(&id);
    let version = write::store(state, at, version)?;
    let body = Xml::new().leaf("Bucket", &at.bucket).leaf("Key", &version.object.key).leaf("ETag", &version.etag());
    Ok(Reply::xml(200, body.document("CompleteMultipartUploadResult", NAMESPACE)))
}

/// `AbortMultipartUpload`.
pub(super) fn abort(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    at.allow_object(state, call, "s3:AbortMultipartUpload", None, &[])?;
    upload(state, call, at)?;
    state.uploads.remove(call.incoming.parameter("uploadId").unwrap_or_default());
    Ok(Reply::new(204))
}
