//! What a media thread is asked to do. Every command is answered, so that whoever asked knows that it has taken effect.

use super::{Moved, Shard};
use crate::clock;
use crate::error::{ConnectError, OpenError, TextError};
use crate::event::MediaTest;
use crate::operator::OperatorLeg;
use crate::packet::RemoteAudio;
use crate::ports::Claim;
use crate::room::Members;
use crate::sound::Sound;
use crate::statistics::LegStatistics;
use crate::text::RemoteText;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::oneshot;
use uuid::Uuid;

type Reply<T = ()> = oneshot::Sender<T>;

pub(crate) enum Command {
    OpenTrunk {
        leg: Uuid,
        allowed: Vec<IpNet>,
        remote: Option<RemoteAudio>,
        claim: Claim,
        tap: bool,
        reply: Reply<Result<SocketAddr, OpenError>>,
    },
    SetRemote {
        leg: Uuid,
        remote: RemoteAudio,
        reply: Reply,
    },
    Unheard {
        leg: Uuid,
        reply: Reply<Option<Duration>>,
    },
    OpenText {
        leg: Uuid,
        allowed: Vec<IpNet>,
        reply: Reply<Result<SocketAddr, OpenError>>,
    },
    SetTextRemote {
        leg: Uuid,
        remote: Option<RemoteText>,
        reply: Reply,
    },
    SendText {
        leg: Uuid,
        text: String,
        reply: Reply<Result<(), TextError>>,
    },
    Attach {
        operator: Uuid,
        leg: Box<OperatorLeg>,
        reply: Reply,
    },
    Detach {
        operator: Uuid,
        reply: Reply,
    },
    Arrange {
        call: Uuid,
        members: Members,
        reply: Reply<Result<(), ConnectError>>,
    },
    Disconnect {
        trunk: Uuid,
        reply: Reply,
    },
    /// Whether the room of this call is here, which outlasts the call's own leg.
    HasRoom {
        call: Uuid,
        reply: Reply<bool>,
    },
    /// Lets a leg, or the room of a call, go to another thread with all who have to stay together with it.
    Release {
        leg: Uuid,
        reply: Reply<Option<Box<Moved>>>,
    },
    Adopt {
        moved: Box<Moved>,
        reply: Reply,
    },
    Play {
        leg: Uuid,
        sound: Sound,
        reply: Reply,
    },
    StopPlaying {
        leg: Uuid,
        reply: Reply,
    },
    AwaitFirst {
        leg: Uuid,
        reply: Reply,
    },
    SendDigits {
        leg: Uuid,
        digits: String,
        reply: Reply,
    },
    Test {
        operator: Uuid,
        reply: Reply<Result<MediaTest, ConnectError>>,
    },
    Close {
        leg: Uuid,
        reply: Reply<Option<LegStatistics>>,
    },
    ShutDown {
        reply: Reply,
    },
}

impl Shard {
    /// Does what is asked. Whoever asked may have gone; that is no fault.
    pub(super) fn apply(&mut self, command: Command) {
        let now = clock::now();
        match command {
            Command::OpenTrunk { leg, allowed, remote, claim, tap, reply } => {
                // A leg nobody will ever close must not keep its port.
                if let Err(Ok(_)) = reply.send(self.open_trunk(now, leg, allowed, remote, (claim, tap))) {
                    self.close_trunk(now, leg);
                }
            }
            Command::SetRemote { leg, remote, reply } => {
                self.set_remote(now, leg, remote);
                let _ = reply.send(());
            }
            Command::Unheard { leg, reply } => {
                let _ = reply.send(self.trunks.get(&leg).map(|trunk| now.saturating_duration_since(trunk.heard)));
            }
            Command::OpenText { leg, allowed, reply } => {
                let _ = reply.send(self.open_text(now, leg, allowed));
            }
            Command::SetTextRemote { leg, remote, reply } => {
                self.set_text_remote(now, leg, remote);
                let _ = reply.send(());
            }
            Command::SendText { leg, text, reply } => {
                let _ = reply.send(self.send_text(now, leg, &text));
            }
            Command::Attach { operator, leg, reply } => {
                self.attach(now, operator, leg);
                let _ = reply.send(());
            }
            Command::Detach { operator, reply } => {
                self.detach(now, operator);
                let _ = reply.send(());
            }
            Command::Arrange { call, members, reply } => {
                let _ = reply.send(self.arrange(now, call, members));
            }
            Command::Disconnect { trunk, reply } => {
                self.part(now, trunk);
                let _ = reply.send(());
            }
            Command::HasRoom { call, reply } => {
                let _ = reply.send(self.has_room(call));
            }
            Command::Release { leg, reply } => {
                // Whoever asked for it may have gone; then it stays.
                if let Err(Some(moved)) = reply.send(self.release(leg)) {
                    self.adopt(now, *moved);
                }
            }
            Command::Adopt { moved, reply } => {
                self.adopt(now, *moved);
                let _ = reply.send(());
            }
            Command::Play { leg, sound, reply } => {
                self.play(now, leg, sound);
                let _ = reply.send(());
            }
            Command::StopPlaying { leg, reply } => {
                self.stop_playing(leg);
                let _ = reply.send(());
            }
            Command::AwaitFirst { leg, reply } => {
                if let Some(trunk) = self.trunks.get_mut(&leg) {
                    trunk.leg.await_first();
                }
                let _ = reply.send(());
            }
            Command::SendDigits { leg, digits, reply } => {
                self.send_digits(now, leg, &digits);
                let _ = reply.send(());
            }
            Command::Test { operator, reply } => self.test_operator(now, operator, reply),
            Command::Close { leg, reply } => {
                let statistics = self.close_trunk(now, leg).or_else(|| self.forget_operator(now, leg));
                let _ = reply.send(statistics);
            }
            Command::ShutDown { reply } => {
                self.close_all(now);
                self.stopping = true;
                let _ = reply.send(());
            }
        }
    }
}
