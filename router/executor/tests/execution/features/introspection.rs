//! Introspection is answered here: no subgraph is asked for it, alone or beside data.

use serde_json::json;

use super::{check, unions::search};
use crate::kit::{Subgraph, World};

#[tokio::test(start_paused = true)]
async fn beside_data() {
    check(
        &search(),
        "introspection",
        "{ __type(name: \"Result\") { kind possibleTypes { name } } search { __typename } __schema { queryType { fields { name } } } }",
        json!({}),
    )
    .await;
}

/// What clients and their tools see: descriptions, deprecations, defaults, `@specifiedBy`, `@oneOf`.
#[test]
fn the_public_schema() {
    let world = World::new(vec![
        Subgraph::new(
            "books",
            "\"\"\"\nWhere reading begins.\n\nAnd ends.\n\"\"\"
             type Query {
               \"Some of them.\"
               books(\"How many.\" first: Int = 10, by: Order = {field: TITLE, down: true}, tags: [String!] = [\"a\", \"b\\\"c\"], old: Int @deprecated(reason: \"use first\")): [Book!]!
               one(by: By!): Book @deprecated
             }
             \"An id or a title.\"
             input By @oneOf { id: ID title: String }
             input Order { \"What by.\" field: Field! = YEAR down: Boolean! = false old: Int = 3 @deprecated(reason: \"gone\") ratio: Float = 1.5 }
             \"What to order by.\"
             enum Field { TITLE \"The year.\" YEAR OLD @deprecated(reason: \"never was\") }
             \"A day.\"
             scalar Date @specifiedBy(url: \"https://scalars.test/date\") @policy(policies: [[\"p\"]])
             interface Node { id: ID! } \"With a title.\" interface Titled implements Node { id: ID! title: String }
             type Book implements Node & Titled @key(fields: \"id\") @tag(name: \"t\") { id: ID! title: String @tag(name: \"t\") published: Date @authenticated kin: Kin }
             \"Relations.\"
             union Kin = Book | Author
             type Author { name: String }",
        ),
        Subgraph::new("stock", "type Book @key(fields: \"id\") { id: ID! copies(at: Date): Int! }"),
    ]);
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("public_schema", world.supergraph.public_sdl());
    });
}
