//! Transports, and the sockets to listen on.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }

    /// Whether messages come as a stream of octets, in connections.
    pub(crate) fn is_stream(self) -> bool {
        self != Transport::Udp
    }

    /// RFC 3261 section 19.1.2
    pub(crate) fn default_port(self) -> u16 {
        match self {
            Transport::Udp | Transport::Tcp => 5060,
            Transport::Tls => 5061,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Transport {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Transport::Udp, Transport::Tcp, Transport::Tls].into_iter().find(|t| text.eq_ignore_ascii_case(t.name())).ok_or(())
    }
}

/// One socket to listen on, written `udp://127.0.0.1:5060`, `tcp://[::]:5060` or `tls://0.0.0.0:5061`. Port 0 takes a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Listen {
    pub transport: Transport,
    pub address: SocketAddr,
}

/// Why a text is no listen address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// The part before `://` is missing or names no transport.
    #[error("write the listen address `{0}` as udp://ADDRESS:PORT, tcp://ADDRESS:PORT or tls://ADDRESS:PORT")]
    Transport(String),
    /// The part after `://` is no IP address with a port.
    #[error("`{0}` is no IP address with a port; write for example 127.0.0.1:5060 or [::]:5060")]
    Address(String),
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| ListenError::Transport(text.into()))?;
        let transport = scheme.parse().map_err(|()| ListenError::Transport(text.into()))?;
        let address = rest.trim_end_matches('/').parse().map_err(|_| ListenError::Address(rest.into()))?;
        Ok(Listen { transport, address })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.transport, self.address)
    }
}

impl TryFrom<String> for Listen {
    type Error = ListenError;
    fn try_from(text: String) -> Result<Self, ListenError> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> String {
        listen.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listen_address_reads_back_as_written() {
        for text in ["udp://127.0.0.1:5060", "tcp://[::]:5060", "udp://0.0.0.0:0", "tls://[::1]:5061"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        assert!(matches!("sctp://127.0.0.1:5061".parse::<Listen>(), Err(ListenError::Transport(_))));
        assert!(matches!("udp://localhost:5060".parse::<Listen>(), Err(ListenError::Address(_))));
        assert!(matches!("127.0.0.1:5060".parse::<Listen>(), Err(ListenError::Transport(_))));
    }
}
