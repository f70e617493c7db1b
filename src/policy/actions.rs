//! S3's actions: which exist, what kind of resource each is about, and the API calls that are mistaken for actions.
//!
//! Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use super::wildcard::edit_distance;

/// What an S3 action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Object,
    Bucket,
    Account,
}

/// API calls, and the names that people make of them, with the action that authorises each.
const MISTAKEN: &[(&str, &str)] = &[
    ("s3:HeadObject", "s3:GetObject"),
    ("s3:HeadBucket", "s3:ListBucket"),
    ("s3:ListObjects", "s3:ListBucket"),
    ("s3:ListObjectsV2", "s3:ListBucket"),
    ("s3:ListObjectVersions", "s3:ListBucketVersions"),
    ("s3:ListBuckets", "s3:ListAllMyBuckets"),
    ("s3:CopyObject", "s3:PutObject"),
    ("s3:UploadPart", "s3:PutObject"),
    ("s3:UploadPartCopy", "s3:PutObject"),
    ("s3:CreateMultipartUpload", "s3:PutObject"),
    ("s3:CompleteMultipartUpload", "s3:PutObject"),
    ("s3:ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    ("s3:ListParts", "s3:ListMultipartUploadParts"),
    ("s3:DeleteObjects", "s3:DeleteObject"),
    ("s3:GetObjects", "s3:GetObject"),
    ("s3:PutObjects", "s3:PutObject"),
    ("s3:ReadObject", "s3:GetObject"),
    ("s3:DownloadObject", "s3:GetObject"),
    ("s3:UploadObject", "s3:PutObject"),
    ("s3:WriteObject", "s3:PutObject"),
    ("s3:SelectObjectContent", "s3:GetObject"),
    ("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("s3:PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("s3:DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("s3:GetBucketLifecycle", "s3:GetLifecycleConfiguration"),
    ("s3:GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    ("s3:PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ("s3:DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("s3:GetBucketReplication", "s3:GetReplicationConfiguration"),
    ("s3:PutBucketReplication", "s3:PutReplicationConfiguration"),
    ("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ("s3:PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("s3:GetBucketCors", "s3:GetBucketCORS"),
    ("s3:GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration"),
    ("s3:GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
    ("s3:PutBucketNotificationConfiguration", "s3:PutBucketNotification"),
];

const OBJECT: &[&str] = &[
    "AbortMultipartUpload",
    "BypassGovernanceRetention",
    "DeleteObject",
    "DeleteObjectTagging",
    "DeleteObjectVersion",
    "DeleteObjectVersionTagging",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "GetObjectTorrent",
    "GetObjectVersion",
    "GetObjectVersionAcl",
    "GetObjectVersionAttributes",
    "GetObjectVersionForReplication",
    "GetObjectVersionTagging",
    "GetObjectVersionTorrent",
    "InitiateReplication",
    "ListMultipartUploadParts",
    "ObjectOwnerOverrideToBucketOwner",
    "PutObject",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "PutObjectVersionAcl",
    "PutObjectVersionTagging",
    "ReplicateDelete",
    "ReplicateObject",
    "ReplicateTags",
    "RestoreObject",
    "UpdateObjectEncryption",
];

const BUCKET: &[&str] = &[
    "CreateBucket",
    "DeleteBucket",
    "DeleteBucketOwnershipControls",
    "DeleteBucketPolicy",
    "DeleteBucketWebsite",
    "GetAccelerateConfiguration",
    "GetAnalyticsConfiguration",
    "GetBucketAbac",
    "GetBucketAcl",
    "GetBucketCORS",
    "GetBucketLocation",
    "GetBucketLogging",
    "GetBucketMetadataTableConfiguration",
    "GetBucketNotification",
    "GetBucketObjectLockConfiguration",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketPolicyStatus",
    "GetBucketPublicAccessBlock",
    "GetBucketRequestPayment",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetBucketWebsite",
    "GetEncryptionConfiguration",
    "GetIntelligentTieringConfiguration",
    "GetInventoryConfiguration",
    "GetLifecycleConfiguration",
    "GetMetricsConfiguration",
    "GetReplicationConfiguration",
    "ListBucket",
    "ListBucketMultipartUploads",
    "ListBucketVersions",
    "PutAccelerateConfiguration",
    "PutAnalyticsConfiguration",
    "PutBucketAbac",
    "PutBucketAcl",
    "PutBucketCORS",
    "PutBucketLogging",
    "PutBucketNotification",
    "PutBucketObjectLockConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketRequestPayment",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutBucketWebsite",
    "PutEncryptionConfiguration",
    "PutIntelligentTieringConfiguration",
    "PutInventoryConfiguration",
    "PutLifecycleConfiguration",
    "PutMetricsConfiguration",
    "PutReplicationConfiguration",
];

const ACCOUNT: &[&str] = &[
    "CreateAccessPoint",
    "CreateJob",
    "CreateStorageLensGroup",
    "DeleteAccessPoint",
    "DeleteAccessPointPolicy",
    "DescribeJob",
    "GetAccessPoint",
    "GetAccessPointPolicy",
    "GetAccessPointPolicyStatus",
    "GetAccountPublicAccessBlock",
    "GetDataAccess",
    "GetStorageLensConfiguration",
    "ListAccessPoints",
    "ListAllMyBuckets",
    "ListJobs",
    "ListMultiRegionAccessPoints",
    "ListStorageLensConfigurations",
    "ListTagsForResource",
    "PutAccessPointPolicy",
    "PutAccountPublicAccessBlock",
    "TagResource",
    "UntagResource",
    "UpdateJobPriority",
    "UpdateJobStatus",
];

/// The action that is meant by a name that is none. `None` for a name that is an action, or that nobody can tell.
pub(crate) fn right_name(action: &str) -> Option<&'static str> {
    let mistaken = MISTAKEN
        .iter()
        .find(|(wrong, right)| wrong.eq_ignore_ascii_case(action) && !right.eq_ignore_ascii_case(action));
    if let Some((_, right)) = mistaken {
        return Some(right);
    }
    None
}

/// An S3 action that exists nowhere, and is one or two slips away from one that does.
pub(crate) fn misspelled(action: &str) -> Option<String> {
    let name = s3_name(action)?;
    if name.contains(['*', '?']) || about(action).is_some() || right_name(action).is_some() {
        return None;
    }
    let all = OBJECT.iter().chain(BUCKET).chain(ACCOUNT);
    let nearest = all
        .filter_map(|known| Some((edit_distance(&name.to_ascii_lowercase(), &known.to_ascii_lowercase(), 2)?, *known)));
    nearest.min().map(|(_, known)| format!("s3:{known}"))
}

/// What an S3 action without wildcards is about.
pub(crate) fn about(action: &str) -> Option<About> {
    let name = s3_name(action)?;
    let among = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    if among(OBJECT) {
        Some(About::Object)
    } else if among(BUCKET) {
        Some(About::Bucket)
    } else if among(ACCOUNT) {
        Some(About::Account)
    } else {
        None
    }
}

fn s3_name(action: &str) -> Option<&str> {
    let (service, name) = action.split_once(':')?;
    service.eq_ignore_ascii_case("s3").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_name_exists_and_no_wrong_one_does() {
        for (wrong, right) in MISTAKEN {
            assert!(about(right).is_some(), "{right}");
            assert!(about(wrong).is_none() || wrong.eq_ignore_ascii_case(right), "{wrong}");
        }
    }

    #[test]
    fn slips_of_the_finger() {
        assert_eq!(misspelled("s3:GetObjct").as_deref(), Some("s3:GetObject"));
        assert_eq!(misspelled("s3:GetObject"), None);
        assert_eq!(misspelled("s3:Get*"), None);
        assert_eq!(misspelled("ec2:GetObjct"), None);
        assert_eq!(right_name("S3:headobject"), Some("s3:GetObject"));
    }
}
