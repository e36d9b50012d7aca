//! Calls as they are looked up afterwards, and listened to.

use super::{CallQuery, Desk, DeskError, Principal, access, check};
use crate::clock;
use crate::contract::{CallDetail, CallView, EarlierCall, RecordingView};
use crate::id::CallId;

/// How many earlier calls of a number are shown.
const EARLIER: i64 = 20;

impl Desk {
    /// Newest first; a number is found in whichever way it is written. Looking for a number is written into the audit, under the newest call that
    /// was found.
    pub async fn calls(&self, who: &Principal, query: CallQuery) -> Result<Vec<CallView>, DeskError> {
        let mut reader = self.store.read().await?;
        // Also as it was typed: what was kept before the country was set, and what is no subscriber's number.
        let wanted = query.number.as_ref().map(|typed| [typed.clone(), self.settings.numbers.write(typed)]);
        let calls = reader.db().calls(wanted.as_ref(), query.before, check::limit(query.limit)).await?;
        drop(reader);
        if wanted.is_some() {
            let newest = calls.first().map_or_else(|| "none".to_owned(), |call| call.id.to_string());
            self.audit(who, "calls.searched", &newest).await?;
        }
        Ok(calls)
    }

    /// The call with all around it. The report only for who may read it. Looking at another's call is written into the audit.
    pub async fn call(&self, who: &Principal, id: CallId) -> Result<CallDetail, DeskError> {
        let mut reader = self.store.read().await?;
        let call = reader.db().call(id).await?.ok_or(DeskError::NotFound)?;
        let may_read = access::may_read(who, &call).is_ok();
        let report = if may_read { reader.db().report_of_call(id).await? } else { None };
        let earlier = match &call.number {
            Some(number) => reader.db().earlier_calls(number, Some(id), EARLIER).await?,
            None => Vec::new(),
        };
        let recording = reader.db().recording(id).await?;
        let mut timeline = reader.db().call_timeline(id).await?;
        timeline.retain(|entry| access::may_see(who, Some(&call), entry));
        drop(reader);
        if access::is_watched(who, &call) {
            self.audit(who, "call.opened", &id.to_string()).await?;
        }
        Ok(CallDetail { call, report, earlier, recording, timeline })
    }

    /// Earlier calls from a number, newest first, at most 20.
    pub async fn earlier_calls(&self, number: &str, except: Option<CallId>) -> Result<Vec<EarlierCall>, DeskError> {
        Ok(self.store.read().await?.db().earlier_calls(number, except, EARLIER).await?)
    }

    /// Checks that the person may hear the call (own calls, or a supervisor) and writes it into the audit.
    pub async fn open_recording(&self, who: &Principal, call: CallId) -> Result<RecordingView, DeskError> {
        let mut reader = self.store.read().await?;
        let view = reader.db().call(call).await?.ok_or(DeskError::NotFound)?;
        access::may_hear(who, &view)?;
        let recording = reader.db().recording(call).await?.ok_or(DeskError::NotFound)?;
        drop(reader);
        let mut unit = self.store.begin().await?;
        unit.db().insert_audit(clock::now(), who.user, &who.name, "recording.opened", &call.to_string()).await?;
        unit.commit().await?;
        Ok(recording)
    }

    /// Calls of earlier runs whose recording has begun and whose seal the journal never heard of: look for them on the disk.
    pub async fn unsealed_recordings(&self) -> Result<Vec<CallId>, DeskError> {
        let mut unsealed = self.store.read().await?.db().unsealed_recordings(&self.settings.node).await?;
        unsealed.retain(|(call, began_at)| self.journal.run().is_earlier(call.0, *began_at));
        Ok(unsealed.into_iter().map(|(call, _)| call).collect())
    }
}
