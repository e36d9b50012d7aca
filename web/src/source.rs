//! Where a request comes from: the machine at the other end of the connection, or, behind proxies that are trusted, the one that
//! these name in `X-Forwarded-For`. Pure.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;

const FORWARDED: &str = "x-forwarded-for";
/// More hops than any control room has in front of it.
const HOPS: usize = 16;

/// The last machine on the way here that is no trusted proxy. What it claims about machines before it could be made up.
pub(crate) fn source(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut source = peer.to_canonical();
    let hops = headers.get_all(FORWARDED).iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for hop in hops.take(HOPS) {
        if !is_trusted(&source) {
            break;
        }
        // A proxy that writes something else than an address stands for all behind it.
        let Some(address) = address(hop) else { break };
        source = address;
    }
    source
}

/// Some proxies write the port too.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = hop.parse::<IpAddr>().ok();
    let address = address.or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()));
    address.or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok()).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn from(peer: &str, lines: &[&str], trusted: &[&str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, HeaderValue::from_str(line).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        source(ip(peer), &headers, &trusted)
    }

    #[test]
    fn nobody_but_a_trusted_proxy_says_where_a_request_comes_from() {
        let proxies = ["10.0.0.0/24"];
        assert_eq!(from("203.0.113.9", &["192.0.2.1"], &proxies), ip("203.0.113.9"));
        assert_eq!(from("10.0.0.5", &["192.0.2.1"], &[]), ip("10.0.0.5"));
        assert_eq!(from("10.0.0.5", &["192.0.2.1"], &proxies), ip("192.0.2.1"));
        assert_eq!(from("::ffff:10.0.0.5", &["192.0.2.1:4711"], &proxies), ip("192.0.2.1"));
        assert_eq!(from("10.0.0.5", &["[2001:db8::1]:443"], &proxies), ip("2001:db8::1"));
        assert_eq!(from("10.0.0.5", &[], &proxies), ip("10.0.0.5"));
    }

    #[test]
    fn what_a_guesser_writes_into_the_header_is_not_believed() {
        let proxies = ["10.0.0.0/24"];
        assert_eq!(from("10.0.0.5", &["1.1.1.1, 192.0.2.1"], &proxies), ip("192.0.2.1"));
        assert_eq!(from("10.0.0.5", &["1.1.1.1", "192.0.2.1, 10.0.0.6"], &proxies), ip("192.0.2.1"));
        assert_eq!(from("10.0.0.5", &["192.0.2.1, nonsense"], &proxies), ip("10.0.0.5"));
        assert_eq!(from("10.0.0.5", &["10.0.0.7, 10.0.0.6"], &proxies), ip("10.0.0.7"), "a person at the proxies themselves");
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_header_a_stranger_stays_a_stranger(line in "[ -~]{0,200}") {
            prop_assert_eq!(from("203.0.113.9", &[&line], &["10.0.0.0/8"]), ip("203.0.113.9"));
        }
    }
}
