//! `why403 log FILE`: the failures in a saved log, explained.

use super::direct::{self, Screen};
use super::exit;
use crate::explain::log::{Log, diagnose};
use crate::recognize::log::LogRecognizer;
use crate::render::Format;
use crate::world::{Surroundings, World};
use crate::wrap::{self, Options, Redact};
use crate::{config, redact, state};
use anyhow::Context;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Options of `why403 log`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The log; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Ask AWS too, with the credentials here
    #[arg(long)]
    probe: bool,
    /// How to show it: terminal where stdout is one, plain otherwise
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Full ARNs, what was ruled out, and what was asked
    #[arg(short, long)]
    verbose: bool,
}

/// Reads, explains, and gives as the exit status whether there was anything to explain.
pub fn run(args: &Args, argv: &[OsString]) -> anyhow::Result<u8> {
    let name = direct::harmless(&args.file);
    let mut recognizer = LogRecognizer::new();
    let read = if args.file == Path::new("-") {
        feed(&mut recognizer, io::stdin().lock())
    } else {
        File::open(&args.file).and_then(|file| feed(&mut recognizer, file))
    };
    read.with_context(|| format!("{name} could not be read"))?;
    let world = World::real();
    let mut options = config::under(Options::of_variables(&world), &world);
    options.probe = args.probe;
    let aws = if args.probe { wrap::find(world.variable("PATH")).aws.ok() } else { None };
    let failures = recognizer.finish();
    let Some(report) = diagnose(&Log { world: &world, options: &options, aws: aws.as_deref(), failures, argv }) else {
        direct::say(&format!("no refusal of S3's was found in {name}"));
        return Ok(exit::FINE);
    };
    state::keep(&world, &report);
    let report = if options.redact.contains(&Redact::Accounts) { redact::accounts(report, None) } else { report };
    direct::print(&Screen::new(args.format, args.verbose).render(&report));
    Ok(exit::FOUND)
}

/// In pieces, however long it is.
fn feed(recognizer: &mut LogRecognizer, mut log: impl Read) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match log.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => recognizer.push(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
