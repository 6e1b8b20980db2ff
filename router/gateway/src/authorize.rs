//! Stage 8: may the caller ask for these fields?
//!
//! `@authenticated`, `@requiresScopes` and `@policy` of the supergraph are enforced on the whole operation: one field that
//! the caller may not ask for refuses all of it, with an error per field and before anything is fetched. A partial answer
//! would hide a programming mistake of the client. Scopes are the viewer's rights (`books:read`), policies its roles unless
//! the configuration has a rule for them; what
//! concerns single objects (my order, my annotation) is decided by the subgraphs, which authorise again in any case.
//! `@skip` and `@include` are not considered.

use std::collections::{BTreeMap, HashMap, HashSet};

use coko_core::Code;
use coko_core::identity::{OperationKind as CoreKind, Viewer};
use coko_executor::OperationKind;
use graphql_tools::parser::query::TypeCondition;
use graphql_tools::static_graphql::query::{
    Document, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use http::{HeaderValue, StatusCode, header};

use crate::config::{Audience, PolicyRule};
use crate::context::{Glance, RequestContext};
use crate::document::{fragments, selection_set};
use crate::field_table::{Alternatives, FieldTable, Requirement};
use crate::prepare::Prepared;
use crate::refusal::{GraphQLError, Level, Refusal};

/// Policies' rules by name.
type Rules = BTreeMap<String, PolicyRule>;

/// What an operation's fields demand of the caller, each with where it was first asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Demands(Vec<Demanded>);

#[derive(Clone, Debug, PartialEq)]
struct Demanded {
    /// `Type.field`.
    coordinate: String,
    path: Vec<String>,
    requirement: Requirement,
}

impl Demands {
    /// Collects the demands of a valid operation.
    pub(crate) fn of(
        table: &FieldTable,
        document: &Document,
        operation: &OperationDefinition,
        kind: OperationKind,
    ) -> Self {
        let mut collector = Collector {
            table,
            fragments: fragments(document),
            seen: HashSet::new(),
            path: Vec::new(),
            found: Vec::new(),
        };
        collector.selections(table.root(kind), selection_set(operation));
        Self(collector.found)
    }

    /// Whether anybody may ask for everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The demands that `viewer` does not meet, as errors.
    fn unmet(&self, viewer: &Viewer, authenticated: bool, rules: &Rules) -> Vec<GraphQLError> {
        let code = if authenticated {
            Code::Forbidden
        } else {
            Code::Unauthenticated
        };
        self.0
            .iter()
            .filter(|demanded| !meets(viewer, authenticated, rules, &demanded.requirement))
            .map(|demanded| {
                let message = if authenticated {
                    format!(
                        "The access token does not permit asking for {}.",
                        demanded.coordinate
                    )
                } else {
                    format!("{} needs a valid access token.", demanded.coordinate)
                };
                let mut error = GraphQLError::new(code, message);
                error.path.clone_from(&demanded.path);
                error
            })
            .collect()
    }
}

fn meets(viewer: &Viewer, authenticated: bool, rules: &Rules, requirement: &Requirement) -> bool {
    let scope = |scope: &String| {
        scope
            .split_once(':')
            .is_some_and(|(resource, action)| viewer.can(resource, action))
    };
    let policy = |policy: &String| match rules.get(policy) {
        None => viewer.roles.contains(policy),
        Some(rule) => {
            rule.any_token
                || rule.roles.iter().any(|role| viewer.roles.contains(role))
                || rule.rights.iter().any(scope)
        }
    };
    authenticated
        && requirement
            .scopes
            .iter()
            .all(|scopes| any_of(scopes, scope))
        && requirement
            .policies
            .iter()
            .all(|policies| any_of(policies, policy))
}

/// One of the alternatives, with everything in it.
fn any_of(alternatives: &Alternatives, holds: impl Fn(&String) -> bool) -> bool {
    alternatives
        .iter()
        .any(|together| together.iter().all(&holds))
}

/// Lets the operation pass if the caller meets every demand.
///
/// # Errors
/// `UNAUTHENTICATED` or `FORBIDDEN`, one error per field; `FORBIDDEN` for introspection that is not open to the caller.
pub(crate) fn authorize(context: &RequestContext, prepared: Prepared) -> Result<Prepared, Refusal> {
    let operation = &prepared.operation;
    let authenticated = context.is_authenticated();
    // A narrowed token was checked against a glance at the document. The parser has the last word, manifests may have
    // changed meanwhile, and a difference between then and now would be a way around the token.
    let glanced = Glance {
        hash: Some(operation.hash.clone()),
        kind: Some(core_kind(operation.kind)),
    };
    if context.viewer.attenuated && context.glance != glanced {
        return Err(Refusal::http(
            Code::Forbidden,
            "The access token does not permit this operation.",
        ));
    }
    if operation.normalized.has_introspection()
        && !is_among(context, context.engine.config.introspection)
    {
        return Err(Refusal::http(
            Code::Forbidden,
            "Introspection is not open to this caller.",
        ));
    }
    if context.explain && !is_among(context, context.engine.config.plan_audience()) {
        return Err(Refusal::http(
            Code::Forbidden,
            "Query plans are not open to this caller.",
        ));
    }
    let unmet = operation.demands.unmet(
        &context.viewer,
        authenticated,
        &context.engine.config.policies,
    );
    if let Some(first) = unmet.first() {
        let status = first.code.http_status();
        let refusal = Refusal {
            level: Level::Http(status),
            errors: unmet,
            headers: Vec::new(),
        };
        return Err(if status == StatusCode::UNAUTHORIZED {
            refusal.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        } else {
            refusal
        });
    }
    Ok(prepared)
}

/// Whether the caller belongs to the audience.
fn is_among(context: &RequestContext, audience: Audience) -> bool {
    match audience {
        Audience::Everyone => true,
        Audience::Authenticated => context.is_authenticated(),
        Audience::Nobody => false,
    }
}

/// The kind as core names it.
pub(crate) fn core_kind(kind: OperationKind) -> CoreKind {
    match kind {
        OperationKind::Query => CoreKind::Query,
        OperationKind::Mutation => CoreKind::Mutation,
        OperationKind::Subscription => CoreKind::Subscription,
    }
}

struct Collector<'d> {
    table: &'d FieldTable,
    fragments: HashMap<&'d str, &'d FragmentDefinition>,
    /// Type and field that were looked at.
    seen: HashSet<(String, &'d str)>,
    path: Vec<String>,
    found: Vec<Demanded>,
}

impl<'d> Collector<'d> {
    fn selections(&mut self, parent: &str, selections: &'d SelectionSet) {
        for selection in &selections.items {
            match selection {
                Selection::Field(field) => {
                    let Some(entry) = self.table.field(parent, &field.name) else {
                        continue;
                    };
                    self.path
                        .push(field.alias.as_ref().unwrap_or(&field.name).clone());
                    if self.seen.insert((parent.to_owned(), &field.name)) {
                        let requirement = self.table.requirement(parent, &field.name);
                        if !requirement.is_empty() {
                            let coordinate = format!("{parent}.{}", field.name);
                            self.found.push(Demanded {
                                coordinate,
                                path: self.path.clone(),
                                requirement,
                            });
                        }
                    }
                    self.selections(&entry.type_name, &field.selection_set);
                    self.path.pop();
                }
                Selection::InlineFragment(fragment) => {
                    let parent = match &fragment.type_condition {
                        Some(TypeCondition::On(name)) => name,
                        None => parent,
                    };
                    self.selections(parent, &fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) =
                        self.fragments.get(spread.fragment_name.as_str()).copied()
                    {
                        let TypeCondition::On(parent) = &fragment.type_condition;
                        self.selections(parent, &fragment.selection_set);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coko_core::identity::Principal;
    use graphql_tools::parser::query::Definition;

    const SCHEMA: &str = r#"
        type Query {
            open: Int
            me: User @authenticated
            node: Node
            sales: Int @requiresScopes(scopes: [["sales:read", "books:read"], ["system:read"]])
            staff: Int @policy(policies: [["admin"], ["moderator"]])
            vault: Int @policy(policies: [["trusted"]])
            song: Song
        }
        interface Sound { length: Int @authenticated }
        type Song implements Sound { title: String length: Int }
        interface Node { id: ID }
        type User implements Node @authenticated { id: ID email: String @requiresScopes(scopes: [["users:read"]]) }
        type Book implements Node { id: ID price: Money }
        scalar Money @requiresScopes(scopes: [["prices:read"]])
    "#;

    fn unmet(text: &str, viewer: &Viewer) -> Vec<(Code, String)> {
        let schema = graphql_tools::parser::parse_schema::<String>(SCHEMA)
            .unwrap()
            .into_static();
        let document = graphql_tools::parser::parse_query::<String>(text)
            .unwrap()
            .into_static();
        let Definition::Operation(operation) = &document.definitions[0] else {
            panic!("no operation")
        };
        let demands = Demands::of(
            &FieldTable::read(&schema),
            &document,
            operation,
            OperationKind::Query,
        );
        let authenticated = viewer.principal != Principal::Guest;
        let rules = Rules::from([(
            "trusted".to_owned(),
            PolicyRule {
                roles: vec!["elder".to_owned()],
                rights: vec!["trust:read".to_owned()],
                any_token: false,
            },
        )]);
        demands
            .unmet(viewer, authenticated, &rules)
            .into_iter()
            .map(|error| (error.code, error.path.join(".")))
            .collect()
    }

    fn user(rights: &[&str], roles: &[&str]) -> Viewer {
        let mut viewer = Viewer::guest();
        viewer.principal = Principal::Partner {
            partner: "p".into(),
            client: "c".into(),
        };
        viewer.rights = rights.iter().map(|right| right.parse().unwrap()).collect();
        viewer.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        viewer
    }

    #[test]
    fn each_demand_has_its_path_and_code() {
        let guest = Viewer::guest();
        assert_eq!(unmet("{ open }", &guest), []);
        let refused = |path: &str, code| vec![(code, path.to_owned())];
        assert_eq!(
            unmet("{ open x: me { __typename } }", &guest),
            refused("x", Code::Unauthenticated)
        );
        assert_eq!(
            unmet("{ sales }", &user(&["sales:read"], &[])),
            refused("sales", Code::Forbidden)
        );
        assert_eq!(
            unmet("{ sales }", &user(&["sales:read", "books:read"], &[])),
            []
        );
        assert_eq!(unmet("{ sales }", &user(&["system:*"], &[])), []);
        assert_eq!(
            unmet("{ staff }", &user(&[], &["user"])),
            refused("staff", Code::Forbidden)
        );
        assert_eq!(unmet("{ staff }", &user(&[], &["moderator"])), []);
        // A policy with a rule is met by what the rule says, and no longer by the role of its name.
        assert_eq!(
            unmet("{ vault }", &user(&[], &["trusted"])),
            refused("vault", Code::Forbidden)
        );
        assert_eq!(unmet("{ vault }", &user(&[], &["elder"])), []);
        assert_eq!(unmet("{ vault }", &user(&["trust:read"], &[])), []);
    }

    #[test]
    fn an_interface_and_a_fragment_are_no_way_around() {
        let guest = Viewer::guest();
        assert_eq!(
            unmet("{ node { id } }", &guest),
            vec![(Code::Unauthenticated, "node.id".to_owned())]
        );
        assert_eq!(
            unmet("{ song { title length } }", &guest),
            vec![(Code::Unauthenticated, "song.length".to_owned())]
        );
        let text = "{ node { ...F } } fragment F on User { email } ";
        assert_eq!(
            unmet(text, &user(&[], &[])),
            vec![(Code::Forbidden, "node.email".to_owned())]
        );
        assert_eq!(unmet(text, &user(&["users:read"], &[])), []);
        assert_eq!(
            unmet("{ node { ... on Book { price } } }", &user(&[], &[])),
            vec![(Code::Forbidden, "node.price".to_owned())]
        );
    }
}
