//! The thread that speaks for all legs: one packet for each every 20 ms, the legs spread evenly over these.

use super::{Order, Shared};
use crate::clock;
use mio::net::UdpSocket;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// The turns of 1 ms among which legs are spread.
const TURNS: usize = 20;
const TURN: Duration = Duration::from_millis(1);

pub(super) struct Sender {
    shared: Arc<Shared>,
    sockets: Arc<Vec<UdpSocket>>,
    orders: Receiver<Order>,
    turns: [HashMap<u16, SocketAddr>; TURNS],
}

impl Sender {
    pub fn new(shared: Arc<Shared>, sockets: Arc<Vec<UdpSocket>>, orders: Receiver<Order>) -> Self {
        Self { shared, sockets, orders, turns: Default::default() }
    }

    pub fn run(mut self) {
        let mut due = clock::instant();
        let mut turn = 0;
        while !self.shared.stopping.load(Ordering::Relaxed) {
            while let Ok(order) = self.orders.try_recv() {
                self.obey(order);
            }
            self.speak(turn % TURNS);
            turn += 1;
            due += TURN;
            // A turn that comes late is made up for at once, so that every leg keeps its 50 packets a second.
            std::thread::sleep(due.saturating_duration_since(clock::instant()));
        }
    }

    fn obey(&mut self, order: Order) {
        let (leg, to) = match order {
            Order::Speak { leg, to } => (leg, Some(to)),
            Order::BeSilent { leg } => (leg, None),
        };
        // Both legs of a call, one even and one odd, fall into turns of their own.
        let Some(turn) = self.turns.get_mut(usize::from(leg) % TURNS) else { return };
        match to {
            Some(to) => turn.insert(leg, to),
            None => turn.remove(&leg),
        };
    }

    fn speak(&self, turn: usize) {
        for (leg, to) in self.turns.get(turn).into_iter().flatten() {
            let Some(socket) = self.sockets.get(usize::from(*leg) % self.sockets.len()) else { continue };
            let Some(stamp) = self.shared.next(*leg) else { continue };
            if socket.send_to(&stamp.datagram(), *to).is_err() {
                self.shared.unsent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
