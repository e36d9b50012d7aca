//! Datagrams with the time at which the system had them for us: how late this thread reads them is not the server's doing.

use mio::net::UdpSocket;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use std::io::IoSliceMut;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Asks the system to note when each datagram came.
pub(super) fn note(socket: &std::net::UdpSocket) -> nix::Result<()> {
    setsockopt(socket, sockopt::ReceiveTimestampns, &true)
}

/// How long a datagram is, and when the system had it, since 1970.
pub(super) struct Arrival {
    pub length: usize,
    pub at: Option<Duration>,
}

/// The next datagram that is there; `EAGAIN` if none is.
pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Result<Arrival, Errno> {
    let mut control = cmsg_space!(TimeSpec);
    let mut pieces = [IoSliceMut::new(buffer)];
    let received = recvmsg::<()>(socket.as_raw_fd(), &mut pieces, Some(&mut control), MsgFlags::empty())?;
    let at = received.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
        _ => None,
    });
    Ok(Arrival { length: received.bytes, at })
}
