//! What the voice engine tells the switchboard.

use super::{Switchboard, now};
use dispatch::contract::{AlarmKind, CallSide, Event};
use dispatch::id::{CallId, UserId};
use uuid::Uuid;

impl Switchboard {
    pub(super) fn hear_voice(&mut self, event: media::Event) {
        match event {
            media::Event::OperatorConnected { operator } => self.headset(UserId(operator), true),
            media::Event::OperatorDisconnected { operator } => self.headset(UserId(operator), false),
            media::Event::OneWay { leg, silent } => self.one_way(leg, silent),
            media::Event::TwoWay { leg } => {
                let call = CallId(leg);
                self.desk.clear_alarms(|kind| matches!(kind, AlarmKind::OneWayAudio { call: of, .. } if *of == call));
            }
            media::Event::Digit { leg, digit } => self.digit(CallId(leg), digit),
            _ => {}
        }
    }

    fn headset(&mut self, operator: UserId, connected: bool) {
        if let Some(seat) = self.seats.get_mut(&operator) {
            seat.media_connected = connected;
            self.present(operator);
        }
    }

    fn one_way(&mut self, leg: Uuid, silent: media::Side) {
        let call = CallId(leg);
        if self.calls.contains_key(&call) {
            metrics::counter!("siaga_one_way_audio_total").increment(1);
            let silent = match silent {
                media::Side::Caller => CallSide::Caller,
                media::Side::Operator => CallSide::Operator,
            };
            self.desk.raise_alarm(AlarmKind::OneWayAudio { call, silent }, now());
        }
    }

    /// A key that the caller pressed goes to the operator of the call.
    pub(super) fn digit(&mut self, call: CallId, digit: char) {
        if let Some(operator) = self.calls.get(&call).and_then(|found| found.view.operator) {
            self.board.tell(operator, Event::Digit { call, digit });
        }
    }
}
