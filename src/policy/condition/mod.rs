//! The `Condition` element: operators, and how values on either side combine.
//!
//! All operators and all keys of a statement must hold. The values of one key in the policy are alternatives; for a
//! negated operator none of them may match. A key that the request lacks makes a positive operator fail and a
//! negated one hold, `…IfExists` holds then, and `Null` asks for just that. `ForAllValues:` asks every value of the
//! request to pass (and holds where there is none), `ForAnyValue:` asks for one (and fails where there is none).
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_multi-value-conditions.html>
//!
//! One file per family of operators: [`string`], [`numeric`], [`date`], [`boolean`], [`binary`], [`ip`], [`arn`], [`null`].

pub mod arn;
pub mod binary;
pub mod boolean;
pub mod date;
pub mod ip;
pub mod null;
pub mod numeric;
pub mod string;

use super::document::Condition;
use super::request::{Facts, Lookup, is_of_identity_center};
use super::truth::Truth;
use super::variables::{Match, Template};
use super::wildcard::Token;

/// `ForAnyValue:StringNotLikeIfExists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub quantifier: Option<Quantifier>,
    pub base: Base,
    pub if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    AllValues,
    AnyValue,
}

/// What is compared how, negation apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    String { comparison: string::Comparison, negated: bool },
    Numeric { order: Order, negated: bool },
    Date { order: Order, negated: bool },
    Bool,
    Binary,
    Ip { negated: bool },
    Arn { negated: bool },
    Null,
}

/// How the request's value has to stand to the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Operator {
    /// Reads an operator's name. Its case does not matter.
    pub fn parse(name: &str) -> Option<Self> {
        // The longest is `ForAllValues:NumericGreaterThanEqualsIfExists`.
        let mut buffer = [0; 48];
        let lower = buffer.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        let lower = std::str::from_utf8(lower).ok()?;
        let (quantifier, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Quantifier::AllValues), rest),
            Some(("foranyvalue", rest)) => (Some(Quantifier::AnyValue), rest),
            Some(_) => return None,
            None => (None, lower),
        };
        let (rest, if_exists) = match rest.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let base = base(rest)?;
        // IAM refuses a Null that asks whether the key exists twice over.
        if base == Base::Null && if_exists {
            return None;
        }
        Some(Self { quantifier, base, if_exists })
    }

    /// The name itself, where it is one of the usual operators, spelt as IAM spells it.
    pub fn spelling(name: &str) -> Option<&'static str> {
        const USUAL: [&str; 20] = [
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIfExists",
            "StringNotEqualsIfExists",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "Bool",
            "BoolIfExists",
            "Null",
            "IpAddress",
            "NotIpAddress",
            "NotIpAddressIfExists",
            "ArnEquals",
            "ArnLike",
            "ArnNotEquals",
            "ArnNotLike",
            "NumericLessThan",
            "DateLessThan",
        ];
        USUAL.into_iter().find(|usual| *usual == name)
    }

    pub fn is_negated(self) -> bool {
        match self.base {
            Base::String { negated, .. }
            | Base::Numeric { negated, .. }
            | Base::Date { negated, .. }
            | Base::Ip { negated }
            | Base::Arn { negated } => negated,
            Base::Bool | Base::Binary | Base::Null => false,
        }
    }

    pub fn compile(self, text: &str, variables: bool) -> Test {
        match self.base {
            Base::String { comparison, .. } => string::compile(comparison, text, variables),
            Base::Numeric { .. } => Test::Numeric(numeric::Decimal::parse(text)),
            Base::Date { .. } => Test::Date(date::parse(text)),
            Base::Bool => boolean::compile(text),
            Base::Binary => Test::Binary(binary::decode(text)),
            Base::Ip { .. } => Test::Ip(ip::Network::parse(text)),
            Base::Arn { .. } => arn::compile(text, variables),
            Base::Null => Test::Null(null::parse(text)),
        }
    }
}

fn base(name: &str) -> Option<Base> {
    use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    use string::Comparison;
    let text = |comparison, negated| Some(Base::String { comparison, negated });
    let numeric = |order, negated| Some(Base::Numeric { order, negated });
    let date = |order, negated| Some(Base::Date { order, negated });
    match name {
        "stringequals" => text(Comparison::Equal, false),
        "stringnotequals" => text(Comparison::Equal, true),
        "stringequalsignorecase" => text(Comparison::EqualIgnoringCase, false),
        "stringnotequalsignorecase" => text(Comparison::EqualIgnoringCase, true),
        "stringlike" => text(Comparison::Like, false),
        "stringnotlike" => text(Comparison::Like, true),
        "numericequals" => numeric(Equal, false),
        "numericnotequals" => numeric(Equal, true),
        "numericlessthan" => numeric(Less, false),
        "numericlessthanequals" => numeric(LessOrEqual, false),
        "numericgreaterthan" => numeric(Greater, false),
        "numericgreaterthanequals" => numeric(GreaterOrEqual, false),
        "dateequals" => date(Equal, false),
        "datenotequals" => date(Equal, true),
        "datelessthan" => date(Less, false),
        "datelessthanequals" => date(LessOrEqual, false),
        "dategreaterthan" => date(Greater, false),
        "dategreaterthanequals" => date(GreaterOrEqual, false),
        "bool" => Some(Base::Bool),
        "binaryequals" => Some(Base::Binary),
        "ipaddress" => Some(Base::Ip { negated: false }),
        "notipaddress" => Some(Base::Ip { negated: true }),
        "arnequals" | "arnlike" => Some(Base::Arn { negated: false }),
        "arnnotequals" | "arnnotlike" => Some(Base::Arn { negated: true }),
        "null" => Some(Base::Null),
        _ => None,
    }
}

/// A value of the policy, ready to be compared. `None` is one that its type cannot hold: it matches nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    Text(Template),
    TextIgnoringCase(Template),
    Numeric(Option<numeric::Decimal>),
    Date(Option<date::Instant>),
    Binary(Option<Vec<u8>>),
    Ip(Option<ip::Network>),
    Null(Option<bool>),
}

impl Test {
    fn matches(&self, base: Base, value: &str, facts: &Facts<'_>) -> Match {
        match self {
            Self::Text(template) => template.matches(value, facts),
            Self::TextIgnoringCase(template) => template.matches_ignoring_case(value, facts),
            Self::Numeric(wanted) => numeric::matches(base, wanted.as_ref(), value).into(),
            Self::Date(wanted) => date::matches(base, *wanted, value).into(),
            Self::Binary(wanted) => binary::matches(wanted.as_deref(), value).into(),
            Self::Ip(network) => network.as_ref().is_some_and(|network| network.contains(value)).into(),
            Self::Null(_) => Match::No,
        }
    }

    pub fn template(&self) -> Option<&Template> {
        match self {
            Self::Text(template) | Self::TextIgnoringCase(template) => Some(template),
            _ => None,
        }
    }
}

/// Whether a condition holds.
pub(crate) fn evaluate(condition: &Condition, facts: &Facts<'_>) -> Truth {
    let operator = condition.operator;
    let found = facts.lookup(&condition.key);
    if operator.base == Base::Null {
        return null::evaluate(condition, found);
    }
    match found {
        Lookup::Absent => absent(operator).into(),
        Lookup::Values(values) => present(condition, values, facts),
        Lookup::Other => other(condition),
        Lookup::Unknown => match always(condition) {
            Some(truth) if truth == absent(operator) => truth.into(),
            _ => Truth::Unknown,
        },
    }
}

/// A single value that none of the policies' literal ones equals: settled where only those are asked for.
fn other(condition: &Condition) -> Truth {
    let only_literals = match condition.operator.base {
        Base::String { comparison: string::Comparison::Equal, .. } => condition
            .values
            .iter()
            .all(|value| value.test.template().is_some_and(|template| template.literal().is_some())),
        _ => false,
    };
    match always(condition) {
        Some(truth) => truth.into(),
        None if only_literals && condition.operator.quantifier.is_none() => condition.operator.is_negated().into(),
        None => Truth::Unknown,
    }
}

/// What a missing key makes of the operator.
pub(crate) fn absent(operator: Operator) -> bool {
    match operator.quantifier {
        _ if operator.if_exists => true,
        Some(Quantifier::AllValues) => true,
        Some(Quantifier::AnyValue) => false,
        None => operator.is_negated(),
    }
}

/// The answer that every present value gives alike, where there is one.
fn always(condition: &Condition) -> Option<bool> {
    let negated = condition.operator.is_negated();
    // A null data set differs from every other value there.
    if condition.operator.quantifier == Some(Quantifier::AnyValue) {
        return None;
    }
    if condition.values.is_empty() {
        // With ForAllValues the null data set differs from the others.
        return if condition.operator.quantifier == Some(Quantifier::AllValues) && !negated {
            None
        } else {
            Some(negated)
        };
    }
    let universal = condition.values.iter().any(|value| value.test.template().is_some_and(Template::is_universal));
    universal.then_some(!negated)
}

fn present(condition: &Condition, values: &[String], facts: &Facts<'_>) -> Truth {
    let operator = condition.operator;
    // "Or if the key values resolve to a null data set, such as an empty string."
    if operator.quantifier.is_some() && values.iter().all(String::is_empty) {
        return absent(Operator { if_exists: false, ..operator }).into();
    }
    match operator.quantifier {
        Some(Quantifier::AllValues) => {
            values.iter().fold(Truth::True, |all, value| all.and(passes(condition, value, facts)))
        }
        Some(Quantifier::AnyValue) => {
            values.iter().fold(Truth::False, |any, value| any.or(passes(condition, value, facts)))
        }
        // A key of many values without a set operator: one match is a match, and a negated operator wants none.
        None if operator.is_negated() => {
            values.iter().fold(Truth::True, |all, value| all.and(passes(condition, value, facts)))
        }
        None => values.iter().fold(Truth::False, |any, value| any.or(passes(condition, value, facts))),
    }
}

/// Whether one value of the request passes, all values of the policy considered.
fn passes(condition: &Condition, value: &str, facts: &Facts<'_>) -> Truth {
    let possible = if &*condition.key == "aws:principalarn" { facts.possible_role_arns() } else { None };
    let matched = match &possible {
        None => any(condition, value, facts),
        Some(arns) => any_of_all(condition, arns, facts),
    };
    match matched {
        Match::Yes => (!condition.operator.is_negated()).into(),
        Match::No => condition.operator.is_negated().into(),
        Match::Unknown => Truth::Unknown,
        // A variable without a value matches nothing and excludes nothing.
        Match::Invalid => Truth::False,
    }
}

/// Whether the value is one of the policy's.
fn any(condition: &Condition, value: &str, facts: &Facts<'_>) -> Match {
    let mut best = Match::No;
    for wanted in &condition.values {
        match (wanted.test.matches(condition.operator.base, value, facts), best) {
            (Match::Yes, _) => return Match::Yes,
            (Match::Unknown, _) => best = Match::Unknown,
            (Match::Invalid, Match::No) => best = Match::Invalid,
            _ => {}
        }
    }
    best
}

/// The same of a value that is one of these forms: known where it is the same for all of them, and no value of the policy
/// picks out one path more.
fn any_of_all(condition: &Condition, forms: &[String], facts: &Facts<'_>) -> Match {
    let mut found = forms.iter().map(|form| any(condition, form, facts));
    let Some(first) = found.next() else { return Match::Unknown };
    if !found.all(|other| other == first) {
        return Match::Unknown;
    }
    let names_a_path = || condition.values.iter().any(|wanted| path_could_match(&wanted.test, facts));
    if first == Match::No && names_a_path() { Match::Unknown } else { first }
}

/// Seen from outside, a policy that names a session's role by its path may mean it.
fn path_could_match(test: &Test, facts: &Facts<'_>) -> bool {
    let super::Principal::Session { partition, account, role, .. } = &facts.request.principal else { return false };
    let center = is_of_identity_center(role);
    let path = if center { "/aws-reserved/sso.amazonaws.com/" } else { "/" };
    let mut form: Vec<Token> = format!("arn:{partition}:iam::{account}:role{path}").bytes().map(Token::Byte).collect();
    form.push(Token::Any);
    form.extend(if center { role.clone() } else { format!("/{role}") }.bytes().map(Token::Byte));
    test.template().is_some_and(|template| template.could_match(&form))
}

#[cfg(test)]
mod tests;
