//! Certificates of the tests' own, and servers that show them.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use coko_core::listen::{Listening, Tls, TlsConfig, TlsVersion, serve};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// An authority, and a folder for what it signs.
pub(crate) struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn authorities(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// Signs a certificate for `host` and writes it with its key, as `file`.pem and `file`.key.
    pub(crate) fn sign(&self, host: &str, file: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let paths = (
            self.path(&format!("{file}.pem")),
            self.path(&format!("{file}.key")),
        );
        std::fs::write(&paths.0, certificate.pem()).unwrap();
        std::fs::write(&paths.1, key.serialize_pem()).unwrap();
        paths
    }

    pub(crate) fn server(&self, host: &str) -> TlsConfig {
        let (certificate, key) = self.sign(host, "server");
        TlsConfig {
            certificate,
            key,
            client_authorities: None,
            client_optional: false,
            minimum: TlsVersion::Tls13,
            hsts_seconds: 300,
        }
    }

    pub(crate) fn client(&self) -> reqwest::ClientBuilder {
        let pem = std::fs::read(self.authorities()).unwrap();
        reqwest::Client::builder()
            .tls_built_in_root_certs(false)
            .add_root_certificate(reqwest::Certificate::from_pem(&pem).unwrap())
    }
}

/// Serves on a port of its own until the token is cancelled.
pub(crate) async fn listen(
    router: Router,
    listening: Listening,
    stop: &CancellationToken,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = stop.clone();
    tokio::spawn(async move { serve(listener, router, listening, stop).await.unwrap() });
    address
}

pub(crate) fn tls(config: &TlsConfig) -> Listening {
    Listening {
        tls: Some(Tls::load(config).unwrap()),
        ..Listening::default()
    }
}

pub(crate) async fn mood(
    client: &reqwest::Client,
    url: &str,
) -> reqwest::Result<reqwest::Response> {
    client
        .post(format!("{url}/graphql"))
        .header("content-type", "application/json")
        .body(json!({ "query": "{ mood }" }).to_string())
        .send()
        .await
}
