//! `why403 cache`: where the answers of earlier diagnoses are kept, and how many; `why403 cache clear` removes them.

use super::{direct, exit};
use crate::cache;
use crate::render::words;
use crate::world::World;
use crate::wrap;
use anyhow::Context;
use std::path::Path;

/// Options of `why403 cache`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Remove every kept answer
    Clear,
}

/// Shows it, or empties it.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let world = World::real();
    let Some(directory) = cache::directory(&world) else {
        direct::say("nothing is kept: there is no cache directory");
        return Ok(exit::FINE);
    };
    let text = match args.action {
        Some(Action::Clear) => {
            let removed = cache::clear(&directory)
                .with_context(|| format!("{} could not be emptied", direct::harmless(&directory)))?;
            format!("removed {} from {}", words::count(removed as u64, "answer"), direct::harmless(&directory))
        }
        None => {
            let off = if wrap::settled(&world).cache { "" } else { " (off: nothing is kept or used)" };
            format!("{}: {}{off}", direct::harmless(&directory), contents(&directory))
        }
    };
    direct::print(&format!("{text}\n"));
    Ok(exit::FINE)
}

/// `3 answers, 612 bytes`.
pub(super) fn contents(directory: &Path) -> String {
    match cache::contents(directory) {
        (0, _) => "empty".to_owned(),
        (count, bytes) => format!("{}, {bytes} bytes", words::count(count as u64, "answer")),
    }
}
