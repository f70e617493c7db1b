//! `aws`'s own arguments, understood as leniently as possible. It never fails: what the CLI would refuse, it has
//! refused already.

use crate::request::options::{self, Arity};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// A command of the CLI, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `s3`, `s3api`.
    pub service: Option<String>,
    /// `cp`, `get-object`.
    pub command: Option<String>,
    /// Paths, and the output file of `get-object`.
    pub positionals: Vec<String>,
    given: Vec<Given>,
    files: BTreeMap<String, Contents>,
    /// `--cli-input-json`, parsed.
    input: Input,
}

/// One option with its values, under its full name.
#[derive(Clone, PartialEq, Eq)]
struct Given {
    name: String,
    values: Vec<String>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The values may be customer keys.
        write!(f, "{}(..{})", self.name, self.values.len())
    }
}

/// The members of `--cli-input-json`. Its `Debug` shows nothing: a customer key may be among them.
#[derive(Clone, Default, PartialEq, Eq)]
struct Input(serde_json::Map<String, serde_json::Value>);

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input(..)")
    }
}

/// What a file that an argument points to holds. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
struct Contents(Vec<u8>);

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contents(..)")
    }
}

/// The options whose `file://` or `fileb://` values say what was asked.
const READ_FROM_FILES: [&str; 6] = [
    "--cli-input-json",
    "--sse-c-key",
    "--sse-c-copy-source-key",
    "--sse-customer-key",
    "--copy-source-sse-customer-key",
    "--tagging",
];

impl Arguments {
    /// Takes `argv` apart, with or without the program's name in front.
    #[must_use]
    pub fn parse(argv: &[OsString]) -> Self {
        let words: Vec<String> = argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let words = match words.split_first() {
            Some((program, rest)) if is_program(program) => rest,
            _ => &words,
        };
        let mut arguments = Self::default();
        // The CLI does it in two passes as well: global options from anywhere first, then the command's own.
        let rest = arguments.take_globals(words);
        let mut rest = rest.into_iter();
        let mut own = Vec::new();
        for word in rest.by_ref() {
            if looks_like_option(&word) {
                own.push(word);
            } else if arguments.service.is_none() {
                arguments.service = Some(word);
            } else {
                arguments.command = Some(word);
                break;
            }
        }
        own.extend(rest);
        arguments.take_own(own);
        arguments.read_input();
        arguments
    }

    /// The last value given for an option, by its full name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.given.iter().rev().find(|given| given.name == name)?.values.last().map(String::as_str)
    }

    /// All values of an option: of `--grants`, of each `--tags`.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.given
            .iter()
            .filter(move |given| given.name == name)
            .flat_map(|given| given.values.iter().map(String::as_str))
    }

    /// Whether an option was given, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|given| given.name == name)
    }

    /// Whether this is a command of `aws s3`, and which.
    #[must_use]
    pub fn s3_command(&self) -> Option<&str> {
        (self.service.as_deref() == Some("s3")).then_some(self.command.as_deref()).flatten()
    }

    /// The API operation of a command of `aws s3api`: `HeadObject`.
    #[must_use]
    pub fn api_operation(&self) -> Option<String> {
        if self.service.as_deref() == Some("s3") {
            return None;
        }
        Some(
            self.command
                .as_deref()?
                .split('-')
                .map(|part| {
                    let mut letters = part.chars();
                    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
                })
                .collect(),
        )
    }

    /// Whether the command prints no error: its failures show in the status alone.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.has("--quiet")
    }

    /// The references to files among the options that say what was asked.
    pub(crate) fn file_references(&self) -> Vec<String> {
        let named = self.given.iter().filter(|given| READ_FROM_FILES.contains(&given.name.as_str()));
        let values = named.flat_map(|given| &given.values);
        values.filter(|value| value.starts_with("file://") || value.starts_with("fileb://")).cloned().collect()
    }

    /// Puts a file's contents where its reference stands.
    pub(crate) fn fill(&mut self, reference: String, contents: Vec<u8>) {
        self.files.insert(reference, Contents(contents));
        self.read_input();
    }

    /// A member of `--cli-input-json`, as text. Its flag, where given, wins over it.
    pub(crate) fn member(&self, name: &str) -> Option<String> {
        match self.input.0.get(name)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            serde_json::Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// A parameter of `aws s3api`, from its flag or from `--cli-input-json`.
    pub(crate) fn parameter(&self, flag: &str, member: &str) -> Option<String> {
        self.value(flag).map(str::to_owned).or_else(|| self.member(member))
    }

    fn read_input(&mut self) {
        if let Some(bytes) = self.bytes("--cli-input-json")
            && let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(bytes)
        {
            self.input = Input(members);
        }
    }

    /// An option's value as the CLI would take it: the file's contents for a reference, and nothing for one that
    /// could not be read.
    pub(crate) fn bytes(&self, name: &str) -> Option<&[u8]> {
        let value = self.value(name)?;
        if value.starts_with("file://") || value.starts_with("fileb://") {
            return self.files.get(value).map(|contents| contents.0.as_slice());
        }
        Some(value.as_bytes())
    }

    fn take_globals(&mut self, words: &[String]) -> Vec<String> {
        let mut rest = Vec::new();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                rest.push(word.clone());
                rest.extend(words.by_ref().cloned());
                break;
            }
            let (name, inline) = split_inline(word);
            match options::find(name, options::GLOBAL).filter(|_| looks_like_option(word)) {
                None => rest.push(word.clone()),
                Some((name, Arity::None)) => self.give(name, Vec::new()),
                Some((name, _)) => {
                    let value = inline.map(str::to_owned);
                    let value = value.or_else(|| words.next_if(|next| !looks_like_option(next)).cloned());
                    self.give(name, value.into_iter().collect());
                }
            }
        }
        rest
    }

    fn take_own(&mut self, words: Vec<String>) {
        let service = self.service.clone().unwrap_or_default();
        let command = self.command.clone().unwrap_or_default();
        let table = options::of_command(&service, &command);
        // The positions of words that may be values of an option that nobody here knows.
        let mut doubtful = Vec::new();
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                self.positionals.extend(words.by_ref());
                break;
            }
            if !looks_like_option(&word) {
                self.positionals.push(word);
                continue;
            }
            let (name, inline) = split_inline(&word);
            let known = options::find(name, &table);
            let name = known.map_or(name, |(name, _)| name).to_owned();
            let arity = known.map_or(if service == "s3" { Arity::None } else { Arity::Many }, |(_, arity)| arity);
            let mut values: Vec<String> = inline.map(str::to_owned).into_iter().collect();
            if values.is_empty() {
                let most = match arity {
                    Arity::None => 0,
                    Arity::One | Arity::Maybe(_) => 1,
                    Arity::Two => 2,
                    Arity::Many => usize::MAX,
                };
                let choices = if let Arity::Maybe(choices) = arity { choices } else { &[] };
                let fits = |next: &String| {
                    !looks_like_option(next) && (choices.is_empty() || choices.contains(&next.as_str()))
                };
                while values.len() < most
                    && let Some(value) = words.next_if(fits)
                {
                    values.push(value);
                }
                if known.is_none() && service == "s3" && words.peek().is_some_and(|next| !looks_like_option(next)) {
                    doubtful.push(self.positionals.len());
                }
            }
            self.give(&name, values);
        }
        // An unknown option's value stands among the paths: it is dropped where there is one path too many.
        for index in doubtful.into_iter().rev() {
            if self.positionals.len() > options::paths(&command) && index < self.positionals.len() {
                self.positionals.remove(index);
            }
        }
    }

    fn give(&mut self, name: &str, values: Vec<String>) {
        self.given.push(Given { name: name.to_owned(), values });
    }
}

/// Whether the first word is the CLI's own name (nobody calls a service so).
fn is_program(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
    matches!(name, "aws" | "aws2" | "aws.exe" | "aws.cmd")
}

/// argparse's view: a dash in front, but not a dash alone, not a negative number, and no blank inside the name.
fn looks_like_option(word: &str) -> bool {
    let Some(after) = word.strip_prefix('-') else { return false };
    let is_number =
        after.starts_with(|first: char| first.is_ascii_digit() || first == '.') && after.parse::<f64>().is_ok();
    let name = after.split_once('=').map_or(after, |(name, _)| name);
    !after.is_empty() && !is_number && !name.contains(' ')
}

/// `--name=value`.
fn split_inline(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((name, value)) if word.starts_with("--") => (name, Some(value)),
        _ => (word, None),
    }
}
