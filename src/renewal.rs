//! Certificates are renewed every few weeks, announcements are spoken anew, and no call is to end for it: the files are looked at again and
//! again, and those that changed are read anew. What cannot be used is told in the log and changes nothing.

use crate::config::Config;
use crate::sounds;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Until a new file is noticed.
const EVERY: Duration = Duration::from_secs(10);

/// Octets of a file that are compared: more than any that can be used has.
const MOST: u64 = 16 << 20;

type Renew = Box<dyn Fn() -> anyhow::Result<()> + Send>;

/// Files that belong together, as they were when they were looked at first: before anybody else reads them.
pub struct Files {
    what: &'static str,
    paths: Vec<PathBuf>,
    seen: u64,
}

impl Files {
    fn new(what: &'static str, paths: Vec<PathBuf>) -> Self {
        let seen = fingerprint(&paths);
        Files { what, paths, seen }
    }

    /// Those of SIP.
    pub fn of_sip(config: &Config) -> Self {
        let sip = &config.sip;
        let paths = [&sip.tls_certificate, &sip.tls_key, &sip.tls_client_ca, &sip.tls_ca].into_iter().flatten().cloned();
        Files::new("sip", paths.collect())
    }

    /// A city's own announcements.
    pub fn of_announcements(config: &Config) -> Self {
        Files::new("announcements", config.queue.announcements.as_deref().map(sounds::own_files).unwrap_or_default())
    }

    /// Those of the console.
    pub fn of_web(tls: &web::Tls) -> Self {
        let paths = match tls {
            web::Tls::Files { certificate, key } => vec![certificate.clone(), key.clone()],
            web::Tls::Off | web::Tls::SelfSigned { .. } => vec![],
        };
        Files::new("web", paths)
    }

    /// With who reads them anew.
    pub fn for_renewal<E: Into<anyhow::Error>>(self, renew: impl Fn() -> Result<(), E> + Send + 'static) -> Watched {
        Watched { files: self, found: None, renew: Box::new(move || renew().map_err(Into::into)) }
    }
}

/// Files, and what to do when they are others.
pub struct Watched {
    files: Files,
    /// What the last look found, if that was new: it may still be being written.
    found: Option<u64>,
    renew: Renew,
}

/// How a look ended.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Unchanged,
    /// The next look tells whether that is all of it.
    Changing,
    Renewed,
    Unusable(String),
}

impl Watched {
    fn look(&mut self) -> Look {
        let found = fingerprint(&self.files.paths);
        if found == self.files.seen {
            self.found = None;
            return Look::Unchanged;
        }
        if self.found.replace(found) != Some(found) {
            return Look::Changing;
        }
        self.files.seen = found;
        match (self.renew)() {
            Ok(()) => Look::Renewed,
            Err(error) => Look::Unusable(format!("{error:#}")),
        }
    }

    fn tell(&self, look: &Look) {
        let what = self.files.what;
        let outcome = match look {
            Look::Unchanged | Look::Changing => return,
            Look::Renewed => {
                tracing::info!(what, "changed files were read; they are used from now on");
                "renewed"
            }
            Look::Unusable(problem) => {
                tracing::error!(what, %problem, "changed files cannot be used and those from before stay; put files there that can, and that belong together");
                "refused"
            }
        };
        metrics::counter!("siaga_renewals_total", "for" => what, "outcome" => outcome).increment(1);
    }
}

/// Looks until `stop`, away from the async threads.
pub async fn watch(mut all: Vec<Watched>, stop: CancellationToken) {
    all.retain(|watched| !watched.files.paths.is_empty());
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

fn fingerprint(paths: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in paths {
        content(file).hash(&mut hasher);
    }
    hasher.finish()
}

/// How long a file is and what it begins with. Nothing else is opened: whoever opens a pipe waits for who writes to it.
fn content(path: &Path) -> Option<(u64, Vec<u8>)> {
    let length = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?.len();
    let mut octets = Vec::new();
    File::open(path).ok()?.take(MOST).read_to_end(&mut octets).ok()?;
    Some((length, octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::ensure;

    #[test]
    fn what_changed_is_read_once_and_not_before_it_is_whole() {
        let file = std::env::temp_dir().join(format!("siaga-certificates-{}", std::process::id()));
        std::fs::write(&file, "old").unwrap();
        let read = file.clone();
        let renew = move || -> anyhow::Result<()> {
            ensure!(std::fs::read_to_string(&read)? == "new", "no certificate");
            Ok(())
        };
        let mut watched = Files::new("test", vec![file.clone()]).for_renewal(renew);
        let mut write = |text: &str| {
            std::fs::write(&file, text).unwrap();
            [watched.look(), watched.look(), watched.look()]
        };
        assert_eq!(write("old"), [Look::Unchanged, Look::Unchanged, Look::Unchanged]);
        assert_eq!(write("new"), [Look::Changing, Look::Renewed, Look::Unchanged]);
        let unusable = Look::Unusable("no certificate".into());
        assert_eq!(write("bad"), [Look::Changing, unusable, Look::Unchanged], "told once");
        std::fs::write(&file, "ne").unwrap();
        assert_eq!(watched.look(), Look::Changing);
        std::fs::write(&file, "new").unwrap();
        assert_eq!([watched.look(), watched.look()], [Look::Changing, Look::Renewed], "still being written at the first look");
        std::fs::remove_file(&file).unwrap();
        assert!(matches!([watched.look(), watched.look()], [Look::Changing, Look::Unusable(_)]));
    }
}
