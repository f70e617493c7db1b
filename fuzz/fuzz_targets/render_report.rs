//! Any report in every format: no panic, and nothing in it that acts on a terminal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use why403_fuzz::diagnosis::Report;
use why403_fuzz::render::{self, FORMATS, Format};

fuzz_target!(|data: &[u8]| {
    let Some((&first, text)) = data.split_first() else { return };
    let Ok(report) = serde_json::from_slice::<Report>(text) else { return };
    let options = render::Options {
        width: (first & 1 == 1).then(|| usize::from(first >> 1)),
        unicode: first & 2 == 2,
        verbose: first & 4 == 4,
        ..render::Options::default()
    };
    for format in FORMATS {
        let text = format.render(&report, &options);
        let is_unseen = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(is_unseen), "{}: {text:?}", format.format());
        if format.format() == Format::Json && !text.is_empty() {
            assert_eq!(serde_json::from_str::<Report>(text.trim_end()).expect("our own JSON"), report);
        }
    }
});
