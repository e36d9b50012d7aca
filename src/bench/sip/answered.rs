//! A call that the server made and that is taken at once: the far end of generated conversations.

use super::message::{Names, Reading, Request, Start, audio, sdp};
use super::waiting::{Due, Growth, Waiting};
use super::{End, Fact, Output};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long an ended call still answers what is repeated to it.
const LINGERS: Duration = Duration::from_secs(4);

#[derive(Debug)]
pub struct Answered {
    names: Names,
    phase: Phase,
    /// The 200, for an INVITE that comes again.
    ok: String,
    waiting: Option<Waiting>,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Talking { hangs_up_at: Option<Instant> },
    Leaving,
    Over { until: Instant },
}

impl Answered {
    /// Takes an INVITE, with voice at `voice`; `None` if it says not where its own voice is taken. `number` makes the tag.
    pub fn take(
        now: Instant,
        invite: &Reading<'_>,
        number: u32,
        contact: SocketAddr,
        voice: SocketAddr,
        hangs_up_after: Option<Duration>,
    ) -> Option<Self> {
        let far = audio(invite.body)?;
        let names = Names {
            call_id: invite.call_id.to_string(),
            local: format!("{};tag=a{number}", invite.to),
            remote: invite.from.to_string(),
            contact,
            target: invite.contact?.to_string(),
        };
        let ok = invite.reply("200 OK", &names.local, Some(contact), &sdp(voice, 1, "sendrecv"));
        let outputs = VecDeque::from([Output::Send(ok.clone()), Output::Fact(Fact::Answered { audio: far })]);
        let phase = Phase::Talking { hangs_up_at: hangs_up_after.map(|after| now + after) };
        Some(Self { names, phase, waiting: Some(Waiting::new(now, Growth::Capped, ok.clone())), ok, outputs })
    }

    pub fn call_id(&self) -> &str {
        &self.names.call_id
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn is_forgotten(&self, now: Instant) -> bool {
        matches!(self.phase, Phase::Over { until } if now >= until)
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = match self.phase {
            Phase::Talking { hangs_up_at } => hangs_up_at,
            Phase::Over { until } => Some(until),
            Phase::Leaving => None,
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
        if matches!(self.phase, Phase::Talking { hangs_up_at: Some(at) } if now >= at) {
            self.phase = Phase::Leaving;
            let branch = format!("z9hG4bK{}", self.names.local.rsplit('=').next().unwrap_or_default());
            let text = Request { method: "BYE", number: 1, branch: &branch, body: "" }.text(&self.names);
            self.outputs.push_back(Output::Send(text.clone()));
            self.waiting = Some(Waiting::new(now, Growth::Capped, text));
        }
    }

    pub fn handle(&mut self, now: Instant, message: &Reading<'_>) {
        match message.start {
            Start::Response(code) if code >= 200 && message.method == "BYE" && self.phase == Phase::Leaving => {
                self.end(now, End::HungUp)
            }
            Start::Response(_) => {}
            Start::Request("INVITE") => self.outputs.push_back(Output::Send(self.ok.clone())),
            Start::Request("ACK") if self.phase != Phase::Leaving => self.waiting = None,
            Start::Request("ACK") => {}
            Start::Request("BYE") => {
                self.outputs.push_back(Output::Send(message.reply("200 OK", message.to, None, "")));
                self.end(now, End::FarHungUp);
            }
            Start::Request(_) => self.outputs.push_back(Output::Send(message.reply("200 OK", message.to, None, ""))),
        }
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
mod tests {
    use super::*;
    use crate::bench::sip::message::read;
    use crate::clock;

    const INVITE: &str = "INVITE sip:900@127.0.0.1:6000 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\n\
        From: <sip:siaga@127.0.0.1>;tag=s\r\nTo: <sip:900@127.0.0.1>\r\nCall-ID: out\r\nCSeq: 1 INVITE\r\n\
        Contact: <sip:127.0.0.1:5060>\r\nContent-Length: 62\r\n\r\nv=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 20000 RTP/AVP 8\r\n";

    fn take(now: Instant, hangs_up_after: Option<Duration>) -> Answered {
        let place = "127.0.0.1:6000".parse().unwrap();
        Answered::take(now, &read(INVITE.as_bytes()).unwrap(), 4, place, place, hangs_up_after).unwrap()
    }

    fn said(call: &mut Answered) -> Vec<String> {
        std::iter::from_fn(|| call.poll_output())
            .map(|output| match output {
                Output::Send(text) => text.split("\r\n").next().unwrap_or_default().to_string(),
                Output::Fact(fact) => format!("{fact:?}"),
            })
            .collect()
    }

    fn request(method: &str) -> String {
        INVITE.replace("INVITE", method).replace("To: <sip:900@127.0.0.1>", "To: <sip:900@127.0.0.1>;tag=a4")
    }

    #[test]
    fn a_call_is_taken_at_once_and_the_answer_repeated_until_it_is_acknowledged() {
        let start = clock::instant();
        let mut call = take(start, None);
        assert_eq!(said(&mut call), ["SIP/2.0 200 OK", "Answered { audio: 127.0.0.1:20000 }"]);
        let again = call.poll_timeout().unwrap();
        call.handle_timeout(again);
        assert_eq!(said(&mut call), ["SIP/2.0 200 OK", "Repeated"]);
        call.handle(again, &read(request("ACK").as_bytes()).unwrap());
        assert_eq!(call.poll_timeout(), None);
    }

    #[test]
    fn the_far_end_may_hang_up_first() {
        let start = clock::instant();
        let mut call = take(start, Some(Duration::from_secs(3)));
        call.handle(start, &read(request("ACK").as_bytes()).unwrap());
        said(&mut call);
        assert_eq!(call.poll_timeout(), Some(start + Duration::from_secs(3)));
        call.handle_timeout(start + Duration::from_secs(3));
        assert_eq!(said(&mut call), ["BYE sip:127.0.0.1:5060 SIP/2.0"]);
        let ok = "SIP/2.0 200 OK\r\nVia: x\r\nFrom: a\r\nTo: b\r\nCall-ID: out\r\nCSeq: 1 BYE\r\n\r\n";
        call.handle(start, &read(ok.as_bytes()).unwrap());
        assert_eq!(said(&mut call), ["Ended(HungUp)"]);
    }

    #[test]
    fn a_bye_that_comes_again_is_answered_again_and_told_once() {
        let start = clock::instant();
        let mut call = take(start, None);
        said(&mut call);
        let bye = request("BYE");
        call.handle(start, &read(bye.as_bytes()).unwrap());
        assert_eq!(said(&mut call), ["SIP/2.0 200 OK", "Ended(FarHungUp)"]);
        call.handle(start, &read(bye.as_bytes()).unwrap());
        assert_eq!(said(&mut call), ["SIP/2.0 200 OK"]);
        assert!(!call.is_forgotten(start) && call.is_forgotten(start + LINGERS));
    }
}
