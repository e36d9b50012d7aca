//! Signing in and out.

use crate::support::{House, PASSWORD};
use dispatch::clock;
use dispatch::contract::{Refusal, Role};
use serde_json::json;

#[tokio::test]
async fn an_operator_signs_in_sees_the_city_and_signs_out() {
    let house = House::open().await;
    house.hire("siti", Role::Operator).await;
    let mut siti = house.client();
    let answer = siti.sign_in("siti", PASSWORD).await;
    assert_eq!(answer.json()["user"]["role"], "operator");
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("Secure"), "{cookie}");

    let session = siti.get("session").await.expect(200);
    assert_eq!(session.json()["city"]["zone"], "Asia/Jakarta");
    assert_eq!(session.header("cache-control"), "no-store");

    let cookie = siti.delete("session").await.expect(204).header("set-cookie");
    assert!(cookie.contains("Max-Age=0"), "{cookie}");
    assert_eq!(siti.get("session").await.expect(401).code(), "not_signed_in");
    house.close().await;
}

#[tokio::test]
async fn who_signs_out_or_may_supervise_no_longer_stops_listening_at_once() {
    let mut house = House::open().await;
    let citra = house.person("citra", Role::Supervisor).await;
    let budi = house.person("budi", Role::Head).await;
    let change = async |change: serde_json::Value| {
        let request = budi.request(reqwest::Method::PATCH, &format!("users/{}", citra.user())).json(&change);
        budi.send(request).await.expect(200);
    };
    // Nothing about what she may do.
    change(json!({ "name": "Citra Dewi" })).await;
    change(json!({ "role": "operator" })).await;
    assert_eq!(house.switchboard.heard().await, "stop monitoring");
    change(json!({ "role": "supervisor" })).await;
    change(json!({ "active": false })).await;
    assert_eq!(
        house.switchboard.heard().await,
        "dismiss",
        "whoever may not work here any more is rung no more, at a desk phone either"
    );
    budi.delete("session").await.expect(204);
    assert_eq!(house.switchboard.heard().await, "end shift", "and with it whatever she listened to");
    house.close().await;
}

#[tokio::test]
async fn nobody_signs_out_of_a_call_and_whoever_signs_out_is_rung_no_more() {
    let mut house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    house.switchboard.refuse(Refusal::Busy);
    let refused = siti.delete("session").await.expect(409);
    assert_eq!((refused.code().as_str(), refused.header("set-cookie").as_str()), ("busy", ""));
    siti.get("session").await.expect(200);
    house.switchboard.accept();
    siti.delete("session").await.expect(204);
    siti.get("session").await.expect(401);
    for _ in 0..2 {
        assert_eq!(house.switchboard.heard().await, "end shift");
    }
    house.close().await;
}

#[tokio::test]
async fn who_cannot_be_signed_out_because_the_database_is_away_can_still_answer_and_is_not_rung() {
    let mut house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    siti.get("session").await.expect(200);
    house.desk.store().close().await;
    assert_eq!(siti.delete("session").await.expect(503).code(), "store");
    siti.post(&format!("calls/{}/answer", clock::new_id()), json!({})).await.expect(204);
    for expected in ["end shift", "answer"] {
        assert_eq!(house.switchboard.heard().await, expected);
    }
    house.close().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let house = House::open().await;
    house.hire("siti", Role::Operator).await;
    let stranger = house.client();
    let wrong = stranger.post("session", json!({ "username": "siti", "password": "bukan-ini-ya" })).await.expect(401);
    let unknown = stranger.post("session", json!({ "username": "tuti", "password": "bukan-ini-ya" })).await.expect(401);
    assert_eq!(wrong.code(), "wrong_password");
    assert_eq!(wrong.bytes, unknown.bytes);
    assert_eq!(wrong.header("set-cookie"), "");
    house.close().await;
}

#[tokio::test]
async fn who_guesses_often_must_wait_and_others_need_not() {
    let house = House::open().await;
    house.hire("siti", Role::Operator).await;
    let stranger = house.client();
    let mut refused = None;
    for _ in 0..20 {
        let answer = stranger.post("session", json!({ "username": "tuti", "password": "tebakan-saya" })).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.expect(401);
    }
    let refused = refused.expect("a refusal");
    assert_eq!(refused.code(), "too_many_attempts");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    house.client().sign_in("siti", PASSWORD).await;
    house.close().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_only_who_guesses_must_wait_and_stands_in_the_audit_once() {
    let house = House::open_with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    house.hire("siti", Role::Operator).await;
    let budi = house.person("budi", Role::Head).await;
    let proxy = house.client();
    let guess = |name: String, from: &str| {
        let body = json!({ "username": name, "password": "tebakan-saya" });
        proxy.request(reqwest::Method::POST, "session").header("x-forwarded-for", from.to_owned()).json(&body)
    };
    let mut guesses = 0;
    while proxy.send(guess(format!("orang{guesses}"), "1.1.1.1, 192.0.2.7")).await.status != 429 {
        guesses += 1;
        assert!(guesses < 100, "one address uses up its guesses");
    }
    proxy.send(guess("siti".into(), "192.0.2.8")).await.expect(401);

    let audit = budi.get("audit").await.expect(200).json();
    let refused: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "session.refused")
        .map(|entry| &entry["subject"])
        .collect();
    assert_eq!(refused, ["192.0.2.8", "192.0.2.7"]);
    assert!(!audit.to_string().contains("orang0"), "what was typed as a name may be a password");
    house.close().await;
}

#[tokio::test]
async fn another_sites_page_can_do_nothing_in_our_name() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let foreign = siti.request(reqwest::Method::DELETE, "session").header("origin", "https://evil.example");
    assert_eq!(siti.send(foreign).await.expect(403).code(), "foreign_origin");
    let own = siti.request(reqwest::Method::POST, "shift").header("origin", &siti.base);
    siti.send(own).await.expect(204);
    siti.get("session").await.expect(200);
    house.close().await;
}
