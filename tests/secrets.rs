//! Secrets planted wherever one can stand, and searched for in all that why403 writes: stderr, every format, the report file,
//! the state directory, and what `last`, `fix`, `doctor`, `config` and `log` print. As a table; `make faults` prints it.
//!
//! What `aws` itself writes to stderr is `aws`'s, and passes through: only what follows it is searched.

#![cfg(feature = "sandbox")]
#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/hostile.rs"]
#[expect(dead_code, reason = "this test needs a part of the servers")]
mod hostile;
#[path = "support/wrapped.rs"]
#[expect(dead_code, reason = "this test needs a part of the stage")]
mod wrapped;

use hostile::{Request, Server, answer};
use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use why403::fault::{STAGES, VARIABLE};
use why403::render::FORMATS;
use why403::sandbox::demo::prepare;
use why403::sandbox::scenario::CliVersion;
use why403::sandbox::{Sandbox, Scenario};
use wrapped::{Stage, WHY403, text};

/// As long and as odd as a secret access key, and with what URLs, JSON and XML write in other ways.
const SECRET: &str = "pLaNt3d/Secr3t+Key=Of40Characters&\"0123456";
/// The same idea, for places that hold no such characters.
const PLAIN: &str = "pLaNt3dSecr3tOf32Characters01234";

/// How many characters in a row give a secret away.
const WINDOW: usize = 12;

/// Every way in which a text could be written down.
fn forms(secret: &str) -> Vec<String> {
    let percent = |lower: bool| {
        secret.bytes().fold(String::new(), |mut out, byte| {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
                _ if lower => write!(out, "%{byte:02x}").unwrap(),
                _ => write!(out, "%{byte:02X}").unwrap(),
            }
            out
        })
    };
    let json = serde_json::to_string(secret).unwrap();
    let xml = secret.replace('&', "&amp;").replace('"', "&quot;");
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms =
        vec![secret.to_owned(), percent(false), percent(true), json[1..json.len() - 1].to_owned(), xml, hex];
    // Base64 of a text in which it stands at any of the three places.
    for before in 0..3 {
        forms.push(base64(&[&vec![b'x'; before], secret.as_bytes()].concat())[before.div_ceil(2) * 4..].to_owned());
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks_exact(3) {
        let number = (u32::from(group[0]) << 16) | (u32::from(group[1]) << 8) | u32::from(group[2]);
        for shift in [18, 12, 6, 0] {
            out.push(char::from(LETTERS[(number >> shift) as usize & 63]));
        }
    }
    out
}

/// The first part of the secret that stands in the text, in any form.
fn shown<'t>(all: &'t str, secret: &str) -> Option<&'t str> {
    forms(secret).iter().find_map(|form| {
        let letters: Vec<char> = form.chars().collect();
        letters.windows(WINDOW).find_map(|window| {
            let window: String = window.iter().collect();
            all.find(&window).map(|at| &all[at..at + window.len()])
        })
    })
}

#[test]
fn the_search_finds_a_secret_in_every_form() {
    for secret in [SECRET, PLAIN] {
        for form in forms(secret) {
            assert!(shown(&format!("a line with {form} in it"), secret).is_some(), "{form}");
        }
        let part = &secret[5..5 + WINDOW];
        assert_eq!(shown(part, secret), Some(part));
        assert_eq!(shown(&secret[secret.len() - 4..], secret), None);
    }
    assert!(shown(&base64(format!("user:{SECRET}").as_bytes()), SECRET).is_some());
}

/// Hands the request's own secrets back, in the elements in which S3 does.
fn hands_back(stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
    let escaped = SECRET.replace('&', "&amp;").replace('"', "&quot;");
    let head: String = request.head.replace('&', "&amp;").replace('<', "&lt;");
    let body = format!(
        "<Error><Code>InvalidToken</Code><Message>The provided token is malformed or otherwise invalid.</Message>\
         <Token-0>{escaped}</Token-0><AWSAccessKeyId>{escaped}</AWSAccessKeyId><SignatureProvided>{escaped}</SignatureProvided>\
         <StringToSign>AWS4-HMAC-SHA256\n{escaped}</StringToSign><StringToSignBytes>{escaped}</StringToSignBytes>\
         <CanonicalRequest>{head}{escaped}</CanonicalRequest><CanonicalRequestBytes>{escaped}</CanonicalRequestBytes>\
         <HostId>{escaped}</HostId><RequestId>{escaped}</RequestId></Error>"
    );
    answer(stream, "400 Bad Request", "", body.as_bytes())
}

fn refuses(stream: &mut TcpStream, _: &Request) -> std::io::Result<()> {
    answer(stream, "403 Forbidden", "", b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
}

/// One place for a secret.
struct Place {
    name: &'static str,
    /// Which of the two it is.
    secret: &'static str,
    plant: fn(&Stage, &mut Command, &str),
    /// What `aws` says, where it is not the usual refusal.
    said: Option<&'static str>,
}

const fn place(name: &'static str, secret: &'static str, plant: fn(&Stage, &mut Command, &str)) -> Place {
    Place { name, secret, plant, said: None }
}

/// A profile in use, with these lines.
fn profile(stage: &Stage, command: &mut Command, lines: &str) {
    fs::create_dir_all(stage.file(".aws")).unwrap();
    fs::write(stage.file(".aws/config"), format!("[profile planted]\nregion = us-east-1\n{lines}\n")).unwrap();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env_remove(name);
    }
    command.env("AWS_PROFILE", "planted");
}

fn write(stage: &Stage, name: &str, text: &str) {
    let path = stage.file(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const PLACES: &[Place] = &[
    place("AWS_SECRET_ACCESS_KEY", SECRET, |_, command, _| {
        command.env("AWS_SECRET_ACCESS_KEY", SECRET);
    }),
    place("AWS_SESSION_TOKEN", SECRET, |_, command, _| {
        command.env("AWS_SESSION_TOKEN", SECRET).env("AWS_SECURITY_TOKEN", SECRET);
    }),
    place("half of a pair: the secret alone", SECRET, |_, command, _| {
        command.env_remove("AWS_ACCESS_KEY_ID").env("AWS_SECRET_ACCESS_KEY", SECRET);
    }),
    place("credentials file", SECRET, |stage, command, _| {
        profile(stage, command, "");
        let keys = format!(
            "aws_access_key_id = AKIAPLANTED000000000\naws_secret_access_key = {SECRET}\naws_session_token = {SECRET}\n"
        );
        write(stage, ".aws/credentials", &format!("[planted]\n{keys}[other]\n{keys}"));
    }),
    place("config file", SECRET, |stage, command, _| {
        profile(stage, command, &format!("aws_access_key_id = AKIAPLANTED000000000\naws_secret_access_key = {SECRET}"));
    }),
    place("another profile's keys", SECRET, |stage, _, _| {
        write(
            stage,
            ".aws/credentials",
            &format!("[other]\naws_access_key_id = AKIAOTHER00000000000\naws_secret_access_key = {SECRET}\n"),
        );
    }),
    place("a secret where an access key id belongs", SECRET, |stage, command, _| {
        profile(stage, command, &format!("aws_access_key_id = \naws_secret_access_key = {SECRET}"));
    }),
    place("--sse-c-key", PLAIN, |_, command, _| {
        command.args(["--sse-c", "AES256", "--sse-c-key", PLAIN]);
    }),
    place("--sse-c-key=, and the source's", PLAIN, |_, command, _| {
        command.arg(format!("--sse-c-key={PLAIN}")).args(["--sse-c-copy-source-key", PLAIN]);
    }),
    place("--sse-c-key in a file", PLAIN, |stage, command, _| {
        write(stage, "key", PLAIN);
        command.args(["--sse-c", "AES256", "--sse-c-key", "fileb://key"]);
    }),
    place("--sse-customer-key, abbreviated", PLAIN, |_, command, _| {
        command.args(["--sse-customer-algorithm", "AES256", "--sse-customer-ke", PLAIN]);
    }),
    place("--cli-input-json", PLAIN, |_, command, _| {
        command.args([
            "--cli-input-json",
            &format!("{{\"SSECustomerKey\": \"{PLAIN}\", \"CopySourceSSECustomerKey\":\"{PLAIN}\"}}"),
        ]);
    }),
    place("presigned URL", PLAIN, |_, command, _| {
        let url = format!(
            "https://b.s3.amazonaws.com/k?X-Amz-Signature={PLAIN}&X-Amz-Security-Token={PLAIN}&X-Amz-Credential={PLAIN}"
        );
        command.arg(url).arg(format!("http://b/k?AWSAccessKeyId={PLAIN}&Signature={PLAIN}&Expires=1"));
    }),
    place("--endpoint-url with a password", PLAIN, |_, command, url| {
        command.args(["--endpoint-url", &with_password(url, PLAIN)]);
    }),
    place("AWS_ENDPOINT_URL_S3 with a password", PLAIN, |_, command, url| {
        command.env("AWS_ENDPOINT_URL_S3", with_password(url, PLAIN));
    }),
    place("endpoint_url of the profile, with a password", PLAIN, |stage, command, url| {
        profile(
            stage,
            command,
            &format!("endpoint_url = {}\naws_access_key_id = A\naws_secret_access_key = B", with_password(url, PLAIN)),
        );
        command.env_remove("AWS_ENDPOINT_URL");
    }),
    place("a proxy with a password", PLAIN, |_, command, _| {
        for name in ["http_proxy", "HTTPS_PROXY", "all_proxy"] {
            command.env(name, format!("http://me:{PLAIN}@127.0.0.1:9"));
        }
    }),
    place("a proxy without a scheme", PLAIN, |_, command, _| {
        command.env("https_proxy", format!("me:{PLAIN}@127.0.0.1:9"));
    }),
    Place {
        said: Some("Failed to connect to proxy URL: \"http://me:pLaNt3dSecr3tOf32Characters01234@127.0.0.1:9/\""),
        ..place("a proxy's password in aws's own words", PLAIN, |_, _, _| {})
    },
    Place {
        said: Some(
            "Could not connect to the endpoint URL: \"https://b/k?X-Amz-Signature=pLaNt3dSecr3tOf32Characters01234&X-Amz-Date=1\"",
        ),
        ..place("a signature in aws's own words", PLAIN, |_, _, _| {})
    },
    Place {
        said: Some(
            "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden, token AWS_SESSION_TOKEN=pLaNt3dSecr3tOf32Characters01234",
        ),
        ..place("a token in AWS's message", PLAIN, |_, _, _| {})
    },
    Place {
        said: Some(
            "DEBUG - CanonicalRequest:\nx-amz-security-token:pLaNt3dSecr3tOf32Characters01234\nDEBUG - StringToSign:\npLaNt3dSecr3tOf32Characters01234\n\
             fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden",
        ),
        ..place("--debug", PLAIN, |_, command, _| {
            command.arg("--debug");
        })
    },
    Place {
        said: Some(
            "Error when retrieving credentials from custom-process: vault: pLaNt3dSecr3tOf32Characters01234 was refused",
        ),
        ..place("credential_process: what it complains with", PLAIN, |stage, command, _| {
            profile(stage, command, "credential_process = false");
        })
    },
    place("credential_process: its output", PLAIN, |stage, command, _| {
        let path = stage.file("vend");
        fs::write(&path, format!("#!/bin/sh\necho '{{\"Version\":1,\"AccessKeyId\":\"AKIAPLANTED000000000\",\"SecretAccessKey\":\"{PLAIN}\",\"SessionToken\":\"{PLAIN}\"}}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        profile(stage, command, &format!("credential_process = {}", path.display()));
    }),
    place("credential_process: its arguments", PLAIN, |stage, command, _| {
        profile(stage, command, &format!("credential_process = sh -c \"exit 1\" --password {PLAIN}"));
    }),
    place("web identity token", PLAIN, |stage, command, _| {
        write(stage, "token", PLAIN);
        profile(stage, command, "");
        command
            .env_remove("AWS_PROFILE")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", stage.file("token"))
            .env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/web");
    }),
    place("SSO token cache", PLAIN, |stage, command, _| {
        let lines = "sso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\nsso_account_id = 111122223333\nsso_role_name = r";
        profile(stage, command, lines);
        // The cache's name is the SHA-1 of the start URL; whatever lies there, none of it is shown.
        let token = format!(
            "{{\"accessToken\":\"{PLAIN}\",\"expiresAt\":\"2099-01-01T00:00:00Z\",\"region\":\"us-east-1\",\"clientSecret\":\"{PLAIN}\"}}"
        );
        write(stage, &format!(".aws/sso/cache/{}.json", sha1_hex("https://x.awsapps.com/start")), &token);
    }),
    place("the CLI's cache", PLAIN, |stage, command, _| {
        profile(stage, command, "role_arn = arn:aws:iam::111122223333:role/r\nsource_profile = base");
        write(
            stage,
            ".aws/credentials",
            "[base]\naws_access_key_id = AKIABASE000000000000\naws_secret_access_key = b\n",
        );
        let session = format!(
            "{{\"Credentials\":{{\"AccessKeyId\":\"ASIAPLANTED000000000\",\"SecretAccessKey\":\"{PLAIN}\",\"SessionToken\":\"{PLAIN}\",\"Expiration\":\"2099-01-01T00:00:00Z\"}}}}"
        );
        let key = sha1_hex("{\"RoleArn\": \"arn:aws:iam::111122223333:role/r\"}");
        write(stage, &format!(".aws/cli/cache/{key}.json"), &session);
    }),
    place("the container's token", PLAIN, |stage, command, url| {
        profile(stage, command, "");
        command
            .env_remove("AWS_PROFILE")
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}/keys"))
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", PLAIN);
    }),
    place("boto's file", PLAIN, |stage, command, _| {
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        write(
            stage,
            ".boto",
            &format!("[Credentials]\naws_access_key_id = AKIABOTO000000000000\naws_secret_access_key = {PLAIN}\n"),
        );
    }),
];

fn sha1_hex(text: &str) -> String {
    use sha1::{Digest, Sha1};
    Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn with_password(url: &str, password: &str) -> String {
    url.replacen("://", &format!("://me:{password}@"), 1)
}

const REFUSED: &str = "fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden";

/// Everything below a directory, with its name.
fn below(directory: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                return below(&path);
            }
            let bytes = fs::read(&path).unwrap_or_default();
            vec![(path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned())]
        })
        .collect()
}

/// Runs the refused command with a secret in one place, and everything that could show it; gives what was written, by whom.
fn all_output(place: &Place, serve: hostile::Serve, broken: Option<&str>) -> Vec<(String, String)> {
    let server = Server::start(serve, 0);
    let url = format!("http://127.0.0.1:{}", server.port);
    let stage = Stage::with("cat \"$SAID\" >&2\nexit 1\n");
    let said = format!("{}\n", place.said.unwrap_or(REFUSED));
    fs::write(stage.file("said"), &said).unwrap();
    let out = stage.directory("out");
    let command = |words: &[&str]| {
        let mut command = stage.command(WHY403);
        command
            .env("AWS_ENDPOINT_URL", &url)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "harmless")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("SAID", stage.file("said"))
            .env("LC_ALL", "C")
            .env("WHY403_STATE_DIR", out.join("state"))
            .args(words)
            .stdin(Stdio::null());
        if let Some(stage) = broken {
            command.env(VARIABLE, stage);
        }
        command
    };
    let mut formats = String::from("terminal,github");
    for format in FORMATS {
        let name = format.format().name();
        write!(formats, ",{name}={}", out.join(name).display()).unwrap();
    }
    let mut written = Vec::new();
    let report = out.join("report.jsonl");
    let mut run = command(&["--explain", "always", "--timeout", "5", "--report"]);
    run.env("WHY403_FORMAT", &formats).arg(&report).args(["aws", "s3", "cp", "s3://acme-data/a.csv", "."]);
    (place.plant)(&stage, &mut run, &url);
    let output = run.output().unwrap();
    let all = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{}: {all}", place.name);
    assert_eq!(all.matches(said.as_str()).count(), 1, "{}: {all}", place.name);
    written.push(("stderr".to_owned(), all.replacen(&said, "", 1)));
    written.push(("stdout".to_owned(), text(&output.stdout)));
    let others: &[&[&str]] = &[
        &["last", "--all", "--verbose"],
        &["last", "--format", "json"],
        &["fix"],
        &["fix", "--format", "json"],
        &["doctor"],
        &["doctor", "--json"],
        &["doctor", "--json", "--probe"],
        &["config"],
        &["check", "s3://acme-data/a.csv", "--timeout", "5", "--verbose"],
        &["log", "said"],
    ];
    for words in others {
        // What is planted in arguments has no place here, but the variables and files have.
        let mut other = command(words);
        let typed = other.get_args().count();
        (place.plant)(&stage, &mut other, &url);
        if other.get_args().count() > typed {
            other = command(words);
        }
        let output = other.output().unwrap();
        written.push((words.join(" "), text(&output.stdout) + &text(&output.stderr)));
    }
    written.extend(below(&out));
    written
}

#[test]
fn no_planted_secret_is_in_anything_that_is_written() {
    println!(
        "\nSecrets: {} places (in stderr, {} formats, report, state, last, fix, doctor, config, check, log)",
        PLACES.len(),
        FORMATS.len()
    );
    let mut wrong = Vec::new();
    for place in PLACES {
        for serve in [refuses as hostile::Serve, hands_back] {
            let written = all_output(place, serve, None);
            assert!(
                written.iter().any(|(_, text)| text.contains("\"schema\":1")),
                "{}: no report: {written:?}",
                place.name
            );
            for (who, all) in &written {
                for secret in [place.secret, SECRET] {
                    if let Some(part) = shown(all, secret) {
                        let at = all.find(part).unwrap_or_default();
                        let near: String =
                            all[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
                        wrong.push(format!("{}: {who} shows {part:?} after {near:?}", place.name));
                    }
                }
            }
        }
        let found = wrong.iter().any(|line: &String| line.starts_with(place.name));
        println!("  {:<46} | {}", place.name, if found { "SHOWN" } else { "in nothing that was written" });
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_panic_shows_a_secret() {
    for stage in STAGES {
        for (who, all) in all_output(&PLACES[0], hands_back, Some(stage.name())) {
            assert_eq!(shown(&all, SECRET), None, "{who}, with a panic in {}: {all}", stage.name());
        }
    }
}

/// A whole diagnosis, with documents and edits, of a user whose keys work.
#[test]
fn working_keys_are_in_nothing_that_is_kept_or_printed() {
    let scenario = Scenario::load("identity-policy-no-allow.prefix").unwrap();
    let sandbox = Sandbox::start(scenario.clone()).unwrap();
    let prepared = prepare(&scenario, &sandbox, CliVersion::V1).unwrap();
    let credentials = fs::read_to_string(&prepared.env["AWS_SHARED_CREDENTIALS_FILE"]).unwrap();
    let secret = credentials.lines().find_map(|line| line.strip_prefix("aws_secret_access_key = ")).unwrap();
    let stage = Stage::with(&format!("echo '{REFUSED}' >&2\nexit 1\n"));
    let out = stage.directory("out");
    let command = |words: &[&str]| {
        let mut command = prepared.command(WHY403.as_ref());
        let path = format!("{}:{}", stage.file("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("LC_ALL", "C").env("WHY403_STATE_DIR", out.join("state")).args(words);
        command.stdin(Stdio::null());
        command
    };
    let mut run = command(&["--explain", "always", "--timeout", "20", "--report"]);
    let output = run.arg(out.join("report.jsonl")).arg("aws").args(prepared.argv()).output().unwrap();
    let mut written = vec![("stderr".to_owned(), text(&output.stderr))];
    assert!(written[0].1.contains("cause[identity-policy-no-allow]"), "{}", written[0].1);
    for words in [&["last", "--verbose"][..], &["fix"], &["fix", "--format", "json"], &["doctor", "--json", "--probe"]]
    {
        let output = command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        written.push((words.join(" "), text(&output.stdout) + &text(&output.stderr)));
    }
    written.extend(below(&out));
    for (who, all) in written {
        assert_eq!(shown(&all, secret), None, "{who}: {all}");
    }
}
