//! Filling lines: greedy, by display width, never inside a word, and not inside a code span that fits on a line
//! (a key with spaces in it should be copied in one piece). textwrap would break ARNs at their hyphens.

use super::untrusted::code_spans;
use unicode_width::UnicodeWidthStr as _;

/// The lines of one paragraph. `first` is the width of the first line, `rest` that of the others. A word wider
/// than a line gets a line to itself, whole: terminals wrap it, and it can still be copied.
#[must_use]
pub fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for atom in atoms(text, rest) {
        let wide = atom.width();
        let room = if lines.is_empty() { first } else { rest };
        let overflows = if line.is_empty() { wide > room && wide <= rest } else { used + 1 + wide > room };
        if overflows {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        line.push_str(&atom);
        used += wide;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Words, with a code span that holds spaces kept in one as long as it can fit on a line.
fn atoms(text: &str, widest: usize) -> Vec<String> {
    let mut atoms = Vec::new();
    let mut word = String::new();
    for (part, is_code) in code_spans(text) {
        if is_code && part.width() <= widest {
            word.push_str(part);
            continue;
        }
        for (at, piece) in part.split(' ').enumerate() {
            if at > 0 && !word.is_empty() {
                atoms.push(std::mem::take(&mut word));
            }
            word.push_str(piece);
        }
    }
    if !word.is_empty() {
        atoms.push(word);
    }
    atoms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_and_nothing_is_lost() {
        assert_eq!(wrap("one two three four", 9, 10), ["one two", "three four"]);
        assert_eq!(wrap("", 10, 10), [""]);
        assert_eq!(wrap("longer words", 3, 10), ["", "longer", "words"]);
        assert_eq!(wrap("arn:aws:s3:::acme-logs/x yes", 10, 10), ["arn:aws:s3:::acme-logs/x", "yes"]);
    }

    #[test]
    fn a_code_span_stays_whole_where_it_fits() {
        assert_eq!(wrap("see `a b c` now", 10, 10), ["see", "`a b c`", "now"]);
        assert_eq!(wrap("see `a b c d e f g` now", 10, 10), ["see `a b c", "d e f g`", "now"]);
        assert_eq!(wrap("`x  y`, z", 10, 10), ["`x  y`, z"]);
        assert_eq!(wrap("odd ` tick", 5, 5), ["odd `", "tick"]);
    }

    #[test]
    fn width_is_what_is_seen() {
        assert_eq!(wrap("日本 日本", 5, 5), ["日本", "日本"]);
        assert_eq!(wrap("日本 日本", 9, 9), ["日本 日本"]);
    }
}
