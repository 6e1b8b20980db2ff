//! One supergraph with everything derived from it, immutable except for its caches.

use std::sync::Arc;

use coko_executor::{ErrorExposure, ErrorPolicy, Supergraph};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::cache::Shapes;
use crate::config::{Config, ConfigError, ErrorsConfig};
use crate::field_table::FieldTable;
use crate::overrides::Overrides;
use crate::prepare::PreparedOperations;
use crate::transport::{Reach, Transports};

/// What a request holds on to from beginning to end.
pub(crate) struct Snapshot {
    pub(crate) supergraph: Arc<Supergraph>,
    pub(crate) table: FieldTable,
    pub(crate) transports: Transports,
    /// What its progressive overrides hang on.
    pub(crate) overrides: Overrides,
    /// What is known of fetches for caching.
    pub(crate) shapes: Shapes,
    /// What of subgraphs' errors clients see.
    pub(crate) error_policy: ErrorPolicy,
    /// Prepared operations end with their supergraph.
    pub(crate) prepared: PreparedOperations,
    /// A short hash of the SDL.
    pub(crate) version: String,
    pub(crate) sdl_digest: [u8; 32],
    pub(crate) loaded_at: OffsetDateTime,
}

impl Snapshot {
    /// Reads a supergraph. Takes a while for a large one: not for an I/O worker.
    ///
    /// # Errors
    /// [`ConfigError::Supergraph`] and [`ConfigError::SubgraphUrl`].
    pub(crate) fn read(
        sdl: &str,
        config: &Config,
        reach: &Reach,
        now: OffsetDateTime,
    ) -> Result<Self, ConfigError> {
        let supergraph =
            Supergraph::parse(sdl).map_err(|error| ConfigError::Supergraph(error.to_string()))?;
        let document = supergraph.document();
        Ok(Self {
            table: FieldTable::read(document),
            shapes: Shapes::new(document, supergraph.subgraphs(), &config.cache.subgraphs),
            overrides: Overrides::of(&supergraph),
            transports: Transports::new(supergraph.subgraphs(), config, reach)?,
            error_policy: error_policy(&config.errors, &supergraph),
            prepared: PreparedOperations::new(config.limits.prepared_bytes),
            version: hex::encode(&digest(sdl)[..8]),
            sdl_digest: digest(sdl),
            supergraph: Arc::new(supergraph),
            loaded_at: now,
        })
    }
}

fn error_policy(config: &ErrorsConfig, supergraph: &Supergraph) -> ErrorPolicy {
    let shown = supergraph
        .subgraphs()
        .iter()
        .filter(|entry| config.shown_subgraphs.contains(&entry.name))
        .map(|entry| entry.id);
    ErrorPolicy {
        exposure: if config.mask {
            ErrorExposure::Only(shown.collect())
        } else {
            ErrorExposure::All
        },
        allowed_codes: config.shown_codes.clone(),
        messages_with_allowed_code: true,
        ..ErrorPolicy::default()
    }
}

/// SHA-256 of an SDL.
pub(crate) fn digest(sdl: &str) -> [u8; 32] {
    Sha256::digest(sdl.as_bytes()).into()
}
