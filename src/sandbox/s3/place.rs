//! What a request is about, and what is checked before any policy: whether AWS has shut it, whether the request came to
//! the right region, whether the owner is the one that the request expects.

use crate::sandbox::call::Call;
use crate::sandbox::fault::Fault;
use crate::sandbox::message;
use crate::sandbox::scenario::{AccessPoint, WrongRegion};
use crate::sandbox::state::{BucketState, State};

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
    pub(super) fn admit(&self, state: &State, call: &Call<'_>, operation: &str) -> Result<(), Fault> {
        let bucket = self.held(state)?;
        check_problem(state, bucket)?;
        check_region(state, call, bucket)
            .map_err(|fault| fault.header("x-amz-bucket-region", bucket.spec.region.clone()))?;
        if let Some(expected) = call.incoming.header("x-amz-expected-bucket-owner") {
            if expected.len() != 12 || !expected.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Fault::new(
                    400,
                    "InvalidBucketOwnerAWSAccountID",
                    "The value of the expected bucket owner parameter must be an AWS account ID",
                ));
            }
            if expected != bucket.spec.account {
                let fault = Fault::access_denied(message::BARE);
                // `HeadBucket` tells the region to everybody.
                let tells = operation == "HeadBucket";
                return Err(if tells {
                    fault.header("x-amz-bucket-region", bucket.spec.region.clone())
                } else {
                    fault
                });
            }
        }
        Ok(())
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

fn check_problem(state: &State, bucket: &BucketState) -> Result<(), Fault> {
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

fn check_region(state: &State, call: &Call<'_>, bucket: &BucketState) -> Result<(), Fault> {
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

fn malformed(signed: &str, right: &str) -> Fault {
    Fault::new(
        400,
        "AuthorizationHeaderMalformed",
        format!("The authorization header is malformed; the region '{signed}' is wrong; expecting '{right}'"),
    )
    .detail("Region", right)
}
