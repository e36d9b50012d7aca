//! Answers a browser's offer: one audio line in G.711 with telephone-event, and nothing else.
//!
//! Comfort noise is never negotiated: with it Chromium leaves gaps in what it sends while the operator is silent, and every
//! gap in a recording is a question.

use crate::error::AttachError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsVersion};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Frequency, Pt};
use str0m::rtp::Extension;
use str0m::{Candidate, Rtc};

/// The longest offer that is read. Browsers send a few kilobytes.
const MAX_OFFER: usize = 64 * 1024;
/// How often a peer connection tells how its audio is heard.
const STATISTICS: Duration = Duration::from_secs(5);
/// Our number for telephone-event; the browser's own is used where it has one.
const TELEPHONE_EVENT: u8 = 126;

/// Makes a peer connection for each offer.
#[derive(Debug)]
pub(crate) struct Negotiator {
    candidates: Vec<Candidate>,
    addresses: Arc<[SocketAddr]>,
    crypto: Arc<CryptoProvider>,
}

impl Negotiator {
    /// `addresses` are offered as host candidates, best first; `None` if one cannot be a candidate.
    pub fn new(addresses: &[SocketAddr]) -> Option<Negotiator> {
        let candidates = addresses.iter().map(|address| Candidate::host(*address, "udp")).collect::<Result<Vec<_>, _>>().ok()?;
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        (!candidates.is_empty()).then(|| Negotiator { candidates, addresses: addresses.into(), crypto })
    }

    /// The addresses of the candidates. The first of a family stands for our socket in that.
    pub fn addresses(&self) -> Arc<[SocketAddr]> {
        self.addresses.clone()
    }

    /// A peer connection that has accepted the offer, and its answer.
    pub fn answer(&self, now: Instant, offer: &str) -> Result<(Rtc, String), AttachError> {
        let bad = |error: &dyn std::fmt::Display| AttachError::BadOffer(error.to_string());
        if offer.len() > MAX_OFFER {
            return Err(bad(&"it is too long"));
        }
        let offer = SdpOffer::from_sdp_string(offer).map_err(|error| bad(&error))?;
        let mut config = Rtc::builder()
            .set_crypto_provider(self.crypto.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_stats_interval(Some(STATISTICS))
            .set_dtls_version(DtlsVersion::Dtls12)
            .clear_codecs()
            .enable_pcma(true, false)
            .enable_pcmu(true, false)
            .clear_extension_map()
            .set_extension(1, Extension::AudioLevel)
            .set_extension(4, Extension::RtpMid);
        config.codec_config().add_config(
            Pt::new_with_value(TELEPHONE_EVENT),
            None,
            Codec::Tele,
            Frequency::EIGHT_KHZ,
            None,
            FormatParams { telephone_event_max: Some(15), ..Default::default() },
        );
        let mut rtc = config.build(now);
        for candidate in &self.candidates {
            rtc.add_local_candidate(candidate.clone());
        }
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| bad(&error))?;
        Ok((rtc, answer.to_sdp_string()))
    }
}

/// The name (`a=mid`, RFC 5888) of the first audio line that the answer accepts.
pub(super) fn audio_line(answer: &str) -> Option<&str> {
    let mut accepted = false;
    for line in answer.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            accepted = media.starts_with("audio ") && !media.starts_with("audio 0 ");
        } else if let Some(name) = line.strip_prefix("a=mid:").filter(|_| accepted) {
            return Some(name.trim());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_accepted_audio_line_is_found() {
        let answer = "v=0\r\nm=video 9 X 96\r\na=mid:0\r\nm=audio 0 X 8\r\na=mid:1\r\nm=audio 9 X 8\r\na=mid:two\r\n";
        assert_eq!(audio_line(answer), Some("two"));
        assert_eq!(audio_line("v=0\r\nm=video 9 X 96\r\na=mid:0\r\n"), None);
    }
}
