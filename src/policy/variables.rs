//! Values of a policy as they are compared: wildcards, and policy variables filled in from the request.
//!
//! `${aws:username}` is replaced by the key's value, `${aws:username, 'nobody'}` by `nobody` where the request lacks the
//! key, and `${*}`, `${?}`, `${$}` stand for the characters themselves. A value that is filled in is literal: a `*` in a
//! tag is no wildcard. A variable that the request has no value for makes the text match nothing, and does not make
//! a negated element match either. Documents of version 2008-10-17 have no variables: there `${` is plain text.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use super::request::{Facts, Lookup};
use super::wildcard::{self, Pattern, Token};
use compact_str::CompactString;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Wildcards are plain characters.
    Exact,
    /// Wildcards match anything.
    Like,
    /// A statement's `Resource`.
    Resource,
    /// A condition's ARN operators.
    ArnLike,
}

/// What came of comparing one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Yes,
    No,
    /// A variable in it is not known.
    Unknown,
    /// A variable in it has no value: matches nothing, excludes nothing.
    Invalid,
}

impl From<bool> for Match {
    fn from(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }
}

/// One value of a policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    /// As written, JSON escapes decoded.
    pub text: CompactString,
    mode: Mode,
    /// Where the resource part starts, for a text without variables.
    resource_at: usize,
    /// How much of the text stands before its first wildcard.
    prefix: usize,
    /// Only where there are variables.
    pieces: Option<Box<[Piece]>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Tokens(Box<[Token]>),
    Variable { key: CompactString, default: Option<CompactString> },
}

impl Template {
    pub fn new(text: &str, mode: Mode, variables: bool) -> Self {
        let pieces = (variables && text.contains("${")).then(|| pieces(text, mode));
        let wildcard =
            if mode == Mode::Exact { None } else { text.bytes().position(|byte| matches!(byte, b'*' | b'?')) };
        Self {
            text: text.into(),
            mode,
            resource_at: resource_start(text),
            prefix: wildcard.unwrap_or(text.len()),
            pieces,
        }
    }

    pub fn has_variables(&self) -> bool {
        self.pieces.as_ref().is_some_and(|pieces| pieces.iter().any(|piece| matches!(piece, Piece::Variable { .. })))
    }

    /// The lower-case names of the variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().flat_map(|pieces| pieces.iter()).filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(&**key),
            Piece::Tokens(_) => None,
        })
    }

    /// Matches whatever there is to match.
    pub fn is_universal(&self) -> bool {
        self.mode != Mode::Exact
            && self.pieces.is_none()
            && !self.text.is_empty()
            && self.text.bytes().all(|byte| byte == b'*')
    }

    /// No wildcard and no variable: the one value that it can match.
    pub fn literal(&self) -> Option<&str> {
        let plain = self.pieces.is_none() && (self.mode == Mode::Exact || !wildcard::has_wildcard(&self.text));
        plain.then_some(&*self.text)
    }

    pub fn matches(&self, value: &str, facts: &Facts<'_>) -> Match {
        if self.is_universal() {
            return Match::Yes;
        }
        match &self.pieces {
            None => self.matches_plain(value).into(),
            Some(pieces) => filled(pieces, facts, |tokens| wildcard::matches(tokens, value)),
        }
    }

    pub fn matches_ignoring_case(&self, value: &str, facts: &Facts<'_>) -> Match {
        match &self.pieces {
            None if self.mode == Mode::Exact => self.text.eq_ignore_ascii_case(value).into(),
            None => wildcard::matches_ignoring_case(self, value).into(),
            Some(pieces) => filled(pieces, facts, |tokens| wildcard::matches_ignoring_case(tokens, value)),
        }
    }

    fn matches_plain(&self, value: &str) -> bool {
        match self.mode {
            Mode::Exact => *self.text == *value,
            Mode::ArnLike if self.resource_at == 0 => false,
            Mode::Like | Mode::Resource | Mode::ArnLike => {
                // Most patterns are settled by the text before their first wildcard.
                let (Some(prefix), Some(rest)) = (self.text.get(..self.prefix), self.text.get(self.prefix..)) else {
                    return false;
                };
                value.starts_with(prefix)
                    && match rest {
                        "" => value.len() == prefix.len(),
                        "*" if self.mode == Mode::Like || self.resource_at > 0 => true,
                        _ => wildcard::matches(self, value),
                    }
            }
        }
    }

    /// Whether some text of the form that `other` describes would match. For values of which only a part is known.
    pub fn could_match(&self, other: &[Token]) -> bool {
        if self.pieces.is_some() || self.is_universal() {
            return true;
        }
        let mut own = Vec::new();
        while let Some(token) = Pattern::get(self, own.len()) {
            own.push(token);
        }
        intersect(&own, other)
    }
}

impl Pattern for Template {
    fn get(&self, index: usize) -> Option<Token> {
        let bytes = self.text.as_bytes();
        let byte = *bytes.get(index)?;
        if self.mode == Mode::Exact || !matches!(byte, b'*' | b'?') {
            return Some(Token::Byte(byte));
        }
        let in_resource = index >= self.resource_at && self.resource_at > 0;
        let ends_segment = matches!(bytes.get(index + 1), None | Some(b':'));
        Some(classify(byte, self.mode, in_resource, ends_segment))
    }
}

fn classify(byte: u8, mode: Mode, in_resource: bool, ends_segment: bool) -> Token {
    match (byte, mode) {
        (b'*', Mode::Like) => Token::Any,
        (b'?', Mode::Like) => Token::One,
        (b'*', _) if in_resource || (mode == Mode::Resource && ends_segment) => Token::Any,
        (b'*', _) => Token::AnyInSegment,
        _ if in_resource => Token::One,
        _ => Token::OneInSegment,
    }
}

/// The byte after the fifth colon; 0 where there are fewer.
fn resource_start(text: &str) -> usize {
    text.bytes().enumerate().filter(|(_, byte)| *byte == b':').nth(4).map_or(0, |(index, _)| index + 1)
}

/// Takes a text apart at its variables.
fn pieces(text: &str, mode: Mode) -> Box<[Piece]> {
    let mut pieces = Vec::new();
    let mut run = Vec::new();
    let mut colons = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("${")
            && let Some((variable, after)) = variable(rest)
        {
            rest = after;
            match variable {
                Variable::Character(byte) => run.push(Token::Byte(byte)),
                Variable::Key { key, default } => {
                    pieces.push(Piece::Tokens(std::mem::take(&mut run).into_boxed_slice()));
                    let key = key.to_ascii_lowercase().into();
                    pieces.push(Piece::Variable { key, default: default.map(Into::into) });
                }
            }
            continue;
        }
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            '*' | '?' if mode != Mode::Exact => {
                let byte = if first == '*' { b'*' } else { b'?' };
                let ends_segment = after.is_empty() || after.starts_with(':');
                run.push(classify(byte, mode, colons >= 5, ends_segment));
            }
            other => {
                colons += usize::from(other == ':');
                let mut buffer = [0; 4];
                run.extend(other.encode_utf8(&mut buffer).bytes().map(Token::Byte));
            }
        }
        rest = after;
    }
    pieces.push(Piece::Tokens(run.into_boxed_slice()));
    pieces.into_boxed_slice()
}

enum Variable<'a> {
    Character(u8),
    Key { key: &'a str, default: Option<&'a str> },
}

/// Reads a variable at the start of the text. `None` is text that only looks like one, and stays as it is.
fn variable(text: &str) -> Option<(Variable<'_>, &str)> {
    let inner = text.strip_prefix("${")?;
    for (written, byte) in [("*}", b'*'), ("?}", b'?'), ("$}", b'$')] {
        if let Some(after) = inner.strip_prefix(written) {
            return Some((Variable::Character(byte), after));
        }
    }
    let end = inner.find(['}', ',', '\''])?;
    let key = inner.get(..end)?.trim_ascii();
    if key.is_empty() || key.contains(['$', '{']) {
        return None;
    }
    let after = inner.get(end..)?;
    if let Some(after) = after.strip_prefix('}') {
        return Some((Variable::Key { key, default: None }, after));
    }
    let quoted = after.strip_prefix(',')?.trim_ascii_start().strip_prefix('\'')?;
    let close = quoted.find('\'')?;
    let default = quoted.get(..close)?;
    let after = quoted.get(close + 1..)?.trim_ascii_start().strip_prefix('}')?;
    Some((Variable::Key { key, default: Some(default) }, after))
}

/// Fills the variables in and matches. One that is not known may be any text: where even that does not help, it is a no.
fn filled(pieces: &[Piece], facts: &Facts<'_>, matches: impl Fn(&[Token]) -> bool) -> Match {
    let mut tokens = Vec::new();
    let mut unknown = false;
    for piece in pieces {
        match piece {
            Piece::Tokens(run) => tokens.extend_from_slice(run),
            Piece::Variable { key, default } => match (facts.lookup(key), default) {
                // A key of many values is no variable.
                (Lookup::Values([value]), _) => tokens.extend(value.bytes().map(Token::Byte)),
                (Lookup::Absent, Some(default)) => tokens.extend(default.bytes().map(Token::Byte)),
                (Lookup::Values(_), _) | (Lookup::Absent, None) => return Match::Invalid,
                (Lookup::Unknown | Lookup::Other, _) => {
                    unknown = true;
                    tokens.push(Token::Any);
                }
            },
        }
    }
    match (matches(&tokens), unknown) {
        (false, _) => Match::No,
        (true, false) => Match::Yes,
        (true, true) => Match::Unknown,
    }
}

/// Whether two patterns have a text in common.
fn intersect(a: &[Token], b: &[Token]) -> bool {
    let star = |token: &Token| matches!(token, Token::Any | Token::AnyInSegment);
    let takes = |token: &Token, byte: u8| match token {
        Token::Byte(own) => *own == byte,
        Token::Any | Token::One => true,
        Token::AnyInSegment | Token::OneInSegment => byte != b':',
    };
    // row[j]: a[i..] and b[j..] have a text in common.
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            let here = match (a.get(i), b.get(j)) {
                (None, None) => true,
                (Some(left), None) => star(left) && below.get(j).copied().unwrap_or(false),
                (None, Some(right)) => star(right) && row.get(j + 1).copied().unwrap_or(false),
                (Some(left), Some(right)) => {
                    let skip_a = star(left) && below.get(j).copied().unwrap_or(false);
                    let skip_b = star(right) && row.get(j + 1).copied().unwrap_or(false);
                    let both = match (left, right) {
                        (Token::Byte(byte), other) | (other, Token::Byte(byte)) => takes(other, *byte),
                        _ => true,
                    };
                    let next = match (star(left), star(right)) {
                        (false, false) => below.get(j + 1).copied(),
                        // The star takes what the other side has, and may go on.
                        (true, false) => row.get(j + 1).copied(),
                        (false, true) => below.get(j).copied(),
                        (true, true) => Some(false),
                    };
                    skip_a || skip_b || (both && next.unwrap_or(false))
                }
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = here;
            }
        }
        below = row;
    }
    below.first().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Context, Request};

    fn check(pattern: &str, mode: Mode, value: &str, context: Context) -> Match {
        let request = Request {
            principal: "arn:aws:iam::111122223333:user/ana".parse().unwrap(),
            action: "s3:GetObject".to_owned(),
            resource: value.to_owned(),
            resource_account: None,
            object_owner: None,
            context,
        };
        Template::new(pattern, mode, true).matches(value, &Facts::new(&request))
    }

    fn arn(pattern: &str, value: &str) -> Match {
        check(pattern, Mode::Resource, value, Context::closed())
    }

    #[test]
    fn resources() {
        assert_eq!(arn("*", "arn:aws:s3:::b/k"), Match::Yes);
        assert_eq!(arn("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y:z"), Match::Yes);
        assert_eq!(arn("arn:aws:s3:::b/?", "arn:aws:s3:::b/é"), Match::Yes);
        assert_eq!(arn("arn:aws:s3:::b*", "arn:aws:s3:::b/x"), Match::Yes);
        assert_eq!(arn("arn:aws:s3:::b", "arn:aws:s3:::B"), Match::No);
        assert_eq!(arn("arn:*:s3:::b", "arn:aws-cn:s3:::b"), Match::Yes);
        assert_eq!(arn("arn:a*s:s3:::b", "arn:a:s:s3:::b"), Match::No);
        assert_eq!(arn("arn:aws:iam::*", "arn:aws:iam::111122223333:user/x"), Match::Yes);
        assert_eq!(arn("arn:aws:iam::?:user/x", "arn:aws:iam:::user/x"), Match::No);
    }

    #[test]
    fn arn_conditions_compare_part_by_part() {
        let like = |pattern: &str, value: &str| check(pattern, Mode::ArnLike, value, Context::closed());
        let value = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
        assert_eq!(like("arn:aws:someservice:*:111122223333:finance/*", value), Match::No);
        assert_eq!(like("arn:aws:someservice:*:*:store/*", value), Match::Yes);
        assert_eq!(like("arn:aws:*", value), Match::No);
    }

    #[test]
    fn variables() {
        let home = "arn:aws:s3:::b/home/${aws:username}/*";
        assert_eq!(arn(home, "arn:aws:s3:::b/home/ana/x"), Match::Yes);
        assert_eq!(arn(home, "arn:aws:s3:::b/home/bob/x"), Match::No);
        let team = "arn:aws:s3:::b-${aws:PrincipalTag/team, 'company-wide'}";
        assert_eq!(arn(team, "arn:aws:s3:::b-company-wide"), Match::Yes);
        assert_eq!(arn("arn:aws:s3:::b-${aws:PrincipalTag/team}", "arn:aws:s3:::b-"), Match::Invalid);
        let mut context = Context::closed();
        context.set("aws:principaltag/TEAM", ["*"]);
        assert_eq!(check(team, Mode::Resource, "arn:aws:s3:::b-*", context.clone()), Match::Yes);
        assert_eq!(check(team, Mode::Resource, "arn:aws:s3:::b-red", context), Match::No);
        assert_eq!(arn("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x"), Match::No);
        assert_eq!(arn("arn:aws:s3:::b/${*}${?}${$}", "arn:aws:s3:::b/*?$"), Match::Yes);
        for literal in ["${", "${}", "${aws:username", "${a, b}", "${a, 'b}"] {
            assert_eq!(check(literal, Mode::Like, literal, Context::closed()), Match::Yes, "{literal}");
        }
    }

    #[test]
    fn an_unknown_variable_is_still_a_no_where_the_rest_differs() {
        let open = Context::open();
        let pattern = "arn:aws:s3:::b/${aws:PrincipalTag/team}/*";
        assert_eq!(check(pattern, Mode::Resource, "arn:aws:s3:::b/red/x", open.clone()), Match::Unknown);
        assert_eq!(check(pattern, Mode::Resource, "arn:aws:s3:::c/red/x", open), Match::No);
    }

    #[test]
    fn intersections() {
        let tokens =
            |text: &str| text.bytes().map(|b| if b == b'*' { Token::Any } else { Token::Byte(b) }).collect::<Vec<_>>();
        for (a, b, expected) in [
            ("a*c", "*bc", true),
            ("a*", "b*", false),
            ("*", "", true),
            ("a", "a", true),
            ("a*b", "a", false),
            ("role/*/r", "role/x/r", true),
        ] {
            assert_eq!(intersect(&tokens(a), &tokens(b)), expected, "{a} {b}");
        }
    }
}
