//! The shape of a parsed document, measured before anything expensive looks at it.

use std::collections::HashMap;

use graphql_tools::static_graphql::query::{
    Definition, Document, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    TypeCondition,
};

use graphql_tools::validation::utils::ValidationError;

use crate::config::Limits;
use crate::refusal::Refusal;

/// Lists of the introspection schema that may be nested. Tools ask for one in another; each further one multiplies the
/// answer by the size of the schema.
const INTROSPECTION_LISTS: usize = 2;

/// Checks a document against the limits that depend on it alone.
///
/// # Errors
/// `COST_LIMIT_EXCEEDED` naming the first limit that is exceeded.
pub(crate) fn check_limits(
    document: &Document,
    operation: &OperationDefinition,
    limits: &Limits,
) -> Result<(), Refusal> {
    let written = Written::of(document);
    bounded("fragments", written.fragments, limits.fragments)?;
    bounded("aliases", written.aliases, limits.aliases)?;
    bounded("directives", written.directives, limits.directives)?;
    let spread = Spread::of(document, operation);
    bounded("depth", spread.depth, limits.depth)?;
    bounded("root_fields", spread.root_fields, limits.root_fields)?;
    bounded("fields", spread.fields, limits.fields)?;
    bounded(
        "introspection_depth",
        spread.introspection,
        INTROSPECTION_LISTS,
    )
}

/// Finds fields that are named like introspection's and are none of its, or not at the root, where alone they are: the
/// rules let them pass.
pub(crate) fn unknown_meta_fields(
    document: &Document,
    query_type: Option<&String>,
    found: &mut Vec<ValidationError>,
) {
    for definition in &document.definitions {
        match definition {
            Definition::Operation(operation) => {
                unknown_meta_fields_of(selection_set(operation), true, found);
            }
            Definition::Fragment(fragment) => {
                let TypeCondition::On(name) = &fragment.type_condition;
                unknown_meta_fields_of(&fragment.selection_set, Some(name) == query_type, found);
            }
        }
    }
}

fn unknown_meta_fields_of(
    selections: &SelectionSet,
    is_root: bool,
    found: &mut Vec<ValidationError>,
) {
    for selection in &selections.items {
        match selection {
            Selection::Field(field) => {
                let name = field.name.as_str();
                let known =
                    name == "__typename" || (is_root && matches!(name, "__schema" | "__type"));
                if name.starts_with("__") && !known {
                    found.push(ValidationError {
                        error_code: "FieldsOnCorrectType",
                        locations: vec![field.position],
                        message: format!("There is no field \"{name}\"."),
                    });
                }
                unknown_meta_fields_of(&field.selection_set, false, found);
            }
            Selection::InlineFragment(fragment) => {
                unknown_meta_fields_of(&fragment.selection_set, is_root, found);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn bounded(limit: &'static str, found: usize, allowed: usize) -> Result<(), Refusal> {
    if found <= allowed {
        return Ok(());
    }
    Err(Refusal::limit(limit, allowed as u64, found as u64))
}

/// The selection set of an operation.
pub(crate) fn selection_set(operation: &OperationDefinition) -> &SelectionSet {
    match operation {
        OperationDefinition::SelectionSet(selections) => selections,
        OperationDefinition::Query(query) => &query.selection_set,
        OperationDefinition::Mutation(mutation) => &mutation.selection_set,
        OperationDefinition::Subscription(subscription) => &subscription.selection_set,
    }
}

/// The fragments of a document by name.
pub(crate) fn fragments(document: &Document) -> HashMap<&str, &FragmentDefinition> {
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
            Definition::Operation(_) => None,
        })
        .collect()
}

/// What a document contains as it is written.
#[derive(Default)]
struct Written {
    fragments: usize,
    aliases: usize,
    directives: usize,
}

impl Written {
    fn of(document: &Document) -> Self {
        let mut written = Self::default();
        for definition in &document.definitions {
            match definition {
                Definition::Fragment(fragment) => {
                    written.fragments += 1;
                    written.directives += fragment.directives.len();
                    written.count(&fragment.selection_set);
                }
                Definition::Operation(operation) => {
                    written.directives += match operation {
                        OperationDefinition::SelectionSet(_) => 0,
                        OperationDefinition::Query(query) => query.directives.len(),
                        OperationDefinition::Mutation(mutation) => mutation.directives.len(),
                        OperationDefinition::Subscription(subscription) => {
                            subscription.directives.len()
                        }
                    };
                    written.count(selection_set(operation));
                }
            }
        }
        written
    }

    fn count(&mut self, selections: &SelectionSet) {
        for selection in &selections.items {
            match selection {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.alias.is_some());
                    self.directives += field.directives.len();
                    self.count(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => {
                    self.directives += fragment.directives.len();
                    self.count(&fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => self.directives += spread.directives.len(),
            }
        }
    }
}

/// What an operation contains once every fragment is spread out.
#[derive(Clone, Copy, Default)]
struct Spread {
    depth: usize,
    root_fields: usize,
    fields: usize,
    /// Nested fields that would be lists, were they introspection's.
    lists: usize,
    /// The same where they are.
    introspection: usize,
}

impl Spread {
    fn of(document: &Document, operation: &OperationDefinition) -> Self {
        let mut measure = Measure {
            fragments: fragments(document),
            known: HashMap::new(),
        };
        measure.selections(selection_set(operation))
    }

    /// Two selections side by side.
    fn and(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            root_fields: self.root_fields.saturating_add(other.root_fields),
            fields: self.fields.saturating_add(other.fields),
            lists: self.lists.max(other.lists),
            introspection: self.introspection.max(other.introspection),
        }
    }

    /// A field around what is selected in it.
    fn under(self, field: &str) -> Self {
        let is_list = matches!(
            field,
            "fields" | "inputFields" | "interfaces" | "possibleTypes"
        );
        let introspects = matches!(field, "__schema" | "__type");
        Self {
            depth: self.depth + 1,
            root_fields: 1,
            fields: self.fields.saturating_add(1),
            lists: self.lists + usize::from(is_list),
            introspection: if introspects {
                self.lists
            } else {
                self.introspection
            },
        }
    }
}

/// Measures each fragment once, however often it is spread: fragments that spread each other twice would otherwise take
/// exponential time, as would whatever comes after.
struct Measure<'d> {
    fragments: HashMap<&'d str, &'d FragmentDefinition>,
    /// `None` while a fragment is being measured: a cycle adds nothing, and validation refuses it.
    known: HashMap<&'d str, Option<Spread>>,
}

impl<'d> Measure<'d> {
    fn selections(&mut self, selections: &'d SelectionSet) -> Spread {
        let mut total = Spread::default();
        for selection in &selections.items {
            let part = match selection {
                Selection::Field(field) => self.selections(&field.selection_set).under(&field.name),
                Selection::InlineFragment(fragment) => self.selections(&fragment.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            };
            total = total.and(part);
        }
        total
    }

    fn fragment(&mut self, name: &'d str) -> Spread {
        if let Some(known) = self.known.get(name) {
            return known.unwrap_or_default();
        }
        let Some(fragment) = self.fragments.get(name).copied() else {
            return Spread::default();
        };
        self.known.insert(name, None);
        let spread = self.selections(&fragment.selection_set);
        self.known.insert(name, Some(spread));
        spread
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn refused(text: &str) -> Option<String> {
        let document = graphql_tools::parser::parse_query::<String>(text)
            .unwrap()
            .into_static();
        let operation = document
            .definitions
            .iter()
            .find_map(|definition| match definition {
                Definition::Operation(operation) => Some(operation),
                Definition::Fragment(_) => None,
            })
            .unwrap();
        let limits = Limits {
            depth: 4,
            aliases: 2,
            directives: 2,
            root_fields: 3,
            fields: 20,
            fragments: 30,
            ..Limits::default()
        };
        let refusal = check_limits(&document, operation, &limits).err()?;
        Some(
            refusal.errors[0].details["limit"]
                .as_str()
                .unwrap()
                .to_owned(),
        )
    }

    #[test]
    fn every_limit_is_named_when_it_is_exceeded() {
        for (text, limit) in [
            ("{ a { b { c { d } } } }", None),
            ("{ a { b { c { d { e } } } } }", Some("depth")),
            (
                "{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { c { d { e } } }",
                Some("depth"),
            ),
            ("{ a b c d }", Some("root_fields")),
            (
                "{ ...F d } fragment F on Query { a b c }",
                Some("root_fields"),
            ),
            ("{ x: a y: a z: a }", Some("aliases")),
            (
                "{ a @include(if: true) @skip(if: true) b @skip(if: true) }",
                Some("directives"),
            ),
            ("{ a { ...F } } fragment F on T { ...F }", None),
            ("{ a { fields { fields { fields } } } }", None),
        ] {
            assert_eq!(refused(text).as_deref(), limit, "{text}");
        }
    }

    #[test]
    fn fragments_that_double_are_measured_in_linear_time() {
        let mut text = "{ a { ...F0 } } ".to_owned();
        for level in 0..29 {
            let next = level + 1;
            let _ = write!(text, "fragment F{level} on T {{ ...F{next} ...F{next} }} ");
        }
        text.push_str("fragment F29 on T { b }");
        assert_eq!(refused(&text).as_deref(), Some("fields"));
    }
}
