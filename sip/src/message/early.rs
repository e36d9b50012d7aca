//! What a request inside an early dialog of a call of ours says of that dialog. The SIP stack knows neither a dialog's way before the 2xx nor
//! which branch of a forked call is meant, so both travel with the request in fields that never leave the process. Pure.

use super::{Fields, entries};
use rsipstack::sip::{Header, Headers};

const TO: &str = "X-Siaga-To";
const ROUTE: &str = "X-Siaga-Route";

/// Fields for a request inside the dialog that this provisional response belongs to (RFC 3261 section 12.1.2).
pub(crate) fn of(response: &Fields) -> Vec<Header> {
    let other = |name: &str, value: &str| Header::Other(name.into(), value.into());
    let to = response.first("To").map(|to| other(TO, to));
    let mut routes: Vec<Header> =
        response.all("Record-Route").flat_map(entries).map(|route| other(ROUTE, route.trim())).collect();
    routes.reverse();
    to.into_iter().chain(routes).collect()
}

/// Puts what [`of`] wrote in place of what the stack did.
pub(crate) fn apply(headers: &mut Headers) {
    let to = headers.0.iter().find_map(|header| match header {
        Header::Other(name, to) if name == TO => Some(to.clone()),
        _ => None,
    });
    let Some(to) = to else { return };
    headers.0.retain(|header| !matches!(header, Header::Route(_)) && !matches!(header, Header::Other(name, _) if name == TO));
    for header in &mut headers.0 {
        match header {
            Header::To(_) => *header = Header::To(to.clone().into()),
            Header::Other(name, route) if name == ROUTE => *header = Header::Route(route.clone().into()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialog_of_the_response_is_the_requests() {
        let mut response = Fields::default();
        for (name, value) in
            [("To", "<sip:a@b>;tag=1"), ("Record-Route", "<sip:far;lr>, <sip:near;lr>"), ("Record-Route", "<sip:us;lr>")]
        {
            response.push(name, value);
        }
        let mut headers = Headers(vec![Header::To("<sip:a@b>;tag=2".into()), Header::Route("<sip:other>".into())]);
        headers.0.extend(of(&response));
        apply(&mut headers);
        let lines: Vec<String> = headers.0.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["To: <sip:a@b>;tag=1", "Route: <sip:us;lr>", "Route: <sip:near;lr>", "Route: <sip:far;lr>"]);
        let before = headers.clone();
        apply(&mut headers);
        assert_eq!(headers, before, "any other request stays as it is");
    }
}
