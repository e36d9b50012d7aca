//! One call's line: a task that carries out the switchboard's orders for one call in the order given. What it waits for, a slow peer
//! or a full port range, never holds up another call.

use super::convert;
use crate::sounds::Announcements;
use dispatch::id::{CallId, UserId};
use media::Sound;
use std::net::SocketAddr;
use tokio::sync::mpsc;
use uuid::Uuid;

/// How long a headset may be away before the caller hears that the operator will be back; a reload is quicker.
const COVER_AFTER: std::time::Duration = std::time::Duration::from_secs(3);

/// Orders that may wait at one line; past it the switchboard counts and drops the order.
pub const ORDERS: usize = 64;

#[derive(Debug)]
pub enum Order {
    /// The caller hears that it rings.
    Ringback,
    /// The caller hears that all operators are busy.
    Announce,
    /// Voice between caller and operator; answers the call if it is not answered yet.
    Bridge {
        operator: UserId,
    },
    /// The caller hears the hold announcement.
    Hold,
    Resume {
        operator: UserId,
    },
    /// The operator's headset is away: soon the caller hears the hold announcement instead of nothing.
    Cover,
    /// The headset is back.
    Uncover,
    Digits(String),
    /// The peer's description is known or has changed.
    Remote(sip::RemoteAudio),
    /// The fallback number is called and joined with the caller when it answers.
    DialFallback {
        trunk: sip::TrunkName,
        number: String,
    },
    FallbackAnswered(sip::RemoteAudio),
    /// The fallback leg has ended; `hung_up` if its peer did that.
    FallbackGone {
        hung_up: bool,
    },
    CancelFallback,
    /// The operator does not have the call any more.
    Unbridge,
    /// The last order: ends the caller's leg, if the caller has not, and frees everything.
    Release,
}

/// What a line tells the switchboard.
#[derive(Debug)]
pub enum Report {
    /// No port, or no peer, for the caller's voice: the call has been refused.
    Refused {
        call: CallId,
    },
    Bridged {
        call: CallId,
        operator: UserId,
    },
    BridgeFailed {
        call: CallId,
        operator: UserId,
        error: String,
    },
    /// The caller still hears the hold announcement.
    ResumeFailed {
        call: CallId,
        operator: UserId,
    },
    FallbackDialled {
        call: CallId,
        leg: sip::LegId,
    },
    FallbackUp {
        call: CallId,
    },
    FallbackFailed {
        call: CallId,
    },
    /// Who answered at the fallback number hung up after talking.
    FallbackHungUp {
        call: CallId,
    },
    /// The line is closed and its ports are free again.
    Closed {
        call: CallId,
        statistics: Option<media::LegStatistics>,
    },
}

/// What a line works with.
#[derive(Clone)]
pub struct Plant {
    pub sip: sip::UserAgent,
    pub media: media::Engine,
    pub sounds: Announcements,
    pub reports: mpsc::Sender<Report>,
    /// Where each trunk's voice may come from.
    pub networks: std::sync::Arc<std::collections::HashMap<sip::TrunkName, Vec<ipnet::IpNet>>>,
}

pub struct Line {
    plant: Plant,
    call: CallId,
    leg: sip::LegId,
    local: sip::LocalAudio,
    answered: bool,
    /// What a caller who talks with nobody hears.
    waiting: Waiting,
    cover: Cover,
    fallback: Option<Fallback>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Nothing,
    Ringback,
    Announcement,
}

/// Whether the hold announcement stands in for a headset that is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    Off,
    Soon,
    On,
}

struct Fallback {
    media: Uuid,
    leg: sip::LegId,
    joined: bool,
}

impl Line {
    /// Opens the voice of an invitation and carries out orders until the call is gone.
    pub async fn run(
        plant: Plant,
        call: CallId,
        leg: sip::LegId,
        trunk: sip::TrunkName,
        offer: Option<sip::RemoteAudio>,
        mut orders: mpsc::Receiver<Order>,
    ) {
        let allowed = plant.networks.get(&trunk).cloned().unwrap_or_default();
        let remote = offer.as_ref().and_then(convert::remote_audio);
        let address = match plant.media.open_trunk(call.0, allowed, remote, true).await {
            Ok(address) => address,
            Err(error) => {
                tracing::error!(%call, %error, "no voice for a call; refusing it");
                plant.sip.reject(leg, sip::Reject::Unavailable { retry_after_s: 5 }).await;
                plant.report(Report::Refused { call }).await;
                return;
            }
        };
        let mut line = Self {
            local: local_audio(call.0, address),
            plant,
            call,
            leg,
            answered: false,
            waiting: Waiting::Nothing,
            cover: Cover::Off,
            fallback: None,
        };
        if offer.is_some() {
            // Early media carries the ringback and the announcement; where it cannot be sent the network's own ringback remains.
            if let Err(error) = line.plant.sip.progress(line.leg, line.local).await {
                tracing::debug!(%call, %error, "no early media");
            }
        }
        while let Some(order) = line.next(&mut orders).await {
            match order {
                Order::Release => break,
                order => line.carry_out(order).await,
            }
        }
        line.close().await;
    }

    async fn carry_out(&mut self, order: Order) {
        let (call, media) = (self.call, &self.plant.media);
        match order {
            Order::Ringback => self.wait_with(Waiting::Ringback).await,
            Order::Announce => self.wait_with(Waiting::Announcement).await,
            Order::Bridge { operator } => {
                let report = match self.bridge(operator).await {
                    Ok(()) => Report::Bridged { call, operator },
                    Err(error) => Report::BridgeFailed { call, operator, error },
                };
                self.plant.report(report).await;
            }
            Order::Hold => {
                media.disconnect(call.0).await;
                media.play(call.0, Sound::Samples { pcm: self.plant.sounds.hold.clone(), looped: true }).await;
            }
            Order::Resume { operator } => {
                match media.connect(call.0, operator.0).await {
                    Ok(()) => media.stop_playing(call.0).await,
                    // The caller goes on hearing the hold announcement, and the operator can resume again.
                    Err(error) => {
                        tracing::warn!(%call, %error, "a call cannot be resumed");
                        self.plant.report(Report::ResumeFailed { call, operator }).await;
                    }
                }
            }
            Order::Cover => self.cover = Cover::Soon,
            Order::Uncover => {
                if std::mem::replace(&mut self.cover, Cover::Off) == Cover::On {
                    media.stop_playing(call.0).await;
                }
            }
            Order::Digits(digits) => media.send_digits(call.0, digits).await,
            Order::Remote(audio) => match convert::remote_audio(&audio) {
                Some(remote) => media.set_remote(call.0, remote).await,
                None => tracing::warn!(%call, "the peer named no codec that can be spoken"),
            },
            Order::DialFallback { trunk, number } => self.dial_fallback(trunk, number).await,
            Order::FallbackAnswered(audio) => self.join_fallback(audio).await,
            Order::FallbackGone { hung_up } => {
                let talked = self.has_joined_fallback();
                self.drop_fallback().await;
                let report = if talked && hung_up { Report::FallbackHungUp { call } } else { Report::FallbackFailed { call } };
                self.plant.report(report).await;
            }
            Order::CancelFallback => self.drop_fallback().await,
            Order::Unbridge => {
                self.cover = Cover::Off;
                media.disconnect(call.0).await;
            }
            Order::Release => {}
        }
    }

    /// The next order. A headset that stays away is covered meanwhile.
    async fn next(&mut self, orders: &mut mpsc::Receiver<Order>) -> Option<Order> {
        if self.cover == Cover::Soon {
            if let Ok(order) = tokio::time::timeout(COVER_AFTER, orders.recv()).await {
                return order;
            }
            self.cover = Cover::On;
            // Without disconnecting: the operator's voice is back as soon as this stops.
            let sound = Sound::Samples { pcm: self.plant.sounds.hold.clone(), looped: true };
            self.plant.media.play(self.call.0, sound).await;
        }
        orders.recv().await
    }

    /// The caller waits for an operator. A conversation with the fallback number is not broken by that.
    async fn wait_with(&mut self, sound: Waiting) {
        self.waiting = sound;
        if !self.has_joined_fallback() {
            self.plant.media.disconnect(self.call.0).await;
            self.play_waiting().await;
        }
    }

    async fn play_waiting(&self) {
        let sound = match self.waiting {
            Waiting::Nothing => return,
            Waiting::Ringback => Sound::Ringback,
            Waiting::Announcement => Sound::Samples { pcm: self.plant.sounds.waiting.clone(), looped: true },
        };
        self.plant.media.play(self.call.0, sound).await;
    }

    fn has_joined_fallback(&self) -> bool {
        self.fallback.as_ref().is_some_and(|fallback| fallback.joined)
    }

    /// Voice first, 200 OK second: the caller's first word after the answer already reaches the operator.
    async fn bridge(&mut self, operator: UserId) -> Result<(), String> {
        self.plant.media.connect(self.call.0, operator.0).await.map_err(|error| error.to_string())?;
        self.plant.media.stop_playing(self.call.0).await;
        self.waiting = Waiting::Nothing;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<(), String> {
        if !self.answered {
            self.plant.sip.answer(self.leg, self.local).await.map_err(|error| error.to_string())?;
            self.answered = true;
        }
        Ok(())
    }

    async fn dial_fallback(&mut self, trunk: sip::TrunkName, number: String) {
        let media = crate::clock::new_id();
        let allowed = self.plant.networks.get(&trunk).cloned().unwrap_or_default();
        let dialled = match self.plant.media.open_trunk(media, allowed, None, false).await {
            Ok(address) => {
                let audio = local_audio(media, address);
                self.plant
                    .sip
                    .call(sip::Outbound { trunks: vec![trunk], number, audio, caller: None })
                    .await
                    .map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        match dialled {
            Ok(leg) => {
                self.fallback = Some(Fallback { media, leg, joined: false });
                self.plant.report(Report::FallbackDialled { call: self.call, leg }).await;
            }
            Err(error) => {
                tracing::error!(call = %self.call, %error, "the fallback number cannot be called");
                self.plant.media.close(media).await;
                self.plant.report(Report::FallbackFailed { call: self.call }).await;
            }
        }
    }

    async fn join_fallback(&mut self, audio: sip::RemoteAudio) {
        let Some(media) = self.fallback.as_ref().map(|fallback| fallback.media) else { return };
        if let Some(remote) = convert::remote_audio(&audio) {
            self.plant.media.set_remote(media, remote).await;
        }
        let joined = match self.plant.media.connect(self.call.0, media).await {
            Ok(()) => {
                self.plant.media.stop_playing(self.call.0).await;
                self.answer().await
            }
            Err(error) => Err(error.to_string()),
        };
        match joined {
            Ok(()) => {
                if let Some(fallback) = &mut self.fallback {
                    fallback.joined = true;
                }
                self.plant.report(Report::FallbackUp { call: self.call }).await;
            }
            Err(error) => {
                tracing::error!(call = %self.call, %error, "the fallback number cannot be joined");
                self.drop_fallback().await;
                self.plant.report(Report::FallbackFailed { call: self.call }).await;
            }
        }
    }

    async fn drop_fallback(&mut self) {
        if let Some(fallback) = self.fallback.take() {
            self.plant.sip.hang_up(fallback.leg).await;
            self.plant.media.close(fallback.media).await;
            if fallback.joined {
                // The caller, who heard somebody, does not hear silence now.
                self.play_waiting().await;
            }
        }
    }

    /// Also what happens when the switchboard has forgotten the call without an order: no caller is left in an empty call.
    async fn close(mut self) {
        self.plant.sip.hang_up(self.leg).await;
        self.drop_fallback().await;
        let statistics = self.plant.media.close(self.call.0).await;
        self.plant.report(Report::Closed { call: self.call, statistics }).await;
    }
}

impl Plant {
    async fn report(&self, report: Report) {
        // The switchboard outlives its lines; at shutdown nobody listens any more.
        let _ = self.reports.send(report).await;
    }
}

fn local_audio(media: Uuid, address: SocketAddr) -> sip::LocalAudio {
    // RFC 4566 section 5.2: the session id only has to be unique; the id's low half is.
    sip::LocalAudio { address, session_id: media.as_u64_pair().1 >> 1, srtp: None }
}
