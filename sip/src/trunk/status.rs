//! What the owner is told of a trunk: one line of news at a time, the newest; older ones that were not heard yet are dropped.

use super::watch::TrunkState;
use crate::event::Event;
use crate::{config::TrunkName, counters};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc};

#[derive(Debug)]
pub(crate) struct Status {
    inner: Mutex<Inner>,
    news: Notify,
    /// The trunk asked something of us since the keeper looked.
    heard: AtomicBool,
    pub(super) sign: Notify,
}

#[derive(Debug)]
struct Inner {
    state: TrunkState,
    /// One for each registrar.
    registered: Vec<bool>,
    detail: String,
}

impl Status {
    pub(super) fn new(registrars: usize) -> Self {
        let inner = Inner { state: TrunkState::Unknown, registered: vec![false; registrars], detail: String::new() };
        Status { inner: Mutex::new(inner), news: Notify::new(), heard: AtomicBool::new(false), sign: Notify::new() }
    }

    pub(crate) fn state(&self) -> TrunkState {
        self.lock().state
    }

    /// The trunk asks something of us.
    pub(crate) fn heard(&self) {
        // A busy trunk's keeper is woken once, until it has looked.
        if !self.heard.swap(true, Ordering::Relaxed) {
            self.sign.notify_one();
        }
    }

    pub(super) fn take_heard(&self) -> bool {
        self.heard.swap(false, Ordering::Relaxed)
    }

    pub(super) fn is(&self, state: TrunkState, detail: String) {
        let mut inner = self.lock();
        inner.state = state;
        inner.detail = detail;
        self.news.notify_one();
    }

    /// The registrar at `index` has us, or has us no more.
    pub(super) fn registered(&self, index: usize, registered: bool, detail: String) {
        let mut inner = self.lock();
        if let Some(known) = inner.registered.get_mut(index) {
            *known = registered;
        }
        inner.detail = detail;
        self.news.notify_one();
    }

    /// Tells every change as an event, until nobody listens.
    pub(super) async fn tell(&self, trunk: &TrunkName, events: &mpsc::Sender<Event>) {
        loop {
            self.news.notified().await;
            let Ok(permit) = events.reserve().await else { return };
            let inner = self.lock();
            let registered = (!inner.registered.is_empty()).then(|| inner.registered.contains(&true));
            counters::trunk_up(trunk, inner.state == TrunkState::Up);
            permit.send(Event::Trunk { trunk: trunk.clone(), state: inner.state, registered, detail: inner.detail.clone() });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_owner_hears_the_newest_state_and_whether_any_registrar_has_us() {
        let (events, mut heard) = mpsc::channel(4);
        let status = Status::new(2);
        status.is(TrunkState::Up, "OPTIONS answered with 200".into());
        status.registered(1, true, "registered at b".into());
        status.registered(0, false, "a answered 403".into());
        let name = TrunkName::from("telco");
        tokio::select! {
            () = status.tell(&name, &events) => panic!("it goes on"),
            event = heard.recv() => assert_eq!(event, Some(Event::Trunk {
                trunk: name.clone(), state: TrunkState::Up, registered: Some(true), detail: "a answered 403".into(),
            })),
        }
        assert!(heard.try_recv().is_err());
    }
}
