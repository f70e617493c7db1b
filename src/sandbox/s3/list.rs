//! Listings: buckets, objects (both versions of the call), versions.

use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::caller::{Caller, iso};
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::ids;
use crate::sandbox::message;
use crate::sandbox::s3::read::NAMESPACE;
use crate::sandbox::s3::{Place, charged, check_payer};
use crate::sandbox::state::{BucketState, State, Version};
use crate::sandbox::xml::Xml;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeSet;

/// What `encoding-type=url` leaves as it is.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'*');

/// `ListBuckets`.
pub(super) fn buckets(state: &State, call: &Call<'_>) -> Result<Reply, Fault> {
    let account = match &call.caller {
        Caller::Anonymous => return Err(Fault::access_denied(message::BARE)),
        caller => caller.account().unwrap_or_default(),
    };
    decide(state, call, &Question::plain(state, call, "s3:ListAllMyBuckets", "arn:aws:s3:::*"))
        .map_err(|refused| Fault::access_denied(message::s3(&refused, state.scenario.messages)))?;
    let prefix = call.incoming.parameter("prefix").unwrap_or_default();
    let own =
        state.buckets.values().filter(|bucket| bucket.spec.account == account && bucket.spec.name.starts_with(prefix));
    let list = Xml::new().each(own, |xml, bucket| {
        let one = Xml::new()
            .leaf("Name", &bucket.spec.name)
            .leaf("CreationDate", &iso(bucket.created))
            .leaf("BucketRegion", &bucket.spec.region);
        xml.within("Bucket", one)
    });
    let body = Xml::new().within("Owner", Xml::new().leaf("ID", &ids::canonical(account))).within("Buckets", list);
    Ok(Reply::xml(200, body.document("ListAllMyBucketsResult", NAMESPACE)))
}

/// The condition keys that a listing brings.
fn keys(call: &Call<'_>) -> Vec<(&'static str, String)> {
    [("s3:prefix", "prefix"), ("s3:delimiter", "delimiter"), ("s3:max-keys", "max-keys")]
        .into_iter()
        .filter_map(|(key, parameter)| Some((key, call.incoming.parameter(parameter)?.to_owned())))
        .collect()
}

struct Page<'a> {
    objects: Vec<&'a Version>,
    prefixes: BTreeSet<String>,
    /// The last entry, where there is more.
    next: Option<String>,
}

fn page<'a>(bucket: &'a BucketState, prefix: &str, delimiter: &str, after: &str, limit: usize) -> Page<'a> {
    let mut page = Page { objects: Vec::new(), prefixes: BTreeSet::new(), next: None };
    let mut last = String::new();
    let current = bucket.objects.iter().filter_map(|(key, versions)| Some((key, versions.last()?)));
    for (key, version) in current.filter(|(key, version)| key.starts_with(prefix) && !version.object.delete_marker) {
        let rest = &key[prefix.len()..];
        let folded = (!delimiter.is_empty()).then(|| rest.find(delimiter)).flatten();
        let entry = folded.map_or_else(|| key.clone(), |end| format!("{prefix}{}", &rest[..end + delimiter.len()]));
        if entry.as_str() <= after || page.prefixes.contains(&entry) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == limit {
            page.next = Some(last);
            break;
        }
        last.clone_from(&entry);
        if folded.is_some() {
            page.prefixes.insert(entry);
        } else {
            page.objects.push(version);
        }
    }
    page
}

/// `ListObjectsV2` and `ListObjects`.
pub(super) fn objects(state: &State, call: &Call<'_>, at: &Place, operation: &str) -> Result<Reply, Fault> {
    let bucket = at.held(state)?;
    at.allow_bucket(state, call, "s3:ListBucket", &keys(call))?;
    check_payer(call, bucket)?;
    let second = operation == "ListObjectsV2";
    let parameter = |name: &str| call.incoming.parameter(name).unwrap_or_default();
    let (prefix, delimiter) = (parameter("prefix"), parameter("delimiter"));
    let limit =
        call.incoming.parameter("max-keys").and_then(|text| text.parse::<usize>().ok()).unwrap_or(1000).min(1000);
    let token = parameter("continuation-token").strip_prefix("token-").map(unhex).unwrap_or_default();
    let after = if second { token.max(parameter("start-after").to_owned()) } else { parameter("marker").to_owned() };
    let page = page(bucket, prefix, delimiter, &after, limit);
    let encoded = parameter("encoding-type") == "url";
    let write = |text: &str| if encoded { utf8_percent_encode(text, &PLAIN).to_string() } else { text.to_owned() };
    let owners = !second || parameter("fetch-owner") == "true";
    let count = page.objects.len() + page.prefixes.len();
    let mut body = Xml::new()
        .leaf("Name", &at.bucket)
        .leaf("Prefix", &write(prefix))
        .leaf("MaxKeys", &limit.to_string())
        .leaf_if("Delimiter", (!delimiter.is_empty()).then(|| write(delimiter)).as_deref())
        .leaf_if("EncodingType", encoded.then_some("url"))
        .leaf("IsTruncated", if page.next.is_some() { "true" } else { "false" });
    body = if second {
        let next = page.next.as_ref().map(|next| format!("token-{}", ids::hex_of(next.as_bytes())));
        body.leaf("KeyCount", &count.to_string()).leaf_if("NextContinuationToken", next.as_deref())
    } else {
        body.leaf("Marker", &write(parameter("marker")))
            .leaf_if("NextMarker", page.next.as_deref().map(write).as_deref())
    };
    let body = body
        .each(&page.objects, |xml, version| {
            let owner = owners.then(|| ids::canonical(bucket.owner_of(version)));
            xml.within("Contents", entry(version, &write(&version.object.key), owner.as_deref()))
        })
        .each(&page.prefixes, |xml, prefix| xml.within("CommonPrefixes", Xml::new().leaf("Prefix", &write(prefix))));
    let reply = Reply::xml(200, body.document("ListBucketResult", NAMESPACE))
        .with("x-amz-bucket-region", bucket.spec.region.clone());
    Ok(charged(call, bucket, reply))
}

fn entry(version: &Version, key: &str, owner: Option<&str>) -> Xml {
    let xml = Xml::new()
        .leaf("Key", key)
        .leaf("LastModified", &iso(version.modified))
        .leaf("ETag", &version.etag())
        .leaf("Size", &version.body.len().to_string());
    let xml = match owner {
        Some(owner) => xml.within("Owner", Xml::new().leaf("ID", owner)),
        None => xml,
    };
    xml.leaf("StorageClass", version.object.storage_class.as_deref().unwrap_or("STANDARD"))
}

/// `ListObjectVersions`.
pub(super) fn versions(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let bucket = at.held(state)?;
    at.allow_bucket(state, call, "s3:ListBucketVersions", &keys(call))?;
    let prefix = call.incoming.parameter("prefix").unwrap_or_default();
    let mut body = Xml::new().leaf("Name", &at.bucket).leaf("Prefix", prefix).leaf("IsTruncated", "false");
    for (key, versions) in bucket.objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
        for (index, version) in versions.iter().enumerate().rev() {
            let latest = if index + 1 == versions.len() { "true" } else { "false" };
            let head = Xml::new()
                .leaf("Key", key)
                .leaf("VersionId", &version.id)
                .leaf("IsLatest", latest)
                .leaf("LastModified", &iso(version.modified));
            body = if version.object.delete_marker {
                body.within("DeleteMarker", head)
            } else {
                body.within(
                    "Version",
                    head.leaf("ETag", &version.etag())
                        .leaf("Size", &version.body.len().to_string())
                        .leaf("StorageClass", "STANDARD"),
                )
            };
        }
    }
    Ok(Reply::xml(200, body.document("ListVersionsResult", NAMESPACE)))
}

fn unhex(text: &str) -> String {
    let bytes: Vec<u8> = text
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
