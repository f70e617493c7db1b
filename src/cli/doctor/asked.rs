//! What is asked of AWS with `--probe`: the questions of a diagnosis, by the identity in effect. They read, and nothing is
//! judged by their answers here.

use super::found;
use crate::aws::clients::Clients;
use crate::aws::credentials::Sources;
use crate::aws::ledger::Total;
use crate::aws::runtime;
use crate::aws::transport::Transport;
use crate::evidence::gather::{self, Plan};
use crate::request::{self, Location, Request};
use crate::world::{Surroundings, World};
use crate::wrap::{self, Options};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn probes(world: &World, options: &Options, uri: &str, profile: Option<&str>) -> anyhow::Result<Value> {
    let location = match uri {
        "" => Location::default(),
        uri => match Location::of_uri(uri) {
            Some(location) if !location.bucket.is_empty() => location,
            _ => bail!("`--probe` takes an S3 URI: s3://BUCKET/KEY"),
        },
    };
    if !options.probe {
        bail!("probing is switched off (WHY403_PROBE, or `probe` in the config file)");
    }
    let files = request::files::load(world);
    let settings = found::settings(world, &files, profile);
    let operation = match (location.bucket.is_empty(), location.key.is_empty()) {
        (true, _) => "ListBuckets",
        (_, true) => "ListObjectsV2",
        _ => "GetObject",
    };
    let request = Request::at(operation, &location, &settings);
    let transport = Transport::new(&settings, options.timeout)?;
    let aws = wrap::find(world.variable("PATH")).aws.ok();
    let sources = Sources { world, settings: &settings, transport: transport.clone(), aws: aws.as_deref() };
    let clients = Clients::new(&settings, transport);
    let plan = |deadline| Plan {
        world,
        settings: &settings,
        request: &request,
        denial: None,
        sources: &sources,
        clients: &clients,
        options: &[],
        documents_only: false,
        asks_all: true,
        // What may be asked today is the question.
        cache: None,
        deadline,
        total: Arc::new(Total::default()),
    };
    let evidence = runtime::block_on(async {
        let plan = plan(tokio::time::Instant::now() + options.timeout);
        let mut evidence = gather::first(&plan).await;
        gather::further(&plan, &mut evidence).await;
        evidence
    })
    .context("the probes could not be set up")?;
    let about = if uri.is_empty() { "no bucket".to_owned() } else { uri.to_owned() };
    Ok(json!({
        "caller": evidence.identity.known().map(|identity| identity.arn.clone()),
        "credentials": settings.credentials.describe(),
        "about": about,
        "checks": evidence.checks,
    }))
}
