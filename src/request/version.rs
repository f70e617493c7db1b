//! Which major version of the CLI ran: they differ in which variable wins.

/// The CLI's major version, where it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CliVersion {
    V1,
    V2,
    /// Taken for version 2 where the two differ: most installations are.
    #[default]
    Unknown,
}

impl CliVersion {
    #[must_use]
    pub(crate) fn is_v1(self) -> bool {
        self == Self::V1
    }
}
