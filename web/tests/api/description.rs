//! The description of the API that the console's client is generated from.

use crate::support::House;

#[test]
fn the_committed_description_is_the_one_of_this_code() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap_or_default();
    assert!(
        committed == web::openapi_document(),
        "web/openapi.json is stale; refresh it with `cargo run -p web --example openapi` and build the console's client again"
    );
}

#[tokio::test]
async fn the_server_hands_out_its_description_to_anybody() {
    let house = House::open().await;
    let answer = house.client().get("openapi.json").await.expect(200);
    assert_eq!(String::from_utf8(answer.bytes).unwrap(), web::openapi_document());
    house.close().await;
}
