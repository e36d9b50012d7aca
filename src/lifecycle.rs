//! Starts the house in the order in which its parts lean on each other, and stops it in the reverse order.

use crate::archive::{RecordingArchive, Started};
use crate::call_threads::CallThreads;
use crate::config::{self, Config};
use crate::health::Health;
use crate::opening::Opening;
use crate::renewal;
use crate::sole::Sole;
use crate::sounds::Announcements;
use crate::switchboard::{Board, Fallback, Inbox, Parts, Switchboard};
use crate::taps;
use anyhow::Context;
use dispatch::bridge;
use dispatch::contract::Position;
use dispatch::desk::{Desk, DeskSettings, LiveHub, WrittenNumbers};
use dispatch::domain::queue::{Queue, QueueSettings, Strategy};
use dispatch::domain::reputation;
use dispatch::store::Store;
use jiff::SignedDuration;
use metrics_exporter_prometheus::PrometheusHandle;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Commands of consoles that may wait for the switchboard; past it a console is told to try again.
const COMMANDS: usize = 256;
/// How long calls, messages and entries in progress get at shutdown.
const FAREWELL: Duration = Duration::from_secs(10);

const UPKEEP: Duration = Duration::from_secs(5);

/// A server that takes calls.
pub struct Running {
    pub web: SocketAddr,
    pub sip: Vec<sip::Listen>,
    pub desk: Desk,
    pub archive: Arc<RecordingArchive>,
    opened: watch::Receiver<bool>,
    stop: CancellationToken,
    web_server: web::Running,
    switchboard: JoinHandle<()>,
    bridges: JoinHandle<()>,
    user_agent: sip::UserAgent,
    /// The last to go.
    _calls: CallThreads,
    _sole: Sole,
}

/// The desk for commands that need no more, on a database that answers.
pub async fn open_desk(config: &Config) -> anyhow::Result<Desk> {
    let desk = desk(config)?;
    desk.store().update_tables().await?;
    Ok(desk)
}

/// The desk, before its database is asked anything.
fn desk(config: &Config) -> anyhow::Result<Desk> {
    Ok(Desk::new(Store::open(config.database.checked()?)?, LiveHub::default(), desk_settings(config)?))
}

fn desk_settings(config: &Config) -> anyhow::Result<DeskSettings> {
    let queue = &config.queue;
    let acknowledge = SignedDuration::from_secs(queue.acknowledge_seconds.into());
    let level = |(within, percent): &(u32, u32)| (SignedDuration::from_secs((*within).into()), i64::from(*percent));
    let levels = queue.service_levels.iter().map(level).collect();
    let country = config.sip.country()?;
    Ok(DeskSettings {
        numbers: country
            .map_or_else(WrittenNumbers::default, |country| WrittenNumbers::by(move |number| country.international(number))),
        zone: config.city.zone()?,
        camera_radius_m: config.cctv.radius_m.into(),
        camera_limit: config.cctv.max_cameras as usize,
        footage_before: SignedDuration::from_secs(config.cctv.before_seconds.into()),
        footage_after: SignedDuration::from_secs(config.cctv.after_seconds.into()),
        acknowledge_within: acknowledge,
        acknowledge_again: acknowledge * 2,
        service_levels: levels,
        gave_up_lately: SignedDuration::from_mins(queue.called_before_minutes.into()),
        reputation: reputation::Rules {
            marks: queue.nuisance_marks.into(),
            window: SignedDuration::from_hours(24 * i64::from(queue.nuisance_days)),
            lasts: SignedDuration::from_hours(queue.nuisance_hours.into()),
        },
        spill: Some(config.recordings.directory.join("journal.spill")),
        ..DeskSettings::default()
    })
}

impl Running {
    /// Starts everything. When this returns, a call would be answered, even if the database does not answer yet.
    pub async fn start(config: &Config, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let sole = Sole::take(config)?;
        let stop = CancellationToken::new();
        let sound_files = renewal::Files::of_announcements(config);
        let sounds = Announcements::load(config.queue.announcements.clone())?;
        for fault in sounds.faults() {
            tracing::error!("setting `queue.announcements`: {fault}; the built-in announcement is played instead");
        }
        let desk = desk(config)?;

        let Started { archive, audio, repaired } = RecordingArchive::start(config).await?;
        let archive = Arc::new(archive);
        desk.attach_archive(archive.clone());
        taps::follow_audio(desk.clone(), audio);
        archive.follow_cameras(desk.clone(), stop.clone());
        let opening = Opening::new(desk.clone(), archive.clone(), repaired);
        let opened = opening.begin(stop.clone()).await?;

        let (media, voice) = media::Engine::start(config.media.checked()?, taps::start(archive.audio_sender()))
            .context("voice could not start; look at settings `media.address`, `media.other_address`, `media.rtp_ports` and `media.webrtc_port`")?;
        let calls = CallThreads::start().context("no threads to take calls on")?;
        let sip_files = renewal::Files::of_sip(config);
        let mut sip = config.sip.checked()?;
        sip.limits.families = config.media.families();
        let started = calls.spawn(sip::UserAgent::start(sip)).await;
        let (user_agent, events) = started.context("SIP ended before it began")?.context("setting `sip.listen`")?;
        let agent = user_agent.clone();
        desk.on_lost_alert(move |alert| agent.forget_alert(&alert.sender, &alert.identifier));
        let board = Board::new(desk.live().clone(), desk.clone(), config.sip.trunk.iter().map(|trunk| trunk.name.clone()));
        let (commands, requests) = mpsc::channel(COMMANDS);
        let parts = Parts {
            queue: Queue::new(queue_settings(config)),
            sip: user_agent.clone(),
            media,
            sounds: sounds.announcements.clone(),
            networks: networks(config)?,
            families: config.media.families(),
            desk: desk.clone(),
            board: board.clone(),
            routes: routes(config),
            number: config.sip.number.clone(),
            country: config.sip.country()?,
            servers: location_servers(config)?,
            fallback: fallback(config),
            answer_waiting: match config.queue.answer_waiting_seconds {
                0 => None,
                seconds => Some(Duration::from_secs(seconds.into())),
            },
            phones: config.sip.phone.iter().map(|phone| (phone.name.clone(), phone.operator.clone())).collect(),
            phone_networks: config.sip.phones.clone().unwrap_or_default().networks()?,
        };
        let inbox = Inbox { commands: requests, sip: events, voice };
        let switchboard = calls.spawn(Switchboard::run(parts, inbox, stop.clone()));

        let by_telephones = config.aml.checked()?.map(|token| dispatch::aml::router(token, commands.clone()));
        let bridges = bridge::start(bridge_config(config)?, Arc::new(desk.clone()), stop.clone())?;
        tokio::spawn(keep_watch(desk.clone(), stop.clone()));
        tokio::spawn(upkeep(metrics.clone(), [Handle::current(), calls.handle()], stop.clone()));

        let sip_listens = user_agent.local_addresses();
        let server = web::Server {
            config: web_config(config)?,
            desk: desk.clone(),
            switchboard: commands,
            snapshot: Arc::new(move || board.snapshot()),
            archive: archive.clone(),
            hooks: bridges.hooks.merge(by_telephones.unwrap_or_default()),
            ready: Arc::new(Health::new(desk.clone(), archive.clone(), sip_listens.len())),
            metrics,
            telegram_bot: bridges.telegram_name,
        };
        let web_files = renewal::Files::of_web(&server.config.tls);
        let web_server = web::serve(server, stop.clone().cancelled_owned()).await?;
        let (agent, shown) = (user_agent.clone(), web_server.certificates.clone());
        let watched = vec![
            sip_files.for_renewal(move || agent.renew_certificates()),
            web_files.for_renewal(move || shown.renew()),
            sound_files.for_renewal(move || sounds.announcements.renew()),
        ];
        tokio::spawn(renewal::watch(watched, stop.clone()));
        Ok(Self {
            web: web_server.address,
            sip: sip_listens,
            desk,
            archive,
            opened,
            stop,
            web_server,
            switchboard,
            bridges: bridges.task,
            user_agent,
            _calls: calls,
            _sole: sole,
        })
    }

    /// Returns once the database is open; at once, unless it was down at the start. `false`: the server stops before.
    pub fn opened(&self) -> impl Future<Output = bool> + Send + use<> {
        let mut opened = self.opened.clone();
        async move { opened.wait_for(|open| *open).await.is_ok() }
    }

    /// Returns when the switchboard has ended by itself, which is a mistake of the program: no call would be taken any more.
    pub async fn broken(&mut self) {
        let _ = (&mut self.switchboard).await;
    }

    /// Ends calls with BYE, seals what was recorded and writes what waits, within a bound.
    pub async fn stop(self) {
        self.stop.cancel();
        let farewell = async {
            // The switchboard writes down what was up before SIP says BYE.
            let _ = self.switchboard.await;
            self.user_agent.shut_down().await;
            self.archive.close().await;
            self.desk.journal().flush().await;
            let _ = self.bridges.await;
            if let Err(error) = self.web_server.finished().await {
                tracing::warn!(%error, "the web server did not stop cleanly");
            }
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("not everything was finished in time; the next start takes it up");
        }
    }
}

/// Histograms gather until somebody reads them; nobody may. Tasks are counted here, because one that never ends is seen nowhere else.
async fn upkeep(metrics: PrometheusHandle, threads: [Handle; 2], stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_some() {
        metrics.run_upkeep();
        let tasks: usize = threads.iter().map(|threads| threads.metrics().num_alive_tasks()).sum();
        metrics::gauge!("siaga_tasks").set(tasks as f64);
    }
}

async fn keep_watch(desk: Desk, stop: CancellationToken) {
    desk.keep_watch(stop.cancelled()).await;
}

fn queue_settings(config: &Config) -> QueueSettings {
    let queue = &config.queue;
    let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
    QueueSettings {
        ring: seconds(queue.ring_seconds),
        grace: seconds(queue.detached_seconds),
        fallback_after: queue.fallback_number.is_some().then(|| seconds(queue.fallback_after_seconds)),
        fallbacks: queue.fallbacks().len(),
        overflow_calls: queue.overflow_calls.map(|calls| calls as usize),
        strategy: match queue.strategy {
            config::Strategy::LongestIdle => Strategy::LongestIdle,
            config::Strategy::RingAll => Strategy::RingAll,
        },
        skill_wait: seconds(queue.skill_wait_seconds),
        low_limit: seconds(queue.low_limit_seconds),
        wrap_up: seconds(queue.wrap_up_seconds),
        announce_every: seconds(queue.announce_every_seconds),
        ..QueueSettings::default()
    }
}

fn networks(config: &Config) -> anyhow::Result<HashMap<sip::TrunkName, Vec<ipnet::IpNet>>> {
    config.sip.trunk.iter().map(|trunk| Ok((sip::TrunkName(trunk.name.clone()), trunk.networks()?))).collect()
}

fn location_servers(config: &Config) -> anyhow::Result<HashMap<sip::TrunkName, sip::LocationServers>> {
    let named = config.sip.trunk.iter().filter(|trunk| !trunk.location_servers.is_empty());
    named.map(|trunk| Ok((sip::TrunkName(trunk.name.clone()), trunk.servers()?))).collect()
}

/// The trunks that calls go out by.
fn routes(config: &Config) -> Vec<sip::TrunkName> {
    let trunks = config.sip.trunk.iter().filter(|trunk| trunk.proxy.is_some());
    trunks.map(|trunk| sip::TrunkName::from(trunk.name.as_str())).collect()
}

/// A trunk that is named for the fallback number is the only one: on another the number may be somebody else's.
fn fallback(config: &Config) -> Option<Fallback> {
    config.queue.fallback_number.as_ref()?;
    let routes = match &config.queue.fallback_trunk {
        Some(name) => vec![sip::TrunkName::from(name.as_str())],
        None => routes(config),
    };
    Some(Fallback { routes, numbers: config.queue.fallbacks(), calls: config.queue.fallback_calls as usize })
}

fn bridge_config(config: &Config) -> anyhow::Result<bridge::Config> {
    let telegram = config.telegram.checked()?.map(|(token, api_url, secret)| bridge::TelegramConfig {
        token,
        api_url,
        mode: match secret {
            None => bridge::telegram::Mode::Polling,
            Some(secret) => bridge::telegram::Mode::Webhook { secret },
        },
    });
    let whatsapp = config.whatsapp.checked()?.map(|account| bridge::WhatsappConfig {
        api_url: account.api_url,
        token: account.token,
        phone_number_id: account.phone_number_id,
        app_secret: account.app_secret,
        verify_token: account.verify_token,
        template: config.whatsapp.template.clone(),
        template_language: config.whatsapp.template_language.clone(),
    });
    Ok(bridge::Config { zone: config.city.zone()?, telegram, whatsapp, outbox: bridge::outbox::Settings::default() })
}

fn web_config(config: &Config) -> anyhow::Result<web::Config> {
    let (listen, tls) = config.web.checked()?;
    Ok(web::Config {
        listen,
        tls,
        public_url: config.web.public_url.clone(),
        map_origins: Vec::new(),
        trusted_proxies: config.web.proxies()?,
        metrics_token: config.web.metrics_token.clone(),
        city: web::City {
            name: config.city.name.clone(),
            center: Position { latitude: config.city.latitude, longitude: config.city.longitude },
            zone: config.city.zone.clone(),
        },
    })
}
