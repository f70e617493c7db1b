//! A policy statement as people write it: members side by side while they fit, then the next line. What is
//! printed is JSON that works when pasted.

use super::untrusted;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// The lines of a value, none wider than `width` where that can be.
#[must_use]
pub fn lines(value: &Value, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    push(value, width, 0, &mut lines);
    lines
}

/// The value on one line, with the spaces that a person would write.
#[must_use]
pub fn one_line(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members: Vec<String> = members.iter().map(|(key, value)| member(key, value)).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) if !items.is_empty() => {
            let items: Vec<String> = items.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        scalar => untrusted::json(&scalar.to_string()),
    }
}

fn member(key: &str, value: &Value) -> String {
    format!("{}{}", key_of(key), one_line(value))
}

fn key_of(key: &str) -> String {
    format!("{}: ", untrusted::json(&Value::from(key).to_string()))
}

/// Appends the value to the last line, and goes on below it where it does not fit: beside what is there while
/// that has the room, and else on lines of its own.
fn push(value: &Value, width: usize, depth: usize, lines: &mut Vec<String>) {
    let whole = one_line(value);
    let is_whole = match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    };
    if is_whole || last_width(lines) + whole.width() <= width {
        append(lines, &whole);
        return;
    }
    let column = last_width(lines);
    let hanging = leading(lines) + 2;
    let below = |lines: &mut Vec<String>| parts(value, width, depth, Start::Below(hanging), lines);
    // Only the outer levels are tried both ways: the work doubles with each.
    if depth >= TRIED || column <= hanging {
        return if column <= hanging { parts(value, width, depth, Start::Beside, lines) } else { below(lines) };
    }
    let (mut beside, mut under) = (lines.clone(), lines.clone());
    parts(value, width, depth, Start::Beside, &mut beside);
    below(&mut under);
    *lines = if widest(&beside) <= widest(&under).max(width) { beside } else { under };
}

const TRIED: usize = 5;

/// Where the first member stands.
#[derive(Clone, Copy)]
enum Start {
    /// On the line of the bracket.
    Beside,
    /// On the next line, at this column.
    Below(usize),
}

fn parts(value: &Value, width: usize, depth: usize, start: Start, lines: &mut Vec<String>) {
    let (open, close, parts): (_, _, Vec<(String, &Value)>) = match value {
        Value::Object(members) => ("{", " }", members.iter().map(|(key, value)| (key_of(key), value)).collect()),
        Value::Array(items) => ("[", "]", items.iter().map(|item| (String::new(), item)).collect()),
        _ => return,
    };
    append(lines, open);
    match start {
        Start::Beside if open == "{" => append(lines, " "),
        Start::Beside => {}
        Start::Below(column) => lines.push(" ".repeat(column)),
    }
    let indent = last_width(lines);
    for (at, (key, value)) in parts.iter().enumerate() {
        // The comma, or the bracket and what may have to close after it.
        let tail = if at + 1 == parts.len() { close.len() } else { 1 };
        if at > 0 {
            append(lines, ",");
            if last_width(lines) + 1 + key.width() + one_line(value).width() + tail <= width {
                append(lines, " ");
            } else {
                lines.push(" ".repeat(indent));
            }
        }
        append(lines, key);
        push(value, width.saturating_sub(tail), depth + 1, lines);
    }
    append(lines, close);
}

fn leading(lines: &[String]) -> usize {
    lines.last().map_or(0, |line| line.len() - line.trim_start().len())
}

fn widest(lines: &[String]) -> usize {
    lines.iter().map(|line| line.width()).max().unwrap_or(0)
}

fn append(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

fn last_width(lines: &[String]) -> usize {
    lines.last().map_or(0, |line| line.width())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_stand_side_by_side_while_they_fit() {
        let value =
            json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-logs/2026/07/app.log"});
        assert_eq!(
            lines(&value, 90),
            [
                r#"{ "Effect": "Allow", "Action": "s3:GetObject","#,
                r#"  "Resource": "arn:aws:s3:::acme-logs/2026/07/app.log" }"#
            ]
        );
        assert_eq!(lines(&json!({"a": [], "b": {}, "c": [1, "x"]}), 90), [r#"{ "a": [], "b": {}, "c": [1, "x"] }"#]);
    }

    #[test]
    fn every_width_prints_the_same_value() {
        let value = json!({"Sid": "a\u{202e}\u{1b}", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]},
            "Condition": {"StringNotEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}, "Bool": {"aws:SecureTransport": true}}});
        for width in 0..120 {
            let text = lines(&value, width).join("\n");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value, "{text}");
            assert!(text.is_ascii(), "{text}");
        }
        assert!(lines(&value, 70).iter().all(|line| line.width() <= 70), "{:#?}", lines(&value, 70));
    }
}
