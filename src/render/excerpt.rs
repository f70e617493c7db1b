//! The document at fault with the spans underlined: prepared here, drawn by annotate-snippets.
//!
//! Documents are strangers' text and spans are computed by others: what is unseen is spelt out (and every span
//! moved along), and a span outside the text is pulled into it.

use super::paint;
use super::reflow;
use super::untrusted;
use crate::diagnosis::{Certainty, Excerpt};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;
use unicode_width::UnicodeWidthStr as _;

/// A document longer than this on one line has no lines of its own to show.
const LONGEST_LINE: usize = 80;

/// A marked text is quoted up to this many characters.
const LONGEST_QUOTE: usize = 400;

/// The marked lines and what lies between them are drawn up to this size, in bytes. No policy is as large.
const LARGEST: usize = 65_536;

/// A document ready to be drawn: lines, seen characters, sound spans.
pub struct Sheet {
    pub title: String,
    /// From the line of the first mark to that of the last; `None` where that is too much to draw.
    text: Option<String>,
    first_line: usize,
    marks: Vec<SheetMark>,
}

struct SheetMark {
    /// In the sheet's text.
    span: Range<usize>,
    spot: Spot,
}

/// A mark, where a reader who sees no picture finds it.
pub struct Spot {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is underlined, up to the end of its first line.
    pub quote: String,
    pub label: String,
    pub primary: bool,
}

/// An excerpt as drawn.
pub struct Drawing {
    pub lines: Vec<String>,
    /// The width of the line numbers.
    pub gutter: usize,
    /// Labels that had no room beside their carets.
    pub loose_labels: Vec<String>,
}

impl Sheet {
    #[must_use]
    pub fn new(excerpt: &Excerpt, unicode: bool) -> Self {
        let raw = excerpt.text.as_str();
        let mut spans: Vec<Range<usize>> = excerpt.marks.iter().map(|mark| sound(&mark.span, raw)).collect();
        let reflowed = is_minified(raw).then(|| reflow::reflow(raw)).flatten();
        let mut text = raw;
        if let Some(reflowed) = &reflowed {
            spans = spans.iter().map(|span| reflowed.span(span)).collect();
            text = &reflowed.text;
        }
        let window = window(text, &spans);
        let first_line = text[..window.start].matches('\n').count() + 1;
        let drawn = &text[window.clone()];
        let is_drawn = drawn.len() <= LARGEST;
        let marks = excerpt.marks.iter().zip(&spans).map(|(mark, span)| {
            let line_start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
            let before = &text[line_start..span.start];
            let quote = text[span.clone()].lines().next().unwrap_or_default();
            let shown = |at: usize| if is_drawn { seen(drawn, at - window.start, unicode).len() } else { 0 };
            SheetMark {
                span: shown(span.start)..shown(span.end),
                spot: Spot {
                    line: first_line + text[window.start..span.start].matches('\n').count(),
                    column: if is_drawn {
                        seen(before, before.len(), unicode).chars().count()
                    } else {
                        before.chars().count()
                    } + 1,
                    quote: untrusted::clip(&seen(quote, quote.len(), unicode), LONGEST_QUOTE).into_owned(),
                    label: untrusted::visible(&mark.label, unicode).into_owned(),
                    primary: mark.primary,
                },
            }
        });
        Self {
            title: untrusted::visible(&excerpt.title, unicode).into_owned(),
            marks: marks.collect(),
            text: is_drawn.then(|| seen(drawn, drawn.len(), unicode)),
            first_line,
        }
    }

    /// The marks, the primary one first.
    pub fn spots(&self) -> Vec<&Spot> {
        let mut spots: Vec<&Spot> = self.marks.iter().map(|mark| &mark.spot).collect();
        spots.sort_by_key(|spot| !spot.primary);
        spots
    }

    /// Draws it. A label that would run over the edge is taken out and given back.
    #[must_use]
    pub fn draw(&self, look: &Look) -> Drawing {
        let plain = Look { color: false, unicode: false, ..*look };
        let mut loose = Vec::new();
        let mut labelled: Vec<bool> = self.marks.iter().map(|mark| !mark.spot.label.is_empty()).collect();
        for (at, mark) in self.marks.iter().enumerate().filter(|(_, mark)| !mark.spot.label.is_empty()) {
            let Spot { label, line, primary, .. } = &mark.spot;
            let alone: Vec<bool> = (0..self.marks.len()).map(|other| other == at).collect();
            let drawn = self.lines(&plain, &alone);
            let is_wide = drawn.iter().any(|line| line.ends_with(label) && line.width() > look.width);
            if is_wide || self.text.is_none() {
                labelled[at] = false;
                loose.push(if *primary { label.clone() } else { format!("line {line}: {label}") });
            }
        }
        let gutter = self.lines(&plain, &labelled).first().map_or(0, |line| line.len() - line.trim_start().len());
        Drawing { lines: self.lines(look, &labelled), gutter, loose_labels: loose }
    }

    fn lines(&self, look: &Look, labelled: &[bool]) -> Vec<String> {
        let Some(text) = &self.text else { return vec![self.place(look)] };
        let annotations = self.marks.iter().zip(labelled).map(|(mark, labelled)| {
            let kind = if mark.spot.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            kind.span(mark.span.clone()).label(labelled.then_some(mark.spot.label.as_str()))
        });
        let snippet = Snippet::source(text.as_str())
            .path(self.title.as_str())
            .line_start(self.first_line)
            .annotations(annotations);
        let drawn = look.renderer().render(&[Group::with_level(Level::ERROR).element(snippet)]);
        drawn.lines().map(str::to_owned).collect()
    }

    /// The place alone: ` --> policy LogsRead (v3):9:15`.
    fn place(&self, look: &Look) -> String {
        let arrow = paint::Paint { color: look.color, hyperlinks: false }
            .text(paint::GUTTER, if look.unicode { " ╭▸ " } else { "--> " });
        let spots = self.spots();
        let place = spots.first().map(|spot| format!(":{}:{}", spot.line, spot.column)).unwrap_or_default();
        format!(" {arrow}{}{place}", self.title)
    }
}

/// From the start of the first marked line to the end of the last.
fn window(text: &str, spans: &[Range<usize>]) -> Range<usize> {
    let start = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let end = spans.iter().map(|span| span.end).max().unwrap_or(0);
    let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    start..text[end..].find('\n').map_or(text.len(), |at| end + at)
}

/// How to draw.
#[derive(Clone, Copy)]
pub struct Look {
    pub width: usize,
    pub unicode: bool,
    pub color: bool,
    pub certainty: Certainty,
}

impl Look {
    fn renderer(&self) -> Renderer {
        let renderer = if self.color {
            Renderer::styled().hyperlink(false).error(self.level()).line_num(paint::GUTTER).context(paint::GUTTER)
        } else {
            Renderer::plain()
        };
        let decor = if self.unicode { DecorStyle::Unicode } else { DecorStyle::Ascii };
        renderer.decor_style(decor).term_width(self.width)
    }

    pub fn level(&self) -> anstyle::Style {
        match self.certainty {
            Certainty::Proven => paint::CAUSE,
            Certainty::Likely => paint::LIKELY,
            Certainty::Possible => paint::POSSIBLE,
        }
    }
}

fn is_minified(text: &str) -> bool {
    let text = text.trim_end();
    text.len() > LONGEST_LINE && !text.contains('\n')
}

/// A span that lies in the text, on character boundaries, and covers a character where there is one.
fn sound(span: &Range<usize>, text: &str) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    if end > start {
        return start..end;
    }
    start..text.ceil_char_boundary((start + 1).min(text.len()))
}

/// What comes before a byte of the text, with everything unseen spelt out but line breaks. Tabs become spaces, so
/// that a column is what one sees.
fn seen(text: &str, end: usize, unicode: bool) -> String {
    // A line number stands before every line, so that none can begin with a command.
    let place = untrusted::Place { at_word_start: false, unicode };
    let mut out = String::with_capacity(end);
    for (at, c) in text.char_indices().take_while(|(at, _)| *at < end) {
        match c {
            '\n' => out.push('\n'),
            '\r' if text[at..].starts_with("\r\n") => {}
            '\t' => out.push_str("    "),
            c => untrusted::push_visible(&mut out, &text[at..], c, place),
        }
    }
    out
}
