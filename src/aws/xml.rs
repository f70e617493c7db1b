//! XML answers, leaf by leaf. Lenient: what is not XML ends the walk, what nobody asked for is passed over.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

/// Deeper elements are passed over: no answer of AWS's nests like that.
const DEEPEST: usize = 32;

/// Calls `leaf` with the path of local names and the text of every element, at its end.
pub fn walk(body: &[u8], mut leaf: impl FnMut(&[String], &str)) {
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(&text);
    let (mut path, mut value, mut beyond): (Vec<String>, String, usize) = (Vec::new(), String::new(), 0);
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) if path.len() >= DEEPEST => beyond += 1,
            Ok(Event::Start(start)) => {
                path.push(start.local_name().as_ref().to_owned());
                value.clear();
            }
            Ok(Event::Text(part)) => value.push_str(&part),
            Ok(Event::CData(part)) => value.push_str(&part),
            Ok(Event::GeneralRef(reference)) => value.push(resolve(&reference)),
            Ok(Event::End(_)) if beyond > 0 => beyond -= 1,
            Ok(Event::End(_)) => {
                leaf(&path, &value);
                path.pop();
                value.clear();
            }
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// The character behind `&quot;` or `&#38;`; an unknown reference becomes U+FFFD.
fn resolve(reference: &BytesRef<'_>) -> char {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character;
    }
    match reference.as_ref() {
        "quot" => '"',
        "apos" => '\'',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(body: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        walk(body, |path, text| found.push((path.join("/"), text.to_owned())));
        found
    }

    #[test]
    fn leaves_come_with_their_paths_and_their_entities_resolved() {
        let found = leaves(b"<a xmlns=\"x\"><b>1 &lt; 2</b><c><d><![CDATA[<x>]]></d></c></a>");
        assert_eq!(found[0], ("a/b".to_owned(), "1 < 2".to_owned()));
        assert_eq!(found[1], ("a/c/d".to_owned(), "<x>".to_owned()));
    }

    #[test]
    fn deep_nesting_and_rubbish_end_quietly() {
        let deep = "<a>".repeat(100_000);
        assert!(leaves(deep.as_bytes()).is_empty());
        assert!(leaves(b"\xff\xfe<<").is_empty());
    }
}
