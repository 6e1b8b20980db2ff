//! Compiling the projection from the client's operation and the public schema, fields collected per concrete type as the
//! specification's CollectFields does (6.3.2).

use std::sync::Arc;

use graphql_tools::static_graphql::schema::{Type, TypeDefinition};
use hive_router_query_planner::ast::{
    selection_item::SelectionItem,
    selection_set::{FieldSelection, SelectionSet},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    incremental::{IncrementalPlan, PlannedFragment},
    projection::{
        AbstractObject, Condition, ConditionTable, FieldSetId, FieldSource, Leaf, ProjectedField,
        ProjectedKind, ProjectedObject, ProjectedType, Projection,
    },
    shape::{ShapeBuilder, ShapeId, Slot},
};
use crate::{
    json::{json_string, key_prefix},
    normalize::{Conditions, MetaField, Normalized, RootSelection},
    schema::Schema,
};

/// Compiles the projection of one operation.
pub(crate) struct ProjectionCompiler<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) shapes: &'a mut ShapeBuilder,
    pub(crate) conditions: &'a mut ConditionTable,
    sets: Vec<Vec<ProjectedField>>,
    /// Field sets by what they were made from: types that collect the same fields share one.
    memo: FxHashMap<MemoKey, FieldSetId>,
    enums: FxHashMap<String, Arc<FxHashSet<String>>>,
}

/// The shape, and per key the collected selections (by address) with their conditions and the field's type.
type MemoKey = (
    ShapeId,
    Option<String>,
    Vec<(String, Vec<(usize, Conditions)>, String)>,
);

/// A selection of one response key, and when it counts.
#[derive(Clone)]
struct Occurrence<'a> {
    field: &'a FieldSelection,
    conditions: Conditions,
}

type Collected<'a> = Vec<(&'a str, Vec<Occurrence<'a>>)>;

impl<'a> ProjectionCompiler<'a> {
    pub(crate) fn new(
        schema: &'a Schema,
        shapes: &'a mut ShapeBuilder,
        conditions: &'a mut ConditionTable,
    ) -> Self {
        Self {
            schema,
            shapes,
            conditions,
            sets: Vec::new(),
            memo: FxHashMap::default(),
            enums: FxHashMap::default(),
        }
    }

    /// Compiles an operation, and its parts where it has some; an error names a field the public schema does not have.
    pub(crate) fn compile(
        mut self,
        normalized: &'a Normalized,
    ) -> Result<(Projection, Option<IncrementalPlan>), String> {
        let mut meta = 0;
        let root = self.root(&normalized.root_type, &normalized.whole, &mut meta)?;
        let incremental = match &normalized.deferral {
            None => None,
            Some(deferral) => {
                let root_type = &normalized.root_type;
                let initial = self.root(root_type, &deferral.initial, &mut meta)?;
                let fragments = deferral.fragments.iter().map(|fragment| {
                    let set = self.root(root_type, &fragment.selection, &mut meta)?;
                    let condition = fragment.condition.as_deref();
                    let condition = condition.map(|name| self.conditions.index(name));
                    Ok(PlannedFragment::new(fragment, set, condition))
                });
                Some(IncrementalPlan {
                    fragments: fragments.collect::<Result<_, String>>()?,
                    initial,
                })
            }
        };
        let projection = Projection {
            sets: self.sets,
            root,
        };
        Ok((projection, incremental))
    }

    /// Compiles what is selected at the root; `met` counts the meta fields of all that were compiled.
    fn root(
        &mut self,
        root_type: &str,
        selection: &'a RootSelection,
        met: &mut usize,
    ) -> Result<FieldSetId, String> {
        let mut fields = match &selection.operation {
            Some(operation) => {
                let sets = [(&operation.selection_set, Conditions::new())];
                let collected = self.collect(root_type, &sets);
                self.fields(root_type, ShapeBuilder::ROOT, &collected, true)?
            }
            None => Vec::new(),
        };
        fields.extend(self.meta_fields(root_type, &selection.meta, *met));
        *met += selection.meta.len();
        let position = |key: &str| selection.keys.iter().position(|known| known == key);
        fields.sort_by_key(|field| position(&field.key));
        self.sets.push(fields);
        Ok(self.sets.len() - 1)
    }

    /// The first of the meta fields is at position `first` of the plan's.
    fn meta_fields(
        &mut self,
        root_type: &str,
        meta: &[MetaField],
        first: usize,
    ) -> Vec<ProjectedField> {
        let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
        for (position, meta) in meta.iter().enumerate() {
            match groups.iter_mut().find(|(key, _)| *key == meta.key) {
                Some((_, positions)) => positions.push(position),
                None => groups.push((&meta.key, vec![position])),
            }
        }
        groups
            .into_iter()
            .map(|(key, mut positions)| {
                let name = &meta[positions[0]].field.name;
                let conditions = positions.iter().map(|position| &meta[*position].conditions);
                let conditions = self.disjunction(conditions);
                let source = if name == "__typename" {
                    FieldSource::StaticTypename(json_string(root_type))
                } else {
                    for position in &mut positions {
                        *position += first;
                    }
                    FieldSource::Introspection(positions)
                };
                ProjectedField {
                    prefix: key_prefix(key),
                    key: key.into(),
                    conditions,
                    source,
                    coordinate: format!("{root_type}.{name}").into(),
                }
            })
            .collect()
    }

    fn disjunction<'c>(
        &mut self,
        alternatives: impl Iterator<Item = &'c Conditions>,
    ) -> Vec<Vec<Condition>> {
        let mut result: Vec<Vec<Condition>> = Vec::new();
        for alternative in alternatives {
            if alternative.is_empty() {
                return Vec::new();
            }
            let conjunction = alternative
                .iter()
                .map(|(name, wanted)| (self.conditions.index(name), *wanted))
                .collect();
            if !result.contains(&conjunction) {
                result.push(conjunction);
            }
        }
        result
    }

    fn collect(&self, type_name: &str, sets: &[(&'a SelectionSet, Conditions)]) -> Collected<'a> {
        let mut collected = Collected::new();
        for (set, conditions) in sets {
            self.collect_set(type_name, set, conditions, &mut collected);
        }
        collected
    }

    fn collect_set(
        &self,
        type_name: &str,
        set: &'a SelectionSet,
        outer: &Conditions,
        collected: &mut Collected<'a>,
    ) {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) if field.omit_from_response => {}
                SelectionItem::Field(field) => {
                    let conditions = with(outer, field.skip_if.as_ref(), field.include_if.as_ref());
                    let occurrence = Occurrence { field, conditions };
                    let key = field.selection_identifier();
                    match collected.iter_mut().find(|(existing, _)| *existing == key) {
                        Some((_, occurrences)) => occurrences.push(occurrence),
                        None => collected.push((key, vec![occurrence])),
                    }
                }
                SelectionItem::InlineFragment(fragment) => {
                    if self.schema.satisfies(type_name, &fragment.type_condition) {
                        let conditions = with(
                            outer,
                            fragment.skip_if.as_ref(),
                            fragment.include_if.as_ref(),
                        );
                        self.collect_set(type_name, &fragment.selections, &conditions, collected);
                    }
                }
                // Normalization inlined every spread.
                SelectionItem::FragmentSpread(_) => {}
            }
        }
    }

    fn fields(
        &mut self,
        type_name: &str,
        shape: ShapeId,
        collected: &Collected<'a>,
        concrete: bool,
    ) -> Result<Vec<ProjectedField>, String> {
        let mut fields = Vec::with_capacity(collected.len());
        for (key, occurrences) in collected {
            let name = occurrences[0].field.name.as_str();
            let conditions =
                self.disjunction(occurrences.iter().map(|occurrence| &occurrence.conditions));
            let source = if name == "__typename" {
                if concrete {
                    FieldSource::StaticTypename(json_string(type_name))
                } else {
                    FieldSource::Typename
                }
            } else {
                let definition = self.schema.field(type_name, name).ok_or_else(|| {
                    format!("the type {type_name} has no field {name} for clients")
                })?;
                let slot = self.shapes.slot(shape, key);
                let ty = self.ty(&definition.field_type, shape, slot, occurrences)?;
                FieldSource::Slot { slot, ty }
            };
            fields.push(ProjectedField {
                prefix: key_prefix(key),
                key: (*key).into(),
                conditions,
                source,
                coordinate: format!("{type_name}.{name}").into(),
            });
        }
        Ok(fields)
    }

    fn ty(
        &mut self,
        ty: &Type,
        shape: ShapeId,
        slot: Slot,
        occurrences: &[Occurrence<'a>],
    ) -> Result<ProjectedType, String> {
        let (non_null, ty) = match ty {
            Type::NonNullType(inner) => (true, inner.as_ref()),
            nullable => (false, nullable),
        };
        let kind = match ty {
            Type::ListType(item) => {
                ProjectedKind::List(Box::new(self.ty(item, shape, slot, occurrences)?))
            }
            Type::NonNullType(inner) => return self.ty(inner, shape, slot, occurrences),
            Type::NamedType(name) if self.schema.is_composite(name) => {
                let child = self.shapes.child(shape, slot);
                ProjectedKind::Object(self.object(name, child, occurrences)?)
            }
            Type::NamedType(name) => ProjectedKind::Leaf(self.leaf(name)),
        };
        Ok(ProjectedType { non_null, kind })
    }

    fn leaf(&mut self, name: &str) -> Leaf {
        match name {
            "Int" => Leaf::Int,
            "Float" => Leaf::Float,
            "String" => Leaf::String,
            "Boolean" => Leaf::Boolean,
            "ID" => Leaf::Id,
            _ => match self.schema.definition(name) {
                Some(TypeDefinition::Enum(definition)) => {
                    let values = self.enums.entry(name.to_owned()).or_insert_with(|| {
                        Arc::new(
                            definition
                                .values
                                .iter()
                                .map(|value| value.name.clone())
                                .collect(),
                        )
                    });
                    Leaf::Enum(Arc::clone(values))
                }
                _ => Leaf::Any,
            },
        }
    }

    fn object(
        &mut self,
        declared: &str,
        shape: ShapeId,
        occurrences: &[Occurrence<'a>],
    ) -> Result<ProjectedObject, String> {
        // Where a key is selected under different conditions, what is below each counts only with its own.
        let differ = occurrences
            .iter()
            .any(|occurrence| occurrence.conditions != occurrences[0].conditions);
        let sets: Vec<(&'a SelectionSet, Conditions)> = occurrences
            .iter()
            .map(|occurrence| {
                let inherited = if differ {
                    occurrence.conditions.clone()
                } else {
                    Conditions::new()
                };
                (&occurrence.field.selections, inherited)
            })
            .collect();
        let Some(possible) = self.schema.possible_types(declared) else {
            let set = self.set(declared, shape, &sets, true)?;
            return Ok(ProjectedObject::Concrete(set));
        };
        let generic = self.set(declared, shape, &sets, false)?;
        let mut by_type = FxHashMap::default();
        let mut uniform = true;
        for name in possible {
            if !self.schema.is_object(name) {
                continue;
            }
            let set = self.set(name, shape, &sets, false)?;
            uniform &= set == generic;
            by_type.insert(name.as_str().into(), set);
        }
        Ok(ProjectedObject::Abstract(Box::new(AbstractObject {
            declared: declared.into(),
            by_type,
            generic,
            uniform,
        })))
    }

    fn set(
        &mut self,
        type_name: &str,
        shape: ShapeId,
        sets: &[(&'a SelectionSet, Conditions)],
        concrete: bool,
    ) -> Result<FieldSetId, String> {
        let shape = self.shapes.find(shape);
        let collected = self.collect(type_name, sets);
        let described = collected
            .iter()
            .map(|(key, occurrences)| {
                let addresses = occurrences
                    .iter()
                    .map(|occurrence| {
                        let address = std::ptr::from_ref(occurrence.field).addr();
                        (address, occurrence.conditions.clone())
                    })
                    .collect();
                let ty = self
                    .schema
                    .field(type_name, &occurrences[0].field.name)
                    .map(|definition| definition.field_type.to_string());
                ((*key).to_owned(), addresses, ty.unwrap_or_default())
            })
            .collect();
        let memo_key = (shape, concrete.then(|| type_name.to_owned()), described);
        if let Some(set) = self.memo.get(&memo_key) {
            return Ok(*set);
        }
        let fields = self.fields(type_name, shape, &collected, concrete)?;
        self.sets.push(fields);
        let set = self.sets.len() - 1;
        self.memo.insert(memo_key, set);
        Ok(set)
    }
}

fn with(outer: &Conditions, skip: Option<&String>, include: Option<&String>) -> Conditions {
    let mut conditions = outer.clone();
    conditions.extend(skip.map(|name| (name.clone(), false)));
    conditions.extend(include.map(|name| (name.clone(), true)));
    conditions
}
