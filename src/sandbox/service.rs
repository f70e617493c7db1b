//! Which service a request is for. All share one port, so the signature's scope tells; a request without
//! a signature is S3's, unless its form or its path can only be another's.

use crate::sandbox::fault::Protocol;
use crate::sandbox::http::Incoming;
use crate::sandbox::metadata;
use crate::sandbox::sigv4::Signing;
use crate::sandbox::toolbox;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    S3,
    S3Control,
    Sts,
    Iam,
    IamToolbox,
    Kms,
    Ec2,
    Organizations,
    Sso,
    SsoOidc,
    Metadata,
}

impl Service {
    #[must_use]
    pub fn of(incoming: &Incoming, signing: Option<&Signing>) -> Option<Self> {
        let Some(signing) = signing else { return Some(Self::of_unsigned(incoming)) };
        Some(match signing.service.as_str() {
            "s3" if is_control(incoming) => Self::S3Control,
            "s3" | "s3express" => Self::S3,
            "sts" => Self::Sts,
            "iam" if incoming.raw_path.starts_with(toolbox::PATH) => Self::IamToolbox,
            "iam" => Self::Iam,
            "kms" => Self::Kms,
            "ec2" => Self::Ec2,
            "organizations" => Self::Organizations,
            _ => return None,
        })
    }

    fn of_unsigned(incoming: &Incoming) -> Self {
        if incoming.header("x-amz-sso_bearer_token").is_some() || incoming.raw_path.starts_with("/federation/") {
            return Self::Sso;
        }
        if metadata::name(incoming).is_some() {
            return Self::Metadata;
        }
        match (incoming.method.as_str(), incoming.raw_path.as_str()) {
            ("POST", "/token" | "/client/register" | "/device_authorization") => Self::SsoOidc,
            // S3 has no POST to the root.
            ("POST", "/") => Self::Sts,
            _ if is_control(incoming) => Self::S3Control,
            _ => Self::S3,
        }
    }

    /// As the SDKs name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::S3Control => "S3 Control",
            Self::Sts => "STS",
            Self::Iam => "IAM",
            Self::IamToolbox => "IAM Toolbox",
            Self::Kms => "KMS",
            Self::Ec2 => "EC2",
            Self::Organizations => "Organizations",
            Self::Sso => "SSO",
            Self::SsoOidc => "SSO OIDC",
            Self::Metadata => "Metadata",
        }
    }

    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::S3 | Self::S3Control => Protocol::S3,
            Self::Sts => Protocol::Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" },
            Self::Iam => Protocol::Query { namespace: "https://iam.amazonaws.com/doc/2010-05-08/" },
            Self::Ec2 => Protocol::Ec2,
            Self::Kms | Self::Organizations => Protocol::Json,
            Self::IamToolbox | Self::Sso | Self::SsoOidc | Self::Metadata => Protocol::RestJson,
        }
    }
}

fn is_control(incoming: &Incoming) -> bool {
    incoming.raw_path.starts_with("/v20180820/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderMap;

    fn unsigned(method: &str, path: &str) -> Service {
        let incoming =
            Incoming::new(method.into(), "h".into(), path.into(), String::new(), HeaderMap::new(), Vec::new());
        Service::of(&incoming, None).unwrap()
    }

    #[test]
    fn unsigned_requests_are_s3s_unless_they_cannot_be() {
        assert_eq!(unsigned("GET", "/bucket/key"), Service::S3);
        assert_eq!(unsigned("POST", "/"), Service::Sts);
        assert_eq!(unsigned("GET", "/federation/credentials"), Service::Sso);
        assert_eq!(unsigned("POST", "/token"), Service::SsoOidc);
    }
}
