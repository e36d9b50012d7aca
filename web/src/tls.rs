//! Certificates: made once and kept, or read from files, and read again when those are renewed.

use crate::config::Tls;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CERTIFICATE_FILE: &str = "self-signed.crt";
const KEY_FILE: &str = "self-signed.key";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate or key file is missing or may not be read.
    #[error("{path} cannot be read ({cause}); check web.tls and the file's owner")]
    Read { path: PathBuf, cause: std::io::Error },
    /// The self-signed certificate cannot be kept.
    #[error("{path} cannot be written ({cause}); make the directory writable for this server")]
    Write { path: PathBuf, cause: std::io::Error },
    /// A file is not PEM, holds no key, or the key is not the certificate's.
    #[error("{path} is not a usable certificate or key ({why}); web.tls wants PEM files that belong together")]
    Unusable { path: PathBuf, why: String },
    /// A name in the settings cannot stand in a certificate.
    #[error("no certificate can be made ({0}); check the host names in the web settings")]
    Make(#[from] rcgen::Error),
}

/// What the listener shows; clones share it.
#[derive(Debug, Clone)]
pub struct Certificates {
    tls: Tls,
    names: Vec<String>,
    shown: Option<RustlsConfig>,
}

impl Certificates {
    /// Reads and may write files: call it off the async threads.
    pub(crate) fn load(tls: Tls, names: Vec<String>) -> Result<Self, TlsError> {
        let shown = load(&tls, &names)?.map(RustlsConfig::from_config);
        Ok(Certificates { tls, names, shown })
    }

    /// `None` without TLS.
    pub(crate) fn shown(&self) -> Option<RustlsConfig> {
        self.shown.clone()
    }

    /// Reads the files again, for the connections from now on. Blocks for as long as that takes.
    ///
    /// # Errors
    /// [`TlsError`]: a file cannot be used; what was read before stays in use.
    pub fn renew(&self) -> Result<(), TlsError> {
        if let (Some(shown), Some(read)) = (&self.shown, load(&self.tls, &self.names)?) {
            shown.reload_from_config(read);
        }
        Ok(())
    }
}

/// The TLS side of the listener; `None` without TLS. A certificate that is made here is for `names`, besides `localhost` and
/// the loopback addresses.
fn load(tls: &Tls, names: &[String]) -> Result<Option<Arc<ServerConfig>>, TlsError> {
    match tls {
        Tls::Off => Ok(None),
        Tls::Files { certificate, key } => read(certificate, key).map(Some),
        Tls::SelfSigned { directory } => {
            let (certificate, key) = (directory.join(CERTIFICATE_FILE), directory.join(KEY_FILE));
            if !(certificate.exists() && key.exists()) {
                make(directory, names)?;
            }
            read(&certificate, &key).map(Some)
        }
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &Path| std::fs::read(path).map_err(|cause| TlsError::Read { path: path.to_owned(), cause });
    let unusable = |path: &Path, why: String| TlsError::Unusable { path: path.to_owned(), why };
    let chain = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(certificate, error.to_string()))?;
    let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| unusable(key, error.to_string()))?;
    // The provider is named here because more than one may be compiled into the program.
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| unusable(certificate, error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Makes a certificate and keeps it. The key goes first: a crash between the two leaves a pair that is made again.
fn make(directory: &Path, names: &[String]) -> Result<(), TlsError> {
    let mut subjects = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    // An unspecified address (`0.0.0.0`) is nobody's name.
    let named = |name: &&String| !name.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
    subjects.extend(names.iter().filter(named).filter(|name| !name.is_empty()).cloned());
    subjects.dedup();
    let mut wanted = CertificateParams::new(subjects)?;
    wanted.distinguished_name = DistinguishedName::new();
    wanted.distinguished_name.push(DnType::CommonName, "Siaga");
    wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let pair = KeyPair::generate()?;
    let certificate = wanted.self_signed(&pair)?;
    let write = |path: PathBuf, text: String, mode: u32| {
        write_whole(&path, text.as_bytes(), mode).map_err(|cause| TlsError::Write { path, cause })
    };
    std::fs::create_dir_all(directory).map_err(|cause| TlsError::Write { path: directory.to_owned(), cause })?;
    let _ = std::fs::remove_file(directory.join(CERTIFICATE_FILE));
    write(directory.join(KEY_FILE), pair.serialize_pem(), 0o600)?;
    write(directory.join(CERTIFICATE_FILE), certificate.pem(), 0o644)
}

fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let part = path.with_extension("part");
    let _ = std::fs::remove_file(&part);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)
}
