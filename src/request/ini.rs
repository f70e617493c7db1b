//! INI text as the CLI reads it: Python's `RawConfigParser`, made lenient.
//!
//! What Python refuses (a duplicate, a line that is nothing) the CLI dies of before any request is sent, so
//! such lines are passed over here and listed in [`Document::problems`]. Keys are lower-cased; there are no
//! inline comments: `key = value # note` has the note in its value, as in the CLI.

use std::collections::BTreeMap;

/// A parsed file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// In the order of the file.
    pub sections: Vec<Section>,
    pub problems: Vec<Problem>,
}

/// `[name]` and what stands under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub line: usize,
    pub entries: BTreeMap<String, Entry>,
}

/// `key = value`, with the line that the key stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub value: Value,
    pub line: usize,
}

/// What a key holds. Its `Debug` shows nothing: secrets stand in these files.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// A value that begins on its own indented lines: `s3 =`, then `  addressing_style = path`.
    Block(BTreeMap<String, (String, usize)>),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Block(_) => "Block(..)",
        })
    }
}

/// A line that Python's parser refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub what: &'static str,
}

/// A value while its continuation lines are still coming.
struct Open {
    section: usize,
    key: String,
    line: usize,
    lines: Vec<(String, usize)>,
}

/// Parses `text`; never fails.
#[must_use]
pub fn parse(text: &str) -> Document {
    let mut document = Document::default();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut section: Option<usize> = None;
    let mut open: Option<Open> = None;
    let mut indent = 0;
    for (number, line) in lines(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        let value = strip(line);
        let comment = value.starts_with(['#', ';']);
        if comment || value.is_empty() {
            // An empty line belongs to a value that goes on after it; a comment leaves no trace.
            if let (false, Some(open)) = (comment, &mut open) {
                open.lines.push((String::new(), number));
            }
            continue;
        }
        let depth = line.chars().take_while(|letter| is_space(*letter)).count();
        if let Some(open) = &mut open
            && depth > indent
        {
            open.lines.push((value.to_owned(), number));
            continue;
        }
        indent = depth;
        if let Some(name) = header(value) {
            close(&mut document, open.take());
            section = Some(enter(&mut document, &mut known, name, number));
        } else if let Some(section) = section {
            close(&mut document, open.take());
            open = option(value).map(|(key, value)| Open {
                section,
                key: key.to_lowercase(),
                line: number,
                lines: vec![(value.to_owned(), number)],
            });
            if open.is_none() {
                document.problems.push(Problem { line: number, what: "it is neither a section nor `key = value`" });
            }
        } else {
            document.problems.push(Problem { line: number, what: "it stands before the first section" });
        }
    }
    close(&mut document, open.take());
    inherit_defaults(&mut document);
    document
}

/// Lines with numbers from one, split at what Python's universal newlines split at.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let (line, after) = text.split_at(end);
        rest = Some(after.strip_prefix("\r\n").unwrap_or_else(|| &after[1..]));
        Some(line)
    })
    .enumerate()
    .map(|(index, line)| (index + 1, line))
}

/// White space as `str.strip` of Python has it.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `[name]`, greedy to the last bracket; what follows it is ignored.
fn header(value: &str) -> Option<&str> {
    let inside = value.strip_prefix('[')?;
    let end = inside.rfind(']')?;
    (end > 0).then(|| &inside[..end])
}

/// `key = value` or `key: value`, split at whichever sign comes first.
fn option(value: &str) -> Option<(&str, &str)> {
    let sign = value.find(['=', ':'])?;
    let key = value[..sign].trim_end_matches(is_space);
    (!key.is_empty()).then(|| (key, strip(&value[sign + 1..])))
}

fn enter(document: &mut Document, known: &mut BTreeMap<String, usize>, name: &str, line: usize) -> usize {
    if let Some(index) = known.get(name) {
        if name != DEFAULTS {
            document.problems.push(Problem { line, what: "a section of this name stands further up" });
        }
        return *index;
    }
    let index = document.sections.len();
    document.sections.push(Section { name: name.to_owned(), line, entries: BTreeMap::new() });
    known.insert(name.to_owned(), index);
    index
}

fn close(document: &mut Document, open: Option<Open>) {
    let Some(Open { section, key, line, lines }) = open else { return };
    let first_is_empty = lines.first().is_some_and(|(text, _)| text.is_empty());
    let value = if first_is_empty && lines.iter().any(|(text, _)| !text.is_empty()) {
        let mut block = BTreeMap::new();
        for (text, number) in lines {
            match text.split_once('=') {
                Some((key, value)) => {
                    block.insert(strip(key).to_owned(), (strip(value).to_owned(), number));
                }
                None if text.is_empty() => {}
                None => document.problems.push(Problem { line: number, what: "it is not `key = value`" }),
            }
        }
        Value::Block(block)
    } else {
        let joined = lines.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("\n");
        Value::Text(joined.trim_end_matches(is_space).to_owned())
    };
    let Some(section) = document.sections.get_mut(section) else { return };
    if section.entries.insert(key, Entry { value, line }).is_some() {
        document.problems.push(Problem { line, what: "a key of this name stands further up" });
    }
}

/// The section whose keys every other section has too.
const DEFAULTS: &str = "DEFAULT";

fn inherit_defaults(document: &mut Document) {
    let Some(index) = document.sections.iter().position(|section| section.name == DEFAULTS) else { return };
    let defaults = document.sections.remove(index).entries;
    for section in &mut document.sections {
        for (key, entry) in &defaults {
            section.entries.entry(key.clone()).or_insert_with(|| entry.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(document: &'a Document, section: &str, key: &str) -> Option<&'a str> {
        let section = document.sections.iter().find(|candidate| candidate.name == section)?;
        match &section.entries.get(key)?.value {
            Value::Text(text) => Some(text),
            Value::Block(_) => None,
        }
    }

    /// The values are what Python 3.11's `RawConfigParser` gives for the same text.
    #[test]
    fn reads_as_python_does() {
        let document = parse(
            "# a note\n; another\n[default]\nRegion = eu-west-1 ; not a comment\noutput: json\r\n\
             \n[profile two words]  trailing\nkey = a\n  b\n\n  # dropped\n  c\n\n[x]\nempty =\nname:with = y=z\n",
        );
        assert_eq!(text(&document, "default", "region"), Some("eu-west-1 ; not a comment"));
        assert_eq!(text(&document, "default", "output"), Some("json"));
        assert_eq!(text(&document, "profile two words", "key"), Some("a\nb\n\nc"));
        assert_eq!(text(&document, "x", "empty"), Some(""));
        assert_eq!(text(&document, "x", "name"), Some("with = y=z"));
        assert!(document.problems.is_empty());
    }

    #[test]
    fn nested_blocks_keep_their_lines() {
        let document = parse(
            "[default]\ns3 =\n  addressing_style = path\n\n  # note\n  use_accelerate_endpoint=true\nregion = x\n",
        );
        let section = &document.sections[0];
        let Value::Block(block) = &section.entries["s3"].value else { panic!("a block") };
        assert_eq!(block["addressing_style"], ("path".to_owned(), 3));
        assert_eq!(block["use_accelerate_endpoint"], ("true".to_owned(), 6));
        assert_eq!(section.entries["region"].line, 7);
    }

    #[test]
    fn an_indented_key_after_a_section_is_a_key() {
        let document = parse("[default]\n  aws_access_key_id = A\n  aws_secret_access_key = B\n");
        assert_eq!(text(&document, "default", "aws_access_key_id"), Some("A"));
        assert_eq!(text(&document, "default", "aws_secret_access_key"), Some("B"));
    }

    #[test]
    fn what_python_refuses_is_listed() {
        let document = parse("stray\n[a]\nnonsense\nk = 1\nk = 2\n[a]\n");
        let lines: Vec<usize> = document.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 3, 5, 6]);
        assert_eq!(text(&document, "a", "k"), Some("2"));
    }

    #[test]
    fn defaults_reach_every_section() {
        let document = parse("[a]\nk = own\n[DEFAULT]\nk = base\nm = base\n[b]\n");
        assert_eq!((text(&document, "a", "k"), text(&document, "a", "m")), (Some("own"), Some("base")));
        assert_eq!(text(&document, "b", "k"), Some("base"));
        assert_eq!(document.sections.len(), 2);
    }
}
