//! A refusal before it is written down, and how each protocol writes it.

use crate::sandbox::http::{Incoming, Reply};
use crate::sandbox::xml::Xml;
use serde_json::json;

/// What went wrong, as AWS would say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    pub status: u16,
    pub code: String,
    pub message: String,
    /// More elements of S3's error document, in order.
    pub details: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
}

impl Fault {
    #[must_use]
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), ..Self::default() }
    }

    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<String>) -> Self {
        self.details.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// S3's `AccessDenied`.
    #[must_use]
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(403, "AccessDenied", message)
    }

    #[must_use]
    pub fn not_implemented() -> Self {
        Self::new(
            501,
            "NotImplemented",
            "A header or query you provided implies functionality that is not implemented.",
        )
    }
}

/// The wire formats of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// S3's own: no namespace, extra elements; nothing at all for HEAD.
    S3,
    /// STS and IAM.
    Query {
        namespace: &'static str,
    },
    Ec2,
    /// KMS (`application/x-amz-json-1.1`), Organizations.
    Json,
    /// The SSO portal.
    RestJson,
}

impl Protocol {
    /// The answer that says so.
    #[must_use]
    pub fn write(self, fault: &Fault, incoming: &Incoming, request_id: &str) -> Reply {
        let reply = match self {
            Self::S3 if incoming.method == "HEAD" => Reply::new(fault.status).with("content-type", "application/xml"),
            Self::S3 => {
                let body = Xml::new()
                    .leaf("Code", &fault.code)
                    .leaf("Message", &fault.message)
                    .each(&fault.details, |xml, (name, value)| xml.leaf(name, value))
                    .leaf("RequestId", request_id)
                    .leaf("HostId", &super::ids::base64ish(&["host", request_id], 76));
                Reply::xml(fault.status, body.document("Error", ""))
            }
            Self::Query { namespace } => {
                let kind = if fault.status < 500 { "Sender" } else { "Receiver" };
                let error = Xml::new().leaf("Type", kind).leaf("Code", &fault.code).leaf("Message", &fault.message);
                let body = Xml::new().within("Error", error).leaf("RequestId", request_id);
                let mut reply =
                    Reply::xml(fault.status, body.document("ErrorResponse", &format!("xmlns=\"{namespace}\"")));
                reply.headers = vec![("content-type".to_owned(), "text/xml".to_owned())];
                reply
            }
            Self::Ec2 => {
                let error = Xml::new().leaf("Code", &fault.code).leaf("Message", &fault.message);
                let body = Xml::new().within("Errors", Xml::new().within("Error", error)).leaf("RequestID", request_id);
                Reply::xml(fault.status, body.document("Response", ""))
            }
            Self::Json => Reply::json(
                fault.status,
                "application/x-amz-json-1.1",
                &json!({ "__type": fault.code, "Message": fault.message, "message": fault.message }),
            ),
            Self::RestJson => Reply::json(fault.status, "application/json", &json!({ "message": fault.message }))
                .with("x-amzn-errortype", fault.code.clone()),
        };
        let reply = fault.headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value.clone()));
        reply.coded(&fault.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderMap;

    fn incoming(method: &str) -> Incoming {
        Incoming::new(method.into(), "h".into(), "/b/k".into(), String::new(), HeaderMap::new(), Vec::new())
    }

    #[test]
    fn an_s3_error_has_a_body_unless_it_answers_a_head() {
        let fault = Fault::access_denied("User: a is not authorized to \"b\"").detail("Key", "a&b");
        let reply = Protocol::S3.write(&fault, &incoming("GET"), "ABCDEF0123456789");
        let text = String::from_utf8(reply.body).unwrap();
        assert!(
            text.contains(
                "<Error><Code>AccessDenied</Code><Message>User: a is not authorized to &quot;b&quot;</Message>"
            ),
            "{text}"
        );
        assert!(text.contains("<Key>a&amp;b</Key>"), "{text}");
        assert!(Protocol::S3.write(&fault, &incoming("HEAD"), "x").body.is_empty());
    }

    #[test]
    fn the_other_protocols_carry_code_and_message_too() {
        let fault = Fault::new(403, "AccessDenied", "no");
        for protocol in [Protocol::Query { namespace: "n" }, Protocol::Ec2, Protocol::Json] {
            let text = String::from_utf8(protocol.write(&fault, &incoming("POST"), "x").body).unwrap();
            assert!(text.contains("AccessDenied") && text.contains("no"), "{text}");
        }
        let reply = Protocol::RestJson.write(&fault, &incoming("GET"), "x");
        assert!(reply.headers.contains(&("x-amzn-errortype".to_owned(), "AccessDenied".to_owned())));
    }
}
