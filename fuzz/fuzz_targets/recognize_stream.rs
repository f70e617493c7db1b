//! Any bytes as the CLI's stderr: no panic, bounded, and the same failures however the stream is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use why403_fuzz::recognize::{Denial, MAX_GROUPS, Recognizer};

fuzz_target!(|data: &[u8]| {
    let Some((first, stream)) = data.split_first() else { return };
    let mut whole = Recognizer::new();
    whole.push(stream);
    let whole = whole.finish();
    let mut cut = Recognizer::new();
    for piece in stream.chunks(usize::from(*first).max(1)) {
        cut.push(piece);
    }
    assert_eq!(cut.finish(), whole);
    assert!(whole.groups.len() <= MAX_GROUPS);
    for line in String::from_utf8_lossy(stream).lines() {
        let _ = Denial::read(line);
    }
});
