//! The real AWS CLIs that the tests run: version 1 from the project's own virtual environment, version 2 from the
//! system.

use std::path::{Path, PathBuf};
use std::process::Command;
use why403::sandbox::scenario::CliVersion;

/// One CLI, as it was found.
#[derive(Clone, Debug)]
pub struct Cli {
    pub version: CliVersion,
    /// The directory that goes first on PATH.
    pub directory: PathBuf,
}

/// Every CLI that is here. In CI both have to be; elsewhere a missing one is said loudly.
pub fn found() -> Vec<Cli> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let candidates = [
        (
            CliVersion::V1,
            std::env::var_os("WHY403_TEST_AWS_V1").map_or_else(|| root.join(".venv/awscli/bin/aws"), PathBuf::from),
        ),
        (
            CliVersion::V2,
            std::env::var_os("WHY403_TEST_AWS_V2").map_or_else(|| PathBuf::from("/usr/bin/aws"), PathBuf::from),
        ),
    ];
    let mut found = Vec::new();
    for (version, program) in candidates {
        let is_it = Command::new(&program).arg("--version").output().is_ok_and(|output| {
            let major = if version == CliVersion::V1 { "aws-cli/1" } else { "aws-cli/2" };
            String::from_utf8_lossy(&output.stdout).starts_with(major)
                || String::from_utf8_lossy(&output.stderr).starts_with(major)
        });
        match (is_it, program.parent()) {
            (true, Some(directory)) => found.push(Cli { version, directory: directory.to_path_buf() }),
            _ => {
                assert!(std::env::var_os("CI").is_none(), "AWS CLI {version:?} is not at {}", program.display());
                eprintln!("SKIPPED: AWS CLI {version:?} is not at {}", program.display());
            }
        }
    }
    found
}
