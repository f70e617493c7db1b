//! S3, as its documentation and recorded answers have it: which permission each operation needs, in which order
//! things are refused, and what a refusal shows and hides.
//!
//! What it is not: durable, fast, or complete. An operation that scenarios have no use for answers 501.

mod access;
mod acl;
mod bucket;
mod encryption;
mod list;
mod multipart;
mod operation;
mod place;
mod read;
mod target;
mod write;

pub use access::account_settings;
pub use bucket::public_access_block;
pub use operation::name;
pub use place::Place;
pub use read::http_date;
pub use target::Target;

use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::message;
use crate::sandbox::state::{BucketState, State};

/// Answers one call.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    let target = Target::of(call.incoming);
    let operation = operation::name(call.incoming, &target);
    let Some(name) = &target.bucket else {
        return if operation == "ListBuckets" { list::buckets(state, call) } else { Err(Fault::not_implemented()) };
    };
    if operation == "CreateBucket" {
        return bucket::create(state, call, name);
    }
    let at = Place::find(state, name, target.key.as_deref())?;
    at.admit(state, call, operation)?;
    if state.spreading > 0 {
        state.spreading -= 1;
        return Err(Fault::access_denied(message::BARE));
    }
    match operation {
        "HeadObject" | "GetObject" => read::object(state, call, &at),
        "GetObjectAttributes" => read::attributes(state, call, &at),
        "GetObjectTagging" => read::tagging(state, call, &at),
        "GetObjectAcl" => acl::of_object(state, call, &at),
        "GetBucketAcl" => acl::of_bucket(state, call, &at),
        "PutObjectAcl" => acl::put(state, call, &at),
        "PutObject" => write::put(state, call, &at),
        "CopyObject" => write::copy(state, call, &at),
        "PutObjectTagging" => write::put_tagging(state, call, &at),
        "DeleteObject" => write::delete(state, call, &at),
        "DeleteObjects" => write::delete_several(state, call, &at),
        "CreateMultipartUpload" => multipart::create(state, call, &at),
        "UploadPart" => multipart::part(state, call, &at),
        "UploadPartCopy" => multipart::part_copy(state, call, &at),
        "CompleteMultipartUpload" => multipart::complete(state, call, &at),
        "AbortMultipartUpload" => multipart::abort(state, call, &at),
        "ListObjectsV2" | "ListObjects" => list::objects(state, call, &at, operation),
        "ListObjectVersions" => list::versions(state, call, &at),
        "DeleteBucket" => bucket::delete(state, call, &at),
        "CreateSession" => bucket::create_session(state, call, &at),
        _ => bucket::setting(state, call, &at, operation),
    }
}

/// Whether a caller pays for what it reads, or need not.
fn check_payer(call: &Call<'_>, bucket: &BucketState) -> Result<(), Fault> {
    let accepts = call
        .incoming
        .header("x-amz-request-payer")
        .is_some_and(|value| value.eq_ignore_ascii_case("requester"))
        || call.incoming.parameter("x-amz-request-payer").is_some_and(|value| value.eq_ignore_ascii_case("requester"));
    let owner = call.caller.account() == Some(&bucket.spec.account);
    let nobody = matches!(call.caller, Caller::Anonymous);
    if bucket.spec.requester_pays && !owner && (nobody || !accepts) {
        // The text gives nothing away, whoever asks.
        return Err(Fault::access_denied(message::BARE));
    }
    Ok(())
}

/// `x-amz-request-charged`, where somebody pays.
fn charged(call: &Call<'_>, bucket: &BucketState, reply: Reply) -> Reply {
    let pays = bucket.spec.requester_pays && call.caller.account() != Some(&bucket.spec.account);
    if pays { reply.with("x-amz-request-charged", "requester") } else { reply }
}
