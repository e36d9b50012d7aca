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
    siti.put("shift/readiness", json!({ "state": "paused", "reason": "salat" })).await.expect(204);
    assert_eq!(siti.post("shift/media", json!({ "sdp": "offer" })).await.expect(200).json(), json!({ "sdp": "answer to offer" }));
    assert_eq!(siti.post("shift/test", json!({})).await.expect(200).json()["microphone_dbfs"], -20.5);
    for action in ["answer", "hold", "resume", "hangup", "decline"] {
        siti.post(&format!("calls/{call}/{action}"), json!({})).await.expect(204);
    }
    siti.post(&format!("calls/{call}/digits"), json!({ "digits": "12#" })).await.expect(204);
    siti.delete("shift").await.expect(204);

    let expected = [
        "start shift of SITI",
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
