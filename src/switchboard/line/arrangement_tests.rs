use super::*;

const CALL: CallId = CallId(Uuid::from_u128(1));
const ANI: UserId = UserId(Uuid::from_u128(2));
const DEWI: UserId = UserId(Uuid::from_u128(3));

fn party(n: u128, joins: Joins, answered: bool) -> Party {
    let reach = if answered { Reach::Answered } else { Reach::Rings };
    Party { id: PartyId(Uuid::from_u128(n)), media: Uuid::from_u128(n), joins, reach }
}

fn talking() -> Standing {
    Standing { operator: Some(ANI), ..Standing::new(CALL, Caller::Talking) }
}

fn members(standing: &Standing) -> Vec<(u128, Role)> {
    standing.arrangement().members.into_iter().map(|member| (member.leg.as_u128(), member.role)).collect()
}

#[test]
fn a_caller_who_waits_hears_the_wait_and_is_in_no_room() {
    let standing = Standing::new(CALL, Caller::Waiting(Sound::Ringback));
    let arrangement = standing.arrangement();
    assert_eq!(arrangement, Arrangement { caller_hears: Some(Sound::Ringback), ..Arrangement::nobody() });
}

#[test]
fn an_operator_who_calls_out_hears_it_ring_until_somebody_answers() {
    let mut standing = Standing { operator: Some(ANI), ..Standing::new(CALL, Caller::Waiting(Sound::Silence)) };
    assert_eq!(standing.arrangement().operator_hears, Some((ANI.0, Sound::Ringback)));
    standing.caller = Caller::Talking;
    assert_eq!(standing.arrangement().operator_hears, None);
    assert_eq!(members(&standing), [(1, Role::Speaker), (2, Role::Speaker)]);
}

#[test]
fn what_is_heard_before_the_answer_takes_the_place_of_our_own_ringing() {
    let mut standing = Standing { operator: Some(ANI), ..Standing::new(CALL, Caller::Waiting(Sound::Hush)) };
    let arrangement = standing.arrangement();
    assert_eq!((arrangement.caller_hears, arrangement.operator_hears), (Some(Sound::Hush), Some((ANI.0, Sound::Ringback))));
    standing.caller = Caller::Early;
    assert_eq!(members(&standing), [(1, Role::Speaker), (2, Role::Speaker)]);
    let arrangement = standing.arrangement();
    assert_eq!((arrangement.caller_hears, arrangement.operator_hears), (None, None));
}

#[test]
fn what_a_party_lets_be_heard_before_the_answer_is_for_who_waits_for_it_alone() {
    let mut standing = Standing { caller: Caller::Held, ..talking() };
    let early = |joins, reach| Party { reach, ..party(9, joins, false) };
    standing.parties = vec![early(Joins::Operator, Reach::Described)];
    let arrangement = standing.arrangement();
    assert_eq!((arrangement.members.len(), arrangement.operator_hears), (0, Some((ANI.0, Sound::Ringback))));
    assert_eq!(arrangement.parties_hear, BTreeMap::from([(Uuid::from_u128(9), Sound::Hush)]));
    standing.parties = vec![early(Joins::Operator, Reach::Early)];
    assert_eq!(members(&standing), [(2, Role::Speaker), (9, Role::Speaker)]);
    assert_eq!(standing.arrangement().operator_hears, None);
    standing.caller = Caller::Talking;
    standing.parties = vec![early(Joins::Everybody, Reach::Early)];
    assert_eq!(members(&standing), [(1, Role::Speaker), (2, Role::Speaker)], "the caller does not hear it ring");
}

#[test]
fn in_a_consultation_the_caller_hears_the_hold_and_nobody_else() {
    let mut standing = talking();
    standing.caller = Caller::Held;
    standing.parties.push(party(9, Joins::Operator, false));
    assert_eq!(members(&standing), []);
    assert_eq!(standing.arrangement().operator_hears, Some((ANI.0, Sound::Ringback)));
    standing.parties = vec![party(9, Joins::Operator, true)];
    assert_eq!(members(&standing), [(2, Role::Speaker), (9, Role::Speaker)]);
    assert_eq!(standing.arrangement().caller_hears, Some(Sound::Hold));
}

#[test]
fn an_operator_who_goes_back_to_the_caller_in_a_consultation_exposes_the_caller_to_nobody() {
    let mut standing = talking();
    standing.parties.push(party(9, Joins::Operator, true));
    assert_eq!(members(&standing), [(1, Role::Speaker), (2, Role::Speaker)]);
    assert_eq!(standing.arrangement().parties_hear, BTreeMap::from([(Uuid::from_u128(9), Sound::Hold)]));
    standing.parties.push(party(8, Joins::Operator, false));
    assert_eq!(standing.arrangement().operator_hears, None, "the caller is heard, not the ringing");
    standing.caller = Caller::Held;
    assert_eq!(members(&standing), [(2, Role::Speaker), (9, Role::Speaker)]);
    assert_eq!(standing.arrangement().parties_hear, BTreeMap::new());
    standing.together();
    assert_eq!(members(&standing), [(1, Role::Speaker), (2, Role::Speaker), (9, Role::Speaker)]);
}

#[test]
fn whoever_was_called_in_is_heard_above_the_ringing_of_the_next() {
    let mut standing = Standing { caller: Caller::Held, ..talking() };
    standing.parties = vec![party(9, Joins::Operator, true), party(8, Joins::Operator, false)];
    assert_eq!(members(&standing), [(2, Role::Speaker), (9, Role::Speaker)]);
    assert_eq!(standing.arrangement().operator_hears, None);
}

#[test]
fn a_caller_who_leaves_takes_nobody_along() {
    let mut standing = talking();
    standing.parties = vec![party(9, Joins::Everybody, true), party(8, Joins::Everybody, false)];
    standing.caller_leaves();
    assert_eq!(members(&standing), [(2, Role::Speaker), (9, Role::Speaker)]);
    let arrangement = standing.arrangement();
    assert_eq!(
        (arrangement.caller_hears, arrangement.operator_hears),
        (Some(Sound::Silence), None),
        "the other is heard, not the ringing"
    );
    assert_eq!(standing.spoken_with(), Uuid::from_u128(9));
    standing.parties.remove(0);
    assert_eq!(members(&standing), []);
    assert_eq!(standing.arrangement().operator_hears, Some((ANI.0, Sound::Ringback)), "the operator waits for who is left");
    standing.covered = true;
    standing.parties = vec![party(9, Joins::Operator, true)];
    let arrangement = standing.arrangement();
    assert_eq!(arrangement.caller_hears, Some(Sound::Silence), "nothing is played to who has hung up");
    assert_eq!(arrangement.parties_hear, BTreeMap::from([(Uuid::from_u128(9), Sound::Hold)]), "the headset is away");
    standing.covered = false;
    assert_eq!(standing.arrangement().parties_hear, BTreeMap::new());
}

#[test]
fn a_conference_goes_on_without_the_operator() {
    let mut standing = talking();
    standing.parties = vec![party(9, Joins::Everybody, true), party(8, Joins::Everybody, false)];
    assert_eq!(members(&standing), [(1, Role::Speaker), (2, Role::Speaker), (9, Role::Speaker)]);
    standing.operator = None;
    assert_eq!(members(&standing), [(1, Role::Speaker), (9, Role::Speaker)]);
    standing.parties.clear();
    assert_eq!(members(&standing), []);
    assert_eq!(standing.arrangement().caller_hears, Some(Sound::Silence));
}

#[test]
fn a_supervisor_listens_whispers_and_joins_only_where_there_is_a_conversation() {
    let mut standing = talking();
    for (mode, role) in [
        (MonitorMode::Listen, Role::Listener),
        (MonitorMode::Whisper, Role::Coach { of: ANI.0 }),
        (MonitorMode::Barge, Role::Speaker),
    ] {
        standing.monitors.insert(DEWI, mode);
        assert_eq!(members(&standing), [(1, Role::Speaker), (2, Role::Speaker), (3, role)]);
    }
    standing.monitors.insert(DEWI, MonitorMode::Listen);
    standing.caller = Caller::Held;
    assert_eq!(members(&standing), [], "the operator sits alone");
}

#[test]
fn while_the_caller_is_aside_a_supervisor_may_speak_with_the_operator() {
    let mut standing = Standing { caller: Caller::Held, ..talking() };
    standing.monitors.insert(DEWI, MonitorMode::Listen);
    assert_eq!(members(&standing), [], "there is nothing to hear");
    for (mode, role) in [(MonitorMode::Whisper, Role::Coach { of: ANI.0 }), (MonitorMode::Barge, Role::Speaker)] {
        standing.monitors.insert(DEWI, mode);
        assert_eq!(members(&standing), [(2, Role::Speaker), (3, role)]);
        assert_eq!(standing.arrangement().caller_hears, Some(Sound::Hold));
    }
    standing.operator = None;
    assert_eq!(members(&standing), []);
}

#[test]
fn who_would_whisper_to_nobody_only_listens() {
    let mut standing = talking();
    standing.operator = None;
    standing.parties.push(party(9, Joins::Everybody, true));
    standing.monitors.insert(DEWI, MonitorMode::Whisper);
    assert_eq!(members(&standing), [(1, Role::Speaker), (9, Role::Speaker), (3, Role::Listener)]);
}

#[test]
fn whoever_works_with_a_desk_phone_speaks_by_its_leg() {
    let mut standing = talking();
    standing.telephones.insert(ANI, Uuid::from_u128(20));
    standing.monitors.insert(DEWI, MonitorMode::Whisper);
    let coach = Role::Coach { of: Uuid::from_u128(20) };
    assert_eq!(members(&standing), [(1, Role::Speaker), (20, Role::Speaker), (3, coach)]);
    standing.telephones.insert(DEWI, Uuid::from_u128(30));
    assert_eq!(members(&standing), [(1, Role::Speaker), (20, Role::Speaker), (30, coach)]);
    standing.caller = Caller::Waiting(Sound::Silence);
    assert_eq!(standing.arrangement().operator_hears, Some((Uuid::from_u128(20), Sound::Ringback)));
}

#[test]
fn a_headset_that_is_away_leaves_no_silence_and_no_empty_place() {
    let standing = Standing { covered: true, ..talking() };
    assert_eq!(standing.arrangement().caller_hears, Some(Sound::Hold));
    assert_eq!(members(&standing).len(), 2, "the operator's voice is back as soon as the headset is");
}

#[test]
fn a_headset_that_is_away_silences_nobody_else_who_talks_with_the_caller() {
    let mut standing = Standing { covered: true, ..talking() };
    standing.parties.push(party(9, Joins::Everybody, true));
    assert_eq!(standing.arrangement().caller_hears, None);
    standing.parties.clear();
    standing.monitors.insert(DEWI, MonitorMode::Listen);
    assert_eq!(standing.arrangement().caller_hears, Some(Sound::Hold));
    standing.monitors.insert(DEWI, MonitorMode::Barge);
    assert_eq!(standing.arrangement().caller_hears, None);
}

#[test]
fn keys_go_to_whom_the_operator_talks_with() {
    let mut standing = talking();
    assert_eq!(standing.spoken_with(), CALL.0);
    standing.caller = Caller::Held;
    standing.parties.push(party(9, Joins::Operator, false));
    assert_eq!(standing.spoken_with(), CALL.0, "nobody has answered yet");
    standing.parties = vec![party(9, Joins::Operator, true)];
    assert_eq!(standing.spoken_with(), Uuid::from_u128(9));
    standing.caller = Caller::Talking;
    assert_eq!(standing.spoken_with(), CALL.0);
}

#[test]
fn a_supervisor_who_has_joined_stays_with_a_caller_who_lost_the_operator_and_one_who_only_listens_does_not_count() {
    let mut standing = Standing { operator: None, ..talking() };
    standing.monitors.insert(DEWI, MonitorMode::Barge);
    assert!(standing.in_company());
    assert_eq!(members(&standing), [(1, Role::Speaker), (3, Role::Speaker)]);
    assert_eq!(standing.arrangement().caller_hears, None);
    for mode in [MonitorMode::Listen, MonitorMode::Whisper] {
        standing.monitors.insert(DEWI, mode);
        assert!(!standing.in_company());
        assert_eq!(members(&standing), []);
    }
    // Who has taken the call supervises it no more.
    let taken = Standing { operator: Some(DEWI), ..talking() };
    let standing = Standing { monitors: [(DEWI, MonitorMode::Barge)].into(), ..taken };
    assert!(!standing.in_company());
}
