//! Strict JSON (RFC 8259) that keeps the byte span of every node.
//!
//! Our own because two things are wanted that no crate gives together: spans and duplicate keys on every node, and
//! a grammar as strict as the one IAM stores documents by. A tree is one list, every node before what is in it: to read
//! it allocates next to nothing, and no text is worth more than a small multiple of itself in memory. [`Node`]s are
//! looked at as they are walked to. Nesting is bounded, so that no input can exhaust the stack. It knows nothing of policies.

use std::borrow::Cow;
use std::ops::Range;

/// No policy nests deeper than seven.
const MAX_DEPTH: usize = 64;

/// A text, read.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    text: &'a str,
    entries: Vec<Entry>,
    /// The strings with escapes, decoded.
    decoded: Vec<String>,
}

/// A node where it is kept. An object's names are entries of their own, each before its value.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    end: u32,
    /// The entry after this one and all that is in it.
    next: u32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Null,
    Bool(bool),
    Number,
    String,
    /// With escapes: its place in the list of the decoded.
    Escaped(u32),
    /// How many items.
    Array(u32),
    /// How many members.
    Object(u32),
}

#[derive(Clone, Debug)]
pub(crate) struct Node<'t> {
    pub span: Range<usize>,
    pub value: Value<'t>,
    view: View<'t>,
    at: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'t> {
    Null,
    Bool(bool),
    /// As written.
    Number(&'t str),
    String(&'t str),
    Array(Items<'t>),
    Object(Members<'t>),
}

#[derive(Clone, Debug)]
pub(crate) struct Member<'t> {
    pub key: &'t str,
    pub key_span: Range<usize>,
    pub value: Node<'t>,
}

/// The items of an array; or a single node that stands for a list of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'t> {
    view: View<'t>,
    first: usize,
    count: usize,
}

/// The members of an object, in the order of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'t> {
    view: View<'t>,
    first: usize,
    count: usize,
}

/// A tree, seen from a place of its text: spans are counted from there.
#[derive(Clone, Copy, Debug)]
struct View<'t> {
    tree: &'t Tree<'t>,
    base: usize,
}

/// Text that is no JSON, and where it stops being so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub(crate) struct JsonError {
    pub message: &'static str,
    pub offset: usize,
}

impl Tree<'_> {
    /// The one value that the text is.
    pub fn root(&self) -> Node<'_> {
        View { tree: self, base: 0 }.node(0)
    }

    fn entry(&self, at: usize) -> Entry {
        const NONE: Entry = Entry { start: 0, end: 0, next: 0, kind: Kind::Null };
        self.entries.get(at).copied().unwrap_or(NONE)
    }

    fn after(&self, at: usize) -> usize {
        self.entry(at).next as usize
    }

    fn string(&self, entry: Entry) -> &str {
        match entry.kind {
            Kind::Escaped(place) => self.decoded.get(place as usize).map(String::as_str).unwrap_or_default(),
            // Without its quotes.
            _ => self.text.get(entry.start as usize + 1..(entry.end as usize).saturating_sub(1)).unwrap_or_default(),
        }
    }
}

impl<'t> View<'t> {
    fn span(self, entry: Entry) -> Range<usize> {
        (entry.start as usize).saturating_sub(self.base)..(entry.end as usize).saturating_sub(self.base)
    }

    fn node(self, at: usize) -> Node<'t> {
        let entry = self.tree.entry(at);
        let value = match entry.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Number => {
                Value::Number(self.tree.text.get(entry.start as usize..entry.end as usize).unwrap_or_default())
            }
            Kind::String | Kind::Escaped(_) => Value::String(self.tree.string(entry)),
            Kind::Array(count) => Value::Array(Items { view: self, first: at + 1, count: count as usize }),
            Kind::Object(count) => Value::Object(Members { view: self, first: at + 1, count: count as usize }),
        };
        Node { span: self.span(entry), value, view: self, at }
    }
}

impl<'t> Node<'t> {
    /// Its items where it is an array, and itself as the only item where not. With which of the two it is.
    pub fn one_or_many(&self) -> (bool, Items<'t>) {
        match self.value {
            Value::Array(items) => (true, items),
            _ => (false, Items { view: self.view, first: self.at, count: 1 }),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The same node as the root of a text that starts and ends with it.
    pub fn by_itself(&self) -> Self {
        View { tree: self.view.tree, base: self.view.base + self.span.start }.node(self.at)
    }
}

impl<'t> Items<'t> {
    pub fn len(self) -> usize {
        self.count
    }

    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Node<'t>> {
        let mut at = self.first;
        (0..self.count).map(move |_| {
            let node = self.view.node(at);
            at = self.view.tree.after(at);
            node
        })
    }
}

impl<'t> Members<'t> {
    pub fn len(self) -> usize {
        self.count
    }

    pub fn iter(self) -> impl Iterator<Item = Member<'t>> {
        self.places().map(move |at| {
            let name = self.view.tree.entry(at);
            Member { key: self.view.tree.string(name), key_span: self.view.span(name), value: self.view.node(at + 1) }
        })
    }

    pub fn keys(self) -> impl Iterator<Item = &'t str> {
        self.places().map(move |at| self.key(at))
    }

    /// The first of this name.
    pub fn find(self, key: &str) -> Option<Node<'t>> {
        let at = self.places().find(|at| self.key(*at) == key)?;
        Some(self.view.node(at + 1))
    }

    fn key(self, at: usize) -> &'t str {
        self.view.tree.string(self.view.tree.entry(at))
    }

    fn places(self) -> impl Iterator<Item = usize> {
        let mut at = self.first;
        (0..self.count).map(move |_| {
            let place = at;
            at = self.view.tree.after(at + 1);
            place
        })
    }
}

/// Reads one value and nothing after it. A byte order mark before it is skipped.
pub(crate) fn parse(text: &str) -> Result<Tree<'_>, JsonError> {
    if u32::try_from(text.len()).is_err() {
        return Err(JsonError { message: "too long", offset: 0 });
    }
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    // What a policy needs, and no more than that for what is none.
    let entries = Vec::with_capacity((text.len() / 12).clamp(8, 4096));
    let mut parser = Parser { bytes: text.as_bytes(), at: start, tree: Tree { text, entries, decoded: Vec::new() } };
    parser.skip_space();
    parser.value(0)?;
    parser.skip_space();
    if parser.at < parser.bytes.len() {
        return Err(parser.error("unexpected text after the document"));
    }
    Ok(parser.tree)
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    tree: Tree<'a>,
}

impl<'a> Parser<'a> {
    fn error(&self, message: &'static str) -> JsonError {
        JsonError { message, offset: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.tree.text.get(range).unwrap_or_default()
    }

    /// Opens an entry, to be closed when its end is known.
    fn open(&mut self) -> usize {
        let start = small(self.at);
        self.tree.entries.push(Entry { start, end: start, next: 0, kind: Kind::Null });
        self.tree.entries.len() - 1
    }

    fn close(&mut self, place: usize, kind: Kind) {
        let (end, next) = (small(self.at), small(self.tree.entries.len()));
        if let Some(entry) = self.tree.entries.get_mut(place) {
            *entry = Entry { start: entry.start, end, next, kind };
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error("too deeply nested"));
        }
        let place = self.open();
        let kind = match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'{') => Kind::Object(self.object(depth)?),
            Some(b'[') => Kind::Array(self.array(depth)?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Kind::Bool(true))?,
            Some(b'f') => self.word("false", Kind::Bool(false))?,
            Some(b'n') => self.word("null", Kind::Null)?,
            Some(_) => return Err(self.error("expected a value")),
            None => return Err(self.error("unexpected end of the document")),
        };
        self.close(place, kind);
        Ok(())
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, JsonError> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(kind);
        }
        Err(self.error("expected a value"))
    }

    /// How many items.
    fn array(&mut self, depth: usize) -> Result<u32, JsonError> {
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(0);
        }
        let mut count = 0;
        loop {
            self.skip_space();
            self.value(depth + 1)?;
            count += 1;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(count);
                }
                _ => return Err(self.error("expected `,` or `]`")),
            }
        }
    }

    /// How many members.
    fn object(&mut self, depth: usize) -> Result<u32, JsonError> {
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(0);
        }
        let mut count = 0;
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a name in double quotes"));
            }
            let place = self.open();
            let name = self.string()?;
            self.close(place, name);
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.error("expected `:`"));
            }
            self.at += 1;
            self.skip_space();
            self.value(depth + 1)?;
            count += 1;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(count);
                }
                _ => return Err(self.error("expected `,` or `}`")),
            }
        }
    }

    fn number(&mut self) -> Result<Kind, JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.error("expected a digit")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Kind::Number)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.error("expected a digit")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Kind, JsonError> {
        self.at += 1;
        let mut run = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Kind::String);
        }
        let mut decoded = String::new();
        loop {
            decoded.push_str(self.slice(run..self.at));
            match self.peek() {
                Some(b'\\') => decoded.push(self.escape()?),
                Some(b'"') => break,
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("a string without its closing quote")),
            }
            run = self.at;
            self.skip_plain();
        }
        self.at += 1;
        self.tree.decoded.push(decoded);
        Ok(Kind::Escaped(small(self.tree.decoded.len() - 1)))
    }

    /// The common run of a string: up to a quote, a backslash or a control character, eight bytes at a time.
    fn skip_plain(&mut self) {
        const EACH: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = EACH << 7;
        // The lowest byte below `limit` is marked; marks above that one may be wrong, and are not looked at.
        let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit)) & !word & HIGH;
        let equal = |word: u64, byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
        while let Some(&chunk) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(chunk);
            let stops = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
            if stops != 0 {
                self.at += (stops.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while self.peek().is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20) {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let escaped = self.bytes.get(self.at + 1).copied();
        let simple = match escaped {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.error("an escape that JSON does not know")),
        };
        self.at += 2;
        Ok(simple)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex(self.at + 2)?;
        if !(0xD800..0xE000).contains(&first) {
            let decoded = char::from_u32(first).ok_or_else(|| self.error("an escape that is no character"))?;
            self.at += 6;
            return Ok(decoded);
        }
        let paired = first < 0xDC00 && self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u");
        let second = if paired { self.hex(self.at + 8)? } else { 0 };
        if !(0xDC00..0xE000).contains(&second) {
            return Err(self.error("half a surrogate pair"));
        }
        let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        let decoded = char::from_u32(code).ok_or_else(|| self.error("an escape that is no character"))?;
        self.at += 12;
        Ok(decoded)
    }

    fn hex(&self, at: usize) -> Result<u32, JsonError> {
        let digits = self.bytes.get(at..at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.error("an escape without its four digits"))
    }
}

/// A place in a text whose length was checked.
fn small(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// A name as a segment of a JSON pointer (RFC 6901).
pub(crate) fn pointer_segment(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1").into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_are_those_of_the_text() {
        let text = " {\"a\": [1, \"x\\n\"]} ";
        let tree = parse(text).unwrap();
        let node = tree.root();
        assert_eq!(&text[node.span.clone()], "{\"a\": [1, \"x\\n\"]}");
        let Value::Object(members) = node.value else { panic!("an object") };
        let member = members.iter().next().unwrap();
        assert_eq!(&text[member.key_span.clone()], "\"a\"");
        assert_eq!(&text[member.value.span.clone()], "[1, \"x\\n\"]");
        let Value::Array(items) = member.value.value else { panic!("a list") };
        let items: Vec<&str> = items.iter().map(|item| &text[item.span]).collect();
        assert_eq!(items, ["1", "\"x\\n\""]);
        let by_itself = member.value.by_itself();
        assert_eq!(by_itself.span, 0..10);
        assert_eq!(by_itself.one_or_many().1.iter().nth(1).unwrap().span, 4..9);
        assert_eq!(member.value.span, 7..17);
    }

    #[test]
    fn strings_end_where_they_end_at_every_length() {
        for length in 0..40 {
            for (end, is_ok) in [("\"", true), ("\\n\"", true), ("\n\"", false), ("\u{1f}\"", false), ("", false)] {
                for filler in ["a", "\u{80}", "\u{7f}", "\u{20}", "ÿ"] {
                    let text = format!("[\"{}{end}]", filler.repeat(length));
                    assert_eq!(parse(&text).is_ok(), is_ok, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn strict() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "'a'",
            "01",
            "1.",
            ".5",
            "+1",
            "NaN",
            "tru",
            "\"a",
            "\"\n\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u12g4\"",
            "1 2",
            "// c\n1",
            "{\"a\" 1}",
            "[1 2]",
            "\"\\u12",
            "-",
            "1e",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in ["null", "-0.5e+10", "\u{feff}[]", "\"\\ud83d\\ude00\"", "\"\u{7f}\"", " [ ] ", "{ }"] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        let text = "[".repeat(1_000_000);
        assert_eq!(parse(&text).unwrap_err().message, "too deeply nested");
        let text = "{\"a\":".repeat(1_000_000);
        assert_eq!(parse(&text).unwrap_err().message, "too deeply nested");
    }

    fn plain(node: &Node<'_>) -> Option<serde_json::Value> {
        Some(match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(text) => serde_json::from_str(text).ok()?,
            Value::String(text) => (*text).into(),
            Value::Array(items) => items.iter().map(|item| plain(&item)).collect::<Option<Vec<_>>>()?.into(),
            Value::Object(members) => {
                let members = members.iter().map(|member| Some((member.key.to_owned(), plain(&member.value)?)));
                serde_json::Value::Object(members.collect::<Option<_>>()?)
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_input_panics_and_serde_json_agrees(text in r#"([\[\]{},:"\\ue0-9tfn. \-+aé]|true|null|"a"|\\ud83d|\\ude00){0,24}"#) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match parse(&text) {
                // serde_json refuses numbers out of range, we keep them as written.
                Ok(tree) => if let Some(ours) = plain(&tree.root()) { prop_assert_eq!(Some(ours), theirs.ok()) },
                Err(_) => prop_assert!(theirs.is_err(), "{}", text),
            }
        }
    }
}
