//! `why403 schema`: the report's JSON Schema, made from the types that write it.

/// The schema, ending in a line break.
pub fn text() -> String {
    let mut text = crate::render::schema::schema();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
