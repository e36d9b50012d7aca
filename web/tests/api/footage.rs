//! Cameras and what they saw.

use crate::support::House;
use crate::support::client::Client;
use crate::support::socket::{Frame, Socket};
use bytes::Bytes;
use dispatch::contract::{CameraState, Role};
use dispatch::id::CameraId;
use serde_json::{Value, json};
use tokio::sync::mpsc;

const NAGOYA: (f64, f64) = (1.145, 104.011);

async fn camera(by: &Client) -> CameraId {
    let position = json!({ "latitude": NAGOYA.0, "longitude": NAGOYA.1 });
    let save = json!({ "name": "Nagoya 1", "position": position, "url": "rtsp://127.0.0.1:8554/nagoya", "active": true });
    let made = by.post("cameras", save).await.expect(201).json();
    serde_json::from_value(made["id"].clone()).unwrap()
}

async fn audited(by: &Client, action: &str) -> usize {
    let entries = by.get("audit").await.expect(200).json();
    entries.as_array().unwrap().iter().filter(|entry| entry["action"] == action).count()
}

#[tokio::test]
async fn a_new_camera_reaches_the_recorder_and_its_state_the_list() {
    let house = House::open().await;
    let (dedi, siti) = (house.person("dedi", Role::Manager).await, house.person("siti", Role::Operator).await);
    let id = camera(&dedi).await;
    assert_eq!(house.archive.sources.lock().unwrap().iter().map(|source| source.id).collect::<Vec<_>>(), [id]);
    house.archive.states.lock().unwrap().insert(id, CameraState::Failing { why: "no route".into() });

    let near = siti.get("cameras/nearest?latitude=1.1451&longitude=104.0111").await.expect(200).json();
    assert_eq!((&near[0]["id"], &near[0]["state"]["why"]), (&json!(id), &json!("no route")));
    assert!(near[0]["distance_m"].as_f64().unwrap() < 50.0);
    assert!(!near.to_string().contains("rtsp"), "addresses stay inside");
    assert_eq!(siti.get("cameras/nearest?latitude=1.3&longitude=104.3").await.expect(200).json(), json!([]));
    siti.get("cameras/nearest?latitude=100&longitude=104.3").await.expect(422);
    house.close().await;
}

#[tokio::test]
async fn pictures_come_after_the_look_is_written_down() {
    let house = House::open().await;
    let dedi = house.person("dedi", Role::Manager).await;
    let id = camera(&dedi).await;
    let (pictures, fragments) = mpsc::channel(4);
    house.archive.pictures.lock().unwrap().insert(id, fragments);

    let mut socket = Socket::of(&dedi, &format!("cameras/{id}/live")).await;
    assert_eq!(audited(&dedi, "camera.watched").await, 1);
    assert_eq!(socket.next().await, Frame::Json(json!({ "codec": "avc1.640028" })));
    assert_eq!(socket.next().await, Frame::Bytes(b"init".to_vec()));
    pictures.send(Bytes::from_static(b"moof")).await.unwrap();
    assert_eq!(socket.next().await, Frame::Bytes(b"moof".to_vec()));
    drop(pictures);
    assert_eq!(socket.next().await, Frame::Closed(4410));
    assert_eq!(Socket::open(&dedi, &format!("cameras/{id}/live"), &dedi.base).await.err(), Some(404), "no pictures any more");
    house.close().await;
}

#[tokio::test]
async fn footage_of_an_incident_is_played_by_operators_and_taken_away_by_supervisors() {
    let house = House::open().await;
    let (dedi, siti) = (house.person("dedi", Role::Manager).await, house.person("siti", Role::Operator).await);
    camera(&dedi).await;
    let (call, report) = house.answered_call(&siti).await;
    let fields = json!({ "place": "Nagoya", "position": { "latitude": NAGOYA.0, "longitude": NAGOYA.1 } });
    siti.put(&format!("reports/{report}"), json!({ "call": call, "base": 0, "revision": 1, "fields": fields })).await.expect(200);
    let incident = siti.post("incidents", json!({ "report": report })).await.expect(201).json();
    let detail = siti.get(&format!("incidents/{}", incident["id"].as_str().unwrap())).await.expect(200).json();
    let Value::String(footage) = &detail["footage"][0]["id"] else { panic!("no footage: {detail}") };

    assert_eq!(siti.get(&format!("footage/{footage}")).await.expect(200).json()["growing"], true);
    let segment = siti.get(&format!("footage/{footage}/segments/7")).await.expect(200);
    assert_eq!((segment.bytes.as_slice(), segment.header("content-type").as_str()), (&b"segment seven"[..], "video/mp4"));
    siti.get(&format!("footage/{footage}/segments/8")).await.expect(404);
    assert_eq!(audited(&dedi, "footage.watched").await, 1);

    siti.get(&format!("footage/{footage}/video.mp4")).await.expect(403);
    let file = dedi.get(&format!("footage/{footage}/video.mp4")).await.expect(200);
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"siaga-"));
    assert_eq!(audited(&dedi, "footage.exported").await, 1);
    house.close().await;
}
