//! The evaluator as JSON lines: one request with its policies in, one answer out. What `why403 simulate` reads and writes.
//!
//! [`answer_line`] does it all for one line and never fails: a line that is no JSON, or that holds a policy which IAM would
//! refuse, is answered with an error and a JSON pointer to what is wrong. It does no I/O.
//!
//! A layer that a line leaves out does not apply. A context key that is neither in `context` nor in `unknown_context` is
//! absent. A resource whose account nobody gave, in its ARN or as `resource_account`, is the caller's own.
//!
//! Lines are read by the parser of policies and not by serde: a policy's text is then a slice of the line, so that a name
//! that stands in it twice is still seen, and every error has its place.

use super::document::{Document, Effect, Rules};
use super::evaluate::decide;
use super::json::{self, Items, Members, Node, Value as Json, pointer_segment};
use super::layers::{Grant, GrantConstraints, Layer, Layers, Level, NamedPolicy, Reading};
use super::principal::{self, Principal};
use super::request::{Context, Request};
use super::trace::{Decision, StatementRef};
use super::{s3, sts};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of input, read.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateLine {
    /// Anything; it is given back. A number that is no integer of 64 bits, as the double nearest to it.
    pub id: Value,
    pub request: Request,
    pub layers: Layers,
    /// What the answer has to be, for those who keep tests of their policies: members of an answer, each optional.
    pub expect: Option<Value>,
}

/// A line that cannot be answered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct LineError {
    /// The line's, as far as it could be read.
    pub id: Value,
    pub message: String,
    /// Into the line: `/policies/identity/0/document/Statement/0/Effect`.
    pub pointer: String,
}

/// One line of output.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SimulateAnswer {
    Decided(SimulateDecision),
    Failed { id: Value, error: SimulateError },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulateDecision {
    pub id: Value,
    pub decision: Decision,
    pub denied_by: Vec<Layer>,
    pub decisive: Vec<SimulateDecisive>,
    /// The keys that an undetermined answer turns on.
    pub depends_on: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulateDecisive {
    pub layer: Layer,
    pub policy: String,
    pub statement: StatementRef,
    pub effect: Effect,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulateError {
    pub message: String,
    pub pointer: String,
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Layer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Effect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for StatementRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut reference = serializer.serialize_struct("StatementRef", 2)?;
        reference.serialize_field("index", &self.index)?;
        reference.serialize_field("sid", &self.sid)?;
        reference.end()
    }
}

impl SimulateAnswer {
    /// Whether the line could not be answered.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// Answers one line with one line, without its end.
#[must_use]
pub fn answer_line(line: &str) -> String {
    let answer = answer(line);
    serde_json::to_string(&answer)
        .unwrap_or_else(|_| r#"{"id":null,"error":{"message":"the answer is no JSON","pointer":""}}"#.to_owned())
}

/// Answers one line.
#[must_use]
pub fn answer(line: &str) -> SimulateAnswer {
    match read(line) {
        Ok(line) => SimulateAnswer::Decided(simulate(&line)),
        Err(LineError { id, message, pointer }) => {
            SimulateAnswer::Failed { id, error: SimulateError { message, pointer } }
        }
    }
}

/// Decides what a line asks.
#[must_use]
pub fn simulate(line: &SimulateLine) -> SimulateDecision {
    let verdict = decide(&line.request, &line.layers);
    let mut depends_on: Vec<String> = Vec::new();
    for dependency in verdict.depends_on {
        if !depends_on.contains(&dependency.key) {
            depends_on.push(dependency.key);
        }
    }
    let decisive = verdict.decisive.into_iter().map(|decisive| SimulateDecisive {
        layer: decisive.layer,
        policy: decisive.policy,
        statement: decisive.statement,
        effect: decisive.effect,
    });
    SimulateDecision {
        id: line.id.clone(),
        decision: verdict.decision,
        denied_by: verdict.denied_by,
        decisive: decisive.collect(),
        depends_on,
    }
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it, and where; the id is kept where it could be read.
pub fn read(line: &str) -> Result<SimulateLine, LineError> {
    let tree = json::parse(line).map_err(|error| LineError {
        id: Value::Null,
        message: format!("the line is not JSON: {error}"),
        pointer: String::new(),
    })?;
    let mut id = Value::Null;
    let read = Reader { line }.line(&tree.root(), &mut id);
    read.map_err(|Wrong { message, pointer }| LineError { id, message, pointer })
}

struct Wrong {
    message: String,
    pointer: String,
}

fn wrong<T>(message: impl Into<String>, pointer: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { message: message.into(), pointer: pointer.into() })
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    line: &'a str,
}

impl Reader<'_> {
    fn line(self, root: &Node<'_>, id: &mut Value) -> Result<SimulateLine, Wrong> {
        let Json::Object(members) = root.value else { return wrong("a line is a JSON object", "") };
        if let Some(node) = members.find("id") {
            *id = self.plain(&node);
        }
        once(members, "")?;
        let Some(request) = members.find("request") else { return wrong("the line has no `request`", "/request") };
        let request = request_of(object(&request, "/request")?)?;
        let mut layers = match members.find("policies") {
            Some(policies) => self.layers(object(&policies, "/policies")?, &request)?,
            None => Layers::default(),
        };
        layers.block_public_access = match members.find("block_public_access").map(|node| node.value) {
            None | Some(Json::Null) => Reading::NotApplicable,
            Some(Json::Bool(on)) => Reading::Read(on),
            Some(_) => return wrong("`block_public_access` is true or false", "/block_public_access"),
        };
        let expect = members.find("expect").map(|node| self.plain(&node));
        Ok(SimulateLine { id: id.clone(), request, layers, expect })
    }

    fn plain(self, node: &Node<'_>) -> Value {
        self.line.get(node.span.clone()).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
    }

    fn layers(self, members: Members<'_>, request: &Request) -> Result<Layers, Wrong> {
        let mut layers = Layers::default();
        for member in members.iter() {
            let at = format!("/policies/{}", pointer_segment(member.key));
            if member.value.is_null() {
                continue;
            }
            match member.key {
                "identity" => layers.identity = self.policies(&member.value, &at, Rules::Identity)?,
                "permissions_boundary" => {
                    layers.permissions_boundary = self.policies(&member.value, &at, Rules::Boundary)?;
                }
                "session" => layers.session = self.policies(&member.value, &at, Rules::Session)?,
                "vpc_endpoint" => layers.vpc_endpoint = self.policies(&member.value, &at, Rules::VpcEndpoint)?,
                "service_control" => layers.service_control = self.levels(&member.value, &at, Rules::ServiceControl)?,
                "resource_control" => {
                    layers.resource_control = self.levels(&member.value, &at, Rules::ResourceControl)?;
                }
                "resource" => {
                    let rules = if sts::is_trust(request) { Rules::Trust } else { Rules::Resource };
                    layers.resource = Reading::Read(self.policy(&member.value, &at, rules)?);
                }
                "grants" => layers.grants = grants(&member.value, &at)?,
                _ => return wrong(format!("`{}` is no layer", member.key), at),
            }
        }
        Ok(layers)
    }

    fn policies(self, node: &Node<'_>, at: &str, rules: Rules) -> Result<Reading<Vec<NamedPolicy>>, Wrong> {
        let items = array(node, at)?.iter().enumerate();
        Ok(Reading::Read(
            items.map(|(index, item)| self.policy(&item, &format!("{at}/{index}"), rules)).collect::<Result<_, _>>()?,
        ))
    }

    fn levels(self, node: &Node<'_>, at: &str, rules: Rules) -> Result<Reading<Vec<Level>>, Wrong> {
        let level = |(index, item): (usize, Node<'_>)| {
            let at = format!("{at}/{index}");
            let members = object(&item, &at)?;
            let policies = match members.find("policies") {
                Some(policies) => self.policies(&policies, &format!("{at}/policies"), rules)?,
                None => return wrong("the level has no `policies`", format!("{at}/policies")),
            };
            let level = members.find("level").map_or(Ok(""), |node| text(&node, &format!("{at}/level")))?.to_owned();
            let policies = policies.known().cloned().unwrap_or_default();
            Ok(Level { level, policies })
        };
        let levels: Vec<Level> = array(node, at)?.iter().enumerate().map(level).collect::<Result<_, _>>()?;
        // No level at all is an account that belongs to no organization.
        Ok(if levels.is_empty() { Reading::NotApplicable } else { Reading::Read(levels) })
    }

    fn policy(self, node: &Node<'_>, at: &str, rules: Rules) -> Result<NamedPolicy, Wrong> {
        let members = object(node, at)?;
        let name = members.find("name").map_or(Ok(""), |node| text(&node, &format!("{at}/name")))?.to_owned();
        let at = format!("{at}/document");
        let Some(document) = members.find("document") else { return wrong("the policy has no `document`", at) };
        let parsed = match document.value {
            // As the API returns it: text, percent-encoded or not.
            Json::String(text) => Document::parse_url_encoded(text, rules),
            _ => Document::read(self.line.get(document.span.clone()).unwrap_or_default(), &document, rules),
        };
        match parsed {
            Ok(document) => Ok(NamedPolicy { name, document }),
            Err(error) => wrong(error.message, format!("{at}{}", error.pointer)),
        }
    }
}

fn request_of(members: Members<'_>) -> Result<Request, Wrong> {
    let known = ["principal", "action", "resource", "resource_account", "object_owner", "context", "unknown_context"];
    if let Some(other) = members.iter().find(|member| !known.contains(&member.key)) {
        let at = format!("/request/{}", pointer_segment(other.key));
        return wrong(format!("`{}` is no part of a request", other.key), at);
    }
    let needed = |name: &str| {
        let at = format!("/request/{name}");
        match members.find(name) {
            Some(node) => text(&node, &at),
            None => wrong(format!("the request has no `{name}`"), at),
        }
    };
    let optional = |name: &str| match members.find(name) {
        Some(node) if !node.is_null() => text(&node, &format!("/request/{name}")).map(Some),
        _ => Ok(None),
    };
    let account = |name: &str| match optional(name)? {
        Some(account) if !principal::is_account(account) => {
            wrong("an account is twelve digits", format!("/request/{name}"))
        }
        account => Ok(account.map(str::to_owned)),
    };
    let principal: Principal = match needed("principal")?.parse() {
        Ok(principal) => principal,
        Err(error) => return wrong(error.to_string(), "/request/principal"),
    };
    let action = needed("action")?;
    if !action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()) {
        return wrong("an action is named `service:action`", "/request/action");
    }
    let resource = needed("resource")?;
    if !(resource == "*" || resource.starts_with("arn:")) {
        return wrong("a resource is an ARN or `*`", "/request/resource");
    }
    let own = || s3::account_in_arn(resource).or_else(|| principal.account()).map(str::to_owned);
    let resource_account = account("resource_account")?.or_else(own);
    let object_owner = account("object_owner")?;
    let context = context_of(members)?;
    Ok(Request {
        action: action.to_owned(),
        resource: resource.to_owned(),
        resource_account,
        object_owner,
        context,
        principal,
    })
}

fn context_of(members: Members<'_>) -> Result<Context, Wrong> {
    let mut context = Context::closed();
    if let Some(node) = members.find("unknown_context").filter(|node| !node.is_null()) {
        for (index, key) in array(&node, "/request/unknown_context")?.iter().enumerate() {
            context.set_unknown(text(&key, &format!("/request/unknown_context/{index}"))?);
        }
    }
    if let Some(node) = members.find("context").filter(|node| !node.is_null()) {
        for member in object(&node, "/request/context")?.iter() {
            let at = format!("/request/context/{}", pointer_segment(member.key));
            let values = match member.value.value {
                Json::Array(items) => items.iter().map(|item| scalar(&item, &at)).collect::<Result<Vec<_>, _>>()?,
                _ => vec![scalar(&member.value, &at)?],
            };
            context.set(member.key, values);
        }
    }
    Ok(context)
}

fn grants(node: &Node<'_>, at: &str) -> Result<Vec<Grant>, Wrong> {
    let grant = |(index, item): (usize, Node<'_>)| {
        let at = format!("{at}/{index}");
        let members = object(&item, &at)?;
        let Some(grantee) = members.find("grantee") else {
            return wrong("the grant has no `grantee`", format!("{at}/grantee"));
        };
        let operations = match members.find("operations") {
            Some(node) => array(&node, &format!("{at}/operations"))?,
            None => return wrong("the grant has no `operations`", format!("{at}/operations")),
        };
        let pairs = |name: &str| -> Result<Option<Vec<(String, String)>>, Wrong> {
            let Some(node) = members.find(name) else { return Ok(None) };
            let at = format!("{at}/{name}");
            let pairs =
                object(&node, &at)?.iter().map(|pair| Ok((pair.key.to_owned(), text(&pair.value, &at)?.to_owned())));
            pairs.collect::<Result<_, _>>().map(Some)
        };
        let constraints = match (pairs("encryption_context_equals")?, pairs("encryption_context_subset")?) {
            (Some(pairs), _) => GrantConstraints::Equals(pairs),
            (None, Some(pairs)) => GrantConstraints::Subset(pairs),
            (None, None) => GrantConstraints::None,
        };
        Ok(Grant {
            id: members.find("id").map_or(Ok(""), |node| text(&node, &format!("{at}/id")))?.to_owned(),
            grantee: text(&grantee, &format!("{at}/grantee"))?.to_owned(),
            operations: operations.iter().map(|node| text(&node, &at).map(str::to_owned)).collect::<Result<_, _>>()?,
            constraints,
        })
    };
    array(node, at)?.iter().enumerate().map(grant).collect()
}

/// A name that stands twice would have one of the two ignored.
fn once(members: Members<'_>, at: &str) -> Result<(), Wrong> {
    let mut names: Vec<&str> = members.keys().collect();
    names.sort_unstable();
    match names.windows(2).find_map(|pair| if let [a, b] = pair { (a == b).then_some(*a) } else { None }) {
        Some(name) => wrong(format!("`{name}` stands here twice"), format!("{at}/{}", pointer_segment(name))),
        None => Ok(()),
    }
}

fn object<'t>(node: &Node<'t>, at: &str) -> Result<Members<'t>, Wrong> {
    match node.value {
        Json::Object(members) => once(members, at).map(|()| members),
        _ => wrong("a JSON object belongs here", at),
    }
}

fn array<'t>(node: &Node<'t>, at: &str) -> Result<Items<'t>, Wrong> {
    match node.value {
        Json::Array(items) => Ok(items),
        _ => wrong("a list belongs here", at),
    }
}

fn text<'t>(node: &Node<'t>, at: &str) -> Result<&'t str, Wrong> {
    match node.value {
        Json::String(text) => Ok(text),
        _ => wrong("a string belongs here", at),
    }
}

fn scalar(node: &Node<'_>, at: &str) -> Result<String, Wrong> {
    match node.value {
        Json::String(text) | Json::Number(text) => Ok(text.to_owned()),
        Json::Bool(value) => Ok(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => {
            wrong("a context value is a string, a number, a boolean, or a list of these", at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn ask(line: &Value) -> Value {
        serde_json::from_str(&answer_line(&line.to_string())).unwrap()
    }

    fn contract() -> Value {
        let only_vpce = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*"},
            {"Sid": "OnlyVpce", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-data/*",
             "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}}]});
        let read = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
        json!({"id": "t1",
            "request": {"principal": "arn:aws:iam::111122223333:role/app", "action": "s3:GetObject",
                        "resource": "arn:aws:s3:::acme-data/a.csv", "resource_account": "444455556666",
                        "context": {"aws:SourceIp": "203.0.113.7", "aws:PrincipalTag/team": ["red"]}},
            "policies": {"identity": [{"name": "app-read", "document": read}],
                         "resource": {"name": "bucket policy of acme-data", "document": only_vpce}},
            "block_public_access": false})
    }

    #[test]
    fn an_explicit_deny_names_its_statement() {
        assert_eq!(
            ask(&contract()),
            json!({"id": "t1", "decision": "explicitly-denied", "denied_by": ["resource"],
                   "decisive": [{"layer": "resource", "policy": "bucket policy of acme-data",
                                 "statement": {"index": 1, "sid": "OnlyVpce"}, "effect": "Deny"}],
                   "depends_on": []})
        );
    }

    #[test]
    fn an_unknown_key_is_named_as_it_was_given() {
        let mut line = contract();
        line["request"]["unknown_context"] = json!(["AWS:SourceVpce", "aws:Other"]);
        let answer = ask(&line);
        assert_eq!(answer["decision"], "undetermined");
        assert_eq!(answer["depends_on"], json!(["AWS:SourceVpce"]));
    }

    #[test]
    fn errors_keep_the_id_and_point_into_the_line() {
        let mut line = contract();
        line["policies"]["identity"][0]["document"]["Statement"][0]["Effect"] = json!("Maybe");
        let answer = ask(&line);
        assert_eq!(answer["id"], "t1");
        assert_eq!(answer["error"]["pointer"], "/policies/identity/0/document/Statement/0/Effect");
        for (pointer, line) in [
            ("", "{"),
            ("", "[]"),
            ("/request", "{}"),
            ("/request/principal", r#"{"request": {}}"#),
            ("/request/principal", r#"{"request": {"principal": "me"}}"#),
            ("/request/action", r#"{"request": {"principal": "anonymous", "action": "x"}}"#),
            ("/request/resource", r#"{"request": {"principal": "anonymous", "action": "s3:x", "resource": "b"}}"#),
            (
                "/policies/identiy",
                r#"{"request": {"principal": "anonymous", "action": "s3:x", "resource": "*"}, "policies": {"identiy": []}}"#,
            ),
            (
                "/policies/identity/0/document/Statement/0/Effect",
                r#"{"request": {"principal": "anonymous", "action": "s3:x", "resource": "*"}, "policies": {"identity": [{"document": {"Statement": [{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}]}}]}}"#,
            ),
        ] {
            let answer: Value = serde_json::from_str(&answer_line(line)).unwrap();
            assert_eq!(answer["error"]["pointer"], pointer, "{line} {answer}");
        }
    }

    #[test]
    fn a_document_may_be_text_as_the_api_returns_it() {
        let mut line = contract();
        let encoded = "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D";
        line["policies"] = json!({"identity": [{"name": "p", "document": encoded}]});
        line["request"]["resource_account"] = json!("111122223333");
        assert_eq!(ask(&line)["decision"], "allowed");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_line_panics(text in ".{0,64}") {
            let answer: Value = serde_json::from_str(&answer_line(&text)).unwrap();
            prop_assert!(answer.get("error").is_some());
        }
    }
}
