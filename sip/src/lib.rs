//! SIP user agent for emergency calls: trunks, dialogs, identity, location, offer/answer.
