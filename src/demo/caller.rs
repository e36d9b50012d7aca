//! The demo's caller: a telephone of its own that dials 112 through Siaga's SIP user agent and plays a recorded voice.

use super::voice::Story;
use crate::clock;
use crate::switchboard::convert;
use anyhow::Context;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use uuid::Uuid;

/// What the caller's telephone is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Idle,
    Ringing,
    Talking,
    Ended,
    Failed,
}

enum Order {
    Call(Story),
    HangUp,
}

/// The handle that the page holds.
#[derive(Clone)]
pub struct Caller {
    phase: Arc<Mutex<Phase>>,
    orders: mpsc::Sender<Order>,
}

struct Telephone {
    sip: sip::UserAgent,
    media: media::Engine,
    trunk: sip::TrunkName,
    phase: Arc<Mutex<Phase>>,
    /// The call that is up: its SIP leg, its media leg and what is said once it is answered.
    line: Option<(sip::LegId, Uuid, Story)>,
}

impl Caller {
    /// Starts the telephone; `siaga` is where 112 is answered.
    pub async fn start(siaga: SocketAddr) -> anyhow::Result<Self> {
        let trunk = sip::TrunkName::from("demo");
        let loopback = "127.0.0.0/8".parse().context("loopback")?;
        let (sip, events) = sip::UserAgent::start(sip::Config::new(
            vec!["udp://127.0.0.1:0".parse().map_err(|_| anyhow::anyhow!("loopback listener"))?],
            vec![sip::Trunk::new(trunk.clone(), vec![loopback], Some(siaga))],
            "siaga-demo-caller",
        ))
        .await?;
        let (taps, _unheard) = std::sync::mpsc::sync_channel(1);
        let (media, _voice) = media::Engine::start(
            media::Config {
                address: std::net::IpAddr::from([127, 0, 0, 1]),
                other_address: None,
                rtp_ports: 28000..=28099,
                webrtc_port: 28100,
                webrtc_addresses: vec![],
                threads: 1,
            },
            taps,
        )?;
        let phase = Arc::new(Mutex::new(Phase::Idle));
        let (orders, inbox) = mpsc::channel(4);
        let telephone = Telephone { sip, media, trunk, phase: phase.clone(), line: None };
        tokio::spawn(telephone.run(inbox, events));
        Ok(Self { phase, orders })
    }

    pub fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Dials 112. False if a call is up already or there is no such story.
    pub fn call(&self, story: u8) -> bool {
        let idle = !matches!(self.phase(), Phase::Ringing | Phase::Talking);
        idle && Story::numbered(story).is_some_and(|story| self.orders.try_send(Order::Call(story)).is_ok())
    }

    pub fn hang_up(&self) {
        // A full inbox already holds an order to hang up.
        let _ = self.orders.try_send(Order::HangUp);
    }
}

impl Telephone {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>, mut events: mpsc::Receiver<sip::Event>) {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Call(story)) => {
                        if let Err(error) = self.dial(story).await {
                            tracing::warn!(%error, "the demo's caller cannot dial");
                            self.set(Phase::Failed);
                        }
                    }
                    Some(Order::HangUp) => {
                        if let Some((leg, ..)) = &self.line {
                            self.sip.hang_up(*leg).await;
                        }
                        self.end(Phase::Ended).await;
                    }
                    None => return,
                },
                event = events.recv() => match event {
                    Some(event) => self.heard(event).await,
                    None => return,
                },
            }
        }
    }

    async fn dial(&mut self, story: Story) -> anyhow::Result<()> {
        self.end(Phase::Idle).await;
        let media = clock::new_id();
        let loopback = "127.0.0.0/8".parse()?;
        let address = self.media.open_trunk(media, vec![loopback], None, false).await?;
        let audio = sip::LocalAudio { address, other: None, session_id: 112, srtp: None };
        let leg = self
            .sip
            .call(sip::Outbound {
                trunks: vec![self.trunk.clone()],
                number: "112".into(),
                media: audio.into(),
                caller: Some(story.number().into()),
                callback: false,
            })
            .await;
        match leg {
            Ok(leg) => {
                self.line = Some((leg, media, story));
                self.set(Phase::Ringing);
                Ok(())
            }
            Err(error) => {
                self.media.close(media).await;
                Err(error.into())
            }
        }
    }

    async fn heard(&mut self, event: sip::Event) {
        let Some((leg, media, story)) = &self.line else { return };
        match event {
            sip::Event::OutboundAnswered { leg: answered, audio, .. } if answered == *leg => {
                if let Some(remote) = convert::remote_audio(&audio) {
                    self.media.set_remote(*media, remote).await;
                }
                if let Err(error) = self.media.play(*media, media::Sound::Samples { pcm: story.voice(), looped: true }).await {
                    tracing::warn!(%error, "a simulated caller says nothing");
                }
                self.set(Phase::Talking);
            }
            sip::Event::OutboundFailed { leg: failed, .. } if failed == *leg => self.end(Phase::Failed).await,
            sip::Event::Ended { leg: ended, .. } if ended == *leg => self.end(Phase::Ended).await,
            _ => {}
        }
    }

    async fn end(&mut self, phase: Phase) {
        if let Some((_, media, _)) = self.line.take() {
            self.media.close(media).await;
        }
        self.set(phase);
    }

    fn set(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}
