//! The elements of each block (RFC 7852 section 4) and the properties of an xCard (RFC 6351) that help an operator. Pure.

use super::DataKind;
use roxmltree::Node;

const MAX_VALUE: usize = 300;

/// Gives each element that says something.
pub(super) fn block(kind: DataKind, node: Node<'_, '_>, give: &mut impl FnMut(&'static str, String)) {
    for child in node.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        if let Some(label) = labels(kind).iter().find(|label| **label == name) {
            if let Some(value) = said(child) {
                give(label, value);
            }
        } else if matches!(name, "DataProviderContact" | "SubscriberData") {
            cards(child, give);
        }
    }
}

fn labels(kind: DataKind) -> &'static [&'static str] {
    match kind {
        DataKind::Provider => &[
            "DataProviderString",
            "ProviderID",
            "ProviderIDSeries",
            "TypeOfProvider",
            "ContactURI",
            "Language",
            "SubcontractorPrincipal",
        ],
        DataKind::Service => &["ServiceEnvironment", "ServiceType", "ServiceMobility"],
        DataKind::Device => {
            &["DeviceClassification", "DeviceMfgr", "DeviceModelNr", "UniqueDeviceID", "DeviceSpecificData", "DeviceSpecificType"]
        }
        DataKind::Subscriber | DataKind::Network => &[],
        DataKind::Comment => &["Comment"],
    }
}

/// Properties of the vcards below a node.
fn cards(node: Node<'_, '_>, give: &mut impl FnMut(&'static str, String)) {
    const PROPERTIES: [&str; 14] =
        ["fn", "org", "title", "role", "gender", "bday", "lang", "tel", "email", "adr", "geo", "related", "impp", "note"];
    for card in node.descendants().filter(|node| node.is_element() && node.tag_name().name() == "vcard") {
        // Properties may stand in groups (RFC 6351 section 3).
        let groups = card.children().filter(|node| node.is_element() && node.tag_name().name() == "group");
        for property in card.children().chain(groups.flat_map(|group| group.children())).filter(Node::is_element) {
            let name = property.tag_name().name();
            if let Some(label) = PROPERTIES.iter().find(|label| **label == name)
                && let Some(value) = said(property)
            {
                give(label, value);
            }
        }
    }
}

/// All text below an element, its parameters apart, in one line. A device's id comes with what kind of id it is.
fn said(node: Node<'_, '_>) -> Option<String> {
    let kind = node.attribute("TypeOfDeviceID").map(str::trim).filter(|kind| !kind.is_empty());
    let outside = |text: &Node<'_, '_>| !text.ancestors().take_while(|n| n != &node).any(|n| n.tag_name().name() == "parameters");
    let texts = node.descendants().filter(|n| n.is_text()).filter(outside).filter_map(|n| n.text());
    let words: Vec<String> =
        texts.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty()).collect();
    let value = kind
        .into_iter()
        .map(str::to_owned)
        .chain([words.join(", ")])
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let value = value.strip_prefix("tel:").or_else(|| value.strip_prefix("mailto:")).unwrap_or(&value);
    (!words.is_empty()).then(|| value.chars().filter(|c| !c.is_control()).take(MAX_VALUE).collect())
}
