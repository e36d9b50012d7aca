//! Families of addresses: by which voice may come, and which of our addresses it is told (RFC 6157). Pure.

use super::{LocalAudio, LocalMedia, LocalText};
use std::net::{IpAddr, SocketAddr};

/// The families in which the media side receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Families {
    Ipv4,
    Ipv6,
    #[default]
    Both,
}

impl Families {
    /// Those of an address, and of another beside it.
    #[must_use]
    pub fn of(address: IpAddr, other: Option<IpAddr>) -> Self {
        match (address.is_ipv4(), other.map_or(address.is_ipv4(), |other| other.is_ipv4())) {
            (true, true) => Families::Ipv4,
            (false, false) => Families::Ipv6,
            _ => Families::Both,
        }
    }

    /// Whether voice can go there. What names no address says nothing of its family.
    #[must_use]
    pub fn reach(self, remote: IpAddr) -> bool {
        match self {
            _ if remote.is_unspecified() => true,
            Families::Ipv4 => remote.is_ipv4(),
            Families::Ipv6 => remote.is_ipv6(),
            Families::Both => true,
        }
    }
}

impl LocalAudio {
    /// As it is told to who is at this address: in that family, if we have an address of it. A far end that names none has not moved.
    pub(crate) fn towards(self, remote: IpAddr) -> Self {
        match self.other.filter(|other| other.is_ipv4() == remote.is_ipv4() && !remote.is_unspecified()) {
            Some(other) => {
                LocalAudio { address: SocketAddr::new(other, self.address.port()), other: Some(self.address.ip()), ..self }
            }
            None => self,
        }
    }

    /// The address in `o=`, which stays the same wherever the far end moves to (RFC 3264 section 8).
    pub(super) fn origin(self) -> IpAddr {
        let own = self.address.ip();
        self.other.filter(|other| other.is_ipv4()).unwrap_or(own)
    }
}

impl LocalText {
    /// The same for the text beside that voice.
    pub(crate) fn towards(self, remote: IpAddr, voice: LocalAudio) -> Self {
        let towards = if remote.is_unspecified() { voice.address.ip() } else { remote };
        let mut ours = [Some(self.address.ip()), Some(voice.address.ip()), voice.other].into_iter().flatten();
        let ip = ours.find(|ours| ours.is_ipv4() == towards.is_ipv4()).unwrap_or(self.address.ip());
        LocalText { address: SocketAddr::new(ip, self.address.port()) }
    }
}

impl LocalMedia {
    pub(crate) fn towards(self, remote: IpAddr) -> Self {
        let audio = self.audio.towards(remote);
        LocalMedia { audio, text: self.text.map(|text| text.towards(remote, audio)) }
    }

    /// The same in our other family of addresses, for who refuses what the way to them lets expect.
    pub(crate) fn turned(self) -> Self {
        self.audio.other.map_or(self, |other| self.towards(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_families_are_those_of_the_addresses() {
        assert_eq!(Families::of(ip("192.0.2.1"), None), Families::Ipv4);
        assert_eq!(Families::of(ip("2001:db8::1"), None), Families::Ipv6);
        assert_eq!(Families::of(ip("2001:db8::1"), Some(ip("192.0.2.1"))), Families::Both);
        assert!(!Families::Ipv4.reach(ip("2001:db8::9")) && Families::Ipv4.reach(ip("::")));
    }

    #[test]
    fn each_is_told_the_address_of_its_own_family_and_the_way_back_is_the_same() {
        let audio =
            LocalAudio { address: "192.0.2.1:20000".parse().unwrap(), other: Some(ip("2001:db8::1")), session_id: 7, srtp: None };
        let media = LocalMedia::from(audio).with_text(LocalText { address: "192.0.2.1:20002".parse().unwrap() });
        let six = media.towards(ip("2001:db8::9"));
        assert_eq!(six.audio.address, "[2001:db8::1]:20000".parse().unwrap());
        assert_eq!(six.text.unwrap().address, "[2001:db8::1]:20002".parse().unwrap());
        assert_eq!((six.towards(ip("2001:db8::8")), six.towards(ip("192.0.2.9"))), (six, media));
        assert_eq!((six.towards(ip("0.0.0.0")), six.turned()), (six, media));
        assert_eq!((six.audio.origin(), media.audio.origin()), (ip("192.0.2.1"), ip("192.0.2.1")));
        let alone = LocalMedia { audio: LocalAudio { other: None, ..audio }, ..media };
        assert_eq!(alone.towards(ip("2001:db8::9")), alone);
    }
}
