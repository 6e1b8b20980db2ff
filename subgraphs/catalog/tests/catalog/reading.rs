//! What readers ask: lists, single books, entities, who sees drafts.

use std::collections::HashSet;

use serde_json::json;

use crate::support::{Catalogue, nodes};

#[tokio::test]
async fn a_book_is_whole() {
    let catalogue = Catalogue::sampled().await;
    let query = r#"{ book(slug: "l-enfant-noir") {
        title language isbn pageCount format isFree isFeatured status version publishedAt updatedAt
        publicationDate { value year precision } contributors { role author { name born biography books(first: 1) { nodes { title } } } }
        authors { name } categories { slug name thema ancestors { slug } parent { slug } } publisher { name books(first: 1) { nodes { id } } }
        prices { amount currency formatted } price(currency: EUR) { amount formatted } cover(size: SMALL) metadata
        stats { downloads rating ratingCount reviewCount } } }"#;
    let answer = catalogue.guest().with_language("fr").run(query).await;
    let book = &answer.ok()["book"];
    assert_eq!(book["title"], "L'Enfant noir");
    assert_eq!(
        book["publicationDate"],
        json!({ "value": "1953", "year": 1953, "precision": "YEAR" })
    );
    assert_eq!(book["authors"], json!([{ "name": "Camara Laye" }]));
    assert_eq!(book["categories"][0]["name"], "Classiques");
    assert_eq!(book["categories"][0]["ancestors"][0]["slug"], "fiction");
    assert_eq!(book["price"]["amount"], 399);
    assert_eq!(
        book["prices"][0]["formatted"],
        "2\u{202f}500\u{a0}F\u{a0}CFA"
    );
    assert_eq!(book["stats"]["rating"], json!(null));
    assert!(book["cover"].as_str().unwrap().ends_with("/160.svg"));
}

#[tokio::test]
async fn ways_to_name_a_book_are_exclusive() {
    let catalogue = Catalogue::sampled().await;
    let guest = catalogue.guest();
    let answer = guest
        .run(r#"{ book(isbn: "978-2-266-17894-5") { slug } }"#)
        .await;
    assert_eq!(answer.ok()["book"]["slug"], "l-enfant-noir");
    for (query, code) in [
        ("{ book { id } }", "VALIDATION_FAILED"),
        (
            r#"{ book(id: "x", slug: "y") { id } }"#,
            "VALIDATION_FAILED",
        ),
        (r#"{ book(isbn: "123") { id } }"#, "VALIDATION_FAILED"),
        ("{ author { id } }", "VALIDATION_FAILED"),
    ] {
        assert_eq!(guest.run(query).await.codes(), [code], "{query}");
    }
    for query in [
        r#"{ book(id: "nonsense") { id } }"#,
        r#"{ book(slug: "' OR 1=1 --") { id } }"#,
    ] {
        assert_eq!(guest.run(query).await.ok()["book"], json!(null));
    }
}

#[tokio::test]
async fn every_list_answers_and_pages() {
    let catalogue = Catalogue::sampled().await;
    let guest = catalogue.guest();
    for list in [
        "authors",
        "publishers",
        "allSeries",
        "featured",
        "newReleases",
        "books",
    ] {
        let answer = guest.run(&format!("{{ {list}(first: 3) {{ nodes {{ id slug }} pageInfo {{ hasNextPage endCursor }} }} }}")).await;
        let page = &answer.ok()[list];
        assert!(!nodes(page, "id").is_empty(), "{list}: {page}");
        if page["pageInfo"]["hasNextPage"] == json!(true) {
            let query = format!(
                "query($a: String) {{ {list}(first: 3, after: $a) {{ nodes {{ id }} pageInfo {{ hasPreviousPage }} }} }}"
            );
            let next = guest
                .run_with(&query, json!({ "a": page["pageInfo"]["endCursor"] }))
                .await;
            let next = &next.ok()[list];
            assert!(
                nodes(page, "id")
                    .iter()
                    .all(|id| !nodes(next, "id").contains(id)),
                "{list}"
            );
            assert_eq!(next["pageInfo"]["hasPreviousPage"], true);
        }
    }
    let answer = guest
        .run(r#"{ authors(name: "bâ") { nodes { name } } }"#)
        .await;
    assert!(
        nodes(&answer.ok()["authors"], "name").contains(&"Mariama Bâ".to_owned()),
        "{:?}",
        answer.body
    );
    let answer = guest.run(r#"{ categories { slug children { slug } } category(slug: "fiction") { id books(first: 2) { nodes { id } } } }"#).await;
    assert_eq!(answer.ok()["categories"][0]["slug"], "fiction");
    assert_eq!(nodes(&answer.ok()["category"]["books"], "id").len(), 2);
}

#[tokio::test]
async fn pages_in_every_order_meet_every_book_once_both_ways() {
    let catalogue = Catalogue::sampled().await;
    let guest = catalogue.guest();
    for sort in [
        "POPULARITY",
        "NEWEST",
        "TITLE",
        "LATEST_WORK",
        "OLDEST_WORK",
    ] {
        let mut forward = Vec::new();
        let mut cursor = json!(null);
        loop {
            let query = format!(
                "query($a: String) {{ books(sort: {sort}, first: 17, after: $a) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            let answer = guest.run_with(&query, json!({ "a": cursor })).await;
            let page = answer.ok()["books"].clone();
            forward.extend(nodes(&page, "id"));
            cursor = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        let mut backward: Vec<String> = Vec::new();
        let mut cursor = json!(null);
        loop {
            let query = format!(
                "query($b: String) {{ books(sort: {sort}, last: 17, before: $b) {{ nodes {{ id }} pageInfo {{ hasPreviousPage startCursor }} }} }}"
            );
            let answer = guest.run_with(&query, json!({ "b": cursor })).await;
            let page = answer.ok()["books"].clone();
            let mut ids = nodes(&page, "id");
            ids.extend(backward);
            backward = ids;
            cursor = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == json!(false) {
                break;
            }
        }
        assert_eq!(forward, backward, "{sort}");
        assert_eq!(forward.iter().collect::<HashSet<_>>().len(), forward.len());
        assert_eq!(
            i64::try_from(forward.len()).unwrap(),
            catalogue
                .number("SELECT count(*) AS number FROM books")
                .await
        );
    }
}

#[tokio::test]
async fn pages_stay_in_step_while_books_arrive() {
    let catalogue = Catalogue::sampled().await;
    let guest = catalogue.guest();
    let page = "query($a: String) { books(sort: TITLE, first: 10, after: $a) { nodes { id } pageInfo { endCursor } } }";
    let first = guest.run(page).await.ok()["books"].clone();
    catalogue.published("AAA arrives before everything").await;
    let second = guest
        .run_with(page, json!({ "a": first["pageInfo"]["endCursor"] }))
        .await
        .ok()["books"]
        .clone();
    let seen = nodes(&first, "id");
    assert!(nodes(&second, "id").iter().all(|id| !seen.contains(id)));
}

#[tokio::test]
async fn filters_narrow() {
    let catalogue = Catalogue::sampled().await;
    let guest = catalogue.guest();
    for (filter, condition) in [
        (r#"{ languages: ["en"] }"#, "language = 'en'"),
        ("{ isFree: true }", "is_free"),
        ("{ isFeatured: true }", "is_featured"),
        (
            "{ yearFrom: 1950, yearTo: 1969 }",
            "extract(year FROM publication_date) BETWEEN 1950 AND 1969",
        ),
        (
            "{ maxPrice: { amount: 2000, currency: XOF } }",
            "is_free OR EXISTS (SELECT 1 FROM book_prices p WHERE p.book_id = books.id AND currency = 'XOF' AND amount <= 2000)",
        ),
        ("{ formats: [PDF] }", "format = 'PDF'"),
    ] {
        let answer = guest
            .run(&format!(
                "{{ books(first: 100, filter: {filter}) {{ nodes {{ id }} }} }}"
            ))
            .await;
        let found = i64::try_from(nodes(&answer.ok()["books"], "id").len()).unwrap();
        let expected = catalogue
            .number(&format!(
                "SELECT count(*) AS number FROM books WHERE {condition}"
            ))
            .await;
        assert_eq!(found, expected.min(100), "{filter}");
    }
}

#[tokio::test]
async fn drafts_and_withdrawn_books_are_for_their_editors() {
    let catalogue = Catalogue::new().await;
    let draft = catalogue
        .draft(&catalogue.publisher(), "Un brouillon")
        .await;
    let id = draft["id"].as_str().unwrap();
    let single = format!("{{ book(id: \"{id}\") {{ title }} }}");
    let by_slug = format!("{{ book(slug: {}) {{ title }} }}", draft["slug"]);
    let entity = format!(
        "{{ _entities(representations: [{{ __typename: \"Book\", id: \"{id}\" }}]) {{ ... on Book {{ title }} }} }}"
    );
    let list = "{ books(filter: { status: DRAFT }) { nodes { id } } }";
    for query in [&single, &by_slug] {
        assert_eq!(
            catalogue.publisher().run(query).await.ok()["book"]["title"],
            "Un brouillon"
        );
        assert_eq!(
            catalogue.admin().run(query).await.ok()["book"]["title"],
            "Un brouillon"
        );
        for other in [
            catalogue.guest(),
            catalogue.rival(),
            catalogue.user(crate::support::PUBLISHER, &["books:read"]),
        ] {
            assert_eq!(other.run(query).await.ok()["book"], json!(null));
        }
    }
    assert_eq!(
        catalogue.guest().run(&entity).await.ok()["_entities"],
        json!([null])
    );
    assert_eq!(
        catalogue.publisher().run(&entity).await.ok()["_entities"][0]["title"],
        "Un brouillon"
    );
    assert_eq!(
        nodes(&catalogue.publisher().run(list).await.ok()["books"], "id"),
        [id]
    );
    assert_eq!(
        nodes(&catalogue.admin().run(list).await.ok()["books"], "id"),
        [id]
    );
    assert!(nodes(&catalogue.rival().run(list).await.ok()["books"], "id").is_empty());
    assert_eq!(
        catalogue.guest().run(list).await.codes(),
        ["UNAUTHENTICATED"]
    );
    assert_eq!(
        catalogue
            .user(crate::support::RIVAL, &["books:read"])
            .run(list)
            .await
            .codes(),
        ["FORBIDDEN"]
    );
}

#[tokio::test]
async fn entities_come_in_one_query_each_and_in_order() {
    let catalogue = Catalogue::sampled().await;
    let ids = catalogue
        .lines("SELECT id::text AS line FROM books ORDER BY title LIMIT 50")
        .await;
    let mut representations: Vec<_> = ids
        .iter()
        .map(|id| json!({ "__typename": "Book", "id": id }))
        .collect();
    representations.insert(
        3,
        json!({ "__typename": "Book", "id": "00000000-0000-0000-0000-000000000000" }),
    );
    let query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Book { id authors { name } prices { amount } publisher { name } } } }";
    let answer = catalogue
        .guest()
        .run_with(query, json!({ "r": representations }))
        .await;
    let entities = answer.ok()["_entities"].as_array().unwrap().clone();
    assert_eq!(entities[3], json!(null));
    assert_eq!(entities[4]["id"], json!(ids[3]));
    assert_eq!(entities.len(), 51);
    for kind in ["Author", "Category", "Publisher", "Series"] {
        let query = format!(
            "{{ _entities(representations: [{{ __typename: \"{kind}\", id: \"nonsense\" }}]) {{ __typename }} }}"
        );
        assert_eq!(
            catalogue.guest().run(&query).await.ok()["_entities"],
            json!([null]),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn hostile_arguments_get_a_code() {
    let catalogue = Catalogue::sampled().await;
    let guest = catalogue.guest();
    let foreign = guest
        .run("{ authors(first: 1) { pageInfo { endCursor } } }")
        .await
        .ok()["authors"]["pageInfo"]["endCursor"]
        .clone();
    for (query, variables) in [
        ("{ books(first: 100000) { nodes { id } } }", json!({})),
        ("{ books(first: 0) { nodes { id } } }", json!({})),
        ("{ books(first: 2, last: 2) { nodes { id } } }", json!({})),
        (
            "query($a: String) { books(after: $a) { nodes { id } } }",
            json!({ "a": foreign }),
        ),
        (
            "query($a: String) { searchBooks(query: \"dune\", after: $a) { books { nodes { id } } } }",
            json!({ "a": foreign }),
        ),
        (
            "{ searchBooks(query: \"a\") { books { nodes { id } } } }",
            json!({}),
        ),
        (
            "query($q: String!) { searchBooks(query: $q) { books { nodes { id } } } }",
            json!({ "q": "x".repeat(5000) }),
        ),
        (
            "query($q: String!) { searchBooks(query: $q) { books { nodes { id } } } }",
            json!({ "q": "a\u{0}b" }),
        ),
        (
            "{ suggest(query: \"dune\", first: 1000) { text } }",
            json!({}),
        ),
        (
            "{ books(filter: { languages: [\"'; DROP TABLE books\"] }) { nodes { id } } }",
            json!({}),
        ),
        (
            "{ books(filter: { yearFrom: 99999999 }) { nodes { id } } }",
            json!({}),
        ),
    ] {
        assert_eq!(
            guest.run_with(query, variables).await.codes(),
            ["VALIDATION_FAILED"],
            "{query}"
        );
    }
    for text in [
        "'; DROP TABLE books; --",
        "<script>alert(1)</script>",
        "a & | ! ( ) : * \\ %",
        "%_%",
        "\u{1f4da}\u{1f4da}",
        "((((((((",
        "NULL",
        "'':*",
    ] {
        let query = "query($q: String!) { searchBooks(query: $q) { books { nodes { id } } facets { totalCount } } suggest(query: $q) { text } authors(name: $q) { nodes { id } } }";
        guest.run_with(query, json!({ "q": text })).await.ok();
    }
    assert!(
        catalogue
            .number("SELECT count(*) AS number FROM books")
            .await
            >= 60
    );
}
