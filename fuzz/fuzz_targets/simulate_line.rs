//! Any text as a line of `why403 simulate`: an answer that is one line of JSON, and the line's own id in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use why403_fuzz::policy::simulate;

fuzz_target!(|line: &str| {
    let text = simulate::answer_line(line);
    assert!(!text.contains('\n'));
    let answer: Value = serde_json::from_str(&text).expect("an answer is JSON");
    let is_error = answer.get("error").is_some();
    assert_ne!(is_error, answer.get("decision").is_some(), "{text}");
    assert_eq!(is_error, simulate::answer(line).is_error());
    if let Ok(Value::Object(read)) = serde_json::from_str(line)
        && line.matches("\"id\"").count() == 1
    {
        let id = read.get("id").unwrap_or(&Value::Null);
        // A name with an escape in it stands for the same, and a long number is given back as the double nearest to it.
        assert!(line.contains("\\u") || has_float(id) || id == &answer["id"], "{text}");
    }
    if let Some(pointer) = answer["error"]["pointer"].as_str() {
        assert!(pointer.is_empty() || pointer.starts_with('/'), "{pointer}");
    }
});

fn has_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_float),
        Value::Object(members) => members.values().any(has_float),
        _ => false,
    }
}
