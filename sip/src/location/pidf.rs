//! PIDF-LO documents (RFC 4119): which of their locations counts, by the rules of RFC 5491 section 3.4. Pure.

use super::Location;
use super::civic::civic;
use super::shape::{Area, area, is};
use roxmltree::{Document, Node, ParsingOptions};

/// Nodes of a document; a PIDF-LO has about a hundred.
const MAX_NODES: u32 = 4096;
const MAX_LOCATIONS: usize = 16;
const MAX_WORD: usize = 64;

/// An XML document of a message, bounded. A document type declaration is refused by default: entities could make the document grow.
pub(crate) fn with_document<T>(octets: &[u8], read: impl FnOnce(&Document<'_>) -> Option<T>) -> Option<T> {
    let text = String::from_utf8_lossy(octets);
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text.trim_start_matches('\u{feff}').trim(), options).ok()?;
    read(&document)
}

/// Reads the location of a document. Prefixes and namespace versions are not looked at: only local names are.
///
/// Earlier tuples come before later ones (rule 8); a later one only fills in the civic address or the position that the earlier lack, for all of
/// them tell of one place (rule 3). Inside one `location-info` the coarse comes first (rule 7), so its last shape counts.
pub(crate) fn read(document: &[u8]) -> Option<Location> {
    with_document(document, |document| {
        let mut found = Location::default();
        for info in document.descendants().filter(|node| is(node, "location-info")).take(MAX_LOCATIONS) {
            let shapes: Vec<Area> = info.children().filter(Node::is_element).filter_map(area).collect();
            let address = address(info);
            let told_something = !shapes.is_empty() || address.is_some();
            if found.civic.is_none() {
                found.civic = address;
            }
            if found.latitude_longitude.is_none()
                && let Some(area) = shapes.into_iter().next_back()
            {
                found.latitude_longitude = Some(area.position);
                found.radius_m = area.radius_m;
                found.shape = Some(area.shape);
                found.method = None;
                found.timestamp = None;
            }
            if told_something && found.method.is_none() && found.timestamp.is_none() {
                found.method = method(info);
                found.timestamp = timestamp(info);
            }
        }
        (found.latitude_longitude.is_some() || found.civic.is_some()).then_some(found)
    })
}

/// The civic address, in Indonesian where there are several languages.
fn address(info: Node<'_, '_>) -> Option<String> {
    let written_in = |node: &Node<'_, '_>| node.attributes().find(|a| a.name() == "lang").map(|a| a.value().to_ascii_lowercase());
    let mut addresses: Vec<_> = info.children().filter(|node| is(node, "civicAddress")).collect();
    addresses.sort_by_key(|node| !written_in(node).is_some_and(|language| language == "id" || language.starts_with("id-")));
    addresses.into_iter().find_map(civic)
}

/// How the location was found (`GPS`, `Cell`, `DHCP`, ...), beside the `location-info`.
fn method(info: Node<'_, '_>) -> Option<String> {
    let method = info.parent()?.children().find(|node| is(node, "method"))?;
    word(method.text()?)
}

/// When, from the tuple, device or person that the location belongs to.
fn timestamp(info: Node<'_, '_>) -> Option<String> {
    let holder = info.ancestors().find(|node| ["tuple", "device", "person"].iter().any(|name| is(node, name)))?;
    let timestamp = holder.children().find(|node| is(node, "timestamp"))?;
    word(timestamp.text()?)
}

fn word(text: &str) -> Option<String> {
    let word: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_WORD).collect();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
#[path = "pidf_tests.rs"]
mod tests;
