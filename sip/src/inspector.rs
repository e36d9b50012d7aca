//! Last touch on what the SIP stack sends: the true remote target in the request line, our own TCP address in the Via, and no tag that a caller
//! did not give itself.

use crate::message::{NO_TAG, shown, target};
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{Domain, Header, Headers, Host, HostWithPort, Request, SipMessage, Transport, Uri};
use rsipstack::transaction::endpoint::MessageInspector;
use rsipstack::transport::SipAddr;
use std::net::SocketAddr;

pub(crate) struct Inspector {
    /// Our TCP listener as peers reach it. The stack knows UDP listeners only, and would name their port in the Via of a request over TCP.
    pub tcp: Option<SocketAddr>,
}

impl MessageInspector for Inspector {
    fn before_send(&self, message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        match message {
            SipMessage::Request(mut request) => {
                self.touch(&mut request);
                untag(&mut request.headers);
                SipMessage::Request(request)
            }
            SipMessage::Response(mut response) => {
                untag(&mut response.headers);
                SipMessage::Response(response)
            }
        }
    }

    fn after_received(&self, message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        message
    }
}

impl Inspector {
    fn touch(&self, request: &mut Request) {
        if let Some(contact) = target::reveal(&request.uri.to_string()) {
            request.uri = verbatim(contact);
        }
        request.headers.retain(
            |header| !matches!(header, Header::Other(name, _) if name.eq_ignore_ascii_case(crate::message::stamp::HEADER)),
        );
        let Some(tcp) = self.tcp else { return };
        if let Ok(via) = request.via_header_mut()
            && let Ok(mut top) = via.first_value().and_then(|top| top.typed())
            && top.transport == Transport::Tcp
        {
            top.uri.host_with_port = tcp.into();
            // The value was just read, so it is there to be replaced; if not, the Via stays as it was.
            let _ = via.update_first_value(|_| Ok(top.into()));
        }
    }
}

/// Takes off the tag that stands for none (RFC 2543): the caller knows itself without.
fn untag(headers: &mut Headers) {
    for header in &mut headers.0 {
        match header {
            Header::From(from) if from.value().ends_with(NO_TAG) => *header = Header::From(shown(from.value()).into()),
            Header::To(to) if to.value().ends_with(NO_TAG) => *header = Header::To(shown(to.value()).into()),
            _ => {}
        }
    }
}

/// A URI that is written out exactly as given: as a "host name", the one part that is never escaped.
fn verbatim(text: String) -> Uri {
    Uri { scheme: None, host_with_port: HostWithPort { host: Host::Domain(Domain(text)), port: None }, ..Uri::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn the_contact_comes_back_unharmed_and_the_via_names_our_listener() {
        let contact = "sip:+62811%23x@10.0.0.1:5070;ob;hash=%41";
        let uri = target::disguise(contact, "192.0.2.1:5060".parse().unwrap(), config::Transport::Tcp);
        let text = format!(
            "BYE {} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n\
             Call-ID: c\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            uri.trim_matches(['<', '>'])
        );
        let message = SipMessage::try_from(text.as_bytes()).unwrap();
        let inspector = Inspector { tcp: Some("127.0.0.1:5099".parse().unwrap()) };
        let sent = String::from_utf8(inspector.before_send(message, None).to_bytes()).unwrap();
        assert!(sent.starts_with(&format!("BYE {contact} SIP/2.0\r\n")), "{sent}");
        assert!(sent.contains("SIP/2.0/TCP 127.0.0.1:5099;branch=z9hG4bK1"), "{sent}");
    }
}
