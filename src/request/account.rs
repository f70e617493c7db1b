//! The account that is written into an access key id: read offline, without asking anybody.

/// The account of a key id of the newer kind (facts: Tal Be'ery, "a short note on AWS key ID").
///
/// Ids of the older kind (a fifth letter of `I` or `J`) hold no account and give `None`, as does anything
/// that is not an access key id.
#[must_use]
pub fn access_key_account(id: &str) -> Option<String> {
    let code = id.strip_prefix("AKIA").or_else(|| id.strip_prefix("ASIA"))?;
    if code.len() < 16 || code.starts_with(['I', 'J']) {
        return None;
    }
    // Ten base32 letters are 50 bits; the account is 40 of the first 48, after one leading bit.
    let mut bits: u64 = 0;
    for letter in code.bytes().take(10) {
        let five = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u64::from(five);
    }
    let account = ((bits >> 2) & 0x7fff_ffff_ff80) >> 7;
    (account < 1_000_000_000_000).then(|| format!("{account:012}"))
}

#[cfg(test)]
mod tests {
    use super::access_key_account;

    #[test]
    fn newer_ids_hold_an_account() {
        assert_eq!(access_key_account("ASIAY34FZKBOKMUTVV7A").as_deref(), Some("609629065308"));
    }

    #[test]
    fn older_and_foreign_ids_do_not() {
        for id in [
            "AKIAIOSFODNN7EXAMPLE",
            "AKIAJ000000000000000",
            "111122223333",
            "",
            "AKIA",
            "AKIA\u{e9}34FZKBOKMUTVV",
            "minioadmin",
        ] {
            assert_eq!(access_key_account(id), None, "{id}");
        }
    }
}
