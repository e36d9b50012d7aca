//! Common Alerting Protocol 1.2 (OASIS), as sensors and other centres send it. Pure: a document in, its fields out.
//!
//! Required elements must be there and have values that CAP knows; of what may be repeated there is a bound. Resources are not read.

use crate::location::pidf::with_document;
use crate::location::{Position, distance_m, middle};
use roxmltree::Node;

const MAX_TEXT: usize = 2000;
const MAX_INFOS: usize = 8;
const MAX_AREAS: usize = 16;
const MAX_SHAPES: usize = 16;
const MAX_CORNERS: usize = 256;
const MAX_PARAMETERS: usize = 32;
const MAX_CATEGORIES: usize = 11;

/// Makes an enum of CAP's own words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$about])* $variant),+ }

        impl $name {
            fn read(word: &str) -> Option<Self> {
                $(if word == stringify!($variant) { return Some($name::$variant); })+
                None
            }
        }
    };
}

words!(
    /// How the alert is to be handled.
    Status { Actual, Exercise, System, Test, Draft }
);
words!(
    /// `msgType`: what the alert is to those before it.
    MessageType { Alert, Update, Cancel, Ack, Error }
);
words!(
    /// Who may be told.
    Scope { Public, Restricted, Private }
);
words!(Category { Geo, Met, Safety, Security, Rescue, Fire, Health, Env, Transport, Infra, CBRNE, Other });
words!(
    /// How soon something is to be done.
    Urgency { Immediate, Expected, Future, Past, Unknown }
);
words!(Severity { Extreme, Severe, Moderate, Minor, Unknown });
words!(Certainty { Observed, Likely, Possible, Unlikely, Unknown });

/// One alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Cap {
    /// Unique together with `sender`.
    pub identifier: String,
    pub sender: String,
    /// As written, with offset.
    pub sent: String,
    pub status: Status,
    pub message_type: MessageType,
    pub scope: Scope,
    /// The earlier alerts that it updates or cancels: `sender,identifier,sent`, apart by spaces.
    pub references: Option<String>,
    /// One for each language or kind of event.
    pub infos: Vec<Info>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// `None` means `en-US` (CAP 1.2 section 3.2.2).
    pub language: Option<String>,
    /// At least one.
    pub categories: Vec<Category>,
    pub event: String,
    pub urgency: Urgency,
    pub severity: Severity,
    pub certainty: Certainty,
    pub headline: Option<String>,
    pub description: Option<String>,
    pub instruction: Option<String>,
    /// System-specific values by name.
    pub parameters: Vec<(String, String)>,
    pub areas: Vec<AlertArea>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AlertArea {
    pub description: String,
    /// Centre and radius in metres.
    pub circles: Vec<(Position, f64)>,
    /// At least three corners each, the first not repeated at the end.
    pub polygons: Vec<Vec<Position>>,
}

impl AlertArea {
    /// A position that stands for the area, with the radius around it in metres.
    pub fn centre(&self) -> Option<(Position, f64)> {
        let of_polygon = |corners: &Vec<Position>| {
            let centre = middle(corners);
            (centre, corners.iter().map(|corner| distance_m(centre, *corner)).fold(0.0, f64::max))
        };
        self.circles.first().copied().or_else(|| self.polygons.first().map(of_polygon))
    }
}

/// Why a document is no alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CapError {
    /// No XML, or none that could be a CAP document.
    #[error("no CAP document")]
    Corrupt,
    /// A required element is missing or has a value that CAP does not know.
    #[error("element {0} is missing or unknown")]
    Element(&'static str),
}

pub(crate) fn read(document: &[u8]) -> Result<Cap, CapError> {
    let read = with_document(document, |document| {
        let root = document.root_element();
        (root.tag_name().name() == "alert").then(|| alert(root))
    });
    read.unwrap_or(Err(CapError::Corrupt))
}

fn alert(root: Node<'_, '_>) -> Result<Cap, CapError> {
    let infos = each(root, "info").take(MAX_INFOS).map(info).collect::<Result<Vec<_>, _>>()?;
    Ok(Cap {
        identifier: required(root, "identifier")?,
        sender: required(root, "sender")?,
        sent: required(root, "sent")?,
        status: known(root, "status", Status::read)?,
        message_type: known(root, "msgType", MessageType::read)?,
        scope: known(root, "scope", Scope::read)?,
        references: text(root, "references"),
        infos,
    })
}

fn info(node: Node<'_, '_>) -> Result<Info, CapError> {
    let categories: Vec<Category> =
        each(node, "category").filter_map(|node| Category::read(&said(node)?)).take(MAX_CATEGORIES).collect();
    if categories.is_empty() {
        return Err(CapError::Element("category"));
    }
    let parameters = each(node, "parameter").filter_map(|node| Some((text(node, "valueName")?, text(node, "value")?)));
    Ok(Info {
        language: text(node, "language"),
        categories,
        event: required(node, "event")?,
        urgency: known(node, "urgency", Urgency::read)?,
        severity: known(node, "severity", Severity::read)?,
        certainty: known(node, "certainty", Certainty::read)?,
        headline: text(node, "headline"),
        description: text(node, "description"),
        instruction: text(node, "instruction"),
        parameters: parameters.take(MAX_PARAMETERS).collect(),
        areas: each(node, "area").take(MAX_AREAS).map(area).collect::<Result<Vec<_>, _>>()?,
    })
}

/// A circle or polygon that makes no sense is left out: the description is there.
fn area(node: Node<'_, '_>) -> Result<AlertArea, CapError> {
    Ok(AlertArea {
        description: required(node, "areaDesc")?,
        circles: each(node, "circle").filter_map(|node| circle(node.text()?)).take(MAX_SHAPES).collect(),
        polygons: each(node, "polygon").filter_map(|node| polygon(node.text()?)).take(MAX_SHAPES).collect(),
    })
}

/// `latitude,longitude radius`, the radius in kilometres.
fn circle(text: &str) -> Option<(Position, f64)> {
    let mut words = text.split_whitespace();
    let centre = position(words.next()?)?;
    let kilometres: f64 = words.next()?.parse().ok()?;
    (kilometres.is_finite() && kilometres >= 0.0).then_some((centre, kilometres * 1000.0))
}

/// Pairs apart by spaces, the last the same as the first.
fn polygon(text: &str) -> Option<Vec<Position>> {
    let mut corners = text.split_whitespace().take(MAX_CORNERS + 2).map(position).collect::<Option<Vec<_>>>()?;
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    (3..=MAX_CORNERS).contains(&corners.len()).then_some(corners)
}

fn position(pair: &str) -> Option<Position> {
    let (latitude, longitude) = pair.split_once(',')?;
    let (latitude, longitude): (f64, f64) = (latitude.parse().ok()?, longitude.parse().ok()?);
    (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some((latitude, longitude))
}

fn each<'a, 'b>(node: Node<'a, 'b>, name: &'static str) -> impl Iterator<Item = Node<'a, 'b>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn text(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    each(node, name).find_map(said)
}

/// Lines are kept, other control characters are not.
fn said(node: Node<'_, '_>) -> Option<String> {
    let text: String = node.text()?.trim().chars().filter(|c| !c.is_control() || *c == '\n').take(MAX_TEXT).collect();
    (!text.is_empty()).then_some(text)
}

fn required(node: Node<'_, '_>, name: &'static str) -> Result<String, CapError> {
    text(node, name).ok_or(CapError::Element(name))
}

fn known<T>(node: Node<'_, '_>, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, CapError> {
    text(node, name).and_then(|word| read(&word)).ok_or(CapError::Element(name))
}

#[cfg(test)]
#[path = "cap_tests.rs"]
mod tests;
