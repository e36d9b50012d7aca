//! What the desk's tests share: a database of their own on either engine, people, an archive that can be told to fail.

mod archive;
mod postgres;

pub use archive::FakeArchive;

use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::id::*;
use dispatch::store::Store;
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;

/// Runs each story against SQLite and against PostgreSQL.
#[macro_export]
macro_rules! both {
    ($($(#[$doc:meta])* async fn $name:ident($house:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$doc])*
            async fn story($house: $crate::support::House) $body

            #[tokio::test]
            async fn sqlite() {
                story($crate::support::House::on_sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                story($crate::support::House::on_postgres().await).await;
            }
        }
    )+};
}

/// A desk on an empty database, with the seeds loaded.
pub struct House {
    pub desk: Desk,
    pub url: String,
    directory: Option<PathBuf>,
}

impl House {
    pub async fn on_sqlite() -> Self {
        let directory = std::env::temp_dir().join(format!("siaga-desk-{}", clock::new_id()));
        std::fs::create_dir(&directory).unwrap();
        let url = format!("sqlite://{}/siaga.db", directory.display());
        Self::open(url, Some(directory)).await
    }

    pub async fn on_postgres() -> Self {
        Self::open(postgres::new_database().await, None).await
    }

    async fn open(url: String, directory: Option<PathBuf>) -> Self {
        let desk = desk_on(&url, DeskSettings::default()).await;
        desk.recover().await.unwrap();
        Self { desk, url, directory }
    }

    /// Another desk on the same database, as after a restart.
    pub async fn restarted(&self, settings: DeskSettings) -> Desk {
        let desk = desk_on(&self.url, settings).await;
        taken_up(&desk).await;
        desk
    }

    /// A call that has arrived from a number.
    pub async fn call_from(&self, number: &str) -> ArrivedCall {
        let call = arrived(number, clock::now());
        self.desk.journal().record(Entry::Arrived(call.clone()));
        self.desk.journal().flush().await;
        call
    }

    /// A call that this person has answered.
    pub async fn answered_by(&self, who: &Principal) -> ArrivedCall {
        let call = self.call_from("+62812000111").await;
        let operator = Who { user: who.user, name: who.name.clone() };
        self.desk.journal().record(Entry::Answered { call: call.call, operator, at: clock::now() });
        self.desk.journal().flush().await;
        call
    }

    /// An incident at a place on the map, opened by this person from their call.
    pub async fn incident_by(&self, who: &Principal) -> (ArrivedCall, IncidentView) {
        let call = self.answered_by(who).await;
        let fields = ReportFields { place: "Simpang Kabil".into(), position: Some(KABIL), ..ReportFields::default() };
        self.desk.save_report(who, call.report, SaveReport { call: call.call, base: 0, revision: 1, fields }).await.unwrap();
        let incident = self.desk.open_incident(who, call.report).await.unwrap();
        (call, incident)
    }

    /// A team of Damkar with these chats.
    pub async fn team(&self, name: &str, telegram_chat: Option<i64>, whatsapp_number: Option<&str>) -> TeamView {
        let agencies = self.desk.agencies().await.unwrap();
        let agency = agencies.iter().find(|agency| agency.name == "Damkar").unwrap().id;
        let save = SaveTeam {
            agency,
            name: name.into(),
            telegram_chat,
            whatsapp_number: whatsapp_number.map(str::to_owned),
            position: None,
            active: true,
        };
        self.desk.create_team(&head(), save).await.unwrap()
    }

    pub async fn camera(&self, name: &str, position: Position) -> CameraView {
        let url = Some(format!("rtsp://10.0.0.7/{name}"));
        let save = SaveCamera { name: name.into(), position, url, username: None, password: None, active: true };
        self.desk.create_camera(&head(), save).await.unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(directory) = &self.directory {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

/// What earlier runs left is taken up, as the server does: what may pass is tried again.
pub async fn taken_up(desk: &Desk) {
    eventually(async || match desk.recover().await {
        Err(error) if error.may_pass() => false,
        done => done.map(|()| true).unwrap(),
    })
    .await;
}

async fn desk_on(url: &str, settings: DeskSettings) -> Desk {
    Desk::new(Store::connect(url).await.unwrap(), LiveHub::default(), settings)
}

pub const KABIL: Position = Position { latitude: 1.0905, longitude: 104.0950 };

/// A position this many metres north of [`KABIL`].
pub fn north_of_kabil(metres: f64) -> Position {
    Position { latitude: KABIL.latitude + metres / 111_195.0, ..KABIL }
}

pub fn person(name: &str, role: Role) -> Principal {
    let (user, session) = (UserId(clock::new_id()), SessionId(clock::new_id()));
    Principal { user, name: name.into(), role, session }
}

pub fn operator(name: &str) -> Principal {
    person(name, Role::Operator)
}

pub fn supervisor() -> Principal {
    person("Dewi", Role::Supervisor)
}

pub fn head() -> Principal {
    person("Azril", Role::Head)
}

pub fn arrived(number: &str, at: Timestamp) -> ArrivedCall {
    ArrivedCall {
        call: CallId(clock::new_id()),
        report: ReportId(clock::new_id()),
        number: Some(number.into()),
        name: None,
        dialled: "112".into(),
        trunk: "telkom".into(),
        location: None,
        priority: CallPriority::Normal,
        languages: vec![],
        cell: None,
        additional: vec![],
        at,
    }
}

pub fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

/// Waits until `done` says so; gives up after ten seconds.
pub async fn eventually<F: Future<Output = bool>>(mut done: impl FnMut() -> F) {
    let wait = async {
        while !done().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), wait).await.expect("it never happened");
}
