//! What one failed request asked, in the terms of S3 and IAM.
//!
//! It says what has to be allowed ([`Request::needs`]) and what the command itself fixed of the request's context
//! ([`Request::context`]); whether it *is* allowed is for the evaluator.

use crate::request::bucket::{Arn, BucketKind, Location};
use crate::request::operation::{self, Level};
use crate::request::{CustomerKey, Settings};
use std::collections::BTreeMap;

/// One request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The API operation: `HeadObject`.
    pub operation: String,
    /// The IAM action that authorises it: `s3:GetObject`.
    pub action: Option<String>,
    /// A bucket's name, an access point's alias, or an access point's ARN.
    pub bucket: Option<String>,
    pub bucket_kind: BucketKind,
    /// The access point that the request goes through, as policies write its ARN, where its ARN was given.
    pub access_point_arn: Option<String>,
    pub key: Option<String>,
    pub version_id: Option<String>,
    /// What a list call asked for, or what a recursive command covers.
    pub prefix: Option<String>,
    pub recursive: bool,
    pub side: Side,
    /// The other end of a copy.
    pub other: Option<Location>,
    /// Whether the command deletes the source once it has been copied: `aws s3 mv`.
    pub moves: bool,
    /// What S3 decides at that end, with the headers that count there.
    pub at_other_end: Option<Box<Self>>,
    /// What a recursive command does with each object that this lists: its key ends with a wildcard.
    pub each: Option<Box<Self>>,
    /// `--request-payer requester`.
    pub request_payer: bool,
    /// `--expected-bucket-owner`.
    pub expected_bucket_owner: Option<String>,
    pub sse_c: Option<CustomerKey>,
    /// The partition that its ARNs begin with; empty is `aws`.
    pub partition: String,
    /// The role, where the request was to assume one.
    pub role_arn: Option<String>,
    /// What its headers and its query fix of the context: `s3:x-amz-acl`.
    pub conditions: BTreeMap<String, String>,
    /// Actions that it needs beside [`Request::action`], on the same resource: `s3:PutObjectAcl`.
    pub also: Vec<String>,
}

/// Which end of a copy a request belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    #[default]
    Only,
    Source,
    Destination,
}

/// The permission that a move needs at its end.
pub const DELETES_THE_SOURCE: &str = "s3:DeleteObject";

/// The context keys that uploads fix, by sending a header or by not sending it.
const UPLOAD_KEYS: [&str; 13] = [
    "s3:x-amz-acl",
    "s3:x-amz-grant-full-control",
    "s3:x-amz-grant-read",
    "s3:x-amz-grant-read-acp",
    "s3:x-amz-grant-write",
    "s3:x-amz-grant-write-acp",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-server-side-encryption-customer-algorithm",
    "s3:x-amz-storage-class",
    "s3:x-amz-website-redirect-location",
    "s3:object-lock-mode",
    "s3:object-lock-legal-hold",
];

impl Request {
    /// A request for `operation` at a place, with nothing special about it.
    #[must_use]
    pub fn at(operation: &str, location: &Location, settings: &Settings) -> Self {
        let mut request = Self {
            operation: operation.to_owned(),
            key: Some(location.key.clone()).filter(|key| !key.is_empty()),
            version_id: location.version_id.clone(),
            partition: settings.partition().to_owned(),
            ..Self::default()
        };
        request.set_bucket(&location.bucket);
        request.set_action();
        request
    }

    pub(crate) fn set_bucket(&mut self, bucket: &str) {
        self.bucket_kind = BucketKind::of(bucket);
        let arn = Arn::parse(bucket);
        self.access_point_arn = arn.filter(|_| self.bucket_kind != BucketKind::General).map(Arn::normal);
        if let Some(arn) = arn {
            arn.partition.clone_into(&mut self.partition);
        }
        self.bucket = Some(bucket.to_owned()).filter(|bucket| !bucket.is_empty());
    }

    /// Sets the action from the operation, the side, the version id and the kind of bucket.
    pub(crate) fn set_action(&mut self) {
        let versioned = self.version_id.is_some();
        let action = if operation::is_copy(&self.operation) && self.side == Side::Source {
            Some(if versioned { "s3:GetObjectVersion" } else { "s3:GetObject" })
        } else {
            operation::action(&self.operation, versioned).map(|(action, _)| action)
        };
        self.action = action.map(|action| match (self.bucket_kind, action.strip_prefix("s3:")) {
            (BucketKind::Directory, Some(_)) => operation::express(&self.operation, action),
            (BucketKind::ObjectLambda, Some(name)) => format!("s3-object-lambda:{name}"),
            (BucketKind::Outpost, Some(name)) => format!("s3-outposts:{name}"),
            _ => action.to_owned(),
        });
    }

    fn level(&self) -> Option<Level> {
        let (_, level) = operation::action(&self.operation, self.version_id.is_some())?;
        // A session of S3 Express is the bucket's, whatever it is for.
        Some(if self.bucket_kind == BucketKind::Directory && level == Level::Object { Level::Bucket } else { level })
    }

    /// The bucket, or the access point, as a policy's `Resource` names it. `None` where the name does not tell:
    /// behind an alias, and for directory buckets, whose ARN holds an account.
    #[must_use]
    pub fn bucket_arn(&self) -> Option<String> {
        arn_of(self.bucket.as_deref()?, self.partition())
    }

    /// What the request is about, as a policy's `Resource` names it: an object, a bucket, a role, or `*`.
    #[must_use]
    pub fn resource_arn(&self) -> Option<String> {
        match self.level()? {
            Level::Account => Some("*".to_owned()),
            Level::Role => self.role_arn.clone(),
            Level::Bucket => self.bucket_arn(),
            Level::Object => object_arn(self.bucket.as_deref()?, self.key.as_deref()?, self.partition()),
        }
    }

    /// Every (action, resource) that has to be allowed for this request, the failing side's own first.
    #[must_use]
    pub fn needs(&self) -> Vec<(String, String)> {
        let mut needs = self.own_needs();
        if operation::is_copy(&self.operation) {
            needs.extend(self.needs_at_other_end());
        }
        needs
    }

    /// What the command needs once this goes through: a copy whose source was to be read first, what was to be done with the
    /// objects of a list, and a move, which deletes the source at last.
    #[must_use]
    pub fn needs_next(&self) -> Vec<(String, String)> {
        let reads = matches!(self.operation.as_str(), "HeadObject" | "GetObject");
        let mut needs = if reads && self.side == Side::Source { self.needs_at_other_end() } else { Vec::new() };
        needs.extend(self.each.iter().flat_map(|each| each.own_needs()));
        let moved = self.each.as_deref().unwrap_or(self).moved_source();
        needs.extend(moved.map(|source| (DELETES_THE_SOURCE.to_owned(), source)));
        needs
    }

    /// The object that a move deletes, where that is yet to come.
    fn moved_source(&self) -> Option<String> {
        if !self.moves || self.operation == "DeleteObject" || self.level() != Some(Level::Object) {
            return None;
        }
        match self.side {
            Side::Destination => {
                self.other.as_ref().and_then(|other| object_arn(&other.bucket, &other.key, self.partition()))
            }
            Side::Source => self.resource_arn(),
            // With one end in S3 it is the source where something is read from there.
            Side::Only => self.resource_arn().filter(|_| matches!(self.operation.as_str(), "HeadObject" | "GetObject")),
        }
    }

    /// A directory bucket's ARN holds an account, which its name does not tell.
    fn needs_at_other_end(&self) -> Vec<(String, String)> {
        let other = self.at_other_end.as_ref().filter(|other| other.bucket_kind != BucketKind::Directory);
        other.map(|other| other.own_needs()).unwrap_or_default()
    }

    fn own_needs(&self) -> Vec<(String, String)> {
        let mut needs = Vec::new();
        if let (Some(action), Some(resource)) = (&self.action, self.resource_arn()) {
            needs.push((action.clone(), resource.clone()));
            needs.extend(self.also.iter().map(|action| (action.clone(), resource.clone())));
        }
        needs
    }

    /// The bucket at the other end of a copy, where it is another one and has a policy that can be asked for.
    #[must_use]
    pub fn other_bucket(&self) -> Option<&str> {
        let other = self.at_other_end.as_ref().filter(|other| other.bucket_kind == BucketKind::General)?;
        other.bucket.as_deref().filter(|bucket| self.bucket.as_deref() != Some(bucket))
    }

    /// What it needs only where the object has tags: S3 copies them with the object.
    #[must_use]
    pub fn needs_for_tags(&self) -> Vec<(String, String)> {
        if !operation::is_copy(&self.operation) {
            return Vec::new();
        }
        let here = self.bucket.as_deref().zip(self.key.as_deref());
        let there = self.other.as_ref().map(|other| (other.bucket.as_str(), other.key.as_str()));
        let (source, destination) = if self.side == Side::Source { (here, there) } else { (there, here) };
        [("s3:GetObjectTagging", source), ("s3:PutObjectTagging", destination)]
            .into_iter()
            .filter_map(|(action, place)| {
                let (bucket, key) = place?;
                Some((action.to_owned(), object_arn(bucket, key, self.partition())?))
            })
            .collect()
    }

    /// What the command fixes of the request's context. `None` is a key that is certainly absent; a key that is
    /// not in the answer is not decided by the command.
    #[must_use]
    pub fn context(&self) -> BTreeMap<String, Option<String>> {
        let mut context: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut absent = |keys: &[&str]| context.extend(keys.iter().map(|key| ((*key).to_owned(), None)));
        if operation::is_list(&self.operation) || self.operation == "HeadBucket" {
            absent(&["s3:prefix", "s3:delimiter", "s3:max-keys"]);
        }
        if operation::is_upload(&self.operation) && self.side != Side::Source {
            absent(&UPLOAD_KEYS);
            if self.operation == "CopyObject" {
                absent(&["s3:x-amz-metadata-directive"]);
            } else {
                absent(&["s3:x-amz-copy-source", "s3:x-amz-metadata-directive"]);
            }
        }
        if self.level() == Some(Level::Object) {
            context.insert("s3:VersionId".to_owned(), self.version_id.clone());
        }
        if operation::is_list(&self.operation)
            && let Some(prefix) = &self.prefix
        {
            context.insert("s3:prefix".to_owned(), Some(prefix.clone()));
        }
        context.extend(self.conditions.iter().map(|(key, value)| (key.clone(), Some(value.clone()))));
        context
    }

    /// Whether there is no bucket yet, and so no policy of it either: the request is to make one, for the caller's account.
    #[must_use]
    pub fn makes_its_bucket(&self) -> bool {
        self.operation == "CreateBucket"
    }

    /// Whether the request gives the public, or every AWS account, access by an ACL.
    #[must_use]
    pub fn names_public_acl(&self) -> bool {
        self.conditions
            .get("s3:x-amz-acl")
            .is_some_and(|acl| acl.starts_with("public-read") || acl == "authenticated-read")
    }

    /// Whether the request's own headers say how the object is to be encrypted, so that the bucket's default does not.
    #[must_use]
    pub fn names_encryption(&self) -> bool {
        ["s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-customer-algorithm"]
            .iter()
            .any(|key| self.conditions.contains_key(*key))
    }

    pub(crate) fn partition(&self) -> &str {
        if self.partition.is_empty() { "aws" } else { &self.partition }
    }
}

fn arn_of(bucket: &str, partition: &str) -> Option<String> {
    match (BucketKind::of(bucket), Arn::parse(bucket)) {
        (_, Some(arn)) => Some(arn.normal()),
        (BucketKind::General, None) => Some(format!("arn:{partition}:s3:::{bucket}")),
        (_, None) => None,
    }
}

fn object_arn(bucket: &str, key: &str, partition: &str) -> Option<String> {
    if key.is_empty() {
        return None;
    }
    let arn = arn_of(bucket, partition)?;
    let between = if BucketKind::of(bucket) == BucketKind::General { "/" } else { "/object/" };
    Some(format!("{arn}{between}{key}"))
}
