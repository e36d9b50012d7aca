//! One call's line: a task that carries out the switchboard's orders for one call in the order given. What it waits for, a slow peer
//! or a full port range, never holds up another call.

pub mod arrangement;
mod early;
mod orders;
mod party;
mod plant;
mod room;
mod steps;
mod text;
mod voice;

pub use orders::{Inbox, ORDERS, Offer, Order, PartyEnd, Post, Report};
pub use plant::{CallOutError, Plant, Wish};

use super::convert;
use super::silence::UNHEARD;
use crate::clock::timer_now;
use arrangement::{Caller, Joins, Sound, Standing};
use dispatch::desk::HeardSide;
use dispatch::id::{CallId, UserId};
use party::Parties;
use room::Room;
use std::pin::Pin;
use std::time::Duration;
use text::LineText;
use tokio::time::{MissedTickBehavior, interval_at, timeout_at};
use uuid::Uuid;

/// How long the line of a caller to whom nothing can be played before the answer may only ring.
const DEAF_PATIENCE: Duration = Duration::from_secs(10);

pub struct Line {
    plant: Plant,
    call: CallId,
    leg: sip::LegId,
    local: sip::LocalAudio,
    /// Whether the caller's side has been answered, by us or by whom we called.
    answered: bool,
    /// Whether anything was heard of the caller's side, as it is now.
    heard: bool,
    /// Who stands where, and who is told so.
    room: Room<Plant>,
    /// What the caller goes back to when everybody else has gone.
    waits_with: Sound,
    parties: Parties,
    text: LineText,
}

impl Line {
    /// Opens the voice of an invitation and carries out orders until the call is gone.
    pub async fn inbound(plant: Plant, call: CallId, leg: sip::LegId, trunk: sip::TrunkName, offer: Offer, orders: Inbox) {
        let Offer { audio, text, early } = offer;
        let (remote, allowed) = (audio.as_ref().and_then(convert::remote_audio), plant.allowed(&trunk));
        let address = match plant.media.open_trunk(call.0, allowed.clone(), remote, true).await {
            Ok(address) => address,
            Err(error) => {
                tracing::error!(%call, %error, "no voice for a call; refusing it");
                plant.sip.reject(leg, sip::Reject::Unavailable { retry_after_s: 5 }).await;
                return plant.report(Report::Refused { call, error }).await;
            }
        };
        let local = plant.local_audio(call.0, address);
        let mut line = Self::new(plant, call, leg, local, allowed);
        if let Some(text) = &text {
            line.begin_text(text).await;
        }
        if early {
            // Early media carries the ringback and the announcement; where it cannot be sent the network's own ringback remains.
            if let Err(error) = line.plant.sip.progress(line.leg, line.media()).await {
                tracing::debug!(%call, %error, "no early media");
            }
        }
        // Without early media this caller hears no announcement before that.
        let longest = if early { Duration::MAX } else { DEAF_PATIENCE };
        let patience = line.plant.answer_waiting.map(|patience| patience.min(longest));
        line.work(orders, patience).await;
    }

    /// Calls a number for an operator, who hears it ring, and carries out orders until the call is gone. `telephone` is the leg of the operator's
    /// desk phone, if it is one.
    pub async fn outbound(plant: Plant, call: CallId, (operator, telephone): (UserId, Option<Uuid>), wish: Wish, orders: Inbox) {
        let allowed = plant.allowed_by(&wish.routes);
        let (leg, local) = match plant.call_out(call, call.0, wish).await {
            Ok(dialled) => dialled,
            Err(error) => {
                tracing::warn!(%call, %error, "a call cannot be made");
                return plant.report(Report::NotCalled { call, error }).await;
            }
        };
        let mut line = Self::new(plant, call, leg, local.audio, allowed);
        line.text.place = local.text.map(|text| text.address);
        line.plant.report(Report::Calling { call, leg }).await;
        line.room.standing.operator = Some(operator);
        line.room.standing.telephones.extend(telephone.map(|leg| (operator, leg)));
        line.room.arrange_or_tell("an operator does not hear it ring").await;
        line.work(orders, None).await;
    }

    fn new(plant: Plant, call: CallId, leg: sip::LegId, local: sip::LocalAudio, allowed: Vec<ipnet::IpNet>) -> Self {
        Self {
            room: Room::new(plant.clone(), call),
            plant,
            call,
            leg,
            local,
            answered: false,
            heard: false,
            waits_with: Sound::Silence,
            parties: Parties::default(),
            text: LineText::new(allowed),
        }
    }

    /// `patience`: how long the line of a caller who waits may only ring.
    async fn work(mut self, mut orders: Inbox, patience: Option<Duration>) {
        let mut patience = std::pin::pin!(patience.map(tokio::time::sleep));
        let mut asks = interval_at(timer_now() + UNHEARD, UNHEARD);
        asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let (only_rings, is_up) = (!self.answered && patience.is_some(), self.answered);
            tokio::select! {
                biased;
                order = self.next(&mut orders) => match order.map(|order| *order) {
                    None | Some(Order::Release) => break,
                    Some(order) => self.carry_out(order).await,
                },
                () = over(patience.as_mut()), if only_rings => {
                    patience.set(None);
                    self.keep_line().await;
                }
                _ = asks.tick(), if is_up => self.ask_who_waits().await,
            }
        }
        self.close().await;
    }

    /// The next order. What is due in the room is done meanwhile.
    async fn next(&mut self, orders: &mut Inbox) -> Option<Box<Order>> {
        while let Some(due) = self.room.due() {
            if let Ok(order) = timeout_at(due, orders.recv()).await {
                return order;
            }
            self.room.act().await;
        }
        orders.recv().await
    }

    /// The caller goes on waiting as before, with a line that no carrier ends for having rung too long.
    async fn keep_line(&mut self) {
        let call = self.call;
        match self.answer().await {
            Ok(()) => self.plant.report(Report::LineKept { call }).await,
            Err(error) => tracing::warn!(%call, %error, "a waiting caller's line cannot be answered"),
        }
    }

    /// A caller who waits is in no conversation in which somebody could miss them, and may be gone without a word.
    async fn ask_who_waits(&self) {
        let standing = &self.room.standing;
        let waits = standing.operator.is_none() && matches!(standing.caller, Caller::Waiting(_));
        if waits && self.plant.media.unheard_for(self.call.0).await.is_some_and(|silence| silence >= UNHEARD) {
            self.plant.sip.probe(self.leg);
        }
    }

    async fn carry_out(&mut self, order: Order) {
        let call = self.call;
        match order {
            Order::Wait(sound) => self.wait_with(sound).await,
            Order::MayTalkWith { operator } => self.plant.media.draw_near(call.0, operator.0).await,
            Order::Bridge { operator } => {
                let report = match self.bridge(operator).await {
                    Ok(()) => Report::Bridged { call, operator },
                    Err(error) => Report::BridgeFailed { call, operator, error },
                };
                self.plant.report(report).await;
            }
            Order::Voice { of, leg } => self.voice(of, leg).await,
            Order::Unbridge => self.unbridge().await,
            Order::Hold => {
                self.room.standing.caller = Caller::Held;
                self.room.arrange_or_tell("a call cannot be held").await;
            }
            // The caller goes on hearing the hold announcement if it fails, and the operator can resume again.
            Order::Resume { operator } => {
                if let Err(error) = self.room.change(|standing| standing.caller = Caller::Talking).await {
                    tracing::warn!(%call, %error, "a call cannot be resumed");
                    self.plant.report(Report::ResumeFailed { call, operator }).await;
                }
            }
            Order::Cover => self.room.cover_soon(),
            Order::Uncover => {
                self.room.uncover();
                self.room.arrange_or_tell("a call cannot be uncovered").await;
            }
            Order::CallerGone => {
                self.room.standing.caller_leaves();
                self.room.arrange_or_tell("who is left after the caller went does not hear each other").await;
            }
            Order::Digits(digits) => self.plant.media.send_digits(self.room.standing.spoken_with(), digits).await,
            Order::PlaceText => self.place_text().await,
            Order::Text(remote) => self.text_changed(remote.as_ref()).await,
            Order::Type { id, text, who, reply } => self.type_text(id, text, who, reply).await,
            Order::Remote(audio) => self.remote(&audio).await,
            Order::Early { of, audio } => self.early(of, audio.as_ref()).await,
            Order::Heard { of } => self.heard(of).await,
            Order::Reached(audio) => self.reached(&audio).await,
            Order::Dial { party, number, routes, joins } => self.dial(party, number, routes, joins).await,
            Order::Merge { operator } => {
                if let Err(error) = self.room.change(Standing::together).await {
                    tracing::warn!(%call, %error, "caller, operator and parties cannot be brought together");
                    self.plant.report(Report::ResumeFailed { call, operator }).await;
                }
            }
            Order::PartyRemote { party, audio } => self.party_remote(party, &audio).await,
            Order::PartyAnswered { party, audio } => self.party_answered(party, &audio).await,
            Order::PartyGone { party, end } => self.party_gone(party, end).await,
            Order::DropParty { party } => self.party_gone(party, PartyEnd::Dropped).await,
            Order::Monitor { supervisor, mode } => self.monitor(supervisor, mode).await,
            Order::PromptSilent => {
                let sound = media::Sound::Samples { pcm: self.plant.sounds.silent.clone(), looped: false };
                if let Err(error) = self.plant.media.play(call.0, sound).await {
                    tracing::warn!(%call, %error, "a silent caller is not asked to press 1");
                }
            }
            Order::Release => {}
        }
    }

    /// The caller waits for an operator. A conversation with a party, or with a supervisor, is not broken by that.
    async fn wait_with(&mut self, sound: Sound) {
        self.waits_with = sound;
        if !self.room.standing.in_company() {
            self.room.standing.caller = Caller::Waiting(sound);
            self.room.arrange_or_tell("a waiting caller hears nothing").await;
        }
    }

    /// A caller with whom nobody is any more goes on waiting.
    async fn wait_if_left_alone(&mut self) {
        let standing = &mut self.room.standing;
        if standing.caller == Caller::Talking && standing.operator.is_none() && !standing.in_company() {
            standing.caller = Caller::Waiting(self.waits_with);
            self.room.arrange_or_tell("a caller was left alone and hears nothing").await;
        }
    }

    /// Voice first, 200 OK second: the caller's first word after the answer already reaches the operator.
    async fn bridge(&mut self, operator: UserId) -> Result<(), String> {
        let joined = self.room.change(|standing| {
            standing.operator = Some(operator);
            standing.caller = Caller::Talking;
        });
        joined.await.map_err(|error| error.to_string())?;
        self.waits_with = Sound::Silence;
        self.answer().await
    }

    async fn unbridge(&mut self) {
        self.room.uncover();
        let operator = self.room.standing.operator.take();
        // Who stays, stays with the caller: a party that the operator alone talked with has been handed the call.
        for party in &mut self.room.standing.parties {
            party.joins = Joins::Everybody;
        }
        self.room.standing.caller = match self.room.standing.caller {
            Caller::Gone => Caller::Gone,
            _ if self.room.standing.in_company() => Caller::Talking,
            _ => Caller::Waiting(self.waits_with),
        };
        self.room.arrange_or_tell("a caller was left without an operator and hears nothing").await;
        if let Some(operator) = operator {
            self.put_down(operator).await;
        }
    }

    async fn answer(&mut self) -> Result<(), String> {
        if !self.answered {
            self.plant.sip.answer(self.leg, self.media()).await.map_err(|error| error.to_string())?;
            self.answered = true;
        }
        Ok(())
    }

    async fn remote(&self, audio: &sip::RemoteAudio) {
        match convert::remote_audio(audio) {
            Some(remote) => self.plant.media.set_remote(self.call.0, remote).await,
            None => tracing::warn!(call = %self.call, "the peer named no codec that can be spoken"),
        }
    }

    async fn reached(&mut self, audio: &sip::RemoteAudio) {
        self.answered = true;
        self.remote(audio).await;
        let (call, Some(operator)) = (self.call, self.room.standing.operator) else { return };
        let report = match self.room.change_in_any_case(|standing| standing.caller = Caller::Talking).await {
            Ok(()) => Report::Bridged { call, operator },
            Err(error) => Report::BridgeFailed { call, operator, error: error.to_string() },
        };
        self.plant.report(report).await;
    }

    async fn monitor(&mut self, supervisor: UserId, mode: Option<dispatch::contract::MonitorMode>) {
        let changed = self.room.change(|standing| {
            match mode {
                Some(mode) => standing.monitors.insert(supervisor, mode),
                None => standing.monitors.remove(&supervisor),
            };
        });
        if let Err(error) = changed.await {
            self.room.standing.monitors.remove(&supervisor);
            self.room.refuse_monitor(supervisor, error).await;
        }
        self.wait_if_left_alone().await;
        if !self.room.standing.monitors.contains_key(&supervisor) && self.room.standing.operator != Some(supervisor) {
            self.put_down(supervisor).await;
        }
    }

    /// Also what happens when the switchboard has forgotten the call without an order: no caller is left in an empty call.
    async fn close(mut self) {
        self.plant.sip.hang_up(self.leg).await;
        self.drop_parties().await;
        let telephones = std::mem::take(&mut self.room.standing.telephones);
        self.room.leave_nothing().await;
        for leg in telephones.into_values() {
            self.plant.media.close(leg).await;
        }
        self.close_heard(self.call.0, HeardSide::Caller).await;
    }
}

/// Ends when the time is over; never, if there is none.
async fn over(time: Pin<&mut Option<tokio::time::Sleep>>) {
    match time.as_pin_mut() {
        Some(time) => time.await,
        None => std::future::pending().await,
    }
}
