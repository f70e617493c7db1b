//! `why403 explain CAUSE`: what a cause is, how it is proven, how it is repaired.

use super::{exit, print};
use crate::cause::registry::{self, About};
use crate::request::closest;
use anyhow::bail;

/// Options of `why403 explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cause's code, as it stands in brackets after `cause`
    #[arg(required_unless_present = "list")]
    cause: Option<String>,
    /// List all causes
    #[arg(long)]
    list: bool,
}

/// Prints a page, or the list.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    if args.list {
        print(&list());
        return Ok(exit::FINE);
    }
    let code = args.cause.as_deref().unwrap_or_default();
    let Some(about) = registry::find(code) else {
        let near = closest(code, registry::all().iter().map(|about| about.code.as_str()));
        match near.first() {
            Some(near) => bail!("no cause is called `{}`; there is `{near}`", crate::render::untrusted::visible(code, false)),
            None => bail!("no cause is called `{}`; `why403 explain --list` shows them all", crate::render::untrusted::visible(code, false)),
        }
    };
    print(&page(about));
    Ok(exit::FINE)
}

fn list() -> String {
    let width = registry::all().iter().map(|about| about.code.len()).max().unwrap_or(0);
    let indent = " ".repeat(width + 2);
    let options = textwrap::Options::new(100).subsequent_indent(&indent);
    registry::all()
        .iter()
        .map(|about| textwrap::fill(&format!("{:<width$}  {}", about.code, about.meaning), &options) + "\n")
        .collect()
}

fn page(about: &About) -> String {
    let mut page = format!("{}\n\n", about.code);
    let mut paragraph = |head: &str, text: &str| {
        let options = textwrap::Options::new(80).initial_indent("  ").subsequent_indent("  ");
        page.push_str(&format!("{head}\n{}\n\n", textwrap::fill(text, options)));
    };
    paragraph("What is true", &about.meaning);
    if let Some(action) = &about.action {
        paragraph("Usually about", action);
    }
    paragraph("What proves it", &about.told_by);
    paragraph("What repairs it", &about.fix);
    page.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_page_and_a_line() {
        let listed = list();
        for about in registry::all() {
            assert!(listed.contains(&about.code));
            assert!(page(about).contains("What proves it"));
        }
    }
}
