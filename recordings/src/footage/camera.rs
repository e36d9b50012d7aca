//! One RTSP session with a camera: connect, play, hand frames on until something ends it. The only file that speaks retina.

use super::{gop::Arrived, track::Track, types::Source};
use crate::clock;
use bytes::Bytes;
use futures::StreamExt;
use retina::{
    client::{
        Credentials, Demuxed, InitialSequenceNumberPolicy, InitialTimestampPolicy, PlayOptions, Session, SessionOptions,
        SetupOptions, TcpTransportOptions, Transport,
    },
    codec::{CodecItem, FrameFormat, ParametersRef, VideoFrame},
    rtcp::ReceivedCompoundPacket,
};
use std::time::Duration;
use url::Url;

/// Seconds between the NTP and the Unix epoch.
const NTP_TO_UNIX: i64 = 2_208_988_800;

#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub connect: Duration,
    /// Between two frames.
    pub frames: Duration,
    /// Between two key frames.
    pub key_frames: Duration,
}

/// Why a session ended. The text is shown to operators and says what to do; it names no address and no credentials.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The address is no `rtsp://` URL, or carries credentials.
    #[error("the camera's address is not usable; write rtsp://host:port/path, with user name and password in their own fields")]
    Address,
    /// No answer within `Patience::connect`.
    #[error("the camera does not answer; check its power and network")]
    NoAnswer,
    /// RTSP 401 or 403.
    #[error("the camera refuses the user name or password")]
    Refused,
    /// RTSP 404.
    #[error("the camera has no stream at this address; check the path")]
    NoSuchStream,
    /// RTSP 453: a device with too many viewers.
    #[error("the camera serves no more viewers; close another one, or raise its limit")]
    TooManyViewers,
    /// Another refusal.
    #[error("the camera answers with RTSP status {0}")]
    Status(u16),
    /// The connection was refused, broke, or carried what is not RTSP.
    #[error("the connection to the camera failed; check its power, network and address")]
    Broken,
    /// No H.264 or H.265 stream is offered.
    #[error("the camera offers no H.264 or H.265; change its video format")]
    NoVideo,
    /// Parameter sets that cannot be read.
    #[error("the camera's video format cannot be used; switch off \"smart\" codecs (H.264+, H.265+)")]
    Format,
    /// Connected, but nothing arrives.
    #[error("the camera is connected but sends no pictures; restart it")]
    Frozen,
    /// Pictures arrive, but none can be shown by itself.
    #[error("the camera sends no key frames; switch off \"smart\" codecs (H.264+, H.265+) and set a key frame every two seconds")]
    NoKeyFrames,
    /// The camera ended the stream.
    #[error("the camera ended the stream")]
    Ended,
}

/// What a session hands on.
pub trait Sink {
    /// Pictures of this format follow.
    fn track(&mut self, track: Track);
    fn frame(&mut self, frame: Arrived);
    /// The camera's clock less the server's.
    fn clock_offset(&mut self, ms: i64);
}

/// Plays a camera until that fails; it never ends well. To stop it, drop it.
pub async fn play(source: &Source, patience: Patience, sink: &mut impl Sink) -> SessionError {
    match tokio::time::timeout(patience.connect, connect(source)).await {
        Ok(Ok((stream, demuxed))) => receive(stream, demuxed, patience, sink).await,
        Ok(Err(e)) => e,
        Err(_) => SessionError::NoAnswer,
    }
}

async fn connect(source: &Source) -> Result<(usize, Demuxed), SessionError> {
    let url = Url::parse(&source.url).map_err(|_| SessionError::Address)?;
    if url.scheme() != "rtsp" || !url.username().is_empty() || url.password().is_some() {
        return Err(SessionError::Address);
    }
    let credentials =
        source.username.clone().map(|username| Credentials { username, password: source.password.clone().unwrap_or_default() });
    let options = SessionOptions::default().user_agent("siaga".into()).creds(credentials);
    let mut session = Session::describe(url, options).await.map_err(from_retina)?;
    let is_usable = |s: &retina::client::Stream| s.media() == "video" && matches!(s.encoding_name(), "h264" | "h265");
    let stream = session.streams().iter().position(is_usable).ok_or(SessionError::NoVideo)?;
    let setup = SetupOptions::default().transport(Transport::Tcp(TcpTransportOptions::default())).frame_format(FrameFormat::MP4);
    session.setup(stream, setup).await.map_err(from_retina)?;
    // A stream that others watch already does not begin with the sequence number that it announces.
    let play = PlayOptions::default()
        .initial_timestamp(InitialTimestampPolicy::Default)
        .initial_seq(InitialSequenceNumberPolicy::Ignore);
    let playing = session.play(play).await.map_err(from_retina)?;
    Ok((stream, playing.demuxed().map_err(from_retina)?))
}

async fn receive(stream: usize, mut demuxed: Demuxed, patience: Patience, sink: &mut impl Sink) -> SessionError {
    let frozen = tokio::time::sleep(patience.frames);
    let keyless = tokio::time::sleep(patience.key_frames);
    tokio::pin!(frozen, keyless);
    let mut current: Option<Track> = None;
    loop {
        let item = tokio::select! {
            item = demuxed.next() => item,
            () = &mut frozen => return SessionError::Frozen,
            () = &mut keyless => return SessionError::NoKeyFrames,
        };
        match item {
            Some(Ok(CodecItem::VideoFrame(frame))) => {
                frozen.as_mut().reset(clock::after(patience.frames));
                if frame.loss() > 0 {
                    metrics::counter!("siaga_footage_lost_packets_total").increment(u64::from(frame.loss()));
                }
                if current.is_none() || frame.has_new_parameters() {
                    match track(stream, &demuxed) {
                        // Parameter sets may follow in the stream itself.
                        Ok(None) => {}
                        Ok(Some(track)) if current.as_ref() == Some(&track) => {}
                        Ok(Some(track)) => sink.track(current.insert(track).clone()),
                        Err(e) => return e,
                    }
                }
                if let Some(track) = &current
                    && let Some(arrived) = arrived(frame, track)
                {
                    if arrived.key {
                        keyless.as_mut().reset(clock::after(patience.key_frames));
                    }
                    sink.frame(arrived);
                }
            }
            Some(Ok(CodecItem::Rtcp(packet))) => {
                if let Some(ms) = clock_offset(&packet, clock::now().as_millisecond()) {
                    sink.clock_offset(ms);
                }
            }
            Some(Ok(_)) => {}
            Some(Err(e)) => return from_retina(e),
            None => return SessionError::Ended,
        }
    }
}

fn track(stream: usize, demuxed: &Demuxed) -> Result<Option<Track>, SessionError> {
    let Some(ParametersRef::Video(parameters)) = demuxed.streams().get(stream).and_then(|s| s.parameters()) else {
        return Ok(None);
    };
    let entry = parameters.mp4_sample_entry().build().map_err(from_retina)?;
    let track = Track::from_sample_entry(&entry).map_err(|e| {
        tracing::debug!(error = ?e, "a camera's parameter sets cannot be used");
        SessionError::Format
    })?;
    Ok(Some(track))
}

fn arrived(frame: VideoFrame, track: &Track) -> Option<Arrived> {
    let ticks = frame.timestamp().elapsed();
    let flagged = frame.is_random_access_point();
    let data = frame.into_data();
    let key = super::track::begins_anew(track.is_h265(), flagged, &data);
    (!data.is_empty()).then(|| Arrived { ticks, at: clock::now(), key, data: Bytes::from(data) })
}

/// From a sender report (RFC 3550, 6.4.1). The way from the camera is left out: milliseconds in a city's network.
fn clock_offset(packet: &ReceivedCompoundPacket, now_ms: i64) -> Option<i64> {
    packet.rtp_timestamp()?;
    let report = packet.pkts().next()?.as_sender_report().ok()??;
    let ntp = report.ntp_timestamp().0;
    let seconds = i64::try_from(ntp >> 32).ok()? - NTP_TO_UNIX;
    let fraction = i64::try_from(((ntp & 0xffff_ffff) * 1000) >> 32).ok()?;
    Some(seconds * 1000 + fraction - now_ms)
}

fn from_retina(error: retina::Error) -> SessionError {
    // The text holds addresses and packets; it is for whoever looks for the fault.
    tracing::debug!(%error, "a camera's session failed");
    match error.status_code() {
        Some(401 | 403) => SessionError::Refused,
        Some(404) => SessionError::NoSuchStream,
        Some(453) => SessionError::TooManyViewers,
        Some(status) => SessionError::Status(status),
        None => SessionError::Broken,
    }
}
