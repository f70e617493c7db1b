//! The list of causes, as data: `causes.toml` beside this file. Everything that lists causes is made from it.

use serde::Deserialize;
use std::sync::LazyLock;

/// What is known of a cause before any case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct About {
    /// Stable: a code is never renamed once it is out.
    pub code: String,
    pub family: Family,
    /// The IAM action, or the API call, that it is usually about.
    pub action: Option<String>,
    /// What is true of the world when this is the cause.
    pub meaning: String,
    /// What proves it, cheapest first.
    pub told_by: String,
    /// What the repair edits, or "advice".
    pub fix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    Credentials,
    Request,
    Policy,
    Ownership,
    Encryption,
    None,
}

static ABOUT: LazyLock<Vec<About>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        cause: Vec<About>,
    }
    // The file is part of the program: that it parses is a test's concern, not a user's.
    toml::from_str::<File>(include_str!("causes.toml")).map(|file| file.cause).unwrap_or_default()
});

/// All causes, in order.
#[must_use]
pub fn all() -> &'static [About] {
    &ABOUT
}

/// The cause of that code.
#[must_use]
pub fn find(code: &str) -> Option<&'static About> {
    all().iter().find(|about| about.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::CAUSES;

    #[test]
    fn every_cause_of_the_list_is_judged_and_no_other() {
        // The list's order is by topic, the judges' by how early a cause stands in the way.
        let mut listed: Vec<&str> = all().iter().map(|about| about.code.as_str()).collect();
        let mut judged: Vec<&str> = CAUSES.iter().map(|cause| cause.code()).collect();
        listed.sort_unstable();
        judged.sort_unstable();
        assert!(listed.len() > 30);
        assert_eq!(listed, judged);
    }

    #[test]
    fn codes_are_unique_and_texts_are_there() {
        for about in all() {
            assert_eq!(all().iter().filter(|other| other.code == about.code).count(), 1, "{}", about.code);
            assert!(about.code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", about.code);
            assert!(about.meaning.ends_with('.'), "{}", about.code);
            assert!(!about.fix.is_empty() && !about.told_by.is_empty(), "{}", about.code);
        }
    }
}
