//! A location server's words, on virtual time.

use super::*;
use crate::clock;
use proptest::prelude::*;

const URI: &str = "sip:loc-7@lis.example";
const PATIENCE: Duration = Duration::from_secs(32);
const CONTACT: (&str, &str) = ("Contact", "<sip:server@192.0.2.9:5070>");
const TAKEN: [(&str, &str); 3] = [("To", "<sip:loc-7@lis.example>;tag=server"), ("Expires", "600"), CONTACT];

fn place(longitude: f64) -> String {
    format!(
        "<presence><tuple><status><geopriv><location-info><Point><pos>1.1 {longitude}</pos></Point></location-info></geopriv></status></tuple></presence>"
    )
}

fn fields(lines: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::default();
    lines.iter().for_each(|(name, value)| fields.push(name, *value));
    fields
}

/// A subscription, its clock, and the server.
struct World {
    subscription: Subscription,
    now: Instant,
    /// Of the server's NOTIFY.
    number: u32,
}

impl World {
    fn new() -> World {
        let now = clock::now();
        let account = Account::new("siaga", "secret");
        World { subscription: Subscription::new(Some(account), URI.into(), PATIENCE, now), now, number: 0 }
    }

    /// One that the server has taken.
    fn taken() -> World {
        let mut world = World::new();
        world.asks();
        world.answers(200, &TAKEN);
        world
    }

    fn step(&mut self) -> Step {
        self.subscription.poll(self.now, "c")
    }

    /// The SUBSCRIBE that is due now.
    fn asks(&mut self) -> Ask {
        match self.step() {
            Step::Ask(ask) => *ask,
            other => panic!("{other:?}"),
        }
    }

    /// Goes on to when something is due; says after how many seconds.
    fn waits(&mut self) -> u64 {
        match self.step() {
            Step::Wait(Some(at)) => {
                let waited = at - self.now;
                self.now = at;
                waited.as_secs()
            }
            other => panic!("{other:?}"),
        }
    }

    fn answers(&mut self, code: u16, lines: &[(&str, &str)]) {
        self.subscription.handle_response(code, &fields(lines), self.now);
    }

    /// The server notifies; `lines` come before the usual ones.
    fn notifies_as(&mut self, lines: &[(&str, &str)], body: &str) -> Answer {
        self.number += 1;
        let number = format!("{} NOTIFY", self.number);
        let usual = [
            ("From", "<sip:loc-7@lis.example>;tag=server"),
            ("CSeq", number.as_str()),
            ("Event", "presence"),
            ("Subscription-State", "active;expires=600"),
            ("Content-Type", "application/pidf+xml"),
        ];
        self.subscription.handle_notify(&fields(&[lines, &usual].concat()), body.as_bytes(), self.now)
    }

    fn notifies(&mut self, longitude: f64) -> Answer {
        self.notifies_as(&[], &place(longitude))
    }

    /// The longitude that the owner is told.
    fn tells(&mut self) -> Option<f64> {
        match self.step() {
            Step::Tell(location) => location.latitude_longitude.map(|(_, longitude)| longitude),
            _ => None,
        }
    }
}

#[test]
fn a_subscription_stands_for_the_whole_call_and_is_taken_back_with_it() {
    let mut world = World::new();
    let first = world.asks();
    assert_eq!(first, Ask { number: 1, expires: 600, uri: URI.into(), credentials: None, remote: None });
    assert_eq!(world.step(), Step::Wait(None), "one request at a time");
    world.answers(200, &TAKEN);
    assert_eq!(world.notifies(104.1), Answer::Ok);
    assert_eq!(world.tells(), Some(104.1));

    assert_eq!(world.waits(), 540);
    let refresh = world.asks();
    assert_eq!((refresh.number, refresh.expires, refresh.uri.as_str()), (2, 600, "sip:server@192.0.2.9:5070"));
    assert_eq!(refresh.remote.map(|remote| remote.tag).as_deref(), Some("server"));
    world.answers(200, &[("Expires", "60")]);
    assert_eq!(world.waits(), 30, "half of a short time");
    world.asks();
    world.answers(200, &[("Expires", "3")]);
    assert_eq!(world.waits(), 10, "never without a pause");
    world.asks();
    world.answers(200, &TAKEN);

    world.subscription.stop(world.now);
    let last = world.asks();
    assert_eq!((last.number, last.expires), (5, 0));
    world.answers(200, &[("Expires", "0")]);
    assert_eq!(world.notifies_as(&[("Subscription-State", "terminated;reason=timeout")], &place(104.9)), Answer::Ok);
    assert_eq!(world.step(), Step::Over(End::Done), "and what comes after the call is not told");
    assert_eq!(world.notifies(104.2), Answer::Unknown);
}

#[test]
fn the_last_notify_is_not_waited_for_without_end() {
    let mut world = World::taken();
    world.subscription.stop(world.now);
    assert_eq!(world.asks().expires, 0);
    world.answers(200, &[]);
    assert_eq!(world.waits(), 2);
    assert_eq!(world.step(), Step::Over(End::Done));
}

#[test]
fn a_call_that_is_over_at_once_leaves_nothing_at_the_server() {
    let mut world = World::new();
    world.subscription.stop(world.now);
    assert_eq!(world.step(), Step::Over(End::Done), "nothing was asked yet");

    let mut world = World::new();
    world.asks();
    world.subscription.stop(world.now);
    assert_eq!(world.step(), Step::Wait(None));
    world.answers(200, &TAKEN);
    assert_eq!(world.asks().expires, 0);
    world.subscription.handle_silence(world.now);
    assert_eq!(world.step(), Step::Over(End::Done));
}

#[test]
fn a_challenge_is_answered_with_the_trunks_account_once_and_again_where_only_the_nonce_was_old() {
    const CHALLENGE: (&str, &str) = ("Proxy-Authenticate", "Digest realm=\"lis.example\", nonce=\"one\", qop=\"auth\"");
    const STALE: (&str, &str) = ("Proxy-Authenticate", "Digest realm=\"lis.example\", nonce=\"two\", qop=\"auth\", stale=true");
    let mut world = World::new();
    world.asks();
    world.answers(407, &[CHALLENGE]);
    let (name, value) = world.asks().credentials.unwrap();
    assert!(name == "Proxy-Authorization" && value.contains(&format!("uri=\"{URI}\"")), "{value}");
    world.answers(407, &[STALE]);
    assert!(world.asks().credentials.unwrap().1.contains("nonce=\"two\""));
    world.answers(200, &TAKEN);
    world.notifies(104.1);
    assert_eq!(world.tells(), Some(104.1));
    world.waits();
    assert!(world.asks().credentials.unwrap().1.contains("uri=\"sip:server@192.0.2.9:5070\""), "the nonce serves on");

    let mut world = World::new();
    world.asks();
    world.answers(407, &[CHALLENGE]);
    world.asks();
    world.answers(407, &[CHALLENGE]);
    assert_eq!(world.step(), Step::Over(End::Refused(407)));

    let mut world = World::new();
    world.subscription.account = None;
    world.asks();
    world.answers(401, &[("WWW-Authenticate", "Digest realm=\"lis.example\", nonce=\"one\"")]);
    assert_eq!(world.step(), Step::Over(End::Refused(401)));
}

#[test]
fn who_refuses_or_says_nothing_is_asked_no_more() {
    for code in [403, 404, 489, 503] {
        let mut world = World::new();
        world.asks();
        world.answers(code, &[]);
        assert_eq!(world.step(), Step::Over(End::Refused(code)));
    }
}

#[test]
fn a_server_that_accepts_and_never_notifies_is_left() {
    let mut world = World::taken();
    assert_eq!(world.waits(), 32);
    assert_eq!(world.asks().expires, 0);
    world.answers(200, &[]);
    world.waits();
    assert_eq!(world.step(), Step::Over(End::Silent));

    let mut world = World::new();
    world.asks();
    world.subscription.handle_silence(world.now);
    assert_eq!(world.step(), Step::Over(End::Silent));
}

#[test]
fn too_brief_an_interval_is_asked_for_again_as_the_server_wants_it_and_no_longer_than_an_hour() {
    let mut world = World::new();
    world.asks();
    world.answers(423, &[("Min-Expires", "1800")]);
    assert_eq!(world.asks().expires, 1800);
    world.answers(423, &[("Min-Expires", "86400")]);
    assert_eq!(world.step(), Step::Over(End::Refused(423)));
}

#[test]
fn a_notify_may_overtake_the_answer_and_a_forked_one_is_unknown() {
    let mut world = World::new();
    world.asks();
    let route = ("Record-Route", "<sip:p1.example;lr>, <sip:p2.example;lr>");
    assert_eq!(world.notifies_as(&[CONTACT, route], &place(104.1)), Answer::Ok);
    assert_eq!(world.tells(), Some(104.1));
    assert_eq!(world.notifies_as(&[("From", "<sip:loc-7@lis.example>;tag=other")], &place(104.2)), Answer::Unknown);
    world.answers(200, &TAKEN);
    assert_eq!(world.tells(), None);
    world.waits();
    let remote = world.asks().remote.unwrap();
    assert_eq!(
        (remote.tag.as_str(), remote.routes),
        ("server", vec!["<sip:p1.example;lr>".to_owned(), "<sip:p2.example;lr>".into()])
    );
}

#[test]
fn the_route_of_an_answer_is_gone_back() {
    let mut world = World::new();
    world.asks();
    world.answers(200, &[&TAKEN[..], &[("Record-Route", "<sip:p1.example;lr>,<sip:p2.example;lr>")]].concat());
    world.notifies(104.1);
    world.tells();
    world.waits();
    assert_eq!(world.asks().remote.unwrap().routes, ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]);
}

#[test]
fn another_event_and_an_older_notify_are_told_so() {
    let mut world = World::taken();
    assert_eq!(world.notifies_as(&[("Event", "dialog")], &place(104.1)), Answer::BadEvent);
    assert_eq!(world.notifies(104.2), Answer::Ok);
    assert_eq!(world.notifies_as(&[("CSeq", "1 NOTIFY")], &place(104.3)), Answer::OutOfOrder);
    assert_eq!(world.tells(), Some(104.2));
}

#[test]
fn what_has_no_location_is_no_news_and_the_next_that_has_one_is() {
    let mut world = World::taken();
    assert_eq!(world.notifies_as(&[("Subscription-State", "pending")], ""), Answer::Ok);
    for body in ["<presence", "<presence/>", "hello"] {
        assert_eq!(world.notifies_as(&[], body), Answer::NoLocation, "{body}");
    }
    assert_eq!(world.notifies_as(&[("Content-Type", "text/plain")], &place(104.1)), Answer::NoLocation);
    assert_eq!(world.tells(), None);
    let mixed = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: application/pidf+xml\r\n\r\n{}\r\n--b--\r\n",
        place(104.2)
    );
    assert_eq!(world.notifies_as(&[("Content-Type", "multipart/mixed;boundary=b")], &mixed), Answer::Ok);
    assert_eq!(world.tells(), Some(104.2));
}

#[test]
fn the_owner_hears_the_newest_place_at_a_bounded_pace_and_none_twice() {
    let mut world = World::taken();
    world.notifies(104.1);
    assert_eq!(world.tells(), Some(104.1));
    world.notifies(104.1);
    assert_eq!(world.waits(), 540, "the same again is no news");

    let mut world = World::taken();
    world.notifies(104.1);
    world.tells();
    world.notifies(104.2);
    world.notifies(104.3);
    assert_eq!(world.tells(), None);
    assert_eq!(world.waits(), 15);
    assert_eq!(world.tells(), Some(104.3));
}

#[test]
fn an_end_is_told_after_what_came_with_it() {
    for (value, end) in [
        ("terminated;reason=noresource", End::Done),
        ("terminated;reason=deactivated", End::Again(Duration::from_secs(10))),
        ("terminated;reason=probation;retry-after=40", End::Again(Duration::from_secs(40))),
    ] {
        let mut world = World::new();
        world.asks();
        // It grants no time, so it tells what it has and no more.
        world.answers(200, &[TAKEN[0], ("Expires", "0")]);
        world.notifies(104.1);
        assert_eq!(world.tells(), Some(104.1));
        world.notifies_as(&[("Subscription-State", value)], &place(104.2));
        assert_eq!(world.tells(), Some(104.2), "{value}");
        assert_eq!(world.step(), Step::Over(end), "{value}");
    }
}

#[test]
fn a_refresh_that_fails_is_tried_again_while_the_subscription_stands_and_then_it_is_begun_anew() {
    let mut world = World::taken();
    world.notifies(104.1);
    world.tells();
    world.waits();
    let mut tries = 0;
    let end = loop {
        match world.step() {
            Step::Ask(_) => {
                tries += 1;
                world.answers(500, &[]);
            }
            Step::Wait(Some(at)) => world.now = at,
            Step::Over(end) => break end,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((tries, end), (6, End::Again(Duration::from_secs(10))));

    let mut world = World::taken();
    world.notifies(104.1);
    world.tells();
    world.waits();
    world.asks();
    world.answers(481, &[]);
    assert_eq!(world.step(), Step::Over(End::Again(Duration::from_secs(10))));
}

/// What may happen to a subscription.
#[derive(Debug, Clone)]
enum Happens {
    Response(u16, u32),
    Silence,
    Notify(&'static str, f64),
    Stop,
    Later(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (prop_oneof![Just(200_u16), Just(401), Just(403), Just(423), Just(481), Just(503)], 0_u32..700)
            .prop_map(|(code, expires)| Happens::Response(code, expires)),
        Just(Happens::Silence),
        (prop_oneof![Just("active"), Just("active;expires=0"), Just("pending;expires=60"), Just("terminated")], 100.0..110.0)
            .prop_map(|(state, longitude)| Happens::Notify(state, longitude)),
        Just(Happens::Stop),
        (1_u64..700).prop_map(Happens::Later),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_after_the_call_it_ends_with_few_requests(all in proptest::collection::vec(happens(), 0..40)) {
        let mut world = World::new();
        for one in all {
            let _ = world.step();
            match one {
                Happens::Response(code, expires) => {
                    let expires = expires.to_string();
                    let challenge = ("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\"");
                    world.answers(code, &[TAKEN[0], ("Expires", &expires), ("Min-Expires", "900"), challenge]);
                }
                Happens::Silence => world.subscription.handle_silence(world.now),
                Happens::Notify(state, longitude) => {
                    let _ = world.notifies_as(&[("Subscription-State", state)], &place(longitude));
                }
                Happens::Stop => world.subscription.stop(world.now),
                Happens::Later(seconds) => world.now += Duration::from_secs(seconds),
            }
        }
        world.subscription.stop(world.now);
        let mut asked = 0;
        loop {
            match world.step() {
                Step::Ask(ask) => {
                    asked += 1;
                    prop_assert!(ask.expires == 0 && asked <= 2);
                    world.answers(200, &TAKEN);
                }
                // Under way since before.
                Step::Wait(None) => world.answers(200, &TAKEN),
                Step::Wait(Some(at)) => world.now = at,
                Step::Over(_) => break,
                Step::Tell(_) => prop_assert!(false, "told after the end"),
            }
        }
    }
}
