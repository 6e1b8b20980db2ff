//! How an entity becomes a representation, compiled per concrete type: prebaked keys, the slots their values come
//! from, and the input rewrites applied.

use hive_router_query_planner::{
    ast::{selection_item::SelectionItem, selection_set::SelectionSet},
    planner::plan_nodes::{FetchNodePathSegment, FetchRewrite},
};
use rustc_hash::FxHashSet;

use super::{
    shape::{ShapeBuilder, ShapeId, Slot},
    types::ByType,
};
use crate::{
    json::write_string,
    schema::{Schema, inner_type},
};

/// The fields of a representation, or of an object inside one.
#[derive(Debug)]
pub(crate) enum RepresentationObject {
    /// The same for every type.
    Same(Vec<RepresentationField>),
    /// By the object's `__typename`; types not listed are not represented.
    ByType(ByType<Vec<RepresentationField>>),
}

/// One field of a representation.
#[derive(Debug)]
pub(crate) struct RepresentationField {
    /// `"key":`, or the whole `"key":"value"` of a constant.
    pub(crate) text: Box<[u8]>,
    pub(crate) source: RepresentationSource,
}

/// Where the value comes from.
#[derive(Debug)]
pub(crate) enum RepresentationSource {
    /// The text says it already.
    Constant,
    /// A slot of the object.
    Slot {
        slot: Slot,
        /// Without a value the entity cannot be represented.
        required: bool,
        child: Option<RepresentationObject>,
    },
}

type Rewrites<'a> = Vec<(&'a [FetchNodePathSegment], &'a FetchRewrite)>;

/// Compiles `requires` selections.
pub(crate) struct RepresentationCompiler<'a> {
    schema: &'a Schema,
}

struct Collected<'a> {
    key: &'a str,
    source_key: &'a str,
    sets: Vec<&'a SelectionSet>,
}

impl<'a> RepresentationCompiler<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        Self { schema }
    }

    pub(crate) fn compile(
        &self,
        shapes: &mut ShapeBuilder,
        shape: ShapeId,
        requires: &'a SelectionSet,
        rewrites: Option<&'a Vec<FetchRewrite>>,
    ) -> RepresentationObject {
        let rewrites: Rewrites<'a> = rewrites
            .into_iter()
            .flatten()
            .map(|rewrite| match rewrite {
                FetchRewrite::ValueSetter(setter) => (setter.path.as_slice(), rewrite),
                FetchRewrite::KeyRenamer(renamer) => (renamer.path.as_slice(), rewrite),
            })
            .collect();
        self.object(shapes, shape, &[requires], &rewrites, None)
    }

    fn object(
        &self,
        shapes: &mut ShapeBuilder,
        shape: ShapeId,
        sets: &[&'a SelectionSet],
        rewrites: &Rewrites<'a>,
        declared: Option<&str>,
    ) -> RepresentationObject {
        let mut conditions = FxHashSet::default();
        for set in sets {
            gather_conditions(set, &mut conditions);
        }
        let concrete = declared.is_some_and(|name| self.schema.is_object(name));
        if concrete || conditions.is_empty() {
            let declared = declared.unwrap_or_default();
            let fields = self.fields(shapes, shape, sets, rewrites, declared, concrete);
            return RepresentationObject::Same(fields);
        }
        let mut types: FxHashSet<String> = FxHashSet::default();
        for condition in &conditions {
            types.extend(self.schema.satisfying(condition));
        }
        // A nested object whose type meets no condition still has the fields outside the fragments.
        if let Some(declared) = declared {
            types.extend(self.schema.satisfying(declared));
        }
        let nested = declared.is_some();
        let by_type = types
            .into_iter()
            .map(|name| {
                let mut fields = self.fields(shapes, shape, sets, rewrites, &name, true);
                // The planner leaves it out of required objects, and without it their subgraph cannot tell the types apart.
                if nested && self.schema.is_object(&name) && !asks_type_name(sets) {
                    fields.insert(0, type_name_field(&name));
                }
                (name, fields)
            })
            .collect();
        RepresentationObject::ByType(by_type)
    }

    /// The fields for one type; `exact` says that the runtime type is `type_name` and nothing below it.
    fn fields(
        &self,
        shapes: &mut ShapeBuilder,
        shape: ShapeId,
        sets: &[&'a SelectionSet],
        rewrites: &Rewrites<'a>,
        type_name: &str,
        exact: bool,
    ) -> Vec<RepresentationField> {
        let mut collected = Vec::new();
        for set in sets {
            self.collect(set, type_name, &mut collected);
        }
        collected
            .into_iter()
            .map(|field| self.field(shapes, shape, field, rewrites, type_name, exact))
            .collect()
    }

    fn field(
        &self,
        shapes: &mut ShapeBuilder,
        shape: ShapeId,
        field: Collected<'a>,
        rewrites: &Rewrites<'a>,
        type_name: &str,
        exact: bool,
    ) -> RepresentationField {
        let mut key = field.key;
        let mut constant =
            (field.source_key == "__typename" && exact).then(|| type_name.to_owned());
        let mut below: Rewrites<'a> = Vec::new();
        for (path, rewrite) in rewrites {
            let Some(path) = self.enter_types(path, type_name) else {
                continue;
            };
            let [FetchNodePathSegment::Key(first), rest @ ..] = path else {
                continue;
            };
            if first != field.key {
                continue;
            }
            if !rest.is_empty() {
                below.push((rest, rewrite));
                continue;
            }
            match rewrite {
                FetchRewrite::ValueSetter(setter) => constant = Some(setter.set_value_to.clone()),
                FetchRewrite::KeyRenamer(renamer) => key = &renamer.rename_key_to,
            }
        }
        let mut text = Vec::new();
        write_string(key, &mut text);
        text.push(b':');
        if let Some(constant) = constant {
            write_string(&constant, &mut text);
            return RepresentationField {
                text: text.into(),
                source: RepresentationSource::Constant,
            };
        }
        // A field the planner aliased internally keeps its schema name as the representation's key.
        let definition = self.schema.field(type_name, field.key);
        let required = field.source_key == "__typename"
            || definition.is_some_and(|definition| {
                matches!(
                    definition.field_type,
                    graphql_tools::static_graphql::schema::Type::NonNullType(_)
                )
            });
        let slot = shapes.slot(shape, field.source_key);
        let child = (!field.sets.is_empty()).then(|| {
            let child = shapes.child(shape, slot);
            let declared = definition.map(|definition| inner_type(&definition.field_type));
            self.object(shapes, child, &field.sets, &below, declared)
        });
        RepresentationField {
            text: text.into(),
            source: RepresentationSource::Slot {
                slot,
                required,
                child,
            },
        }
    }

    /// The path after its leading type conditions, if `type_name` meets them.
    fn enter_types<'p>(
        &self,
        mut path: &'p [FetchNodePathSegment],
        type_name: &str,
    ) -> Option<&'p [FetchNodePathSegment]> {
        while let [FetchNodePathSegment::TypenameEquals(types), rest @ ..] = path {
            if !types
                .iter()
                .any(|condition| self.schema.satisfies(type_name, condition))
            {
                return None;
            }
            path = rest;
        }
        Some(path)
    }

    fn collect(&self, set: &'a SelectionSet, type_name: &str, collected: &mut Vec<Collected<'a>>) {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    let key = field.selection_identifier();
                    let sets = (!field.selections.is_empty()).then_some(&field.selections);
                    match collected.iter_mut().find(|existing| existing.key == key) {
                        Some(existing) => existing.sets.extend(sets),
                        None => collected.push(Collected {
                            key,
                            source_key: &field.name,
                            sets: sets.into_iter().collect(),
                        }),
                    }
                }
                SelectionItem::InlineFragment(fragment) => {
                    if self.schema.satisfies(type_name, &fragment.type_condition) {
                        self.collect(&fragment.selections, type_name, collected);
                    }
                }
                // The planner writes no spreads into requirements.
                SelectionItem::FragmentSpread(_) => {}
            }
        }
    }
}

fn asks_type_name(sets: &[&SelectionSet]) -> bool {
    sets.iter().flat_map(|set| &set.items).any(
        |item| matches!(item, SelectionItem::Field(field) if field.selection_identifier() == "__typename"),
    )
}

fn type_name_field(type_name: &str) -> RepresentationField {
    let mut text = b"\"__typename\":".to_vec();
    write_string(type_name, &mut text);
    RepresentationField {
        text: text.into(),
        source: RepresentationSource::Constant,
    }
}

fn gather_conditions<'a>(set: &'a SelectionSet, conditions: &mut FxHashSet<&'a str>) {
    for item in &set.items {
        if let SelectionItem::InlineFragment(fragment) = item {
            conditions.insert(&fragment.type_condition);
            gather_conditions(&fragment.selections, conditions);
        }
    }
}
