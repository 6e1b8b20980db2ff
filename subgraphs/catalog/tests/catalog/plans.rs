//! What the hottest queries cost on a filled table, told by PostgreSQL's own counters rather than by a clock.

use std::time::Duration;

use coko_catalog::Config;
use coko_core::config::DatabaseConfig;
use serde_json::{Value, json};

use crate::support::{Catalogue, nodes};

const BOOKS: i64 = 20_000;

/// Twenty thousand books with contributors, categories, prices and documents, read through a single connection.
async fn filled() -> Catalogue {
    let catalogue = Catalogue::with(|database| Config {
        database: DatabaseConfig {
            database_pool: 1,
            ..DatabaseConfig::new(database)
        },
        meilisearch: None,
    })
    .await;
    let id = |table: &str, n: &str| format!("md5('{table}' || {n})::uuid");
    let (book, author, category) = (
        id("book", "n"),
        id("author", "(n % 3000)"),
        id("category", "(n % 50)"),
    );
    catalogue
        .execute(&format!(
            "INSERT INTO authors (id, slug, name, sort_name, created_at, updated_at)
                SELECT {}, 'author-' || n, 'Author ' || md5(n::text), md5(n::text), now(), now() FROM generate_series(0, 2999) n;
             INSERT INTO publishers (id, slug, name, created_at, updated_at)
                SELECT {}, 'house-' || n, 'House ' || md5(n::text), now(), now() FROM generate_series(0, 4999) n;
             INSERT INTO series (id, slug, name, created_at, updated_at)
                SELECT {}, 'series-' || n, 'Series ' || md5(n::text), now(), now() FROM generate_series(0, 2999) n;
             INSERT INTO categories (id, slug, path, name_fr, name_en, created_at, updated_at)
                SELECT {}, 'category-' || n, ARRAY[{}], 'C', 'C', now(), now() FROM generate_series(0, 49) n;
             INSERT INTO books (id, slug, title, language, format, status, isbn, is_featured, publisher_id, series_id, published_at,
                                publication_date, publication_precision, popularity, created_at, updated_at)
                SELECT {book}, 'book-' || n, md5(n::text) || ' ' || md5((n % 500)::text), 'fr', 'EPUB', 'PUBLISHED', CASE n WHEN 5 THEN '9780439023481' END,
                       n % 1000 = 0, {}, {}, now() - n * interval '1 minute', DATE '1900-01-01' + n % 40000, 'DAY', n::float8 / 7, now(), now()
                FROM generate_series(1, {BOOKS}) n;
             INSERT INTO book_stats (book_id) SELECT id FROM books;
             INSERT INTO book_contributors SELECT {book}, {author}, 'AUTHOR', 0 FROM generate_series(1, {BOOKS}) n;
             INSERT INTO book_categories SELECT {book}, {category}, 0 FROM generate_series(1, {BOOKS}) n;
             INSERT INTO book_prices SELECT id, 'XOF', 1500 FROM books;
             INSERT INTO book_sources SELECT 'test', n::text, {book}, '\\x00', now() FROM generate_series(1, {BOOKS}) n;",
            id("author", "n"), id("house", "n"), id("series", "n"), id("category", "n"), id("category", "n"),
            id("house", "(n % 5000)"), id("series", "(n % 3000)"),
        ))
        .await;
    coko_catalog::reindex(
        &Config {
            database: catalogue.database.config(),
            meilisearch: None,
        },
        |_, _| {},
    )
    .await
    .unwrap();
    catalogue.execute("VACUUM ANALYZE").await;
    catalogue
}

/// Statistics of a session reach the shared counters once a second, with the end of a statement.
async fn flush(catalogue: &Catalogue) {
    tokio::time::sleep(Duration::from_millis(1100)).await;
    catalogue
        .guest()
        .run("{ category(slug: \"nothing\") { id } book(slug: \"nothing\") { id } }")
        .await
        .ok();
}

async fn sequential(catalogue: &Catalogue) -> Vec<String> {
    catalogue
        .lines("SELECT relname || '=' || seq_scan AS line FROM pg_stat_user_tables WHERE relname IN ('books', 'book_search', 'book_contributors', 'book_categories', 'book_prices', 'book_stats', 'book_sources', 'authors', 'publishers', 'series') ORDER BY relname")
        .await
}

#[tokio::test]
async fn no_hot_query_reads_a_table_from_end_to_end() {
    let catalogue = filled().await;
    let guest = catalogue.guest();
    let word = catalogue
        .lines("SELECT split_part(title, ' ', 2) AS line FROM books WHERE slug = 'book-77'")
        .await
        .remove(0);
    let typo = format!("{}x{}", &word[..15], &word[16..]);
    let cursor = |answer: &Value| answer["books"]["pageInfo"]["endCursor"].clone();
    let ids: Vec<Value> = catalogue
        .lines("SELECT id::text AS line FROM books LIMIT 20")
        .await
        .into_iter()
        .map(|id| json!({ "__typename": "Book", "id": id }))
        .collect();
    let author = catalogue
        .lines("SELECT id::text AS line FROM authors LIMIT 1")
        .await
        .remove(0);
    let category = catalogue
        .lines("SELECT id::text AS line FROM categories LIMIT 1")
        .await
        .remove(0);
    guest.run("{ categories { id } }").await.ok();
    flush(&catalogue).await;
    let before = sequential(&catalogue).await;
    let whole = "id title authors { name } categories { slug } publisher { name } series { name } prices { amount } stats { downloads }";
    for (query, variables) in [
        ("{ book(slug: \"book-5\") { title } }".to_owned(), json!({})),
        ("{ book(isbn: \"9780439023481\") { title } }".to_owned(), json!({})),
        (format!("query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Book {{ {whole} }} }} }}"), json!({ "r": ids })),
        (format!("query($id: ID!) {{ author(id: $id) {{ books(first: 20) {{ nodes {{ {whole} }} }} }} }}"), json!({ "id": author })),
        (format!("query($id: ID!) {{ category(id: $id) {{ books(first: 20) {{ nodes {{ {whole} }} }} }} }}"), json!({ "id": category })),
        (format!("{{ publisher(slug: \"house-5\") {{ books(first: 20) {{ nodes {{ {whole} }} }} }} }}"), json!({})),
        (format!("{{ series(slug: \"series-5\") {{ books {{ {whole} }} }} }}"), json!({})),
        ("{ featured(first: 20) { nodes { id } } newReleases(first: 20) { nodes { id } } }".to_owned(), json!({})),
        ("query($q: String!) { searchBooks(query: $q) { books { nodes { title } } facets { totalCount } } suggest(query: $q) { text } }".to_owned(), json!({ "q": word })),
        ("query($q: String!) { searchBooks(query: $q) { books { nodes { title } } facets { totalCount } } }".to_owned(), json!({ "q": typo })),
        ("{ authors(first: 20) { nodes { name } } publishers(first: 20) { nodes { name } } allSeries(first: 20) { nodes { name } } }".to_owned(), json!({})),
    ] {
        let answer = guest.run_with(&query, variables).await;
        answer.ok();
    }
    for sort in [
        "POPULARITY",
        "NEWEST",
        "TITLE",
        "LATEST_WORK",
        "OLDEST_WORK",
    ] {
        let query = format!(
            "query($a: String) {{ books(sort: {sort}, first: 20, after: $a) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
        );
        let first = guest.run(&query).await.ok().clone();
        guest
            .run_with(&query, json!({ "a": cursor(&first) }))
            .await
            .ok();
    }
    flush(&catalogue).await;
    assert_eq!(sequential(&catalogue).await, before);
}

#[tokio::test]
async fn a_page_deep_down_reads_as_few_rows_as_the_first() {
    let catalogue = filled().await;
    let guest = catalogue.guest();
    let read = || async {
        flush(&catalogue).await;
        catalogue.number("SELECT sum(idx_tup_fetch + seq_tup_read)::bigint AS number FROM pg_stat_user_tables WHERE relname = 'books'").await
    };
    let query = "query($a: String) { books(sort: TITLE, first: 100, after: $a) { nodes { id } pageInfo { endCursor hasNextPage } } }";
    let mut cursor = json!(null);
    let mut costs = Vec::new();
    for page in 0..190 {
        let measured = page == 0 || page == 189;
        let before = if measured { read().await } else { 0 };
        let answer = guest.run_with(query, json!({ "a": cursor })).await;
        let answer = answer.ok()["books"].clone();
        assert_eq!(nodes(&answer, "id").len(), 100);
        cursor = answer["pageInfo"]["endCursor"].clone();
        if measured {
            costs.push(read().await - before);
        }
    }
    assert!(costs[0] >= 100 && costs[0] <= 110, "{costs:?}");
    assert!(costs[1] <= costs[0] + 5, "{costs:?}");
}
