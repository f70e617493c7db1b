//! Bucket and key of a request: path style, virtual-hosted style, an access point's host.

use crate::sandbox::http::Incoming;
use percent_encoding::percent_decode_str;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub bucket: Option<String>,
    pub key: Option<String>,
}

impl Target {
    #[must_use]
    pub fn of(incoming: &Incoming) -> Self {
        let path = incoming.raw_path.strip_prefix('/').unwrap_or(&incoming.raw_path);
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let some = |text: &str| (!text.is_empty()).then(|| decode(text));
        if let Some(bucket) = host_bucket(&incoming.host) {
            return Self { bucket: Some(bucket.to_owned()), key: some(path) };
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        Self { bucket: some(bucket), key: some(key) }
    }
}

/// The bucket that a host's name starts with.
fn host_bucket(host: &str) -> Option<&str> {
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    let on_loopback = name.strip_suffix(".localhost").or_else(|| name.strip_suffix(".127.0.0.1"));
    let name = on_loopback.map(|label| (label, "")).or_else(|| {
        let service = [".s3.", ".s3-", ".s3express-"];
        service.iter().find_map(|mark| name.split_once(mark)).filter(|(_, rest)| rest.ends_with("amazonaws.com"))
    });
    name.map(|(label, _)| label).filter(|label| !label.is_empty() && *label != "s3")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderMap;

    fn target(host: &str, path: &str) -> (Option<String>, Option<String>) {
        let incoming =
            Incoming::new("GET".into(), host.into(), path.into(), String::new(), HeaderMap::new(), Vec::new());
        let Target { bucket, key } = Target::of(&incoming);
        (bucket, key)
    }

    #[test]
    fn all_styles_of_addressing_are_read() {
        let both = |bucket: &str, key: &str| (Some(bucket.to_owned()), Some(key.to_owned()));
        assert_eq!(target("127.0.0.1:4566", "/b/a%20b/c"), both("b", "a b/c"));
        assert_eq!(target("127.0.0.1:4566", "/b//c"), both("b", "/c"));
        assert_eq!(target("127.0.0.1:4566", "/b/"), (Some("b".to_owned()), None));
        assert_eq!(target("127.0.0.1:4566", "/"), (None, None));
        assert_eq!(target("b.localhost:4566", "/k"), both("b", "k"));
        assert_eq!(target("ap-111122223333.127.0.0.1:4566", "/k"), both("ap-111122223333", "k"));
        assert_eq!(target("a.b.s3.eu-west-1.amazonaws.com", "/k"), both("a.b", "k"));
        assert_eq!(
            target("ap-111122223333.s3-accesspoint.eu-west-1.amazonaws.com", "/k"),
            both("ap-111122223333", "k")
        );
        assert_eq!(target("s3.eu-west-1.amazonaws.com", "/b/k"), both("b", "k"));
    }
}
