//! Just enough XML: a writer that escapes, and a reader of the small documents that clients send.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// An element under construction.
#[derive(Clone, Debug, Default)]
pub struct Xml {
    text: String,
}

impl Xml {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `<name>text</name>`, escaped.
    #[must_use]
    pub fn leaf(mut self, name: &str, text: &str) -> Self {
        self.wrap(name, &escape(text));
        self
    }

    /// The same, where there is a value.
    #[must_use]
    pub fn leaf_if(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.leaf(name, text),
            None => self,
        }
    }

    /// `<name>…</name>` round what `inner` writes.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "what is inside is built in place")]
    pub fn within(mut self, name: &str, inner: Self) -> Self {
        self.wrap(name, &inner.text);
        self
    }

    fn wrap(&mut self, name: &str, inner: &str) {
        for piece in ["<", name, ">", inner, "</", name, ">"] {
            self.text.push_str(piece);
        }
    }

    /// One element of a list.
    #[must_use]
    pub fn each<T>(self, items: impl IntoIterator<Item = T>, write: impl Fn(Self, T) -> Self) -> Self {
        items.into_iter().fold(self, write)
    }

    /// The whole document, with `root`'s attributes as given.
    #[must_use]
    pub fn document(&self, root: &str, attributes: &str) -> String {
        let space = if attributes.is_empty() { "" } else { " " };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}{space}{attributes}>{}</{root}>", self.text)
    }
}

/// Escapes what XML cannot hold literally.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A parsed element: its local name, its own text, its children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
    /// The `xsi:type` of an ACL's grantee.
    pub kind: Option<String>,
}

/// A document that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the XML that was provided is not well-formed")]
pub struct Malformed;

/// The deepest nesting that any request's document has, with room.
const DEEPEST: usize = 16;

impl Element {
    /// Reads a document's root.
    ///
    /// # Errors
    /// When it is not well-formed, or nests deeper than any request does.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().map_err(|_| Malformed)? {
                Event::Start(start) if open.len() <= DEEPEST => open.push(Self::named(&start)),
                Event::Start(_) => return Err(Malformed),
                Event::Empty(start) => {
                    let element = Self::named(&start);
                    open.last_mut().ok_or(Malformed)?.children.push(element);
                }
                Event::End(_) => {
                    let closed = open.pop().ok_or(Malformed)?;
                    open.last_mut().ok_or(Malformed)?.children.push(closed);
                }
                Event::Text(text) => open.last_mut().ok_or(Malformed)?.text.push_str(&text.xml10_content()),
                Event::CData(text) => open.last_mut().ok_or(Malformed)?.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let character = match reference.resolve_char_ref() {
                        Ok(Some(character)) => character,
                        _ => match reference.xml10_content().as_ref() {
                            "amp" => '&',
                            "lt" => '<',
                            "gt" => '>',
                            "quot" => '"',
                            "apos" => '\'',
                            _ => return Err(Malformed),
                        },
                    };
                    open.last_mut().ok_or(Malformed)?.text.push(character);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if open.len() != 1 {
            return Err(Malformed);
        }
        open.pop().and_then(|mut top| top.children.pop()).ok_or(Malformed)
    }

    fn named(start: &quick_xml::events::BytesStart<'_>) -> Self {
        let name = start.local_name().into_inner().to_owned();
        let kind = start
            .attributes()
            .flatten()
            .find(|attribute| attribute.key.local_name().into_inner() == "type")
            .map(|attribute| attribute.value.to_string());
        Self { name, kind, ..Self::default() }
    }

    /// The first child of that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of that name.
    pub fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of that name.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_back() {
        let nasty = "a<b>&\"c\" é\u{1F600}";
        let text = Xml::new().leaf("Key", nasty).within("Owner", Xml::new().leaf("ID", "1")).document("Object", "");
        let element = Element::parse(text.as_bytes()).unwrap();
        assert_eq!(element.name, "Object");
        assert_eq!(element.text_of("Key"), Some(nasty));
        assert_eq!(element.child("Owner").and_then(|owner| owner.text_of("ID")), Some("1"));
    }

    #[test]
    fn a_namespace_and_a_grantees_type_are_read() {
        let text = r#"<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Grant>
            <Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee></Grant></AccessControlPolicy>"#;
        let element = Element::parse(text.as_bytes()).unwrap();
        let grantee = element.child("Grant").and_then(|grant| grant.child("Grantee")).unwrap();
        assert_eq!(grantee.kind.as_deref(), Some("Group"));
    }

    #[test]
    fn hostile_documents_are_refused() {
        assert!(Element::parse(b"<a><b></a>").is_err());
        assert!(Element::parse(b"").is_err());
        assert!(Element::parse("<a>".repeat(40).as_bytes()).is_err());
        assert!(Element::parse(b"<a>&undefined;</a>").is_err());
    }
}
