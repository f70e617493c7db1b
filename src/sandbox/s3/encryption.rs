//! Encryption on the way in and out: customer-provided keys, and KMS keys with everything that KMS decides about them.
//!
//! A HEAD needs no `kms:Decrypt`: it answers with the key's ARN and decrypts nothing.

use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::{Incoming, Reply};
use crate::sandbox::message;
use crate::sandbox::scenario::{KeyState, KmsKey};
use crate::sandbox::state::{BucketState, State, Version};

const ALGORITHM: &str = "x-amz-server-side-encryption-customer-algorithm";
const KEY: &str = "x-amz-server-side-encryption-customer-key";
const COPY_KEY: &str = "x-amz-copy-source-server-side-encryption-customer-key";
const SSE: &str = "x-amz-server-side-encryption";
const SSE_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

/// The key that a name in a request, a bucket's setting or a scenario means; where there is none, the ARN
/// that the name would have.
fn resolve(state: &State, bucket: &BucketState, account: &str, name: &str) -> Result<KmsKey, String> {
    if name == "alias/aws/s3" {
        return Ok(state.aws_managed_key(account, &bucket.spec.region));
    }
    if let Some(key) = state.kms_key(name, account) {
        return Ok(key.clone());
    }
    Err(if name.starts_with("arn:") {
        name.to_owned()
    } else {
        format!("arn:aws:kms:{}:{account}:key/{name}", bucket.spec.region)
    })
}

/// Whether the customer's key came along, and is the one that the object was written with.
pub(super) fn check_customer_key(incoming: &Incoming, version: &Version, copy_source: bool) -> Result<(), Fault> {
    let sent = incoming.header(if copy_source { COPY_KEY } else { KEY });
    match (&version.object.customer_key, sent) {
        (None, None) => Ok(()),
        (Some(kept), Some(sent)) if kept == sent => Ok(()),
        (Some(_), None) => Err(Fault::new(
            400,
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
        )),
        (Some(_), Some(_)) => Err(Fault::access_denied(
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
        )),
        (None, Some(_)) => {
            Err(Fault::new(400, "InvalidRequest", "The encryption parameters are not applicable to this object."))
        }
    }
}

/// Decrypts, as far as permission goes.
pub(super) fn check_decrypt(
    state: &State,
    call: &Call<'_>,
    bucket: &BucketState,
    version: &Version,
) -> Result<(), Fault> {
    match &version.object.kms_key {
        None => Ok(()),
        Some(name) => uses(state, call, bucket, "kms:Decrypt", name, &version.object.key),
    }
}

/// What an upload asks to be encrypted with, the bucket's default included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub kms_key: Option<String>,
    pub customer_key: Option<String>,
}

/// Reads an upload's encryption and asks KMS for a data key where one is needed.
pub(super) fn check_upload(state: &State, call: &Call<'_>, bucket: &BucketState, key: &str) -> Result<Wanted, Fault> {
    let wanted = wanted(call.incoming, bucket)?;
    if let Some(name) = &wanted.kms_key {
        uses(state, call, bucket, "kms:GenerateDataKey", name, key)?;
    }
    // The object keeps the key's ARN: a name means nothing to its readers.
    let kms_key = wanted.kms_key.map(|name| {
        let account = named_for(call, bucket, &name);
        resolve(state, bucket, account, &name).map_or_else(|arn| arn, |key| key.arn())
    });
    Ok(Wanted { kms_key, ..wanted })
}

fn wanted(incoming: &Incoming, bucket: &BucketState) -> Result<Wanted, Fault> {
    if let Some(algorithm) = incoming.header(ALGORITHM) {
        if algorithm != "AES256" {
            return Err(Fault::new(
                400,
                "InvalidEncryptionAlgorithmError",
                "The Encryption request you specified is not valid. Supported value: AES256.",
            ));
        }
        return Ok(Wanted { kms_key: None, customer_key: incoming.header(KEY).map(str::to_owned) });
    }
    let kms_key = match incoming.header(SSE) {
        Some("aws:kms" | "aws:kms:dsse") => Some(incoming.header(SSE_KEY).unwrap_or("alias/aws/s3").to_owned()),
        Some("AES256") => None,
        Some(_) => return Err(Fault::new(400, "InvalidArgument", "The encryption method specified is not supported")),
        None => bucket.spec.default_kms_key.clone(),
    };
    Ok(Wanted { kms_key, customer_key: None })
}

/// An unqualified key name in a request means the caller's account's; in a bucket's setting or on an object, the bucket's.
fn named_for<'a>(call: &'a Call<'_>, bucket: &'a BucketState, name: &str) -> &'a str {
    let from_request = call.incoming.header(SSE_KEY) == Some(name);
    if from_request { call.caller.account().unwrap_or(&bucket.spec.account) } else { &bucket.spec.account }
}

fn uses(
    state: &State,
    call: &Call<'_>,
    bucket: &BucketState,
    action: &str,
    name: &str,
    object: &str,
) -> Result<(), Fault> {
    if matches!(call.caller, Caller::Anonymous) {
        return Err(Fault::new(
            400,
            "InvalidArgument",
            "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
        ));
    }
    let account = named_for(call, bucket, name);
    let key = match resolve(state, bucket, account, name) {
        Ok(key) => key,
        Err(arn) => return Err(Fault::new(400, "KMS.NotFoundException", format!("Key '{arn}' does not exist"))),
    };
    if key.region != bucket.spec.region {
        return Err(Fault::new(400, "KMS.NotFoundException", format!("Invalid arn {}", bucket.spec.region)));
    }
    let mut question = Question::on_key(state, call, action, &key);
    let encrypted = if bucket.spec.bucket_key { bucket.spec.arn() } else { format!("{}/{object}", bucket.spec.arn()) };
    question.context.set("kms:ViaService", [format!("s3.{}.amazonaws.com", bucket.spec.region)]);
    question.context.set("kms:EncryptionContext:aws:s3:arn", [encrypted]);
    question.context.set("kms:EncryptionContextKeys", ["aws:s3:arn"]);
    question.context.set("aws:ViaAWSService", ["true"]);
    question.context.set("aws:CalledVia", ["s3.amazonaws.com"]);
    question.context.set("aws:CalledViaFirst", ["s3.amazonaws.com"]);
    question.context.set("aws:CalledViaLast", ["s3.amazonaws.com"]);
    decide(state, call, &question)
        .map_err(|refused| Fault::access_denied(message::kms(&refused, state.scenario.messages)))?;
    check_state(&key)
}

fn check_state(key: &KmsKey) -> Result<(), Fault> {
    let arn = key.arn();
    let invalid = |what: &str| Err(Fault::new(400, "KMS.KMSInvalidStateException", format!("{arn} is {what}.")));
    match key.state {
        KeyState::Enabled => Ok(()),
        KeyState::Disabled => Err(Fault::new(400, "KMS.DisabledException", format!("{arn} is disabled."))),
        KeyState::PendingDeletion => invalid("pending deletion"),
        KeyState::PendingImport => invalid("pending import"),
        KeyState::Unavailable => invalid("unavailable"),
    }
}

/// The headers that tell how a version is encrypted.
pub(super) fn headers(state: &State, bucket: &BucketState, version: &Version, reply: Reply) -> Reply {
    if let Some(name) = &version.object.kms_key {
        let arn = resolve(state, bucket, &bucket.spec.account, name).map_or_else(|arn| arn, |key| key.arn());
        let reply = reply.with(SSE, "aws:kms").with(SSE_KEY, arn);
        return if bucket.spec.bucket_key {
            reply.with("x-amz-server-side-encryption-bucket-key-enabled", "true")
        } else {
            reply
        };
    }
    if version.object.customer_key.is_some() {
        return reply.with(ALGORITHM, "AES256");
    }
    reply.with(SSE, "AES256")
}
