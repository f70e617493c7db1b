//! A scenario's user: home directory, profiles, environment and command line, thrown away afterwards.
//!
//! It prepares; running the real `aws` (through the wrapper or bare) is the caller's.

use crate::sandbox::Sandbox;
use crate::sandbox::scenario::{AccessKey, CliVersion, Scenario};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Everything that a run needs. The directory goes when this does.
#[derive(Debug)]
pub struct Prepared {
    /// The environment, besides what [`Prepared::command`] keeps of this process's own.
    pub env: BTreeMap<String, String>,
    /// aws's arguments, without `aws`: one list for each command, in order.
    pub runs: Vec<Vec<String>>,
    pub stdin: Option<String>,
    directory: TempDir,
}

/// Why the user could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be written: {reason}", path.display())]
pub struct PrepareError {
    path: PathBuf,
    reason: std::io::Error,
}

/// The services that the AWS CLI and SDKs read an endpoint variable for.
const SERVICES: [&str; 10] =
    ["S3", "S3_CONTROL", "STS", "IAM", "IAM_TOOLBOX", "KMS", "EC2", "ORGANIZATIONS", "SSO", "SSO_OIDC"];

/// What a program needs of this process's environment to run at all.
const KEPT: [&str; 9] =
    ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "TMPDIR", "PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV"];

/// Writes the user's files and works out environment and command lines for that CLI.
///
/// # Errors
/// When a file cannot be written.
pub fn prepare(scenario: &Scenario, sandbox: &Sandbox, version: CliVersion) -> Result<Prepared, PrepareError> {
    let directory = tempfile::tempdir().map_err(|reason| PrepareError { path: std::env::temp_dir(), reason })?;
    let user =
        User { scenario, url: sandbox.url(), work: directory.path().join("work"), home: directory.path().join("home") };
    let config = user.home.join(".aws/config");
    let credentials = user.home.join(".aws/credentials");
    write(&config, &user.config())?;
    write(&credentials, &user.credentials())?;
    create(&user.work)?;
    for (name, text) in &scenario.cli.files {
        let path = match name.strip_prefix("~/") {
            Some(rest) => user.home.join(rest),
            None => user.work.join(name),
        };
        write(&path, &user.fill(text))?;
    }
    let env = user.env(&config, &credentials, version);
    let runs = scenario.cli.run.all().iter().map(|run| user.arguments(run, version)).collect();
    let stdin = scenario.cli.stdin.clone();
    Ok(Prepared { env, runs, stdin, directory })
}

impl Prepared {
    /// Where the command runs.
    #[must_use]
    pub fn work_dir(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// The command that matters: the last one.
    #[must_use]
    pub fn argv(&self) -> &[String] {
        self.runs.last().map_or(&[], Vec::as_slice)
    }

    /// `program`, in this user's surroundings and in nobody else's: no variable of this process's own that AWS reads gets
    /// through. Arguments are the caller's to add.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the demonstration's and the tests' door to the environment")]
    pub fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        for name in KEPT {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(&self.env).current_dir(self.work_dir());
        command
    }
}

struct User<'a> {
    scenario: &'a Scenario,
    url: String,
    work: PathBuf,
    home: PathBuf,
}

impl User<'_> {
    fn config(&self) -> String {
        let cli = &self.scenario.cli;
        let region = cli.region.as_deref().unwrap_or("us-east-1");
        // A section that stands twice is an error to the CLI.
        let own_default = cli.config.lines().any(|line| line.trim() == "[default]");
        let default =
            if region.is_empty() || own_default { String::new() } else { format!("[default]\nregion = {region}\n\n") };
        let profiles = cli
            .profiles
            .keys()
            .filter(|name| !region.is_empty() && !cli.config.contains(&format!("[profile {name}]")))
            .fold(String::new(), |text, name| text + &format!("[profile {name}]\nregion = {region}\n\n"));
        default + &profiles + &self.fill(&cli.config)
    }

    fn credentials(&self) -> String {
        let cli = &self.scenario.cli;
        let default = cli.identity.iter().map(|identity| ("default", identity.as_str()));
        let named = cli.profiles.iter().map(|(name, identity)| (name.as_str(), identity.as_str()));
        let sections: String = default
            .chain(named)
            .filter_map(|(name, identity)| Some(section(name, &self.scenario.keys_of(identity)?)))
            .collect();
        sections + &self.fill(&cli.credentials)
    }

    fn env(&self, config: &Path, credentials: &Path, version: CliVersion) -> BTreeMap<String, String> {
        let cli = &self.scenario.cli;
        let mut env: BTreeMap<String, String> = [
            ("HOME", self.home.display().to_string()),
            ("AWS_CONFIG_FILE", config.display().to_string()),
            ("AWS_SHARED_CREDENTIALS_FILE", credentials.display().to_string()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_PAGER", String::new()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        if cli.instance.is_some() {
            env.insert("AWS_EC2_METADATA_DISABLED".to_owned(), "false".to_owned());
            // Some releases join the path to it without a slash.
            env.insert("AWS_EC2_METADATA_SERVICE_ENDPOINT".to_owned(), format!("{}/", self.url));
        }
        if cli.container.is_some() {
            let url = format!("{}{}", self.url, crate::sandbox::metadata::CONTAINER);
            env.insert("AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned(), url);
        }
        let mut point = |name: &str| env.insert(name.to_owned(), self.url.clone());
        match (cli.s3_endpoint_only, version) {
            (true, CliVersion::V1) => {
                point("AWS_ENDPOINT_URL_S3");
            }
            // The command line says it.
            (true, CliVersion::V2) => {}
            (false, _) => {
                point("AWS_ENDPOINT_URL");
                for service in SERVICES {
                    point(&format!("AWS_ENDPOINT_URL_{service}"));
                }
            }
        }
        env.extend(cli.env.iter().map(|(name, value)| (name.clone(), self.fill(value))));
        env
    }

    /// Old releases of v2 read no endpoint variable, so the command line names it.
    fn arguments(&self, run: &[String], version: CliVersion) -> Vec<String> {
        let mut arguments: Vec<String> = run.iter().map(|argument| self.fill(argument)).collect();
        if version == CliVersion::V2 && !arguments.iter().any(|argument| argument == "--endpoint-url") {
            arguments.extend(["--endpoint-url".to_owned(), self.url.clone()]);
        }
        arguments
    }

    /// Replaces the placeholders of a scenario's texts.
    fn fill(&self, text: &str) -> String {
        let mut filled = text.replace("{endpoint}", &self.url).replace("{dir}", &self.work.display().to_string());
        for (mark, part) in [("{id:", Part::Id), ("{secret:", Part::Secret), ("{token:", Part::Token)] {
            while let Some(start) = filled.find(mark) {
                let Some(length) = filled[start..].find('}') else { break };
                let identity = filled[start + mark.len()..start + length].to_owned();
                let value = self.scenario.keys_of(&identity).map(|key| part.of(&key)).unwrap_or_default();
                filled.replace_range(start..=start + length, &value);
            }
        }
        filled
    }
}

#[derive(Clone, Copy)]
enum Part {
    Id,
    Secret,
    Token,
}

impl Part {
    fn of(self, key: &AccessKey) -> String {
        match self {
            Self::Id => key.id.clone(),
            Self::Secret => key.secret.clone(),
            Self::Token => key.token.clone().unwrap_or_default(),
        }
    }
}

fn section(name: &str, key: &AccessKey) -> String {
    let token = key.token.as_ref().map(|token| format!("aws_session_token = {token}\n")).unwrap_or_default();
    format!("[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}\n{token}\n", key.id, key.secret)
}

fn create(directory: &Path) -> Result<(), PrepareError> {
    std::fs::create_dir_all(directory).map_err(|reason| PrepareError { path: directory.to_owned(), reason })
}

#[expect(clippy::disallowed_methods, reason = "the demonstration's and the tests' door to the file system")]
fn write(path: &Path, text: &str) -> Result<(), PrepareError> {
    if let Some(parent) = path.parent() {
        create(parent)?;
    }
    std::fs::write(path, text).map_err(|reason| PrepareError { path: path.to_owned(), reason })
}
