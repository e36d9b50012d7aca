//! What the owner is told of a trunk: one line of news at a time, the newest; older ones that were not heard yet are dropped.

use super::watch::{Sign, TrunkState};
use crate::event::{Event, TrunkTrouble};
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
    /// Why it is down, if it is.
    down: Option<TrunkTrouble>,
    /// One for each registrar.
    registered: Vec<bool>,
    /// What a registrar answered last that does not have us.
    refused: Option<u16>,
    detail: String,
}

impl Status {
    pub(super) fn new(registrars: usize) -> Self {
        let inner = Inner {
            state: TrunkState::Unknown,
            down: None,
            registered: vec![false; registrars],
            refused: None,
            detail: String::new(),
        };
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

    /// The sign by which its state changed to this.
    pub(super) fn is(&self, state: TrunkState, sign: Sign) {
        let mut inner = self.lock();
        inner.state = state;
        inner.down = sign.trouble().filter(|_| state == TrunkState::Down);
        inner.detail = sign.detail();
        self.news.notify_one();
    }

    /// The registrar at `index` has us, or has us no more since it gave this answer.
    pub(super) fn registered(&self, index: usize, registered: bool, refused: Option<u16>, detail: String) {
        let mut inner = self.lock();
        if let Some(known) = inner.registered.get_mut(index) {
            *known = registered;
        }
        inner.refused = refused;
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
            let unregistered = (registered == Some(false)).then_some(TrunkTrouble::NotRegistered(inner.refused));
            let trouble = inner.down.or(unregistered);
            let (trunk, detail) = (trunk.clone(), inner.detail.clone());
            permit.send(Event::Trunk { trunk, state: inner.state, registered, trouble, detail });
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
        status.is(TrunkState::Up, Sign::Response(200));
        status.registered(1, true, None, "registered at b".into());
        status.registered(0, false, Some(403), "a answered 403".into());
        let name = TrunkName::from("telco");
        tokio::select! {
            () = status.tell(&name, &events) => panic!("it goes on"),
            event = heard.recv() => assert_eq!(event, Some(Event::Trunk {
                trunk: name.clone(), state: TrunkState::Up, registered: Some(true), trouble: None, detail: "a answered 403".into(),
            })),
        }
        assert!(heard.try_recv().is_err());
    }

    #[tokio::test]
    async fn why_a_trunk_is_down_stands_whatever_its_registrar_says_later() {
        let (events, mut heard) = mpsc::channel(4);
        let (status, name) = (Status::new(1), TrunkName::from("telco"));
        let mut told = async || {
            tokio::select! {
                () = status.tell(&name, &events) => panic!("it goes on"),
                event = heard.recv() => match event {
                    Some(Event::Trunk { trouble, .. }) => trouble,
                    other => panic!("{other:?}"),
                },
            }
        };
        status.is(TrunkState::Down, Sign::Response(503));
        assert_eq!(told().await, Some(TrunkTrouble::Refuses(503)));
        status.registered(0, false, Some(500), "a answered 500".into());
        assert_eq!(told().await, Some(TrunkTrouble::Refuses(503)));
        status.is(TrunkState::Up, Sign::Heard);
        assert_eq!(told().await, Some(TrunkTrouble::NotRegistered(Some(500))));
        status.registered(0, true, None, "registered at a".into());
        assert_eq!(told().await, None);
    }
}
