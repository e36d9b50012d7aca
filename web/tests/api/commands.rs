//! What operators ask of the switchboard.

use crate::support::House;
use dispatch::clock;
use dispatch::contract::{Refusal, Role};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn each_key_of_the_call_bar_reaches_the_switchboard() {
    let mut house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let call = clock::new_id();
    siti.post("shift", json!({})).await.expect(204);
    siti.put("shift/voice", json!({ "phone": "meja-1" })).await.expect(204);
    siti.put("shift/voice", json!({ "phone": null })).await.expect(204);
    siti.put("shift/readiness", json!({ "state": "paused", "reason": "salat" })).await.expect(204);
    assert_eq!(siti.post("shift/media", json!({ "sdp": "offer" })).await.expect(200).json(), json!({ "sdp": "answer to offer" }));
    assert_eq!(siti.post("shift/test", json!({})).await.expect(200).json()["microphone_dbfs"], -20.5);
    for action in ["answer", "hold", "resume", "hangup", "decline"] {
        siti.post(&format!("calls/{call}/{action}"), json!({})).await.expect(204);
    }
    siti.post(&format!("calls/{call}/digits"), json!({ "digits": "12#" })).await.expect(204);
    siti.delete("shift").await.expect(204);

    let expected = [
        "start shift of SITI, [] []",
        "phone Some(\"meja-1\") of Some(\"siti\")",
        "phone None of Some(\"siti\")",
        "Paused { reason: \"salat\" }",
        "attach media",
        "test media",
        "answer",
        "hold",
        "resume",
        "hang up",
        "decline",
        "digits 12#",
        "end shift",
    ];
    for expected in expected {
        assert_eq!(house.switchboard.heard().await, expected);
    }
    house.close().await;
}

#[tokio::test]
async fn calling_out_and_calling_others_in_reach_the_switchboard() {
    let mut house = House::open().await;
    let (siti, wati) = (house.person("siti", Role::Operator).await, house.person("wati", Role::Supervisor).await);
    let (call, party) = (clock::new_id(), clock::new_id());
    let made = siti.post("calls", json!({ "number": "+62811" })).await.expect(201).json();
    assert!(made["call"].is_string() && made["report"].is_string());
    let dial = json!({ "number": "113", "name": "Damkar", "mode": "consult" });
    assert!(siti.post(&format!("calls/{call}/parties"), dial).await.expect(201).json()["party"].is_string());
    siti.delete(&format!("calls/{call}/parties/{party}")).await.expect(204);
    for action in ["merge", "handover", "silent-prompt"] {
        siti.post(&format!("calls/{call}/{action}"), json!({})).await.expect(204);
    }
    wati.put(&format!("calls/{call}/monitor"), json!({ "mode": "whisper" })).await.expect(204);
    wati.delete(&format!("calls/{call}/monitor")).await.expect(204);
    let expected = [
        "call out to +62811, back false",
        "dial 113 Some(\"Damkar\") Consult",
        "drop party",
        "merge",
        "hand over",
        "silent prompt",
        "monitor by WATI Some(Whisper)",
        "monitor by WATI None",
    ];
    for expected in expected {
        assert_eq!(house.switchboard.heard().await, expected);
    }
    for number in ["", " ", &"1".repeat(65)] {
        assert_eq!(siti.post("calls", json!({ "number": number })).await.expect(422).code(), "invalid");
    }
    house.close().await;
}

#[tokio::test]
async fn what_is_typed_reaches_the_switchboard_with_its_id() {
    let mut house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let text = format!("calls/{}/text", clock::new_id());
    siti.post(&text, json!({ "id": clock::new_id(), "text": "di mana?\n" })).await.expect(204);
    assert_eq!(house.switchboard.heard().await, "type di mana?\n");
    assert_eq!(siti.get(&text).await.expect(200).json(), json!({ "lines": [], "cut": false }));
    assert_eq!(house.switchboard.heard().await, "read text");
    for bad in [
        json!({ "id": clock::new_id(), "text": "" }),
        json!({ "id": clock::new_id(), "text": "x".repeat(2_001) }),
        json!({ "text": "a" }),
    ] {
        siti.post(&text, bad).await.expect(422);
    }
    house.close().await;
}

#[tokio::test]
async fn a_shift_begins_with_what_the_person_can_do() {
    let mut house = House::open().await;
    let (siti, budi) = (house.person("siti", Role::Operator).await, house.person("budi", Role::Head).await);
    let change = json!({ "skills": ["fire"], "languages": ["id", "en"] });
    let change = budi.request(Method::PATCH, &format!("users/{}", siti.user())).json(&change);
    assert_eq!(budi.send(change).await.expect(200).json()["skills"], json!(["fire"]));
    assert_eq!(house.switchboard.heard().await, "has learned [\"fire\"] [\"id\", \"en\"]", "also for a shift that runs");
    siti.post("shift", json!({})).await.expect(204);
    assert_eq!(house.switchboard.heard().await, "start shift of SITI, [\"fire\"] [\"id\", \"en\"]");
    house.close().await;
}

#[tokio::test]
async fn a_shift_that_begins_while_the_database_is_away_makes_nothing_up_of_what_the_person_can_do() {
    let mut house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    siti.get("session").await.expect(200);
    house.desk.store().close().await;
    siti.post("shift", json!({})).await.expect(204);
    assert_eq!(house.switchboard.heard().await, "start shift of SITI, who knows what");
    house.close().await;
}

#[tokio::test]
async fn who_listens_to_a_call_stands_in_the_audit() {
    let house = House::open().await;
    let (wati, budi) = (house.person("wati", Role::Supervisor).await, house.person("budi", Role::Head).await);
    let call = clock::new_id();
    wati.put(&format!("calls/{call}/monitor"), json!({ "mode": "listen" })).await.expect(204);
    let audit = budi.get("audit").await.expect(200).json();
    let entry = audit.as_array().unwrap().iter().find(|entry| entry["action"] == "call.monitored").unwrap();
    assert_eq!((entry["user"].clone(), entry["subject"].clone()), (json!(wati.user()), json!(call)));
    house.close().await;
}

#[tokio::test]
async fn a_supervisor_steps_in_for_an_operator_who_is_lost_also_while_the_database_is_away() {
    let mut house = House::open().await;
    let wati = house.person("wati", Role::Supervisor).await;
    wati.get("session").await.expect(200);
    house.desk.store().close().await;
    wati.put(&format!("calls/{}/monitor", clock::new_id()), json!({ "mode": "barge" })).await.expect(204);
    assert_eq!(house.switchboard.heard().await, "monitor by WATI Some(Barge)");
    house.close().await;
}

#[tokio::test]
async fn each_refusal_has_a_status_and_a_stable_code() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let cases = [
        (Refusal::NoSuchCall, 409, "no_such_call"),
        (Refusal::TakenByAnother, 409, "taken_by_another"),
        (Refusal::NoShift, 409, "no_shift"),
        (Refusal::Busy, 409, "busy"),
        (Refusal::NoMedia, 409, "no_media"),
        (Refusal::BadOffer("no audio".into()), 422, "bad_offer"),
        (Refusal::BadDigits, 422, "bad_digits"),
        (Refusal::NoText, 409, "no_text"),
        (Refusal::TextFull, 429, "text_full"),
        (Refusal::BadText, 422, "bad_text"),
        (Refusal::NoSuchParty, 409, "no_such_party"),
        (Refusal::BadNumber, 422, "bad_number"),
        (Refusal::NoTrunk, 409, "no_trunk"),
        (Refusal::NotAnswered, 409, "not_answered"),
        (Refusal::CallerGone, 409, "caller_gone"),
        (Refusal::TooManyParties, 409, "too_many_parties"),
        (Refusal::Unavailable, 503, "unavailable"),
    ];
    for (refusal, status, code) in cases {
        house.switchboard.refuse(refusal);
        let answer = siti.post(&format!("calls/{}/answer", clock::new_id()), json!({})).await.expect(status);
        assert_eq!(answer.code(), code);
    }
    house.close().await;
}

#[tokio::test]
async fn a_teams_chat_link_names_the_bot_once_that_is_known() {
    let house = House::open().await;
    let dedi = house.person("dedi", Role::Manager).await;
    let agency = dedi.post("agencies", json!({ "name": "Damkar Uji", "phone": "113", "active": true })).await.expect(201).json();
    let team = json!({ "agency": agency["id"], "name": "Regu 1", "active": true });
    let team = dedi.post("teams", team).await.expect(201).json()["id"].as_str().unwrap().to_owned();

    let link = dedi.post(&format!("teams/{team}/link"), json!({})).await.expect(200).json();
    assert!(link["telegram_url"].is_null() && link["token"].is_string());
    house.telegram_bot.send_replace(Some("siaga_batam_bot".into()));
    let link = dedi.send(dedi.request(Method::POST, &format!("teams/{team}/link"))).await.expect(200).json();
    let url = format!("https://t.me/siaga_batam_bot?startgroup={}", link["token"].as_str().unwrap());
    assert_eq!(link["telegram_url"], url);
    house.close().await;
}
