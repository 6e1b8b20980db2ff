//! The schemas that running subgraphs tell.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Endpoint, Reach};
use crate::config::{Config, ConfigError};

/// The subgraphs' SDLs, asked from them as federation has it.
pub(crate) async fn fetch_sdls(
    subgraphs: &BTreeMap<String, String>,
    config: &Config,
    reach: &Reach,
) -> Result<Vec<coko_composition::SubgraphSource>, ConfigError> {
    let fetches = subgraphs.iter().map(|(name, url)| async move {
        let endpoint = Endpoint::new(name, url, config, reach)?;
        let fault = |reason: String| ConfigError::SubgraphSdl {
            name: name.clone(),
            reason,
        };
        let body = Bytes::from_static(br#"{"query":"{ _service { sdl } }"}"#);
        let deadline = Instant::now() + Duration::from_secs(10);
        let reply = endpoint
            .ask(body, deadline)
            .await
            .map_err(|error| fault(error.to_string()))?;
        let answer: serde_json::Value =
            serde_json::from_slice(&reply.body).map_err(|error| fault(error.to_string()))?;
        let sdl = answer["data"]["_service"]["sdl"].as_str();
        let sdl = sdl.ok_or_else(|| {
            fault("its answer has no _service.sdl; is it a federation subgraph?".to_owned())
        })?;
        Ok(coko_composition::SubgraphSource {
            name: name.clone(),
            url: url.clone(),
            sdl: sdl.to_owned(),
        })
    });
    futures::future::try_join_all(fetches).await
}
