//! Listening to a call.

use crate::support::House;
use dispatch::clock;
use dispatch::contract::Role;
use dispatch::desk::{Entry, Missing};
use serde_json::Value;

const AUDIO: &[u8] = b"RIFF....WAVEfmt 0123456789";

async fn with_recording(house: &House, operator: &crate::support::client::Client) -> String {
    let (call, _) = house.answered_call(operator).await;
    let journal = house.desk.journal();
    journal.record(Entry::RecordingBegan { call, started_at: clock::now() });
    let sha256 = "00".repeat(32);
    let missing = Missing::default();
    journal.record(Entry::RecordingSealed {
        call,
        sealed_at: clock::now(),
        duration_ms: 3_000,
        sha256,
        repaired: false,
        missing,
    });
    journal.flush().await;
    house.archive.seal(call, AUDIO);
    format!("calls/{call}/recording.wav")
}

#[tokio::test]
async fn a_player_seeks_in_a_recording() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let path = with_recording(&house, &siti).await;

    let whole = siti.get(&path).await.expect(200);
    assert_eq!((whole.bytes.as_slice(), whole.header("content-type").as_str()), (AUDIO, "audio/wav"));
    assert_eq!((whole.header("accept-ranges").as_str(), whole.header("cache-control").as_str()), ("bytes", "no-store"));

    let part = siti.range(&path, "bytes=4-7").await.expect(206);
    assert_eq!((part.bytes.as_slice(), part.header("content-range")), (&AUDIO[4..8], format!("bytes 4-7/{}", AUDIO.len())));
    assert_eq!(siti.range(&path, "bytes=-3").await.expect(206).bytes, b"789");

    let past = siti.range(&path, "bytes=999-").await.expect(416);
    assert_eq!(past.header("content-range"), format!("bytes */{}", AUDIO.len()));
    house.close().await;
}

#[tokio::test]
async fn only_the_calls_operator_and_supervisors_may_listen_and_each_listening_is_written_down_once() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let other = house.person("rudi", Role::Operator).await;
    let wati = house.person("wati", Role::Supervisor).await;
    let dedi = house.person("dedi", Role::Manager).await;
    let path = with_recording(&house, &siti).await;

    assert_eq!(other.get(&path).await.expect(403).code(), "forbidden");
    siti.range(&path, "bytes=0-3").await.expect(206);
    siti.range(&path, "bytes=4-").await.expect(206);
    wati.get(&path).await.expect(200);

    let entries = dedi.get("audit").await.expect(200).json();
    let who_heard: Vec<&Value> =
        entries.as_array().unwrap().iter().filter(|e| path.contains(e["subject"].as_str().unwrap())).collect();
    let names: Vec<&str> = who_heard.iter().map(|entry| entry["user_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["WATI", "SITI"], "newest first: {entries}");
    house.close().await;
}

#[tokio::test]
async fn a_call_that_is_still_being_recorded_is_not_played() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let (call, _) = house.answered_call(&siti).await;
    let journal = house.desk.journal();
    journal.record(Entry::RecordingBegan { call, started_at: clock::now() });
    journal.flush().await;
    assert_eq!(siti.get(&format!("calls/{call}/recording.wav")).await.expect(409).code(), "not_sealed");
    siti.get(&format!("calls/{}/recording.wav", clock::new_id())).await.expect(404);
    house.close().await;
}
