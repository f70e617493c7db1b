//! THREATS.md names a test for everything that it says, and each of them exists.

#![expect(clippy::disallowed_methods, reason = "the document and the sources are read")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Where the tests of `module` are: `tests/module.rs`, or `src/…` for one of the library.
fn sources(module: &str) -> Vec<PathBuf> {
    let path = module.replace("::", "/");
    [format!("tests/{path}.rs"), format!("src/{path}.rs"), format!("src/{path}/tests.rs"), format!("src/{path}/mod.rs")]
        .map(|file| root().join(file))
        .into_iter()
        .filter(|file| file.is_file())
        .collect()
}

/// Whether `name` is a test there, and not merely a function.
fn is_test(source: &str, name: &str) -> bool {
    source.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        source[..at]
            .trim_end()
            .lines()
            .rev()
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .any(|line| line == "#[test]")
    })
}

/// The rows of the tables, with their last cell.
fn rows(document: &str) -> Vec<(&str, &str)> {
    let tables = document.lines().filter(|line| line.starts_with("| "));
    let rows = tables.filter_map(|line| line.trim_end_matches(" |").rsplit_once(" | "));
    rows.filter(|(_, last)| *last != "shown by").collect()
}

#[test]
fn every_threat_names_a_test_that_exists() {
    let document = fs::read_to_string(root().join("THREATS.md")).unwrap();
    let rows = rows(&document);
    assert!(rows.len() > 20, "{rows:?}");
    let mut missing = Vec::new();
    for (row, shown_by) in rows {
        let names: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            missing.push(format!("no test in the row {row}"));
        }
        for name in names {
            let (module, test) = name.rsplit_once("::").unwrap_or(("", name));
            let found = sources(module).iter().any(|file| is_test(&fs::read_to_string(file).unwrap(), test));
            if !found {
                missing.push(name.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// A table that nobody names shows nothing to anybody.
#[test]
fn every_table_of_faults_is_named() {
    let document = fs::read_to_string(root().join("THREATS.md")).unwrap();
    for module in ["faults", "injection", "secrets"] {
        let source = fs::read_to_string(root().join(format!("tests/{module}.rs"))).unwrap();
        for (at, _) in source.match_indices("#[test]\nfn ") {
            let name: String =
                source[at + 11..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            // Two of them test the tests.
            let of_a_test =
                ["every_attack_would_act_if_it_were_let_through", "the_search_finds_a_secret_in_every_form"];
            assert!(
                of_a_test.contains(&name.as_str()) || document.contains(&format!("`{module}::{name}`")),
                "{module}::{name} is not in THREATS.md"
            );
        }
    }
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    for crate_root in ["src/lib.rs", "src/main.rs"] {
        let source = fs::read_to_string(root().join(crate_root)).unwrap();
        assert!(source.contains("#![forbid(unsafe_code)]"), "{crate_root}");
    }
    let binaries = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(!binaries.contains("[[bin]]"), "a root that is not looked at here");
    let build = root().join("build.rs");
    for file in files(&root().join("src"))
        .into_iter()
        .chain(build.is_file().then_some(build))
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
    {
        let source = fs::read_to_string(&file).unwrap();
        assert!(!source.contains("unsafe {") && !source.contains("allow(unsafe_code"), "{}", file.display());
    }
}
