//! What TLS works with now. A renewed certificate is for the connections from then on; those that are there stay as they are.

use super::tls::TlsSides;
use crate::config::Tls;
use crate::error::StartError;
use tokio::sync::watch;

/// The sides of TLS as the files were last read.
pub(crate) type Sides = watch::Receiver<TlsSides>;

/// The files, and whom to tell what is in them.
pub(crate) struct Certificates {
    tls: Tls,
    connects: bool,
    sides: watch::Sender<TlsSides>,
}

impl Certificates {
    /// Reads the files for the first time. `connects`: some trunk is reached over TLS.
    pub(crate) fn read(tls: Tls, connects: bool) -> Result<(Self, Sides), StartError> {
        let (sides, read) = watch::channel(TlsSides::new(&tls, connects)?);
        Ok((Certificates { tls, connects, sides }, read))
    }

    /// Reads them again. What cannot be used changes nothing.
    pub(crate) fn renew(&self) -> Result<(), StartError> {
        self.sides.send_replace(TlsSides::new(&self.tls, self.connects)?);
        Ok(())
    }
}
