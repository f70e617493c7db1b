//! Giving a minified policy lines. S3 returns bucket policies on a single line, where a caret has nothing to
//! point along: this lays the same tokens out as the console does, and says where each byte went.
//!
//! It lays out and judges nothing: a text that is not JSON is left as it was.

use std::ops::Range;

/// Lines up to this width keep a small object or array whole. It does not follow the terminal, so that a line
/// number means the same on every screen.
const WIDTH: usize = 80;

/// Deeper than any policy, and shallow enough for the stack.
const MAX_DEPTH: usize = 64;

/// The document's object, its list of statements, and each statement always open onto lines of their own.
const OPEN_DEPTH: usize = 3;

/// A laid out text, with the start of each token before and after.
pub struct Reflowed {
    pub text: String,
    tokens: Vec<(Range<usize>, usize)>,
}

impl Reflowed {
    /// Where the bytes of the old text stand in the new one.
    #[must_use]
    pub fn span(&self, old: &Range<usize>) -> Range<usize> {
        let first = self.tokens.partition_point(|(token, _)| token.end <= old.start);
        let start =
            self.tokens.get(first).map_or(self.text.len(), |(token, new)| new + old.start.saturating_sub(token.start));
        let after = self.tokens.partition_point(|(token, _)| token.start < old.end);
        let end = after
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(start, |(token, new)| new + old.end.min(token.end) - token.start);
        start..end.max(start)
    }
}

/// Lays the text out; `None` if it is not one JSON value.
#[must_use]
pub fn reflow(text: &str) -> Option<Reflowed> {
    let mut parser = Parser { text, at: 0 };
    let root = parser.node(0)?;
    parser.skip_space();
    if parser.at != text.len() {
        return None;
    }
    let mut layout = Layout { source: text, out: Reflowed { text: String::new(), tokens: Vec::new() } };
    layout.node(&root, 0, 0, 0);
    layout.out.text.push('\n');
    Some(layout.out)
}

enum Node {
    Scalar(Range<usize>),
    Container { open: usize, close: usize, members: Vec<Member> },
}

struct Member {
    key: Option<Range<usize>>,
    value: Node,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn node(&mut self, depth: usize) -> Option<Node> {
        self.skip_space();
        match self.peek()? {
            _ if depth > MAX_DEPTH => None,
            b'{' => self.container(b'}', depth),
            b'[' => self.container(b']', depth),
            b'"' => self.string().map(Node::Scalar),
            _ => self.literal().map(Node::Scalar),
        }
    }

    fn container(&mut self, closer: u8, depth: usize) -> Option<Node> {
        let open = self.at;
        self.at += 1;
        let mut members = Vec::new();
        while !self.eat(closer) {
            if !members.is_empty() && !self.eat(b',') {
                return None;
            }
            self.skip_space();
            let key = if closer == b'}' { Some(self.string()?) } else { None };
            if key.is_some() && !self.eat(b':') {
                return None;
            }
            members.push(Member { key, value: self.node(depth + 1)? });
        }
        Some(Node::Container { open, close: self.at - 1, members })
    }

    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(start..self.at)
    }

    fn literal(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            self.at += 1;
        }
        (self.at > start).then_some(start..self.at)
    }
}

struct Layout<'a> {
    source: &'a str,
    out: Reflowed,
}

impl Layout<'_> {
    fn token(&mut self, span: &Range<usize>) {
        self.out.tokens.push((span.clone(), self.out.text.len()));
        self.out.text.push_str(&self.source[span.clone()]);
    }

    /// `used` is how much of the line is taken, `indent` how deep its first character stands.
    fn node(&mut self, node: &Node, depth: usize, indent: usize, used: usize) {
        match node {
            Node::Scalar(span) => self.token(span),
            Node::Container { open, close, members } => {
                let fits = depth >= OPEN_DEPTH && used + flat_width(node) < WIDTH;
                let is_object = self.source.as_bytes().get(*open) == Some(&b'{');
                self.token(&(*open..open + 1));
                for (at, member) in members.iter().enumerate() {
                    if at > 0 {
                        self.out.text.push(',');
                    }
                    let before = match (fits, at, is_object) {
                        (false, ..) => format!("\n{}", " ".repeat(indent + 2)),
                        (true, 0, false) => String::new(),
                        (true, ..) => " ".to_owned(),
                    };
                    self.out.text.push_str(&before);
                    self.member(member, depth + 1, indent + 2);
                }
                match (members.is_empty(), fits, is_object) {
                    (true, ..) | (_, true, false) => {}
                    (_, true, true) => self.out.text.push(' '),
                    (_, false, _) => {
                        self.out.text.push('\n');
                        self.out.text.push_str(&" ".repeat(indent));
                    }
                }
                self.token(&(*close..close + 1));
            }
        }
    }

    fn member(&mut self, member: &Member, depth: usize, indent: usize) {
        let mut used = indent;
        if let Some(key) = &member.key {
            self.token(key);
            self.out.text.push_str(": ");
            used += key.len() + 2;
        }
        self.node(&member.value, depth, indent, used);
    }
}

/// The width of a node on one line, in bytes: exact for what policies hold, which is ASCII.
fn flat_width(node: &Node) -> usize {
    match node {
        Node::Scalar(span) => span.len(),
        Node::Container { members, .. } => {
            let parts = members.iter().map(|m| m.key.as_ref().map_or(0, |key| key.len() + 2) + flat_width(&m.value));
            4 + parts.sum::<usize>() + 2 * members.len().saturating_sub(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"OnlyVpce","Effect":"Deny","Principal":"*","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::acme-logs/*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-0a1b2c3d"}}}]}"#;

    #[test]
    fn a_minified_policy_gets_the_consoles_lines() {
        let laid_out = reflow(POLICY).unwrap();
        let expected = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "OnlyVpce",
      "Effect": "Deny",
      "Principal": "*",
      "Action": ["s3:GetObject", "s3:PutObject"],
      "Resource": "arn:aws:s3:::acme-logs/*",
      "Condition": { "StringNotEquals": { "aws:SourceVpce": "vpce-0a1b2c3d" } }
    }
  ]
}
"#;
        assert_eq!(laid_out.text, expected);
    }

    #[test]
    fn spans_move_with_their_tokens() {
        let laid_out = reflow(POLICY).unwrap();
        for piece in ["\"Deny\"", "\"vpce-0a1b2c3d\"", "Sid", "s3:Put", "\"Version\""] {
            let at = POLICY.find(piece).unwrap();
            assert_eq!(&laid_out.text[laid_out.span(&(at..at + piece.len()))], piece);
        }
        let whole = POLICY.find("{\"aws:SourceVpce").unwrap();
        let span = laid_out.span(&(whole..whole + 34));
        assert_eq!(&laid_out.text[span], r#"{ "aws:SourceVpce": "vpce-0a1b2c3d" }"#);
        assert_eq!(laid_out.span(&(0..POLICY.len())), 0..laid_out.text.len() - 1);
    }

    #[test]
    fn what_is_not_json_is_left_alone() {
        for text in ["", "{", "{\"a\" 1}", "[1,]x", "\"a", "{\"a\":\"\n\"}", &"[".repeat(100_000)] {
            assert!(reflow(text).is_none(), "{}", &text[..text.len().min(20)]);
        }
        assert_eq!(reflow("[]").unwrap().text, "[]\n");
    }
}
