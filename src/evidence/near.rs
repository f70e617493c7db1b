//! Keys that people take for one another: other case, a slash too many or too few, a folder twice, an encoding
//! that was or was not undone, another Unicode form. Pure; it compares names that [`super::listing`] brought.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

/// How a key that exists differs from the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    LeadingSlash,
    TrailingSlash,
    DoubledSlash,
    DoubledFolder,
    /// `%20` or `+` where there is a blank, or the reverse.
    Encoding,
    /// The same characters in another Unicode normal form.
    UnicodeForm,
    Case,
    /// A folder of that name, not an object.
    Folder,
    /// The same file name in another folder.
    OtherFolder,
    /// A letter or two.
    Spelling,
}

impl Difference {
    /// What differs, as the end of a sentence: "`a.csv` exists; it differs …".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::LeadingSlash => "in its leading slash",
            Self::TrailingSlash => "in its trailing slash",
            Self::DoubledSlash => "in a doubled slash",
            Self::DoubledFolder => "in a folder that stands twice",
            Self::Encoding => "in its URL-encoding",
            Self::UnicodeForm => "in its Unicode normal form",
            Self::Case => "in upper and lower case",
            Self::Folder => "in being a folder: objects are below it",
            Self::OtherFolder => "in its folder",
            Self::Spelling => "in its spelling",
        }
    }
}

/// The deepest folder that holds the key and all its simple misspellings: what one list call should cover.
#[must_use]
pub fn common_folder(key: &str) -> String {
    let mut common = key.to_owned();
    for variant in structural_variants(key) {
        let shared = common.char_indices().zip(variant.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
        common.truncate(shared.unwrap_or(common.len().min(variant.len())));
    }
    let end = common.rfind('/').map_or(0, |slash| slash + 1);
    common.truncate(end);
    common
}

/// Variants that stand in another place of the listing than the key itself. Case and encoding of the last
/// component stay in the same folder; those of a folder's own name do not.
fn structural_variants(key: &str) -> Vec<String> {
    let mut variants = vec![key.to_owned()];
    if let Some(rest) = key.strip_prefix('/') {
        variants.push(rest.trim_start_matches('/').to_owned());
    }
    if let Some(rest) = key.strip_suffix('/') {
        variants.push(rest.trim_end_matches('/').to_owned());
    }
    if key.contains("//") {
        variants.push(key.replace("//", "/"));
    }
    if let Some(once) = folder_once(key) {
        variants.push(once);
    }
    for decoded in decodings(key) {
        variants.push(decoded);
    }
    variants
}

/// `data/data/a` to `data/a`: the first folder that stands twice in a row is taken once.
fn folder_once(key: &str) -> Option<String> {
    let parts: Vec<&str> = key.split('/').collect();
    let at = parts.windows(2).position(|pair| pair[0] == pair[1] && !pair[0].is_empty())?;
    let mut once = parts.clone();
    once.remove(at);
    Some(once.join("/"))
}

fn decodings(key: &str) -> Vec<String> {
    let mut found = Vec::new();
    if key.contains('%')
        && let Ok(decoded) = percent_decode_str(key).decode_utf8()
    {
        found.push(decoded.into_owned());
    }
    if key.contains('+') {
        let blanks = key.replace('+', " ");
        if let Ok(decoded) = percent_decode_str(&blanks).decode_utf8() {
            found.push(decoded.into_owned());
        }
    }
    found
}

/// How `existing` differs from `asked`, if it is near enough to be what was meant.
#[must_use]
pub fn difference(asked: &str, existing: &str) -> Option<Difference> {
    if asked == existing || asked.is_empty() || existing.is_empty() {
        return None;
    }
    let same = |a: &str, b: &str| a == b;
    if same(asked.trim_start_matches('/'), existing.trim_start_matches('/')) {
        return Some(Difference::LeadingSlash);
    }
    if same(asked.trim_end_matches('/'), existing.trim_end_matches('/')) {
        return Some(Difference::TrailingSlash);
    }
    if asked.replace("//", "/") == existing.replace("//", "/") {
        return Some(Difference::DoubledSlash);
    }
    if folder_once(asked).as_deref() == Some(existing) || folder_once(existing).as_deref() == Some(asked) {
        return Some(Difference::DoubledFolder);
    }
    if decodings(asked).iter().any(|decoded| decoded == existing)
        || decodings(existing).iter().any(|decoded| decoded == asked)
    {
        return Some(Difference::Encoding);
    }
    if asked.nfc().eq(existing.nfc()) {
        return Some(Difference::UnicodeForm);
    }
    if asked.to_lowercase() == existing.to_lowercase() {
        return Some(Difference::Case);
    }
    if existing.strip_prefix(asked).is_some_and(|rest| rest.starts_with('/')) {
        return Some(Difference::Folder);
    }
    let (asked_folder, asked_name) = asked.rsplit_once('/').unwrap_or(("", asked));
    let (folder, name) = existing.rsplit_once('/').unwrap_or(("", existing));
    if asked_folder != folder && asked_name == name && !name.is_empty() {
        return Some(Difference::OtherFolder);
    }
    let allowed = if asked.chars().count() > 8 { 2 } else { 1 };
    within(asked, existing, allowed).then_some(Difference::Spelling)
}

/// The nearest key, the surest kind of difference first.
#[must_use]
pub fn nearest<'a>(asked: &str, existing: impl Iterator<Item = &'a str>) -> Option<(&'a str, Difference)> {
    existing
        .filter_map(|key| difference(asked, key).map(|difference| (key, difference)))
        .min_by_key(|(key, difference)| (*difference, key.len().abs_diff(asked.len()), *key))
}

/// Whether two names are at most `most` single-letter edits apart (a swap of neighbours counts as one).
#[must_use]
pub fn within(a: &str, b: &str, most: usize) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most || a.len() > 1024 {
        return false;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let change = last[j] + usize::from(x != y);
            let mut best = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        if row.iter().min().is_some_and(|least| *least > most) {
            return false;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().is_some_and(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_mix_up_is_told_apart() {
        for (asked, existing, expected) in [
            ("/a/b.csv", "a/b.csv", Difference::LeadingSlash),
            ("a/b/", "a/b", Difference::TrailingSlash),
            ("a//b", "a/b", Difference::DoubledSlash),
            ("data/data/x", "data/x", Difference::DoubledFolder),
            ("x", "x/y", Difference::Folder),
            ("a%20b.csv", "a b.csv", Difference::Encoding),
            ("a b.csv", "a+b.csv", Difference::Encoding),
            ("caf\u{e9}", "cafe\u{301}", Difference::UnicodeForm),
            ("Logs/App.log", "logs/app.log", Difference::Case),
            ("2026/07/app.log", "2026/08/app.log", Difference::OtherFolder),
            ("2026/07/ap.log", "2026/07/app.log", Difference::Spelling),
            ("2026/07/apl.pog", "2026/07/apl.opg", Difference::Spelling),
        ] {
            assert_eq!(difference(asked, existing), Some(expected), "{asked} {existing}");
        }
        for (asked, existing) in [("a", "a"), ("report.csv", "summary.csv"), ("a.csv", "zz.csv"), ("", "x")] {
            assert_eq!(difference(asked, existing), None, "{asked} {existing}");
        }
    }

    #[test]
    fn the_surest_difference_wins() {
        let keys = ["logs/ap.log", "logs/APP.log", "logs/apq.log"];
        assert_eq!(nearest("logs/app.log", keys.into_iter()), Some(("logs/APP.log", Difference::Case)));
    }

    #[test]
    fn one_list_call_covers_all_the_variants() {
        for (key, folder) in [
            ("2026/07/app.log", "2026/07/"),
            ("/a/b.csv", ""),
            ("a/b/", "a/"),
            ("data/data/x.csv", "data/"),
            ("a//b/c", "a/"),
            ("my%20dir/x", ""),
            ("x", ""),
        ] {
            assert_eq!(common_folder(key), folder, "{key}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_key_panics(asked in "\\PC{0,24}", existing in "\\PC{0,24}") {
            let folder = common_folder(&asked);
            proptest::prop_assert!(asked.starts_with(&folder));
            let _whatever = difference(&asked, &existing);
        }

        #[test]
        fn distance_is_symmetric(a in "[a-c]{0,8}", b in "[a-c]{0,8}", most in 0usize..3) {
            proptest::prop_assert_eq!(within(&a, &b, most), within(&b, &a, most));
        }
    }
}
