//! What a fetch selects, compiled: for every object it can answer, the keys in the order they were asked for and the
//! slot each goes to. Fragment spreads and output rewrites are resolved here, once.

use hive_router_query_planner::{
    ast::{
        fragment::FragmentDefinition, selection_item::SelectionItem, selection_set::SelectionSet,
    },
    planner::plan_nodes::{FetchNodePathSegment, FetchRewrite},
};

use super::shape::{ShapeBuilder, ShapeId, Slot, TYPENAME};
use crate::json::key_prefix;

/// One object a subgraph answers.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) shape: ShapeId,
    pub(crate) fields: Vec<SelectionField>,
    /// Whether one key goes to different slots for different types, so that the type must be known first.
    pub(crate) typed: bool,
}

/// One key of that object.
#[derive(Debug)]
pub(crate) struct SelectionField {
    /// The key as the subgraph writes it.
    pub(crate) key: Box<str>,
    /// `"key":`
    pub(crate) prefix: Box<[u8]>,
    pub(crate) slot: Slot,
    /// The selection of the objects below; `None` for a leaf, whose JSON is kept as it is.
    pub(crate) child: Option<Selection>,
    /// The type conditions around it; looked at only when the selection is `typed`.
    pub(crate) conditions: Vec<Box<str>>,
}

/// Renames that are still possible at a place in the walk: what is left of their path, and the new key.
type Renames<'a> = Vec<(&'a [FetchNodePathSegment], &'a str)>;

/// Compiles selection sets of one operation.
pub(crate) struct SelectionCompiler<'a> {
    fragments: &'a [FragmentDefinition],
}

/// A field met in the walk, occurrences of the same key not yet merged.
struct Occurrence<'a> {
    key: &'a str,
    slot: Slot,
    conditions: Vec<Box<str>>,
    sets: Vec<(&'a SelectionSet, Renames<'a>)>,
}

impl<'a> SelectionCompiler<'a> {
    pub(crate) fn new(fragments: &'a [FragmentDefinition]) -> Self {
        Self { fragments }
    }

    /// Compiles a selection set whose objects have this shape.
    pub(crate) fn compile(
        &self,
        shapes: &mut ShapeBuilder,
        shape: ShapeId,
        set: &'a SelectionSet,
        rewrites: Option<&'a Vec<FetchRewrite>>,
    ) -> Selection {
        let renames = rewrites
            .into_iter()
            .flatten()
            .filter_map(|rewrite| match rewrite {
                FetchRewrite::KeyRenamer(renamer) => {
                    Some((renamer.path.as_slice(), renamer.rename_key_to.as_str()))
                }
                // The planner sets values on inputs only.
                FetchRewrite::ValueSetter(_) => None,
            })
            .collect();
        self.compile_sets(shapes, shape, &[(set, renames)])
    }

    fn compile_sets(
        &self,
        shapes: &mut ShapeBuilder,
        shape: ShapeId,
        sets: &[(&'a SelectionSet, Renames<'a>)],
    ) -> Selection {
        let mut occurrences = Vec::new();
        for (set, renames) in sets {
            self.collect(
                shapes,
                shape,
                set,
                renames,
                &mut Vec::new(),
                &mut occurrences,
            );
        }
        let typed = occurrences.iter().enumerate().any(|(position, left)| {
            occurrences[position + 1..]
                .iter()
                .any(|right: &Occurrence<'_>| left.key == right.key && left.slot != right.slot)
        });
        let fields = occurrences
            .into_iter()
            .map(|occurrence| {
                let child = (!occurrence.sets.is_empty()).then(|| {
                    let child = shapes.child(shape, occurrence.slot);
                    self.compile_sets(shapes, child, &occurrence.sets)
                });
                SelectionField {
                    key: occurrence.key.into(),
                    prefix: key_prefix(occurrence.key),
                    slot: occurrence.slot,
                    child,
                    conditions: occurrence.conditions,
                }
            })
            .collect();
        Selection {
            shape: shapes.find(shape),
            fields,
            typed,
        }
    }

    fn collect(
        &self,
        shapes: &mut ShapeBuilder,
        shape: ShapeId,
        set: &'a SelectionSet,
        renames: &Renames<'a>,
        conditions: &mut Vec<Box<str>>,
        occurrences: &mut Vec<Occurrence<'a>>,
    ) {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    let key = field.selection_identifier();
                    let (below, renamed) = enter_field(renames, key);
                    let slot = if field.name == "__typename" {
                        TYPENAME
                    } else {
                        shapes.slot(shape, renamed.unwrap_or(key))
                    };
                    let position = occurrences
                        .iter()
                        .position(|occurrence| occurrence.key == key && occurrence.slot == slot);
                    let occurrence = match position {
                        Some(position) => &mut occurrences[position],
                        None => {
                            occurrences.push(Occurrence {
                                key,
                                slot,
                                conditions: conditions.clone(),
                                sets: Vec::new(),
                            });
                            let last = occurrences.len() - 1;
                            &mut occurrences[last]
                        }
                    };
                    if !field.selections.is_empty() {
                        occurrence.sets.push((&field.selections, below));
                    }
                }
                SelectionItem::InlineFragment(fragment) => {
                    let renames = enter_type(renames, &fragment.type_condition);
                    conditions.push(fragment.type_condition.as_str().into());
                    let set = &fragment.selections;
                    self.collect(shapes, shape, set, &renames, conditions, occurrences);
                    conditions.pop();
                }
                SelectionItem::FragmentSpread(name) => {
                    let fragment = self
                        .fragments
                        .iter()
                        .find(|fragment| &fragment.name == name);
                    if let Some(fragment) = fragment {
                        let renames = enter_type(renames, &fragment.type_condition);
                        conditions.push(fragment.type_condition.as_str().into());
                        let set = &fragment.selection_set;
                        self.collect(shapes, shape, set, &renames, conditions, occurrences);
                        conditions.pop();
                    }
                }
            }
        }
    }
}

fn enter_field<'a>(renames: &Renames<'a>, key: &str) -> (Renames<'a>, Option<&'a str>) {
    let mut below = Renames::new();
    let mut renamed = None;
    for (path, to) in renames {
        if let [FetchNodePathSegment::Key(first), rest @ ..] = path
            && first == key
        {
            if rest.is_empty() {
                renamed = Some(*to);
            } else {
                below.push((rest, to));
            }
        }
    }
    (below, renamed)
}

fn enter_type<'a>(renames: &Renames<'a>, condition: &str) -> Renames<'a> {
    renames
        .iter()
        .map(|(path, to)| match path {
            [FetchNodePathSegment::TypenameEquals(types), rest @ ..]
                if types.contains(condition) =>
            {
                (rest, *to)
            }
            // The fragment the path names may be inside this one, where the minifier shares fragments.
            path => (*path, *to),
        })
        .collect()
}
