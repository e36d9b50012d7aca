//! Locations that a caller's network keeps on a server, fetched by HELD (RFC 5985, RFC 6753). The one place of this crate that speaks HTTP.
//!
//! Nothing here delays a call: its owner asks beside the ringing and takes what comes as news. What a caller points to is followed only to the
//! servers that the trunk's setting names, for else a caller could make us ask any address of the city's own network.

mod fetch;

use crate::additional::{AdditionalData, DataReference, additional_data};
use crate::config::{AllowedServer, ServerError};
use crate::counters;
use crate::location::{Location, Reference, Unfetched};
use fetch::Fetched;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What one reference may take: a first place comes at once or from another reference; the exact one may have to come from satellites.
const FIRST: Duration = Duration::from_secs(5);
const EXACT: Duration = Duration::from_secs(35);
/// How many times as long all references of one call may take.
const REFERENCES: u32 = 2;
/// Fetches of each kind at once; past it a call goes without.
const AT_ONCE: usize = 32;
const REDIRECTS: usize = 3;

/// The location servers of one trunk. Clones are the same.
#[derive(Clone)]
pub struct LocationServers {
    client: reqwest::Client,
    allowed: Arc<[AllowedServer]>,
    first: Asking,
    exact: Asking,
    scheme: Scheme,
}

/// Which place is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// What there is at once, within five seconds or ten.
    First,
    /// What a rescuer needs, which may take half a minute.
    Exact,
}

/// How one kind of question is asked.
#[derive(Clone)]
struct Asking {
    /// The `responseTime` of RFC 5985 section 6.1.
    response_time: &'static str,
    patience: Duration,
    places: Arc<Semaphore>,
}

impl Asking {
    fn new(response_time: &'static str, patience: Duration) -> Self {
        Asking { response_time, patience, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Https,
    /// For tests, whose server has no certificate.
    #[cfg(test)]
    Any,
}

impl LocationServers {
    /// `authorities`: certificates in PEM of authorities to be trusted beside the public ones.
    ///
    /// # Errors
    /// [`ServerError`] when the certificates cannot be read.
    pub fn new(allowed: Vec<AllowedServer>, authorities: Option<&[u8]>) -> Result<Self, ServerError> {
        Self::with(allowed, authorities, Scheme::Https, [FIRST, EXACT])
    }

    fn with(
        allowed: Vec<AllowedServer>,
        authorities: Option<&[u8]>,
        scheme: Scheme,
        [first, exact]: [Duration; 2],
    ) -> Result<Self, ServerError> {
        let allowed: Arc<[AllowedServer]> = allowed.into();
        let follow = {
            let allowed = allowed.clone();
            reqwest::redirect::Policy::custom(move |attempt| {
                let good = attempt.previous().len() <= REDIRECTS && is_allowed(&allowed, scheme, attempt.url());
                if good { attempt.follow() } else { attempt.stop() }
            })
        };
        let mut builder =
            reqwest::Client::builder().redirect(follow).https_only(scheme == Scheme::Https).no_proxy().referer(false);
        for authority in authorities
            .map(reqwest::Certificate::from_pem_bundle)
            .transpose()
            .map_err(|_| ServerError::Certificate)?
            .into_iter()
            .flatten()
        {
            builder = builder.add_root_certificate(authority);
        }
        let client = builder.build().map_err(|_| ServerError::Certificate)?;
        let (first, exact) = (Asking::new("emergencyRouting", first), Asking::new("emergencyDispatch", exact));
        Ok(LocationServers { client, allowed, first, exact, scheme })
    }

    /// Whether whoever a reference points to over HTTPS is asked.
    pub fn allows(&self, reference: &Reference) -> bool {
        self.allowed(reference).is_some()
    }

    /// The first location that one of the references leads to. SIP references are for `UserAgent::follow`.
    ///
    /// # Errors
    /// Why none of them leads to one.
    pub async fn locate(&self, references: &[Reference], wanted: Wanted) -> Result<Location, Unfetched> {
        let asking = match wanted {
            Wanted::First => &self.first,
            Wanted::Exact => &self.exact,
        };
        let urls: Vec<reqwest::Url> = references.iter().filter_map(|reference| self.url(reference)).collect();
        if urls.is_empty() {
            return Err(Unfetched::NotAllowed);
        }
        let asked = async {
            let mut fault = Unfetched::NotAllowed;
            for url in urls {
                match asking.bounded(fetch::location(&self.client, url, asking.response_time)).await {
                    Ok(document) => match Location::from_pidf(&document) {
                        Some(found) => return Ok(found),
                        None => {
                            counters::fetched("no_location");
                            fault = Unfetched::Refused;
                        }
                    },
                    Err(why) => {
                        counters::fetched(why.label());
                        fault = fault.max(why.into());
                    }
                }
            }
            Err(fault)
        };
        let found = asking.within_all(asked).await.flatten();
        if found.is_ok() {
            counters::fetched("located");
        }
        found
    }

    /// The additional data that the references lead to, within ten seconds, and why some of it is missing, if it is. What may not be asked for is
    /// not missed here.
    pub async fn additional(&self, references: &[DataReference]) -> (Vec<AdditionalData>, Option<Unfetched>) {
        let urls: Vec<reqwest::Url> = references.iter().filter_map(|found| self.url(&found.reference)).collect();
        let (mut found, mut fault) = (Vec::new(), None);
        if urls.is_empty() {
            return (found, fault);
        }
        let asked = async {
            for url in urls {
                match self.first.bounded(fetch::document(&self.client, url)).await {
                    Ok(document) => {
                        counters::fetched("data");
                        found.extend(additional_data(&document));
                    }
                    Err(why) => {
                        counters::fetched(why.label());
                        fault = fault.max(Some(why.into()));
                    }
                }
            }
        };
        let given_up = self.first.within_all(asked).await.err();
        (found, fault.max(given_up))
    }

    fn url(&self, reference: &Reference) -> Option<reqwest::Url> {
        let allowed = self.allowed(reference);
        if allowed.is_none() && matches!(reference, Reference::Https(_)) {
            counters::fetched("not_allowed");
        }
        allowed
    }

    fn allowed(&self, reference: &Reference) -> Option<reqwest::Url> {
        let Reference::Https(text) = reference else { return None };
        reqwest::Url::parse(text).ok().filter(|url| is_allowed(&self.allowed, self.scheme, url))
    }
}

impl Asking {
    /// One reference. The next one has its own time, for a server that is gone says nothing at all.
    async fn bounded<T>(&self, asked: impl Future<Output = Result<T, Fetched>>) -> Result<T, Fetched> {
        tokio::time::timeout(self.patience, asked).await.unwrap_or(Err(Fetched::Late))
    }

    /// Past the places it is not asked at all, and past the time no more.
    async fn within_all<T>(&self, asked: impl Future<Output = T>) -> Result<T, Unfetched> {
        let Ok(_place) = self.places.try_acquire() else {
            counters::fetched("busy");
            return Err(Unfetched::Busy);
        };
        tokio::time::timeout(self.patience * REFERENCES, asked).await.map_err(|_| Unfetched::Silent)
    }
}

/// Only over TLS, only without a name and password of the caller's choice, only to a server of the setting.
fn is_allowed(allowed: &[AllowedServer], scheme: Scheme, url: &reqwest::Url) -> bool {
    let secure = url.scheme() == "https" || scheme != Scheme::Https;
    let plain = url.username().is_empty() && url.password().is_none();
    let host = url.host_str().unwrap_or_default();
    secure && plain && url.port_or_known_default().is_some_and(|port| allowed.iter().any(|server| server.is(host, port, 443)))
}

impl std::fmt::Debug for LocationServers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocationServers").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl From<Fetched> for Unfetched {
    fn from(fetched: Fetched) -> Self {
        match fetched {
            Fetched::Unreachable | Fetched::Late => Unfetched::Silent,
            Fetched::Status | Fetched::TooLarge => Unfetched::Refused,
        }
    }
}

impl Fetched {
    fn label(self) -> &'static str {
        match self {
            Fetched::Unreachable => "unreachable",
            Fetched::Status => "status",
            Fetched::TooLarge => "too_large",
            Fetched::Late => "timeout",
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
