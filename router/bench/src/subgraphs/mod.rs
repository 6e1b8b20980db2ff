//! The four subgraphs: their schemas, their static data, and what they answer.
//!
//! They must never be what limits a router, so an answer is worked out once per distinct request and then kept: the data
//! is static, equal requests have equal answers.

mod goods;
mod resolve;

use std::sync::{PoisonError, RwLock};

use bytes::Bytes;
use coko_composition::{CompositionError, SubgraphSource};
use rustc_hash::FxHashMap;

use crate::wire;

/// Answers that are kept, per subgraph. Routers send a handful of different requests.
const KEPT: usize = 4_096;

/// One of the subgraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subgraph {
    /// People.
    Accounts,
    /// Products with name, price and weight.
    Products,
    /// Reviews, with their authors and products.
    Reviews,
    /// What is in stock and what shipping costs, which requires price and weight.
    Inventory,
}

impl Subgraph {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Accounts,
        Self::Products,
        Self::Reviews,
        Self::Inventory,
    ];

    /// The name in the supergraph, which is the path it answers at, too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Products => "products",
            Self::Reviews => "reviews",
            Self::Inventory => "inventory",
        }
    }

    /// The schema with federation directives.
    pub const fn sdl(self) -> &'static str {
        match self {
            Self::Accounts => include_str!("../../schema/accounts.graphql"),
            Self::Products => include_str!("../../schema/products.graphql"),
            Self::Reviews => include_str!("../../schema/reviews.graphql"),
            Self::Inventory => include_str!("../../schema/inventory.graphql"),
        }
    }

    /// The subgraph of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|subgraph| subgraph.name() == name)
    }
}

/// The supergraph of the four, served below `base`, for instance `http://127.0.0.1:4200`.
///
/// # Errors
/// None for the schemas of this crate.
pub fn supergraph(base: &str) -> Result<String, CompositionError> {
    Ok(coko_composition::compose(&sources(base))?.sdl)
}

/// The four as composition takes them, served below `base`.
pub fn sources(base: &str) -> [SubgraphSource; 4] {
    Subgraph::ALL.map(|subgraph| SubgraphSource {
        name: subgraph.name().to_owned(),
        url: format!("{base}/{}", subgraph.name()),
        sdl: subgraph.sdl().to_owned(),
    })
}

/// The subgraphs with the answers they have given.
#[derive(Debug, Default)]
pub struct Subgraphs {
    /// By subgraph and request body: whole HTTP responses, and where their bodies begin.
    kept: RwLock<[FxHashMap<Box<[u8]>, Kept>; 4]>,
}

#[derive(Debug, Clone)]
struct Kept {
    response: Bytes,
    head: usize,
}

impl Subgraphs {
    /// The answer to a GraphQL request body: `{"data":…}` or `{"errors":…}`.
    pub fn answer(&self, subgraph: Subgraph, body: &[u8]) -> Bytes {
        let kept = self.kept(subgraph, body);
        kept.response.slice(kept.head..)
    }

    /// The same as an HTTP/1.1 response.
    pub fn response(&self, subgraph: Subgraph, body: &[u8]) -> Bytes {
        self.kept(subgraph, body).response
    }

    fn kept(&self, subgraph: Subgraph, body: &[u8]) -> Kept {
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = known[subgraph as usize].get(body) {
            return kept.clone();
        }
        drop(known);
        let answer = resolve::answer(subgraph, body);
        let response = wire::answer("200 OK", answer.as_bytes());
        let kept = Kept {
            head: response.len() - answer.len(),
            response,
        };
        let mut known = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if known[subgraph as usize].len() < KEPT {
            known[subgraph as usize].insert(body.into(), kept.clone());
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ask(subgraph: Subgraph, body: &Value) -> Value {
        let subgraphs = Subgraphs::default();
        let body = Bytes::from(body.to_string());
        let first = subgraphs.answer(subgraph, &body);
        assert_eq!(first, subgraphs.answer(subgraph, &body));
        serde_json::from_slice(&first).unwrap()
    }

    #[test]
    fn the_subgraphs_compose() {
        let sdl = supergraph("http://127.0.0.1:4200").unwrap();
        assert!(
            sdl.contains("http://127.0.0.1:4200/inventory"),
            "the supergraph names where subgraphs answer"
        );
    }

    #[test]
    fn root_fields_take_arguments_aliases_and_fragments() {
        let answer = ask(
            Subgraph::Products,
            &json!({
                "query": "query($n: Int) { best: topProducts(first: $n) { ...P __typename } } fragment P on Product { upc cost: price }",
                "variables": { "n": 2 },
            }),
        );
        let expected = json!({"data": {"best": [
            {"upc": "1", "cost": 899, "__typename": "Product"},
            {"upc": "2", "cost": 1299, "__typename": "Product"},
        ]}});
        assert_eq!(answer, expected);
    }

    #[test]
    fn entities_answer_in_the_order_of_their_representations() {
        let answer = ask(
            Subgraph::Inventory,
            &json!({
                "query": "query($r: [_Any!]!) { _entities(representations: $r) { ... on Product { inStock shippingEstimate } } }",
                "variables": { "r": [
                    {"__typename": "Product", "upc": "3", "price": 15, "weight": 20},
                    {"__typename": "Product", "upc": "none", "price": 15, "weight": 20},
                    {"__typename": "Product", "upc": "1", "price": 1500, "weight": 20},
                ] },
            }),
        );
        let expected = json!({"data": {"_entities": [
            {"inStock": false, "shippingEstimate": 10},
            null,
            {"inStock": true, "shippingEstimate": 0},
        ]}});
        assert_eq!(answer, expected);
    }

    #[test]
    fn a_subgraph_answers_its_own_fields_only() {
        let query = json!({ "query": "{ topProducts { inStock } }" });
        let answer = ask(Subgraph::Products, &query);
        assert_eq!(
            answer["errors"][0]["message"],
            "products has no field Product.inStock"
        );
        let answer = ask(Subgraph::Products, &json!({ "query": "{ topProducts {" }));
        assert!(answer["errors"][0]["message"].is_string());
    }
}
