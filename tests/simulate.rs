//! `why403 simulate`, as a program: what goes in, what comes out, when, and how it exits.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/junit.rs"]
mod junit;

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn simulate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_why403"));
    command.env_clear().env("LANG", "C.UTF-8").arg("simulate").args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it with this on stdin.
fn with_input(args: &[&str], input: &[u8]) -> Output {
    let mut child = simulate(args).stdin(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || {
        // It may be gone before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("its output");
    feeder.join().expect("fed");
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn answers(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// A directory with these files.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, impl Fn(&str) -> String + use<>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let root: PathBuf = folder.path().to_owned();
    (folder, move |name: &str| root.join(name).to_string_lossy().into_owned())
}

fn line(id: &str, effect: &str) -> Value {
    json!({"id": id,
        "request": {"principal": "arn:aws:iam::111122223333:role/app", "action": "s3:GetObject",
                    "resource": "arn:aws:s3:::acme-data/a.csv"},
        "policies": {"identity": [{"name": "app-read", "document": {"Version": "2012-10-17", "Statement": [
            {"Sid": "Read", "Effect": effect, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*"}]}}]}})
}

// The contract

/// The example of the contract, its documents filled in.
fn example() -> String {
    let all = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let all_of_resources = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;
    let bucket = r#"{"Version": "2012-10-17", "Statement": [
        {"Sid": "Open", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*"},
        {"Sid": "OnlyVpce", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-data/*",
         "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-0a1b2c3d"}}}]}"#;
    let text = format!(
        r#"{{"id": "t1",
 "request": {{"principal": "arn:aws:iam::111122223333:role/app", "action": "s3:GetObject",
             "resource": "arn:aws:s3:::acme-data/a.csv", "resource_account": "444455556666",
             "context": {{"aws:SourceIp": "203.0.113.7", "aws:PrincipalTag/team": ["red"]}},
             "unknown_context": ["aws:SourceVpce"]}},
 "policies": {{
   "identity": [{{"name": "app-read", "document": {all}}}],
   "permissions_boundary": [{{"name": "pb", "document": {all}}}],
   "session": [{{"name": "s", "document": {all}}}],
   "service_control": [{{"level": "root", "policies": [{{"name": "FullAWSAccess", "document": {all}}}]}}],
   "resource_control": [{{"level": "root", "policies": [{{"name": "RCPFullAWSAccess", "document": {all_of_resources}}}]}}],
   "resource": {{"name": "bucket policy of acme-data", "document": {bucket}}},
   "vpc_endpoint": [{{"name": "vpce-0abc", "document": {all_of_resources}}}]
 }},
 "block_public_access": false}}"#
    );
    text.replace('\n', " ")
}

#[test]
fn the_example_is_answered_to_the_byte() {
    let output = with_input(&[], example().as_bytes());
    assert_eq!(
        text(&output.stdout),
        concat!(
            r#"{"id":"t1","decision":"explicitly-denied","denied_by":["resource"],"#,
            r#""decisive":[{"layer":"resource","policy":"bucket policy of acme-data","statement":{"index":1,"sid":"OnlyVpce"},"effect":"Deny"}],"#,
            r#""depends_on":[]}"#,
            "\n"
        )
    );
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn an_unknown_key_that_decides_is_named() {
    let output = with_input(&[], example().replace("aws:SourceVpc\"", "aws:SourceVpce\"").as_bytes());
    let answer = &answers(&output)[0];
    assert_eq!((&answer["decision"], &answer["depends_on"]), (&json!("undetermined"), &json!(["aws:SourceVpce"])));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_level_that_allows_nothing_denies() {
    let mut line: Value = serde_json::from_str(&example()).expect("JSON");
    line["policies"]["resource_control"] = json!([{"level": "root", "policies": []}]);
    line["policies"]["resource"]["document"]["Statement"][1]["Sid"] = "Other".into();
    line["policies"]["resource"]["document"]["Statement"][1]["Action"] = "s3:PutObject".into();
    let answer = answers(&with_input(&[], line.to_string().as_bytes())).remove(0);
    assert_eq!(
        (&answer["decision"], &answer["denied_by"]),
        (&json!("implicitly-denied"), &json!(["resource_control"]))
    );
}

// Lines

#[test]
fn errors_are_answered_in_their_place_and_point_at_it() {
    let bad = line("t2", "Maybe");
    let good = line("t3", "Allow");
    let input = format!("{}\n{bad}\r\n\n  \n{{\"id\": \"t9\"\n{good}", line("t1", "Deny"));
    let output = with_input(&[], input.as_bytes());
    let answers = answers(&output);
    assert_eq!(answers.len(), 4);
    assert_eq!((&answers[0]["id"], &answers[0]["decision"]), (&json!("t1"), &json!("explicitly-denied")));
    assert_eq!(answers[1]["id"], "t2");
    assert_eq!(answers[1]["error"]["pointer"], "/policies/identity/0/document/Statement/0/Effect");
    assert!(answers[1]["error"]["message"].is_string() && answers[1].get("decision").is_none());
    assert_eq!((&answers[2]["id"], &answers[2]["error"]["pointer"]), (&Value::Null, &json!("")));
    assert_eq!((&answers[3]["id"], &answers[3]["decision"]), (&json!("t3"), &json!("allowed")));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(2), ""));
}

#[test]
fn ids_are_given_back_whatever_they_are() {
    let ids =
        [json!(7), json!("7"), json!({"a": [1, null]}), json!(1.5), Value::Null, json!("é\u{202e}\u{1b}##[group]")];
    let lines: Vec<String> = ids
        .iter()
        .map(|id| {
            let mut line = line("", "Allow");
            line["id"] = id.clone();
            line.to_string()
        })
        .collect();
    let output = with_input(&[], lines.join("\n").as_bytes());
    assert_eq!(answers(&output).iter().map(|answer| answer["id"].clone()).collect::<Vec<_>>(), ids);
    let shown = text(&output.stdout);
    assert!(!shown.contains(['\u{202e}', '\u{1b}']) && !shown.contains("##["), "{shown}");
}

#[test]
fn bytes_that_are_no_text_spoil_one_line() {
    let mut input = b"\xff\xfe\n".to_vec();
    input.extend_from_slice(line("t1", "Allow").to_string().as_bytes());
    let output = with_input(&[], &input);
    let answers = answers(&output);
    assert_eq!(answers[0]["error"]["message"], "the line is not UTF-8");
    assert_eq!(answers[1]["decision"], "allowed");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_endless_line_is_one_error() {
    let mut child = simulate(&[]).stdin(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("stdin");
    let feeder = std::thread::spawn(move || {
        stdin.write_all(b"{\"id\": \"").expect("written");
        let much = vec![b'x'; 1 << 20];
        for _ in 0..64 {
            stdin.write_all(&much).expect("written");
        }
        stdin.write_all(format!("\n{}\n", line("t1", "Allow")).as_bytes()).expect("written");
        most_memory(child.id()).map(|most| (most, child))
    });
    let (most, child) = feeder.join().expect("fed").expect("its memory");
    let output = child.wait_with_output().expect("its output");
    let answers = answers(&output);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["error"]["message"], "the line is longer than 4 MiB");
    assert_eq!(answers[1]["decision"], "allowed");
    assert!(most < 64 << 20, "{most} bytes at most, for a line of 64 MiB");
}

/// The most memory that a process had, where the system tells.
fn most_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

// Files and streams

#[test]
fn files_are_read_in_order_and_one_that_is_missing_is_said() {
    let (_folder, path) = folder(&[
        ("a", &format!("{}\n", line("a1", "Allow"))),
        ("b", &format!("{}\n{}", line("b1", "Deny"), line("b2", "Allow"))),
    ]);
    let output = simulate(&[&path("a"), &path("missing"), &path("b")]).output().expect("it runs");
    let ids: Vec<Value> = answers(&output).into_iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, ["a1", "b1", "b2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with(&format!("why403: {} could not be read: ", path("missing"))));
    let output = with_input(&[&path("a"), "-"], line("in", "Allow").to_string().as_bytes());
    assert_eq!(answers(&output)[1]["id"], "in");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_answer_comes_before_the_next_question() {
    let mut child = simulate(&[]).stdin(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("stdin");
    let answers = lines_of(&mut child);
    for round in 0..20 {
        writeln!(stdin, "{}", line(&round.to_string(), "Allow")).expect("asked");
        let answer: Value = serde_json::from_str(&answers.recv_timeout(PATIENCE).expect("an answer")).expect("JSON");
        assert_eq!(answer["id"], round.to_string());
    }
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

/// What it prints, line by line as it comes.
fn lines_of(child: &mut Child) -> std::sync::mpsc::Receiver<String> {
    let (sender, lines) = channel();
    let stdout = BufReader::new(child.stdout.take().expect("stdout"));
    std::thread::spawn(move || {
        for line in stdout.lines() {
            if sender.send(line.expect("a line")).is_err() {
                return;
            }
        }
    });
    lines
}

#[test]
fn a_hundred_thousand_lines_are_answered_in_order() {
    let effects = ["Allow", "Deny", "Maybe"];
    let input: String = (0..100_000).map(|id| format!("{}\n", line(&id.to_string(), effects[id % 3]))).collect();
    let (_folder, path) = folder(&[("lines", &input)]);
    let started = Instant::now();
    let output = simulate(&[&path("lines")]).output().expect("it runs");
    let took = started.elapsed();
    let mut count = 0;
    for (id, answer) in text(&output.stdout).lines().enumerate() {
        let expected = match id % 3 {
            0 => format!(r#"{{"id":"{id}","decision":"allowed","#),
            1 => format!(r#"{{"id":"{id}","decision":"explicitly-denied","#),
            _ => format!(r#"{{"id":"{id}","error":{{"#),
        };
        assert!(answer.starts_with(&expected), "{id}: {answer}");
        count += 1;
    }
    assert_eq!((count, output.status.code()), (100_000, Some(2)));
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    // The input goes on for ever: it has to end because of its reader.
    let mut child = simulate(&[]).stdin(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("stdin");
    let feeder = std::thread::spawn(move || {
        let text = format!("{}\n", line("t", "Allow")).repeat(100);
        while stdin.write_all(text.as_bytes()).is_ok() {}
    });
    let mut first = [0; 10];
    child.stdout.as_mut().expect("stdout").read_exact(&mut first).expect("an answer");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    feeder.join().expect("fed");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn nothing_in_is_nothing_out() {
    for input in ["", "\n\n \r\n"] {
        let output = with_input(&[], input.as_bytes());
        assert_eq!((text(&output.stdout), output.status.code()), ("", Some(0)));
    }
}

// The table

#[test]
fn a_table_for_people() {
    let mut named = line("t\u{1b}[2J", "Deny");
    named["policies"]["identity"][0]["name"] = "::error:: x".into();
    let mut open = line("t3", "Allow");
    open["policies"]["identity"][0]["document"]["Statement"][0]["Condition"] =
        json!({"StringEquals": {"aws:PrincipalTag/team": "red"}});
    open["request"]["unknown_context"] = json!(["aws:PrincipalTag/team"]);
    let input = format!("{}\n{named}\nnot JSON\n{open}\n", line("t1", "Allow"));
    let output = with_input(&["--table"], input.as_bytes());
    assert_eq!(
        text(&output.stdout),
        "\
ID          DECISION           DENIED BY  DECIDED BY                                        DEPENDS ON
t1          allowed            -          Allow Read of app-read                            -
t\\u{1b}[2J  explicitly-denied  identity   Deny Read of \\u{3a}:error:: x                     -
line 3      error              -          the line is not JSON: expected a value at byte 0  -
t3          undetermined       -          -                                                 aws:PrincipalTag/team
"
    );
    assert_eq!(output.status.code(), Some(2));
}

// Expectations

fn expecting(id: &str, effect: &str, expect: &Value) -> String {
    let mut line = line(id, effect);
    line["expect"] = expect.clone();
    line.to_string()
}

#[test]
fn expectations_that_hold() {
    let lines = [
        expecting("a", "Allow", &json!({"decision": "allowed", "denied_by": []})),
        expecting("b", "Deny", &json!({"decisive": [{"layer": "identity", "statement": {"sid": "Read"}}]})),
        expecting("c", "Maybe", &json!({"pointer": "/policies/identity/0/document/Statement/0/Effect"})),
    ];
    let (_folder, path) =
        folder(&[("tests.jsonl", &lines.join("\n")), ("list.json", &format!("[{}]", lines.join(",\n")))]);
    let output = simulate(&["--expect", &path("tests.jsonl")]).output().expect("it runs");
    assert_eq!((text(&output.stdout), output.status.code()), ("3 expectations hold\n", Some(0)));
    let output =
        simulate(&["--expect", &path("tests.jsonl"), "--expect", &path("list.json")]).output().expect("it runs");
    assert_eq!((text(&output.stdout), output.status.code()), ("6 expectations hold\n", Some(0)));
}

#[test]
fn the_corpus_of_the_evaluator_is_such_a_file() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies/conditions.json");
    let output = simulate(&["--expect", &corpus.to_string_lossy()]).output().expect("it runs");
    assert!(text(&output.stdout).ends_with(" expectations hold\n"), "{}", text(&output.stdout));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn expectations_that_fail_say_what_was_found() {
    let lines = [
        expecting("a", "Allow", &json!({"decision": "allowed"})),
        expecting("b", "Deny", &json!({"decision": "allowed", "denied_by": []})),
        expecting("c", "Maybe", &json!({"decision": "allowed"})),
    ];
    // As people lay it out: a list over many lines.
    let list: Value = serde_json::from_str(&format!("[{}]", lines.join(","))).expect("JSON");
    let (_folder, path) = folder(&[("tests.json", &serde_json::to_string_pretty(&list).expect("JSON"))]);
    let output = simulate(&["--expect", &path("tests.json"), "--junit", &path("out.xml")]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let place = path("tests.json");
    let printed = text(&output.stdout);
    let at = |id: &str| {
        let line = fs::read_to_string(&place)
            .expect("read")
            .lines()
            .position(|line| line.contains(&format!("\"id\": \"{id}\"")));
        // The item starts on the line before its id.
        line.expect("the id")
    };
    assert_eq!(
        printed,
        format!(
            "failed: b ({place}:{})
  decision: expected `allowed`, found `explicitly-denied`
  denied_by: expected `[]`, found `[identity]`
  because of `Deny Read of app-read`
failed: c ({place}:{})
  decision: expected `allowed`, found nothing
  not answered: `Effect` is `Allow` or `Deny` at /policies/identity/0/document/Statement/0/Effect
2 of 3 expectations failed\n",
            at("b"),
            at("c")
        )
    );
    let xml = fs::read_to_string(path("out.xml")).expect("the report");
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"why403 simulate\" tests=\"3\" failures=\"2\" errors=\"0\""));
    let tally = junit::Tally { tests: 3, failures: 2, ..junit::Tally::default() };
    assert_eq!(junit::check(&xml), Ok(tally), "{xml}");
    assert_eq!(xml.matches("<failure message=\"decision: expected `allowed`, found `explicitly-denied`\"").count(), 1);
}

#[test]
fn expectations_by_id_are_held_against_the_input() {
    let input: String = ["a", "b", "b"].iter().map(|id| format!("{}\n", line(id, "Allow"))).collect();
    let expect = "{\"id\": \"a\", \"expect\": {\"decision\": \"allowed\"}}\n\
                  {\"id\": \"b\", \"expect\": {\"decision\": \"implicitly-denied\"}}\n\
                  {\"id\": \"z\", \"expect\": {\"decision\": \"allowed\"}}\n";
    let (_folder, path) = folder(&[("in", &input), ("expect", expect)]);
    let (expectations, lines) = (path("expect"), path("in"));
    for args in [&["--expect", &expectations, &lines][..], &["--expect", &expectations]] {
        let output = with_input(args, input.as_bytes());
        assert_eq!(output.status.code(), Some(1));
        let place = path("expect");
        assert_eq!(
            text(&output.stdout),
            format!(
                "failed: b ({place}:2)
  decision: expected `implicitly-denied`, found `allowed`
  because of `Allow Read of app-read`
failed: z ({place}:3)
  no line of the input has this id
2 of 3 expectations failed\n"
            )
        );
    }
}

#[test]
fn what_is_no_expectation_is_not_passed_over() {
    for (bad, told) in [
        ("{", "the line is not JSON"),
        (r#"{"id": "x", "request": {}}"#, "the line has no object `expect`"),
        (r#"{"id": "x", "expect": {}}"#, "`expect` names no member of the answer"),
        (r#"{"id": "x", "expect": {"decison": "allowed"}}"#, "an answer has no `decison`"),
        (r#"{"expect": {"decision": "allowed"}}"#, "the line has neither a `request` nor an `id`"),
    ] {
        let good = expecting("a", "Allow", &json!({"decision": "allowed"}));
        let (_folder, path) = folder(&[("tests", &format!("{good}\n{bad}\n"))]);
        let output = simulate(&["--expect", &path("tests"), "--junit", &path("out.xml")]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{bad}");
        assert!(text(&output.stdout).contains(&format!("\n  {told}")), "{bad}: {}", text(&output.stdout));
        let xml = fs::read_to_string(path("out.xml")).expect("the report");
        let tally = junit::check(&xml).unwrap_or_else(|mistake| panic!("{mistake}: {xml}"));
        assert_eq!(tally, junit::Tally { tests: 2, errors: 1, ..junit::Tally::default() }, "{bad}: {xml}");
    }
    let output = simulate(&["--expect", "/nowhere/at all"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("why403: /nowhere/at all could not be read"));
    // A report of nothing is no report.
    let output = simulate(&["--junit", "/nowhere/out.xml"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
}
