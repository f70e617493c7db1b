//! `Bool`: `true` or `false`, in quotes or not, in any case. It takes no policy variables: those are for the string and ARN
//! operators (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse>).
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Boolean>

use super::Test;
use crate::policy::variables::{Mode, Template};

pub(crate) fn compile(text: &str) -> Test {
    Test::TextIgnoringCase(Template::new(text, Mode::Exact, false))
}
