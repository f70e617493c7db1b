//! A unified diff of two texts that differ in one place, as `patch` and `git apply` read it. Pure.

use std::fmt::Write;

/// Lines around the change.
const CONTEXT: usize = 3;

/// The diff; empty where nothing differs. A text that is not there yet is `None`.
#[must_use]
pub fn unified(before: Option<&str>, after: &str, file: &str) -> String {
    let old: Vec<&str> = before.unwrap_or_default().split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let same_head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let left = old.len().min(new.len()) - same_head;
    let same_tail = old.iter().rev().zip(new.iter().rev()).take(left).take_while(|(a, b)| a == b).count();
    if same_head == old.len() && same_head == new.len() {
        return String::new();
    }
    let from = same_head.saturating_sub(CONTEXT);
    let behind = same_tail.min(CONTEXT);
    let (old_end, new_end) = (old.len() - same_tail, new.len() - same_tail);
    let mut out = match before {
        Some(_) => format!("--- a/{file}\n"),
        None => "--- /dev/null\n".to_owned(),
    };
    let (old_range, new_range) = (range(from, old_end + behind), range(from, new_end + behind));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "+++ b/{file}\n@@ -{old_range} +{new_range} @@");
    let parts = [
        (' ', &old[from..same_head]),
        ('-', &old[same_head..old_end]),
        ('+', &new[same_head..new_end]),
        (' ', &old[old_end..old_end + behind]),
    ];
    for (mark, lines) in parts {
        for line in lines {
            out.push(mark);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// `start,count`, from 1; of no lines the line before them.
fn range(from: usize, to: usize) -> String {
    let count = to - from;
    format!("{},{count}", if count == 0 { from } else { from + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    #[test]
    fn one_change_with_its_context() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(
            unified(Some(old), &old.replace("5\n", "5,\nfive\n"), "p.json"),
            "--- a/p.json\n+++ b/p.json\n@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+5,\n+five\n 6\n 7\n 8\n"
        );
        assert_eq!(unified(Some(old), old, "p.json"), "");
        assert_eq!(unified(None, "{}\n", "p.json"), "--- /dev/null\n+++ b/p.json\n@@ -0,0 +1,1 @@\n+{}\n");
        assert_eq!(
            unified(Some("{}"), "{ }", "p.json"),
            "--- a/p.json\n+++ b/p.json\n@@ -1,1 +1,1 @@\n-{}\n\\ No newline at end of file\n+{ }\n\\ No newline at end of file\n"
        );
    }

    /// What `patch` makes of it; nothing where there is no `patch`.
    #[expect(clippy::disallowed_methods, reason = "the program that the diff is for")]
    fn patched(before: Option<&str>, diff: &str) -> Option<String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("p.json");
        if let Some(before) = before {
            std::fs::write(&file, before).unwrap();
        }
        let mut patch = Command::new("patch")
            .args(["-p1", "--silent"])
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .spawn()
            .ok()?;
        patch.stdin.take().unwrap().write_all(diff.as_bytes()).unwrap();
        assert!(patch.wait().unwrap().success(), "{diff}");
        Some(std::fs::read_to_string(file).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn patch_applies_it(
            before in proptest::option::of(prop::collection::vec("[a-c{}]{0,3}", 1..12)),
            after in prop::collection::vec("[a-c{}]{1,3}", 1..12),
            ends in any::<(bool, bool)>(),
        ) {
            let text = |lines: &[String], ends: bool| lines.join("\n") + if ends { "\n" } else { "" };
            let before = before.map(|lines| text(&lines, ends.0)).filter(|text| !text.is_empty());
            let after = text(&after, ends.1);
            let diff = unified(before.as_deref(), &after, "p.json");
            if diff.is_empty() {
                prop_assert_eq!(before, Some(after));
            } else if let Some(result) = patched(before.as_deref(), &diff) {
                prop_assert_eq!(result, after);
            }
        }
    }
}
