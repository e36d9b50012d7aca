//! Whether a stream is protected, so that what is to be encrypted never goes in clear.

use super::{Refused, Srtp, SrtpKeys};

#[derive(Debug)]
pub(crate) enum Protection {
    /// `before`: what protected it until then, whose numbers go on if it is protected again.
    Clear {
        before: Option<Box<Srtp>>,
    },
    Srtp(Box<Srtp>),
    /// Keys were announced and the machine's cryptography refused them. Nothing goes, for it must not go in clear.
    Unusable,
}

impl Protection {
    pub const CLEAR: Protection = Protection::Clear { before: None };

    pub fn set(&mut self, keys: Option<SrtpKeys>) {
        let before = match std::mem::replace(self, Protection::Unusable) {
            Protection::Srtp(srtp) => Some(srtp),
            Protection::Clear { before } => before,
            Protection::Unusable => None,
        };
        let Some(keys) = keys else { return *self = Protection::Clear { before } };
        let srtp = match before {
            Some(mut srtp) => srtp.rekey(keys).then_some(srtp),
            None => Srtp::new(keys).map(Box::new),
        };
        match srtp {
            Some(srtp) => *self = Protection::Srtp(srtp),
            None => tracing::error!("this machine's cryptography refuses the keys of a call; nothing is sent by them"),
        }
    }

    pub fn protect(&mut self, datagram: &mut [u8], length: usize, index: u64) -> Option<usize> {
        match self {
            Protection::Clear { .. } => Some(length),
            Protection::Srtp(srtp) => srtp.protect(datagram, length, index),
            Protection::Unusable => None,
        }
    }

    pub fn protect_control(&mut self, datagram: &mut [u8], length: usize) -> Option<usize> {
        match self {
            Protection::Clear { .. } => Some(length),
            Protection::Srtp(srtp) => srtp.protect_control(datagram, length),
            Protection::Unusable => None,
        }
    }

    pub fn unprotect<'a>(&mut self, datagram: &'a mut [u8]) -> Result<&'a [u8], Refused> {
        match self {
            Protection::Clear { .. } => Ok(datagram),
            Protection::Srtp(srtp) => srtp.unprotect(datagram),
            Protection::Unusable => Err(Refused::Forged),
        }
    }

    pub fn unprotect_control<'a>(&mut self, datagram: &'a mut [u8]) -> Result<&'a [u8], Refused> {
        match self {
            Protection::Clear { .. } => Ok(datagram),
            Protection::Srtp(srtp) => srtp.unprotect_control(datagram),
            Protection::Unusable => Err(Refused::Forged),
        }
    }
}
