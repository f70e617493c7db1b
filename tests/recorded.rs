//! The parser of error bodies and the recogniser against errors that S3 really answered with.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use why403::aws::answer::{DETAILS, parse_error};
use why403::recognize::{Denial, Recognizer};

#[derive(Deserialize)]
struct Recorded {
    status: u16,
    code: String,
    message: String,
    details: BTreeMap<String, String>,
}

fn recorded() -> Vec<Recorded> {
    include_str!("recorded/s3-errors.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn body(error: &Recorded) -> String {
    let details: String =
        error.details.iter().map(|(name, value)| format!("<{name}>{}</{name}>", escaped(value))).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{details}\
         <RequestId>4442587FB7D0A2F9</RequestId><HostId>x</HostId></Error>",
        error.code,
        escaped(&error.message)
    )
}

#[test]
fn every_recorded_body_is_read_whole() {
    let all = recorded();
    assert!(all.len() > 100, "{}", all.len());
    for error in &all {
        let read = parse_error(error.status, body(error).as_bytes());
        assert_eq!((&read.code, &read.message), (&error.code, &error.message));
        let kept: BTreeSet<&String> = read.details.keys().collect();
        let wanted: BTreeSet<&String> = error.details.keys().filter(|name| DETAILS.contains(&name.as_str())).collect();
        assert_eq!(kept, wanted, "{}", error.code);
    }
}

#[test]
fn the_cli_telling_of_every_recorded_error_is_recognised() {
    for error in recorded() {
        let line =
            format!("\nAn error occurred ({}) when calling the GetObject operation: {}\n", error.code, error.message);
        let mut recognizer = Recognizer::new();
        recognizer.push(line.as_bytes());
        let failures = recognizer.finish();
        let found = failures.groups.first().and_then(|group| group.first()).and_then(|failure| failure.service());
        let found = found.unwrap_or_else(|| panic!("{line}"));
        assert_eq!((found.code.as_str(), found.message.trim()), (error.code.as_str(), error.message.trim()));
        // Whatever it says, reading the reason does not fail.
        let _reason = Denial::read(&found.message);
    }
}
