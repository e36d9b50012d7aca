//! The real-time text of one call: its place in the voice engine, and what is typed into it.

use super::{Line, Plant, Report, convert};
use dispatch::contract::{CallText, Refusal, Reply, Typed};
use dispatch::desk::Who;
use std::collections::VecDeque;
use std::net::SocketAddr;
use uuid::Uuid;

/// Ids of what was typed last: a console types one thing after the other, so that only the last can come again.
const REMEMBERED: usize = 64;

pub(super) struct LineText {
    /// Where text may come from.
    allowed: Vec<ipnet::IpNet>,
    /// Where it is received. Once open it stays so: the other side may take it up again.
    pub(super) place: Option<SocketAddr>,
    typed: VecDeque<Uuid>,
}

impl LineText {
    pub fn new(allowed: Vec<ipnet::IpNet>) -> Self {
        Self { allowed, place: None, typed: VecDeque::new() }
    }
}

impl Plant {
    /// Where text of this leg goes. `None`: there is no room for it.
    pub(super) async fn open_text(&self, leg: Uuid, allowed: Vec<ipnet::IpNet>) -> Option<SocketAddr> {
        match self.media.open_text(leg, allowed).await {
            Ok(address) => Some(address),
            Err(error) => {
                tracing::warn!(%leg, %error, "no text for a call that wants it");
                self.report(Report::NoText { error }).await;
                None
            }
        }
    }
}

impl Line {
    /// What SIP says of us.
    pub(super) fn media(&self) -> sip::LocalMedia {
        sip::LocalMedia { audio: self.local, text: self.text.place.map(|address| sip::LocalText { address }) }
    }

    /// The caller wants text from the beginning on. A call without a place for it goes on by voice.
    pub(super) async fn begin_text(&mut self, remote: &sip::RemoteText) {
        match self.open_text().await {
            Some(_) => self.text_changed(Some(remote)).await,
            None => self.report_text(CallText::Unavailable).await,
        }
    }

    /// The caller wants text now.
    pub(super) async fn place_text(&mut self) {
        let place = self.open_text().await;
        self.plant.sip.place_text(self.leg, place.map(|address| sip::LocalText { address })).await;
        if place.is_none() {
            self.report_text(CallText::Unavailable).await;
        }
    }

    async fn open_text(&mut self) -> Option<SocketAddr> {
        if let Some(address) = self.plant.open_text(self.call.0, self.text.allowed.clone()).await {
            self.text.place = Some(address);
        }
        self.text.place
    }

    pub(super) async fn text_changed(&mut self, remote: Option<&sip::RemoteText>) {
        if self.text.place.is_none() {
            return;
        }
        // First, so that the switchboard knows of the text before its first letter.
        self.report_text(if remote.is_some() { CallText::Open } else { CallText::Ended }).await;
        self.plant.media.set_text_remote(self.call.0, remote.map(convert::remote_text)).await;
    }

    async fn report_text(&self, text: CallText) {
        self.plant.report(Report::Text { call: self.call, text }).await;
    }

    pub(super) async fn type_text(&mut self, id: Uuid, text: Typed, who: Who, reply: Reply) {
        // The console that asked may have gone; what was typed is on its way all the same.
        let _ = reply.send(self.type_once(id, text, who).await);
    }

    /// Types once, however often it is asked for under the same id.
    async fn type_once(&mut self, id: Uuid, text: Typed, who: Who) -> Result<(), Refusal> {
        if self.text.typed.contains(&id) {
            return Ok(());
        }
        self.plant.media.send_text(self.call.0, text.0.clone()).await.map_err(|error| match error {
            media::TextError::NoText => Refusal::NoText,
            media::TextError::Full => Refusal::TextFull,
            media::TextError::Unavailable => Refusal::Unavailable,
        })?;
        if self.text.typed.len() == REMEMBERED {
            self.text.typed.pop_front();
        }
        self.text.typed.push_back(id);
        self.plant.report(Report::Typed { call: self.call, who, text }).await;
        Ok(())
    }
}
