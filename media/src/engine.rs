//! The handle by which everybody else drives the media threads.

use crate::clock;
use crate::config::Config;
use crate::error::{AttachError, ConnectError, OpenError, StartError};
use crate::event::{Event, MediaTest};
use crate::operator::{Negotiator, OperatorLeg};
use crate::packet::RemoteAudio;
use crate::room::Member;
use crate::shard::{Command, Shard, Sources};
use crate::sound::Sound;
use crate::statistics::LegStatistics;
use crate::tap::TapItem;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Commands that wait at once. A thread takes them within a turn, so this is never full unless the thread stands still.
const MAX_COMMANDS: usize = 1_024;
/// Events that wait to be taken, before the ones that wait inside the thread.
const MAX_EVENTS: usize = 1_024;
/// How long a full queue is waited for.
const COMMAND_PATIENCE: u32 = 200;
const COMMAND_PAUSE: Duration = Duration::from_millis(5);

/// The media engine. A cheap clone; the threads end when the last clone is dropped, or on `shut_down`.
///
/// Every method returns when the thread has done what was asked. Methods without a result do nothing for legs that are gone:
/// a call may end at any moment.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    /// One for now; `shard` picks.
    shards: Vec<ShardHandle>,
    negotiator: Negotiator,
    sources: Sources,
    webrtc: SocketAddr,
}

struct ShardHandle {
    commands: Option<SyncSender<Command>>,
    waker: mio::Waker,
}

impl Drop for ShardHandle {
    fn drop(&mut self) {
        // The thread ends when it wakes up and finds that nobody can command it any more.
        self.commands = None;
        if let Err(error) = self.waker.wake() {
            tracing::debug!(%error, "the media thread was gone already");
        }
    }
}

impl Engine {
    /// Binds the WebRTC port and starts the media thread. `taps` gets what recordings are made of; the engine never waits
    /// for it. Events have to be taken from the receiver.
    pub fn start(config: Config, taps: SyncSender<TapItem>) -> Result<(Engine, mpsc::Receiver<Event>), StartError> {
        let (commands, taken) = sync_channel(MAX_COMMANDS);
        let (events, received) = mpsc::channel(MAX_EVENTS);
        let sources = Sources::default();
        let (shard, waker, webrtc) = Shard::new(&config, taken, events, taps, sources.clone())?;
        let negotiator = Negotiator::new(&config.candidates(webrtc)?).ok_or(StartError::NoCandidate)?;
        std::thread::Builder::new().name("media".to_owned()).spawn(move || shard.run())?;
        let shards = vec![ShardHandle { commands: Some(commands), waker }];
        Ok((Engine { inner: Arc::new(Inner { shards, negotiator, sources, webrtc }) }, received))
    }

    /// Where the operators' browsers are received; the real port if 0 was asked for.
    pub fn webrtc_address(&self) -> SocketAddr {
        self.inner.webrtc
    }

    /// Opens a leg to a trunk and gives the address for its SDP. Packets are taken from `allowed` and from the host in
    /// `remote`; without `remote` (a delayed offer) nothing is sent until the far end is heard or `set_remote` tells.
    /// `tap`: record it.
    pub async fn open_trunk(
        &self,
        leg: Uuid,
        allowed: Vec<IpNet>,
        remote: Option<RemoteAudio>,
        tap: bool,
    ) -> Result<SocketAddr, OpenError> {
        let opened = self.ask(|reply| Command::OpenTrunk { leg, allowed, remote, tap, reply }).await;
        opened.unwrap_or(Err(OpenError::Unavailable))
    }

    /// The far end's newest SDP.
    pub async fn set_remote(&self, leg: Uuid, remote: RemoteAudio) {
        self.ask(|reply| Command::SetRemote { leg, remote, reply }).await;
    }

    /// Answers the offer of a browser's new peer connection. The newest one wins: what the operator has before it is closed,
    /// and a join goes on with the new one. An offer of the same peer connection again (an ICE restart) cannot be answered,
    /// for the certificate is a new one each time.
    pub async fn attach_operator(&self, operator: Uuid, offer_sdp: String) -> Result<String, AttachError> {
        let Inner { negotiator, sources, .. } = &*self.inner;
        let (leg, answer) = OperatorLeg::answer(clock::now(), negotiator, &offer_sdp, sources.next(), clock::random())?;
        let attached = self.ask(|reply| Command::Attach { operator, leg: Box::new(leg), reply }).await;
        attached.map(|()| answer).ok_or(AttachError::Unavailable)
    }

    /// Closes an operator's peer connection. A join stays until `disconnect`.
    pub async fn detach_operator(&self, operator: Uuid) {
        self.ask(|reply| Command::Detach { operator, reply }).await;
    }

    /// Says who is in the room of `call`, the trunk leg of the caller; whoever was in it before and is not named leaves it,
    /// and nobody at all dissolves it. The caller need not be in it (a held one is not), and the room outlasts the caller's
    /// leg while two others are left. Members are trunk legs and operators, each in one room at a time; `call` itself leaves
    /// another one for its own. Two speakers and nobody else hear each other without delay; every change is heard by none of
    /// those who stay, except as a silence of 30 ms when the room comes to be mixed. Keys that are pressed pass between two
    /// who talk directly, and nowhere else.
    ///
    /// A member whose leg is closed leaves by itself, and whoever coached it goes on listening; a room in which one is left
    /// alone by that is dissolved. An operator whose browser is lost stays, and hears on when it attaches again.
    pub async fn arrange(&self, call: Uuid, members: Vec<Member>) -> Result<(), ConnectError> {
        let arranged = self.ask(|reply| Command::Arrange { call, members, reply }).await;
        arranged.unwrap_or(Err(ConnectError::Unavailable))
    }

    /// Joins a trunk leg to an operator, or to another trunk leg, and to nobody else.
    pub async fn connect(&self, trunk: Uuid, peer: Uuid) -> Result<(), ConnectError> {
        if trunk == peer {
            return Err(ConnectError::NoPeer);
        }
        self.arrange(trunk, vec![Member::speaker(trunk), Member::speaker(peer)]).await
    }

    /// Dissolves a trunk leg's room, and takes the leg out of any other. The legs stay open and silent.
    pub async fn disconnect(&self, trunk: Uuid) {
        self.ask(|reply| Command::Disconnect { trunk, reply }).await;
    }

    /// Plays a sound on a trunk leg, or to an operator, in place of what is played there and of the peer.
    pub async fn play(&self, leg: Uuid, sound: Sound) {
        self.ask(|reply| Command::Play { leg, sound, reply }).await;
    }

    /// Ends what is played; the peer is heard again. There is no `Event::Played`.
    pub async fn stop_playing(&self, leg: Uuid) {
        self.ask(|reply| Command::StopPlaying { leg, reply }).await;
    }

    /// Sends keys (0-9, `*`, `#`, A-D; others are left out) to the far end of a trunk leg, each 160 ms long with a pause of
    /// 80 ms: as telephone-events (RFC 4733) if it takes them, else as tones.
    pub async fn send_digits(&self, leg: Uuid, digits: String) {
        self.ask(|reply| Command::SendDigits { leg, digits, reply }).await;
    }

    /// Plays 1000 Hz for two seconds to an operator who is in no call, and tells how loud the microphone was meanwhile. A
    /// call that is joined before the end ends the test.
    pub async fn test_operator(&self, operator: Uuid) -> Result<MediaTest, ConnectError> {
        let tested = self.ask(|reply| Command::Test { operator, reply }).await;
        tested.unwrap_or(Err(ConnectError::Unavailable))
    }

    /// Closes a leg, which leaves its room; its recording gets all there is. `None` if it was not open.
    pub async fn close(&self, leg: Uuid) -> Option<LegStatistics> {
        self.ask(|reply| Command::Close { leg, reply }).await.flatten()
    }

    /// Closes all legs and ends the threads. Everything asked afterwards is unavailable.
    pub async fn shut_down(&self) {
        self.ask(|reply| Command::ShutDown { reply }).await;
    }

    /// Commands a thread and waits until it is done; `None` if the thread is gone or stands still.
    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let shard = self.inner.shards.first()?;
        let (reply, answer) = oneshot::channel();
        let mut command = command(reply);
        for _ in 0..COMMAND_PATIENCE {
            match shard.commands.as_ref()?.try_send(command) {
                Ok(()) => {
                    shard.waker.wake().ok()?;
                    return answer.await.ok();
                }
                Err(TrySendError::Disconnected(_)) => return None,
                Err(TrySendError::Full(back)) => command = back,
            }
            tokio::time::sleep(COMMAND_PAUSE).await;
        }
        metrics::counter!("siaga_media_commands_refused_total").increment(1);
        None
    }
}
