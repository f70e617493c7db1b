//! How a layer is spoken of: its name, the title of what it stops, and why it was not read.

use super::{LayerCause, Side};
use crate::cause::case::Case;
use crate::cause::verdict::Verdict;
use crate::diagnosis::DocumentKind;
use crate::evidence::{AWS_NAMED_IT, Answer, NOT_NEEDED};
use crate::policy::Layer;

impl LayerCause {
    /// Why the layer was not read, to stand after "because".
    pub(super) fn absence(&self, case: &Case<'_>, verdict: &Verdict) -> String {
        let evidence = case.evidence;
        let denied = |answer: Option<String>, call: &str| match answer {
            Some(why) if why == NOT_NEEDED || why == AWS_NAMED_IT => why,
            Some(why) if why.starts_with("AWS answered") => format!("`{call}` was denied"),
            Some(why) => format!("`{call}`: {why}"),
            None => format!("`{call}` was not asked"),
        };
        // Its policies are asked for only where there is known to be one.
        let of_organization = |answer: Option<String>| match &evidence.organization {
            Answer::Known(_) | Answer::Skipped(_) => denied(answer, "organizations:ListPoliciesForTarget"),
            other => denied(other.absence(), "organizations:DescribeOrganization"),
        };
        match self.layer {
            Layer::Identity | Layer::PermissionsBoundary if case.is_federated() => {
                "the ARN of a federated user does not tell which user's session it is".to_owned()
            }
            Layer::Identity | Layer::PermissionsBoundary => match evidence.identity_policies.known() {
                Some(found) => found.unread.first().map_or_else(
                    || "a policy document could not be parsed".to_owned(),
                    |unread| format!("`{}`: {}", unread.call, unread.because),
                ),
                None => denied(evidence.identity_policies.absence(), "iam:List*Policies"),
            },
            Layer::Session => "a session policy can be read from nowhere".to_owned(),
            Layer::ServiceControl => of_organization(evidence.service_control.absence()),
            Layer::ResourceControl if verdict.same_account(case) == Some(true) => {
                of_organization(evidence.resource_control.absence())
            }
            Layer::ResourceControl => "the resource owner's organization cannot be read from here".to_owned(),
            Layer::VpcEndpoint => match &evidence.vpc_endpoints {
                Answer::Known(_) => "which VPC endpoint the request took, if any, cannot be seen from here".to_owned(),
                other => denied(other.absence(), "ec2:DescribeVpcEndpoints"),
            },
            Layer::Resource => match self.kind {
                DocumentKind::KeyPolicy => denied(
                    evidence.key.known().map_or_else(|| evidence.key.absence(), |key| key.policy.absence()),
                    "kms:GetKeyPolicy",
                ),
                DocumentKind::AccessPointPolicy => denied(
                    evidence
                        .access_point
                        .known()
                        .map_or_else(|| evidence.access_point.absence(), |point| point.policy.absence()),
                    "s3:GetAccessPointPolicy",
                ),
                DocumentKind::RoleTrustPolicy => denied(evidence.role_trust.absence(), "iam:GetRole"),
                _ if verdict.same_account(case) == Some(false) => {
                    let bucket = if verdict.is_of_other_bucket() {
                        case.bucket_of(Some(verdict))
                    } else {
                        "the bucket".to_owned()
                    };
                    format!("{bucket} is another account's, and its policy cannot be read from here")
                }
                _ if verdict.is_of_other_bucket() => {
                    denied(evidence.other_bucket_policy.absence(), "s3:GetBucketPolicy")
                }
                _ => denied(evidence.bucket_policy.absence(), "s3:GetBucketPolicy"),
            },
            Layer::BlockPublicAccess => denied(evidence.public_access.absence(), "s3:GetBucketPublicAccessBlock"),
        }
    }

    /// What the layer is called in a sentence.
    pub(super) fn thing(&self) -> &'static str {
        match (self.layer, self.kind) {
            (Layer::Identity, _) => "the caller's identity-based policies",
            (Layer::PermissionsBoundary, _) => "the permissions boundary",
            (Layer::Session, _) => "the session policy",
            (Layer::ServiceControl, _) => "the organization's service control policies",
            (Layer::ResourceControl, _) => "the organization's resource control policies",
            (Layer::Resource, DocumentKind::KeyPolicy) => "the key policy",
            (Layer::Resource, DocumentKind::RoleTrustPolicy) => "the role's trust policy",
            (Layer::Resource, DocumentKind::AccessPointPolicy) => "the access point policy",
            (Layer::Resource, _) => "the bucket policy",
            (Layer::VpcEndpoint, _) => "the VPC endpoint policy",
            (Layer::BlockPublicAccess, _) => "Block Public Access",
        }
    }

    /// The title of what it stops of a verdict's permission.
    pub(super) fn summary_of(&self, case: &Case<'_>, verdict: &Verdict) -> String {
        self.summary(case, Some(verdict), &verdict.action, Some(&verdict.resource))
    }

    /// The title of what it will stop: what denies is named with the permission, for it is none of the request that failed.
    pub(super) fn summary_of_next(&self, case: &Case<'_>, verdict: &Verdict) -> String {
        if self.kind != DocumentKind::BucketPolicy || self.side != Side::Deny {
            return self.summary_of(case, verdict);
        }
        let bucket = case.bucket_of(Some(verdict));
        format!("the bucket policy of {bucket} denies `{}` on `{}`", verdict.action, short_resource(&verdict.resource))
    }

    /// The title: who is stopped by what.
    pub(super) fn summary(
        &self,
        case: &Case<'_>,
        verdict: Option<&Verdict>,
        action: &str,
        resource: Option<&str>,
    ) -> String {
        let who = case.who();
        let whose = case.whose_policies();
        let what = resource.map_or_else(|| case.target(), short_resource);
        let on_what = resource.map_or_else(|| case.on_target(), |_| format!(" on `{what}`"));
        let bucket = case.bucket_of(verdict);
        match (self.layer, self.side) {
            (Layer::Identity, Side::NoAllow) => format!("no policy of {whose} allows `{action}`{on_what}"),
            (Layer::Identity, _) => format!("a policy of {whose} denies `{action}`{on_what}"),
            (Layer::PermissionsBoundary, _) => {
                format!("the permissions boundary of {whose} does not let `{action}` through")
            }
            (Layer::Session, _) => format!("the session policy of {who} does not let `{action}` through"),
            (Layer::ServiceControl, _) => {
                let account = case.account().unwrap_or_else(|| "the caller".to_owned());
                format!("a service control policy over `{account}` stops `{action}`")
            }
            (Layer::ResourceControl, _) => format!("a resource control policy over {bucket} stops `{action}`"),
            (Layer::Resource, Side::Deny) if self.kind == DocumentKind::BucketPolicy => {
                format!("the bucket policy of {bucket} denies this request")
            }
            (Layer::Resource, _) if self.kind == DocumentKind::BucketPolicy => {
                format!("the bucket policy of {bucket} does not let {who} in")
            }
            (Layer::Resource, _) if self.kind == DocumentKind::KeyPolicy => {
                format!("the policy of the KMS key does not let {who} use it for `{action}`")
            }
            (Layer::Resource, _) if self.kind == DocumentKind::RoleTrustPolicy => {
                format!("the trust policy of `{what}` does not let {who} assume it")
            }
            (Layer::Resource, _) => format!("the access point policy does not let {who} do `{action}`"),
            (Layer::VpcEndpoint, _) => format!("the VPC endpoint's policy does not let `{action}`{on_what} through"),
            (Layer::BlockPublicAccess, _) => format!("Block Public Access stops `{action}`{on_what}"),
        }
    }
}

/// `acme-logs/2026/07/app.log` of an S3 ARN; the last part of any other.
fn short_resource(arn: &str) -> String {
    match arn.split_once(":s3:::") {
        Some((_, name)) => name.to_owned(),
        None => arn.splitn(6, ':').nth(5).unwrap_or(arn).to_owned(),
    }
}
