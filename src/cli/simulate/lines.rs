//! Lines of the input, in batches: whatever whole lines one read brought.
//!
//! So a file comes in large batches, which keep every core busy, and somebody who types gets an answer to each line.
//! Memory is bounded whatever comes: a line that is too long is dropped as it is read, and said to be so.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No line is longer. The largest bucket policy is 20 KB, and all that an account can attach to one caller is less than 1 MB.
pub const MAX_LINE: usize = 4 * 1024 * 1024;
/// What is asked of one read.
const READ: usize = 256 * 1024;

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: Arc<Path>,
    /// From one.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", named(&self.file), self.line)
    }
}

/// A file as it is called in messages.
pub fn named(file: &Path) -> String {
    if is_stdin(file) {
        return "standard input".to_owned();
    }
    crate::render::untrusted::visible(&file.to_string_lossy(), true).into_owned()
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// What one read brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Batch {
    /// Whole lines, from this place on.
    Lines(Place, Vec<u8>),
    /// A line that was too long to keep.
    TooLong(Place),
    /// The rest of a file, or all of it, could not be read.
    Unreadable(String),
}

/// A line that is not blank.
#[derive(Clone, Debug)]
pub struct Numbered<'a> {
    pub place: Place,
    pub text: Result<&'a str, Unreadable>,
}

/// Why a line is not looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the line is longer than {} MiB", MAX_LINE / (1024 * 1024))]
    TooLong,
    #[error("the line is not UTF-8")]
    NotUtf8,
}

impl Batch {
    /// Maps every line that is not blank.
    ///
    /// # Errors
    /// The message, where this stands for a file that could not be read.
    pub fn map<T>(&self, mut each: impl FnMut(Numbered<'_>) -> T) -> Result<Vec<T>, String> {
        match self {
            Self::Unreadable(message) => Err(message.clone()),
            Self::TooLong(place) => Ok(vec![each(Numbered { place: place.clone(), text: Err(Unreadable::TooLong) })]),
            Self::Lines(first, bytes) => {
                let lines = bytes.split(|&byte| byte == b'\n').enumerate();
                let lines = lines.map(|(index, line)| (index, line.trim_ascii())).filter(|(_, line)| !line.is_empty());
                Ok(lines
                    .map(|(index, line)| {
                        let place = Place { file: Arc::clone(&first.file), line: first.line + index };
                        each(Numbered { place, text: readable(line) })
                    })
                    .collect())
            }
        }
    }
}

fn readable(line: &[u8]) -> Result<&str, Unreadable> {
    if line.len() > MAX_LINE {
        return Err(Unreadable::TooLong);
    }
    std::str::from_utf8(line).map_err(|_| Unreadable::NotUtf8)
}

/// Reads the files one after another, or standard input, handing on batches for as long as they are wanted.
pub fn inputs(files: &[PathBuf]) -> impl FnOnce(&mut dyn FnMut(Batch) -> ControlFlow<()>) + Send + 'static {
    let files: Vec<Arc<Path>> = if files.is_empty() {
        vec![Path::new("-").into()]
    } else {
        files.iter().map(|file| Arc::from(&**file)).collect()
    };
    move |hand_on| {
        for file in files {
            let mut is_wanted = true;
            let mut hand_on_noting = |batch| {
                let flow = hand_on(batch);
                is_wanted = flow.is_continue();
                flow
            };
            let outcome = if is_stdin(&file) {
                batches(io::stdin().lock(), &file, &mut hand_on_noting)
            } else {
                File::open(&file).and_then(|open| batches(open, &file, &mut hand_on_noting))
            };
            if let (Err(error), true) = (outcome, is_wanted) {
                let message = format!("{} could not be read: {error}", named(&file));
                is_wanted = hand_on(Batch::Unreadable(message)).is_continue();
            }
            if !is_wanted {
                return;
            }
        }
    }
}

fn batches(
    mut input: impl Read,
    file: &Arc<Path>,
    hand_on: &mut dyn FnMut(Batch) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; READ];
    // The start of a line whose end has not come, and the number of that line.
    let mut held: Vec<u8> = Vec::new();
    let mut line = 1;
    // Its start was dropped already.
    let mut is_dropping = false;
    let place = |line| Place { file: Arc::clone(file), line };
    loop {
        let count = match input.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let mut read = buffer.get(..count).unwrap_or_default();
        if read.is_empty() {
            if !held.is_empty() {
                // The last line need not end. Nobody is left to tell.
                let _ = hand_on(Batch::Lines(place(line), held));
            }
            return Ok(());
        }
        if is_dropping {
            let Some(end) = read.iter().position(|&byte| byte == b'\n') else { continue };
            read = read.get(end + 1..).unwrap_or_default();
            line += 1;
            is_dropping = false;
        }
        let whole = read.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let (whole, rest) = read.split_at_checked(whole).unwrap_or_default();
        if !whole.is_empty() {
            held.extend_from_slice(whole);
            let count = held.iter().filter(|&&byte| byte == b'\n').count();
            if hand_on(Batch::Lines(place(line), std::mem::take(&mut held))).is_break() {
                return Ok(());
            }
            line += count;
        }
        held.extend_from_slice(rest);
        if held.len() > MAX_LINE {
            held = Vec::new();
            is_dropping = true;
            if hand_on(Batch::TooLong(place(line))).is_break() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads what is asked, in pieces of these sizes over and over.
    struct Pieces<'a>(&'a [u8], Vec<usize>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1.rotate_left(1);
            let count = self.1[0].min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(text: &[u8], sizes: &[usize]) -> Vec<(usize, Result<String, Unreadable>)> {
        let mut found = Vec::new();
        let file: Arc<Path> = Path::new("f").into();
        batches(Pieces(text, sizes.to_vec()), &file, &mut |batch| {
            found.extend(batch.map(|line| (line.place.line, line.text.map(str::to_owned))).unwrap());
            ControlFlow::Continue(())
        })
        .unwrap();
        found
    }

    #[test]
    fn lines_are_the_same_however_they_are_read() {
        let text = b"one\r\n\n  \t\ntwo\nthree \xff\nfour";
        let expected = vec![
            (1, Ok("one".to_owned())),
            (4, Ok("two".to_owned())),
            (5, Err(Unreadable::NotUtf8)),
            (6, Ok("four".to_owned())),
        ];
        for sizes in [&[1][..], &[2, 3], &[5, 1, 7], &[100]] {
            assert_eq!(read(text, sizes), expected, "{sizes:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_said_once_and_the_next_is_read() {
        let mut text = vec![b'x'; MAX_LINE * 2];
        text.extend_from_slice(b"\nnext\n");
        for sizes in [READ, 4096, 1_000_003] {
            assert_eq!(read(&text, &[sizes]), [(1, Err(Unreadable::TooLong)), (2, Ok("next".to_owned()))]);
        }
        // Longer by one byte, and its end is in the same read.
        let mut text = vec![b'x'; MAX_LINE + 1];
        text.extend_from_slice(b"\nnext");
        assert_eq!(read(&text, &[READ]), [(1, Err(Unreadable::TooLong)), (2, Ok("next".to_owned()))]);
        let mut text = vec![b'x'; MAX_LINE];
        text.extend_from_slice(b"\nnext");
        assert!(read(&text, &[READ])[0].1.is_ok());
    }

    #[test]
    fn an_endless_line_holds_no_memory() {
        struct Endless(usize);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 -= 1;
                buffer.fill(b'x');
                Ok(if self.0 == 0 { 0 } else { buffer.len() })
            }
        }
        let mut batches_seen = Vec::new();
        let file: Arc<Path> = Path::new("f").into();
        batches(Endless(1_000), &file, &mut |batch| {
            batches_seen.push(batch);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(batches_seen, [Batch::TooLong(Place { file, line: 1 })]);
    }

    #[test]
    fn reading_ends_when_nobody_wants_more() {
        let mut count = 0;
        inputs(&["/dev/zero".into(), "/nowhere".into()])(&mut |_| {
            count += 1;
            ControlFlow::Break(())
        });
        assert_eq!(count, 1);
    }
}
