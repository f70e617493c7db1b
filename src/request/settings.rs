//! What the CLI would use to send a request, found as the CLI finds it (botocore's `configprovider`).
//!
//! It does not ask anybody: credentials are a plan, and whether an endpoint answers is for the probes.

use crate::request::chain::{self, ChainLink};
use crate::request::endpoints::shown;
use crate::request::files::{Profile, ProfileFiles};
use crate::request::{Arguments, CliVersion, CredentialPlan, Endpoints, Origin, S3Options, Setting, truth};
use crate::world::World;
use std::ffi::OsStr;
use std::path::PathBuf;

/// What a request is sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The profile in effect (`default` when nobody named one).
    pub profile: Setting<String>,
    pub region: Option<Setting<String>>,
    /// `--source-region`: the region of a copy's source.
    pub source_region: Option<String>,
    pub endpoints: Endpoints,
    pub signed: bool,
    pub verify_tls: bool,
    pub ca_bundle: Option<PathBuf>,
    /// Where the CA bundle was named.
    pub ca_bundle_origin: Option<Origin>,
    pub s3: S3Options,
    /// The general setting; S3 has its own in [`S3Options::use_dualstack`]. Like FIPS, it counts for AWS's own endpoints
    /// alone.
    pub use_dualstack: bool,
    pub use_fips: bool,
    /// Proxy variables in effect, without user and password.
    pub proxies: Vec<Setting<String>>,
    /// In seconds; `None` is the CLI's default (60), zero waits for ever.
    pub connect_timeout: Option<u64>,
    pub read_timeout: Option<u64>,
    pub credentials: CredentialPlan,
    /// The links of the chain down to the one that won, in the CLI's order.
    pub chain: Vec<ChainLink>,
    /// The profile that was asked for by variable while keys in the environment win over it.
    pub shadowed_profile: Option<Setting<String>>,
}

impl Settings {
    /// Finds everything; never fails: what the CLI would refuse is in [`Settings::credentials`].
    #[must_use]
    pub fn resolve(arguments: &Arguments, world: &World, files: &ProfileFiles, cli: CliVersion) -> Self {
        let named = named_profile(arguments, world, cli);
        let profile = named.clone().unwrap_or_else(|| Setting::new("default".to_owned(), Origin::Default));
        let nothing = Profile::default();
        let scoped = files.profiles.get(&profile.value).unwrap_or(&nothing);
        let endpoints = Endpoints::resolve(arguments, world, files, scoped);
        let general = |variable: &str, key: &str| {
            let from_env = world.env.get(OsStr::new(variable)).and_then(|value| value.to_str());
            from_env.or_else(|| scoped.text(key)).is_some_and(truth)
        };
        let at_aws = endpoints.s3.is_none();
        let use_dualstack = at_aws && general("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
        let s3 = S3Options::resolve(world, scoped, endpoints.s3.as_ref(), use_dualstack);
        let ca_bundle = ca_bundle(arguments, world, scoped);
        let signed = !arguments.has("--no-sign-request");
        let walk = chain::walk(named.as_ref(), signed, world, files);
        let shadowed_profile = named.filter(|named| {
            matches!((&walk.plan, &named.origin), (CredentialPlan::Environment { .. }, Origin::Variable(_)))
        });
        Self {
            profile,
            region: region(arguments, world, scoped, cli),
            source_region: arguments.value("--source-region").map(str::to_owned),
            use_fips: at_aws && general("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            endpoints,
            signed,
            verify_tls: !arguments.has("--no-verify-ssl"),
            ca_bundle: ca_bundle.as_ref().map(|setting| PathBuf::from(&setting.value)),
            ca_bundle_origin: ca_bundle.map(|setting| setting.origin),
            s3,
            use_dualstack,
            proxies: proxies(world),
            connect_timeout: arguments.value("--cli-connect-timeout").and_then(|text| text.trim().parse().ok()),
            read_timeout: arguments.value("--cli-read-timeout").and_then(|text| text.trim().parse().ok()),
            credentials: walk.plan,
            chain: walk.links,
            shadowed_profile,
        }
    }

    /// What was looked at for credentials, link by link, down to the one that won.
    #[must_use]
    pub fn chain_walk(&self) -> &[ChainLink] {
        &self.chain
    }

    /// `aws`, `aws-cn`, `aws-us-gov`, …: the first part of every ARN of the region.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        self.region.as_ref().map_or("aws", |region| partition_of(&region.value))
    }

    /// Whether requests to S3 go over TLS.
    #[must_use]
    pub fn secure_transport(&self) -> bool {
        self.endpoints.s3.as_ref().is_none_or(|endpoint| !endpoint.value.to_ascii_lowercase().starts_with("http://"))
    }
}

/// The partition that a region lies in (the SDKs' `partitions.json`).
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 8] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
        ("aws-cn-", "aws-cn"),
    ];
    PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// The profile that somebody named. An empty variable names a profile of no name, which the CLI does not find.
pub(crate) fn named_profile(arguments: &Arguments, world: &World, cli: CliVersion) -> Option<Setting<String>> {
    if let Some(name) = arguments.value("--profile").filter(|name| !name.is_empty()) {
        return Some(Setting::new(name.to_owned(), Origin::Flag("--profile")));
    }
    let order =
        if cli.is_v1() { ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"] } else { ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] };
    order.into_iter().find_map(|variable| {
        let value = world.env.get(OsStr::new(variable))?.to_string_lossy().into_owned();
        Some(Setting::new(value, Origin::Variable(variable.to_owned())))
    })
}

fn region(arguments: &Arguments, world: &World, profile: &Profile, cli: CliVersion) -> Option<Setting<String>> {
    if let Some(region) = arguments.value("--region").filter(|region| !region.is_empty()) {
        return Some(Setting::new(region.to_owned(), Origin::Flag("--region")));
    }
    let order: &[&str] = if cli.is_v1() { &["AWS_DEFAULT_REGION"] } else { &["AWS_REGION", "AWS_DEFAULT_REGION"] };
    let variable = order.iter().find_map(|variable| {
        world.var(variable).map(|value| Setting::new(value.to_owned(), Origin::Variable((*variable).to_owned())))
    });
    variable.or_else(|| profile.setting("region").filter(|region| !region.value.is_empty()))
}

fn ca_bundle(arguments: &Arguments, world: &World, profile: &Profile) -> Option<Setting<String>> {
    if let Some(path) = arguments.value("--ca-bundle") {
        return Some(Setting::new(path.to_owned(), Origin::Flag("--ca-bundle")));
    }
    let variable =
        |name: &str| world.var(name).map(|value| Setting::new(value.to_owned(), Origin::Variable(name.to_owned())));
    variable("AWS_CA_BUNDLE").or_else(|| profile.setting("ca_bundle")).or_else(|| variable("REQUESTS_CA_BUNDLE"))
}

/// What Python's `getproxies` reads: the lower-case spelling wins.
fn proxies(world: &World) -> Vec<Setting<String>> {
    ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]
        .into_iter()
        .filter_map(|name| {
            let upper = name.to_ascii_uppercase();
            let (name, value) = match world.var(name) {
                Some(value) => (name, value),
                None => (upper.as_str(), world.var(&upper)?),
            };
            Some(Setting::new(shown(value), Origin::Variable(name.to_owned())))
        })
        .collect()
}
