//! The threads of the call path. SIP and the switchboard have their own, so that consoles, chats and the database, however busy they keep
//! theirs, hold up no call; voice has others again, in `media`.

use std::future::Future;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// More than these find nothing to do: the switchboard is one task, and what SIP does for a call takes a fraction of a millisecond.
const MOST: usize = 4;

pub struct CallThreads {
    /// Always there until it is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl CallThreads {
    /// As many as there are processors, up to a bound. Everything else has as many again; the system shares the processors out.
    pub fn start() -> std::io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = processors.min(MOST);
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("calls").enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// To count what runs there.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for CallThreads {
    /// Whatever still runs is given up: a runtime must not be waited for inside another.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn whoever_keeps_all_other_threads_busy_holds_up_no_call() {
        let others = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let calls = CallThreads::start().unwrap();
        let (done, is_done) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let (busy, is_busy) = mpsc::channel();
        others.spawn(async move {
            busy.send(()).unwrap();
            // As a page that is made, or a password that is tried, on a thread that is not meant for it.
            ended.recv().unwrap();
        });
        is_busy.recv_timeout(Duration::from_secs(10)).unwrap();
        calls.spawn(async move { done.send(()).unwrap() });
        is_done.recv_timeout(Duration::from_secs(10)).unwrap();
        end.send(()).unwrap();
    }

    #[tokio::test]
    async fn they_end_inside_another_runtime() {
        let calls = CallThreads::start().unwrap();
        assert_eq!(calls.spawn(async { 112 }).await.unwrap(), 112);
        drop(calls);
    }
}
