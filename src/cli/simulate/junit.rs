//! Expectations as `JUnit` XML: a test case for each, in a suite for each file.
//!
//! There is no standard; this keeps to what Jenkins' schema and everyone's reader agree on.

use super::expect::{Checked, Outcome};
use super::lines::named;
use crate::render::untrusted::{visible, xml};
use std::fmt::Write as _;

/// The whole document.
pub fn document(checked: &[Checked]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(out, "<testsuites name=\"why403 simulate\" {}>", counts(checked.iter()));
    let mut files: Vec<&std::sync::Arc<std::path::Path>> = Vec::new();
    for one in checked {
        if !files.contains(&&one.place.file) {
            files.push(&one.place.file);
        }
    }
    for file in files {
        let own = || checked.iter().filter(|one| one.place.file == *file);
        let name = xml(&named(file));
        let _ = writeln!(out, "  <testsuite name=\"{name}\" {} skipped=\"0\">", counts(own()));
        for one in own() {
            case(&mut out, one, &name);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts<'a>(checked: impl Iterator<Item = &'a Checked>) -> String {
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for one in checked {
        tests += 1;
        match one.outcome {
            Outcome::Holds => {}
            Outcome::Fails(_) => failures += 1,
            Outcome::Wrong(_) => errors += 1,
        }
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"0.000\"")
}

fn case(out: &mut String, one: &Checked, file: &str) {
    let id = xml(&visible(&one.id, true));
    let line = one.place.line;
    let _ =
        write!(out, "    <testcase name=\"{id}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\" time=\"0.000\"");
    let _ = match &one.outcome {
        Outcome::Holds => writeln!(out, "/>"),
        Outcome::Fails(lines) => {
            let message = xml(lines.first().map_or("", String::as_str));
            let text = xml(&lines.join("\n"));
            writeln!(
                out,
                ">\n      <failure message=\"{message}\" type=\"expectation\">{text}</failure>\n    </testcase>"
            )
        }
        Outcome::Wrong(message) => {
            let message = xml(&visible(message, true));
            writeln!(out, ">\n      <error message=\"{message}\" type=\"input\">{message}</error>\n    </testcase>")
        }
    };
}

#[cfg(test)]
mod tests {
    use super::super::lines::Place;
    use super::*;
    use std::path::Path;

    #[test]
    fn a_document() {
        let one = |file: &str, line, outcome| Checked {
            id: "a<b>&\u{1b}".to_owned(),
            place: Place { file: Path::new(file).into(), line },
            outcome,
        };
        let checked = [
            one("x.jsonl", 1, Outcome::Holds),
            one("y\".jsonl", 2, Outcome::Fails(vec!["decision: `a<b`".to_owned(), "because".to_owned()])),
            one("x.jsonl", 3, Outcome::Wrong("no \u{0} JSON".to_owned())),
        ];
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="why403 simulate" tests="3" failures="1" errors="1" time="0.000">
  <testsuite name="x.jsonl" tests="2" failures="0" errors="1" time="0.000" skipped="0">
    <testcase name="a&lt;b&gt;&amp;\u{1b}" classname="x.jsonl" file="x.jsonl" line="1" time="0.000"/>
    <testcase name="a&lt;b&gt;&amp;\u{1b}" classname="x.jsonl" file="x.jsonl" line="3" time="0.000">
      <error message="no \u{0} JSON" type="input">no \u{0} JSON</error>
    </testcase>
  </testsuite>
  <testsuite name="y&quot;.jsonl" tests="1" failures="1" errors="0" time="0.000" skipped="0">
    <testcase name="a&lt;b&gt;&amp;\u{1b}" classname="y&quot;.jsonl" file="y&quot;.jsonl" line="2" time="0.000">
      <failure message="decision: `a&lt;b`" type="expectation">decision: `a&lt;b`
because</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(document(&checked), expected);
    }
}
