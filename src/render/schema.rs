//! The JSON Schema of the report, made from the types that write it.

use crate::diagnosis::{Report, SCHEMA};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The schema of what `--format json` prints, as JSON on several lines.
///
/// It describes what is written: a member that is always there is required, even where it may be null. Members that
/// it does not know are allowed, because a later why403 may add some under the same `schema` number.
#[must_use]
pub fn schema() -> String {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>();
    let mut schema = schema.to_value();
    narrow(&mut schema);
    // Printing a JSON value cannot fail.
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text + "\n"
}

/// What the types cannot say: the shape's number, and that a diagnosis is never empty.
fn narrow(schema: &mut Value) {
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), json!(concat!(env!("CARGO_PKG_REPOSITORY"), "/report.schema.json")));
        root.insert("title".to_owned(), json!("why403 report"));
    }
    if let Some(number) = schema.pointer_mut("/properties/schema") {
        *number = json!({ "const": SCHEMA });
    }
    if let Some(blockers) = schema.pointer_mut("/$defs/Failure/properties/blockers").and_then(Value::as_object_mut) {
        blockers.insert("minItems".to_owned(), json!(1));
    }
}
