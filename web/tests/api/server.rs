//! The server around the API: TLS, headers, the console's files, monitoring and webhooks.

use crate::support::{Directory, House, METRICS_TOKEN, PASSWORD};
use dispatch::contract::Role;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use web::Tls;

#[tokio::test]
async fn a_self_signed_certificate_is_made_once_and_cookies_stay_under_tls() {
    let kept = Directory::new();
    let mut certificates = Vec::new();
    for _ in 0..2 {
        let directory = kept.0.clone();
        let house = House::open_with(|config| config.tls = Tls::SelfSigned { directory }).await;
        house.hire("siti", Role::Operator).await;
        let mut siti = house.client();
        siti.base = format!("https://{}", house.address);
        let answer = siti.sign_in("siti", PASSWORD).await;
        assert!(answer.header("set-cookie").contains("Secure"));
        assert!(answer.header("strict-transport-security").contains("max-age="));
        certificates.push(std::fs::read(kept.0.join("self-signed.crt")).unwrap());
        house.close().await;
    }
    assert_eq!(certificates[0], certificates[1]);
}

#[tokio::test]
async fn what_keeps_the_server_from_starting_is_named_with_its_setting() {
    let tls = Tls::Files { certificate: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() };
    let error = House::try_open(|config| config.tls = tls).await.err().unwrap().to_string();
    assert!(error.contains("/nowhere/cert.pem") && error.contains("web.tls"), "{error}");

    let house = House::open().await;
    let taken = house.address;
    let error = House::try_open(|config| config.listen = taken).await.err().unwrap().to_string();
    assert!(error.contains(&taken.to_string()) && error.contains("web.listen"), "{error}");
    house.close().await;
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_an_id() {
    let house = House::open().await;
    let client = house.client();
    for path in ["/", "/healthz", "/api/v1/session", "/api/v1/nothing"] {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("worker-src 'self' blob:"), "{policy}");
        assert!(!answer.header("x-request-id").is_empty());
        assert_eq!(answer.header("strict-transport-security"), "", "only under TLS");
    }
    assert_eq!(client.get("/api/v1/nothing").await.expect(404).code(), "not_found");
    assert_eq!(client.delete("calls").await.expect(405).code(), "wrong_method");
    house.close().await;
}

#[tokio::test]
async fn the_console_answers_every_address_of_its_own_and_no_missing_file() {
    let house = House::open().await;
    let client = house.client();
    let page = client.get("/").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert_eq!(page.header("cache-control"), "no-cache");
    assert_eq!(client.get("/incidents/42").await.expect(200).bytes, page.bytes);
    client.get("/assets/gone-1234.js").await.expect(404);
    client.get("/..%2f..%2fCargo.toml").await.expect(404);
    client.post("/", json!({})).await.expect(405);

    let again = client.request(reqwest::Method::GET, "/").header("if-none-match", page.header("etag"));
    client.send(again).await.expect(304);
    let part = client.range("/", "bytes=0-8").await.expect(206);
    assert_eq!(part.bytes, page.bytes[..9]);
    house.close().await;
}

#[tokio::test]
async fn monitoring_asks_on_this_machine_or_with_the_token() {
    let house = House::open().await;
    let client = house.client();
    client.get("/healthz").await.expect(200);
    let ready = client.get("/readyz").await.expect(200).json();
    assert_eq!(ready, json!({ "ready": true, "checks": [{ "name": "store", "ok": true, "detail": null }] }));

    client.get("/metrics").await.expect(200);
    let proxied = || client.request(reqwest::Method::GET, "/metrics").header("x-forwarded-for", "203.0.113.5");
    client.send(proxied()).await.expect(403);
    client.send(proxied().bearer_auth("tebakan")).await.expect(403);
    client.send(proxied().bearer_auth(METRICS_TOKEN)).await.expect(200);
    house.close().await;
}

#[tokio::test]
async fn webhooks_come_from_elsewhere_and_are_bounded() {
    let house = House::open().await;
    let client = house.client();
    let hook = |bytes: usize| {
        let request = client.request(reqwest::Method::POST, "/hooks/telegram").header("origin", "https://api.telegram.org");
        request.body(vec![b'x'; bytes])
    };
    assert_eq!(client.send(hook(10)).await.expect(200).bytes, b"hook");
    client.send(hook(1024 * 1024)).await.expect(200);
    // Announced only: whoever is refused need not have sent it.
    let mut socket = tokio::net::TcpStream::connect(house.address).await.unwrap();
    let head = format!("POST /hooks/telegram HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", 3 * 1024 * 1024 + 1);
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    house.close().await;
}
