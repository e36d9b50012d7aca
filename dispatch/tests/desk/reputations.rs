//! Numbers that were marked as a nuisance.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::domain::reputation::Rules;

const NUMBER: &str = "+62812000111";

/// Each of these calls is closed as this.
async fn closed_as(house: &House, desk: &Desk, dispositions: &[Disposition]) {
    let rina = operator("Rina");
    for disposition in dispositions {
        let call = house.answered_by(&rina).await;
        desk.close_report(&rina, call.report, *disposition).await.unwrap();
    }
}

both! {
    async fn the_third_mark_lowers_the_place_and_one_call_in_need_restores_it(house) {
        let (desk, dewi) = (&house.desk, supervisor());
        closed_as(&house, desk, &[Disposition::Prank, Disposition::Ghost]).await;
        assert_eq!(desk.priority_of(Some(NUMBER)), CallPriority::Normal);
        closed_as(&house, desk, &[Disposition::Prank]).await;
        assert_eq!(desk.priority_of(Some(NUMBER)), CallPriority::Low);
        assert_eq!((desk.priority_of(Some("+620")), desk.priority_of(None)), (CallPriority::Normal, CallPriority::Normal));
        let shown = desk.reputations(&dewi).await.unwrap().remove(0);
        assert_eq!((shown.number.as_str(), shown.priority, shown.marks), (NUMBER, CallPriority::Low, 3));
        assert_eq!(shown.expires_at, shown.last_marked_at + seconds(24 * 3600));
        assert!(matches!(desk.reputations(&operator("Rina")).await, Err(DeskError::Forbidden)));

        let restarted = house.restarted(DeskSettings::default()).await;
        assert_eq!(restarted.priority_of(Some(NUMBER)), CallPriority::Low, "a restart forgets nothing");
        closed_as(&house, desk, &[Disposition::Information]).await;
        assert_eq!(desk.priority_of(Some(NUMBER)), CallPriority::Normal);
        assert!(desk.reputations(&dewi).await.unwrap().is_empty());
    }

    async fn a_mark_that_is_corrected_does_not_count_and_one_said_twice_counts_once(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        closed_as(&house, desk, &[Disposition::Prank, Disposition::Prank]).await;
        let call = house.answered_by(&rina).await;
        desk.close_report(&rina, call.report, Disposition::Prank).await.unwrap();
        desk.close_report(&rina, call.report, Disposition::Prank).await.unwrap();
        assert_eq!(desk.reputations(&supervisor()).await.unwrap()[0].marks, 3);
        desk.close_report(&rina, call.report, Disposition::Normal).await.unwrap();
        assert_eq!(desk.priority_of(Some(NUMBER)), CallPriority::Normal);
        let timeline = desk.call(&rina, call.call).await.unwrap().timeline;
        let kinds: Vec<&str> = timeline.iter().map(|entry| entry.kind.as_str()).filter(|kind| kind.starts_with("reput")).collect();
        assert_eq!(kinds, ["reputation.lowered", "reputation.restored"]);
        let told = |entry: &TimelineEntry| entry.kind.starts_with("reputation") && entry.data.to_string().contains("6281");
        assert!(!timeline.iter().any(told), "the number does not stand there");
    }

    async fn a_supervisor_clears_a_number_whose_marks_then_begin_anew(house) {
        let (desk, dewi) = (&house.desk, supervisor());
        closed_as(&house, desk, &[Disposition::Prank; 3]).await;
        let id = desk.reputations(&dewi).await.unwrap()[0].id;
        assert!(matches!(desk.clear_reputation(&operator("Rina"), id).await, Err(DeskError::Forbidden)));
        desk.clear_reputation(&dewi, id).await.unwrap();
        assert_eq!(desk.priority_of(Some(NUMBER)), CallPriority::Normal);
        let audit = desk.audit_entries(&head(), None, 1).await.unwrap().remove(0);
        assert_eq!((audit.action.as_str(), audit.subject), ("reputation.cleared", id.to_string()));
        closed_as(&house, desk, &[Disposition::Prank; 2]).await;
        assert_eq!(desk.priority_of(Some(NUMBER)), CallPriority::Normal);
        closed_as(&house, desk, &[Disposition::Prank]).await;
        assert_eq!(desk.priority_of(Some(NUMBER)), CallPriority::Low);
    }

    async fn a_lowered_place_is_forgotten_by_itself(house) {
        let reputation = Rules { lasts: jiff::SignedDuration::from_millis(300), ..Rules::default() };
        let desk = house.restarted(DeskSettings { reputation, ..DeskSettings::default() }).await;
        closed_as(&house, &desk, &[Disposition::Ghost; 3]).await;
        eventually(async || desk.priority_of(Some(NUMBER)) == CallPriority::Normal).await;
        assert!(desk.reputations(&supervisor()).await.unwrap().is_empty());
    }

    async fn an_incident_closed_as_a_prank_marks_its_first_call(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        closed_as(&house, desk, &[Disposition::Prank; 2]).await;
        let (_, incident) = house.incident_by(&rina).await;
        desk.close_incident(&rina, incident.id, Disposition::Prank, "").await.unwrap();
        assert_eq!(desk.priority_of(Some(NUMBER)), CallPriority::Low);
        let low = ArrivedCall { priority: desk.priority_of(Some(NUMBER)), ..arrived(NUMBER, clock::now()) };
        desk.journal().record(Entry::Arrived(low.clone()));
        desk.journal().flush().await;
        assert_eq!(desk.call(&rina, low.call).await.unwrap().call.priority, CallPriority::Low);
    }
}
