//! `Null`: `true` asks that the key is absent, `false` that it is there.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null>

use super::Test;
use crate::policy::document::Condition;
use crate::policy::request::Lookup;
use crate::policy::truth::Truth;

pub(crate) fn parse(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

pub(crate) fn evaluate(condition: &Condition, found: Lookup<'_>) -> Truth {
    let asks = |wanted: bool| {
        condition.values.iter().any(|value| matches!(value.test, Test::Null(Some(asked)) if asked == wanted))
    };
    match found {
        Lookup::Absent => asks(true).into(),
        Lookup::Values(_) | Lookup::Other => asks(false).into(),
        Lookup::Unknown => match (asks(true), asks(false)) {
            (true, true) => Truth::True,
            (false, false) => Truth::False,
            _ => Truth::Unknown,
        },
    }
}
