//! An INVITE's content as the owner of the call wants it. Pure.

use crate::config::TrunkName;
use crate::dialled::{dialled, service};
use crate::event::{Invitation, LegId};
use crate::identity::identity;
use crate::language::languages;
use crate::location::reference::references;
use crate::location::{GeolocationRouting, location, parts};
use crate::message::stamp::Stamp;
use crate::message::{Fields, name_and_uri};
use crate::registry::InviteKey;
use crate::sdp::{self, Description, Terms};
use crate::{access, additional, priority, reliable};
use rsipstack::sip::Request;

/// Header fields of a request that the stack has read, as text again.
pub(crate) fn fields(request: &Request) -> Fields {
    Fields(request.headers.iter().map(|header| (header.name().to_owned(), header.value().trim().to_owned())).collect())
}

/// The offer and what else an INVITE says. Its body was already judged by admission, so an offer that cannot be read here is none.
pub(crate) fn read(
    leg: LegId,
    trunk: TrunkName,
    stamp: &Stamp,
    request: &Request,
    terms: &Terms,
) -> (Invitation, Option<Description>) {
    let fields = fields(request);
    let offer = sdp::offer_in(&fields, &request.body, terms).ok().flatten();
    let described = offer.as_ref().map(|offer| offer.languages.as_slice()).unwrap_or_default();
    let parts = parts(&fields, &request.body);
    let (service, purpose) = service(&stamp.uri, fields.first("To").and_then(name_and_uri).map(|(_, uri)| uri));
    let invitation = Invitation {
        leg,
        trunk,
        source: stamp.source.peer,
        dialled: dialled(&stamp.uri),
        service,
        purpose,
        identity: identity(&fields),
        location: location(&fields, &parts),
        location_references: references(&fields),
        location_routing: GeolocationRouting::read(&fields),
        additional: additional::read(&fields, &parts),
        data_references: additional::references(&fields),
        access: access::read(&fields),
        languages: languages(&fields, described),
        spoken: languages(&Fields::default(), described),
        audio: offer.as_ref().map(|offer| offer.audio.clone()),
        early: offer.is_some() || reliable::is_required(&fields),
        text: offer.as_ref().and_then(|offer| offer.text.as_ref()).map(|text| text.remote.clone()),
        priority: fields.first("Resource-Priority").filter(|value| !value.is_empty()).map(str::to_owned),
        priorities: priority::read(&fields),
        call_id: fields.first("Call-ID").unwrap_or_default().to_owned(),
    };
    (invitation, offer)
}

/// Key of an INVITE among the calls. `None`: it has no From tag.
pub(crate) fn key(fields: &Fields) -> Option<InviteKey> {
    Some(InviteKey {
        call_id: fields.first("Call-ID")?.to_owned(),
        from_tag: crate::message::parameter(fields.first("From")?, "tag")?.to_owned(),
        cseq: fields.first("CSeq")?.split_whitespace().next()?.to_owned(),
    })
}
