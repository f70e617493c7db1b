//! A stream in any chunks to lines, each bounded in length.
//!
//! A carriage return ends a line as a newline does: the CLI overwrites its progress line with it, and
//! in a log that holds both streams a failure stands right behind one.

use super::tail::Tail;
use std::borrow::Cow;

/// A line longer than this loses its middle. Keys have 1,024 bytes at most and AWS's messages a few
/// thousand, so nothing real is cut, and the error of a monstrous line still stands at its end.
const LONGEST: usize = 64 * 1024;
const HALF: usize = LONGEST / 2;

/// What stands where the middle was.
const GAP: &str = "…";

#[derive(Clone, Debug)]
pub(super) struct Pieces {
    head: Vec<u8>,
    rest: Tail,
    /// How long the unfinished line is by now, cut or not.
    len: usize,
    after_return: bool,
}

impl Pieces {
    pub(super) fn new() -> Self {
        Self { head: Vec::new(), rest: Tail::new(HALF), len: 0, after_return: false }
    }

    /// Hands every line that `bytes` completes to `each`, without its end. A line that lies whole in
    /// `bytes` is not copied.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        let mut start = 0;
        for end in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let part = &bytes[start..end];
            let is_newline = bytes[end] == b'\n';
            if self.len > 0 {
                self.keep(part);
                self.take(&mut each);
            } else if !(part.is_empty() && is_newline && self.after_return) {
                each(&cut(part));
            }
            self.after_return = !is_newline;
            start = end + 1;
        }
        self.keep(&bytes[start..]);
    }

    /// The last line, when no newline ended it.
    pub(super) fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        if self.len > 0 {
            self.take(&mut each);
        }
    }

    fn keep(&mut self, part: &[u8]) {
        let (head, rest) = part.split_at(part.len().min(HALF - self.head.len()));
        self.head.extend_from_slice(head);
        self.rest.push(rest);
        self.len += part.len();
    }

    fn take(&mut self, each: &mut impl FnMut(&[u8])) {
        if self.len > LONGEST {
            self.head.extend_from_slice(GAP.as_bytes());
        }
        self.head.extend_from_slice(self.rest.as_slice());
        each(&self.head);
        self.head.clear();
        self.rest.clear();
        self.len = 0;
    }
}

fn cut(line: &[u8]) -> Cow<'_, [u8]> {
    if line.len() <= LONGEST {
        return Cow::Borrowed(line);
    }
    Cow::Owned([&line[..HALF], GAP.as_bytes(), &line[line.len() - HALF..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
        let mut pieces = Pieces::new();
        let mut lines = Vec::new();
        for chunk in chunks {
            pieces.push(chunk, |line| lines.push(line.to_vec()));
        }
        pieces.finish(|line| lines.push(line.to_vec()));
        lines
    }

    #[test]
    fn returns_and_newlines_end_lines_and_a_pair_ends_one() {
        assert_eq!(
            lines([b"a\r\nb\rc\n\nd".as_slice()]),
            [b"a".to_vec(), b"b".into(), b"c".into(), b"".into(), b"d".into()]
        );
    }

    #[test]
    fn a_pair_may_be_torn_apart() {
        assert_eq!(lines([b"a\r".as_slice(), b"\nb\n"]), [b"a", b"b"]);
    }

    #[test]
    fn an_endless_line_keeps_its_two_ends_however_it_comes() {
        let mut long = vec![b'x'; 300_000];
        long[..5].copy_from_slice(b"start");
        let end = long.len();
        long[end - 3..].copy_from_slice(b"end");
        let whole = lines([long.as_slice()]);
        assert_eq!(whole[0].len(), LONGEST + GAP.len());
        assert!(whole[0].starts_with(b"start") && whole[0].ends_with(b"end"));
        assert_eq!(lines(long.chunks(7)), whole);
        assert_eq!(lines(long.chunks(100_000)), whole);
        long.push(b'\n');
        assert_eq!(lines([long.as_slice()]), whole);
    }

    #[test]
    fn a_line_of_the_longest_length_is_whole() {
        let long = vec![b'x'; LONGEST];
        assert_eq!(lines([long.as_slice()]).concat(), long);
        assert_eq!(lines(long.chunks(999)).concat(), long);
    }
}
