//! Resource-Priority (RFC 4412): which treatment the carrier asks for, in an order that holds across namespaces. Pure.

use crate::message::Fields;
use std::cmp::Ordering;

const MAX_VALUES: usize = 16;

/// The namespaces with an order of their own, each from its least to its greatest value (the registry of RFC 4412 section 12.6).
const NAMESPACES: [(&str, &[&str]); 8] = [
    // RFC 7135: emergency services networks.
    ("esnet", &["0", "1", "2", "3", "4"]),
    ("wps", &["4", "3", "2", "1", "0"]),
    ("ets", &["4", "3", "2", "1", "0"]),
    ("q735", &["4", "3", "2", "1", "0"]),
    ("dsn", &["routine", "priority", "immediate", "flash", "flash-override"]),
    ("drsn", &["routine", "priority", "immediate", "flash", "flash-override", "flash-override-override"]),
    // RFC 8101: mission critical push to talk.
    ("mcpttp", &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]),
    ("mcpttq", &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]),
];

/// One value, for example `esnet.1`. The greater is the more urgent: by `level`, of unknown ones none is greater than a known one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourcePriority {
    /// In lower case.
    pub namespace: String,
    pub value: String,
    /// Place in its namespace's own order, 0 for the least and 100 for the greatest. `None`: the namespace or the value is not known.
    pub level: Option<u8>,
}

impl Ord for ResourcePriority {
    fn cmp(&self, other: &Self) -> Ordering {
        // The names only make the order total, so that it agrees with equality.
        self.level.cmp(&other.level).then_with(|| (&other.namespace, &other.value).cmp(&(&self.namespace, &self.value)))
    }
}

impl PartialOrd for ResourcePriority {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// All values of the request, the most urgent first.
pub(crate) fn read(fields: &Fields) -> Vec<ResourcePriority> {
    let mut found: Vec<ResourcePriority> = Vec::new();
    for value in fields.all("Resource-Priority").flat_map(|value| value.split(',')).filter_map(one).take(MAX_VALUES) {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found
}

/// `namespace.value`; both are tokens without a dot (RFC 4412 section 3.1).
fn one(text: &str) -> Option<ResourcePriority> {
    let (namespace, value) = text.trim().split_once('.')?;
    let token = |text: &str| {
        !text.is_empty() && text.len() <= 32 && text.chars().all(|c| c.is_ascii_graphic() && !";,\"<>()./".contains(c))
    };
    if !token(namespace) || !token(value) {
        return None;
    }
    let (namespace, value) = (namespace.to_ascii_lowercase(), value.to_ascii_lowercase());
    let level = level(&namespace, &value);
    Some(ResourcePriority { namespace, value, level })
}

fn level(namespace: &str, value: &str) -> Option<u8> {
    let (_, values) = NAMESPACES.iter().find(|(known, _)| *known == namespace)?;
    let place = values.iter().position(|known| *known == value)?;
    u8::try_from(place * 100 / values.len().saturating_sub(1).max(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(values: &[&str]) -> Vec<(String, Option<u8>)> {
        let mut fields = Fields::default();
        values.iter().for_each(|value| fields.push("Resource-Priority", *value));
        read(&fields).into_iter().map(|p| (format!("{}.{}", p.namespace, p.value), p.level)).collect()
    }

    fn are(expected: &[(&str, Option<u8>)]) -> Vec<(String, Option<u8>)> {
        expected.iter().map(|(text, level)| ((*text).to_owned(), *level)).collect()
    }

    #[test]
    fn the_most_urgent_comes_first_whatever_way_its_namespace_counts() {
        assert_eq!(
            order(&["esnet.1, wps.0", "dsn.flash"]),
            are(&[("wps.0", Some(100)), ("dsn.flash", Some(75)), ("esnet.1", Some(25))])
        );
        assert_eq!(order(&["q735.4,Q735.0"]), are(&[("q735.0", Some(100)), ("q735.4", Some(0))]));
        assert_eq!(order(&["mcpttp.15, esnet.0"]), are(&[("mcpttp.15", Some(100)), ("esnet.0", Some(0))]));
    }

    #[test]
    fn unknown_ones_are_kept_and_come_last() {
        assert_eq!(order(&["city.9, esnet.7, esnet.0"]), are(&[("esnet.0", Some(0)), ("city.9", None), ("esnet.7", None)]));
    }

    #[test]
    fn what_is_no_priority_is_passed_over() {
        for value in ["", "esnet", "esnet.", ".1", "es net.1", "esnet.1.2", "\"esnet\".1", &"x".repeat(99)] {
            assert!(order(&[value]).is_empty(), "{value}");
        }
        let many: String = (0..100).map(|n| format!("x.{n},")).collect();
        assert_eq!(order(&[&many]).len(), MAX_VALUES);
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in "(esnet|wps|zz)\\.[0-4]", b in "(esnet|wps|zz)\\.[0-4]") {
            let (a, b) = (one(&a).unwrap(), one(&b).unwrap());
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        }
    }
}
