//! `Numeric…`: integers and decimals, compared exactly and not as floats.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Numeric>

use super::Base;
use std::cmp::Ordering;

/// A decimal number of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// Without leading zeros.
    whole: Box<str>,
    /// Without trailing zeros.
    fraction: Box<str>,
}

impl Decimal {
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction, negative) = split(text)?;
        Some(Self { negative, whole: whole.into(), fraction: fraction.into() })
    }
}

/// Sign and digits, without copying: the request's side is compared as it is.
fn split(text: &str) -> Option<(&str, &str, bool)> {
    let text = text.trim_ascii();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    // There is one zero.
    Some((whole, fraction, negative && !(whole.is_empty() && fraction.is_empty())))
}

fn compare(value: (&str, &str, bool), wanted: &Decimal) -> Ordering {
    let (whole, fraction, negative) = value;
    let magnitude = whole
        .len()
        .cmp(&wanted.whole.len())
        .then_with(|| whole.cmp(&wanted.whole))
        .then_with(|| fraction.cmp(&wanted.fraction));
    match (negative, wanted.negative) {
        (false, false) => magnitude,
        (true, true) => magnitude.reverse(),
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
    }
}

/// Negation is the caller's: this is whether the value stands in the operator's order to the wanted one.
pub(crate) fn matches(base: Base, wanted: Option<&Decimal>, value: &str) -> bool {
    let (Base::Numeric { order, .. }, Some(wanted), Some(value)) = (base, wanted, split(value)) else { return false };
    order.holds(compare(value, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::condition::Order;
    use proptest::prelude::*;

    fn holds(order: Order, value: &str, wanted: &str) -> bool {
        matches(Base::Numeric { order, negated: false }, Decimal::parse(wanted).as_ref(), value)
    }

    #[test]
    fn decimals() {
        assert!(holds(Order::Equal, "10", "10.0"));
        assert!(holds(Order::Equal, "-0", "0"));
        assert!(holds(Order::Less, "9.99", "10"));
        assert!(holds(Order::Less, "-10", "-9.5"));
        assert!(holds(Order::Greater, "9007199254740993", "9007199254740992"));
        assert!(holds(Order::LessOrEqual, "007", "7"));
        assert!(!holds(Order::Equal, "ten", "10"));
        assert!(!holds(Order::Equal, "", "0"));
        assert!(!holds(Order::Equal, "1e1", "10"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_integers(a in -100_000i64..100_000, b in -100_000i64..100_000) {
            prop_assert_eq!(holds(Order::Less, &a.to_string(), &b.to_string()), a < b);
            prop_assert_eq!(holds(Order::Equal, &format!("{a}.00"), &b.to_string()), a == b);
            let (x, y) = (format!("{}.{:05}", a / 1000, b.unsigned_abs()), format!("{}.{:05}", a / 1000, a.unsigned_abs()));
            let (fx, fy): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            prop_assert_eq!(holds(Order::Greater, &x, &y), fx > fy, "{} {}", x, y);
        }
    }
}
