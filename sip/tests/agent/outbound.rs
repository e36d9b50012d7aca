//! Calls of ours: to `sipp`, and from one user agent to another.

use crate::support::{Desk, OFFER, audio, calling, desk, desk_on, desk_with, free_port, sipp};
use sip::{Codec, EndedBy, Event, LegError, Outbound, Reject};
use std::net::SocketAddr;

fn to(number: &str) -> Outbound {
    Outbound {
        trunks: vec!["telco".into()],
        number: number.into(),
        caller: Some("+62778112".into()),
        media: audio().into(),
        callback: false,
    }
}

/// A caller whose trunk leads to the desk.
async fn pair() -> (Desk, Desk) {
    let desk = desk().await;
    let caller = desk_with(sip::Limits::default(), Some(desk.udp())).await;
    (caller, desk)
}

#[tokio::test]
async fn the_called_party_answers_and_we_hang_up() {
    let port = free_port();
    let proxy = SocketAddr::from(([127, 0, 0, 1], port));
    let mut desk = desk_with(sip::Limits::default(), Some(proxy)).await;
    let called = sipp("uas_answer.xml", desk.udp(), &["-p", &port.to_string()]);
    let leg = desk.agent.call(to("+62778110")).await.unwrap();
    assert_eq!(desk.next().await, Event::OutboundRinging { leg, trunk: "telco".into() });
    let Event::OutboundAnswered { audio: remote, .. } = desk.next().await else { panic!("not answered") };
    assert_eq!(remote.codecs[0].codec, Codec::Pcma);
    desk.agent.hang_up(leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Local });
    called.succeeded().await;
}

#[tokio::test]
async fn two_user_agents_talk_and_the_called_one_hangs_up() {
    let (mut caller, mut desk) = pair().await;
    let out = caller.agent.call(to("112")).await.unwrap();
    let invitation = desk.invited().await;
    assert_eq!((invitation.dialled.as_str(), invitation.identity.number.as_deref()), ("112", Some("+62778112")));
    assert_eq!(caller.next().await, Event::OutboundRinging { leg: out, trunk: "telco".into() });
    desk.answer(invitation.leg).await;
    assert!(matches!(caller.next().await, Event::OutboundAnswered { leg, .. } if leg == out));
    desk.agent.hang_up(invitation.leg).await;
    assert_eq!(desk.next().await, Event::Ended { leg: invitation.leg, by: EndedBy::Local });
    assert_eq!(caller.next().await, Event::Ended { leg: out, by: EndedBy::RemoteBye });
}

#[tokio::test]
async fn a_call_given_up_while_it_rings_is_cancelled_at_the_other_end() {
    let (mut caller, mut desk) = pair().await;
    let out = caller.agent.call(to("112")).await.unwrap();
    let leg = desk.invited().await.leg;
    assert_eq!(caller.next().await, Event::OutboundRinging { leg: out, trunk: "telco".into() });
    caller.agent.hang_up(out).await;
    assert_eq!(caller.next().await, Event::Ended { leg: out, by: EndedBy::Local });
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::Cancelled });
}

#[tokio::test]
async fn a_refusal_is_told_with_its_code() {
    let (mut caller, mut desk) = pair().await;
    let out = caller.agent.call(to("112")).await.unwrap();
    let leg = desk.invited().await.leg;
    desk.agent.reject(leg, Reject::Busy).await;
    assert_eq!(caller.next().await, Event::OutboundRinging { leg: out, trunk: "telco".into() });
    assert_eq!(caller.next().await, Event::OutboundFailed { leg: out, code: 486 });
}

#[tokio::test]
async fn silence_is_told_as_a_timeout() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let limits = sip::Limits { t1: std::time::Duration::from_millis(10), ..sip::Limits::default() };
    let mut caller = desk_with(limits, Some(nobody)).await;
    let out = caller.agent.call(to("112")).await.unwrap();
    assert_eq!(caller.next().await, Event::OutboundFailed { leg: out, code: 408 });
}

#[tokio::test]
async fn without_a_udp_listener_calls_go_by_tcp() {
    let mut desk = desk().await;
    let mut caller = desk_on(&["tcp://127.0.0.1:0"], sip::Limits::default(), Some(desk.tcp())).await;
    for desk_ends in [true, false] {
        let out = caller.agent.call(to("112")).await.unwrap();
        let leg = desk.invited().await.leg;
        assert_eq!(caller.next().await, Event::OutboundRinging { leg: out, trunk: "telco".into() });
        desk.answer(leg).await;
        assert!(matches!(caller.next().await, Event::OutboundAnswered { .. }));
        let (by_desk, by_caller) = if desk_ends {
            desk.agent.hang_up(leg).await;
            (EndedBy::Local, EndedBy::RemoteBye)
        } else {
            caller.agent.hang_up(out).await;
            (EndedBy::RemoteBye, EndedBy::Local)
        };
        assert_eq!(desk.next().await, Event::Ended { leg, by: by_desk });
        assert_eq!(caller.next().await, Event::Ended { leg: out, by: by_caller });
    }
}

#[tokio::test]
async fn what_cannot_be_called_is_said_at_once() {
    let (caller, desk) = pair().await;
    assert_eq!(desk.agent.call(to("112")).await, Err(LegError::NoProxy("telco".into())));
    assert!(matches!(caller.agent.call(to("11 2")).await, Err(LegError::BadNumber(_))));
    assert!(matches!(caller.agent.call(to("112@elsewhere")).await, Err(LegError::BadNumber(_))));
}

#[tokio::test]
async fn shutting_down_ends_every_call_and_takes_no_more() {
    let (mut caller, mut desk) = pair().await;
    let ringing = caller.agent.call(to("112")).await.unwrap();
    desk.invited().await;
    assert_eq!(caller.next().await, Event::OutboundRinging { leg: ringing, trunk: "telco".into() });
    let talking = caller.agent.call(to("112")).await.unwrap();
    let leg = desk.invited().await.leg;
    desk.answer(leg).await;
    assert_eq!(caller.next().await, Event::OutboundRinging { leg: talking, trunk: "telco".into() });
    assert!(matches!(caller.next().await, Event::OutboundAnswered { .. }));
    desk.agent.shut_down().await;
    let mut told = [caller.next().await, caller.next().await];
    told.sort_by_key(|event| event.leg());
    assert_eq!(told[0], Event::OutboundFailed { leg: ringing, code: 503 });
    assert_eq!(told[1], Event::Ended { leg: talking, by: EndedBy::RemoteBye });
}

/// A far end that answered and hung up at once was told that there is no such call, which went on without it.
#[tokio::test]
async fn what_overtakes_the_answer_finds_its_call() {
    let (carrier, mut desk, leg, invite) = calling(|trunk| trunk).await;
    carrier.ask("carrier", &invite, ("INVITE", 1), &OFFER.replace("40000", "41000")).await;
    carrier.is_looked_at(&invite).await;
    carrier.answer(&invite, OFFER).await;
    carrier.response(200).await;
    let Event::OutboundAnswered { audio, .. } = desk.next().await else { panic!("not answered") };
    assert_eq!(audio.address.port(), 40_000);
    let Event::Changed { audio, .. } = desk.next().await else { panic!("not changed") };
    assert_eq!(audio.address.port(), 41_000);
    desk.agent.hang_up(leg).await;

    let (carrier, mut desk, leg, invite) = calling(|trunk| trunk).await;
    carrier.ask("carrier", &invite, ("BYE", 1), "").await;
    carrier.is_looked_at(&invite).await;
    carrier.answer(&invite, OFFER).await;
    carrier.response(200).await;
    assert!(matches!(desk.next().await, Event::OutboundAnswered { .. }));
    assert_eq!(desk.next().await, Event::Ended { leg, by: EndedBy::RemoteBye });
}
