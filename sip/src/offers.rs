//! Tells the owner that a carrier's calls are refused for what they offer, unless the caller comes again at once with another offer that is
//! taken: many a gateway offers encrypted voice first, and voice in clear where that is refused.

use crate::config::TrunkName;
use crate::event::OfferTrouble;
use crate::limited::Alarms;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Whoever comes again does so within this time.
const SECOND_TRY: Duration = Duration::from_secs(3);

/// Why a trunk's call was refused.
type Refusal = (TrunkName, OfferTrouble);

/// The number that a caller has, if any.
type Caller = Option<String>;

pub(crate) struct Offers {
    alarms: Arc<Alarms>,
    /// Who may still come again: one for each refusal, as it is told only now and then.
    refused: Mutex<HashMap<Refusal, Caller>>,
}

impl Offers {
    pub(crate) fn new(alarms: Arc<Alarms>) -> Self {
        Offers { alarms, refused: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Refusal, Caller>> {
        // The list is whole between any two statements that change it.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn refused(self: &Arc<Self>, trunk: &TrunkName, why: OfferTrouble, caller: Caller) {
        let refusal = (trunk.clone(), why);
        let mut refused = self.lock();
        if refused.contains_key(&refusal) {
            return;
        }
        refused.insert(refusal.clone(), caller);
        drop(refused);
        let offers = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(SECOND_TRY).await;
            if offers.lock().remove(&refusal).is_some() {
                let (trunk, why) = refusal;
                offers.alarms.incompatible(&trunk, why);
            }
        });
    }

    /// A call of this trunk is taken.
    pub(crate) fn taken(&self, trunk: &TrunkName, caller: impl FnOnce() -> Caller) {
        let mut refused = self.lock();
        if !refused.is_empty() {
            let caller = caller();
            refused.retain(|(of, _), by| of != trunk || *by != caller);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use tokio::sync::mpsc;

    #[tokio::test(start_paused = true)]
    async fn who_comes_again_with_another_offer_alarms_nobody_and_who_does_not_is_told_once() {
        let (events, mut heard) = mpsc::channel(4);
        let offers = Arc::new(Offers::new(Arc::new(Alarms::new(events))));
        let trunk = TrunkName::from("telco");
        let caller = |number: &str| Some(number.to_owned());
        let wait = || tokio::time::sleep(SECOND_TRY + Duration::from_millis(1));

        offers.refused(&trunk, OfferTrouble::NoCodec, caller("+628111"));
        offers.taken(&trunk, || caller("+628111"));
        wait().await;
        assert!(heard.try_recv().is_err());

        offers.refused(&trunk, OfferTrouble::NoCodec, caller("+628111"));
        offers.refused(&trunk, OfferTrouble::NoCodec, caller("+628222"));
        offers.taken(&trunk, || caller("+628333"));
        offers.taken(&TrunkName::from("other"), || caller("+628111"));
        assert!(heard.try_recv().is_err(), "it may still come again");
        wait().await;
        assert_eq!(heard.try_recv(), Ok(Event::Incompatible { trunk, why: OfferTrouble::NoCodec }));
        assert!(heard.try_recv().is_err());
    }
}
