//! argv and the real world go in, an exit code comes out.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use why403::wrap::{self, Entry};

fn main() -> ExitCode {
    // The wrapper looks first: a command that is passed through must not pay for setting up anything of our own.
    match wrap::entry(std::env::args_os().collect()) {
        Entry::Done(code) => code,
        Entry::NotAws(args) => why403::cli::run(args),
    }
}
