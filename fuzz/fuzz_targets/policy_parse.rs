//! Any text as a policy document of any kind: no panic, and every span is one of the text's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use why403_fuzz::policy::{Document, Rules};

const RULES: [Rules; 8] = [
    Rules::Identity,
    Rules::Resource,
    Rules::Trust,
    Rules::ServiceControl,
    Rules::ResourceControl,
    Rules::VpcEndpoint,
    Rules::Session,
    Rules::Boundary,
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let rules = RULES[usize::from(*first) % RULES.len()];
    let document = match Document::parse_url_encoded(text, rules) {
        Ok(document) => document,
        Err(error) => {
            if let (Err(plain), Some(_)) = (Document::parse(text, rules), &error.span) {
                let span = plain.span.expect("a place");
                assert!(text.get(span.clone()).is_some(), "{span:?} is no part of the text");
            }
            return;
        }
    };
    let text = document.text();
    let json: serde_json::Value =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("what we take for JSON is JSON");
    for statement in document.statements() {
        let spans = [
            Some(statement.span()),
            statement.sid_span(),
            Some(statement.effect_span()),
            Some(statement.action_span()),
            statement.resource_span(),
            statement.principal_span(),
            statement.condition_span(),
        ];
        for span in spans.into_iter().flatten() {
            let part = text.get(span).expect("a part of the text");
            serde_json::from_str::<serde::de::IgnoredAny>(part).expect("a node of the document");
        }
        // A name that stands in the document in another case is not found by its usual one.
        if json.get("Statement").is_some() {
            assert!(json.pointer(&statement.pointer()).is_some(), "{}", statement.pointer());
        }
    }
    for lint in document.lints() {
        assert!(text.get(lint.span.clone()).is_some(), "{lint:?}");
    }
    assert_eq!(Document::parse(text, rules).expect("once parsed, it parses"), document);
});
