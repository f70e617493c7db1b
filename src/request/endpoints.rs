//! Which address each service is asked at: configured ones as botocore finds them, and where the diagnosis's own
//! requests may go.

use crate::request::files::{Profile, ProfileFiles};
use crate::request::{Arguments, Origin, Setting, redact};
use crate::world::World;
use std::ffi::OsStr;

/// The services that a diagnosis asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceId {
    S3,
    Sts,
    Iam,
    Kms,
    Ec2,
    Organizations,
    S3Control,
    IamToolbox,
}

impl ServiceId {
    /// As `AWS_ENDPOINT_URL_…` and a `services` section spell it (botocore's snake-cased service id).
    fn key(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Kms => "kms",
            Self::Ec2 => "ec2",
            Self::Organizations => "organizations",
            Self::S3Control => "s3_control",
            Self::IamToolbox => "iam_toolbox",
        }
    }

    /// The service that a command of the CLI talks to.
    fn of_command(command: &str) -> Option<Self> {
        Some(match command {
            "s3" | "s3api" => Self::S3,
            "sts" => Self::Sts,
            "iam" => Self::Iam,
            "kms" => Self::Kms,
            "ec2" => Self::Ec2,
            "organizations" => Self::Organizations,
            "s3control" => Self::S3Control,
            "iam-toolbox" => Self::IamToolbox,
            _ => return None,
        })
    }
}

/// Where a service is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointChoice {
    /// AWS's own endpoint of the region.
    Aws,
    Configured(String),
    /// The command was pointed at a server that speaks S3 alone.
    NotReachable {
        why: String,
    },
}

/// Endpoints that somebody configured; `None` is AWS's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    pub s3: Option<Setting<String>>,
    pub sts: Option<Setting<String>>,
    pub iam: Option<Setting<String>>,
    pub kms: Option<Setting<String>>,
    pub ec2: Option<Setting<String>>,
    pub organizations: Option<Setting<String>>,
    pub s3_control: Option<Setting<String>>,
    pub iam_toolbox: Option<Setting<String>>,
}

impl Endpoints {
    /// Where `service` is to be asked.
    ///
    /// An endpoint for S3 alone is taken for an S3-compatible server. Another service is then asked only where it
    /// has an endpoint of its own: nothing goes to AWS for a command that was pointed elsewhere.
    #[must_use]
    pub fn for_service(&self, service: ServiceId) -> EndpointChoice {
        match (self.configured(service), &self.s3) {
            (Some(own), _) => EndpointChoice::Configured(own.value.clone()),
            (None, Some(s3)) => EndpointChoice::NotReachable {
                why: format!(
                    "{} points S3 at {}, and {} has no endpoint there",
                    s3.origin,
                    shown(&s3.value),
                    service.title()
                ),
            },
            (None, None) => EndpointChoice::Aws,
        }
    }

    /// The address configured for `service`.
    #[must_use]
    pub fn url(&self, service: ServiceId) -> Option<&str> {
        self.configured(service).map(|setting| setting.value.as_str())
    }

    /// The same, as it may be shown: without user and password.
    #[must_use]
    pub fn shown(&self, service: ServiceId) -> Option<String> {
        self.url(service).map(shown)
    }

    /// The setting for `service`, with where it came from.
    #[must_use]
    pub fn configured(&self, service: ServiceId) -> Option<&Setting<String>> {
        match service {
            ServiceId::S3 => &self.s3,
            ServiceId::Sts => &self.sts,
            ServiceId::Iam => &self.iam,
            ServiceId::Kms => &self.kms,
            ServiceId::Ec2 => &self.ec2,
            ServiceId::Organizations => &self.organizations,
            ServiceId::S3Control => &self.s3_control,
            ServiceId::IamToolbox => &self.iam_toolbox,
        }
        .as_ref()
    }

    pub(crate) fn resolve(arguments: &Arguments, world: &World, files: &ProfileFiles, profile: &Profile) -> Self {
        let find = |service| find(service, arguments, world, files, profile);
        Self {
            s3: find(ServiceId::S3),
            sts: find(ServiceId::Sts),
            iam: find(ServiceId::Iam),
            kms: find(ServiceId::Kms),
            ec2: find(ServiceId::Ec2),
            organizations: find(ServiceId::Organizations),
            s3_control: find(ServiceId::S3Control),
            iam_toolbox: find(ServiceId::IamToolbox),
        }
    }
}

impl ServiceId {
    fn title(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::Sts => "STS",
            Self::Iam => "IAM",
            Self::Kms => "KMS",
            Self::Ec2 => "EC2",
            Self::Organizations => "Organizations",
            Self::S3Control => "S3 Control",
            Self::IamToolbox => "the IAM Toolbox",
        }
    }
}

/// botocore's `ConfiguredEndpointProvider`, with the flag before it.
fn find(
    service: ServiceId,
    arguments: &Arguments,
    world: &World,
    files: &ProfileFiles,
    profile: &Profile,
) -> Option<Setting<String>> {
    let flag = arguments.value("--endpoint-url").filter(|url| !url.is_empty());
    if let Some(url) = flag
        && arguments.service.as_deref().and_then(ServiceId::of_command) == Some(service)
    {
        return Some(Setting::new(url.to_owned(), Origin::Flag("--endpoint-url")));
    }
    let ignore = world
        .env
        .get(OsStr::new("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))
        .map_or_else(|| profile.text("ignore_configured_endpoint_urls"), |value| value.to_str());
    if ignore.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return None;
    }
    let own = format!("AWS_ENDPOINT_URL_{}", service.key().to_ascii_uppercase());
    for variable in [own.as_str(), "AWS_ENDPOINT_URL"] {
        if let Some(url) = world.var(variable) {
            return Some(Setting::new(url.to_owned(), Origin::Variable(variable.to_owned())));
        }
    }
    let section = profile.text("services").and_then(|name| files.services.get(name));
    section
        .and_then(|services| services.nested(service.key(), "endpoint_url"))
        .filter(|found| !found.value.is_empty())
        .or_else(|| profile.setting("endpoint_url").filter(|found| !found.value.is_empty()))
}

/// An endpoint's or a proxy's URL without the user and password that it may carry. Proxies are often written without a
/// scheme, and a password may hold a slash that nobody encoded: so all up to the last `@` goes, wherever it stands.
pub(crate) fn shown(url: &str) -> String {
    let (scheme, rest) = url.find("://").map_or(("", url), |at| url.split_at(at + 3));
    redact(&[scheme, rest.rfind('@').map_or(rest, |at| &rest[at + 1..])].concat())
}

/// Whether this is S3 Transfer Acceleration's own address, which takes no path style.
pub(crate) fn is_accelerate(url: &str) -> bool {
    let Some(host) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else { return false };
    matches!(host.trim_end_matches('/'), "s3-accelerate.amazonaws.com" | "s3-accelerate.dualstack.amazonaws.com")
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_is_shown_has_no_user_and_no_password() {
        for (url, expected) in [
            ("https://minio.example:9000/x", "https://minio.example:9000/x"),
            ("https://me:hush@minio.example:9000", "https://minio.example:9000"),
            ("http://me:hu/sh@proxy:8080", "http://proxy:8080"),
            ("http://me:hu@sh@proxy:8080", "http://proxy:8080"),
            ("me:hush@proxy:8080", "proxy:8080"),
            ("https://store.example/?X-Amz-Signature=hush", "https://store.example/?X-Amz-Signature=[redacted]"),
            ("localhost,.internal", "localhost,.internal"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
