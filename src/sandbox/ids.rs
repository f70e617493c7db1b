//! The identifiers of a scenario's world: made from names, so that a world looks the same every time, and
//! shaped like AWS's. None is a secret of anybody's.

use sha2::{Digest, Sha256};

/// The first `length` lower-case hex digits of a digest over `parts`.
#[must_use]
pub fn hex(parts: &[&str], length: usize) -> String {
    let mut text = hex_of(&digest(parts));
    text.truncate(length);
    text
}

/// Bytes in lower-case hex.
#[must_use]
pub fn hex_of(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        // So that ["ab", "c"] and ["a", "bc"] differ.
        hasher.update([0]);
    }
    hasher.finalize().into()
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base32(bytes: &[u8]) -> String {
    let bit = |index: usize| bytes.get(index / 8).map_or(0, |byte| (byte >> (7 - index % 8)) & 1);
    (0..(bytes.len() * 8).div_ceil(5))
        .map(|digit| (0..5).fold(0usize, |value, offset| value << 1 | usize::from(bit(digit * 5 + offset))))
        .map(|value| char::from(BASE32[value]))
        .collect()
}

/// An access key id. AWS puts the account into it: 40 bits of the first 48 after the prefix.
#[must_use]
pub fn access_key(prefix: &str, account: &str, what: &str) -> String {
    let tail = digest(&["key", account, what]);
    let number: u64 = account.parse().unwrap_or(0);
    let head = (1 << 47) | (number << 7) | u64::from(tail[0] & 0x7f);
    let mut bytes = head.to_be_bytes()[2..].to_vec();
    bytes.extend_from_slice(&tail[1..5]);
    format!("{prefix}{}", base32(&bytes))
}

/// The secret of [`access_key`], 40 characters.
#[must_use]
pub fn secret(account: &str, what: &str) -> String {
    base64ish(&["secret", account, what], 40)
}

/// A session token.
#[must_use]
pub fn token(account: &str, what: &str) -> String {
    format!("IQoJb3JpZ2luX2Vj{}", base64ish(&["token", account, what], 200))
}

/// A unique id (`AIDA…`, `AROA…`).
#[must_use]
pub fn unique(prefix: &str, account: &str, what: &str) -> String {
    format!("{prefix}{}", &base32(&digest(&["unique", account, what]))[..17])
}

/// An account's canonical user id.
#[must_use]
pub fn canonical(account: &str) -> String {
    hex(&["canonical", account], 64)
}

/// `length` characters of the base64 alphabet.
#[must_use]
pub fn base64ish(parts: &[&str], length: usize) -> String {
    let mut text = String::with_capacity(length + 32);
    let mut round = 0u8;
    while text.len() < length {
        let salt = round.to_string();
        let bytes = digest(&[parts, &[salt.as_str()]].concat());
        text.extend(bytes.iter().map(|byte| char::from(BASE64[usize::from(byte & 63)])));
        round += 1;
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented way back: base32, the first six bytes, mask, shift.
    fn account_in(key: &str) -> u64 {
        let mut number = 0u128;
        for character in key[4..].bytes() {
            let digit = BASE32.iter().position(|it| *it == character).unwrap();
            number = number << 5 | u128::try_from(digit).unwrap();
        }
        let first_six = u64::try_from(number >> 32).unwrap();
        (first_six & 0x7fff_ffff_ff80) >> 7
    }

    #[test]
    fn the_account_can_be_read_back_from_a_key_id() {
        assert_eq!(account_in("ASIAY34FZKBOKMUTVV7A"), 609_629_065_308, "the reading itself is right");
        for account in ["111122223333", "999999999999", "000000000001"] {
            let key = access_key("AKIA", account, "alice");
            assert_eq!(key.len(), 20);
            assert_eq!(account_in(&key), account.parse::<u64>().unwrap());
        }
    }

    #[test]
    fn different_names_get_different_ids() {
        assert_ne!(secret("1", "23"), secret("12", "3"));
        assert_ne!(access_key("AKIA", "111122223333", "a"), access_key("AKIA", "111122223333", "b"));
        assert_eq!(secret("111122223333", "alice").len(), 40);
    }
}
