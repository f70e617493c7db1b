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

/// We and they.
struct Evaluators {
    folder: tempfile::TempDir,
    peer: String,
}

type Answers = (Vec<String>, Duration);

impl Evaluators {
    /// What each says of each line: we with an answer, they with a word.
    fn decide(&self, lines: &[&Value]) -> (Answers, Answers) {
        let input = self.folder.path().join("lines.jsonl");
        fs::write(&input, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("written");
        let ours = run(Command::new(env!("CARGO_BIN_EXE_why403")).arg("simulate"), &input);
        let script = format!("{}/tests/differential/peer.mjs", env!("CARGO_MANIFEST_DIR"));
        let theirs = run(Command::new("node").arg(script).arg(&self.peer), &input);
        assert_eq!((ours.0.len(), theirs.0.len()), (lines.len(), lines.len()), "an answer a line");
        (ours, theirs)
    }
}

fn run(command: &mut Command, input: &Path) -> Answers {
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
    let peer = std::env::var("WHY403_PEER").unwrap_or_else(|_| format!("{}/.venv/node", env!("CARGO_MANIFEST_DIR")));
    let evaluators = Evaluators { folder: tempfile::tempdir().expect("a folder"), peer };
    let ((ours, our_time), (theirs, their_time)) = evaluators.decide(&lines.iter().collect::<Vec<_>>());

    let mut decided: BTreeMap<String, usize> = BTreeMap::new();
    let mut open: Vec<Open> = Vec::new();
    let mut decisions: BTreeMap<String, usize> = BTreeMap::new();
    for ((line, ours), theirs) in lines.iter().zip(&ours).zip(theirs) {
        let answer: Value = serde_json::from_str(ours).expect("an answer is JSON");
        let decision = answer["decision"].as_str().unwrap_or_else(|| panic!("{line} was not answered: {answer}"));
        *decisions.entry(decision.to_owned()).or_default() += 1;
        if classes::is_public_access(line, &answer, &theirs) {
            *decided.entry(classes::PUBLIC_ACCESS.to_owned()).or_default() += 1;
        } else if decision != theirs {
            open.push(Open { line: line.clone(), ours: decision.to_owned(), theirs, answer });
        }
    }
    let disagreements = open.len() + decided.values().sum::<usize>();
    let open = of_no_class(open, &evaluators, &mut decided);
    println!("seed {seed}: {count} lines, {decisions:?}");
    if !cfg!(debug_assertions) {
        println!("{}", speeds(count, our_time, their_time));
    }
    println!("{disagreements} disagreements, of known classes: {decided:#?}");
    // A generator that only makes refusals would test nothing.
    assert!(decisions.values().all(|times| times * 20 > count) && decisions.len() == 3, "{decisions:?}");
    if let Ok(path) = std::env::var("WHY403_DIFFERENTIAL_OUT") {
        fs::write(path, open.iter().map(|open| format!("{open}\n")).collect::<String>()).expect("written");
    }
    let shown: Vec<String> = open.iter().take(5).map(ToString::to_string).collect();
    assert!(open.is_empty(), "{} disagreements of no known class, of {count}: {shown:#?}", open.len());
}

fn speeds(count: usize, ours: Duration, theirs: Duration) -> String {
    let a_second = |took: Duration| count as f64 / took.as_secs_f64();
    format!(
        "we answer {:.0} lines a second and they {:.0}, the start of either program included: {:.1} times as many",
        a_second(ours),
        a_second(theirs),
        theirs.as_secs_f64() / ours.as_secs_f64()
    )
}

/// A disagreement that is not decided yet.
struct Open {
    line: Value,
    ours: String,
    theirs: String,
    answer: Value,
}

impl std::fmt::Display for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ours {}, theirs {}: {}\n  {}", self.ours, self.theirs, self.line, self.answer)
    }
}

/// Those that no class explains. A class explains a disagreement if both agree on the line as the class rewrites it, and we
/// decide it as before; where one alone does not, all that have to do with the line are applied together.
fn of_no_class(open: Vec<Open>, evaluators: &Evaluators, decided: &mut BTreeMap<String, usize>) -> Vec<Open> {
    let mut tries: Vec<(usize, String, Value)> = Vec::new();
    for (index, open) in open.iter().enumerate() {
        let mut all: Option<Value> = None;
        let mut names = Vec::new();
        for class in classes::CLASSES {
            let Some(alone) = (class.rewrite)(&open.line) else { continue };
            tries.push((index, class.name.to_owned(), alone));
            all = (class.rewrite)(all.as_ref().unwrap_or(&open.line)).or(all);
            names.push(class.name);
        }
        if let (Some(line), true) = (all, names.len() > 1) {
            tries.push((index, format!("several: {}", names.join(" ")), line));
        }
    }
    let lines: Vec<&Value> = tries.iter().map(|(_, _, line)| line).collect();
    let ((ours, _), (theirs, _)) = evaluators.decide(&lines);
    let mut explained = BTreeMap::new();
    for (((index, class, _), ours), theirs) in tries.into_iter().zip(ours).zip(theirs) {
        let ours: Value = serde_json::from_str(&ours).expect("an answer is JSON");
        if ours["decision"] == open[index].ours && ours["decision"] == theirs {
            explained.entry(index).or_insert(class);
        }
    }
    for class in explained.values() {
        *decided.entry(class.clone()).or_default() += 1;
    }
    open.into_iter().enumerate().filter(|(index, _)| !explained.contains_key(index)).map(|(_, open)| open).collect()
}
