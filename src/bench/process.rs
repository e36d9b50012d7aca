//! What a process uses, read from /proc. The texts are taken apart apart from their reading, and so can be tried on what a kernel wrote.

use anyhow::Context;
use std::time::Duration;

/// The unit of times in /proc/PID/stat. The kernel's interface has it at a hundredth of a second on every platform of ours.
const TICK: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Time on processors, in user and kernel mode.
    pub cpu: Duration,
    pub memory_kb: u64,
    /// Of it pages of files, most of them the program's own: they come with the first use of a part of it, and the system can take them
    /// back at any time.
    pub of_files_kb: u64,
    /// The most memory that it ever had, files' pages included.
    pub peak_kb: u64,
    pub threads: u64,
    pub files: u64,
}

impl Usage {
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}"));
        let gone = || format!("process {pid} is gone, or is another user's");
        let cpu = cpu(&read("stat").with_context(gone)?).context("/proc/PID/stat is not as expected")?;
        let status = read("status").with_context(gone)?;
        let number = |name| field(&status, name).with_context(|| format!("/proc/PID/status has no {name}"));
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).with_context(gone)?.count();
        Ok(Self {
            cpu,
            memory_kb: number("VmRSS")?,
            of_files_kb: number("RssFile")?,
            peak_kb: number("VmHWM")?,
            threads: number("Threads")?,
            files: u64::try_from(files).unwrap_or(u64::MAX),
        })
    }

    /// Memory that nobody but the process can give back.
    pub fn kept_kb(&self) -> u64 {
        self.memory_kb.saturating_sub(self.of_files_kb)
    }
}

/// Fields 14 and 15, counted from behind the program's name, which may hold anything.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    TICK.checked_mul(user.checked_add(system)?)
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Datagrams that the kernel dropped because the reader of one of these local ports was behind, since these sockets are open.
pub fn datagrams_dropped(is_ours: impl Fn(u16) -> bool) -> anyhow::Result<u64> {
    let table = std::fs::read_to_string("/proc/net/udp").context("/proc/net/udp cannot be read")?;
    Ok(dropped(&table, is_ours))
}

fn dropped(table: &str, is_ours: impl Fn(u16) -> bool) -> u64 {
    let line = |line: &str| {
        let mut fields = line.split_whitespace();
        let (_, port) = fields.nth(1)?.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        fields.next_back()?.parse::<u64>().ok().filter(|_| is_ours(port))
    };
    table.lines().skip(1).filter_map(line).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_a_name_with_brackets_and_spaces() {
        let stat = "4711 (a) b) R 1 4711 4711 0 -1 4194304 500 0 0 0 123 45 0 0 20 0 9 0 1000 1 2 3";
        assert_eq!(cpu(stat), Some(Duration::from_millis(1_680)));
        assert_eq!(cpu("4711 (a)"), None);
    }

    #[test]
    fn memory_and_threads_are_found_by_name() {
        let status = "Name:\tsiaga\nVmHWM:\t   52000 kB\nVmRSS:\t   48123 kB\nThreads:\t9\n";
        assert_eq!(
            (field(status, "VmRSS"), field(status, "VmHWM"), field(status, "Threads")),
            (Some(48_123), Some(52_000), Some(9))
        );
        assert_eq!(field(status, "VmSwap"), None);
    }

    #[test]
    fn drops_are_counted_of_our_ports_only() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            1: 0100007F:2710 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 111 2 0000000000000000 7\n\
            2: 0100007F:2712 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 112 2 0000000000000000 5\n";
        assert_eq!(dropped(table, |port| port == 10_000), 7);
        assert_eq!(dropped(table, |_| true), 12);
    }

    #[test]
    fn this_very_process_can_be_read() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.kept_kb() > 0 && usage.peak_kb >= usage.memory_kb && usage.threads >= 1 && usage.files >= 3);
    }
}
