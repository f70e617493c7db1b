//! Programs that a test needs and that may not be there.

use std::path::PathBuf;

/// Whether all of them are on PATH. In CI they have to be; elsewhere a test that is skipped says so loudly.
pub fn require(tools: &[&str]) -> bool {
    let missing: Vec<&str> = tools.iter().copied().filter(|tool| find(tool).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "not installed: {}", missing.join(", "));
    eprintln!("SKIPPED, AND NOTHING TESTED: not installed: {}", missing.join(", "));
    false
}

/// Where a program is.
pub fn find(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|candidate| candidate.is_file())
}
