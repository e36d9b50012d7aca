//! One generated caller: an INVITE, and what its plan says after that.

use super::message::{Names, Reading, Request, Start, audio, sdp};
use super::plan::{Action, Plan, Step};
use super::waiting::{Due, Growth, Waiting};
use super::{End, Fact, Output};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long an ended call still answers what is repeated to it.
const LINGERS: Duration = Duration::from_secs(4);
/// A step that cannot be taken yet is looked at again after this.
const LATER: Duration = Duration::from_millis(50);
/// How long the 487 may take (RFC 3261 section 9.1).
const CANCEL_PATIENCE: Duration = Duration::from_secs(32);

/// Where everybody is.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    pub server: SocketAddr,
    /// The caller's SIP address.
    pub caller: SocketAddr,
    /// Where the caller takes voice.
    pub voice: SocketAddr,
}

#[derive(Debug)]
pub struct Caller {
    names: Names,
    voice: SocketAddr,
    steps: VecDeque<Step>,
    gives_up_after: Option<Duration>,
    phase: Phase,
    began: Instant,
    rang: bool,
    /// CSeq of the newest request.
    number: u32,
    /// Branch and CSeq of the newest INVITE, and the ACK for it once there is one.
    invite: (String, u32),
    ack: Option<String>,
    waiting: Option<Waiting>,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Until anything is heard; `leaving`: told to hang up meanwhile.
    Inviting {
        leaving: bool,
    },
    /// Gives up at the time given.
    Ringing {
        gives_up_at: Option<Instant>,
    },
    Cancelling {
        until: Instant,
    },
    Talking {
        since: Instant,
        held: bool,
    },
    Leaving,
    Over {
        until: Instant,
    },
}

impl Caller {
    /// A call that is begun now. `run` keeps the calls of one run of the generator apart from those of another.
    pub fn new(now: Instant, number: u32, run: u64, places: Places, plan: Plan) -> Self {
        let Places { server, caller, voice } = places;
        let names = Names {
            call_id: format!("{number}.{run:x}@bench"),
            local: format!("<sip:+62811{number:07}@{}>;tag=c{number}", caller.ip()),
            remote: format!("<sip:112@{}>", server.ip()),
            contact: caller,
            target: format!("sip:112@{server}"),
        };
        let (steps, gives_up_after) = match plan {
            Plan::GiveUp { after } => (VecDeque::new(), Some(after)),
            Plan::Talk(steps) => (steps.into(), None),
        };
        let mut call = Self {
            names,
            voice,
            steps,
            gives_up_after,
            phase: Phase::Inviting { leaving: false },
            began: now,
            rang: false,
            number: 0,
            invite: Default::default(),
            ack: None,
            waiting: None,
            outputs: VecDeque::new(),
        };
        call.invite(now, "sendrecv");
        call
    }

    /// The number in a Call-ID of a generated call.
    pub fn number_in(call_id: &str) -> Option<u32> {
        call_id.strip_suffix("@bench")?.split('.').next()?.parse().ok()
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Nothing is to come any more.
    pub fn is_forgotten(&self, now: Instant) -> bool {
        matches!(self.phase, Phase::Over { until } if now >= until)
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = match self.phase {
            Phase::Ringing { gives_up_at } => gives_up_at,
            Phase::Talking { since, .. } => self.steps.front().map(|step| since + step.after),
            Phase::Cancelling { until } | Phase::Over { until } => Some(until),
            Phase::Inviting { .. } | Phase::Leaving => None,
        };
        own.into_iter().chain(self.waiting.as_ref().and_then(Waiting::deadline)).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        match self.waiting.as_mut().map_or(Due::Nothing, |waiting| waiting.poll(now)) {
            Due::Nothing => {}
            Due::Again(text) => {
                self.outputs.push_back(Output::Send(text));
                self.outputs.push_back(Output::Fact(Fact::Repeated));
            }
            Due::GivenUp => return self.end(now, End::TimedOut),
        }
        match self.phase {
            Phase::Ringing { gives_up_at: Some(at) } if now >= at => self.cancel(now),
            Phase::Talking { since, .. } => self.step(now, since),
            Phase::Cancelling { until } if now >= until => self.end(now, End::TimedOut),
            _ => {}
        }
    }

    /// Ends the call in whatever way its state asks for.
    pub fn hang_up(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::Inviting { leaving } => *leaving = true,
            Phase::Ringing { .. } => self.cancel(now),
            Phase::Talking { .. } => {
                // Any step left is due at once, so a re-INVITE that waits for its answer gets that first.
                self.steps = VecDeque::from([Step { after: Duration::ZERO, what: Action::HangUp }]);
                self.handle_timeout(now);
            }
            Phase::Cancelling { .. } | Phase::Leaving | Phase::Over { .. } => {}
        }
    }

    pub fn handle(&mut self, now: Instant, message: &Reading<'_>) {
        match message.start {
            Start::Response(code) if code < 200 => self.provisional(now, code),
            Start::Response(code) if message.method == "INVITE" => self.answer_to_invite(now, code, message),
            Start::Response(code) => self.answer_to_other(now, code, message.method),
            Start::Request("BYE") => {
                self.outputs.push_back(Output::Send(message.reply("200 OK", message.to, None, "")));
                self.end(now, End::FarHungUp);
            }
            Start::Request("ACK") => {}
            Start::Request("INVITE") => {
                self.outputs.push_back(Output::Send(message.reply("488 Not Acceptable Here", message.to, None, "")));
            }
            Start::Request(_) => self.outputs.push_back(Output::Send(message.reply("200 OK", message.to, None, ""))),
        }
    }

    fn provisional(&mut self, now: Instant, code: u16) {
        if let Phase::Inviting { leaving } = self.phase {
            if let Some(waiting) = &mut self.waiting {
                waiting.heard();
            }
            self.phase = Phase::Ringing { gives_up_at: leaving.then_some(now) };
        }
        if code == 180 && !self.rang {
            self.rang = true;
            self.outputs.push_back(Output::Fact(Fact::Rang { after: now - self.began }));
            if let (Phase::Ringing { gives_up_at }, Some(after)) = (&mut self.phase, self.gives_up_after) {
                *gives_up_at = Some(gives_up_at.unwrap_or(now + after).min(now + after));
            }
        }
        if matches!(self.phase, Phase::Ringing { gives_up_at: Some(at) } if now >= at) {
            self.cancel(now);
        }
    }

    fn answer_to_invite(&mut self, now: Instant, code: u16, message: &Reading<'_>) {
        if message.number != self.invite.1 {
            return;
        }
        if let Some(ack) = &self.ack {
            // The answer again: its ACK was lost.
            return self.outputs.push_back(Output::Send(ack.clone()));
        }
        let fresh = !matches!(self.phase, Phase::Talking { .. } | Phase::Leaving | Phase::Over { .. });
        if fresh || code < 300 {
            self.names.remote = message.to.to_string();
        }
        if code >= 300 {
            // RFC 3261 section 17.1.1.3: the ACK of a refusal belongs to the INVITE's transaction, and so has its branch.
            self.acknowledge(self.invite.0.clone());
            return match (self.phase, fresh) {
                (Phase::Cancelling { .. }, _) => self.end(now, End::GaveUp),
                (_, true) => self.end(now, End::Refused { code, retry_after: message.retry_after }),
                _ => {
                    self.waiting = None;
                    self.outputs.push_back(Output::Fact(Fact::StepRefused { code }));
                }
            };
        }
        if let Some(contact) = message.contact {
            self.names.target = contact.to_string();
        }
        self.acknowledge(format!("{}a", self.invite.0));
        // The answer to a change crossed the end of the call.
        if matches!(self.phase, Phase::Leaving | Phase::Over { .. }) {
            return;
        }
        self.waiting = None;
        match (self.phase, audio(message.body)) {
            // The answer crossed the CANCEL.
            (Phase::Cancelling { .. }, _) | (Phase::Inviting { leaving: true }, _) => self.bye(now),
            (Phase::Talking { .. }, Some(audio)) => self.outputs.push_back(Output::Fact(Fact::Answered { audio })),
            (phase, Some(audio)) => {
                // Whoever was about to give up does so all the same.
                if let Phase::Ringing { gives_up_at: Some(at) } = phase {
                    self.steps = VecDeque::from([Step { after: at.saturating_duration_since(now), what: Action::HangUp }]);
                }
                self.phase = Phase::Talking { since: now, held: false };
                self.outputs.push_back(Output::Fact(Fact::Answered { audio }));
            }
            (_, None) => self.bye(now),
        }
    }

    fn answer_to_other(&mut self, now: Instant, code: u16, method: &str) {
        match (self.phase, method) {
            (Phase::Leaving, "BYE") => self.end(now, End::HungUp),
            // 481: the answer was quicker than the CANCEL; the INVITE's own answer decides.
            (Phase::Cancelling { .. }, "CANCEL") if code < 300 || code == 481 => self.waiting = None,
            (Phase::Cancelling { .. }, "CANCEL") => self.end(now, End::Refused { code, retry_after: false }),
            _ => {}
        }
    }

    fn step(&mut self, now: Instant, since: Instant) {
        let Some(step) = self.steps.front().copied().filter(|step| now >= since + step.after) else { return };
        if self.waiting.is_some() {
            if let Some(front) = self.steps.front_mut() {
                front.after = (now - since) + LATER;
            }
            return;
        }
        self.steps.pop_front();
        let held = matches!(self.phase, Phase::Talking { held: true, .. });
        let held = match step.what {
            Action::HangUp => return self.bye(now),
            Action::Hold => true,
            Action::Resume => false,
            Action::Renew => held,
        };
        self.phase = Phase::Talking { since, held };
        self.outputs.push_back(Output::Fact(Fact::Held(held)));
        self.invite(now, if held { "sendonly" } else { "sendrecv" });
    }

    fn invite(&mut self, now: Instant, direction: &str) {
        self.number += 1;
        self.invite = (self.branch("i"), self.number);
        self.ack = None;
        let body = sdp(self.voice, self.number, direction);
        let text = Request { method: "INVITE", number: self.number, branch: &self.invite.0, body: &body }.text(&self.names);
        self.wait_for(now, Growth::Doubles, text);
    }

    fn acknowledge(&mut self, branch: String) {
        let request = Request { method: "ACK", number: self.invite.1, branch: &branch, body: "" };
        let text = request.text(&self.names);
        self.outputs.push_back(Output::Send(text.clone()));
        self.ack = Some(text);
    }

    fn cancel(&mut self, now: Instant) {
        self.phase = Phase::Cancelling { until: now + CANCEL_PATIENCE };
        let request = Request { method: "CANCEL", number: self.invite.1, branch: &self.invite.0, body: "" };
        let text = request.text(&self.names);
        self.wait_for(now, Growth::Capped, text);
    }

    fn bye(&mut self, now: Instant) {
        self.phase = Phase::Leaving;
        self.number += 1;
        let branch = self.branch("b");
        let text = Request { method: "BYE", number: self.number, branch: &branch, body: "" }.text(&self.names);
        self.wait_for(now, Growth::Capped, text);
    }

    fn branch(&self, kind: &str) -> String {
        format!("z9hG4bK{}{kind}{}", self.names.call_id.trim_end_matches("@bench"), self.number)
    }

    fn wait_for(&mut self, now: Instant, growth: Growth, text: String) {
        self.outputs.push_back(Output::Send(text.clone()));
        self.waiting = Some(Waiting::new(now, growth, text));
    }

    fn end(&mut self, now: Instant, how: End) {
        if !matches!(self.phase, Phase::Over { .. }) {
            self.waiting = None;
            self.phase = Phase::Over { until: now + LINGERS };
            self.outputs.push_back(Output::Fact(Fact::Ended(how)));
        }
    }
}

#[cfg(test)]
#[path = "caller_tests.rs"]
mod tests;
