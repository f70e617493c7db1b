//! Splitting a line into words as a POSIX shell would, without expanding anything: what Python's
//! `shlex.split` does to `credential_process` and to section names.

/// The words of `line`, or `None` when a quote or a backslash has nothing after it.
#[must_use]
pub fn shell_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    // `None` between words, so that `''` is a word and a blank is not.
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(letters.next()?),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        inside => word.push(inside),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '"' => break,
                        // A backslash escapes only the quote and itself here.
                        '\\' => match letters.next()? {
                            escaped @ ('"' | '\\') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        inside => word.push(inside),
                    }
                }
            }
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::shell_words;

    /// The right-hand sides are what `shlex.split` of Python 3.11 answers.
    #[test]
    fn splits_as_shlex_does() {
        let cases: [(&str, &[&str]); 9] = [
            ("", &[]),
            ("  a  b ", &["a", "b"]),
            ("profile \"two words\"", &["profile", "two words"]),
            ("a'b c'd", &["ab cd"]),
            ("'' x", &["", "x"]),
            (r#""a\"b\\c\d""#, &[r#"a"b\c\d"#]),
            (r"a\ b \\", &["a b", "\\"]),
            (r"'a\b'", &[r"a\b"]),
            ("a # b", &["a", "#", "b"]),
        ];
        for (line, words) in cases {
            assert_eq!(
                shell_words(line).as_deref(),
                Some(words.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
                "{line}"
            );
        }
    }

    #[test]
    fn an_unfinished_line_is_none() {
        for line in ["'a", "\"a", "a\\", "\"a\\"] {
            assert_eq!(shell_words(line), None, "{line}");
        }
    }
}
