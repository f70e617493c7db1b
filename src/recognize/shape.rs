//! What two failures have in common when they are of one kind: everything but the object.
//!
//! A recursive command fails once per key, and each line names its key two or three times. The shape
//! keeps the verb, the buckets, the code, the operation and the message, and leaves the keys out; it is
//! compared, never shown.

use super::line::{Found, Says};
use super::transfer;
use memchr::memmem;

/// A message's shape is cut here: what tells two kinds apart comes early.
const LONGEST: usize = 1024;

/// Writes the shape of `found` into `out`, which is cleared first and reused: no allocation per line.
pub(super) fn of(found: &Found<'_>, out: &mut Vec<u8>) {
    out.clear();
    if let Some((verb, location)) = found.transfer {
        out.push(b'a' + verb as u8);
        let (source, destination) = transfer::buckets(location);
        push_parts(out, &[source, destination]);
    }
    out.push(0);
    match &found.says {
        Says::Service(sentence) => {
            push_parts(out, &[sentence.code, sentence.operation]);
            push_message(out, sentence.message);
        }
        Says::Cli(said) => push_message(out, said.text),
        Says::Archived => out.push(b'G'),
    }
}

/// A cut name cannot make two kinds one by running into the next: the part's length is part of it.
fn push_parts(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        let part = &part[..part.len().min(LONGEST)];
        out.extend_from_slice(part);
        out.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
    }
}

fn push_message(out: &mut Vec<u8>, message: &[u8]) {
    let limit = out.len() + LONGEST;
    let mut rest = message;
    // All that varies stands behind a quote or at an ARN; the text between is copied in one go.
    while let Some(at) = memchr::memchr2(b'"', b':', rest) {
        if out.len() >= limit {
            break;
        }
        let is_quote = rest[at] == b'"';
        if is_quote {
            out.extend_from_slice(&rest[..=at]);
            rest = quoted(out, &rest[at + 1..]);
        } else if rest[..at].ends_with(b"arn") {
            out.extend_from_slice(&rest[..at - 3]);
            rest = arn(out, &rest[at - 3..]);
        } else {
            out.extend_from_slice(&rest[..=at]);
            rest = &rest[at + 1..];
        }
    }
    out.extend_from_slice(rest);
    out.truncate(limit);
}

/// Inside quotes: of an ARN its bucket, of a URL its host, of anything else (a key) nothing.
fn quoted<'a>(out: &mut Vec<u8>, text: &'a [u8]) -> &'a [u8] {
    let end = if text.starts_with(b"arn:") { end_of_resource(text) } else { memchr::memchr(b'"', text) };
    let (inside, rest) = text.split_at(end.unwrap_or(text.len()));
    if inside.starts_with(b"arn:") {
        out.extend_from_slice(without_key(inside));
    } else if let Some(scheme) = memmem::find(inside, b"://") {
        let host = scheme + 3;
        let end = memchr::memchr(b'/', &inside[host..]).map_or(inside.len(), |at| host + at);
        out.extend_from_slice(&inside[..end]);
    }
    // The closing quote would open the next pair.
    rest.strip_prefix(b"\"").unwrap_or(rest)
}

fn arn<'a>(out: &mut Vec<u8>, text: &'a [u8]) -> &'a [u8] {
    let blank = memchr::memchr(b' ', text).unwrap_or(text.len());
    // Only an S3 key may hold blanks.
    let end = if is_s3(text) { end_of_resource(text).unwrap_or(text.len()) } else { blank };
    let (arn, rest) = text.split_at(end);
    out.extend_from_slice(without_key(arn));
    rest
}

/// Where the resource of a refusal ends: AWS's reason comes after it, the last one is AWS's.
fn end_of_resource(text: &[u8]) -> Option<usize> {
    let reasons: [&[u8]; 3] = [b" because ", b" with an explicit deny", b" Encoded authorization failure"];
    memchr::memrchr_iter(b' ', text).find(|blank| reasons.iter().any(|reason| text[*blank..].starts_with(reason)))
}

fn is_s3(arn: &[u8]) -> bool {
    arn.splitn(4, |byte| *byte == b':').nth(2).is_some_and(|service| service.starts_with(b"s3"))
}

fn without_key(arn: &[u8]) -> &[u8] {
    if !is_s3(arn) {
        return arn;
    }
    memchr::memchr(b'/', arn).map_or(arn, |slash| &arn[..slash])
}

#[cfg(test)]
mod tests {
    use super::super::line::{Reading, read};
    use super::*;

    fn shape(line: &str) -> Vec<u8> {
        let Reading::Failure(found) = read(line.as_bytes()) else { panic!("{line} is a failure") };
        let mut out = Vec::new();
        of(&found, &mut out);
        out
    }

    fn denied(source: &str, resource: &str, reason: &str) -> String {
        format!(
            "download failed: {source} to ./x An error occurred (AccessDenied) when calling the GetObject operation: \
             User: arn:aws:iam::111122223333:user/ro is not authorized to perform: s3:GetObject on resource: {resource} {reason}"
        )
    }

    const EXPLICIT: &str = "with an explicit deny in a resource-based policy";
    const IMPLICIT: &str = "because no identity-based policy allows the s3:GetObject action";

    #[test]
    fn keys_make_no_kind() {
        for reason in [EXPLICIT, IMPLICIT] {
            let one = shape(&denied("s3://b/1", "\"arn:aws:s3:::b/1\"", reason));
            for key in ["2", "a b/c", "say \"hi\"", "x because y", "arn:aws:iam::1:role/x"] {
                let other = denied(&format!("s3://b/{key}"), &format!("\"arn:aws:s3:::b/{key}\""), reason);
                assert_eq!(shape(&other), one, "{key}");
            }
            let bare = shape(&denied("s3://b/1", "arn:aws:s3:::b/1", reason));
            assert_eq!(shape(&denied("s3://b/2 3", "arn:aws:s3:::b/2 3", reason)), bare);
        }
    }

    #[test]
    fn buckets_verbs_codes_operations_and_reasons_do() {
        let shapes = [
            denied("s3://b/1", "\"arn:aws:s3:::b/1\"", EXPLICIT),
            denied("s3://b/1", "\"arn:aws:s3:::b/1\"", IMPLICIT),
            denied("s3://c/1", "\"arn:aws:s3:::b/1\"", EXPLICIT),
            denied("s3://b/1", "\"arn:aws:s3:::c/1\"", EXPLICIT),
            denied("s3://b/1", "\"arn:aws:s3:::b/1\"", EXPLICIT).replace("download", "move"),
            denied("s3://b/1", "\"arn:aws:s3:::b/1\"", EXPLICIT).replace("(AccessDenied", "(Denied"),
            denied("s3://b/1", "\"arn:aws:s3:::b/1\"", EXPLICIT).replace("the GetObject", "the HeadObject"),
            denied("s3://b/1", "arn:aws:kms:eu-west-1:1:key/1", IMPLICIT),
            denied("s3://b/1", "arn:aws:kms:eu-west-1:1:key/2", IMPLICIT),
        ]
        .map(|line| shape(&line));
        for (index, one) in shapes.iter().enumerate() {
            assert!(!shapes[..index].contains(one), "shape {index} is not its own");
        }
    }

    #[test]
    fn a_missing_key_is_one_kind_and_an_endpoint_is_its_host() {
        let missing = |key: &str| {
            shape(&format!(
                "fatal error: An error occurred (404) when calling the HeadObject operation: Key \"{key}\" does not exist"
            ))
        };
        assert_eq!(missing("a"), missing("b c"));
        let refused = |url: &str| shape(&format!("fatal error: Could not connect to the endpoint URL: \"{url}\""));
        assert_eq!(refused("http://h:1/a"), refused("http://h:1/b"));
        assert_ne!(refused("http://h:1/a"), refused("http://h:2/a"));
    }
}
