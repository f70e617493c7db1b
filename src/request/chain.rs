//! The CLI's chain of credential providers, walked link by link without asking any of them (botocore,
//! `create_credential_resolver`): the first that would answer wins, and one that would raise ends the walk.

use crate::request::cache_key::{self, RoleArgs};
use crate::request::files::{ConfigFile, Profile, ProfileFiles};
use crate::request::similar::closest;
use crate::request::{CredentialPlan, Keys, Origin, RoleSource, Secret, Setting};
use crate::world::World;
use std::ffi::OsStr;
use std::path::PathBuf;

/// One link of the chain, as it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// What was looked at: `environment variables`.
    pub place: &'static str,
    pub outcome: LinkOutcome,
}

/// What a link had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkOutcome {
    /// Nothing; the text says what is missing.
    Absent(String),
    /// The CLI does not look here for this command; the text says why.
    PassedOver(String),
    /// This one wins.
    Found(String),
    /// The CLI stops here with an error.
    Broken(String),
}

impl std::fmt::Display for ChainLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (LinkOutcome::Absent(text)
        | LinkOutcome::PassedOver(text)
        | LinkOutcome::Found(text)
        | LinkOutcome::Broken(text)) = &self.outcome;
        write!(f, "{}: {text}", self.place)
    }
}

/// Nobody chains more roles; each is a level of recursion here and in the CLI.
const LONGEST_CHAIN: usize = 64;

/// The whole walk.
pub(crate) struct Walk {
    pub plan: CredentialPlan,
    pub links: Vec<ChainLink>,
}

/// What a provider would answer: a plan, or what it did not find.
type Step = Result<CredentialPlan, String>;

/// What stands under a role, or the plan that says where the CLI stops.
type Under<T> = Result<T, Box<CredentialPlan>>;

/// What the providers look at.
#[derive(Clone, Copy)]
struct Look<'a> {
    world: &'a World,
    files: &'a ProfileFiles,
    /// `--profile` takes the environment out of the chain; a variable that names a profile does not.
    without_environment: bool,
}

/// Walks the chain for the profile that was named, if one was.
pub(crate) fn walk(named: Option<&Setting<String>>, signed: bool, world: &World, files: &ProfileFiles) -> Walk {
    let flag = named.is_some_and(|named| matches!(named.origin, Origin::Flag(_)));
    if let Some(named) = named
        && !files.profiles.contains_key(&named.value)
    {
        let similar = closest(&named.value, files.profiles.keys().map(String::as_str));
        let outcome = LinkOutcome::Broken(format!("`{}`, named by {}, is in neither file", named.value, named.origin));
        let plan = CredentialPlan::ProfileNotFound { name: named.value.clone(), similar };
        return Walk { plan, links: vec![ChainLink { place: "profile", outcome }] };
    }
    if !signed {
        let outcome = LinkOutcome::PassedOver("`--no-sign-request` was given".to_owned());
        return Walk { plan: CredentialPlan::Anonymous, links: vec![ChainLink { place: "all", outcome }] };
    }
    let profile = named.map_or("default", |named| named.value.as_str());
    let look = Look { world, files, without_environment: flag };
    let mut links = Vec::new();
    if flag {
        let why = "`--profile` was given, so they are not looked at".to_owned();
        links.push(ChainLink { place: "environment variables", outcome: LinkOutcome::PassedOver(why) });
    }
    let own = look.profile(profile);
    let mut steps: Vec<(&'static str, Step)> = Vec::new();
    if !flag {
        steps.push(("environment variables", look.environment()));
    }
    steps.push(("role_arn", look.assume_role(profile)));
    steps.extend(look.of_profile(profile, own));
    steps.push(("files older than profiles", look.legacy()));
    steps.push(("container", look.container()));
    steps.push(("instance metadata", look.instance_metadata()));
    for (place, step) in steps {
        match step {
            Err(absent) => links.push(ChainLink { place, outcome: LinkOutcome::Absent(absent) }),
            Ok(plan) => {
                let broken = matches!(plan, CredentialPlan::Partial { .. } | CredentialPlan::Invalid { .. });
                let text = plan.describe();
                let outcome = if broken { LinkOutcome::Broken(text) } else { LinkOutcome::Found(text) };
                links.push(ChainLink { place, outcome });
                return Walk { plan, links };
            }
        }
    }
    Walk { plan: CredentialPlan::Nothing, links }
}

static NO_PROFILE: Profile = Profile::empty();

impl<'a> Look<'a> {
    fn profile(self, name: &str) -> &'a Profile {
        self.files.profiles.get(name).unwrap_or(&NO_PROFILE)
    }

    /// A variable as Python sees it: set and empty is not the same as not set.
    fn raw(self, name: &str) -> Option<String> {
        self.world.env.get(OsStr::new(name)).map(|value| value.to_string_lossy().into_owned())
    }

    fn environment(self) -> Step {
        let filled = |name: &str| self.raw(name).filter(|value| !value.is_empty());
        let Some(access_key_id) = filled("AWS_ACCESS_KEY_ID") else {
            return Err(match filled("AWS_SECRET_ACCESS_KEY") {
                Some(_) => "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not".to_owned(),
                None => "AWS_ACCESS_KEY_ID is not set".to_owned(),
            });
        };
        let Some(secret) = filled("AWS_SECRET_ACCESS_KEY") else {
            let place = Origin::Variable("AWS_ACCESS_KEY_ID".to_owned());
            return Ok(CredentialPlan::Partial { place, missing: "AWS_SECRET_ACCESS_KEY" });
        };
        // The older name wins, in botocore.
        let token = filled("AWS_SECURITY_TOKEN").or_else(|| filled("AWS_SESSION_TOKEN"));
        let keys =
            Keys { access_key_id, secret_access_key: Secret::new(secret), session_token: token.map(Secret::new) };
        Ok(CredentialPlan::Environment { keys })
    }

    /// The providers that read one profile, in order; the same serve a `source_profile`.
    fn of_profile(self, name: &str, profile: &Profile) -> Vec<(&'static str, Step)> {
        vec![
            ("web identity", self.web_identity(name, profile)),
            ("SSO", self.sso(name, profile)),
            ("credentials file", Self::static_keys(name, &self.files.credentials)),
            ("aws login", login(name, profile)),
            ("credential_process", process(name, profile)),
            ("config file", Self::static_keys(name, &self.files.config)),
        ]
    }

    fn assume_role(self, name: &str) -> Step {
        let profile = self.profile(name);
        if !has_role(profile) {
            return Err(format!("profile {name} has no role_arn"));
        }
        Ok(self.role(name, profile, &mut vec![name.to_owned()]).unwrap_or_else(|broken| *broken))
    }

    /// `Err` is where the CLI raises.
    fn role(self, name: &str, profile: &Profile, visited: &mut Vec<String>) -> Under<CredentialPlan> {
        let role_arn = profile.text("role_arn").unwrap_or_default().to_owned();
        let source = match (profile.text("source_profile"), profile.text("credential_source")) {
            (Some(_), Some(_)) => {
                return Err(stop(format!("profile {name} has both source_profile and credential_source")));
            }
            (None, None) => {
                let place = profile.origin("role_arn").unwrap_or(Origin::Default);
                return Err(Box::new(CredentialPlan::Partial {
                    place,
                    missing: "source_profile or credential_source",
                }));
            }
            (None, Some(source)) => self.named_source(name, source)?,
            (Some(below), None) => RoleSource::Profile(self.source_profile(name, below, visited)?),
        };
        let duration = profile.text("duration_seconds").and_then(cache_key::python_int);
        let mfa_serial = profile.text("mfa_serial");
        let external_id = profile.text("external_id");
        let session_name = profile.text("role_session_name");
        let cache_key = cache_key::role(RoleArgs {
            duration_seconds: duration.as_deref(),
            external_id,
            role_arn: &role_arn,
            session_name: session_name.filter(|name| !name.is_empty()),
            mfa_serial,
        });
        Ok(CredentialPlan::AssumeRole {
            profile: name.to_owned(),
            role_arn,
            source: Box::new(source),
            mfa: mfa_serial.is_some(),
            external_id: external_id.map(str::to_owned),
            session_name: session_name.map(str::to_owned),
            cache_key,
        })
    }

    /// `credential_source`: the CLI asks the one provider that it names, and stops where that has nothing.
    fn named_source(self, profile: &str, source: &str) -> Under<RoleSource> {
        let step = match source {
            "Environment" => self.environment(),
            "EcsContainer" => self.container(),
            "Ec2InstanceMetadata" => self.instance_metadata(),
            _ => {
                return Err(stop(format!(
                    "credential_source {source} of profile {profile} is none that the CLI knows"
                )));
            }
        };
        match step {
            Ok(partial @ CredentialPlan::Partial { .. }) => Err(Box::new(partial)),
            Ok(_) => Ok(RoleSource::Named(source.to_owned())),
            Err(absent) => Err(stop(format!("credential_source {source} of profile {profile} has nothing: {absent}"))),
        }
    }

    fn source_profile(self, above: &str, name: &str, visited: &mut Vec<String>) -> Under<CredentialPlan> {
        let Some(profile) = self.files.profiles.get(name) else {
            return Err(stop(format!("source_profile {name} of profile {above} is in neither file")));
        };
        let has_keys = has_static_keys(profile);
        // A profile may be its own source where it holds keys too; any other way back is a loop.
        if visited.iter().any(|seen| seen == name) && (name != above || !has_keys) {
            visited.push(name.to_owned());
            return Err(stop(format!("the source profiles go in a circle: {}", visited.join(" -> "))));
        }
        visited.push(name.to_owned());
        if visited.len() > LONGEST_CHAIN {
            return Err(stop(format!("more than {LONGEST_CHAIN} source profiles follow one another")));
        }
        if !has_keys && has_role(profile) {
            return self.role(name, profile, visited);
        }
        let look = Self { without_environment: true, ..self };
        match look.of_profile(name, profile).into_iter().find_map(|(_, step)| step.ok()) {
            None => Err(stop(format!("source_profile {name} of profile {above} has no credentials"))),
            Some(plan @ (CredentialPlan::Partial { .. } | CredentialPlan::Invalid { .. })) => Err(Box::new(plan)),
            Some(plan) => Ok(plan),
        }
    }

    fn web_identity(self, name: &str, profile: &Profile) -> Step {
        let find = |variable: &str, key: &str| {
            let from_environment = (!self.without_environment).then(|| self.raw(variable)).flatten();
            match from_environment {
                Some(value) => Some((value, true)),
                None => profile.text(key).map(|value| (value.to_owned(), false)),
            }
        };
        let token_file = find("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
        let Some((token_file, by_variable)) = token_file.filter(|(path, _)| !path.is_empty()) else {
            return Err("no web_identity_token_file is set".to_owned());
        };
        let Some((role_arn, _)) = find("AWS_ROLE_ARN", "role_arn").filter(|(arn, _)| !arn.is_empty()) else {
            return Ok(invalid("a web identity token file is set, and no role_arn".to_owned()));
        };
        let session_name = find("AWS_ROLE_SESSION_NAME", "role_session_name").map(|(name, _)| name);
        let cache_key = cache_key::role(RoleArgs {
            role_arn: &role_arn,
            session_name: session_name.as_deref().filter(|name| !name.is_empty()),
            ..RoleArgs::default()
        });
        let profile = (!by_variable).then(|| name.to_owned());
        Ok(CredentialPlan::WebIdentity { profile, role_arn, token_file: PathBuf::from(token_file), cache_key })
    }

    fn sso(self, name: &str, profile: &Profile) -> Step {
        if !profile.has("sso_role_name") && !profile.has("sso_account_id") {
            return Err(format!("profile {name} has no sso_role_name"));
        }
        let session = profile.text("sso_session");
        let found = match session {
            None => None,
            Some(session) => match self.files.sso_sessions.get(session) {
                Some(found) => Some(found),
                None => {
                    return Ok(invalid(format!("[sso-session {session}], which profile {name} names, does not exist")));
                }
            },
        };
        if let Some(key) = found.and_then(|found| found.conflict(profile)) {
            return Ok(invalid(format!("{key} of profile {name} is not that of its sso-session")));
        }
        let value =
            |key: &str| found.and_then(|found| found.text(key)).or_else(|| profile.text(key)).map(str::to_owned);
        let required = ["sso_role_name", "sso_account_id", "sso_start_url", "sso_region"];
        let [Some(role), Some(account), Some(start_url), Some(_)] = required.map(value) else {
            let missing: Vec<&str> = required.into_iter().filter(|key| value(key).is_none()).collect();
            return Ok(invalid(format!("profile {name} is for SSO and lacks {}", missing.join(", "))));
        };
        Ok(CredentialPlan::Sso {
            profile: name.to_owned(),
            cache_key: cache_key::sso(&account, &role, session.filter(|session| !session.is_empty()), &start_url),
            token_key: cache_key::sso_token(session, &start_url),
            account,
            role,
            start_url,
            session: session.map(str::to_owned),
        })
    }

    fn static_keys(name: &str, file: &ConfigFile) -> Step {
        let shown = file.path.display();
        let Some(profile) = file.profile(name) else {
            let missing = file.document.is_none();
            return Err(if missing {
                format!("{shown} is not there")
            } else {
                format!("{shown} has no profile {name}")
            });
        };
        let Some(access_key_id) = profile.text("aws_access_key_id") else {
            return Err(format!("profile {name} of {shown} has no aws_access_key_id"));
        };
        let Some(secret) = profile.text("aws_secret_access_key") else {
            let place = profile.origin("aws_access_key_id").unwrap_or(Origin::Default);
            return Ok(CredentialPlan::Partial { place, missing: "aws_secret_access_key" });
        };
        let token = profile.text("aws_security_token").or_else(|| profile.text("aws_session_token"));
        let keys = Keys {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: Secret::new(secret),
            session_token: token.map(Secret::new),
        };
        Ok(CredentialPlan::Profile { profile: name.to_owned(), path: file.path.clone(), keys })
    }

    fn legacy(self) -> Step {
        let Some(found) = self.files.legacy.first() else {
            return Err("there is no boto file and no AWS_CREDENTIAL_FILE".to_owned());
        };
        let Some(secret) = &found.secret_access_key else {
            let path = found.path.clone();
            let (section, key) = (found.section.to_owned(), "aws_access_key_id".to_owned());
            let place = Origin::File { path, section, key, line: 0 };
            return Ok(CredentialPlan::Partial { place, missing: "aws_secret_access_key" });
        };
        let keys = Keys {
            access_key_id: found.access_key_id.clone(),
            secret_access_key: Secret::new(secret.expose()),
            session_token: None,
        };
        Ok(CredentialPlan::Profile { profile: found.section.to_owned(), path: found.path.clone(), keys })
    }

    fn container(self) -> Step {
        let variables = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
        if variables.into_iter().any(|name| self.raw(name).is_some()) {
            return Ok(CredentialPlan::Container);
        }
        Err("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI are not set".to_owned())
    }

    fn instance_metadata(self) -> Step {
        if self.raw("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err("AWS_EC2_METADATA_DISABLED is true".to_owned());
        }
        Ok(CredentialPlan::InstanceMetadata)
    }
}

fn login(name: &str, profile: &Profile) -> Step {
    let session = profile.text("login_session").ok_or_else(|| format!("profile {name} has no login_session"))?;
    Ok(CredentialPlan::Login { profile: name.to_owned(), session: session.to_owned() })
}

fn process(name: &str, profile: &Profile) -> Step {
    let command =
        profile.text("credential_process").ok_or_else(|| format!("profile {name} has no credential_process"))?;
    Ok(CredentialPlan::Process { profile: name.to_owned(), command: command.to_owned() })
}

fn stop(what: String) -> Box<CredentialPlan> {
    Box::new(invalid(what))
}

fn invalid(what: String) -> CredentialPlan {
    CredentialPlan::Invalid { what }
}

/// Web identity has a provider of its own, so a profile with a token file is none of the role provider's.
fn has_role(profile: &Profile) -> bool {
    profile.has("role_arn") && !profile.has("web_identity_token_file")
}

fn has_static_keys(profile: &Profile) -> bool {
    profile.has("aws_access_key_id") || profile.has("aws_secret_access_key")
}
