//! The cameras that saw it keep what they saw.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;

both! {
    async fn the_nearest_cameras_keep_the_time_around_the_call(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let archive = Arc::new(FakeArchive::default());
        desk.attach_archive(archive.clone());
        for (name, metres) in [("far", 501.0), ("d", 400.0), ("a", 10.0), ("c", 300.0), ("b", 200.0), ("e", 450.0)] {
            house.camera(name, north_of_kabil(metres)).await;
        }
        let (call, incident) = house.incident_by(&rina).await;
        let footage = desk.incident(&rina, incident.id).await.unwrap().footage;
        assert_eq!(footage.iter().map(|footage| footage.camera_name.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert!((footage[0].distance_m - 10.0).abs() < 0.5);
        assert_eq!((footage[0].from, footage[0].to), (call.at - seconds(120), call.at + seconds(600)));
        eventually(|| async { archive.holds().len() == 4 }).await;
        assert!(archive.holds().iter().any(|hold| hold.footage == footage[0].id && hold.from == footage[0].from));
        let near = desk.nearest_cameras(KABIL).await.unwrap();
        assert_eq!(near.len(), 4);
        assert_eq!((near[0].name.as_str(), &near[0].state), ("a", &CameraState::Recording));
    }

    async fn a_place_found_later_brings_its_cameras(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        house.camera("a", north_of_kabil(10.0)).await;
        let call = house.answered_by(&rina).await;
        let mut fields = ReportFields { event: "kecelakaan".into(), ..ReportFields::default() };
        let save = |revision: i64, fields: &ReportFields| SaveReport { call: call.call, base: revision - 1, revision, fields: fields.clone() };
        desk.save_report(&rina, call.report, save(1, &fields)).await.unwrap();
        let incident = desk.open_incident(&rina, call.report).await.unwrap();
        assert!(desk.incident(&rina, incident.id).await.unwrap().footage.is_empty());
        fields.position = Some(KABIL);
        for revision in [2, 3] {
            desk.save_report(&rina, call.report, save(revision, &fields)).await.unwrap();
        }
        assert_eq!(desk.incident(&rina, incident.id).await.unwrap().footage.len(), 1);
    }

    async fn footage_that_could_not_be_held_is_held_after_a_restart(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let failing = Arc::new(FakeArchive::default());
        failing.fails.store(true, Ordering::SeqCst);
        desk.attach_archive(failing.clone());
        house.camera("a", north_of_kabil(10.0)).await;
        house.incident_by(&rina).await;
        let restarted = house.restarted(DeskSettings::default()).await;
        let archive = Arc::new(FakeArchive::default());
        restarted.attach_archive(archive.clone());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let watch = tokio::spawn({
            let desk = restarted.clone();
            async move { desk.keep_watch(async { drop(stopped.await) }).await }
        });
        eventually(|| async { archive.holds().len() == 1 }).await;
        drop(stop);
        watch.await.unwrap();
        assert!(failing.holds().is_empty());
    }

    async fn footage_that_cannot_be_held_for_a_minute_calls_for_somebody(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let archive = Arc::new(FakeArchive::default());
        archive.fails.store(true, Ordering::SeqCst);
        desk.attach_archive(archive.clone());
        let camera = house.camera("a", north_of_kabil(10.0)).await;
        let (_, incident) = house.incident_by(&rina).await;
        let kept = async || {
            let timeline = desk.incident(&rina, incident.id).await.unwrap().timeline;
            timeline.iter().filter(|entry| entry.kind == "footage.kept").count()
        };
        let began = clock::now();
        desk.hold_unheld(began).await;
        assert!(desk.alarms().is_empty());
        desk.hold_unheld(began + seconds(61)).await;
        let kind = AlarmKind::FootageFailing { camera: camera.id, camera_name: "a".into(), incident: incident.id };
        assert_eq!(desk.alarms()[0].kind, kind);
        assert_eq!(kept().await, 0, "nothing is said to be kept that is not");
        archive.fails.store(false, Ordering::SeqCst);
        desk.hold_unheld(began + seconds(62)).await;
        assert!(desk.alarms().is_empty());
        desk.hold_unheld(began + seconds(63)).await;
        assert_eq!((kept().await, archive.holds().len()), (1, 1));
    }

    async fn a_stuck_disk_does_not_stop_the_alarms(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let archive = Arc::new(FakeArchive::default());
        archive.hangs.store(true, Ordering::SeqCst);
        desk.attach_archive(archive.clone());
        house.camera("a", north_of_kabil(10.0)).await;
        let (_, incident) = house.incident_by(&rina).await;
        let settings = DeskSettings { acknowledge_within: seconds(0), ..DeskSettings::default() };
        let restarted = house.restarted(settings).await;
        restarted.attach_archive(archive.clone());
        let team = house.team("Regu 1", Some(-1), None).await;
        restarted.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let watch = tokio::spawn({
            let desk = restarted.clone();
            async move { desk.keep_watch(async { drop(stopped.await) }).await }
        });
        eventually(async || restarted.alarms().iter().any(|alarm| matches!(alarm.kind, AlarmKind::Unacknowledged { .. }))).await;
        drop(stop);
        watch.await.unwrap();
        assert!(archive.holds().is_empty());
    }

    async fn a_cameras_address_is_never_given_back_and_is_kept_when_absent(house) {
        let (desk, boss) = (&house.desk, head());
        let archive = Arc::new(FakeArchive::default());
        desk.attach_archive(archive.clone());
        let save = SaveCamera {
            name: "Simpang Kabil".into(),
            position: KABIL,
            url: Some("rtsp://10.0.0.9/1".into()),
            username: Some("admin".into()),
            password: Some("rahasia".into()),
            active: true,
        };
        let camera = desk.create_camera(&boss, save.clone()).await.unwrap();
        let json = serde_json::to_string(&desk.cameras().await.unwrap()).unwrap();
        assert!(!json.contains("10.0.0.9") && !json.contains("rahasia"));
        let renamed = SaveCamera { name: "Kabil".into(), url: None, username: None, password: None, ..save.clone() };
        desk.update_camera(&boss, camera.id, renamed.clone()).await.unwrap();
        let source = desk.camera_sources().await.unwrap().remove(0);
        assert_eq!((source.url.as_str(), source.password.as_deref()), ("rtsp://10.0.0.9/1", Some("rahasia")));
        assert_eq!(archive.sources.lock().unwrap().len(), 1);
        desk.update_camera(&boss, camera.id, SaveCamera { active: false, ..renamed }).await.unwrap();
        assert!(archive.sources.lock().unwrap().is_empty());
        let bad = SaveCamera { url: Some("rtsp://admin:rahasia@10.0.0.9/1".into()), ..save.clone() };
        assert!(matches!(desk.create_camera(&boss, bad).await, Err(DeskError::Invalid { field: "url", .. })));
        assert!(matches!(desk.create_camera(&supervisor(), save).await, Err(DeskError::Forbidden)));
    }
}
