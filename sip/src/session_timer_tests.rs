#![allow(clippy::unwrap_used)]

use super::*;
use Refresher::{Uac, Uas};

fn said(lines: &[(&str, &str)]) -> Said {
    Said::read(&Fields(lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()))
}

fn asks(interval_s: u32, refresher: Option<Refresher>) -> Said {
    Said { interval_s: Some(interval_s), refresher, min_s: None, able: true }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn what_a_message_says_is_read() {
    assert_eq!(
        said(&[("Session-Expires", " 1800 ; refresher=UAS"), ("Min-SE", "90;x=y"), ("Supported", "100rel, Timer")]),
        Said { interval_s: Some(1800), refresher: Some(Uas), min_s: Some(90), able: true }
    );
    assert_eq!(said(&[("Session-Expires", "soon;refresher=me"), ("Supported", "timers")]), Said::default());
    assert!(said(&[("Session-Expires", "60"), ("Require", "timer")]).is_too_brief(90));
    assert!(!said(&[("Session-Expires", "60")]).is_too_brief(90), "a proxy's wish for a caller that knows no timers");
    assert!(!said(&[("Supported", "timer")]).is_too_brief(90));
}

#[test]
fn the_refresher_is_chosen_as_the_table_says() {
    let now = crate::clock::now();
    for (request, refresher, required) in [
        (asks(1800, None), Uac, true),
        (asks(1800, Some(Uac)), Uac, true),
        (asks(1800, Some(Uas)), Uas, true),
        (Said { able: false, ..asks(1800, None) }, Uas, false),
    ] {
        let agreed = SessionTimer::new(90).accept(request, now).unwrap();
        assert_eq!(agreed, Agreed { interval_s: 1800, refresher, required });
    }
    assert_eq!(SessionTimer::new(90).accept(said(&[("Supported", "timer")]), now), None);
    let brief = Said { able: false, ..asks(1, None) };
    assert_eq!(SessionTimer::new(90).accept(brief, now).unwrap().interval_s, 90, "no storm of refreshes");
}

#[test]
fn the_other_side_is_waited_for_until_a_little_before_the_end() {
    let (mut timer, now) = (SessionTimer::new(90), crate::clock::now());
    timer.accept(asks(1800, Some(Uac)), now);
    assert_eq!(timer.deadline(), Some(now + seconds(1768)));
    assert_eq!(timer.poll(now + seconds(1767)), None);
    timer.accept(asks(90, Some(Uac)), now + seconds(1767));
    assert_eq!(timer.deadline(), Some(now + seconds(1767 + 60)));
    assert_eq!(timer.poll(now + seconds(1827)), Some(Due::Over));
    assert_eq!((timer.deadline(), timer.poll(now + seconds(9999))), (None, None), "only once");
}

#[test]
fn we_refresh_at_half_time_and_try_again_until_the_end() {
    let (mut timer, now) = (SessionTimer::new(90), crate::clock::now());
    timer.accept(asks(180, Some(Uas)), now);
    assert_eq!(timer.poll(now + seconds(89)), None);
    assert_eq!(timer.poll(now + seconds(90)), Some(Due::Refresh));
    assert_eq!(timer.poll(now + seconds(91)), None, "the answer is awaited");
    assert_eq!(timer.request(), Some(("180;refresher=uac".into(), "90".into())));
    timer.again(now + seconds(92));
    assert_eq!(timer.poll(now + seconds(92)), Some(Due::Refresh));
    timer.told(asks(180, Some(Uac)), now + seconds(93));
    assert_eq!(timer.deadline(), Some(now + seconds(93 + 90)));
    assert_eq!(timer.poll(now + seconds(93 + 148)), Some(Due::Over), "no answer ever came");
}

#[test]
fn a_request_without_a_word_of_it_keeps_the_timer_and_an_answer_without_ends_it() {
    let (mut timer, now) = (SessionTimer::new(90), crate::clock::now());
    timer.accept(asks(600, Some(Uas)), now);
    let hold = Said::default();
    assert_eq!(timer.accept(hold, now), Some(Agreed { interval_s: 600, refresher: Uas, required: false }));
    timer.told(asks(600, Some(Uas)), now);
    assert_eq!(timer.accept(Said { able: true, ..hold }, now).unwrap().refresher, Uac, "the other side goes on refreshing");
    timer.told(hold, now);
    assert_eq!(timer.deadline(), None);
}

#[test]
fn a_422_raises_the_interval_only_when_it_asks_for_more() {
    let (mut timer, now) = (SessionTimer::new(90), crate::clock::now());
    assert!(!timer.raise(Some(200), now), "no timer runs");
    timer.accept(asks(180, Some(Uas)), now);
    assert!(!timer.raise(None, now) && !timer.raise(Some(180), now));
    assert!(timer.raise(Some(200), now));
    assert_eq!(timer.poll(now), Some(Due::Refresh));
    assert_eq!(timer.request(), Some(("200;refresher=uac".into(), "200".into())));
}

#[test]
fn who_refuses_is_asked_again_a_few_times_until_the_end() {
    let (mut timer, now) = (SessionTimer::new(90), crate::clock::now());
    timer.accept(asks(1800, Some(Uas)), now);
    let mut asked = Vec::new();
    let over = loop {
        let at = timer.deadline().unwrap();
        match timer.poll(at) {
            Some(Due::Refresh) => asked.push((at - now).as_secs()),
            Some(Due::Over) => break at - now,
            None => unreachable!("it is due"),
        }
        timer.refused(at);
    };
    assert_eq!((asked, over), (vec![900, 1334, 1551, 1659, 1713, 1740, 1754, 1761, 1764], seconds(1768)));
    timer.accept(asks(1800, Some(Uac)), now);
    timer.refused(now);
    assert_eq!(timer.deadline(), Some(now + seconds(1768)), "the other side refreshes");
}

#[test]
fn after_491_the_two_sides_never_wait_equally_long() {
    for random in (0..5000).chain([u32::MAX]) {
        assert!(backoff(false, random) <= seconds(2));
        let owner = backoff(true, random);
        assert!(owner >= Duration::from_millis(2100) && owner <= seconds(4));
    }
}
