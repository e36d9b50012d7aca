//! What SIP and the lines tell the switchboard.

use super::features::FeatureCall;
use super::line::{CallOutError, Line, ORDERS, Offer, Order, Report};
use super::phone_keys::KeyBy;
use super::{Call, FarEnd, LegKind, Switchboard, convert, now, reached};
use crate::clock;
use dispatch::contract::{CallDirection, CallPriority, CallState, CallText, CallView};
use dispatch::desk::{ArrivedCall, Entry, Unfetched};
use dispatch::domain::queue::{Input, Wants};
use dispatch::id::{CallId, ReportId, UserId};
use tokio::sync::mpsc;

/// How a caller's leg ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    HungUp,
    Lost,
}

impl Switchboard {
    pub(super) fn hear_sip(&mut self, event: sip::Event) {
        match event {
            sip::Event::Invited(invitation) => match invitation.purpose {
                sip::Purpose::Emergency => self.arrive(*invitation),
                sip::Purpose::Test => self.answer_test(*invitation),
            },
            sip::Event::Alert(alert) => self.take_alert(&alert),
            sip::Event::Trunk { trunk, state, registered, trouble, detail } => {
                self.trunk_changed(&trunk, (state, registered), trouble, detail);
            }
            sip::Event::Limited { limit } => self.limited(limit),
            sip::Event::Incompatible { trunk, why } => self.incompatible(&trunk, why),
            sip::Event::TextOffered { leg } => self.text_offered(leg),
            sip::Event::Phone { phone, registered, .. } => self.phone_registered(&phone.0, registered),
            sip::Event::PhoneInvited { leg, phone, dialled, audio } => {
                self.feature(FeatureCall { phone: phone.0, leg, audio }, &dialled);
            }
            event => match event.leg().and_then(|leg| self.legs.get(&leg).copied()) {
                Some((call, LegKind::Caller)) => self.hear_caller(call, event),
                Some((call, LegKind::Party(party))) => self.hear_party(call, party, event),
                Some((_, LegKind::Test)) => self.forget_ended(&event),
                None => match event.leg().and_then(|leg| self.phones.with_leg(leg)).map(str::to_owned) {
                    Some(phone) => self.hear_phone(&phone, event),
                    None => {
                        if !self.early.keep(event, clock::instant()) {
                            self.limited("early_events");
                        }
                    }
                },
            },
        }
    }

    fn hear_caller(&mut self, call: CallId, event: sip::Event) {
        match event {
            sip::Event::Confirmed { audio: Some(audio), .. } | sip::Event::Changed { audio, .. } => {
                self.is_spoken_from(call, &audio);
                self.order(call, Order::Remote(audio));
            }
            sip::Event::Located { location, .. } => self.carried(call, &location),
            sip::Event::TextChanged { text, .. } => self.order(call, Order::Text(text)),
            sip::Event::OutboundRinging { trunk, .. } => {
                self.goes_over(call, &trunk);
                if let Some(found) = self.calls.get_mut(&call) {
                    found.rang = true;
                }
            }
            sip::Event::OutboundEarly { audio, .. } => self.order(call, Order::Early { of: None, audio }),
            sip::Event::OutboundAnswered { trunk, audio, .. } => {
                self.goes_over(call, &trunk);
                self.is_spoken_from(call, &audio);
                self.order(call, Order::Reached(audio));
            }
            sip::Event::OutboundFailed { leg, code } => {
                self.legs.remove(&leg);
                let rang = self.calls.get(&call).is_some_and(|found| found.rang);
                self.not_reached(call, reached::failure(code, rang));
            }
            sip::Event::Digit { digit, .. } => self.digit(call, digit, KeyBy::Signalling),
            sip::Event::Ended { leg, by } => {
                self.legs.remove(&leg);
                match by {
                    sip::EndedBy::RemoteBye | sip::EndedBy::Cancelled => self.caller_over(call, Over::HungUp),
                    // `Local` here is a call that the queue did not end: one that could not be given a port.
                    sip::EndedBy::Local | sip::EndedBy::NoAck | sip::EndedBy::Timeout | sip::EndedBy::Transport => {
                        self.caller_over(call, Over::Lost)
                    }
                }
            }
            _ => {}
        }
    }

    /// The caller's leg has ended. An operator who talks with others, or waits for them, goes on with them.
    fn caller_over(&mut self, call: CallId, over: Over) {
        let in_company = self.calls.get(&call).is_some_and(|found| !found.view.parties.is_empty());
        self.told(match over {
            _ if in_company => Input::CallerLeftOthers { call, lost: over == Over::Lost },
            Over::HungUp => Input::CallerGone { call },
            Over::Lost => Input::CallLost { call },
        });
        if let Some(by) = self.queue.caller_gone_by(call) {
            self.go_on_without_caller(call, by);
        }
    }

    /// An outbound call may be carried by another trunk than the first.
    fn goes_over(&mut self, call: CallId, trunk: &sip::TrunkName) {
        if let Some(found) = self.calls.get_mut(&call).filter(|found| found.view.trunk != trunk.0) {
            found.view.trunk.clone_from(&trunk.0);
            self.board.call(&found.view);
        }
    }

    /// The events of a leg whose line has said now which call it belongs to.
    pub(super) fn hear_early(&mut self, leg: sip::LegId) {
        for event in self.early.take(leg) {
            self.hear_sip(event);
        }
    }

    fn forget_ended(&mut self, event: &sip::Event) {
        if let sip::Event::Ended { leg, .. } = event {
            self.played(*leg);
        }
    }

    /// A call that the machine answered is over.
    fn played(&mut self, leg: sip::LegId) {
        self.legs.remove(&leg);
        self.test_calls.over(leg);
        self.feature_calls.over(leg);
    }

    fn answer_test(&mut self, invitation: sip::Invitation) {
        let call = CallId(clock::new_id());
        self.legs.insert(invitation.leg, (call, LegKind::Test));
        let (trunk, dialled) = (invitation.trunk.to_string(), invitation.dialled.clone());
        self.journal.record(Entry::TestCall { call, trunk, dialled, at: now() });
        let plant = self.plant(&invitation.languages);
        if !self.test_calls.answer(plant, invitation.leg, &invitation.trunk, invitation.audio) {
            self.limited("test_calls");
        }
    }

    fn arrive(&mut self, invitation: sip::Invitation) {
        let call = CallId(clock::new_id());
        let number = invitation.identity.number.clone();
        let priority = match convert::is_urgent(&invitation.priorities) {
            true => CallPriority::High,
            false => self.desk.priority_of(number.as_deref()),
        };
        let view = CallView {
            id: call,
            report: ReportId(clock::new_id()),
            state: CallState::Waiting,
            number,
            name: invitation.identity.name.clone(),
            dialled: invitation.dialled.clone(),
            trunk: invitation.trunk.to_string(),
            arrived_at: now(),
            waiting_since: None,
            answered_at: None,
            ended_at: None,
            ended_by: None,
            caller_gone_at: None,
            unreached: None,
            operator: None,
            operator_name: None,
            location: invitation.location.as_ref().map(convert::location),
            direction: CallDirection::Inbound,
            priority,
            parties: Vec::new(),
            other_lines: Vec::new(),
            monitors: Vec::new(),
            languages: invitation.languages.clone(),
            cell: invitation.access.as_ref().and_then(convert::cell),
            additional: invitation.additional.iter().map(convert::additional).collect(),
            callback_of: None,
            text: invitation.text.as_ref().map(|_| CallText::Open),
        };
        super::locate::fetch(&self.servers, call, &invitation, self.plant.reports.clone());
        let following = super::locate::follow(&self.plant.sip, call, &invitation, self.plant.reports.clone());
        let references = (invitation.location_references.as_slice(), invitation.data_references.as_slice());
        let not_allowed = super::locate::not_allowed(self.servers.get(&invitation.trunk), references, following.is_some());
        let (orders, inbox) = mpsc::channel(ORDERS);
        let plant = self.plant(&view.languages);
        let far_end = invitation.audio.as_ref().map(FarEnd::of);
        let offer = Offer { audio: invitation.audio, text: invitation.text, early: invitation.early };
        tokio::spawn(Line::inbound(plant, call, invitation.leg, invitation.trunk, offer, inbox));
        self.legs.insert(invitation.leg, (call, LegKind::Caller));
        let again = self.desk.called_before(view.number.as_deref());
        self.journal.record(Entry::Arrived(ArrivedCall {
            call,
            report: view.report,
            number: view.number.clone(),
            name: view.name.clone(),
            dialled: view.dialled.clone(),
            trunk: view.trunk.clone(),
            location: view.location.clone(),
            priority,
            languages: view.languages.clone(),
            cell: view.cell.clone(),
            additional: view.additional.clone(),
            at: view.arrived_at,
        }));
        metrics::counter!("siaga_calls_arrived_total").increment(1);
        let service = invitation.service.map(|service| format!("urn:service:{service}"));
        let wants = Wants::of(service.as_deref().unwrap_or(&view.dialled), &invitation.spoken, &view.languages);
        self.calls.insert(call, Call { following, far_end, ..Call::new(view, orders) });
        self.was_located(call);
        for what in not_allowed {
            self.not_fetched(call, what, Unfetched::NotAllowed);
        }
        self.told(Input::CallArrived { call, priority, again, wants });
    }

    pub(super) fn hear_line(&mut self, report: Report) {
        match report {
            Report::Refused { call, error } => self.without_voice(call, &error),
            Report::Calling { call, leg } => {
                if self.calls.contains_key(&call) {
                    self.legs.insert(leg, (call, LegKind::Caller));
                }
                self.hear_early(leg);
            }
            Report::NotCalled { call, error } => {
                self.no_call_out(&error);
                self.not_reached(call, reached::NO_WAY);
            }
            Report::PartyNotCalled { error } => self.no_call_out(&error),
            Report::StillSilent { call } => self.still_silent(call),
            Report::StillUnheard { call, leg, since } => self.still_unheard(call, leg, since),
            Report::LineKept { call } => self.journal.record(Entry::LineKept { call, at: now() }),
            Report::Bridged { call, operator } => self.bridged(call, operator),
            Report::ResumeFailed { call, operator } => self.told(Input::Hold { operator, call }),
            Report::BridgeFailed { call, operator, error } => {
                tracing::warn!(%call, %operator, %error, "a call could not be joined with its operator");
                self.told(Input::BridgeFailed { call, operator });
                // Of a call to the outside: whoever answered hears nobody.
                self.not_reached(call, reached::NO_WAY);
            }
            Report::PartyDialled { call, party, leg } => self.party_dialled(call, party, leg),
            Report::PartyUp { call, party, consulted } => self.party_up(call, party, consulted),
            Report::PartyDown { call, party, end, resumed } => self.party_down(call, party, end, resumed),
            Report::MonitorFailed { call, supervisor } => {
                if self.monitors.get(&supervisor) == Some(&call) {
                    self.leave_monitoring(supervisor);
                }
            }
            Report::MonitorAway { supervisor } => self.monitor_away(supervisor),
            Report::Text { call, text } => self.text_stands(call, text),
            Report::NoText { error } => self.no_text(&error),
            Report::Typed { call, who, text } => self.text_typed(call, &who, &text),
            Report::PhoneCalling { phone, media, leg, audio } => self.phone_calling(&phone, media, leg, audio),
            Report::PhoneNotCalled { phone, media, error } => self.phone_not_called(&phone, media, &error),
            Report::Played { leg } => self.played(leg),
            Report::PhoneOwner { call, owner } => self.sign_on(call, owner),
            Report::PhoneDone { call, done } => self.confirm(call, done, false),
            Report::PhoneCallsBack { call, next } => self.phone_calls_back(call, next),
            Report::PhoneSettled { phone } => self.phone_settled(&phone),
            Report::PhoneRested { phone } => self.phone_rested(&phone),
            Report::PhoneReady { phone } => self.phone_ready(&phone),
            Report::Located { call, location, additional } => self.located(call, location, additional),
            Report::NotFetched { call, what, why } => self.not_fetched(call, what, why),
            Report::Relocated { call, location } => self.relocated(call, location),
            Report::WasHeard { call, side, statistics } => {
                if let Some(heard) = convert::heard(side, &statistics) {
                    self.journal.record(Entry::Quality { call, heard, at: now() });
                }
            }
        }
    }

    /// A caller could be given no voice, and was refused.
    fn without_voice(&mut self, call: CallId, error: &media::OpenError) {
        self.no_voice(error);
        self.told(Input::CallLost { call });
    }

    /// Nobody could be called, for a reason of our own.
    pub(super) fn no_call_out(&mut self, error: &CallOutError) {
        match error {
            CallOutError::Voice(error) => self.no_voice(error),
            CallOutError::Sip(sip::LegError::Full) => self.limited("calls"),
            CallOutError::Sip(_) => {}
        }
    }

    fn no_voice(&mut self, error: &media::OpenError) {
        match error {
            media::OpenError::PortsExhausted => {
                metrics::counter!("siaga_calls_without_port_total").increment(1);
                self.limited("rtp_ports");
            }
            media::OpenError::AlreadyOpen
            | media::OpenError::NoLeg
            | media::OpenError::Socket(_)
            | media::OpenError::Unavailable => {
                metrics::counter!("siaga_calls_without_voice_total").increment(1);
                self.limited("media");
            }
        }
    }

    /// Caller and operator hear each other.
    fn bridged(&mut self, call: CallId, operator: UserId) {
        let Some(status) = self.queue.call(call) else { return };
        let was_called = status.state == CallState::Calling && status.operator == Some(operator);
        // The operator may have lost the call while the line was still joining it, even if it rings there once more.
        if !was_called && !self.queue.is_claimed(call, operator) {
            return;
        }
        let at = now();
        let Some(found) = self.calls.get_mut(&call) else { return };
        found.view.answered_at.get_or_insert(at);
        if was_called {
            self.journal.record(Entry::OutboundAnswered { call, trunk: Some(found.view.trunk.clone()), at });
            metrics::counter!("siaga_calls_reached_total").increment(1);
            self.is_to_be_heard(call);
            self.told(Input::OutboundAnswered { call });
        } else {
            self.journal.record(Entry::Answered { call, operator: self.who(operator), at });
            metrics::counter!("siaga_calls_answered_total").increment(1);
            self.told(Input::BridgeUp { call });
        }
        self.has_report_of(operator, call);
        self.text_is_with(call, Some(operator));
    }
}
