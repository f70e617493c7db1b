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
mod read;
mod target;
mod write;

pub use access::account_settings;
pub use bucket::public_access_block;
pub use operation::name;
pub use read::http_date;
pub use target::Target;

use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::scenario::{AccessPoint, WrongRegion};
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
        return Err(Fault::access_denied(crate::sandbox::message::BARE));
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

/// What a request is about: a bucket, perhaps through an access point, and perhaps a key in it.
#[derive(Clone, Debug)]
pub struct Place {
    pub bucket: String,
    pub point: Option<AccessPoint>,
    pub key: Option<String>,
}

impl Place {
    pub(super) fn find(state: &State, name: &str, key: Option<&str>) -> Result<Self, Fault> {
        let point = state.access_point(name).cloned();
        let bucket = point.as_ref().map_or(name, |point| &point.bucket).to_owned();
        if !state.buckets.contains_key(&bucket) {
            let missing = Fault::new(404, "NoSuchBucket", "The specified bucket does not exist");
            return Err(missing.detail("BucketName", name));
        }
        Ok(Self { bucket, point, key: key.map(str::to_owned) })
    }

    /// The bucket.
    ///
    /// # Errors
    /// When it has been deleted meanwhile.
    pub fn held<'a>(&self, state: &'a State) -> Result<&'a BucketState, Fault> {
        state
            .buckets
            .get(&self.bucket)
            .ok_or_else(|| Fault::new(404, "NoSuchBucket", "The specified bucket does not exist"))
    }

    /// The key, which the operation's shape says is there.
    ///
    /// # Errors
    /// When the request has none all the same.
    pub fn key(&self) -> Result<&str, Fault> {
        self.key.as_deref().ok_or_else(Fault::not_implemented)
    }

    /// The checks that come before any policy: the bucket's health, the region, the owner that the
    /// request expects.
    fn admit(&self, state: &State, call: &Call<'_>, operation: &str) -> Result<(), Fault> {
        let bucket = self.held(state)?;
        self.check_problem(state, bucket)?;
        self.check_region(state, call, bucket)
            .map_err(|fault| fault.header("x-amz-bucket-region", bucket.spec.region.clone()))?;
        if let Some(expected) = call.incoming.header("x-amz-expected-bucket-owner") {
            if expected.len() != 12 || !expected.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Fault::new(
                    400,
                    "InvalidBucketOwnerAWSAccountID",
                    "The value of the expected bucket owner parameter must be an AWS Account ID... ",
                ));
            }
            if expected != bucket.spec.account {
                return Err(self.denied(operation, bucket, crate::sandbox::message::BARE.to_owned()));
            }
        }
        Ok(())
    }

    fn check_problem(&self, state: &State, bucket: &BucketState) -> Result<(), Fault> {
        let of_account = state.scenario.account(&bucket.spec.account).and_then(|account| account.problem.as_deref());
        match bucket.spec.problem.as_deref().or(of_account) {
            None => Ok(()),
            Some("AllAccessDisabled") => {
                Err(Fault::new(403, "AllAccessDisabled", "All access to this object has been disabled"))
            }
            Some("AccountProblem") => Err(Fault::new(
                403,
                "AccountProblem",
                "There is a problem with your AWS account that prevents the operation from completing successfully. \
                 Contact AWS Support for further assistance.",
            )),
            Some("NotSignedUp") => Err(Fault::new(
                403,
                "NotSignedUp",
                "Your account is not signed up for the S3 service. You must sign up before you can use S3.",
            )),
            Some(code) => Err(Fault::new(403, code, "Access to the resource has been shut off")),
        }
    }

    fn check_region(&self, state: &State, call: &Call<'_>, bucket: &BucketState) -> Result<(), Fault> {
        let region = &bucket.spec.region;
        let redirect = || {
            Fault::new(
                301,
                "PermanentRedirect",
                "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future \
                 requests to this endpoint.",
            )
            .detail("Endpoint", format!("{}.s3.{region}.amazonaws.com", bucket.spec.name))
            .detail("Bucket", &bucket.spec.name)
        };
        let signed_for = call.signing.map(|signing| signing.region.as_str());
        if let Some(served) = &state.scenario.network.endpoint_region {
            return match signed_for {
                Some(signed) if signed != served => Err(malformed(signed, served)),
                _ if served != region => Err(redirect()),
                _ => Ok(()),
            };
        }
        match signed_for {
            Some(signed) if signed != region => Err(match bucket.spec.wrong_region {
                WrongRegion::Malformed => malformed(signed, region),
                WrongRegion::Redirect => redirect(),
                WrongRegion::Illegal => Fault::new(
                    400,
                    "IllegalLocationConstraintException",
                    format!(
                        "The {region} location constraint is incompatible for the region specific endpoint this request was sent to."
                    ),
                ),
            }),
            _ => Ok(()),
        }
    }

    /// `AccessDenied`; with the region where the operation is `HeadBucket`, which tells it to everybody.
    fn denied(&self, operation: &str, bucket: &BucketState, message: String) -> Fault {
        let fault = Fault::access_denied(message);
        if operation == "HeadBucket" { fault.header("x-amz-bucket-region", bucket.spec.region.clone()) } else { fault }
    }

    /// The ARN of the object as messages and policies name it, through the access point where there is one.
    #[must_use]
    pub fn object_arn(&self, region: &str, key: &str) -> String {
        match &self.point {
            Some(point) => format!("{}/object/{key}", point.arn(region)),
            None => format!("arn:aws:s3:::{}/{key}", self.bucket),
        }
    }
}

fn malformed(signed: &str, right: &str) -> Fault {
    Fault::new(
        400,
        "AuthorizationHeaderMalformed",
        format!("The authorization header is malformed; the region '{signed}' is wrong; expecting '{right}'"),
    )
    .detail("Region", right)
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
        return Err(Fault::access_denied(crate::sandbox::message::BARE));
    }
    Ok(())
}

/// `x-amz-request-charged`, where somebody pays.
fn charged(call: &Call<'_>, bucket: &BucketState, reply: Reply) -> Reply {
    let pays = bucket.spec.requester_pays && call.caller.account() != Some(&bucket.spec.account);
    if pays { reply.with("x-amz-request-charged", "requester") } else { reply }
}
