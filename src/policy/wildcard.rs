//! `*` and `?`: any run of characters, and any one character.
//!
//! A matcher over tokens, so that a pattern as written and a pattern with its variables filled in are matched by the
//! same few lines. It never allocates, and backtracks only to the last `*`, so its cost is bounded by the product of
//! the two lengths.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>

/// One place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// This byte.
    Byte(u8),
    /// Any run.
    Any,
    /// Any run without a colon: a `*` inside one of an ARN's leading segments.
    AnyInSegment,
    /// Any one character.
    One,
    /// Any one character but a colon.
    OneInSegment,
}

/// Where tokens come from.
pub(crate) trait Pattern {
    fn get(&self, index: usize) -> Option<Token>;
}

impl Pattern for [Token] {
    fn get(&self, index: usize) -> Option<Token> {
        <[Token]>::get(self, index).copied()
    }
}

/// A pattern as written, every wildcard of it matching anything.
pub(crate) struct Plain<'a>(pub &'a str);

impl Pattern for Plain<'_> {
    fn get(&self, index: usize) -> Option<Token> {
        Some(match *self.0.as_bytes().get(index)? {
            b'*' => Token::Any,
            b'?' => Token::One,
            byte => Token::Byte(byte),
        })
    }
}

/// Whether the whole text matches.
pub(crate) fn matches<P: Pattern + ?Sized>(pattern: &P, text: &str) -> bool {
    run(pattern, text.as_bytes(), |a, b| a == b)
}

/// The same, the case of ASCII letters aside.
pub(crate) fn matches_ignoring_case<P: Pattern + ?Sized>(pattern: &P, text: &str) -> bool {
    run(pattern, text.as_bytes(), |a, b| a.eq_ignore_ascii_case(&b))
}

fn run<P: Pattern + ?Sized>(pattern: &P, text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut at, mut index) = (0, 0);
    // The last star: where the pattern goes on after it, where the text was then, and whether it may take a colon.
    let mut star: Option<(usize, usize, bool)> = None;
    // The last star that may take anything: one confined to a segment that ran out falls back to it.
    let mut wide: Option<(usize, usize)> = None;
    loop {
        match pattern.get(index) {
            Some(Token::Any) => {
                star = Some((index + 1, at, true));
                wide = Some((index + 1, at));
                index += 1;
                continue;
            }
            Some(Token::AnyInSegment) => {
                star = Some((index + 1, at, false));
                index += 1;
                continue;
            }
            Some(Token::Byte(byte)) => {
                if text.get(at).is_some_and(|&other| same(byte, other)) {
                    at += 1;
                    index += 1;
                    continue;
                }
            }
            Some(token @ (Token::One | Token::OneInSegment)) => {
                if text.get(at).is_some_and(|&byte| token == Token::One || byte != b':') {
                    at += 1;
                    while text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80) {
                        at += 1;
                    }
                    index += 1;
                    continue;
                }
            }
            None => {
                if at == text.len() {
                    return true;
                }
            }
        }
        // A mismatch: the last star takes one more byte.
        let mut moved = false;
        if let Some((next, taken, takes_colon)) = star {
            if text.get(taken).is_some_and(|&byte| takes_colon || byte != b':') {
                star = Some((next, taken + 1, takes_colon));
                if takes_colon {
                    wide = Some((next, taken + 1));
                }
                (index, at) = (next, taken + 1);
                moved = true;
            } else if !takes_colon
                && let Some((next, taken)) = wide
                && taken < text.len()
            {
                wide = Some((next, taken + 1));
                star = Some((next, taken + 1, true));
                (index, at) = (next, taken + 1);
                moved = true;
            }
        }
        if !moved {
            return false;
        }
    }
}

/// Whether a text has wildcards.
pub(crate) fn has_wildcard(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'*' | b'?'))
}

/// How many single-character edits turn one text into the other, up to `limit`; `None` beyond it.
pub(crate) fn edit_distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit || a.len() > 256 || b.len() > 256 {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for (i, &left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &right) in b.iter().enumerate() {
            let replaced = previous.get(j).copied().unwrap_or(usize::MAX) + usize::from(left != right);
            let removed = previous.get(j + 1).copied().unwrap_or(usize::MAX).saturating_add(1);
            let added = row.get(j).copied().unwrap_or(usize::MAX).saturating_add(1);
            let mut best = replaced.min(removed).min(added);
            // Two neighbours changed places: one slip of the finger.
            if i > 0 && j > 0 && a.get(i - 1) == Some(&right) && b.get(j - 1) == Some(&left) {
                best = best.min(before.get(j - 1).copied().unwrap_or(usize::MAX).saturating_add(1));
            }
            row.push(best);
        }
        before = std::mem::replace(&mut previous, row);
    }
    previous.last().copied().filter(|&distance| distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_confined_to_its_segment_gives_way_to_a_wide_one_before_it() {
        use Token::{Any, AnyInSegment, Byte};
        let pattern = [Any, Byte(b'x'), AnyInSegment, Byte(b'y')];
        assert!(matches(&pattern[..], "xa:xby"));
        assert!(matches(&pattern[..], "xby"));
        assert!(!matches(&pattern[..], "xa:by"));
    }

    #[test]
    fn distances() {
        assert_eq!(edit_distance("acme-logs", "acme-log", 3), Some(1));
        assert_eq!(edit_distance("acme-logs", "amce-logs", 3), Some(1));
        assert_eq!(edit_distance("acme", "other", 3), None);
        assert_eq!(edit_distance("", "", 0), Some(0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn equals_its_regex(pattern in "[ab*?é:]{0,9}", text in "[abé:]{0,12}") {
            let regex = pattern.chars().map(|c| match c { '*' => "(?s:.*)".to_owned(), '?' => "(?s:.)".to_owned(), c => regex::escape(&c.to_string()) });
            let regex = regex::Regex::new(&format!("^{}$", regex.collect::<String>())).unwrap();
            prop_assert_eq!(matches(&Plain(&pattern), &text), regex.is_match(&text));
        }

        #[test]
        fn confined_stars_equal_their_regex(leading in "[ab*#!:]{0,8}", resource in "[ab*?:]{0,6}", text in "[ab:]{0,14}") {
            // As in an ARN: a wildcard that takes colons stands behind a colon from those that do not.
            let pattern = format!("{leading}:{resource}");
            let tokens: Vec<Token> = pattern.bytes().map(|b| match b {
                b'*' => Token::Any, b'#' => Token::AnyInSegment, b'?' => Token::One, b'!' => Token::OneInSegment, b => Token::Byte(b),
            }).collect();
            let regex = pattern.chars().map(|c| match c { '*' => ".*".to_owned(), '#' => "[^:]*".to_owned(), '?' => ".".to_owned(), '!' => "[^:]".to_owned(), c => c.to_string() });
            let regex = regex::Regex::new(&format!("^{}$", regex.collect::<String>())).unwrap();
            prop_assert_eq!(matches(&tokens[..], &text), regex.is_match(&text), "{} {}", pattern, text);
        }

        #[test]
        fn long_inputs_stay_cheap(n in 1usize..200) {
            let pattern = "*a".repeat(n) + "b";
            prop_assert!(!matches(&Plain(&pattern), &"a".repeat(2000)));
        }
    }
}
