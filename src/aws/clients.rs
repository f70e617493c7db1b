//! The SDK's clients, set to send what the failing command would have sent: same identity, region,
//! endpoint, addressing. Retries, clock-skew correction and request checksums are off: a probe has to
//! meet the refusal that the CLI met, not work around it.

use crate::aws::allowlist::Gate;
use crate::aws::answer::Reply;
use crate::aws::ledger::Ledger;
use crate::aws::raw::{self, Call};
use crate::aws::transport::Transport;
use crate::evidence::Answer;
use crate::request::{EndpointChoice, ServiceId, Settings};
use aws_credential_types::Credentials;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig, retry::RetryConfig,
};
use std::sync::Arc;
use std::time::SystemTime;

/// What signs the probes.
#[derive(Clone, Debug)]
pub enum Signer {
    Keys(Credentials),
    /// `--no-sign-request`, or a probe that asks as a stranger would.
    Nobody,
}

/// Makes clients for one set of settings.
#[derive(Clone, Debug)]
pub struct Clients<'a> {
    settings: &'a Settings,
    transport: Transport,
}

/// The region that the CLI falls back to for S3 and the global services' signatures.
const DEFAULT_REGION: &str = "us-east-1";

impl<'a> Clients<'a> {
    #[must_use]
    pub fn new(settings: &'a Settings, transport: Transport) -> Self {
        Self { settings, transport }
    }

    /// The region that requests are signed for when nothing else says.
    #[must_use]
    pub fn region(&self) -> &str {
        self.settings.region.as_ref().map_or(DEFAULT_REGION, |setting| setting.value.as_str())
    }

    /// A region that came with an answer, if it can be one: it becomes a part of a host's name, and an answer must not
    /// choose the host that the next request goes to. The command's own region is the user's choice, and held to the same
    /// for the addresses that are put together here.
    fn region_of_answer<'r>(&'r self, region: Option<&'r str>) -> &'r str {
        region.filter(|region| is_host_label(region)).unwrap_or(self.region())
    }

    /// Where requests to a service go: its configured endpoint, or the region of AWS's own.
    #[must_use]
    pub fn place(&self, service: ServiceId) -> String {
        match self.settings.endpoints.for_service(service) {
            EndpointChoice::Configured(url) => url,
            _ => self.region().to_owned(),
        }
    }

    /// S3 in the command's region, or in `region` where the bucket's own is already known.
    #[must_use]
    pub fn s3(&self, signer: &Signer, region: Option<&str>) -> aws_sdk_s3::Client {
        let settings = self.settings;
        let endpoint = match settings.endpoints.for_service(ServiceId::S3) {
            EndpointChoice::Configured(url) => Some(url),
            _ => None,
        };
        // botocore sends path-style requests to every configured endpoint unless told `virtual`.
        let style = settings.s3.addressing_style.as_deref();
        let path_style = style == Some("path") || (endpoint.is_some() && style != Some("virtual"));
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.transport.clone())
            .region(Region::new(self.region_of_answer(region).to_owned()))
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .disable_clock_skew_correction(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .use_arn_region(true)
            .accelerate(settings.s3.use_accelerate)
            .force_path_style(path_style)
            .use_dual_stack(settings.s3.use_dualstack)
            .use_fips(settings.use_fips)
            .interceptor(Gate);
        config.set_app_name(app_name());
        if let Some(url) = endpoint {
            config = config.endpoint_url(url);
        }
        config = match signer {
            Signer::Keys(keys) => config.credentials_provider(keys.clone()),
            Signer::Nobody => config.allow_no_auth(),
        };
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// STS, where there is one to ask.
    ///
    /// # Errors
    /// Why there is none: the command was pointed at an S3-compatible server.
    pub fn sts(&self, keys: &Credentials) -> Result<aws_sdk_sts::Client, String> {
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.transport.clone())
            .region(Region::new(self.region().to_owned()))
            .credentials_provider(keys.clone())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .disable_clock_skew_correction(true)
            .use_dual_stack(self.settings.use_dualstack)
            .use_fips(self.settings.use_fips)
            .interceptor(Gate);
        config.set_app_name(app_name());
        if let Some(url) = self.endpoint(ServiceId::Sts)? {
            config = config.endpoint_url(url);
        }
        Ok(aws_sdk_sts::Client::from_conf(config.build()))
    }

    /// IAM, where there is one to ask.
    ///
    /// # Errors
    /// As for [`Clients::sts`].
    pub fn iam(&self, keys: &Credentials) -> Result<aws_sdk_iam::Client, String> {
        let mut config = aws_sdk_iam::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.transport.clone())
            .region(Region::new(self.region().to_owned()))
            .credentials_provider(keys.clone())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .disable_clock_skew_correction(true)
            .use_fips(self.settings.use_fips)
            .interceptor(Gate);
        config.set_app_name(app_name());
        if let Some(url) = self.endpoint(ServiceId::Iam)? {
            config = config.endpoint_url(url);
        }
        Ok(aws_sdk_iam::Client::from_conf(config.build()))
    }

    /// KMS in a key's own region, where there is one to ask.
    ///
    /// # Errors
    /// As for [`Clients::sts`].
    pub fn kms(&self, keys: &Credentials, region: Option<&str>) -> Result<aws_sdk_kms::Client, String> {
        let mut config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.transport.clone())
            .region(Region::new(self.region_of_answer(region).to_owned()))
            .credentials_provider(keys.clone())
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .disable_clock_skew_correction(true)
            .use_fips(self.settings.use_fips)
            .interceptor(Gate);
        config.set_app_name(app_name());
        if let Some(url) = self.endpoint(ServiceId::Kms)? {
            config = config.endpoint_url(url);
        }
        Ok(aws_sdk_kms::Client::from_conf(config.build()))
    }

    /// One call of EC2's query API.
    ///
    /// # Errors
    /// As for [`Clients::sts`].
    pub async fn ec2(
        &self,
        keys: &Credentials,
        operation: &'static str,
        body: String,
        now: SystemTime,
        ledger: &Arc<Ledger>,
    ) -> Result<Reply<Vec<u8>>, String> {
        let region = self.region();
        let endpoint = self.endpoint(ServiceId::Ec2)?;
        if endpoint.is_none() && !is_host_label(region) {
            return Err("the region makes no host's name".to_owned());
        }
        let url = endpoint.unwrap_or_else(|| format!("https://ec2.{region}.{}", dns_suffix(region)));
        let call = Call {
            service: "EC2",
            signing_name: "ec2",
            operation,
            region,
            method: "POST",
            url: with_slash(url),
            headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
            body,
        };
        Ok(raw::send(&self.transport, keys, call, now, ledger).await)
    }

    /// One call of Organizations' JSON API. It lives in one region of each partition.
    ///
    /// # Errors
    /// As for [`Clients::sts`].
    pub async fn organizations(
        &self,
        keys: &Credentials,
        operation: &'static str,
        body: String,
        now: SystemTime,
        ledger: &Arc<Ledger>,
    ) -> Result<Reply<Vec<u8>>, String> {
        let endpoint = self.endpoint(ServiceId::Organizations)?;
        let region = match partition(self.region()) {
            "aws-cn" => "cn-northwest-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        };
        let url = endpoint.unwrap_or_else(|| format!("https://organizations.{region}.{}", dns_suffix(region)));
        let call = Call {
            service: "Organizations",
            signing_name: "organizations",
            operation,
            region,
            method: "POST",
            url: with_slash(url),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", format!("AWSOrganizationsV20161128.{operation}")),
            ],
            body,
        };
        Ok(raw::send(&self.transport, keys, call, now, ledger).await)
    }

    /// One GET of S3 Control's REST API, about `account`.
    pub async fn s3_control(
        &self,
        keys: &Credentials,
        operation: &'static str,
        account: &str,
        path: &str,
        now: SystemTime,
        ledger: &Arc<Ledger>,
    ) -> Answer<Vec<u8>> {
        let region = self.region();
        let base = match self.endpoint(ServiceId::S3Control) {
            Ok(Some(url)) => url.trim_end_matches('/').to_owned(),
            Ok(None) if !is_host_label(account) || !is_host_label(region) => {
                return Answer::Skipped("account and region make no host's name".to_owned());
            }
            Ok(None) => format!("https://{account}.s3-control.{region}.{}", dns_suffix(region)),
            Err(why) => return Answer::Skipped(why),
        };
        let call = Call {
            service: "S3 Control",
            signing_name: "s3",
            operation,
            region,
            method: "GET",
            url: format!("{base}/v20180820/{path}"),
            headers: vec![("x-amz-account-id", account.to_owned())],
            body: String::new(),
        };
        raw::send(&self.transport, keys, call, now, ledger).await.into_answer()
    }

    /// What IAM evaluated for a request that it refused, by the id that the refusal carried. It is kept in the region that
    /// refused.
    pub async fn authorization_details(
        &self,
        keys: &Credentials,
        id: &str,
        now: SystemTime,
        ledger: &Arc<Ledger>,
    ) -> Answer<Vec<u8>> {
        let region = self.region();
        let name = if self.settings.use_fips { "iam-toolbox-fips" } else { "iam-toolbox" };
        let base = match self.endpoint(ServiceId::IamToolbox) {
            Ok(Some(url)) => url.trim_end_matches('/').to_owned(),
            Ok(None) if !is_host_label(region) => return Answer::Skipped("the region makes no host's name".to_owned()),
            Ok(None) => format!("https://{name}.{region}.{}", dns_suffix(region)),
            Err(why) => return Answer::Skipped(why),
        };
        let call = Call {
            service: "IAM Toolbox",
            signing_name: "iam",
            operation: "GetRequestAuthorizationDetails",
            region,
            method: "GET",
            url: format!("{base}/authorization-details/{id}"),
            headers: Vec::new(),
            body: String::new(),
        };
        raw::send(&self.transport, keys, call, now, ledger).await.into_answer()
    }

    fn endpoint(&self, service: ServiceId) -> Result<Option<String>, String> {
        match self.settings.endpoints.for_service(service) {
            EndpointChoice::Aws => Ok(None),
            EndpointChoice::Configured(url) => Ok(Some(url)),
            EndpointChoice::NotReachable { why } => Err(why),
        }
    }
}

/// The partition that a region belongs to.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

pub(super) fn dns_suffix(region: &str) -> &'static str {
    if partition(region) == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// Whether a text can be one part of a host's name, and no more than that.
pub(super) fn is_host_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn with_slash(url: String) -> String {
    if url.ends_with('/') { url } else { format!("{url}/") }
}

/// Puts `app/why403` into the user agent, so that an administrator reading CloudTrail knows who asked.
fn app_name() -> Option<AppName> {
    AppName::new("why403").ok()
}

#[cfg(test)]
mod tests {
    use super::is_host_label;

    #[test]
    fn no_region_chooses_another_host() {
        for good in ["us-east-1", "us-iso-east-1", "111122223333", "x"] {
            assert!(is_host_label(good), "{good}");
        }
        for bad in
            ["", "evil.example/", "evil.example", "a#", "a?", "a@b", "a:1", "-a", "a-", "é", "a\n", &"a".repeat(64)]
        {
            assert!(!is_host_label(bad), "{bad}");
        }
    }
}
