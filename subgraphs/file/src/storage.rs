//! Where bytes are kept: a folder or a bucket, through one interface.
//!
//! Nothing is ever held in memory as a whole: pieces come in as they are received and go out as they are read.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use coko_core::Error;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::config::{S3Config, StorageConfig};
use crate::model::{ByteRange, SNIFFED};

/// Bytes of one part of a multipart upload; S3 takes none below 5 MiB but the last.
const PART_BYTES: usize = 6 << 20;

/// Why the storage cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The folder cannot be made.
    #[error("the folder {0} cannot be used: {1}")]
    Folder(PathBuf, std::io::Error),
    /// The settings do not describe a storage.
    #[error(transparent)]
    Settings(#[from] object_store::Error),
}

/// The storage of all files.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    store: Arc<dyn ObjectStore>,
}

/// What the bytes of a composed object turned out to be.
#[derive(Clone, Debug)]
pub(crate) struct Composed {
    /// How many there are.
    pub size: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// The first of them.
    pub start: Vec<u8>,
}

/// Some bytes on their way out.
pub(crate) type Stream = BoxStream<'static, Result<Bytes, object_store::Error>>;

impl Storage {
    /// The storage that `config` describes; a bucket is not connected to yet.
    pub(crate) fn new(config: &StorageConfig) -> Result<Self, StorageError> {
        let store: Arc<dyn ObjectStore> = match config {
            StorageConfig::Folder(folder) => {
                std::fs::create_dir_all(folder)
                    .map_err(|error| StorageError::Folder(folder.clone(), error))?;
                Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true))
            }
            StorageConfig::S3(config) => Arc::new(bucket(config)?),
        };
        Ok(Self { store })
    }

    /// Writes a small object.
    pub(crate) async fn put(&self, object: &str, bytes: Bytes) -> Result<(), Error> {
        self.store
            .put(&Path::from(object), bytes.into())
            .await
            .map(drop)
            .map_err(Error::unavailable)
    }

    /// Joins `parts` to one object, and says what it is.
    pub(crate) async fn compose(&self, parts: &[String], object: &str) -> Result<Composed, Error> {
        let mut writer =
            BufWriter::with_capacity(self.store.clone(), Path::from(object), PART_BYTES)
                .with_max_concurrency(1);
        let written = self.write_parts(parts, &mut writer).await;
        match written {
            Ok(composed) => {
                writer.shutdown().await.map_err(Error::unavailable)?;
                Ok(composed)
            }
            Err(error) => {
                if let Err(error) = writer.abort().await {
                    tracing::warn!(%error, object, "an object that was not finished may be left over");
                }
                Err(error)
            }
        }
    }

    async fn write_parts(
        &self,
        parts: &[String],
        writer: &mut BufWriter,
    ) -> Result<Composed, Error> {
        let mut digest = Sha256::new();
        let (mut size, mut start) = (0, Vec::with_capacity(SNIFFED));
        for part in parts {
            let mut stream = self.read(part, None).await?;
            while let Some(bytes) = stream.try_next().await.map_err(Error::unavailable)? {
                digest.update(&bytes);
                size += bytes.len() as u64;
                let wanted = SNIFFED - start.len();
                start.extend_from_slice(&bytes[..wanted.min(bytes.len())]);
                writer.put(bytes).await.map_err(Error::unavailable)?;
            }
        }
        Ok(Composed {
            size,
            sha256: digest.finalize().into(),
            start,
        })
    }

    /// The bytes of an object, or a part of them.
    pub(crate) async fn read(
        &self,
        object: &str,
        range: Option<ByteRange>,
    ) -> Result<Stream, Error> {
        let options = GetOptions {
            range: range.map(|range| GetRange::Bounded(range.first..range.last + 1)),
            ..GetOptions::default()
        };
        match self.store.get_opts(&Path::from(object), options).await {
            Ok(found) => Ok(found.into_stream()),
            Err(error @ object_store::Error::NotFound { .. }) => {
                Err(Error::not_found().with_source(error))
            }
            Err(error) => Err(Error::unavailable(error)),
        }
    }

    /// Copies an object into an open file, and returns it at its beginning.
    pub(crate) async fn fetch(
        &self,
        object: &str,
        file: std::fs::File,
    ) -> Result<std::fs::File, Error> {
        let mut file = tokio::fs::File::from_std(file);
        let mut stream = self.read(object, None).await?;
        while let Some(bytes) = stream.try_next().await.map_err(Error::unavailable)? {
            file.write_all(&bytes).await.map_err(Error::internal)?;
        }
        file.flush().await.map_err(Error::internal)?;
        let mut file = file.into_std().await;
        std::io::Seek::rewind(&mut file).map_err(Error::internal)?;
        Ok(file)
    }

    /// Removes one object, which may be gone already.
    pub(crate) async fn remove(&self, object: &str) -> Result<(), Error> {
        match self.store.delete(&Path::from(object)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::unavailable(error)),
        }
    }

    /// Removes every object in the folder `prefix`; running it again is safe.
    pub(crate) async fn purge(&self, prefix: &str) -> Result<(), Error> {
        let objects: Vec<_> = self
            .store
            .list(Some(&Path::from(prefix)))
            .map_ok(|object| object.location)
            .try_collect()
            .await
            .map_err(Error::unavailable)?;
        for object in objects {
            self.remove(object.as_ref()).await?;
        }
        Ok(())
    }
}

fn bucket(config: &S3Config) -> Result<object_store::aws::AmazonS3, object_store::Error> {
    // The client takes whatever the process chose; where nothing did yet, it is ring, as everywhere here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&config.bucket)
        .with_region(&config.region);
    if let Some(endpoint) = &config.endpoint {
        builder = builder
            .with_endpoint(endpoint)
            .with_allow_http(endpoint.starts_with("http://"));
    }
    if let (Some(id), Some(secret)) = (&config.access_key_id, &config.secret_access_key) {
        builder = builder
            .with_access_key_id(id.expose())
            .with_secret_access_key(secret.expose());
    }
    builder.build()
}
