//! The handle by which everybody else drives the media threads.

mod gather;

use crate::clock;
use crate::config::{Addresses, Config};
use crate::error::{AttachError, ConnectError, OpenError, StartError, TextError, Unavailable};
use crate::event::{Event, MediaTest};
use crate::operator::{Negotiator, OperatorLeg};
use crate::packet::RemoteAudio;
use crate::places::Places;
use crate::ports::{Claim, PortPool};
use crate::room::{Member, Members};
use crate::shard::{Command, Shard, Shared, Sources, WebRtc};
use crate::sound::Sound;
use crate::statistics::LegStatistics;
use crate::tap::{TapItem, TapOutlet};
use crate::text::RemoteText;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{RwLock, mpsc, oneshot};
use uuid::Uuid;

/// Commands that wait at once. A thread takes them within a turn, so this is never full unless the thread stands still.
const MAX_COMMANDS: usize = 1_024;
/// Events that wait to be taken, before the ones that wait inside the thread.
const MAX_EVENTS: usize = 1_024;
/// How long a thread that takes no commands, or legs that move, are waited for. A join takes up to four such waits, and has to be over before
/// the queue gives it up after ten seconds. A busy thread takes commands within some turns.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pauses between two looks at a full queue grow from one to the other.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The media engine. A cheap clone; the threads end when the last clone is dropped, or on `shut_down`.
///
/// Every method returns when the thread has done what was asked. Methods without a result of their own do nothing for legs that are
/// gone: a call may end at any moment. [`Unavailable`] from any is a thread that has ended, or stands still for seconds.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    shards: Vec<ShardHandle>,
    places: Mutex<Places>,
    /// Held for writing while legs go from one thread to another: nobody is told meanwhile where they are. Whoever waits has a turn.
    moves: RwLock<()>,
    negotiator: Negotiator,
    sources: Sources,
    webrtc: SocketAddr,
    addresses: Addresses,
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
    /// Binds the WebRTC port and starts the media threads. `taps` gets what recordings are made of; the engine never waits
    /// for it. Events have to be taken from the receiver.
    pub fn start(config: Config, taps: SyncSender<TapItem>) -> Result<(Engine, mpsc::Receiver<Event>), StartError> {
        let ports = PortPool::new(config.rtp_ports.clone());
        if ports.is_empty() {
            return Err(StartError::NoPorts);
        }
        let (events, received) = mpsc::channel(MAX_EVENTS);
        let (sources, threads) = (Sources::default(), config.threads());
        let addresses = config.addresses();
        let (sockets, bound) = WebRtc::bind(addresses, config.webrtc_port, threads)?;
        let webrtc = bound.first().copied().ok_or(StartError::NoCandidate)?;
        let negotiator = Negotiator::new(&config.candidates(&bound)?).ok_or(StartError::NoCandidate)?;
        let shared = Shared { addresses, ports, events, taps: TapOutlet::new(taps), sources: sources.clone() };
        let mut shards = Vec::new();
        for (n, socket) in sockets.into_iter().enumerate() {
            let (commands, taken) = sync_channel(MAX_COMMANDS);
            let (shard, waker) = Shard::new(shared.clone(), socket, taken)?;
            // Handles that are dropped because a later thread does not start end the earlier ones.
            shards.push(ShardHandle { commands: Some(commands), waker });
            std::thread::Builder::new().name(format!("media-{n}")).spawn(move || shard.run())?;
        }
        let places = Mutex::new(Places::new(threads));
        let moves = RwLock::new(());
        Ok((Engine { inner: Arc::new(Inner { shards, places, moves, negotiator, sources, webrtc, addresses }) }, received))
    }

    /// Where the operators' browsers are received; the real port if 0 was asked for.
    pub fn webrtc_address(&self) -> SocketAddr {
        self.inner.webrtc
    }

    /// The address of the other family, at which every leg has the same ports as at the one that it was opened with.
    pub fn other_address(&self) -> Option<IpAddr> {
        self.inner.addresses.other
    }

    /// Opens a leg to a trunk and gives the address for its SDP. Packets are taken from `allowed` and from the host in
    /// `remote`; without `remote` (a delayed offer), or where it names no host, nothing is sent until the far end is heard or
    /// `set_remote` tells. `tap`: record it. Some ports are left to those who help, who are opened by the other two ways.
    pub async fn open_trunk(
        &self,
        leg: Uuid,
        allowed: Vec<IpNet>,
        remote: Option<RemoteAudio>,
        tap: bool,
    ) -> Result<SocketAddr, OpenError> {
        let (route, claim) = (Route::Open { leg, beside: leg }, Claim::Caller);
        self.open(route, leg, |reply| Command::OpenTrunk { leg, allowed, remote, claim, tap, reply }).await
    }

    /// As `open_trunk`, for somebody who answers or helps, and is not recorded: where callers find no port any more, there is one.
    pub async fn open_helper(
        &self,
        leg: Uuid,
        allowed: Vec<IpNet>,
        remote: Option<RemoteAudio>,
    ) -> Result<SocketAddr, OpenError> {
        let (route, claim, tap) = (Route::Open { leg, beside: leg }, Claim::Helper, false);
        self.open(route, leg, |reply| Command::OpenTrunk { leg, allowed, remote, claim, tap, reply }).await
    }

    /// As `open_helper`, for somebody who will talk with the leg `other`: on its thread, so that neither has to move for that.
    pub async fn open_beside(
        &self,
        other: Uuid,
        leg: Uuid,
        allowed: Vec<IpNet>,
        remote: Option<RemoteAudio>,
        tap: bool,
    ) -> Result<SocketAddr, OpenError> {
        let (route, claim) = (Route::Open { leg, beside: other }, Claim::Helper);
        self.open(route, leg, |reply| Command::OpenTrunk { leg, allowed, remote, claim, tap, reply }).await
    }

    async fn open(
        &self,
        route: Route,
        leg: Uuid,
        command: impl FnOnce(oneshot::Sender<Result<SocketAddr, OpenError>>) -> Command,
    ) -> Result<SocketAddr, OpenError> {
        let mut place = Opening { engine: self, leg, opened: false };
        let opened = self.ask(route, command).await.unwrap_or(Err(OpenError::Unavailable));
        place.opened = matches!(opened, Ok(_) | Err(OpenError::AlreadyOpen));
        opened
    }

    /// The far end's newest SDP. Who stands still is waited for, as in `close`: without it nobody hears the far end.
    pub async fn set_remote(&self, leg: Uuid, remote: RemoteAudio) {
        self.insist(Route::To(leg), |reply| Command::SetRemote { leg, remote, reply }).await;
    }

    /// For how long nothing has come on a trunk leg. `None`: there is no such leg.
    pub async fn unheard_for(&self, leg: Uuid) -> Option<Duration> {
        self.ask(Route::To(leg), |reply| Command::Unheard { leg, reply }).await.flatten()
    }

    /// Opens real-time text beside a trunk leg, on a port of its own, and gives the address for the leg's SDP; the same one if it
    /// is open. It ends with the leg. Packets are taken as those of the leg are, once `set_text_remote` has told of a far end.
    pub async fn open_text(&self, leg: Uuid, allowed: Vec<IpNet>) -> Result<SocketAddr, OpenError> {
        let opened = self.ask(Route::To(leg), |reply| Command::OpenText { leg, allowed, reply }).await;
        opened.unwrap_or(Err(OpenError::Unavailable))
    }

    /// What the far end's newest SDP says of text; `None`: nothing, for now.
    pub async fn set_text_remote(&self, leg: Uuid, remote: Option<RemoteText>) {
        self.ask(Route::To(leg), |reply| Command::SetTextRemote { leg, remote, reply }).await;
    }

    /// Types to the far end, all of it or nothing: `\n` is a new line, `\u{8}` erases the letter before it.
    pub async fn send_text(&self, leg: Uuid, text: String) -> Result<(), TextError> {
        let sent = self.ask(Route::To(leg), |reply| Command::SendText { leg, text, reply }).await;
        sent.unwrap_or(Err(TextError::Unavailable))
    }

    /// Answers the offer of a browser's new peer connection. The newest one wins: what the operator has before it is closed,
    /// and a join goes on with the new one. An offer of the same peer connection again (an ICE restart) cannot be answered,
    /// for the certificate is a new one each time.
    pub async fn attach_operator(&self, operator: Uuid, offer_sdp: String) -> Result<String, AttachError> {
        let Inner { negotiator, sources, .. } = &*self.inner;
        let (leg, answer) = OperatorLeg::answer(clock::now(), negotiator, &offer_sdp, sources.next(), clock::random())?;
        let attached = self.ask(Route::To(operator), |reply| Command::Attach { operator, leg: Box::new(leg), reply }).await;
        attached.map(|()| answer).ok_or(AttachError::Unavailable)
    }

    /// Closes an operator's peer connection. A join stays until `disconnect`.
    pub async fn detach_operator(&self, operator: Uuid) {
        self.ask(Route::To(operator), |reply| Command::Detach { operator, reply }).await;
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
        let members = Members::new(members)?;
        let shard = self.gather(call, &members).await.ok_or(ConnectError::Unavailable)?;
        let arranged = self.ask(Route::Room { call, shard }, |reply| Command::Arrange { call, members, reply }).await;
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
        let shard = self.room_of(trunk).await.unwrap_or_default();
        self.ask(Route::Room { call: trunk, shard }, |reply| Command::Disconnect { trunk, reply }).await;
    }

    /// Plays a sound on a trunk leg, or to an operator, in place of what is played there and of the peer.
    pub async fn play(&self, leg: Uuid, sound: Sound) -> Result<(), Unavailable> {
        self.ask(Route::To(leg), |reply| Command::Play { leg, sound, reply }).await.ok_or(Unavailable)
    }

    /// Ends what is played; the peer is heard again. There is no `Event::Played`.
    pub async fn stop_playing(&self, leg: Uuid) -> Result<(), Unavailable> {
        self.ask(Route::To(leg), |reply| Command::StopPlaying { leg, reply }).await.ok_or(Unavailable)
    }

    /// Another far end is to be heard on a trunk leg: its first sound is told as [`Event::FirstPacket`] again.
    pub async fn await_first(&self, leg: Uuid) {
        self.ask(Route::To(leg), |reply| Command::AwaitFirst { leg, reply }).await;
    }

    /// Sends keys (0-9, `*`, `#`, A-D; others are left out) to the far end of a trunk leg, each 160 ms long with a pause of
    /// 80 ms: as telephone-events (RFC 4733) if it takes them, else as tones.
    pub async fn send_digits(&self, leg: Uuid, digits: String) {
        self.ask(Route::To(leg), |reply| Command::SendDigits { leg, digits, reply }).await;
    }

    /// Plays 1000 Hz for two seconds to an operator who is in no call, and tells how loud the microphone was meanwhile. A
    /// call that is joined before the end ends the test.
    pub async fn test_operator(&self, operator: Uuid) -> Result<MediaTest, ConnectError> {
        let tested = self.ask(Route::To(operator), |reply| Command::Test { operator, reply }).await;
        tested.unwrap_or(Err(ConnectError::Unavailable))
    }

    /// Closes a leg, which leaves its room; its recording gets all there is. `None` if it was not open, or the engine has ended,
    /// which closes all legs.
    ///
    /// A thread that stands still is waited for: nobody else would ever close the leg, and its ports and its recording would
    /// stay open for as long as the engine lives.
    pub async fn close(&self, leg: Uuid) -> Option<LegStatistics> {
        self.insist(Route::Close(leg), |reply| Command::Close { leg, reply }).await.flatten()
    }

    /// Closes all legs and ends the threads. Everything asked afterwards is unavailable.
    pub async fn shut_down(&self) {
        for shard in 0..self.inner.shards.len() {
            self.ask(Route::Shard(shard), |reply| Command::ShutDown { reply }).await;
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // The list is whole at any moment, whatever became of another task.
        self.inner.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commands a thread and waits until it is done; `None` if the thread is gone or stands still.
    async fn ask<T>(&self, route: Route, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        match tokio::time::timeout(PATIENCE, self.enqueue(route, command(reply))).await {
            Ok(Some(())) => answer.await.ok(),
            Ok(None) => None,
            Err(_) => refused(),
        }
    }

    /// As `ask`, however long the thread stands still.
    async fn insist<T>(&self, route: Route, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(route, command(reply)).await?;
        answer.await.ok()
    }

    /// Puts a command into a thread's queue as soon as there is room; `None` if the thread is gone.
    async fn enqueue(&self, route: Route, command: Command) -> Option<()> {
        let mut command = Some(command);
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_command(route, &mut command).await {
                Ok(()) => return Some(()),
                Err(NotYet::Gone) => return None,
                Err(NotYet::Full) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Where a leg is cannot change while a command is put into its thread's queue. What could not be put there stays.
    async fn try_command(&self, route: Route, command: &mut Option<Command>) -> Result<(), NotYet> {
        let _stays = match route {
            // Commands of a move itself, and the last one.
            Route::Shard(_) => None,
            _ => Some(self.inner.moves.read().await),
        };
        let mut places = self.places();
        let shard = match route {
            Route::Shard(shard) => shard,
            Route::Open { leg, beside } => places.for_new(leg, beside),
            Route::To(leg) | Route::Close(leg) => places.of(leg),
            Route::Room { call, shard } => places.known(call).unwrap_or(shard),
        };
        let handle = self.inner.shards.get(shard).and_then(|handle| Some((handle.commands.as_ref()?, &handle.waker)));
        let (commands, waker) = handle.ok_or(NotYet::Gone)?;
        match commands.try_send(command.take().ok_or(NotYet::Gone)?) {
            Ok(()) => {}
            Err(TrySendError::Disconnected(_)) => return Err(NotYet::Gone),
            Err(TrySendError::Full(back)) => {
                *command = Some(back);
                return Err(NotYet::Full);
            }
        }
        match route {
            Route::Open { leg, .. } => places.put(leg, shard),
            Route::Close(leg) => places.remove(leg),
            Route::To(_) | Route::Room { .. } | Route::Shard(_) => {}
        }
        if let Err(error) = waker.wake() {
            tracing::error!(%error, "a media thread cannot be woken");
        }
        Ok(())
    }
}

/// Why a command was not put into a queue.
#[derive(Debug, Clone, Copy)]
enum NotYet {
    Full,
    /// The thread has ended.
    Gone,
}

/// Which thread a command is for.
#[derive(Debug, Clone, Copy)]
enum Route {
    /// The one with this leg or operator.
    To(Uuid),
    /// One for a new leg: the one with the leg `beside`, if there is such a leg.
    Open {
        leg: Uuid,
        beside: Uuid,
    },
    /// The one with this leg, which is in no place afterwards.
    Close(Uuid),
    /// The one with the room of this call: where its leg is, or this one if that is closed.
    Room {
        call: Uuid,
        shard: usize,
    },
    Shard(usize),
}

fn refused<T>() -> Option<T> {
    metrics::counter!("siaga_media_commands_refused_total").increment(1);
    None
}

/// Forgets the place of a leg that was not opened, also when nobody waits for that any more.
struct Opening<'a> {
    engine: &'a Engine,
    leg: Uuid,
    opened: bool,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if !self.opened {
            self.engine.places().remove(self.leg);
        }
    }
}

#[cfg(test)]
mod tests;
