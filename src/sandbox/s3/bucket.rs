//! Buckets themselves: made, removed, and their settings read.

use crate::policy::Rules;
use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::caller::{find, iso};
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::message;
use crate::sandbox::s3::read::NAMESPACE;
use crate::sandbox::s3::{Place, account_settings};
use crate::sandbox::scenario::{BlockPublicAccess, Bucket, PolicyText};
use crate::sandbox::sigv4::DIRECTORY_SESSION;
use crate::sandbox::state::{BucketState, State};
use crate::sandbox::xml::{Element, Xml};
use std::collections::BTreeMap;
use time::Duration;

/// `CreateBucket`.
pub(super) fn create(state: &mut State, call: &Call<'_>, name: &str) -> Result<Reply, Fault> {
    let Some(account) = call.caller.account().map(str::to_owned) else {
        return Err(Fault::access_denied(message::BARE));
    };
    decide(state, call, &Question::plain(state, call, "s3:CreateBucket", format!("arn:aws:s3:::{name}")))
        .map_err(|refused| Fault::access_denied(message::s3(&refused, state.scenario.messages)))?;
    if let Some(taken) = state.buckets.get(name) {
        return Err(if taken.spec.account == account {
            Fault::new(
                409,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
        } else {
            Fault::new(
                409,
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
            )
        });
    }
    let constraint =
        Element::parse(&call.incoming.body).ok().and_then(|root| root.text_of("LocationConstraint").map(str::to_owned));
    let region = call.region();
    match &constraint {
        Some(wanted) if wanted != region => {
            return Err(Fault::new(
                400,
                "IllegalLocationConstraintException",
                format!(
                    "The {wanted} location constraint is incompatible for the region specific endpoint this request was sent to."
                ),
            ));
        }
        None if region != "us-east-1" => {
            return Err(Fault::new(
                400,
                "IllegalLocationConstraintException",
                "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
            ));
        }
        _ => {}
    }
    let spec = Bucket::plain(name, &account, region);
    state.buckets.insert(name.to_owned(), BucketState { spec, objects: BTreeMap::new(), created: call.now });
    Ok(Reply::new(200).with("location", format!("/{name}")))
}

/// `DeleteBucket`.
pub(super) fn delete(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    at.allow_bucket(state, call, "s3:DeleteBucket", &[])?;
    if !at.held(state)?.objects.is_empty() {
        return Err(Fault::new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
            .detail("BucketName", &at.bucket));
    }
    state.buckets.remove(&at.bucket);
    Ok(Reply::new(204))
}

/// `CreateSession` of a directory bucket, whose refusals say nothing.
pub(super) fn create_session(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let bucket = at.held(state)?;
    if !at.bucket.ends_with("--x-s3") {
        return Err(Fault::new(400, "InvalidRequest", "This operation is supported for directory buckets only."));
    }
    let arn = format!("arn:aws:s3express:{}:{}:bucket/{}", bucket.spec.region, bucket.spec.account, bucket.spec.name);
    let mut question = Question::plain(state, call, "s3express:CreateSession", arn).of_account(&bucket.spec.account);
    let mode = call.incoming.header("x-amz-create-session-mode").unwrap_or("ReadWrite");
    question.context.set("s3express:SessionMode", [mode]);
    if let Some(text) = &bucket.spec.policy {
        question =
            question.with_policy(format!("bucket policy of {}", bucket.spec.name), text.clone(), Rules::Resource);
    }
    decide(state, call, &question).map_err(|_| Fault::access_denied(message::BARE))?;
    // The session signs with the caller's own keys; what makes it one is its token.
    let Some((_, secret, session)) = call.signing.and_then(|signing| find(state, &signing.key_id)) else {
        return Err(Fault::access_denied(message::BARE));
    };
    let token = session.and_then(|session| session.key.token).unwrap_or_else(|| DIRECTORY_SESSION.to_owned());
    let credentials = Xml::new()
        .leaf("SessionToken", &token)
        .leaf("SecretAccessKey", &secret)
        .leaf("AccessKeyId", call.signing.map_or("", |signing| &signing.key_id))
        .leaf("Expiration", &iso(call.now + Duration::minutes(5)));
    Ok(answer("CreateSessionResult", Xml::new().within("Credentials", credentials)))
}

/// Every reading of a setting, and `HeadBucket`.
pub(super) fn setting(state: &mut State, call: &Call<'_>, at: &Place, operation: &str) -> Result<Reply, Fault> {
    match operation {
        "HeadBucket" => head(state, call, at),
        "GetBucketPolicy" => policy(state, call, at),
        "PutBucketPolicy" => put_policy(state, call, at),
        "GetBucketPolicyStatus" => policy_status(state, call, at),
        "GetPublicAccessBlock" => {
            at.allow_bucket(state, call, "s3:GetBucketPublicAccessBlock", &[])?;
            public_access_block(at.held(state)?.spec.block_public_access)
        }
        "GetBucketOwnershipControls" => ownership(state, call, at),
        "GetBucketRequestPayment" => {
            at.allow_bucket(state, call, "s3:GetBucketRequestPayment", &[])?;
            let payer = if at.held(state)?.spec.requester_pays { "Requester" } else { "BucketOwner" };
            Ok(answer("RequestPaymentConfiguration", Xml::new().leaf("Payer", payer)))
        }
        "GetBucketEncryption" => encryption(state, call, at),
        "GetBucketLocation" => {
            at.allow_bucket(state, call, "s3:GetBucketLocation", &[])?;
            let region = &at.held(state)?.spec.region;
            let shown = if region == "us-east-1" { "" } else { region };
            Ok(Reply::xml(
                200,
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint {NAMESPACE}>{shown}</LocationConstraint>"
                ),
            ))
        }
        "GetBucketVersioning" => {
            at.allow_bucket(state, call, "s3:GetBucketVersioning", &[])?;
            let on = at.held(state)?.spec.versioning.then_some("Enabled");
            Ok(answer("VersioningConfiguration", Xml::new().leaf_if("Status", on)))
        }
        "GetBucketTagging" => {
            absent(state, call, at, "s3:GetBucketTagging", "NoSuchTagSet", "The TagSet does not exist")
        }
        "GetBucketCors" => absent(
            state,
            call,
            at,
            "s3:GetBucketCORS",
            "NoSuchCORSConfiguration",
            "The CORS configuration does not exist",
        ),
        "GetBucketWebsite" => absent(
            state,
            call,
            at,
            "s3:GetBucketWebsite",
            "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration",
        ),
        "GetBucketLifecycleConfiguration" => absent(
            state,
            call,
            at,
            "s3:GetLifecycleConfiguration",
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
        ),
        "GetBucketLogging" => {
            at.allow_bucket(state, call, "s3:GetBucketLogging", &[])?;
            Ok(answer("BucketLoggingStatus", Xml::new()))
        }
        _ => Err(Fault::not_implemented()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the body is built in place")]
fn answer(root: &str, body: Xml) -> Reply {
    Reply::xml(200, body.document(root, NAMESPACE))
}

fn absent(state: &State, call: &Call<'_>, at: &Place, action: &str, code: &str, message: &str) -> Result<Reply, Fault> {
    at.allow_bucket(state, call, action, &[])?;
    Err(Fault::new(404, code, message).detail("BucketName", &at.bucket))
}

fn head(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let region = at.held(state)?.spec.region.clone();
    at.allow_bucket(state, call, "s3:ListBucket", &[])
        .map_err(|fault| fault.header("x-amz-bucket-region", region.clone()))?;
    let point = if at.point.is_some() { "true" } else { "false" };
    Ok(Reply::new(200)
        .with("content-type", "application/xml")
        .with("x-amz-bucket-region", region)
        .with("x-amz-bucket-arn", at.held(state)?.spec.arn())
        .with("x-amz-access-point-alias", point))
}

/// Other accounts are told only whether they may: 403 or 405.
fn allow_policy(state: &State, call: &Call<'_>, at: &Place, action: &str) -> Result<(), Fault> {
    at.allow_bucket(state, call, action, &[])?;
    let bucket = at.held(state)?;
    if call.caller.account() != Some(&bucket.spec.account) {
        return Err(Fault::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
            .detail("Method", call.incoming.method.as_str())
            .detail("ResourceType", "BUCKETPOLICY"));
    }
    Ok(())
}

fn policy(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    allow_policy(state, call, at, "s3:GetBucketPolicy")?;
    match &at.held(state)?.spec.policy {
        Some(text) => {
            let mut reply = Reply::new(200).with("content-type", "application/json");
            reply.body = text.as_str().as_bytes().to_vec();
            Ok(reply)
        }
        None => Err(no_policy(at)),
    }
}

fn no_policy(at: &Place) -> Fault {
    Fault::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist").detail("BucketName", &at.bucket)
}

fn put_policy(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    allow_policy(state, call, at, "s3:PutBucketPolicy")?;
    let text = PolicyText::new(String::from_utf8_lossy(&call.incoming.body).into_owned());
    text.parse(Rules::Resource).map_err(|error| Fault::new(400, "MalformedPolicy", error.message))?;
    if text.is_public() && account_settings(state, at.held(state)?).block_public_policy {
        return Err(Fault::access_denied(message::BARE));
    }
    if let Some(bucket) = state.buckets.get_mut(&at.bucket) {
        bucket.spec.policy = Some(text);
    }
    Ok(Reply::new(204))
}

fn policy_status(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    at.allow_bucket(state, call, "s3:GetBucketPolicyStatus", &[])?;
    let text = at.held(state)?.spec.policy.as_ref().ok_or_else(|| no_policy(at))?;
    let public = if text.is_public() { "true" } else { "false" };
    Ok(answer("PolicyStatus", Xml::new().leaf("IsPublic", public)))
}

/// The document of the four flags; 404 where none was ever set.
pub fn public_access_block(flags: BlockPublicAccess) -> Result<Reply, Fault> {
    if !flags.any() {
        return Err(Fault::new(
            404,
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        ));
    }
    let word = |flag: bool| if flag { "true" } else { "false" };
    let body = Xml::new()
        .leaf("BlockPublicAcls", word(flags.block_public_acls))
        .leaf("IgnorePublicAcls", word(flags.ignore_public_acls))
        .leaf("BlockPublicPolicy", word(flags.block_public_policy))
        .leaf("RestrictPublicBuckets", word(flags.restrict_public_buckets));
    Ok(answer("PublicAccessBlockConfiguration", body))
}

fn ownership(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    at.allow_bucket(state, call, "s3:GetBucketOwnershipControls", &[])?;
    match at.held(state)?.spec.ownership.document() {
        Some(setting) => {
            Ok(answer("OwnershipControls", Xml::new().within("Rule", Xml::new().leaf("ObjectOwnership", setting))))
        }
        None => Err(Fault::new(404, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
            .detail("BucketName", &at.bucket)),
    }
}

fn encryption(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    at.allow_bucket(state, call, "s3:GetEncryptionConfiguration", &[])?;
    let spec = &at.held(state)?.spec;
    let default = match &spec.default_kms_key {
        Some(key) => Xml::new().leaf("SSEAlgorithm", "aws:kms").leaf("KMSMasterKeyID", key),
        None => Xml::new().leaf("SSEAlgorithm", "AES256"),
    };
    let rule = Xml::new()
        .within("ApplyServerSideEncryptionByDefault", default)
        .leaf("BucketKeyEnabled", if spec.bucket_key { "true" } else { "false" });
    Ok(answer("ServerSideEncryptionConfiguration", Xml::new().within("Rule", rule)))
}
