//! Where a report goes: stderr, the report file, the files of `--format`, and the state directory for `why403 last`.
//! The one door to writing. Nothing here can cost the command its result: what cannot be written is said in one line.

use crate::cause::registry;
use crate::diagnosis::Report;
use crate::render::{self, Format};
use crate::wrap::Finished;
use crate::world::World;
use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A person waits this long without wondering.
const PATIENCE: Duration = Duration::from_millis(400);

/// Delivers a report everywhere that it was asked for.
pub fn deliver(finished: &Finished, report: &Report) {
    let options = &finished.options;
    if options.show {
        let to_stderr: Vec<Format> =
            options.formats.iter().filter(|format| format.file.is_none()).map(|format| format.format).collect();
        let formats = if to_stderr.is_empty() { vec![Format::Terminal] } else { to_stderr };
        for format in formats {
            show(&finished.world, report, format);
        }
        for line in &options.ignored {
            say(&format!("{line}; it is ignored"));
        }
    }
    if let Some(path) = &options.report {
        tell(path, append_line(path, report));
    }
    for wanted in &options.formats {
        if let Some(path) = &wanted.file {
            let format = wanted.format;
            let text = format.render(report, &plain_options());
            // JSON lines of many runs share a file; every other format is one document a run.
            let written = if format == Format::Json { append_line(path, report) } else { write(path, &text) };
            tell(path, written);
        }
    }
}

/// AWS's own text stays first; ours follows after a blank line.
fn show(world: &World, report: &Report, format: Format) {
    let screen = world.stderr;
    let options = render::Options {
        width: screen.width,
        unicode: screen.unicode,
        color: screen.color,
        hyperlinks: false,
        ..plain_options()
    };
    let text = format.render(report, &options);
    if !text.is_empty() {
        // A reader that went away is no reason to fail.
        drop(io::stderr().write_all(format!("\n{text}").as_bytes()));
    }
}

fn plain_options() -> render::Options {
    render::Options { meaning: |code| registry::find(code).map(|about| about.meaning.as_str()), ..render::Options::default() }
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

/// Appends one line, whole: a lock keeps many runs apart, and one write keeps a line together even without it.
fn append_line(path: &Path, report: &Report) -> io::Result<()> {
    let mut line = Format::Json.render(report, &plain_options());
    if !line.ends_with('\n') {
        line.push('\n');
    }
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let locked = lock(&file);
    let written = file.write_all(line.as_bytes());
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
pub async fn with_spinner<T>(finished: &Finished, work: impl Future<Output = T>) -> T {
    let screen = finished.world.stderr;
    if !(screen.is_terminal && finished.options.show) || finished.world.var("WHY403_NO_PROGRESS").is_some() {
        return work.await;
    }
    let frames: &[&str] = if screen.unicode { &["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"] } else { &["-", "\\", "|", "/"] };
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
        if finished.stop.is_set() {
            draw("\r\x1b[K");
        }
    }
}

fn draw(text: &str) {
    let mut stderr = io::stderr();
    drop(stderr.write_all(text.as_bytes()));
    drop(stderr.flush());
}

/// Makes a directory of ours, for this user alone.
pub fn private_directory(path: &Path) -> io::Result<PathBuf> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    Ok(path.to_path_buf())
}
