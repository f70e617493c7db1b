//! From JSON to a [`super::Document`]: the grammar of the policy language, as IAM enforces it.
//!
//! One `Effect`; one of `Action` and `NotAction`; one of `Resource` and `NotResource` (none in a trust policy); one of
//! `Principal` and `NotPrincipal` where the kind of policy has one; conditions by known operators; no element
//! twice, no element unknown. Names of elements may be in any case. A value may stand for a list of one. An empty list is
//! grammatical and makes the statement have no effect.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html>

use super::condition::Operator;
use super::document::{
    ActionPattern, Condition, ConditionValue, Effect, Inner, List, ParseError, PrincipalElement, PrincipalEntry,
    ResourcePattern, Rules, Statement, Version,
};
use super::json::{self, Member, Members, Node, Value, pointer_segment};
use super::principal_match::PrincipalPattern;
use super::trace::Span;
use super::variables::{Mode, Template};
use super::wildcard::has_wildcard;
use compact_str::CompactString;
use std::borrow::Cow;

/// More than any service stores; what is longer is refused before it is read.
const MAX_TEXT: usize = 4 * 1024 * 1024;

pub(crate) fn parse(text: &str, rules: Rules) -> Result<Inner, ParseError> {
    too_long(text)?;
    let tree = json::parse(text).map_err(|error| {
        let rest = text.get(error.offset..).unwrap_or_default();
        let end = error.offset + rest.chars().next().map_or(0, char::len_utf8);
        refuse(&format!("not JSON: {error}"), "", Some(error.offset..end))
    })?;
    document(text, &tree.root(), rules)
}

/// Reads a document that is part of a larger text.
pub(crate) fn document(text: &str, root: &Node<'_>, rules: Rules) -> Result<Inner, ParseError> {
    too_long(text)?;
    let Value::Object(members) = root.value else {
        return Err(refuse("a policy document is a JSON object", "", span(root)));
    };
    unique(members, "")?;
    let mut version = Version::V2008;
    let mut statements = None;
    for member in members.iter() {
        if is(&member, "Version") {
            version = read_version(&member)?;
        } else if is(&member, "Id") {
            string(&member.value).ok_or_else(|| refuse("`Id` is a string", &at("", &member), span(&member.value)))?;
        } else if is(&member, "Statement") {
            statements = Some(member.value);
        } else {
            return Err(unknown("", &member));
        }
    }
    let statements = statements.ok_or_else(|| refuse("the document has no `Statement`", "/Statement", span(root)))?;
    match statements.value {
        Value::Array(items) if items.is_empty() => {
            return Err(refuse("`Statement` is empty", "/Statement", span(&statements)));
        }
        Value::Array(_) | Value::Object(_) => {}
        _ => return Err(refuse("`Statement` is an object or a list of objects", "/Statement", span(&statements))),
    }
    let (is_list, nodes) = statements.one_or_many();
    let single = !is_list;
    let context = Context { rules, variables: version == Version::V2012 };
    let mut read = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let base = || if single { "/Statement".to_owned() } else { format!("/Statement/{index}") };
        read.push(context.statement(&node, index, single, &base)?);
    }
    unique_sids(&read, rules)?;
    Ok(Inner { text: text.into(), rules, version, statements: read, statements_span: statements.span.clone(), single })
}

fn too_long(text: &str) -> Result<(), ParseError> {
    if text.len() > MAX_TEXT {
        return Err(refuse("the document is longer than any policy may be", "", None));
    }
    Ok(())
}

fn refuse(message: &str, pointer: &str, span: Option<Span>) -> ParseError {
    ParseError { message: message.to_owned(), pointer: pointer.to_owned(), span }
}

#[expect(clippy::unnecessary_wraps, reason = "every caller hands the span on as an Option")]
fn span(node: &Node<'_>) -> Option<Span> {
    Some(node.span.clone())
}

fn is(member: &Member<'_>, name: &str) -> bool {
    member.key.eq_ignore_ascii_case(name)
}

fn at(base: &str, member: &Member<'_>) -> String {
    format!("{base}/{}", pointer_segment(member.key))
}

fn unknown(base: &str, member: &Member<'_>) -> ParseError {
    let message = format!("`{}` is no element of the policy language here", member.key);
    refuse(&message, &at(base, member), Some(member.key_span.clone()))
}

fn string<'t>(node: &Node<'t>) -> Option<&'t str> {
    match node.value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// "Individual elements must not contain multiple instances of the same key."
fn unique(members: Members<'_>, base: &str) -> Result<(), ParseError> {
    let twice = if members.len() > 16 {
        // Many names: sorted, so that a hostile document costs no more than a sort.
        let mut names: Vec<(String, usize)> =
            members.keys().enumerate().map(|(index, key)| (key.to_ascii_lowercase(), index)).collect();
        names.sort();
        names.windows(2).find_map(|pair| match pair {
            [first, second] if first.0 == second.0 => Some(second.1),
            _ => None,
        })
    } else {
        let stands_before = |index, key: &str| members.keys().take(index).any(|other| other.eq_ignore_ascii_case(key));
        members.keys().enumerate().find(|(index, key)| stands_before(*index, key)).map(|(index, _)| index)
    };
    match twice.and_then(|index| members.iter().nth(index)) {
        Some(member) => Err(duplicate(&member, base)),
        None => Ok(()),
    }
}

fn duplicate(member: &Member<'_>, base: &str) -> ParseError {
    refuse(&format!("`{}` stands here twice", member.key), &at(base, member), Some(member.key_span.clone()))
}

fn read_version(member: &Member<'_>) -> Result<Version, ParseError> {
    match string(&member.value) {
        Some("2012-10-17") => Ok(Version::V2012),
        Some("2008-10-17") => Ok(Version::V2008),
        _ => Err(refuse("`Version` is `2012-10-17` or `2008-10-17`", &at("", member), span(&member.value))),
    }
}

/// IAM wants them unique within a document; services with resource policies differ.
fn unique_sids(statements: &[Statement], rules: Rules) -> Result<(), ParseError> {
    if matches!(rules, Rules::Resource | Rules::VpcEndpoint) {
        return Ok(());
    }
    let mut sids: Vec<(&str, &Statement)> = statements
        .iter()
        .filter_map(|statement| statement.sid().filter(|sid| !sid.is_empty()).map(|sid| (sid, statement)))
        .collect();
    sids.sort_by_key(|(sid, statement)| (*sid, statement.index));
    for pair in sids.windows(2) {
        if let [(first, _), (second, statement)] = pair
            && first == second
        {
            let message = format!("the `Sid` `{second}` stands in the document twice");
            return Err(refuse(&message, &format!("{}/Sid", statement.pointer()), statement.sid_span.clone()));
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Context {
    rules: Rules,
    variables: bool,
}

/// Builds the pointer of the statement at hand, only where it is needed.
type Base<'a> = &'a dyn Fn() -> String;

impl Context {
    fn statement(self, node: &Node<'_>, index: usize, single: bool, base: Base<'_>) -> Result<Statement, ParseError> {
        let Value::Object(members) = node.value else {
            return Err(refuse("a statement is a JSON object", &base(), span(node)));
        };
        unique(members, "").map_err(|error| ParseError { pointer: format!("{}{}", base(), error.pointer), ..error })?;
        let (mut sid, mut effect, mut principal, mut action, mut resource, mut condition) =
            (None, None, None, None, None, None);
        for member in members.iter() {
            let member = &member;
            let clash = |taken: bool, one: &str, other: &str| {
                if !taken {
                    return Ok(());
                }
                let message = format!("a statement has `{one}` or `{other}`, not both");
                Err(refuse(&message, &at(&base(), member), Some(member.key_span.clone())))
            };
            if is(member, "Sid") {
                sid = Some(self.sid(member, base)?);
            } else if is(member, "Effect") {
                effect = Some(read_effect(member, base)?);
            } else if is(member, "Principal") || is(member, "NotPrincipal") {
                clash(principal.is_some(), "Principal", "NotPrincipal")?;
                principal = Some(self.principal(member, is(member, "NotPrincipal"), base)?);
            } else if is(member, "Action") || is(member, "NotAction") {
                clash(action.is_some(), "Action", "NotAction")?;
                action = Some(actions(member, is(member, "NotAction"), base)?);
            } else if is(member, "Resource") || is(member, "NotResource") {
                clash(resource.is_some(), "Resource", "NotResource")?;
                resource = Some(self.resources(member, is(member, "NotResource"), base)?);
            } else if is(member, "Condition") {
                condition = Some((self.conditions(&member.value, base)?, member.value.span.clone()));
            } else {
                return Err(unknown(&base(), member));
            }
        }
        let missing =
            |name: &str| refuse(&format!("the statement has no `{name}`"), &format!("{}/{name}", base()), span(node));
        let (effect, effect_span) = effect.ok_or_else(|| missing("Effect"))?;
        let action = action.ok_or_else(|| missing("Action"))?;
        if principal.is_none() && matches!(self.rules, Rules::Resource | Rules::Trust) {
            return Err(missing("Principal"));
        }
        if resource.is_none() && self.rules != Rules::Trust {
            return Err(missing("Resource"));
        }
        let (sid, sid_span) = sid.map_or((None, None), |(sid, span)| (Some(sid), Some(span)));
        let (conditions, condition_span) = condition.map_or((Vec::new(), None), |(list, span)| (list, Some(span)));
        Ok(Statement {
            index,
            single,
            span: node.span.clone(),
            sid,
            sid_span,
            effect,
            effect_span,
            principal,
            action,
            resource,
            conditions,
            condition_span,
        })
    }

    fn sid(self, member: &Member<'_>, base: Base<'_>) -> Result<(CompactString, Span), ParseError> {
        let refused = |message: &str| refuse(message, &at(&base(), member), span(&member.value));
        let sid = string(&member.value).ok_or_else(|| refused("`Sid` is a string"))?;
        let strict = matches!(self.rules, Rules::Identity | Rules::Boundary | Rules::Session | Rules::Trust);
        if strict && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(refused("`Sid` holds letters and digits only"));
        }
        Ok((sid.into(), member.value.span.clone()))
    }

    fn principal(self, member: &Member<'_>, negated: bool, base: Base<'_>) -> Result<PrincipalElement, ParseError> {
        let refused = |message: &str| refuse(message, &at(&base(), member), Some(member.key_span.clone()));
        if matches!(self.rules, Rules::Identity | Rules::ServiceControl | Rules::Session | Rules::Boundary) {
            return Err(refused("this kind of policy has no `Principal`: it is attached to one"));
        }
        if negated && matches!(self.rules, Rules::Trust | Rules::ResourceControl) {
            return Err(refused("this kind of policy has no `NotPrincipal`"));
        }
        let mut entries = Vec::new();
        match member.value.value {
            Value::String("*") => entries.push(PrincipalEntry {
                kind: None,
                place: None,
                text: "*".into(),
                span: member.value.span.clone(),
                pattern: PrincipalPattern::Everyone,
            }),
            Value::Object(kinds) => {
                unique(kinds, "").map_err(|error| ParseError {
                    pointer: format!("{}{}", at(&base(), member), error.pointer),
                    ..error
                })?;
                for kind in kinds.iter() {
                    principals_of_kind(&kind, &|| at(&base(), member), &mut entries)?;
                }
            }
            _ => {
                return Err(refuse(
                    "`Principal` is `*` or an object of `AWS`, `Service`, `Federated`, `CanonicalUser`",
                    &at(&base(), member),
                    span(&member.value),
                ));
            }
        }
        Ok(PrincipalElement { negated, span: member.value.span.clone(), entries })
    }

    fn resources(
        self,
        member: &Member<'_>,
        negated: bool,
        base: Base<'_>,
    ) -> Result<List<ResourcePattern>, ParseError> {
        if self.rules == Rules::Trust {
            return Err(refuse(
                "a trust policy has no `Resource`: it is the role's",
                &at(&base(), member),
                Some(member.key_span.clone()),
            ));
        }
        let (is_list, nodes) = member.value.one_or_many();
        let mut items = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let refused = |message: &str| refuse(message, &item(&at(&base(), member), is_list, index), span(&node));
            let text = string(&node).ok_or_else(|| refused("a resource is a string"))?;
            if !(text.starts_with("arn:") || text.starts_with('*') || text.starts_with("${")) {
                return Err(refused("a resource is an ARN or `*`"));
            }
            let template = Template::new(text, Mode::Resource, self.variables);
            items.push(ResourcePattern { template, span: node.span.clone() });
        }
        Ok(List { negated, span: member.value.span.clone(), listed: is_list, items })
    }

    fn conditions(self, node: &Node<'_>, base: Base<'_>) -> Result<Vec<Condition>, ParseError> {
        let pointer = || format!("{}/Condition", base());
        let Value::Object(operators) = node.value else {
            return Err(refuse("`Condition` is an object of operators", &pointer(), span(node)));
        };
        unique(operators, "")
            .map_err(|error| ParseError { pointer: format!("{}{}", pointer(), error.pointer), ..error })?;
        let mut conditions = Vec::with_capacity(operators.len());
        for operator in operators.iter() {
            let operator = &operator;
            let Some(parsed) = Operator::parse(operator.key) else {
                let message = format!("`{}` is no condition operator", operator.key);
                return Err(refuse(&message, &at(&pointer(), operator), Some(operator.key_span.clone())));
            };
            let Value::Object(keys) = operator.value.value else {
                return Err(refuse(
                    "a condition operator holds an object of keys",
                    &at(&pointer(), operator),
                    span(&operator.value),
                ));
            };
            unique(keys, "").map_err(|error| ParseError {
                pointer: format!("{}{}", at(&pointer(), operator), error.pointer),
                ..error
            })?;
            for key in keys.iter() {
                conditions.push(self.condition(parsed, operator, &key, &|| at(&at(&pointer(), operator), &key))?);
            }
        }
        Ok(conditions)
    }

    fn condition(
        self,
        parsed: Operator,
        operator: &Member<'_>,
        key: &Member<'_>,
        pointer: Base<'_>,
    ) -> Result<Condition, ParseError> {
        if !key.key.contains(':') {
            let message = format!("`{}` is no condition key: they are named `service:key`", key.key);
            return Err(refuse(&message, &pointer(), Some(key.key_span.clone())));
        }
        let (is_list, nodes) = key.value.one_or_many();
        let mut values = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let text: &str = match node.value {
                Value::String(text) | Value::Number(text) => text,
                Value::Bool(true) => "true",
                Value::Bool(false) => "false",
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    let message = "a condition's value is a string, a number or a boolean";
                    return Err(refuse(message, &item(&pointer(), is_list, index), span(&node)));
                }
            };
            let compiled = parsed.compile(text, self.variables);
            values.push(ConditionValue::new(text, node.span.clone(), compiled));
        }
        Ok(Condition {
            operator: parsed,
            operator_text: Operator::spelling(operator.key)
                .map_or_else(|| operator.key.to_owned().into(), Cow::Borrowed),
            key: CompactString::new(key.key).to_ascii_lowercase(),
            key_text: key.key.into(),
            key_span: key.key_span.clone(),
            span: key.value.span.clone(),
            listed: is_list,
            values,
        })
    }
}

fn read_effect(member: &Member<'_>, base: Base<'_>) -> Result<(Effect, Span), ParseError> {
    let effect = match string(&member.value) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(refuse("`Effect` is `Allow` or `Deny`", &at(&base(), member), span(&member.value))),
    };
    Ok((effect, member.value.span.clone()))
}

fn actions(member: &Member<'_>, negated: bool, base: Base<'_>) -> Result<List<ActionPattern>, ParseError> {
    let (is_list, nodes) = member.value.one_or_many();
    let mut items = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let refused = |message: &str| refuse(message, &item(&at(&base(), member), is_list, index), span(&node));
        let text = string(&node).ok_or_else(|| refused("an action is a string"))?;
        let prefaced = text.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !prefaced && text != "*" {
            return Err(refused("an action is named `service:action`, or is `*`"));
        }
        items.push(ActionPattern { text: text.into(), has_wildcard: has_wildcard(text), span: node.span.clone() });
    }
    Ok(List { negated, span: member.value.span.clone(), listed: is_list, items })
}

fn principals_of_kind(kind: &Member<'_>, base: Base<'_>, entries: &mut Vec<PrincipalEntry>) -> Result<(), ParseError> {
    let known =
        ["AWS", "Service", "Federated", "CanonicalUser"].into_iter().find(|known| kind.key.eq_ignore_ascii_case(known));
    let Some(known) = known else {
        let message = format!("`{}` is no kind of principal", kind.key);
        return Err(refuse(&message, &at(&base(), kind), Some(kind.key_span.clone())));
    };
    let (is_list, nodes) = kind.value.one_or_many();
    entries.reserve(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let refused = |message: &str| refuse(message, &item(&at(&base(), kind), is_list, index), span(&node));
        let text = string(&node).ok_or_else(|| refused("a principal is a string"))?;
        let pattern = PrincipalPattern::parse(known, text).map_err(refused)?;
        entries.push(PrincipalEntry {
            kind: Some(if kind.key == known { Cow::Borrowed(known) } else { Cow::Owned(kind.key.to_string()) }),
            place: is_list.then_some(index),
            text: text.into(),
            span: node.span.clone(),
            pattern,
        });
    }
    Ok(())
}

fn item(pointer: &str, is_list: bool, index: usize) -> String {
    if is_list { format!("{pointer}/{index}") } else { pointer.to_owned() }
}

#[cfg(test)]
mod tests;
