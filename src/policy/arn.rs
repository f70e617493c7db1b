//! Amazon Resource Names: `arn:partition:service:region:account:resource`.
//!
//! The resource is everything after the fifth colon. In a statement's `Resource` a wildcard stays within its segment,
//! except that a `*` that ends its segment may run on past the colons; within the resource both wildcards match
//! anything, `/` and `:` included. In a condition's ARN operators each of the six parts is compared by itself.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>

/// An ARN taken apart. Nothing is checked but that it has its six parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// What an S3 ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum S3Resource<'a> {
    Bucket(&'a str),
    Object {
        bucket: &'a str,
        key: &'a str,
    },
    /// An access point, or an object seen through one.
    AccessPoint {
        object: bool,
    },
    Other,
}

impl<'a> S3Resource<'a> {
    pub fn of(text: &'a str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        if arn.service != "s3" {
            return None;
        }
        if !arn.region.is_empty() || !arn.account.is_empty() {
            let rest = arn.resource.strip_prefix("accesspoint/").or_else(|| arn.resource.strip_prefix("accesspoint:"));
            return Some(match rest {
                Some(rest) => Self::AccessPoint { object: rest.contains("/object/") },
                None => Self::Other,
            });
        }
        Some(match arn.resource.split_once('/') {
            Some((bucket, key)) => Self::Object { bucket, key },
            None => Self::Bucket(arn.resource),
        })
    }

    pub fn is_object(self) -> bool {
        matches!(self, Self::Object { .. } | Self::AccessPoint { object: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_names() {
        assert_eq!(S3Resource::of("arn:aws:s3:::b"), Some(S3Resource::Bucket("b")));
        assert_eq!(S3Resource::of("arn:aws:s3:::b/a:b/c"), Some(S3Resource::Object { bucket: "b", key: "a:b/c" }));
        let point = "arn:aws:s3:us-east-1:111122223333:accesspoint/p/object/k";
        assert_eq!(S3Resource::of(point), Some(S3Resource::AccessPoint { object: true }));
        assert_eq!(S3Resource::of("arn:aws:kms:::b"), None);
        assert_eq!(S3Resource::of("*"), None);
    }
}
