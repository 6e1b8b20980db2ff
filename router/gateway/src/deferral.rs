//! Where `@defer` may stand: the rules of the draft of incremental delivery, as graphql-js has them.

use std::collections::{HashMap, HashSet};

use graphql_tools::parser::Pos;
use graphql_tools::static_graphql::query::{
    Definition, Directive, Document, FragmentDefinition, OperationDefinition, Selection,
    SelectionSet, TypeCondition, Value,
};
use graphql_tools::static_graphql::schema::Document as Schema;
use graphql_tools::validation::utils::ValidationError;

use crate::document::{fragments, selection_set};

/// Finds every `@defer` that is not where, or not labelled as, it may be.
pub(crate) fn misplaced(document: &Document, schema: &Schema, found: &mut Vec<ValidationError>) {
    let mut rules = Rules {
        fragments: fragments(document),
        // The draft lets no root field of these come later.
        roots: [schema.mutation_type_name(), schema.subscription_type_name()],
        labels: HashMap::new(),
        found,
    };
    for definition in &document.definitions {
        match definition {
            Definition::Operation(operation) => {
                let root = match operation {
                    OperationDefinition::Mutation(_) => schema.mutation_type_name(),
                    OperationDefinition::Subscription(_) => schema.subscription_type_name(),
                    OperationDefinition::Query(_) | OperationDefinition::SelectionSet(_) => None,
                };
                let selections = selection_set(operation);
                rules.selections(selections, root);
                if let OperationDefinition::Subscription(_) = operation {
                    rules.subscription(selections, &mut HashSet::new());
                }
            }
            Definition::Fragment(fragment) => {
                let TypeCondition::On(name) = &fragment.type_condition;
                let root = rules.root(name);
                rules.selections(&fragment.selection_set, root);
            }
        }
    }
}

struct Rules<'d, 'f> {
    fragments: HashMap<&'d str, &'d FragmentDefinition>,
    /// The types of mutations and subscriptions.
    roots: [Option<&'d String>; 2],
    /// Where each label was met first.
    labels: HashMap<&'d str, Pos>,
    found: &'f mut Vec<ValidationError>,
}

impl<'d> Rules<'d, '_> {
    fn root(&self, name: &str) -> Option<&'d String> {
        let mut roots = self.roots.into_iter().flatten();
        roots.find(|root| *root == name)
    }

    /// Looks at the directives below; `root` is the type of mutations or subscriptions where these are its fields.
    fn selections(&mut self, selections: &'d SelectionSet, root: Option<&'d String>) {
        for selection in &selections.items {
            match selection {
                Selection::Field(field) => self.selections(&field.selection_set, None),
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives, root);
                    let root = match &fragment.type_condition {
                        Some(TypeCondition::On(name)) => self.root(name),
                        None => root,
                    };
                    self.selections(&fragment.selection_set, root);
                }
                Selection::FragmentSpread(spread) => self.directives(&spread.directives, root),
            }
        }
    }

    fn directives(&mut self, directives: &'d [Directive], root: Option<&'d String>) {
        for directive in deferring(directives) {
            if let Some(root) = root {
                let kind = if Some(root) == self.roots[0] {
                    "mutation"
                } else {
                    "subscription"
                };
                let message =
                    format!("Defer directive cannot be used on root {kind} type \"{root}\".");
                self.report(
                    "DeferStreamDirectiveOnRootField",
                    message,
                    &[directive.position],
                );
            }
            let rule = "DeferStreamDirectiveLabel";
            match argument(directive, "label") {
                None => {}
                Some(Value::String(label)) => {
                    let first = *self.labels.entry(label).or_insert(directive.position);
                    if first != directive.position {
                        let message = "Value for arguments \"defer(label:)\" and \"stream(label:)\" must be unique across \
                                       all Defer/Stream directive usages.";
                        self.report(rule, message.to_owned(), &[first, directive.position]);
                    }
                }
                Some(_) => {
                    let message = "Argument \"@defer(label:)\" must be a static string.";
                    self.report(rule, message.to_owned(), &[directive.position]);
                }
            }
        }
    }

    /// Nothing of a subscription's events may come later: whoever shares a fragment with a query says so by a variable.
    fn subscription(&mut self, selections: &'d SelectionSet, met: &mut HashSet<&'d str>) {
        for selection in &selections.items {
            let (directives, inside) = match selection {
                Selection::Field(field) => (&[][..], Some(&field.selection_set)),
                Selection::InlineFragment(fragment) => {
                    (&fragment.directives[..], Some(&fragment.selection_set))
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    let fragment = self.fragments.get(name).filter(|_| met.insert(name));
                    let inside = fragment.map(|fragment| &fragment.selection_set);
                    (&spread.directives[..], inside)
                }
            };
            for directive in deferring(directives) {
                let may_be_off = matches!(
                    argument(directive, "if"),
                    Some(Value::Boolean(false) | Value::Variable(_))
                );
                if !may_be_off {
                    let message = "Defer directive not supported on subscription operations. Disable `@defer` by \
                                   setting the `if` argument to `false`.";
                    let rule = "DeferStreamDirectiveOnValidOperations";
                    self.report(rule, message.to_owned(), &[directive.position]);
                }
            }
            if let Some(inside) = inside {
                self.subscription(inside, met);
            }
        }
    }

    fn report(&mut self, rule: &'static str, message: String, places: &[Pos]) {
        self.found.push(ValidationError {
            error_code: rule,
            locations: places.to_vec(),
            message,
        });
    }
}

fn deferring(directives: &[Directive]) -> impl Iterator<Item = &Directive> {
    directives
        .iter()
        .filter(|directive| directive.name == "defer")
}

fn argument<'d>(directive: &'d Directive, name: &str) -> Option<&'d Value> {
    let mut arguments = directive.arguments.iter();
    let (_, value) = arguments.find(|(known, _)| known == name)?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "type Query { a: A } type Mutation { a: A b: Query } type Subscription { a: A } type A { x: Int }";

    fn rules(text: &str) -> Vec<&'static str> {
        let schema = graphql_tools::parser::parse_schema::<String>(SCHEMA)
            .unwrap()
            .into_static();
        let document = graphql_tools::parser::parse_query::<String>(text)
            .unwrap()
            .into_static();
        let mut found = Vec::new();
        misplaced(&document, &schema, &mut found);
        found.into_iter().map(|error| error.error_code).collect()
    }

    #[test]
    fn each_rule_finds_what_it_is_about() {
        const ROOT: &str = "DeferStreamDirectiveOnRootField";
        const LABEL: &str = "DeferStreamDirectiveLabel";
        const OPERATION: &str = "DeferStreamDirectiveOnValidOperations";
        let cases: &[(&str, &[&str])] = &[
            (
                "{ ... @defer { a { x } } a { ... @defer(label: \"l\") { x } } }",
                &[],
            ),
            (
                "mutation { a { ... @defer { x } } b { ... @defer { a { x } } } }",
                &[],
            ),
            ("mutation { ... @defer { a { x } } }", &[ROOT]),
            (
                "mutation { ...F @defer } fragment F on Mutation { a { x } }",
                &[ROOT],
            ),
            (
                "mutation { ...F } fragment F on Mutation { ... @defer { a { x } } }",
                &[ROOT],
            ),
            (
                "subscription { ... @defer(if: false) { a { x } } }",
                &[ROOT],
            ),
            ("subscription { a { ... @defer { x } } }", &[OPERATION]),
            (
                "subscription { a { ...F } } fragment F on A { ... @defer(if: true) { x } }",
                &[OPERATION],
            ),
            (
                "subscription($v: Boolean!) { a { ...F } } fragment F on A { ... @defer(if: $v) { x } }",
                &[],
            ),
            (
                "{ a { ... @defer(label: \"l\") { x } ... @defer(label: \"l\") { x } } }",
                &[LABEL],
            ),
            (
                "query($l: String) { a { ... @defer(label: $l) { x } } }",
                &[LABEL],
            ),
            ("{ a { ... @defer(label: null) { x } } }", &[LABEL]),
            (
                "{ a { ...F ...F } } fragment F on A { ... @defer(label: \"l\") { x } }",
                &[],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(rules(text), *expected, "{text}");
        }
    }
}
