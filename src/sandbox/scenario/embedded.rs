//! The scenarios that are compiled in: one list, from which everything that walks them is made.

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each.
        pub const EMBEDDED: &[(&str, &str)] = &[$(($name, include_str!(concat!("../scenarios/", $name, ".toml")))),*];
    };
}

scenarios![
    "bucket-policy-deny",
    "bucket-policy-deny.bare",
    "bucket-policy-deny.encryption-header",
    "bucket-policy-deny.near",
    "bucket-policy-deny.partial",
    "bucket-policy-deny.silent",
    "bucket-policy-deny.source-ip",
    "bucket-policy-no-allow",
    "bucket-policy-no-allow.bare",
    "bucket-policy-no-allow.near",
    "bucket-policy-no-allow.partial",
    "bucket-policy-no-allow.same-organization",
    "identity-policy-deny",
    "identity-policy-deny.bare",
    "identity-policy-deny.mfa",
    "identity-policy-deny.near",
    "identity-policy-deny.partial",
    "identity-policy-deny.silent",
    "identity-policy-no-allow",
    "identity-policy-no-allow.bare",
    "identity-policy-no-allow.copy",
    "identity-policy-no-allow.copy-tags",
    "identity-policy-no-allow.delete",
    "identity-policy-no-allow.group",
    "identity-policy-no-allow.list",
    "identity-policy-no-allow.list-prefix",
    "identity-policy-no-allow.near",
    "identity-policy-no-allow.no-slash",
    "identity-policy-no-allow.partial",
    "identity-policy-no-allow.recursive",
    "identity-policy-no-allow.silent",
    "identity-policy-no-allow.upload",
    "identity-policy-no-allow.upload-acl",
];

/// The names, in the list's order.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, _)| *name)
}

pub(super) fn text(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
