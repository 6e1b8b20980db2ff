//! Demand control: what an operation may cost at most, computed before it is planned.
//!
//! After the cost specification (<https://ibm.github.io/graphql-specs/cost-spec.html>) as Apollo's `@cost` and `@listSize`
//! put it: a field that returns a composite costs 1, a leaf 0, a mutation's root field 10 more, unless `@cost` says
//! otherwise; what is in a list counts once per item. A list is as long as its slicing arguments say (`first`, `last`,
//! or those of `@listSize`), else as `assumedSize`, else as the configuration assumes. Fields under several type
//! conditions all count, and `@skip`/`@include` are not considered: the figure is an upper bound.

use std::collections::HashMap;

use coko_executor::OperationKind;
use graphql_tools::parser::query::TypeCondition;
use graphql_tools::static_graphql::query::{
    Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet, Value,
};

use crate::document::{fragments, selection_set};
use crate::field_table::{FieldTable, ListSize};

const MUTATION_WEIGHT: u64 = 10;

/// The cost of an operation as a function of its variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// The field's key in the answer.
    pub(crate) key: String,
    pub(crate) weight: u64,
    size: Size,
    pub(crate) children: Vec<Term>,
}

/// How often a term counts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Size {
    Once,
    Fixed(u64),
    /// The largest of what the slicing arguments are given, or else the fallback.
    Sliced {
        given: Vec<Given>,
        fallback: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    Literal(u64),
    Variable(String),
}

impl Demand {
    /// Derives the cost of `operation`, which is valid and within its limits.
    pub(crate) fn of(
        table: &FieldTable,
        document: &Document,
        operation: &OperationDefinition,
        kind: OperationKind,
        assumed_list_size: u64,
    ) -> Self {
        let deriver = Deriver {
            table,
            fragments: fragments(document),
            assumed_list_size,
        };
        let root = table.root(kind);
        let mut terms = Vec::new();
        deriver.selections(root, selection_set(operation), None, &mut terms);
        if kind == OperationKind::Mutation {
            for term in &mut terms {
                term.weight = term.weight.saturating_add(MUTATION_WEIGHT);
            }
        }
        Self { terms }
    }

    /// The cost with these variables; `variable` answers the integer value of one, if it has one. Defaults have been filled
    /// in before.
    pub(crate) fn evaluate(&self, variable: &impl Fn(&str) -> Option<i64>) -> u64 {
        total(&self.terms, variable)
    }
}

fn total(terms: &[Term], variable: &impl Fn(&str) -> Option<i64>) -> u64 {
    terms.iter().fold(0u64, |sum, term| {
        let once = term.weight.saturating_add(total(&term.children, variable));
        sum.saturating_add(once.saturating_mul(term.size.evaluate(variable)))
    })
}

impl Size {
    fn evaluate(&self, variable: &impl Fn(&str) -> Option<i64>) -> u64 {
        match self {
            Self::Once => 1,
            Self::Fixed(size) => *size,
            Self::Sliced { given, fallback } => given
                .iter()
                .map(|given| match given {
                    Given::Literal(size) => *size,
                    // Null, or not given at all: the subgraph takes what it thinks right.
                    Given::Variable(name) => {
                        variable(name).map_or(*fallback, |value| u64::try_from(value).unwrap_or(0))
                    }
                })
                .max()
                .unwrap_or(*fallback),
        }
    }
}

struct Deriver<'d> {
    table: &'d FieldTable,
    fragments: HashMap<&'d str, &'d FragmentDefinition>,
    assumed_list_size: u64,
}

impl<'d> Deriver<'d> {
    /// `sized` is the size that a connection hands to some of its fields.
    fn selections(
        &self,
        parent: &str,
        selections: &'d SelectionSet,
        sized: Option<(&ListSize, &Size)>,
        terms: &mut Vec<Term>,
    ) {
        for selection in &selections.items {
            match selection {
                Selection::Field(field) => terms.push(self.field(parent, field, sized)),
                Selection::InlineFragment(fragment) => {
                    let parent = match &fragment.type_condition {
                        Some(TypeCondition::On(name)) => name,
                        None => parent,
                    };
                    self.selections(parent, &fragment.selection_set, sized, terms);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(spread.fragment_name.as_str()) {
                        let TypeCondition::On(parent) = &fragment.type_condition;
                        self.selections(parent, &fragment.selection_set, sized, terms);
                    }
                }
            }
        }
    }

    fn field(&self, parent: &str, field: &'d Field, sized: Option<(&ListSize, &Size)>) -> Term {
        let key = field.alias.as_ref().unwrap_or(&field.name).clone();
        let Some(entry) = self.table.field(parent, &field.name) else {
            // Introspection and `__typename` are answered here and cost nothing.
            return Term {
                key,
                weight: 0,
                size: Size::Once,
                children: Vec::new(),
            };
        };
        let returned = self.table.type_entry(&entry.type_name);
        let composite = u64::from(returned.is_some_and(|returned| returned.is_composite));
        let mut weight = entry
            .weight
            .or_else(|| returned.and_then(|returned| returned.weight))
            .unwrap_or(composite);
        for (argument, argument_weight) in &entry.argument_weights {
            if field.arguments.iter().any(|(name, _)| name == argument) {
                weight = weight.saturating_add(*argument_weight);
            }
        }
        let inherited = sized
            .filter(|(list, _)| list.sized_fields.contains(&field.name))
            .map(|(_, size)| size.clone());
        let own = entry
            .list_size
            .as_ref()
            .map(|list| (list, self.size(list, field, &entry.integer_defaults)));
        let hands_on = own
            .as_ref()
            .filter(|(list, _)| !list.sized_fields.is_empty());
        let size = match (&own, inherited) {
            (_, Some(size)) => size,
            (Some((_, size)), None) if entry.is_list && hands_on.is_none() => size.clone(),
            _ if entry.is_list => Size::Fixed(self.assumed_list_size),
            _ => Size::Once,
        };
        let mut children = Vec::new();
        let handed = hands_on.map(|(list, size)| (*list, size));
        self.selections(
            &entry.type_name,
            &field.selection_set,
            handed,
            &mut children,
        );
        Term {
            key,
            weight,
            size,
            children,
        }
    }

    fn size(&self, list: &ListSize, field: &Field, defaults: &HashMap<String, u64>) -> Size {
        let fallback = list
            .assumed
            .or_else(|| {
                list.slicing
                    .iter()
                    .filter_map(|name| defaults.get(name))
                    .copied()
                    .filter(|size| *size > 0)
                    .max()
            })
            .unwrap_or(self.assumed_list_size);
        let given: Vec<Given> = field
            .arguments
            .iter()
            .filter(|(name, _)| list.slicing.contains(name))
            .filter_map(|(_, value)| match value {
                Value::Int(number) => {
                    Some(Given::Literal(u64::try_from(number.as_i64()?).unwrap_or(0)))
                }
                Value::Variable(name) => Some(Given::Variable(name.clone())),
                _ => None,
            })
            .collect();
        if given.is_empty() {
            Size::Fixed(fallback)
        } else {
            Size::Sliced { given, fallback }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use graphql_tools::parser::query::Definition;

    const SCHEMA: &str = r#"
        type Query {
            books(first: Int = 20, last: Int): BookConnection!
            shelf: [Book!]!
            top(n: Int): [Book!]! @listSize(slicingArguments: ["n"], assumedSize: 5)
            one: Book @cost(weight: 7)
            search(text: String @cost(weight: 3)): Book
        }
        type Mutation { add(title: String): Book }
        type BookConnection { edges: [Edge!]! nodes: [Book!]! total: Int! }
        type Edge { node: Book! }
        type Book { title: String! author: Author cover: Image }
        type Author { name: String! books(first: Int): [Book!]! }
        scalar Image @cost(weight: 2)
    "#;

    fn cost_with(text: &str, first: Option<i64>) -> u64 {
        let schema = graphql_tools::parser::parse_schema::<String>(SCHEMA)
            .unwrap()
            .into_static();
        let document = graphql_tools::parser::parse_query::<String>(text)
            .unwrap()
            .into_static();
        let Definition::Operation(operation) = &document.definitions[0] else {
            panic!("no operation")
        };
        let kind = if text.starts_with("mutation") {
            OperationKind::Mutation
        } else {
            OperationKind::Query
        };
        let demand = Demand::of(&FieldTable::read(&schema), &document, operation, kind, 10);
        demand.evaluate(&|name| (name == "first").then_some(first).flatten())
    }

    #[test]
    fn lists_multiply_what_is_in_them() {
        for (text, expected) in [
            ("{ one { title } }", 7),
            ("{ shelf { title author { name } } }", 10 * 2),
            ("{ shelf { cover } }", 10 * 3),
            ("{ top { title } }", 5),
            ("{ top(n: 50) { title } }", 50),
            // The connection itself, then an edge and a node per item.
            ("{ books { edges { node { title } } total } }", 1 + 20 * 2),
            ("{ books(first: 100) { nodes { title } } }", 1 + 100),
            (
                "{ books(first: 3) { nodes { author { books(first: 4) { title } } } } }",
                1 + 3 * (1 + 1 + 4),
            ),
            ("{ search(text: \"x\") { title } }", 4),
            ("{ ...F } fragment F on Query { one { title } }", 7),
            ("{ __typename __schema { types { name } } }", 0),
            ("mutation { add { title } }", 11),
        ] {
            assert_eq!(cost_with(text, None), expected, "{text}");
        }
    }

    #[test]
    fn slicing_arguments_may_be_variables() {
        let text = "query($first: Int = 7) { books(first: $first) { nodes { title } } }";
        assert_eq!(cost_with(text, Some(30)), 31);
        // Null takes the place of the variable's default; the argument's default is the subgraph's to apply.
        assert_eq!(cost_with(text, None), 21);
        assert_eq!(cost_with(text, Some(-4)), 1);
        let huge = "query($first: Int) { shelf { author { books(first: $first) { author { books(first: $first) { title } } } } } }";
        assert_eq!(cost_with(huge, Some(i64::MAX)), u64::MAX);
    }
}
