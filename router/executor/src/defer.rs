//! `@defer` (the draft of incremental delivery, 2022-08-24): an operation without its deferred fragments, and each of these
//! as an operation of its own.
//!
//! The planner knows nothing of it: it plans the whole operation. Parts are what answers are written by.

use graphql_tools::{
    parser::Pos,
    static_graphql::query::{
        Directive, Field, FragmentDefinition, InlineFragment, Selection, SelectionSet,
        TypeCondition, Value,
    },
};
use rustc_hash::FxHashMap;

use crate::normalize::{NormalizeError, RootSelection};

/// Operations with more deferred fragments are answered whole.
const MOST_FRAGMENTS: usize = 64;

/// An operation in parts.
#[derive(Debug)]
pub(crate) struct Deferral {
    /// What is answered at once. A fragment that a variable may defer is part of it under the opposite condition.
    pub(crate) initial: RootSelection,
    /// In document order, so that outer fragments come before those inside them.
    pub(crate) fragments: Vec<DeferredFragment>,
}

/// A fragment with `@defer`, in one of the places where it is spread.
#[derive(Debug)]
pub(crate) struct DeferredFragment {
    pub(crate) label: Option<String>,
    /// The variable that decides whether it is deferred; without one it is.
    pub(crate) condition: Option<String>,
    /// The position of the deferred fragment around it.
    pub(crate) parent: Option<usize>,
    /// How many response keys lead from the root to the objects it is about.
    pub(crate) depth: usize,
    /// The way from the root to the fragment, and its selection without the fragments deferred inside it.
    pub(crate) selection: RootSelection,
}

impl Deferral {
    /// The parts of an operation; `None` when nothing of it is deferred. `normalize` makes an operation of a selection
    /// in which fragments are inlined.
    pub(crate) fn of(
        selection_set: &SelectionSet,
        fragments: &FxHashMap<String, FragmentDefinition>,
        normalize: impl Fn(&SelectionSet) -> Result<RootSelection, NormalizeError>,
    ) -> Result<Option<Self>, NormalizeError> {
        let mut sets = fragments.values().map(|fragment| &fragment.selection_set);
        if !mentions_defer(selection_set) && !sets.any(mentions_defer) {
            return Ok(None);
        }
        let mut divider = Divider {
            fragments,
            around: Vec::new(),
            open: Vec::new(),
            found: Vec::new(),
        };
        let initial = divider.immediate(selection_set, None)?;
        if divider.found.is_empty() || divider.found.len() > MOST_FRAGMENTS {
            return Ok(None);
        }
        let found = divider.found.into_iter().map(|found| {
            Ok(DeferredFragment {
                label: found.label,
                condition: found.condition,
                parent: found.parent,
                depth: found.depth,
                selection: normalize(&found.selection_set)?,
            })
        });
        Ok(Some(Self {
            fragments: found.collect::<Result<_, _>>()?,
            initial: normalize(&initial)?,
        }))
    }
}

fn mentions_defer(set: &SelectionSet) -> bool {
    set.items.iter().any(|item| match item {
        Selection::Field(field) => mentions_defer(&field.selection_set),
        Selection::InlineFragment(fragment) => {
            is_deferred(&fragment.directives) || mentions_defer(&fragment.selection_set)
        }
        Selection::FragmentSpread(spread) => is_deferred(&spread.directives),
    })
}

fn is_deferred(directives: &[Directive]) -> bool {
    directives.iter().any(|directive| directive.name == "defer")
}

/// Walks an operation, fragments inlined, and takes out what is deferred.
struct Divider<'a> {
    fragments: &'a FxHashMap<String, FragmentDefinition>,
    /// The fields and fragments around the current place, their selections left out.
    around: Vec<Selection>,
    open: Vec<&'a str>,
    found: Vec<Found>,
}

struct Found {
    label: Option<String>,
    condition: Option<String>,
    parent: Option<usize>,
    depth: usize,
    selection_set: SelectionSet,
}

/// What the directives of a fragment say about it.
enum Deferred {
    No,
    Yes {
        label: Option<String>,
        condition: Option<String>,
    },
}

impl<'a> Divider<'a> {
    /// The selection without what is deferred in it; `parent` is the deferred fragment that it belongs to.
    fn immediate(
        &mut self,
        set: &'a SelectionSet,
        parent: Option<usize>,
    ) -> Result<SelectionSet, NormalizeError> {
        let mut kept = with_items(set, Vec::with_capacity(set.items.len()));
        for item in &set.items {
            match item {
                // Introspection is there at once.
                Selection::Field(field) if field.name.starts_with("__") => {
                    kept.items.push(item.clone());
                }
                Selection::Field(field) => {
                    let bare = bare_field(field);
                    self.around.push(Selection::Field(bare.clone()));
                    let selection_set = self.immediate(&field.selection_set, parent)?;
                    self.around.pop();
                    kept.items.push(Selection::Field(Field {
                        selection_set,
                        ..bare
                    }));
                }
                Selection::InlineFragment(fragment) => {
                    let bare = InlineFragment {
                        position: fragment.position,
                        type_condition: fragment.type_condition.clone(),
                        directives: fragment.directives.clone(),
                        selection_set: with_items(&fragment.selection_set, Vec::new()),
                    };
                    let inside = &fragment.selection_set;
                    kept.items.extend(self.fragment(bare, inside, parent)?);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    let fragment = self.fragments.get(name);
                    let fragment = fragment.filter(|_| !self.open.contains(&name));
                    let fragment = fragment.ok_or_else(|| {
                        let reason =
                            format!("the fragment {name} is not defined or contains itself");
                        NormalizeError::Invalid(reason)
                    })?;
                    let TypeCondition::On(type_name) = &fragment.type_condition;
                    let bare = InlineFragment {
                        position: spread.position,
                        type_condition: Some(TypeCondition::On(type_name.clone())),
                        directives: spread.directives.clone(),
                        selection_set: with_items(&fragment.selection_set, Vec::new()),
                    };
                    self.open.push(name);
                    let inside = &fragment.selection_set;
                    kept.items.extend(self.fragment(bare, inside, parent)?);
                    self.open.pop();
                }
            }
        }
        Ok(kept)
    }

    /// What of a fragment is not deferred. One that is gets noted; where a variable decides, it is both.
    fn fragment(
        &mut self,
        mut bare: InlineFragment,
        inside: &'a SelectionSet,
        parent: Option<usize>,
    ) -> Result<Option<Selection>, NormalizeError> {
        let deferred = take_defer(&mut bare.directives);
        let position = self.found.len();
        let (parent, condition) = match deferred {
            Deferred::No => (parent, None),
            Deferred::Yes { label, condition } => {
                self.found.push(Found {
                    label,
                    condition: condition.clone(),
                    parent,
                    depth: self.depth(),
                    selection_set: with_items(inside, Vec::new()),
                });
                (Some(position), Some(condition))
            }
        };
        self.around.push(Selection::InlineFragment(bare.clone()));
        let selection_set = self.immediate(inside, parent)?;
        self.around.pop();
        if selection_set.items.is_empty() {
            return Ok(None);
        }
        let fragment = Selection::InlineFragment(InlineFragment {
            selection_set,
            ..bare
        });
        let Some(condition) = condition else {
            return Ok(Some(fragment));
        };
        self.found[position].selection_set = self.reached(fragment.clone());
        Ok(condition.map(|variable| unless(variable, fragment)))
    }

    /// How many fields are around the current place.
    fn depth(&self) -> usize {
        let fields = self.around.iter();
        fields
            .filter(|around| matches!(around, Selection::Field(_)))
            .count()
    }

    /// A selection of the root that leads to `inner` by what is around the current place.
    fn reached(&self, inner: Selection) -> SelectionSet {
        let wrapped = self.around.iter().rev().fold(inner, |inner, around| {
            let mut around = around.clone();
            match &mut around {
                Selection::Field(field) => field.selection_set.items = vec![inner],
                Selection::InlineFragment(fragment) => fragment.selection_set.items = vec![inner],
                // Spreads are inlined before anything is put around.
                Selection::FragmentSpread(_) => {}
            }
            around
        });
        SelectionSet {
            span: <(Pos, Pos)>::default(),
            items: vec![wrapped],
        }
    }
}

/// The fragment, unless the variable is true.
fn unless(variable: String, fragment: Selection) -> Selection {
    let skip = Directive {
        position: Pos::default(),
        name: "skip".to_owned(),
        arguments: vec![("if".to_owned(), Value::Variable(variable))],
    };
    Selection::InlineFragment(InlineFragment {
        position: Pos::default(),
        type_condition: None,
        directives: vec![skip],
        selection_set: SelectionSet {
            span: <(Pos, Pos)>::default(),
            items: vec![fragment],
        },
    })
}

fn with_items(set: &SelectionSet, items: Vec<Selection>) -> SelectionSet {
    SelectionSet {
        span: set.span,
        items,
    }
}

fn bare_field(field: &Field) -> Field {
    Field {
        position: field.position,
        alias: field.alias.clone(),
        name: field.name.clone(),
        arguments: field.arguments.clone(),
        directives: field.directives.clone(),
        selection_set: with_items(&field.selection_set, Vec::new()),
    }
}

/// Removes `@defer` from the directives of a fragment and says what it meant.
fn take_defer(directives: &mut Vec<Directive>) -> Deferred {
    let Some(position) = directives
        .iter()
        .position(|directive| directive.name == "defer")
    else {
        return Deferred::No;
    };
    let directive = directives.remove(position);
    let mut label = None;
    let mut condition = None;
    for (name, value) in directive.arguments {
        match (name.as_str(), value) {
            ("if", Value::Boolean(false)) => return Deferred::No,
            ("if", Value::Variable(variable)) => condition = Some(variable),
            ("label", Value::String(text)) => label = Some(text),
            _ => {}
        }
    }
    Deferred::Yes { label, condition }
}
