//! `siaga demo`: the whole of Siaga on loopback with a simulated city around it. What is simulated is outside of Siaga: a caller's
//! telephone, RTSP cameras and a chat service. Everything between them is the product.

mod caller;
mod cameras;
mod chat;
mod city;
mod scene;
mod voice;

use crate::cli::Demo;
use crate::config::{Config, Tls};
use crate::lifecycle::Running;
use anyhow::Context;
use caller::Caller;
use cameras::Cameras;
use scene::Scene;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use tokio::net::TcpListener;

pub async fn run(demo: Demo) -> anyhow::Result<()> {
    crate::start_log();
    let scene_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, demo.scene_port))
        .await
        .with_context(|| format!("port {} is taken; choose another with --scene-port", demo.scene_port))?;
    let scene_address = scene_listener.local_addr()?;
    let directory = fresh(&demo.directory)?;
    let config = config(&directory, demo.port, scene_address);
    config.check()?;

    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    let running = Running::start(&config, metrics).await?;
    city::people(&running.desk).await?;
    city::teams(&running.desk).await?;
    let cameras = Cameras::start(&demo.camera_program).await;
    match &cameras {
        Ok(cameras) => {
            running.desk.import_cameras(city::cameras(cameras.port)).await?;
            running.archive.reload_cameras(&running.desk).await?;
        }
        Err(error) => println!("No simulated cameras: {error:#}. Everything else works. `make demo` installs what they need."),
    }

    let siaga = running.sip.first().context("no SIP listener")?.address;
    let scene = Scene::new(Caller::start(siaga).await?);
    let page = tokio::spawn(async move { axum::serve(scene_listener, scene.router()).await });

    println!("\nSiaga demo\n");
    println!("  Console:                 http://localhost:{}", running.web.port());
    println!("  Caller and field team:   http://localhost:{}\n", scene_address.port());
    println!("  Sign in as               password");
    for person in city::PEOPLE {
        println!("  {:<24} {}   ({})", person.username, city::PASSWORD, person.meaning);
    }
    println!("\n  1. Sign in to the console as {} and start a shift.", city::PEOPLE[0].username);
    println!("  2. On the second page let the caller dial 112; answer in the console.");
    println!("  3. Fill the form. As the place paste {}, then see the nearest cameras.", city::FIRE);
    println!("  4. Send it to a team, and press the buttons in the team's chat on the second page.\n");
    println!("Ctrl+C ends the demo.");

    crate::stop_signal().await;
    page.abort();
    running.stop().await;
    if let Ok(cameras) = cameras {
        cameras.stop().await;
    }
    Ok(())
}

/// Stands in a directory that a demo made, and in no other.
const MARKER: &str = ".siaga-demo";

/// An empty directory for this run. Only what an earlier demo left is removed; a directory of anything else is refused.
fn fresh(directory: &Path) -> anyhow::Result<std::path::PathBuf> {
    let empty = std::fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none());
    if !empty && !directory.join(MARKER).is_file() {
        anyhow::bail!("{} holds something else than a demo; name another with --directory", directory.display());
    }
    std::fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    std::fs::write(directory.join(MARKER), "")?;
    for part in ["siaga.db", "siaga.db-wal", "siaga.db-shm"] {
        let file = directory.join(part);
        if file.exists() {
            std::fs::remove_file(&file).with_context(|| format!("{} is in use; is a demo running already?", file.display()))?;
        }
    }
    let recordings = directory.join("recordings");
    if recordings.exists() {
        std::fs::remove_dir_all(&recordings)?;
    }
    Ok(directory.canonicalize()?)
}

fn config(directory: &Path, port: u16, scene: SocketAddr) -> Config {
    let mut config = Config::default();
    config.web.listen = format!("127.0.0.1:{port}");
    // Browsers count localhost as secure, so the demo needs no certificate that a person would have to confirm.
    config.web.tls = Tls::Word("off".into());
    config.web.state_directory = directory.into();
    config.sip.listen = vec!["udp://127.0.0.1:0".into()];
    config.sip.trunk = vec![crate::config::Trunk::new("demo", "127.0.0.0/8")];
    config.media.address = Some(Ipv4Addr::LOCALHOST.into());
    config.media.rtp_ports = "26000-26199".into();
    config.media.webrtc_port = 26200;
    config.database.url = format!("sqlite://{}", directory.join("siaga.db").display());
    config.recordings.directory = directory.join("recordings");
    config.telegram.token = Some("112:demo".into());
    config.telegram.api_url = format!("http://{scene}");
    config.cctv.ring_minutes = 30;
    config.cctv.ring_gigabytes = 2;
    config
}
