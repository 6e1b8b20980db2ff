//! Section 6.4 of the specification (completing values, coercing results, errors and their paths), a row for each rule,
//! across two subgraphs. What is expected was written from the specification, not from an answer.

use serde_json::{Value as Json, json};

use crate::kit::{Subgraph, World, summary};

struct Row {
    rule: &'static str,
    /// What the first subgraph has for `t`.
    t: Json,
    /// What the second one has for the entity.
    b: Json,
    query: &'static str,
    /// The whole `data`.
    data: Json,
    /// `path: code service`, sorted.
    errors: &'static [&'static str],
}

fn row(rule: &'static str, t: Json, query: &'static str, data: Json) -> Row {
    Row {
        rule,
        t,
        b: json!({}),
        query,
        data,
        errors: &[],
    }
}

impl Row {
    fn b(mut self, b: Json) -> Self {
        self.b = b;
        self
    }

    fn errors(mut self, errors: &'static [&'static str]) -> Self {
        self.errors = errors;
        self
    }
}

fn fails() -> Json {
    json!({"$error": "it failed", "$code": "CONFLICT"})
}

fn world(row: &Row) -> World {
    let mut t = json!({"__typename": "T", "id": "1"});
    for (key, value) in row.t.as_object().unwrap() {
        t[key] = value.clone();
    }
    let mut b = json!({"__typename": "T", "id": "1"});
    for (key, value) in row.b.as_object().unwrap() {
        b[key] = value.clone();
    }
    World::new(vec![
        Subgraph::new(
            "a",
            "type Query { t: T must: T! many: [T] }
             type T @key(fields: \"id\") { id: ID! n: Int m: Int r: Int! f: Float s: String y: Boolean e: E k: ID
               l: [Int] lr: [Int!] rl: [Int]! rlr: [Int!]! ll: [[Int!]!] lln: [[Int!]]
               c: T cr: T! cs: [T!] cn: [T] u: U i: I }
             union U = T | V type V { v: Int! } interface I { w: Int! } type W implements I { w: Int! }
             enum E { A B }",
        )
        .query(json!({"t": t, "must": t, "many": [t, null, t]})),
        Subgraph::new(
            "b",
            "type T @key(fields: \"id\") { id: ID! bn: Int br: Int! bl: [Int!]! bt: T }",
        )
        .entities(json!([b])),
    ])
}

fn completing() -> Vec<Row> {
    vec![
        row(
            "6.4.3 null is null where it may be",
            json!({"n": null}),
            "{ t { n } }",
            json!({"t": {"n": null}}),
        ),
        row(
            "6.4.3 a list is completed item by item",
            json!({"l": [1, null, 3]}),
            "{ t { l } }",
            json!({"t": {"l": [1, null, 3]}}),
        ),
        row(
            "6.4.3 an empty list is an empty list",
            json!({"lr": [], "rl": []}),
            "{ t { lr rl } }",
            json!({"t": {"lr": [], "rl": []}}),
        ),
        row(
            "6.4.3 what is no list where one must be is an error",
            json!({"l": 1}),
            "{ t { l } }",
            json!({"t": {"l": null}}),
        )
        .errors(&["t.l: INTERNAL a"]),
        row(
            "6.4.3 an object of a union is completed by its type",
            json!({"u": {"__typename": "V", "v": 1}}),
            "{ t { u { __typename ... on V { v } ... on T { n } } } }",
            json!({"t": {"u": {"__typename": "V", "v": 1}}}),
        ),
        row(
            "6.4.3 a type that the union does not have is an error",
            json!({"u": {"__typename": "W", "w": 1}}),
            "{ t { n u { __typename ... on V { v } } } }",
            json!({"t": {"n": null, "u": null}}),
        )
        .errors(&["t.u: INTERNAL -"]),
        row(
            "6.3.2 fields are merged, and stand where they are first",
            json!({"n": 1, "m": 2, "c": {"__typename": "T", "id": "2", "n": 3, "m": 4}}),
            "{ t { c { n } m ...F n } } fragment F on T { c { id m } n }",
            json!({"t": {"c": {"n": 3, "id": "2", "m": 4}, "m": 2, "n": 1}}),
        ),
    ]
}

fn coercing() -> Vec<Row> {
    vec![
        row(
            "3.5.1 an Int is whole and of 32 bits",
            json!({"n": 1.0, "m": 2_147_483_648_i64}),
            "{ t { n m } }",
            json!({"t": {"n": 1, "m": null}}),
        )
        .errors(&["t.m: INTERNAL a"]),
        row(
            "3.5.2 a Float may be whole",
            json!({"f": 3}),
            "{ t { f } }",
            json!({"t": {"f": 3}}),
        ),
        row(
            "3.5.3 a number is no String",
            json!({"s": 3}),
            "{ t { s } }",
            json!({"t": {"s": null}}),
        )
        .errors(&["t.s: INTERNAL a"]),
        row(
            "3.5.4 a number is no Boolean",
            json!({"y": 1}),
            "{ t { y } }",
            json!({"t": {"y": null}}),
        )
        .errors(&["t.y: INTERNAL a"]),
        row(
            "3.5.5 an ID is written as a string",
            json!({"k": 7}),
            "{ t { k } }",
            json!({"t": {"k": "7"}}),
        ),
        row(
            "3.9 an enum has its values only",
            json!({"e": "C"}),
            "{ t { e } }",
            json!({"t": {"e": null}}),
        )
        .errors(&["t.e: INTERNAL a"]),
    ]
}

fn propagating() -> Vec<Row> {
    vec![
        row("6.4.4 a field that fails is null, and its error has its path", json!({"n": fails(), "m": 1}), "{ t { n m } }",
            json!({"t": {"n": null, "m": 1}})).errors(&["t.n: CONFLICT a"]),
        row("6.4.4 a null that may not be makes its parent null", json!({"r": null, "n": 1}), "{ t { n r } }", json!({"t": null}))
            .errors(&["t.r: INTERNAL -"]),
        row("6.4.4 a failed field that may not be null makes its parent null, with the one error", json!({"r": fails()}), "{ t { r } }",
            json!({"t": null})).errors(&["t.r: CONFLICT a"]),
        row("6.4.4 null climbs through every parent that may not be null", json!({"cr": {"__typename": "T", "id": "2", "cr": {"__typename": "T", "id": "3", "r": null}}}),
            "{ t { cr { cr { r } } } }", json!({"t": null})).errors(&["t.cr.cr.r: INTERNAL -"]),
        row("6.4.4 and stops at the first that may", json!({"c": {"__typename": "T", "id": "2", "cr": {"__typename": "T", "id": "3", "r": null}}, "n": 1}),
            "{ t { n c { cr { r } } } }", json!({"t": {"n": 1, "c": null}})).errors(&["t.c.cr.r: INTERNAL -"]),
        row("6.4.4 null climbs to data when nothing stops it", json!({"r": null}), "{ t { n } must { r } }", Json::Null)
            .errors(&["must.r: INTERNAL -"]),
        row("6.4.4 an item that fails is null where items may be", json!({"l": [1, "x", 3]}), "{ t { l } }", json!({"t": {"l": [1, null, 3]}}))
            .errors(&["t.l.1: INTERNAL a"]),
        row("6.4.4 an item that may not be null makes the list null", json!({"lr": [1, null, 3]}), "{ t { lr } }", json!({"t": {"lr": null}}))
            .errors(&["t.lr.1: INTERNAL -"]),
        row("6.4.4 a list that may not be null, of items that may", json!({"rl": [1, null]}), "{ t { rl } }", json!({"t": {"rl": [1, null]}})),
        row("6.4.4 neither list nor items may be null", json!({"rlr": [1, null]}), "{ t { n rlr } }", json!({"t": null}))
            .errors(&["t.rlr.1: INTERNAL -"]),
        row("6.4.4 lists in lists, items and lists not null", json!({"ll": [[1], [2, null]]}), "{ t { ll } }", json!({"t": {"ll": null}}))
            .errors(&["t.ll.1.1: INTERNAL -"]),
        row("6.4.4 lists in lists, inner lists may be null", json!({"lln": [[1], [2, null]]}), "{ t { lln } }", json!({"t": {"lln": [[1], null]}}))
            .errors(&["t.lln.1.1: INTERNAL -"]),
        row("6.4.4 an object of a list of objects that may not be null", json!({"cs": [{"__typename": "T", "id": "2", "r": 1}, {"__typename": "T", "id": "3", "r": null}]}),
            "{ t { cs { r } } }", json!({"t": {"cs": null}})).errors(&["t.cs.1.r: INTERNAL -"]),
        row("6.4.4 an object of a list of objects that may be null", json!({"cn": [{"__typename": "T", "id": "2", "r": 1}, {"__typename": "T", "id": "3", "r": null}]}),
            "{ t { cn { r } } }", json!({"t": {"cn": [{"r": 1}, null]}})).errors(&["t.cn.1.r: INTERNAL -"]),
    ]
}

fn paths() -> Vec<Row> {
    vec![
        row(
            "7.1.2 a path has aliases, not names",
            json!({"n": fails()}),
            "{ x: t { y: n } }",
            json!({"x": {"y": null}}),
        )
        .errors(&["x.y: CONFLICT a"]),
        row(
            "7.1.2 a path has positions in lists",
            json!({"n": fails()}),
            "{ xs: many { y: n } }",
            json!({"xs": [{"y": null}, null, {"y": null}]}),
        )
        .errors(&["xs.0.y: CONFLICT a", "xs.2.y: CONFLICT a"]),
        row(
            "7.1.2 an error of an entity is at every place of the entity",
            json!({}),
            "{ xs: many { y: bn } }",
            json!({"xs": [{"y": null}, null, {"y": null}]}),
        )
        .b(json!({"bn": fails()}))
        .errors(&["xs.0.y: CONFLICT b", "xs.2.y: CONFLICT b"]),
        row(
            "7.1.2 two aliases of one field have an error each",
            json!({"n": fails()}),
            "{ t { p: n q: n } }",
            json!({"t": {"p": null, "q": null}}),
        )
        .errors(&["t.p: CONFLICT a", "t.q: CONFLICT a"]),
        row(
            "6.4.4 errors of two subgraphs on one object are both listed",
            json!({"n": fails()}),
            "{ t { n bn } }",
            json!({"t": {"n": null, "bn": null}}),
        )
        .b(json!({"bn": fails()}))
        .errors(&["t.bn: CONFLICT b", "t.n: CONFLICT a"]),
        row(
            "6.4.4 what another subgraph brings may make the object null",
            json!({"n": 1}),
            "{ t { n br } }",
            json!({"t": null}),
        )
        .b(json!({"br": null}))
        .errors(&["t.br: INTERNAL -"]),
        row(
            "6.4.4 an entity that is not there has null for what was asked of it",
            json!({"c": {"__typename": "T", "id": "9", "n": 1}}),
            "{ t { c { n bn } } }",
            json!({"t": {"c": {"n": 1, "bn": null}}}),
        ),
        row(
            "6.4.4 and that is an error where null may not be",
            json!({"c": {"__typename": "T", "id": "9", "n": 1}}),
            "{ t { c { n br } } }",
            json!({"t": {"c": null}}),
        )
        .errors(&["t.c.br: INTERNAL -"]),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_rule_of_the_table() {
    let mut faults = Vec::new();
    let rows = [completing(), coercing(), propagating(), paths()];
    for row in rows.into_iter().flatten() {
        let answer = world(&row).run(row.query).await;
        // Compared as text: the order of keys is a rule too.
        let (data, expected) = (answer["data"].to_string(), row.data.to_string());
        let errors = summary(&answer);
        if data != expected || errors != row.errors {
            faults.push(format!(
                "{}\n  {}\n  {answer}\n  expected {expected} {:?}",
                row.rule, row.query, row.errors
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
