//! The people, teams and places of the demo.

use super::cameras::NAMES;
use dispatch::contract::{NewUser, Position, Role};
use dispatch::desk::{CameraRow, Desk, TeamRow};

/// Everybody's password in the demo.
pub const PASSWORD: &str = "batam-siaga-112";

/// Where the first caller's story happens, as it is pasted into the form.
pub const FIRE: &str = "1.1489, 104.0075";

pub struct Person {
    pub username: &'static str,
    pub name: &'static str,
    pub role: Role,
    pub meaning: &'static str,
}

pub const PEOPLE: [Person; 4] = [
    Person { username: "ani", name: "Ani Lestari", role: Role::Operator, meaning: "operator" },
    Person { username: "joko", name: "Joko Susilo", role: Role::Operator, meaning: "operator" },
    Person { username: "sri", name: "Sri Wahyuni", role: Role::Supervisor, meaning: "supervisor, pembantu pengawas" },
    Person { username: "kepala", name: "Azwar Hakim", role: Role::Head, meaning: "head, kepala pengawas" },
];

pub async fn people(desk: &Desk) -> anyhow::Result<()> {
    for person in PEOPLE {
        desk.add_user(NewUser {
            username: person.username.into(),
            name: person.name.into(),
            role: person.role,
            password: PASSWORD.into(),
            skills: Vec::new(),
            languages: vec!["id".into()],
        })
        .await?;
    }
    Ok(())
}

/// Two teams, each with a chat of its own on the demo's second page.
pub async fn teams(desk: &Desk) -> anyhow::Result<()> {
    let team = |agency: &str, name: &str, chat: i64, latitude: f64, longitude: f64| TeamRow {
        agency: agency.into(),
        name: name.into(),
        telegram_chat: Some(chat),
        whatsapp_number: None,
        position: Some(Position { latitude, longitude }),
    };
    let teams = vec![
        team("Damkar", "Damkar Sekupang, Regu 1", -1001, 1.1189, 103.9560),
        team("PSC 119/Dinkes", "Ambulans PSC 119 Batam Kota", -1002, 1.1290, 104.0530),
        team("Polresta Barelang", "Patroli Polresta Barelang", -1003, 1.1200, 104.0480),
    ];
    desk.import_teams(teams).await?;
    Ok(())
}

/// Two simulated cameras at each place where the callers' stories happen.
pub fn cameras(port: u16) -> Vec<CameraRow> {
    let places = [
        ("CCTV Pasar Jodoh", 1.1489, 104.0075),
        ("CCTV Jodoh arah Nagoya", 1.1464, 104.0098),
        ("CCTV Simpang Kabil", 1.1077, 104.0537),
        ("CCTV Jalan Sudirman", 1.1102, 104.0521),
    ];
    places
        .iter()
        .zip(NAMES)
        .map(|((name, latitude, longitude), mount)| CameraRow {
            name: (*name).into(),
            position: Position { latitude: *latitude, longitude: *longitude },
            url: format!("rtsp://127.0.0.1:{port}/{mount}"),
            username: None,
            password: None,
        })
        .collect()
}
