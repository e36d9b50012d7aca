//! Calls that operators make, and the numbers they write for them.

use super::line::{Inbox, Line, ORDERS, Wish};
use super::phones::Purpose;
use super::{Call, Switchboard, now, tick};
use crate::clock;
use dispatch::contract::{CallDirection, CallOut, CallPriority, CallState, CallView, Refusal};
use dispatch::desk::{DialledCall, Entry};
use dispatch::domain::queue::Input;
use dispatch::id::{CallId, ReportId, UserId};
use tokio::sync::mpsc;
use uuid::Uuid;

/// The fewest and the most digits of a number that is called.
const NUMBER_LENGTH: std::ops::RangeInclusive<usize> = 2..=20;

impl Switchboard {
    /// Calls a number for an operator, who is out of the line of ready operators meanwhile.
    pub(super) fn call_out(&mut self, operator: UserId, number: &str, callback_of: Option<CallId>) -> Result<CallOut, Refusal> {
        let (begun, number, orders) = self.begin_call_out(operator, number, callback_of)?;
        let call = begun.call;
        if self.phone_of(operator).is_some() {
            // First the handset is lifted, so that whoever answers hears somebody.
            self.ring_phone(operator, Purpose::CallOut { call, number, orders });
        } else {
            self.begin_line(call, (operator, None), number, orders);
        }
        Ok(begun)
    }

    /// Dials for an operator who listens; `telephone` is the leg of the operator's desk phone, if it is one.
    pub(super) fn begin_line(&self, call: CallId, voice: (UserId, Option<Uuid>), number: String, orders: Inbox) {
        let with_text = self.desk.could_type(&number);
        let callback = self.calls.get(&call).is_some_and(|found| found.view.callback_of.is_some());
        let wish = Wish { number, routes: self.routes.clone(), with_text, callback };
        tokio::spawn(Line::outbound(self.plant(&[]), call, voice, wish, orders));
    }

    /// All of that but the dialling, which waits for the operator's voice: the number as it is to be dialled, and what the call's line will
    /// be told.
    pub(super) fn begin_call_out(
        &mut self,
        operator: UserId,
        number: &str,
        callback_of: Option<CallId>,
    ) -> Result<(CallOut, String, Inbox), Refusal> {
        let number = self.dialable(number)?;
        let trunk = self.routes.first().ok_or(Refusal::NoTrunk)?.to_string();
        let seat = self.seats.get(&operator).ok_or(Refusal::NoShift)?;
        if !self.has_voice(seat) {
            return Err(Refusal::NoMedia);
        }
        let name = seat.name.clone();
        let (call, report) = (CallId(clock::new_id()), ReportId(clock::new_id()));
        self.queue.handle(
            tick(),
            Input::CallOut { operator, call, callback: callback_of.is_some() || self.desk.called_before(Some(&number)) },
        )?;
        self.leave_monitoring(operator);
        let at = now();
        let view = CallView {
            id: call,
            report,
            state: CallState::Calling,
            direction: CallDirection::Outbound,
            priority: CallPriority::Normal,
            number: Some(number.clone()),
            name: None,
            dialled: number.clone(),
            trunk: trunk.clone(),
            arrived_at: at,
            waiting_since: None,
            answered_at: None,
            ended_at: None,
            ended_by: None,
            caller_gone_at: None,
            unreached: None,
            operator: Some(operator),
            operator_name: Some(name),
            location: None,
            parties: Vec::new(),
            other_lines: Vec::new(),
            monitors: Vec::new(),
            languages: Vec::new(),
            cell: None,
            additional: Vec::new(),
            callback_of,
            text: None,
        };
        let (orders, inbox) = mpsc::channel(ORDERS);
        self.journal.record(Entry::OutboundDialled(DialledCall {
            call,
            report,
            number: number.clone(),
            name: None,
            trunk,
            operator: self.who(operator),
            callback_of,
            at,
        }));
        metrics::counter!("siaga_calls_made_total").increment(1);
        self.calls.insert(call, Call::new(view, orders));
        self.has_report_of(operator, call);
        Ok((CallOut { call, report }, number, inbox))
    }

    /// The number that is meant, as callers' numbers are kept: who is called is known by it.
    pub(super) fn dialable(&self, number: &str) -> Result<String, Refusal> {
        let number = dialable(number)?;
        Ok(self.country.as_ref().map_or(number.clone(), |country| country.international(&number)))
    }
}

/// A number without what people write between the digits.
pub(super) fn dialable(number: &str) -> Result<String, Refusal> {
    let plain: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    let good = NUMBER_LENGTH.contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#'));
    if good { Ok(plain) } else { Err(Refusal::BadNumber) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_without_what_people_write_between_the_digits() {
        for (written, dialled) in
            [("0778 112-233", "0778112233"), ("+62 (811) 770.1234", "+628117701234"), ("*31#119", "*31#119")]
        {
            assert_eq!(dialable(written).as_deref(), Ok(dialled));
        }
        for bad in ["", "1", "+", "sip:112@host", "08117701234;isub=1", "++6281", "123456789012345678901", "0811\r\nX: y"] {
            assert_eq!(dialable(bad), Err(Refusal::BadNumber), "{bad}");
        }
    }
}
