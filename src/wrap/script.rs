//! The line of a shell script that ran `aws`, for annotations: only where it is certain.
//!
//! The kernel tells which script a shell among our ancestors reads, and bash hands its children a file whose position is
//! just behind the command that they are (`sync_buffered_stream` before every fork). A line counts where the command stands
//! there word for word, and nowhere else in the script; or, with words that the shell has expanded, where bash stands now,
//! with nothing running in the background beside it. In doubt there is no line: a wrong one costs more than none.
//!
//! Not done through `BASH_ENV`, a trap or `PS4`: those change what a script sees of itself. Without `/proc` there is none.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::ci;
use crate::diagnosis::ScriptLine;
use crate::fault::{self, Stage};
use crate::world::Surroundings;

/// How far up a script may be: `xargs`, `timeout`, a subshell or two.
const GENERATIONS: usize = 8;

/// Longer scripts are somebody's archive.
const LONGEST: u64 = 1024 * 1024;

/// The descriptors that shells keep their script on: bash's, and the first ones of dash, ksh and zsh.
const SCRIPT_FDS: [u32; 4] = [255, 10, 11, 12];

/// Finds the line, relative to the checkout that CI made or to the repository around it.
pub(super) fn line(aws_args: &[OsString], world: &dyn Surroundings) -> Option<ScriptLine> {
    fault::point(Stage::Script);
    let script = Script::of_ancestor()?;
    let file = relative(&script.path, world)?;
    let mut text = String::new();
    File::open(&script.path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    let args: Option<Vec<&str>> = aws_args.iter().map(|arg| arg.to_str()).collect();
    Some(ScriptLine { file, line: find(&text, script.position, &args?)? })
}

/// A script that a shell reads at this moment.
struct Script {
    path: PathBuf,
    /// How far it has read, where that is exact.
    position: Option<usize>,
}

impl Script {
    fn of_ancestor() -> Option<Self> {
        let mut pid = std::os::unix::process::parent_id();
        for _ in 0..GENERATIONS {
            if pid <= 1 {
                return None;
            }
            if let Some(script) = Self::of(pid) {
                return Some(script);
            }
            pid = parent_of(pid)?;
        }
        None
    }

    fn of(pid: u32) -> Option<Self> {
        let shell = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        let shell = shell.file_name()?.to_str()?;
        if !["bash", "dash", "ksh", "zsh", "sh"].iter().any(|name| shell.starts_with(name)) {
            return None;
        }
        SCRIPT_FDS.iter().find_map(|fd| {
            let path = std::fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok()?;
            let is_file = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
            is_file.then(|| Self { position: (*fd == 255).then(|| position(pid, *fd)).flatten(), path })
        })
    }
}

fn position(pid: u32, fd: u32) -> Option<usize> {
    let info = read(&format!("/proc/{pid}/fdinfo/{fd}"))?;
    info.lines().find_map(|line| line.strip_prefix("pos:"))?.trim().parse().ok()
}

fn parent_of(pid: u32) -> Option<u32> {
    let status = read(&format!("/proc/{pid}/status"))?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "wrap is the door to processes")]
fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn relative(script: &Path, world: &dyn Surroundings) -> Option<String> {
    let root = match ci::workspace(world) {
        Some(workspace) => std::fs::canonicalize(workspace).ok()?,
        None => script.ancestors().skip(1).find(|directory| directory.join(".git").exists())?.to_path_buf(),
    };
    Some(script.strip_prefix(root).ok()?.to_str()?.to_owned())
}

/// The number of the line, from 1. Pure.
fn find(text: &str, position: Option<usize>, args: &[&str]) -> Option<u64> {
    let commands = commands(text);
    if let Some(current) = position.and_then(|position| commands.iter().rfind(|command| command.end <= position)) {
        // What runs beside it may be on a line before, or have moved on already.
        let is_alone = !commands.iter().any(|command| command.number < current.number && command.is_background());
        if is_alone && !current.is_background() && current.could_be(args) {
            return Some(current.number);
        }
    }
    let mut exact = commands.iter().filter(|command| command.is(args));
    match (exact.next(), exact.next()) {
        (Some(only), None) => Some(only.number),
        _ => None,
    }
}

/// A line of the script with the ones that continue it.
struct Command {
    number: u64,
    /// In bytes, the line break included.
    end: usize,
    words: Vec<String>,
}

impl Command {
    fn is_background(&self) -> bool {
        self.words.iter().any(|word| word == "&")
    }

    fn starts(&self) -> impl Iterator<Item = &[String]> {
        self.words.iter().enumerate().filter(|(_, word)| *word == "aws").map(|(at, _)| &self.words[at + 1..])
    }

    /// Word for word.
    fn is(&self, args: &[&str]) -> bool {
        self.starts().any(|words| {
            words.len() >= args.len()
                && words.iter().zip(args).all(|(word, arg)| word == arg)
                && words.get(args.len()).is_none_or(|word| is_end(word))
        })
    }

    /// The one `aws` of the line, with the service and the operation as they ran: the shell expanded the rest.
    fn could_be(&self, args: &[&str]) -> bool {
        let mut starts = self.starts();
        match (starts.next(), starts.next()) {
            (Some(words), None) => args.len() >= 2 && words.iter().zip(args).take(2).all(|(word, arg)| word == arg),
            _ => false,
        }
    }
}

/// What ends a simple command: an operator, a redirection, a comment.
fn is_end(word: &str) -> bool {
    let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
    word.starts_with(['|', '&', ';', ')', '>', '<', '#'])
}

fn commands(text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut open: Option<Command> = None;
    let mut end = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        end += line.len();
        let bare = line.trim_end_matches(['\n', '\r']);
        let (bare, continues) = bare.strip_suffix('\\').map_or((bare, false), |bare| (bare, true));
        let number = u64::try_from(at + 1).unwrap_or(u64::MAX);
        let mut command = open.take().unwrap_or(Command { number, end, words: Vec::new() });
        command.words.extend(words(bare));
        command.end = end;
        if continues { open = Some(command) } else { commands.push(command) }
    }
    commands.extend(open);
    commands
}

/// The words of a line, unquoted, with the operators as words of their own. What spans lines is not one of them; it then
/// equals nothing.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                word.extend(chars.by_ref().take_while(|next| *next != c));
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            ' ' | '\t' => words.extend(word.take()),
            ';' | '(' | ')' | '|' | '&' => {
                words.extend(word.take());
                let doubled = chars.next_if_eq(&c).is_some();
                words.push(if doubled { format!("{c}{c}") } else { c.to_string() });
            }
            '`' => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/bin/bash\n\
        aws s3 ls s3://one\n\
        for b in two three; do\n\
          aws s3 ls \"s3://$b\"\n\
        done\n\
        aws s3 cp \\\n  s3://four/x .\n\
        aws s3 rm 's3://five/a b' 2>/dev/null | cat\n";

    fn at(marker: &str) -> Option<usize> {
        Some(SCRIPT.find(marker).unwrap() + marker.len())
    }

    #[test]
    fn word_for_word_and_once() {
        for position in [None, Some(0), Some(SCRIPT.len())] {
            assert_eq!(find(SCRIPT, position, &["s3", "ls", "s3://one"]), Some(2));
            assert_eq!(find(SCRIPT, position, &["s3", "cp", "s3://four/x", "."]), Some(6));
        }
        assert_eq!(find(SCRIPT, None, &["s3", "rm", "s3://five/a b"]), Some(8));
        // The same words as a beginning, an expansion in a loop, and the same command twice.
        assert_eq!(find(SCRIPT, None, &["s3", "ls"]), None);
        assert_eq!(find(SCRIPT, at("done\n"), &["s3", "ls", "s3://two"]), None);
        let twice = format!("{SCRIPT}aws s3 ls s3://one\n");
        assert_eq!(find(&twice, None, &["s3", "ls", "s3://one"]), None);
    }

    #[test]
    fn where_bash_stands() {
        let script = "a=1\naws s3 ls \"$x\"\nb=2\n";
        assert_eq!(find(script, Some(script.len() - 4), &["s3", "ls", "s3://x"]), Some(2));
        assert_eq!(find(script, Some(script.len()), &["s3", "ls", "s3://x"]), None);
        // Beside something in the background nobody knows.
        let script = "aws s3 ls $x &\naws s3 ls $y\n";
        assert_eq!(find(script, Some(script.len()), &["s3", "ls", "s3://x"]), None);
        let script = "aws s3 ls $x | aws s3 cp - $y\n";
        assert_eq!(find(script, Some(script.len()), &["s3", "ls", "s3://x"]), None);
    }

    #[test]
    fn words_are_the_shells() {
        let expected = ["a", "b cd", "e f", ";", "g", "&&", "h", "|", "i", "&"];
        assert_eq!(words("a 'b c'\"d\" e\\ f;g&&h|i&"), expected);
    }
}
