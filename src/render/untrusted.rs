//! Strangers' text made harmless: keys, policies, and error messages are written by other people, and they
//! reach terminals, CI logs, and web pages.
//!
//! One function for every place where text can land. Each is applied once, at the edge, by the format that
//! writes there. What is made visible is written as Rust and Unicode write it, `\u{1b}`; a backslash that was
//! in the text stays single, because a key that is hard to read helps nobody and the two readings are harmless.
//!
//! This is not redaction: secrets never enter a report (see [`crate::diagnosis`]).

use std::borrow::Cow;
use std::fmt::Write as _;

/// The most characters of one field that a format for people shows. S3 keys end at 1,024 bytes and IAM names
/// at 128 characters; only a message made to flood a log is longer.
pub const FIELD_LIMIT: usize = 4096;

/// Whether a character acts on the reader's terminal or eye instead of being seen: controls (C0, DEL, C1), bidi
/// controls, zero-width and other invisible characters, line and paragraph separators, spaces that only look
/// like a space, and noncharacters.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe;
    is_noncharacter
        || matches!(
            c,
            // C0, DEL and C1; the no-break space and the soft hyphen.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}'
            // Combining grapheme joiner, Arabic letter mark, Hangul fillers, Ogham space, Khmer inherent vowels.
            | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}' | '\u{17b5}'
            // Mongolian variation selectors and vowel separator.
            | '\u{180b}'..='\u{180f}'
            // Spaces of every width, zero-width characters, bidi marks; separators, embeddings and overrides;
            // the mathematical space, word joiner, invisible operators, and isolates.
            | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
            // Braille blank, ideographic space, Hangul fillers.
            | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{ffa0}'
            // Variation selectors, the byte order mark, specials, noncharacters of the first plane.
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}'
            // Invisible format characters of shorthand and musical notation, tags, more variation selectors.
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// One line of text for a terminal or a log: nothing unseen, no line break, no CI command.
#[must_use]
pub fn visible(text: &str, unicode: bool) -> Cow<'_, str> {
    let clipped = clip(text, FIELD_LIMIT);
    match escape(&clipped, unicode) {
        Cow::Borrowed(_) => clipped,
        Cow::Owned(escaped) => Cow::Owned(escaped),
    }
}

/// [`visible`] without a limit, for commands and documents: half of one is of no use.
#[must_use]
pub fn escape(text: &str, unicode: bool) -> Cow<'_, str> {
    if text.chars().all(|c| c.is_ascii() && !c.is_ascii_control()) && !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut at_word_start = true;
    for (at, c) in text.char_indices() {
        push_visible(&mut out, &text[at..], c, Place { at_word_start, unicode });
        at_word_start = c == ' ' || is_unseen(c);
    }
    Cow::Owned(out)
}

/// Where a character stands, as far as it matters for what it can do.
#[derive(Clone, Copy)]
pub struct Place {
    /// A line could begin here.
    pub at_word_start: bool,
    /// The reader's locale is UTF-8.
    pub unicode: bool,
}

/// Appends `c`, the first character of `rest`, as it is or spelt out.
pub fn push_visible(out: &mut String, rest: &str, c: char, place: Place) {
    if is_unseen(c) || (!place.unicode && !c.is_ascii()) || opens_ci_command(rest, place.at_word_start) {
        push_escaped(out, c);
    } else {
        out.push(c);
    }
}

/// Whether a CI runner could take what starts here for a command to it.
///
/// GitHub's runner looks for `::name` at the start of a line after white space, and a wrapped line can start
/// with any word. It looks for `##[name` anywhere; Azure does for `##vso[` and `TeamCity` for `##teamcity[`.
/// (GitLab's section markers need an escape byte and a carriage return, which are gone already.)
fn opens_ci_command(rest: &str, at_word_start: bool) -> bool {
    if at_word_start && rest.starts_with("::") {
        return true;
    }
    rest.strip_prefix("##")
        .is_some_and(|name| name.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('['))
}

fn push_escaped(out: &mut String, c: char) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

/// The text itself, or its beginning and how much is missing.
#[must_use]
pub fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let left = super::words::count(text[end..].chars().count() as u64, "more character");
            Cow::Owned(format!("{}... ({left})", &text[..end]))
        }
    }
}

/// Serialised JSON that is as harmless to `cat` as it is to parse: the same value, with everything unseen (and a
/// `##[` that a CI runner would obey) written as `\uXXXX`. Outside strings JSON has only ASCII, so a pass over
/// the whole text touches strings alone; its own line breaks stay.
#[must_use]
pub fn json(serialised: &str) -> String {
    json_where(serialised, is_unseen)
}

/// [`json`], with everything outside ASCII escaped too.
#[must_use]
pub fn json_ascii(serialised: &str) -> String {
    json_where(serialised, |c| is_unseen(c) || !c.is_ascii())
}

fn json_where(serialised: &str, is_escaped: fn(char) -> bool) -> String {
    let mut out = String::with_capacity(serialised.len());
    for (at, c) in serialised.char_indices() {
        if c == '\n' || !(is_escaped(c) || opens_ci_command(&serialised[at..], false)) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// The message of a GitHub workflow command; line breaks are kept, as the runner's own encoding of them.
#[must_use]
pub fn workflow_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a GitHub workflow command, which also ends at a comma and at a colon.
#[must_use]
pub fn workflow_property(text: &str) -> String {
    workflow_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// Inline Markdown that shows the text as it is, with our own code spans: what stands between backticks becomes
/// one, and everything else is plain text, in which no HTML, link, image, mention, or table cell can begin.
#[must_use]
pub fn markdown(text: &str) -> String {
    let shown = visible(text, true);
    let mut out = String::with_capacity(shown.len() + 16);
    for (part, is_code) in code_spans(&shown) {
        if is_code {
            // A span without content would be two literal backticks, and could open a longer one.
            if !part.trim_matches(['`', ' ']).is_empty() {
                out.push_str(part);
            }
        } else {
            push_markdown_text(&mut out, part);
        }
    }
    out
}

/// [`markdown`] for a cell of a table, which a pipe would end even inside a code span.
#[must_use]
pub fn markdown_cell(text: &str) -> String {
    let cell = markdown(text);
    let mut out = String::with_capacity(cell.len());
    for (part, is_code) in code_spans(&cell) {
        if is_code { out.push_str(&part.replace('|', "\\|")) } else { out.push_str(part) }
    }
    out
}

fn push_markdown_text(out: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            // References, because a backslash does not stop GitHub from linking mentions, issues, and addresses.
            '&' | '<' | '>' | '@' | '#' | '`' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            ':' if text[at..].starts_with("://") => out.push_str("&#58;"),
            '.' if ends_in_www(&text[..at]) => out.push_str("&#46;"),
            '\\' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
}

fn ends_in_www(before: &str) -> bool {
    before.len() >= 3
        && before.is_char_boundary(before.len() - 3)
        && before[before.len() - 3..].eq_ignore_ascii_case("www")
}

/// A fence that no line of the text can close.
#[must_use]
pub fn markdown_fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// Text or an attribute's value in XML 1.0. What XML forbids even as a reference (most of C0, U+FFFE, U+FFFF) is
/// expected to be visible already; a line break of ours is kept, as a reference so that attributes keep it too.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push('\n'),
            c if is_unseen(c) => push_escaped(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

/// The text cut at its backticks: parts in a code span (with their backticks), and parts outside. A last backtick
/// without a partner is plain text.
pub fn code_spans(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let open = rest.find('`');
        let close = open.and_then(|open| rest[open + 1..].find('`').map(|close| open + 1 + close + 1));
        let (end, is_code) = match (open, close) {
            (Some(0), Some(close)) => (close, true),
            (Some(open), Some(_)) => (open, false),
            _ => (rest.len(), false),
        };
        let (part, left) = rest.split_at(end);
        rest = left;
        Some((part, is_code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_spelt_out() {
        assert_eq!(visible("a\u{1b}[2Jb\r\n", true), "a\\u{1b}[2Jb\\u{d}\\u{a}");
        assert_eq!(visible("\u{9b}31m \u{202e}gpj.exe \u{200b}x", true), "\\u{9b}31m \\u{202e}gpj.exe \\u{200b}x");
        assert_eq!(visible("2026/07/app.log", true), "2026/07/app.log");
        assert_eq!(visible("für", true), "für");
        assert_eq!(visible("für", false), "f\\u{fc}r");
    }

    #[test]
    fn no_word_is_a_command_to_a_ci_runner() {
        assert_eq!(visible("x ::error::y", true), "x \\u{3a}:error::y");
        assert_eq!(visible("::set-output", true), "\\u{3a}:set-output");
        assert_eq!(visible("arn:aws:s3:::b/k", true), "arn:aws:s3:::b/k");
        assert_eq!(visible("a##vso[task.setvariable", true), "a\\u{23}#vso[task.setvariable");
        assert_eq!(visible("##[group]", true), "\\u{23}#[group]");
        assert_eq!(visible("# ## heading", true), "# ## heading");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"k": "a\u{1b}\u{9b}\u{202e}\u{e0041} ##[x] ü"});
        let text = json(&value.to_string());
        assert!(!text.contains("##["), "{text}");
        assert!(text.chars().all(|c| !is_unseen(c)), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn github_properties_end_where_we_end_them() {
        assert_eq!(workflow_property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
        assert_eq!(workflow_message("a,b:c%\r\n"), "a,b:c%25%0D%0A");
    }

    #[test]
    fn markdown_has_no_markup_but_ours() {
        assert_eq!(markdown("`a|b` <b> @me #1 [x](y)"), "`a|b` &#60;b&#62; &#64;me &#35;1 \\[x\\](y)");
        assert_eq!(markdown_cell("`a|b` c|d"), "`a\\|b` c\\|d");
        assert_eq!(markdown("odd ` tick"), "odd &#96; tick");
        assert_eq!(markdown("see https://evil and WWW.evil"), "see https&#58;//evil and WWW&#46;evil");
        assert_eq!(markdown("`` empty"), " empty");
        assert_eq!(markdown_fence("a ```` b"), "`````");
        assert_eq!(markdown_fence("a"), "```");
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let shown = visible(&"é".repeat(FIELD_LIMIT + 7), true).into_owned();
        assert!(shown.ends_with("... (7 more characters)"), "{shown}");
    }
}
