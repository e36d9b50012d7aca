//! Lists of addresses and networks, as several sections have them.

use super::ConfigError;
use ipnet::IpNet;
use std::net::IpAddr;

/// An address alone is a network of one.
pub fn networks(key: &str, texts: &[String]) -> Result<Vec<IpNet>, ConfigError> {
    let network = |text: &String| {
        text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
            let problem = format!("`{text}` is not an address or network");
            ConfigError::new(key, problem, "write it like \"203.0.113.10\" or \"198.51.100.0/24\"")
        })
    };
    texts.iter().map(network).collect()
}
