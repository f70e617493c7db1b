//! Every API operation that why403 may ever send. One place; what is not here does not leave.
//!
//! All of them read. None changes anything, restores, assumes a role, or costs more than one request's
//! price (a GET of one byte, a list of a few keys). [`Gate`] holds every request of every client to
//! the list just before it is sent, so a new probe cannot forget.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// One allowed operation, as the service's model names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub service: &'static str,
    pub name: &'static str,
}

const fn op(service: &'static str, name: &'static str) -> Operation {
    Operation { service, name }
}

/// The list.
pub const ALLOWED: &[Operation] = &[
    op("S3", "GetBucketEncryption"),
    op("S3", "GetBucketOwnershipControls"),
    op("S3", "GetBucketPolicy"),
    op("S3", "GetBucketPolicyStatus"),
    op("S3", "GetBucketRequestPayment"),
    op("S3", "GetObject"),
    op("S3", "GetObjectAcl"),
    op("S3", "GetPublicAccessBlock"),
    op("S3", "HeadBucket"),
    op("S3", "HeadObject"),
    op("S3", "ListBuckets"),
    op("S3", "ListObjectsV2"),
    op("STS", "GetCallerIdentity"),
    op("IAM", "GetGroupPolicy"),
    op("IAM", "GetPolicy"),
    op("IAM", "GetPolicyVersion"),
    op("IAM", "GetRole"),
    op("IAM", "GetRolePolicy"),
    op("IAM", "GetUser"),
    op("IAM", "GetUserPolicy"),
    op("IAM", "ListAttachedGroupPolicies"),
    op("IAM", "ListAttachedRolePolicies"),
    op("IAM", "ListAttachedUserPolicies"),
    op("IAM", "ListGroupPolicies"),
    op("IAM", "ListGroupsForUser"),
    op("IAM", "ListPolicies"),
    op("IAM", "ListRolePolicies"),
    op("IAM", "ListUserPolicies"),
    op("IAM", "SimulatePrincipalPolicy"),
    op("IAM Toolbox", "GetRequestAuthorizationDetails"),
    op("KMS", "DescribeKey"),
    op("KMS", "GetKeyPolicy"),
    op("KMS", "ListGrants"),
    op("EC2", "DescribeVpcEndpoints"),
    op("Organizations", "DescribeOrganization"),
    op("Organizations", "DescribePolicy"),
    op("Organizations", "ListParents"),
    op("Organizations", "ListPoliciesForTarget"),
    op("S3 Control", "GetAccessPoint"),
    op("S3 Control", "GetAccessPointPolicy"),
    op("S3 Control", "GetPublicAccessBlock"),
    // The session of the very role that the failing command used, for the token that it used.
    op("SSO", "GetRoleCredentials"),
];

/// Whether an operation may be sent.
#[must_use]
pub fn allows(service: &str, name: &str) -> bool {
    ALLOWED.iter().any(|allowed| allowed.service.eq_ignore_ascii_case(service) && allowed.name == name)
}

/// Refuses to transmit what is not on the list, and a write by method whatever it is called.
#[derive(Clone, Copy, Debug)]
pub struct Gate;

/// A request that was stopped at the gate.
#[derive(Debug, thiserror::Error)]
#[error("{service}:{name} ({method}) is not on the list of allowed operations")]
pub struct NotAllowed {
    service: String,
    name: String,
    method: String,
}

impl Intercept for Gate {
    fn name(&self) -> &'static str {
        "Allowlist"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (service, name) =
            config.load::<Metadata>().map_or(("", ""), |metadata| (metadata.service(), metadata.name()));
        let method = context.request().method();
        // S3 writes by PUT, POST and DELETE; the query services read by POST.
        let reads = matches!(method, "GET" | "HEAD") || (method == "POST" && matches!(service, "STS" | "IAM" | "KMS"));
        if allows(service, name) && reads {
            return Ok(());
        }
        Err(Box::new(NotAllowed { service: service.to_owned(), name: name.to_owned(), method: method.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_are_on_the_list() {
        for operation in ALLOWED {
            assert!(
                ["Get", "Head", "List", "Describe", "Simulate"].iter().any(|verb| operation.name.starts_with(verb)),
                "{operation:?} does not read"
            );
        }
        // These start with `Get` and yet hand out credentials or change state.
        for name in ["GetSessionToken", "GetFederationToken", "GetDataAccess", "GetCredentialReport"] {
            assert!(!ALLOWED.iter().any(|operation| operation.name == name));
        }
    }

    #[test]
    fn an_operation_is_allowed_for_its_own_service_alone() {
        assert!(allows("S3", "GetObject"));
        assert!(!allows("IAM", "GetObject"));
        assert!(!allows("S3", "PutObject"));
        assert!(!allows("STS", "AssumeRole"));
    }
}
