//! Advanced Mobile Location (ETSI TS 103 625): what a telephone itself says of where it is while it calls 112. It comes beside the call, by HTTPS or
//! through a gateway of text messages, and finds its call by the caller's number. Whose call that is, is decided at the switchboard.

mod hook;
mod read;

pub use hook::router;
