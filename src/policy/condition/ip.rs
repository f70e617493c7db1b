//! `IpAddress` and `NotIpAddress`: IPv4 and IPv6 addresses against networks in CIDR notation. An address without a
//! prefix is itself alone.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress>

use std::net::IpAddr;

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub address: IpAddr,
    pub prefix: u8,
}

impl Network {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u8>().ok()?,
            Some(_) => return None,
            None => bits,
        };
        (prefix <= bits).then_some(Self { address, prefix })
    }

    pub fn contains(&self, value: &str) -> bool {
        let Ok(value) = value.trim_ascii().parse::<IpAddr>() else { return false };
        match (self.address, value) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.prefix);
                own.to_bits().checked_shr(shift).unwrap_or(0) == other.to_bits().checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.prefix);
                own.to_bits().checked_shr(shift).unwrap_or(0) == other.to_bits().checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(network: &str, value: &str) -> bool {
        Network::parse(network).is_some_and(|network| network.contains(value))
    }

    #[test]
    fn networks() {
        assert!(within("203.0.113.0/24", "203.0.113.255"));
        assert!(!within("203.0.113.0/24", "203.0.114.0"));
        assert!(within("203.0.113.5", "203.0.113.5"));
        assert!(!within("203.0.113.5", "203.0.113.4"));
        assert!(within("0.0.0.0/0", "1.2.3.4"));
        assert!(!within("0.0.0.0/0", "::1"));
        assert!(within("::/0", "2001:db8::1"));
        assert!(within("2001:DB8:1234:5678::/64", "2001:db8:1234:5678:9::1"));
        assert!(!within("2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1"));
        // Host bits in the network are ignored.
        assert!(within("203.0.113.77/24", "203.0.113.1"));
        for bad in ["", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+8", "::/129", "1.2.3.4/", "x/8"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
        assert!(!within("1.2.3.4", "not an address"));
    }
}
