//! Which people have a live socket open, and telling the switchboard when the first opens and the last closes.

use crate::switchboard::Switchboard;
use dispatch::contract::Command;
use dispatch::id::UserId;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Live sockets of one person: a few tabs and machines.
const PER_PERSON: usize = 8;
/// Live sockets of all.
const IN_ALL: usize = 1024;

/// Counts the live sockets of each person.
#[derive(Debug, Clone)]
pub(crate) struct Presence {
    switchboard: Switchboard,
    /// Held while the switchboard is told, so that it hears of comings and goings in the order in which they happened.
    sockets: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// There are too many sockets already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crowded;

impl Presence {
    pub(crate) fn new(switchboard: Switchboard) -> Self {
        Self { switchboard, sockets: Arc::default() }
    }

    /// A socket of this person has opened. Each success is followed by one `left`.
    pub(crate) async fn came(&self, user: UserId) -> Result<(), Crowded> {
        let mut sockets = self.sockets.lock().await;
        let in_all: usize = sockets.values().sum();
        let own = sockets.entry(user).or_insert(0);
        if *own >= PER_PERSON || in_all >= IN_ALL {
            if *own == 0 {
                sockets.remove(&user);
            }
            metrics::counter!("siaga_live_sockets_refused_total").increment(1);
            return Err(Crowded);
        }
        *own += 1;
        metrics::gauge!("siaga_live_sockets").set((in_all + 1) as f64);
        // Told with every socket, not only the first: a message that was lost is made good by the next.
        self.switchboard.tell(Command::BrowserBack { operator: user }).await;
        Ok(())
    }

    /// A socket of this person has closed. Whether a shift runs is for the switchboard to know.
    pub(crate) async fn left(&self, user: UserId) {
        let mut sockets = self.sockets.lock().await;
        let Some(own) = sockets.get_mut(&user) else { return };
        *own = own.saturating_sub(1);
        let gone = *own == 0;
        if gone {
            sockets.remove(&user);
        }
        metrics::gauge!("siaga_live_sockets").set(sockets.values().sum::<usize>() as f64);
        if gone {
            self.switchboard.tell(Command::BrowserGone { operator: user }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn only_the_last_of_two_sockets_that_closes_tells_the_switchboard() {
        let (commands, mut heard) = mpsc::channel(8);
        let presence = Presence::new(Switchboard::new(commands));
        let user = UserId(crate::clock::request_id());
        presence.came(user).await.unwrap();
        presence.came(user).await.unwrap();
        presence.left(user).await;
        presence.left(user).await;
        let mut told = Vec::new();
        while let Ok(command) = heard.try_recv() {
            told.push(match command {
                Command::BrowserBack { .. } => "back",
                Command::BrowserGone { .. } => "gone",
                other => panic!("{other:?}"),
            });
        }
        assert_eq!(told, ["back", "back", "gone"]);
    }

    #[tokio::test]
    async fn one_person_opens_only_so_many_sockets() {
        let (commands, mut heard) = mpsc::channel(8);
        let drain = tokio::spawn(async move { while heard.recv().await.is_some() {} });
        let presence = Presence::new(Switchboard::new(commands));
        let user = UserId(crate::clock::request_id());
        for _ in 0..PER_PERSON {
            presence.came(user).await.unwrap();
        }
        assert_eq!(presence.came(user).await, Err(Crowded));
        presence.left(user).await;
        assert_eq!(presence.came(user).await, Ok(()));
        drop(presence);
        drain.await.unwrap();
    }
}
