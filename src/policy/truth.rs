//! Three values: true, false, and not known yet.
//!
//! The rules are Kleene's strong logic: an unknown operand leaves the answer unknown only where it could still
//! turn it. That gives monotonicity for free: an answer that is settled while something is unknown stays the
//! same whatever that something turns out to be.

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    True,
    False,
    /// It turns on something that is not known.
    Unknown,
}

impl Truth {
    /// Both: false wins, then unknown.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// Either: true wins, then unknown.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Unknown,
        }
    }

    #[must_use]
    pub fn is_true(self) -> bool {
        self == Self::True
    }

    #[must_use]
    pub fn is_false(self) -> bool {
        self == Self::False
    }

    #[must_use]
    pub fn is_unknown(self) -> bool {
        self == Self::Unknown
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, False, True, Unknown};

    #[test]
    fn an_unknown_operand_matters_only_where_it_could_turn_the_answer() {
        assert_eq!(False.and(Unknown), False);
        assert_eq!(True.and(Unknown), Unknown);
        assert_eq!(True.or(Unknown), True);
        assert_eq!(False.or(Unknown), Unknown);
        assert_eq!(!Unknown, Unknown);
    }

    #[test]
    fn de_morgan_holds_in_three_values() {
        for a in [True, False, Unknown] {
            for b in [True, False, Unknown] {
                assert_eq!(!(a.and(b)), (!a).or(!b));
                assert_eq!(Truth::from(a == b), Truth::from(b == a));
            }
        }
    }
}
