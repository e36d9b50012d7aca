//! What lines work with: the telephone, the voice engine, the sounds, and the way back to the switchboard.

use super::Report;
use super::arrangement::Sound;
use super::room::Voices;
use crate::sounds::Spoken;
use dispatch::id::{CallId, UserId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Samples of silence that are played over and over.
const HUSH: usize = 1600;

/// How often, and after how long, somebody is asked for again who is still in another call.
const BUSY_TRIES: u32 = 10;
const BUSY_WAIT: Duration = Duration::from_millis(20);

/// What a line works with.
#[derive(Clone)]
pub struct Plant {
    pub sip: sip::UserAgent,
    pub media: media::Engine,
    /// What the caller of this line hears, in the caller's language.
    pub sounds: Arc<Spoken>,
    pub reports: mpsc::Sender<Report>,
    /// Our number, for those whom we call.
    pub number: Option<String>,
    /// After so long a waiting caller's line is answered.
    pub answer_waiting: Option<Duration>,
    /// Where each trunk's voice may come from.
    pub networks: Arc<HashMap<sip::TrunkName, Vec<ipnet::IpNet>>>,
    /// Where the desk phones' voice may come from.
    pub phones: Arc<[ipnet::IpNet]>,
    /// How a desk phone's leg in the voice engine is described now; told to it in order.
    pub handsets: mpsc::Sender<(Uuid, media::RemoteAudio)>,
}

/// Why nobody was called.
#[derive(Debug, thiserror::Error)]
pub enum CallOutError {
    #[error("no voice: {0}")]
    Voice(#[from] media::OpenError),
    #[error(transparent)]
    Sip(#[from] sip::LegError),
}

/// Somebody who is to be called.
#[derive(Debug)]
pub struct Wish {
    pub number: String,
    /// The trunks, in the order in which they are tried.
    pub routes: Vec<sip::TrunkName>,
    /// Text is offered beside the voice.
    pub with_text: bool,
    /// Somebody who called before is called back.
    pub callback: bool,
}

impl Plant {
    pub async fn report(&self, report: Report) {
        // The switchboard outlives its lines; at shutdown nobody listens any more.
        let _ = self.reports.send(report).await;
    }

    /// Reports in a while.
    pub fn report_after(&self, wait: Duration, report: Report) {
        let plant = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            plant.report(report).await;
        });
    }

    pub fn allowed(&self, trunk: &sip::TrunkName) -> Vec<ipnet::IpNet> {
        self.networks.get(trunk).cloned().unwrap_or_default()
    }

    pub(super) fn allowed_by(&self, routes: &[sip::TrunkName]) -> Vec<ipnet::IpNet> {
        routes.iter().flat_map(|trunk| self.allowed(trunk)).collect()
    }

    /// Calls a number over the first of the trunks that takes it, with voice under the id `leg`. The call's own leg is recorded.
    pub(super) async fn call_out(
        &self,
        call: CallId,
        leg: Uuid,
        Wish { number, routes, with_text, callback }: Wish,
    ) -> Result<(sip::LegId, sip::LocalMedia), CallOutError> {
        let allowed = self.allowed_by(&routes);
        let address = self.media.open_beside(call.0, leg, allowed.clone(), None, leg == call.0).await?;
        let mut media = sip::LocalMedia::from(self.local_audio(leg, address));
        if with_text {
            media.text = self.open_text(leg, allowed).await.map(|address| sip::LocalText { address });
        }
        match self.sip.call(sip::Outbound { trunks: routes, number, media, caller: self.number.clone(), callback }).await {
            Ok(dialled) => Ok((dialled, media)),
            Err(error) => {
                self.media.close(leg).await;
                Err(error.into())
            }
        }
    }

    /// What SIP says of the voice that was opened under this id, and where.
    pub fn local_audio(&self, media: Uuid, address: SocketAddr) -> sip::LocalAudio {
        // RFC 4566 section 5.2: the session id only has to be unique; the id's low half is.
        let session_id = media.as_u64_pair().1 >> 1;
        sip::LocalAudio { address, other: self.media.other_address(), session_id, srtp: None }
    }
}

impl Voices for Plant {
    /// Somebody may still be on the way out of another call, which is another task's to see to.
    async fn arrange(&self, call: Uuid, members: Vec<media::Member>) -> Result<(), media::ConnectError> {
        for _ in 0..BUSY_TRIES {
            match self.media.arrange(call, members.clone()).await {
                Err(media::ConnectError::Busy) => tokio::time::sleep(BUSY_WAIT).await,
                arranged => return arranged,
            }
        }
        self.media.arrange(call, members).await
    }

    async fn sound(&self, leg: Uuid, sound: Option<Sound>) -> Result<(), media::Unavailable> {
        let looped = |pcm: &Arc<[i16]>| media::Sound::Samples { pcm: pcm.clone(), looped: true };
        let sound = match sound {
            None | Some(Sound::Silence) => return self.media.stop_playing(leg).await,
            Some(Sound::Ringback) => media::Sound::Ringback,
            Some(Sound::Busy { position }) => looped(&self.sounds.busy(position)),
            Some(Sound::Hush) => looped(&Arc::from([0; HUSH])),
            Some(Sound::Hold) => looped(&self.sounds.hold),
        };
        self.media.play(leg, sound).await
    }

    async fn refuse_monitor(&self, call: CallId, supervisor: UserId) {
        self.report(Report::MonitorFailed { call, supervisor }).await;
    }
}
