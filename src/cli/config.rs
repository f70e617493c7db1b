//! `why403 config`: every setting, its value as things stand, and who said it.

use super::{exit, print};
use crate::config;
use crate::render::untrusted::visible;
use crate::world::World;
use crate::wrap::{self, Explain, Options, Source, VARIABLES, Variable};
use serde_json::json;
use std::path::Path;

/// Options of `why403 config`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Prints them. A file that is wrong is said, and is a finding.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let world = World::real();
    let options = wrap::settled(&world);
    let path = config::path(&world);
    let there = path.as_deref().is_some_and(Path::is_file);
    let rows: Vec<(&Variable, String, Source)> = VARIABLES
        .iter()
        .filter_map(|variable| {
            let (value, source) = effective(variable.key?, &options)?;
            Some((variable, value, source))
        })
        .collect();
    if args.json {
        let settings: serde_json::Map<String, serde_json::Value> = rows
            .iter()
            .map(|(variable, value, source)| {
                let from = origin(*source, variable, path.as_deref());
                (variable.key.unwrap_or_default().to_owned(), json!({ "value": value, "from": from }))
            })
            .collect();
        let file = path.as_ref().map(|path| path.display().to_string());
        let all = json!({ "file": file, "exists": there, "settings": settings, "problems": options.ignored });
        print(&format!("{}\n", serde_json::to_string_pretty(&all)?));
    } else {
        let shown = path.as_ref().map_or_else(|| "none".to_owned(), |path| path.display().to_string());
        print(&format!("file     {}{}\n", visible(&shown, true), if there { "" } else { " (not there)" }));
        for (variable, value, source) in rows {
            let from = origin(source, variable, path.as_deref());
            let line = format!("{:<8} {:<24} {from}", variable.key.unwrap_or_default(), visible(&value, true));
            print(&format!("{}\n", visible(&line, true)));
        }
        for problem in &options.ignored {
            print(&format!("wrong    {problem}; it is ignored\n"));
        }
    }
    Ok(if options.ignored.is_empty() { exit::FINE } else { exit::FOUND })
}

fn origin(source: Source, variable: &Variable, file: Option<&Path>) -> String {
    match source {
        Source::Default => "the default".to_owned(),
        Source::Config => file.map_or_else(String::new, |file| file.display().to_string()),
        Source::Variable => variable.name.to_owned(),
        Source::Flag => variable.flag.unwrap_or_default().to_owned(),
    }
}

/// The value of a key as a user would write it, and who said it.
fn effective(key: &str, options: &Options) -> Option<(String, Source)> {
    let sources = options.sources;
    let list = |values: Vec<String>| if values.is_empty() { "none".to_owned() } else { values.join(",") };
    Some(match key {
        "explain" => {
            let value = match options.explain {
                Explain::Auto => "auto",
                Explain::Always => "always",
                Explain::Never => "never",
            };
            (value.to_owned(), sources.explain)
        }
        "report" => {
            let report = options.report.iter().map(|path| path.display().to_string());
            (list(report.collect()), sources.report)
        }
        "timeout" => (options.timeout.as_secs_f64().to_string(), sources.timeout),
        "format" => {
            let formats = options.formats.iter().map(|output| match &output.file {
                Some(file) => format!("{}={}", output.format, file.display()),
                None => output.format.to_string(),
            });
            let value = if options.formats.is_empty() { "as suits".to_owned() } else { list(formats.collect()) };
            (value, sources.format)
        }
        "probe" => (switch(options.probe), sources.probe),
        "cache" => (switch(options.cache), sources.cache),
        "redact" => (list(options.redact.iter().map(|_| "accounts".to_owned()).collect()), sources.redact),
        "ignore" => (list(options.ignore.iter().map(ToString::to_string).collect()), sources.ignore),
        _ => return None,
    })
}

fn switch(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_registry_has_a_value() {
        let options = wrap::settled(&World::real());
        for key in VARIABLES.iter().filter_map(|variable| variable.key) {
            assert!(effective(key, &options).is_some(), "{key}");
        }
    }
}
