//! The demo's cameras: GStreamer's RTSP server in a process of its own, which ends when its input closes.

use anyhow::{Context, bail};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// GStreamer loads its plugins at the first start, which can take long on a slow disk.
const START: Duration = Duration::from_secs(30);
const END: Duration = Duration::from_secs(3);

/// The names of the cameras, as their addresses end.
pub const NAMES: [&str; 4] = ["pasar-jodoh", "jodoh-nagoya", "simpang-kabil", "jalan-sudirman"];

pub struct Cameras {
    pub port: u16,
    child: Child,
    input: ChildStdin,
}

impl Cameras {
    pub async fn start(program: &Path) -> anyhow::Result<Self> {
        if !program.is_file() {
            bail!("there is no {}; start the demo in the project's folder, or name it with --camera-program", program.display());
        }
        let mut child = Command::new("/usr/bin/python3")
            .arg(program)
            .args(["--port", "0"])
            .args(NAMES)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("python3 cannot be started")?;
        let input = child.stdin.take().context("no input")?;
        let output = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(output).lines();
        let line = tokio::time::timeout(START, lines.next_line()).await.context("the cameras did not start in time")??;
        let port = line.as_deref().and_then(|line| line.strip_prefix("ready ")).and_then(|port| port.trim().parse().ok());
        match port {
            Some(port) => Ok(Self { port, child, input }),
            None => bail!("GStreamer's RTSP server or its Python bindings are missing"),
        }
    }

    pub async fn stop(mut self) {
        drop(self.input);
        if tokio::time::timeout(END, self.child.wait()).await.is_err() {
            // It did not end with its input; it is ours, so it is ended by its handle.
            let _ = self.child.kill().await;
        }
    }
}
