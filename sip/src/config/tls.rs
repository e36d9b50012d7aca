//! Certificates and keys, as PEM: where they come from and what they are for.

use std::path::PathBuf;

/// PEM text, in a file or at hand.
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    File(PathBuf),
    Octets(Vec<u8>),
}

impl std::fmt::Debug for Pem {
    /// A path, never the octets: they may be a private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pem::File(path) => f.debug_tuple("File").field(path).finish(),
            Pem::Octets(_) => f.write_str("Octets"),
        }
    }
}

/// Whom we believe when we reach a carrier over TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Roots {
    /// The certification authorities of this machine.
    #[default]
    System,
    /// These alone.
    Only(Pem),
}

/// TLS for all listeners and trunks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tls {
    /// Our certificate chain and its private key. Shown to peers that ask for it when we reach them, too.
    pub identity: Option<(Pem, Pem)>,
    /// Peers of a `tls://` listener must show a certificate that one of these signed (mutual TLS).
    pub client_ca: Option<Pem>,
    pub roots: Roots,
}
