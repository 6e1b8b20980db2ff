//! The client's side of TLS towards subgraphs: whom to trust, and what to show.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use crate::config::SubgraphTls;

/// TLS to one subgraph.
#[derive(Clone)]
pub(super) struct ClientTls {
    pub(super) config: ClientConfig,
    pub(super) server_name: Option<ServerName<'static>>,
}

impl ClientTls {
    /// Reads the files.
    ///
    /// # Errors
    /// Names the file at fault and says why.
    pub(super) fn load(config: &SubgraphTls) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        match &config.authorities {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                for certificate in certificates(file)? {
                    roots
                        .add(certificate)
                        .map_err(|error| fault(file, &error))?;
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
        let built = match (&config.certificate, &config.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificate), Some(key)) => {
                let chain = certificates(certificate)?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, &error))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| fault(certificate, &error))?
            }
            _ => return Err("tls.certificate and tls.key go together".to_owned()),
        };
        let server_name = config
            .server_name
            .clone()
            .map(ServerName::try_from)
            .transpose()
            .map_err(|error| format!("tls.server_name: {error}"))?;
        Ok(Self {
            config: built,
            server_name,
        })
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    match found {
        Ok(found) if found.is_empty() => Err(fault(file, &"it holds no certificate")),
        Ok(found) => Ok(found),
        Err(error) => Err(fault(file, &error)),
    }
}

fn fault(file: &Path, reason: &dyn std::fmt::Display) -> String {
    format!("{} cannot be used: {reason}", file.display())
}
