//! The tables and queries of docs/fleet over reports that the program's own types wrote: run by DuckDB, from PyPI, as
//! `make venv` installs it. Athena's are held to the report's schema by name.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use why403::diagnosis::Report;

fn fleet(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fleet").join(name)
}

/// DuckDB's Python. In CI it has to be there; elsewhere a missing one is said loudly.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/duckdb/bin/python");
    if python.exists() {
        return Some(python);
    }
    assert!(std::env::var_os("CI").is_none(), "DuckDB is not in {}", python.display());
    eprintln!("SKIPPED: DuckDB is not in {}", python.display());
    None
}

/// A report as the program writes it: what is given here has to be what its types read.
fn line(time: &str, who: &str, bucket: &str, count: u64, cause: &str, certainty: &str) -> String {
    let failure = json!({
        "line": "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
        "count": count, "operation": "HeadObject", "error_code": "403",
        "request": { "action": "s3:GetObject", "bucket": bucket, "key": "a 'quoted' key", "version_id": null,
            "profile": "ci", "region": "eu-west-1", "endpoint": null, "signed": true },
        "caller": { "arn": format!("arn:aws:sts::111122223333:{who}"), "account": "111122223333", "source": "profile ci" },
        "blockers": [{ "cause": cause, "certainty": certainty, "summary": "it is so", "where": null, "near_miss": null,
            "evidence": [], "fix": null }],
        "ruled_out": [], "open": [], "checks": [],
    });
    let report = json!({
        "schema": 1, "tool": { "name": "why403", "version": "0.1.0" },
        "command": { "argv": ["aws", "s3", "cp", "s3://x/y", "."], "exit_code": 1 },
        "time": time, "elapsed_ms": 300, "failures": [failure],
    });
    let report: Report = serde_json::from_value(report).unwrap();
    serde_json::to_string(&report).unwrap() + "\n"
}

fn reports() -> String {
    let (deploy, alice) = ("assumed-role/ci-deploy/run-1", "user/alice");
    [
        line("2026-07-01T08:00:00Z", deploy, "acme-logs", 3, "identity-policy-no-allow", "proven"),
        line(
            "2026-07-02T08:00:00Z",
            "assumed-role/ci-deploy/run-2",
            "acme-logs",
            4,
            "identity-policy-no-allow",
            "likely",
        ),
        line("2026-07-03T08:00:00Z", deploy, "acme-logs", 1, "bucket-policy-deny", "proven"),
        line("2026-07-03T09:00:00Z", alice, "acme-site", 2, "not-reproduced", "proven"),
        line("2026-07-04T09:00:00Z", alice, "acme-data", 1, "kms-no-allow", "proven"),
    ]
    .concat()
}

/// Runs a query and gives its rows.
fn ask(python: &Path, directory: &Path, query: &str) -> Vec<Vec<Value>> {
    let program = "import duckdb, json, sys\n\
        db = duckdb.connect()\n\
        db.execute(open(sys.argv[1]).read())\n\
        rows = db.execute(open(sys.argv[2]).read()).fetchall()\n\
        json.dump([[value if isinstance(value, (int, list)) else None if value is None else str(value) for value in row] for row in rows], sys.stdout)";
    let query = fleet("queries").join(format!("{query}.sql"));
    let mut command = Command::new(python);
    command.args(["-c", program]).arg(fleet("duckdb.sql")).arg(query).current_dir(directory);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn five_queries_have_their_answers() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("reports")).unwrap();
    fs::write(directory.path().join("reports/one.jsonl"), reports()).unwrap();
    fs::write(directory.path().join("reports/none.jsonl"), "").unwrap();
    let ask = |query: &str| Value::from(ask(&python, directory.path(), query));
    assert_eq!(
        ask("top-causes"),
        json!([
            ["identity-policy-no-allow", 7, 2, 1, 1, 1],
            ["not-reproduced", 2, 1, 1, 1, 1],
            ["bucket-policy-deny", 1, 1, 1, 1, 1],
            ["kms-no-allow", 1, 1, 1, 1, 1],
        ])
    );
    assert_eq!(
        ask("top-roles"),
        json!([["111122223333", "assumed-role/ci-deploy", 8, 1, 2], ["111122223333", "user/alice", 3, 2, 2]])
    );
    let first = ask("first-seen");
    assert_eq!(first.as_array().map(Vec::len), Some(4));
    let began = [
        "identity-policy-no-allow",
        "acme-logs",
        "assumed-role/ci-deploy",
        "2026-07-01 08:00:00",
        "2026-07-02 08:00:00",
    ];
    assert_eq!(first[3].as_array().unwrap()[..5], began.map(Value::from));
    let flaky = ask("flaky");
    assert_eq!(flaky.as_array().map(Vec::len), Some(2), "{flaky}");
    assert_eq!(
        flaky[0].as_array().unwrap()[..5],
        json!(["user/alice", "s3:GetObject", "acme-site", 1, 2]).as_array().unwrap()[..]
    );
    assert_eq!(
        flaky[1].as_array().unwrap()[..4],
        json!(["assumed-role/ci-deploy", "s3:GetObject", "acme-logs", 2]).as_array().unwrap()[..]
    );
    assert_eq!(
        ask("by-bucket"),
        json!([
            ["acme-logs", 8, 1, 1, ["bucket-policy-deny", "identity-policy-no-allow"]],
            ["acme-site", 2, 1, 1, ["not-reproduced"]],
            ["acme-data", 1, 1, 1, ["kms-no-allow"]],
        ])
    );
}

/// Both views offer what the queries ask for, and every query of the folder is one of the five.
#[test]
fn both_dialects_name_the_same_columns() {
    let columns = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(fleet(file)).unwrap();
        let view = text.split_once("VIEW refusals AS").unwrap().1.split_once("\nFROM ").unwrap().0.to_owned();
        let named = view.lines().filter_map(|line| line.trim_end_matches(',').rsplit_once(" AS "));
        named.map(|(_, name)| name.trim().to_owned()).filter(|name| name != "day").collect()
    };
    assert_eq!(columns("duckdb.sql"), columns("athena.sql"));
    assert_eq!(fs::read_dir(fleet("queries")).unwrap().count(), 5);
    let readme = fs::read_to_string(fleet("README.md")).unwrap();
    for entry in fs::read_dir(fleet("queries")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(readme.contains(&format!("(queries/{name})")), "{name}");
    }
}

/// A field of a table that no report has would be null for ever, in silence.
#[test]
fn every_field_of_the_tables_is_one_of_the_report() {
    let schema: Value = serde_json::from_str(&why403::render::schema::schema()).unwrap();
    let schema = schema.to_string();
    let is_field = |name: &str| schema.contains(&format!("\"{name}\":{{"));
    let athena = fs::read_to_string(fleet("athena.sql")).unwrap();
    let table = athena.split_once("(\n").unwrap().1.split_once("PARTITIONED").unwrap().0;
    let names = table.split([',', '<', '>', '\n']).filter_map(|part| {
        let part = part.trim();
        part.split_once(':')
            .map(|(name, _)| name)
            .or_else(|| part.strip_prefix('`')?.split_once('`').map(|(name, _)| name))
    });
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(is_field(name), "{name}");
    }
    let duckdb = fs::read_to_string(fleet("duckdb.sql")).unwrap();
    let table = duckdb.split_once("columns = {").unwrap().1.split_once("\n    }\n").unwrap().0;
    let types = ["VARCHAR", "INTEGER", "BIGINT", "STRUCT"];
    let words: Vec<&str> =
        table.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    for name in words.iter().filter(|word| !types.contains(word)) {
        assert!(is_field(name), "{name}");
    }
}
