//! `why403 last`: the last diagnosis again, in any format.

use super::{direct, exit};
use crate::diagnosis::Report;
use crate::render::{Format, words};
use crate::state::{self, Kept};
use crate::world::World;
use crate::wrap::{Options, Redact};
use crate::{config, redact};
use std::time::SystemTime;

/// Options of `why403 last`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// All that are kept, the oldest first
    #[arg(long)]
    all: bool,
    /// How to show it: terminal where stdout is one, plain otherwise
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Full ARNs, what was ruled out, and what was asked
    #[arg(short, long)]
    verbose: bool,
}

/// Shows what is kept.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let world = World::real();
    let mut kept = if args.all { state::kept(&world) } else { state::last(&world).into_iter().collect() };
    if kept.is_empty() {
        direct::say(&nothing(&world));
        return Ok(exit::CANNOT_TELL);
    }
    kept.reverse();
    let options = config::under(Options::of_variables(&world), &world);
    if options.redact.contains(&Redact::Accounts) {
        kept.iter_mut().for_each(|one| one.report = redact::accounts(one.report.clone(), None));
    }
    let screen = direct::Screen::new(args.format, args.verbose);
    let now = (world.now)().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let texts: Vec<String> = kept
        .iter()
        .map(|one| {
            let head = if screen.is_for_people() { screen.heading(&heading(one, now)) } else { String::new() };
            head + &screen.render(&one.report)
        })
        .collect();
    // One document a line, as in a report file, or one page after another.
    direct::print(&texts.join(if screen.is_for_people() { "\n" } else { "" }));
    Ok(exit::FINE)
}

/// Why there is nothing.
pub(super) fn nothing(world: &World) -> String {
    match state::directory(world) {
        _ if world.var(state::OFF).is_some() => format!("no diagnosis is kept, because `{}` is set", state::OFF),
        Some(directory) => format!("no diagnosis is kept in {}", direct::harmless(&directory)),
        None => "no diagnosis is kept: there is no state directory".to_owned(),
    }
}

/// What it was about, and when.
fn heading(kept: &Kept, now: u64) -> String {
    format!("{}, {}", command(&kept.report), age(now.saturating_sub(kept.at)))
}

pub(super) fn command(report: &Report) -> String {
    report.command.argv.iter().map(|word| crate::cause::case::quote(word)).collect::<Vec<_>>().join(" ")
}

fn age(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86400 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    format!("{} ago", words::count(count, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_rounded_down() {
        assert_eq!(
            [0, 1, 59, 60, 3599, 3600, 86_399, 86_400, 200_000].map(age),
            [
                "0 seconds ago",
                "1 second ago",
                "59 seconds ago",
                "1 minute ago",
                "59 minutes ago",
                "1 hour ago",
                "23 hours ago",
                "1 day ago",
                "2 days ago"
            ]
        );
    }
}
