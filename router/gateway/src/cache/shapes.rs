//! The shapes of the fetches of one supergraph.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use coko_executor::{SubgraphEntry, SubgraphId};
use graphql_tools::static_graphql::schema::Document;

use super::entities::Entities;
use super::shape::{FetchShape, Judges};
use crate::config::SubgraphCacheConfig;
use crate::field_table::FieldTable;

/// Bytes of documents whose shapes are kept, per subgraph.
const MOST_BYTES: u64 = 4 << 20;

/// Shapes by subgraph and document, made when they are first needed.
pub(crate) struct Shapes {
    entities: Entities,
    subgraphs: Vec<Subgraph>,
}

struct Subgraph {
    name: String,
    config: SubgraphCacheConfig,
    /// `None` for what cannot be read, which is then not kept.
    shapes: moka::sync::Cache<Bytes, Option<Arc<FetchShape>>>,
}

impl Shapes {
    pub(crate) fn new(
        document: &Document,
        subgraphs: &[SubgraphEntry],
        configs: &BTreeMap<String, SubgraphCacheConfig>,
    ) -> Self {
        let subgraph = |entry: &SubgraphEntry| Subgraph {
            name: entry.name.clone(),
            config: configs.get(&entry.name).cloned().unwrap_or_default(),
            shapes: moka::sync::Cache::builder()
                .max_capacity(MOST_BYTES)
                .weigher(|key: &Bytes, _: &_| u32::try_from(key.len()).unwrap_or(u32::MAX))
                .build(),
        };
        Self {
            entities: Entities::read(document),
            subgraphs: subgraphs.iter().map(subgraph).collect(),
        }
    }

    pub(crate) fn entities(&self) -> &Entities {
        &self.entities
    }

    /// Whether answers of a subgraph are kept.
    pub(super) fn is_enabled(&self, subgraph: SubgraphId) -> bool {
        let found = self.subgraphs.get(subgraph.index());
        found.is_some_and(|subgraph| subgraph.config.enabled)
    }

    /// The shape of a request that begins like this.
    pub(super) fn of(
        &self,
        subgraph: SubgraphId,
        opening: &[u8],
        fields: &FieldTable,
    ) -> Option<Arc<FetchShape>> {
        let subgraph = self.subgraphs.get(subgraph.index())?;
        if let Some(shape) = subgraph.shapes.get(opening) {
            return shape;
        }
        let judges = Judges {
            fields,
            entities: &self.entities,
            subgraph: &subgraph.name,
            config: &subgraph.config,
        };
        let shape = FetchShape::read(opening, &judges).map(Arc::new);
        subgraph
            .shapes
            .insert(Bytes::copy_from_slice(opening), shape.clone());
        shape
    }
}
