//! `Bool`: `true` or `false`, in quotes or not, in any case.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Boolean>

use super::Test;
use crate::policy::variables::{Mode, Template};

pub(crate) fn compile(text: &str, variables: bool) -> Test {
    Test::TextIgnoringCase(Template::new(text, Mode::Exact, variables))
}
