//! Every form of a refusal, as AWS or a server that imitates it words them, and what hostile keys try.

use super::*;
use proptest::prelude::*;

const ROLE: &str = "arn:aws:sts::111122223333:assumed-role/ci-deploy/i-0abc";
const OBJECT: &str = "arn:aws:s3:::acme-data/2026/07/app.log";

fn read(message: &str) -> Denial {
    Denial::read(message).unwrap_or_else(|| panic!("nothing in {message}"))
}

fn subject(message: &str) -> (Option<String>, Option<String>, Option<String>) {
    let denial = read(message);
    (denial.caller_arn, denial.action, denial.resource)
}

#[expect(clippy::unnecessary_wraps, reason = "every use of it is compared with an option")]
fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn quoted_bare_and_missing_resources() {
    let reason = "because no identity-based policy allows the s3:GetObject action";
    let start = format!("User: {ROLE} is not authorized to perform: s3:GetObject");
    for (message, resource) in [
        (format!("{start} on resource: \"{OBJECT}\" {reason}"), owned(OBJECT)),
        (format!("{start} on resource: {OBJECT} {reason}"), owned(OBJECT)),
        (format!("{start} {reason}"), None),
        (format!("{start} on resource: &quot;{OBJECT}&quot; {reason}"), owned(OBJECT)),
        (format!("{start} on resource: \"{OBJECT}\""), owned(OBJECT)),
        (format!("{start} on resource: {OBJECT}"), owned(OBJECT)),
        (start.clone(), None),
    ] {
        assert_eq!(subject(&message), (owned(ROLE), owned("s3:GetObject"), resource), "{message}");
    }
}

#[test]
fn every_layer_both_ways() {
    use DeniedLayer as Layer;
    for (name, layer) in [
        ("identity-based policy", Layer::IdentityPolicy),
        ("resource-based policy", Layer::ResourcePolicy),
        ("permissions boundary", Layer::PermissionsBoundary),
        ("session policy", Layer::SessionPolicy),
        ("VPC endpoint policy", Layer::VpcEndpointPolicy),
        ("service control policy", Layer::ServiceControlPolicy),
        ("resource control policy", Layer::ResourceControlPolicy),
    ] {
        let start = format!("User: {ROLE} is not authorized to perform: s3:PutObject on resource: \"{OBJECT}\"");
        let article = if name.starts_with('i') { "an" } else { "a" };
        let denial = read(&format!("{start} with an explicit deny in {article} {name}"));
        assert_eq!((denial.effect, denial.layer), (Some(DenyEffect::Explicit), Some(layer)), "{name}");
        assert_eq!(denial.resource.as_deref(), Some(OBJECT), "{name}");
        let denial = read(&format!("{start} because no {name} allows the s3:PutObject action"));
        assert_eq!((denial.effect, denial.layer), (Some(DenyEffect::Implicit), Some(layer)), "{name}");
        assert_eq!(denial.resource.as_deref(), Some(OBJECT), "{name}");
    }
}

#[test]
fn an_explicit_deny_of_no_named_layer_is_still_one() {
    let denial = read(&format!(
        "User: {ROLE} is not authorized to perform: s3:GetObject on resource: {OBJECT} with an explicit deny"
    ));
    assert_eq!((denial.effect, denial.layer), (Some(DenyEffect::Explicit), None));
    assert_eq!(denial.resource.as_deref(), Some(OBJECT));
}

#[test]
fn the_list_permission_named_on_a_get_is_the_action() {
    let message = format!(
        "User: {ROLE} is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::acme-data\" because no identity-based policy allows the s3:ListBucket action"
    );
    assert_eq!(subject(&message), (owned(ROLE), owned("s3:ListBucket"), owned("arn:aws:s3:::acme-data")));
}

#[test]
fn the_policy_that_denies() {
    let scp = "arn:aws:organizations::999988887777:policy/o-abc123/service_control_policy/p-0xyz";
    let managed = "arn:aws:iam::111122223333:policy/DevReadOnlyByTag";
    let start = format!("User: {ROLE} is not authorized to perform: s3:GetObject on resource: \"{OBJECT}\"");
    for (reason, arn) in [
        (format!("with an explicit deny in a service control policy: {scp}"), Some(scp)),
        (format!("with an explicit deny in an identity-based policy: {managed}"), Some(managed)),
        (format!("with an explicit deny in an identity-based policy: {managed}."), Some(managed)),
        (format!("with an explicit deny in an identity-based policy, with policy ARN: {managed}"), Some(managed)),
        ("with an explicit deny in an identity-based policy".to_owned(), None),
    ] {
        let denial = read(&format!("{start} {reason}"));
        assert_eq!(denial.policy_arn.as_deref(), arn, "{reason}");
        assert_eq!(denial.effect, Some(DenyEffect::Explicit), "{reason}");
        assert!(denial.layer.is_some(), "{reason}");
        assert_eq!(denial.resource.as_deref(), Some(OBJECT), "{reason}");
    }
}

#[test]
fn an_arn_in_the_resource_is_no_policy_that_denies() {
    let message = format!(
        "User: {ROLE} is not authorized to perform: iam:GetPolicy on resource: policy arn:aws:iam::111122223333:policy/x because no identity-based policy allows the iam:GetPolicy action"
    );
    assert_eq!(read(&message).policy_arn, None);
}

#[test]
fn an_authorization_id() {
    let sentence = "Go to https://us-east-1.console.aws.amazon.com/iam/home#/authorization-details/0a1b2c3d for complete details, or call the GetRequestAuthorizationDetails API with the following authorization id: 0a1b2c3d";
    let start = format!("User: {ROLE} is not authorized to perform: iam:GetRole on resource: role x");
    for message in [
        format!("{start} because no identity-based policy allows the iam:GetRole action. {sentence}"),
        format!("{start}. {sentence}."),
    ] {
        let denial = read(&message);
        assert_eq!(denial.authorization_id.as_deref(), Some("0a1b2c3d"));
        assert_eq!(denial.resource.as_deref(), Some("role x"));
        assert_eq!(denial.policy_arn, None);
    }
}

#[test]
fn kms_in_its_own_words() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/23753913-642e-4d1c-9133-02693e1919fd";
    let nobody = "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access";
    let own = "because no identity-based policy allows the kms:Decrypt action";
    for (object, reason, resource, layer) in [
        (format!("on resource: {key}"), own, Some(key), DeniedLayer::IdentityPolicy),
        ("on the resource associated with this ciphertext".into(), own, None, DeniedLayer::IdentityPolicy),
        ("on the resource associated with this ciphertext".into(), nobody, None, DeniedLayer::KmsKey),
        ("on this resource".into(), nobody, None, DeniedLayer::KmsKey),
        (format!("on resource: {key}"), nobody, Some(key), DeniedLayer::KmsKey),
    ] {
        let message = format!("User: {ROLE} is not authorized to perform: kms:Decrypt {object} {reason}");
        let denial = read(&message);
        assert_eq!(denial.action.as_deref(), Some("kms:Decrypt"), "{message}");
        assert_eq!((denial.resource.as_deref(), denial.layer), (resource, Some(layer)), "{message}");
        assert_eq!(denial.effect, (reason == own).then_some(DenyEffect::Implicit), "{message}");
    }
    let old = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.";
    let denial = read(old);
    assert_eq!((denial.action.as_deref(), denial.layer), (Some("kms:Decrypt"), Some(DeniedLayer::KmsKey)));
}

#[test]
fn settings_and_conditions_that_are_no_policy() {
    use PublicAccessSetting::{BlockPublicAcls, BlockPublicPolicy};
    let start = format!("User: {ROLE} is not authorized to perform: s3:PutObjectAcl on resource: \"{OBJECT}\"");
    for (message, layer, effect) in [
        (
            format!(
                "{start} because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access"
            ),
            DeniedLayer::BlockPublicAccess(BlockPublicAcls),
            Some(DenyEffect::Explicit),
        ),
        (
            format!(
                "{start} because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
            ),
            DeniedLayer::BlockPublicAccess(BlockPublicPolicy),
            Some(DenyEffect::Explicit),
        ),
        (
            format!(
                "{start} because this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C). Please specify another one."
            ),
            DeniedLayer::CustomerKeysBlocked,
            Some(DenyEffect::Explicit),
        ),
    ] {
        let denial = read(&message);
        assert_eq!((denial.layer, denial.effect), (Some(layer), effect), "{message}");
        assert_eq!(denial.resource.as_deref(), Some(OBJECT), "{message}");
    }
    for (message, layer) in [
        (
            "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
            DeniedLayer::CustomerKeyWrong,
        ),
        ("Access Denied because object protected by object lock.", DeniedLayer::ObjectLock),
        ("Mfa Authentication must be used for this request", DeniedLayer::MfaDelete),
        ("Request has expired", DeniedLayer::RequestExpired),
        ("There were headers present in the request which were not signed", DeniedLayer::HeadersNotSigned),
    ] {
        assert_eq!(read(message).layer, Some(layer), "{message}");
    }
}

#[test]
fn assuming_a_role_and_other_openings() {
    let message = "User: arn:aws:iam::123456789012:user/assumer is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/rno";
    let (caller, action, resource) = subject(message);
    assert_eq!(caller.as_deref(), Some("arn:aws:iam::123456789012:user/assumer"));
    assert_eq!(
        (action.as_deref(), resource.as_deref()),
        (Some("sts:AssumeRole"), Some("arn:aws:iam::123456789012:role/rno"))
    );
    assert_eq!(subject("Not authorized to perform sts:AssumeRole"), (None, owned("sts:AssumeRole"), None));
    assert_eq!(subject("User: anonymous is not authorized to perform: s3:GetObject").0.as_deref(), Some("anonymous"));
}

#[test]
fn an_encoded_message_is_no_part_of_the_resource() {
    let message = format!(
        "User: {ROLE} is not authorized to perform: s3:GetObject on resource: {OBJECT} Encoded authorization failure message: eJyN+/="
    );
    assert_eq!(read(&message).resource.as_deref(), Some(OBJECT));
}

#[test]
fn the_reason_after_the_resource_wins_over_one_inside_it() {
    let key = "arn:aws:s3:::b/x\" with an explicit deny in a service control policy: arn:aws:iam::1:policy/Fake because the resource does not exist in this Region";
    let message = format!(
        "User: {ROLE} is not authorized to perform: s3:GetObject on resource: \"{key}\" because no session policy allows the s3:GetObject action"
    );
    let denial = read(&message);
    assert_eq!((denial.effect, denial.layer), (Some(DenyEffect::Implicit), Some(DeniedLayer::SessionPolicy)));
    assert_eq!(denial.resource.as_deref(), Some(key));
    assert_eq!(denial.policy_arn, None);
    let words =
        read("User: u is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/Request has expired\"");
    assert_eq!(words.layer, None);
}

#[test]
fn a_bare_refusal_says_nothing() {
    for message in ["", "Access Denied", "Forbidden", "Access Denied.", "AccessDenied"] {
        assert_eq!(Denial::read(message), None);
    }
}

proptest! {
    #[test]
    fn no_text_panics(message in "(?s).{0,300}") {
        let _ = Denial::read(&message);
    }

    #[test]
    fn no_shuffle_of_its_words_panics(words in prop::collection::vec(prop::sample::select(vec![
        "User: ", "arn:aws:iam::1:user/é", " is not authorized to perform", ": ", "s3:GetObject", " on resource: ", "\"",
        "&quot;", "&", " because no ", "identity-based policy", " allows the ", " action", " with an explicit deny in a ",
        "session policy", ":policy/", "authorization id: ", "/authorization-details/", ". Go to ", "because public ",
        "prevented by the ", " setting in S3 Block Public Access", "Encoded authorization failure message", "é", ".", " ",
        "because the resource does not exist in this Region", "explicit deny", "Not authorized to perform ",
    ]), 0..20)) {
        let _ = Denial::read(&words.concat());
    }

    #[test]
    fn what_is_composed_is_read_back(
        caller in "arn:aws:iam::[0-9]{12}:(user|role)/[A-Za-z0-9+=,.@_-]{1,20}",
        action in "s3:[A-Z][A-Za-z]{2,20}",
        key in "[^\u{0}-\u{1f}&]{0,40}",
        quoted in any::<bool>(),
        explicit in any::<bool>(),
    ) {
        // Blanks and quotes at the end of a bare resource cannot be told from what follows it.
        let resource = format!("arn:aws:s3:::bucket/{key}{}", if quoted { "" } else { "x" });
        let shown = if quoted { format!("\"{resource}\"") } else { resource.clone() };
        let reason = if explicit { "with an explicit deny in a permissions boundary".to_owned() } else { format!("because no permissions boundary allows the {action} action") };
        let denial = read(&format!("User: {caller} is not authorized to perform: {action} on resource: {shown} {reason}"));
        let effect = if explicit { DenyEffect::Explicit } else { DenyEffect::Implicit };
        prop_assert_eq!(denial, Denial {
            caller_arn: Some(caller), action: Some(action), resource: Some(resource), effect: Some(effect),
            layer: Some(DeniedLayer::PermissionsBoundary), policy_arn: None, authorization_id: None,
        });
    }
}
