//! Whether S3's name resolves to a private address: the mark of an interface endpoint. A gateway endpoint leaves no
//! trace in DNS.

use crate::evidence::Answer;
use std::net::IpAddr;

pub const NAME: &str = "dns";

/// What the name resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub host: String,
    /// Whether all its addresses are private.
    pub private: bool,
}

/// Asks the system's resolver.
pub async fn resolve(host: &str) -> Answer<Resolution> {
    match tokio::net::lookup_host((host, 443)).await {
        Ok(found) => {
            let addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            let private = !addresses.is_empty() && addresses.iter().all(is_private);
            Answer::Known(Resolution { host: host.to_owned(), private })
        }
        Err(_) => Answer::Failed(format!("`{host}` does not resolve")),
    }
}

fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_link_local() || (v4.octets()[0] == 100 && (v4.octets()[1] & 0xc0) == 64)
        }
        IpAddr::V6(v6) => (v6.segments()[0] & 0xfe00) == 0xfc00,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_ranges_are_known() {
        for (text, private) in
            [("10.1.2.3", true), ("172.31.0.9", true), ("100.64.1.1", true), ("52.216.1.1", false), ("fd00::1", true)]
        {
            assert_eq!(is_private(&text.parse().unwrap()), private, "{text}");
        }
    }
}
