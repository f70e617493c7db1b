//! `HeadObject`, `GetObject` and what else reads one object.
//!
//! The order in which S3 refuses: the action on the object; the requester's consent to pay; a key that is not
//! there, which shows as 404 only to those who may list; the customer's key; the storage class; KMS.

use crate::sandbox::call::Call;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::{Incoming, Reply};
use crate::sandbox::s3::{Place, charged, check_payer, encryption};
use crate::sandbox::state::{NULL_VERSION, State, Version};
use crate::sandbox::xml::Xml;
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

const HTTP_DATE: &[FormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// `Tue, 24 Nov 2026 15:00:00 GMT`
#[must_use]
pub fn http_date(time: OffsetDateTime) -> String {
    time.format(HTTP_DATE).unwrap_or_default()
}

/// Finds the version that a request means, if the caller may have `action` on it (`of_version` where a
/// version id was given).
pub(super) fn found<'a>(
    state: &'a State,
    call: &Call<'_>,
    at: &Place,
    action: &str,
    of_version: &str,
) -> Result<&'a Version, Fault> {
    let bucket = at.held(state)?;
    let key = at.key()?;
    let id = call.incoming.parameter("versionId");
    let version = match id {
        Some(id) => bucket.version(key, id),
        None => bucket.current(key),
    };
    let action = if id.is_some() { of_version } else { action };
    let visible = version.filter(|version| !version.object.delete_marker);
    at.allow_object(state, call, action, visible, &[])?;
    check_payer(call, bucket)?;
    match (version, id) {
        (Some(version), _) if !version.object.delete_marker => Ok(version),
        (Some(marker), Some(_)) => {
            Err(Fault::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
                .detail("Method", call.incoming.method.as_str())
                .detail("ResourceType", "DeleteMarker")
                .header("allow", "DELETE")
                .header("x-amz-delete-marker", "true")
                .header("x-amz-version-id", marker.id.clone()))
        }
        (marker, id) => {
            // Who may not list is not told what is not there.
            at.allow_bucket(state, call, "s3:ListBucket", &[])?;
            let missing = match id {
                Some(id) => Fault::new(404, "NoSuchVersion", "The specified version does not exist.")
                    .detail("Key", key)
                    .detail("VersionId", id),
                None => Fault::new(404, "NoSuchKey", "The specified key does not exist.").detail("Key", key),
            };
            Err(match marker {
                Some(marker) => {
                    missing.header("x-amz-delete-marker", "true").header("x-amz-version-id", marker.id.clone())
                }
                None => missing,
            })
        }
    }
}

/// `HeadObject` and `GetObject`.
pub(super) fn object(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let bucket = at.held(state)?;
    let incoming = call.incoming;
    // S3 takes these for uploads alone.
    if incoming.header("x-amz-server-side-encryption").is_some() {
        return Err(Fault::new(
            400,
            "InvalidArgument",
            "x-amz-server-side-encryption header is not supported for this operation.",
        ));
    }
    let version = found(state, call, at, "s3:GetObject", "s3:GetObjectVersion")?;
    encryption::check_customer_key(incoming, version, false)?;
    let head = incoming.method == "HEAD";
    if !head {
        if version.is_archived() {
            let class = version.object.storage_class.clone().unwrap_or_default();
            return Err(Fault::new(
                403,
                "InvalidObjectState",
                "The operation is not valid for the object's storage class",
            )
            .detail("StorageClass", class));
        }
        encryption::check_decrypt(state, call, bucket, version)?;
    }
    let total = version.body.len();
    let reply = match range(incoming, total)? {
        None => Reply::new(200).with("content-length", total.to_string()),
        Some((first, last)) => Reply::new(206)
            .with("content-length", (last - first + 1).to_string())
            .with("content-range", format!("bytes {first}-{last}/{total}")),
    };
    let mut reply = described(state, at, version, reply)?;
    if !head {
        let (first, end) = range(incoming, total)?.map_or((0, total), |(first, last)| (first, last + 1));
        reply.body = version.body.get(first..end).unwrap_or_default().to_vec();
    }
    Ok(charged(call, bucket, reply))
}

fn described(state: &State, at: &Place, version: &Version, reply: Reply) -> Result<Reply, Fault> {
    let bucket = at.held(state)?;
    let object = &version.object;
    let restore = object.restored.then_some("ongoing-request=\"false\", expiry-date=\"Fri, 01 Jan 2100 00:00:00 GMT\"");
    let count = object.tags.len();
    let reply = reply
        .with("etag", version.etag())
        .with("last-modified", http_date(version.modified))
        .with("accept-ranges", "bytes")
        .with("content-type", version.content_type.clone())
        .with_if("x-amz-storage-class", object.storage_class.clone())
        .with_if("x-amz-restore", restore)
        .with_if("x-amz-tagging-count", (count > 0).then(|| count.to_string()))
        .with_if("x-amz-version-id", (version.id != NULL_VERSION).then(|| version.id.clone()));
    let reply = version.metadata.iter().fold(reply, |reply, (name, value)| reply.with(name, value.clone()));
    Ok(encryption::headers(state, bucket, version, reply))
}

/// First and last byte of the range asked for; the whole where none was, or none that can be read.
fn range(incoming: &Incoming, total: usize) -> Result<Option<(usize, usize)>, Fault> {
    let Some(spec) = incoming.header("range").and_then(|range| range.strip_prefix("bytes=")) else { return Ok(None) };
    let Some((first, last)) = spec.split_once('-') else { return Ok(None) };
    let bounds = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(total.saturating_sub(1))),
        (Ok(first), Err(_)) if last.is_empty() => (first, total.saturating_sub(1)),
        (Err(_), Ok(length)) if first.is_empty() => (total.saturating_sub(length), total.saturating_sub(1)),
        _ => return Ok(None),
    };
    if bounds.0 >= total {
        return Err(Fault::new(416, "InvalidRange", "The requested range is not satisfiable")
            .detail("RangeRequested", format!("bytes={spec}"))
            .detail("ActualObjectSize", total.to_string())
            .header("content-range", format!("bytes */{total}")));
    }
    Ok(Some(bounds))
}

/// `GetObjectTagging`.
pub(super) fn tagging(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let version = found(state, call, at, "s3:GetObjectTagging", "s3:GetObjectVersionTagging")?;
    let tags = Xml::new().each(&version.object.tags, |xml, (key, value)| {
        xml.within("Tag", Xml::new().leaf("Key", key).leaf("Value", value))
    });
    let body = Xml::new().within("TagSet", tags).document("Tagging", NAMESPACE);
    Ok(Reply::xml(200, body))
}

/// `GetObjectAttributes` needs both of its permissions.
pub(super) fn attributes(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    found(state, call, at, "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes")?;
    let version = found(state, call, at, "s3:GetObject", "s3:GetObjectVersion")?;
    encryption::check_customer_key(call.incoming, version, false)?;
    let wanted = call.incoming.header("x-amz-object-attributes").unwrap_or_default();
    let wants = |name: &str| wanted.split(',').any(|one| one.trim() == name);
    let class = version.object.storage_class.as_deref().unwrap_or("STANDARD");
    let size = version.body.len().to_string();
    let etag = version.etag();
    let body = Xml::new()
        .leaf_if("ETag", wants("ETag").then(|| etag.trim_matches('"')))
        .leaf_if("StorageClass", wants("StorageClass").then_some(class))
        .leaf_if("ObjectSize", wants("ObjectSize").then_some(size.as_str()));
    let reply = Reply::xml(200, body.document("GetObjectAttributesResponse", NAMESPACE));
    Ok(reply.with("last-modified", http_date(version.modified)))
}

/// S3's namespace, on every answer that is no error.
pub(super) const NAMESPACE: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderMap, HeaderValue};

    fn ask(text: &str, total: usize) -> Result<Option<(usize, usize)>, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert("range", HeaderValue::from_str(text).unwrap());
        range(&Incoming::new("GET".into(), "h".into(), "/b/k".into(), String::new(), headers, Vec::new()), total)
    }

    #[test]
    fn ranges_are_cut_to_the_object() {
        assert_eq!(ask("bytes=0-0", 5), Ok(Some((0, 0))));
        assert_eq!(ask("bytes=2-99", 5), Ok(Some((2, 4))));
        assert_eq!(ask("bytes=2-", 5), Ok(Some((2, 4))));
        assert_eq!(ask("bytes=-2", 5), Ok(Some((3, 4))));
        assert_eq!(ask("items=0-1", 5), Ok(None));
        assert_eq!(ask("bytes=0-0", 0).unwrap_err().status, 416, "an empty object has no first byte");
    }
}
