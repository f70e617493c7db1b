//! Requests and policies made from the fuzzer's choices: no panic, and what holds of every answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use why403_fuzz::generate::{self, Choose};
use why403_fuzz::policy::{Decision, decide, evaluate, repair, simulate};

struct Bytes<'a>(&'a [u8]);

impl Choose for Bytes<'_> {
    fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % n
    }
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let mut line = generate::line(&mut bytes, "f");
    // Some keys of the request become unknown, and some text becomes the fuzzer's own.
    let context = line["request"]["context"].as_object_mut().expect("a context");
    let known = context.clone();
    for _ in 0..bytes.below(4) {
        let keys: Vec<String> = context.keys().cloned().collect();
        if let Some(key) = (!keys.is_empty()).then(|| &keys[bytes.below(keys.len())]) {
            context.remove(key);
        }
    }
    let unknown: Vec<String> = known.keys().filter(|key| !context.contains_key(*key)).cloned().collect();
    let does_repair = bytes.below(16) == 15;
    let own = String::from_utf8_lossy(bytes.0).into_owned();
    let is_object = line["request"]["resource"].as_str().is_some_and(|resource| resource.contains(":::acme-data/"));
    if is_object && !own.is_empty() {
        line["request"]["resource"] = format!("arn:aws:s3:::acme-data/{own}").into();
    }
    let mut full = line.clone();
    full["request"]["context"] = known.into();
    line["request"]["unknown_context"] = json!(unknown);

    let read = |line: &Value| simulate::read(&line.to_string()).unwrap_or_else(|error| panic!("{error:?}: {line}"));
    let (open, closed) = (read(&line), read(&full));
    let told = decide(&open.request, &open.layers);
    let evaluation = evaluate(&open.request, &open.layers);
    assert_eq!(told.decision, evaluation.decision);
    assert_eq!(told.denied_by, evaluation.denied_by);
    assert_eq!(told.decision == Decision::Undetermined, !told.depends_on.is_empty(), "{line}");
    // Learning a key never flips a settled answer.
    let settled = decide(&closed.request, &closed.layers);
    assert_ne!(settled.decision, Decision::Undetermined, "{full}");
    if told.decision != Decision::Undetermined {
        assert_eq!(told.decision, settled.decision, "{line}\n{full}");
    }
    if told.never_allowed {
        assert_ne!(settled.decision, Decision::Allowed, "{line}");
    }
    // A repair proves itself against many requests, and would take most of the time.
    if does_repair {
        for layer in evaluation.denied_by {
            let _ = repair(&open.request, &open.layers, layer);
        }
    }
});
