//! What the policy evaluator makes of the documents that were read: one verdict for each permission that the request
//! needs, with where each document came from.

mod context;

use super::case::{Case, is_kms};
use super::documents::{Documents, Subject};
use crate::evidence::bucket_policy::BucketPolicy;
use crate::policy::{self, Evaluation, Principal};
use crate::request::{BucketKind, Request};

/// The verdicts of a case; absent where the caller or the resource is not known.
#[derive(Clone, Debug, Default)]
pub struct Verdicts {
    /// The permissions that the failed request needs, the one that AWS named first.
    pub asked: Vec<Verdict>,
    /// What a copy needs after this read of its source, and a move at last: not what was refused, but what is met next.
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
        let end = super::key_not_found_hidden::reading_end(case).unwrap_or(case.request);
        let list = end.bucket_arn().map(|arn| {
            let is_other = !std::ptr::eq(end, case.request) && is_of_another_bucket(case, &arn);
            let subject = if is_other { Subject::OtherBucket } else { Subject::S3 };
            Verdict::of(case, &principal, subject, "s3:ListBucket".to_owned(), arn)
        });
        let assumed = case.evidence.default_key.known().cloned().flatten().filter(|_| !case.request.names_encryption());
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

/// Whether it is what AWS calls the resource of an action that has none, as the list of all buckets: the caller's own account
/// decides, and no resource has a policy on it.
pub(super) fn is_no_resource(resource: &str) -> bool {
    resource == "*" || resource.ends_with(":s3:::*")
}

/// Whether it is at the other end of a copy, in another bucket or through another access point.
fn is_of_another_bucket(case: &Case<'_>, resource: &str) -> bool {
    let own = [case.bucket_name(), case.request.bucket.as_deref()];
    match bucket_of(resource) {
        Some(bucket) => !own.contains(&Some(bucket)),
        None => !std::ptr::eq(end_of(case, resource), case.request),
    }
}

/// The end of a copy that a resource is at, or the objects of a list, with the headers that count there.
pub(super) fn end_of<'a>(case: &'a Case<'_>, resource: &str) -> &'a Request {
    let own = case.request;
    let mut others = own.at_other_end.iter().chain(&own.each);
    let other = others.find(|other| other.resource_arn().as_deref() == Some(resource)).map(AsRef::as_ref);
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
            Subject::S3 if is_no_resource(&resource) => case.account(),
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
        let mut context = context::of(case, subject, end_of(case, &resource));
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
        if is_no_resource(&self.resource) {
            return Some(true);
        }
        if self.is_of_other_bucket() { owns_other_bucket(case, &self.resource) } else { case.same_account() }
    }
}

/// Whether the bucket at the other end of a copy is of the caller's account, where anything told.
pub(super) fn owns_other_bucket(case: &Case<'_>, resource: &str) -> Option<bool> {
    let bucket = bucket_of(resource)?;
    let policy = case.evidence.other_bucket_policy.known().filter(|_| case.request.other_bucket() == Some(bucket));
    policy
        .map(BucketPolicy::is_the_callers)
        .or_else(|| case.evidence.own_buckets.known().and_then(|own| own.owns(bucket)))
}
