//! A desk phone gives its call to somebody else (REFER, RFC 3515): that is accepted at once, and NOTIFYs say what became of it. Carriers
//! give nobody's call away; their REFER is answered with 405.

use super::requests::{Answer, not_allowed, reply};
use super::{Peer, Phase, Running};
use crate::dialled::{is_served, percent_decode, user};
use crate::event::{Event, Referral, Reject};
use crate::invitation::fields;
use crate::message::{Fields, name_and_uri};
use rsipstack::dialog::dialog::TransactionHandle;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Request, StatusCode};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A BYE waits this long for the NOTIFY before it to be answered.
const LAST_WORD: Duration = Duration::from_secs(1);
/// The owner answers long before.
const PATIENCE: Duration = Duration::from_secs(10);
const UNDER_WAY: &str = "active;expires=60";
const OVER: &str = "terminated;reason=noresource";

/// What the phone is being told of its REFER.
pub(super) struct Referring {
    /// Where the outcome goes; `None` once it is known.
    outcome: Option<oneshot::Sender<StatusCode>>,
    telling: Telling,
}

enum Telling {
    /// Until the reply to the REFER is out, which a phone wants to see first.
    Waits(Teller),
    Goes(JoinHandle<()>),
}

impl Referring {
    fn is_over(&self) -> bool {
        matches!(&self.telling, Telling::Goes(telling) if telling.is_finished())
    }

    /// What is still to be said is said before the call ends.
    pub async fn finish(self) {
        drop(self.outcome);
        let said = match self.telling {
            Telling::Waits(teller) => timeout(LAST_WORD, teller.tell()).await.is_ok(),
            Telling::Goes(telling) => timeout(LAST_WORD, telling).await.is_ok(),
        };
        if !said {
            tracing::debug!("a phone does not answer what became of its REFER");
        }
    }
}

impl Running {
    pub(super) async fn referred(&mut self, request: &Request, handle: TransactionHandle) {
        if self.peer != Peer::Phone {
            return not_allowed(handle).await;
        }
        let refusal = match (self.phase, &self.referring) {
            (Phase::Confirmed, Some(before)) if !before.is_over() => Some(StatusCode::RequestPending),
            (Phase::Confirmed, _) => None,
            _ => Some(StatusCode::CallTransactionDoesNotExist),
        };
        if let Some(code) = refusal {
            return reply(handle, Answer::plain(code)).await;
        }
        let Some(to) = referral(&fields(request)) else { return reply(handle, Answer::plain(StatusCode::BadRequest)).await };
        reply(handle, Answer::plain(StatusCode::Accepted)).await;
        let (outcome, awaited) = oneshot::channel();
        // From the second on they are told apart (RFC 3515 section 2.4.6).
        let number = request.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
        let event = if self.referring.is_some() { format!("refer;id={number}") } else { "refer".to_owned() };
        let teller = Teller { dialog: self.dialog.clone(), event, outcome: awaited };
        self.referring = Some(Referring { outcome: Some(outcome), telling: Telling::Waits(teller) });
        self.outbox.push_back(Event::Referred { leg: self.id, to });
    }

    /// The reply to a request is out.
    pub(super) fn tell_referrer(&mut self) {
        if let Some(referring) = self.referring.take_if(|referring| matches!(referring.telling, Telling::Waits(_)))
            && let Referring { outcome, telling: Telling::Waits(teller) } = referring
        {
            let telling = Telling::Goes(tokio::spawn(teller.tell()));
            self.referring = Some(Referring { outcome, telling });
        }
    }

    /// The owner says what became of it.
    pub(super) fn refer_over(&mut self, outcome: Result<(), Reject>) {
        let code = outcome.map_or_else(|why| StatusCode::from(why.code()), |()| StatusCode::OK);
        if let Some(told) = self.referring.as_mut().and_then(|referring| referring.outcome.take())
            && told.send(code).is_err()
        {
            tracing::debug!(leg = %self.id, "the phone went before it heard what became of its REFER");
        }
    }
}

/// Tells of one REFER.
struct Teller {
    dialog: InviteDialog,
    event: String,
    outcome: oneshot::Receiver<StatusCode>,
}

impl Teller {
    /// That it is under way and, when that is known, what became of it (RFC 3515 section 2.4.4).
    async fn tell(self) {
        let Teller { dialog, event, outcome } = self;
        notify(&dialog, &event, &StatusCode::Trying, UNDER_WAY).await;
        let code = timeout(PATIENCE, outcome).await.ok().and_then(Result::ok).unwrap_or(StatusCode::ServiceUnavailable);
        notify(&dialog, &event, &code, OVER).await;
    }
}

async fn notify(dialog: &InviteDialog, event: &str, code: &StatusCode, state: &str) {
    let headers = vec![
        Header::Event(event.into()),
        Header::SubscriptionState(state.into()),
        Header::ContentType("message/sipfrag;version=2.0".into()),
    ];
    let fragment = format!("SIP/2.0 {} {}\r\n", code.code(), code.text());
    if let Err(error) = dialog.notify(Some(headers), Some(fragment.into_bytes())).await {
        tracing::debug!(%error, "a NOTIFY failed");
    }
}

/// To whom the call is to go. `None`: there is no `Refer-To`, or it names nobody who can be called.
pub(crate) fn referral(fields: &Fields) -> Option<Referral> {
    let (_, uri) = fields.first("Refer-To").and_then(name_and_uri)?;
    let (address, headers) = uri.split_once('?').unwrap_or((uri, ""));
    if headers.split('&').any(|header| header.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("Replaces"))) {
        return Some(Referral::OtherCall);
    }
    is_served(address).then(|| user(address)).flatten().map(|user| Referral::Number(percent_decode(user)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<Referral> {
        let mut fields = Fields::default();
        fields.push("Refer-To", value);
        referral(&fields)
    }

    #[test]
    fn a_number_or_the_phones_other_call() {
        let number = |text: &str| Some(Referral::Number(text.to_owned()));
        assert_eq!(read("<sip:+62778112@10.0.0.1;transport=udp>"), number("+62778112"));
        assert_eq!(read("sip:119@10.0.0.1"), number("119"));
        assert_eq!(read("<tel:+62-778-112>"), number("+62-778-112"));
        assert_eq!(read("\"Damkar\" <sip:%2B62@h?Subject=x>"), number("+62"));
        let other = "<sip:119@10.0.0.1?Replaces=abc%40h%3Bto-tag%3D1%3Bfrom-tag%3D2>";
        assert_eq!(read(other), Some(Referral::OtherCall));
        assert_eq!(read("<sip:119@h?Subject=x&replaces=a>"), Some(Referral::OtherCall));
    }

    #[test]
    fn nobody_who_can_be_called() {
        for value in ["", "<sip:10.0.0.1>", "<http://h/119@x>", "<sip:@h>", "nonsense"] {
            assert_eq!(read(value), None, "{value}");
        }
        assert_eq!(referral(&Fields::default()), None);
    }
}
