//! The live socket of a console.

use crate::support::House;
use crate::support::socket::{Frame, Socket};
use dispatch::clock;
use dispatch::contract::*;
use dispatch::id::{AlarmId, CallId, ReportId, UserId};
use serde_json::json;

/// A call that rings is nobody's; that it rings at an operator stands with the operator.
fn ringing() -> CallView {
    CallView {
        id: CallId(clock::new_id()),
        report: ReportId(clock::new_id()),
        state: CallState::Ringing,
        number: None,
        name: None,
        dialled: "112".into(),
        trunk: "telkom".into(),
        arrived_at: clock::now(),
        waiting_since: None,
        answered_at: None,
        ended_at: None,
        ended_by: None,
        caller_gone_at: None,
        unreached: None,
        operator: None,
        operator_name: None,
        location: None,
        direction: CallDirection::Inbound,
        priority: CallPriority::Normal,
        parties: vec![],
        other_lines: vec![],
        monitors: vec![],
        languages: vec![],
        cell: None,
        additional: vec![],
        callback_of: None,
        text: None,
    }
}

fn rung(operator: UserId, call: CallId) -> OperatorView {
    OperatorView {
        id: operator,
        name: "Siti".into(),
        state: OperatorState::Ringing,
        since: clock::now(),
        call: Some(call),
        media_connected: true,
        browser_connected: true,
        phone: None,
        skills: vec![],
        languages: vec![],
    }
}

fn digit(digit: char) -> Event {
    Event::Digit { call: CallId(clock::new_id()), digit }
}

#[tokio::test]
async fn a_console_gets_the_snapshot_then_its_missed_offer_then_what_it_may_know() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let wati = house.person("wati", Role::Supervisor).await;
    let call = ringing();
    house.snapshot.lock().unwrap().calls.push(call.clone());
    house.snapshot.lock().unwrap().operators.push(rung(siti.user(), call.id));

    let mut sitis = Socket::of(&siti, "live").await;
    assert_eq!(sitis.event("snapshot").await["calls"][0]["id"], json!(call.id));
    assert_eq!(sitis.event("offered").await["call"]["id"], json!(call.id));
    let mut watis = Socket::of(&wati, "live").await;
    watis.event("snapshot").await;

    let alarm = AlarmView { id: AlarmId(clock::new_id()), raised_at: clock::now(), kind: AlarmKind::StoreFailing };
    let live = house.desk.live();
    live.tell(Audience::AtLeast(Role::Supervisor), Event::Alarm { alarm });
    live.tell(Audience::One(wati.user()), digit('1'));
    live.tell(Audience::Everyone, digit('2'));
    assert_eq!(sitis.event("digit").await["digit"], "2", "neither the supervisors' event nor another's");
    watis.event("alarm").await;
    assert_eq!(watis.event("digit").await["digit"], "1");
    assert_eq!(watis.event("digit").await["digit"], "2");
    house.close().await;
}

#[tokio::test]
async fn the_switchboard_hears_when_the_last_socket_of_a_person_closes() {
    let mut house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let mut first = Socket::of(&siti, "live").await;
    first.event("snapshot").await;
    let mut second = Socket::of(&siti, "live").await;
    second.event("snapshot").await;
    assert_eq!(
        (house.switchboard.heard().await, house.switchboard.heard().await),
        ("browser back".into(), "browser back".into())
    );
    drop(first);
    // The shift's beginning stands between: nothing was told of the first socket.
    siti.post("shift", json!({})).await.expect(204);
    assert_eq!(house.switchboard.heard().await, "start shift of SITI, [] []");
    drop(second);
    assert_eq!(house.switchboard.heard().await, "browser gone");
    house.close().await;
}

#[tokio::test]
async fn signing_out_closes_the_socket_of_this_session_only() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let mut elsewhere = house.client();
    elsewhere.sign_in("siti", crate::support::PASSWORD).await;
    let mut here = Socket::of(&siti, "live").await;
    let mut there = Socket::of(&elsewhere, "live").await;
    here.event("snapshot").await;
    there.event("snapshot").await;

    siti.delete("session").await.expect(204);
    assert_eq!(here.next().await, Frame::Closed(4401));
    house.desk.live().tell(Audience::Everyone, digit('5'));
    there.event("digit").await;

    let budi = house.person("budi", Role::Head).await;
    let change = budi.request(reqwest::Method::PATCH, &format!("users/{}", siti.user())).json(&json!({ "active": false }));
    budi.send(change).await.expect(200);
    assert_eq!(there.next().await, Frame::Closed(4401));
    house.close().await;
}

#[tokio::test]
async fn a_console_that_missed_events_gets_a_fresh_snapshot() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let mut socket = Socket::of(&siti, "live").await;
    socket.event("snapshot").await;
    // More at once, without letting the socket's task run, than the hub keeps for a slow receiver.
    for _ in 0..500 {
        house.desk.live().tell(Audience::Everyone, digit('7'));
    }
    let mut before = 0;
    loop {
        match socket.next().await {
            Frame::Json(event) if event["event"] == "snapshot" => break,
            Frame::Json(event) if event["event"] == "digit" => before += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(before < 500, "some were missed");
    house.close().await;
}

#[tokio::test]
async fn a_console_is_told_the_servers_time_with_the_snapshot_and_with_every_heartbeat() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let began = clock::now();
    house.snapshot.lock().unwrap().now = began;
    let mut socket = Socket::of(&siti, "live").await;
    assert_eq!(socket.event("snapshot").await["now"], json!(began));
    let told: jiff::Timestamp = serde_json::from_value(socket.event("time").await["now"].clone()).unwrap();
    assert!(told >= began && told <= clock::now() + jiff::SignedDuration::from_secs(1), "{told}");
    house.close().await;
}

#[tokio::test]
async fn sockets_are_for_our_own_pages_and_end_with_the_server() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    assert_eq!(Socket::open(&siti, "live", "https://evil.example").await.err(), Some(403));
    assert_eq!(Socket::open(&house.client(), "live", &siti.base).await.err(), Some(401));
    assert_eq!(siti.get("live").await.expect(426).code(), "not_a_socket");

    let mut socket = Socket::of(&siti, "live").await;
    socket.event("snapshot").await;
    let closing = tokio::spawn(house.close());
    assert_eq!(socket.next().await, Frame::Closed(1001));
    closing.await.unwrap();
}
