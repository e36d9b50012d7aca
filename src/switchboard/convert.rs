//! Between the words of `sip`, `media` and `dispatch`, which know nothing of each other.

use dispatch::contract::{AdditionalData, CallerLocation, LocationShape, Position, Refusal};
use dispatch::desk::{AlertAbout, AlertKey, HeardQuality, HeardSide, HeardUs, NewAlert};

/// A value of Resource-Priority counts as urgent from the middle of its namespace on: of `esnet` (RFC 7135) from 2, as 0 and 1 are
/// what carriers write on every call.
const URGENT: u8 = 50;

/// What `media` needs of a negotiated description: the first codec both sides named. `None` if there is none.
pub fn remote_audio(audio: &sip::RemoteAudio) -> Option<media::RemoteAudio> {
    let chosen = audio.codecs.first()?;
    let (send, receive) = match audio.direction {
        // The direction is the peer's: it sends what we receive.
        sip::Direction::SendRecv => (true, true),
        sip::Direction::SendOnly => (false, true),
        sip::Direction::RecvOnly => (true, false),
        sip::Direction::Inactive => (false, false),
    };
    Some(media::RemoteAudio {
        address: audio.address,
        codec: match chosen.codec {
            sip::Codec::Pcma => media::Codec::Pcma,
            sip::Codec::Pcmu => media::Codec::Pcmu,
        },
        pt: chosen.pt,
        telephone_event: audio.telephone_event,
        ptime_ms: audio.ptime_ms,
        send,
        receive,
        rtcp: audio.rtcp.map_or_else(media::RtcpAddress::default, media::RtcpAddress::At),
        srtp: audio.srtp.map(keys),
    })
}

pub fn remote_text(text: &sip::RemoteText) -> media::RemoteText {
    media::RemoteText { address: text.address, pt: text.pt, redundancy_pt: text.redundancy_pt, srtp: text.srtp.map(keys) }
}

fn keys(keys: sip::SrtpKeys) -> media::SrtpKeys {
    let suite = match keys.suite {
        sip::SrtpSuite::Sha1_80 => media::SrtpSuite::Sha1_80,
        sip::SrtpSuite::Sha1_32 => media::SrtpSuite::Sha1_32,
    };
    media::SrtpKeys { suite, send: keys.send, receive: keys.receive, mki: usize::from(keys.mki) }
}

pub fn location(location: &sip::Location) -> CallerLocation {
    CallerLocation {
        position: location.latitude_longitude.map(|(latitude, longitude)| Position { latitude, longitude }),
        radius_m: location.radius_m,
        civic: location.civic.clone(),
        shape: location.shape.as_ref().and_then(shape),
        method: location.method.clone(),
        at: location.timestamp.as_deref().and_then(|at| at.parse().ok()),
    }
}

/// `None` of a point and of a circle, which position and radius tell.
fn shape(shape: &sip::Shape) -> Option<LocationShape> {
    let position = |(latitude, longitude): &(f64, f64)| Position { latitude: *latitude, longitude: *longitude };
    Some(match *shape {
        sip::Shape::Point | sip::Shape::Circle { .. } => return None,
        sip::Shape::Ellipse { semi_major_m, semi_minor_m, orientation_deg } => {
            LocationShape::Ellipse { semi_major_m, semi_minor_m, orientation_deg }
        }
        sip::Shape::ArcBand { inner_m, outer_m, start_deg, opening_deg } => {
            LocationShape::ArcBand { inner_m, outer_m, start_deg, opening_deg }
        }
        sip::Shape::Polygon { ref corners } => LocationShape::Polygon { points: corners.iter().map(position).collect() },
    })
}

/// Why a phone's wish is refused.
pub fn reject(refusal: &Refusal) -> sip::Reject {
    match refusal {
        Refusal::BadNumber => sip::Reject::NotFound,
        Refusal::NoTrunk => sip::Reject::Unavailable { retry_after_s: 60 },
        Refusal::Busy | Refusal::TooManyParties => sip::Reject::Busy,
        _ => sip::Reject::TemporarilyUnavailable,
    }
}

/// The cell as a carrier's duty desk wants it told; of a network without cells what it names in place of one.
pub fn cell(access: &sip::AccessNetwork) -> Option<String> {
    let place = access.cell.as_ref().map(ToString::to_string).or_else(|| access.node.clone())?;
    let age = access.age_s.map(|seconds| format!(" ({seconds} s)")).unwrap_or_default();
    Some(format!("{} {place}{age}", access.technology))
}

pub fn additional(data: &sip::AdditionalData) -> AdditionalData {
    let kind = match data.kind {
        sip::DataKind::Provider => "provider",
        sip::DataKind::Service => "service",
        sip::DataKind::Device => "device",
        sip::DataKind::Subscriber => "subscriber",
        sip::DataKind::Comment => "comment",
        sip::DataKind::Network => "network",
    };
    AdditionalData { kind: kind.into(), label: data.label.into(), value: data.value.clone() }
}

pub fn is_urgent(priorities: &[sip::ResourcePriority]) -> bool {
    priorities.iter().any(|priority| priority.level.is_some_and(|level| level >= URGENT))
}

/// How a side was heard over its whole part in the call; `None` of a leg that was never in a conversation for some seconds.
pub fn heard(side: HeardSide, statistics: &media::LegStatistics) -> Option<HeardQuality> {
    let mos = statistics.mos?;
    let sent = statistics.received + statistics.lost;
    let loss_percent = if sent == 0 { 0.0 } else { (statistics.lost as f64 * 100.0 / sent as f64) as f32 };
    let heard_us = statistics.far_end.map(|told| HeardUs {
        lost: told.lost,
        worst_loss_percent: told.worst_loss_percent,
        jitter_ms: told.jitter_ms,
    });
    Some(HeardQuality { side, packets: Some(statistics.received), loss_percent, jitter_ms: statistics.jitter_ms, mos, heard_us })
}

/// `None`: an exercise, a test, or an answer to somebody else's alert, for which nobody is to be sent.
pub fn alert(alert: &sip::Alert) -> Option<NewAlert> {
    use sip::cap::{MessageType, Severity, Status};
    let cap = &alert.cap;
    if cap.status != Status::Actual {
        return None;
    }
    let of = || references(cap.references.as_deref().unwrap_or_default());
    let about = match cap.message_type {
        MessageType::Alert => AlertAbout::New,
        MessageType::Update => AlertAbout::Update { of: of() },
        MessageType::Cancel => AlertAbout::Cancel { of: of() },
        MessageType::Ack | MessageType::Error => return None,
    };
    let info = cap.infos.iter().min_by_key(|info| unfamiliar(info.language.as_deref()));
    let areas = info.map(|info| info.areas.as_slice()).unwrap_or_default();
    let names: Vec<&str> = areas.iter().map(|area| area.description.as_str()).collect();
    let centre = areas.iter().find_map(sip::cap::AlertArea::centre).map(|(position, _)| position);
    let own = alert.location.as_ref().and_then(|location| location.latitude_longitude);
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let paragraphs = [info.and_then(|info| info.description.as_ref()), info.and_then(|info| info.instruction.as_ref())];
    Some(NewAlert {
        identifier: cap.identifier.clone(),
        sender: cap.sender.clone(),
        sent: cap.sent.parse().unwrap_or_else(|_| super::now()),
        event: text(info.map(|info| &info.event)),
        headline: text(info.and_then(|info| info.headline.as_ref())),
        description: paragraphs.into_iter().flatten().cloned().collect::<Vec<_>>().join("\n"),
        severity: match info.map_or(Severity::Unknown, |info| info.severity) {
            Severity::Extreme => "Extreme",
            Severity::Severe => "Severe",
            Severity::Moderate => "Moderate",
            Severity::Minor => "Minor",
            Severity::Unknown => "Unknown",
        }
        .into(),
        area: names.join(", "),
        position: centre.or(own).map(|(latitude, longitude)| Position { latitude, longitude }),
        trunk: alert.trunk.to_string(),
        about,
    })
}

/// How little an operator understands of a language: smallest first. None means `en-US` (CAP 1.2 section 3.2.2).
fn unfamiliar(language: Option<&str>) -> u8 {
    match language.map_or("en", |tag| tag.split('-').next().unwrap_or_default()).to_ascii_lowercase().as_str() {
        "id" | "ms" => 0,
        "en" => 1,
        _ => 2,
    }
}

/// `sender,identifier,sent`, apart by white space (CAP 1.2 section 3.2.1).
fn references(text: &str) -> Vec<AlertKey> {
    let key = |reference: &str| {
        let (sender, rest) = reference.split_once(',')?;
        let identifier = rest.split(',').next()?;
        Some(AlertKey { sender: sender.into(), identifier: identifier.into() })
    };
    text.split_whitespace().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priority(namespace: &str, value: &str, level: Option<u8>) -> sip::ResourcePriority {
        sip::ResourcePriority { namespace: namespace.into(), value: value.into(), level }
    }

    #[test]
    fn of_an_alert_in_several_languages_the_one_is_read_that_operators_speak() {
        assert!(unfamiliar(Some("id-ID")) < unfamiliar(None) && unfamiliar(None) < unfamiliar(Some("zh")));
        assert_eq!(unfamiliar(Some("EN-gb")), unfamiliar(None));
    }

    #[test]
    fn what_carriers_write_on_every_call_makes_none_urgent() {
        assert!(!is_urgent(&[]));
        assert!(!is_urgent(&[priority("esnet", "1", Some(25)), priority("x", "9", None)]));
        assert!(is_urgent(&[priority("esnet", "1", Some(25)), priority("wps", "0", Some(100))]));
    }

    #[test]
    fn rtcp_goes_to_the_port_after_rtps_unless_the_far_end_wants_it_elsewhere() {
        let audio = |rtcp| sip::RemoteAudio {
            address: ([10, 0, 0, 1], 4000).into(),
            rtcp,
            codecs: vec![sip::PayloadType { codec: sip::Codec::Pcma, pt: 8 }],
            telephone_event: None,
            ptime_ms: 20,
            direction: sip::Direction::SendRecv,
            srtp: None,
        };
        let elsewhere = ([10, 0, 0, 9], 4007).into();
        let rtcp = |wanted| remote_audio(&audio(wanted)).map(|audio| audio.rtcp);
        assert_eq!(rtcp(None), Some(media::RtcpAddress::NextPort));
        assert_eq!(rtcp(Some(elsewhere)), Some(media::RtcpAddress::At(elsewhere)));
    }

    #[test]
    fn how_a_side_was_heard_and_how_it_heard_us_are_told_apart() {
        let far_end = media::FarEnd { lost: 7, worst_loss_percent: 12.5, jitter_ms: 4.0 };
        let statistics = media::LegStatistics {
            received: 900,
            lost: 100,
            sent: 50,
            jitter_ms: 8.0,
            mos: Some(3.5),
            worst_mos: Some(2.0),
            far_end: Some(far_end),
            ..media::LegStatistics::default()
        };
        let told = HeardQuality {
            side: HeardSide::Caller,
            packets: Some(900),
            loss_percent: 10.0,
            jitter_ms: 8.0,
            mos: 3.5,
            heard_us: Some(HeardUs { lost: 7, worst_loss_percent: 12.5, jitter_ms: 4.0 }),
        };
        assert_eq!(heard(HeardSide::Caller, &statistics), Some(told));
        let unreported = media::LegStatistics { received: 0, lost: 0, far_end: None, ..statistics };
        let told = HeardQuality { side: HeardSide::Operator, packets: Some(0), loss_percent: 0.0, heard_us: None, ..told };
        assert_eq!(heard(HeardSide::Operator, &unreported), Some(told), "of no packet none is lost");
        assert_eq!(heard(HeardSide::Caller, &media::LegStatistics { mos: None, ..statistics }), None, "too short to be judged");
    }

    #[test]
    fn the_alerts_that_an_update_refers_to_are_found() {
        let of = references("bmkg@bmkg.go.id,BMKG-1,2026-11-25T08:00:00+07:00 a@b,2 lost");
        assert_eq!(of.len(), 2);
        assert_eq!((of[0].sender.as_str(), of[0].identifier.as_str()), ("bmkg@bmkg.go.id", "BMKG-1"));
        assert_eq!((of[1].sender.as_str(), of[1].identifier.as_str()), ("a@b", "2"));
    }
}
