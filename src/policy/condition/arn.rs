//! `ArnEquals` and `ArnLike`, which are the same, and their negations: part by part, each with wildcards.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>

use super::Test;
use crate::policy::variables::{Mode, Template};

pub(crate) fn compile(text: &str, variables: bool) -> Test {
    Test::Text(Template::new(text, Mode::ArnLike, variables))
}
