//! Additional data about a call (RFC 7852): who carries it, by what service and device, and what is known of the subscriber; and the names by which
//! an emergency network calls it (NENA i3). Pure.
//!
//! Carriers put it into parts of the body that Call-Info points to, or inside the PIDF-LO. What cannot be read is left out; what is
//! elsewhere is named as a [`DataReference`], not fetched.

mod read;

use crate::location::multipart::Part;
use crate::location::pidf::with_document;
use crate::location::reference::{Reference, content_id};
use crate::message::{Fields, entries, name_and_uri, parameter};

/// Prefix of the media types and of the purposes in Call-Info.
const PREFIX: &str = "EmergencyCallData.";
const MAX_DATA: usize = 64;
const MAX_REFERENCES: usize = 8;

/// The blocks of RFC 7852 section 4, and what is in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataKind {
    Provider,
    Service,
    Device,
    Subscriber,
    Comment,
    /// The names of the call and of its incident in the emergency network: other centres know them by the same ones.
    Network,
}

impl DataKind {
    /// From a block's name: `ProviderInfo`.
    fn named(name: &str) -> Option<DataKind> {
        let kinds = [
            ("ProviderInfo", DataKind::Provider),
            ("ServiceInfo", DataKind::Service),
            ("DeviceInfo", DataKind::Device),
            ("SubscriberInfo", DataKind::Subscriber),
            ("Comment", DataKind::Comment),
        ];
        kinds.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, kind)| kind)
    }

    /// From `EmergencyCallData.ProviderInfo` with what may follow it in a media type (`+xml`).
    fn of(text: &str) -> Option<DataKind> {
        let prefix = text.get(..PREFIX.len()).filter(|start| start.eq_ignore_ascii_case(PREFIX))?;
        let name = text.get(prefix.len()..)?;
        DataKind::named(name.split(['+', ';']).next().unwrap_or(name).trim())
    }
}

/// One thing that is known. `label` is the element's name in RFC 7852 or in the xCard (RFC 6351): the console has its words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdditionalData {
    pub kind: DataKind,
    pub label: &'static str,
    pub value: String,
}

/// Additional data that is to be had elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataReference {
    pub kind: DataKind,
    pub reference: Reference,
}

/// Reads a document that came by another way than in a call, for example from a [`DataReference`].
pub fn additional_data(document: &[u8]) -> Vec<AdditionalData> {
    let mut found = Vec::new();
    gather(document, &mut found);
    found
}

/// All of the message's blocks: those that Call-Info points to first, in its order.
pub(crate) fn read(fields: &Fields, parts: &[Part<'_>]) -> Vec<AdditionalData> {
    let named: Vec<String> = purposes(fields).filter_map(|(_, uri)| content_id(uri)).collect();
    let rank = |part: &&Part<'_>| part.id.as_ref().and_then(|id| named.iter().position(|name| name == id)).unwrap_or(named.len());
    let mut blocks: Vec<&Part<'_>> = parts.iter().filter(|part| is_block(part)).collect();
    blocks.sort_by_key(rank);
    let mut found: Vec<AdditionalData> = names(fields).take(MAX_REFERENCES).collect();
    blocks.into_iter().for_each(|part| gather(&part.body, &mut found));
    found
}

/// What Call-Info says is to be had by https.
pub(crate) fn references(fields: &Fields) -> Vec<DataReference> {
    let found = purposes(fields).filter_map(|(kind, uri)| Some(DataReference { kind, reference: Reference::read(uri)? }));
    found.filter(|found| matches!(found.reference, Reference::Https(_))).take(MAX_REFERENCES).collect()
}

/// Whether a media type is one of additional data, known or not.
pub(crate) fn is_media_type(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.split_once('/').is_some_and(|(_, subtype)| subtype.get(..PREFIX.len()).is_some_and(|p| p.eq_ignore_ascii_case(PREFIX)))
}

fn is_block(part: &Part<'_>) -> bool {
    part.is("application/pidf+xml")
        || part.kind.trim().split_once('/').is_some_and(|(_, subtype)| DataKind::of(subtype).is_some())
}

/// Kind and URI of each entry of Call-Info with a purpose of ours.
fn purposes(fields: &Fields) -> impl Iterator<Item = (DataKind, &str)> {
    fields.all("Call-Info").flat_map(entries).filter_map(|entry| {
        let kind = DataKind::of(parameter(entry, "purpose")?)?;
        Some((kind, name_and_uri(entry)?.1))
    })
}

/// What Call-Info names the call and its incident (NENA i3, NENA-STA-010, in its older and newer writing).
fn names(fields: &Fields) -> impl Iterator<Item = AdditionalData> {
    fields.all("Call-Info").flat_map(entries).filter_map(|entry| {
        let label = match parameter(entry, "purpose")?.to_ascii_lowercase().as_str() {
            "emergency-callid" | "nena-callid" => "CallId",
            "emergency-incidentid" | "nena-incidentid" => "IncidentId",
            _ => return None,
        };
        Some(AdditionalData { kind: DataKind::Network, label, value: name_and_uri(entry)?.1.to_owned() })
    })
}

fn gather(document: &[u8], found: &mut Vec<AdditionalData>) {
    with_document(document, |document| {
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            if let Some(kind) = DataKind::of(node.tag_name().name()) {
                read::block(kind, node, &mut |label, value| {
                    let new = AdditionalData { kind, label, value };
                    if found.len() < MAX_DATA && !found.contains(&new) {
                        found.push(new);
                    }
                });
            }
        }
        Some(())
    });
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
