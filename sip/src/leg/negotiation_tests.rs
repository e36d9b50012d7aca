//! Offers and answers over the life of a call, as the two sides make them.

use super::*;
use crate::sdp::{Direction, Families, LocalAudio};

const TERMS: Terms = Terms { srtp: Srtp::Off, own: Key([4; 30]), families: Families::Both };

fn sdp(direction: &str) -> String {
    format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\na={direction}\r\n")
}

fn local() -> LocalMedia {
    LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), other: None, session_id: 7, srtp: None }.into()
}

fn with_offer() -> Negotiation {
    Negotiation::inbound(sdp::offer_in(&Fields::default(), sdp("sendrecv").as_bytes(), &TERMS).unwrap(), TERMS)
}

#[test]
fn early_media_and_the_answer_say_the_same() {
    let mut talk = with_offer();
    assert_eq!(talk.describe(local()), talk.describe(local()));
}

#[test]
fn behind_a_nat_the_address_is_told_that_the_other_side_sees() {
    let public = Some("198.51.100.9".parse().unwrap());
    let mut talk = with_offer().seen_at(public);
    let text = LocalText { address: "192.0.2.1:20002".parse().unwrap() };
    let answer = talk.describe(local().with_text(text));
    assert!(
        answer.contains("c=IN IP4 198.51.100.9") && answer.contains("m=audio 20000") && !answer.contains("192.0.2.1"),
        "{answer}"
    );
    let (again, _) = talk.changed(&Fields::default(), sdp("sendonly").as_bytes(), true).unwrap();
    assert!(again.unwrap().contains("c=IN IP4 198.51.100.9"));
    let (_, offer) = Negotiation::outbound(local().seen_at(public), TERMS);
    assert!(offer.contains("c=IN IP4 198.51.100.9") && !offer.contains("192.0.2.1"), "{offer}");
    let other_family = Some("2001:db8::9".parse().unwrap());
    assert!(with_offer().seen_at(other_family).describe(local()).contains("c=IN IP4 192.0.2.1"));
}

#[test]
fn a_call_whose_voice_moves_to_the_other_family_of_addresses_is_answered_in_that() {
    let six = "v=0\r\nc=IN IP6 2001:db8::9\r\nm=audio 4000 RTP/AVP 8\r\n";
    let both = LocalMedia::from(LocalAudio { other: Some("2001:db8::1".parse().unwrap()), ..local().audio });
    let mut talk = with_offer();
    assert!(talk.describe(both).contains("o=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1"));
    talk.settle();
    let (said, moved) = talk.changed(&Fields::default(), six.as_bytes(), true).unwrap();
    assert!(said.unwrap().contains("o=- 7 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP6 2001:db8::1"), "one session, elsewhere");
    assert_eq!(moved.unwrap().address, "[2001:db8::9]:4000".parse().unwrap());
    // A hold that names no address, and then an offer of ours: both are where it spoke last.
    let held = six.replace("IP6 2001:db8::9", "IP4 0.0.0.0");
    let (said, _) = talk.changed(&Fields::default(), held.as_bytes(), true).unwrap();
    assert!(said.unwrap().contains("c=IN IP6 2001:db8::1"));
    let (said, _) = talk.changed(&Fields::default(), b"", true).unwrap();
    assert!(said.unwrap().contains("c=IN IP6 2001:db8::1"));
}

#[test]
fn who_offers_nothing_is_offered_the_family_of_addresses_that_the_call_came_by() {
    let both = LocalMedia::from(LocalAudio { other: Some("2001:db8::1".parse().unwrap()), ..local().audio });
    for (peer, ours) in [("2001:db8::9", "c=IN IP6 2001:db8::1"), ("10.0.0.1", "c=IN IP4 192.0.2.1")] {
        let mut talk = Negotiation::inbound(None, TERMS).across(peer.parse().unwrap());
        assert!(talk.describe(both).contains(ours));
    }
    let public = Some("198.51.100.9".parse().unwrap());
    let mut behind = Negotiation::inbound(None, TERMS).across("2001:db8::9".parse().unwrap()).seen_at(public);
    assert!(behind.describe(both).contains("c=IN IP6 2001:db8::1"), "the public address is of the other family");
}

#[test]
fn an_offer_is_taken_once_the_first_exchange_is_done_and_never_across_one_of_ours() {
    let mut talk = with_offer();
    assert_eq!((talk.ready(), talk.repeat()), (Err(Unready::Open), None));
    let said = talk.describe(local());
    assert_eq!(talk.ready(), Err(Unready::Open), "an unreliable 183 may be lost");
    talk.settle();
    let other = LocalAudio { session_id: 8, ..local().audio }.into();
    assert_eq!((talk.ready(), talk.describe(other)), (Ok(()), said.clone()), "settled is settled");
    assert_eq!(talk.repeat(), Some(said.clone()), "no word and no version changes");
    assert_eq!((talk.ready(), talk.repeat()), (Err(Unready::Asked), None));
    talk.withdraw();
    assert_eq!(talk.repeat(), Some(said));
    assert!(talk.answered(&Fields::default(), sdp("inactive").as_bytes()).is_some());
    assert_eq!(talk.ready(), Ok(()));
}

#[test]
fn without_an_offer_nothing_is_settled_before_the_answer_to_ours() {
    let mut talk = Negotiation::inbound(None, TERMS);
    talk.settle();
    assert_eq!(talk.ready(), Err(Unready::Open));
    talk.describe(local());
    talk.settle();
    assert_eq!(talk.ready(), Err(Unready::Asked));
}

#[test]
fn a_hold_is_answered_and_told_once_and_the_version_grows() {
    let mut talk = with_offer();
    assert!(talk.describe(local()).contains("o=- 7 1 "));
    let (text, audio) = talk.changed(&Fields::default(), sdp("sendonly").as_bytes(), true).unwrap();
    let text = text.unwrap();
    assert!(text.contains("o=- 7 2 ") && text.contains("a=recvonly"), "{text}");
    assert_eq!(audio.unwrap().direction, Direction::SendOnly);
    let (again, nothing) = talk.changed(&Fields::default(), sdp("sendonly").as_bytes(), true).unwrap();
    assert_eq!((again, nothing), (Some(text), None));
}

#[test]
fn without_an_offer_ours_goes_out_and_the_ack_answers() {
    let mut talk = Negotiation::inbound(None, TERMS);
    assert!(talk.describe(local()).contains("RTP/AVP 8 0 101"));
    assert!(talk.answered(&Fields::default(), sdp("sendrecv").as_bytes()).is_some());
    assert_eq!(talk.answered(&Fields::default(), sdp("sendonly").as_bytes()), None, "a second answer is not expected");
}

#[test]
fn an_offer_that_a_prack_answered_is_not_made_again_in_the_2xx() {
    let mut talk = Negotiation::inbound(None, TERMS);
    assert!(!talk.has_asked());
    talk.describe(local());
    assert_eq!((talk.has_asked(), talk.ready()), (true, Err(Unready::Asked)));
    assert!(talk.answered_early(&Fields::default(), sdp("sendrecv").as_bytes()).is_some());
    assert_eq!((talk.ready(), talk.conclude(local())), (Ok(()), None));
    let (said, audio) = talk.changed(&Fields::default(), sdp("sendonly").as_bytes(), false).unwrap();
    assert!(said.is_some_and(|said| said.contains("o=- 7 2 ") && said.contains("a=recvonly")));
    assert_eq!(audio.unwrap().direction, Direction::SendOnly);
    assert_eq!((talk.has_asked(), talk.conclude(local())), (true, None), "nor is what was said since");
}

#[test]
fn an_answer_in_a_prack_that_cannot_be_taken_leaves_our_offer_to_be_repeated() {
    let mut talk = Negotiation::inbound(None, TERMS);
    let said = talk.describe(local());
    assert_eq!(talk.answered_early(&Fields::default(), sdp("sendrecv").replace("4000", "0").as_bytes()), None);
    assert_eq!((talk.ready(), talk.conclude(local())), (Err(Unready::Asked), Some(said)));
}

#[test]
fn an_offer_that_no_prack_answered_stands_in_the_2xx_as_it_was_and_the_ack_answers() {
    let mut talk = Negotiation::inbound(None, TERMS);
    let said = talk.describe(local());
    let other = LocalAudio { session_id: 8, ..local().audio }.into();
    assert_eq!(talk.conclude(other), Some(said));
    assert!(talk.answered(&Fields::default(), sdp("sendrecv").as_bytes()).is_some());
    let mut offered = with_offer();
    let answer = offered.describe(local());
    assert_eq!((offered.has_asked(), offered.conclude(local())), (false, Some(answer)));
}

#[test]
fn an_empty_reinvite_is_offered_to_and_an_empty_update_is_not() {
    let mut talk = with_offer();
    talk.describe(local());
    assert_eq!(talk.changed(&Fields::default(), b"", false), Ok((None, None)));
    let (offer, _) = talk.changed(&Fields::default(), b"", true).unwrap();
    assert!(offer.unwrap().contains("RTP/AVP 8 0 101"));
    assert_eq!(talk.answered(&Fields::default(), sdp("inactive").as_bytes()).unwrap().direction, Direction::Inactive);
}

#[test]
fn text_that_comes_and_goes_is_answered_and_told_once() {
    let with_text = format!("{}m=text 4002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n", sdp("sendrecv"));
    let mut talk = with_offer();
    talk.describe(local().with_text(LocalText { address: "192.0.2.1:20002".parse().unwrap() }));
    talk.settle();
    assert_eq!(talk.text_changed(), None);
    let (answer, _) = talk.changed(&Fields::default(), with_text.as_bytes(), true).unwrap();
    assert!(answer.unwrap().contains("m=text 20002 RTP/AVP 98"));
    assert_eq!(talk.text_changed().flatten().map(|text| text.address.port()), Some(4002));
    assert_eq!(talk.text_changed(), None);
    talk.changed(&Fields::default(), sdp("sendrecv").as_bytes(), true).unwrap();
    assert_eq!(talk.text_changed(), Some(None));
}

#[test]
fn our_offers_know_text_by_the_other_sides_payload_types() {
    let theirs = "m=text 4002 RTP/AVP 106 105\r\na=rtpmap:105 t140/1000\r\na=rtpmap:106 red/1000\r\na=fmtp:106 105/105\r\n";
    let with_theirs = format!("{}{theirs}", sdp("sendrecv"));
    let asked = |talk: &mut Negotiation| talk.changed(&Fields::default(), b"", true).unwrap().0.unwrap();
    let is_theirs = |said: &str| said.contains("m=text 20002 RTP/AVP 106 105\r\n") && said.contains("a=fmtp:106 105/105/105\r\n");

    let offer = sdp::offer_in(&Fields::default(), with_theirs.as_bytes(), &TERMS).unwrap();
    let mut talk = Negotiation::inbound(offer, TERMS);
    talk.describe(with_text());
    talk.settle();
    assert!(is_theirs(&asked(&mut talk)), "it was their offer");

    let mut talk = Negotiation::inbound(None, TERMS);
    assert!(talk.describe(with_text()).contains("m=text 20002 RTP/AVP 99 98\r\n"));
    talk.answered(&Fields::default(), with_theirs.as_bytes());
    assert!(is_theirs(&asked(&mut talk)), "it was their answer");
    talk.answered(&Fields::default(), sdp("sendrecv").as_bytes());
    assert!(is_theirs(&asked(&mut talk)), "and they have no text now");
}

#[test]
fn an_unusable_change_leaves_the_session_as_it_was() {
    let mut talk = with_offer();
    let before = talk.describe(local());
    let video = b"v=0\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n";
    assert_eq!(talk.changed(&Fields::default(), video, true), Err(SdpError::NoAudio));
    assert_eq!(talk.describe(local()), before);
}

fn secure(port: u16, key: char) -> String {
    let key = key.to_string().repeat(40);
    format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio {port} RTP/SAVP 8\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n")
}

#[test]
fn an_encrypted_call_keeps_our_key_and_follows_the_callers() {
    let terms = Terms { srtp: Srtp::Offered, own: Key([4; 30]), families: Families::Both };
    let offer = sdp::offer_in(&Fields::default(), secure(4000, 'A').as_bytes(), &terms).unwrap();
    assert_eq!(offer.as_ref().unwrap().audio.srtp.unwrap().receive, [0; 30]);
    let mut talk = Negotiation::inbound(offer, terms);
    let ours = "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:BAQEBAQE";
    assert!(talk.describe(local()).contains(ours));
    let (text, audio) = talk.changed(&Fields::default(), secure(4002, '/').as_bytes(), true).unwrap();
    assert!(text.unwrap().contains(ours));
    let keys = audio.unwrap().srtp.unwrap();
    assert_eq!((keys.send, keys.receive), ([4; 30], [255; 30]));
    let (offer, _) = talk.changed(&Fields::default(), b"", true).unwrap();
    assert!(offer.unwrap().contains("RTP/SAVP"), "an offer of ours stays encrypted");
}

#[test]
fn a_call_with_short_tags_keeps_them_in_what_we_offer() {
    let terms = Terms { srtp: Srtp::Offered, own: Key([4; 30]), families: Families::Both };
    let short = secure(4000, 'A').replace("SHA1_80", "SHA1_32");
    let offer = sdp::offer_in(&Fields::default(), short.as_bytes(), &terms).unwrap();
    let mut talk = Negotiation::inbound(offer, terms);
    assert!(talk.describe(local()).contains("a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:BAQEBAQE"));
    talk.settle();
    let (offer, _) = talk.changed(&Fields::default(), b"", true).unwrap();
    assert!(offer.unwrap().contains("a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:BAQEBAQE"));
    let audio = talk.answered(&Fields::default(), short.replace("4000", "4002").as_bytes()).unwrap();
    assert_eq!(audio.srtp.unwrap().suite, SrtpSuite::Sha1_32);
}

#[test]
fn an_answer_in_a_suite_that_was_not_offered_is_none() {
    let terms = Terms { srtp: Srtp::Required, own: Key([4; 30]), families: Families::Both };
    let (mut talk, _) = Negotiation::outbound(local(), terms);
    assert_eq!(accepted(&mut talk, "a", &secure(4000, 'A').replace("SHA1_80", "SHA1_32")), None);
    let (mut talk, _) = Negotiation::outbound(with_text(), terms);
    assert_eq!(accepted(&mut talk, "a", &both(&SECRET_TEXT.replace("SHA1_80", "SHA1_32"))), Some(4000));
    assert_eq!(talk.text, None);
}

#[test]
fn without_an_offer_plain_voice_is_offered_unless_encryption_is_required() {
    for (srtp, expected) in [(Srtp::Off, "RTP/AVP"), (Srtp::Offered, "RTP/AVP"), (Srtp::Required, "RTP/SAVP")] {
        let mut talk = Negotiation::inbound(None, Terms { srtp, own: Key([4; 30]), families: Families::Both });
        assert!(talk.describe(local()).contains(expected), "{srtp:?}");
    }
}

/// What a response to a call of ours says, reliably or not.
fn heard(talk: &mut Negotiation, branch: &str, reliable: bool, sdp: &str) -> Option<u16> {
    talk.early(branch, reliable, &Fields::default(), sdp.as_bytes()).map(|audio| audio.address.port())
}

fn accepted(talk: &mut Negotiation, branch: &str, sdp: &str) -> Option<u16> {
    talk.accepted(branch, &Fields::default(), sdp.as_bytes()).map(|audio| audio.address.port())
}

fn at(port: u16) -> String {
    sdp("sendrecv").replace("4000", &port.to_string())
}

#[test]
fn what_is_heard_before_the_answer_is_told_once_and_stands_where_the_answer_says_nothing() {
    let (mut talk, _) = Negotiation::outbound(local(), TERMS);
    assert_eq!(heard(&mut talk, "a", false, ""), None, "a plain 180");
    assert_eq!(heard(&mut talk, "a", false, &at(4000)), Some(4000));
    assert_eq!(heard(&mut talk, "a", false, &at(4000)), None);
    assert_eq!(talk.ready_in("a"), Err(Unready::Asked), "it may still be said otherwise");
    assert_eq!(accepted(&mut talk, "a", ""), Some(4000));
    assert_eq!(talk.ready(), Ok(()));

    let (mut talk, _) = Negotiation::outbound(local(), TERMS);
    assert_eq!(heard(&mut talk, "a", false, &at(4000)), Some(4000));
    assert_eq!(accepted(&mut talk, "a", &at(5000)), Some(5000));
    let (mut talk, _) = Negotiation::outbound(local(), TERMS);
    assert_eq!(accepted(&mut talk, "a", ""), None, "nothing was ever answered");
}

#[test]
fn a_reliable_answer_stands_whatever_the_2xx_of_its_branch_says() {
    let (mut talk, _) = Negotiation::outbound(local(), TERMS);
    assert_eq!(heard(&mut talk, "a", true, &at(4000)), Some(4000));
    assert_eq!(heard(&mut talk, "a", true, &at(4002)), None, "only the first one answers");
    assert_eq!(heard(&mut talk, "b", false, &at(6000)), Some(6000));
    assert_eq!((talk.ready_in("a"), talk.ready_in("b")), (Ok(()), Err(Unready::Asked)));
    assert_eq!(accepted(&mut talk, "a", &at(5000)), Some(4000));

    let (mut talk, _) = Negotiation::outbound(local(), TERMS);
    assert_eq!(heard(&mut talk, "a", true, &at(4000)), Some(4000));
    assert_eq!(accepted(&mut talk, "b", &at(5000)), Some(5000), "another branch has an answer of its own");
}

#[test]
fn an_offer_before_the_answer_changes_its_branch_alone() {
    let changed = || {
        let (mut talk, _) = Negotiation::outbound(local(), TERMS);
        heard(&mut talk, "a", true, &at(4000));
        let (said, audio) = talk.changed_in("a", &Fields::default(), at(5000).as_bytes()).unwrap();
        assert!(said.unwrap().contains("o=- 7 2 "));
        assert_eq!(audio.map(|audio| audio.address.port()), Some(5000));
        talk
    };
    assert_eq!(accepted(&mut changed(), "a", &at(4000)), Some(5000), "many say once more what they said first");
    let mut other = changed();
    assert_eq!(accepted(&mut other, "b", &at(6000)), Some(6000));
    assert!(
        other.repeat().unwrap().contains("o=- 7 1 "),
        "the one that answers hears our first offer again, not what was said to the other"
    );
    let mut own = changed();
    assert_eq!(accepted(&mut own, "a", ""), Some(5000));
    assert!(own.repeat().unwrap().contains("o=- 7 2 "));
    let mut twice = changed();
    let (said, _) = twice.changed_in("a", &Fields::default(), at(5002).replace("sendrecv", "sendonly").as_bytes()).unwrap();
    assert!(said.is_some());
    let mut talk = changed();
    assert_eq!(talk.changed_in("a", &Fields::default(), b""), Ok((None, None)));
    assert_eq!(accepted(&mut talk, "a", ""), Some(5000));
}

#[test]
fn a_key_of_the_media_sides_own_is_the_one_that_is_said() {
    let terms = Terms { srtp: Srtp::Required, own: Key([4; 30]), families: Families::Both };
    let keys = sdp::SrtpKeys { suite: SrtpSuite::Sha1_80, send: [1; 30], receive: [0; 30], mki: 0 };
    let (mut talk, offer) = Negotiation::outbound(LocalAudio { srtp: Some(keys), ..local().audio }.into(), terms);
    assert!(offer.contains("inline:AQEBAQEB"));
    let audio = talk.answered(&Fields::default(), secure(4000, 'A').as_bytes()).unwrap();
    assert_eq!(audio.srtp.unwrap().send, [1; 30]);
}

const SECRET_VOICE: &str =
    "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\r\n";
const SECRET_TEXT: &str = "m=text 4002 RTP/SAVP 98\r\na=rtpmap:98 t140/1000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC\r\n";
const CLEAR_TEXT: &str = "m=text 4002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n";

fn with_text() -> LocalMedia {
    local().with_text(LocalText { address: "192.0.2.1:20002".parse().unwrap() })
}

fn both(text: &str) -> String {
    format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{SECRET_VOICE}{text}")
}

#[test]
fn an_answer_in_clear_to_encrypted_text_is_no_text() {
    let terms = Terms { srtp: Srtp::Required, ..TERMS };
    let secret = |answer: &str| {
        let (mut talk, offer) = Negotiation::outbound(with_text(), terms);
        assert!(offer.contains("m=text 20002 RTP/SAVP "), "{offer}");
        talk.accepted("", &Fields::default(), both(answer).as_bytes()).unwrap();
        talk.text.map(|text| text.srtp.is_some())
    };
    assert_eq!((secret(SECRET_TEXT), secret(CLEAR_TEXT)), (Some(true), None));
}

#[test]
fn text_that_was_encrypted_does_not_go_on_in_clear_where_encryption_is_required() {
    for (srtp, goes_on) in [(Srtp::Required, false), (Srtp::Offered, true)] {
        let terms = Terms { srtp, ..TERMS };
        let offer = sdp::offer_in(&Fields::default(), both(SECRET_TEXT).as_bytes(), &terms).unwrap();
        let mut talk = Negotiation::inbound(offer, terms);
        assert!(talk.describe(with_text()).contains("m=text 20002 RTP/SAVP 98\r\n"));
        talk.settle();
        let (said, _) = talk.changed(&Fields::default(), both(CLEAR_TEXT).as_bytes(), true).unwrap();
        assert_eq!(said.unwrap().contains("m=text 20002 RTP/AVP 98\r\n"), goes_on, "{srtp:?}");
        assert_eq!(talk.text.is_some(), goes_on);
    }
}

#[test]
fn an_answer_in_clear_to_what_we_repeat_of_encrypted_text_is_no_text() {
    let terms = Terms { srtp: Srtp::Offered, ..TERMS };
    let offer = sdp::offer_in(&Fields::default(), both(SECRET_TEXT).as_bytes(), &terms).unwrap();
    let mut talk = Negotiation::inbound(offer, terms);
    talk.describe(with_text());
    talk.settle();
    assert!(talk.repeat().unwrap().contains("m=text 20002 RTP/SAVP 98\r\n"));
    talk.answered(&Fields::default(), both(CLEAR_TEXT).as_bytes());
    assert_eq!(talk.text, None);
}
