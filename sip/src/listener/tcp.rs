//! TCP listeners. Streams are framed and judged here; the SIP stack sees each connection as a channel of whole messages, so that its own reader,
//! which closes the connection at the first message it cannot read, is never used for what peers begin.

use super::framing::{Frame, Framer};
use super::ingress::Ingress;
use super::normalise::Framing;
use crate::config::{Listen, Transport};
use crate::counters;
use crate::error::StartError;
use crate::message::stamp::Source;
use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent};
use socket2::{Domain, Protocol, Socket, Type};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// A trunk's silent connection is closed after this; RFC 5626 keepalives come every two minutes.
const IDLE: Duration = Duration::from_secs(600);
/// A stranger's after this: time enough to hear its 403.
const IDLE_STRANGER: Duration = Duration::from_secs(10);
const WRITE: Duration = Duration::from_secs(10);
const QUEUED_WRITES: usize = 64;
const READ_BUFFER: usize = 16 * 1024;

pub(crate) struct TcpListening {
    listener: TcpListener,
    pub local: SocketAddr,
}

/// Binds every TCP address of `listen`.
pub(crate) fn bind(listen: &[Listen]) -> Result<Vec<TcpListening>, StartError> {
    let wanted = listen.iter().filter(|listen| listen.transport == Transport::Tcp);
    wanted.map(|listen| open(listen.address).map_err(|source| StartError::Bind { listen: *listen, source })).collect()
}

fn open(address: SocketAddr) -> std::io::Result<TcpListening> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // A restart must not wait for old connections to time out.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(128)?;
    let listener = TcpListener::from_std(socket.into())?;
    let local = listener.local_addr()?;
    Ok(TcpListening { listener, local })
}

impl TcpListening {
    /// Accepts connections until `stop`; past `places` they are closed at once.
    pub(crate) async fn serve(self, ingress: Arc<Ingress>, places: Arc<Semaphore>, stop: CancellationToken) {
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::debug!(%error, "accepting TCP failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Ok(place) = places.clone().try_acquire_owned() else {
                counters::connection_closed("max_connections");
                continue;
            };
            let (ingress, stop) = (ingress.clone(), stop.child_token());
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
            let local = stream.local_addr().map_or(self.local, |local| SocketAddr::new(local.ip().to_canonical(), local.port()));
            tokio::spawn(async move {
                let reason =
                    stop.run_until_cancelled(connection(stream, peer, local, &ingress, &stop)).await.unwrap_or("stopped");
                tracing::debug!(%peer, reason, "TCP connection closed");
                counters::connection_closed(reason);
                stop.cancel();
                drop(place);
            });
        }
    }
}

/// Serves one connection; says why it ended.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    local: SocketAddr,
    ingress: &Ingress,
    stop: &CancellationToken,
) -> &'static str {
    // Signalling is small and urgent; that it may fail is no reason to refuse the connection.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let (replies, queue) = mpsc::channel(QUEUED_WRITES);
    // The stack's side of the channel lives as long as this sender: dropping it retires the connection.
    let (_alive, incoming) = mpsc::unbounded_channel();
    let address = SipAddr::new(rsipstack::sip::Transport::Tcp, peer.into());
    let Ok(channel) = ChannelConnection::create_connection_bounded(incoming, replies, address, Some(stop.clone())).await else {
        return "stack";
    };
    let channel = SipConnection::Channel(channel);
    ingress.endpoint.transport_layer.add_connection(channel.clone());
    let (direct, direct_queue) = mpsc::channel(QUEUED_WRITES);
    tokio::select! {
        reason = read(reader, Source { transport: Transport::Tcp, peer, local }, ingress, &channel, direct) => reason,
        () = write(writer, queue, direct_queue) => "write",
    }
}

async fn read(
    mut reader: OwnedReadHalf,
    source: Source,
    ingress: &Ingress,
    channel: &SipConnection,
    replies: mpsc::Sender<Vec<u8>>,
) -> &'static str {
    let idle = if ingress.trunk(source.peer.ip()).is_some() { IDLE } else { IDLE_STRANGER };
    let mut framer = Framer::default();
    let mut buffer = vec![0; READ_BUFFER];
    loop {
        let length = match tokio::time::timeout(idle, reader.read(&mut buffer)).await {
            Err(_) => return "idle",
            Ok(Ok(0)) => return "peer",
            Ok(Ok(length)) => length,
            Ok(Err(_)) => return "error",
        };
        framer.push(buffer.get(..length).unwrap_or_default());
        while let Some(frame) = framer.next() {
            let (octets, last) = match frame {
                Frame::Ping => {
                    if replies.send(b"\r\n".to_vec()).await.is_err() {
                        return "write";
                    }
                    continue;
                }
                Frame::Broken => return "broken",
                Frame::Message(octets) => (octets, false),
                Frame::Last(octets) => (octets, true),
            };
            if let Some(reply) = ingress.receive(&octets, Framing::Stream, source, channel).await
                && replies.send(reply.octets).await.is_err()
            {
                return "write";
            }
            if last {
                // The reply is on its way through the writer; it is given a moment before the connection closes.
                tokio::time::sleep(Duration::from_millis(200)).await;
                return "framing";
            }
        }
    }
}

/// Writes what the stack and the ingress send, until the peer stops reading.
async fn write(mut writer: OwnedWriteHalf, mut stack: mpsc::Receiver<TransportEvent>, mut direct: mpsc::Receiver<Vec<u8>>) {
    loop {
        let octets = tokio::select! {
            Some(event) = stack.recv() => match event {
                // The stack's name for "a message passed through the channel".
                TransportEvent::Incoming(message, _, _) => message.to_bytes(),
                TransportEvent::New(_) | TransportEvent::Closed(_) => continue,
            },
            Some(octets) = direct.recv() => octets,
            else => return,
        };
        if !matches!(tokio::time::timeout(WRITE, writer.write_all(&octets)).await, Ok(Ok(()))) {
            return;
        }
    }
}
