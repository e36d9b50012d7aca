//! The first administrator of an empty database.

use crate::support::{House, PASSWORD};
use serde_json::json;

#[tokio::test]
async fn the_printed_link_makes_one_administrator_and_no_second() {
    let house = House::open().await;
    let token = house.desk.setup_token().await.unwrap().expect("a token for an empty database");
    let mut client = house.client();
    let form =
        |token: &str, username: &str| json!({ "token": token, "username": username, "name": "Budi", "password": PASSWORD });

    assert_eq!(client.post("setup", form("tebakan", "budi")).await.expect(401).code(), "wrong_token");
    let made = client.post("setup", form(&token, "budi")).await.expect(201);
    assert_eq!(made.json()["role"], "head");
    let again = client.post("setup", form(&token, "tuti")).await;
    assert!(matches!(again.status, 401 | 409), "{}", again.status);
    client.sign_in("budi", PASSWORD).await;
    assert_eq!(client.get("users").await.expect(200).json().as_array().unwrap().len(), 1);
    house.close().await;
}
