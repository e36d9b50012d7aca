//! The house that each test moves into, and the people in it.

pub mod archive;
pub mod client;
pub mod socket;
pub mod switchboard;

use archive::PretendedArchive;
use async_trait::async_trait;
use client::Client;
use dispatch::clock;
use dispatch::contract::{CallPriority, NewUser, Position, Role, Snapshot};
use dispatch::desk::{ArrivedCall, Desk, DeskSettings, Entry, LiveHub, Who};
use dispatch::id::{CallId, ReportId, UserId};
use dispatch::store::Store;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use switchboard::PretendedSwitchboard;
use tokio::sync::{oneshot, watch};
use web::{Check, City, Config, Readiness, Running, ServeError, Server, Tls};

pub const PASSWORD: &str = "kata-sandi-panjang";
pub const METRICS_TOKEN: &str = "token-untuk-metrik";

/// One server with all that is behind it. Its directory goes with it.
pub struct House {
    pub address: SocketAddr,
    pub desk: Desk,
    pub archive: Arc<PretendedArchive>,
    pub switchboard: PretendedSwitchboard,
    pub snapshot: Arc<Mutex<Snapshot>>,
    _directory: Directory,
    pub telegram_bot: watch::Sender<Option<String>>,
    running: Running,
    stop: oneshot::Sender<()>,
}

impl House {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// Opens a house whose settings `change` has changed.
    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::try_open(change).await.unwrap()
    }

    pub async fn try_open(change: impl FnOnce(&mut Config)) -> Result<Self, ServeError> {
        let directory = Directory::new();
        let store = Store::connect(&format!("sqlite://{}/siaga.db", directory.0.display())).await.unwrap();
        let desk = Desk::new(store, LiveHub::new(64), DeskSettings::default());
        let archive = Arc::new(PretendedArchive::new(directory.0.clone()));
        desk.attach_archive(archive.clone());
        desk.recover().await.unwrap();

        let (switchboard, commands) = PretendedSwitchboard::start();
        let snapshot = Arc::new(Mutex::new(Snapshot::default()));
        let (telegram_bot, bot) = watch::channel(None);
        let mut config = Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: Tls::Off,
            public_url: None,
            map_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            metrics_token: Some(METRICS_TOKEN.to_owned()),
            city: City {
                name: "Kota Batam".into(),
                center: Position { latitude: 1.13, longitude: 104.05 },
                zone: "Asia/Jakarta".into(),
            },
        };
        change(&mut config);
        let (stop, stopped) = oneshot::channel::<()>();
        let server = Server {
            config,
            desk: desk.clone(),
            switchboard: commands,
            snapshot: Arc::new({
                let snapshot = snapshot.clone();
                move || snapshot.lock().unwrap().clone()
            }),
            archive: archive.clone(),
            hooks: axum::Router::new().route("/hooks/telegram", axum::routing::post(|_: axum::body::Bytes| async { "hook" })),
            ready: Arc::new(StoreAnswers(desk.clone())),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            telegram_bot: bot,
        };
        let running = web::serve(server, async {
            let _ = stopped.await;
        });
        let running = running.await?;
        let address = running.address;
        Ok(Self { address, desk, archive, switchboard, snapshot, _directory: directory, telegram_bot, running, stop })
    }

    /// Shuts the server down and waits until it is.
    pub async fn close(self) {
        self.stop.send(()).unwrap();
        self.running.finished().await.unwrap();
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Somebody new of this role, signed in.
    pub async fn person(&self, username: &str, role: Role) -> Client {
        self.hire(username, role).await;
        let mut client = self.client();
        client.sign_in(username, PASSWORD).await;
        client
    }

    pub async fn hire(&self, username: &str, role: Role) -> UserId {
        let user = NewUser {
            username: username.into(),
            name: username.to_uppercase(),
            role,
            password: PASSWORD.into(),
            skills: vec![],
            languages: vec![],
        };
        self.desk.add_user(user).await.unwrap().id
    }

    /// A call that this operator has answered, as the switchboard writes it down.
    pub async fn answered_call(&self, operator: &Client) -> (CallId, ReportId) {
        let (call, report) = self.arrived_call().await;
        let who = Who { user: operator.user(), name: "SITI".into() };
        self.desk.journal().record(Entry::Answered { call, operator: who, at: clock::now() });
        self.desk.journal().flush().await;
        (call, report)
    }

    /// A call that waits for an operator.
    pub async fn arrived_call(&self) -> (CallId, ReportId) {
        let (call, report) = (CallId(clock::new_id()), ReportId(clock::new_id()));
        let at = clock::now();
        let arrived = ArrivedCall {
            call,
            report,
            number: Some("+628117000112".into()),
            name: None,
            dialled: "112".into(),
            trunk: "telkom".into(),
            location: None,
            priority: CallPriority::Normal,
            languages: vec![],
            cell: None,
            additional: vec![],
            at,
        };
        self.desk.journal().record(Entry::Arrived(arrived));
        self.desk.journal().flush().await;
        (call, report)
    }
}

struct StoreAnswers(Desk);

#[async_trait]
impl Readiness for StoreAnswers {
    async fn checks(&self) -> Vec<Check> {
        vec![Check { name: "store", ok: self.0.ping().await.is_ok(), detail: None }]
    }
}

/// A directory that is removed at the end.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("siaga-web-{}", clock::new_id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
