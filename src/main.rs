//! Siaga answers a city's 112 calls and gets help moving. This is the binary: command line, settings, the switchboard between SIP,
//! voice and the desk, and the order in which they start and stop.

mod archive;
mod bench;
mod call_threads;
mod cli;
mod clock;
mod config;
mod demo;
mod health;
mod import;
mod lifecycle;
mod open_files;
mod opening;
mod renewal;
mod sole;
mod sounds;
mod switchboard;
mod taps;

use anyhow::{Context, bail};
use clap::Parser;
use cli::{At, Cli, Command, User};
use config::Config;
use dispatch::contract::NewUser;
use dispatch::desk::Desk;
use std::io::{IsTerminal, Read};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// After a crowd has called, memory goes back to the system: the C library's allocator kept four fifths of it (docs/capacity.md).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Passwords are read up to this many bytes.
const LONGEST_PASSWORD: u64 = 1024;

/// What is logged where `SIAGA_LOG` says nothing else. WebRTC (`str0m`, and its ICE, `is`) warns of what anybody may send to its
/// port, as often as it is sent.
const LOG: &str = "info,rsipstack=error,retina=warn,is=error,str0m=error,hyper=warn,reqwest=warn,sqlx=warn,teloxide=error";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("siaga: no threads to run on: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, so that it can be read in a service manager's status.
            eprintln!("siaga: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    // Two TLS libraries are linked in by dependencies; one has to be chosen before the first connection.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match cli.command {
        Command::Serve(at) => serve(&at).await,
        Command::Demo(demo) => demo::run(demo).await,
        Command::Check(at) => check(&at),
        Command::User { command: User::Add { name, role, full_name, at } } => {
            let password = password()?;
            let desk = lifecycle::open_desk(&Config::load(&at.config)?).await?;
            let user = NewUser {
                name: full_name.unwrap_or_else(|| name.clone()),
                username: name,
                role: role.into(),
                password,
                skills: Vec::new(),
                languages: Vec::new(),
            };
            let user = desk.add_user(user).await?;
            println!("{} may sign in as {:?}", user.username, user.role);
            Ok(())
        }
        Command::Import { what, file, at } => import::run(what, &file, &Config::load(&at.config)?).await,
        // The server under test ends with it: a stray one keeps its ports and goes on sending voice.
        Command::Bench { what } => tokio::select! {
            outcome = bench::run(what) => outcome,
            () = stop_signal() => bail!("stopped before it was done; the server under test has ended with it"),
        },
        Command::Configuration => {
            print!("{}", config::document());
            Ok(())
        }
    }
}

fn check(at: &At) -> anyhow::Result<()> {
    let config = Config::load(&at.config)?;
    let sounds = sounds::Announcements::load(config.queue.announcements.clone())?;
    if let Some(fault) = sounds.faults().next() {
        bail!("setting `queue.announcements`: {fault}");
    }
    println!("{} can be used; {} trunk(s)", at.config.display(), config.sip.trunk.len());
    if config.sip.trunk.is_empty() {
        println!("setting `sip.trunk`: there is none, so every call gets 403; add a [[sip.trunk]] with the carrier's addresses");
    }
    Ok(())
}

fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(LONGEST_PASSWORD).read_to_string(&mut text).context("the password is read from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']).to_string();
    if password.is_empty() {
        bail!("no password on standard input; write it like: printf '%s' 'PASSWORD' | siaga user add NAME --role operator");
    }
    Ok(password)
}

async fn serve(at: &At) -> anyhow::Result<()> {
    let config = Config::load(&at.config)?;
    start_log();
    open_files::raise(config.sip.max_calls);
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    let mut running = lifecycle::Running::start(&config, metrics).await?;
    let address = address(&config, running.web);
    let (opened, desk, at) = (running.opened(), running.desk.clone(), address.clone());
    tokio::spawn(async move {
        if opened.await {
            invite(&desk, &at).await;
        }
    });
    for listen in &running.sip {
        tracing::info!(%listen, "taking calls");
    }
    println!("Siaga is ready: {address}");
    tokio::select! {
        () = stop_signal() => {}
        // Whoever watches the process starts it again; a process that stays and takes no calls would be worse.
        () = running.broken() => bail!("the switchboard has ended; this is a mistake in the program, please report it with the log"),
    }
    println!("Siaga stops.");
    running.stop().await;
    Ok(())
}

/// On a database without users, prints how to become the first.
async fn invite(desk: &Desk, address: &str) {
    match desk.setup_token().await {
        // The token stands behind '#', so that it reaches no server's log.
        Ok(Some(token)) => println!("No users yet. Create the first administrator (once): {address}/setup#token={token}"),
        Ok(None) => {}
        Err(error) => {
            tracing::error!(%error, "it is not known whether there are users; start siaga again to get the first one's link")
        }
    }
}

/// The address that a person on this machine types.
fn address(config: &Config, bound: std::net::SocketAddr) -> String {
    if let Some(url) = &config.web.public_url {
        return url.trim_end_matches('/').to_string();
    }
    let scheme = if config.web.tls == config::Tls::Word("off".into()) { "http" } else { "https" };
    let host = if bound.ip().is_unspecified() { "localhost".to_string() } else { bound.ip().to_string() };
    format!("{scheme}://{host}:{}", bound.port())
}

/// Caller data is never logged above `debug`; the SIP stack logs whole messages, so it is held at `warn`, and at `error` on request only.
fn start_log() {
    let filter = EnvFilter::try_from_env("SIAGA_LOG").unwrap_or_else(|_| EnvFilter::new(LOG));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::{Level, enabled};

    #[test]
    fn what_anybody_may_send_to_the_operators_port_is_not_logged() {
        let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(LOG)).finish();
        tracing::subscriber::with_default(log, || {
            assert!(!enabled!(target: "is::stun", Level::WARN) && !enabled!(target: "str0m::session", Level::WARN));
            assert!(enabled!(target: "is::stun", Level::ERROR) && enabled!(target: "str0m::session", Level::ERROR));
            assert!(enabled!(target: "siaga", Level::INFO) && enabled!(target: "media::engine", Level::INFO));
        });
    }
}
