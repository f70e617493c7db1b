//! What is found without asking AWS: programs, files, variables.

use crate::config;
use crate::request::{self, Arguments, CliVersion, ProfileFiles, ServiceId, Settings};
use crate::world::{Surroundings, World, is_no};
use crate::wrap::{self, Options};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Profiles that are listed: some people have one for each account of a large organization.
const MOST_PROFILES: usize = 100;

/// Longer files are not a shell's start-up file.
const LONGEST_FILE: u64 = 1024 * 1024;

pub fn ourselves(world: &World) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "path": std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default(),
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "off": world.variable("WHY403").is_some_and(|value| is_no(&value)),
    })
}

pub fn aws(world: &World) -> Value {
    let found = wrap::find(world.variable("PATH"));
    let in_front: Vec<String> = found.in_front.iter().map(|path| path.display().to_string()).collect();
    match found.aws {
        Ok(path) => {
            json!({ "path": path.display().to_string(), "version": wrap::version_of(&path), "in_front": in_front })
        }
        Err(problem) => json!({ "problem": problem, "in_front": in_front }),
    }
}

/// The user's shell, and whether its own file mentions us. A function of a running shell cannot be seen from outside.
pub fn shell(world: &World) -> Value {
    let shell = world.var("SHELL").and_then(|shell| Path::new(shell).file_name()?.to_str()).unwrap_or_default();
    let home = world.home.clone().unwrap_or_default();
    let settings = world.var("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    let zdot = world.var("ZDOTDIR").map_or_else(|| home.clone(), PathBuf::from);
    let files: Vec<PathBuf> = match shell {
        "zsh" => [".zshrc", ".zshenv", ".zprofile", ".zsh_plugins.txt"].map(|name| zdot.join(name)).to_vec(),
        "fish" => {
            let fish = settings.join("fish");
            [fish.join("config.fish"), fish.join("conf.d/why403.fish"), fish.join("fish_plugins")].to_vec()
        }
        _ => [".bashrc", ".bash_profile", ".profile", ".bash_aliases"].map(|name| home.join(name)).to_vec(),
    };
    let hook = files.iter().find_map(|file| {
        let line = line_with(file, "why403")?;
        Some(format!("{}:{line}", file.display()))
    });
    json!({
        "name": shell,
        "file": files.first().map(|file| file.display().to_string()),
        "hook": hook,
        "completer": completer(world).map(|path| path.display().to_string()),
    })
}

fn line_with(file: &Path, word: &str) -> Option<usize> {
    use std::io::Read;
    let mut text = Vec::new();
    std::fs::File::open(file).ok()?.take(LONGEST_FILE).read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    text.lines().position(|line| line.contains(word) && !is_comment(line)).map(|at| at + 1)
}

/// The AWS CLI's own completer, where the shell files look for it.
fn completer(world: &World) -> Option<PathBuf> {
    let path = world.variable("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|directory| directory.join("aws_completer"));
    let aws = wrap::find(Some(path.clone())).aws.ok();
    let beside = aws.iter().flat_map(|aws| {
        let real = std::fs::canonicalize(aws).unwrap_or_else(|_| aws.clone());
        [real.with_file_name("aws_completer"), aws.with_file_name("../libexec/aws_completer")]
    });
    on_path.chain(beside).chain([PathBuf::from("/usr/libexec/aws_completer")]).find(|candidate| candidate.is_file())
}

pub fn config(world: &World, options: &Options) -> Value {
    let path = config::path(world);
    json!({
        "file": path.as_ref().map(|path| path.display().to_string()),
        "exists": path.as_deref().is_some_and(Path::exists),
        "problems": options.ignored,
    })
}

pub fn cache(world: &World, options: &Options) -> Value {
    let directory = crate::cache::directory(world);
    json!({
        "directory": directory.as_ref().map(|directory| directory.display().to_string()),
        "on": options.cache,
        "holds": directory.as_deref().map_or_else(|| "empty".to_owned(), crate::cli::cache::contents),
    })
}

/// As a bare `aws s3` would go out.
pub fn network(world: &World) -> Value {
    let files = request::files::load(world);
    let settings = settings(world, &files, None);
    let proxies: Vec<Value> = settings
        .proxies
        .iter()
        .map(|proxy| json!({ "variable": proxy.origin.to_string(), "value": proxy.value }))
        .collect();
    let left_out = files.profiles.len().saturating_sub(MOST_PROFILES);
    json!({
        "endpoint": settings.endpoints.shown(ServiceId::S3),
        "proxies": proxies,
        "ca_bundle": settings.ca_bundle.as_ref().map(|path| path.display().to_string()),
        "profiles_left_out": (left_out > 0).then_some(left_out),
    })
}

/// Each profile with the path that its credentials come by. What is in use stands first, a profile or not.
pub fn profiles(world: &World) -> Value {
    let files = request::files::load(world);
    let used = settings(world, &files, None);
    let mut all = vec![profile(&used, true)];
    let others = files.profiles.keys().filter(|name| **name != used.profile.value).take(MOST_PROFILES);
    all.extend(others.map(|name| profile(&settings(world, &files, Some(name)), false)));
    Value::Array(all)
}

fn profile(settings: &Settings, in_use: bool) -> Value {
    json!({
        "name": settings.profile.value,
        "in_use": in_use,
        "credentials": settings.credentials.describe(),
        "region": settings.region.as_ref().map(|region| region.value.clone()),
    })
}

/// What the CLI would use, with this profile or as things stand.
pub fn settings(world: &World, files: &ProfileFiles, profile: Option<&str>) -> Settings {
    let mut argv: Vec<OsString> = ["aws", "s3", "ls"].map(OsString::from).to_vec();
    argv.extend(profile.into_iter().flat_map(|name| [OsString::from("--profile"), OsString::from(name)]));
    Settings::resolve(&Arguments::parse(&argv), world, files, CliVersion::Unknown)
}
