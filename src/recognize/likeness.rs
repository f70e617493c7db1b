//! The same failure again, of another object: known by the parts that do not vary, without reading it.
//!
//! A recursive command may fail a million times with one sentence. Finding out anew what each line is costs more than
//! passing it on, so the first lines of a kind are read and the rest are compared. What this knows it knows for certain:
//! a line that it is in doubt about is read like any other.

use super::line::{Found, Reading, Says, read};
use super::{shape, transfer};

const FAILED: &[u8] = b" failed: ";
const TO: &[u8] = b" to ";
const S3: &[u8] = b"s3://";

/// What the lines of one kind have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    /// `download failed: s3://bucket/`, and a key follows.
    opening: Vec<u8>,
    /// Each begins with the blank that ends what varies before it: ` to `, then the error up to where it names the key.
    middle: Vec<Vec<u8>>,
    /// What stands behind the key in the message; nothing where the message names none.
    ending: Option<Vec<u8>>,
}

impl Likeness {
    /// Of a failed transfer whose ends hold no blanks, and whose message varies in nothing but the key.
    pub(super) fn of(found: &Found<'_>, line: &[u8]) -> Option<Self> {
        let (_, location) = found.transfer?;
        if !matches!(found.says, Says::Service(_)) {
            return None;
        }
        let start = memchr::memchr(b' ', line).filter(|at| line[*at..].starts_with(FAILED))? + FAILED.len();
        let error = line[start..].strip_prefix(location)?;
        let mut opening = line[..start].to_vec();
        let mut middle = Vec::new();
        let (source, destination) = match memchr::memchr(b' ', location) {
            None => (location, None),
            Some(blank) => (&location[..blank], Some(location[blank..].strip_prefix(TO)?)),
        };
        let (fixed, mut key) = parted(source);
        opening.extend_from_slice(fixed);
        if let Some(destination) = destination {
            let (fixed, rest) = parted(destination);
            if memchr::memchr(b' ', destination).is_some() {
                return None;
            }
            if !source.starts_with(S3) {
                key = rest;
            }
            middle.push([TO, fixed].concat());
        }
        if key.is_empty() {
            return None;
        }
        let mut places = memchr::memmem::find_iter(error, key);
        let ending = match (places.next(), places.next()) {
            (None, _) => {
                middle.push(error.to_vec());
                None
            }
            (Some(at), None) => {
                middle.push(error[..at].to_vec());
                Some(error[at + key.len()..].to_vec())
            }
            (Some(_), Some(_)) => return None,
        };
        let likeness = Self { opening, middle, ending };
        // Another object's line has to be of this kind when it is read, too: then all that decides stands in what is kept.
        ["0", "a/b.c"].iter().all(|key| likeness.is_kind_of(found, key)).then_some(likeness)
    }

    fn is_kind_of(&self, found: &Found<'_>, key: &str) -> bool {
        let mut line = [&self.opening, key.as_bytes()].concat();
        for (index, part) in self.middle.iter().enumerate() {
            line.extend_from_slice(part);
            if index + 1 < self.middle.len() || self.ending.is_some() {
                line.extend_from_slice(key.as_bytes());
            }
        }
        line.extend_from_slice(self.ending.as_deref().unwrap_or_default());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        shape::of(found, &mut one);
        let Reading::Failure(again) = read(&line) else { return false };
        shape::of(&again, &mut other);
        self.matches(&line) && one == other
    }

    /// Whether a line is one of them for certain. What varies holds no blank: no sentence of the CLI's can begin in it.
    pub(super) fn matches(&self, line: &[u8]) -> bool {
        let Some(mut rest) = line.strip_prefix(&*self.opening) else { return false };
        for part in &self.middle {
            // An end in S3 where there was a local one: its bucket would tell it from the others.
            if rest.starts_with(S3) {
                return false;
            }
            let Some(after) = memchr::memchr(b' ', rest).and_then(|blank| rest[blank..].strip_prefix(&**part)) else {
                return false;
            };
            rest = after;
        }
        match &self.ending {
            None => rest.is_empty(),
            // In a message quotes and colons have a meaning.
            Some(ending) => {
                rest.strip_suffix(&**ending).is_some_and(|key| memchr::memchr3(b' ', b'"', b':', key).is_none())
            }
        }
    }
}

/// `s3://bucket/` and the key; nothing and the whole of a local end.
fn parted(end: &[u8]) -> (&[u8], &[u8]) {
    if !end.starts_with(S3) {
        return (b"", end);
    }
    let bucket = transfer::buckets(end).0;
    end.split_at((S3.len() + bucket.len() + 1).min(end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DENIED: &str = "An error occurred (AccessDenied) when calling the GetObject operation: User: \
                          arn:aws:iam::111122223333:user/ro is not authorized to perform: s3:GetObject on resource: \
                          \"arn:aws:s3:::b/KEY\" because no identity-based policy allows the s3:GetObject action";
    const FORBIDDEN: &str = "An error occurred (403) when calling the HeadObject operation: Forbidden";

    fn likeness(line: &str) -> Option<Likeness> {
        let Reading::Failure(found) = read(line.as_bytes()) else { panic!("{line} is a failure") };
        Likeness::of(&found, line.as_bytes())
    }

    fn line(ends: &str, error: &str, key: &str) -> String {
        format!("{ends} {error}").replace("KEY", key)
    }

    #[test]
    fn other_objects_are_known_again() {
        for ends in [
            "download failed: s3://b/KEY to ./KEY",
            "upload failed: ./KEY to s3://b/KEY",
            "copy failed: s3://b/KEY to s3://c/KEY",
            "delete failed: s3://b/KEY",
            "download failed: s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/KEY to ./KEY",
        ] {
            for error in [DENIED, FORBIDDEN] {
                let likeness = likeness(&line(ends, error, "2026/one.log")).expect(ends);
                assert!(likeness.matches(line(ends, error, "2027/another.log").as_bytes()), "{ends} {error}");
            }
        }
    }

    #[test]
    fn what_is_in_doubt_is_read() {
        let ends = "download failed: s3://b/KEY to ./KEY";
        let likeness = likeness(&line(ends, DENIED, "k")).expect("a likeness");
        for other in [
            line(ends, DENIED, "two words"),
            line(ends, DENIED, "say\"hi\""),
            line(ends, FORBIDDEN, "k"),
            line("download failed: s3://c/KEY to ./KEY", DENIED, "k"),
            line("copy failed: s3://b/KEY to s3://c/KEY", DENIED, "k"),
            line("download failed: s3://b/KEY to s3://c/KEY", DENIED, "k"),
            line(ends, &DENIED.replace("(AccessDenied", "(Denied"), "k"),
            line(ends, &DENIED.replace("because no", "because two"), "k"),
            format!("{} and more", line(ends, DENIED, "k")),
        ] {
            assert!(!likeness.matches(other.as_bytes()), "{other}");
        }
    }

    fn word() -> impl Strategy<Value = String> {
        "[ab/: \"(.]{1,6}|s3://c/k|An error occurred \\(403\\) when|Error when retrieving credentials from x: "
    }

    proptest! {
        /// Whatever the objects are called: a line that is taken for one of a kind is one when it is read.
        #[test]
        fn a_line_that_is_known_again_reads_as_the_same_kind(
            verb in prop::sample::select(vec!["download", "upload", "copy", "move", "delete"]),
            ends in prop::sample::select(vec!["s3://b/1 to ./2", "./1 to s3://b/2", "s3://b/1 to s3://c/2", "s3://b/1"]),
            error in prop::sample::select(vec![DENIED, FORBIDDEN]),
            first in prop::array::uniform3("[a-z/]{1,6}"),
            then in prop::array::uniform3(word()),
        ) {
            let fill = |words: &[String; 3]| {
                let ends = ends.replace('1', &words[0]).replace('2', &words[1]);
                format!("{verb} failed: {ends} {}", error.replace("KEY", &words[2]))
            };
            let (one, other) = (fill(&first), fill(&then));
            let Reading::Failure(found) = read(one.as_bytes()) else { return Err(TestCaseError::reject("no failure")) };
            if let Some(likeness) = Likeness::of(&found, one.as_bytes()) && likeness.matches(other.as_bytes()) {
                let Reading::Failure(again) = read(other.as_bytes()) else { panic!("no failure: {other}") };
                let (mut kind, mut kind_again) = (Vec::new(), Vec::new());
                shape::of(&found, &mut kind);
                shape::of(&again, &mut kind_again);
                prop_assert_eq!(kind, kind_again);
            }
        }
    }
}
