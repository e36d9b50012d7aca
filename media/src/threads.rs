//! This crate's threads. They go before whatever else the machine does, where the system lets them: a packet that waits for a processor is heard.

use std::io;
use std::thread::Builder;

/// How much they go before others (`nice`). It takes CAP_SYS_NICE, or a limit (`LimitNICE`) that allows it.
const NICENESS: i32 = -10;

/// Starts a thread that goes before others, or like others where that is not allowed.
pub(crate) fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    Builder::new().name(name).spawn(move || {
        // On Linux a niceness is a thread's own, and the calling one is meant.
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            tracing::info!(%error, "voices wait for a processor like everything else on this machine; see docs/capacity.md");
        }
        work();
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_of_voices_goes_before_others_where_it_may() {
        let own = || rustix::process::getpriority_process(None).unwrap();
        let before = own();
        let (told, niceness) = std::sync::mpsc::channel();
        spawn("goes before".into(), move || told.send(own()).unwrap()).unwrap();
        let may = std::thread::spawn(|| rustix::process::setpriority_process(None, NICENESS).is_ok()).join().unwrap();
        assert_eq!(niceness.recv().unwrap(), if may { NICENESS } else { before });
        assert_eq!(own(), before, "whoever starts it does not");
    }
}
