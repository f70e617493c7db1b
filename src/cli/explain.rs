//! `why403 explain CAUSE`: the page of a cause, laid out for a terminal; `--list`: all causes by family.
//!
//! The pages' words are in `cause/pages/`. Here they get their width and, on a terminal that wants it, colour; without
//! either, what is printed is the page's own lines, less the marks that only Markdown needs.

use super::{exit, print};
use crate::cause::pages;
use crate::cause::registry::{self, Family};
use crate::render::untrusted::{code_spans, visible};
use crate::request::closest;
use crate::world::World;
use anstyle::{AnsiColor, Style};
use anyhow::bail;
use std::io::IsTerminal;

/// Options of `why403 explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cause's code, as it stands in brackets after `cause`; several are printed one after another
    #[arg(required_unless_present = "list", value_name = "CAUSE")]
    causes: Vec<String>,
    /// List all causes, by family
    #[arg(long, conflicts_with = "causes")]
    list: bool,
}

/// Prints pages, or the list.
///
/// # Errors
/// Where no cause has a code that was asked for; nothing is printed then.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let look = Look::of_stdout();
    if args.list {
        print(&list(look));
        return Ok(exit::FINE);
    }
    // A code that is wrong is said before anything is printed.
    let found = args.causes.iter().map(|code| find(code)).collect::<anyhow::Result<Vec<_>>>()?;
    let texts: Vec<String> = found.into_iter().map(|page| lay_out(page, look)).collect();
    print(&texts.join("\n"));
    Ok(exit::FINE)
}

fn find(wanted: &str) -> anyhow::Result<&'static str> {
    // A code is pasted from a screen, with what stands round it there.
    let code = wanted.trim().trim_start_matches("cause").trim_matches(['[', ']', '`', ':']);
    if let Some(page) = pages::page(code) {
        return Ok(page);
    }
    let shown = visible(wanted, false);
    let near = closest(code, registry::all().iter().map(|about| about.code.as_str()));
    let near: Vec<String> = near.iter().map(|code| format!("`{code}`")).collect();
    if near.is_empty() {
        bail!("no cause is called `{shown}`; `why403 explain --list` shows them all");
    }
    let are = if near.len() == 1 { "is" } else { "are" };
    bail!("no cause is called `{shown}`; there {are} {}", crate::render::words::list(&near));
}

/// How the text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    width: usize,
    color: bool,
}

impl Look {
    /// The width that the pages are written in.
    const PLAIN: Self = Self { width: 80, color: false };

    /// Prose wider than this tires the eye; narrower, it is a column of single words.
    const WIDTHS: std::ops::RangeInclusive<usize> = 40..=100;

    fn of_stdout() -> Self {
        let stdout = std::io::stdout();
        if !stdout.is_terminal() {
            return Self::PLAIN;
        }
        let columns = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or(0, |size| usize::from(size.ws_col));
        Self::of_terminal(columns, &World::real())
    }

    fn of_terminal(columns: usize, world: &World) -> Self {
        let width = if columns == 0 { Self::PLAIN.width } else { columns };
        let color = world.var("NO_COLOR").is_none() && world.var("TERM").is_some_and(|term| term != "dumb");
        Self { width: width.clamp(*Self::WIDTHS.start(), *Self::WIDTHS.end()), color }
    }

    fn paint(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

const HEADING: Style = Style::new().bold();
const CODE: Style = AnsiColor::Cyan.on_default();
/// What AWS and the diagnosis print, and what is pasted, stands apart by this much.
const SET_IN: &str = "    ";

/// What a page is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Block<'t> {
    Heading(&'t str),
    Prose(Vec<&'t str>),
    Item(Vec<&'t str>),
    /// A line of a block of code.
    Code(&'t str),
    Blank,
}

/// The Markdown of our own pages: headings, paragraphs, lists of one level, and fenced code. The pages' tests hold
/// them to that.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        if line == "```" {
            // A fence that follows its sentence at once is set apart on the screen.
            if !is_code && matches!(blocks.last(), Some(Block::Prose(_) | Block::Item(_))) {
                blocks.push(Block::Blank);
            }
            is_code = !is_code;
            continue;
        }
        if is_code {
            blocks.push(Block::Code(line));
            continue;
        }
        let heading = line.strip_prefix("## ").or_else(|| line.strip_prefix("# "));
        match (heading, line.strip_prefix("- "), blocks.last_mut()) {
            (Some(heading), ..) => blocks.push(Block::Heading(heading)),
            (_, Some(item), _) => blocks.push(Block::Item(vec![item])),
            _ if line.is_empty() => blocks.push(Block::Blank),
            (_, _, Some(Block::Prose(lines) | Block::Item(lines))) => lines.push(line.trim_start()),
            _ => blocks.push(Block::Prose(vec![line])),
        }
    }
    blocks
}

/// The page as a terminal shows it.
fn lay_out(page: &str, look: Look) -> String {
    let mut out = String::new();
    for block in blocks(page) {
        match block {
            Block::Heading(text) => out.push_str(&look.paint(HEADING, text)),
            Block::Prose(lines) => out.push_str(&fill(&lines, "", "", look)),
            Block::Item(lines) => out.push_str(&fill(&lines, "- ", "  ", look)),
            // Never wrapped: it is drawn, or it is pasted.
            Block::Code("") | Block::Blank => {}
            Block::Code(line) => {
                out.push_str(SET_IN);
                out.push_str(line);
            }
        }
        out.push('\n');
    }
    out
}

/// The no-break space stands for a space inside a code span while lines are filled, so that the span stays whole.
const HELD: char = '\u{a0}';

fn fill(lines: &[&str], first: &str, rest: &str, look: Look) -> String {
    let mut text = String::new();
    for (part, is_code) in code_spans(&lines.join(" ")) {
        text.push_str(&if is_code { look.paint(CODE, &part.replace(' ', &HELD.to_string())) } else { part.to_owned() });
    }
    // Not at hyphens: ARNs, options and codes are full of them, and are copied.
    let options = textwrap::Options::new(look.width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&text, options).replace(HELD, " ")
}

/// The families in the order in which a request meets them.
const FAMILIES: &[(Family, &str)] = &[
    (Family::Credentials, "Credentials: who asks"),
    (Family::Request, "Request: what is asked, and where"),
    (Family::Policy, "Policy: what allows and denies it"),
    (Family::Ownership, "Ownership: whose the object is"),
    (Family::Encryption, "Encryption: what opens the object"),
    (Family::None, "None of these"),
];

fn list(look: Look) -> String {
    let width = registry::all().iter().map(|about| about.code.len()).max().unwrap_or(0);
    let indent = " ".repeat(width + 4);
    let mut groups = Vec::new();
    for (family, heading) in FAMILIES {
        let mut group = format!("{}\n", look.paint(HEADING, heading));
        for about in registry::all().iter().filter(|about| about.family == *family) {
            let first = format!("  {}{}", look.paint(CODE, &about.code), " ".repeat(width + 2 - about.code.len()));
            // Beside so long a code, a narrow column of prose would be all there is: then it stands below.
            let (first, rest) = if look.width < width + 34 {
                group.push_str(first.trim_end());
                group.push('\n');
                ("      ".to_owned(), "      ")
            } else {
                (first, indent.as_str())
            };
            group.push_str(&fill(&[about.meaning.as_str()], &first, rest, look));
            group.push('\n');
        }
        groups.push(group);
    }
    groups.join("\n") + "\nwhy403 explain CAUSE prints the page of one.\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::time::SystemTime;

    const COLORED: Look = Look { width: 80, color: true };

    fn uncolored(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            out.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        out + rest
    }

    fn world(env: &[(&str, &str)]) -> World {
        World {
            env: env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect::<BTreeMap<_, _>>(),
            home: None,
            stderr: crate::world::Screen::default(),
            now: || SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_page_is_laid_out() {
        let page = "# some-code\nIt is `a  b` so.\n\n## Repairs\nDo\nthis:\n```\nrun  it \\\n  now\n\n```\n\n- `x`: one\n  more\n- two\n";
        let plain = "some-code\nIt is `a  b` so.\n\nRepairs\nDo this:\n\n    run  it \\\n      now\n\n\n- `x`: one more\n- two\n";
        assert_eq!(lay_out(page, Look::PLAIN), plain);
    }

    #[test]
    fn every_page_loses_nothing_but_marks() {
        for about in registry::all() {
            let page = pages::page(&about.code).unwrap();
            let shown = lay_out(page, Look::PLAIN);
            let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
            let written: Vec<String> =
                words(page).into_iter().filter(|word| !["#", "##", "```"].contains(&word.as_str())).collect();
            assert_eq!(words(&shown), written, "{}", about.code);
            assert!(shown.starts_with(&format!("{}\n", about.code)));
        }
    }

    #[test]
    fn commands_stand_as_they_are_at_any_width() {
        let narrow = Look { width: 40, color: true };
        for about in registry::all() {
            let page = pages::page(&about.code).unwrap();
            let shown = lay_out(page, narrow);
            for block in blocks(page) {
                if let Block::Code(line) = block {
                    assert!(
                        line.is_empty() || shown.contains(&format!("\n{SET_IN}{line}\n")),
                        "{}: {line}",
                        about.code
                    );
                }
            }
        }
    }

    #[test]
    fn prose_fits_the_width() {
        for width in [40, 80, 100] {
            for about in registry::all() {
                let page = pages::page(&about.code).unwrap();
                for line in lay_out(page, Look { width, color: false }).lines() {
                    // One word, or one span that is copied, may be wider than a line.
                    let held: String = code_spans(line.trim_start_matches("- "))
                        .map(|(part, is_code)| if is_code { part.replace(' ', "_") } else { part.to_owned() })
                        .collect();
                    let is_one = !held.trim().contains(' ');
                    assert!(line.len() <= width || line.starts_with(SET_IN) || is_one, "{}: {line}", about.code);
                }
            }
        }
    }

    #[test]
    fn color_is_decoration() {
        for about in registry::all() {
            let page = pages::page(&about.code).unwrap();
            let colored = lay_out(page, COLORED);
            assert!(colored.contains("\u{1b}["));
            assert_eq!(uncolored(&colored), lay_out(page, Look::PLAIN), "{}", about.code);
        }
        assert_eq!(uncolored(&list(COLORED)), list(Look::PLAIN));
    }

    #[test]
    fn color_is_for_terminals_that_want_it() {
        assert!(Look::of_terminal(80, &world(&[("TERM", "xterm")])).color);
        assert!(!Look::of_terminal(80, &world(&[("TERM", "xterm"), ("NO_COLOR", "1")])).color);
        assert!(!Look::of_terminal(80, &world(&[("TERM", "dumb")])).color);
        assert!(!Look::of_terminal(80, &world(&[])).color);
    }

    #[test]
    fn width_is_the_terminals_within_reason() {
        let width = |columns| Look::of_terminal(columns, &world(&[])).width;
        assert_eq!([0, 10, 72, 100, 400].map(width), [80, 40, 72, 100, 100]);
    }

    #[test]
    fn the_list_holds_every_cause_once_under_its_family() {
        let listed = list(Look::PLAIN);
        for about in registry::all() {
            let own = format!("  {} ", about.code);
            assert_eq!(listed.lines().filter(|line| line.starts_with(&own)).count(), 1, "{}", about.code);
            let heading = FAMILIES.iter().find(|(family, _)| *family == about.family).unwrap().1;
            let before = listed.split_once(&own).unwrap().0;
            assert_eq!(FAMILIES.iter().rfind(|(_, head)| before.contains(head)).unwrap().1, heading);
        }
        assert!(listed.lines().all(|line| line.len() <= 80));
        let narrow = list(Look { width: 44, color: false });
        assert!(narrow.lines().all(|line| line.len() <= 44), "{narrow}");
    }

    #[test]
    fn a_wrong_code_is_told_the_near_ones() {
        let told = |code: &str| find(code).unwrap_err().to_string();
        assert_eq!(
            told("bucket-policy-dney"),
            "no cause is called `bucket-policy-dney`; there is `bucket-policy-deny`"
        );
        assert!(told("kms").contains("there are `kms-"), "{}", told("kms"));
        assert_eq!(told("x\u{1b}y"), "no cause is called `x\\u{1b}y`; `why403 explain --list` shows them all");
    }

    #[test]
    fn a_code_may_come_with_what_stands_round_it() {
        for pasted in ["clock-skew", "cause[clock-skew]:", "[clock-skew]", "`clock-skew`"] {
            assert!(find(pasted).is_ok(), "{pasted}");
        }
    }
}
