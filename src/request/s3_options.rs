//! The profile's `s3 =` block and its variables: how the CLI writes the addresses of buckets.

use crate::request::endpoints::is_accelerate;
use crate::request::files::Profile;
use crate::request::{Setting, truth};
use crate::world::World;

/// What changes where a request goes and how it is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Options {
    /// The style in effect: `path` also where a custom endpoint brings it about, which it does unless `virtual` is
    /// asked for (botocore, `compute_endpoint_resolver_builtin_defaults`).
    pub addressing_style: Option<String>,
    pub use_accelerate: bool,
    /// The dual-stack endpoint, by the block or by the general setting. Never with a custom endpoint.
    pub use_dualstack: bool,
    pub payload_signing: Option<bool>,
    /// Whether an access point's ARN may name another region than the command's.
    pub use_arn_region: bool,
    /// `us_east_1_regional_endpoint`: `legacy` (version 1's default) sends `us-east-1` to the global endpoint.
    pub us_east_1_regional: Option<String>,
}

impl S3Options {
    pub(crate) fn resolve(
        world: &World,
        profile: &Profile,
        endpoint: Option<&Setting<String>>,
        dualstack: bool,
    ) -> Self {
        let block = |key: &str| profile.nested("s3", key).map(|setting| setting.value);
        let use_accelerate = block("use_accelerate_endpoint").is_some_and(|value| truth(&value));
        let configured = block("addressing_style");
        let custom = endpoint.is_some_and(|setting| !is_accelerate(&setting.value));
        let addressing_style = match configured.as_deref() {
            _ if use_accelerate => Some("virtual".to_owned()),
            Some("virtual") => configured,
            _ if custom => Some("path".to_owned()),
            _ => configured,
        };
        let variable = |variable: &str, names: [&str; 1], key: &str| {
            world
                .var(variable)
                .map(str::to_owned)
                .or_else(|| names.iter().find_map(|name| profile.text(name).map(str::to_owned)))
                .or_else(|| block(key))
        };
        Self {
            addressing_style,
            use_accelerate,
            use_dualstack: endpoint.is_none()
                && (block("use_dualstack_endpoint").is_some_and(|value| truth(&value)) || dualstack),
            payload_signing: block("payload_signing_enabled").map(|value| truth(&value)),
            use_arn_region: variable("AWS_S3_USE_ARN_REGION", ["s3_use_arn_region"], "use_arn_region")
                .is_none_or(|value| truth(&value)),
            us_east_1_regional: variable(
                "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
                ["s3_us_east_1_regional_endpoint"],
                "us_east_1_regional_endpoint",
            ),
        }
    }
}
