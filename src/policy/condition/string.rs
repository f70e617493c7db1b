//! `StringEquals`, `StringLike` and their kin: case-sensitive unless the name says otherwise; only `Like` has wildcards.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String>

use super::Test;
use crate::policy::variables::{Mode, Template};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    EqualIgnoringCase,
    Like,
}

pub(crate) fn compile(comparison: Comparison, text: &str, variables: bool) -> Test {
    match comparison {
        Comparison::Equal => Test::Text(Template::new(text, Mode::Exact, variables)),
        Comparison::EqualIgnoringCase => Test::TextIgnoringCase(Template::new(text, Mode::Exact, variables)),
        Comparison::Like => Test::Text(Template::new(text, Mode::Like, variables)),
    }
}
