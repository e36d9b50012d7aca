//! Generated operators: each is signed in at the API, has a page's live socket and a WebRTC headset, answers every call that rings, and may have
//! habits beside.

mod console;
pub mod habits;
mod headset;

use super::voice::Ear;
use anyhow::Context;
use dispatch::contract::{NewUser, Role};
use habits::Habits;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinSet;

/// Only of databases that are removed with the run.
const PASSWORD: &str = "siaga-bench-112";
/// How long all of them may take to be ready, for each.
const PATIENCE_EACH: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(30);

/// Operators on shift; they leave when this is dropped.
pub struct Operators {
    _headsets: headset::Headsets,
    consoles: JoinSet<anyhow::Result<()>>,
}

/// Adds people to the database of a server that does not run yet.
pub async fn add(config: &Path, count: u16) -> anyhow::Result<()> {
    let desk = crate::lifecycle::open_desk(&crate::config::Config::load(config)?).await?;
    for n in 0..count {
        let user = NewUser {
            username: name(n),
            name: format!("Operator {n}"),
            role: Role::Operator,
            password: PASSWORD.into(),
            skills: Vec::new(),
            languages: Vec::new(),
        };
        desk.add_user(user).await?;
    }
    Ok(())
}

fn name(n: u16) -> String {
    format!("operator-{n}")
}

impl Operators {
    /// Lets so many people begin their shift; each speaks with the voice of its own leg, counted from `first_leg`, and has the habits of its number.
    pub async fn begin(
        web: SocketAddr,
        count: u16,
        first_leg: u16,
        ear: Ear,
        habits: impl Fn(u16) -> Option<Habits>,
    ) -> anyhow::Result<Self> {
        let (headsets, offers) = headset::Headsets::open(count, first_leg, ear)?;
        let (ready, mut all_ready) = tokio::sync::mpsc::channel(usize::from(count).max(1));
        let mut consoles = JoinSet::new();
        for (n, offer) in (0..count).zip(offers) {
            let console = console::Console { web, username: name(n), password: PASSWORD, habits: habits(n) };
            consoles.spawn(console.work(offer, headsets.plug(n), ready.clone()));
        }
        let everybody = async {
            for _ in 0..count {
                tokio::select! {
                    Some(()) = all_ready.recv() => {}
                    Some(ended) = consoles.join_next() => return ended?.and(Err(anyhow::anyhow!("an operator left at once"))),
                }
            }
            Ok(())
        };
        let patience = PATIENCE + PATIENCE_EACH * u32::from(count);
        tokio::time::timeout(patience, everybody).await.context("not all operators are ready in time")??;
        Ok(Self { _headsets: headsets, consoles })
    }

    /// What went wrong at consoles, if anything did.
    pub fn trouble(&mut self) -> Option<String> {
        let ended = self.consoles.try_join_next()?;
        Some(match ended {
            Ok(Ok(())) => "an operator's live socket was closed".into(),
            Ok(Err(error)) => format!("{error:#}"),
            Err(error) => error.to_string(),
        })
    }
}
