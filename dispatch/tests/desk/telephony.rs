//! What networks say beside a call, what becomes of it between people, and how it is counted.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::id::*;
use jiff::tz::{Offset, TimeZone};

fn statement(value: &str) -> AdditionalData {
    AdditionalData { kind: "provider".into(), label: "DataProviderString".into(), value: value.into() }
}

both! {
    async fn what_the_network_says_beside_a_call_is_kept_and_bounded(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = ArrivedCall {
            priority: CallPriority::High,
            languages: (0..20).map(|n| format!("l{n}")).collect(),
            cell: Some("3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5100\0".into()),
            additional: vec![statement(&"x".repeat(1000)); 100],
            ..arrived("+62811", clock::now())
        };
        desk.journal().record(Entry::Arrived(call.clone()));
        desk.journal().flush().await;
        let kept = desk.call(&rina, call.call).await.unwrap().call;
        assert_eq!((kept.priority, kept.direction), (CallPriority::High, CallDirection::Inbound));
        assert_eq!((kept.languages.len(), kept.languages[0].as_str()), (8, "l0"));
        assert_eq!(kept.cell.as_deref(), Some("3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=5100"));
        assert_eq!((kept.additional.len(), kept.additional[0].value.len()), (64, 500));
    }

    async fn what_the_network_tells_later_is_kept_and_overwrites_nothing(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let kabil = CallerLocation { position: Some(KABIL), radius_m: Some(40.0), ..CallerLocation::default() };
        let elsewhere = CallerLocation { civic: Some("Nagoya".into()), ..CallerLocation::default() };
        for (known, kept) in [(None, kabil.clone()), (Some(elsewhere.clone()), elsewhere)] {
            let call = ArrivedCall { location: known, ..arrived("+62811", clock::now()) };
            desk.journal().record(Entry::Arrived(call.clone()));
            let additional = vec![statement("Telkomsel")];
            desk.journal().record(Entry::Located { call: call.call, location: Some(kabil.clone()), additional, at: clock::now() });
            desk.journal().flush().await;
            let detail = desk.call(&rina, call.call).await.unwrap();
            assert_eq!((detail.call.location, detail.call.additional), (Some(kept), vec![statement("Telkomsel")]));
            assert!(detail.timeline.iter().any(|entry| entry.kind == "call.located"));
        }
    }

    async fn the_form_of_an_area_is_kept_with_how_and_when_it_was_found(house) {
        let rina = operator("Rina");
        let east = Position { longitude: KABIL.longitude + 0.01, ..KABIL };
        let north = Position { latitude: KABIL.latitude + 0.01, ..KABIL };
        for (shape, kept) in [
            (LocationShape::Ellipse { semi_major_m: 200.0, semi_minor_m: 50.0, orientation_deg: 30.0 }, true),
            (LocationShape::ArcBand { inner_m: 0.0, outer_m: 900.0, start_deg: 266.0, opening_deg: 120.0 }, true),
            (LocationShape::Polygon { points: vec![KABIL, east, north] }, true),
            (LocationShape::Polygon { points: vec![KABIL, east] }, false),
            (LocationShape::Ellipse { semi_major_m: f64::NAN, semi_minor_m: 50.0, orientation_deg: 30.0 }, false),
        ] {
            let found = CallerLocation {
                position: Some(KABIL),
                radius_m: Some(900.0),
                shape: Some(shape.clone()),
                method: Some("Cell".into()),
                at: Some("2026-11-25T08:00:00Z".parse().unwrap()),
                ..CallerLocation::default()
            };
            let call = ArrivedCall { location: Some(found.clone()), ..arrived("+62811", clock::now()) };
            house.desk.journal().record(Entry::Arrived(call.clone()));
            house.desk.journal().flush().await;
            let read = house.desk.call(&rina, call.call).await.unwrap().call.location;
            assert_eq!(read, Some(CallerLocation { shape: kept.then_some(shape), ..found }));
        }
    }

    async fn where_the_network_sees_the_caller_now_takes_the_place_of_where_it_did(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let before = CallerLocation { civic: Some("Nagoya".into()), ..CallerLocation::default() };
        let now = CallerLocation { position: Some(KABIL), radius_m: Some(40.0), ..CallerLocation::default() };
        let call = ArrivedCall { location: Some(before), ..arrived("+62811", clock::now()) };
        desk.journal().record(Entry::Arrived(call.clone()));
        desk.journal().record(Entry::Relocated { call: call.call, location: now.clone(), at: clock::now() });
        desk.journal().flush().await;
        let detail = desk.call(&rina, call.call).await.unwrap();
        assert_eq!(detail.call.location, Some(now));
        let told = detail.timeline.iter().find(|entry| entry.kind == "call.relocated").unwrap();
        assert_eq!((told.data["radius_m"].as_f64(), told.data["position"]["latitude"].as_f64()), (Some(40.0), Some(KABIL.latitude)));
    }

    async fn what_happens_between_people_stands_on_the_timeline(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await.call;
        let (at, party) = (clock::now(), PartyId(clock::new_id()));
        let (who, supervisor) =
            (Who { user: rina.user, name: "Rina".into() }, Who { user: UserId(clock::new_id()), name: "Dewi".into() });
        let number = "113".to_owned();
        let mode = DialMode::Consult;
        let party_dialled = DialledParty { call, party, number, name: None, mode, operator: who.clone(), at };
        let heard_us = Some(HeardUs { lost: 3, worst_loss_percent: 2.0, jitter_ms: 1.0 });
        let side = HeardSide::Caller;
        let heard = HeardQuality { side, packets: Some(100), loss_percent: 1.5, jitter_ms: 4.0, mos: 4.2, heard_us };
        for entry in [
            Entry::PartyDialled(party_dialled),
            Entry::PartyJoined { call, party, number: Some("113".to_owned()), at },
            Entry::Merged { call, operator: who.clone(), at },
            Entry::Monitored { call, supervisor, mode: Some(MonitorMode::Whisper), at },
            Entry::SilentPrompt { call, operator: who.clone(), at },
            Entry::Digit { call, digit: '1', at },
            Entry::TextOpened { call, at },
            Entry::TextClosed { call, at },
            Entry::HandedOver { call, operator: who.clone(), at },
            Entry::CallerGone { call, by: EndedBy::Caller, at },
            Entry::Transferred { call, party, operator: who, at },
            Entry::PartyLeft { call, party, why: PartyEnd::HungUp, failure: None, at },
            Entry::Quality { call, heard, at },
            Entry::Ended { call, by: EndedBy::Party, operator: None, failure: None, at },
        ] {
            desk.journal().record(entry);
        }
        desk.journal().flush().await;
        let detail = desk.call(&rina, call).await.unwrap();
        let kinds: Vec<&str> = detail.timeline.iter().skip(2).map(|entry| entry.kind.as_str()).collect();
        let expected = [
            "call.party_dialled",
            "call.party_joined",
            "call.merged",
            "call.monitored",
            "call.silent_prompt",
            "call.digit",
            "call.text_opened",
            "call.text_closed",
            "call.handed_over",
            "call.caller_gone",
            "call.transferred",
            "call.party_left",
            "call.quality",
            "call.ended",
        ];
        assert_eq!(kinds, expected);
        let data = |kind: &str| detail.timeline.iter().find(|entry| entry.kind == kind).unwrap().data.clone();
        assert_eq!(data("call.party_dialled")["mode"], "consult");
        assert_eq!(data("call.monitored")["mode"], "whisper");
        assert_eq!(data("call.party_left")["why"], "hung_up");
        assert_eq!(data("call.quality")["heard_us"]["lost"], 3);
        assert_eq!((data("call.quality")["side"].clone(), data("call.quality")["packets"].clone()), ("caller".into(), 100.into()));
        assert_eq!((detail.call.ended_by, detail.call.operator), (Some(EndedBy::Party), Some(rina.user)));
    }

    async fn the_service_level_counts_who_was_answered_or_waited_too_long(house) {
        let rina = operator("Rina");
        let who = Who { user: rina.user, name: "Rina".into() };
        let now = clock::now();
        // It is noon in this city, so that midnight does not fall into the story.
        let zone = TimeZone::fixed(Offset::constant(12 - now.to_zoned(TimeZone::UTC).hour()));
        let desk = &house.restarted(DeskSettings { zone, ..DeskSettings::default() }).await;
        let journal = desk.journal();
        for answered_after in [5, 15, 16, 30] {
            let call = arrived("+62811", now);
            journal.record(Entry::Arrived(call.clone()));
            let at = now + seconds(answered_after);
            journal.record(Entry::Answered { call: call.call, operator: who.clone(), at });
        }
        for gave_up_after in [3, 15, 17, 60] {
            let call = arrived("+62822", now);
            journal.record(Entry::Arrived(call.clone()));
            let at = now + seconds(gave_up_after);
            journal.record(Entry::Ended { call: call.call, by: EndedBy::CallerBeforeAnswer, operator: None, failure: None, at });
        }
        let test = CallId(clock::new_id());
        journal.record(Entry::TestCall { call: test, trunk: "telkom".into(), dialled: "urn:service:test.sos".into(), at: now });
        let out = DialledCall {
            call: CallId(clock::new_id()),
            report: ReportId(clock::new_id()),
            number: "+62833".into(),
            name: None,
            trunk: "telkom".into(),
            operator: who,
            callback_of: None,
            at: now,
        };
        journal.record(Entry::OutboundDialled(out.clone()));
        journal.record(Entry::OutboundAnswered { call: out.call, trunk: None, at: now });
        journal.flush().await;
        desk.close_report(&rina, out.report, Disposition::Normal).await.unwrap();
        let today = desk.statistics_today(&rina).await.unwrap();
        assert_eq!((today.calls, today.answered, today.abandoned, today.open_calls), (8, 4, 4, 4));
        assert!(today.by_disposition.is_empty(), "outbound calls and test calls count in none");
        let levels = [
            ServiceLevel { within_s: 15, goal_percent: 90, answered: 2, of: 6 },
            ServiceLevel { within_s: 20, goal_percent: 95, answered: 3, of: 5 },
        ];
        assert_eq!(today.service_levels, levels);
        // Who still waits has waited too long already.
        journal.record(Entry::Arrived(arrived("+62844", now - seconds(60))));
        journal.flush().await;
        let now_counted: Vec<i64> =
            desk.statistics_today(&rina).await.unwrap().service_levels.iter().map(|level| level.of).collect();
        assert_eq!(now_counted, [7, 6]);
    }

    async fn skills_and_languages_are_kept_and_imported(house) {
        let desk = &house.desk;
        let user = NewUser {
            username: "rina".into(),
            name: "Rina".into(),
            role: Role::Operator,
            password: "kata sandi panjang".into(),
            skills: vec!["Fire".into()],
            languages: vec![],
        };
        let rina = desk.add_user(user).await.unwrap();
        assert_eq!(rina.skills, ["fire"]);
        let change = ChangeUser { languages: Some(vec!["id".into(), "en".into()]), ..ChangeUser::default() };
        let changed = desk.change_user(&head(), rina.id, change).await.unwrap();
        assert_eq!((changed.skills, changed.languages), (vec!["fire".to_owned()], vec!["id".to_owned(), "en".to_owned()]));
        let wrong = ChangeUser { skills: Some(vec!["api besar".into()]), ..ChangeUser::default() };
        assert!(matches!(desk.change_user(&head(), rina.id, wrong).await, Err(DeskError::Invalid { field: "skills", .. })));

        let rows = parse_skills("username,skills,languages\nrina,marine; police,id\n").unwrap();
        assert_eq!(desk.import_skills(rows.clone()).await.unwrap(), ImportSummary { created: 0, updated: 1 });
        assert_eq!(desk.users(&head()).await.unwrap()[0].skills, ["marine", "police"]);
        let stranger = SkillRow { username: "tuti".into(), ..rows[0].clone() };
        let refused = desk.import_skills(vec![stranger]).await;
        assert!(matches!(refused, Err(DeskError::Invalid { field: "username", .. })));
    }

    async fn a_limit_that_is_not_reached_and_a_carrier_that_is_not_refused_any_more_are_silent_after_a_minute(house) {
        let desk = &house.desk;
        let now = clock::now();
        let limit = AlarmKind::LimitReached { limit: "rate".into() };
        let trunk = AlarmKind::TrunkDown { trunk: "telkom".into(), why: TrunkTrouble::Silent, code: None };
        desk.raise_alarm(AlarmKind::CallsRefused { trunk: "telkom".into(), why: OfferTrouble::NoCodec }, now);
        let id = desk.raise_alarm(limit.clone(), now);
        desk.raise_alarm(trunk.clone(), now);
        assert_eq!(desk.raise_alarm(limit, now + seconds(30)), id, "it goes on sounding");
        desk.quiet_refusals(now + seconds(59));
        assert_eq!(desk.alarms().len(), 3);
        desk.quiet_refusals(now + seconds(89));
        assert_eq!(desk.alarms().len(), 2);
        desk.quiet_refusals(now + seconds(90));
        assert_eq!(desk.alarms().iter().map(|alarm| &alarm.kind).collect::<Vec<_>>(), [&trunk], "a line stays down until it is up");
        desk.journal().flush().await;
        assert!(house.restarted(DeskSettings::default()).await.alarms().is_empty());
    }

    async fn what_the_network_points_to_and_nobody_could_fetch_stands_on_the_timeline_and_names_no_address(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await.call;
        for (what, why) in [(Sought::Place, Unfetched::NotAllowed), (Sought::Facts, Unfetched::Silent)] {
            desk.journal().record(Entry::NotFetched { call, what, why, at: clock::now() });
        }
        desk.journal().flush().await;
        let timeline = desk.call(&rina, call).await.unwrap().timeline;
        let told: Vec<_> = timeline.iter().skip(2).map(|entry| (entry.kind.as_str(), entry.data.to_string())).collect();
        let expected = [("call.place_not_fetched", r#"{"why":"not_allowed"}"#), ("call.facts_not_fetched", r#"{"why":"silent"}"#)];
        assert_eq!(told, expected.map(|(kind, data)| (kind, data.to_owned())));
    }

    async fn a_location_server_that_the_settings_do_not_name_is_told_until_a_minute_after_the_last_such_call(house) {
        let (desk, now) = (&house.desk, clock::now());
        let kind = AlarmKind::LocationNotAllowed { trunk: "telkom".into() };
        let id = desk.raise_alarm(kind.clone(), now);
        assert_eq!(desk.raise_alarm(kind, now + seconds(30)), id);
        desk.quiet_refusals(now + seconds(89));
        assert_eq!(desk.alarms().len(), 1);
        desk.quiet_refusals(now + seconds(90));
        assert!(desk.alarms().is_empty());
    }

    async fn a_refused_sign_in_stands_in_the_audit_under_the_account_that_was_tried(house) {
        let desk = &house.desk;
        let (dewi, address) = (head(), |text: &str| text.parse::<std::net::IpAddr>().unwrap());
        let user = NewUser {
            username: "rina".into(),
            name: "Rina".into(),
            role: Role::Operator,
            password: "kata sandi panjang".into(),
            skills: vec![],
            languages: vec![],
        };
        let rina = desk.add_user(user).await.unwrap();
        for (name, from) in [("RINA", "192.0.2.1"), ("rina", "192.0.2.1"), ("s3cret-password", "192.0.2.2")] {
            desk.sign_in_failed(name, address(from)).await;
        }
        let entries = desk.audit_entries(&dewi, None, 10).await.unwrap();
        let told: Vec<_> = entries.iter().map(|entry| (entry.user_name.as_str(), entry.subject.as_str())).collect();
        assert_eq!(told, [("-", "192.0.2.2"), ("Rina", "192.0.2.1")]);
        assert_eq!(entries[1].user, rina.id);
    }
}
