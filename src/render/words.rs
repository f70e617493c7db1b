//! The one helper for plurals and lists, so that no sentence has its own.

/// `1 object`, `37 objects`, `1,000,000 objects`. The last word of `noun` takes the plural.
#[must_use]
pub fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {}", number(n), plural(noun)) }
}

/// The plural of an English noun that follows the rules (`policy`, `access`, `object`).
#[must_use]
pub fn plural(noun: &str) -> String {
    let before_y = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match before_y {
        Some(stem) => format!("{stem}ies"),
        None if noun.ends_with(['s', 'x']) || noun.ends_with("ch") || noun.ends_with("sh") => format!("{noun}es"),
        None => format!("{noun}s"),
    }
}

/// `12,345`; four digits stay together, as in prose.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    if digits.len() <= 4 {
        return digits;
    }
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `a`, `a and b`, `a, b, and c`.
#[must_use]
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    joined(items, "and")
}

/// `a`, `a or b`, `a, b, or c`.
#[must_use]
pub fn alternatives<S: AsRef<str>>(items: &[S]) -> String {
    joined(items, "or")
}

/// At most `most` of the items, then how many were left out: `a, b, and 3 more`.
#[must_use]
pub fn list_at_most<S: AsRef<str>>(items: &[S], most: usize) -> String {
    if items.len() <= most {
        return list(items);
    }
    let mut shown: Vec<String> = items.iter().take(most).map(|item| item.as_ref().to_owned()).collect();
    shown.push(and_more(items.len() - most));
    list(&shown)
}

/// `3 more`, for what was left out of a list.
#[must_use]
pub fn and_more(n: usize) -> String {
    format!("{} more", number(n as u64))
}

fn joined<S: AsRef<str>>(items: &[S], word: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first, second] => format!("{} {word} {}", first.as_ref(), second.as_ref()),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{}, {word} {}", head.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals() {
        assert_eq!(count(1, "object"), "1 object");
        assert_eq!(count(0, "object"), "0 objects");
        assert_eq!(count(37, "identity policy"), "37 identity policies");
        assert_eq!(count(2, "key"), "2 keys");
        assert_eq!(count(2, "access"), "2 accesses");
        assert_eq!(count(9999, "request"), "9999 requests");
        assert_eq!(count(1_000_000, "object"), "1,000,000 objects");
    }

    #[test]
    fn lists_have_the_oxford_comma() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b, and c");
        assert_eq!(alternatives(&["a", "b", "c"]), "a, b, or c");
        assert_eq!(list_at_most(&["a", "b", "c", "d", "e"], 4), "a, b, c, d, and 1 more");
        assert_eq!(list_at_most(&["a", "b"], 4), "a and b");
    }
}
