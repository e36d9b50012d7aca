//! The texts against hostile input.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::id::{DispatchId, TeamId};
use proptest::prelude::*;
use uuid::Uuid;

fn card(words: &str) -> DispatchCard {
    DispatchCard {
        dispatch: DispatchId(Uuid::nil()),
        short_id: "ab12CD34ef".into(),
        incident_number: "20261123-0007".into(),
        type_name: Some(words.into()),
        place: words.into(),
        position: Some(Position { latitude: -1.5, longitude: 104.25 }),
        event: words.into(),
        details: words.into(),
        caller_number: Some(words.into()),
        team: TeamId(Uuid::nil()),
        team_name: words.into(),
        agency_name: words.into(),
        telegram_chat: None,
        whatsapp_number: None,
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What Telegram would show: without tags, with entities read.
fn shown(html: &str) -> String {
    let mut text = html.to_owned();
    for tag in ["<b>", "</b>", "</a>", "<a href=\"https://www.google.com/maps/search/?api=1&amp;query=-1.500000,104.250000\">"] {
        text = text.replace(tag, "");
    }
    assert!(!text.contains('<') && !text.contains('>'), "markup from outside: {text}");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn markup_from_outside_is_text() {
    let html = dispatch_html(&card("<b>x</b> <a href=\"tg://evil\">klik</a> &lt;"));
    assert!(shown(&html).contains("Tempat: <b>x</b> <a href=\"tg://evil\">klik</a> &lt;"), "{html}");
}

#[test]
fn marks_that_turn_the_writing_and_control_characters_are_gone() {
    assert_eq!(clean("a\u{202E}b\u{0007}c\u{2066}d\te\r\nf", 100), "abcd e\nf");
}

#[test]
fn what_is_unknown_is_left_out() {
    let mut unknown = card("");
    unknown.type_name = None;
    unknown.caller_number = None;
    unknown.position = Some(Position { latitude: f64::NAN, longitude: 1e300 });
    assert_eq!(dispatch_html(&unknown), "🚨 <b>20261123-0007</b> · <b>Keadaan darurat</b>");
    assert_eq!(template_parameters(&unknown)[1..], ["Keadaan darurat", "-", "-", "-", "-", "-"].map(String::from));
}

#[test]
fn a_status_says_who_and_when_in_the_citys_time() {
    let zone = TimeZone::fixed(jiff::tz::offset(7));
    let at: Timestamp = "2026-11-23T07:32:10Z".parse().unwrap();
    assert!(status(Progress::EnRoute, "Budi\n<b>", at, &zone).starts_with("✅ Menuju lokasi — Budi <b>, 14.32 "));
    assert!(status(Progress::Done, " ", at, &zone).starts_with("✅ Selesai — 14.32 "));
}

#[test]
fn every_button_fits_on_a_whatsapp_button() {
    for step_of_team in crate::bridge::button::STEPS {
        assert!(units(step(step_of_team)) <= 20);
    }
}

proptest! {
    #[test]
    fn whatever_people_write_the_texts_stay_within_the_services_limits(words in "(.|\n|[🚒<>&\"]){0,3000}") {
        let card = card(&words);
        let status = status(Progress::Arrived, &words, Timestamp::UNIX_EPOCH, &TimeZone::UTC);
        prop_assert!(units(&shown(&dispatch_with_status_html(&card, &status))) <= 4096);
        prop_assert!(units(&dispatch_plain(&card)) <= 1024);
        prop_assert!(units(&ask_done(&words, &status)) <= 1024);
        let parameters = template_parameters(&card);
        prop_assert!(parameters.iter().all(|one| !one.is_empty() && !one.contains('\n')));
        prop_assert!(parameters.iter().map(|one| units(one)).sum::<usize>() <= 900);
    }

    #[test]
    fn cutting_never_passes_its_bound(words in "(.|🚒){0,50}", max in 1_usize..60) {
        prop_assert!(units(&clean(&words, max)) <= max);
    }
}
