//! The config file, `why403 config`, ignore rules and redaction, with an `aws` of the test's own; and the registry of
//! variables against everything that has to agree with it.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/wrapped.rs"]
#[expect(dead_code, reason = "this test needs a part of the stage")]
mod wrapped;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use why403::wrap::VARIABLES;
use wrapped::{Stage, WHY403, run, text};

const REFUSED: &str = "echo 'download failed: s3://acme-logs/a.log to ./a.log An error occurred (AccessDenied) when calling the GetObject operation: User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::acme-logs/a.log\" with an explicit deny in an identity-based policy' >&2; exit 1";

/// A stage with a config file.
fn stage(config: &str) -> Stage {
    let stage = Stage::with(REFUSED);
    fs::write(stage.directory(".config/why403").join("config.toml"), config).unwrap();
    stage
}

fn cp(stage: &Stage, options: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = stage.command(WHY403);
    command.env("LC_ALL", "C").env("CI", "true").env("WHY403_PROBE", "off").envs(variables.iter().copied());
    command.args(options).args(["aws", "s3", "cp", "s3://acme-logs/a.log", "."]);
    run(command)
}

fn said(output: &Output) -> String {
    let stderr = text(&output.stderr);
    let (aws, ours) = stderr.split_once('\n').unwrap();
    assert!(aws.starts_with("download failed: "), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
    ours.to_owned()
}

#[test]
fn a_flag_beats_a_variable_beats_the_file() {
    let stage = stage("format = [\"concise\"]\n");
    assert!(said(&cp(&stage, &[], &[])).starts_with("\nwhy403: cause["));
    assert!(said(&cp(&stage, &[], &[("WHY403_FORMAT", "json")])).starts_with("\n{\"schema\":1"));
    assert!(said(&cp(&stage, &["--format", "plain"], &[("WHY403_FORMAT", "json")])).starts_with("\ncause identity-"));
    let never = self::stage("explain = \"never\"\nreport = \"~/r.jsonl\"\n");
    assert_eq!(said(&cp(&never, &[], &[])), "");
    assert_eq!(never.read("r.jsonl").lines().count(), 1);
    assert!(said(&cp(&never, &["--explain", "always"], &[])).contains("cause["));
}

#[test]
fn what_is_ignored_is_not_explained() {
    for (config, ignored) in [
        ("ignore = [\"bucket:acme-*\"]\n", true),
        ("ignore = [\"bucket:other\"]\n", false),
        ("ignore = [\"profile:default\"]\n", true),
        ("ignore = [\"profile:prod\"]\n", false),
        ("ignore = [\"account:111122223333\"]\n", true),
        ("ignore = [\"account:444455556666\"]\n", false),
    ] {
        let stage = stage(config);
        let keys = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "x")];
        assert_eq!(said(&cp(&stage, &["--report", "r.jsonl"], &keys)).is_empty(), ignored, "{config}");
        assert_eq!(stage.read("r.jsonl").is_empty(), ignored, "{config}");
    }
    let stage = stage("");
    assert_eq!(said(&cp(&stage, &["--ignore", "bucket:acme-logs"], &[])), "");
    assert_eq!(said(&cp(&stage, &[], &[("WHY403_IGNORE", "profile:x,bucket:acme-logs")])), "");
}

#[test]
fn account_ids_are_out_of_everything_of_ours() {
    let stage = stage("redact = [\"accounts\"]\n");
    for format in why403::render::FORMATS {
        let name = format.format().name();
        let output = said(&cp(&stage, &["--format", name, "--report", "r.jsonl"], &[]));
        assert!(!output.contains("111122223333"), "{name}: {output}");
    }
    let report = stage.read("r.jsonl");
    assert!(report.contains("arn:aws:iam::account-0001:user/alice") && !report.contains("111122223333"), "{report}");
}

#[test]
fn a_wrong_file_costs_one_line() {
    let stage = stage("timeout = 1\nfromat = []\n");
    let ours = said(&cp(&stage, &[], &[]));
    assert!(ours.contains("cause["), "{ours}");
    let complaints: Vec<&str> = ours.lines().filter(|line| line.starts_with("why403: ")).collect();
    assert_eq!(complaints.len(), 1, "{ours}");
    assert!(complaints[0].contains("config.toml, line 2: unknown field `fromat`"), "{}", complaints[0]);
    let missing = said(&cp(&stage, &[], &[("WHY403_CONFIG", "nowhere.toml")]));
    assert!(missing.contains("why403: nowhere.toml could not be read: "), "{missing}");
}

/// The file may be on a network drive: a command that succeeds, or is none of our business, does not wait for it.
#[test]
fn the_file_is_not_read_before_there_is_something_to_explain() {
    let stage = Stage::with("exit $3");
    // Whoever opened this would wait for a writer.
    let made = Command::new("mkfifo").arg(stage.file("fifo")).status();
    assert!(made.unwrap().success());
    let config = stage.file("fifo");
    for (args, code) in [(["s3", "ls", "0"], 0), (["ec2", "x", "4"], 4)] {
        let mut command = stage.command(WHY403);
        command.args(["--explain", "always", "aws"]).args(args).env("WHY403_CONFIG", &config);
        let mut child = command.spawn().unwrap();
        assert_eq!(wrapped::end_of(&mut child).code(), Some(code));
    }
}

#[test]
fn every_setting_says_where_it_comes_from() {
    let stage = stage("timeout = 7\nredact = [\"accounts\"]\nreport = \"/x/r.jsonl\"\n");
    let config = |args: &[&str]| {
        let mut command = stage.command(WHY403);
        command.arg("config").args(args).env("WHY403_TIMEOUT", "5").env("WHY403_FORMAT", "nonsense");
        run(command)
    };
    let output = config(&["--json"]);
    assert_eq!(output.status.code(), Some(1), "a variable that is wrong is a finding");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = stage.file(".config/why403/config.toml").display().to_string();
    assert_eq!(found["file"], Value::from(file.clone()));
    let setting = |key: &str| {
        let setting = &found["settings"][key];
        (setting["value"].as_str().unwrap().to_owned(), setting["from"].as_str().unwrap().to_owned())
    };
    assert_eq!(setting("timeout"), ("5".to_owned(), "WHY403_TIMEOUT".to_owned()));
    assert_eq!(setting("redact"), ("accounts".to_owned(), file.clone()));
    assert_eq!(setting("report"), ("/x/r.jsonl".to_owned(), file));
    assert_eq!(setting("probe"), ("on".to_owned(), "the default".to_owned()));
    assert!(found["problems"][0].as_str().unwrap().starts_with("`WHY403_FORMAT` takes "));
    let screen = text(&config(&[]).stdout);
    assert!(screen.contains("timeout  5 ") && screen.contains("wrong    `WHY403_FORMAT` takes "), "{screen}");
    // Every key that the registry knows is shown, and is one that a file may hold.
    let keys: BTreeSet<&str> = VARIABLES.iter().filter_map(|variable| variable.key).collect();
    assert_eq!(found["settings"].as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), keys);
}

// The registry

#[test]
fn every_key_of_the_registry_is_one_of_the_file() {
    for key in VARIABLES.iter().filter_map(|variable| variable.key) {
        let stage = stage(&format!("{key} = {{}}\n"));
        let ours = said(&cp(&stage, &[], &[]));
        assert!(!ours.contains("unknown field"), "{key}: {ours}");
    }
    let stage = stage("nothing = 1\n");
    let ours = said(&cp(&stage, &[], &[]));
    let listed = ours.split_once("expected one of ").map(|(_, rest)| rest.matches('`').count() / 2);
    let keys = VARIABLES.iter().filter(|variable| variable.key.is_some()).count();
    assert_eq!(listed.map(|listed| listed >= keys), Some(true), "{ours}");
}

#[test]
fn every_flag_of_the_registry_is_in_the_help_of_what_runs_aws() {
    let cli = why403::cli::command();
    for name in ["aws", "exec"] {
        let command = cli.find_subcommand(name).unwrap();
        let ours: BTreeSet<String> = command
            .get_arguments()
            .filter_map(|argument| argument.get_long())
            .filter(|long| *long != "help")
            .map(|long| format!("--{long}"))
            .collect();
        let registry: BTreeSet<String> =
            VARIABLES.iter().filter_map(|variable| variable.flag).map(str::to_owned).collect();
        assert_eq!(ours, registry, "{name}");
    }
    // The wrapper reads them itself: it has to take each.
    for variable in VARIABLES {
        let Some(flag) = variable.flag else { continue };
        let value = match flag {
            "--explain" => "auto",
            "--timeout" => "1",
            "--format" => "plain",
            "--redact" => "accounts",
            "--ignore" => "bucket:x",
            "--report" => "r",
            _ => "",
        };
        let stage = Stage::with("exit 0");
        let mut command = stage.command(WHY403);
        command.arg(flag).args((!value.is_empty()).then_some(value)).args(["aws", "s3", "ls"]);
        assert_eq!(run(command).status.code(), Some(0), "{flag}");
    }
}

#[test]
fn the_help_lists_every_variable() {
    let stage = Stage::empty();
    let mut command = stage.command(WHY403);
    command.arg("--help");
    let help = text(&run(command).stdout);
    for variable in VARIABLES {
        assert!(help.contains(&format!("{}={}", variable.name, variable.value)), "{}: {help}", variable.name);
    }
}

#[test]
fn the_man_pages_hold_every_command_flag_and_variable() {
    let stage = Stage::empty();
    let mut command = stage.command(WHY403);
    command.args(["man", "made/man1"]);
    assert_eq!(run(command).status.code(), Some(0));
    // A hyphen and an apostrophe have spellings of their own in roff.
    let page = |name: &str| stage.read(&format!("made/man1/{name}.1")).replace("\\-", "-").replace("\\*(Aq", "'");
    let first = page("why403");
    for variable in VARIABLES {
        assert!(first.contains(variable.name), "{}: {first}", variable.name);
    }
    let cli = why403::cli::command();
    for below in cli.get_subcommands().filter(|below| !below.is_hide_set()) {
        let name = below.get_name();
        let text = page(&format!("why403-{name}"));
        assert!(first.contains(&format!("why403-{name}(1)")), "{name}: {first}");
        for long in
            below.get_arguments().filter(|argument| !argument.is_hide_set()).filter_map(|argument| argument.get_long())
        {
            assert!(text.contains(&format!("--{long}")), "{name} --{long}: {text}");
        }
    }
}

/// A variable that is read somewhere and listed nowhere is a secret.
#[test]
fn no_variable_is_read_that_nobody_is_told_of() {
    // Written for ourselves, or by somebody who works on why403.
    const INTERNAL: [&str; 2] = ["WHY403_GUARD", "WHY403_RUN"];
    let listed: BTreeSet<&str> = VARIABLES.iter().map(|variable| variable.name).chain(INTERNAL).collect();
    let mut read = BTreeSet::new();
    for directory in ["src", "shell"] {
        for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)) {
            let Ok(source) = fs::read_to_string(&file) else { continue };
            for (at, _) in source.match_indices("WHY403_") {
                if source[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
                    continue;
                }
                let rest = &source[at..];
                let end = rest.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
                let name = &rest[..end.unwrap_or(rest.len())];
                if !name.starts_with("WHY403_TEST_") && name != "WHY403_" {
                    read.insert((name.to_owned(), file.clone()));
                }
            }
        }
    }
    let unlisted: Vec<_> = read.iter().filter(|(name, _)| !listed.contains(name.as_str())).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
    let unread: Vec<_> = VARIABLES
        .iter()
        .filter(|known| known.name != "WHY403" && !read.iter().any(|(name, _)| name == known.name))
        .collect();
    assert!(unread.is_empty(), "{unread:?}");
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

// The doctor

#[test]
fn the_doctor_finds_what_is_there_and_tells_no_secret() {
    let stage = Stage::with("echo aws-cli/9.9.9 Python");
    let aws = stage.directory(".aws");
    fs::write(
        aws.join("config"),
        "[profile ci]\nrole_arn = arn:aws:iam::111122223333:role/ci\nsource_profile = base\nregion = eu-west-1\n",
    )
    .unwrap();
    fs::write(
        aws.join("credentials"),
        "[base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMIsecret\naws_session_token = sessiontokenvalue\n",
    )
    .unwrap();
    fs::write(stage.file(".zshrc"), "# why403 was here\n\neval \"$(why403 init zsh)\"\n").unwrap();
    let doctor = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = stage.command(WHY403);
        command.arg("doctor").args(args).env("SHELL", "/bin/zsh").envs(variables.iter().copied());
        command.env("HTTPS_PROXY", "http://me:proxysecret@proxy:3128");
        run(command)
    };
    let output = doctor(&["--json"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["aws"]["path"], "~/bin/aws");
    assert_eq!(found["aws"]["version"], "aws-cli/9.9.9 Python");
    assert_eq!(found["shell"]["hook"], "~/.zshrc:3");
    assert_eq!(found["network"]["endpoint"], "http://127.0.0.1:1");
    let profiles = found["profiles"].as_array().unwrap();
    let ci = profiles.iter().find(|profile| profile["name"] == "ci").unwrap();
    assert_eq!(ci["credentials"], "profile ci: role_arn over source_profile base");
    assert_eq!(ci["region"], "eu-west-1");
    assert_eq!(found["probes"], Value::Null);
    let screen = doctor(&[], &[]);
    assert_eq!(screen.status.code(), Some(0));
    let all = text(&output.stdout) + &text(&screen.stdout);
    for secret in ["wJalrXUtnFEMI", "sessiontoken", "proxysecret", "AKIAIOSFODNN7EXAMPLE"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    let redacted = text(&doctor(&["--json"], &[("WHY403_REDACT", "accounts")]).stdout);
    assert!(!redacted.contains("111122223333"), "{redacted}");

    let nothing = Stage::empty();
    let mut command = nothing.command(WHY403);
    command.args(["doctor", "--json"]).env("PATH", nothing.file("bin"));
    let output = run(command);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["aws"]["problem"], "aws: command not found");
}
