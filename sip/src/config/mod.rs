//! What the user agent is told at start: where it listens, whose calls it takes, and its bounds.

mod limits;
mod listen;
mod phone;
mod server;
mod target;
mod tls;
mod trunk;

pub use limits::{Limits, Rate, Strangers};
pub use listen::{Listen, ListenError, Transport};
pub use phone::{Phone, PhoneDigest, PhoneName, Phones};
pub use server::{AllowedServer, ServerError};
pub use target::{Host, Target, TargetError};
pub use tls::{Pem, Roots, Tls};
pub(crate) use trunk::seen_at;
pub use trunk::{Account, CallerId, Redirected, Reliability, Secret, Srtp, Trunk, TrunkName};

/// Everything `UserAgent::start` needs.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: Vec<Listen>,
    pub trunks: Vec<Trunk>,
    pub phones: Phones,
    /// Goes into `User-Agent` and `Server`, for example `siaga/0.1`.
    pub product: String,
    pub limits: Limits,
    /// Needed for a `tls://` listener, and for a trunk that is reached over TLS and trusted by another CA than the system's.
    pub tls: Tls,
}

impl Config {
    /// A configuration with the usual settings.
    pub fn new(listen: Vec<Listen>, trunks: Vec<Trunk>, product: impl Into<String>) -> Self {
        Config {
            listen,
            trunks,
            phones: Phones::default(),
            product: product.into(),
            limits: Limits::default(),
            tls: Tls::default(),
        }
    }
}
