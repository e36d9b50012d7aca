//! This crate's threads. They give way to those that carry voices: a recording waits in its queue, a caller does not.

use std::io;
use std::thread::{Builder, JoinHandle};

/// How much they give way (`nice`): they still get their share of a processor that is all taken, a third of what a voice gets, so that no
/// queue runs over.
const NICENESS: i32 = 5;

/// Starts a thread that gives way.
pub fn spawn(name: impl Into<String>, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.into()).spawn(move || {
        // On Linux a niceness is a thread's own, and the calling one is meant.
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            tracing::debug!(%error, "a thread of recordings does not give way to voices");
        }
        work();
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_of_recordings_gives_way_and_whoever_starts_it_does_not() {
        let own = || rustix::process::getpriority_process(None).unwrap();
        let before = own();
        let (told, niceness) = std::sync::mpsc::channel();
        spawn("gives way", move || told.send(rustix::process::getpriority_process(None).unwrap()).unwrap())
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(niceness.recv().unwrap(), NICENESS);
        assert_eq!(own(), before);
    }
}
