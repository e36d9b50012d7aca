//! Real-time text of calls: what callers type, what operators type, and who reads it.

use super::commands::answer;
use super::conversation::{Change, Conversation, Moment};
use super::line::Order;
use super::{Call, LegKind, Switchboard, now, tick};
use dispatch::contract::{CallState, CallText, Event, Refusal, Reply, TextView, Typed};
use dispatch::desk::{Entry, Who};
use dispatch::id::{CallId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

/// Letters typed at once.
const MAX_TYPED: usize = 500;

impl Switchboard {
    /// Text is offered in a call that had none. Nobody but the caller has a place for it.
    pub(super) fn text_offered(&mut self, leg: sip::LegId) {
        match self.legs.get(&leg) {
            Some((call, LegKind::Caller)) => self.order(*call, Order::PlaceText),
            _ => {
                let sip = self.plant.sip.clone();
                tokio::spawn(async move { sip.place_text(leg, None).await });
            }
        }
    }

    /// A line says how the text of its call stands.
    pub(super) fn text_stands(&mut self, call: CallId, text: CallText) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        let before = found.view.text.replace(text);
        let entry = match text {
            CallText::Open if found.talk.is_none() || before == Some(CallText::Ended) => {
                found.talk.get_or_insert_with(|| Conversation::new(call));
                metrics::counter!("siaga_calls_with_text_total").increment(1);
                if let Some(number) = &found.view.number {
                    self.desk.note_typist(number, now());
                }
                Some(Entry::TextOpened { call, at: now() })
            }
            CallText::Ended if before == Some(CallText::Open) => Some(Entry::TextClosed { call, at: now() }),
            CallText::Unavailable => {
                metrics::counter!("siaga_calls_without_text_port_total").increment(1);
                None
            }
            CallText::Open | CallText::Ended => None,
        };
        self.board.call(&found.view);
        if text == CallText::Ended {
            self.converse(call, Conversation::end);
        }
        if let Some(entry) = entry {
            self.journal.record(entry);
        }
        // Who has the call reads from here on, though nothing was typed yet.
        self.tell_text_so_far(call);
    }

    /// Text found no room. A call that ended meanwhile needs none.
    pub(super) fn no_text(&self, error: &media::OpenError) {
        match error {
            media::OpenError::PortsExhausted => self.limited("rtp_ports"),
            media::OpenError::Socket(_) | media::OpenError::Unavailable => self.limited("media"),
            media::OpenError::AlreadyOpen | media::OpenError::NoLeg => {}
        }
    }

    /// The caller typed.
    pub(super) fn text_heard(&mut self, call: CallId, text: &str) {
        self.take_letters(call, |talk| talk.heard(text, moment()));
    }

    /// The line answers, once the letters are on their way.
    pub(super) fn type_text(&mut self, operator: UserId, call: CallId, id: Uuid, text: Typed, reply: Reply) {
        match self.may_type(operator, call, &text) {
            Ok(()) => {
                let who = self.who(operator);
                self.order(call, Order::Type { id, text, who, reply });
            }
            Err(refusal) => answer(reply, Err(refusal)),
        }
    }

    fn may_type(&self, operator: UserId, call: CallId, Typed(text): &Typed) -> Result<(), Refusal> {
        let found = self.held_by(operator, call)?;
        if !is_with_operator(found) {
            return Err(Refusal::NotAnswered);
        }
        if found.view.text != Some(CallText::Open) {
            return Err(Refusal::NoText);
        }
        let readable = |letter: char| matches!(letter, '\n' | '\u{8}') || !letter.is_control();
        let good = !text.is_empty() && text.chars().count() <= MAX_TYPED && text.chars().all(readable);
        if good { Ok(()) } else { Err(Refusal::BadText) }
    }

    /// A line says that letters are on their way to the caller.
    pub(super) fn text_typed(&mut self, call: CallId, who: &Who, Typed(text): &Typed) {
        self.take_letters(call, |talk| talk.typed(who, text, moment()));
    }

    /// Somebody typed. What was still on its way when the call ended is kept all the same.
    fn take_letters(&mut self, call: CallId, take: impl FnOnce(&mut Conversation) -> Change) {
        if self.calls.contains_key(&call) {
            return self.converse(call, take);
        }
        for said in Conversation::after_the_end(call, take) {
            self.journal.record(Entry::Said(said));
        }
    }

    pub(super) fn read_text(&self, reader: UserId, call: CallId) -> Result<TextView, Refusal> {
        let found = self.calls.get(&call).ok_or(Refusal::NoSuchCall)?;
        if !self.readers(call).contains(&reader) {
            return Err(Refusal::TakenByAnother);
        }
        Ok(found.talk.as_ref().map(Conversation::view).unwrap_or_default())
    }

    /// Tells everybody who may read the text of a call all of it: somebody of them is new.
    pub(super) fn tell_text_so_far(&self, call: CallId) {
        let Some(talk) = self.calls.get(&call).and_then(|found| found.talk.as_ref()) else { return };
        for reader in self.readers(call) {
            self.board.tell(reader, Event::TextSoFar { call, text: talk.view() });
        }
    }

    /// The call is with this operator, or with nobody.
    pub(super) fn text_is_with(&mut self, call: CallId, operator: Option<UserId>) {
        let holder = operator.map(|operator| self.who(operator));
        self.converse(call, |talk| talk.held_by(holder));
        if operator.is_some() {
            self.tell_text_so_far(call);
        }
    }

    /// The call ends: what was typed is kept.
    pub(super) fn end_text(&mut self, call: CallId) {
        self.converse(call, Conversation::end);
        if let Some(text @ CallText::Open) = self.calls.get_mut(&call).and_then(|found| found.view.text.as_mut()) {
            *text = CallText::Ended;
        }
    }

    /// When a line of text is ended by a pause.
    pub(super) fn text_deadline(&self) -> Option<Timestamp> {
        self.calls.values().filter_map(|found| found.talk.as_ref()?.deadline()).min()
    }

    pub(super) fn end_paused_lines(&mut self) {
        let due = |found: &Call| found.talk.as_ref().and_then(Conversation::deadline).is_some_and(|at| at <= tick());
        let paused: Vec<CallId> = self.calls.iter().filter(|(_, found)| due(found)).map(|(call, _)| *call).collect();
        for call in paused {
            self.converse(call, |talk| talk.handle_timeout(tick()));
        }
    }

    /// Changes the conversation of a call that has one, keeps what was said, and shows it to who may read it.
    fn converse(&mut self, call: CallId, change: impl FnOnce(&mut Conversation) -> Change) {
        let Some(talk) = self.calls.get_mut(&call).and_then(|found| found.talk.as_mut()) else { return };
        let Change { lines, said, cut } = change(talk);
        for said in said {
            self.journal.record(Entry::Said(said));
        }
        for reader in self.readers(call) {
            for line in &lines {
                self.board.tell(reader, Event::Text { call, line: line.clone() });
            }
        }
        if cut {
            tracing::warn!(%call, "one side typed more than is taken of one call");
            self.tell_text_so_far(call);
        }
    }

    /// Who has the call, and supervisors who take part in it.
    fn readers(&self, call: CallId) -> Vec<UserId> {
        let holder = self.queue.call(call).filter(|status| with_operator(status.state)).and_then(|status| status.operator);
        let supervisors = self.monitors.iter().filter(|(_, of)| **of == call).map(|(supervisor, _)| *supervisor);
        holder.into_iter().chain(supervisors).collect()
    }
}

fn is_with_operator(call: &Call) -> bool {
    with_operator(call.view.state)
}

fn with_operator(state: CallState) -> bool {
    matches!(state, CallState::Active | CallState::Held | CallState::Detached)
}

fn moment() -> Moment {
    Moment { at: now(), tick: tick() }
}
