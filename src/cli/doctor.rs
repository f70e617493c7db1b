//! `why403 doctor`: what why403 finds on this machine, as a screen, and as JSON for an issue.
//!
//! It starts the real `aws` once, for its version. AWS is asked nothing without `--probe`. No secret is read into it: of
//! credentials it knows the path that they come by, never the keys.

mod asked;
mod found;

use super::{exit, print};
use crate::redact;
use crate::render::untrusted::visible;
use crate::world::World;
use crate::wrap::{self, Redact};
use serde_json::{Value, json};

/// Options of `why403 doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON, to paste into an issue
    #[arg(long)]
    json: bool,
    /// Ask AWS which questions of a diagnosis this identity may ask: in general, or about one object
    #[arg(long, value_name = "S3URI", num_args = 0..=1, default_missing_value = "")]
    probe: Option<String>,
    /// The profile to probe as; the one in effect otherwise
    #[arg(long, value_name = "NAME", requires = "probe")]
    profile: Option<String>,
}

/// Looks, and prints what it has found. Trouble that keeps `aws` from being explained is a finding.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let world = World::real();
    let options = wrap::settled(&world);
    let aws = found::aws(&world);
    let mut all = json!({
        "why403": found::ourselves(&world),
        "aws": aws,
        "shell": found::shell(&world),
        "config": found::config(&world, &options),
        "cache": found::cache(&world, &options),
        "ci": crate::ci::name(&world),
        "network": found::network(&world),
        "profiles": found::profiles(&world),
        "probes": match &args.probe {
            Some(uri) => asked::probes(&world, &options, uri, args.profile.as_deref())?,
            None => Value::Null,
        },
    });
    if options.redact.contains(&Redact::Accounts) {
        all = redact::accounts_of(all);
    }
    // A home directory is named after somebody.
    let home = world.home.as_ref().map(|home| home.display().to_string()).filter(|home| home.len() > 1);
    let all = home.map_or_else(|| all.clone(), |home| shortened(all.clone(), &home));
    let trouble =
        all["aws"]["problem"].is_string() || all["config"]["problems"].as_array().is_some_and(|p| !p.is_empty());
    print(&if args.json { format!("{}\n", serde_json::to_string_pretty(&all)?) } else { screen(&all) });
    Ok(if trouble { exit::FOUND } else { exit::FINE })
}

fn shortened(value: Value, home: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(home, "~")),
        Value::Array(list) => list.into_iter().map(|value| shortened(value, home)).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, shortened(value, home))).collect(),
        other => other,
    }
}

/// The same for a person: one fact a line, what is missing included.
fn screen(all: &Value) -> String {
    let mut out = String::new();
    let mut say = |name: &str, text: &str| {
        let line = visible(&format!("{name:<12} {text}"), true).trim_end().to_owned();
        out.push_str(&line);
        out.push('\n');
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let ours = &all["why403"];
    let off = if ours["off"] == true { " (WHY403=off: nothing is explained)" } else { "" };
    say("why403", &format!("{} at {}{off}", text(&ours["version"]), text(&ours["path"])));
    let aws = &all["aws"];
    match aws["problem"].as_str() {
        Some(problem) => say("aws", problem),
        None => say("aws", &format!("{} ({})", text(&aws["path"]), text(&aws["version"]))),
    }
    for shim in list(&aws["in_front"]) {
        say("", &format!("{} is why403, in front of it", text(&shim)));
    }
    let shell = &all["shell"];
    let hook = shell["hook"].as_str().map_or_else(
        || format!("no hook found; `why403 init --help` says how to add one to {}", text(&shell["file"])),
        |hook| format!("hook in {hook}"),
    );
    say("shell", &format!("{}: {hook}", shell["name"].as_str().filter(|name| !name.is_empty()).unwrap_or("unknown")));
    let completer = shell["completer"].as_str().map_or("no aws_completer found", |completer| completer);
    say("completion", completer);
    let config = &all["config"];
    let there = if config["exists"] == true { "" } else { " (not there)" };
    say("config", &format!("{}{there}", text(&config["file"])));
    for problem in list(&config["problems"]) {
        say("", &format!("{}; it is ignored", text(&problem)));
    }
    let cache = &all["cache"];
    let off = if cache["on"] == true { "" } else { " (off: nothing is kept or used)" };
    say("cache", &format!("{}: {}{off}", cache["directory"].as_str().unwrap_or("no directory"), text(&cache["holds"])));
    if let Some(ci) = all["ci"].as_str() {
        say("ci", ci);
    }
    let network = &all["network"];
    say("network", &format!("S3 at {}", network["endpoint"].as_str().unwrap_or("AWS's own endpoints")));
    for proxy in list(&network["proxies"]) {
        say("", &format!("{} by {}", text(&proxy["value"]), text(&proxy["variable"])));
    }
    if let Some(bundle) = network["ca_bundle"].as_str() {
        say("", &format!("CA bundle {bundle}"));
    }
    for profile in list(&all["profiles"]) {
        let mark = if profile["in_use"] == true { " (in use)" } else { "" };
        let region = profile["region"].as_str().map(|region| format!(", {region}")).unwrap_or_default();
        say("profile", &format!("{}{mark}: {}{region}", text(&profile["name"]), text(&profile["credentials"])));
    }
    if let Some(left_out) = all["network"]["profiles_left_out"].as_u64() {
        say("", &format!("and {left_out} more"));
    }
    let probes = &all["probes"];
    if probes.is_null() {
        say(
            "probes",
            "not asked; `why403 doctor --probe s3://BUCKET/KEY` asks AWS which of them this identity is allowed",
        );
    } else {
        say(
            "probes",
            &format!("as {}, about {}", probes["caller"].as_str().unwrap_or("nobody"), text(&probes["about"])),
        );
        for check in list(&probes["checks"]) {
            let why = check["why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
            say("", &format!("{} {}{why}", text(&check["outcome"]), text(&check["name"])));
        }
    }
    out
}
