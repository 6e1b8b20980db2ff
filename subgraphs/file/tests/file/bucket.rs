//! A server that speaks S3, for one test.

use coko_core::config::Secret;
use coko_file::config::S3Config;
use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A bucket; the server ends with the test's runtime.
pub(crate) struct Bucket {
    pub(crate) config: S3Config,
    _folder: TempDir,
}

impl Bucket {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("coko")).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single("key", "secret"));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    // A client that hangs up ends its connection, and nothing else.
                    let _ = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self {
            config: S3Config {
                bucket: "coko".to_owned(),
                endpoint: Some(endpoint),
                region: "us-east-1".to_owned(),
                access_key_id: Some(Secret::new("key")),
                secret_access_key: Some(Secret::new("secret")),
            },
            _folder: folder,
        }
    }
}
