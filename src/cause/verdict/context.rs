//! The request's context as far as it can be known from outside: what the command sent, who sent it, and where it went.

use crate::cause::case::Case;
use crate::cause::documents::Subject;
use crate::evidence::bucket_policy;
use crate::policy::{Context, Principal};
use crate::request::{BucketKind, Request, ServiceId, Side};

/// The caller's tags, where they are all known: a session has those of its role, unless it was given others.
fn principal_tags<'e>(case: &Case<'e>) -> Option<&'e [(String, String)]> {
    let is_its_own = match case.caller()? {
        Principal::User { .. } => true,
        Principal::Session { .. } => case.settings.credentials.makes_untagged_sessions(),
        _ => false,
    };
    case.evidence.identity_policies.known()?.tags.as_deref().filter(|_| is_its_own)
}

/// The keys that only temporary credentials carry.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-role-session-properties>
const OF_SESSIONS: [&str; 17] = [
    "aws:AssumedRoot",
    "aws:ChatbotSourceArn",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:SignInSessionArn",
    "aws:SourceIdentity",
    "aws:TokenIssueTime",
    "ec2:RoleDelivery",
    "ec2:SourceInstanceArn",
    "glue:CredentialIssuingService",
    "glue:RoleAssumedBy",
    "identitystore:UserId",
    "lambda:SourceFunctionArn",
    "ssm:SourceInstanceArn",
];

/// What is known of the request's context. Everything else is unknown: the request is seen from outside.
pub(super) fn of(case: &Case<'_>, subject: Subject, end: &Request) -> Context {
    let mut context = Context::open();
    let settings = case.settings;
    for absent in ["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:referer"] {
        context.set_absent(absent);
    }
    // A command of the CLI speaks to S3 for itself; to a key S3 speaks for it.
    if subject != Subject::Key {
        for absent in ["aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"] {
            context.set_absent(absent);
        }
    }
    if matches!(subject, Subject::S3 | Subject::OtherBucket | Subject::AccessPoint) {
        context.set("aws:ViaAWSService", ["false"]);
        let http = case.settings.endpoints.url(ServiceId::S3).is_some_and(|url| url.starts_with("http://"));
        context.set("aws:SecureTransport", [if http { "false" } else { "true" }]);
        if settings.signed {
            context.set("s3:authType", ["REST-HEADER"]).set("s3:signatureversion", ["AWS4-HMAC-SHA256"]);
        }
        // The one end of a copy may go through an access point, and the other to a bucket.
        let is_own = std::ptr::eq(end, case.request) && subject != Subject::OtherBucket;
        let to_the_bucket = if is_own {
            case.is_general_bucket() && case.access_point_arn().is_none()
        } else {
            end.bucket_kind == BucketKind::General && !std::ptr::eq(end, case.request)
        };
        if to_the_bucket {
            for absent in ["s3:DataAccessPointArn", "s3:DataAccessPointAccount", "s3:AccessPointNetworkOrigin"] {
                context.set_absent(absent);
            }
        }
        if let Some(arn) = case.access_point_arn().filter(|_| is_own) {
            context.set("s3:DataAccessPointArn", [arn]);
            if let Some(account) = arn.split(':').nth(4) {
                context.set("s3:DataAccessPointAccount", [account]);
            }
            if let Some(facts) = case.access_point_facts() {
                context.set("s3:AccessPointNetworkOrigin", [if facts.vpc.is_some() { "VPC" } else { "Internet" }]);
            }
        }
        for (key, value) in end.context() {
            match value {
                Some(value) => context.set(&key, [value]),
                None => context.set_absent(&key),
            };
        }
    }
    if let Some(identity) = case.evidence.identity.known() {
        context.set("aws:userid", [identity.user_id.as_str()]);
    }
    if let Some(tags) = principal_tags(case) {
        for (key, value) in tags {
            context.set(&format!("aws:PrincipalTag/{key}"), [value.as_str()]);
        }
        context.set_complete("aws:PrincipalTag/");
    }
    if let Some(organization) = case.evidence.organization.known() {
        context.set("aws:PrincipalOrgID", [organization.id.as_str()]);
    }
    let long_term = case.evidence.session.known().is_some_and(|session| !session.has_token);
    if long_term {
        // Keys of a user carry neither a token nor MFA.
        for absent in OF_SESSIONS {
            context.set_absent(absent);
        }
    }
    if let Some(region) = requested_region(case, subject) {
        context.set("aws:RequestedRegion", [region]);
    }
    if subject == Subject::Key {
        if let Some(account) = case.account() {
            context.set("kms:CallerAccount", [account]);
        }
        let region = case.evidence.key.known().and_then(|key| key.arn.split(':').nth(3).map(str::to_owned));
        if let Some(region) = region {
            context.set("kms:ViaService", [format!("s3.{region}.amazonaws.com")]);
        }
    }
    context
}

/// The region that the request went to, as far as it is known.
fn requested_region(case: &Case<'_>, subject: Subject) -> Option<String> {
    let own = own_region(case);
    let Some(other) = &case.request.at_other_end else { return own };
    let shown = bucket_policy::shows_the_bucket(&case.evidence.other_bucket_policy);
    let sent = case.settings.region.as_ref().map(|region| &region.value);
    let there = case.evidence.other_region.as_ref().or(sent).filter(|_| shown).cloned();
    let there = if case.request.other_bucket().is_some() { there } else { own.clone() };
    let copies = case.request.operation != "HeadObject" && case.request.operation != "GetObject";
    match (subject, other.side) {
        // A copy is sent to where its destination is.
        (Subject::OtherBucket, Side::Destination) => there,
        // Which region S3 names for the read of a source that is elsewhere is not documented.
        (Subject::OtherBucket, _) => there.filter(|there| own.as_ref() == Some(there)),
        (_, Side::Destination) if copies => own.filter(|own| there.as_ref() == Some(own)),
        _ => own,
    }
}

fn own_region(case: &Case<'_>) -> Option<String> {
    let told = case.evidence.bucket.known().and_then(|exchange| exchange.bucket_region.clone());
    // S3 looks at a bucket only where it is.
    let served = case.evidence.shows_the_bucket();
    let sent = case.settings.region.as_ref().map(|region| &region.value);
    let of_the_point =
        case.access_point_arn().and_then(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty());
    let here = if case.is_general_bucket() {
        served.and(case.evidence.region.as_ref().or(sent)).cloned()
    } else {
        // A request to an access point goes to the region that its ARN names.
        of_the_point.map(str::to_owned)
    };
    told.or(here)
}
