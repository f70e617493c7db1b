//! The server itself: a port, the clock in its answers, delays, and silence.

use crate::sandbox::{Sandbox, Scenario};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn scenario(more: &str) -> Scenario {
    Scenario::parse(&format!("title = 't'\n{more}\n[[bucket]]\nname = 'acme-logs'\n[cli]\nrun = ['s3', 'ls']\n"))
        .unwrap()
}

fn exchange(sandbox: &Sandbox, request: &str) -> String {
    let mut stream = TcpStream::connect(sandbox.url().strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

const HEAD: &str = "HEAD /acme-logs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[test]
fn a_head_is_answered_without_a_body_and_logged() {
    let sandbox = Sandbox::start(scenario("")).unwrap();
    let text = exchange(&sandbox, HEAD);
    assert!(text.starts_with("HTTP/1.1 403 Forbidden\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    assert!(text.contains("x-amz-bucket-region: us-east-1\r\n"), "{text}");
    let log = sandbox.log();
    assert_eq!((log.len(), log[0].operation.as_str(), log[0].signed), (1, "HeadBucket", false));
    assert!(log[0].answered >= log[0].arrived);
    sandbox.clear_log();
    assert!(sandbox.log().is_empty());
    sandbox.stop();
}

#[test]
fn a_proxy_style_target_names_its_own_host() {
    let sandbox = Sandbox::start(scenario("")).unwrap();
    let request = "GET http://acme-logs.127.0.0.1:4566/k HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n";
    assert!(exchange(&sandbox, request).contains("<Code>AccessDenied</Code>"));
    assert_eq!(sandbox.log()[0].operation, "GetObject");
}

#[test]
fn the_date_is_awss_clock() {
    let sandbox = Sandbox::start(scenario("[clock]\noffset = -86400")).unwrap();
    let expected = crate::sandbox::s3::http_date(crate::sandbox::server::now(-86400));
    let text = exchange(&sandbox, HEAD);
    let date = text.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
    assert_eq!(&date[..16], &expected[..16]);
}

#[test]
fn an_answer_can_be_held_back() {
    let sandbox = Sandbox::start(scenario("[network]\ndelay_ms = 120")).unwrap();
    let start = Instant::now();
    assert!(exchange(&sandbox, HEAD).starts_with("HTTP/1.1 403"));
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[test]
fn a_black_hole_takes_connections_and_answers_none() {
    let sandbox = Sandbox::start(scenario("[network]\nblack_hole = true")).unwrap();
    let mut stream = TcpStream::connect(sandbox.url().strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(HEAD.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    sandbox.stop();
}
