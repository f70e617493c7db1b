//! Other profiles of this user's that can be tried without a prompt, a browser or a program.

use crate::request::files::ProfileFiles;
use crate::request::{Arguments, CredentialPlan, Endpoints, Origin, RoleSource, ServiceId, Setting, Settings, chain};
use crate::world::World;

/// A profile and the credentials that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileOption {
    pub name: String,
    pub plan: CredentialPlan,
}

/// The profiles but the one in use: with keys of their own, or with a session that the CLI's cache holds. The one that
/// a variable asked for in vain comes first, then `default`.
#[must_use]
pub fn profile_options(settings: &Settings, world: &World, files: &ProfileFiles) -> Vec<ProfileOption> {
    let used = match &settings.credentials {
        // The keys are the environment's, so any profile is another.
        CredentialPlan::Environment { .. } | CredentialPlan::Anonymous | CredentialPlan::ProfileNotFound { .. } => None,
        _ => Some(settings.profile.value.as_str()),
    };
    let mut options: Vec<ProfileOption> = files
        .profiles
        .keys()
        .filter(|name| Some(name.as_str()) != used)
        .filter_map(|name| {
            // As `--profile` would resolve it.
            let named = Setting::new(name.clone(), Origin::Flag("--profile"));
            let plan = chain::walk(Some(&named), true, world, files).plan;
            let belongs = plan.profile() == Some(name) && goes_there_too(name, settings, world, files);
            (belongs && needs_no_prompt(&plan, files)).then(|| ProfileOption { name: name.clone(), plan })
        })
        .collect();
    let wanted = settings.shadowed_profile.as_ref().map(|shadowed| shadowed.value.as_str());
    options.sort_by_key(|option| (Some(option.name.as_str()) != wanted, option.name != "default"));
    options
}

/// Whether the profile's own requests would go where the command's went: its keys are shown to no other endpoint. What
/// `--endpoint-url` says it says of one command alone.
fn goes_there_too(name: &str, settings: &Settings, world: &World, files: &ProfileFiles) -> bool {
    let Some(profile) = files.profiles.get(name) else { return false };
    let own = Endpoints::resolve(&Arguments::default(), world, files, profile);
    own.url(ServiceId::S3) == settings.endpoints.url(ServiceId::S3)
}

fn needs_no_prompt(plan: &CredentialPlan, files: &ProfileFiles) -> bool {
    match plan {
        CredentialPlan::Profile { .. } => true,
        CredentialPlan::AssumeRole { cache_key, .. } => !wants_mfa(plan) && files.cached_sessions.contains(cache_key),
        CredentialPlan::Sso { cache_key, .. } | CredentialPlan::WebIdentity { cache_key, .. } => {
            files.cached_sessions.contains(cache_key)
        }
        _ => false,
    }
}

fn wants_mfa(plan: &CredentialPlan) -> bool {
    match plan {
        CredentialPlan::AssumeRole { mfa, source, .. } => {
            *mfa || matches!(&**source, RoleSource::Profile(below) if wants_mfa(below))
        }
        _ => false,
    }
}
