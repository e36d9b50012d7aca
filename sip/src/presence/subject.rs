//! Whom a SIP reference points to, and whether a trunk's callers may point there. Pure.
//!
//! A caller's network writes the reference, so nothing of it may lead the request to another host than the one that is judged.

use crate::config::{AllowedServer, Target, Transport};
use crate::location::Reference;

/// What is subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The Request-URI.
    pub uri: String,
    /// The host that the URI names.
    pub target: Target,
}

/// Parameters that would send the request elsewhere than to the host (RFC 3261 section 19.1.1), or that stand for something else in here.
const ASTRAY: [&str; 2] = ["maddr", crate::message::target::PARAMETER];
/// Parameters that have no place in a Request-URI (RFC 3261 section 19.1.1, table 1), or mean nothing without `maddr`.
const PASSED_OVER: [&str; 2] = ["method", "ttl"];

/// `None`: no SIP reference, or none that can be followed.
pub(crate) fn subject(reference: &Reference) -> Option<Subject> {
    let Reference::Sip(text) = reference else { return None };
    let (scheme, rest) = text.split_once(':')?;
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,;?/:@%[]".contains(c);
    if !rest.chars().all(good) {
        return None;
    }
    // An @ stands for itself nowhere else, so whoever reads the URI finds the same host.
    let (user, place) = match rest.split_once('@') {
        Some((user, place)) if !user.is_empty() && !place.contains('@') => (format!("{user}@"), place),
        Some(_) => return None,
        None => (String::new(), rest),
    };
    // Header fields in a URI (RFC 3261 section 19.1.5) are not the caller's to write.
    let place = place.split('?').next()?;
    let (host, parameters) = place.split_once(';').map_or((place, ""), |(host, parameters)| (host, parameters));
    // An IPv6 address needs its brackets (RFC 5118 section 4.2).
    if !host.starts_with('[') && host.matches(':').count() > 1 {
        return None;
    }
    let name = |parameter: &str| parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
    let parameters: Vec<&str> = parameters.split(';').filter(|parameter| !parameter.is_empty()).collect();
    if parameters.iter().any(|parameter| ASTRAY.contains(&name(parameter).as_str())) {
        return None;
    }
    let kept = parameters.into_iter().filter(|parameter| !PASSED_OVER.contains(&name(parameter).as_str()));
    let place = std::iter::once(host).chain(kept).collect::<Vec<_>>().join(";");
    // Who is present at `pres:a@h` is found by SIP at the same host (RFC 3859 section 5.1).
    let scheme = if scheme.eq_ignore_ascii_case("sips") { "sips" } else { "sip" };
    let target = format!("{scheme}:{place}").parse().ok()?;
    Some(Subject { uri: format!("{scheme}:{user}{place}"), target })
}

impl Subject {
    pub(crate) fn is_allowed(&self, servers: &[AllowedServer]) -> bool {
        let Target { transport, host, port } = &self.target;
        let usual = transport.map_or(5060, Transport::default_port);
        let host = host.to_string();
        servers.iter().any(|server| server.is(&host, *port, usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<Subject> {
        subject(&Reference::Sip(text.into()))
    }

    fn allowed(text: &str, server: &str) -> bool {
        read(text).unwrap().is_allowed(&[server.parse().unwrap()])
    }

    #[test]
    fn a_reference_keeps_what_names_the_caller_and_says_where_to_ask() {
        for (text, uri, target) in [
            ("sip:loc-7@lis.example", "sip:loc-7@lis.example", "lis.example:5060"),
            ("SIP:a;b=c%20d@LIS.example:5070", "sip:a;b=c%20d@LIS.example:5070", "lis.example:5070"),
            ("sip:a?b@lis.example;gr=1;transport=tcp", "sip:a?b@lis.example;gr=1;transport=tcp", "tcp://lis.example:5060"),
            ("sips:a@[2001:db8::1]", "sips:a@[2001:db8::1]", "tls://[2001:db8::1]:5061"),
            ("pres:a@lis.example", "sip:a@lis.example", "lis.example:5060"),
            ("sip:10.0.0.1", "sip:10.0.0.1", "10.0.0.1:5060"),
            ("sip:a@h.example;method=INVITE;ttl=3?Subject=x", "sip:a@h.example", "h.example:5060"),
        ] {
            assert_eq!(read(text), Some(Subject { uri: uri.into(), target: target.parse().unwrap() }), "{text}");
        }
    }

    #[test]
    fn what_could_lead_astray_is_not_followed() {
        for text in [
            "sip:a@lis.example;maddr=10.0.0.1",
            "sip:a@lis.example;MADDR=10.0.0.1",
            "sip:a@lis.example;siaga-target=7369703a",
            "sip:a@lis.example@10.0.0.1",
            "sip:a@lis.example?To=<sip:b@h>",
            "sip:a@lis.example>",
            "sip:a\"@lis.example",
            "sip:a@lis.example;transport=ws",
            "sip:a@",
            "sip:a@h:0",
            "sip:@lis.example",
            "sip:a@::1",
            "sip:é@lis.example",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(subject(&Reference::Https("https://lis.example/1".into())), None);
    }

    #[test]
    fn only_hosts_of_the_setting_are_asked_and_each_way_has_its_usual_port() {
        for (text, server) in [
            ("sip:a@lis.example", "lis.example"),
            ("sips:a@lis.example", "lis.example"),
            ("sip:a@LIS.example.:5070", "lis.example:5070"),
            ("sip:a@10.0.0.1;transport=tls", "10.0.0.1"),
            ("sip:a@[::1]:5070", "[::1]:5070"),
        ] {
            assert!(allowed(text, server), "{text}");
        }
        for (text, server) in [
            ("sip:a@lis.example:5070", "lis.example"),
            ("sip:a@lis.example", "lis.example:5070"),
            ("sip:lis.example@evil.example", "lis.example"),
            ("sip:a@evil-lis.example", "lis.example"),
            ("sip:a@10.0.0.2", "10.0.0.1"),
        ] {
            assert!(!allowed(text, server), "{text}");
        }
        assert!(!read("sip:a@lis.example").unwrap().is_allowed(&[]));
    }

    proptest! {
        #[test]
        fn no_reference_makes_it_panic_and_the_host_that_is_judged_is_the_one_in_the_uri(text in "sip:[a-z;:@?=\\[\\]%.&]{0,24}") {
            if let Some(subject) = read(&text) {
                let place = subject.uri.rsplit('@').next().unwrap().trim_start_matches("sip:").to_owned();
                prop_assert!(place.starts_with(subject.target.host.to_string().as_str()), "{}", subject.uri);
            }
        }
    }
}
