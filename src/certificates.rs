//! Certificates are renewed every few weeks, and no call is to end for it: the files are looked at again and again, and those that changed are
//! read anew. What cannot be used is told in the log and changes nothing.

use crate::config::Config;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Until a new file is noticed.
const EVERY: Duration = Duration::from_secs(10);

type Renew = Box<dyn Fn() -> anyhow::Result<()> + Send>;

/// Files that belong together, and who reads them anew.
pub struct Watched {
    what: &'static str,
    files: Vec<PathBuf>,
    renew: Renew,
    seen: u64,
}

/// How a look ended.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Unchanged,
    Renewed,
    Unusable(String),
}

impl Watched {
    fn new(what: &'static str, files: Vec<PathBuf>, renew: impl Fn() -> anyhow::Result<()> + Send + 'static) -> Self {
        let seen = fingerprint(&files);
        Watched { what, files, renew: Box::new(renew), seen }
    }

    /// The files of SIP.
    pub fn sip(config: &Config, agent: sip::UserAgent) -> Self {
        let sip = &config.sip;
        let files = [&sip.tls_certificate, &sip.tls_key, &sip.tls_client_ca, &sip.tls_ca].into_iter().flatten().cloned();
        Watched::new("sip", files.collect(), move || Ok(agent.renew_certificates()?))
    }

    /// The files of the console.
    pub fn web(tls: &web::Tls, certificates: web::Certificates) -> Self {
        let files = match tls {
            web::Tls::Files { certificate, key } => vec![certificate.clone(), key.clone()],
            web::Tls::Off | web::Tls::SelfSigned { .. } => vec![],
        };
        Watched::new("web", files, move || Ok(certificates.renew()?))
    }

    fn look(&mut self) -> Look {
        let found = fingerprint(&self.files);
        if found == self.seen {
            return Look::Unchanged;
        }
        // A pair of which one half is written is refused once; the other half is a change again.
        self.seen = found;
        match (self.renew)() {
            Ok(()) => Look::Renewed,
            Err(error) => Look::Unusable(format!("{error:#}")),
        }
    }

    fn tell(&self, look: &Look) {
        let what = self.what;
        let outcome = match look {
            Look::Unchanged => return,
            Look::Renewed => {
                tracing::info!(what, "the certificates are new; connections from now on get them");
                "renewed"
            }
            Look::Unusable(problem) => {
                tracing::error!(what, %problem, "the new certificates cannot be used and the old ones stay; put files there that belong together");
                "refused"
            }
        };
        metrics::counter!("siaga_certificates_total", "for" => what, "outcome" => outcome).increment(1);
    }
}

/// Looks until `stop`, away from the async threads.
pub async fn watch(mut all: Vec<Watched>, stop: CancellationToken) {
    all.retain(|watched| !watched.files.is_empty());
    while !all.is_empty() && stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let looked = tokio::task::spawn_blocking(move || {
            for watched in &mut all {
                let look = watched.look();
                watched.tell(&look);
            }
            all
        });
        match looked.await {
            Ok(watched) => all = watched,
            Err(_) => return,
        }
    }
}

fn fingerprint(files: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).ok().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::ensure;

    #[test]
    fn what_changed_is_read_once_and_what_is_half_written_is_read_again_when_it_is_whole() {
        let file = std::env::temp_dir().join(format!("siaga-certificates-{}", std::process::id()));
        std::fs::write(&file, "old").unwrap();
        let read = file.clone();
        let renew = move || {
            ensure!(std::fs::read_to_string(&read)? == "new", "half a file");
            Ok(())
        };
        let mut watched = Watched::new("test", vec![file.clone()], renew);
        assert_eq!(watched.look(), Look::Unchanged);
        std::fs::write(&file, "ne").unwrap();
        assert_eq!(watched.look(), Look::Unusable("half a file".into()));
        assert_eq!(watched.look(), Look::Unchanged, "told once");
        std::fs::write(&file, "new").unwrap();
        assert_eq!(watched.look(), Look::Renewed);
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(watched.look(), Look::Unusable(_)));
    }
}
