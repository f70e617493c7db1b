//! From argv, the environment and the config files to what was asked of S3, as S3 and IAM see it, and how the CLI
//! would send it.
//!
//! Pure but for reading files ([`files`]). It decides nothing about why a request failed, and it asks nobody. The truth
//! about the CLI is the CLI's own source (awscli and botocore, versions 1 and 2); where a rule is taken from there, the
//! comment names the place.

mod account;
mod argv;
mod asked;
mod bucket;
mod cache_key;
mod chain;
mod customer_key;
mod endpoints;
pub mod files;
mod from_failure;
mod headers;
pub mod ini;
mod operation;
mod options;
mod plan;
mod profile_option;
mod redact;
mod s3_options;
mod secret;
mod setting;
mod settings;
mod similar;
mod version;
mod words;

pub use account::access_key_account;
pub use argv::Arguments;

pub use asked::{DELETES_THE_SOURCE, Request, Side};
pub use bucket::{BucketKind, Location, alias_name};
pub use chain::{ChainLink, LinkOutcome};
pub use customer_key::CustomerKey;
pub use endpoints::{EndpointChoice, Endpoints, ServiceId};
pub use files::ProfileFiles;
pub use plan::{CredentialPlan, RoleSource};
pub use profile_option::{ProfileOption, profile_options};
pub use redact::{redact, redact_argv};
pub use s3_options::S3Options;
pub use secret::{Keys, Secret};
pub use setting::{Origin, Setting};
pub use settings::{Settings, partition_of};
pub use similar::closest;
pub use version::CliVersion;
pub use words::shell_words;

/// botocore's `ensure_boolean`: only `true` is.
pub(crate) fn truth(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

/// What the tests of this module build their worlds with.
#[cfg(test)]
pub(crate) mod testing {
    use super::Arguments;
    use crate::world::{Screen, World};
    use std::ffi::OsString;
    use std::path::PathBuf;
    use std::time::SystemTime;

    pub(crate) fn world(variables: &[(&str, &str)]) -> World {
        let env: std::collections::BTreeMap<OsString, OsString> =
            variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
        World {
            home: env.get(&OsString::from("HOME")).map(PathBuf::from),
            env,
            stderr: Screen::default(),
            now: || SystemTime::UNIX_EPOCH,
        }
    }

    /// A command line, split at blanks.
    pub(crate) fn argv(line: &str) -> Arguments {
        Arguments::parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }
}
