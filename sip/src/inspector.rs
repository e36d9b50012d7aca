//! Last touch on what the SIP stack sends: the true remote target in the request line, credentials that cover it, our own address in the Via,
//! the early dialog that is meant, and no tag that a caller did not give itself.

use crate::config::{Account, Transport};
use crate::listener::Locals;
use crate::message::{NO_TAG, early, shown, target};
use crate::registry::Registry;
use crate::trunk::digest;
use rsipstack::dialog::DialogId;
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{Domain, Header, Headers, Host, HostWithPort, Request, SipMessage, Uri};
use rsipstack::transaction::endpoint::MessageInspector;
use rsipstack::transaction::key::TransactionRole;
use rsipstack::transport::SipAddr;
use std::sync::Arc;

pub(crate) struct Inspector {
    /// The stack names its first UDP listener in every Via, whatever transport and address family the request goes by.
    pub locals: Arc<Locals>,
    /// Of all trunks.
    pub accounts: Vec<Account>,
    /// Is told which requests went with credentials.
    pub registry: Arc<Registry>,
}

impl MessageInspector for Inspector {
    fn before_send(&self, message: SipMessage, to: Option<&SipAddr>) -> SipMessage {
        match message {
            SipMessage::Request(mut request) => {
                self.touch(&mut request, to);
                reveal_routes(&mut request.headers);
                self.note_credentials(&request);
                untag(&mut request.headers);
                SipMessage::Request(request)
            }
            SipMessage::Response(mut response) => {
                reveal_routes(&mut response.headers);
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
    fn touch(&self, request: &mut Request, to: Option<&SipAddr>) {
        if let Some(contact) = target::reveal(&request.uri.to_string()) {
            self.sign_again(request, &contact);
            request.uri = verbatim(contact);
        }
        early::apply(&mut request.headers);
        for header in request.headers.iter_mut() {
            if let Header::To(to) = header
                && let Some(shown) = undisguised(to.value())
            {
                *header = Header::To(shown.into());
            }
        }
        request.headers.retain(
            |header| !matches!(header, Header::Other(name, _) if name.eq_ignore_ascii_case(crate::message::stamp::HEADER)),
        );
        let Some(peer) = to.and_then(|to| to.get_socketaddr().ok()) else { return };
        if let Ok(via) = request.via_header_mut()
            && let Ok(mut top) = via.first_value().and_then(|top| top.typed())
            && let Some(local) = transport(&top.transport).and_then(|transport| self.locals.facing(transport, peer))
        {
            top.uri.host_with_port = local.into();
            // The value was just read, so it is there to be replaced; if not, the Via stays as it was.
            let _ = via.update_first_value(|_| Ok(top.into()));
        }
    }

    fn note_credentials(&self, request: &Request) {
        let is_credential = |header: &Header| matches!(header, Header::Authorization(_) | Header::ProxyAuthorization(_));
        if request.headers.iter().any(is_credential)
            && let Ok(dialog) = DialogId::try_from((request, TransactionRole::Client))
            && let Ok(number) = request.cseq_header().and_then(|cseq| cseq.seq())
        {
            self.registry.authorised(&dialog, number);
        }
    }

    /// The stack computed its credentials for the disguised Request-URI.
    fn sign_again(&self, request: &mut Request, uri: &str) {
        let method = request.method.to_string();
        let again = |value: &str, proxy| digest::again(value, &self.accounts, &method, uri, proxy);
        for header in request.headers.iter_mut() {
            match header {
                Header::Authorization(value) => {
                    if let Some(new) = again(value.value(), false) {
                        *header = Header::Authorization(new.into());
                    }
                }
                Header::ProxyAuthorization(value) => {
                    if let Some(new) = again(value.value(), true) {
                        *header = Header::ProxyAuthorization(new.into());
                    }
                }
                _ => {}
            }
        }
    }
}

fn transport(transport: &rsipstack::sip::Transport) -> Option<Transport> {
    match transport {
        rsipstack::sip::Transport::Udp => Some(Transport::Udp),
        rsipstack::sip::Transport::Tcp => Some(Transport::Tcp),
        rsipstack::sip::Transport::Tls => Some(Transport::Tls),
        _ => None,
    }
}

/// A To that names a target in disguise, with the target itself: the stack addresses who is called by the Request-URI.
fn undisguised(to: &str) -> Option<String> {
    let (uri, rest) = to.strip_prefix('<')?.split_once('>')?;
    Some(format!("<{}>{rest}", target::reveal(uri)?))
}

/// The proxies on the way as they call themselves.
fn reveal_routes(headers: &mut Headers) {
    for header in &mut headers.0 {
        match header {
            Header::Route(route) => {
                if let Some(revealed) = target::reveal_routes(route.value()) {
                    *header = Header::Route(revealed.into());
                }
            }
            Header::RecordRoute(route) => {
                if let Some(revealed) = target::reveal_routes(route.value()) {
                    *header = Header::RecordRoute(revealed.into());
                }
            }
            _ => {}
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
pub(crate) fn verbatim(text: String) -> Uri {
    Uri { scheme: None, host_with_port: HostWithPort { host: Host::Domain(Domain(text)), port: None }, ..Uri::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::listener::Way;
    use std::net::SocketAddr;

    const CONTACT: &str = "sip:+62811%23x@10.0.0.1:5070;ob;hash=%41";

    fn sent(method: &str, to: &str, transport: Transport, more: &str) -> String {
        let peer: SocketAddr = to.parse().unwrap();
        let uri = target::disguise(CONTACT, Way { to: peer, or: None }, transport);
        let name = transport.name().to_uppercase();
        let text = format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/{name} 127.0.0.9:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n\
             Call-ID: c\r\nCSeq: 1 {method}\r\n{more}Content-Length: 0\r\n\r\n",
            uri.trim_matches(['<', '>'])
        );
        let listens = ["udp://127.0.0.1:5060", "tcp://127.0.0.1:5099", "udp://[::1]:5060", "tls://[::1]:5061"];
        let locals = Locals(listens.iter().map(|text| text.parse().unwrap()).collect());
        let accounts = vec![Account::new("siaga", "secret")];
        let registry = Registry::new(Limits::default(), tokio::sync::mpsc::channel(1).0);
        let inspector = Inspector { locals: Arc::new(locals), accounts, registry };
        let to = SipAddr::new(transport.into(), peer.into());
        let message = SipMessage::try_from(text.as_bytes()).unwrap();
        String::from_utf8(inspector.before_send(message, Some(&to)).to_bytes()).unwrap()
    }

    #[test]
    fn the_contact_comes_back_unharmed_and_the_via_names_the_listener_that_the_peer_reaches() {
        for (to, transport, via) in [
            ("127.0.0.1:5070", Transport::Tcp, "SIP/2.0/TCP 127.0.0.1:5099;branch=z9hG4bK1"),
            ("127.0.0.1:5070", Transport::Udp, "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1"),
            ("[::1]:5070", Transport::Udp, "SIP/2.0/UDP [::1]:5060;branch=z9hG4bK1"),
            ("[::1]:5070", Transport::Tls, "SIP/2.0/TLS [::1]:5061;branch=z9hG4bK1"),
        ] {
            let sent = sent("BYE", to, transport, "");
            assert!(sent.starts_with(&format!("BYE {CONTACT} SIP/2.0\r\n")), "{sent}");
            assert!(sent.contains(via), "{sent}");
        }
    }

    #[test]
    fn credentials_cover_the_request_uri_that_leaves() {
        let given = "Digest username=\"siaga\", realm=\"r\", nonce=\"n\", uri=\"sip:disguised\", response=\"0\", algorithm=MD5";
        let sent = sent("BYE", "127.0.0.1:5070", Transport::Udp, &format!("Proxy-Authorization: {given}\r\n"));
        assert!(sent.contains(&format!("uri=\"{CONTACT}\"")) && !sent.contains("disguised"), "{sent}");
    }
}
