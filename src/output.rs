//! Where a report goes: stderr, the report file, the files of `--format`, and the state directory for `why403 last`.
//! The one door to writing. Nothing here can cost the command its result: what cannot be written is said in one line.

use crate::cause::registry;
use crate::diagnosis::Report;
use crate::fault::{self, Stage};
use crate::render::{self, Format};
use crate::world::World;
use crate::wrap::{self, Finished, Output, Stop};
use crate::{ci, collect};
use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A person waits this long without wondering.
const PATIENCE: Duration = Duration::from_millis(400);

/// Delivers a report everywhere that it was asked for.
pub fn deliver(finished: &Finished, report: &Report) {
    let options = &finished.options;
    if options.show {
        let chosen: Vec<Format> =
            options.formats.iter().filter(|format| format.file.is_none()).map(|format| format.format).collect();
        if chosen.is_empty() {
            part(|| show_as_suits(finished, report));
        }
        for format in chosen {
            part(|| show(&finished.world, report, format));
        }
        for line in &options.ignored {
            say(&format!("{line}; it is ignored"));
        }
    }
    if let Some(path) = &options.report {
        part(|| {
            fault::point(Stage::Report);
            tell(path, append_line(path, report));
        });
    }
    if let Some(run) = &options.run {
        part(|| tell(run, collect::add(run, report)));
    }
    for wanted in &options.formats {
        if let Some(path) = &wanted.file {
            part(|| {
                fault::point(Stage::Document);
                let format = wanted.format;
                let text = format.render(report, &plain_options());
                // JSON lines of many runs share a file; every other format is one document a run.
                let written = if format == Format::Json { append_line(path, report) } else { write(path, &text) };
                tell(path, written);
            });
        }
    }
}

/// One of several places where a report goes: if it breaks, the others still get theirs.
pub(crate) fn part(work: impl FnOnce()) {
    if wrap::contain(work).is_none() {
        say(&format!("a part of the explanation is missing, because of {}; `aws`'s result stands", wrap::fault()));
    }
}

/// Makes the documents of a whole `why403 exec`: each once, from all its reports together.
pub fn deliver_run(files: &[(Output, PathBuf)], summary: Option<&Path>, reports: &[Report], merged: &Report) {
    for (wanted, path) in files {
        let written = match wanted.format {
            Format::Json => reports.iter().try_for_each(|report| append_line(path, report)),
            format => write(path, &format.render(merged, &plain_options())),
        };
        tell(path, written);
    }
    if let Some(path) = summary.filter(|_| !merged.failures.is_empty()) {
        tell(path, append(path, &render::github::step_summary(merged, &plain_options())));
    }
}

/// Nobody chose a format: what is for people, and what the CI system's log can show besides.
fn show_as_suits(finished: &Finished, report: &Report) {
    let extras = ci::extras(&finished.world);
    if extras.section {
        let options = screen_options(&finished.world);
        let header = Format::Concise.render(report, &options);
        let header = header.lines().next().unwrap_or("why403");
        let now = (finished.world.now)().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        to_stderr(&render::gitlab::section(header, &Format::Terminal.render(report, &options), now));
    } else {
        show(&finished.world, report, Format::Terminal);
    }
    if extras.annotate {
        // A command of GitHub's stands on a line of its own, which the text before has ended.
        to_stderr(&Format::Github.render(report, &plain_options()));
    }
    // A run under `why403 exec` gets one page at its end.
    if let Some(path) = extras.summary.filter(|_| finished.options.run.is_none()) {
        tell(&path, append(&path, &render::github::step_summary(report, &plain_options())));
    }
}

/// AWS's own text stays first; ours follows after a blank line.
fn show(world: &World, report: &Report, format: Format) {
    fault::point(Stage::Render);
    let text = format.render(report, &screen_options(world));
    fault::point(Stage::Output);
    if !text.is_empty() {
        to_stderr(&text);
    }
}

/// In one write, so that two runs side by side do not mix their lines. A reader that went away is no reason to fail.
fn to_stderr(text: &str) {
    drop(io::stderr().write_all(format!("\n{text}").as_bytes()));
}

fn screen_options(world: &World) -> render::Options {
    let screen = world.stderr;
    render::Options {
        width: screen.width,
        unicode: screen.unicode,
        color: screen.color,
        hyperlinks: screen.hyperlinks,
        ..plain_options()
    }
}

pub(crate) fn plain_options() -> render::Options {
    render::Options {
        meaning: |code| registry::find(code).map(|about| about.meaning.as_str()),
        ..render::Options::default()
    }
}

fn tell(path: &Path, outcome: io::Result<()>) {
    if let Err(error) = outcome {
        say(&format!("the report could not be written to {}: {error}", harmless(path)));
    }
}

fn say(line: &str) {
    drop(io::stderr().write_all(format!("why403: {line}\n").as_bytes()));
}

fn harmless(path: &Path) -> String {
    render::untrusted::visible(&path.to_string_lossy(), false).into_owned()
}

pub(crate) fn append_line(path: &Path, report: &Report) -> io::Result<()> {
    append(path, &Format::Json.render(report, &plain_options()))
}

/// Appends a text that ends in a line break, whole: a lock keeps many runs apart, and one write keeps it together even
/// without it.
pub(crate) fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut text = text.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let locked = lock(&file);
    let written = file.write_all(text.as_bytes());
    if locked {
        drop(file.unlock());
    }
    written
}

/// A lock that somebody holds for long is not waited for: the append is whole all the same.
fn lock(file: &File) -> bool {
    for _ in 0..50 {
        match file.try_lock() {
            Ok(()) => return true,
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            Err(std::fs::TryLockError::Error(_)) => return false,
        }
    }
    false
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Runs `work`, with a spinner on stderr where a person looks at it and it takes long.
pub async fn with_spinner<T>(world: &World, show: bool, stop: Option<&Stop>, work: impl Future<Output = T>) -> T {
    let screen = world.stderr;
    if !(screen.is_terminal && show) || world.var("WHY403_NO_PROGRESS").is_some() {
        return work.await;
    }
    let frames: &[&str] =
        if screen.unicode { &["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"] } else { &["-", "\\", "|", "/"] };
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = tokio::time::sleep(PATIENCE) => {}
    }
    let mut frame = 0;
    loop {
        draw(&format!("\r{} why403: asking AWS why", frames[frame % frames.len()]));
        frame += 1;
        tokio::select! {
            biased;
            done = &mut work => { draw("\r\x1b[K"); return done },
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        if stop.is_some_and(Stop::is_set) {
            draw("\r\x1b[K");
        }
    }
}

fn draw(text: &str) {
    let mut stderr = io::stderr();
    drop(stderr.write_all(text.as_bytes()));
    drop(stderr.flush());
}
