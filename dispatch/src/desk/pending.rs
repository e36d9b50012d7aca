//! Signatures whose bodies are being written.
#![allow(unused_variables, clippy::unused_async)]

use super::*;
use crate::contract::*;
use crate::id::*;
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

type Done<T = ()> = Result<T, DeskError>;

impl Desk {
    // Life cycle ---------------------------------------------------------------------------------
    /// Gives the desk its recordings; before this, holds of footage wait. Called once.
    pub fn attach_archive(&self, archive: Arc<dyn Archive>) {}
    /// After a start: loads the seeds into an empty database, closes this node's interrupted calls (`EndedBy::Restart`), takes up
    /// the alarms that were sounding, and holds footage that was not held yet.
    pub async fn recover(&self) -> Done {
        Err(DeskError::NotFound)
    }
    /// Every second until `stop`: overdue acknowledgements, footage not yet held. Ends when `stop` does.
    pub async fn keep_watch(&self, stop: impl Future<Output = ()> + Send) {}
    /// Whether the database answers.
    pub async fn ping(&self) -> Done {
        Err(DeskError::NotFound)
    }
    pub fn live(&self) -> &LiveHub {
        &self.live
    }
    pub fn settings(&self) -> &DeskSettings {
        &self.settings
    }
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    // Sign-in ------------------------------------------------------------------------------------
    pub async fn sign_in(&self, username: &str, password: &str) -> Done<SignedIn> {
        Err(DeskError::NotFound)
    }
    /// Who a token belongs to; [`DeskError::SignedOut`] if nobody.
    pub async fn session(&self, token: &str) -> Done<Principal> {
        Err(DeskError::NotFound)
    }
    pub async fn sign_out(&self, who: &Principal) -> Done {
        Err(DeskError::NotFound)
    }
    pub async fn me(&self, who: &Principal) -> Done<UserView> {
        Err(DeskError::NotFound)
    }
    /// A one-time token for the first administrator; `None` if there are users. A new token replaces the one before.
    pub async fn setup_token(&self) -> Done<Option<String>> {
        Err(DeskError::NotFound)
    }
    pub async fn set_up(&self, token: &str, username: &str, name: &str, password: &str) -> Done<UserView> {
        Err(DeskError::NotFound)
    }
    pub async fn users(&self, who: &Principal) -> Done<Vec<UserView>> {
        Err(DeskError::NotFound)
    }
    pub async fn create_user(&self, who: &Principal, user: NewUser) -> Done<UserView> {
        Err(DeskError::NotFound)
    }
    pub async fn change_user(&self, who: &Principal, id: UserId, change: ChangeUser) -> Done<UserView> {
        Err(DeskError::NotFound)
    }
    /// For the command line, where no one is signed in.
    pub async fn add_user(&self, user: NewUser) -> Done<UserView> {
        Err(DeskError::NotFound)
    }

    // Calls and recordings -----------------------------------------------------------------------
    pub async fn calls(&self, who: &Principal, query: CallQuery) -> Done<Vec<CallView>> {
        Err(DeskError::NotFound)
    }
    pub async fn call(&self, who: &Principal, id: CallId) -> Done<CallDetail> {
        Err(DeskError::NotFound)
    }
    /// Earlier calls from a number, newest first, at most 20.
    pub async fn earlier_calls(&self, number: &str, except: Option<CallId>) -> Done<Vec<EarlierCall>> {
        Err(DeskError::NotFound)
    }
    /// Checks that the person may hear the call (own calls, or a supervisor) and writes it into the audit.
    pub async fn open_recording(&self, who: &Principal, call: CallId) -> Done<RecordingView> {
        Err(DeskError::NotFound)
    }

    // Reports ------------------------------------------------------------------------------------
    pub async fn report(&self, who: &Principal, id: ReportId) -> Done<ReportView> {
        Err(DeskError::NotFound)
    }
    /// [`DeskError::Stale`] if the revision is not higher than the stored one.
    pub async fn save_report(&self, who: &Principal, id: ReportId, save: SaveReport) -> Done<ReportView> {
        Err(DeskError::NotFound)
    }
    pub async fn close_report(&self, who: &Principal, id: ReportId, disposition: Disposition) -> Done<ReportView> {
        Err(DeskError::NotFound)
    }

    // Incidents and dispatches -------------------------------------------------------------------
    /// Opening the same report again gives the same incident.
    pub async fn open_incident(&self, who: &Principal, report: ReportId) -> Done<IncidentView> {
        Err(DeskError::NotFound)
    }
    pub async fn incidents(&self, who: &Principal, query: IncidentQuery) -> Done<Vec<IncidentView>> {
        Err(DeskError::NotFound)
    }
    pub async fn incident(&self, who: &Principal, id: IncidentId) -> Done<IncidentDetail> {
        Err(DeskError::NotFound)
    }
    pub async fn add_note(&self, who: &Principal, id: IncidentId, text: &str) -> Done<TimelineEntry> {
        Err(DeskError::NotFound)
    }
    /// Without a channel each team gets the message by Telegram if it has a chat, else by WhatsApp. A team that already has the
    /// incident keeps its dispatch, which is in the answer.
    pub async fn send_dispatch(
        &self,
        who: &Principal,
        id: IncidentId,
        teams: &[TeamId],
        channel: Option<Channel>,
    ) -> Done<Vec<DispatchView>> {
        Err(DeskError::NotFound)
    }
    pub async fn close_incident(
        &self,
        who: &Principal,
        id: IncidentId,
        disposition: Disposition,
        note: &str,
    ) -> Done<IncidentView> {
        Err(DeskError::NotFound)
    }

    // Outbox and chat ----------------------------------------------------------------------------
    /// Notified when a message was put into the outbox.
    pub fn outbox_wake(&self) -> Arc<tokio::sync::Notify> {
        Arc::default()
    }
    /// Claims up to `n` messages that are due, each for `lease_ms` milliseconds.
    pub async fn claim_outbox(&self, now: Timestamp, lease_ms: i64, n: i64) -> Done<Vec<OutboxMessage>> {
        Err(DeskError::NotFound)
    }
    pub async fn outbox_sent(&self, id: Uuid, external_id: &str, now: Timestamp) -> Done {
        Err(DeskError::NotFound)
    }
    pub async fn outbox_retry(&self, id: Uuid, error: &str, next_at: Timestamp) -> Done {
        Err(DeskError::NotFound)
    }
    /// Gives the message up. The team's other channel is tried if it has one; else the alarm `Undeliverable` sounds.
    pub async fn outbox_dead(&self, id: Uuid, error: &str, now: Timestamp) -> Done {
        Err(DeskError::NotFound)
    }
    /// [`DeskError::NotFound`] for an unknown button, [`DeskError::Forbidden`] if the sender is not the dispatch's team. Going
    /// backwards changes nothing.
    pub async fn team_pressed(&self, press: Press) -> Done<PressOutcome> {
        Err(DeskError::NotFound)
    }
    /// An unknown message is [`DeskError::NotFound`]. States may come late and in any order.
    pub async fn delivery_report(&self, channel: Channel, external_id: &str, state: DeliveryState) -> Done {
        Err(DeskError::NotFound)
    }
    /// Makes a chat the team's, by the token of [`Desk::create_link`]. `NotFound` if the token is wrong, used or too old.
    pub async fn link_chat(&self, token: &str, chat: i64, title: &str) -> Done<TeamView> {
        Err(DeskError::NotFound)
    }
    pub async fn create_link(&self, who: &Principal, team: TeamId) -> Done<ChatLink> {
        Err(DeskError::NotFound)
    }

    // Alarms -------------------------------------------------------------------------------------
    /// Sounds until it is acknowledged or cleared. An equal alarm that sounds already keeps its id. Never waits.
    pub fn raise_alarm(&self, kind: AlarmKind, now: Timestamp) -> AlarmId {
        AlarmId(Uuid::nil())
    }
    /// Clears every alarm that `which` picks. Never waits.
    pub fn clear_alarms(&self, which: impl Fn(&AlarmKind) -> bool) {}
    pub fn alarms(&self) -> Vec<AlarmView> {
        Vec::new()
    }
    pub async fn acknowledge_alarm(&self, who: &Principal, id: AlarmId) -> Done {
        Err(DeskError::NotFound)
    }
    /// Raises what is overdue at `now`; [`Desk::keep_watch`] calls it every second.
    pub async fn due_alarms(&self, now: Timestamp) -> Done {
        Err(DeskError::NotFound)
    }

    // What the city keeps up ---------------------------------------------------------------------
    pub async fn agencies(&self) -> Done<Vec<AgencyView>> {
        Err(DeskError::NotFound)
    }
    pub async fn create_agency(&self, who: &Principal, save: SaveAgency) -> Done<AgencyView> {
        Err(DeskError::NotFound)
    }
    pub async fn update_agency(&self, who: &Principal, id: AgencyId, save: SaveAgency) -> Done<AgencyView> {
        Err(DeskError::NotFound)
    }
    pub async fn teams(&self) -> Done<Vec<TeamView>> {
        Err(DeskError::NotFound)
    }
    pub async fn create_team(&self, who: &Principal, save: SaveTeam) -> Done<TeamView> {
        Err(DeskError::NotFound)
    }
    pub async fn update_team(&self, who: &Principal, id: TeamId, save: SaveTeam) -> Done<TeamView> {
        Err(DeskError::NotFound)
    }
    pub async fn incident_types(&self) -> Done<Vec<IncidentTypeView>> {
        Err(DeskError::NotFound)
    }
    pub async fn create_incident_type(&self, who: &Principal, save: SaveIncidentType) -> Done<IncidentTypeView> {
        Err(DeskError::NotFound)
    }
    pub async fn update_incident_type(
        &self,
        who: &Principal,
        id: IncidentTypeId,
        save: SaveIncidentType,
    ) -> Done<IncidentTypeView> {
        Err(DeskError::NotFound)
    }
    pub async fn cameras(&self) -> Done<Vec<CameraView>> {
        Err(DeskError::NotFound)
    }
    pub async fn create_camera(&self, who: &Principal, save: SaveCamera) -> Done<CameraView> {
        Err(DeskError::NotFound)
    }
    pub async fn update_camera(&self, who: &Principal, id: CameraId, save: SaveCamera) -> Done<CameraView> {
        Err(DeskError::NotFound)
    }
    /// Active cameras within the radius, nearest first.
    pub async fn nearest_cameras(&self, position: Position) -> Done<Vec<CameraView>> {
        Err(DeskError::NotFound)
    }
    /// The addresses of active cameras, for the recorder.
    pub async fn camera_sources(&self) -> Done<Vec<CameraSource>> {
        Err(DeskError::NotFound)
    }
    pub async fn footage(&self, who: &Principal, id: FootageId) -> Done<FootageView> {
        Err(DeskError::NotFound)
    }
    pub async fn import_agencies(&self, rows: Vec<AgencyRow>) -> Done<ImportSummary> {
        Err(DeskError::NotFound)
    }
    pub async fn import_teams(&self, rows: Vec<TeamRow>) -> Done<ImportSummary> {
        Err(DeskError::NotFound)
    }
    pub async fn import_cameras(&self, rows: Vec<CameraRow>) -> Done<ImportSummary> {
        Err(DeskError::NotFound)
    }
    pub async fn import_types(&self, rows: Vec<TypeRow>) -> Done<ImportSummary> {
        Err(DeskError::NotFound)
    }

    // Looking over shoulders ---------------------------------------------------------------------
    pub async fn audit(&self, who: &Principal, action: &str, subject: &str) -> Done {
        Err(DeskError::NotFound)
    }
    /// Newest first; `before` is the `seq` of the last entry seen.
    pub async fn audit_entries(&self, who: &Principal, before: Option<i64>, limit: i64) -> Done<Vec<AuditEntry>> {
        Err(DeskError::NotFound)
    }
    pub async fn statistics_today(&self, who: &Principal) -> Done<Statistics> {
        Err(DeskError::NotFound)
    }
}
