//! Keys pressed, as INFO carries them (`application/dtmf-relay`, `application/dtmf`). Pure.

/// The key in an INFO's body. `None`: the body is of another kind or names no key.
pub(crate) fn digit(kind: &str, body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    let kind = kind.split(';').next().unwrap_or(kind).trim().to_ascii_lowercase();
    let key = match kind.as_str() {
        "application/dtmf-relay" => text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then(|| value.trim())
        })?,
        "application/dtmf" => text.trim(),
        _ => return None,
    };
    match key {
        // Event codes of RFC 4733 are used as names, too.
        "10" => Some('*'),
        "11" => Some('#'),
        _ => {
            let mut chars = key.chars();
            let digit = chars.next()?.to_ascii_uppercase();
            (chars.next().is_none() && matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D')).then_some(digit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_both_kinds() {
        for (kind, body, key) in [
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", Some('5')),
            ("Application/DTMF-Relay;x=y", "Duration = 160\nSignal = #\n", Some('#')),
            ("application/dtmf-relay", "Signal=10", Some('*')),
            ("application/dtmf", "d", Some('D')),
            ("application/dtmf", "E", None),
            ("application/dtmf-relay", "Signal=", None),
            ("application/dtmf-relay", "Signal=12", None),
            ("text/plain", "5", None),
        ] {
            assert_eq!(digit(kind, body.as_bytes()), key, "{kind} {body}");
        }
    }
}
