//! Every route asks who is there. The routes are taken from the API's own description, so none can be forgotten.

use crate::support::House;
use crate::support::client::Client;
use dispatch::clock;
use dispatch::contract::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// What needs no session, and nothing else.
const OPEN: [&str; 3] = ["get_openapi", "set_up", "sign_in"];

struct Operation {
    id: String,
    method: Method,
    path: String,
    least: Option<Role>,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&web::openapi_document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method,
                path: path
                    .replace("{id}", &clock::new_id().to_string())
                    .replace("{party}", &clock::new_id().to_string())
                    .replace("{n}", "7"),
                least: serde_json::from_value(operation["x-siaga-role"].clone()).ok(),
            });
        }
    }
    assert!(operations.len() > 50, "the description is whole");
    operations
}

async fn status(client: &Client, operation: &Operation) -> u16 {
    // An empty object fails every body's shape, but only after the role has been looked at.
    client.send(client.request(operation.method.clone(), &operation.path).json(&json!({}))).await.status
}

#[tokio::test]
async fn only_three_operations_need_no_session() {
    let house = House::open().await;
    let stranger = house.client();
    let mut forged = house.client();
    forged.cookie = Some("siaga_session=tebakan".into());
    let mut open = Vec::new();
    for operation in operations() {
        if operation.least.is_none() {
            open.push(operation.id);
            continue;
        }
        assert_eq!(status(&stranger, &operation).await, 401, "{}", operation.id);
        assert_eq!(status(&forged, &operation).await, 401, "{} with a forged session", operation.id);
    }
    open.sort();
    assert_eq!(open, OPEN);
    house.close().await;
}

#[tokio::test]
async fn nobody_gets_past_the_role_that_an_operation_demands() {
    let house = House::open().await;
    let people = [
        (Role::Operator, house.person("siti", Role::Operator).await),
        (Role::Supervisor, house.person("wati", Role::Supervisor).await),
        (Role::Manager, house.person("dedi", Role::Manager).await),
        (Role::Head, house.person("budi", Role::Head).await),
    ];
    for operation in operations() {
        let Some(least) = operation.least.filter(|_| operation.id != "sign_out") else { continue };
        for (role, person) in &people {
            let status = status(person, &operation).await;
            assert_ne!(status, 401, "{} as {role:?}", operation.id);
            if *role < least {
                assert_eq!(status, 403, "{} as {role:?}", operation.id);
            }
            assert_ne!(status, 500, "{} as {role:?}", operation.id);
        }
    }
    house.close().await;
}

#[tokio::test]
async fn a_person_who_is_put_out_of_service_is_out_at_once() {
    let house = House::open().await;
    let (siti, budi) = (house.person("siti", Role::Operator).await, house.person("budi", Role::Head).await);
    let change = budi.request(Method::PATCH, &format!("users/{}", siti.user())).json(&json!({ "active": false }));
    assert_eq!(budi.send(change).await.expect(200).json()["active"], false);
    siti.get("session").await.expect(401);
    house.close().await;
}
