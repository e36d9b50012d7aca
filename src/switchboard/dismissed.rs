//! People who may not work here any more. Their consoles end with their sessions; a desk phone knows nothing of that, and would go on ringing.

use super::Switchboard;
use dispatch::contract::Refusal;
use dispatch::domain::queue::Input;
use dispatch::id::UserId;

impl Switchboard {
    /// Ends the person's shift. A call that is up goes on to its end, for its caller's sake, and is the last.
    pub(super) fn dismiss(&mut self, operator: UserId) {
        // Nor does a code begin the next shift at the phone while the database is away.
        self.owners.retain(|_, person| person.id != operator);
        self.leave_monitoring(operator);
        if self.end_shift(operator) == Err(Refusal::Busy) {
            self.told(Input::OperatorPaused { operator, reason: String::new() });
            self.dismissed.insert(operator);
        }
    }

    /// Ends the shifts of those whose last call is over now. `false` if there is nobody like that.
    pub(super) fn see_off(&mut self) -> bool {
        let dismissed: Vec<UserId> = self.dismissed.iter().copied().collect();
        let mut gone = false;
        for operator in dismissed {
            if self.end_shift(operator).is_ok() {
                self.dismissed.remove(&operator);
                gone = true;
            }
        }
        gone
    }
}
