//! The civic address of a PIDF-LO (RFC 5139, RFC 6848) as one line in the order and words of Indonesia. Pure.

use super::shape::is;
use roxmltree::Node;

const MAX_LINE: usize = 400;

/// One entry of the line: parts that belong together, each with the word that goes before it.
type Entry = &'static [(&'static str, &'static str)];

/// The most exact first.
const ORDER: [Entry; 17] = [
    &[("NAM", "")],
    &[("LOC", "")],
    &[("SEAT", "Meja ")],
    &[("ROOM", "Ruang ")],
    &[("UNIT", "Unit ")],
    &[("FLR", "Lantai ")],
    &[("BLD", "Gedung ")],
    &[("LMK", "")],
    &[
        ("PRD", ""),
        ("PRM", ""),
        ("STP", ""),
        ("RD", ""),
        ("A6", ""),
        ("STS", ""),
        ("POD", ""),
        ("POM", ""),
        ("RDSEC", ""),
        ("RDBR", ""),
        ("RDSUBBR", ""),
        ("HNP", ""),
        ("HNO", "No. "),
        ("HNS", ""),
    ],
    &[("POBOX", "PO Box ")],
    &[("A5", "")],
    &[("A4", "")],
    &[("A3", ""), ("PCN", "")],
    &[("A2", "")],
    &[("A1", ""), ("PC", "")],
    &[("ADDCODE", "")],
    &[("country", "")],
];

/// `None`: nothing of the address is filled in.
pub(super) fn civic(address: Node<'_, '_>) -> Option<String> {
    let text = |name: &str| {
        let node = address.children().find(|node| is(node, name))?;
        let text: String = node.text()?.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    };
    let part = |(name, word): &(&str, &str)| text(name).map(|text| labelled(word, text));
    let entries = ORDER.iter().map(|entry| entry.iter().filter_map(part).collect::<Vec<_>>().join(" "));
    // A town that is named as postal community and as town is named once.
    let mut line: Vec<String> = Vec::new();
    for entry in entries.filter(|entry| !entry.is_empty()) {
        if line.last() != Some(&entry) {
            line.push(entry);
        }
    }
    let line = line.join(", ");
    (!line.is_empty()).then(|| line.chars().filter(|c| !c.is_control()).take(MAX_LINE).collect())
}

/// A number needs its word (`Lantai 3`); a text that says what it is has none.
fn labelled(word: &str, text: String) -> String {
    let names_itself = text.chars().take_while(|c| c.is_alphabetic()).count() > 2 || text.starts_with("No");
    if word.is_empty() || names_itself { text } else { format!("{word}{text}") }
}
