//! A policy document, read: its statements, ready to be matched, each node with the span it came from.
//!
//! [`Document::parse`] is strict where IAM is: see [`super::grammar`]. A document is cheap to clone.

use super::condition::{Operator, Test};
use super::grammar;
use super::json::{Node, pointer_segment};
use super::lint;
use super::principal_match::PrincipalPattern;
use super::trace::{Span, StatementRef};
use super::variables::Template;
use compact_str::CompactString;
use std::borrow::Cow;
use std::sync::Arc;

/// Which grammar a document follows: identity policies forbid `Principal`, resource policies require it, and so on.
/// Key, bucket and access-point policies are [`Rules::Resource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rules {
    Identity,
    Resource,
    Trust,
    ServiceControl,
    ResourceControl,
    VpcEndpoint,
    Session,
    Boundary,
}

/// A document that IAM would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    pub message: String,
    /// A JSON pointer into the document: `/Statement/0/Effect`. Empty is the document itself.
    pub pointer: String,
    pub span: Option<Span>,
}

/// A policy document.
#[derive(Clone, Debug)]
pub struct Document {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub text: Box<str>,
    pub rules: Rules,
    pub version: Version,
    pub statements: Vec<Statement>,
    /// The value of `Statement`.
    pub statements_span: Span,
    /// `Statement` is one object and not a list.
    pub single: bool,
}

/// The version of the policy language. A document that names none is of the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    V2008,
    V2012,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
            || (self.inner.text == other.inner.text && self.inner.rules == other.inner.rules)
    }
}

impl Document {
    /// Reads a document. The text is kept: spans are bytes of it.
    ///
    /// # Errors
    /// What IAM would refuse, with a pointer to it.
    pub fn parse(text: &str, rules: Rules) -> Result<Self, ParseError> {
        grammar::parse(text, rules).map(|inner| Self { inner: Arc::new(inner) })
    }

    /// Reads a document that stands in a larger text, and was read with it.
    pub(crate) fn read(text: &str, node: &Node<'_>, rules: Rules) -> Result<Self, ParseError> {
        grammar::document(text, &node.by_itself(), rules).map(|inner| Self { inner: Arc::new(inner) })
    }

    /// Reads a document as IAM's API returns it: percent-encoded (RFC 3986). Plain JSON is read as it is.
    ///
    /// # Errors
    /// What IAM would refuse. Spans and [`Document::text`] are of the decoded text.
    pub fn parse_url_encoded(text: &str, rules: Rules) -> Result<Self, ParseError> {
        if text.trim_start_matches('\u{feff}').trim_ascii_start().starts_with('{') {
            return Self::parse(text, rules);
        }
        let decoded = percent_decode(text).ok_or_else(|| ParseError {
            message: "the document is not UTF-8 once its percent-encoding is undone".to_owned(),
            pointer: String::new(),
            span: None,
        })?;
        Self::parse(&decoded, rules)
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    #[must_use]
    pub fn rules(&self) -> Rules {
        self.inner.rules
    }

    #[must_use]
    pub fn version(&self) -> Version {
        self.inner.version
    }

    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.inner.statements
    }

    /// Findings: what IAM accepts and nobody means.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        lint::run(self)
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter().copied();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut ahead = rest.clone();
            let digits = (ahead.next().and_then(hex), ahead.next().and_then(hex));
            if let (Some(high), Some(low)) = digits {
                bytes.push(high << 4 | low);
                rest = ahead;
                continue;
            }
        }
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A finding about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// `action-does-not-exist`.
    pub code: &'static str,
    pub message: String,
    pub pointer: String,
    pub span: Span,
    pub statement: StatementRef,
}

/// What a statement does where it applies. It says nothing where it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    Allow,
    Deny,
}

impl Effect {
    /// As written in a policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// One statement.
#[derive(Debug)]
pub struct Statement {
    pub(crate) index: usize,
    /// It is the value of `Statement` itself, and not one of a list.
    pub(crate) single: bool,
    pub(crate) span: Span,
    pub(crate) sid: Option<CompactString>,
    pub(crate) sid_span: Option<Span>,
    pub(crate) effect: Effect,
    pub(crate) effect_span: Span,
    /// `None` in a policy of an identity: the principal is whom it is attached to.
    pub(crate) principal: Option<PrincipalElement>,
    pub(crate) action: List<ActionPattern>,
    /// `None` in a trust policy: the resource is the role.
    pub(crate) resource: Option<List<ResourcePattern>>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) condition_span: Option<Span>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug)]
pub(crate) struct List<T> {
    pub negated: bool,
    /// The value of the element.
    pub span: Span,
    /// It was written as a list.
    pub listed: bool,
    pub items: Vec<T>,
}

#[derive(Debug)]
pub(crate) struct ActionPattern {
    pub text: CompactString,
    pub has_wildcard: bool,
    pub span: Span,
}

#[derive(Debug)]
pub(crate) struct ResourcePattern {
    pub template: Template,
    pub span: Span,
}

#[derive(Debug)]
pub(crate) struct PrincipalElement {
    pub negated: bool,
    pub span: Span,
    pub entries: Vec<PrincipalEntry>,
}

#[derive(Debug)]
pub(crate) struct PrincipalEntry {
    /// `AWS`, `Service`; `None` for a bare `"*"`.
    pub kind: Option<Cow<'static, str>>,
    /// Its place in the kind's list, where that is one.
    pub place: Option<usize>,
    pub text: CompactString,
    pub span: Span,
    pub pattern: PrincipalPattern,
}

#[derive(Debug)]
pub(crate) struct Condition {
    pub operator: Operator,
    /// As written. Borrowed where that is as IAM spells it, which it nearly always is.
    pub operator_text: Cow<'static, str>,
    /// Lower case.
    pub key: CompactString,
    /// As written.
    pub key_text: CompactString,
    pub key_span: Span,
    /// The value or list of values.
    pub span: Span,
    pub listed: bool,
    pub values: Vec<ConditionValue>,
}

#[derive(Debug)]
pub(crate) struct ConditionValue {
    /// Only where the test does not keep it.
    text: Option<CompactString>,
    pub span: Span,
    pub test: Test,
}

impl ConditionValue {
    pub fn new(written: &str, span: Span, test: Test) -> Self {
        Self { text: test.template().is_none().then(|| written.into()), span, test }
    }

    /// As written.
    pub fn text(&self) -> &str {
        self.test.template().map(|template| &*template.text).or(self.text.as_deref()).unwrap_or_default()
    }
}

impl Statement {
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The whole statement, braces included.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    #[must_use]
    pub fn sid_span(&self) -> Option<Span> {
        self.sid_span.clone()
    }

    /// The value of `Effect`, quotes included.
    #[must_use]
    pub fn effect_span(&self) -> Span {
        self.effect_span.clone()
    }

    /// The value of `Action` or `NotAction`.
    #[must_use]
    pub fn action_span(&self) -> Span {
        self.action.span.clone()
    }

    #[must_use]
    pub fn resource_span(&self) -> Option<Span> {
        self.resource.as_ref().map(|resource| resource.span.clone())
    }

    #[must_use]
    pub fn principal_span(&self) -> Option<Span> {
        self.principal.as_ref().map(|principal| principal.span.clone())
    }

    #[must_use]
    pub fn condition_span(&self) -> Option<Span> {
        self.condition_span.clone()
    }

    /// The actions as written, and whether they are those of a `NotAction`.
    pub fn actions(&self) -> (bool, impl Iterator<Item = &str>) {
        (self.action.negated, self.action.items.iter().map(|action| &*action.text))
    }

    /// The resources as written, and whether they are those of a `NotResource`.
    pub fn resources(&self) -> (bool, impl Iterator<Item = &str>) {
        let negated = self.resource.as_ref().is_some_and(|resource| resource.negated);
        let items = self.resource.iter().flat_map(|resource| &resource.items);
        (negated, items.map(|resource| &*resource.template.text))
    }

    /// The principals as written (`"AWS"`, the text), and whether they are those of a `NotPrincipal`.
    pub fn principals(&self) -> (bool, impl Iterator<Item = (Option<&str>, &str)>) {
        let negated = self.principal.as_ref().is_some_and(|principal| principal.negated);
        let entries = self.principal.iter().flat_map(|principal| &principal.entries);
        (negated, entries.map(|entry| (entry.kind.as_deref(), &*entry.text)))
    }

    /// The conditions as written: operator, key, values.
    pub fn conditions(&self) -> impl Iterator<Item = (&str, &str, Vec<&str>)> {
        self.conditions.iter().map(|condition| {
            let values = condition.values.iter().map(ConditionValue::text).collect();
            (&*condition.operator_text, &*condition.key_text, values)
        })
    }

    #[must_use]
    pub fn reference(&self) -> StatementRef {
        StatementRef { index: self.index, sid: self.sid.as_deref().map(str::to_owned) }
    }

    /// `/Statement/0`; `/Statement` where that is one object.
    #[must_use]
    pub fn pointer(&self) -> String {
        if self.single { "/Statement".to_owned() } else { format!("/Statement/{}", self.index) }
    }

    pub(crate) fn action_pointer(&self, item: Option<usize>) -> String {
        let name = if self.action.negated { "NotAction" } else { "Action" };
        self.item_pointer(name, self.action.listed, item)
    }

    pub(crate) fn resource_pointer(&self, item: Option<usize>) -> String {
        let negated = self.resource.as_ref().is_some_and(|resource| resource.negated);
        let is_list = self.resource.as_ref().is_some_and(|resource| resource.listed);
        self.item_pointer(if negated { "NotResource" } else { "Resource" }, is_list, item)
    }

    fn item_pointer(&self, name: &str, is_list: bool, item: Option<usize>) -> String {
        match item {
            Some(item) if is_list => format!("{}/{name}/{item}", self.pointer()),
            _ => format!("{}/{name}", self.pointer()),
        }
    }

    pub(crate) fn principal_pointer(&self, entry: Option<&PrincipalEntry>) -> String {
        let negated = self.principal.as_ref().is_some_and(|principal| principal.negated);
        let mut pointer = format!("{}/{}", self.pointer(), if negated { "NotPrincipal" } else { "Principal" });
        if let Some(entry) = entry {
            if let Some(kind) = &entry.kind {
                pointer.push('/');
                pointer.push_str(&pointer_segment(kind));
            }
            if let Some(place) = entry.place {
                pointer.push('/');
                pointer.push_str(&place.to_string());
            }
        }
        pointer
    }

    pub(crate) fn condition_pointer(&self, condition: &Condition, item: Option<usize>) -> String {
        let (operator, key) = (pointer_segment(&condition.operator_text), pointer_segment(&condition.key_text));
        let pointer = format!("{}/Condition/{operator}/{key}", self.pointer());
        match item {
            Some(item) if condition.listed => format!("{pointer}/{item}"),
            _ => pointer,
        }
    }
}
