//! What a city keeps up: agencies, teams, types; its first lists, and its own.

use crate::both;
use crate::support::*;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::store::{Store, StoreError};

both! {
    async fn an_empty_database_gets_batams_twelve_types(house) {
        let desk = &house.desk;
        let types = desk.incident_types().await.unwrap();
        assert_eq!(types.len(), 12);
        assert_eq!((types[2].rank, types[2].name.as_str(), types[2].name_en.as_str()), (3, "Kebakaran", "Fire"));
        assert!(types.iter().all(|kind| !kind.lead.is_empty()));
        let agencies = desk.agencies().await.unwrap();
        let name = |id| agencies.iter().find(|agency| agency.id == id).map(|agency| agency.name.as_str());
        assert_eq!(types[2].lead.iter().map(|id| name(*id)).collect::<Vec<_>>(), [Some("Damkar")]);
        // What the city changed survives the next start.
        let fire = &types[2];
        let save = SaveIncidentType {
            rank: 1,
            name: "Kebakaran gedung".into(),
            name_en: fire.name_en.clone(),
            lead: vec![fire.support[0], fire.lead[0], fire.lead[0]],
            support: vec![],
            active: false,
        };
        desk.update_incident_type(&head(), fire.id, save.clone()).await.unwrap();
        let types = house.restarted(DeskSettings::default()).await.incident_types().await.unwrap();
        let kept = types.iter().find(|kind| kind.id == fire.id).unwrap();
        assert_eq!((types.len(), kept.name.as_str(), kept.active), (12, "Kebakaran gedung", false));
        assert_eq!(kept.lead, [fire.support[0], fire.lead[0]]);
        let taken = SaveIncidentType { name: "Narkoba".into(), ..save.clone() };
        let refused = desk.update_incident_type(&head(), fire.id, taken).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "name_taken", .. })));
        assert!(matches!(desk.create_incident_type(&supervisor(), save).await, Err(DeskError::Forbidden)));
    }

    async fn lists_are_imported_by_name_all_or_nothing(house) {
        let desk = &house.desk;
        let text = "agency,name,telegram_chat,whatsapp_number,latitude,longitude\n\
                    Damkar,Regu 1,-100,,1.1,104.1\nDamkar,Regu 2,,+62 812 3456 789,,\n";
        let rows = parse_teams(text).unwrap();
        assert_eq!(desk.import_teams(rows.clone()).await.unwrap(), ImportSummary { created: 2, updated: 0 });
        let mut again = rows.clone();
        again[0].telegram_chat = None;
        assert_eq!(desk.import_teams(again).await.unwrap(), ImportSummary { created: 0, updated: 2 });
        let teams = desk.teams().await.unwrap();
        assert_eq!(teams.len(), 2);
        assert_eq!(teams[0].telegram_chat, Some(-100), "a linked chat stays");
        assert_eq!(teams[1].whatsapp_number.as_deref(), Some("628123456789"));
        let mut bad = rows;
        bad[0].name = "Regu 3".into();
        bad[1].agency = "Entah".into();
        assert!(matches!(desk.import_teams(bad).await, Err(DeskError::Invalid { field: "agency", .. })));
        assert_eq!(desk.teams().await.unwrap().len(), 2);

        let cameras = parse_cameras("name,latitude,longitude,url\nKabil,1.09,104.09,rtsp://10.0.0.1/1\n").unwrap();
        assert_eq!(desk.import_cameras(cameras).await.unwrap().created, 1);
        assert_eq!(desk.camera_sources().await.unwrap().len(), 1);
        let agencies = parse_agencies("name,phone\nDamkar,0778113\nKorps Baru,\n").unwrap();
        assert_eq!(desk.import_agencies(agencies).await.unwrap(), ImportSummary { created: 1, updated: 1 });
    }

    async fn teams_and_agencies_are_kept_up_by_managers(house) {
        let (desk, boss) = (&house.desk, head());
        let save = SaveAgency { name: " Karang Taruna ".into(), phone: "0778".into(), active: true };
        let agency = desk.create_agency(&boss, save.clone()).await.unwrap();
        assert_eq!(agency.name, "Karang Taruna");
        assert!(matches!(desk.create_agency(&boss, save.clone()).await, Err(DeskError::Conflict { code: "name_taken", .. })));
        assert!(matches!(desk.create_agency(&supervisor(), save.clone()).await, Err(DeskError::Forbidden)));
        desk.update_agency(&boss, agency.id, SaveAgency { active: false, ..save }).await.unwrap();
        let team = house.team("Regu 1", None, None).await;
        let wrong = SaveTeam {
            agency: agency.id,
            name: "Regu 1".into(),
            telegram_chat: None,
            whatsapp_number: Some("12".into()),
            position: None,
            active: true,
        };
        let refused = desk.update_team(&boss, team.id, wrong.clone()).await;
        assert!(matches!(refused, Err(DeskError::Invalid { field: "whatsapp_number", .. })));
        let moved = desk.update_team(&boss, team.id, SaveTeam { whatsapp_number: None, ..wrong }).await.unwrap();
        assert_eq!((moved.agency, moved.agency_name.as_str()), (agency.id, "Karang Taruna"));
        desk.ping().await.unwrap();
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_opened_says_what_to_do() {
    for url in ["", "mysql://localhost/siaga", "/var/lib/siaga.db", "sqlite://"] {
        assert!(matches!(Store::connect(url).await, Err(StoreError::BadUrl)), "{url}");
    }
    let Err(error) = Store::connect("sqlite:///nowhere/at/all/siaga.db").await else { panic!("it cannot open") };
    assert!(error.to_string().starts_with("database.url: the database cannot be opened"), "{error}");
}
