//! Questions to carriers, as a loop waits for their answers beside other things.

use std::future::pending;
use std::pin::Pin;
use tokio::time::Instant;

/// A question under way.
pub(crate) type Asking<T> = Option<Pin<Box<dyn Future<Output = T> + Send>>>;

/// Its answer, once; never, while there is no question.
pub(crate) async fn answer<T>(asking: &mut Asking<T>) -> T {
    match asking {
        Some(question) => {
            let answer = question.as_mut().await;
            *asking = None;
            answer
        }
        None => pending().await,
    }
}

/// Sleeps until then; for ever without a time.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => pending().await,
    }
}
