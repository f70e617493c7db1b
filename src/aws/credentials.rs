//! From the plan of [`crate::request`] to the keys themselves, as the CLI would have got them.
//!
//! Roles and SSO are read from the CLI's own cache, which the failing command has just filled; nothing here
//! assumes a role, asks for an MFA code or opens a browser. What only the CLI can follow (`aws login`, a
//! cold cache) is asked of `aws configure export-credentials` (v2) with stdin closed and a short limit.
//! Where that does not answer either, the probes that need keys say "not checked".

use crate::aws::sso;
use crate::aws::transport::Transport;
use crate::fault::{self, Stage};
use crate::request::files::bytes_of;
use crate::request::{CredentialPlan, Keys, RoleSource, Settings};
use crate::world::World;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use serde::Deserialize;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A `credential_process` or `aws configure export-credentials` that takes longer is given up.
const PROCESS_LIMIT: Duration = Duration::from_millis(1500);
/// No honest answer of a credential process is longer.
const LONGEST_OUTPUT: usize = 64 * 1024;

/// What could not be had, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    #[error("there are no credentials")]
    None,
    #[error("the cached session ended at {0}")]
    Expired(String),
    #[error("{0}")]
    Unavailable(String),
}

/// Who can be asked for keys, beside files.
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    pub world: &'a World,
    pub settings: &'a Settings,
    pub transport: Transport,
    /// The real `aws`, for `configure export-credentials`.
    pub aws: Option<&'a Path>,
}

impl Sources<'_> {
    /// Gets the keys that `plan` stands for.
    ///
    /// # Errors
    /// When there are none, or none without a prompt.
    pub async fn load(&self, plan: &CredentialPlan) -> Result<Credentials, CredentialsError> {
        fault::point(Stage::Credentials);
        match plan {
            CredentialPlan::Environment { keys } => Ok(from_keys(keys, "environment")),
            CredentialPlan::Profile { keys, .. } => Ok(from_keys(keys, "profile")),
            CredentialPlan::AssumeRole { profile, cache_key, .. } => match self.cached(cache_key) {
                // getpass reads /dev/tty whatever stdin is, so the CLI may not be asked where it could prompt.
                Err(CredentialsError::Unavailable(_)) if !wants_mfa(plan) => self.exported(Some(profile)).await,
                other => other,
            },
            CredentialPlan::WebIdentity { profile, cache_key, .. } => match self.cached(cache_key) {
                Err(_) => self.exported(profile.as_deref()).await,
                found => found,
            },
            CredentialPlan::Sso { account, role, cache_key, token_key, .. } => match self.cached(cache_key) {
                // Version 1 of the CLI keeps these in memory alone: the token that it used is on disk.
                Err(_) => self.by_sso_token(token_key, account, role).await,
                found => found,
            },
            CredentialPlan::Login { profile, .. } => self.exported(Some(profile)).await,
            CredentialPlan::Process { command, .. } => self.process(command).await,
            CredentialPlan::Container => self.container().await,
            CredentialPlan::InstanceMetadata => self.instance().await,
            CredentialPlan::Anonymous
            | CredentialPlan::ProfileNotFound { .. }
            | CredentialPlan::Partial { .. }
            | CredentialPlan::Invalid { .. }
            | CredentialPlan::Nothing => Err(CredentialsError::None),
        }
    }

    /// `~/.aws/cli/cache/<key>.json`, which CLI v1 and v2 write for roles, web identity and SSO.
    fn cached(&self, key: &str) -> Result<Credentials, CredentialsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Cached {
            credentials: ProcessOutput,
        }
        let unavailable = |why: &str| CredentialsError::Unavailable(format!("the CLI's cache {why}"));
        let home = self.world.home.as_deref().ok_or_else(|| unavailable("has no home directory"))?;
        let path = home.join(".aws/cli/cache").join(format!("{key}.json"));
        let text =
            bytes_of(&path, LONGEST_OUTPUT as u64).ok_or_else(|| unavailable("holds no session of this role"))?;
        let cached: Cached = serde_json::from_slice(&text).map_err(|_| unavailable("could not be parsed"))?;
        cached.credentials.into_credentials((self.world.now)(), "cli-cache")
    }

    /// Asks the SSO portal for the role's session, with the cached token, as the failing command did. No browser is
    /// opened and no token refreshed.
    async fn by_sso_token(&self, token_key: &str, account: &str, role: &str) -> Result<Credentials, CredentialsError> {
        let unavailable = |why: &str| CredentialsError::Unavailable(format!("the SSO session {why}"));
        let home = self.world.home.as_deref().ok_or_else(|| unavailable("cannot be found without a home directory"))?;
        let path = home.join(".aws/sso/cache").join(format!("{token_key}.json"));
        let text = bytes_of(&path, LONGEST_OUTPUT as u64).ok_or_else(|| unavailable("has no cached token"))?;
        let token: SsoToken =
            serde_json::from_slice(&text).map_err(|_| unavailable("has a cached token that cannot be read"))?;
        if parse_time(&token.expires_at).is_some_and(|end| end <= OffsetDateTime::from((self.world.now)())) {
            return Err(CredentialsError::Expired(token.expires_at));
        }
        let url = self.sso_portal(&token.region).ok_or_else(|| unavailable("has no endpoint here"))?;
        let body = sso::role_credentials(&self.transport, &url, account, role, &token.access_token)
            .await
            .ok_or_else(|| unavailable("gave no credentials of the role"))?;
        let answer: RoleCredentials =
            serde_json::from_slice(&body).map_err(|_| unavailable("gave no credentials of the role"))?;
        let keys = answer.role_credentials;
        let end = keys.expiration.and_then(|ms| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms)));
        Ok(Credentials::new(keys.access_key_id, keys.secret_access_key, Some(keys.session_token), end, "sso"))
    }

    /// Where the portal is: a command that was pointed elsewhere is followed there, and nowhere else.
    fn sso_portal(&self, region: &str) -> Option<String> {
        let named = ["AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL"].iter().find_map(|name| self.world.var(name));
        match (named, &self.settings.endpoints.s3) {
            (Some(url), _) => Some(url.trim_end_matches('/').to_owned()),
            (None, Some(_)) => None,
            (None, None) => super::clients::is_host_label(region)
                .then(|| format!("https://portal.sso.{region}.{}", super::clients::dns_suffix(region))),
        }
    }

    async fn exported(&self, profile: Option<&str>) -> Result<Credentials, CredentialsError> {
        let aws = self.aws.ok_or_else(|| CredentialsError::Unavailable("the AWS CLI was not found".to_owned()))?;
        let mut command = tokio::process::Command::new(aws);
        command.args(["configure", "export-credentials", "--format", "process"]);
        if let Some(profile) = profile {
            command.args(["--profile", profile]);
        }
        self.run(command, "`aws configure export-credentials`").await
    }

    /// Runs the profile's own `credential_process`, as the CLI does, without a shell.
    async fn process(&self, line: &str) -> Result<Credentials, CredentialsError> {
        let words = crate::request::shell_words(line)
            .ok_or_else(|| CredentialsError::Unavailable("`credential_process` has an unfinished quote".to_owned()))?;
        let (program, args) = words
            .split_first()
            .ok_or_else(|| CredentialsError::Unavailable("`credential_process` is empty".to_owned()))?;
        let mut command = tokio::process::Command::new(program);
        command.args(args);
        self.run(command, "`credential_process`").await
    }

    async fn run(&self, mut command: tokio::process::Command, name: &str) -> Result<Credentials, CredentialsError> {
        let failed = |why: &str| CredentialsError::Unavailable(format!("{name} {why}"));
        command
            .env(crate::wrap::GUARD, crate::wrap::PROBE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let run = async {
            let mut child = command.spawn().ok()?;
            let mut output = Vec::new();
            if let Some(stdout) = child.stdout.take() {
                use tokio::io::AsyncReadExt;
                stdout.take(LONGEST_OUTPUT as u64).read_to_end(&mut output).await.ok()?;
            }
            child.wait().await.ok()?.success().then_some(output)
        };
        let output = tokio::time::timeout(PROCESS_LIMIT, run)
            .await
            .map_err(|_| failed("did not answer in time"))?
            .ok_or_else(|| failed("gave no credentials"))?;
        let parsed: ProcessOutput = serde_json::from_slice(&output).map_err(|_| failed("gave no credentials"))?;
        parsed.into_credentials((self.world.now)(), "process")
    }

    async fn container(&self) -> Result<Credentials, CredentialsError> {
        let provider = aws_config::ecs::EcsCredentialsProvider::builder().configure(&self.provider_config()).build();
        provided(provider.provide_credentials().await)
    }

    async fn instance(&self) -> Result<Credentials, CredentialsError> {
        let provider = aws_config::imds::credentials::ImdsCredentialsProvider::builder()
            .configure(&self.provider_config())
            .build();
        provided(provider.provide_credentials().await)
    }

    fn provider_config(&self) -> ProviderConfig {
        ProviderConfig::without_region().with_http_client(self.transport.clone()).with_sleep_impl(TokioSleep::new())
    }
}

fn provided(outcome: aws_credential_types::provider::Result) -> Result<Credentials, CredentialsError> {
    outcome.map_err(|_| CredentialsError::Unavailable("the metadata service gave no credentials".to_owned()))
}

/// Whether any link of a chain of roles asks for an MFA code.
fn wants_mfa(plan: &CredentialPlan) -> bool {
    match plan {
        CredentialPlan::AssumeRole { mfa, source, .. } => {
            *mfa || matches!(&**source, RoleSource::Profile(below) if wants_mfa(below))
        }
        _ => false,
    }
}

fn from_keys(keys: &Keys, provider: &'static str) -> Credentials {
    Credentials::new(
        &keys.access_key_id,
        keys.secret_access_key.expose(),
        keys.session_token.as_ref().map(|token| token.expose().to_owned()),
        None,
        provider,
    )
}

/// What a credential process prints, and what the CLI caches.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessOutput {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

impl ProcessOutput {
    fn into_credentials(self, now: SystemTime, provider: &'static str) -> Result<Credentials, CredentialsError> {
        let end = self.expiration.as_deref().and_then(parse_time);
        if let (Some(end), Some(text)) = (end, self.expiration)
            && end <= OffsetDateTime::from(now)
        {
            return Err(CredentialsError::Expired(text));
        }
        let end = end.map(SystemTime::from);
        Ok(Credentials::new(self.access_key_id, self.secret_access_key, self.session_token, end, provider))
    }
}

/// The token that `aws sso login` left.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SsoToken {
    access_token: String,
    expires_at: String,
    region: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleCredentials {
    role_credentials: RoleKeys,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleKeys {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    /// Milliseconds since 1970.
    expiration: Option<u64>,
}

/// RFC 3339, and the `2026-11-24T10:00:00UTC` of older CLI caches.
fn parse_time(text: &str) -> Option<OffsetDateTime> {
    let text = text.strip_suffix("UTC").map_or_else(|| text.to_owned(), |start| format!("{start}Z"));
    OffsetDateTime::parse(&text, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn output(expiration: Option<&str>) -> ProcessOutput {
        ProcessOutput {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: "s".to_owned(),
            session_token: Some("t".to_owned()),
            expiration: expiration.map(str::to_owned),
        }
    }

    #[test]
    fn a_session_past_its_end_is_not_used() {
        let noon = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for ended in ["2027-01-15T07:59:59Z", "2027-01-15T08:00:00+00:00", "2020-01-01T00:00:00UTC"] {
            assert_eq!(
                output(Some(ended)).into_credentials(noon, "test").err(),
                Some(CredentialsError::Expired(ended.to_owned()))
            );
        }
        for good in [None, Some("2027-01-15T08:00:01Z"), Some("not a time")] {
            assert!(output(good).into_credentials(noon, "test").is_ok(), "{good:?}");
        }
    }
}
