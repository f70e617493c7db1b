//! Edits of a policy's text that leave everything else as it was written.

use crate::policy::document::Document;
use crate::policy::trace::Span;
use serde_json::Value;

pub(super) fn splice(text: &str, span: Span, new: &str) -> Option<String> {
    Some([text.get(..span.start)?, new, text.get(span.end..)?].concat())
}

/// Puts one more member before the closing bracket of an object or list.
pub(super) fn insert_before_end(text: &str, container: &Span, member: &str, is_empty: bool) -> Option<String> {
    let inner = text.get(container.start + 1..container.end.checked_sub(1)?)?;
    let end = container.start + 1 + inner.trim_end().len();
    if is_empty {
        return splice(text, end..end, member);
    }
    // As the members before it stand: on lines of their own, or on one line.
    let lead = inner.get(..inner.len() - inner.trim_start().len()).unwrap_or_default();
    let separator = if lead.contains('\n') { format!(",{lead}") } else { ", ".to_owned() };
    splice(text, end..end, &format!("{separator}{member}"))
}

/// The document's text with one more statement, formatted as those before it; `None` where it has no statement.
#[must_use]
pub fn with_statement(document: &Document, new: &Value) -> Option<String> {
    let text = document.text();
    let inner = document.inner();
    let last = inner.statements.last()?;
    let line_start = text.get(..last.span.start)?.rfind('\n').map_or(0, |at| at + 1);
    let indent = text
        .get(line_start..last.span.start)
        .filter(|indent| line_start > 0 && indent.bytes().all(|byte| byte.is_ascii_whitespace()));
    let written = match indent {
        Some(indent) => serde_json::to_string_pretty(new).ok()?.replace('\n', &format!("\n{indent}")),
        None if text.contains('\n') => {
            let indent: String =
                text.get(line_start..)?.chars().take_while(|character| character.is_whitespace()).collect();
            serde_json::to_string_pretty(new).ok()?.replace('\n', &format!("\n{indent}"))
        }
        None => serde_json::to_string(new).ok()?,
    };
    if inner.single {
        let old = text.get(inner.statements_span.clone())?;
        return splice(text, inner.statements_span.clone(), &format!("[{old}, {written}]"));
    }
    let separator = match indent {
        Some(indent) => format!(",\n{indent}"),
        None if text.contains('\n') => ", ".to_owned(),
        None => ",".to_owned(),
    };
    splice(text, last.span.end..last.span.end, &format!("{separator}{written}"))
}
