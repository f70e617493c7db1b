//! The options of everything that runs `aws`: `why403 [OPTIONS] aws …`, which the wrapper reads itself and which stand here
//! for `--help`, and `why403 exec [OPTIONS] -- …`, which hands them to the wrapper as words.

use std::ffi::OsString;

/// One and the same list, whatever runs `aws`.
#[derive(Debug, clap::Args)]
pub struct RunOptions {
    /// When to explain: auto (on a terminal, or in CI), always, never
    #[arg(long, value_name = "WHEN")]
    explain: Option<OsString>,
    /// Append the report to FILE, as one line of JSON
    #[arg(long, value_name = "FILE")]
    report: Option<OsString>,
    /// The longest that a diagnosis may take
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    timeout: Option<OsString>,
    /// How to explain, and where to; may be given several times
    #[arg(long, value_name = "FORMAT[=FILE]")]
    format: Vec<OsString>,
    /// Explain from the error's text alone: ask AWS nothing
    #[arg(long)]
    no_probe: bool,
    /// Keep no answer of AWS's for the next diagnosis, and use none
    #[arg(long)]
    no_cache: bool,
    /// Replace account ids in all that why403 writes: accounts
    #[arg(long, value_name = "WHAT")]
    redact: Option<OsString>,
    /// Explain nothing of a profile:, bucket: or account: (* is any text); may be given several times
    #[arg(long, value_name = "KIND:NAME")]
    ignore: Vec<OsString>,
}

impl RunOptions {
    /// As the wrapper reads them.
    pub fn words(&self) -> Vec<OsString> {
        let mut words = Vec::new();
        let mut say = |flag: &str, values: &mut dyn Iterator<Item = &OsString>| {
            for value in values {
                words.extend([OsString::from(flag), value.clone()]);
            }
        };
        say("--explain", &mut self.explain.iter());
        say("--report", &mut self.report.iter());
        say("--timeout", &mut self.timeout.iter());
        say("--format", &mut self.format.iter());
        say("--redact", &mut self.redact.iter());
        say("--ignore", &mut self.ignore.iter());
        if self.no_probe {
            words.push("--no-probe".into());
        }
        if self.no_cache {
            words.push("--no-cache".into());
        }
        words
    }
}
