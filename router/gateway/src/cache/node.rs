//! What a fetch's answers hold, as far as its document says it, and what is noted of them.

use std::collections::BTreeSet;

use graphql_tools::parser::query::TypeCondition;
use graphql_tools::static_graphql::query::{Document, Selection, SelectionSet};
use serde_json::Value;

use super::entities::Entities;
use super::shape::Judges;
use super::tag::{Tag, key_text};
use crate::document::fragments;

/// An object of the answer.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) declared: String,
    pub(super) fields: Vec<NodeField>,
}

#[derive(Debug)]
pub(super) struct NodeField {
    /// Its key in the answer.
    pub(super) key: String,
    pub(super) name: String,
    /// The type condition around it.
    pub(super) on: Option<String>,
    /// What is below; leaves have nothing.
    pub(super) node: Option<Node>,
}

/// Tags of one answer; one more than `most` is kept only to know that there are too many.
pub(super) struct Tags {
    pub(super) found: BTreeSet<Tag>,
    pub(super) most: usize,
    /// Whether it is looked for what a mutation changed, rather than for what an answer holds.
    pub(super) changes: bool,
}

impl Tags {
    pub(super) fn add(&mut self, noted: &Noted) {
        if self.found.len() > self.most {
            return;
        }
        match noted {
            Noted::Entity(entity, unnamed) if self.changes => {
                self.found.extend([*entity, *unnamed]);
            }
            _ if self.changes => {}
            noted => drop(self.found.insert(noted.held())),
        }
    }
}

/// Notes an entity under each of its keys; a key that `value` does not know may be any.
pub(super) fn note(
    entities: &Entities,
    type_name: &str,
    value: impl Fn(&str) -> Option<String>,
    add: &mut impl FnMut(Noted),
) {
    let Some(facts) = entities.get(type_name) else {
        return;
    };
    add(Noted::Type(Tag::kind(type_name)));
    for paths in &facts.keys {
        let values: Option<Vec<String>> = paths.iter().map(|path| value(path)).collect();
        let paths = || paths.iter().map(String::as_str);
        let unnamed = Tag::unnamed(type_name, paths());
        add(match &values {
            Some(values) => {
                let key = paths().zip(values.iter().map(String::as_str));
                Noted::Entity(Tag::entity(type_name, key), unnamed)
            }
            None => Noted::Unnamed(unnamed),
        });
    }
}

/// What is noted of one object.
pub(super) enum Noted {
    Type(Tag),
    /// The entity, and what stands for all whose key is not said.
    Entity(Tag, Tag),
    Unnamed(Tag),
}

impl Noted {
    /// The tag of an answer that holds the object.
    pub(super) fn held(&self) -> Tag {
        match self {
            Self::Type(tag) | Self::Entity(tag, _) | Self::Unnamed(tag) => *tag,
        }
    }
}

/// The key's value at a path of schema names.
pub(super) fn at(object: &Value, path: &str) -> Option<String> {
    let found = path
        .split('.')
        .try_fold(object, |value, name| value.get(name))?;
    key_text(found)
}

impl Node {
    pub(super) fn types(&self, types: &mut BTreeSet<String>) {
        types.insert(self.declared.clone());
        for field in &self.fields {
            types.extend(field.on.clone());
            if let Some(node) = &field.node {
                node.types(types);
            }
        }
    }

    /// The runtime type, when the answer says it.
    pub(super) fn type_name<'v>(&self, object: &'v Value) -> Option<&'v str> {
        let field = self
            .fields
            .iter()
            .find(|field| field.name == "__typename")?;
        object.get(&field.key)?.as_str()
    }

    /// The value of a key's field in the answer, by schema names.
    pub(super) fn leaf(&self, object: &Value, path: &str) -> Option<String> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        // Under an alias another field may have this name; the name in the schema decides.
        let field = self.fields.iter().find(|field| field.name == first)?;
        let value = object.get(&field.key)?;
        match &field.node {
            None if rest.is_empty() => key_text(value),
            Some(node) if !rest.is_empty() => node.leaf(value, rest),
            _ => None,
        }
    }

    pub(super) fn tags(&self, value: &Value, entities: &Entities, tags: &mut Tags) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.tags(item, entities, tags);
                }
            }
            Value::Object(_) => {
                let name = self.type_name(value).unwrap_or(&self.declared);
                for name in entities.possible(name) {
                    note(
                        entities,
                        name,
                        |path| self.leaf(value, path),
                        &mut |noted| tags.add(&noted),
                    );
                }
                self.below(value, entities, tags);
            }
            _ => {}
        }
    }

    pub(super) fn below(&self, value: &Value, entities: &Entities, tags: &mut Tags) {
        for field in &self.fields {
            if let (Some(node), Some(value)) = (&field.node, value.get(&field.key)) {
                node.tags(value, entities, tags);
            }
        }
    }
}

pub(super) struct Reader<'a> {
    pub(super) judges: &'a Judges<'a>,
    pub(super) document: &'a Document,
}

impl Reader<'_> {
    pub(super) fn node(&self, declared: &str, selections: &SelectionSet) -> Node {
        let mut fields = Vec::new();
        self.collect(declared, None, selections, &mut fields);
        Node {
            declared: declared.to_owned(),
            fields,
        }
    }

    fn collect(
        &self,
        parent: &str,
        on: Option<&str>,
        selections: &SelectionSet,
        fields: &mut Vec<NodeField>,
    ) {
        for selection in &selections.items {
            match selection {
                Selection::Field(field) => {
                    let below = &field.selection_set;
                    let node = (!below.items.is_empty()).then(|| {
                        let known = self.judges.fields.field(parent, &field.name);
                        // What the supergraph has no type for (`_entities`) is typed by the fragments inside.
                        let declared = known.map_or("", |entry| &entry.type_name);
                        self.node(declared, below)
                    });
                    fields.push(NodeField {
                        key: field.alias.as_ref().unwrap_or(&field.name).clone(),
                        name: field.name.clone(),
                        on: on.map(str::to_owned),
                        node,
                    });
                }
                Selection::InlineFragment(fragment) => match &fragment.type_condition {
                    Some(TypeCondition::On(name)) => {
                        self.collect(name, Some(name), &fragment.selection_set, fields);
                    }
                    None => self.collect(parent, on, &fragment.selection_set, fields),
                },
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) =
                        fragments(self.document).get(spread.fragment_name.as_str())
                    {
                        let TypeCondition::On(name) = &fragment.type_condition;
                        self.collect(name, Some(name), &fragment.selection_set, fields);
                    }
                }
            }
        }
    }
}
