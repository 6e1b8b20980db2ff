//! What a search finds, in which order, and how it divides.

use std::collections::{BTreeMap, HashSet};

use serde_json::json;

use crate::support::{Catalogue, nodes};

async fn titles(catalogue: &Catalogue, query: &str) -> Vec<String> {
    let document =
        "query($q: String!) { searchBooks(query: $q, first: 10) { books { nodes { title } } } }";
    let answer = catalogue
        .guest()
        .run_with(document, json!({ "q": query }))
        .await;
    nodes(&answer.ok()["searchBooks"]["books"], "title")
}

#[tokio::test]
async fn accents_case_typing_errors_and_prefixes_are_forgiven() {
    let catalogue = Catalogue::sampled().await;
    for (query, expected) in [
        ("enfant noir", "L'Enfant noir"),
        ("L’ENFANT NOIR", "L'Enfant noir"),
        ("l'enfnat noir", "L'Enfant noir"),
        ("camara laye", "L'Enfant noir"),
        ("camarra laye", "L'Enfant noir"),
        ("enf", "L'Enfant noir"),
        ("9782266178945", "L'Enfant noir"),
    ] {
        let found = titles(&catalogue, query).await;
        assert_eq!(
            found.first().map(String::as_str),
            Some(expected),
            "{query}: {found:?}"
        );
    }
    assert_eq!(
        titles(&catalogue, "miserables").await,
        titles(&catalogue, "misérables").await
    );
    assert!(titles(&catalogue, "zzzzqqqq").await.is_empty());
    assert!(titles(&catalogue, "!!").await.is_empty());
}

#[tokio::test]
async fn pages_of_hits_meet_every_hit_once_both_ways() {
    let catalogue = Catalogue::sampled().await;
    let guest = catalogue.guest();
    for query in ["roman", "enfnat"] {
        let whole = guest.run_with("query($q: String!) { searchBooks(query: $q, first: 100) { books { nodes { id } } facets { totalCount } } }", json!({ "q": query })).await;
        let whole = whole.ok()["searchBooks"].clone();
        let expected = nodes(&whole["books"], "id");
        assert_eq!(
            whole["facets"]["totalCount"],
            json!(expected.len()),
            "{query}"
        );
        let mut walked = Vec::new();
        let mut cursor = json!(null);
        let mut last = json!(null);
        loop {
            let page = guest.run_with("query($q: String!, $a: String) { searchBooks(query: $q, first: 2, after: $a) { books { nodes { id } pageInfo { hasNextPage endCursor startCursor } } } }", json!({ "q": query, "a": cursor })).await;
            let page = page.ok()["searchBooks"]["books"].clone();
            walked.extend(nodes(&page, "id"));
            if page["pageInfo"]["endCursor"] != json!(null) {
                last = page["pageInfo"]["endCursor"].clone();
            }
            cursor = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        assert_eq!(walked, expected, "{query}");
        let back = guest.run_with("query($q: String!, $b: String) { searchBooks(query: $q, last: 100, before: $b) { books { nodes { id } } } }", json!({ "q": query, "b": last })).await;
        let mut back = nodes(&back.ok()["searchBooks"]["books"], "id");
        back.extend(expected.last().cloned());
        assert_eq!(back, expected, "{query}");
    }
}

/// A small shelf with every facet, in which one word stands in every title.
async fn shelf() -> Catalogue {
    let catalogue = Catalogue::sampled().await;
    catalogue.execute("UPDATE books SET title = title || ' facette'; UPDATE books SET format = 'PDF' WHERE length(title) % 3 = 0").await;
    let config = coko_catalog::Config {
        database: catalogue.database.config(),
        meilisearch: None,
    };
    coko_catalog::reindex(&config, |_, _| {}).await.unwrap();
    catalogue
}

#[tokio::test]
async fn facets_are_what_counting_one_by_one_gives() {
    let catalogue = shelf().await;
    let guest = catalogue.guest();
    let fiction = catalogue
        .lines("SELECT id::text AS line FROM categories WHERE slug = 'fiction'")
        .await
        .remove(0);
    // Each facet is counted under all filters but its own.
    let conditions = BTreeMap::from([
        ("languages", "language = 'fr'".to_owned()),
        ("formats", "format = 'PDF'".to_owned()),
        (
            "categories",
            format!("category_ids @> ARRAY['{fiction}'::uuid]"),
        ),
        (
            "priceBands",
            "price_band IN ('FREE', 'FROM_1000', 'FROM_2500')".to_owned(),
        ),
    ]);
    let filter = json!({ "languages": ["fr"], "formats": ["PDF"], "categoryIds": [fiction], "priceBands": ["FREE", "FROM_1000", "FROM_2500"] });
    let query = "query($f: SearchFilter) { searchBooks(query: \"facette\", filter: $f, first: 100) { books { nodes { id } } facets { totalCount languages { language count } formats { format count } categories { category { id } count } priceBands { band count } authors { author { id } count } } } }";
    let answer = guest.run_with(query, json!({ "f": filter })).await;
    let results = answer.ok()["searchBooks"].clone();
    let all = conditions
        .values()
        .cloned()
        .collect::<Vec<_>>()
        .join(" AND ");
    let total = catalogue
        .number(&format!(
            "SELECT count(*) AS number FROM book_search WHERE {all}"
        ))
        .await;
    assert!(total > 3, "{total}");
    assert_eq!(results["facets"]["totalCount"], json!(total));
    assert_eq!(
        i64::try_from(nodes(&results["books"], "id").len()).unwrap(),
        total
    );
    for (facet, key, expression, from) in [
        ("languages", "language", "language", "book_search"),
        ("formats", "format", "format", "book_search"),
        ("priceBands", "band", "price_band", "book_search"),
        (
            "categories",
            "category",
            "node::text",
            "book_search CROSS JOIN unnest(category_ids) node",
        ),
        (
            "authors",
            "author",
            "node::text",
            "book_search CROSS JOIN unnest(author_ids) node",
        ),
    ] {
        let others: Vec<String> = conditions
            .iter()
            .filter(|(name, _)| **name != facet)
            .map(|(_, condition)| condition.clone())
            .collect();
        let expected: HashSet<String> = catalogue
            .lines(&format!("SELECT {expression} || '=' || count(*) AS line FROM {from} WHERE {} GROUP BY {expression} ORDER BY count(*) DESC, {expression} LIMIT 20", others.join(" AND ")))
            .await
            .into_iter()
            .collect();
        let found: HashSet<String> = results["facets"][facet]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let value = entry[key]
                    .as_str()
                    .or_else(|| entry[key]["id"].as_str())
                    .unwrap();
                format!("{value}={}", entry["count"])
            })
            .collect();
        assert_eq!(found, expected, "{facet}");
        assert!(!found.is_empty());
    }
}

#[tokio::test]
async fn suggestions_complete_what_is_typed() {
    let catalogue = Catalogue::sampled().await;
    let guest = catalogue.guest();
    for (typed, expected) in [
        ("l'enf", "L'Enfant noir"),
        ("camara l", "L'Enfant noir"),
        ("enfnat", "L'Enfant noir"),
    ] {
        let answer = guest
            .run_with(
                "query($q: String!) { suggest(query: $q, first: 5) { text book { slug } } }",
                json!({ "q": typed }),
            )
            .await;
        let texts: Vec<&str> = answer.ok()["suggest"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["text"].as_str())
            .collect();
        assert!(texts.contains(&expected), "{typed}: {texts:?}");
    }
}
