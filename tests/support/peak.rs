//! A child, watched for the most memory that it held.

use std::process::{Child, Output};
use std::thread;
use std::time::{Duration, Instant};

/// Its output, when it ended, and its high-water mark in kilobytes, read again and again because it goes with the process.
pub fn watched(child: Child) -> (Output, Instant, u64) {
    let status = format!("/proc/{}/status", child.id());
    let watcher = thread::spawn(move || {
        let mut peak = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            // A process that has ended and is not yet waited for has no memory.
            let Some(mark) = mark.and_then(|mark| mark.trim().trim_end_matches(" kB").parse().ok()) else { break };
            peak = mark;
            thread::sleep(Duration::from_millis(5));
        }
        peak
    });
    let output = child.wait_with_output().unwrap();
    let ended = Instant::now();
    (output, ended, watcher.join().unwrap())
}
