//! The form's autosave, and what follows from a report.

use crate::support::House;
use dispatch::contract::Role;
use serde_json::json;

#[tokio::test]
async fn a_form_is_autosaved_and_an_older_copy_of_it_changes_nothing() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let (call, report) = house.answered_call(&siti).await;
    let save = |base: i64, revision: i64, place: &str| json!({ "call": call, "base": base, "revision": revision, "fields": { "place": place } });
    let path = format!("reports/{report}");

    siti.put(&path, save(0, 10, "Nagoya Hill")).await.expect(200);
    let stale = siti.put(&path, save(0, 1_000, "dari tab lama")).await.expect(409);
    assert_eq!(stale.code(), "stale_revision");
    assert_eq!(stale.json()["report"]["fields"]["place"], "Nagoya Hill");
    let kept = siti.get(&path).await.expect(200).json();
    assert_eq!((kept["revision"].as_i64(), kept["fields"]["place"].as_str()), (Some(10), Some("Nagoya Hill")));
    siti.put(&path, save(10, 11, "Nagoya Hill, pintu utara")).await.expect(200);
    house.close().await;
}

#[tokio::test]
async fn a_report_becomes_an_incident_with_notes_and_an_end() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let (call, report) = house.answered_call(&siti).await;
    let fields = json!({ "place": "Batu Ampar", "event": "kebakaran gudang" });
    siti.put(&format!("reports/{report}"), json!({ "call": call, "base": 0, "revision": 1, "fields": fields })).await.expect(200);

    let incident = siti.post("incidents", json!({ "report": report })).await.expect(201).json();
    let id = incident["id"].as_str().unwrap().to_owned();
    assert_eq!(siti.post("incidents", json!({ "report": report })).await.expect(201).json()["id"], id.as_str());
    siti.post(&format!("incidents/{id}/notes"), json!({ "text": "angin kencang" })).await.expect(201);
    let nobody = siti.post(&format!("incidents/{id}/dispatches"), json!({ "teams": [] })).await.expect(422);
    assert_eq!((nobody.code().as_str(), nobody.json()["error"]["field"].as_str()), ("invalid", Some("teams")));
    let open = siti.get("incidents?state=open&limit=10").await.expect(200).json();
    assert_eq!(open[0]["id"], id.as_str());

    let closed =
        siti.post(&format!("incidents/{id}/close"), json!({ "disposition": "normal", "note": "padam" })).await.expect(200);
    assert_eq!(closed.json()["state"], "closed");
    assert_eq!(siti.get("incidents?state=open").await.expect(200).json(), json!([]));
    house.close().await;
}

#[tokio::test]
async fn what_is_no_form_is_refused_with_a_code() {
    let house = House::open().await;
    let siti = house.person("siti", Role::Operator).await;
    let (_, report) = house.answered_call(&siti).await;
    let path = format!("reports/{report}");
    let put =
        |body: &str, kind: &str| siti.request(reqwest::Method::PUT, &path).header("content-type", kind).body(body.to_owned());
    let cases = [
        ("{", "application/json", 400, "bad_json"),
        ("{}", "application/json", 422, "invalid"),
        ("{}", "text/plain", 415, "not_json"),
    ];
    for (body, kind, status, code) in cases {
        assert_eq!(siti.send(put(body, kind)).await.expect(status).code(), code);
    }
    let huge = format!("\"{}\"", "x".repeat(70_000));
    assert_eq!(siti.send(put(&huge, "application/json")).await.expect(413).code(), "too_large");
    assert_eq!(siti.get("reports/bukan-id").await.expect(404).code(), "not_found");
    assert_eq!(siti.get("calls?limit=banyak").await.expect(400).code(), "bad_query");
    house.close().await;
}
