//! What can go wrong around why403, as tables: endpoints that lie, disks that refuse, and a panic in every stage of our own.
//! Each row says what happened and which bound held; `make faults` prints them.
//!
//! `aws` is a script that says what the real one says, bytes that are no text included: the rows are about why403 alone.
//! Networks that merely fail, with the real CLI, are in `black_hole`.

#![cfg(feature = "sandbox")]
#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/hostile.rs"]
#[expect(dead_code, reason = "this test needs a part of the servers")]
mod hostile;
#[path = "support/peak.rs"]
mod peak;
#[path = "support/wrapped.rs"]
#[expect(dead_code, reason = "this test needs a part of the stage")]
mod wrapped;

use hostile::{Request, Serve, Server, answer};
use peak::watched;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use why403::diagnosis::{Certainty, Failure, Report};
use why403::evidence::PROBES;
use why403::fault::{STAGES, Stage as Broken, VARIABLE};
use why403::sandbox::demo::{Prepared, prepare};
use why403::sandbox::scenario::CliVersion;
use why403::sandbox::{Sandbox, Scenario};
use wrapped::{Stage, WHY403, text};

/// What `aws` writes: a message of S3's without a word of why, behind bytes that are no text.
const SAID: &[u8] =
    b"\xff\xfe\x1b[31m::error::\x1b[0m\nfatal error: An error occurred (403) when calling the HeadObject operation: Forbidden\n";

const SAYS: &str = r"printf '\377\376\033[31m::error::\033[0m\nfatal error: An error occurred (403) when calling the HeadObject operation: Forbidden\n' >&2
exit 41
";

/// The status that `aws` ends with: none that anything of ours has.
const STATUS: i32 = 41;

/// Where no time limit is what is tested.
const BUDGET: Duration = Duration::from_secs(1);

/// What starting, drawing and a machine that others use may take on top.
const SLACK: Duration = Duration::from_secs(20);

/// Kilobytes: an answer is read up to 2 MiB, and some twenty may be on the way.
const MOST_MEMORY: u64 = 200 * 1024;

const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKEN";

// ---- the table

/// Rows that are printed together at the end.
struct Table {
    title: &'static str,
    rows: Mutex<Vec<[String; 3]>>,
    wrong: Mutex<Vec<String>>,
}

impl Table {
    fn new(title: &'static str) -> Self {
        Self { title, rows: Mutex::default(), wrong: Mutex::default() }
    }

    fn row(&self, fault: &str, happened: String, bound: String, wrong: &[String]) {
        self.rows.lock().unwrap().push([fault.to_owned(), happened, bound]);
        if !wrong.is_empty() {
            self.wrong.lock().unwrap().push(format!("{fault}:\n  {}", wrong.join("\n  ")));
        }
    }

    #[track_caller]
    fn end(self) {
        let mut rows = self.rows.into_inner().unwrap();
        rows.sort();
        println!("\n{} ({} rows)", self.title, rows.len());
        for [fault, happened, bound] in &rows {
            println!("  {fault:<46} | {happened:<62} | {bound}");
        }
        let wrong = self.wrong.into_inner().unwrap();
        assert!(!rows.is_empty() && wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    }
}

/// Does `work` for each, four at a time: most rows wait for a time limit.
fn side_by_side<T: Sync>(cases: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(case);
                }
            });
        }
    });
}

/// What every row holds to: `aws`'s own status and bytes, first and whole.
fn kept(output: &Output) -> Vec<String> {
    let mut wrong = Vec::new();
    if output.status.code() != Some(STATUS) {
        wrong.push(format!("aws ended with {STATUS}, why403 with {:?}", output.status));
    }
    if !output.stderr.starts_with(SAID) {
        wrong.push(format!("stderr does not begin with aws's: {:?}", text(&output.stderr)));
    }
    if !output.stdout.is_empty() {
        wrong.push(format!("stdout: {}", text(&output.stdout)));
    }
    wrong
}

/// What of stderr is ours.
fn ours(output: &Output) -> String {
    text(output.stderr.strip_prefix(SAID).unwrap_or(&output.stderr))
}

/// Lines that why403 says about itself.
fn own_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("why403: ")).collect()
}

// ---- 1. endpoints

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n";

struct Endpoint {
    fault: &'static str,
    scheme: &'static str,
    serve: Serve,
    /// Whether it tells the truth in a strange way, so that something may be believed: a 200 is a 200.
    honest: bool,
    /// Whether it leaves the request unread, so that its end is a reset.
    resets: bool,
}

const fn endpoint(fault: &'static str, serve: Serve) -> Endpoint {
    Endpoint { fault, scheme: "http", serve, honest: false, resets: false }
}

/// As many bytes as the other side takes, up to `limit`.
fn flood(stream: &mut TcpStream, piece: &[u8], limit: u64) -> std::io::Result<()> {
    let block = piece.repeat((64 * 1024 / piece.len()).max(1));
    let mut sent = 0;
    while sent < limit {
        stream.write_all(&block)?;
        sent += block.len() as u64;
    }
    Ok(())
}

const TEN_GIGABYTES: u64 = 10 * 1024 * 1024 * 1024;

fn ten_gigabytes_of_xml(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(OK.as_bytes())?;
    stream.write_all(b"<?xml version=\"1.0\"?><ListBucketResult>")?;
    flood(stream, b"<Contents><Key>2026/07/app.log</Key><Size>1</Size></Contents>", TEN_GIGABYTES)
}

fn ten_gigabytes_promised(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")?;
    flood(stream, b"{\"Statement\":[", TEN_GIGABYTES)
}

fn ten_gigabytes_in_chunks(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    flood(stream, b"7\r\n<Error>\r\n", TEN_GIGABYTES)
}

fn slow_loris(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    for byte in b"HTTP/1.1 403 Forbidden\r\nx-amz-request-id: ".iter().chain(std::iter::repeat(&b'A')) {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(30));
    }
    Ok(())
}

fn slow_body(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000\r\n\r\n")?;
    for byte in b"<Error><Code>AccessDenied".iter().chain(std::iter::repeat(&b' ')) {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(30));
    }
    Ok(())
}

fn deep_xml(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    answer(stream, "403 Forbidden", "", "<a>".repeat(600_000).as_bytes())
}

fn deep_xml_of_success(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    answer(stream, "200 OK", "", "<ListBucketResult>".repeat(100_000).as_bytes())
}

fn deep_json(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    answer(stream, "200 OK", "", "[".repeat(2_000_000).as_bytes())
}

/// A policy document that nests as deep as it goes, where a policy is asked for, and everywhere else.
fn deep_policy(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    let nested = format!("{}1{}", "{\"Statement\":[".repeat(60_000), "]}".repeat(60_000));
    answer(stream, "200 OK", "", nested.as_bytes())
}

fn billion_laughs(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    let mut body = String::from("<?xml version=\"1.0\"?><!DOCTYPE Error [<!ENTITY a \"haha\">");
    for (name, of) in
        ["b", "c", "d", "e", "f", "g", "h", "i", "j"].iter().zip(["a", "b", "c", "d", "e", "f", "g", "h", "i"])
    {
        body += &format!("<!ENTITY {name} \"{}\">", format!("&{of};").repeat(10));
    }
    body += "]><Error><Code>&j;</Code><Message>&j;</Message></Error>";
    answer(stream, "403 Forbidden", "", body.as_bytes())
}

fn external_entity(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    let body = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE Error [<!ENTITY x SYSTEM \"file:///etc/passwd\"><!ENTITY y SYSTEM \"http://127.0.0.1:{}/\">]>\
         <Error><Code>&x;</Code><Message>&y;</Message></Error>",
        request.elsewhere
    );
    answer(stream, "403 Forbidden", "", body.as_bytes())
}

fn invalid_utf8(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    answer(
        stream,
        "403 Forbidden",
        "",
        b"<Error><Code>\xff\xfe\xc0\x80</Code><Message>\xed\xa0\x80\x1b]0;x\x07</Message></Error>",
    )
}

fn invalid_header(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 403 Forbidden\r\nx-amz-bucket-region: \xff\xfe\x1b[2J\r\nDate: \xc0\r\nContent-Length: 0\r\n\r\n",
    )
}

fn longer_than_said(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\n<Error><Code>AccessDenied</Code></Error>")?;
    flood(stream, b"x", 1 << 20)
}

fn shorter_than_said(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n<Error><Code>AccessDenied</Code>",
    )
}

fn two_lengths(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\nContent-Length: 90\r\nTransfer-Encoding: chunked\r\n\r\n<Error>")
}

fn endless_chunk(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n")?;
    flood(stream, b"x", TEN_GIGABYTES)
}

fn reset_in_head(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 403 Forb")
}

fn reset_in_body(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n<Error><Code>Acc")
}

fn tls_garbage(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff")?;
    flood(stream, b"\x16\x03\x03\x40\x00", TEN_GIGABYTES)
}

fn plain_text_for_tls(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n\x1b]0;owned\x07")
}

fn tls_that_waits(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    let _unset = stream.set_read_timeout(None);
    while stream.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

fn redirect(stream: &mut TcpStream, status: &str, request: &Request) -> std::io::Result<()> {
    let there = format!("127.0.0.1:{}", request.elsewhere);
    let body = format!(
        "<Error><Code>{}</Code><Message>x</Message><Endpoint>{there}</Endpoint><Region>{there}/#</Region></Error>",
        if status.starts_with("301") { "PermanentRedirect" } else { "TemporaryRedirect" }
    );
    let headers = format!("Location: http://{there}/acme-data/a.csv\r\nx-amz-bucket-region: {there}/#\r\n");
    answer(stream, status, &headers, body.as_bytes())
}

fn moved(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    redirect(stream, "301 Moved Permanently", request)
}

fn temporary(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    redirect(stream, "307 Temporary Redirect", request)
}

fn see_other(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    redirect(stream, "303 See Other", request)
}

fn refresh(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    let headers =
        format!("Refresh: 0; url=http://127.0.0.1:{0}/\r\nAlt-Svc: h2=\"127.0.0.1:{0}\"\r\n", request.elsewhere);
    answer(stream, "403 Forbidden", &headers, b"")
}

/// An honest refusal in the HTTP of 1996.
fn http_1_0(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(
        b"HTTP/1.0 403 Forbidden\r\nServer: AmazonS3\r\n\r\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
    )
}

fn http_0_9(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
}

fn http_2_preface(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
}

fn header_of_a_megabyte(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    let long = "a".repeat(1024 * 1024);
    answer(stream, "403 Forbidden", &format!("x-amz-bucket-region: {long}\r\n"), b"")
}

fn hundred_thousand_headers(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    answer(stream, "403 Forbidden", &"x-amz-meta-a: b\r\n".repeat(100_000), b"")
}

fn continues_without_end(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    flood(stream, b"HTTP/1.1 100 Continue\r\n\r\n", TEN_GIGABYTES)
}

fn early_hints_without_end(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    flood(stream, b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", TEN_GIGABYTES)
}

/// A gzip stream of a megabyte that would be a gigabyte: nobody asked for it, so nobody unpacks it.
fn gzip_bomb(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    // One stored-free deflate block of zeros is about a thousandth of what it stands for; the header is what tempts.
    let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    body.resize(1024 * 1024, 0);
    answer(stream, "403 Forbidden", "Content-Encoding: gzip\r\n", &body)
}

fn switching_protocols(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")?;
    flood(stream, b"x", 1 << 20)
}

/// Says that the caller, the account and the key are other hosts.
fn names_hosts(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    let there = format!("127.0.0.1:{}", request.elsewhere);
    let body = format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{there}/#:user/a</Arn><UserId>x</UserId>\
         <Account>{there}/#</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    );
    let headers = format!(
        "x-amz-server-side-encryption: aws:kms\r\nx-amz-bucket-region: {there}/#\r\n\
         x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:{there}/#:111122223333:key/1\r\n"
    );
    answer(stream, "200 OK", &headers, body.as_bytes())
}

/// A message as long as a refusal may be, all of it made for a terminal.
fn long_message(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    let body = format!(
        "<Error><Code>{0}</Code><Message>{0}</Message></Error>",
        "\u{202e}##vso[task.setvariable]&#x1b;]0;x&#7;".repeat(800)
    );
    answer(stream, "403 Forbidden", "", body.as_bytes())
}

const ENDPOINTS: &[Endpoint] = &[
    endpoint("10 GB of XML", ten_gigabytes_of_xml),
    endpoint("10 GB promised and sent", ten_gigabytes_promised),
    endpoint("10 GB in chunks", ten_gigabytes_in_chunks),
    endpoint("a chunk of 2^64 bytes", endless_chunk),
    endpoint("slow-loris, a byte of the head at a time", slow_loris),
    endpoint("slow body, a byte at a time", slow_body),
    endpoint("XML nested 600,000 deep, as an error", deep_xml),
    Endpoint { honest: true, ..endpoint("XML nested 100,000 deep, as success", deep_xml_of_success) },
    Endpoint { honest: true, ..endpoint("JSON nested 2,000,000 deep", deep_json) },
    Endpoint { honest: true, ..endpoint("a policy nested 60,000 deep", deep_policy) },
    endpoint("entities that expand to a billion", billion_laughs),
    endpoint("entities that name a file and a host", external_entity),
    endpoint("bytes that are no UTF-8 in the body", invalid_utf8),
    endpoint("bytes that are no text in the head", invalid_header),
    endpoint("more than Content-Length", longer_than_said),
    endpoint("less than Content-Length", shorter_than_said),
    endpoint("two lengths and chunks", two_lengths),
    Endpoint { resets: true, ..endpoint("reset in the head", reset_in_head) },
    Endpoint { resets: true, ..endpoint("reset in the body", reset_in_body) },
    Endpoint { scheme: "https", ..endpoint("TLS: garbage without end", tls_garbage) },
    Endpoint { scheme: "https", ..endpoint("TLS: answered in plain text", plain_text_for_tls) },
    Endpoint { scheme: "https", ..endpoint("TLS: no answer to the greeting", tls_that_waits) },
    endpoint("301 to another host, named as region too", moved),
    endpoint("307 to another host, named as region too", temporary),
    endpoint("303 to another host", see_other),
    endpoint("Refresh and Alt-Svc to another host", refresh),
    Endpoint { honest: true, ..endpoint("HTTP/1.0", http_1_0) },
    endpoint("HTTP/0.9", http_0_9),
    endpoint("HTTP/2 to an HTTP/1 client", http_2_preface),
    endpoint("a header of 1 MB", header_of_a_megabyte),
    endpoint("100,000 headers", hundred_thousand_headers),
    endpoint("100 Continue without end", continues_without_end),
    endpoint("103 Early Hints without end", early_hints_without_end),
    endpoint("a gzip that nobody asked for", gzip_bomb),
    endpoint("101 Switching Protocols", switching_protocols),
    Endpoint { honest: true, ..endpoint("hosts as account, region and key", names_hosts) },
    endpoint("a message of 70 KB of escapes", long_message),
];

/// A directory with `aws`, and why403 in front of it.
fn stage() -> Stage {
    Stage::with(SAYS)
}

fn wrapped(stage: &Stage) -> Command {
    let mut command = stage.command(WHY403);
    command
        .env("AWS_ACCESS_KEY_ID", ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_SESSION_TOKEN", TOKEN)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("LC_ALL", "C")
        .env("WHY403_EXPLAIN", "always")
        .env("WHY403_TIMEOUT", BUDGET.as_secs().to_string())
        .args(["aws", "s3", "cp", "s3://acme-data/a.csv", "."])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn first_failure(path: &Path) -> Option<Failure> {
    let report: Report = serde_json::from_str(fs::read_to_string(path).ok()?.lines().next()?).ok()?;
    report.failures.into_iter().next()
}

fn against(table: &Table, case: &Endpoint) {
    let elsewhere = Server::silent();
    let server = if case.resets {
        Server::start_resetting(case.serve, elsewhere.port)
    } else {
        Server::start(case.serve, elsewhere.port)
    };
    let stage = stage();
    let report = stage.file("report.jsonl");
    let started = Instant::now();
    let child = wrapped(&stage)
        .env("AWS_ENDPOINT_URL", format!("{}://127.0.0.1:{}", case.scheme, server.port))
        .env("WHY403_REPORT", &report)
        .spawn()
        .unwrap();
    let (output, ended, peak) = watched(child);
    let took = ended - started;
    let mut wrong = kept(&output);
    let said = ours(&output);
    if took > BUDGET + SLACK {
        wrong.push(format!("it took {took:?}"));
    }
    if !(1..MOST_MEMORY).contains(&peak) {
        wrong.push(format!("{peak} kB at the peak"));
    }
    if server.heads().is_empty() {
        wrong.push("nothing was asked".to_owned());
    }
    let strayed = elsewhere.heads();
    if !strayed.is_empty() {
        wrong.push(format!("the other host was asked: {strayed:?}"));
    }
    if said.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r'])
        || said.lines().any(|line| line.trim_start().starts_with("::"))
    {
        wrong.push(format!("strangers' bytes came through: {said:?}"));
    }
    let happened = match first_failure(&report) {
        Some(failure) => {
            if !case.honest && failure.blockers.iter().any(|blocker| blocker.certainty == Certainty::Proven) {
                wrong.push(format!("called proven: {:?}", failure.blockers));
            }
            let replay = failure.checks.iter().find(|check| check.name == "s3-replay");
            let why = replay.and_then(|check| check.why.clone()).unwrap_or_else(|| "an answer".to_owned());
            let why: String = why.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(40).collect();
            format!("{}; s3-replay: {why}", failure.blockers[0].cause)
        }
        None => {
            wrong.push(format!("no report; ours on stderr: {said}"));
            "no report".to_owned()
        }
    };
    table.row(case.fault, happened, format!("{:.1} s, {} MB", took.as_secs_f32(), peak / 1024), &wrong);
}

#[test]
fn no_endpoint_costs_more_than_its_time_and_memory() {
    let table = Table::new("Hostile endpoints (time limit 1 s, at most 200 MB; no other host is ever asked)");
    side_by_side(ENDPOINTS, |case| against(&table, case));
    table.end();
}

#[test]
fn a_foreign_endpoint_is_the_only_one_that_is_asked() {
    // Everything that is not for it goes through this proxy, and would be seen there.
    let proxy = Server::silent();
    let table = Table::new("Who is asked where S3 alone is pointed elsewhere");
    let other = "[default]\naws_access_key_id = AKIAOTHERPROFILE0000\naws_secret_access_key = other\n";
    let by_flag = |url: &str| vec!["--endpoint-url".to_owned(), url.to_owned()];
    for way in ["--endpoint-url", "AWS_ENDPOINT_URL_S3", "the profile's services section"] {
        let store = Server::start(http_1_0, 0);
        let url = format!("http://127.0.0.1:{}", store.port);
        let stage = stage();
        fs::create_dir(stage.file(".aws")).unwrap();
        fs::write(stage.file(".aws/credentials"), other).unwrap();
        let mut command = wrapped(&stage);
        for name in ["http_proxy", "https_proxy", "all_proxy"] {
            command.env(name, format!("http://127.0.0.1:{}", proxy.port));
        }
        command.env("no_proxy", "127.0.0.1").env_remove("AWS_ENDPOINT_URL");
        let mut keys = ID;
        match way {
            "--endpoint-url" => {
                command.args(by_flag(&url));
            }
            "AWS_ENDPOINT_URL_S3" => {
                command.env("AWS_ENDPOINT_URL_S3", &url);
            }
            _ => {
                let config = format!(
                    "[services store]\ns3 =\n  endpoint_url = {url}\n[profile store]\nservices = store\naws_access_key_id = AKIASTORE00000000000\naws_secret_access_key = store\n"
                );
                fs::write(stage.file(".aws/config"), config).unwrap();
                for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
                    command.env_remove(name);
                }
                command.args(["--profile", "store"]);
                keys = "AKIASTORE00000000000";
            }
        }
        let report = stage.file("report.jsonl");
        let (output, ..) = watched(command.env("WHY403_REPORT", &report).spawn().unwrap());
        let mut wrong = kept(&output);
        let heads = store.heads();
        let signed = heads.iter().filter(|head| head.contains("authorization: AWS4-HMAC-SHA256")).count();
        if signed == 0 || heads.iter().any(|head| head.contains("Credential=") && !head.contains(keys)) {
            // A variable says where every profile's requests go; a flag and a profile speak for themselves alone.
            if way != "AWS_ENDPOINT_URL_S3" || signed == 0 {
                wrong.push(format!("the endpoint saw other keys than the command's: {heads:?}"));
            }
        }
        let strayed = proxy.heads();
        if !strayed.is_empty() {
            wrong.push(format!("others were asked: {strayed:?}"));
        }
        let Some(failure) = first_failure(&report) else { panic!("no report: {}", ours(&output)) };
        let identity = failure.checks.iter().find(|check| check.name == "sts-identity").unwrap();
        let why = identity.why.clone().unwrap_or_default();
        if !why.contains("has no endpoint there") {
            wrong.push(format!("sts-identity: {identity:?}"));
        }
        table.row(
            way,
            format!("{} requests to the store, {signed} signed", heads.len()),
            "none to AWS".to_owned(),
            &wrong,
        );
    }
    table.end();
}

// ---- 2. disk and files

/// What is in the way, set up in the stage's directory; it may change the command.
struct Disk {
    fault: &'static str,
    set: for<'a> fn(&Stage, &'a mut Command) -> &'a mut Command,
    /// What one of our own lines has to say; `None` where nothing may be said.
    says: Option<&'static str>,
}

fn file_in_the_way(stage: &Stage, name: &str) -> std::path::PathBuf {
    let path = stage.file(name);
    fs::write(&path, "a file").unwrap();
    path.join("below")
}

const DISK: &[Disk] = &[
    Disk { fault: "nothing (for comparison)", set: |_, command| command, says: None },
    Disk {
        fault: "state: a file where the directory belongs",
        set: |stage, command| command.env("WHY403_STATE_DIR", file_in_the_way(stage, "f")),
        says: None,
    },
    Disk { fault: "state: /dev/null", set: |_, command| command.env("WHY403_STATE_DIR", "/dev/null"), says: None },
    Disk {
        fault: "state: /proc, where nobody may write",
        set: |_, command| command.env("WHY403_STATE_DIR", "/proc/why403"),
        says: None,
    },
    Disk {
        fault: "state: open to others",
        set: |stage, command| {
            let directory = stage.directory("open");
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
            command.env("WHY403_STATE_DIR", directory)
        },
        says: None,
    },
    Disk {
        fault: "report: a full disk",
        set: |_, command| command.env("WHY403_REPORT", "/dev/full"),
        says: Some("No space left on device"),
    },
    Disk {
        fault: "report: a directory",
        set: |stage, command| command.env("WHY403_REPORT", stage.directory("d")),
        says: Some("directory"),
    },
    Disk {
        fault: "report: a file where a directory belongs",
        set: |stage, command| command.env("WHY403_REPORT", file_in_the_way(stage, "f")),
        says: Some("could not be written"),
    },
    Disk {
        fault: "report: a pipe that nobody reads",
        set: |stage, command| command.env("WHY403_REPORT", pipe(stage)),
        says: Some("did not end within"),
    },
    Disk {
        fault: "document: a full disk",
        set: |_, command| command.env("WHY403_FORMAT", "terminal,sarif=/dev/full"),
        says: Some("No space left on device"),
    },
    Disk {
        fault: "config: not TOML",
        set: |stage, command| command.env("WHY403_CONFIG", written(stage, b"= = =\x1b[2J")),
        says: Some("line 1"),
    },
    Disk {
        fault: "config: not UTF-8",
        set: |stage, command| command.env("WHY403_CONFIG", written(stage, b"\xff\xfe")),
        says: Some("could not be read"),
    },
    Disk {
        fault: "config: a directory",
        set: |stage, command| command.env("WHY403_CONFIG", stage.directory("d")),
        says: Some("could not be read"),
    },
    Disk {
        fault: "config: a device without end",
        set: |_, command| command.env("WHY403_CONFIG", "/dev/zero"),
        says: Some("is ignored"),
    },
    Disk {
        fault: "config: a pipe that nobody writes to",
        set: |stage, command| command.env("WHY403_CONFIG", pipe(stage)),
        says: None,
    },
    Disk {
        fault: "config: of a later version",
        set: |stage, command| command.env("WHY403_CONFIG", written(stage, b"colour_of_carets = \"red\"\n")),
        says: Some("unknown field"),
    },
    Disk {
        fault: "aws config: a device without end",
        set: |_, command| command.env("AWS_CONFIG_FILE", "/dev/zero"),
        says: None,
    },
    Disk {
        fault: "aws config: a pipe that nobody writes to",
        set: |stage, command| command.env("AWS_CONFIG_FILE", pipe(stage)),
        says: None,
    },
    Disk {
        fault: "aws config: 100,000 brackets",
        set: |stage, command| command.env("AWS_CONFIG_FILE", written(stage, "[".repeat(100_000).as_bytes())),
        says: None,
    },
    Disk {
        fault: "CA bundle: a device without end",
        set: |_, command| command.env("AWS_CA_BUNDLE", "/dev/zero"),
        says: None,
    },
    Disk { fault: "HOME is missing", set: |_, command| command.env_remove("HOME"), says: None },
    Disk { fault: "HOME is empty", set: |_, command| command.env("HOME", ""), says: None },
    Disk { fault: "HOME is no directory", set: |_, command| command.env("HOME", "/dev/null"), says: None },
    Disk { fault: "TMPDIR is nowhere", set: |_, command| command.env("TMPDIR", "/nowhere"), says: None },
];

fn pipe(stage: &Stage) -> std::path::PathBuf {
    let path = stage.file("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

fn written(stage: &Stage, bytes: &[u8]) -> std::path::PathBuf {
    let path = stage.file("written");
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn no_disk_costs_the_result() {
    let table =
        Table::new("Disks and files (aws's status and bytes stand; at most one line says what could not be done)");
    side_by_side(DISK, |case| {
        let stage = stage();
        let server = Server::start(http_1_0, 0);
        let mut command = wrapped(&stage);
        command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port));
        (case.set)(&stage, &mut command);
        let started = Instant::now();
        let (output, ended, peak) = watched(command.spawn().unwrap());
        let took = ended - started;
        let mut wrong = kept(&output);
        let said = ours(&output);
        let lines = own_lines(&said);
        match case.says {
            None if !lines.is_empty() => wrong.push(format!("it says {lines:?}")),
            Some(what) if !(lines.len() == 1 && lines[0].contains(what)) => {
                wrong.push(format!("`{what}` is not in its one line: {lines:?}"));
            }
            _ => {}
        }
        if !said.contains("cause[") {
            wrong.push(format!("the explanation is gone: {said}"));
        }
        if said.contains('\u{1b}') || took > BUDGET + SLACK || !(1..MOST_MEMORY).contains(&peak) {
            wrong.push(format!("{took:?}, {peak} kB, {said:?}"));
        }
        let happened = lines.first().map_or("explained, nothing else said", |line| line);
        let happened: String = happened.replace(&stage.file("").display().to_string(), "").chars().take(62).collect();
        table.row(case.fault, happened, format!("{:.1} s, {} MB", took.as_secs_f32(), peak / 1024), &wrong);
    });
    table.end();
}

/// A file system of a page or two. Only root can mount one, and a container may forbid even that.
#[test]
fn a_disk_that_is_full_or_read_only_keeps_nothing_and_says_nothing() {
    let table = Table::new("A disk for the state directory");
    for (fault, options) in [("full after 16 KiB", "size=16k"), ("read-only", "size=1m,ro")] {
        let stage = stage();
        let disk = stage.directory("disk");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&disk).output();
        if !mounted.is_ok_and(|mounted| mounted.status.success()) {
            println!("SKIPPED: {fault}: nothing can be mounted here");
            return;
        }
        let _unmounted = Unmount(&disk);
        if options.contains("16k") {
            let filled = fs::write(disk.join("filler"), vec![b'x'; 1 << 20]);
            assert!(filled.is_err(), "it is full");
        }
        let server = Server::start(http_1_0, 0);
        let output = wrapped(&stage)
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port))
            .env("WHY403_STATE_DIR", disk.join("state"))
            .output()
            .unwrap();
        let mut wrong = kept(&output);
        let said = ours(&output);
        if !own_lines(&said).is_empty() || !said.contains("cause[") {
            wrong.push(said);
        }
        let left: Vec<_> = fs::read_dir(disk.join("state")).into_iter().flatten().flatten().collect();
        if !left.is_empty() {
            wrong.push(format!("half of something is left: {left:?}"));
        }
        table.row(fault, "explained, nothing else said".to_owned(), "nothing left behind".to_owned(), &wrong);
    }
    table.end();
}

struct Unmount<'a>(&'a Path);

impl Drop for Unmount<'_> {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

fn kept_files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// One explained failure about the object `key`, kept in `state`.
fn explained(stage: &Stage, state: &Path, key: &str) -> Output {
    let mut command = wrapped(stage);
    command.env("WHY403_STATE_DIR", state).env("WHY403_PROBE", "off").args(["--cli-connect-timeout", key]);
    command.output().unwrap()
}

fn last(stage: &Stage, state: &Path) -> String {
    let output = stage.command(WHY403).env("WHY403_STATE_DIR", state).args(["last", "--format", "json"]).output();
    let output = output.unwrap();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn what_is_kept_is_read_only_where_it_can_be_trusted() {
    let table = Table::new("Files in the state directory");
    /// What is made of the file of a diagnosis.
    type Form = fn(&str) -> Vec<u8>;
    let forms: [(&str, Form); 8] = [
        ("of a later version", |kept| kept.replacen("\"version\":1", "\"version\":2", 1).into_bytes()),
        ("cut in the middle", |kept| kept.as_bytes()[..kept.len() / 2].to_vec()),
        ("empty", |_| Vec::new()),
        ("not UTF-8", |_| vec![0xff; 100]),
        ("nested 100,000 deep", |_| "[".repeat(100_000).into_bytes()),
        ("10 MB", |kept| [kept.as_bytes(), " ".repeat(10 << 20).as_bytes()].concat()),
        ("marks outside the text", |kept| kept.replace("\"start\":", "\"start\":9").into_bytes()),
        ("of another shape", |_| b"{\"version\":1,\"at\":-1,\"report\":[]}".to_vec()),
    ];
    for (fault, form) in forms {
        let stage = stage();
        let state = stage.file("state");
        let output = explained(&stage, &state, "1");
        let mut wrong = kept(&output);
        let names = kept_files(&state);
        assert_eq!(names.len(), 1, "{names:?}: {}", ours(&output));
        let path = state.join(&names[0]);
        let bytes = form(&fs::read_to_string(&path).unwrap());
        fs::write(&path, bytes).unwrap();
        let shown = last(&stage, &state);
        if shown.contains("panicked") || shown.contains("a fault in why403") {
            wrong.push(shown.clone());
        }
        // A new one beside it is kept and found.
        wrong.extend(kept(&explained(&stage, &state, "2")));
        if !last(&stage, &state).contains("\"schema\":1") {
            wrong.push(format!("the next is not found: {:?}", kept_files(&state)));
        }
        let happened = if shown.contains("no diagnosis is kept") { "passed over" } else { "read" };
        table.row(fault, happened.to_owned(), "the next one is kept and found".to_owned(), &wrong);
    }
    table.end();
}

#[test]
fn a_clock_that_was_ahead_hides_no_later_diagnosis() {
    let stage = stage();
    let state = stage.file("state");
    assert_eq!(kept(&explained(&stage, &state, "1")), Vec::<String>::new());
    let own = kept_files(&state).remove(0);
    let text = fs::read_to_string(state.join(&own)).unwrap();
    // Twenty of the year 2100, as a clock that was set back has left them.
    for number in 0..20 {
        fs::write(state.join(format!("{:020}-{number}-0.json", 4_102_444_800_000_000_000_u128)), &text).unwrap();
    }
    fs::remove_file(state.join(own)).unwrap();
    for turn in ["7", "8", "9"] {
        assert_eq!(kept(&explained(&stage, &state, turn)), Vec::<String>::new());
        let shown = last(&stage, &state);
        let wanted = format!("\"--cli-connect-timeout\",\"{turn}\"");
        assert!(shown.contains(&wanted), "{wanted} is not the last: {shown}\n{:?}", kept_files(&state));
    }
    assert_eq!(kept_files(&state).len(), 20);
}

#[test]
fn two_hundred_at_once_keep_whole_files_of_their_own() {
    let stage = stage();
    let state = stage.file("state");
    let report = stage.file("report.jsonl");
    let turns: Vec<String> = (1..=200).map(|turn| turn.to_string()).collect();
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for part in turns.chunks(10) {
            scope.spawn(|| {
                let children: Vec<_> = part
                    .iter()
                    .map(|turn| {
                        let mut command = wrapped(&stage);
                        command.env("WHY403_STATE_DIR", &state).env("WHY403_PROBE", "off").env("WHY403_TIMEOUT", "60");
                        command.env("WHY403_REPORT", &report).args(["--cli-connect-timeout", turn]).spawn().unwrap()
                    })
                    .collect();
                for child in children {
                    wrong.lock().unwrap().extend(kept(&child.wait_with_output().unwrap()));
                }
            });
        }
    });
    assert_eq!(wrong.into_inner().unwrap(), Vec::<String>::new());
    let names = kept_files(&state);
    assert!((1..=20).contains(&names.len()) && names.iter().all(|name| name.ends_with(".json")), "{names:?}");
    for name in &names {
        let path = state.join(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(serde_json::from_slice::<serde_json::Value>(&fs::read(&path).unwrap()).is_ok(), "{name} is torn");
    }
    let lines = fs::read_to_string(&report).unwrap();
    let seen: BTreeSet<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Report>(line).expect("a whole line").command.argv.last().unwrap().clone())
        .collect();
    assert_eq!(seen, turns.iter().cloned().collect());
}

// ---- 3. a panic in every stage

/// A scenario's world with a scripted `aws` that says what the real one would.
struct Scene {
    prepared: Prepared,
    stage: Stage,
    _sandbox: Sandbox,
}

impl Scene {
    fn of(name: &str) -> Self {
        let scenario = Scenario::load(name).unwrap();
        let sandbox = Sandbox::start(scenario.clone()).unwrap();
        let prepared = prepare(&scenario, &sandbox, CliVersion::V1).unwrap();
        let stage = Stage::with("cat \"$SAID\" >&2\nexit 41\n");
        // The bytes that are no text first, as in every table here.
        let noise = SAID.split_inclusive(|byte| *byte == b'\n').next().unwrap();
        // What HEAD is told has no words of AWS's; a scenario leaves out what versions of the CLI say instead.
        let ending: &[u8] = if scenario.expect.stderr.ends_with("operation") { b": Not Found\n" } else { b"\n" };
        let bytes = [noise, scenario.expect.stderr.as_bytes(), ending].concat();
        fs::write(stage.file("said"), bytes).unwrap();
        Self { prepared, stage, _sandbox: sandbox }
    }

    fn said(&self) -> Vec<u8> {
        fs::read(self.stage.file("said")).unwrap()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.prepared.command(program.as_ref());
        let path = format!("{}:{}", self.stage.file("bin").display(), std::env::var("PATH").unwrap());
        command
            .env("PATH", path)
            .env("SAID", self.stage.file("said"))
            .env("LC_ALL", "C")
            .env("WHY403_TIMEOUT", "20")
            // What is remembered is not asked.
            .env("WHY403_CACHE", "off")
            .env("WHY403_EXPLAIN", "always")
            .env("WHY403_REPORT", self.stage.file("report.jsonl"))
            .env("TMPDIR", self.stage.file(""))
            .stdin(Stdio::null());
        command
    }

    fn explained(&self, broken: Option<&str>) -> Output {
        let mut command = self.command(WHY403);
        if let Some(stage) = broken {
            command.env(VARIABLE, stage);
        }
        command.arg("aws").args(self.prepared.argv()).output().unwrap()
    }
}

/// What holds wherever it breaks. `said` is what `aws` wrote; a stage before it may speak first.
fn unhurt(output: &Output, said: &[u8], may_speak_first: bool, secret: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if output.status.code() != Some(STATUS) {
        wrong.push(format!("aws ended with {STATUS}, why403 with {:?}", output.status));
    }
    let stands = if may_speak_first {
        output.stderr.windows(said.len()).any(|window| window == said)
    } else {
        output.stderr.starts_with(said)
    };
    if !stands {
        wrong.push(format!("aws's bytes are not whole: {:?}", text(&output.stderr)));
    }
    let all = text(&output.stderr);
    if all.contains("panicked") || all.contains("RUST_BACKTRACE") || all.contains(secret) {
        wrong.push(format!("the panic's own words are shown: {all}"));
    }
    let lines = all.matches("a fault in why403 itself at why403/src/fault.rs:").count()
        + all.matches("a fault in why403 itself at src/fault.rs:").count();
    if lines != 1 {
        wrong.push(format!("{lines} lines say what happened: {all}"));
    }
    wrong
}

/// The stages between the command line and the start of `aws`.
const BEFORE_AWS: &[Broken] = &[Broken::Options, Broken::Guard, Broken::Locate, Broken::Plan, Broken::Start];

/// The stages of the thread that copies.
const COPYING: &[Broken] = &[Broken::Copy, Broken::CopyHeld, Broken::CopyPassed];

#[test]
fn a_panic_in_any_stage_costs_nothing_but_what_it_was_about_to_say() {
    let table = Table::new(
        "A panic in every stage (aws's status and bytes stand; one line says what happened, without a secret)",
    );
    side_by_side(STAGES, |stage| {
        let scene = Scene::of("identity-policy-no-allow.prefix");
        let report = scene.stage.file("report.jsonl");
        let state = scene.stage.file("state");
        let mut command = scene.command(WHY403);
        command.env("WHY403_STATE_DIR", &state).env(VARIABLE, stage.name()).env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.env("AWS_ACCESS_KEY_ID", ID);
        let mut above = Vec::new();
        match stage {
            Broken::Script => {
                // Only an annotation needs it.
                command.env("CI", "true").env("GITHUB_ACTIONS", "true");
            }
            Broken::Redact => {
                command.env("WHY403_REDACT", "accounts");
            }
            Broken::Document => {
                let file = format!("terminal,sarif={}", scene.stage.file("out.sarif").display());
                command.env("WHY403_FORMAT", file);
            }
            Broken::CommandLine => {
                above = ["exec", "--explain", "always", "--", "aws"].map(str::to_owned).to_vec();
            }
            Broken::ExecSetUp | Broken::Collect | Broken::Merge => {
                let file = format!("sarif={}", scene.stage.file("out.sarif").display());
                above = vec!["exec".to_owned(), "--format".to_owned(), file, "--".to_owned(), "aws".to_owned()];
            }
            _ => {}
        }
        let mut wrong;
        let output;
        if *stage == Broken::Subcommand {
            output = command.args(["explain", "wrong-region"]).output().unwrap();
            let all = text(&output.stderr);
            wrong = Vec::new();
            if output.status.code() != Some(3)
                || !output.stdout.is_empty()
                || own_lines(&all).len() != 1
                || all.contains(SECRET)
            {
                wrong.push(format!("{:?}: {all}", output.status));
            }
        } else {
            if above.is_empty() {
                above.push("aws".to_owned());
            }
            output = command.args(&above).args(scene.prepared.argv()).output().unwrap();
            let first =
                BEFORE_AWS.contains(stage) || matches!(stage, Broken::Plan | Broken::CommandLine | Broken::ExecSetUp);
            wrong = unhurt(&output, &scene.said(), first, SECRET);
            // What does not depend on the broken part is there all the same.
            let explained = text(&output.stderr).contains("cause[");
            let on_screen =
                matches!(stage, Broken::State | Broken::Report | Broken::Document | Broken::Collect | Broken::Merge);
            if on_screen && !explained {
                wrong.push(format!("nothing is explained: {}", text(&output.stderr)));
            }
            if matches!(stage, Broken::Render | Broken::Output | Broken::State) && first_failure(&report).is_none() {
                wrong.push("the report is not written".to_owned());
            }
            if *stage == Broken::Redact && (explained || report.exists()) {
                wrong.push("account ids were shown, because they could not be replaced".to_owned());
            }
        }
        for path in [&report, &state] {
            let files: Vec<_> = if path.is_dir() {
                kept_files(path).into_iter().map(|name| path.join(name)).collect()
            } else {
                vec![path.clone()]
            };
            for file in files {
                if fs::read_to_string(&file).unwrap_or_default().contains(SECRET) {
                    wrong.push(format!("the secret is in {}", file.display()));
                }
            }
        }
        let said = text(&output.stderr);
        let line = said.lines().find(|line| line.contains("a fault in why403")).unwrap_or("nothing said");
        let happened: String = line.trim_start_matches("why403: ").chars().take(62).collect();
        table.row(stage.name(), happened, format!("status {}", output.status.code().unwrap_or(-1)), &wrong);
    });
    table.end();
}

#[test]
fn however_why403_is_called_a_panic_before_aws_leaves_it_as_it_would_run_bare() {
    let table =
        Table::new("A panic before `aws` starts, by the way why403 is called (it runs once, words and stdin its own)");
    let ways: [(&str, &[&str]); 4] = [
        ("why403 aws", &["aws"]),
        ("why403 OPTIONS aws", &["--explain", "always", "--report=r", "--timeout", "5", "--no-probe", "aws"]),
        ("why403 -- aws", &["--", "aws"]),
        ("a link named aws", &[]),
    ];
    let cases: Vec<_> = BEFORE_AWS.iter().flat_map(|stage| ways.map(|way| (*stage, way))).collect();
    side_by_side(&cases, |(broken, (way, words))| {
        let stage = Stage::with("for word do echo \"[$word]\"; done >> ran\ncat\nprintf 'no newline' >&2\nexit 41\n");
        // In the way: ourselves, a directory, and a file that nobody may run.
        let front = stage.directory("front");
        symlink(WHY403, front.join("aws")).unwrap();
        stage.directory("folder/aws");
        stage.program("plain", "", 0o644);
        let path = ["front", "folder", "plain", "bin"].map(|name| stage.file(name).display().to_string()).join(":");
        let mut command = stage.command(if words.is_empty() { front.join("aws") } else { WHY403.into() });
        command.env("PATH", format!("{path}:/usr/bin:/bin")).env("WHY403_EXPLAIN", "always");
        command.env(VARIABLE, broken.name()).env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.args(*words).args(["s3", "cp", "a b", "", "aws", "--", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"\xff in and out").unwrap();
        let output = child.wait_with_output().unwrap();
        let mut wrong = Vec::new();
        if output.status.code() != Some(STATUS) || output.stdout != b"\xff in and out" {
            wrong.push(format!("{:?}, stdout {:?}", output.status, text(&output.stdout)));
        }
        let said = text(&output.stderr);
        if own_lines(&said).len() != 1 || !said.ends_with("`aws`'s result stands\nno newline") || said.contains(SECRET)
        {
            wrong.push(format!("stderr: {said}"));
        }
        let ran = stage.read("ran");
        if ran != "[s3]\n[cp]\n[a b]\n[]\n[aws]\n[--]\n[-]\n" {
            wrong.push(format!("it ran with: {ran:?}"));
        }
        table.row(broken.name(), (*way).to_owned(), "ran once".to_owned(), &wrong);
    });
    table.end();
}

#[test]
fn without_an_aws_or_in_a_loop_a_panic_before_it_ends_as_without_one() {
    for broken in BEFORE_AWS {
        let stage = Stage::empty();
        let (one, other) = (stage.directory("one").join("aws"), stage.directory("other").join("aws"));
        // Nobody else, and then a copy that finds us as we find it.
        symlink(WHY403, one).unwrap();
        for with_a_copy in [false, true] {
            if with_a_copy {
                fs::copy(WHY403, &other).unwrap();
            }
            let mut command = stage.command(WHY403);
            command.env("PATH", format!("{}:{}", stage.file("one").display(), stage.file("other").display()));
            let output = command.env(VARIABLE, broken.name()).args(["aws", "s3", "ls"]).output().unwrap();
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(127), "{broken:?}: {said}");
            assert!(said.contains("aws: command not found") || said.contains("leads back to why403"), "{said}");
            assert!(own_lines(&said).len() <= 20, "{said}");
        }
    }
}

/// Whether `aws`'s stderr goes through as it does bare, whatever `broken` does to why403; and what why403 says in the end.
fn passed_on(broken: &dyn Fn(&mut Command)) -> (Vec<String>, String) {
    let mut wrong = Vec::new();
    let mut row = |what: &str, is_so: bool| {
        if !is_so {
            wrong.push(what.to_owned());
        }
    };
    let watched = |stage: &Stage| {
        let mut command = stage.watched(&["s3", "ls"]);
        broken(command.stderr(Stdio::piped()));
        command
    };
    // Much, in pieces of all sizes, over what two pipes hold.
    let noise: Vec<u8> = (0..4_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let stage = Stage::with("head -c 1 noise >&2; head -c 5000 noise >&2; cat noise >&2; exit 41");
    fs::write(stage.file("noise"), &noise).unwrap();
    let output = watched(&stage).output().unwrap();
    row("its status is kept", output.status.code() == Some(STATUS));
    let whole = [&noise[..1], &noise[..5000], &noise[..]].concat();
    row("every byte is there once", output.stderr.starts_with(&whole));
    let said = text(&output.stderr[whole.len().min(output.stderr.len())..]);
    row(&format!("one line follows: {said:?}"), own_lines(&said).len() == 1 && said.lines().count() == 1);
    // A prompt shows at once, and what follows it.
    let stage = Stage::with("printf 'one? ' >&2; read x; printf 'two? ' >&2; read y; exit 0");
    let mut child = watched(&stage).stdin(Stdio::piped()).spawn().unwrap();
    let (mut answers, mut shown) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
    let (send, screen) = channel();
    thread::spawn(move || {
        let mut piece = [0; 64];
        while let Ok(count @ 1..) = shown.read(&mut piece) {
            send.send(piece[..count].to_vec()).unwrap();
        }
    });
    for prompt in ["one? ", "two? "] {
        row(prompt, screen.recv_timeout(wrapped::PATIENCE).is_ok_and(|seen| seen == prompt.as_bytes()));
        answers.write_all(b"yes\n").unwrap();
    }
    row("a success is one", wrapped::end_of(&mut child).success());
    row("and has nothing added", screen.iter().next().is_none());
    // What goes on writing when `aws` has ended is not waited for.
    let stage = Stage::with("echo last words >&2; (while echo more; do :; done) >&2 & echo $! > pid; exit 41");
    let mut child = watched(&stage).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let reader = thread::spawn(move || {
        let mut words = Vec::new();
        stderr.read_to_end(&mut words).map(|_| words)
    });
    row("it ends with aws", wrapped::end_of(&mut child).code() == Some(STATUS));
    let _gone = Command::new("kill").arg(stage.read("pid").trim()).status();
    row("its words came first", reader.join().unwrap().unwrap().starts_with(b"last words\n"));
    // A reader that is gone is noticed by `aws`.
    let stage = Stage::with("echo one >&2; sleep 0.3; echo two >&2; echo three >&2; echo survived > survived");
    let mut child = watched(&stage).spawn().unwrap();
    drop(child.stderr.take());
    row("aws dies of SIGPIPE", wrapped::end_of(&mut child).signal() == Some(13));
    row("and did not go on", stage.read("survived").is_empty());
    // One that does not read holds up nobody who is told to go.
    let stage = Stage::with("echo up > up; while :; do echo a line of noise; done >&2");
    let mut child = watched(&stage).spawn().unwrap();
    stage.wait_for("up");
    // Long enough to fill both pipes; too short would only make the test easier.
    thread::sleep(Duration::from_millis(300));
    wrapped::kill(rustix::process::Signal::TERM, &child);
    row("aws dies of SIGTERM", wrapped::end_of(&mut child).signal() == Some(15));
    (wrong, said.trim_end().trim_start_matches("why403: ").to_owned())
}

#[test]
fn a_panic_while_stderr_is_copied_loses_no_byte_and_holds_none_back() {
    let table = Table::new("A panic in the thread that copies (every byte once, at once, as long as `aws` writes)");
    for broken in COPYING {
        let (mut wrong, said) = passed_on(&|command| {
            command.env(VARIABLE, broken.name());
        });
        if !said.contains("a fault in why403 itself at") {
            wrong.push(format!("it says: {said}"));
        }
        table.row(broken.name(), said.chars().take(62).collect(), "8 MB, prompts, signals".to_owned(), &wrong);
    }
    table.end();
}

#[test]
fn without_a_thread_stderr_goes_through_and_one_line_says_why_nothing_is_explained() {
    let table = Table::new("No thread to be had (aws's status and bytes stand)");
    let line = |said: &str| said.starts_with("nothing is explained, because no thread could be started: ");
    // More than an address space holds: the kernel refuses the stack of the thread that copies.
    let (mut wrong, said) = passed_on(&|command| {
        command.env("RUST_MIN_STACK", (1_u64 << 62).to_string());
    });
    if !line(&said) {
        wrong.push(format!("it says: {said}"));
    }
    table.row("no memory for a stack", said.chars().take(62).collect(), "8 MB, prompts, signals".to_owned(), &wrong);
    // A limit on processes counts threads, and holds for everybody but root, who alone can become somebody without any.
    for (fault, limit) in [("RLIMIT_NPROC, why403 and aws", 2), ("RLIMIT_NPROC, why403 alone", 1)] {
        let stage = Stage::with(SAYS);
        for path in [stage.file(""), stage.file("bin")] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = stage.command("setpriv");
        command.args(["--reuid=61403", "--regid=61403", "--clear-groups", "prlimit", &format!("--nproc={limit}")]);
        command.arg(WHY403).args(["--explain", "always", "--no-probe", "aws", "s3", "ls"]).stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = text(&output.stderr);
        if said.starts_with("setpriv: ") || said.starts_with("prlimit: ") {
            println!("SKIPPED: {fault}: nobody else can be made to run it: {said}");
            continue;
        }
        let mut wrong = kept(&output);
        let said = ours(&output);
        match own_lines(&said)[..] {
            [said] if limit == 2 && line(said.trim_start_matches("why403: ")) => {}
            // It took our place: who may have one process has `aws` in it.
            [] if limit == 1 && said.is_empty() => {}
            _ => wrong.push(format!("it says: {said}")),
        }
        let said = if said.is_empty() { "aws takes its place" } else { said.trim_start_matches("why403: ") };
        table.row(fault, said.chars().take(62).collect(), "status 41".to_owned(), &wrong);
    }
    table.end();
}

#[test]
fn signals_reach_aws_though_the_waiting_broke() {
    for words in [&["aws", "s3", "ls"][..], &["exec", "--", "aws", "s3", "ls"][..]] {
        let stage = Stage::with("trap 'echo caught; exit 7' TERM; echo up > up; while :; do sleep 0.01; done");
        let mut command = stage.command(WHY403);
        command.env("WHY403_EXPLAIN", "always").env(VARIABLE, Broken::Wait.name()).stdout(Stdio::piped());
        let child = command.args(words).stderr(Stdio::piped()).spawn().unwrap();
        stage.wait_for("up");
        wrapped::kill(rustix::process::Signal::TERM, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("caught\n", Some(7)), "{words:?}");
    }
}

#[test]
fn a_panic_around_the_command_of_exec_costs_it_nothing() {
    let table = Table::new("A panic in `why403 exec` (the command runs once; one line says what happened)");
    let stages = [Broken::Options, Broken::CommandLine, Broken::Config, Broken::ExecSetUp, Broken::Wait, Broken::Merge];
    side_by_side(&stages, |broken| {
        let stage = Stage::with(SAYS);
        let mut command = stage.command(WHY403);
        // The `aws` below it is not ours to break here.
        let script = "env -u $0 \"$@\"; status=$?; echo ran >> ran; cat; exit $status";
        let format = format!("json={}", stage.file("out.json").display());
        command.args([
            "exec",
            "--explain",
            "never",
            "--no-probe",
            "--format",
            &format,
            "--",
            "sh",
            "-c",
            script,
            VARIABLE,
        ]);
        command
            .arg(stage.file("bin/aws"))
            .args(["s3", "ls"])
            .env(VARIABLE, broken.name())
            .env("AWS_SECRET_ACCESS_KEY", SECRET);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"in and out").unwrap();
        let output = child.wait_with_output().unwrap();
        let mut wrong = unhurt(&output, SAID, true, SECRET);
        if text(&output.stdout) != "in and out" || stage.read("ran") != "ran\n" {
            wrong.push(format!("stdout {:?}, ran {:?}", text(&output.stdout), stage.read("ran")));
        }
        let said = text(&output.stderr);
        let line = said.lines().find(|line| line.contains("a fault in why403")).unwrap_or("nothing said");
        let happened: String = line.trim_start_matches("why403: ").chars().take(62).collect();
        table.row(broken.name(), happened, format!("status {}", output.status.code().unwrap_or(-1)), &wrong);
    });
    table.end();
}

/// Scenarios in which, together, every probe is asked.
const WORLDS: &[&str] = &[
    "undetermined",
    "identity-policy-no-allow.bare",
    "assume-role-denied",
    "bucket-owner-mismatch",
    "identity-policy-no-allow.copy",
    "unsigned-request",
    "kms-no-allow",
    "kms-no-allow.upload",
    "access-point-policy",
    "bucket-not-found",
    "service-control-policy",
    "service-control-policy.details",
    "vpc-endpoint-policy",
    "block-public-access",
    "block-public-access.status",
    "wrong-profile",
    "key-not-found-hidden.bare",
];

#[test]
fn a_panic_in_a_probe_costs_that_answer_alone() {
    let table = Table::new("A panic in every probe (the rest is explained without its answer)");
    // `dns` resolves AWS's own names, so it is asked only where no endpoint is configured.
    let needs_aws = BTreeSet::from(["dns"]);
    let left: Mutex<BTreeSet<&str>> =
        Mutex::new(PROBES.iter().copied().filter(|name| !needs_aws.contains(name)).collect());
    side_by_side(WORLDS, |world| {
        let scene = Scene::of(world);
        let report = scene.stage.file("report.jsonl");
        let plain = scene.explained(None);
        let Some(failure) = first_failure(&report) else {
            table.row(world, "no report".to_owned(), String::new(), &[text(&plain.stderr)]);
            return;
        };
        for check in failure.checks.iter().filter(|check| check.requests.is_some()) {
            let Some(probe) = PROBES.iter().copied().find(|probe| *probe == check.name) else { continue };
            // Whoever comes first takes it.
            if !left.lock().unwrap().remove(probe) {
                continue;
            }
            fs::remove_file(&report).unwrap();
            let output = scene.explained(Some(&format!("probe:{probe}")));
            let mut wrong = Vec::new();
            if output.status.code() != Some(STATUS) || !output.stderr.starts_with(&scene.said()) {
                wrong.push(format!("{:?}: {}", output.status, text(&output.stderr)));
            }
            let all = text(&output.stderr);
            if all.contains("panicked") {
                wrong.push(format!("the panic's own words are shown: {all}"));
            }
            let mut happened = "no report".to_owned();
            if let Some(failure) = first_failure(&report) {
                let broken = failure.checks.iter().find(|check| check.name == probe);
                let why = broken.and_then(|check| check.why.clone()).unwrap_or_default();
                if !why.contains("a fault in why403 itself at") {
                    wrong.push(format!("{broken:?} does not say what happened"));
                }
                if failure.blockers.iter().any(|blocker| blocker.evidence.iter().any(|name| name == probe)) {
                    wrong.push("something rests on the answer that never came".to_owned());
                }
                happened = format!("{} {:?}", failure.blockers[0].cause, failure.blockers[0].certainty);
            } else {
                wrong.push(format!("nothing is explained: {all}"));
            }
            table.row(probe, happened, format!("in {world}"), &wrong);
        }
    });
    let left = left.into_inner().unwrap();
    table.end();
    assert!(left.is_empty(), "no world asks {left:?}");
}
