//! Assuming a role: the role's trust policy is the resource's, and it has to let the caller in by itself.
//!
//! Within an account a trust policy that names the caller is enough; one that names the account hands the decision to that
//! account's identity policies. Across accounts both have to allow. Nothing allows by default, not even for the root
//! user or for the role itself.
//!
//! The root user cannot assume a role, whatever any policy says, and neither can a session of `GetFederationToken`, which
//! may ask STS only who it is.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_compare-resource-policies.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-api.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html>

use super::arn::Arn;
use super::principal::Principal;
use super::request::Request;

/// `sts:AssumeRole`, its kin, and what goes with it (`sts:TagSession`), on a role.
pub(crate) fn is_trust(request: &Request) -> bool {
    let sts = request.action.get(..4).is_some_and(|service| service.eq_ignore_ascii_case("sts:"));
    sts && Arn::parse(&request.resource).is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"))
}

/// A caller that no policy can let assume a role.
pub(crate) fn never_assumes(request: &Request) -> bool {
    matches!(request.principal, Principal::Root { .. } | Principal::Federated { .. })
        && request.action.eq_ignore_ascii_case("sts:AssumeRole")
}
