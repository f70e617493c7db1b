//! The README's tables and samples are made from the program: `UPDATE_GOLDEN=1 cargo test --test readme` writes them
//! anew, and a plain run holds them to it.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/clis.rs"]
mod clis;

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;
use why403::cause::registry::{self, Family};
use why403::sandbox::scenario::CliVersion;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// Puts `text` between `<!-- mark -->` and `<!-- /end -->`.
fn replaced(readme: &str, mark: &str, end: &str, text: &str) -> String {
    let open = format!("<!-- {mark} -->");
    let close = format!("<!-- /{end} -->");
    let start = readme.find(&open).unwrap_or_else(|| panic!("{open} is not in the README")) + open.len();
    let stop = start + readme[start..].find(&close).unwrap_or_else(|| panic!("{close} is not in the README"));
    format!("{}{text}{}", &readme[..start], &readme[stop..])
}

fn causes() -> String {
    let mut table = String::from("\n| cause | what is true then |\n|---|---|\n");
    let families =
        [Family::Credentials, Family::Request, Family::Policy, Family::Ownership, Family::Encryption, Family::None];
    for family in families {
        for about in registry::all().iter().filter(|about| about.family == family) {
            writeln!(table, "| `{}` | {} |", about.code, about.meaning.replace('|', "\\|")).unwrap();
        }
    }
    table
}

fn variables() -> String {
    let mut table = String::from("\n| variable | value | what it does |\n|---|---|---|\n");
    for why403::wrap::Variable { name, value, about, .. } in why403::wrap::VARIABLES {
        writeln!(table, "| `{name}` | `{}` | {about} |", value.replace('|', "\\|")).unwrap();
    }
    table
}

fn formats() -> String {
    let names: Vec<String> = why403::render::FORMATS.iter().map(|format| format!("`{}`", format.format())).collect();
    names.join(" ")
}

/// What a user sees, played by the real CLI.
fn sample(readme: &str) -> Option<(String, String)> {
    let start = readme.find("<!-- sample: ")? + "<!-- sample: ".len();
    let name = readme[start..].split(" -->").next()?.to_owned();
    let cli = clis::found().into_iter().find(|cli| cli.version == CliVersion::V1)?;
    let path = format!("{}:{}", cli.directory.display(), std::env::var("PATH").unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_why403"))
        .args(["demo", &name])
        .env("PATH", path)
        .env("LC_ALL", "C")
        .env("WHY403_TIMEOUT", "30")
        .output()
        .unwrap();
    let screen = String::from_utf8(output.stderr).unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let command = stdout.lines().find(|line| line.starts_with("$ aws")).unwrap().to_owned();
    Some((name, format!("\n```console\n{command}\n{}\n```\n", screen.trim_end())))
}

#[test]
fn the_readme_says_what_the_program_does() {
    let readme = std::fs::read_to_string(path()).unwrap();
    let mut wanted = replaced(&readme, "causes", "causes", &causes());
    wanted = replaced(&wanted, "variables", "variables", &variables());
    wanted = replaced(&wanted, "formats", "formats", &formats());
    if let Some((name, text)) = sample(&wanted) {
        wanted = replaced(&wanted, &format!("sample: {name}"), "sample", &text);
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path(), &wanted).unwrap();
        return;
    }
    assert_eq!(readme, wanted, "UPDATE_GOLDEN=1 writes the README's made parts anew");
}
