//! Probes: how to ask. One file each; [`gather`] runs them side by side under a budget.
//!
//! A probe never judges. What was not learned is said as such: [`Answer`] has no empty default.

/// What a probe brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    Known(T),
    /// AWS said no.
    Denied(ApiError),
    TimedOut,
    Failed(String),
    /// Not asked, because.
    Skipped(String),
}

/// An error answer of AWS, as much of it as an XML or JSON body gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    pub status: u16,
    /// Empty where the answer had no body (HEAD).
    pub code: String,
    pub message: String,
}
