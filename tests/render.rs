//! Whole screens in every format, compared byte for byte with the files in `golden/render`, and what must hold
//! for any report at all. `UPDATE_GOLDEN=1` writes the files anew.
#![expect(
    clippy::disallowed_methods,
    reason = "golden files are read, and the switch that writes them is in the environment"
)]

#[path = "golden/render/cases.rs"]
mod cases;
#[path = "support/junit.rs"]
mod junit;

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use why403::cause::registry;
use why403::diagnosis::{Certainty, Report, ScriptLine};
use why403::render::{FORMATS, Format, Options, github, gitlab, schema, untrusted};
use why403::state;
use why403::world::{Screen, World};

/// A screen: its file's suffix, the format, and what the terminal can do.
fn looks() -> Vec<(&'static str, Format, Options)> {
    let plain = || Options { unicode: false, ..Options::default() };
    let wide = |width| Options { width: Some(width), ..plain() };
    vec![
        ("terminal", Format::Terminal, Options { unicode: false, width: Some(120), ..Options::default() }),
        ("40.terminal", Format::Terminal, wide(40)),
        ("80.terminal", Format::Terminal, wide(80)),
        ("100.terminal", Format::Terminal, wide(100)),
        ("unicode.terminal", Format::Terminal, Options { width: Some(80), ..Options::default() }),
        (
            "color.terminal",
            Format::Terminal,
            Options { width: Some(100), color: true, hyperlinks: true, ..Options::default() },
        ),
        ("verbose.terminal", Format::Terminal, Options { verbose: true, ..wide(100) }),
        ("plain", Format::Plain, Options::default()),
        ("concise", Format::Concise, Options::default()),
        ("json", Format::Json, Options::default()),
        ("github", Format::Github, Options::default()),
        ("gitlab", Format::Gitlab, Options::default()),
        ("markdown", Format::Markdown, Options::default()),
        (
            "sarif",
            Format::Sarif,
            Options { meaning: |code| (code != "undetermined").then_some("What it means."), ..Options::default() },
        ),
        ("junit", Format::Junit, Options::default()),
    ]
}

/// The report of a command that a line of a script ran.
fn from_line(report: &Report, script: &ScriptLine) -> Report {
    let mut report = report.clone();
    for failure in &mut report.failures {
        failure.script = Some(script.clone());
    }
    report
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/render").join(name)
}

#[test]
fn every_format_of_every_case_is_a_golden_file() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut different = Vec::new();
    for (case, report) in cases::all() {
        let of_a_script = from_line(&report, &ScriptLine { file: "ci/deploy, all.sh".to_owned(), line: 12 });
        for (suffix, format, options) in looks() {
            let path = golden(&format!("{case}.{suffix}"));
            let points = matches!(format, Format::Github | Format::Sarif);
            let screen = format.render(if points { &of_a_script } else { &report }, &options);
            if update {
                std::fs::write(&path, &screen).unwrap();
            } else if std::fs::read_to_string(&path).ok().as_deref() != Some(screen.as_str()) {
                different.push(format!("{}:\n{screen}", path.display()));
            }
        }
    }
    assert!(
        different.is_empty(),
        "{} screens differ from their golden files:\n{}",
        different.len(),
        different.join("\n")
    );
}

#[test]
fn no_golden_file_is_left_over() {
    let wanted: Vec<PathBuf> = cases::all()
        .iter()
        .flat_map(|(case, _)| looks().into_iter().map(move |(suffix, ..)| golden(&format!("{case}.{suffix}"))))
        .collect();
    for entry in std::fs::read_dir(golden("")).unwrap() {
        let path = entry.unwrap().path();
        let is_ours = path.ends_with("cases.rs") || path.ends_with("sarif.schema.json");
        assert!(is_ours || wanted.contains(&path), "{} belongs to no case", path.display());
    }
}

/// Each cause's own scenario, as `tests/scenarios.rs` recorded it: with excerpts and edits.
fn recorded() -> Vec<(String, Report)> {
    let codes: Vec<String> = registry::all().iter().map(|cause| cause.code.clone()).collect();
    let directory = tempfile::tempdir().unwrap();
    for (at, code) in codes.iter().enumerate() {
        let text =
            std::fs::read_to_string(of_cause(code, "report.json")).unwrap_or_else(|error| panic!("{code}: {error}"));
        std::fs::write(directory.path().join(format!("{at:020}-1-1.json")), text).unwrap();
    }
    let world = World {
        env: BTreeMap::from([(state::DIRECTORY.into(), directory.path().into())]),
        home: None,
        stderr: Screen::default(),
        now: SystemTime::now,
    };
    let reports: Vec<Report> = state::kept(&world).into_iter().rev().map(|kept| kept.report).collect();
    assert_eq!(reports.len(), codes.len(), "every recorded report can be read");
    codes.into_iter().zip(reports).collect()
}

fn of_cause(code: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/causes").join(code).join(name)
}

/// As `tests/scenarios.rs` keeps a screen.
fn without_directories(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = text.find("/tmp/") {
        let end =
            text[at..].find(|c: char| c.is_whitespace() || "`'\"():;,".contains(c)).map_or(text.len(), |end| at + end);
        text.replace_range(at..end, "…");
    }
    text
}

/// What the program renders with.
fn about_causes() -> Options {
    Options {
        unicode: false,
        meaning: |code| registry::find(code).map(|about| about.meaning.as_str()),
        ..Options::default()
    }
}

#[test]
fn every_format_of_every_cause_is_a_golden_file() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut different = Vec::new();
    let mut seen = 0;
    for (code, report) in recorded() {
        let mut found = report.failures.iter().flat_map(|failure| &failure.blockers);
        // Where nothing settles it there are readings, and the cause of that name is for where there is none.
        let is_named = found.any(|blocker| blocker.cause == code || code == "undetermined");
        assert!(is_named, "the report of {code} does not name it");
        for format in FORMATS {
            let text = format.render(&report, &about_causes());
            assert_harmless(format.format(), &text);
            let path = match format.format() {
                // The same screen that the program drew when the report was recorded, where it is of the same scenario.
                Format::Terminal if code != "block-public-access" => golden(&format!("../screens/{code}.txt")),
                format => of_cause(&code, format.name()),
            };
            let is_the_screen = path.ends_with(format!("screens/{code}.txt"));
            let text = if is_the_screen { format!("\n{}", without_directories(&text)) } else { text };
            seen += 1;
            if update && !is_the_screen {
                std::fs::write(&path, &text).unwrap();
            } else if std::fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
                different.push(format!("{}:\n{text}", path.display()));
            }
        }
    }
    assert_eq!(seen, registry::all().len() * FORMATS.len());
    assert!(different.is_empty(), "{} differ from their golden files:\n{}", different.len(), different.join("\n"));
}

/// The made-up cases and the recorded ones.
fn every_report() -> Vec<(String, Report)> {
    cases::all().into_iter().map(|(case, report)| (case.to_owned(), report)).chain(recorded()).collect()
}

/// The three samples of the style guide, as they stand there. The first help is folded: it is wider than prose may be.
#[test]
fn the_screen_is_the_style_guides() {
    let options = Options { width: Some(120), unicode: false, ..Options::default() };
    let no_allow = r#"cause[identity-policy-no-allow]: no policy of `role/ci-deploy` allows `s3:GetObject` on `acme-logs/2026/07/app.log`
 --> policy LogsRead (v3):9:15
  |
9 |   "Resource": "arn:aws:s3:::acme-logs/2025/*"
  |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ nearest Allow; covers only `2025/*`
  |
  = note: checked 3 identity policies, the permissions boundary, and the bucket policy
help: allow this one object, in a policy of `ci-deploy`
      (an administrator of 111122223333; changes IAM):
      { "Effect": "Allow", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::acme-logs/2026/07/app.log" }
more: why403 explain identity-policy-no-allow
"#;
    let deny = r#"cause[bucket-policy-deny]: the bucket policy of `acme-logs` denies this request
  --> bucket policy of acme-logs:18:30
   |
13 |       "Effect": "Deny",
   |                 ------ a matching Deny wins over every Allow
...
18 |         "StringNotEquals": { "aws:SourceVpce": "vpce-0a1b2c3d" }
   |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this request used no VPC endpoint
   |
   = note: `LogsRead` does allow `s3:GetObject`, so adding an Allow will not help
help: run this from a network that reaches S3 through `vpce-0a1b2c3d`
help: or ask the bucket owner, account 111122223333, to exempt `role/ci-deploy`
more: why403 explain bucket-policy-deny
"#;
    let hidden_key = "likely cause[key-not-found-hidden]: `2026/07/ap.log` does not exist in `acme-logs`
 = note: without `s3:ListBucket`, S3 answers 403 where it would otherwise answer 404
 = note: `LogsRead` allows `s3:GetObject` on this key, so reading is not what is denied
 = note: not checked: service control policies (`organizations:ListPoliciesForTarget` was denied)
help: check the key with someone who can list: `aws s3 ls s3://acme-logs/2026/07/`
help: to get 404 next time, allow `s3:ListBucket` on `arn:aws:s3:::acme-logs`
more: why403 explain key-not-found-hidden
";
    for (mut report, screen) in
        [(cases::no_allow(), no_allow), (cases::deny(), deny), (cases::hidden_key(), hidden_key)]
    {
        // The guide's callers come by no path worth a note.
        for caller in report.failures.iter_mut().filter_map(|failure| failure.caller.as_mut()) {
            caller.source.clear();
        }
        assert_eq!(Format::Terminal.render(&report, &options), screen);
    }
}

/// The characters alone: without SGR and without OSC 8, the two sequences that we write.
fn strip(screen: &str) -> String {
    let mut out = String::new();
    let mut rest = screen;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = if let Some(sgr) = rest.strip_prefix('[') {
            1 + sgr.find('m').expect("an SGR sequence ends") + 1
        } else {
            assert!(rest.starts_with("]8;;"), "only links: {rest:.20}");
            rest.find("\u{1b}\\").expect("a link's address ends") + 2
        };
        assert!(rest[..end].chars().all(|c| c == '\u{1b}' || c.is_ascii_graphic()), "a sequence holds nothing else");
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn colour_and_links_are_decoration() {
    for (case, report) in cases::all() {
        for width in [None, Some(40), Some(80), Some(120)] {
            for unicode in [false, true] {
                let bare = Options { width, unicode, ..Options::default() };
                let decorated = Options { color: true, hyperlinks: true, ..bare.clone() };
                let decorated = Format::Terminal.render(&report, &decorated);
                assert_ne!(decorated, strip(&decorated), "{case}");
                assert_eq!(strip(&decorated), Format::Terminal.render(&report, &bare), "{case} at {width:?}");
            }
        }
    }
}

#[test]
fn prose_is_wrapped_and_commands_are_not() {
    for (case, report) in cases::all().into_iter().filter(|(case, _)| *case != "hostile") {
        for width in [60, 80, 100, 200] {
            let options = Options { width: Some(width), unicode: false, ..Options::default() };
            let screen = Format::Terminal.render(&report, &options);
            for line in screen.lines() {
                // An excerpt, a statement's member, and a command are whole; a title has the terminal's width.
                let start = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
                let is_whole = ["|", "aws ", "more: ", "-->"].iter().any(|whole| start.starts_with(whole))
                    || line.contains("\": ");
                let has_long_word = start.split(' ').any(|word| word.len() + 20 > width);
                let is_title = line.contains("cause[") || (line.starts_with("    ") && !line.starts_with("      "));
                let limit = if is_title { width.min(150) } else { width.min(100) };
                assert!(is_whole || has_long_word || line.len() <= limit, "{case} at {width}: {line}");
            }
        }
    }
    let screen = std::fs::read_to_string(golden("all-must-change.40.terminal")).unwrap();
    let command = "aws iam put-role-policy --role-name ci-deploy --policy-name KeysUse --policy-document file://KeysUse.json --profile admin";
    assert!(screen.lines().any(|line| line.trim() == command), "{screen}");
}

#[test]
fn outside_utf8_everything_is_ascii() {
    let report = cases::hostile("clé \u{301}日本 — “x”");
    for format in [Format::Terminal, Format::Plain, Format::Concise, Format::Json] {
        let screen = format.render(&report, &Options { unicode: false, ..Options::default() });
        assert!(screen.is_ascii(), "{format}: {screen}");
    }
}

/// What holds of every text that any format writes for any report.
fn assert_harmless(format: Format, screen: &str) {
    for line in screen.split('\n') {
        let unseen: Vec<char> = line.chars().filter(|c| untrusted::is_unseen(*c)).collect();
        assert!(unseen.is_empty(), "{format} lets {unseen:?} through: {line:?}");
        let lower = line.to_lowercase();
        for command in ["##[", "##vso[", "##teamcity["] {
            assert!(!lower.contains(command), "{format} lets `{command}` through: {line}");
        }
        let is_own = format == Format::Github && line.starts_with("::error title=");
        assert!(is_own || !line.trim_start().starts_with("::"), "{format} lets a workflow command through: {line}");
    }
}

fn assert_formats_are_harmless(report: &Report) {
    let report = &from_line(report, &ScriptLine { file: report.tool.name.clone(), line: 0 });
    for format in FORMATS {
        for (unicode, width, verbose) in [(true, None, true), (false, Some(40), false), (true, Some(1), false)] {
            let options = Options { unicode, width, verbose, ..Options::default() };
            let screen = format.render(report, &options);
            assert_harmless(format.format(), &screen);
            assert!(screen.ends_with('\n'));
            if format.format() == Format::Github {
                assert_eq!(screen.lines().count(), report.failures.len(), "one command for each failure: {screen}");
            }
        }
        let options = Options { color: true, hyperlinks: true, ..Options::default() };
        assert_harmless(format.format(), &strip(&format.render(report, &options)));
    }
}

/// Text as an attacker would write it: pieces that mean something somewhere, and any character at all.
fn stranger() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        proptest::sample::select(vec![
            "\u{1b}[31m",
            "\u{1b}]8;;http://x\u{7}",
            "\u{9b}2J",
            "\r",
            "\n",
            "\r\n",
            "\t",
            " ",
            "\u{202e}",
            "\u{2066}",
            "\u{200b}",
            "\u{2028}",
            "::error::",
            "\n::set-output name=x::",
            "##[group]",
            "##vso[task.setvariable]",
            "##",
            "%0A",
            "`",
            "``",
            "```",
            "|",
            "<script>",
            "]]>",
            "-->",
            "&#x1b;",
            "\"",
            "\\",
            "{",
            "}",
            "](http://x)",
            "@team",
            "section_start:1:x\r\u{1b}[0K",
            "\u{e0041}",
            "\u{ffff}",
            "\u{0}",
            "日本",
            "é",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[a-zA-Z0-9:/ .-]{1,12}",
    ];
    proptest::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_text_of_a_stranger_acts_on_the_reader(text in stranger()) {
        assert_formats_are_harmless(&cases::hostile(&text));
    }

    #[test]
    fn json_stays_the_reports_value(text in stranger()) {
        let report = cases::hostile(&text);
        let json = Format::Json.render(&report, &Options::default());
        prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), serde_json::to_value(&report).unwrap());
        for format in [Format::Gitlab, Format::Sarif] {
            let json = format.render(&report, &Options::default());
            prop_assert!(serde_json::from_str::<Value>(&json).is_ok());
        }
    }

    #[test]
    fn a_github_annotation_carries_its_text_whole(text in stranger()) {
        let report = cases::hostile(&text);
        let screen = Format::Github.render(&report, &Options::default());
        let (head, message) = screen.lines().next().unwrap().strip_prefix("::error title=").unwrap().split_once("::").unwrap();
        prop_assert!(!head.contains(',') && !head.contains(':'), "{}", head);
        let decoded = message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
        let summary = untrusted::visible(&report.failures[0].blockers[0].summary, true).into_owned();
        prop_assert!(decoded.starts_with(&summary), "{}", decoded);
    }

    #[test]
    fn spans_outside_their_document_do_no_harm(text in stranger(), start in 0usize..80, length in 0usize..200) {
        let mut report = cases::hostile("x");
        for blocker in report.failures.iter_mut().flat_map(|failure| &mut failure.blockers) {
            let excerpt = blocker.excerpt.as_mut().unwrap();
            excerpt.text = if start % 2 == 0 { text.clone() } else { json!({ "Statement": [{ "Sid": text, "Action": [text, text, "s3:*"] }] }).to_string() };
            excerpt.marks[0].span = start..start + length;
            excerpt.marks[1].span = length..start;
        }
        assert_formats_are_harmless(&report);
    }
}

#[test]
fn a_flood_of_text_is_bounded() {
    let report = cases::hostile(&"x\u{1b}".repeat(30_000));
    for format in [Format::Terminal, Format::Plain, Format::Concise, Format::Github] {
        let mut report = report.clone();
        for fix in report
            .failures
            .iter_mut()
            .flat_map(|f| &mut f.blockers)
            .flat_map(|b| b.fix.iter_mut().chain(&mut b.other_fixes))
        {
            // What is pasted is whole, however long.
            fix.commands.clear();
        }
        let length = format.render(&report, &Options::default()).len();
        assert!(length < 3_000_000, "{format} writes {length} bytes");
    }
    assert!(Format::Markdown.render(&report, &Options::default()).len() < 1 << 20);
}

#[test]
fn a_policy_of_a_megabyte_is_drawn_at_its_marks() {
    let mut report = cases::deny();
    let excerpt = report.failures[0].blockers[0].excerpt.as_mut().unwrap();
    let filler = "      \"x\": \"y\",\n".repeat(70_000);
    excerpt.text.insert_str(2, &filler);
    for mark in &mut excerpt.marks {
        mark.span = mark.span.start + filler.len()..mark.span.end + filler.len();
    }
    let screen = Format::Terminal.render(&report, &Options { width: Some(120), unicode: false, ..Options::default() });
    assert!(screen.contains("--> bucket policy of acme-logs:70018:30"), "{screen}");
    assert!(screen.len() < 2000);
}

#[test]
fn a_report_without_failures_says_nothing_to_people() {
    let report = Report { failures: vec![], ..cases::deny() };
    for format in FORMATS {
        let text = format.render(&report, &Options::default());
        match format.format() {
            Format::Json => assert!(text.starts_with("{\"schema\":1")),
            Format::Gitlab => assert_eq!(text, "[]\n"),
            Format::Sarif => assert!(text.contains("\"results\": []")),
            Format::Junit => assert!(text.contains("tests=\"0\"")),
            _ => assert_eq!(text, ""),
        }
    }
}

#[test]
fn a_step_that_passed_is_not_failed() {
    let mut report = cases::deny();
    report.command.exit_code = 0;
    assert!(Format::Github.render(&report, &Options::default()).starts_with("::warning "));
    assert!(!Format::Junit.render(&report, &Options::default()).contains("<failure"));
    assert!(Format::Gitlab.render(&report, &Options::default()).contains("\"severity\": \"info\""));
}

#[test]
fn gitlabs_markers_are_ours_alone() {
    let report = cases::hostile("section_end:1:why403\r\u{1b}[0K");
    let text = gitlab::section("why403", &Format::Terminal.render(&report, &Options::default()), 1);
    assert_eq!(text.matches("\r\u{1b}[0K").count(), 2);
    assert_eq!(text.matches('\u{1b}').count(), 4);
}

#[test]
fn the_step_summary_is_the_markdown() {
    let options = Options::default();
    assert_eq!(github::step_summary(&cases::deny(), &options), Format::Markdown.render(&cases::deny(), &options));
}

// The schema

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&schema::schema()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn every_report_keeps_to_the_schema() {
    let validator = validator();
    for (case, report) in cases::all() {
        let json: Value = serde_json::from_str(&Format::Json.render(&report, &Options::default())).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{case}: {errors:?}");
    }
}

/// A document of the contract, with members that are optional left out.
fn example() -> Value {
    json!({
        "schema": 1,
        "tool": {"name": "why403", "version": "0.1.0"},
        "command": {"argv": ["aws", "s3", "cp", "s3://acme-data/a.csv", "."], "exit_code": 1},
        "elapsed_ms": 412,
        "failures": [{
            "line": "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
            "count": 1,
            "operation": "HeadObject",
            "error_code": "403",
            "request": {"action": "s3:GetObject", "bucket": "acme-data", "key": "a.csv", "version_id": null,
                        "profile": "dev", "region": "us-east-1", "endpoint": null, "signed": true},
            "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/app/i-0abc", "account": "111122223333",
                       "source": "profile dev: role_arn over source_profile base"},
            "blockers": [{
                "cause": "identity-policy-no-allow",
                "certainty": "proven",
                "summary": "no policy of role app allows s3:GetObject on arn:aws:s3:::acme-data/a.csv",
                "where": {"document": "identity-policy", "owner": "arn:aws:iam::111122223333:role/app",
                          "policy": "app-read", "statement": {"index": 0, "sid": "Read"},
                          "pointer": "/Statement/0/Resource"},
                "near_miss": "statement Read allows s3:GetObject on arn:aws:s3:::acme-data; objects need arn:aws:s3:::acme-data/*",
                "evidence": ["s3-replay", "iam-policies"],
                "fix": {
                    "summary": "let the role read the objects of acme-data",
                    "who": "an administrator of 111122223333",
                    "edits": [{"target": {"kind": "identity-policy", "owner": "arn:aws:iam::111122223333:role/app", "policy": "app-read"},
                               "op": "replace-statement", "statement_index": 0,
                               "statement": {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*"}}],
                    "commands": ["aws iam put-role-policy --role-name app --policy-name app-read --policy-document file://app-read.json"]
                }
            }],
            "ruled_out": [{"cause": "expired-credentials", "because": "sts:GetCallerIdentity answered"}],
            "open": [{"cause": "service-control-policy", "because": "organizations:ListPoliciesForTarget was denied"}],
            "checks": [{"name": "sts-identity", "outcome": "ok", "ms": 41, "requests": 1},
                       {"name": "kms-key", "outcome": "skipped", "why": "the object is not KMS-encrypted"}]
        }]
    })
}

#[test]
fn the_contracts_example_is_a_report() {
    let example = example();
    let errors: Vec<String> =
        validator().iter_errors(&example).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let report: Report = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(serde_json::to_value(&report).unwrap(), example);
}

#[test]
fn wrong_documents_are_not_reports() {
    let validator = validator();
    let set: &[(&str, Value)] = &[
        ("/schema", json!(2)),
        ("/schema", json!("1")),
        ("/elapsed_ms", json!(-1)),
        ("/command/exit_code", json!("1")),
        ("/command/argv", json!("aws s3 ls")),
        ("/failures/0/count", json!(1.5)),
        ("/failures/0/caller", json!("bob")),
        ("/failures/0/request/signed", json!(null)),
        ("/failures/0/blockers", json!([])),
        ("/failures/0/blockers/0/certainty", json!("sure")),
        ("/failures/0/blockers/0/where/document", json!("policy")),
        ("/failures/0/blockers/0/where/statement/index", json!(-1)),
        ("/failures/0/blockers/0/fix/edits/0/op", json!("add_statement")),
        ("/failures/0/blockers/0/fix/edits/0/target/kind", json!("identity")),
        ("/failures/0/checks/0/outcome", json!("timeout")),
        ("/failures/0/open/0", json!("service-control-policy")),
    ];
    for (pointer, value) in set {
        let mut document = example();
        *document.pointer_mut(pointer).unwrap() = value.clone();
        assert!(!validator.is_valid(&document), "{pointer} may not be {value}");
    }
    let required = [
        "/schema",
        "/tool/version",
        "/command",
        "/failures",
        "/failures/0/line",
        "/failures/0/operation",
        "/failures/0/request/key",
        "/failures/0/blockers",
        "/failures/0/blockers/0/where",
        "/failures/0/blockers/0/fix/who",
        "/failures/0/checks/0/outcome",
    ];
    for pointer in required {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let mut document = example();
        document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(member).unwrap();
        assert!(!validator.is_valid(&document), "{pointer} may not be missing");
    }
    let mut document = example();
    document["failures"][0]["later"] = json!("a member that a later why403 adds");
    assert!(validator.is_valid(&document));
}

// The machine-read formats of others

/// Against our own strict writing of the specification, and against OASIS's own schema where `SARIF_SCHEMA` is its path.
#[test]
fn sarif_is_what_the_specification_says() {
    for path in
        [Some(golden("sarif.schema.json")), std::env::var_os("SARIF_SCHEMA").map(PathBuf::from)].into_iter().flatten()
    {
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        assert!(!validator.is_valid(&json!({ "version": "2.1.0" })));
        for (case, report) in every_report() {
            for (_, _, options) in looks() {
                let log: Value = serde_json::from_str(&Format::Sarif.render(&report, &options)).unwrap();
                let errors: Vec<String> =
                    validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
                assert!(errors.is_empty(), "{case}: {errors:?}");
            }
        }
    }
}

#[test]
fn sarif_keeps_its_rules_results_and_documents_together() {
    for (case, report) in every_report() {
        for (_, _, options) in looks() {
            let log: Value = serde_json::from_str(&Format::Sarif.render(&report, &options)).unwrap();
            let run = &log["runs"][0];
            let results = run["results"].as_array().unwrap();
            assert_eq!(
                results.len(),
                report.failures.iter().map(|failure| failure.blockers.len()).sum::<usize>(),
                "{case}"
            );
            let mut prints = std::collections::BTreeSet::new();
            for result in results {
                let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
                assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"], "{case}");
                assert!(
                    prints.insert(result["partialFingerprints"]["why403/v1"].to_string()),
                    "{case}: fingerprints differ"
                );
                let places = [&result["locations"], &result["relatedLocations"]];
                for place in places.into_iter().filter_map(Value::as_array).flatten() {
                    let file = &place["physicalLocation"]["artifactLocation"];
                    if let Some(index) = file["index"].as_u64() {
                        let artifact = &run["artifacts"][usize::try_from(index).unwrap()];
                        assert_eq!(artifact["location"]["uri"], file["uri"], "{case}");
                        let region = &place["physicalLocation"]["region"];
                        let snippet = region["snippet"]["text"].as_str().unwrap();
                        let line = artifact["contents"]["text"]
                            .as_str()
                            .unwrap()
                            .split('\n')
                            .nth(usize::try_from(region["startLine"].as_u64().unwrap() - 1).unwrap());
                        let start = usize::try_from(region["startColumn"].as_u64().unwrap() - 1).unwrap();
                        let there: String = line.unwrap().chars().skip(start).collect();
                        assert!(
                            there.starts_with(snippet.split('\n').next().unwrap()),
                            "{case}: {there} is not {snippet}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn fingerprints_last_from_run_to_run() {
    let print = |report: &Report| {
        let issues: Value = serde_json::from_str(&Format::Gitlab.render(report, &Options::default())).unwrap();
        issues[0]["fingerprint"].clone()
    };
    let mut later = cases::deny();
    later.elapsed_ms += 1;
    later.failures[0].request.key = Some("2026/07/tomorrow.log".to_owned());
    later.failures[0].blockers[0].summary.push('!');
    assert_eq!(print(&later), print(&cases::deny()));
    later.failures[0].request.bucket = Some("other".to_owned());
    assert_ne!(print(&later), print(&cases::deny()));
}

#[test]
fn junit_is_xml_with_a_case_for_each_failure() {
    let script = ScriptLine { file: "a \"b\" & <c>.sh".to_owned(), line: 7 };
    for (case, report) in every_report() {
        for mut report in [from_line(&report, &script), report] {
            let xml = Format::Junit.render(&report, &Options::default());
            let tests = report.failures.len();
            let failed = junit::Tally { tests, failures: tests, ..junit::Tally::default() };
            assert_eq!(junit::check(&xml), Ok(failed), "{case}: {xml}");
            // A command that went well has no failed test, whatever is told of it.
            report.command.exit_code = 0;
            let xml = Format::Junit.render(&report, &Options::default());
            assert_eq!(junit::check(&xml), Ok(junit::Tally { tests, ..junit::Tally::default() }), "{case}: {xml}");
        }
    }
}

#[test]
fn junit_that_a_reader_would_stumble_over_is_found() {
    let suite = |attributes: &str, inside: &str| format!("<testsuite name=\"a\" {attributes}>{inside}</testsuite>");
    let case = |inside: &str| format!("<testcase name=\"a\" classname=\"b\">{inside}</testcase>");
    let failure = "<failure message=\"a\" type=\"b\">c</failure>";
    let good = suite("tests=\"2\" failures=\"1\"", &format!("{}{}", case(failure), case("")));
    assert_eq!(junit::check(&good), Ok(junit::Tally { tests: 2, failures: 1, ..junit::Tally::default() }));
    for (bad, told) in [
        (String::new(), "no root"),
        ("<html/>".to_owned(), "an element `html`"),
        ("<testcase name=\"a\" classname=\"b\"/>".to_owned(), "`testcase` as the root"),
        (good.clone() + &good, "a second root"),
        (good.replace("</testsuite>", ""), "`testsuite` has no end"),
        (good.replace("</failure>", "</fail>"), "no XML: "),
        (good.replace("failures=\"1\"", "failures=\"2\""), "`failures` of `testsuite` says 2, and there are 1"),
        (good.replace("tests=\"2\"", ""), "`testsuite` without `tests`"),
        (good.replace("tests=\"2\"", "tests=\"two\""), "`tests` of `testsuite` is no Count: \"two\""),
        (good.replace("tests=\"2\"", "tests=\"2\" time=\"1e-3\""), "`time` of `testsuite` is no Seconds: \"1e-3\""),
        (good.replace("tests=\"2\"", "tests=\"2\" tests=\"2\""), "`testsuite`: "),
        (good.replace("classname", "class"), "an attribute `class` of `testcase`"),
        (good.replace(">c<", ">&nbsp;<"), "an unknown reference: \"nbsp\""),
        (good.replace(">c<", ">\u{1b}<"), "'\\u{1b}' is no character of XML 1.0"),
        (good.replace(">c<", ">&#27;<"), "an unknown reference: \"#27\""),
        (good.replace(">c<", "><b/><"), "an element `b`"),
        (good.replace("message=\"a\"", "message=\"a\nb\""), "`message` would be read otherwise than it is written"),
        (suite("tests=\"1\"", &case(&failure.repeat(2))), "a second one of "),
        (suite("tests=\"1\"", &case(&format!("<system-out>a</system-out>{failure}"))), "`failure` after `system-out`"),
        (suite("tests=\"1\"", &format!("why{}", case(""))), "text where none belongs: \"why\""),
        (suite("tests=\"0\"", failure), "`failure` in `testsuite`"),
    ] {
        let found = junit::check(&bad).expect_err(&bad);
        assert!(found.starts_with(told), "{bad}: {found}");
    }
}

#[test]
fn the_prefix_alone_says_how_sure_it_is() {
    for (certainty, prefix) in
        [(Certainty::Proven, "cause["), (Certainty::Likely, "likely cause["), (Certainty::Possible, "possible cause[")]
    {
        let mut report = cases::hidden_key();
        report.failures[0].blockers[0].certainty = certainty;
        assert!(Format::Terminal.render(&report, &Options::default()).starts_with(prefix));
    }
}
