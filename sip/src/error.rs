//! What can go wrong at the crate's boundary.

use crate::config::{Listen, PhoneName, TrunkName};

/// Why the user agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is in use, not of this machine, or needs a privilege.
    #[error("cannot listen on {listen}: {source}; free the address or change sip.listen")]
    Bind { listen: Listen, source: std::io::Error },
    /// The configuration names no address to listen on.
    #[error("sip.listen is empty; name at least one address")]
    NoListener,
    /// A certificate, key or list of authorities cannot be used; the text says which and why.
    #[error("TLS cannot be used: {0}; look at sip.tls_certificate, sip.tls_key, sip.tls_client_ca and sip.tls_ca")]
    Tls(String),
    /// A `tls://` listener has no certificate to show.
    #[error("{0} needs a certificate; set sip.tls_certificate and sip.tls_key")]
    NoCertificate(Listen),
    /// The SIP stack refused to start; the text is the stack's own.
    #[error("the SIP stack did not start: {0}")]
    Stack(String),
}

/// Why a command to a leg had no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LegError {
    /// The leg is unknown or its call is over.
    #[error("this call is over")]
    Gone,
    /// The command does not fit the leg's state, for example a second answer.
    #[error("the call is already past this step")]
    WrongState,
    /// Early media was asked for, but the INVITE had no offer and the caller does not acknowledge 183.
    #[error("the caller made no offer yet; answer the call first")]
    NoOffer,
    /// No trunk of this name, or it has no proxy.
    #[error("trunk {0} takes no outgoing calls; set its proxy")]
    NoProxy(TrunkName),
    /// The call names no trunk.
    #[error("no trunk is named for this call; set a trunk with a proxy")]
    NoTrunk,
    /// No phone of this name is configured.
    #[error("there is no desk phone {0}; look at sip.phone")]
    NoPhone(PhoneName),
    /// The phone is not registered.
    #[error("the desk phone {0} is not registered; look whether it is on and connected")]
    PhoneAway(PhoneName),
    /// The number has a character that no number has.
    #[error("`{0}` cannot be dialled")]
    BadNumber(String),
    /// As many calls of ours as `Limits::max_calls` are running, or the user agent is shutting down.
    #[error("too many calls at once")]
    Full,
    /// The system has no random numbers for a key.
    #[error("no random numbers")]
    NoRandomness,
    /// The SIP stack could not make or send the message; the text is the stack's own.
    #[error("the SIP stack failed: {0}")]
    Stack(String),
}
