//! Rules for what is not to be explained: by profile, by bucket, by the caller's account. Pure.

use std::fmt;
use std::str::FromStr;

/// What a rule takes, for messages.
pub(crate) const VALUES: &str = "profile:NAME, bucket:NAME or account:ID";

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    pub kind: Kind,
    /// A name, in which `*` stands for any text.
    pub pattern: String,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The profile in effect, as `--profile` names it.
    Profile,
    Bucket,
    /// The account of the caller.
    Account,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule is {VALUES}")]
pub struct WrongRule;

impl FromStr for Ignore {
    type Err = WrongRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, pattern) = text.split_once(':').ok_or(WrongRule)?;
        let kind = match kind {
            "profile" => Kind::Profile,
            "bucket" => Kind::Bucket,
            "account" => Kind::Account,
            _ => return Err(WrongRule),
        };
        if pattern.is_empty() { Err(WrongRule) } else { Ok(Self { kind, pattern: pattern.to_owned() }) }
    }
}

impl fmt::Display for Ignore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Profile => "profile",
            Kind::Bucket => "bucket",
            Kind::Account => "account",
        };
        write!(f, "{kind}:{}", self.pattern)
    }
}

/// Whether any rule of that kind matches.
#[must_use]
pub fn is_ignored(rules: &[Ignore], kind: Kind, name: Option<&str>) -> bool {
    name.is_some_and(|name| rules.iter().any(|rule| rule.kind == kind && matches(&rule.pattern, name)))
}

/// Greedy from the left, as each part but the first and the last may stand anywhere.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_written() {
        for rule in ["profile:dev", "bucket:scratch-*", "account:111122223333", "profile:a:b"] {
            assert_eq!(rule.parse::<Ignore>().map(|rule| rule.to_string()), Ok(rule.to_owned()));
        }
        for wrong in ["", "dev", "profile:", "role:x", ":x"] {
            assert_eq!(wrong.parse::<Ignore>(), Err(WrongRule), "{wrong}");
        }
    }

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name) in
            [("a", "a"), ("*", ""), ("a*", "a"), ("*-tmp", "x-tmp"), ("a*b*c", "a-b-b-c"), ("**", "x")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("a*", "ba"), ("*-tmp", "x-tmp2"), ("a*b*c", "a-c-b"), ("ab*ba", "aba")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn only_its_own_kind_is_asked() {
        let rules: Vec<Ignore> = vec!["profile:dev".parse().unwrap()];
        assert!(is_ignored(&rules, Kind::Profile, Some("dev")));
        assert!(!is_ignored(&rules, Kind::Bucket, Some("dev")));
        assert!(!is_ignored(&rules, Kind::Profile, None));
    }
}
