//! `--cli-error-format table`: the names above the values, or beside them where the terminal is narrow.

use super::{MOST_MEMBERS, Member};
use std::borrow::Cow;

/// The last table in `text`.
pub(super) fn read(text: &str) -> Option<(&str, Vec<Member>)> {
    let start = start_of_title(text)?;
    let block = &text[start..];
    let mut rows = rows(block).into_iter().skip(1);
    let first = rows.next()?;
    let names: Vec<&str> = first.split('|').map(str::trim).collect();
    let members = if names.contains(&"Code") && names.contains(&"Message") {
        across(&names, &rows.next()?)
    } else {
        let down = std::iter::once(first).chain(rows).take(MOST_MEMBERS);
        down.filter_map(|row| row.split_once('|').map(|(name, value)| (name.trim().into(), value.trim().into())))
            .collect()
    };
    Some((block, members))
}

/// Where the row `|   error   |` begins.
fn start_of_title(text: &str) -> Option<usize> {
    let mut offset = text.len();
    for line in text.rsplit('\n') {
        offset -= line.len();
        let bare = without_colour(line);
        if bare.starts_with('|') && bare.trim_matches(|char: char| char == '|' || char.is_whitespace()) == "error" {
            return Some(offset);
        }
        offset = offset.saturating_sub(1);
    }
    None
}

/// The rows between the rules, without their edges. A value with a newline in it breaks its row.
fn rows(block: &str) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    let mut open = false;
    for line in block.split('\n') {
        let line = without_colour(line);
        let line = line.trim_end();
        let text = if open {
            line
        } else if let Some(text) = line.strip_prefix('|') {
            rows.push(String::new());
            text
        } else {
            continue;
        };
        let Some(row) = rows.last_mut() else { continue };
        if open {
            row.push('\n');
        }
        open = !text.ends_with('|');
        row.push_str(text.strip_suffix('|').unwrap_or(text));
        if rows.len() > MOST_MEMBERS {
            break;
        }
    }
    rows
}

/// A message may hold the edge's character; what is too much is the message's.
fn across(names: &[&str], row: &str) -> Vec<Member> {
    let cells: Vec<&str> = row.split('|').collect();
    let extra = cells.len().saturating_sub(names.len());
    let mut members = Vec::new();
    let mut at = 0;
    for name in names {
        let take = 1 + if *name == "Message" { extra } else { 0 };
        let Some(value) = cells.get(at..at + take) else { break };
        members.push(((*name).to_owned(), value.join("|").trim().to_owned()));
        at += take;
    }
    members
}

/// The CLI colours a table where stdout is a terminal, whichever stream it goes to.
fn without_colour(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    Cow::Owned(out)
}
