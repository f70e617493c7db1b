//! Which provider of the CLI's chain wins, decided without asking any of them.

use crate::request::{Keys, Origin};
use std::path::PathBuf;

/// Where the credentials come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialPlan {
    /// `--no-sign-request`.
    Anonymous,
    /// `AWS_ACCESS_KEY_ID` and friends.
    Environment {
        keys: Keys,
    },
    /// `aws_access_key_id` of a profile (or of a file older than profiles: `path` says which).
    Profile {
        profile: String,
        path: PathBuf,
        keys: Keys,
    },
    /// `role_arn` over a source.
    AssumeRole {
        profile: String,
        role_arn: String,
        source: Box<RoleSource>,
        mfa: bool,
        external_id: Option<String>,
        session_name: Option<String>,
        /// The file's name (without `.json`) in `~/.aws/cli/cache`.
        cache_key: String,
    },
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`, or `web_identity_token_file` of `profile`.
    WebIdentity {
        profile: Option<String>,
        role_arn: String,
        token_file: PathBuf,
        cache_key: String,
    },
    Sso {
        profile: String,
        account: String,
        role: String,
        start_url: String,
        session: Option<String>,
        /// As for a role; version 1 of the CLI keeps these in memory alone.
        cache_key: String,
        /// The token's file (without `.json`) in `~/.aws/sso/cache`.
        token_key: String,
    },
    /// `aws login`.
    Login {
        profile: String,
        session: String,
    },
    Process {
        profile: String,
        command: String,
    },
    /// ECS, EKS Pod Identity.
    Container,
    /// EC2's instance metadata, asked when nothing else is there.
    InstanceMetadata,
    /// A profile that is in neither file.
    ProfileNotFound {
        name: String,
        similar: Vec<String>,
    },
    /// Half of a pair.
    Partial {
        place: Origin,
        missing: &'static str,
    },
    /// The configuration contradicts itself: `what` says how.
    Invalid {
        what: String,
    },
    /// Nothing is configured, and instance metadata is switched off.
    Nothing,
}

/// What stands under a `role_arn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleSource {
    /// `source_profile`
    Profile(CredentialPlan),
    /// `credential_source = Environment | Ec2InstanceMetadata | EcsContainer`
    Named(String),
}

impl CredentialPlan {
    /// The path that the credentials come by, for the report: `profile dev: role_arn over source_profile base`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Anonymous => "none (--no-sign-request)".to_owned(),
            Self::Environment { keys } if keys.session_token.is_some() => {
                "environment variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN".to_owned()
            }
            Self::Environment { .. } => "environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned(),
            Self::Profile { profile, path, .. } => format!("profile {profile}: access key in {}", path.display()),
            Self::AssumeRole { profile, source, .. } => {
                format!("profile {profile}: role_arn over {}", source.describe())
            }
            Self::WebIdentity { profile: None, .. } => {
                "environment variables AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE".to_owned()
            }
            Self::WebIdentity { profile: Some(profile), .. } => {
                format!("profile {profile}: role_arn with web_identity_token_file")
            }
            Self::Sso { profile, session: Some(session), account, role, .. } => {
                format!("profile {profile}: sso_session {session}, role {role} of {account}")
            }
            Self::Sso { profile, account, role, .. } => {
                format!("profile {profile}: sso_start_url, role {role} of {account}")
            }
            Self::Login { profile, .. } => format!("profile {profile}: login_session"),
            Self::Process { profile, .. } => format!("profile {profile}: credential_process"),
            Self::Container => "container credentials endpoint".to_owned(),
            Self::InstanceMetadata => "instance metadata".to_owned(),
            Self::ProfileNotFound { name, .. } => format!("profile {name}, which is in neither file"),
            Self::Partial { place, missing } => format!("half of a pair: {place} without {missing}"),
            Self::Invalid { what } => format!("a configuration that the CLI refuses: {what}"),
            Self::Nothing => "nothing: no link of the chain has credentials".to_owned(),
        }
    }

    /// The profile whose keys or settings these are, where it is one's.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        match self {
            Self::Profile { profile, .. }
            | Self::AssumeRole { profile, .. }
            | Self::Sso { profile, .. }
            | Self::Login { profile, .. }
            | Self::Process { profile, .. }
            | Self::WebIdentity { profile: Some(profile), .. } => Some(profile),
            Self::ProfileNotFound { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The credentials that a role is assumed with, where they are known without asking.
    #[must_use]
    pub fn assuming_identity(&self) -> Option<&Self> {
        let Self::AssumeRole { source, .. } = self else { return None };
        match &**source {
            RoleSource::Profile(below) => Some(below),
            RoleSource::Named(name) if name == "Ec2InstanceMetadata" => Some(&Self::InstanceMetadata),
            RoleSource::Named(name) if name == "EcsContainer" => Some(&Self::Container),
            RoleSource::Named(_) => None,
        }
    }

    /// Whether the sessions that it makes have no session tags: the CLI gives none, and a user's keys have none to pass on.
    #[must_use]
    pub fn makes_untagged_sessions(&self) -> bool {
        let Self::AssumeRole { source, .. } = self else { return false };
        match &**source {
            RoleSource::Profile(Self::Profile { keys, .. } | Self::Environment { keys }) => {
                keys.session_token.is_none()
            }
            RoleSource::Profile(below) => below.makes_untagged_sessions(),
            RoleSource::Named(_) => false,
        }
    }

    /// The roles of a chain, the outermost first.
    #[must_use]
    pub fn hops(&self) -> Vec<&str> {
        match self {
            Self::AssumeRole { role_arn, source, .. } => {
                let mut hops = vec![role_arn.as_str()];
                if let RoleSource::Profile(below) = &**source {
                    hops.extend(below.hops());
                }
                hops
            }
            Self::WebIdentity { role_arn, .. } => vec![role_arn],
            _ => Vec::new(),
        }
    }
}

impl RoleSource {
    fn describe(&self) -> String {
        match self {
            Self::Profile(CredentialPlan::Profile { profile, .. }) => format!("source_profile {profile}"),
            Self::Profile(CredentialPlan::AssumeRole { profile, source, .. }) => {
                format!("source_profile {profile}: role_arn over {}", source.describe())
            }
            Self::Profile(plan) => match (plan.profile(), plan.describe()) {
                (Some(_), described) => format!("source_{described}"),
                (None, described) => described,
            },
            Self::Named(name) => format!("credential_source {name}"),
        }
    }
}
