//! What an entry of the switchboard's leaves in the rows of its call, besides its event. What a network said is bounded here.

use super::check;
use super::entry::{ArrivedCall, DialledCall, Entry, SaidLine};
use super::journal_rows::Rows;
use crate::contract::{
    AdditionalData, CallDirection, CallPriority, CallState, CallView, CallerLocation, LocationShape, ReportFields, ReportView,
    SealView,
};
use crate::domain::place;
use crate::store::{CallEnd, StoreError};

/// The longest line of text that is kept in one piece.
const LINE: usize = 2000;
/// The longest text that is kept of what the network sent.
const NETWORK_TEXT: usize = 500;
/// The most languages, and statements of additional data, that are kept of one call.
const LANGUAGES: usize = 8;
const STATEMENTS: usize = 64;
/// The most corners of an area that are kept; a PIDF-LO polygon has at most 15 (RFC 5491 section 5.2.3).
const CORNERS: usize = 128;

/// What the consoles shall read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Touched {
    pub callbacks: bool,
    pub statistics: bool,
}

impl Touched {
    pub fn and(self, other: Self) -> Self {
        Self { callbacks: self.callbacks || other.callbacks, statistics: self.statistics || other.statistics }
    }
}

impl Entry {
    /// The call that begins with this entry, and its form as it opens: their rows come before all that [`Entry::write`] changes.
    pub(super) fn begins(&self) -> Option<(CallView, ReportView)> {
        let call = match self {
            Self::Arrived(arrived) => arrived.view(),
            Self::OutboundDialled(dialled) => dialled.view(),
            _ => return None,
        };
        let report = draft(&call);
        Some((call, report))
    }

    /// Changes the rows of a call that is there, and keeps the entry's event for the commit.
    pub(super) async fn write(&self, rows: &mut Rows, dedupe: String) -> Result<(), StoreError> {
        let mut event = self.event();
        event.dedupe = Some(dedupe);
        let mut touched = Touched::default();
        match self {
            Self::Arrived(_) => touched.statistics = true,
            Self::Located { call, location, additional, .. } => {
                if let Some(location) = location {
                    rows.db().await?.locate_call(*call, &bounded_location(location)).await?;
                }
                let additional: Vec<_> = additional.iter().take(STATEMENTS).map(bounded).collect();
                if !additional.is_empty() {
                    rows.db().await?.write_additional(*call, &additional).await?;
                }
            }
            Self::Relocated { call, location, .. } => rows.db().await?.relocate_call(*call, &bounded_location(location)).await?,
            Self::OutboundDialled(dialled) => {
                if let Some(abandoned) = dialled.callback_of {
                    touched.callbacks = rows.db().await?.count_callback_try(abandoned, dialled.at).await?;
                }
            }
            Self::Answered { call, operator, at } => {
                rows.db().await?.answer_call(*call, Some((operator.user, &operator.name)), *at).await?;
                touched = Touched { callbacks: rows.db().await?.reach_callbacks(*call, *at).await?, statistics: true };
            }
            Self::FallbackAnswered { call, at } | Self::OutboundAnswered { call, at, .. } => {
                if let Self::OutboundAnswered { trunk: Some(trunk), .. } = self {
                    rows.db().await?.carry_call(*call, &check::cut(trunk, NETWORK_TEXT)).await?;
                }
                rows.db().await?.answer_call(*call, None, *at).await?;
                touched = Touched { callbacks: rows.db().await?.reach_callbacks(*call, *at).await?, statistics: true };
            }
            // A caller who was cut off may be called back from within the call.
            Self::PartyJoined { number: Some(number), at, .. } => {
                touched.callbacks = rows.db().await?.reach_number(number, *at).await?;
            }
            Self::Ended { call, by, failure, at, .. } => {
                let unreached = failure.map(|failure| failure.why);
                rows.end_call(CallEnd { call: *call, by: *by, unreached, at: *at });
            }
            Self::CallerGone { call, by, at } => {
                rows.db().await?.note_caller_gone(*call, *at).await?;
                // At once, though the operator goes on with others for long.
                touched.callbacks = by.cut_off() && rows.db().await?.note_cut_off(*call).await?;
            }
            Self::RecordingBegan { call, started_at } => rows.db().await?.begin_recording(*call, *started_at).await?,
            Self::RecordingSealed { call, sealed_at, duration_ms, sha256, repaired, .. } => {
                let (sealed_at, duration_ms, repaired) = (*sealed_at, *duration_ms, *repaired);
                let seal = SealView { sealed_at, duration_ms, sha256: sha256.clone(), repaired };
                rows.db().await?.seal_recording(*call, &seal).await?;
            }
            _ => {}
        }
        rows.event(event);
        rows.touch(touched);
        Ok(())
    }
}

impl ArrivedCall {
    /// What the network sent is bounded and has no control characters, which no database need keep.
    pub(super) fn view(&self) -> CallView {
        let clean = |text: &Option<String>, limit| text.as_deref().map(|text| check::cut(text, limit));
        CallView {
            id: self.call,
            report: self.report,
            state: CallState::Waiting,
            number: clean(&self.number, check::CALLER_NUMBER),
            name: clean(&self.name, check::CALLER_NAME),
            dialled: check::cut(&self.dialled, NETWORK_TEXT),
            trunk: check::cut(&self.trunk, NETWORK_TEXT),
            arrived_at: self.at,
            waiting_since: None,
            answered_at: None,
            ended_at: None,
            ended_by: None,
            caller_gone_at: None,
            unreached: None,
            operator: None,
            operator_name: None,
            location: self.location.as_ref().map(bounded_location),
            direction: CallDirection::Inbound,
            priority: self.priority,
            parties: Vec::new(),
            other_lines: Vec::new(),
            monitors: Vec::new(),
            languages: self.languages.iter().take(LANGUAGES).map(|tag| check::cut(tag, check::CALLER_NUMBER)).collect(),
            cell: clean(&self.cell, NETWORK_TEXT),
            additional: self.additional.iter().take(STATEMENTS).map(bounded).collect(),
            callback_of: None,
            text: None,
        }
    }
}

impl DialledCall {
    pub(super) fn view(&self) -> CallView {
        let number = check::cut(&self.number, check::CALLER_NUMBER);
        CallView {
            id: self.call,
            report: self.report,
            state: CallState::Calling,
            dialled: number.clone(),
            number: Some(number),
            name: self.name.as_deref().map(|name| check::cut(name, check::CALLER_NAME)),
            trunk: check::cut(&self.trunk, NETWORK_TEXT),
            arrived_at: self.at,
            waiting_since: None,
            answered_at: None,
            ended_at: None,
            ended_by: None,
            caller_gone_at: None,
            unreached: None,
            operator: Some(self.operator.user),
            operator_name: Some(self.operator.name.clone()),
            location: None,
            direction: CallDirection::Outbound,
            priority: CallPriority::Normal,
            parties: Vec::new(),
            other_lines: Vec::new(),
            monitors: Vec::new(),
            languages: Vec::new(),
            cell: None,
            additional: Vec::new(),
            callback_of: self.callback_of,
            text: None,
        }
    }
}

impl SaidLine {
    /// What no database need keep is left out.
    pub(super) fn words(&self) -> String {
        check::cut(&self.text, LINE)
    }
}

fn bounded_location(location: &CallerLocation) -> CallerLocation {
    let clean = |text: &Option<String>| text.as_deref().map(|text| check::cut(text, NETWORK_TEXT));
    CallerLocation {
        position: location.position.filter(|position| place::is_valid(*position)),
        radius_m: location.radius_m.filter(|radius| radius.is_finite()),
        civic: clean(&location.civic),
        shape: location.shape.clone().filter(is_drawable),
        method: clean(&location.method),
        at: location.at,
    }
}

fn is_drawable(shape: &LocationShape) -> bool {
    match shape {
        LocationShape::Ellipse { semi_major_m, semi_minor_m, orientation_deg } => {
            [semi_major_m, semi_minor_m, orientation_deg].iter().all(|number| number.is_finite())
        }
        LocationShape::ArcBand { inner_m, outer_m, start_deg, opening_deg } => {
            [inner_m, outer_m, start_deg, opening_deg].iter().all(|number| number.is_finite())
        }
        LocationShape::Polygon { points } => {
            (3..=CORNERS).contains(&points.len()) && points.iter().all(|point| place::is_valid(*point))
        }
    }
}

fn bounded(statement: &AdditionalData) -> AdditionalData {
    let cut = |text: &str| check::cut(text, NETWORK_TEXT);
    AdditionalData { kind: cut(&statement.kind), label: cut(&statement.label), value: cut(&statement.value) }
}

/// The form as it opens: what is known of the other side, for the operator to verify.
fn draft(call: &CallView) -> ReportView {
    let location = call.location.clone();
    let (civic, position) = location.map_or((None, None), |location| (location.civic, location.position));
    ReportView {
        id: call.report,
        call: call.id,
        fields: ReportFields {
            place: civic.unwrap_or_default(),
            position,
            caller_name: call.name.clone().unwrap_or_default(),
            caller_number: call.number.clone().unwrap_or_default(),
            ..ReportFields::default()
        },
        revision: 0,
        saved_at: call.arrived_at,
        incident: None,
        disposition: None,
    }
}
