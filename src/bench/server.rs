//! The server under test: this very program as a process of its own, with a directory that is removed afterwards, on loopback.

use super::metrics::Metrics;
use super::process::Usage;
use anyhow::{Context, bail};
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(30);

/// Ports of the server's voice, below those that the system hands out to others.
const FIRST_RTP_PORT: u16 = 10_000;
const LAST_RTP_PORT: u16 = 31_999;

/// What is asked of the server.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub max_calls: usize,
    /// Where calls that nobody answers are sent after a second, and how many of them at once.
    pub fallback: Option<(SocketAddr, usize)>,
    /// How many legs have a port.
    pub voice_ports: u16,
}

impl Wanted {
    pub fn most_ports() -> u16 {
        (LAST_RTP_PORT - FIRST_RTP_PORT).div_ceil(2)
    }
}

pub struct Server {
    pub sip: SocketAddr,
    pub web: SocketAddr,
    child: Child,
    pid: u32,
    directory: Directory,
}

/// A directory of this run, removed with everything in it.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server that is prepared but not started, so that people can be added before.
pub struct Prepared {
    sip: SocketAddr,
    pub config: PathBuf,
    directory: Directory,
}

impl Prepared {
    pub fn new(wanted: &Wanted) -> anyhow::Result<Self> {
        let directory = std::env::temp_dir().join(format!("siaga-bench-{}", crate::clock::new_id()));
        std::fs::create_dir(&directory).with_context(|| format!("{} cannot be made", directory.display()))?;
        let directory = Directory(directory);
        let (sip, webrtc) = (free_port()?, free_port()?);
        let config = directory.0.join("siaga.toml");
        std::fs::write(&config, settings(&directory.0, sip, webrtc, wanted))?;
        Ok(Self { sip: (Ipv4Addr::LOCALHOST, sip).into(), config, directory })
    }

    /// Starts it, and returns when calls are taken.
    pub async fn start(self) -> anyhow::Result<Server> {
        let log = std::fs::File::create(self.directory.0.join("server.log"))?;
        let mut child = Command::new(std::env::current_exe().context("this program cannot be found")?)
            .arg("serve")
            .arg("--config")
            .arg(&self.config)
            .env("SIAGA_LOG", std::env::var("SIAGA_LOG").unwrap_or_else(|_| "error".into()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("the server under test cannot be started")?;
        let pid = child.id().context("the server under test has ended at once")?;
        let said = child.stdout.take().context("the server under test says nothing")?;
        let mut lines = BufReader::new(said).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = line.strip_prefix("Siaga is ready: http://") {
                    return address.parse().context("the server under test is ready at no address");
                }
            }
            bail!("the server under test has ended:\n{}", self.log())
        };
        let web: SocketAddr = tokio::time::timeout(START, ready).await.context("the server under test does not start")??;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Server { sip: self.sip, web, child, pid, directory: self.directory })
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.0.join("server.log")).unwrap_or_default()
    }
}

impl Server {
    pub async fn start(wanted: &Wanted) -> anyhow::Result<Self> {
        Prepared::new(wanted)?.start().await
    }

    pub fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.pid)
    }

    pub async fn metrics(&self) -> anyhow::Result<Metrics> {
        Metrics::read(self.web).await
    }

    /// Whether a local port is one of the server's SIP or voice.
    pub fn owns(&self, port: u16) -> bool {
        port == self.sip.port() || (FIRST_RTP_PORT..=LAST_RTP_PORT).contains(&port)
    }

    pub fn recordings(&self) -> PathBuf {
        self.directory.0.join("recordings")
    }

    /// What it wrote to its log: warnings and errors.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.0.join("server.log")).unwrap_or_default()
    }

    /// Stops it as a service manager would; its directory is there until the result is dropped.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let told = Command::new("kill").arg("-TERM").arg(self.pid.to_string()).status().await?;
        if !told.success() {
            bail!("the server under test had ended by itself:\n{}", self.log());
        }
        let ended = tokio::time::timeout(STOP, self.child.wait()).await.context("the server under test does not stop")??;
        if !ended.success() {
            bail!("the server under test ended with {ended}:\n{}", self.log());
        }
        Ok(())
    }
}

fn free_port() -> anyhow::Result<u16> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(socket.local_addr()?.port())
}

fn settings(directory: &Path, sip: u16, webrtc: u16, wanted: &Wanted) -> String {
    let Wanted { max_calls, fallback, voice_ports } = wanted;
    let directory = directory.display();
    let last = FIRST_RTP_PORT.saturating_add(voice_ports.saturating_mul(2)).saturating_sub(1).min(LAST_RTP_PORT);
    let mut text = format!(
        "[web]\nlisten = \"127.0.0.1:0\"\ntls = \"off\"\nstate_directory = \"{directory}\"\n\
         [sip]\nlisten = [\"udp://127.0.0.1:{sip}\"]\nmax_calls = {max_calls}\n\
         [media]\naddress = \"127.0.0.1\"\nrtp_ports = \"{FIRST_RTP_PORT}-{last}\"\nwebrtc_port = {webrtc}\n\
         [database]\nurl = \"sqlite://{directory}/siaga.db\"\n\
         [recordings]\ndirectory = \"{directory}/recordings\"\n\
         [[sip.trunk]]\nname = \"bench\"\npeers = [\"127.0.0.1/32\"]\n"
    );
    if let Some((proxy, at_once)) = fallback {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "proxy = \"{proxy}\"\n[queue]\nfallback_number = \"900\"\nfallback_after_seconds = 1\nfallback_calls = {at_once}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_server_under_test_gets_settings_that_it_can_use() {
        let far_end = "127.0.0.1:6000".parse().unwrap();
        for fallback in [None, Some((far_end, 500))] {
            let wanted = Wanted { max_calls: 1_000, fallback, voice_ports: Wanted::most_ports() };
            let prepared = Prepared::new(&wanted).unwrap();
            let config = Config::load(&prepared.config).unwrap();
            assert_eq!(config.sip.max_calls, 1_000);
            assert_eq!(config.queue.fallback_number.is_some(), fallback.is_some());
            let directory = prepared.config.clone();
            drop(prepared);
            assert!(!directory.exists(), "nothing is left behind");
        }
    }
}
