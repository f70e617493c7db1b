//! `--cli-error-format yaml`: one block mapping of scalars, as ruamel writes it (sorted, folded at 80
//! columns, quoted where it must be). No other YAML.

use super::{MOST_MEMBERS, Member};

/// The last block in `text` that has a code.
pub(super) fn read(text: &str) -> Option<(&str, Vec<Member>)> {
    let code = text.rfind("\nCode: ").map(|at| at + 1).or_else(|| text.starts_with("Code: ").then_some(0))?;
    // Members sort before the code too (AccessTier), so the block begins where its lines do.
    let mut start = code;
    while let Some(line) = text[..start].strip_suffix('\n').map(|before| before.rsplit('\n').next().unwrap_or(before)) {
        if !line.starts_with(' ') && member(line).is_none() {
            break;
        }
        start -= line.len() + 1;
    }
    let mut members: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        match (member(bare), members.last_mut()) {
            (Some((name, value)), _) if !bare.starts_with(' ') => members.push((name, vec![value])),
            // Indented, or the blank line that stands for a newline in a folded scalar.
            (_, Some((_, lines))) if bare.is_empty() || bare.starts_with(' ') => lines.push(bare.trim()),
            _ => break,
        }
        end += line.len();
        if members.len() > MOST_MEMBERS {
            return None;
        }
    }
    let members = members.into_iter().map(|(name, lines)| Some((name.to_owned(), scalar(&lines)?)));
    Some((text[start..end].trim_end(), members.collect::<Option<_>>()?))
}

/// `Name: value`, with the name of a member of an error.
fn member(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let value = if value.is_empty() { value } else { value.strip_prefix(' ')? };
    is_name.then_some((name, value))
}

fn scalar(lines: &[&str]) -> Option<String> {
    let first = lines.first()?;
    if let Some(rest) = first.strip_prefix('\'') {
        let folded = fold(rest, &lines[1..], false);
        return folded.trim_end().strip_suffix('\'').map(|inside| inside.replace("''", "'"));
    }
    if let Some(rest) = first.strip_prefix('"') {
        let folded = fold(rest, &lines[1..], true);
        return unescape(folded.trim_end().strip_suffix('"')?);
    }
    Some(fold(first, &lines[1..], false).trim_end().to_owned())
}

/// A line break is a blank, and an empty line a newline. In double quotes a backslash at the end of a
/// line takes the break away.
fn fold(first: &str, rest: &[&str], escapes: bool) -> String {
    let mut text = first.to_owned();
    for line in rest {
        if escapes && text.ends_with('\\') && !text.ends_with("\\\\") {
            text.pop();
            text.push_str(line);
        } else if line.is_empty() {
            text.push('\n');
        } else {
            if !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        let digits = match chars.next()? {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            letter => {
                out.push(named_escape(letter));
                continue;
            }
        };
        let hex: String = chars.by_ref().take(digits).collect();
        out.push(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Some(out)
}

/// What the escape stands for; a character that has none stands for itself (`\"`, `\\`, `\ `).
fn named_escape(letter: char) -> char {
    match letter {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        other => other,
    }
}
