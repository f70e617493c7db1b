//! A request as it came in, taken apart once, and an answer before it goes out.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// A whole request, body included.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub method: String,
    /// The authority that the client meant, with its port.
    pub host: String,
    /// Percent-encoded, as sent.
    pub raw_path: String,
    pub raw_query: String,
    /// Decoded, in the order they came.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Incoming {
    /// Decodes what is encoded.
    #[must_use]
    pub fn new(
        method: String,
        host: String,
        raw_path: String,
        raw_query: String,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Self {
        let query = pairs(&raw_query, false);
        Self { method, host, raw_path, raw_query, query, headers, body }
    }

    /// A header's text, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    }

    /// A query parameter's value. A bare `?acl` has the empty one.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[must_use]
    pub fn asks_for(&self, subresource: &str) -> bool {
        self.parameter(subresource).is_some()
    }

    /// The fields of a form body.
    #[must_use]
    pub fn form(&self) -> Form {
        Form(pairs(&String::from_utf8_lossy(&self.body), true))
    }

    /// The decoded path.
    #[must_use]
    pub fn path(&self) -> String {
        percent_decode_str(&self.raw_path).decode_utf8_lossy().into_owned()
    }
}

fn pairs(encoded: &str, plus_is_space: bool) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = if plus_is_space { text.replace('+', " ") } else { text.to_owned() };
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    encoded
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            pair.split_once('=')
                .map_or_else(|| (decode(pair), String::new()), |(key, value)| (decode(key), decode(value)))
        })
        .collect()
}

/// The parameters of a query-protocol call (STS, IAM, EC2).
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `Name.member.1`, `Name.member.2`, … (or `Name.1`, as EC2 writes it).
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&str> {
        let member = (1..).map_while(|index| self.get(&format!("{name}.member.{index}")));
        let plain = (1..).map_while(|index| self.get(&format!("{name}.{index}")));
        member.chain(plain).collect()
    }
}

/// What goes back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The error's code, for the log.
    pub code: Option<String>,
}

impl Reply {
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), code: None }
    }

    #[must_use]
    pub fn xml(status: u16, body: String) -> Self {
        Self { body: body.into_bytes(), ..Self::new(status) }.with("content-type", "application/xml")
    }

    #[must_use]
    pub fn json(status: u16, content_type: &str, body: &serde_json::Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..Self::new(status) }.with("content-type", content_type)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn with_if(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    #[must_use]
    pub fn coded(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    /// The header map; a value that no header can hold is left out.
    #[must_use]
    pub fn header_map(&self) -> HeaderMap {
        self.headers
            .iter()
            .filter_map(|(name, value)| {
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subresources_and_values_are_decoded() {
        let incoming = Incoming::new(
            "GET".into(),
            "h".into(),
            "/b/a%20b".into(),
            "acl&prefix=a%2Fb+c&x=1".into(),
            HeaderMap::new(),
            Vec::new(),
        );
        assert!(incoming.asks_for("acl"));
        assert_eq!(incoming.parameter("prefix"), Some("a/b+c"), "a plus in a query is a plus to S3");
        assert_eq!(incoming.path(), "/b/a b");
    }

    #[test]
    fn lists_are_read_in_both_spellings() {
        let body = b"Action=X&A.member.1=a+b&A.member.2=c&Id.1=i".to_vec();
        let incoming = Incoming::new("POST".into(), "h".into(), "/".into(), String::new(), HeaderMap::new(), body);
        assert_eq!(incoming.form().list("A"), ["a b", "c"]);
        assert_eq!(incoming.form().list("Id"), ["i"]);
    }
}
