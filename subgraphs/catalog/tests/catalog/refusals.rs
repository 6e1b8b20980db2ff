//! Every code of every mutation: what the schema declares is what can be driven out of it, no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use coko_core::testkit::GraphqlClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Catalogue, author, codes, create};

/// The codes that answers gave, by mutation.
#[derive(Default)]
struct Seen(BTreeMap<String, BTreeSet<String>>);

impl Seen {
    /// Runs `mutation` with `base` changed in each of these ways, all of which it must refuse.
    async fn refuse(
        &mut self,
        client: &GraphqlClient,
        mutation: &str,
        base: &Value,
        changes: &[Value],
    ) {
        let name = mutation[..1].to_uppercase() + &mutation[1..];
        let document = format!(
            "mutation($i: {name}Input!) {{ {mutation}(input: $i) {{ errors {{ code message }} }} }}"
        );
        for change in changes {
            let input = with(base, change);
            let answer = client.run_with(&document, json!({ "i": input })).await;
            let payload = &answer.ok()[mutation];
            assert!(!codes(payload).is_empty(), "{mutation} took {change}");
            let message = payload["errors"][0]["message"].as_str().unwrap();
            assert!(
                !message.contains("catalog-") && !message.contains('$'),
                "{message}"
            );
            let seen = self.0.entry(format!("{name}ErrorCode")).or_default();
            seen.extend(codes(payload).into_iter().map(str::to_owned));
        }
    }
}

fn with(base: &Value, change: &Value) -> Value {
    let mut input = base.clone();
    for (name, value) in change.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

/// The values of each `…ErrorCode` in the schema.
fn declared() -> BTreeMap<String, BTreeSet<String>> {
    let sdl = coko_catalog::sdl();
    let mut declared = BTreeMap::new();
    for block in sdl.split("\nenum ").skip(1) {
        let name = block.split([' ', '{']).next().unwrap();
        if name.ends_with("ErrorCode") {
            let body = block.split("\n}").next().unwrap();
            let values = body.lines().skip(1).map(str::trim).filter(|line| {
                !line.is_empty() && line.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
            });
            declared.insert(name.to_owned(), values.map(str::to_owned).collect());
        }
    }
    declared
}

fn ids(count: u128) -> Vec<String> {
    (1..=count)
        .map(|n| Uuid::from_u128(n).to_string())
        .collect()
}

/// What no text in `field` may be.
fn bad_texts(field: &str) -> [Value; 3] {
    [
        json!({ field: "" }),
        json!({ field: "x".repeat(30_000) }),
        json!({ field: "a\u{7}b" }),
    ]
}

/// A thing that does not exist, and a version that is not the newest.
fn stale() -> [Value; 2] {
    [json!({ "id": ids(1)[0] }), json!({ "version": 99 })]
}

/// What no book may say of itself.
fn bad_books(author: &Value) -> Vec<Value> {
    let nobody = &ids(1)[0];
    let mut changes = bad_texts("title").to_vec();
    changes.extend([
        json!({ "isbn": "978-0-439-02348-2" }),
        json!({ "isbn": "9780439023481" }),
        json!({ "slug": "Not A Slug" }),
        json!({ "slug": "pris" }),
        json!({ "language": "klingon language" }),
        json!({ "publicationDate": "soon" }),
        json!({ "pageCount": -1 }),
        json!({ "sampleUrl": "http://plain.example" }),
        json!({ "categoryIds": ids(21) }),
        json!({ "categoryIds": [nobody] }),
        json!({ "contributors": [{ "authorId": author }, { "authorId": author }] }),
        json!({ "contributors": [{ "authorId": nobody }] }),
        json!({ "publisherId": nobody }),
        json!({ "series": { "seriesId": nobody } }),
    ]);
    changes
}

async fn made(client: &GraphqlClient, noun: &str, field: &str, input: Value) -> Value {
    let document = format!(
        "mutation($i: Create{noun}Input!) {{ create{noun}(input: $i) {{ {field} {{ id version }} errors {{ code }} }} }}"
    );
    let answer = client.run_with(&document, json!({ "i": input })).await;
    let payload = &answer.ok()[format!("create{noun}")];
    assert_eq!(payload["errors"], json!([]));
    json!({ "id": payload[field]["id"], "version": payload[field]["version"] })
}

async fn books(catalogue: &Catalogue, seen: &mut Seen) {
    let admin = catalogue.admin();
    let someone = author(&admin, "Someone").await;
    let taken =
        json!({ "title": "Pris", "language": "fr", "isbn": "9780439023481", "slug": "pris" });
    create(&admin, taken).await;
    let new = json!({ "title": "Un titre", "language": "fr" });
    let price = json!([{ "amount": 1, "currency": "XOF" }]);
    let draft = create(&admin, with(&new, &json!({ "prices": price }))).await;
    let free = create(&admin, with(&new, &json!({ "isFree": true }))).await;
    let shelved = catalogue.published("Au rayon").await;
    let at = |book: &Value| json!({ "id": book["id"], "version": book["version"] });
    let bad = bad_books(&someone);

    let negative = json!({ "prices": [{ "amount": -1, "currency": "XOF" }] });
    let priced = json!({ "prices": price });
    seen.refuse(&admin, "createBook", &new, &bad).await;
    let free_priced = with(&priced, &json!({ "isFree": true }));
    let more = [negative.clone(), free_priced];
    seen.refuse(&admin, "createBook", &new, &more).await;

    for (mutation, base) in [
        ("updateBook", with(&at(&draft), &json!({}))),
        ("publishBook", at(&draft)),
        ("withdrawBook", at(&shelved)),
        ("deleteBook", at(&draft)),
        ("setBookPrices", with(&at(&draft), &json!({ "prices": [] }))),
        (
            "setBookCategories",
            with(&at(&draft), &json!({ "categoryIds": [] })),
        ),
    ] {
        seen.refuse(&admin, mutation, &base, &stale()).await;
    }
    seen.refuse(&admin, "updateBook", &at(&draft), &bad).await;
    let freed = [json!({ "isFree": true })];
    seen.refuse(&admin, "updateBook", &at(&draft), &freed).await;
    let bare = [json!({ "contributors": [] })];
    seen.refuse(&admin, "updateBook", &at(&shelved), &bare)
        .await;
    for book in [&draft, &shelved] {
        seen.refuse(&admin, "publishBook", &at(book), &[json!({})])
            .await;
    }
    seen.refuse(&admin, "withdrawBook", &at(&draft), &[json!({})])
        .await;
    let twice = json!([{ "amount": 1, "currency": "XOF" }, { "amount": 2, "currency": "XOF" }]);
    let huge = json!([{ "amount": 2_000_000_000, "currency": "XOF" }]);
    let prices = [
        negative,
        json!({ "prices": twice }),
        json!({ "prices": huge }),
    ];
    seen.refuse(&admin, "setBookPrices", &at(&draft), &prices)
        .await;
    seen.refuse(&admin, "setBookPrices", &at(&free), &[priced])
        .await;
    let one = &ids(1)[0];
    let categories = [
        json!({ "categoryIds": ids(21) }),
        json!({ "categoryIds": [one, one] }),
        json!({ "categoryIds": [one] }),
    ];
    seen.refuse(&admin, "setBookCategories", &at(&draft), &categories)
        .await;
}

async fn people(catalogue: &Catalogue, seen: &mut Seen) {
    let admin = catalogue.admin();
    let new = json!({ "name": "Quelqu'un" });
    let mut bad = bad_texts("name").to_vec();
    bad.push(json!({ "country": "Senegal" }));
    let mut bad_authors = bad.clone();
    bad_authors.extend([json!({ "photoUrl": "ftp://x" }), json!({ "born": 9999 })]);
    let mut bad_houses = bad;
    bad_houses.push(json!({ "website": "ftp://x" }));
    let mut bad_series = bad_texts("name").to_vec();
    bad_series.push(json!({ "publisherId": ids(1)[0] }));
    for (noun, field, bad) in [
        ("Author", "author", bad_authors),
        ("Publisher", "publisher", bad_houses),
        ("Series", "series", bad_series),
    ] {
        seen.refuse(&admin, &format!("create{noun}"), &new, &bad)
            .await;
        let old = made(&admin, noun, field, new.clone()).await;
        let update = format!("update{noun}");
        seen.refuse(&admin, &update, &old, &bad).await;
        seen.refuse(&admin, &update, &old, &stale()).await;
        if noun == "Publisher" {
            let crowd = [json!({ "memberIds": ids(201) })];
            seen.refuse(&admin, &update, &old, &crowd).await;
        }
    }
}

async fn shelves(catalogue: &Catalogue, seen: &mut Seen) {
    let admin = catalogue.admin();
    let mut chain: Vec<Value> = Vec::new();
    for level in 0..8 {
        let name = format!("Niveau {level}");
        let parent = chain.last().map(|parent| parent["id"].clone());
        let input = json!({ "nameFr": name, "nameEn": name, "parentId": parent });
        chain.push(made(&admin, "Category", "category", input).await);
    }
    let new = json!({ "nameFr": "À part", "nameEn": "Apart" });
    let apart = made(&admin, "Category", "category", new.clone()).await;
    let mut bad = bad_texts("nameFr").to_vec();
    bad.extend([
        json!({ "slug": "Not A Slug" }),
        json!({ "slug": "niveau-0" }),
        json!({ "thema": "nope" }),
        json!({ "parentId": ids(1)[0] }),
        json!({ "parentId": chain[7]["id"] }),
    ]);
    seen.refuse(&admin, "createCategory", &new, &bad).await;
    seen.refuse(&admin, "updateCategory", &apart, &bad).await;
    seen.refuse(&admin, "updateCategory", &apart, &stale())
        .await;
    let below_itself = [json!({ "parentId": chain[7]["id"] })];
    seen.refuse(&admin, "updateCategory", &chain[0], &below_itself)
        .await;
}

#[tokio::test]
async fn each_mutation_declares_the_refusals_that_it_makes() {
    let catalogue = Catalogue::new().await;
    let mut seen = Seen::default();
    books(&catalogue, &mut seen).await;
    people(&catalogue, &mut seen).await;
    shelves(&catalogue, &mut seen).await;
    assert_eq!(seen.0, declared());
}
