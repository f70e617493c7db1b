//! Endpoints that do their worst to why403's own requests while the command itself gets a plain refusal: they never
//! answer, refuse, reset, dribble, lie, redirect, or answer without end. The diagnosis ends in time, in bounded memory,
//! says what it could not check and calls nothing proven that the CLI's own text does not prove; aws's result stands.

#![cfg(feature = "sandbox")]
#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/clis.rs"]
mod clis;
#[path = "support/peak.rs"]
mod peak;

use clis::Cli;
use peak::watched;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use why403::diagnosis::{Certainty, Failure, Outcome, Report};
use why403::sandbox::scenario::CliVersion;

const WHY403: &str = env!("CARGO_BIN_EXE_why403");

const BUDGET: Duration = Duration::from_secs(1);
/// What starting up, drawing and a busy machine may take on top.
const SLACK: Duration = Duration::from_secs(2);
/// Kilobytes: an answer is read up to 2 MiB, and some twenty may be on the way.
const MOST_MEMORY: u64 = 200 * 1024;

/// What the endpoint does to a request that is not the CLI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Takes the connection and the request, and says nothing.
    Silent,
    /// Nobody listens any more once the CLI has its answer.
    Refuse,
    /// RST.
    Reset,
    /// An orderly end without an answer.
    Hangup,
    /// One byte of a well-formed answer at a time, for hours.
    Dribble,
    /// A whole head, then one byte of the body at a time.
    DribbleBody,
    /// A body that never ends, as fast as it goes.
    EndlessBody,
    /// An error answer whose body never ends.
    EndlessError,
    /// A head that never ends.
    EndlessHead,
    /// `103 Early Hints` without end, as fast as it goes, and never the answer that they announce.
    EndlessHints,
    /// The same with `100 Continue`.
    EndlessContinues,
    /// Less than was promised, and then nothing.
    Unfinished,
    /// Not HTTP.
    Garbage,
    /// Permanently, to another host.
    Moved,
    /// Temporarily, to another host, in a way that keeps method and headers.
    Temporary,
}

const MODES: [Mode; 15] = [
    Mode::Silent,
    Mode::Refuse,
    Mode::Reset,
    Mode::Hangup,
    Mode::Dribble,
    Mode::DribbleBody,
    Mode::EndlessBody,
    Mode::EndlessError,
    Mode::EndlessHead,
    Mode::EndlessHints,
    Mode::EndlessContinues,
    Mode::Unfinished,
    Mode::Garbage,
    Mode::Moved,
    Mode::Temporary,
];

impl Mode {
    /// Whether the probes wait for it until the time is up.
    fn takes_all_time(self) -> bool {
        matches!(
            self,
            Self::Silent
                | Self::Dribble
                | Self::DribbleBody
                | Self::EndlessHints
                | Self::EndlessContinues
                | Self::Unfinished
        )
    }

    /// Whether it may end either way: how fast the flood comes is the machine's business.
    fn ends_by_size_or_time(self) -> bool {
        matches!(self, Self::EndlessBody | Self::EndlessError | Self::EndlessHead)
    }

    /// Whether a HEAD, whose answer is over with its head, gets a whole one.
    fn answers_heads(self) -> bool {
        self == Self::EndlessBody
    }

    fn redirects(self) -> bool {
        matches!(self, Self::Moved | Self::Temporary)
    }
}

/// The endpoint.
struct Hole {
    port: u16,
    /// Requests that were not the CLI's.
    probes: Arc<AtomicUsize>,
    /// When the CLI last had its answer.
    answered: Arc<Mutex<Option<Instant>>>,
}

impl Hole {
    /// `elsewhere` is where its redirects point.
    fn open(mode: Mode, elsewhere: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (probes, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
        let hole = Self { port, probes: Arc::clone(&probes), answered: Arc::clone(&answered) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let (probes, answered) = (Arc::clone(&probes), Arc::clone(&answered));
                let serve = move || {
                    let Some(head) = peeked_head(&stream) else { return };
                    if head.contains("aws-cli/") {
                        answer_cli(&stream, &head);
                        *answered.lock().unwrap() = Some(Instant::now());
                    } else {
                        probes.fetch_add(1, Ordering::Relaxed);
                        drop(mistreat(stream, mode, head.starts_with("HEAD"), elsewhere));
                    }
                };
                if mode == Mode::Refuse {
                    // The one request of the CLI; with the listener goes the port.
                    return serve();
                }
                thread::spawn(serve);
            }
        });
        hole
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The request's head, left unread: closing a connection with unread bytes in it resets it.
fn peeked_head(stream: &TcpStream) -> Option<String> {
    let mut buffer = vec![0; 64 * 1024];
    let patience = Instant::now();
    while patience.elapsed() < Duration::from_secs(10) {
        let count = stream.peek(&mut buffer).ok().filter(|count| *count > 0)?;
        let head = String::from_utf8_lossy(&buffer[..count]);
        if head.contains("\r\n\r\n") {
            return Some(head.into_owned());
        }
        thread::sleep(Duration::from_millis(1));
    }
    None
}

/// What S3 says to a caller of the same account: nothing to a HEAD, the layer to a GET.
fn answer_cli(mut stream: &TcpStream, head: &str) {
    take_request(stream);
    let body = if head.starts_with("HEAD") {
        ""
    } else {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>User: arn:aws:iam::111122223333:user/ana \
         is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::acme-data/a.csv\" because no identity-based policy \
         allows the s3:GetObject action</Message><RequestId>4442587FB7D0A2F9</RequestId><HostId>abc</HostId></Error>"
    };
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\nx-amz-request-id: 4442587FB7D0A2F9\r\nx-amz-id-2: abc\r\nServer: AmazonS3\r\n\
         Content-Type: application/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).unwrap();
}

/// Reads what has come, so that closing ends the connection in order.
fn take_request(mut stream: &TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    drop(stream.read(&mut buffer));
}

fn mistreat(mut stream: TcpStream, mode: Mode, is_head: bool, elsewhere: u16) -> std::io::Result<()> {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n";
    let mut buffer = [0; 4096];
    if mode != Mode::Reset {
        take_request(&stream);
    }
    if is_head && matches!(mode, Mode::DribbleBody | Mode::EndlessError | Mode::Unfinished) {
        // There is no body to mistreat it with, and a whole head would be an honest answer.
        return Ok(());
    }
    match mode {
        // Refused: this one came between the CLI's answer and the end of the listener.
        Mode::Reset | Mode::Refuse | Mode::Hangup => Ok(()),
        Mode::Silent => {
            while stream.read(&mut buffer)? > 0 {}
            Ok(())
        }
        Mode::Dribble => {
            for byte in b"HTTP/1.1 200 OK\r\nx-slow: ".iter().chain(std::iter::repeat(&b'a')) {
                stream.write_all(&[*byte])?;
                thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
        Mode::DribbleBody => {
            stream.write_all(HEAD)?;
            for byte in b"<?xml version=\"1.0\"?><Error><Code>".iter().chain(std::iter::repeat(&b'A')) {
                stream.write_all(&[*byte])?;
                thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
        Mode::EndlessBody => {
            stream.write_all(HEAD)?;
            flood(stream, b"<")
        }
        Mode::EndlessError => {
            stream.write_all(
                b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n<Error><Code>",
            )?;
            flood(stream, b"A")
        }
        Mode::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx-long: ")?;
            flood(stream, b"a")
        }
        Mode::EndlessHints => flood(stream, b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        Mode::EndlessContinues => flood(stream, b"HTTP/1.1 100 Continue\r\n\r\n"),
        Mode::Unfinished => {
            stream
                .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n<Error><Code>AccessDenied</Code>")?;
            while stream.read(&mut buffer)? > 0 {}
            Ok(())
        }
        Mode::Garbage => stream.write_all(b"\x16\x03\x01\0\xff\xfe 220 smtp ready\x1b]0;owned\x07\r\n\r\n"),
        Mode::Moved => stream.write_all(redirect("301 Moved Permanently", elsewhere).as_bytes()),
        Mode::Temporary => stream.write_all(redirect("307 Temporary Redirect", elsewhere).as_bytes()),
    }
}

fn flood(mut stream: TcpStream, piece: &[u8]) -> std::io::Result<()> {
    let block = piece.repeat(64 * 1024 / piece.len());
    loop {
        stream.write_all(&block)?;
    }
}

fn redirect(status: &str, elsewhere: u16) -> String {
    format!(
        "HTTP/1.1 {status}\r\nLocation: http://localhost:{elsewhere}/acme-data/a.csv\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

/// Where no request may ever come.
struct Elsewhere {
    port: u16,
    visits: Arc<AtomicUsize>,
}

impl Elsewhere {
    fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (port, visits) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&visits);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::Relaxed);
                drop(stream);
            }
        });
        Self { port, visits }
    }
}

/// What the CLI was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// `s3 cp`: HEAD, 403, no reason.
    Nothing,
    /// `s3api get-object`: the message names the layer.
    TheLayer,
}

impl Told {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &["s3", "cp", "s3://acme-data/a.csv", "got"],
            Self::TheLayer => &["s3api", "get-object", "--bucket", "acme-data", "--key", "a.csv", "got"],
        }
    }

    fn exit(self, version: CliVersion) -> i32 {
        match (self, version) {
            (Self::Nothing, _) => 1,
            (Self::TheLayer, CliVersion::V1) => 255,
            (Self::TheLayer, CliVersion::V2) => 254,
        }
    }

    fn stderr(self) -> &'static str {
        match self {
            Self::Nothing => "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden\n",
            Self::TheLayer => {
                "\nAn error occurred (AccessDenied) when calling the GetObject operation: User: arn:aws:iam::111122223333:user/ana is \
                 not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::acme-data/a.csv\" because no identity-based \
                 policy allows the s3:GetObject action\n"
            }
        }
    }
}

/// How a wrapped run went.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    failure: Option<Failure>,
    elapsed: Duration,
    /// From the CLI's answer to the end of the process.
    diagnosing: Duration,
    /// The most memory that why403 itself held, in kilobytes.
    peak: u64,
    probes: usize,
    visits: usize,
}

fn run(cli: &Cli, mode: Mode, told: Told) -> Run {
    let elsewhere = Elsewhere::open();
    let hole = Hole::open(mode, elsewhere.port);
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report.jsonl");
    let mut command = Command::new(WHY403);
    command
        .env_clear()
        .env("PATH", format!("{}:{}", cli.directory.display(), std::env::var("PATH").unwrap()))
        .env("HOME", directory.path())
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_PAGER", "")
        .env("WHY403_EXPLAIN", "always")
        .env("WHY403_TIMEOUT", BUDGET.as_secs().to_string())
        .env("WHY403_REPORT", &report)
        .current_dir(directory.path());
    for name in ["LANG", "PYENV_ROOT", "PYENV_VERSION"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for service in ["S3", "S3_CONTROL", "STS", "IAM", "KMS", "EC2", "ORGANIZATIONS"] {
        command.env(format!("AWS_ENDPOINT_URL_{service}"), hole.url());
    }
    command.arg("aws").args(told.arguments());
    // Old releases of version 2 read no endpoint variable.
    if cli.version == CliVersion::V2 {
        command.arg("--endpoint-url").arg(hole.url());
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (output, ended, peak) = watched(child);
    let text = std::fs::read_to_string(&report).unwrap_or_default();
    let report: Option<Report> = text.lines().next().map(|line| serde_json::from_str(line).unwrap());
    let answered = hole.answered.lock().unwrap().expect("the CLI asked");
    Run {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        elapsed: report.as_ref().map_or(Duration::MAX, |report| Duration::from_millis(report.elapsed_ms)),
        failure: report.and_then(|report| report.failures.into_iter().next()),
        diagnosing: ended.duration_since(answered),
        peak,
        probes: hole.probes.load(Ordering::Relaxed),
        visits: elsewhere.visits.load(Ordering::Relaxed),
    }
}

/// What is wrong with one run, in words. `bare` is how long the CLI alone takes on this machine, at this moment.
fn complaints(cli: &Cli, bare: Duration, mode: Mode, told: Told) -> Vec<String> {
    let run = run(cli, mode, told);
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: &dyn Fn() -> String| {
        if !holds {
            wrong.push(what());
        }
    };
    check(run.code == Some(told.exit(cli.version)), &|| format!("exit {:?}", run.code));
    check(run.stdout.is_empty(), &|| format!("stdout: {:?}", run.stdout));
    check(run.stderr.starts_with(told.stderr()), &|| format!("stderr does not begin with aws's own: {:?}", run.stderr));
    check(run.diagnosing < BUDGET + SLACK + bare, &|| format!("{:?} from the CLI's answer to the end", run.diagnosing));
    check(run.elapsed < BUDGET + SLACK / 2, &|| format!("the report says {:?}", run.elapsed));
    check((1..MOST_MEMORY).contains(&run.peak), &|| format!("{} kB at the peak", run.peak));
    check(run.visits == 0, &|| format!("{} requests went where a redirect points", run.visits));
    check(mode == Mode::Refuse || run.probes > 0, &|| "nothing was asked at all".to_owned());
    check(!run.stderr[told.stderr().len().min(run.stderr.len())..].contains('\u{1b}'), &|| {
        "an escape on stderr".to_owned()
    });
    let Some(failure) = &run.failure else {
        wrong.push(format!("no report; stderr: {}", run.stderr));
        return wrong;
    };
    if std::env::var_os("BLACK_HOLE_SHOW").is_some() {
        eprintln!(
            "{mode:?} {told:?}: {:?} {:?} {} kB {} probes\n{}",
            run.elapsed, run.diagnosing, run.peak, run.probes, run.stderr
        );
    }
    println!(
        "  {:<16} | {:<8} | {:<26} | {:.1} s, {} MB",
        format!("{mode:?}"),
        format!("{told:?}"),
        failure.blockers[0].cause,
        run.diagnosing.as_secs_f32(),
        run.peak / 1024
    );
    wrong.extend(misjudged(told, failure));
    wrong.extend(unsaid(mode, failure, &run.stderr));
    wrong
}

/// The certainty is that of the CLI's own text: nothing else spoke.
fn misjudged(told: Told, failure: &Failure) -> Vec<String> {
    let mut wrong = Vec::new();
    let all: Vec<String> =
        failure.blockers.iter().map(|blocker| format!("{} {:?}", blocker.cause, blocker.certainty)).collect();
    match told {
        Told::Nothing => {
            if failure.blockers.iter().any(|blocker| blocker.certainty == Certainty::Proven) {
                wrong.push(format!("a 403 without a word and no answer prove nothing, but {all:?}"));
            }
        }
        Told::TheLayer => {
            let first = &failure.blockers[0];
            if (first.cause.as_str(), first.certainty) != ("identity-policy-no-allow", Certainty::Proven) {
                wrong.push(format!("aws's own text proves identity-policy-no-allow, but {all:?}"));
            }
            if first.evidence != ["cli"] {
                wrong.push(format!("it rests on {:?}, and nothing but the CLI's text was there", first.evidence));
            }
            if failure.caller.as_ref().and_then(|caller| caller.arn.as_deref())
                != Some("arn:aws:iam::111122223333:user/ana")
            {
                wrong.push(format!("the caller, named in the text, is {:?}", failure.caller));
            }
            if first.fix.iter().chain(&first.other_fixes).all(|fix| fix.edits.is_empty()) {
                wrong.push(format!("no edit, with all that it takes in the text: {:?}", first.fix));
            }
        }
    }
    // Nobody answered, so nobody can have told. (That a bucket is there a HEAD can tell.)
    let told_by_answers = ["expired-credentials", "unknown-access-key", "wrong-secret-key", "not-reproduced"];
    for note in failure.ruled_out.iter().filter(|note| told_by_answers.contains(&note.cause.as_str())) {
        if told == Told::Nothing {
            wrong.push(format!("{} is called excluded because {}", note.cause, note.because));
        }
    }
    wrong
}

/// What was not learned is said: in the report for each check, and on stderr.
fn unsaid(mode: Mode, failure: &Failure, stderr: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let answered: Vec<&str> = failure
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Ok)
        .map(|check| check.name.as_str())
        .filter(|name| !(mode.answers_heads() && ["s3-bucket", "s3-unsigned", "s3-object"].contains(name)))
        .collect();
    // A redirect is an answer, of a kind; what may not be made of it the causes show.
    if !mode.redirects() && !answered.is_empty() {
        wrong.push(format!("{answered:?} are called answered"));
    }
    let wanted: &[Outcome] = match mode {
        _ if mode.redirects() => &[Outcome::Ok, Outcome::Denied, Outcome::Failed],
        _ if mode.ends_by_size_or_time() => &[Outcome::Failed, Outcome::TimedOut],
        _ if mode.takes_all_time() => &[Outcome::TimedOut],
        _ => &[Outcome::Failed],
    };
    for name in ["sts-identity", "s3-replay"] {
        match failure.checks.iter().find(|check| check.name == name) {
            Some(check) if wanted.contains(&check.outcome) => {
                if check.outcome != Outcome::Ok && check.why.as_deref().unwrap_or_default().is_empty() {
                    wrong.push(format!("{name} does not say why"));
                }
            }
            check => wrong.push(format!("{name} is {check:?}, expected {wanted:?}")),
        }
    }
    if !stderr.contains("not checked") {
        wrong.push(format!("stderr does not say what was not checked: {stderr}"));
    }
    if mode == Mode::Silent && !stderr.contains("no answer came within the time limit") {
        wrong.push(format!("stderr does not speak of the time limit: {stderr}"));
    }
    wrong
}

fn all_on(version: CliVersion) {
    let Some(cli) = clis::found().into_iter().find(|cli| cli.version == version) else { return };
    let cases: Vec<(Mode, Told)> =
        MODES.iter().flat_map(|mode| [(*mode, Told::Nothing), (*mode, Told::TheLayer)]).collect();
    println!("\nNetworks, with the AWS CLI {version:?} (time limit 1 s, at most 200 MB)");
    let started = Instant::now();
    assert!(Command::new(cli.directory.join("aws")).args(["s3", "help-is-no-command"]).output().is_ok());
    let bare = started.elapsed();
    let next = AtomicUsize::new(0);
    let wrong: Mutex<Vec<String>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some((mode, told)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let complaints = complaints(&cli, bare, *mode, *told);
                    if !complaints.is_empty() {
                        wrong
                            .lock()
                            .unwrap()
                            .push(format!("{mode:?}, told {told:?}:\n  {}\n", complaints.join("\n  ")));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} under {version:?}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn whatever_the_network_does_on_version_1() {
    all_on(CliVersion::V1);
}

#[test]
fn whatever_the_network_does_on_version_2() {
    all_on(CliVersion::V2);
}
