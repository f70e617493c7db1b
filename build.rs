//! How the program is linked.

#![expect(clippy::disallowed_methods, reason = "a build script is told what it builds by the environment")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    // At a fixed address. The program stands in front of every `aws`, and one that may be loaded anywhere has some forty
    // thousand addresses to correct first (the tables of the SDKs, unused on that way): as long as all the rest of a start.
    // A static libc would go further, and would lose the system's own ways of finding a host's name.
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
