//! What SIP and the lines tell the switchboard.

use super::line::{Line, ORDERS, Order, Report};
use super::{Call, LegKind, Switchboard, convert, now};
use crate::clock;
use dispatch::contract::{CallState, CallView};
use dispatch::desk::{ArrivedCall, Entry};
use dispatch::domain::queue::{Input, Priority};
use dispatch::id::{CallId, ReportId, UserId};
use tokio::sync::mpsc;

impl Switchboard {
    pub(super) fn hear_sip(&mut self, event: sip::Event) {
        match event {
            sip::Event::Invited(invitation) => self.arrive(*invitation),
            sip::Event::Confirmed { leg, audio: Some(audio) } | sip::Event::Changed { leg, audio } => {
                if let Some((call, LegKind::Caller)) = self.legs.get(&leg).copied() {
                    self.order(call, Order::Remote(audio));
                }
            }
            sip::Event::OutboundAnswered { leg, ref audio, .. } => match self.legs.get(&leg).copied() {
                Some((call, LegKind::Fallback)) => self.order(call, Order::FallbackAnswered(audio.clone())),
                Some((_, LegKind::Caller)) => {}
                None => self.early.keep(event),
            },
            sip::Event::OutboundFailed { leg, .. } if self.legs.contains_key(&leg) => {
                self.leg_ended(&leg, sip::EndedBy::RemoteBye)
            }
            sip::Event::OutboundFailed { .. } => self.early.keep(event),
            sip::Event::Digit { leg, digit } => {
                if let Some((call, LegKind::Caller)) = self.legs.get(&leg).copied() {
                    self.digit(call, digit);
                }
            }
            sip::Event::Ended { leg, by } if self.legs.contains_key(&leg) => self.leg_ended(&leg, by),
            sip::Event::Ended { .. } => self.early.keep(event),
            // Text is declined and alerts are not taken (`Limits::take_alerts`), so neither comes.
            sip::Event::TextChanged { .. } | sip::Event::Alert(_) => {}
            sip::Event::Confirmed { audio: None, .. } | sip::Event::OutboundRinging { .. } => {}
            // `sip` itself says it in the log and in the metrics.
            sip::Event::Trunk { .. } => {}
            sip::Event::Limited { limit } => tracing::warn!(limit, "more calls or messages come than a limit lets in"),
        }
    }

    fn arrive(&mut self, invitation: sip::Invitation) {
        let call = CallId(clock::new_id());
        let view = CallView {
            id: call,
            report: ReportId(clock::new_id()),
            state: CallState::Waiting,
            number: invitation.identity.number.clone(),
            name: invitation.identity.name.clone(),
            dialled: invitation.dialled.clone(),
            trunk: invitation.trunk.to_string(),
            arrived_at: now(),
            answered_at: None,
            ended_at: None,
            ended_by: None,
            operator: None,
            operator_name: None,
            location: invitation.location.as_ref().map(convert::location),
        };
        let (orders, inbox) = mpsc::channel(ORDERS);
        tokio::spawn(Line::run(self.plant.clone(), call, invitation.leg, invitation.trunk, invitation.audio, inbox));
        self.legs.insert(invitation.leg, (call, LegKind::Caller));
        self.journal.record(Entry::Arrived(ArrivedCall {
            call,
            report: view.report,
            number: view.number.clone(),
            name: view.name.clone(),
            dialled: view.dialled.clone(),
            trunk: view.trunk.clone(),
            location: view.location.clone(),
            at: view.arrived_at,
        }));
        metrics::counter!("siaga_calls_arrived_total").increment(1);
        self.calls.insert(call, Call { view, orders, shown: None });
        self.told(Input::CallArrived { call, priority: Priority::default() });
    }

    fn leg_ended(&mut self, leg: &sip::LegId, by: sip::EndedBy) {
        match self.legs.remove(leg) {
            Some((call, LegKind::Caller)) => self.told(match by {
                sip::EndedBy::RemoteBye | sip::EndedBy::Cancelled => Input::CallerGone { call },
                // `Local` here is a call that the queue did not end: one that could not be given a port.
                sip::EndedBy::Local | sip::EndedBy::NoAck | sip::EndedBy::Timeout | sip::EndedBy::Transport => {
                    Input::CallLost { call }
                }
            }),
            Some((call, LegKind::Fallback)) => self.order(call, Order::FallbackGone { hung_up: by == sip::EndedBy::RemoteBye }),
            None => {}
        }
    }

    pub(super) fn hear_line(&mut self, report: Report) {
        match report {
            Report::Refused { call } => {
                metrics::counter!("siaga_calls_without_port_total").increment(1);
                self.told(Input::CallLost { call });
            }
            Report::Bridged { call, operator } => {
                // The operator may have lost the call while the line was still joining it.
                if self.queue.call(call).and_then(|status| status.operator) == Some(operator) {
                    self.told(Input::BridgeUp { call });
                    self.answered(call, operator);
                }
            }
            Report::ResumeFailed { call, operator } => self.told(Input::Hold { operator, call }),
            Report::BridgeFailed { call, operator, error } => {
                tracing::warn!(%call, %operator, %error, "a call could not be joined with its operator");
                self.told(Input::BridgeFailed { call, operator });
            }
            Report::FallbackDialled { call, leg } => {
                if self.calls.contains_key(&call) {
                    self.legs.insert(leg, (call, LegKind::Fallback));
                    self.journal.record(Entry::FallbackDialled { call, at: now() });
                }
                for event in self.early.take(leg) {
                    self.hear_sip(event);
                }
            }
            Report::FallbackUp { call } => {
                self.journal.record(Entry::FallbackAnswered { call, at: now() });
                self.told(Input::FallbackAnswered { call });
            }
            Report::FallbackHungUp { call } => {
                self.falling_back.remove(&call);
                self.told(Input::FallbackHungUp { call });
            }
            Report::FallbackFailed { call } => {
                self.falling_back.remove(&call);
                self.journal.record(Entry::FallbackFailed { call, at: now() });
                self.told(Input::FallbackFailed { call });
            }
            Report::Closed { call, statistics } => {
                if let Some(statistics) = statistics {
                    tracing::debug!(%call, ?statistics, "voice closed");
                }
            }
        }
    }

    /// Caller and operator hear each other.
    fn answered(&mut self, call: CallId, operator: UserId) {
        let at = now();
        if let Some(found) = self.calls.get_mut(&call) {
            found.view.answered_at.get_or_insert(at);
            self.journal.record(Entry::Answered { call, operator: self.who(operator), at });
            metrics::counter!("siaga_calls_answered_total").increment(1);
        }
    }
}
