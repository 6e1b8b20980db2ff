//! The server's side of TLS, with certificates that are read again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::config::{TlsConfig, TlsVersion};

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
#[error("the TLS file {path} cannot be used: {reason}")]
pub struct TlsError {
    path: PathBuf,
    reason: String,
}

/// TLS with the certificate in use. Clones share it.
#[derive(Clone)]
pub struct Tls {
    config: Arc<TlsConfig>,
    current: Arc<ArcSwap<ServerConfig>>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] names the file at fault.
    pub fn load(config: &TlsConfig) -> Result<Self, TlsError> {
        let current = read(config)?;
        Ok(Self {
            config: Arc::new(config.clone()),
            current: Arc::new(ArcSwap::from_pointee(current)),
        })
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Takes over certificates whenever their files change. New connections get the new one; a pair that does not fit
    /// together leaves the old one in use, as a key is replaced a moment before or after its certificate.
    pub(super) async fn keep_reading(self) {
        let mut seen = None;
        loop {
            let stamps = stamps(&self.config).await;
            if seen.as_ref().is_some_and(|seen| *seen != stamps) {
                let config = self.config.clone();
                let outcome = tokio::task::spawn_blocking(move || read(&config)).await;
                let label = match outcome {
                    Ok(Ok(fresh)) => {
                        self.current.store(Arc::new(fresh));
                        tracing::info!("the certificate was taken over");
                        "OK"
                    }
                    Ok(Err(error)) => {
                        tracing::error!(%error, "the certificate was not taken over");
                        "REFUSED"
                    }
                    Err(error) => {
                        tracing::error!(%error, "the certificate was not taken over");
                        "REFUSED"
                    }
                };
                metrics::counter!("tls_reloads_total", "outcome" => label).increment(1);
            }
            seen = Some(stamps);
            tokio::time::sleep(PERIOD).await;
        }
    }
}

type Stamp = Option<(SystemTime, u64)>;

async fn stamps(config: &TlsConfig) -> Vec<Stamp> {
    let files = [&config.certificate, &config.key]
        .into_iter()
        .chain(&config.client_authorities);
    let mut stamps = Vec::with_capacity(3);
    for file in files {
        let metadata = tokio::fs::metadata(file).await.ok();
        stamps.push(metadata.and_then(|found| Some((found.modified().ok()?, found.len()))));
    }
    stamps
}

fn read(config: &TlsConfig) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions: &[_] = match config.minimum {
        TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::Tls13 => &[&rustls::version::TLS13],
    };
    let certificates = certificates(&config.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&config.key)
        .map_err(|error| fault(&config.key, error.to_string()))?;
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(|error| fault(&config.certificate, error.to_string()))?;
    let builder = match &config.client_authorities {
        None => builder.with_no_client_auth(),
        Some(file) => {
            builder.with_client_cert_verifier(verifier(file, config.client_optional, provider)?)
        }
    };
    let mut server = builder
        .with_single_cert(certificates, key)
        .map_err(|error| fault(&config.certificate, error.to_string()))?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(server)
}

fn verifier(
    file: &Path,
    optional: bool,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots
            .add(certificate)
            .map_err(|error| fault(file, error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if optional {
        builder.allow_unauthenticated()
    } else {
        builder
    };
    builder
        .build()
        .map_err(|error| fault(file, error.to_string()))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    match found {
        Ok(found) if found.is_empty() => Err(fault(file, "it holds no certificate".to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(fault(file, error.to_string())),
    }
}

fn fault(path: &Path, reason: String) -> TlsError {
    TlsError {
        path: path.to_owned(),
        reason,
    }
}
