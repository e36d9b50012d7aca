//! What is heard of a call of ours before it is answered: that it rings, its early media, and the PRACK for what wants one (RFC 3262).

use super::refresh::response_fields;
use super::{Heard, Phase, Running, Side};
use crate::counters;
use crate::event::Event;
use crate::message::{Fields, early};
use crate::prack::{self, Turn, rack};
use crate::sdp::RemoteAudio;
use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::Dialog;
use rsipstack::sip::{Header, Method, Response};
use rsipstack::transaction::key::TransactionRole;
use std::task::Poll;

impl Running {
    /// A provisional response to the INVITE, or to a later request: only that to the INVITE of a call that is not answered says anything.
    pub(super) async fn early(&mut self, response: &Response) {
        let Side::Outbound { trunk, .. } = &self.side else { return };
        self.heard = Heard::Progress;
        let fields = response_fields(response);
        if self.phase != Phase::Ringing || !fields.first("CSeq").is_some_and(|cseq| cseq.ends_with("INVITE")) {
            return;
        }
        // Without a tag there is no dialog, and so neither UPDATE nor PRACK.
        let dialog = DialogId::try_from((response, TransactionRole::Client)).ok();
        let tag = dialog.as_ref().map(|dialog| dialog.remote_tag.clone()).unwrap_or_default();
        if let (Some(slot), Some(dialog)) = (&mut self.slot, dialog)
            && !slot.is_dialog(dialog, trunk)
        {
            return;
        }
        let number = prack::number(&fields).filter(|_| !tag.is_empty());
        match number.map_or(Turn::Next, |number| self.acknowledged.take(&tag, number)) {
            Turn::Next => {}
            Turn::OutOfOrder => return,
            Turn::TooMany => return counters::dropped("reliable_responses"),
        }
        self.rang |= response.status_code.code() == 180;
        let trunk = trunk.clone();
        if let Some(number) = number {
            self.acknowledge(response, &fields, number).await;
        }
        if !std::mem::replace(&mut self.heard_ringing, true) {
            self.outbox.push_back(Event::OutboundRinging { leg: self.id, trunk });
        }
        if let Some(audio) = self.talk.early(&tag, number.is_some(), &fields, &response.body) {
            self.tell_early(audio);
        }
    }

    pub(super) fn tell_early(&mut self, audio: RemoteAudio) {
        self.heard_early = true;
        self.outbox.push_back(Event::OutboundEarly { leg: self.id, audio: Some(audio) });
    }

    /// Sends the PRACK. The stack makes requests of a call that is not answered only under this other name of the dialog; it does so when it is first
    /// polled, which is therefore done before the next response can move the remote target.
    async fn acknowledge(&self, response: &Response, fields: &Fields, number: u32) {
        let Dialog::ClientSubscription(dialog) = self.dialog.as_subscription() else { return };
        let rack = rack(number, fields.first("CSeq").unwrap_or_default());
        let mut headers = vec![Header::RAck(rack.into())];
        headers.extend(early::of(fields));
        self.set_target(response);
        let mut asking = Box::pin(async move { dialog.request(Method::PRack, Some(headers), None).await });
        if std::future::poll_fn(|context| Poll::Ready(asking.as_mut().poll(context))).await.is_pending() {
            let leg = self.id;
            tokio::spawn(async move {
                let code = asking.await.ok().flatten().map(|response| response.status_code.code());
                if code.is_none_or(|code| code >= 300) {
                    tracing::debug!(%leg, code, "a PRACK was not taken");
                }
            });
        }
    }
}
