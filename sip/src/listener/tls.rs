//! What TLS needs, made of the PEM texts of the configuration: at start, and whenever they are renewed.

use crate::config::{Pem, Roots, Tls};
use crate::error::StartError;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;

/// Where the certification authorities of a Linux system are kept; the first file that is there counts.
const SYSTEM_ROOTS: [&str; 3] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Our side of TLS, listening and connecting.
#[derive(Clone)]
pub(crate) struct TlsSides {
    /// `None`: there is no certificate of ours.
    pub server: Option<Arc<ServerConfig>>,
    pub client: Arc<ClientConfig>,
}

impl TlsSides {
    /// `connects`: some trunk is reached over TLS, so that roots are needed.
    pub(crate) fn new(tls: &Tls, connects: bool) -> Result<Self, StartError> {
        let identity = tls.identity.as_ref().map(identity).transpose()?;
        let server = match &identity {
            Some((chain, key)) => Some(Arc::new(server(chain, key, tls.client_ca.as_ref())?)),
            None => None,
        };
        let roots = match (&tls.roots, connects) {
            (Roots::Only(pem), _) => authorities(pem)?,
            (Roots::System, true) => {
                let found = SYSTEM_ROOTS.iter().map(std::path::PathBuf::from).find(|path| path.is_file());
                authorities(&Pem::File(found.unwrap_or_else(|| SYSTEM_ROOTS[0].into())))?
            }
            (Roots::System, false) => RootCertStore::empty(),
        };
        let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_root_certificates(roots);
        let client = match identity {
            Some((chain, key)) => client.with_client_auth_cert(chain, key).map_err(unusable)?,
            None => client.with_no_client_auth(),
        };
        Ok(TlsSides { server, client: Arc::new(client) })
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity((chain, key): &(Pem, Pem)) -> Result<Identity, StartError> {
    let certificates = certificates(chain)?;
    let key = PrivateKeyDer::from_pem_slice(&octets(key)?).map_err(|error| unreadable(key, &error.to_string()))?;
    Ok((certificates, key))
}

fn server(
    chain: &[CertificateDer<'static>],
    key: &PrivateKeyDer<'static>,
    client_ca: Option<&Pem>,
) -> Result<ServerConfig, StartError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(unusable)?;
    let builder = match client_ca {
        Some(ca) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(ca)?), provider)
                .build()
                .map_err(|error| unreadable(ca, &error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    builder.with_single_cert(chain.to_vec(), key.clone_key()).map_err(unusable)
}

fn authorities(pem: &Pem) -> Result<RootCertStore, StartError> {
    let mut store = RootCertStore::empty();
    // A system's list may hold some that are too odd to be read; one that is good is enough.
    let (added, _) = store.add_parsable_certificates(certificates(pem)?);
    if added == 0 {
        return Err(unreadable(pem, "no usable certification authority"));
    }
    Ok(store)
}

fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&octets(pem)?).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(unreadable(pem, "no certificate in it")),
        Err(error) => Err(unreadable(pem, &error.to_string())),
    }
}

fn octets(pem: &Pem) -> Result<Vec<u8>, StartError> {
    match pem {
        Pem::Octets(octets) => Ok(octets.clone()),
        Pem::File(path) => std::fs::read(path).map_err(|error| unreadable(pem, &error.to_string())),
    }
}

fn unreadable(pem: &Pem, problem: &str) -> StartError {
    let what = match pem {
        Pem::File(path) => path.display().to_string(),
        Pem::Octets(_) => "a PEM text".to_owned(),
    };
    StartError::Tls(format!("{what}: {problem}"))
}

fn unusable(error: rustls::Error) -> StartError {
    StartError::Tls(error.to_string())
}
