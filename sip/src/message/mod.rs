//! A SIP message as text fields: the view that repair and admission work on, before any grammar of `rsipstack` sees it. Pure.
//!
//! It is not a parser of header values: those are read where they are needed, from the text.

pub(crate) mod early;
pub(crate) mod reply;
pub(crate) mod stamp;
pub(crate) mod target;
pub(crate) mod via;

/// A message taken apart into start line, unfolded header fields in order, and body octets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub start: Start,
    pub fields: Fields,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Start {
    Request { method: String, uri: String },
    Response { code: u16, line: String },
}

/// Header fields in order; names are in their long form.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of this name, trimmed.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All values of this name, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a list of tags (`Supported`, `Require`, `Allow`) names this one.
    pub(crate) fn lists(&self, name: &str, tag: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(tag))
    }

    pub(crate) fn first_mut(&mut self, name: &str) -> Option<&mut String> {
        self.0.iter_mut().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(field, _)| !field.eq_ignore_ascii_case(name));
    }

    pub(crate) fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Replaces every field of this name by one.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.push(name, value);
    }

    /// Whether the To field has a tag, that is, whether the request belongs to a dialog.
    pub(crate) fn in_dialog(&self) -> bool {
        self.first("To").and_then(|to| parameter(to, "tag")).is_some()
    }
}

impl Message {
    /// Method of a request.
    pub(crate) fn method(&self) -> Option<&str> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = match &self.start {
            Start::Request { method, uri } => format!("{method} {uri} SIP/2.0\r\n"),
            Start::Response { line, .. } => format!("{line}\r\n"),
        };
        for (name, value) in &self.fields.0 {
            out.push_str(name);
            out.push_str(": ");
            out.push_str(value);
            out.push_str("\r\n");
        }
        out.push_str("\r\n");
        let mut out = out.into_bytes();
        out.extend_from_slice(&self.body);
        out
    }
}

/// The long name of a compact header field name (RFC 3261 section 7.3.3 and its extensions).
pub(crate) fn long_name(name: &str) -> &str {
    let [letter] = name.as_bytes() else { return name };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}

/// Header fields of which a message has at most one (RFC 3261 section 7.3.1); two of them make it malformed.
pub(crate) const SINGLE: [&str; 6] = ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Type"];

/// Given to a caller that has no From tag (RFC 2543): the SIP stack cannot do without. It never leaves the process.
pub(crate) const NO_TAG: &str = ";tag=siaga-untagged";

/// A From or To value as its owner wrote it.
pub(crate) fn shown(value: &str) -> &str {
    value.strip_suffix(NO_TAG).unwrap_or(value)
}

/// Splits at the first `separator` outside quotes and angle brackets.
pub(crate) fn split_outside(text: &str, separator: char) -> (&str, Option<&str>) {
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            c if c == separator && !quoted && !angle => {
                let (before, after) = text.split_at(at);
                return (before, Some(after.trim_start_matches(separator)));
            }
            _ => {}
        }
    }
    (text, None)
}

/// The comma-separated entries of one header field.
pub(crate) fn entries(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let (entry, more) = split_outside(rest?, ',');
        rest = more;
        Some(entry)
    })
}

/// Value of a header parameter (`;name=value`) after the address, unquoted; an empty text when it has no value.
pub(crate) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = split_outside(value, ';').1;
    while let Some(text) = rest {
        let (item, more) = split_outside(text, ';');
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().trim_matches('"'));
        }
        rest = more;
    }
    None
}

/// An address with its parameters as the stack reads them: without spaces around `;` and `=`, and without empty ones.
pub(crate) fn tidied(value: &str) -> String {
    let (address, mut rest) = split_outside(value, ';');
    let mut out = plain(address.trim());
    while let Some(text) = rest {
        let (item, more) = split_outside(text, ';');
        let (name, value) = item.split_once('=').map_or((item, None), |(name, value)| (name, Some(value)));
        if !name.trim().is_empty() {
            out.push(';');
            out.push_str(name.trim());
            out.extend(value.map(|value| format!("={}", value.trim())));
        }
        rest = more;
    }
    out
}

/// An address whose display name has no sign that the stack, which puts the address into requests of ours, would take for a part of the grammar.
fn plain(address: &str) -> String {
    match name_and_uri(address) {
        Some((Some(name), uri)) if address.contains('\\') || name.contains(['<', '>', '"']) => {
            format!("\"{}\" <{uri}>", name.replace(['<', '>', '"', '\\'], ""))
        }
        _ => address.to_owned(),
    }
}

/// Display name and URI of a `name-addr` or `addr-spec` (RFC 3261 section 25.1). The URI of a bare address ends at its first `;`.
pub(crate) fn name_and_uri(value: &str) -> Option<(Option<String>, &str)> {
    let value = value.trim();
    let bracket = angle_outside_quotes(value);
    match bracket {
        Some(at) => {
            let (name, rest) = value.split_at(at);
            let uri = rest.trim_start_matches('<').split('>').next()?.trim();
            Some((display_name(name), uri)).filter(|_| rest.contains('>') && !uri.is_empty())
        }
        None => {
            let uri = value.split([';', ',']).next()?.trim();
            Some((None, uri)).filter(|_| uri.contains(':') && !uri.contains(['"', '>', ' ']))
        }
    }
}

/// Whether a quoted string is begun and not ended.
pub(crate) fn has_open_quote(value: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    quoted
}

fn angle_outside_quotes(value: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// A display name without quotes, escapes and control characters; `None` when nothing is left.
fn display_name(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let mut name = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
            continue;
        }
        escaped = false;
        if !c.is_control() {
            name.push(c);
        }
    }
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_uris_come_out_of_every_address_form() {
        for (value, name, uri) in [
            ("<sip:a@b>;tag=1", None, "sip:a@b"),
            ("\"Bell, \\\"Al\\\" <x>\" <sip:a@b;user=phone>;tag=1", Some("Bell, \"Al\" <x>"), "sip:a@b;user=phone"),
            ("Budi Santoso <tel:+62811>", Some("Budi Santoso"), "tel:+62811"),
            ("sip:a@b;tag=1", None, "sip:a@b"),
            ("\"\" <sip:a@b>", None, "sip:a@b"),
        ] {
            assert_eq!(name_and_uri(value), Some((name.map(str::to_owned), uri)), "{value}");
        }
        assert_eq!(name_and_uri("nothing"), None);
        assert_eq!(name_and_uri("<sip:a@b"), None);
        assert_eq!(name_and_uri("\"Mr. J. User <sip:a@b>"), None);
    }

    #[test]
    fn spaces_between_parameters_are_taken_out() {
        assert_eq!(tidied("\"A ; b = c\"   <sip:a@b; x = y>  ;  ; tag = 98 ;x"), "\"A ; b = c\"   <sip:a@b; x = y>;tag=98;x");
        assert_eq!(tidied("sip:a@b ;   tag    = 1"), "sip:a@b;tag=1");
    }

    #[test]
    fn parameters_inside_the_uri_are_not_the_headers() {
        assert_eq!(parameter("<sip:a@b;tag=no>;x;tag=yes", "tag"), Some("yes"));
        assert_eq!(parameter("\";tag=no\" <sip:a@b>", "tag"), None);
        assert_eq!(parameter("<sip:a@b>;Tag = \"q\"", "tag"), Some("q"));
    }
}
