//! `why403 man DIRECTORY` (hidden): the man pages of our own commands, made from the clap definition. `make dist` packs them.

use super::exit;
use anyhow::Context;
use clap_mangen::Man;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Options of `why403 man`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the pages go; it is made if need be
    directory: PathBuf,
}

/// Writes one page for the program and one for each of its commands.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let directory = &args.directory;
    std::fs::create_dir_all(directory).with_context(|| format!("{} could not be made", directory.display()))?;
    let mut command = super::command();
    // With this done, every command below knows its whole name.
    command.build();
    page(&command, "why403", directory)?;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        page(below, &format!("why403-{}", below.get_name()), directory)?;
    }
    Ok(exit::FINE)
}

fn page(command: &clap::Command, name: &str, directory: &Path) -> anyhow::Result<()> {
    let path = directory.join(format!("{name}.1"));
    let file = File::create(&path).with_context(|| format!("{} could not be written", path.display()))?;
    let version = concat!("why403 ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name.to_uppercase()).source(version).manual("why403");
    man.render(&mut BufWriter::new(file)).with_context(|| format!("{} could not be written", path.display()))
}
