//! Any bytes as the body of an answer: no panic, and paths that are bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use why403_fuzz::recognize::Denial;
use why403_fuzz::xml;

fuzz_target!(|data: &[u8]| {
    xml::walk(data, |path, text| {
        assert!(!path.is_empty() && path.len() <= 32);
        let _ = Denial::read(text);
    });
});
