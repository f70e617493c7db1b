//! Which IAM action authorises which API operation, and on what kind of resource (the Service Authorization
//! Reference for S3, S3 Express, STS; there is no `s3:HeadObject`).

/// What an action's resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Object,
    Bucket,
    /// `*`: no single resource.
    Account,
    /// The role that is to be assumed.
    Role,
}

/// The action for an operation and its resource's level. `versioned` is whether a version id was named, which
/// changes the action of most object operations.
pub(crate) fn action(operation: &str, versioned: bool) -> Option<(&'static str, Level)> {
    let object =
        |plain: &'static str, of_version: &'static str| (if versioned { of_version } else { plain }, Level::Object);
    Some(match operation {
        "HeadObject" | "GetObject" | "SelectObjectContent" => object("s3:GetObject", "s3:GetObjectVersion"),
        "GetObjectAcl" => object("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
        "GetObjectAttributes" => object("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"),
        "GetObjectTagging" => object("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
        "GetObjectTorrent" => object("s3:GetObjectTorrent", "s3:GetObjectVersionTorrent"),
        "DeleteObject" => object("s3:DeleteObject", "s3:DeleteObjectVersion"),
        "DeleteObjectTagging" => object("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
        "PutObjectAcl" => object("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
        "PutObjectTagging" => object("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
        "AssumeRole" => ("sts:AssumeRole", Level::Role),
        "AssumeRoleWithWebIdentity" => ("sts:AssumeRoleWithWebIdentity", Level::Role),
        "AssumeRoleWithSAML" => ("sts:AssumeRoleWithSAML", Level::Role),
        "GetCallerIdentity" => ("sts:GetCallerIdentity", Level::Account),
        "ListBuckets" => ("s3:ListAllMyBuckets", Level::Account),
        "ListDirectoryBuckets" => ("s3express:ListAllMyDirectoryBuckets", Level::Account),
        _ => {
            return OBJECT
                .iter()
                .find(|(name, _)| *name == operation)
                .map(|(_, action)| (*action, Level::Object))
                .or_else(|| {
                    BUCKET.iter().find(|(name, _)| *name == operation).map(|(_, action)| (*action, Level::Bucket))
                });
        }
    })
}

const OBJECT: &[(&str, &str)] = &[
    ("PutObject", "s3:PutObject"),
    ("CopyObject", "s3:PutObject"),
    ("CreateMultipartUpload", "s3:PutObject"),
    ("UploadPart", "s3:PutObject"),
    ("UploadPartCopy", "s3:PutObject"),
    ("CompleteMultipartUpload", "s3:PutObject"),
    ("AbortMultipartUpload", "s3:AbortMultipartUpload"),
    ("ListParts", "s3:ListMultipartUploadParts"),
    ("DeleteObjects", "s3:DeleteObject"),
    ("GetObjectLegalHold", "s3:GetObjectLegalHold"),
    ("PutObjectLegalHold", "s3:PutObjectLegalHold"),
    ("GetObjectRetention", "s3:GetObjectRetention"),
    ("PutObjectRetention", "s3:PutObjectRetention"),
    ("RestoreObject", "s3:RestoreObject"),
    ("UpdateObjectEncryption", "s3:UpdateObjectEncryption"),
    ("WriteGetObjectResponse", "s3-object-lambda:WriteGetObjectResponse"),
];

const BUCKET: &[(&str, &str)] = &[
    ("HeadBucket", "s3:ListBucket"),
    ("ListObjects", "s3:ListBucket"),
    ("ListObjectsV2", "s3:ListBucket"),
    ("ListObjectVersions", "s3:ListBucketVersions"),
    ("ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    ("CreateBucket", "s3:CreateBucket"),
    ("DeleteBucket", "s3:DeleteBucket"),
    ("CreateSession", "s3express:CreateSession"),
    ("RenameObject", "s3express:CreateSession"),
    ("GetBucketAbac", "s3:GetBucketAbac"),
    ("PutBucketAbac", "s3:PutBucketAbac"),
    ("GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration"),
    ("PutBucketAccelerateConfiguration", "s3:PutAccelerateConfiguration"),
    ("GetBucketAcl", "s3:GetBucketAcl"),
    ("PutBucketAcl", "s3:PutBucketAcl"),
    ("GetBucketAnalyticsConfiguration", "s3:GetAnalyticsConfiguration"),
    ("ListBucketAnalyticsConfigurations", "s3:GetAnalyticsConfiguration"),
    ("PutBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"),
    ("DeleteBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"),
    ("GetBucketCors", "s3:GetBucketCORS"),
    ("PutBucketCors", "s3:PutBucketCORS"),
    ("DeleteBucketCors", "s3:PutBucketCORS"),
    ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("GetBucketIntelligentTieringConfiguration", "s3:GetIntelligentTieringConfiguration"),
    ("ListBucketIntelligentTieringConfigurations", "s3:GetIntelligentTieringConfiguration"),
    ("PutBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration"),
    ("DeleteBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration"),
    ("GetBucketInventoryConfiguration", "s3:GetInventoryConfiguration"),
    ("ListBucketInventoryConfigurations", "s3:GetInventoryConfiguration"),
    ("PutBucketInventoryConfiguration", "s3:PutInventoryConfiguration"),
    ("DeleteBucketInventoryConfiguration", "s3:PutInventoryConfiguration"),
    ("GetBucketLifecycle", "s3:GetLifecycleConfiguration"),
    ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    ("PutBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ("DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("GetBucketLocation", "s3:GetBucketLocation"),
    ("GetBucketLogging", "s3:GetBucketLogging"),
    ("PutBucketLogging", "s3:PutBucketLogging"),
    ("CreateBucketMetadataConfiguration", "s3:CreateBucketMetadataTableConfiguration"),
    ("CreateBucketMetadataTableConfiguration", "s3:CreateBucketMetadataTableConfiguration"),
    ("GetBucketMetadataConfiguration", "s3:GetBucketMetadataTableConfiguration"),
    ("GetBucketMetadataTableConfiguration", "s3:GetBucketMetadataTableConfiguration"),
    ("DeleteBucketMetadataConfiguration", "s3:DeleteBucketMetadataTableConfiguration"),
    ("DeleteBucketMetadataTableConfiguration", "s3:DeleteBucketMetadataTableConfiguration"),
    ("UpdateBucketMetadataInventoryTableConfiguration", "s3:UpdateBucketMetadataInventoryTableConfiguration"),
    ("UpdateBucketMetadataJournalTableConfiguration", "s3:UpdateBucketMetadataJournalTableConfiguration"),
    ("GetBucketMetricsConfiguration", "s3:GetMetricsConfiguration"),
    ("ListBucketMetricsConfigurations", "s3:GetMetricsConfiguration"),
    ("PutBucketMetricsConfiguration", "s3:PutMetricsConfiguration"),
    ("DeleteBucketMetricsConfiguration", "s3:PutMetricsConfiguration"),
    ("GetBucketNotification", "s3:GetBucketNotification"),
    ("GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
    ("PutBucketNotification", "s3:PutBucketNotification"),
    ("PutBucketNotificationConfiguration", "s3:PutBucketNotification"),
    ("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"),
    ("PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    ("DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    ("GetBucketPolicy", "s3:GetBucketPolicy"),
    ("PutBucketPolicy", "s3:PutBucketPolicy"),
    ("DeleteBucketPolicy", "s3:DeleteBucketPolicy"),
    ("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus"),
    ("GetBucketReplication", "s3:GetReplicationConfiguration"),
    ("PutBucketReplication", "s3:PutReplicationConfiguration"),
    ("DeleteBucketReplication", "s3:PutReplicationConfiguration"),
    ("GetBucketRequestPayment", "s3:GetBucketRequestPayment"),
    ("PutBucketRequestPayment", "s3:PutBucketRequestPayment"),
    ("GetBucketTagging", "s3:GetBucketTagging"),
    ("PutBucketTagging", "s3:PutBucketTagging"),
    ("DeleteBucketTagging", "s3:PutBucketTagging"),
    ("GetBucketVersioning", "s3:GetBucketVersioning"),
    ("PutBucketVersioning", "s3:PutBucketVersioning"),
    ("GetBucketWebsite", "s3:GetBucketWebsite"),
    ("PutBucketWebsite", "s3:PutBucketWebsite"),
    ("DeleteBucketWebsite", "s3:DeleteBucketWebsite"),
    ("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
    ("PutObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"),
    ("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
];

/// The action as S3 Express has it: everything on objects is the session's, the bucket's settings have their own.
pub(crate) fn express(operation: &str, action: &str) -> String {
    const OWN: [&str; 9] = [
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
        "s3:GetEncryptionConfiguration",
        "s3:PutEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:PutLifecycleConfiguration",
    ];
    match action.strip_prefix("s3:") {
        Some(name) if OWN.contains(&action) => format!("s3express:{name}"),
        Some(_) => "s3express:CreateSession".to_owned(),
        None if operation == "CreateSession" => "s3express:CreateSession".to_owned(),
        None => action.to_owned(),
    }
}

/// Whether the operation writes an object: what its headers say decides conditions.
pub(crate) fn is_upload(operation: &str) -> bool {
    matches!(operation, "PutObject" | "CopyObject" | "CreateMultipartUpload")
}

/// Whether the operation has a source and a destination.
pub(crate) fn is_copy(operation: &str) -> bool {
    matches!(operation, "CopyObject" | "UploadPartCopy")
}

/// Whether the operation lists a bucket by prefix.
pub(crate) fn is_list(operation: &str) -> bool {
    matches!(operation, "ListObjects" | "ListObjectsV2" | "ListObjectVersions" | "ListMultipartUploads")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_ids_change_the_action() {
        assert_eq!(action("HeadObject", false), Some(("s3:GetObject", Level::Object)));
        assert_eq!(action("HeadObject", true), Some(("s3:GetObjectVersion", Level::Object)));
        assert_eq!(action("PutObject", true), Some(("s3:PutObject", Level::Object)));
        assert_eq!(action("ListObjectsV2", false), Some(("s3:ListBucket", Level::Bucket)));
        assert_eq!(action("NoSuchOperation", false), None);
    }

    #[test]
    fn no_operation_stands_twice() {
        let mut names: Vec<&str> = OBJECT.iter().chain(BUCKET).map(|(name, _)| *name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn express_has_its_own_actions() {
        assert_eq!(express("GetObject", "s3:GetObject"), "s3express:CreateSession");
        assert_eq!(express("DeleteBucket", "s3:DeleteBucket"), "s3express:DeleteBucket");
        assert_eq!(express("CreateSession", "s3express:CreateSession"), "s3express:CreateSession");
    }
}
