//! Phones that prove who they are, on virtual time.

use super::*;
use crate::clock;
use crate::config::Secret;
use crate::trunk::digest::Session;
use proptest::prelude::*;

const REALM: &str = "siaga";
const URI: &str = "sip:siaga.example";

struct World {
    nonces: Nonces,
    proved: Proved,
    now: Instant,
    account: Account,
}

impl World {
    fn new() -> World {
        let now = clock::now();
        let account = Account::new("meja-1", "rahasia");
        World { nonces: Nonces::new([7; 32], now), proved: Proved::default(), now, account }
    }

    fn session(&mut self, algorithm: &str) -> Session {
        let nonce = self.nonces.issue(self.now);
        let mut fields = Fields::default();
        fields.push(
            "WWW-Authenticate",
            format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\""),
        );
        Session::new(crate::trunk::digest::Challenge::of(&fields, 401).unwrap())
    }

    /// The fields of a request with these credentials; `cseq` makes it another request.
    fn request(&self, session: &mut Session, password: &str, method: &str, cseq: u32) -> Fields {
        let account = Account { password: Secret(password.into()), ..self.account.clone() };
        let (name, value) = session.answer(&account, method, URI, "c");
        let mut fields = Fields::default();
        fields.push("Via", format!("SIP/2.0/UDP h;branch=z9hG4bK{cseq}"));
        fields.push("From", "<sip:meja-1@siaga>;tag=a");
        fields.push("Call-ID", "call");
        fields.push("CSeq", format!("{cseq} {method}"));
        fields.push(name, value);
        fields
    }

    fn judge(&mut self, fields: &Fields, method: &str, uri: &str) -> Verdict {
        self.judge_from("192.0.2.1:5060", fields, method, uri)
    }

    fn judge_from(&mut self, peer: &str, fields: &Fields, method: &str, uri: &str) -> Verdict {
        let given = Given::read(fields, REALM).unwrap();
        let same = Same::of(fields, peer.parse().unwrap());
        given.judge(&self.account, (method, uri), same.as_ref(), &mut self.proved, &self.nonces, self.now)
    }
}

#[test]
fn both_digests_are_right_with_the_right_password_and_wrong_with_any_other() {
    for algorithm in ["SHA-256", "MD5"] {
        let mut world = World::new();
        let mut session = world.session(algorithm);
        let wrong = world.request(&mut session, "lain", "REGISTER", 1);
        assert_eq!(world.judge(&wrong, "REGISTER", URI), Verdict::Wrong, "{algorithm}");
        let right = world.request(&mut session, "rahasia", "REGISTER", 2);
        assert_eq!(world.judge(&right, "REGISTER", URI), Verdict::Right, "{algorithm}");
    }
}

#[test]
fn credentials_are_for_one_method_and_one_place() {
    let mut world = World::new();
    let mut session = world.session("SHA-256");
    let fields = world.request(&mut session, "rahasia", "REGISTER", 1);
    assert_eq!(world.judge(&fields, "INVITE", URI), Verdict::Wrong);
    assert_eq!(world.judge(&fields, "REGISTER", "sip:elsewhere"), Verdict::Wrong);
    assert_eq!(world.judge(&fields, "REGISTER", "sip:SIAGA.example;transport=tcp"), Verdict::Right, "parameters are no place");
}

#[test]
fn what_was_overheard_is_worth_nothing_and_a_repetition_is_no_second_use() {
    let mut world = World::new();
    let mut session = world.session("MD5");
    let first = world.request(&mut session, "rahasia", "REGISTER", 1);
    assert_eq!(world.judge(&first, "REGISTER", URI), Verdict::Right);
    assert_eq!(world.judge(&first, "REGISTER", URI), Verdict::Right, "the network has doubled it");
    let mut copied = first.clone();
    copied.set("Via", "SIP/2.0/UDP h;branch=z9hG4bKother");
    assert_eq!(world.judge(&copied, "REGISTER", URI), Verdict::Stale);
    assert_eq!(world.judge_from("192.0.2.66:5060", &first, "REGISTER", URI), Verdict::Stale, "another machine sends it");
    let mut another = first.clone();
    another.set("From", "<sip:meja-1@siaga>;tag=b");
    assert_eq!(world.judge(&another, "REGISTER", URI), Verdict::Stale, "another call");
    world.now += REPEATED_FOR;
    assert_eq!(world.judge(&first, "REGISTER", URI), Verdict::Right);
    world.now += Duration::from_millis(1);
    assert_eq!(world.judge(&first, "REGISTER", URI), Verdict::Stale, "no transaction lasts for so long");
    let second = world.request(&mut session, "rahasia", "REGISTER", 2);
    assert_eq!(world.judge(&second, "REGISTER", URI), Verdict::Right, "the phone's next count");
    assert_eq!(world.judge(&first, "REGISTER", URI), Verdict::Stale);
}

#[test]
fn an_older_nonce_than_the_newest_one_used_is_stale() {
    let mut world = World::new();
    let mut older = world.session("MD5");
    let mut newer = world.session("MD5");
    let fields = world.request(&mut newer, "rahasia", "INVITE", 1);
    assert_eq!(world.judge(&fields, "INVITE", URI), Verdict::Right);
    let fields = world.request(&mut older, "rahasia", "REGISTER", 2);
    assert_eq!(world.judge(&fields, "REGISTER", URI), Verdict::Stale);
}

#[test]
fn a_nonce_has_its_time_and_nobody_else_makes_one() {
    let mut world = World::new();
    let mut session = world.session("SHA-256");
    world.now += NONCE_LIFE + Duration::from_secs(1);
    let fields = world.request(&mut session, "rahasia", "REGISTER", 1);
    assert_eq!(world.judge(&fields, "REGISTER", URI), Verdict::Stale);
    let mut other = World { nonces: Nonces::new([8; 32], world.now), ..World::new() };
    let mut session = other.session("SHA-256");
    let fields = world.request(&mut session, "rahasia", "REGISTER", 2);
    assert_eq!(world.judge(&fields, "REGISTER", URI), Verdict::Stale);
}

proptest! {
    #[test]
    fn no_credentials_make_it_panic(value in "\\PC{0,120}", nonce in "\\PC{0,60}") {
        let mut world = World::new();
        let mut fields = Fields::default();
        fields.push("Authorization", format!("Digest {value}"));
        fields.push("Authorization", format!("Digest username=\"meja-1\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"x\", response=\"y\""));
        if Given::read(&fields, REALM).is_some() {
            prop_assert_ne!(world.judge(&fields, "REGISTER", URI), Verdict::Right);
        }
    }
}
