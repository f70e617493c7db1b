//! The scenarios that are compiled in: one list, from which everything that walks them is made.

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each.
        pub const EMBEDDED: &[(&str, &str)] = &[$(($name, include_str!(concat!("../scenarios/", $name, ".toml")))),*];
    };
}

scenarios![
    "identity-policy-no-allow",
];

/// The names, in the list's order.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, _)| *name)
}

pub(super) fn text(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
