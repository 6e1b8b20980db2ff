//! What `@cacheControl` and the configuration say of a document's answers.

use std::collections::BTreeSet;

use super::entities::Hint;
use super::node::Node;
use super::policy::{Policy, Scope};
use super::shape::Judges;
use crate::config::CacheScope;

/// What `@cacheControl` says of a document, after Apollo Server's rules: a root field and a field that returns a
/// composite begin at 0 unless they, or the type, say otherwise; a leaf is as its parent.
#[derive(Default)]
pub(super) struct Hints {
    /// What explicit hints allow at most.
    pub(super) cap: Option<Policy>,
    least: Option<u32>,
}

impl Hints {
    /// What holds when nothing else is said; `None` without any hint.
    pub(super) fn overall(&self) -> Option<Policy> {
        let cap = self.cap?;
        Some(Policy::seconds(cap.scope, self.least.unwrap_or(0)))
    }

    fn explicit(&mut self, hint: Hint) {
        if hint.seconds.is_none() && hint.scope.is_none() {
            return;
        }
        let said = Policy::seconds(
            hint.scope.unwrap_or(Scope::Public),
            hint.seconds.unwrap_or(u32::MAX),
        );
        self.cap = Some(self.cap.map_or(said, |cap| cap.and(said)));
    }

    pub(super) fn fields(
        &mut self,
        node: &Node,
        type_name: &str,
        parent: u32,
        is_root: bool,
        judges: &Judges<'_>,
    ) {
        for field in &node.fields {
            if field.name == "__typename" {
                continue;
            }
            let on = field.on.as_deref().unwrap_or(type_name);
            if field.name == "_entities" {
                if let Some(node) = &field.node {
                    self.entities(node, judges);
                }
                continue;
            }
            let own = judges.entities.field_hint(on, &field.name);
            self.explicit(own);
            let returned = field.node.as_ref().map(|node| {
                judges
                    .entities
                    .get(&node.declared)
                    .map(|facts| facts.hint)
                    .unwrap_or_default()
            });
            if let Some(returned) = returned {
                self.explicit(if own.seconds.is_some() {
                    Hint {
                        seconds: None,
                        ..returned
                    }
                } else {
                    returned
                });
            }
            let inherits = own.inherits || returned.is_some_and(|returned| returned.inherits);
            let said = own
                .seconds
                .or(returned.and_then(|returned| returned.seconds));
            let seconds = match said {
                Some(seconds) => seconds,
                None if inherits || (!is_root && field.node.is_none()) => parent,
                None => 0,
            };
            if said.is_some() || is_root || (field.node.is_some() && !inherits) {
                self.least = Some(self.least.map_or(seconds, |least| least.min(seconds)));
            }
            if let Some(node) = &field.node {
                self.fields(node, &node.declared, seconds, false, judges);
            }
        }
    }

    fn entities(&mut self, node: &Node, judges: &Judges<'_>) {
        let types: BTreeSet<&str> = node
            .fields
            .iter()
            .filter_map(|field| field.on.as_deref())
            .collect();
        for name in types {
            let hint = judges
                .entities
                .get(name)
                .map(|facts| facts.hint)
                .unwrap_or_default();
            self.explicit(hint);
            let seconds = hint.seconds.unwrap_or(0);
            self.least = Some(self.least.map_or(seconds, |least| least.min(seconds)));
            self.fields(node, name, seconds, false, judges);
        }
    }
}

/// What the configuration says of a document of which nothing else is said.
pub(super) fn fallback(root: &Node, judges: &Judges<'_>) -> Option<Policy> {
    let config = judges.config;
    let mut seconds = None;
    let mut add = |more: u32| seconds = Some(seconds.map_or(more, |least: u32| least.min(more)));
    for field in root
        .fields
        .iter()
        .filter(|field| field.name != "__typename")
    {
        match (&field.node, field.name.as_str()) {
            (Some(node), "_entities") => {
                for name in node.fields.iter().filter_map(|field| field.on.as_ref()) {
                    add(config.types.get(name).copied().unwrap_or(config.seconds));
                }
            }
            _ => add(config.seconds),
        }
    }
    let scope = match config.scope {
        CacheScope::Private => Scope::Private,
        CacheScope::Public => Scope::Public,
    };
    seconds
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Policy::seconds(scope, seconds))
}

#[cfg(test)]
mod tests {
    use super::super::entities::Entities;
    use super::super::shape::FetchShape;
    use super::*;
    use crate::config::SubgraphCacheConfig;
    use crate::field_table::FieldTable;

    const SCHEMA: &str = r#"
        type Query {
            plain: Plain
            book: Book
            count: Int
            shelf: [Book] @cacheControl(maxAge: 20)
            total: Int @cacheControl(maxAge: 5)
        }
        type Plain { id: ID name: String }
        type Book @join__type(graph: A, key: "id") @cacheControl(maxAge: 60) {
            id: ID
            title: String
            price: Int @cacheControl(maxAge: 10)
            note: String @cacheControl(scope: PRIVATE)
            first: Chapter
            last: Chapter @cacheControl(inheritMaxAge: true)
        }
        type Chapter { id: ID }
    "#;

    fn policy(query: &str, config: &SubgraphCacheConfig) -> Policy {
        let document = graphql_tools::parser::parse_schema::<String>(SCHEMA)
            .unwrap()
            .into_static();
        let judges = Judges {
            fields: &FieldTable::read(&document),
            entities: &Entities::read(&document),
            subgraph: "a",
            config,
        };
        let opening = format!(
            "{{\"query\":{},\"variables\":{{",
            serde_json::Value::from(query)
        );
        FetchShape::read(opening.as_bytes(), &judges)
            .unwrap()
            .policy(None)
    }

    #[test]
    fn hints_follow_apollo_servers_rules() {
        let public = |seconds| Policy::seconds(Scope::Public, seconds);
        let private = |seconds| Policy::seconds(Scope::Private, seconds);
        for (query, expected) in [
            ("{ book { id title } }", public(60)),
            ("{ book { id price } }", public(10)),
            ("{ book { id note } }", private(60)),
            ("{ shelf { id } }", public(20)),
            ("{ total }", public(5)),
            ("{ total count }", public(0)),
            ("{ book { id } plain { id } }", public(0)),
            ("{ book { first { id } } }", public(0)),
            ("{ book { last { id } } }", public(60)),
            (
                "query($r: [_Any!]!) { _entities(representations: $r) { ... on Book { title } } }",
                public(60),
            ),
            (
                "query($r: [_Any!]!) { _entities(representations: $r) { ... on Book { price note } } }",
                private(10),
            ),
            // Nothing is said of it at all.
            ("{ plain { id } }", Policy::NEVER),
        ] {
            assert_eq!(
                policy(query, &SubgraphCacheConfig::default()),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn the_configuration_speaks_where_nobody_else_does() {
        let config = SubgraphCacheConfig {
            seconds: 7,
            types: [("Plain".to_owned(), 3)].into(),
            scope: CacheScope::Public,
            ..SubgraphCacheConfig::default()
        };
        let entities =
            "query($r: [_Any!]!) { _entities(representations: $r) { ... on Plain { name } } }";
        assert_eq!(
            policy("{ plain { id } }", &config),
            Policy::seconds(Scope::Public, 7)
        );
        assert_eq!(policy(entities, &config), Policy::seconds(Scope::Public, 3));
        assert_eq!(
            policy("{ book { id } }", &config),
            Policy::seconds(Scope::Public, 60)
        );
    }
}
