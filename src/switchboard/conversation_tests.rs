use super::*;
use dispatch::id::UserId;
use proptest::prelude::*;
use uuid::Uuid;

/// `ms` after some begin.
fn moment(ms: i64) -> Moment {
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(ms);
    Moment { at, tick: at }
}

fn who(name: &str) -> Who {
    Who { user: UserId(Uuid::from_u128(name.len() as u128)), name: name.into() }
}

fn talk() -> Conversation {
    Conversation::new(CallId(Uuid::from_u128(1)))
}

fn texts(said: &[SaidLine]) -> Vec<&str> {
    said.iter().map(|said| said.text.as_str()).collect()
}

#[test]
fn letters_make_a_line_that_a_new_line_ends() {
    let mut talk = talk();
    let change = talk.heard("to", moment(0));
    assert_eq!((change.lines[0].text.as_str(), change.lines[0].ended, change.said.len()), ("to", false, 0));
    let change = talk.heard("long\nap", moment(300));
    let lines: Vec<_> = change.lines.iter().map(|line| (line.n, line.text.as_str(), line.ended)).collect();
    assert_eq!(lines, [(0, "tolong", true), (1, "ap", false)]);
    assert_eq!(texts(&change.said), ["tolong"]);
    assert_eq!(change.said[0].at, moment(0).at, "when it was begun");
    assert_eq!(talk.heard("\n\n\n", moment(400)).said.len(), 1, "empty lines are none");
}

#[test]
fn a_pause_ends_a_line_and_so_does_the_end() {
    let mut talk = talk();
    assert_eq!(talk.deadline(), None);
    talk.heard("api", moment(0));
    talk.typed(&who("Ayu"), "di mana", moment(2_000));
    assert_eq!(talk.deadline(), Some(moment(5_000).at));
    assert_eq!(talk.handle_timeout(moment(4_999).tick), Change::default());
    assert_eq!(texts(&talk.handle_timeout(moment(5_000).tick).said), ["api"]);
    assert_eq!(talk.deadline(), Some(moment(7_000).at));
    let end = talk.end();
    assert_eq!(texts(&end.said), ["di mana"]);
    assert_eq!((end.said[0].side, end.said[0].operator.clone()), (CallSide::Operator, Some(who("Ayu"))));
    assert_eq!(talk.end(), Change::default());
}

#[test]
fn erased_letters_go_and_those_of_a_kept_line_are_told() {
    let mut talk = talk();
    talk.heard("\u{8}\u{8}apo\u{8}i", moment(0));
    assert_eq!(talk.view().lines[0].text, "api");
    talk.handle_timeout(moment(5_000).tick);
    talk.heard("\u{8}\u{8}\u{8}asap", moment(6_000));
    assert_eq!(talk.view().lines[1].text, "\u{232b}\u{232b}\u{232b}asap");
    talk.heard("\u{8}\u{8}\u{8}\u{8}\u{8}", moment(6_100));
    assert_eq!(talk.view().lines[1].text, "\u{232b}\u{232b}\u{232b}\u{232b}");
}

#[test]
fn a_callers_line_names_who_had_the_call_and_an_operators_who_typed_it() {
    let mut talk = talk();
    assert_eq!(talk.heard("waiting\n", moment(0)).said[0].operator, None);
    talk.held_by(Some(who("Ayu")));
    talk.typed(&who("Ayu"), "halo", moment(10));
    let change = talk.held_by(Some(who("Bagus")));
    assert_eq!((texts(&change.said), change.said[0].operator.clone()), (vec!["halo"], Some(who("Ayu"))));
    assert_eq!(talk.heard("ya\n", moment(20)).said[0].operator, Some(who("Bagus")));
    let change = talk.typed(&who("Bagus"), "ok\n", moment(30));
    assert_eq!(change.lines[0].by.as_deref(), Some("Bagus"));
}

#[test]
fn the_last_words_of_both_sides_are_kept_though_the_call_is_over() {
    let call = CallId(Uuid::from_u128(1));
    let caller = Conversation::after_the_end(call, |talk| talk.heard("api\nlantai dua", moment(0)));
    assert_eq!(texts(&caller), ["api", "lantai dua"]);
    let operator = Conversation::after_the_end(call, |talk| talk.typed(&who("Ayu"), "bantuan datang", moment(0)));
    assert_eq!(texts(&operator), ["bantuan datang"]);
    assert_eq!((operator[0].side, operator[0].operator.clone()), (CallSide::Operator, Some(who("Ayu"))));
}

#[test]
fn a_line_a_side_and_what_is_shown_are_bounded_and_nothing_that_is_kept_is_left_out() {
    let mut talk = talk();
    let change = talk.heard(&"x".repeat(1_200), moment(0));
    assert_eq!(texts(&change.said).iter().map(|text| text.len()).collect::<Vec<_>>(), [LINE, LINE]);
    let words = self::talk().heard(&"tolong ".repeat(40), moment(0)).said;
    assert_eq!(texts(&words), ["tolong ".repeat(23)], "a long line is ended with a word");
    assert!(!change.cut);
    let change = talk.heard(&"y".repeat(TAKEN), moment(0));
    assert!(change.cut && talk.view().cut);
    assert!(!talk.heard("z", moment(0)).cut, "told once");
    assert_eq!(texts(&talk.typed(&who("Ayu"), "halo\n", moment(0)).said), ["halo"], "the other side goes on");

    let mut many = self::talk();
    let kept: usize = (0..1_000).map(|n| many.heard(&format!("{n}\n"), moment(0)).said.len()).sum();
    assert_eq!((kept, many.view().lines.len()), (1_000, SHOWN));
    assert_eq!(many.view().lines.last().unwrap().text, "999");
}

proptest! {
    /// However it is cut into packets, what is kept in the end is what was typed, line by line.
    #[test]
    fn the_lines_do_not_depend_on_the_packets(text in "[a-c\u{8}\n]{0,60}", cuts in proptest::collection::vec(1usize..6, 0..60)) {
        let mut whole = talk();
        let mut at_once = whole.heard(&text, moment(0)).said;
        at_once.extend(whole.end().said);
        let (mut cut, mut rest, mut in_parts) = (talk(), text.as_str(), Vec::new());
        for length in cuts {
            let (part, after) = rest.split_at(length.min(rest.len()));
            in_parts.extend(cut.heard(part, moment(0)).said);
            rest = after;
        }
        in_parts.extend(cut.heard(rest, moment(0)).said);
        in_parts.extend(cut.end().said);
        prop_assert_eq!(at_once, in_parts);
        prop_assert_eq!(whole.view(), cut.view());
    }
}
