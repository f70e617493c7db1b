//! Any text as the CLI's two files, and what is settled from them: no panic, no end of following profiles, no key in sight.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::SystemTime;
use why403_fuzz::request::{Arguments, CliVersion, ProfileFiles, Settings};
use why403_fuzz::world::{Screen, World};

fuzz_target!(|text: &str| {
    let (config, credentials) = text.split_once('\0').unwrap_or((text, ""));
    let files = ProfileFiles::merge(("config".into(), Some(config)), ("credentials".into(), Some(credentials)));
    let stderr = Screen { is_terminal: false, width: None, unicode: false, color: false };
    let world = World { env: BTreeMap::new(), home: None, stderr, now: || SystemTime::UNIX_EPOCH };
    let names: Vec<String> = files.profiles.keys().take(8).cloned().collect();
    for name in names.iter().map(String::as_str).chain(["default", "missing"]) {
        let words = ["s3", "cp", "s3://b/k", ".", "--profile", name];
        let arguments = Arguments::parse(&words.map(OsString::from));
        for cli in [CliVersion::V1, CliVersion::V2] {
            let settings = Settings::resolve(&arguments, &world, &files, cli);
            let _ = format!("{settings:?}");
            let _ = settings.partition();
        }
    }
});
