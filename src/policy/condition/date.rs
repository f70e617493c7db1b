//! `Date…`: the W3C profile of ISO 8601 (a year, a month, a day, a time with its zone), or seconds since the epoch.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date>

use super::Base;

/// Seconds since the epoch, and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    seconds: i64,
    nanos: u32,
}

/// Negation is the caller's.
pub(crate) fn matches(base: Base, wanted: Option<Instant>, value: &str) -> bool {
    let (Base::Date { order, .. }, Some(wanted), Some(value)) = (base, wanted, parse(value)) else { return false };
    order.holds(value.cmp(&wanted))
}

/// Four digits are a year; any other whole number is seconds since the epoch.
pub(crate) fn parse(text: &str) -> Option<Instant> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && text.len() != 4 {
        return Some(Instant { seconds: text.parse().ok()?, nanos: 0 });
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && !whole.is_empty()
        && whole.len() != 4
        && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
    {
        return Some(Instant { seconds: whole.parse().ok()?, nanos: nanos(fraction)? });
    }
    calendar(text)
}

fn number(text: &str, length: usize) -> Option<i64> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn nanos(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = fraction.get(..fraction.len().min(9))?;
    let scale = 10_u32.checked_pow(u32::try_from(9 - kept.len()).ok()?)?;
    kept.parse::<u32>().ok()?.checked_mul(scale)
}

fn calendar(text: &str) -> Option<Instant> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |month| number(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| number(day, 2))?;
    if parts.next().is_some() || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let midnight = days_since_epoch(year, month, day) * 86_400;
    let Some(time) = time else { return Some(Instant { seconds: midnight, nanos: 0 }) };
    // A time needs the whole date.
    if date.len() != 10 {
        return None;
    }
    let (seconds, nanos) = time_of_day(time)?;
    Some(Instant { seconds: midnight + seconds, nanos })
}

/// Seconds into the day, the zone taken off.
fn time_of_day(text: &str) -> Option<(i64, u32)> {
    let zone_at = text.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = text.split_at_checked(zone_at)?;
    let (clock, nanos) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, nanos(fraction)?),
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = match zone {
        "Z" | "z" => 0,
        signed => {
            let (sign, digits) = signed.split_at_checked(1)?;
            let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
            let minutes = number(hours, 2)? * 60 + number(minutes, 2)?;
            if sign == "-" { -minutes * 60 } else { minutes * 60 }
        }
    };
    Some((hour * 3600 + minute * 60 + second - offset, nanos))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leaps = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    // 719,162 days lie between the first of January of the years 1 and 1970.
    before * 365 + leaps + months + day - 1 - 719_162
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::condition::Order;

    fn seconds(text: &str) -> Option<i64> {
        parse(text).map(|instant| instant.seconds)
    }

    #[test]
    fn dates() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2020-01-01T00:00:01Z"), Some(1_577_836_801));
        assert_eq!(seconds("2024-02-29"), Some(1_709_164_800));
        assert_eq!(seconds("2020"), Some(1_577_836_800));
        assert_eq!(seconds("2020-01"), Some(1_577_836_800));
        assert_eq!(seconds("2020-01-01T01:00+01:00"), Some(1_577_836_800));
        assert_eq!(seconds("2019-12-31T23:00:00-0100"), Some(1_577_836_800));
        assert_eq!(seconds("1577836800"), Some(1_577_836_800));
        assert_eq!(seconds("1577836800.5"), Some(1_577_836_800));
        assert_eq!(seconds("-1"), Some(-1));
        for bad in [
            "",
            "x",
            "2023-02-29",
            "2020-13-01",
            "2020-1-1",
            "2020-01-01T00:00",
            "2020-01-01T24:00Z",
            "2020-01T00:00Z",
            "2020-01-01T00:00:00+1:00",
            "99999999999999999999",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn fractions_and_epochs_compare() {
        let holds = |order, value, wanted| matches(Base::Date { order, negated: false }, parse(wanted), value);
        assert!(holds(Order::Less, "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5Z"));
        assert!(holds(Order::Equal, "1577836800", "2020-01-01T00:00:00Z"));
        assert!(holds(Order::Greater, "2020-01-02", "2020-01-01T23:59:59Z"));
        assert!(!holds(Order::Equal, "soon", "2020-01-01"));
    }
}
