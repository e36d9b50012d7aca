//! Callers who gave up, numbers that wait behind others, and the carriers' lines, as the console reads them.

use crate::support::House;
use crate::support::client::Client;
use dispatch::clock;
use dispatch::contract::{Disposition, EndedBy, Refusal, Role, TrunkState, TrunkView};
use dispatch::desk::{Entry, Principal};
use dispatch::id::{CallId, SessionId};
use serde_json::{Value, json};

/// A call that arrived and whose caller gave up.
async fn abandoned(house: &House) -> CallId {
    let call = house.arrived_call().await.0;
    house.desk.journal().record(Entry::Ended {
        call,
        by: EndedBy::CallerBeforeAnswer,
        operator: None,
        failure: None,
        at: clock::now(),
    });
    house.desk.journal().flush().await;
    call
}

async fn callbacks(client: &Client) -> Vec<Value> {
    client.get("callbacks").await.expect(200).json().as_array().unwrap().clone()
}

#[tokio::test]
async fn a_callback_is_taken_on_by_one_operator_called_and_closed() {
    let mut house = House::open().await;
    let (siti, ani) = (house.person("siti", Role::Operator).await, house.person("ani", Role::Operator).await);
    let call = abandoned(&house).await;
    let list = callbacks(&siti).await;
    assert_eq!((list.len(), &list[0]["call"], &list[0]["tries"]), (1, &json!(call), &json!(0)));

    let claimed = siti.post(&format!("callbacks/{call}/claim"), json!({})).await.expect(200).json();
    assert_eq!(claimed["claimed_by_name"], "SITI");
    assert_eq!(ani.post(&format!("callbacks/{call}/claim"), json!({})).await.expect(409).code(), "callback_taken");
    let dial = json!({ "number": "+628117000112", "callback_of": call });
    assert_eq!(ani.post("calls", dial.clone()).await.expect(409).code(), "callback_taken");
    siti.post("calls", dial).await.expect(201);
    assert_eq!(house.switchboard.heard().await, "call out to +628117000112, back true");

    ani.post(&format!("callbacks/{call}/release"), json!({})).await.expect(403);
    siti.post(&format!("callbacks/{call}/release"), json!({})).await.expect(200);
    ani.post(&format!("callbacks/{call}/close"), json!({ "reason": "unreachable" })).await.expect(204);
    assert_eq!(callbacks(&siti).await, Vec::<Value>::new());
    siti.post(&format!("callbacks/{call}/close"), json!({ "reason": "reached" })).await.expect(404);
    siti.post(&format!("callbacks/{call}/close"), json!({ "reason": "tired" })).await.expect(422);
    house.close().await;
}

#[tokio::test]
async fn a_caller_who_could_not_be_called_back_is_left_to_others_unless_the_operator_had_taken_it_on_before() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let call = abandoned(&house).await;
    let dial = json!({ "number": "+628117000112", "callback_of": call });
    house.switchboard.refuse(Refusal::Busy);
    assert_eq!(siti.post("calls", dial.clone()).await.expect(409).code(), "busy");
    assert_eq!(callbacks(&siti).await[0]["claimed_by"], Value::Null);

    siti.post(&format!("callbacks/{call}/claim"), json!({})).await.expect(200);
    assert_eq!(siti.post("calls", dial).await.expect(409).code(), "busy");
    assert_eq!(callbacks(&siti).await[0]["claimed_by_name"], "SITI");
    house.close().await;
}

#[tokio::test]
async fn a_supervisor_clears_a_number_without_its_standing_in_any_address() {
    let house = House::open().await;
    let (siti, wati) = (house.person("siti", Role::Operator).await, house.person("wati", Role::Supervisor).await);
    let who = Principal { user: siti.user(), name: "SITI".into(), role: Role::Operator, session: SessionId(clock::new_id()) };
    for _ in 0..3 {
        let (_, report) = house.answered_call(&siti).await;
        house.desk.close_report(&who, report, Disposition::Prank).await.unwrap();
    }
    let list = wati.get("reputations").await.expect(200).json();
    assert_eq!((&list[0]["priority"], &list[0]["marks"]), (&json!("low"), &json!(3)));
    let id = list[0]["id"].as_str().unwrap();
    assert!(!id.contains("628117"));
    siti.delete(&format!("reputations/{id}")).await.expect(403);
    wati.delete(&format!("reputations/{id}")).await.expect(204);
    assert_eq!(wati.get("reputations").await.expect(200).json(), json!([]));
    house.close().await;
}

#[tokio::test]
async fn everybody_sees_how_the_carriers_lines_stand() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    house.snapshot.lock().unwrap().trunks.push(TrunkView {
        name: "telkom".into(),
        state: TrunkState::Down,
        since: clock::now(),
        registered: None,
        detail: Some("no answer to OPTIONS".into()),
        calls: 0,
    });
    let trunks = siti.get("trunks").await.expect(200).json();
    assert_eq!((&trunks[0]["name"], &trunks[0]["state"]), (&json!("telkom"), &json!("down")));
    house.close().await;
}
