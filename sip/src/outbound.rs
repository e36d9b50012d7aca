//! A call of ours from the wish to its end: by one trunk after another until one carries it, each attempt a leg with a dialog of its own.
//!
//! Which trunk is next is decided in `trunk::route`, where a redirection leads in `redirect`; the owner sees one leg throughout.

use crate::clock::now;
use crate::config::{Account, CallerId, Redirected, Reliability};
use crate::counters;
use crate::event::{EndedBy, Event, LegId};
use crate::incoming::terms;
use crate::leg::{Command, Leg, Negotiation, Outcome, Peer, Refused, Side};
use crate::message::Fields;
use crate::message::reply::{ALLOW, SUPPORTED, SUPPORTED_AS_CALLER};
use crate::outlet::{Reached, carrier_uri, home, with_user};
use crate::redirect::Redirections;
use crate::registry::Slot;
use crate::sdp::LocalMedia;
use crate::trunk::{Attempt, Line, Route, seconds};
use crate::user_agent::Core;
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::sip::Header;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// No carrier's wish for rest (`Retry-After`) counts for longer.
const LONGEST_REST: u32 = 600;
/// RFC 7090 section 5.
const PSAP_CALLBACK: &str = "psap-callback";

/// What is to be called.
pub(crate) struct Wish {
    pub id: LegId,
    pub number: String,
    pub caller: String,
    pub media: LocalMedia,
    pub callback: bool,
}

/// How an attempt that never became a leg ended.
enum Unsent {
    /// With a code of our own, as if the trunk had said it.
    Refused(u16),
    /// The owner gave up.
    HungUp,
}

/// A call on its way.
pub(crate) struct Calling {
    core: Arc<Core>,
    wish: Wish,
    commands: mpsc::Receiver<Command>,
    heard_ringing: bool,
    heard_early: bool,
    /// It is offered our other family of addresses than the one of its proxy.
    turned: bool,
    /// The far end insists on reliable provisional responses (421, RFC 3262 section 4).
    reliable: bool,
}

impl Calling {
    pub(crate) fn new(core: Arc<Core>, wish: Wish, commands: mpsc::Receiver<Command>) -> Self {
        Calling { core, wish, commands, heard_ringing: false, heard_early: false, turned: false, reliable: false }
    }

    pub(crate) async fn run(mut self, mut route: Route, mut slot: Slot) {
        let mut next = route.begin();
        let text = self.wish.media.text;
        let number = self.wish.number.clone();
        let callback = self.wish.callback;
        let mut redirections = Redirections::new(&number);
        while let Some(attempt) = next {
            let (code, fields, rang, given_back) = match self.attempt(&attempt, slot).await {
                Ok(Outcome::Over) => return,
                Ok(Outcome::Refused(refused)) => {
                    let Refused { code, fields, slot, heard_ringing, heard_early, rang } = *refused;
                    self.heard_ringing = heard_ringing;
                    self.heard_early |= heard_early || heard_ringing;
                    if code == 503
                        && let Some(rest) = fields.first("Retry-After").and_then(seconds)
                        && let Some(line) = self.core.ingress.trunks.named(&attempt.trunk)
                    {
                        line.rest(now() + Duration::from_secs(rest.min(LONGEST_REST).into()));
                    }
                    (code, fields, rang, slot)
                }
                Err((Unsent::Refused(code), slot)) => (code, Fields::default(), false, slot),
                Err((Unsent::HungUp, slot)) => {
                    counters::ended(EndedBy::Local);
                    self.tell(Event::Ended { leg: self.wish.id, by: EndedBy::Local }).await;
                    return drop(slot);
                }
            };
            slot = given_back;
            // Some carriers refuse the whole of a call for a stream that they do not know, which they should decline.
            if matches!(code, 415 | 488 | 606) && self.wish.media.text.take().is_some() {
                tracing::info!(leg = %self.wish.id, trunk = %attempt.trunk, code, "a trunk takes no call that offers text; once more without");
                self.heard_no_more().await;
                next = Some(attempt);
                continue;
            }
            if code == 421 && !std::mem::replace(&mut self.reliable, true) {
                self.heard_no_more().await;
                next = Some(attempt);
                continue;
            }
            if (300..400).contains(&code) {
                let followed = self
                    .may_follow(&attempt)
                    .then(|| redirections.follow(code, &fields, |number| self.read_number(&attempt, number)))
                    .flatten();
                counters::redirected(&attempt.trunk, if followed.is_some() { "followed" } else { "refused" });
                if let Some(number) = followed {
                    tracing::info!(leg = %self.wish.id, trunk = %attempt.trunk, code, "a call goes on to another number");
                    self.wish.number = number;
                    // Whoever is called now has not called us.
                    self.wish.callback = false;
                    self.heard_no_more().await;
                    next = Some(attempt);
                    continue;
                }
            }
            next = match route.refused(code, rang) {
                Ok(attempt_next) => {
                    self.heard_no_more().await;
                    // Another way, or the same in clear, may take what this one did not.
                    self.wish.media.text = text;
                    // The same trunk in clear is asked for whom it sent us to, another one for whom we wanted.
                    if attempt_next.trunk != attempt.trunk {
                        self.turned = false;
                        self.wish.number.clone_from(&number);
                        self.wish.callback = callback;
                        redirections = Redirections::new(&number);
                    }
                    tracing::info!(leg = %self.wish.id, trunk = %attempt.trunk, code, next = %attempt_next.trunk, "a trunk did not carry a call");
                    counters::failed_over(&attempt.trunk, code);
                    Some(attempt_next)
                }
                // A carrier may signal by one family of addresses and speak by the other.
                Err(488 | 606) if self.wish.media.audio.other.is_some() && !std::mem::replace(&mut self.turned, true) => {
                    self.heard_no_more().await;
                    self.wish.media.text = text;
                    Some(attempt)
                }
                Err(code) => {
                    counters::ended(EndedBy::Local);
                    self.tell(Event::OutboundFailed { leg: self.wish.id, code }).await;
                    None
                }
            };
        }
    }

    /// One trunk's try. The slot comes back where no leg had it.
    async fn attempt(&mut self, attempt: &Attempt, slot: Slot) -> Result<Outcome, (Unsent, Slot)> {
        let Some(line) = self.core.ingress.trunks.named(&attempt.trunk).cloned() else {
            return Err((Unsent::Refused(503), slot));
        };
        let reached = match self.reach(&line).await {
            Ok(reached) => reached,
            Err(unsent) => return Err((unsent, slot)),
        };
        let srtp = if attempt.secure { line.config.srtp } else { crate::config::Srtp::Off };
        let Ok(terms) = terms(srtp, &self.core.limits) else { return Err((Unsent::Refused(500), slot)) };
        let public = line.config.public_address;
        let media = self.wish.media.seen_at(public).towards(reached.peer.ip());
        let media = if self.turned { media.turned() } else { media };
        let (talk, offer) = Negotiation::outbound(media, terms);
        let talk = talk.seen_at(public);
        let Some(option) = self.option(&line, reached, offer) else { return Err((Unsent::Refused(503), slot)) };
        let layer = self.core.layer.clone();
        let (states_in, states) = layer.new_dialog_state_channel();
        let (dialog, invite) = match layer.do_invite_async(option, states_in) {
            Ok(begun) => begun,
            Err(error) => {
                tracing::warn!(leg = %self.wish.id, %error, "an INVITE could not be made");
                return Err((Unsent::Refused(500), slot));
            }
        };
        counters::called(&line.config.name);
        let leg = Leg {
            id: self.wish.id,
            peer: Peer::Carrier,
            dialog,
            layer,
            side: Side::Outbound { invite: Some(invite), trunk: line.config.name.clone() },
            talk,
            reliable: None,
            events: self.core.events.clone(),
            slot,
            heard_ringing: self.heard_ringing,
        };
        // The last way is waited out: there is nothing better to do.
        let silence = attempt.may_hurry.then(|| now() + self.core.limits.silence);
        Ok(leg.run(&mut self.commands, states, &self.core.limits, silence).await)
    }

    /// Brings the way to the trunk's proxy about, unless the owner gives up meanwhile.
    async fn reach(&mut self, line: &Arc<Line>) -> Result<Reached, Unsent> {
        let Some(proxy) = line.config.proxy.as_ref() else { return Err(Unsent::Refused(503)) };
        let mut reaching = std::pin::pin!(self.core.outlet.reach(line, proxy));
        loop {
            tokio::select! {
                reached = &mut reaching => return reached.map_err(|error| {
                    tracing::info!(trunk = %line.config.name, %error, "a trunk cannot be reached");
                    Unsent::Refused(503)
                }),
                Some(command) = self.commands.recv() => match command {
                    Command::HangUp | Command::Reject(_) => return Err(Unsent::HungUp),
                    Command::Progress(_, done) | Command::Answer(_, done) => {
                        // The asker may have gone.
                        let _ = done.send(Err(crate::error::LegError::WrongState));
                    }
                    Command::Broken
                    | Command::Asked(..)
                    | Command::Proceed
                    | Command::PlaceText(_)
                    | Command::Probe
                    | Command::ReferOver(_) => {}
                },
            }
        }
    }

    fn option(&self, line: &Line, reached: Reached, offer: String) -> Option<InviteOption> {
        let proxy = line.config.proxy.as_ref()?;
        let account = line.config.account.as_ref();
        let asks = self.reliable || line.config.reliability == Reliability::WhenSupported;
        let supported = if asks { SUPPORTED.join(", ") } else { SUPPORTED_AS_CALLER.join(", ") };
        let mut headers = vec![Header::Allow(ALLOW.into()), Header::Supported(supported.into())];
        let home = home(line, reached);
        let ours = with_user(home.clone(), &self.wish.caller);
        if line.config.caller_id != CallerId::From {
            headers.push(Header::Other("P-Asserted-Identity".into(), format!("<{ours}>")));
        }
        if self.wish.callback {
            headers.push(Header::Other("Priority".into(), PSAP_CALLBACK.into()));
        }
        let caller = match (line.config.caller_id, account) {
            (CallerId::Account, Some(account)) => with_user(home, &account.username),
            _ => ours,
        };
        let number = line.config.write_number(&self.wish.number);
        let mut contact = reached.contact();
        if let Some(account) = account {
            contact = with_user(contact, &account.username);
        }
        Some(InviteOption {
            caller,
            callee: reached.disguise(&with_user(carrier_uri(account, proxy, reached.transport), &number).to_string()),
            destination: Some(reached.destination()),
            offer: Some(offer.into_bytes()),
            contact,
            credential: account.map(credential),
            headers: Some(headers),
            ..InviteOption::default()
        })
    }

    fn may_follow(&self, attempt: &Attempt) -> bool {
        let line = self.core.ingress.trunks.named(&attempt.trunk);
        line.is_some_and(|line| line.config.redirections == Redirected::Followed)
    }

    /// A number as the trunk's carrier writes it, for all above.
    fn read_number(&self, attempt: &Attempt, number: String) -> String {
        match self.core.ingress.trunks.named(&attempt.trunk) {
            Some(line) => line.config.read_number(number),
            None => number,
        }
    }

    /// Another attempt follows: what could be heard of the last is over.
    async fn heard_no_more(&mut self) {
        if std::mem::take(&mut self.heard_early) {
            self.tell(Event::OutboundEarly { leg: self.wish.id, audio: None }).await;
        }
    }

    /// Tells the owner, who may be behind.
    async fn tell(&self, event: Event) {
        if self.core.events.send(event).await.is_err() {
            tracing::debug!(leg = %self.wish.id, "nobody listens any more");
        }
    }
}

/// What the trunk may ask for, also inside a call.
pub(crate) fn credential(account: &Account) -> Credential {
    let Account { username, password, login, .. } = account;
    Credential { username: username.clone(), password: password.0.clone(), realm: None, auth_username: login.clone() }
}
