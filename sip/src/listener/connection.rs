//! One TCP or TLS connection. The stream is framed and judged here; the SIP stack sees it as a channel of whole messages, so that its own
//! reader, which closes the connection at the first message it cannot read, is never used.

use super::flows::Flows;
use super::framing::{Frame, Framer};
use super::ingress::Ingress;
use super::late;
use super::normalise::Framing;
use crate::message::stamp::Source;
use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent};
use socket2::{SockRef, TcpKeepalive};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A stranger's silent connection is closed after this: time enough to hear its 403.
const IDLE_STRANGER: Duration = Duration::from_secs(10);
/// On connections of ours we are the ones who keep them alive (RFC 5626 section 4.4.1), so that a registrar's calls find their way.
const PING: Duration = Duration::from_secs(90);
const WRITE: Duration = Duration::from_secs(10);
const QUEUED_WRITES: usize = 64;
const READ_BUFFER: usize = 16 * 1024;

/// A trunk may be silent for so many times longer than a phone: for hours, and not for ever, for there are carriers that forget what they opened.
const TRUNK_PATIENCE: u32 = 24;
/// A peer that vanished without a word is noticed by TCP itself after about a minute.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Makes a connection quick, and watched by TCP. What fails here costs speed only.
pub(crate) fn tend(stream: &TcpStream) {
    // Signalling is small and urgent.
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3).with_retries(3);
    let _ = socket.set_tcp_keepalive(&keepalive);
    // While something of ours is not acknowledged TCP asks nothing, and by itself gives up after a quarter of an hour.
    let _ = socket.set_tcp_user_timeout(Some(2 * KEEPALIVE));
}

/// Who began the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    ByPeer,
    ByUs,
}

/// Serves one connection; says why it ended. `ready` is told when requests can be sent by it.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    source: Source,
    begun: Begun,
    ingress: &Ingress,
    flows: &Arc<Flows>,
    stop: &CancellationToken,
    ready: impl FnOnce(),
) -> &'static str {
    let (reader, writer) = tokio::io::split(stream);
    let (replies, mut queue) = mpsc::channel(QUEUED_WRITES);
    // The stack's side of the channel lives as long as this sender: dropping it retires the connection.
    let (_alive, incoming) = mpsc::unbounded_channel();
    let address = SipAddr::new(source.transport.into(), source.peer.into());
    let Ok(channel) = ChannelConnection::create_connection_bounded(incoming, replies, address, Some(stop.clone())).await else {
        return "stack";
    };
    let channel = SipConnection::Channel(channel);
    ingress.endpoint.transport_layer.add_connection(channel.clone());
    let _open = flows.opened(source.transport, source.peer);
    ready();
    let (direct, direct_queue) = mpsc::channel(QUEUED_WRITES);
    let ping = (begun == Begun::ByUs).then_some(PING);
    let reason = tokio::select! {
        reason = read(reader, source, begun, ingress, &channel, direct) => reason,
        () = write(writer, &mut queue, direct_queue, ping) => "write",
    };
    drop(channel);
    let (endpoint, flows) = (ingress.endpoint.clone(), flows.clone());
    tokio::spawn(late::replies(queue, source.transport, endpoint, flows));
    reason
}

async fn read<S: AsyncRead>(
    mut reader: ReadHalf<S>,
    source: Source,
    begun: Begun,
    ingress: &Ingress,
    channel: &SipConnection,
    replies: mpsc::Sender<Vec<u8>>,
) -> &'static str {
    let trusted = ingress.knows(source.peer.ip());
    let trunk = ingress.trunks.of(source.peer.ip()).is_some();
    let idle = match (begun, trusted) {
        (Begun::ByUs, _) => None,
        // A call may be long and say nothing for as long; whether the carrier is still there is asked by TCP (see `tend`). Phones send
        // something every two minutes (RFC 5626 section 4.4.1), and come from networks in which others may sit.
        (Begun::ByPeer, true) if trunk => Some(ingress.limits.idle * TRUNK_PATIENCE),
        (Begun::ByPeer, true) => Some(ingress.limits.idle),
        (Begun::ByPeer, false) => Some(IDLE_STRANGER),
    };
    let mut framer = Framer::default();
    let mut buffer = vec![0; READ_BUFFER];
    loop {
        let length = match within(idle, reader.read(&mut buffer)).await {
            None => return "idle",
            Some(Ok(0)) => return "peer",
            Some(Ok(length)) => length,
            Some(Err(_)) => return "error",
        };
        framer.push(buffer.get(..length).unwrap_or_default());
        while let Some(frame) = framer.next() {
            let (octets, last) = match frame {
                Frame::Ping if !trusted => return "stranger",
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

async fn within<T>(limit: Option<Duration>, what: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, what).await.ok(),
        None => Some(what.await),
    }
}

/// Writes what the stack and the ingress send, until the peer stops reading.
async fn write<S: AsyncWrite>(
    mut writer: WriteHalf<S>,
    stack: &mut mpsc::Receiver<TransportEvent>,
    mut direct: mpsc::Receiver<Vec<u8>>,
    ping: Option<Duration>,
) {
    loop {
        let silence = async {
            match ping {
                Some(ping) => tokio::time::sleep(ping).await,
                None => pending().await,
            }
        };
        let octets = tokio::select! {
            Some(event) = stack.recv() => match event {
                // The stack's name for "a message passed through the channel".
                TransportEvent::Incoming(message, _, _) => message.to_bytes(),
                TransportEvent::New(_) | TransportEvent::Closed(_) => continue,
            },
            Some(octets) = direct.recv() => octets,
            () = silence => b"\r\n\r\n".to_vec(),
            else => return,
        };
        let written = async {
            writer.write_all(&octets).await?;
            writer.flush().await
        };
        if !matches!(tokio::time::timeout(WRITE, written).await, Ok(Ok(()))) {
            return;
        }
    }
}
