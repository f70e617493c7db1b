//! What the policy evaluator makes of the documents that were read: one verdict for each permission that the request
//! needs, with where each document came from.

use super::case::{Case, is_kms};
use super::documents::{Documents, Subject};
use crate::evidence::bucket_policy::{self, BucketPolicy};
use crate::policy::{self, Context, Evaluation, Principal};
use crate::request::{BucketKind, Request, Side};

/// The verdicts of a case; absent where the caller or the resource is not known.
#[derive(Clone, Debug, Default)]
pub struct Verdicts {
    /// The permissions that the failed request needs, the one that AWS named first.
    pub asked: Vec<Verdict>,
    /// What the copy needs after this read of its source: not what was refused, but what is met next.
    pub next: Vec<Verdict>,
    /// `s3:ListBucket` on the bucket: what a 404 in place of a 403 takes.
    pub list: Option<Verdict>,
    /// The permission by the access point's own policy, where the request goes through one.
    pub access_point: Option<Verdict>,
    /// The same of the bucket behind the access point, by its own policy: of this one only the bucket policy's word counts.
    pub behind: Option<Verdict>,
    /// The KMS permission, where a key is involved.
    pub kms: Option<Verdict>,
    /// The other one of a multipart upload, which reads its encrypted parts when it puts them together.
    pub kms_of_parts: Option<Verdict>,
}

/// One permission, decided.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub(super) subject: Subject,
    pub action: String,
    pub resource: String,
    pub request: policy::Request,
    pub documents: Documents,
    pub evaluation: Evaluation,
}

/// Stands for an account that is known to be another, and not known by number.
const ANOTHER_ACCOUNT: &str = "another";

impl Verdicts {
    pub(super) fn of(case: &Case<'_>) -> Self {
        let Some(principal) = principal(case) else { return Self::default() };
        let decided = |(action, resource): (String, String)| {
            let subject = match action.split_once(':') {
                Some(("sts", _)) => Subject::Role,
                _ if is_of_another_bucket(case, &resource) => Subject::OtherBucket,
                _ => Subject::S3,
            };
            Verdict::of(case, &principal, subject, action, resource)
        };
        let asked = needs(case).into_iter().map(decided).collect();
        let next = case.request.needs_next().into_iter().map(decided).collect();
        let list = case
            .request
            .bucket_arn()
            .map(|arn| Verdict::of(case, &principal, Subject::S3, "s3:ListBucket".to_owned(), arn));
        let assumed = case.evidence.default_key.known().cloned().flatten();
        let key = case.evidence.key.known().map(|key| key.arn.clone());
        let named = case.denial.as_ref().filter(|denial| is_kms(denial));
        let arn = key
            .or_else(|| named.and_then(|denial| denial.resource.clone()))
            .or(assumed)
            .filter(|arn| arn.starts_with("arn:"));
        let action = named.and_then(|denial| denial.action.clone()).unwrap_or_else(|| default_kms_action(case));
        let other = if action == "kms:Decrypt" { "kms:GenerateDataKey" } else { "kms:Decrypt" };
        let on_key =
            |arn: &String, action: &str| Verdict::of(case, &principal, Subject::Key, action.to_owned(), arn.clone());
        let kms = arn.as_ref().map(|arn| on_key(arn, &action));
        let of_parts = matches!(
            case.request.operation.as_str(),
            "CreateMultipartUpload" | "UploadPart" | "UploadPartCopy" | "CompleteMultipartUpload"
        );
        let kms_of_parts = arn.as_ref().filter(|_| of_parts).map(|arn| on_key(arn, other));
        let access_point = case.access_point_arn().and_then(|_| {
            let (action, resource) = needs(case).into_iter().next()?;
            Some(Verdict::of(case, &principal, Subject::AccessPoint, action, resource))
        });
        let behind = case.access_point_facts().zip(case.access_point_arn()).and_then(|(facts, arn)| {
            let (action, resource) = needs(case).into_iter().next()?;
            let key = resource.strip_prefix(arn)?.strip_prefix("/object").unwrap_or_default();
            let bucket = format!("arn:{}:s3:::{}{key}", case.request.partition(), facts.bucket);
            Some(Verdict::of(case, &principal, Subject::S3, action, bucket))
        });
        Self { asked, next, list, access_point, behind, kms, kms_of_parts }
    }

    /// The verdict about the permission that was refused.
    #[must_use]
    pub fn main(&self) -> Option<&Verdict> {
        self.asked.first()
    }

    /// The verdicts about what AWS's message is about: the KMS permission where it names one.
    #[must_use]
    pub fn refused(&self, case: &Case<'_>) -> Vec<&Verdict> {
        if case.names_kms() { self.kms.iter().collect() } else { self.asked.iter().collect() }
    }
}

fn default_kms_action(case: &Case<'_>) -> String {
    let reads = matches!(case.request.operation.as_str(), "GetObject" | "HeadObject");
    if reads { "kms:Decrypt" } else { "kms:GenerateDataKey" }.to_owned()
}

fn principal(case: &Case<'_>) -> Option<Principal> {
    if case.settings.signed { case.caller() } else { Some(Principal::Anonymous) }
}

/// The (action, resource) pairs: what AWS's message names, then what the operation is known to need.
fn needs(case: &Case<'_>) -> Vec<(String, String)> {
    let mut needs: Vec<(String, String)> = Vec::new();
    if let Some(denial) = case.denial.as_ref().filter(|denial| !is_kms(denial))
        && !super::key_not_found_hidden::is_hint(case, denial)
        && let Some(action) = denial.action.clone()
        && let Some(resource) = denial.resource.clone().or_else(|| case.request.resource_arn())
    {
        needs.push((action, resource));
    }
    // An alias hides the ARN that policies are about; the access point itself tells it.
    let through_alias = case.request.resource_arn().is_none();
    if let (true, Some(arn), Some(key), Some(action)) =
        (through_alias && needs.is_empty(), case.access_point_arn(), &case.request.key, &case.request.action)
    {
        needs.push((action.clone(), format!("{arn}/object/{key}")));
    }
    needs.extend(directory_bucket(case).filter(|_| needs.is_empty()));
    for need in case.request.needs() {
        if !needs.iter().any(|(action, _)| action.eq_ignore_ascii_case(&need.0)) {
            needs.push(need);
        }
    }
    needs
}

/// The bucket of an ARN that has one.
pub(super) fn bucket_of(arn: &str) -> Option<&str> {
    let (_, place) = arn.split_once(":s3:::")?;
    place.split('/').next()
}

/// Whether it is at the other end of a copy, in another bucket or through another access point.
fn is_of_another_bucket(case: &Case<'_>, resource: &str) -> bool {
    let own = [case.bucket_name(), case.request.bucket.as_deref()];
    match bucket_of(resource) {
        Some(bucket) => !own.contains(&Some(bucket)),
        None => !std::ptr::eq(end_of(case, resource), case.request),
    }
}

/// The end of a copy that a resource is at, with the headers that count there.
pub(super) fn end_of<'a>(case: &'a Case<'_>, resource: &str) -> &'a Request {
    let own = case.request;
    let other = own.at_other_end.as_deref().filter(|other| other.resource_arn().as_deref() == Some(resource));
    other.filter(|_| own.resource_arn().as_deref() != Some(resource)).unwrap_or(own)
}

/// A directory bucket's ARN has an account in it, which S3 does not tell: the caller's own is supposed.
fn directory_bucket(case: &Case<'_>) -> Option<(String, String)> {
    let request = case.request;
    let bucket = request.bucket.as_deref().filter(|_| request.bucket_kind == BucketKind::Directory)?;
    let (region, account) = (&case.settings.region.as_ref()?.value, case.account()?);
    let arn = format!("arn:{}:s3express:{region}:{account}:bucket/{bucket}", request.partition);
    Some((request.action.clone()?, arn))
}

impl Verdict {
    fn of(case: &Case<'_>, principal: &Principal, subject: Subject, action: String, resource: String) -> Self {
        let mut documents = Documents::of(case, principal, subject, &resource);
        let resource_account = match subject {
            Subject::Key | Subject::Role => {
                resource.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned)
            }
            Subject::S3 | Subject::AccessPoint => match case.same_account() {
                Some(true) => case.account(),
                Some(false) => Some(case.bucket_account().unwrap_or_else(|| ANOTHER_ACCOUNT.to_owned())),
                None => None,
            },
            Subject::OtherBucket => match owns_other_bucket(case, &resource) {
                Some(true) => case.account(),
                Some(false) => Some(ANOTHER_ACCOUNT.to_owned()),
                None => None,
            },
        };
        let mut context = context(case, subject, end_of(case, &resource));
        if resource_account.as_deref() == Some(ANOTHER_ACCOUNT) {
            context.set_unknown("aws:ResourceAccount").set_unknown("s3:ResourceAccount");
        }
        let request = policy::Request {
            principal: principal.clone(),
            action: action.clone(),
            resource: resource.clone(),
            resource_account,
            object_owner: None,
            context,
        };
        if subject == Subject::Key {
            documents.add_grants(case, &request);
        }
        let evaluation = policy::evaluate(&request, &documents.layers);
        Self { subject, action, resource, request, documents, evaluation }
    }

    /// Whether it is about the bucket at the other end of a copy.
    pub(super) fn is_of_other_bucket(&self) -> bool {
        self.subject == Subject::OtherBucket
    }

    /// The bucket whose policy decides, by name.
    pub(super) fn bucket<'v>(&'v self, case: &'v Case<'_>) -> Option<&'v str> {
        if self.is_of_other_bucket() { bucket_of(&self.resource) } else { case.bucket_name() }
    }

    /// Whether that bucket is of the caller's account: by its own answers, never by those of a copy's other bucket.
    pub(super) fn same_account(&self, case: &Case<'_>) -> Option<bool> {
        if self.is_of_other_bucket() { owns_other_bucket(case, &self.resource) } else { case.same_account() }
    }
}

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

/// Whether the bucket at the other end of a copy is of the caller's account, where anything told.
pub(super) fn owns_other_bucket(case: &Case<'_>, resource: &str) -> Option<bool> {
    let bucket = bucket_of(resource)?;
    let policy = case.evidence.other_bucket_policy.known().filter(|_| case.request.other_bucket() == Some(bucket));
    policy
        .map(BucketPolicy::is_the_callers)
        .or_else(|| case.evidence.own_buckets.known().and_then(|own| own.owns(bucket)))
}

/// What is known of the request's context. Everything else is unknown: the request is seen from outside.
fn context(case: &Case<'_>, subject: Subject, end: &Request) -> Context {
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
        let http =
            case.settings.endpoints.url(crate::request::ServiceId::S3).is_some_and(|url| url.starts_with("http://"));
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
