//! The network and cell that a call came by: P-Access-Network-Info (RFC 7315 section 4.4, 3GPP TS 24.229 section 7.2A.4). Pure.
//!
//! Only trunks get this far, so it is the carrier's word. A handset on Wi-Fi may also say its last cell (Cellular-Network-Info).

use crate::message::{Fields, entries, parameter};
use std::fmt;

const MAX_TEXT: usize = 64;

/// How the caller reaches the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessNetwork {
    /// As written: `3GPP-E-UTRAN-FDD`, `IEEE-802.11`, `ADSL`.
    pub technology: String,
    pub cell: Option<Cell>,
    /// Of a fixed or wireless network: the node that it names (`i-wlan-node-id`, `dsl-location`, `eth-location`, ...).
    pub node: Option<String>,
    /// The network says so, not the handset (`network-provided`).
    pub by_network: bool,
    /// Seconds since the handset was on this cell, where it is not on it now (`cell-info-age`).
    pub age_s: Option<u32>,
}

/// A cell of a mobile network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub mcc: String,
    pub mnc: String,
    /// Tracking area (LTE, 5G) or location area (2G, 3G).
    pub area: u32,
    pub id: CellId,
}

/// A cell's number in its network, by generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellId {
    Gsm(u32),
    Umts(u32),
    Lte(u32),
    Nr(u64),
}

impl fmt::Display for Cell {
    /// For the operator and for a carrier's duty desk: `510-10 TAC 1234 ECI 56789 (eNB 221, 213)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { mcc, mnc, area, id } = self;
        match id {
            CellId::Gsm(ci) => write!(f, "{mcc}-{mnc} LAC {area} CI {ci}"),
            CellId::Umts(id) => write!(f, "{mcc}-{mnc} LAC {area} UCID {id} (RNC {}, {})", id >> 16, id & 0xffff),
            CellId::Lte(eci) => write!(f, "{mcc}-{mnc} TAC {area} ECI {eci} (eNB {}, {})", eci >> 8, eci & 0xff),
            CellId::Nr(nci) => write!(f, "{mcc}-{mnc} TAC {area} NCI {nci}"),
        }
    }
}

/// The best of what the request says: a current cell by the network's word, then by the handset's, then the last cell, then any network.
pub(crate) fn read(fields: &Fields) -> Option<AccessNetwork> {
    let current = fields.all("P-Access-Network-Info").flat_map(entries).filter_map(one);
    let last = fields.all("Cellular-Network-Info").flat_map(entries).filter_map(one);
    // `min_by_key` takes the first of equals.
    current
        .map(|found| (false, found))
        .chain(last.map(|found| (true, found)))
        .min_by_key(|(old, found)| (found.cell.is_none(), *old, !found.by_network))
        .map(|(_, found)| found)
}

fn one(entry: &str) -> Option<AccessNetwork> {
    let technology = entry.split(';').next()?.trim();
    let sound = !technology.is_empty()
        && technology.len() <= MAX_TEXT
        && technology.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if !sound {
        return None;
    }
    let has = |name: &str| entry.split(';').skip(1).any(|item| item.trim().eq_ignore_ascii_case(name));
    let node = ["i-wlan-node-id", "dsl-location", "eth-location", "fiber-location", "gstn-location", "dvb-rcs2-node-id"];
    let text = |value: &str| value.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect::<String>();
    Some(AccessNetwork {
        technology: technology.to_owned(),
        cell: cell(technology, entry),
        node: node.iter().find_map(|name| parameter(entry, name)).map(text).filter(|node| !node.is_empty()),
        by_network: has("network-provided"),
        age_s: parameter(entry, "cell-info-age").and_then(|age| age.parse().ok()),
    })
}

/// MCC (three digits) and MNC (two or three) in decimal, then area and cell in hexadecimal; the length tells how long the MNC is.
fn cell(technology: &str, entry: &str) -> Option<Cell> {
    let technology = technology.to_ascii_uppercase();
    let (text, area_digits, cell_digits) = if let Some(text) = parameter(entry, "cgi-3gpp") {
        (text, 4, 4)
    } else if technology.starts_with("3GPP-NR") {
        (parameter(entry, "utran-cell-id-3gpp").or_else(|| parameter(entry, "nr-cell-id-3gpp"))?, 6, 9)
    } else {
        (parameter(entry, "utran-cell-id-3gpp")?, 4, 7)
    };
    let text = text.trim();
    let network = text.len().checked_sub(area_digits + cell_digits)?;
    let (mcc, mnc) = (text.get(..3)?, text.get(3..network)?);
    if !matches!(network, 5 | 6) || !mcc.chars().chain(mnc.chars()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit()).then(|| u64::from_str_radix(text, 16).ok()).flatten();
    let area = u32::try_from(hex(text.get(network..network + area_digits)?)?).ok()?;
    let number = hex(text.get(network + area_digits..)?)?;
    let short = u32::try_from(number).ok();
    let id = match (cell_digits, short) {
        (4, Some(number)) => CellId::Gsm(number),
        (7, Some(number)) if technology.contains("E-UTRAN") => CellId::Lte(number),
        (7, Some(number)) => CellId::Umts(number),
        (9, _) => CellId::Nr(number),
        _ => return None,
    };
    Some(Cell { mcc: mcc.to_owned(), mnc: mnc.to_owned(), area, id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn access(values: &[(&str, &str)]) -> Option<AccessNetwork> {
        let mut fields = Fields::default();
        values.iter().for_each(|(name, value)| fields.push(name, *value));
        read(&fields)
    }

    fn cell_of(value: &str) -> Option<String> {
        access(&[("P-Access-Network-Info", value)])?.cell.map(|cell| cell.to_string())
    }

    #[test]
    fn the_cell_of_every_generation_is_decoded() {
        for (value, expected) in [
            ("3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5101004D2000DDD5", "510-10 TAC 1234 ECI 56789 (eNB 221, 213)"),
            (
                "3GPP-E-UTRAN-TDD;utran-cell-id-3gpp=\"51010104d2000ddd5\";network-provided",
                "510-101 TAC 1234 ECI 56789 (eNB 221, 213)",
            ),
            ("3GPP-UTRAN-FDD; utran-cell-id-3gpp=5101004D20010DDD", "510-10 LAC 1234 UCID 69085 (RNC 1, 3549)"),
            ("3GPP-GERAN; cgi-3gpp=5101004D2DDD5", "510-10 LAC 1234 CI 56789"),
            ("3GPP-NR-FDD; utran-cell-id-3gpp=510100004D2000ABCDEF", "510-10 TAC 1234 NCI 11259375"),
        ] {
            assert_eq!(cell_of(value).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_cell_that_cannot_be_is_none_and_the_network_is_still_shown() {
        for value in [
            "3GPP-E-UTRAN-FDD",
            "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=510",
            "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=51x1004D2000DDD5",
            "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5101004D2000DD+5",
            "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=éééééééé",
        ] {
            let found = access(&[("P-Access-Network-Info", value)]).unwrap();
            assert_eq!((found.technology.as_str(), found.cell), ("3GPP-E-UTRAN-FDD", None), "{value}");
        }
        assert_eq!(access(&[("P-Access-Network-Info", "")]), None);
        assert_eq!(access(&[("P-Access-Network-Info", "a b; x")]), None);
    }

    #[test]
    fn the_networks_word_comes_before_the_handsets_and_a_cell_before_none() {
        let found = access(&[(
            "P-Access-Network-Info",
            "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5101004D20000001, 3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5101004D20000002; network-provided",
        )]);
        assert_eq!(found.unwrap().cell.unwrap().id, CellId::Lte(2));
        let wifi = access(&[
            ("P-Access-Network-Info", "IEEE-802.11; i-wlan-node-id=00a0c91e0b5f"),
            ("Cellular-Network-Info", "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5101004D20000003; cell-info-age=90"),
        ])
        .unwrap();
        assert_eq!((wifi.cell.map(|cell| cell.id), wifi.age_s), (Some(CellId::Lte(3)), Some(90)));
        let only = access(&[("P-Access-Network-Info", "IEEE-802.11; i-wlan-node-id=00a0c91e0b5f")]).unwrap();
        assert_eq!(only.node.as_deref(), Some("00a0c91e0b5f"));
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(value in "\\PC{0,80}", id in "[0-9a-fA-F]{0,24}") {
            let _ = access(&[("P-Access-Network-Info", &value)]);
            let _ = cell_of(&format!("3GPP-NR-FDD;utran-cell-id-3gpp={id}"));
        }
    }
}
