//! Messages damaged in many ways, against a live user agent: it must stay able to take a call, and no damaged message may make a call of a stranger.

use crate::support::{OFFER, Peer, desk, field};

const URI: &str = "sip:112@psap.example";
const SPLINTERS: [&[u8]; 16] = [
    b"\"",
    b"<",
    b">",
    b",",
    b";",
    b":",
    b"=",
    b"%",
    b"\r\n",
    b"\r\n ",
    b"\xc3\xa9",
    b"\xe9",
    b"\0",
    b"@",
    b"99999999999999999999",
    b"[::1",
];

/// A small generator of its own: the same damage every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }

    fn damage(&mut self, message: &[u8]) -> Vec<u8> {
        let mut octets = message.to_vec();
        for _ in 0..=self.roll(4) {
            let at = self.roll(octets.len());
            let to = (at + self.roll(30)).min(octets.len());
            match self.roll(5) {
                0 => octets[at] = u8::try_from(self.roll(256)).unwrap(),
                1 => drop(octets.drain(at..to)),
                2 => drop(octets.splice(at..at, SPLINTERS[self.roll(SPLINTERS.len())].iter().copied())),
                3 => {
                    let copy = octets[at..to].to_vec();
                    drop(octets.splice(at..at, copy));
                }
                _ => drop(octets.splice(at..to, SPLINTERS[self.roll(SPLINTERS.len())].iter().copied())),
            }
            if octets.is_empty() {
                octets.push(b'x');
            }
        }
        octets
    }
}

fn samples(peer: &mut Peer) -> Vec<String> {
    let dialog = [("To", "<sip:112@psap.example>;tag=x")];
    vec![
        peer.request(
            "INVITE",
            URI,
            &[("P-Asserted-Identity", "\"B\" <tel:+62811>"), ("Record-Route", "<sip:10.0.0.1;lr>")],
            OFFER,
        ),
        peer.request("INVITE", "urn:service:sos", &[("From", "\"Q \\\" <x>\" <sip:a%23@b;x=y>;tag=1")], ""),
        peer.request("OPTIONS", URI, &[("Via", "SIP/2.0/UDP a;branch=z9hG4bKa, SIP/2.0/TCP b:5061;branch=z9hG4bKb;rport")], ""),
        peer.request("BYE", URI, &dialog, ""),
        peer.request("ACK", URI, &dialog, OFFER),
        peer.request("CANCEL", "tel:112;phone-context=+62", &[], ""),
        peer.request("INVITE", URI, &[], "").replacen("INVITE sip:112@psap.example SIP/2.0", "SIP/2.0 200 OK", 1),
    ]
}

async fn is_well(peer: &mut Peer, round: usize) {
    let request = peer.request("OPTIONS", URI, &[("Call-ID", &format!("well-{round}"))], "");
    peer.send(&request).await;
    loop {
        let text = peer.receive().await;
        if field(&text, "Call-ID") == Some(&format!("well-{round}")) {
            assert!(text.starts_with("SIP/2.0 200 "), "{text}");
            return;
        }
    }
}

#[tokio::test]
async fn damaged_messages_do_not_stop_the_listener() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let mut stranger = Peer::new("127.0.0.2", desk.udp()).await;
    let (own, strange) = (samples(&mut peer), samples(&mut stranger));
    let mut dice = Dice(112);
    for round in 0..150 {
        for _ in 0..20 {
            let which = dice.roll(own.len());
            peer.send_octets(&dice.damage(own[which].as_bytes())).await;
            stranger.send_octets(&dice.damage(strange[which].as_bytes())).await;
        }
        is_well(&mut peer, round).await;
        // Calls that came about are turned away, so that there is always room for more.
        while let Ok(event) = desk.events.try_recv() {
            if let sip::Event::Invited(invitation) = event {
                assert_eq!(invitation.source.ip().to_string(), "127.0.0.1", "a stranger's call");
                desk.agent.hang_up(invitation.leg).await;
            }
        }
    }
    let invite = peer.request("INVITE", URI, &[("Call-ID", "after the storm")], OFFER);
    peer.send(&invite).await;
    loop {
        if let sip::Event::Invited(invitation) = desk.next().await
            && invitation.call_id == "after the storm"
        {
            return;
        }
    }
}
