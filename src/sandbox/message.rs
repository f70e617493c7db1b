//! How refusals read. Inside one account or one organization AWS says which kind of policy stopped the
//! request, exactly one even where several do; across, it says `Access Denied` and no more.
//!
//! Source: the S3 user guide's "Troubleshoot access denied (403 Forbidden) errors" and the IAM user guide's
//! "Troubleshoot access denied error messages".

use crate::policy::{Effect, Layer};
use crate::sandbox::authorize::{Reason, Refused};
use crate::sandbox::scenario::Messages;

pub const BARE: &str = "Access Denied";

/// S3's text.
#[must_use]
pub fn s3(refused: &Refused, messages: Messages) -> String {
    let endpoint_across = refused.crosses_accounts && refused.reason.layer == Layer::VpcEndpoint;
    match &refused.caller {
        Some(caller) if messages != Messages::Bare && refused.may_say_why && !endpoint_across => {
            let resource = format!("\"{}\"", refused.resource);
            sentence(caller, &resource, refused)
        }
        _ => BARE.to_owned(),
    }
}

/// The text of a KMS refusal as S3 passes it on.
#[must_use]
pub fn kms(refused: &Refused, messages: Messages) -> String {
    let Some(caller) = refused.caller.as_ref().filter(|_| messages != Messages::Bare) else {
        return BARE.to_owned();
    };
    // KMS does not tell another account's caller whether the key is there.
    let of_the_key = refused.crosses_accounts && refused.reason.layer == Layer::Resource;
    if of_the_key {
        return format!(
            "User: {caller} is not authorized to perform: {} on the resource associated with this ciphertext because the \
             resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy \
             explicitly denies access",
            refused.action
        );
    }
    sentence(caller, &refused.resource, refused)
}

/// The text of the other services, which name the resource without quotes.
#[must_use]
pub fn plain(refused: &Refused, resource: &str, messages: Messages) -> String {
    let caller = refused.caller.as_deref().unwrap_or("anonymous");
    let says_why = messages != Messages::Bare && refused.may_say_why;
    if says_why {
        sentence(caller, resource, refused)
    } else {
        format!("User: {caller} is not authorized to perform: {} on resource: {resource}", refused.action)
    }
}

fn sentence(caller: &str, resource: &str, refused: &Refused) -> String {
    let (action, because) = (&refused.action, because(&refused.reason, &refused.action));
    let text = format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {because}");
    match refused.authorization {
        Some(id) => format!(
            "{text}. Go to https://console.aws.amazon.com/iam/home#/authorization-details/{id} for complete details, or call \
             the GetRequestAuthorizationDetails API with the following authorization id: {id}"
        ),
        None => text,
    }
}

fn because(reason: &Reason, action: &str) -> String {
    if reason.effect == Effect::Allow {
        return format!("because no {} allows the {action} action", kind(reason.layer));
    }
    let article = if reason.layer == Layer::Identity { "an" } else { "a" };
    let arn = reason.policy_arn.as_ref().map(|arn| format!(": {arn}")).unwrap_or_default();
    format!("with an explicit deny in {article} {}{arn}", kind(reason.layer))
}

/// Block Public Access reads like the bucket's policy.
const fn kind(layer: Layer) -> &'static str {
    match layer {
        Layer::Identity => "identity-based policy",
        Layer::Resource | Layer::BlockPublicAccess => "resource-based policy",
        Layer::PermissionsBoundary => "permissions boundary",
        Layer::Session => "session policy",
        Layer::ServiceControl => "service control policy",
        Layer::ResourceControl => "resource control policy",
        Layer::VpcEndpoint => "VPC endpoint policy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(layer: Layer, effect: Effect) -> Refused {
        Refused {
            caller: Some("arn:aws:iam::111122223333:user/alice".to_owned()),
            action: "s3:GetObject".to_owned(),
            resource: "arn:aws:s3:::b/k".to_owned(),
            reason: Reason { layer, effect, policy_arn: None },
            may_say_why: true,
            authorization: None,
            crosses_accounts: false,
        }
    }

    #[test]
    fn the_reason_is_worded_as_aws_words_it() {
        assert_eq!(
            s3(&refused(Layer::Identity, Effect::Allow), Messages::Enhanced),
            "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: \
             \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:GetObject action"
        );
        let mut denied = refused(Layer::ServiceControl, Effect::Deny);
        denied.reason.policy_arn = Some("arn:aws:organizations::1:policy/o-a/service_control_policy/p-b".to_owned());
        assert!(s3(&denied, Messages::Enhanced).ends_with(
            "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-a/service_control_policy/p-b"
        ));
        assert!(
            s3(&refused(Layer::BlockPublicAccess, Effect::Deny), Messages::Enhanced)
                .ends_with("with an explicit deny in a resource-based policy")
        );
    }

    #[test]
    fn strangers_are_told_nothing() {
        let mut across = refused(Layer::Identity, Effect::Allow);
        across.may_say_why = false;
        assert_eq!(s3(&across, Messages::Enhanced), BARE);
        assert_eq!(s3(&refused(Layer::Identity, Effect::Allow), Messages::Bare), BARE);
        let mut anonymous = refused(Layer::Resource, Effect::Allow);
        anonymous.caller = None;
        assert_eq!(s3(&anonymous, Messages::Enhanced), BARE);
    }

    #[test]
    fn an_endpoints_refusal_is_not_told_across_accounts_even_in_one_organization() {
        let mut across = refused(Layer::VpcEndpoint, Effect::Allow);
        across.crosses_accounts = true;
        assert_eq!(s3(&across, Messages::Enhanced), BARE);
    }
}
