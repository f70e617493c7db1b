//! Every scenario of the sandbox through the real AWS CLI, bare and wrapped: the wrapped run differs in nothing but what
//! is added to stderr, and the report names what the scenario expects and nothing that it forbids.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/clis.rs"]
mod clis;

use clis::Cli;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use why403::aws::allowlist;
use why403::diagnosis::{Blocker, Certainty, Edit, EditOp, Report};
use why403::sandbox::demo::{Prepared, prepare};
use why403::sandbox::scenario::{self as sandbox_edit, CliVersion, Target, names};
use why403::sandbox::{Entry, Sandbox, Scenario, Sentinel};

const WHY403: &str = env!("CARGO_BIN_EXE_why403");

/// One run of a scenario's commands, in a fresh world.
struct Run {
    output: Output,
    report: Option<Report>,
    raw_report: String,
    /// What was kept for `why403 last`: the report with its excerpts.
    kept: Option<Value>,
    /// What was asked after the command itself had ended.
    asked: Vec<Entry>,
}

fn run(name: &str, cli: &Cli, wrapped: bool) -> Run {
    let scenario = Scenario::load(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let sandbox = Sandbox::start(scenario.clone()).unwrap();
    let prepared = prepare(&scenario, &sandbox, cli.version).unwrap();
    let report_path = prepared.home().join("report.jsonl");
    let mut output = None;
    for (index, arguments) in prepared.runs.iter().enumerate() {
        let last = index + 1 == prepared.runs.len();
        output = Some(one(&prepared, cli, arguments, (wrapped && last).then_some(report_path.as_path())));
    }
    let raw_report = std::fs::read_to_string(&report_path).unwrap_or_default();
    let report = raw_report.lines().next().map(|line| serde_json::from_str(line).unwrap());
    let asked = sandbox.log().into_iter().filter(|entry| entry.user_agent.contains("why403")).collect();
    let state = prepared.home().join(".local/state/why403/diagnoses");
    let kept = std::fs::read_dir(state).ok().and_then(|mut files| files.next()).map(|file| {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        serde_json::from_str(&text).unwrap()
    });
    Run { output: output.unwrap(), report, raw_report, kept, asked }
}

fn one(prepared: &Prepared, cli: &Cli, arguments: &[String], report: Option<&Path>) -> Output {
    let mut command = match report {
        Some(_) => prepared.command(WHY403.as_ref()),
        None => prepared.command(cli.directory.join("aws").as_os_str()),
    };
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", cli.directory.display()));
    if let Some(report) = report {
        command.env("LC_ALL", "C").args(["--explain", "always", "--timeout", "20", "--report"]).arg(report).arg("aws");
    }
    feed(command.args(arguments), prepared.stdin.as_deref())
}

fn feed(command: &mut Command, stdin: Option<&str>) -> Output {
    use std::io::Write;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    if let Some(text) = stdin {
        drop(pipe.write_all(text.as_bytes()));
    }
    drop(pipe);
    child.wait_with_output().unwrap()
}

/// Progress lines hold a speed, which no two runs share, and the padding after it.
fn without_speed(stdout: &[u8]) -> String {
    let text = String::from_utf8_lossy(stdout);
    text.split(['\r', '\n'])
        .filter(|line| !line.contains(" with ") && !line.contains("Bytes/s"))
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

fn names_of(blockers: &[Blocker]) -> Vec<String> {
    blockers.iter().map(|blocker| format!("{} {:?}", blocker.cause, blocker.certainty)).collect()
}

/// What is wrong with one scenario under one CLI, in words.
fn complaints(name: &str, cli: &Cli) -> Vec<String> {
    let scenario = Scenario::load(name).unwrap();
    if !scenario.cli.runs_on(cli.version) {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    let bare = run(name, cli, false);
    let wrapped = run(name, cli, true);
    let (bare_err, wrapped_err) =
        (String::from_utf8_lossy(&bare.output.stderr), String::from_utf8_lossy(&wrapped.output.stderr));
    let port = |text: &str| without_ports(text);
    let expect = &scenario.expect;
    let code = expect.exit.of(cli.version);
    if bare.output.status.code() != Some(code) {
        wrong.push(format!("bare exit {:?}, expected {code}; stderr: {bare_err}", bare.output.status.code()));
    }
    if wrapped.output.status.code() != bare.output.status.code() {
        wrong.push(format!("exit {:?} wrapped, {:?} bare", wrapped.output.status.code(), bare.output.status.code()));
    }
    if without_speed(&wrapped.output.stdout) != without_speed(&bare.output.stdout) {
        wrong.push("stdout differs".to_owned());
    }
    if !begins_with(&port(&wrapped_err), &port(&bare_err)) {
        wrong.push(format!("stderr does not begin with aws's own:\n{wrapped_err}\n--- bare:\n{bare_err}"));
    }
    if !bare_err.contains(&expect.stderr) {
        wrong.push(format!("bare stderr lacks {:?}: {bare_err}", expect.stderr));
    }
    for entry in &wrapped.asked {
        // The charge is accepted only where the user's own command accepted it.
        let spends =
            entry.request_payer && !scenario.cli.run.all().iter().flatten().any(|word| word == "--request-payer");
        if !allowlist::allows(&entry.service, &entry.operation) || spends {
            wrong.push(format!("asked {}:{} by {}", entry.service, entry.operation, entry.method));
        }
    }
    if !expect.wants_diagnosis() {
        if wrapped.report.is_some() || port(&wrapped_err) != port(&bare_err) {
            wrong.push(format!("a diagnosis where there is nothing to diagnose: {wrapped_err}"));
        }
        return wrong;
    }
    let Some(report) = &wrapped.report else {
        wrong.push(format!("no report; stderr: {wrapped_err}"));
        return wrong;
    };
    if let Some(complaint) = invalid(&wrapped.raw_report) {
        wrong.push(complaint);
    }
    let blockers: Vec<Blocker> = report.failures.iter().flat_map(|failure| failure.blockers.clone()).collect();
    for expected in &expect.causes {
        let of_the_cause = || blockers.iter().filter(|blocker| blocker.cause == expected.cause);
        // One cause may be named for each of two places.
        let is_there = |blocker: &&Blocker| {
            let owner = blocker.place.as_ref().and_then(|place| place.owner.as_ref());
            expected.owner.as_ref().is_none_or(|expected| owner == Some(expected))
                && expected.summary.as_ref().is_none_or(|expected| blocker.summary.contains(expected.as_str()))
        };
        let found = of_the_cause().find(is_there).or_else(|| of_the_cause().next());
        let Some(found) = found else {
            wrong.push(format!("{} is not named, but {:?}", expected.cause, names_of(&blockers)));
            continue;
        };
        let certainty = serde_json::to_value(found.certainty).unwrap();
        let fair: Vec<&str> = expected.certainty.all().iter().map(|certainty| certainty.name()).collect();
        if !fair.iter().any(|name| certainty == *name) {
            wrong.push(format!("{} is {certainty}, expected {fair:?}", expected.cause));
        }
        let place = found.place.as_ref();
        let document =
            place.map(|place| serde_json::to_value(place.document).unwrap().as_str().unwrap_or_default().to_owned());
        let mut hold = |what: &str, wanted: &Option<String>, found: Option<String>| {
            if wanted.is_some() && *wanted != found {
                wrong.push(format!("{}: {what} is {found:?}, expected {wanted:?}", expected.cause));
            }
        };
        hold("where.document", &expected.document, document);
        hold("where.policy", &expected.policy, place.and_then(|place| place.policy.clone()));
        hold("where.owner", &expected.owner, place.and_then(|place| place.owner.clone()));
        let (who, help) = found.fix.as_ref().map(|fix| (fix.who.clone(), fix.summary.clone())).unwrap_or_default();
        for (what, wanted, text) in [
            ("summary", &expected.summary, &found.summary),
            ("who", &expected.who, &who),
            ("the first help", &expected.help, &help),
        ] {
            if wanted.as_ref().is_some_and(|wanted| !text.contains(wanted.as_str())) {
                wrong.push(format!("{}: {what} is {text:?}, which lacks {wanted:?}", expected.cause));
            }
        }
    }
    if let Some(action) = &expect.action {
        let found = report.failures.first().and_then(|failure| failure.request.action.clone());
        if found.as_ref() != Some(action) {
            wrong.push(format!("the action is {found:?}, expected {action}"));
        }
    }
    wrong.extend(golden(name, cli, &bare_err, &wrapped_err));
    wrong.extend(wrapped.kept.and_then(|kept| recorded(name, cli, kept)));
    for absent in &expect.absent {
        if blockers.iter().any(|blocker| blocker.cause == *absent) {
            wrong.push(format!("{absent} must not be named, but {:?}", names_of(&blockers)));
        }
    }
    if !expect.one_of.is_empty() && !blockers.iter().any(|blocker| expect.one_of.contains(&blocker.cause)) {
        wrong.push(format!("none of {:?} is named, but {:?}", expect.one_of, names_of(&blockers)));
    }
    if blockers.is_empty() {
        wrong.push("no blockers at all".to_owned());
    }
    if expect.first.is_some() && expect.first.as_ref() != blockers.first().map(|blocker| &blocker.cause) {
        wrong.push(format!("{:?} is not named first, but {:?}", expect.first, names_of(&blockers)));
    }
    if expect.unproven && blockers.iter().any(|blocker| blocker.certainty == Certainty::Proven) {
        wrong.push(format!("nothing may be proven, but {:?}", names_of(&blockers)));
    }
    // What a repair opens does not depend on which CLI asks.
    if cli.version == CliVersion::V1 {
        wrong.extend(unrepaired(name, &scenario, cli, &blockers));
    }
    wrong
}

/// The key is not in that bucket: it is somebody else's, of nearly the same name.
const NOT_THE_BUCKET_MEANT: &[&str] = &["bucket-not-found.near", "thread.pypicloud-208"];

/// Applies every policy edit to a fresh world: the command then succeeds, and the sentinels are still refused.
fn unrepaired(name: &str, scenario: &Scenario, cli: &Cli, blockers: &[Blocker]) -> Vec<String> {
    // What has to change is what is proven; a reading's repair is none.
    let sure = blockers.iter().any(|blocker| blocker.certainty == Certainty::Proven);
    let proven: Vec<&Blocker> = if sure {
        blockers.iter().collect()
    } else {
        blockers.iter().filter(|blocker| blocker.certainty == Certainty::Likely).collect()
    };
    // No permission brings a missing key.
    if NOT_THE_BUCKET_MEANT.contains(&name) || proven.iter().any(|blocker| blocker.cause == "key-not-found-hidden") {
        return Vec::new();
    }
    // A likely one that is not what is wrong in this world is a reading, too.
    if !sure
        && proven.iter().any(|blocker| !scenario.expect.causes.iter().any(|expected| expected.cause == blocker.cause))
    {
        return Vec::new();
    }
    let edits: Vec<&Edit> = proven.iter().filter_map(|blocker| edits_of(blocker)).flatten().collect();
    if edits.is_empty() || proven.iter().any(|blocker| edits_of(blocker).is_none()) {
        // What stays refused after the repair is said only where there has to be one.
        let owed = sure && !scenario.expect.still_refused.is_empty();
        return owed.then(|| "no repair of every blocker".to_owned()).into_iter().collect();
    }
    let mut world = scenario.clone();
    for edit in &edits {
        if let Err(complaint) = apply(&mut world, edit) {
            return vec![complaint];
        }
    }
    let mut wrong = Vec::new();
    let sandbox = Sandbox::start(world.clone()).unwrap();
    let prepared = prepare(&world, &sandbox, cli.version).unwrap();
    let outputs: Vec<Output> = prepared.runs.iter().map(|arguments| one(&prepared, cli, arguments, None)).collect();
    let last = outputs.last().unwrap();
    if !last.status.success() {
        wrong.push(format!("still refused after the repair {edits:?}: {}", String::from_utf8_lossy(&last.stderr)));
    }
    for sentinel in &scenario.expect.still_refused {
        let mut arguments = sentinel.clone();
        if cli.version == CliVersion::V2 {
            arguments.extend(["--endpoint-url".to_owned(), sandbox.url()]);
        }
        if one(&prepared, cli, &arguments, None).status.success() {
            wrong.push(format!("the repair allows {sentinel:?} too"));
        }
    }
    wrong.extend(widened(scenario, &world, &edits));
    wrong
}

/// What somebody may do since the edits and could not before, and what no edit is about: everybody's reading, writing and
/// deleting of every object.
fn widened(scenario: &Scenario, repaired: &Scenario, edits: &[&Edit]) -> Vec<String> {
    let own = |identity: &str| -> bool {
        let role = |name: &str| {
            let name = name.strip_prefix("session/")?;
            scenario.sessions.iter().find(|session| session.name == name).map(|session| session.role.clone())
        };
        let mut used = scenario.cli.identity.iter().chain(scenario.cli.profiles.values());
        scenario.cli.identity.is_none()
            || used.any(|used| used == identity || (role(used).is_some() && role(used) == role(identity)))
    };
    let names: Vec<String> = (scenario.users.iter().map(|user| format!("user/{}", user.name)))
        .chain(scenario.sessions.iter().map(|session| format!("session/{}", session.name)))
        .collect();
    let accounts: BTreeSet<&str> = scenario
        .users
        .iter()
        .map(|user| user.account.as_str())
        .chain(scenario.buckets.iter().map(|bucket| bucket.account.as_str()))
        .collect();
    let everybody = (accounts.iter().map(|account| Sentinel::Colleague { account }))
        .chain([Sentinel::Stranger, Sentinel::Anonymous])
        .chain(names.iter().map(|name| Sentinel::Identity(name)));
    let [before, after] = [scenario, repaired].map(|world| Sandbox::start(with_another_object(world)).unwrap());
    let mut wrong = Vec::new();
    for who in everybody {
        let is_own = matches!(who, Sentinel::Identity(name) if own(name));
        for (method, action, target, arn) in requests(scenario) {
            let gains =
                before.would_answer(who, method, &target) == 403 && after.would_answer(who, method, &target) < 400;
            if gains && !(is_own && edits.iter().any(|edit| is_about(edit, action, &arn))) {
                wrong.push(format!("the repair lets {who:?} {method} {target}: {edits:?}"));
            }
        }
    }
    wrong
}

/// An object that no command asks for.
const ANOTHER: &str = "why403/sentinel";

/// The world with that object in every bucket.
fn with_another_object(world: &Scenario) -> Scenario {
    let mut world = world.clone();
    for bucket in &mut world.buckets {
        bucket.objects.push(toml::from_str(&format!("key = \"{ANOTHER}\"")).unwrap());
    }
    world
}

/// Every object of the scenario and that one: method, IAM action, target, and ARN.
fn requests(scenario: &Scenario) -> Vec<(&'static str, &'static str, String, String)> {
    let mut requests = Vec::new();
    for bucket in &scenario.buckets {
        let keys = bucket.objects.iter().map(|object| object.key.as_str()).chain([ANOTHER]);
        for key in keys {
            let encoded = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
            let (target, arn) = (format!("/{}/{encoded}", bucket.name), format!("arn:aws:s3:::{}/{key}", bucket.name));
            for (method, action) in [("GET", "s3:GetObject"), ("PUT", "s3:PutObject"), ("DELETE", "s3:DeleteObject")] {
                requests.push((method, action, target.clone(), arn.clone()));
            }
        }
        let arn = format!("arn:aws:s3:::{}", bucket.name);
        requests.push(("GET", "s3:ListBucket", format!("/{}?list-type=2", bucket.name), arn));
    }
    requests
}

/// Whether the edit says so: an Allow of that action on that resource, or a Deny, which spares the caller for all that it
/// denied.
fn is_about(edit: &Edit, action: &str, arn: &str) -> bool {
    let Some(statement) = &edit.statement else { return true };
    let has = |name: &str, matches: &dyn Fn(&str) -> bool| match &statement[name] {
        Value::String(one) => matches(one),
        Value::Array(all) => all.iter().filter_map(Value::as_str).any(matches),
        _ => false,
    };
    // The characters that a policy would take for wildcards are spelt out in it.
    let plain = |text: &str| text.replace("${*}", "*").replace("${?}", "?").replace("${$}", "$");
    let covers = |pattern: &str| match pattern.strip_suffix('*') {
        Some(beginning) => arn.starts_with(&plain(beginning)),
        None => plain(pattern) == arn,
    };
    let of_a_key = has("Action", &|action| action.starts_with("kms:"));
    statement["Effect"] == "Deny"
        || (of_a_key && action != "s3:ListBucket")
        || (has("Action", &|own| own.eq_ignore_ascii_case(action)) && has("Resource", &covers))
}

fn edits_of(blocker: &Blocker) -> Option<&[Edit]> {
    let fixes = blocker.fix.iter().chain(&blocker.other_fixes);
    fixes.map(|fix| fix.edits.as_slice()).find(|edits| !edits.is_empty())
}

fn apply(world: &mut Scenario, edit: &Edit) -> Result<(), String> {
    let kind = serde_json::to_value(edit.target.kind).unwrap().as_str().unwrap().to_owned();
    let owner = edit.target.owner.clone().ok_or("an edit without an owner")?;
    let new_name = || Some("repair".to_owned());
    let named = matches!(kind.as_str(), "identity-policy");
    let policy = edit.target.policy.clone().or_else(|| named.then(new_name).flatten());
    let target = Target { kind, owner, policy };
    let text = world.document(&target).map(|text| text.as_str().to_owned());
    let mut document: serde_json::Value = match &text {
        Some(text) => serde_json::from_str(text).map_err(|error| error.to_string())?,
        None => serde_json::json!({ "Version": "2012-10-17", "Statement": [] }),
    };
    if !document["Statement"].is_array() {
        document["Statement"] = serde_json::json!([document["Statement"].clone()]);
    }
    let statements = document["Statement"].as_array_mut().unwrap();
    let statement = edit.statement.clone();
    match (edit.op, edit.statement_index, statement) {
        (EditOp::AddStatement, _, Some(statement)) => statements.push(statement),
        (EditOp::ReplaceStatement, Some(index), Some(statement)) => statements[index] = statement,
        (EditOp::RemoveStatement, Some(index), _) => drop(statements.remove(index)),
        _ => return Err(format!("an edit that cannot be applied: {edit:?}")),
    }
    let edit = sandbox_edit::Edit { target, document: document.to_string() };
    world.apply(&edit).map_err(|error| format!("{error}: {edit:?}"))
}

/// Transfers run side by side: two runs print the same lines in another order.
fn begins_with(wrapped: &str, bare: &str) -> bool {
    let count = bare.lines().count();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().take(count).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    sorted(wrapped) == sorted(bare)
}

/// Two runs have two ports.
fn without_ports(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("127.0.0.1:") {
        let end = at + "127.0.0.1:".len();
        out.push_str(&rest[..end]);
        rest = rest[end..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let mut text = out + rest;
    // A session that the CLI makes is named after the second.
    while let Some(at) = text.find("botocore-session-1") {
        let digits = text[at + 17..].bytes().take_while(u8::is_ascii_digit).count();
        text.replace_range(at..at + 17 + digits, "botocore-session");
    }
    text
}

/// Why the report is not what the schema says.
fn invalid(raw: &str) -> Option<String> {
    let schema: serde_json::Value = serde_json::from_str(&why403::render::schema::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    raw.lines().find_map(|line| {
        let report: serde_json::Value = serde_json::from_str(line).ok()?;
        let error = validator.iter_errors(&report).next()?;
        Some(format!("the report does not fit the schema: {error}"))
    })
}

/// What a user of an ASCII terminal of unknown width sees for each cause, whole.
fn golden(name: &str, cli: &Cli, bare: &str, wrapped: &str) -> Option<String> {
    let is_a_cause = why403::cause::registry::find(name).is_some();
    if cli.version != CliVersion::V1 || !is_a_cause {
        return None;
    }
    let ours = wrapped.get(bare.len()..).unwrap_or_default();
    let screen = without_times(ours);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/screens").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &screen).unwrap();
        return None;
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    (screen != wanted).then(|| format!("the screen differs from {}:\n{screen}", path.display()))
}

/// Causes whose own scenario may end in another name for the same refusal, and the scenario that shows them.
const ELSEWHERE: &[(&str, &str)] = &[("block-public-access", "block-public-access.put-acl")];

/// The report behind that screen, from which `tests/render.rs` makes every format.
fn recorded(name: &str, cli: &Cli, mut kept: Value) -> Option<String> {
    let code = ELSEWHERE.iter().find(|(_, scenario)| *scenario == name).map_or(name, |(code, _)| *code);
    let is_played_elsewhere = ELSEWHERE.iter().any(|(code, _)| *code == name);
    if cli.version != CliVersion::V1 || why403::cause::registry::find(code).is_none() || is_played_elsewhere {
        return None;
    }
    forget_the_run(&mut kept);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/causes").join(code).join("report.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(&kept).unwrap() + "\n").unwrap();
        return None;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let wanted: Value = serde_json::from_str(&text).unwrap_or_default();
    // Which of two answers came first shows in the checks, and in why something is ruled out.
    let blockers = |all: &Value| all["report"]["failures"][0]["blockers"].clone();
    (blockers(&wanted) != blockers(&kept)).then(|| format!("the report differs from {}: {kept:#}", path.display()))
}

/// Takes out of a kept report what is of one run alone, and leaves the documents as they are.
fn forget_the_run(kept: &mut Value) {
    fn walk(value: &mut Value) {
        match value {
            // A second may have begun in between.
            Value::String(text) => *text = elsewhere(&without_ports(text)).replace("differ by 1 s", "differ by 0 s"),
            Value::Array(list) => list.iter_mut().for_each(walk),
            Value::Object(map) => map.values_mut().for_each(walk),
            _ => {}
        }
    }
    kept["at"] = 0.into();
    let report = &mut kept["report"];
    walk(report);
    report["elapsed_ms"] = 0.into();
    report["time"] = "2026-01-01T00:00:00Z".into();
    for failure in report["failures"].as_array_mut().into_iter().flatten() {
        let checks = failure["checks"].as_array_mut().unwrap();
        checks.sort_by_key(|check| check["name"].to_string());
        for check in checks {
            if let Some(ms) = check.get_mut("ms") {
                *ms = 0.into();
            }
        }
    }
}

/// Another directory of the same length, so that lines break where they did.
fn elsewhere(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = text.find("/tmp/.tmp") {
        let end =
            text[at + 5..].find(|c: char| !c.is_alphanumeric() && c != '.').map_or(text.len(), |end| at + 5 + end);
        text.replace_range(at..end, "/tmp/directory1");
    }
    text
}

/// Directories, request ids and clock times are of one run alone.
fn without_times(text: &str) -> String {
    let words = text.split_inclusive(|c: char| c.is_whitespace() || "`'\"():;,".contains(c));
    words
        .map(|word| {
            let end = word.trim_end_matches(|c: char| c.is_whitespace() || "`'\"():;,".contains(c));
            let made_up = end.starts_with("/tmp/")
                || (end.len() == 16 && end.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()));
            if made_up { format!("…{}", &word[end.len()..]) } else { word.to_owned() }
        })
        .collect()
}

/// `SCENARIO` has parts of names, or a whole one with a `$` behind it.
fn is_meant(part: &str, name: &str) -> bool {
    part.strip_suffix('$').map_or_else(|| name.contains(part), |whole| name == whole)
}

fn all_on(version: CliVersion) {
    let Some(cli) = clis::found().into_iter().find(|cli| cli.version == version) else { return };
    let only = std::env::var("SCENARIO").ok();
    let scenarios: Vec<&str> = names()
        .filter(|name| only.as_deref().is_none_or(|only| only.split(',').any(|part| is_meant(part, name))))
        .collect();
    let next = AtomicUsize::new(0);
    let wrong: Mutex<BTreeMap<&str, Vec<String>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from).max(3) {
            scope.spawn(|| {
                while let Some(name) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let complaints = complaints(name, &cli);
                    if !complaints.is_empty() {
                        wrong.lock().unwrap().insert(name, complaints);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let text: String = wrong.iter().map(|(name, wrong)| format!("\n{name}:\n  {}\n", wrong.join("\n  "))).collect();
    assert!(wrong.is_empty(), "{} of {} scenarios under {version:?}:\n{text}", wrong.len(), scenarios.len());
}

#[test]
fn every_scenario_on_version_1() {
    all_on(CliVersion::V1);
}

#[test]
fn every_scenario_on_version_2() {
    all_on(CliVersion::V2);
}
