//! Differential testing: ten thousand random requests and policies, decided by us and by an independent evaluator.
//!
//! `make differential` installs the evaluator beside the project and runs this; nothing else does. Every class of disagreement
//! is decided by the AWS documentation, in `DISAGREEMENTS.md`; a disagreement of no known class fails the test.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

mod classes;
mod generate;

use generate::Choose;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LINES: usize = 10_000;
const SEED: u64 = 403;

/// `SplitMix64`: the same numbers for a seed, everywhere and always.
struct Seeded(u64);

impl Choose for Seeded {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let high = (u128::from(z ^ (z >> 31)) * n as u128) >> 64;
        usize::try_from(high).expect("below n")
    }
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn run(command: &mut Command, input: &Path) -> (Vec<String>, Duration) {
    let started = Instant::now();
    let output = command
        .stdin(File::open(input).expect("the lines"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let took = started.elapsed();
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (text.lines().map(str::to_owned).collect(), took)
}

#[test]
#[ignore = "it needs Node.js and the other evaluator: make differential"]
fn every_disagreement_is_decided() {
    let count = usize::try_from(number("WHY403_DIFFERENTIAL_LINES", LINES as u64)).expect("a count");
    let seed = number("WHY403_DIFFERENTIAL_SEED", SEED);
    let mut seeded = Seeded(seed);
    let lines: Vec<Value> = (0..count).map(|number| generate::line(&mut seeded, &number.to_string())).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("lines.jsonl");
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(&input, text.join("\n") + "\n").expect("written");

    let (ours, our_time) = run(Command::new(env!("CARGO_BIN_EXE_why403")).arg("simulate"), &input);
    let peer = std::env::var("WHY403_PEER").unwrap_or_else(|_| format!("{}/.venv/node", env!("CARGO_MANIFEST_DIR")));
    let script = format!("{}/tests/differential/peer.mjs", env!("CARGO_MANIFEST_DIR"));
    let (theirs, their_time) = run(Command::new("node").arg(script).arg(peer), &input);
    assert_eq!((ours.len(), theirs.len()), (count, count), "an answer a line");

    let mut decided: BTreeMap<&str, usize> = BTreeMap::new();
    let mut open = Vec::new();
    let mut decisions: BTreeMap<String, usize> = BTreeMap::new();
    for ((line, ours), theirs) in lines.iter().zip(&ours).zip(&theirs) {
        let answer: Value = serde_json::from_str(ours).expect("an answer is JSON");
        let decision = answer["decision"].as_str().unwrap_or_else(|| panic!("{line} was not answered: {answer}"));
        *decisions.entry(decision.to_owned()).or_default() += 1;
        if decision == theirs {
            continue;
        }
        match classes::of(line, decision, theirs) {
            Some(class) => *decided.entry(class).or_default() += 1,
            None => open.push(format!("ours {decision}, theirs {theirs}: {line}\n  {answer}")),
        }
    }
    println!("seed {seed}: {count} lines, {decisions:?}");
    println!("we took {our_time:?}, they took {their_time:?}");
    println!("disagreements of known classes: {decided:#?}");
    // A generator that only makes refusals would test nothing.
    assert!(decisions.values().all(|times| times * 20 > count) && decisions.len() == 3, "{decisions:?}");
    if let Ok(path) = std::env::var("WHY403_DIFFERENTIAL_OUT") {
        fs::write(path, open.join("\n")).expect("written");
    }
    let shown: Vec<&String> = open.iter().take(5).collect();
    assert!(open.is_empty(), "{} disagreements of no known class, of {count}: {shown:#?}", open.len());
}
