//! A registrar's answers, on virtual time.

use super::*;
use crate::clock;

const CONTACT: &str = "sip:siaga@192.0.2.1:5060";

/// A registration, its clock, and what the registrar says.
struct World {
    registration: Registration,
    now: Instant,
}

impl World {
    fn new() -> World {
        let now = clock::now();
        let account = Account::new("siaga", "secret");
        World { registration: Registration::new(account, "sip:carrier.example".into(), now), now }
    }

    /// Goes on to the next REGISTER; says after how many seconds it came.
    fn next(&mut self) -> (u64, Ask) {
        let before = self.now;
        self.now = self.registration.deadline().expect("nothing is due");
        let ask = self.registration.poll(self.now, "c").expect("nothing was asked");
        assert_eq!(self.registration.deadline(), None, "one request at a time");
        ((self.now - before).as_secs(), ask)
    }

    fn answer(&mut self, code: u16, lines: &[(&str, &str)]) -> Option<Told> {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.push(name, *value);
        }
        self.registration.handle_response(code, &fields, CONTACT, self.now, u32::MAX)
    }
}

const CHALLENGE: (&str, &str) = ("WWW-Authenticate", "Digest realm=\"carrier.example\", nonce=\"one\", qop=\"auth\"");
const STALE_CHALLENGE: (&str, &str) =
    ("WWW-Authenticate", "Digest realm=\"carrier.example\", nonce=\"two\", qop=\"auth\", stale=true");

#[test]
fn it_is_registered_after_a_challenge_and_refreshed_with_the_same_nonce_before_it_runs_out() {
    let mut world = World::new();
    let (after, ask) = world.next();
    assert_eq!((after, ask), (0, Ask { number: 1, expires: 3600, credentials: None }));
    assert_eq!(world.answer(401, &[CHALLENGE]), None);
    let (after, ask) = world.next();
    let (name, value) = ask.credentials.unwrap();
    assert_eq!((after, ask.number, name), (0, 2, "Authorization"));
    assert!(value.contains("uri=\"sip:carrier.example\"") && value.contains("nc=00000001"), "{value}");
    let contact = format!("<sip:other@h>;expires=9, <{CONTACT}>;expires=600");
    assert_eq!(world.answer(200, &[("Contact", &contact), ("Expires", "9")]), Some(Told::Registered));
    let (after, ask) = world.next();
    assert_eq!(after, 540);
    assert!(ask.credentials.unwrap().1.contains("nc=00000002"));
    assert_eq!(world.answer(200, &[("Expires", "60")]), None, "a refresh is no news");
    assert_eq!(world.next().0, 30, "half of a short time");
}

#[test]
fn a_stale_nonce_is_answered_with_the_new_one_but_not_for_ever() {
    let mut world = World::new();
    world.next();
    world.answer(401, &[CHALLENGE]);
    world.next();
    for _ in 0..2 {
        assert_eq!(world.answer(401, &[STALE_CHALLENGE]), None);
        let (after, ask) = world.next();
        assert!(after == 0 && ask.credentials.unwrap().1.contains("nonce=\"two\""));
    }
    assert!(matches!(world.answer(401, &[STALE_CHALLENGE]), Some(Told::Lost(_))));
}

#[test]
fn a_wrong_password_is_tried_ever_more_seldom_and_told_once() {
    let mut world = World::new();
    world.next();
    world.answer(401, &[CHALLENGE]);
    world.next();
    assert_eq!(world.answer(401, &[CHALLENGE]), Some(Told::Lost(Some(401))));
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let (pause, ask) = world.next();
        pauses.push(pause);
        assert_eq!(ask.credentials, None, "it starts anew");
        assert_eq!(world.answer(401, &[CHALLENGE]), None);
        world.next();
        assert_eq!(world.answer(401, &[CHALLENGE]), None);
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
}

#[test]
fn a_pause_is_spread_between_its_half_and_its_whole() {
    for (random, expected) in [(0, 1000), (u32::MAX / 2, 1500), (u32::MAX, 2000)] {
        let mut world = World::new();
        world.next();
        world.registration.handle_silence(world.now, random);
        let pause = (world.registration.deadline().unwrap() - world.now).as_millis();
        assert!(pause.abs_diff(expected) <= 1, "{pause}");
    }
}

#[test]
fn the_registrars_own_pause_is_kept() {
    let mut world = World::new();
    world.next();
    assert!(matches!(world.answer(503, &[("Retry-After", "120 (maintenance)")]), Some(Told::Lost(_))));
    assert_eq!(world.next().0, 120);
}

#[test]
fn too_brief_an_interval_is_raised_once_to_what_the_registrar_names() {
    let mut world = World::new();
    world.next();
    assert_eq!(world.answer(423, &[("Min-Expires", "7200")]), None);
    assert_eq!(world.next().1.expires, 7200);
    assert!(matches!(world.answer(423, &[("Min-Expires", "7200")]), Some(Told::Lost(_))), "it had its way");
}

#[test]
fn a_registrar_that_falls_silent_is_told_at_once_and_again_when_it_is_back() {
    let mut world = World::new();
    world.next();
    assert_eq!(world.answer(200, &[]), Some(Told::Registered));
    world.next();
    assert!(matches!(world.registration.handle_silence(world.now, 0), Some(Told::Lost(_))));
    world.next();
    assert_eq!(world.registration.handle_silence(world.now, 0), None);
    world.next();
    assert_eq!(world.answer(200, &[]), Some(Told::Registered));
}

#[test]
fn at_the_end_the_registration_is_taken_back_even_through_a_stale_nonce() {
    let mut world = World::new();
    world.next();
    world.answer(401, &[CHALLENGE]);
    world.next();
    world.answer(200, &[]);
    world.registration.stop(world.now);
    let (after, ask) = world.next();
    assert_eq!((after, ask.expires), (0, 0));
    world.answer(401, &[STALE_CHALLENGE]);
    let (_, ask) = world.next();
    assert!(ask.expires == 0 && ask.credentials.unwrap().1.contains("nonce=\"two\""));
    assert!(!world.registration.is_over());
    assert_eq!(world.answer(200, &[]), None);
    assert!(world.registration.is_over());
}

#[test]
fn what_was_never_registered_is_not_taken_back() {
    let mut world = World::new();
    world.next();
    world.registration.handle_silence(world.now, 0);
    world.registration.stop(world.now);
    assert!(world.registration.is_over());
}

#[test]
fn a_registration_that_comes_through_while_stopping_is_taken_back() {
    let mut world = World::new();
    world.next();
    world.registration.stop(world.now);
    world.answer(200, &[]);
    assert_eq!(world.next().1.expires, 0);
}

#[test]
fn when_the_connection_is_gone_it_registers_again_at_once() {
    let mut world = World::new();
    world.next();
    world.answer(200, &[]);
    world.registration.lost_connection(world.now);
    assert_eq!(world.next().0, 0);
}
