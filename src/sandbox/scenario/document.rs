//! A policy as a scenario file writes it: JSON text, kept byte for byte so that carets and edits have
//! a user's formatting to work on, or a TOML table where the formatting is of no interest.

use crate::policy::{Document, ParseError, Rules};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// One policy document's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText(String);

impl PolicyText {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the document under the grammar of its kind.
    ///
    /// # Errors
    /// When AWS would refuse to store it.
    pub fn parse(&self, rules: Rules) -> Result<Document, ParseError> {
        Document::parse(&self.0, rules)
    }

    /// Whether S3 calls it public.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.parse(Rules::Resource).is_ok_and(|document| document.is_public())
    }

    /// The statements as plain JSON, for what is not decided by evaluation (a principal's mention, say).
    #[must_use]
    pub fn statements(&self) -> Vec<serde_json::Value> {
        let document: serde_json::Value = serde_json::from_str(&self.0).unwrap_or_default();
        match document.get("Statement") {
            Some(serde_json::Value::Array(statements)) => statements.clone(),
            Some(statement @ serde_json::Value::Object(_)) => vec![statement.clone()],
            _ => Vec::new(),
        }
    }
}

impl<'de> Deserialize<'de> for PolicyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Table(serde_json::Map<String, serde_json::Value>),
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Ok(Self(text.trim().to_owned())),
            Written::Table(table) => serde_json::to_string_pretty(&table).map(Self).map_err(D::Error::custom),
        }
    }
}
