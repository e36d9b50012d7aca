//! Peers that say anything in any order, each by its own dice. Whatever they say, the owner hears the end of each call once and nothing of it after
//! that, and in the end every place is free again.

use crate::support::carrier::{Asked, Carrier};
use crate::support::{Desk, OFFER, Peer, audio, desk_with_all, field, trunk, within_with};
use sip::{Account, Event, LegId, Limits, Outbound, Reject, Reliability, Tls, Trunk};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;

const URI: &str = "urn:service:sos";
/// Calls of strange peers, and calls of ours to a strange carrier.
const CALLS: u64 = 60;
/// Things that each peer says.
const STEPS: usize = 30;
const PLACES: usize = 150;
/// How long a peer listens before it says the next thing.
const SOON: Duration = Duration::from_millis(10);

/// A seeded stream of numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.throw() % n
    }

    fn is_so(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn offer(&mut self) -> String {
        match self.below(6) {
            0 => String::new(),
            1 => OFFER.replace("RTP/AVP 8 0 101", "RTP/AVP 97"),
            2 => format!("{OFFER}m=text 40002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n"),
            3 => format!("{OFFER}a=inactive\r\n"),
            4 => "v=0\r\nnonsense".to_owned(),
            _ => OFFER.replace("40000", &(40_000 + 2 * self.below(1_000)).to_string()),
        }
    }
}

/// A caller who says anything.
struct Strange {
    dice: Dice,
    peer: Peer,
    invite: String,
    /// The last response that began a dialog.
    response: Option<String>,
    said: Vec<String>,
    number: u32,
}

impl Strange {
    async fn call(seed: u64, at: SocketAddr) {
        let (mut dice, mut peer) = (Dice(seed), Peer::new("127.0.0.1", at).await);
        let supported = dice.pick(&["", "100rel", "timer", "100rel, timer"]);
        let required = dice.pick(&["", "", "", "100rel"]);
        let lines = [("Supported", supported), ("Require", required), ("Allow", dice.pick(&["", "INVITE, ACK, BYE, UPDATE"]))];
        let invite = peer.request("INVITE", URI, &lines, &dice.offer());
        let mut strange = Strange { dice, peer, response: None, said: vec![invite.clone()], invite, number: 1 };
        strange.peer.send(&strange.said[0]).await;
        for _ in 0..STEPS {
            while let Some(heard) = strange.peer.heard_within(SOON).await {
                strange.hear(&heard).await;
            }
            strange.say_something().await;
        }
    }

    async fn hear(&mut self, heard: &str) {
        let Some(code) = heard.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse::<u16>().ok()) else {
            let status = self.dice.pick(&["200 OK", "200 OK", "481 Gone", "491 Pending", "500 Error", "401 Unauthorized", ""]);
            if !status.is_empty() && !heard.starts_with("ACK ") {
                let body = if heard.starts_with("INVITE") { self.dice.offer() } else { String::new() };
                self.peer.reply(heard, status, &[], &body).await;
            }
            return;
        };
        if !field(heard, "To").is_some_and(|to| to.contains(";tag=")) {
            return;
        }
        if field(heard, "CSeq").is_some_and(|cseq| cseq.ends_with("INVITE")) {
            self.response = Some(heard.to_owned());
            if code >= 200 && self.dice.is_so(60) {
                let number = field(heard, "CSeq").and_then(|cseq| cseq.split(' ').next()?.parse().ok()).unwrap();
                let answer = if self.dice.is_so(30) { self.dice.offer() } else { String::new() };
                self.say("ACK", number, &[], &answer).await;
            }
        }
        if let Some(rseq) = field(heard, "RSeq").filter(|_| self.dice.is_so(70)) {
            let rack = format!("{rseq} {}", field(heard, "CSeq").unwrap());
            self.next("PRACK", &[("RAck", &rack)], "").await;
        }
    }

    async fn say_something(&mut self) {
        let offer = self.dice.offer();
        let expires = self.dice.pick(&["", "90", "1", "x"]);
        let rack = self.dice.pick(&["1 1 INVITE", "x", ""]);
        let unusual = self.dice.pick(&["OPTIONS", "REFER", "MESSAGE", "NOTIFY", "SUBSCRIBE", "NONSENSE"]);
        let misplaced = self.dice.pick(&["ACK", "BYE", "INVITE"]);
        match self.dice.below(13) {
            0..=2 => {}
            3 => {
                let again = self.said[self.dice.below(self.said.len() as u64) as usize].clone();
                self.peer.send(&again).await;
            }
            4 => {
                let cancel = self.invite.split("\r\n\r\n").next().unwrap().replace("INVITE", "CANCEL");
                let lines: Vec<&str> = cancel.lines().filter(|line| !line.starts_with("Content-")).collect();
                self.peer.send(&format!("{}\r\nContent-Length: 0\r\n\r\n", lines.join("\r\n"))).await;
            }
            5 => self.next("INVITE", &[], &offer).await,
            6 => self.next("UPDATE", &[("Session-Expires", expires)], &offer).await,
            7 => self.next("INFO", &[("Content-Type", "application/dtmf-relay")], "Signal=1\r\nDuration=100\r\n").await,
            8 => self.next("PRACK", &[("RAck", rack)], "").await,
            9 => self.next(unusual, &[], "").await,
            10 => {
                let number = self.dice.below(u64::from(self.number) + 2) as u32;
                self.say(misplaced, number, &[], &offer).await;
            }
            11 if self.dice.is_so(40) => self.next("BYE", &[], "").await,
            _ => {
                let another = [("Via", format!("SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK{}", self.dice.throw()))];
                let merged = field(&self.invite, "Via").map(|via| self.invite.replace(via, &another[0].1)).unwrap();
                self.peer.send(&merged).await;
            }
        }
    }

    async fn next(&mut self, method: &str, lines: &[(&str, &str)], body: &str) {
        self.number += 1;
        self.say(method, self.number, lines, body).await;
    }

    /// Within the dialog, if there is one.
    async fn say(&mut self, method: &str, number: u32, lines: &[(&str, &str)], body: &str) {
        let Some(response) = &self.response else { return };
        let text = within_with(&self.invite, response, method, number, lines, body);
        self.peer.send(&text).await;
        self.said.push(text);
    }
}

/// Answers calls of ours with anything, until it is no longer asked for.
async fn strange_carrier(seed: u64, carrier: Carrier) {
    let (mut dice, mut invites) = (Dice(seed), Vec::<Asked>::new());
    let mut number = 0;
    loop {
        while let Some(heard) = carrier.heard_within(SOON).await {
            let method = heard.text.split(' ').next().unwrap_or_default();
            match method {
                "INVITE" => invites.push(heard),
                "ACK" | "SIP/2.0" => {}
                _ => {
                    let status = dice.pick(&["200 OK", "200 OK", "407 Proxy Authentication Required", "481 Gone", ""]);
                    let challenge = [("Proxy-Authenticate", "Digest realm=\"r\", nonce=\"n\"")];
                    if !status.is_empty() {
                        carrier.reply(&heard, status, if status.starts_with("407") { &challenge } else { &[] }, "").await;
                    }
                }
            }
        }
        for invite in &invites {
            if dice.is_so(70) {
                continue;
            }
            let (branch, body) = (dice.pick(&["one", "two", "three"]), dice.offer());
            let contact = format!("<sip:{branch}@{}>", carrier.address());
            if dice.is_so(60) {
                let status = dice.pick(&[
                    "100 Trying",
                    "180 Ringing",
                    "183 Progress",
                    "183 Progress",
                    "200 OK",
                    "301 Moved",
                    "302 Moved",
                    "401 Unauthorized",
                    "407 Proxy Authentication Required",
                    "421 Extension Required",
                    "486 Busy",
                    "488 Not Here",
                    "500 Error",
                    "503 Unavailable",
                ]);
                let rseq = (1 + dice.below(4)).to_string();
                let reliable = [("Contact", contact.as_str()), ("Require", "100rel"), ("RSeq", rseq.as_str())];
                let challenge = [("Contact", contact.as_str()), ("Proxy-Authenticate", "Digest realm=\"r\", nonce=\"n\"")];
                let lines: &[(&str, &str)] = match &status[..1] {
                    "1" if dice.is_so(60) => &reliable,
                    "4" => &challenge,
                    _ => &reliable[..1],
                };
                carrier.reply_as(branch, invite, status, lines, &body).await;
            } else {
                number += 1;
                let method = dice.pick(&["BYE", "UPDATE", "INVITE", "INFO", "PRACK", "OPTIONS"]);
                carrier.ask(branch, invite, (method, number), &body).await;
            }
        }
    }
}

/// What the owner knows of each leg: whether it is over.
#[derive(Default)]
struct Owner(HashMap<LegId, bool>);

impl Owner {
    /// Takes an event, and does with the call whatever the dice say.
    async fn take(&mut self, desk: &Desk, event: Event, dice: &mut Dice) {
        let Some(leg) = event.leg() else { return };
        let over = matches!(event, Event::Ended { .. } | Event::OutboundFailed { .. });
        let before = self.0.insert(leg, over);
        assert_ne!(before, Some(true), "told after its end: {event:?}");
        match event {
            Event::Invited(_) => {
                assert_eq!(before, None, "a call comes once");
                match dice.below(8) {
                    0 => desk.agent.reject(leg, Reject::Busy).await,
                    1 => desk.agent.hang_up(leg).await,
                    2 => {}
                    3 => drop(desk.agent.progress(leg, audio()).await),
                    4 => {
                        // Either may be refused: the caller may have gone.
                        let _ = desk.agent.progress(leg, audio()).await;
                        let _ = desk.agent.answer(leg, audio()).await;
                    }
                    _ => drop(desk.agent.answer(leg, audio()).await),
                }
            }
            Event::TextOffered { .. } => desk.agent.place_text(leg, None).await,
            Event::Changed { .. } | Event::OutboundRinging { .. } | Event::OutboundAnswered { .. } if dice.is_so(10) => {
                desk.agent.hang_up(leg).await;
            }
            _ => {}
        }
    }

    fn open(&self) -> Vec<LegId> {
        self.0.iter().filter(|(_, over)| !**over).map(|(leg, _)| *leg).collect()
    }
}

async fn storm(seed: u64) {
    let carrier = Carrier::new("127.0.0.2:0").await;
    let out =
        Trunk { account: Some(Account::new("siaga112", "rahasia")), ..Trunk::new("out".into(), vec![], Some(carrier.address())) };
    let trunks = vec![
        trunk("telco", "127.0.0.1/32").with_reliability(Reliability::WhenSupported),
        out.with_reliability(Reliability::WhenSupported),
    ];
    let t1 = Duration::from_millis(20);
    let limits = Limits { t1, max_calls: PLACES, silence: t1 * 50, max_ring: t1 * 100, min_session_s: 90, ..Limits::default() };
    let mut desk = desk_with_all(&["udp://127.0.0.1:0"], limits, trunks, Tls::default()).await;
    let (mut owner, mut dice, at) = (Owner::default(), Dice(seed), desk.udp());
    let answering = tokio::spawn(strange_carrier(seed, carrier));
    let mut peers = JoinSet::new();
    for n in 0..CALLS {
        peers.spawn(Strange::call(seed * 1_000 + n, at));
        let to =
            Outbound { trunks: vec!["out".into()], number: "110".into(), caller: None, media: audio().into(), callback: false };
        owner.0.insert(desk.agent.call(to).await.unwrap(), false);
    }
    loop {
        tokio::select! {
            Some(event) = desk.events.recv() => owner.take(&desk, event, &mut dice).await,
            ended = peers.join_next() => match ended {
                Some(ended) => ended.unwrap(),
                None => break,
            },
        }
    }
    // The strangers have said everything, and the owner has had enough.
    for leg in owner.open() {
        desk.agent.hang_up(leg).await;
    }
    while !owner.open().is_empty() {
        let event = desk.news().await;
        owner.take(&desk, event, &mut dice).await;
    }
    answering.abort();

    // Every place is free again once the last BYE has been given up.
    let mut peer = Peer::new("127.0.0.1", at).await;
    for _ in 0..PLACES {
        while !rings(&mut peer).await {}
    }
    while let Ok(event) = desk.events.try_recv() {
        owner.take(&desk, event, &mut Dice(2)).await;
    }
}

/// Whether there is room for one call more.
async fn rings(peer: &mut Peer) -> bool {
    let invite = peer.request("INVITE", URI, &[], OFFER);
    peer.send(&invite).await;
    loop {
        let answer = peer.receive().await;
        match answer.get(8..11) {
            Some("180") => return true,
            Some("503") => return false,
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_peers_say_in_any_order_each_call_ends_once_and_leaves_its_place() {
    for seed in 1..=2 {
        storm(seed).await;
    }
}
