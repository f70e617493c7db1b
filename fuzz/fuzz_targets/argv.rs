//! Any words as a command line of aws's: no panic, and no key in what is shown of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use why403_fuzz::request::{Arguments, Location, redact, redact_argv, shell_words};

fuzz_target!(|data: &[u8]| {
    let words: Vec<OsString> = data.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect();
    let arguments = Arguments::parse(&words);
    let _ = (arguments.s3_command(), arguments.api_operation(), arguments.is_quiet(), arguments.value("profile"));
    let shown = redact_argv(&words);
    assert_eq!(shown.len(), words.len());
    for word in &shown {
        // What was redacted holds nothing more to redact.
        assert_eq!(&redact(word), word);
        let _ = (shell_words(word), Location::of_uri(word), Location::of_copy_source(word));
    }
});
