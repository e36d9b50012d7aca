//! Phones that register, on virtual time.

use super::*;
use crate::clock;
use crate::config::{Phone, Secret};
use crate::trunk::digest::{Challenge, Session};
use std::time::Duration;

const URI: &str = "sip:siaga.example";

struct World {
    registrar: Registrar,
    now: Instant,
    requests: u32,
}

impl World {
    fn new() -> World {
        let phone = |name: &str, password: &str| Phone { name: name.into(), password: Secret(password.into()) };
        let phones = vec![phone("meja-1", "satu"), phone("meja-2", "dua")];
        let config = Phones { networks: vec!["192.0.2.0/24".parse().unwrap()], phones, ..Phones::default() };
        let now = clock::now();
        World { registrar: Registrar::new(config, [1; 32], now), now, requests: 0 }
    }

    fn fields(&mut self, phone: &str, lines: &[(&str, &str)]) -> Fields {
        self.requests += 1;
        let mut fields = Fields::default();
        fields.push("Via", format!("SIP/2.0/UDP h;branch=z9hG4bK{}", self.requests));
        fields.push("To", format!("<sip:{phone}@siaga.example>"));
        fields.push("Call-ID", "call");
        fields.push("CSeq", format!("{} REGISTER", self.requests));
        for (name, value) in lines {
            fields.push(name, *value);
        }
        fields
    }

    fn send(&mut self, fields: &Fields, from: &str) -> Refusal {
        let source = Source { transport: Transport::Udp, peer: from.parse().unwrap(), local: "10.0.0.1:5060".parse().unwrap() };
        self.registrar.register(URI, fields, source, self.now)
    }

    /// Answers the challenge with this password.
    fn register(&mut self, phone: &str, password: &str, from: &str, lines: &[(&str, &str)]) -> Refusal {
        let fields = self.fields(phone, lines);
        let challenge = self.send(&fields, from);
        if challenge.code != 401 {
            return challenge;
        }
        let mut asked = Fields::default();
        for (name, value) in challenge.extra {
            asked.push(name, value);
        }
        let account = Account::new(phone, password);
        let mut session = Session::new(Challenge::of(&asked, 401).unwrap());
        let (name, value) = session.answer(&account, "REGISTER", URI, "c");
        let mut fields = self.fields(phone, lines);
        fields.push(name, value);
        self.send(&fields, from)
    }

    fn news(&mut self) -> Option<(String, bool)> {
        self.registrar.poll_news().map(|standing| (standing.phone.0, standing.registered))
    }

    fn peer(&self, phone: &str) -> Option<String> {
        self.registrar.place(&phone.into()).map(|(flow, _)| flow.peer.to_string())
    }
}

const HERE: &str = "192.0.2.7:5060";
const CONTACT: (&str, &str) = ("Contact", "<sip:meja-1@192.0.2.7:5060>;expires=600");

fn header<'a>(answer: &'a Refusal, name: &str) -> Option<&'a str> {
    answer.extra.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_phone_is_challenged_with_both_digests_and_registers_with_its_password() {
    let mut world = World::new();
    let fields = world.fields("meja-1", &[CONTACT]);
    let challenge = world.send(&fields, HERE);
    let asked: Vec<&str> = challenge.extra.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!((challenge.code, asked.len()), (401, 2));
    assert!(asked[0].contains("algorithm=SHA-256") && asked[1].contains("algorithm=MD5"), "{asked:?}");
    assert_eq!(world.peer("meja-1"), None);
    let answer = world.register("meja-1", "satu", HERE, &[CONTACT]);
    assert_eq!((answer.code, header(&answer, "Contact")), (200, Some("<sip:meja-1@192.0.2.7:5060>;expires=600")));
    assert_eq!((world.peer("meja-1").as_deref(), world.news()), (Some(HERE), Some(("meja-1".into(), true))));
    assert_eq!(world.register("meja-1", "satu", HERE, &[CONTACT]).code, 200);
    assert_eq!(world.news(), None, "a refresh is no news");
}

#[test]
fn a_wrong_password_and_an_unknown_phone_hear_the_same_and_then_have_to_wait() {
    let mut world = World::new();
    for phone in ["meja-1", "meja-9", "meja-1", "meja-9", "meja-1"] {
        assert_eq!(world.register(phone, "salah", HERE, &[CONTACT]).code, 403, "{phone}");
    }
    let waits = world.register("meja-1", "satu", HERE, &[CONTACT]);
    assert_eq!((waits.code, header(&waits, "Retry-After")), (503, Some("3")));
    assert_eq!(world.register("meja-1", "satu", "192.0.2.8:5060", &[CONTACT]).code, 200, "from elsewhere the phone may");
    world.now += Duration::from_secs(3);
    assert_eq!(world.register("meja-1", "satu", HERE, &[CONTACT]).code, 200);
}

#[test]
fn a_phone_registers_nobody_else() {
    let mut world = World::new();
    let fields = world.fields("meja-1", &[CONTACT]);
    let challenge = world.send(&fields, HERE);
    let mut asked = Fields::default();
    asked.push("WWW-Authenticate", header(&challenge, "WWW-Authenticate").unwrap());
    let account = Account::new("meja-2", "dua");
    let (name, value) = Session::new(Challenge::of(&asked, 401).unwrap()).answer(&account, "REGISTER", URI, "c");
    let mut fields = world.fields("meja-1", &[CONTACT]);
    fields.push(name, value);
    assert_eq!(world.send(&fields, HERE).code, 403);
    assert_eq!(world.peer("meja-1"), None);
}

#[test]
fn a_registration_runs_out_and_is_told() {
    let mut world = World::new();
    world.register("meja-1", "satu", HERE, &[CONTACT]);
    world.news();
    assert_eq!(world.registrar.deadline(), Some(world.now + Duration::from_secs(600)));
    world.now += Duration::from_secs(600);
    world.registrar.expire(world.now);
    assert_eq!((world.peer("meja-1"), world.news()), (None, Some(("meja-1".into(), false))));
}

#[test]
fn too_brief_a_registration_is_told_the_least() {
    let mut world = World::new();
    let brief = ("Contact", "<sip:meja-1@192.0.2.7:5060>;expires=30");
    let answer = world.register("meja-1", "satu", HERE, &[brief]);
    assert_eq!((answer.code, header(&answer, "Min-Expires")), (423, Some("60")));
    assert_eq!(world.peer("meja-1"), None);
}

#[test]
fn of_two_contacts_and_of_two_phones_of_one_name_one_counts() {
    let mut world = World::new();
    let two = ("Contact", "<sip:meja-1@192.0.2.7:5060>;expires=600, <sip:meja-1@192.0.2.9:5060>;expires=600");
    let answer = world.register("meja-1", "satu", HERE, &[two]);
    assert_eq!(answer.extra.iter().filter(|(name, _)| *name == "Contact").count(), 1);
    assert_eq!(world.peer("meja-1").as_deref(), Some(HERE));
    world.news();
    let other = ("Contact", "<sip:meja-1@192.0.2.8:5062>;expires=600");
    world.register("meja-1", "satu", "192.0.2.8:5062", &[other]);
    assert_eq!(world.peer("meja-1").as_deref(), Some("192.0.2.8:5062"), "the newest wins");
    assert_eq!(world.news(), Some(("meja-1".into(), true)));
}

#[test]
fn a_phone_signs_off_by_its_contact_or_by_all_and_not_by_anothers() {
    for (line, expires, gone) in
        [("<sip:meja-1@192.0.2.7:5060>", "0", true), ("*", "0", true), ("<sip:meja-1@192.0.2.99:5060>", "0", false)]
    {
        let mut world = World::new();
        world.register("meja-1", "satu", HERE, &[CONTACT]);
        world.news();
        assert_eq!(world.register("meja-1", "satu", HERE, &[("Contact", line), ("Expires", expires)]).code, 200);
        assert_eq!((world.peer("meja-1").is_none(), world.news().is_some()), (gone, gone), "{line}");
    }
    let mut world = World::new();
    assert_eq!(world.register("meja-1", "satu", HERE, &[("Contact", "*"), ("Expires", "60")]).code, 400);
}

#[test]
fn a_request_that_was_overtaken_changes_nothing() {
    let mut world = World::new();
    world.register("meja-1", "satu", HERE, &[CONTACT]);
    world.requests = 0;
    let answer = world.register("meja-1", "satu", HERE, &[("Contact", "*"), ("Expires", "0")]);
    assert_eq!((answer.code, world.peer("meja-1").as_deref()), (200, Some(HERE)));
}

#[test]
fn a_phone_that_twice_does_not_answer_is_gone_until_it_registers_again() {
    let mut world = World::new();
    let phone = PhoneName::from("meja-1");
    world.register("meja-1", "satu", HERE, &[CONTACT]);
    world.news();
    let (flow, _) = world.registrar.place(&phone).unwrap();
    assert!(world.registrar.missed(&phone, flow), "once may be chance");
    world.registrar.answered(&phone, flow);
    assert!(world.registrar.missed(&phone, flow));
    assert!(!world.registrar.missed(&phone, flow));
    assert_eq!((world.peer("meja-1"), world.news()), (None, Some(("meja-1".into(), false))));
    world.register("meja-1", "satu", HERE, &[CONTACT]);
    assert_eq!(world.news(), Some(("meja-1".into(), true)));
    let elsewhere = Flow { peer: "192.0.2.200:5060".parse().unwrap(), ..flow };
    world.registrar.lost(&phone, elsewhere, "old news");
    assert_eq!(world.peer("meja-1").as_deref(), Some(HERE), "what is said of an old place means nothing");
}

/// Forged packets cannot read our challenges: with made-up ones they neither keep a phone out nor find out who is known.
#[test]
fn a_nonce_that_was_never_given_counts_against_nobody_and_tells_nothing() {
    let mut world = World::new();
    let made_up = |user: &str| {
        format!(
            "Digest username=\"{user}\", realm=\"siaga\", nonce=\"{}\", uri=\"{URI}\", response=\"0\", algorithm=MD5",
            "0".repeat(48)
        )
    };
    for user in ["meja-1", "nobody"] {
        for _ in 0..20 {
            let fields = world.fields(user, &[CONTACT, ("Authorization", &made_up(user))]);
            assert_eq!(world.send(&fields, HERE).code, 401, "{user}");
        }
    }
    assert_eq!(world.register("meja-1", "satu", HERE, &[CONTACT]).code, 200, "the phone itself does not wait");
}
