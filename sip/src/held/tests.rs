//! Against a server that answers by hand.

use super::*;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PIDF: &str = "<presence><tuple><status><geopriv><location-info><Point><pos>1.1 104.1</pos></Point></location-info></geopriv></status></tuple></presence>";

/// A server that answers each request by what `answer` says for its request line; it remembers the requests.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn new(answer: fn(&str) -> String) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let heard = heard.clone();
                tokio::spawn(async move {
                    let request = read(&mut stream).await;
                    let line = request.lines().next().unwrap_or_default().to_owned();
                    heard.lock().unwrap().push(request);
                    let _ = stream.write_all(answer(&line).as_bytes()).await;
                });
            }
        });
        Server { address, asked }
    }

    fn reference(&self, path: &str) -> Reference {
        Reference::Https(format!("http://{}{path}", self.address))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn read(stream: &mut tokio::net::TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(length) if length > 0 => text.push_str(&String::from_utf8_lossy(&buffer[..length])),
            _ => return text,
        }
    }
}

fn ok(kind: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn status(code: u16, more: &str) -> String {
    format!("HTTP/1.1 {code} x\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n")
}

fn servers(allowed: &[String]) -> LocationServers {
    let allowed = allowed.iter().map(|server| server.parse().unwrap()).collect();
    LocationServers::with(allowed, None, Scheme::Any, [Duration::from_secs(20); 2]).unwrap()
}

fn at(found: Result<Location, Unfetched>) -> Option<(f64, f64)> {
    found.ok()?.latitude_longitude
}

#[tokio::test]
async fn a_location_is_asked_for_by_held_as_it_is_wanted() {
    let server = Server::new(|_| ok("application/held+xml", &format!("<locationResponse>{PIDF}</locationResponse>"))).await;
    let servers = servers(&[server.address.to_string()]);
    let references = [Reference::Sip("sip:l@h".into()), server.reference("/r/1")];
    for (wanted, response_time) in [(Wanted::First, "emergencyRouting"), (Wanted::Exact, "emergencyDispatch")] {
        assert_eq!(at(servers.locate(&references, wanted).await), Some((1.1, 104.1)));
        let asked = server.asked().pop().unwrap();
        let as_wanted = asked.contains(&format!("responseTime=\"{response_time}\""));
        assert!(asked.starts_with("POST /r/1 ") && as_wanted, "{asked}");
    }
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_server_that_says_nothing_leaves_time_for_the_next() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let server = Server::new(|_| ok("application/pidf+xml", PIDF)).await;
    let allowed = [address.to_string(), server.address.to_string()].map(|server| server.parse().unwrap()).to_vec();
    let servers = LocationServers::with(allowed, None, Scheme::Any, [Duration::from_millis(500); 2]).unwrap();
    let references = [Reference::Https(format!("http://{address}/")), server.reference("/")];
    assert_eq!(at(servers.locate(&references, Wanted::First).await), Some((1.1, 104.1)));
}

#[tokio::test]
async fn a_document_is_got_where_it_cannot_be_asked_for() {
    let server =
        Server::new(|line| if line.starts_with("GET") { ok("application/pidf+xml", PIDF) } else { status(405, "") }).await;
    assert_eq!(
        at(servers(&[server.address.to_string()]).locate(&[server.reference("/")], Wanted::First).await),
        Some((1.1, 104.1))
    );
}

#[tokio::test]
async fn the_next_reference_is_tried_when_one_leads_nowhere() {
    let server = Server::new(|line| {
        if line.contains("/good") {
            ok("application/held+xml", PIDF)
        } else {
            ok("application/held+xml", "<error code=\"locationUnknown\"/>")
        }
    })
    .await;
    let references = [Reference::Https("http://127.0.0.1:1/".into()), server.reference("/bad"), server.reference("/good")];
    let servers = servers(&[server.address.to_string(), "127.0.0.1:1".into()]);
    assert_eq!(at(servers.locate(&references, Wanted::First).await), Some((1.1, 104.1)));
}

#[tokio::test]
async fn of_several_references_the_one_that_came_furthest_says_why_there_is_no_place() {
    let server = Server::new(|_| status(403, "")).await;
    let nobody = Reference::Https("http://127.0.0.1:1/".into());
    let elsewhere = Reference::Https("http://127.0.0.9:1/".into());
    let servers = servers(&[server.address.to_string(), "127.0.0.1:1".into()]);
    for (references, fault) in [
        (vec![elsewhere.clone()], Unfetched::NotAllowed),
        (vec![elsewhere.clone(), nobody.clone()], Unfetched::Silent),
        (vec![server.reference("/"), nobody, elsewhere], Unfetched::Refused),
    ] {
        assert_eq!(servers.locate(&references, Wanted::First).await, Err(fault));
    }
}

#[tokio::test]
async fn a_server_that_the_setting_does_not_name_is_never_asked() {
    let server = Server::new(|_| ok("application/held+xml", PIDF)).await;
    let other = servers(&["lis.carrier.example".into()]);
    let not_allowed = Err(Unfetched::NotAllowed);
    assert!(!other.allows(&server.reference("/")));
    assert_eq!(other.locate(&[server.reference("/")], Wanted::First).await, not_allowed);
    let with_password = Reference::Https(format!("http://a:b@{}/", server.address));
    assert_eq!(servers(&[server.address.to_string()]).locate(&[with_password], Wanted::First).await, not_allowed);
    let strict = LocationServers::new(vec![server.address.to_string().parse().unwrap()], None).unwrap();
    assert_eq!(strict.locate(&[server.reference("/")], Wanted::First).await, not_allowed, "without TLS");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_redirection_is_followed_only_to_where_a_caller_may_point() {
    let inner = Server::new(|_| ok("application/pidf+xml", PIDF)).await;
    static TARGET: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TARGET.set(inner.address.to_string()).unwrap();
    let outer = Server::new(|_| status(302, &format!("Location: http://{}/inner\r\n", TARGET.get().unwrap()))).await;
    let outer_only = servers(&[outer.address.to_string()]);
    assert_eq!(outer_only.locate(&[outer.reference("/")], Wanted::First).await, Err(Unfetched::Refused));
    assert!(inner.asked().is_empty());
    let both = servers(&[outer.address.to_string(), inner.address.to_string()]);
    assert_eq!(at(both.locate(&[outer.reference("/")], Wanted::First).await), Some((1.1, 104.1)));
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let server = Server::new(|_| ok("application/held+xml", &" ".repeat(70_000))).await;
    let found = servers(&[server.address.to_string()]).locate(&[server.reference("/")], Wanted::First).await;
    assert_eq!(found, Err(Unfetched::Refused));
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_the_patience_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let servers =
        LocationServers::with(vec![address.to_string().parse().unwrap()], None, Scheme::Any, [Duration::from_millis(100); 2])
            .unwrap();
    let references = [Reference::Https(format!("http://{address}/"))];
    let asked = servers.locate(&references, Wanted::First);
    let accepted = async { listener.accept().await.unwrap() };
    let (found, _kept_open) = tokio::join!(asked, accepted);
    assert_eq!(found, Err(Unfetched::Silent));
}

#[tokio::test]
async fn past_the_places_a_call_goes_without() {
    let server = Server::new(|_| ok("application/held+xml", PIDF)).await;
    let servers = servers(&[server.address.to_string()]);
    let all = servers.first.places.clone().acquire_many_owned(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
    assert_eq!(servers.locate(&[server.reference("/")], Wanted::First).await, Err(Unfetched::Busy));
    drop(all);
    assert!(servers.locate(&[server.reference("/")], Wanted::First).await.is_ok());
}

#[tokio::test]
async fn additional_data_is_got_the_same_way() {
    let server = Server::new(|_| {
        ok(
            "application/EmergencyCallData.Comment+xml",
            "<EmergencyCallData.Comment><Comment>alergi</Comment></EmergencyCallData.Comment>",
        )
    })
    .await;
    let reference = DataReference { kind: crate::DataKind::Comment, reference: server.reference("/c") };
    let servers = servers(&[server.address.to_string(), "127.0.0.1:1".into()]);
    let nobody = DataReference { kind: crate::DataKind::Comment, reference: Reference::Https("http://127.0.0.1:1/".into()) };
    for (references, fault) in [(vec![reference.clone()], None), (vec![nobody, reference], Some(Unfetched::Silent))] {
        let (found, why) = servers.additional(&references).await;
        assert_eq!((found.iter().map(|data| data.value.as_str()).collect::<Vec<_>>(), why), (vec!["alergi"], fault));
    }
}

#[test]
fn certificates_that_are_none_are_refused() {
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(LocationServers::new(Vec::new(), Some(broken)).err(), Some(ServerError::Certificate));
}
