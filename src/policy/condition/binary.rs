//! `BinaryEquals`: byte for byte against the base-64 text of the policy.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_BinaryEquals>

/// Decodes base-64 (RFC 4648, padded). Anything else is `None`.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(4) {
        return None;
    }
    let padding = bytes.iter().rev().take_while(|&&byte| byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut buffer: u32 = 0;
    let mut bits = 0;
    for &byte in bytes.get(..bytes.len() - padding)? {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        buffer = (buffer << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            decoded.push(u8::try_from((buffer >> bits) & 0xFF).ok()?);
            buffer &= (1 << bits) - 1;
        }
    }
    // What is left over must be the padding's zeros.
    (buffer == 0).then_some(decoded)
}

/// A request's value is written as base-64 too, or is the bytes themselves.
pub(crate) fn matches(wanted: Option<&[u8]>, value: &str) -> bool {
    wanted.is_some_and(|wanted| value.as_bytes() == wanted || decode(value).is_some_and(|value| value == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64() {
        assert_eq!(decode("QmluYXJ5VmFsdWVJbkJhc2U2NA==").as_deref(), Some(&b"BinaryValueInBase64"[..]));
        assert_eq!(decode("").as_deref(), Some(&b""[..]));
        assert_eq!(decode("//79").as_deref(), Some(&[0xFF, 0xFE, 0xFD][..]));
        for bad in ["a", "a===", "QQ=", "Q-==", "QR==", "====", "QQ==QQ=="] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn either_form_of_the_value_matches() {
        let wanted = decode("QUJD");
        assert!(matches(wanted.as_deref(), "QUJD"));
        assert!(matches(wanted.as_deref(), "ABC"));
        assert!(!matches(wanted.as_deref(), "abc"));
        assert!(!matches(None, ""));
    }
}
