//! The corpus under `tests/policies/`: named cases of how IAM decides, each with the AWS page that says so.
//!
//! A file is a list of lines as `why403 simulate` reads them, each with `id` (its name), `expect` (the members of the answer
//! that are checked) and `cites` (the page). The expectations were written from the pages, not from the evaluator.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use why403::policy::simulate;

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    let entries = std::fs::read_dir(folder).expect("the corpus");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    files
}

fn cases() -> Vec<(String, Value)> {
    let read = |path: PathBuf| {
        #[expect(clippy::disallowed_methods, reason = "a test reads its own corpus")]
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let cases: Vec<Value> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = path.file_stem().expect("a name").to_string_lossy().into_owned();
        cases.into_iter().map(move |case| (file.clone(), case))
    };
    files().into_iter().flat_map(read).collect()
}

#[test]
fn every_case_is_decided_as_its_page_says() {
    let mut failures = Vec::new();
    for (file, case) in cases() {
        let answer: Value = serde_json::from_str(&simulate::answer_line(&case.to_string())).expect("an answer is JSON");
        let expected = case["expect"].as_object().expect("`expect` is an object");
        for (member, expected) in expected {
            let actual = if member == "pointer" { &answer["error"]["pointer"] } else { &answer[member] };
            if actual != expected {
                failures.push(format!("{file}: {}: {member} is {actual}, not {expected}: {answer}", case["id"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_case_has_a_name_of_its_own_and_a_page() {
    let mut names = BTreeSet::new();
    for (file, case) in cases() {
        let name = case["id"].as_str().unwrap_or_else(|| panic!("{file}: a case without a name"));
        assert!(names.insert(name.to_owned()), "{file}: {name} stands twice");
        let cites = case["cites"].as_str().unwrap_or_default();
        assert!(cites.starts_with("https://docs.aws.amazon.com/"), "{name} cites no page");
        assert!(
            case["expect"]["decision"].is_string() || case["expect"]["pointer"].is_string(),
            "{name} expects nothing"
        );
    }
    assert!(names.len() >= 400, "{} cases", names.len());
}

/// A wrong expectation would be seen: the checks above can fail.
#[test]
fn the_corpus_holds_every_decision() {
    let cases = cases();
    let decisions: BTreeSet<&str> = cases.iter().filter_map(|(_, case)| case["expect"]["decision"].as_str()).collect();
    assert_eq!(
        decisions.into_iter().collect::<Vec<_>>(),
        ["allowed", "explicitly-denied", "implicitly-denied", "undetermined"]
    );
}
