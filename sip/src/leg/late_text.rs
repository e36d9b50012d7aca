//! Real-time text that is offered within a call that has no place for it yet: the offer waits a moment for the owner to find one.

use super::requests::reply;
use super::{Phase, Running};
use crate::clock::now;
use crate::event::Event;
use crate::invitation::fields;
use crate::sdp::LocalText;
use rsipstack::dialog::dialog::TransactionHandle;
use rsipstack::sip::Request;
use std::time::Duration;
use tokio::time::Instant;

/// How long the owner has. The other side repeats its INVITE meanwhile, and gives up much later.
const PATIENCE: Duration = Duration::from_secs(1);

/// An offer that waits.
pub(super) struct Waiting {
    request: Request,
    handle: TransactionHandle,
    pub until: Instant,
}

impl Running {
    /// Whether this offers text for which there is no place.
    pub(super) fn lacks_place(&self, request: &Request) -> bool {
        self.phase == Phase::Confirmed && self.talk.ready().is_ok() && self.talk.lacks_place(&fields(request), &request.body)
    }

    /// Asks the owner for a place, and answers when it has said.
    pub(super) fn ask_for_place(&mut self, request: Request, handle: TransactionHandle) {
        self.waiting_text = Some(Waiting { request, handle, until: now() + PATIENCE });
        self.outbox.push_back(Event::TextOffered { leg: self.id });
    }

    /// The owner has said.
    pub(super) fn placed(&mut self, text: Option<LocalText>) {
        if let Some(text) = text {
            self.talk.place(text);
        }
        if let Some(waiting) = &mut self.waiting_text {
            waiting.until = now();
        }
    }

    /// Answers the offer that waits, if its time has come.
    pub(super) async fn answer_waiting(&mut self) {
        if let Some(Waiting { request, handle, .. }) = self.waiting_text.take_if(|waiting| waiting.until <= now()) {
            let answer = self.change(&request);
            reply(handle, answer).await;
        }
    }
}
