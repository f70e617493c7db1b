//! Probes: how to ask. One file each; [`gather`] runs them side by side under a budget.
//!
//! A probe never judges. What was not learned is said as such: [`Answer`] has no empty default.

pub mod access_point;
pub mod authorization;
pub mod bucket;
pub mod bucket_policy;
pub mod dns;
pub mod gather;
pub mod identity;
pub mod identity_policies;
pub mod kms;
pub mod listing;
pub mod near;
pub mod object;
pub mod object_acl;
pub mod organization;
pub mod own_buckets;
pub mod profiles;
pub mod region;
pub mod replay;
pub mod role_trust;
pub mod session;
pub mod settings;
pub mod simulation;
pub mod unsigned;
pub mod variants;
pub mod vpc_endpoints;

use crate::aws::answer::Exchange;
use crate::diagnosis::{Check, Outcome};
use std::collections::BTreeMap;

/// Why a probe was not asked that the answers so far made superfluous.
pub const NOT_NEEDED: &str = "the refusal was explained without it";

/// Why what another layer holds is not asked for.
pub const AWS_NAMED_IT: &str = "AWS named what refuses the request";

/// Every probe that is asked, by the name that a report's checks have.
pub const PROBES: &[&str] = &[
    access_point::NAME,
    authorization::NAME,
    bucket::NAME,
    bucket_policy::NAME,
    bucket_policy::OTHER,
    dns::NAME,
    identity::NAME,
    identity_policies::NAME,
    kms::NAME,
    listing::NAME,
    object::NAME,
    object_acl::NAME,
    organization::ABOUT,
    organization::NAME,
    own_buckets::NAME,
    profiles::NAME,
    replay::NAME,
    role_trust::NAME,
    settings::ACCOUNT_PUBLIC_ACCESS,
    settings::ENCRYPTION,
    settings::OWNERSHIP,
    settings::PAYMENT,
    settings::POLICY_STATUS,
    settings::PUBLIC_ACCESS,
    simulation::NAME,
    unsigned::NAME,
    variants::SIGNED,
    variants::WITHOUT_OWNER,
    vpc_endpoints::NAME,
];

/// What a probe brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    Known(T),
    /// AWS said no.
    Denied(ApiError),
    TimedOut,
    Failed(String),
    /// Not asked, because.
    Skipped(String),
}

/// An error answer of AWS, as much of it as an XML body gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    pub status: u16,
    /// Empty where the answer had no body (HEAD).
    pub code: String,
    pub message: String,
    /// The other elements of the body that are safe to keep: `Region`, `ServerTime`, …
    pub details: BTreeMap<String, String>,
}

impl ApiError {
    /// The code, or the status where the answer had no body.
    #[must_use]
    pub fn name(&self) -> String {
        if self.code.is_empty() { self.status.to_string() } else { self.code.clone() }
    }
}

impl<T> Answer<T> {
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    #[must_use]
    pub fn denied(&self) -> Option<&ApiError> {
        match self {
            Self::Denied(error) => Some(error),
            _ => None,
        }
    }

    /// The same absence, for a value that would have been made from this one.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Known(value) => Answer::Known(make(value)),
            Self::Denied(error) => Answer::Denied(error),
            Self::TimedOut => Answer::TimedOut,
            Self::Failed(why) => Answer::Failed(why),
            Self::Skipped(why) => Answer::Skipped(why),
        }
    }

    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Known(_) => Outcome::Ok,
            Self::Denied(_) => Outcome::Denied,
            Self::TimedOut => Outcome::TimedOut,
            Self::Failed(_) => Outcome::Failed,
            Self::Skipped(_) => Outcome::Skipped,
        }
    }

    /// Why there is no value, in words that follow "because".
    #[must_use]
    pub fn absence(&self) -> Option<String> {
        match self {
            Self::Known(_) => None,
            Self::Denied(error) => Some(format!("AWS answered `{}`", error.name())),
            Self::TimedOut => Some("no answer came within the time limit".to_owned()),
            Self::Failed(why) | Self::Skipped(why) => Some(why.clone()),
        }
    }
}

/// All that was learned for one failed request.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub session: Answer<session::Session>,
    pub identity: Answer<identity::Identity>,
    pub identity_policies: Answer<identity_policies::IdentityPolicies>,
    pub simulation: Answer<simulation::Simulation>,
    pub role_trust: Answer<role_trust::RoleTrust>,
    pub replay: Answer<replay::Replay>,
    pub unsigned: Answer<Exchange>,
    /// The request signed, where the command sent it unsigned.
    pub signed: Answer<Exchange>,
    /// The request without its expected bucket owner.
    pub without_owner: Answer<Exchange>,
    pub profiles: Answer<Vec<profiles::ProfileAttempt>>,
    pub bucket: Answer<Exchange>,
    /// The bucket's region, where an answer pointed to another than the command's.
    pub region: Option<String>,
    pub bucket_policy: Answer<bucket_policy::BucketPolicy>,
    /// Of the bucket at the other end of a copy.
    pub other_bucket_policy: Answer<bucket_policy::BucketPolicy>,
    /// That bucket's region, where an answer pointed to another than the command's.
    pub other_region: Option<String>,
    pub own_buckets: Answer<own_buckets::OwnBuckets>,
    pub public_access: Answer<settings::PublicAccessBlock>,
    pub account_public_access: Answer<settings::PublicAccessBlock>,
    /// Whether S3 takes the bucket policy for a public one.
    pub policy_is_public: Answer<bool>,
    pub ownership: Answer<settings::Ownership>,
    pub requester_pays: Answer<bool>,
    /// The bucket's default KMS key: `None` where it has none.
    pub default_key: Answer<Option<String>>,
    pub listing: Answer<listing::Listing>,
    pub object: Answer<Exchange>,
    pub object_acl: Answer<object_acl::ObjectAcl>,
    pub access_point: Answer<access_point::AccessPoint>,
    pub authorization: Answer<authorization::Authorization>,
    pub key: Answer<kms::Key>,
    pub vpc_endpoints: Answer<Vec<vpc_endpoints::VpcEndpoint>>,
    pub dns: Answer<dns::Resolution>,
    pub organization: Answer<organization::Organization>,
    pub service_control: Answer<Vec<organization::OrganizationLevel>>,
    pub resource_control: Answer<Vec<organization::OrganizationLevel>>,
    /// How far this machine's clock is ahead of AWS's, in seconds, where an answer told.
    pub skew: Option<i64>,
    pub checks: Vec<Check>,
}

impl Evidence {
    /// Which answer shows that the bucket is there, in the region that answered, by its probe's name.
    #[must_use]
    pub fn shows_the_bucket(&self) -> Option<&'static str> {
        if self.replay.known().is_some_and(replay::Replay::shows_the_bucket) {
            return Some(replay::NAME);
        }
        bucket_policy::shows_the_bucket(&self.bucket_policy).then_some(bucket_policy::NAME)
    }

    /// Nothing was asked, all because of the same.
    #[must_use]
    pub fn none(why: &str) -> Self {
        fn skipped<T>(why: &str) -> Answer<T> {
            Answer::Skipped(why.to_owned())
        }
        Self {
            session: skipped(why),
            identity: skipped(why),
            identity_policies: skipped(why),
            simulation: skipped(why),
            role_trust: skipped(why),
            replay: skipped(why),
            unsigned: skipped(why),
            signed: skipped(why),
            without_owner: skipped(why),
            profiles: skipped(why),
            bucket: skipped(why),
            region: None,
            bucket_policy: skipped(why),
            other_bucket_policy: skipped(why),
            other_region: None,
            own_buckets: skipped(why),
            public_access: skipped(why),
            account_public_access: skipped(why),
            policy_is_public: skipped(why),
            ownership: skipped(why),
            requester_pays: skipped(why),
            default_key: skipped(why),
            listing: skipped(why),
            object: skipped(why),
            object_acl: skipped(why),
            access_point: skipped(why),
            authorization: skipped(why),
            key: skipped(why),
            vpc_endpoints: skipped(why),
            dns: skipped(why),
            organization: skipped(why),
            service_control: skipped(why),
            resource_control: skipped(why),
            skew: None,
            checks: Vec::new(),
        }
    }
}
