//! Whether a failure is an access matter at all. By code and operation alone: what the message says
//! beyond them is for the causes.

use super::{AwsFailure, FailureKind, ServiceError};

/// Is it worth a diagnosis?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// AWS refused, or could not tell who was asking, or sent the caller elsewhere: a cause of ours.
    Access,
    /// The same words stand for an access matter and for something else, and only asking tells. A
    /// `HeadObject` 404 is a missing key or a missing bucket; a 400 on a HEAD is an expired token, a
    /// missing customer key, or a malformed request. Probe, and speak only when a cause is found.
    Maybe,
    /// A missing key that the caller may know of, throttling, a server's own failure, a conflict, no
    /// connection: the CLI has said it all.
    NotOurs,
}

impl AwsFailure {
    #[must_use]
    pub fn class(&self) -> Class {
        match &self.kind {
            FailureKind::Service(error) => error.class(),
            FailureKind::NoCredentials
            | FailureKind::PartialCredentials { .. }
            | FailureKind::ProfileNotFound { .. }
            | FailureKind::ExpiredSession { .. }
            | FailureKind::CredentialSource { .. }
            | FailureKind::Archived => Class::Access,
            FailureKind::Silent => Class::Maybe,
            FailureKind::NoRegion | FailureKind::Configuration { .. } | FailureKind::Connection { .. } => {
                Class::NotOurs
            }
        }
    }
}

impl ServiceError {
    /// Whether this error is an access matter, whichever service it came from: `AssumeRole`,
    /// `GetRoleCredentials` and `CreateSession` refuse on the way to S3.
    #[must_use]
    pub fn class(&self) -> Class {
        of(&self.code, self.operation.as_deref().unwrap_or_default(), &self.message)
    }
}

fn of(code: &str, operation: &str, message: &str) -> Class {
    match code {
        // Nothing but the bucket can be missing.
        "404" if operation == "HeadBucket" => Class::Access,
        // A delete marker asked for by version; on a bucket's own settings, "you are not the owner".
        "405" | "MethodNotAllowed" if operation.contains("Bucket") => Class::Maybe,
        "InvalidRequest" | "InvalidArgument" if about_customer_keys(message) => Class::Access,
        // A HEAD has no body: the status stands for every code that comes with it.
        "400" | "404" | "InvalidRequest" | "NoSuchAccessPoint" => Class::Maybe,
        _ => named(code).unwrap_or_else(|| if sounds_like_refusal(code) { Class::Access } else { Class::NotOurs }),
    }
}

/// Whether `code` is one that S3, STS, KMS, SSO or the CLI itself is known to use: where the CLI's
/// output has no other mark (`--cli-error-format text`), this one has to do.
pub(super) fn is_known(code: &str) -> bool {
    named(code).is_some()
        || sounds_like_refusal(code)
        || matches!(code, "InvalidRequest" | "InvalidArgument" | "MethodNotAllowed" | "NoSuchAccessPoint")
        || (code.len() == 3 && matches!(code.as_bytes(), [b'3'..=b'5', b'0'..=b'9', b'0'..=b'9']))
}

fn named(code: &str) -> Option<Class> {
    let class = match code {
        // Refused.
        "AccessDenied" | "AccessDeniedException" | "403" | "401" | "AllAccessDisabled" | "AccountProblem"
        | "NotSignedUp" | "OptInRequired" | "InvalidSecurity" | "InvalidPayer" | "UnauthorizedOperation"
        | "UnauthorizedException" | "UnauthorizedAccess" | "ForbiddenException" | "AuthorizationError"
        | "CrossLocationLoggingProhibited" | "CrossLocationLoggingProhibitted"
        // Who is asking?
        | "InvalidAccessKeyId" | "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch"
        | "InvalidSignatureException" | "IncompleteSignature" | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" | "MissingSecurityHeader" | "RequestTimeTooSkewed" | "ExpiredToken"
        | "ExpiredTokenException" | "RequestExpired" | "InvalidToken" | "TokenRefreshRequired"
        | "InvalidIdentityToken" | "IDPRejectedClaim" | "CredentialsNotSupported" | "AuthFailure"
        // Somewhere else, somebody else's, archived, or with another key.
        | "301" | "307" | "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" | "NoSuchBucket" | "InvalidBucketOwnerAWSAccountID"
        | "InvalidObjectState" | "UserKeyMustBeSpecified" | "NoCredentials" => Class::Access,
        "NoSuchKey" | "NoSuchVersion" | "NoSuchUpload" | "NoSuchBucketPolicy" | "NoSuchTagSet"
        | "NoSuchPublicAccessBlockConfiguration" | "NoSuchCORSConfiguration" | "NoSuchLifecycleConfiguration"
        | "NoSuchWebsiteConfiguration" | "OwnershipControlsNotFoundError" | "ReplicationConfigurationNotFoundError"
        | "ServerSideEncryptionConfigurationNotFoundError" | "ObjectLockConfigurationNotFoundError" | "SlowDown"
        | "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException"
        | "InternalError" | "InternalFailure" | "ServiceUnavailable" | "RequestTimeout" | "BucketAlreadyExists"
        | "BucketAlreadyOwnedByYou" | "BucketNotEmpty" | "InvalidBucketName" | "TooManyBuckets" | "EntityTooLarge"
        | "EntityTooSmall" | "InvalidPart" | "InvalidPartOrder" | "InvalidRange" | "PreconditionFailed" | "412"
        | "BadDigest" | "OperationAborted" | "ConditionalRequestConflict" | "KeyTooLongError" | "MalformedXML"
        | "MalformedPolicy" | "InvalidDigest" | "InvalidStorageClass" | "NotImplemented" | "RestoreAlreadyInProgress"
        | "AccessControlListNotSupported" | "InvalidTag" | "QuotaExceeded" | "NoRegion" | "Configuration"
        | "ParamValidation" | "Pager" => Class::NotOurs,
        // The key is disabled, pending deletion, gone, or not to be used.
        _ if code.starts_with("KMS.") => Class::Access,
        _ => return None,
    };
    Some(class)
}

/// Servers that are not AWS, and services that are not S3, have codes of their own.
fn sounds_like_refusal(code: &str) -> bool {
    ["AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden"].iter().any(|word| code.contains(word))
}

fn about_customer_keys(message: &str) -> bool {
    message.contains("using a form of Server Side Encryption") || message.contains("with Customer provided keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(code: &str, operation: &str) -> Class {
        of(code, operation, "some words")
    }

    #[test]
    fn refusals_are_ours_from_any_service() {
        for (code, operation) in [
            ("AccessDenied", "GetObject"),
            ("AccessDenied", "AssumeRole"),
            ("ForbiddenException", "GetRoleCredentials"),
            ("UnauthorizedException", "GetRoleCredentials"),
            ("AccessDenied", "CreateSession"),
            ("403", "HeadObject"),
            ("403", "HeadBucket"),
            ("ExpiredToken", "ListObjectsV2"),
            ("InvalidObjectState", "GetObject"),
            ("KMS.DisabledException", "GetObject"),
            ("KMS.SomethingNewException", "PutObject"),
            ("NoSuchBucket", "ListObjectsV2"),
            ("404", "HeadBucket"),
            ("XMinioAccessDenied", "GetObject"),
        ] {
            assert_eq!(class(code, operation), Class::Access, "{code} {operation}");
        }
    }

    #[test]
    fn what_only_asking_tells_is_maybe() {
        for (code, operation) in [
            ("404", "HeadObject"),
            ("400", "HeadObject"),
            ("400", "HeadBucket"),
            ("MethodNotAllowed", "GetBucketPolicy"),
            ("InvalidRequest", "GetObject"),
        ] {
            assert_eq!(class(code, operation), Class::Maybe, "{code} {operation}");
        }
    }

    #[test]
    fn the_rest_is_not_ours() {
        for (code, operation) in [
            ("NoSuchKey", "GetObject"),
            ("405", "HeadObject"),
            ("MethodNotAllowed", "GetObject"),
            ("SlowDown", "PutObject"),
            ("500", "HeadObject"),
            ("503", "HeadObject"),
            ("InternalError", "GetObject"),
            ("BucketAlreadyExists", "CreateBucket"),
            ("InvalidArgument", "PutObject"),
            ("SomethingNobodyKnows", "GetObject"),
        ] {
            assert_eq!(class(code, operation), Class::NotOurs, "{code} {operation}");
        }
    }

    #[test]
    fn a_missing_customer_key_is_told_from_other_invalid_requests_by_its_words() {
        let stored = "The object was stored using a form of Server Side Encryption. The correct parameters must be \
                      provided to retrieve the object.";
        assert_eq!(of("InvalidRequest", "GetObject", stored), Class::Access);
    }
}
