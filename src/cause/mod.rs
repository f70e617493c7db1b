//! What answers mean: one file per cause, judged side by side, then ranked. Pure: no cause ever asks.
//!
//! Each cause looks at the whole [`Case`] and says one of four things ([`Finding`]): it blocks the request, it is
//! ruled out, it is open (it could be, and what would tell was not readable), or it has nothing to do with it.
//! [`judge`] makes of all of them what the report shows.

pub mod case;
pub mod pages;
pub mod registry;
pub mod verdict;

mod documents;
mod fixes;
mod layer;
mod rank;

mod access_point_policy;
mod archived_object;
mod assume_role_denied;
mod block_public_access;
mod blocked_by_aws;
mod bucket_not_found;
mod bucket_owner_mismatch;
mod bucket_policy_deny;
mod bucket_policy_no_allow;
mod clock_skew;
mod customer_key_required;
mod expired_credentials;
mod identity_policy_deny;
mod identity_policy_no_allow;
mod invalid_session_token;
mod key_not_found_hidden;
mod kms_aws_managed_key;
mod kms_key_policy;
mod kms_key_unusable;
mod kms_no_allow;
mod no_credentials;
mod not_reproduced;
mod object_owned_by_other_account;
mod permissions_boundary;
mod profile_not_found;
mod requester_pays;
mod resource_control_policy;
mod service_control_policy;
mod session_policy;
mod undetermined;
mod unknown_access_key;
mod unsigned_request;
mod vpc_endpoint_policy;
mod ways;
mod wrong_profile;
mod wrong_region;
mod wrong_secret_key;

pub use case::Case;
pub use rank::{Diagnosis, judge};

use crate::diagnosis::Blocker;

/// What one cause says of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It stops the request (or, short of proof, is one reading of what stops it).
    Blocks(Box<Blocker>),
    /// It is excluded, because of this.
    RuledOut(String),
    /// It could be, and this kept it from being told.
    Open(String),
    /// It is not about such a request.
    Irrelevant,
}

/// A cause: who it is, and how it is told.
pub trait Cause: Sync {
    /// Its code in the registry.
    fn code(&self) -> &'static str;

    /// What it says of a case.
    fn judge(&self, case: &Case<'_>) -> Finding;

    /// What more of its kind stops the request, where it needs several permissions and [`Cause::judge`] spoke of one.
    fn also(&self, _case: &Case<'_>) -> Vec<Blocker> {
        Vec::new()
    }

    /// What of its kind a copy or a move meets next, once the step that was refused goes through.
    fn next(&self, _case: &Case<'_>) -> Vec<Blocker> {
        Vec::new()
    }
}

/// Every cause, in the order of the registry: where two are equally sure, the earlier one is named first.
pub static CAUSES: &[&dyn Cause] = &[
    &no_credentials::NoCredentials,
    &profile_not_found::ProfileNotFound,
    &expired_credentials::ExpiredCredentials,
    &unknown_access_key::UnknownAccessKey,
    &wrong_secret_key::WrongSecretKey,
    &invalid_session_token::InvalidSessionToken,
    &clock_skew::ClockSkew,
    &unsigned_request::UnsignedRequest,
    &wrong_profile::WrongProfile,
    &assume_role_denied::AssumeRoleDenied,
    &key_not_found_hidden::KeyNotFoundHidden,
    &bucket_not_found::BucketNotFound,
    &wrong_region::WrongRegion,
    &requester_pays::RequesterPays,
    &archived_object::ArchivedObject,
    &customer_key_required::CustomerKeyRequired,
    &identity_policy_no_allow::IdentityPolicyNoAllow,
    &identity_policy_deny::IdentityPolicyDeny,
    &permissions_boundary::PermissionsBoundary,
    &session_policy::SessionPolicy,
    &service_control_policy::ServiceControlPolicy,
    &resource_control_policy::ResourceControlPolicy,
    &bucket_policy_deny::BucketPolicyDeny,
    &bucket_policy_no_allow::BucketPolicyNoAllow,
    &vpc_endpoint_policy::VpcEndpointPolicy,
    &access_point_policy::AccessPointPolicy,
    &block_public_access::BlockPublicAccess,
    &object_owned_by_other_account::ObjectOwnedByOtherAccount,
    &kms_no_allow::KmsNoAllow,
    &kms_key_policy::KmsKeyPolicy,
    &kms_key_unusable::KmsKeyUnusable,
    &kms_aws_managed_key::KmsAwsManagedKey,
    &bucket_owner_mismatch::BucketOwnerMismatch,
    &blocked_by_aws::BlockedByAws,
    &not_reproduced::NotReproduced,
    &undetermined::Undetermined,
];
