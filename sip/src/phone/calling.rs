//! A call to a phone, from the wish to its end: by the way that the phone has registered.

use super::Phones;
use super::binding::Flow;
use crate::clock::{new_leg_id, now};
use crate::config::Srtp;
use crate::counters;
use crate::error::LegError;
use crate::event::{EndedBy, Event, LegId, Lift, PhoneCall};
use crate::incoming::terms;
use crate::leg::{COMMANDS, Command, Leg, Negotiation, Outcome, Peer, Side};
use crate::limited::Limit;
use crate::message::reply::SUPPORTED_AS_CALLER;
use crate::outlet::{Reached, address_uri};
use crate::registry::Slot;
use crate::user_agent::Core;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::Header;
use rsipstack::sip::uri::Auth;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Tells phones that know of it (RFC 7462) that this is no ordinary call.
const ALERT: &str = "<urn:alert:priority:high>";

/// Asks a phone to answer by itself, in the words of RFC 5373 and of the makers of phones, who have known others for longer.
const LIFT: [(&str, &str); 3] = [
    ("Answer-Mode", "Auto"),
    ("Call-Info", "<sip:siaga.invalid>;answer-after=0"),
    ("Alert-Info", "<http://siaga.invalid>;info=alert-autoanswer;delay=0"),
];

/// Begins a call to a phone; what happens on the wire comes as events.
pub(crate) fn call(core: &Arc<Core>, wish: PhoneCall) -> Result<LegId, LegError> {
    let phones = &core.ingress.phones;
    if !phones.knows(&wish.phone) {
        return Err(LegError::NoPhone(wish.phone));
    }
    let (flow, contact) = phones.place(&wish.phone).ok_or_else(|| LegError::PhoneAway(wish.phone.clone()))?;
    let id = new_leg_id();
    let (commands, queue) = mpsc::channel(COMMANDS);
    let slot = core.registry.begin_outbound(id, commands).inspect_err(|_| core.ingress.alarms.tell(Limit::Calls))?;
    let calling = Calling { core: core.clone(), id, wish, flow, contact };
    tokio::spawn(calling.run(queue, slot));
    Ok(id)
}

struct Calling {
    core: Arc<Core>,
    id: LegId,
    wish: PhoneCall,
    flow: Flow,
    contact: String,
}

impl Calling {
    async fn run(self, mut commands: mpsc::Receiver<Command>, slot: Slot) {
        let phones: &Phones = &self.core.ingress.phones;
        let wanted = phones.line.config.srtp;
        let mut outcome = self.attempt(&mut commands, slot, wanted).await;
        if let Ok(Outcome::Refused(refused)) = outcome {
            // A phone that does not encrypt is called once more, unless it must.
            outcome = match (wanted, refused.code) {
                (Srtp::Offered, 415 | 488 | 606) => self.attempt(&mut commands, refused.slot, Srtp::Off).await,
                _ => Ok(Outcome::Refused(refused)),
            };
        }
        let code = match outcome {
            Ok(Outcome::Over) => return,
            Ok(Outcome::Refused(refused)) => refused.code,
            Err(code) => code,
        };
        // These speak of the way to the phone, not of who sits there.
        if matches!(code, 408 | 503) {
            phones.lost(&self.wish.phone, self.flow, "it could not be called");
        }
        counters::ended(EndedBy::Local);
        if self.core.events.send(Event::OutboundFailed { leg: self.id, code }).await.is_err() {
            tracing::debug!(leg = %self.id, "nobody listens any more");
        }
    }

    async fn attempt(&self, commands: &mut mpsc::Receiver<Command>, slot: Slot, srtp: Srtp) -> Result<Outcome, u16> {
        let trunk = self.core.ingress.phones.line.config.name.clone();
        let reached = self.flow.reached(&self.core.outlet).ok_or(503_u16)?;
        let terms = terms(srtp, &self.core.limits).map_err(|_| 500_u16)?;
        let (talk, offer) = Negotiation::outbound(self.wish.audio.towards(reached.peer.ip()).into(), terms);
        let layer = self.core.layer.clone();
        let (states_in, states) = layer.new_dialog_state_channel();
        let begun = layer.do_invite_async(self.option(reached, offer), states_in);
        let (dialog, invite) = begun.map_err(|error| {
            tracing::warn!(leg = %self.id, %error, "an INVITE to a phone could not be made");
            500_u16
        })?;
        counters::called(&trunk);
        let leg = Leg {
            id: self.id,
            peer: Peer::Phone,
            dialog,
            layer,
            side: Side::Outbound { invite: Some(invite), trunk },
            talk,
            reliable: None,
            events: self.core.events.clone(),
            slot,
            heard_ringing: false,
        };
        let silence = now() + self.core.limits.silence;
        Ok(leg.run(commands, states, &self.core.limits, Some(silence)).await)
    }

    fn option(&self, reached: Reached, offer: String) -> InviteOption {
        let mut caller = address_uri(reached.local, crate::config::Transport::Udp);
        let user = self.wish.caller.clone().unwrap_or_else(|| "anonymous".to_owned());
        caller.auth = Some(Auth { user, password: None });
        let mut headers =
            vec![Header::Allow(Peer::Phone.allow().into()), Header::Supported(SUPPORTED_AS_CALLER.join(", ").into())];
        let by_itself = self.wish.lift == Lift::Phone && self.core.ingress.phones.lift_themselves();
        let more: &[_] = if by_itself { &LIFT } else { &[("Alert-Info", ALERT)] };
        headers.extend(more.iter().map(|(name, value)| Header::Other((*name).into(), (*value).into())));
        InviteOption {
            caller,
            callee: reached.disguise(&self.contact),
            destination: Some(reached.destination()),
            offer: Some(offer.into_bytes()),
            contact: reached.contact(),
            headers: Some(headers),
            ..InviteOption::default()
        }
    }
}
