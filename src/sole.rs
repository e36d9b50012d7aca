//! One server on one directory of recordings. A second one, begun by somebody who only wants to see why the first does something, would seal recordings that
//! are still growing and end calls that are up, before it finds that the ports are taken.

use crate::config::Config;
use anyhow::bail;
use std::fs::{File, TryLockError, create_dir_all};

/// Held for as long as the server runs; the system lets it go when the process ends, however that comes about.
pub struct Sole {
    _lock: Option<File>,
}

impl Sole {
    /// Fails where another server has the directory. A disk that does not let anybody lock anything is no reason to take no calls.
    pub fn take(config: &Config) -> anyhow::Result<Self> {
        let directory = &config.recordings.directory;
        let path = directory.join("siaga.lock");
        let opened = create_dir_all(directory).and_then(|()| File::options().create(true).append(true).open(&path));
        let locked = match opened {
            Ok(file) => file.try_lock().map(|()| file),
            Err(error) => Err(TryLockError::Error(error)),
        };
        match locked {
            Ok(file) => Ok(Self { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => bail!(
                "another Siaga serves with the recordings in {}; stop that one first, or give this one another `recordings.directory`",
                directory.display()
            ),
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, path = %path.display(), "whether another Siaga uses these recordings could not be found out");
                Ok(Self { _lock: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(directory: &std::path::Path) -> Config {
        let mut config = Config::default();
        config.recordings.directory = directory.to_owned();
        config
    }

    #[test]
    fn a_second_server_is_told_before_it_touches_anything_and_may_begin_when_the_first_is_gone() {
        let directory = std::env::temp_dir().join(format!("siaga-sole-{}", crate::clock::new_id()));
        let first = Sole::take(&config(&directory)).unwrap();
        let told = Sole::take(&config(&directory)).err().unwrap().to_string();
        assert!(told.contains("stop that one first"), "{told}");
        drop(first);
        assert!(Sole::take(&config(&directory)).is_ok());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_made_keeps_no_server_from_taking_calls() {
        assert!(Sole::take(&config(std::path::Path::new("/proc/siaga"))).is_ok());
    }
}
