//! What a reader with a hundred thousand annotations costs, told by PostgreSQL's own counters rather than by a clock.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Library, PHONE, READER, highlight, push, v7, was_at};

const ANNOTATIONS: i64 = 100_000;

fn book(number: i64) -> Uuid {
    Uuid::from_u128(0xeeee_0000_0000 + u128::try_from(number).unwrap())
}

/// A reader with a hundred thousand annotations in fifty books and five thousand books, among other readers, over a single
/// connection.
async fn filled() -> Library {
    let library = Library::with(1).await;
    let stamp = "jsonb_build_object('w', 1700000000000, 'p', 1700000000000, 'c', 0, 'd', '00000000-0000-0000-0000-0000cccc0001')";
    // 0xeeee_0000_0000 in decimal.
    let book = |n: &str| format!("lpad(to_hex(262705969627136 + {n}), 32, '0')::uuid");
    let locator = "jsonb_build_object('href', 'text/ch1.xhtml', 'type', 'application/xhtml+xml', 'locations', jsonb_build_object('totalProgression', (n % 1000) / 1000.0))";
    let other = "md5('reader' || n % 2000)::uuid";
    let annotation = |reader: &str, id: &str, of: &str| {
        format!(
            "INSERT INTO annotations (id, user_id, book_id, kind, locator, progression, quote, note, colour, privacy, deleted, stamps, created_at, updated_at, sequence)
             SELECT md5('{id}' || n)::uuid, {reader}, {}, 'HIGHLIGHT', {locator}, (n % 1000) / 1000.0, 'quote ' || n, 'note', 'YELLOW', 'PRIVATE', false,
                    jsonb_build_object('passage', {stamp}, 'note', {stamp}, 'colour', {stamp}), now(), now(), n",
            book(of),
        )
    };
    library
        .execute(&format!(
            "SET statement_timeout = 0;
             INSERT INTO books (book_id, version, title, authors, language, page_count, is_free, on_shelf, deleted)
                SELECT {book_n}, 1, 'Book ' || n, ARRAY['A'], 'fr', 200, false, true, false FROM generate_series(0, 29999) n;
             INSERT INTO readers (user_id, sequence, annotations) VALUES ('{READER}', 200000, 0);
             INSERT INTO readers (user_id, sequence) SELECT DISTINCT {other}, 200000 FROM generate_series(0, 1999) n;
             {own} FROM generate_series(1, {ANNOTATIONS}) n;
             {others} FROM generate_series(1, 50000) n;
             INSERT INTO library_items (user_id, book_id, removed, status, listed, added_at, sequence)
                SELECT '{READER}', {book_n}, false, 'READING', true, now() - n * interval '1 minute', 100001 + n FROM generate_series(0, 4999) n;
             INSERT INTO library_items (user_id, book_id, removed, status, listed, added_at, sequence)
                SELECT {other}, {book_n}, false, 'READING', true, now(), 100001 + n FROM generate_series(0, 29999) n;
             INSERT INTO entitlements (user_id, book_id, source, source_id, granted_at)
                SELECT user_id, book_id, 'PURCHASED', md5(user_id::text || book_id)::uuid, now() FROM library_items;
             INSERT INTO progress (id, user_id, book_id, device_id, locator, progression, stamp, read_at, furthest_locator, furthest_progression, furthest_stamp, sequence)
                SELECT md5('p' || n)::uuid, '{READER}', {book_n}, '{PHONE}', {locator}, 0.5, {stamp}, now(), {locator}, 0.5, {stamp}, 110001 + n FROM generate_series(0, 4999) n;
             INSERT INTO progress (id, user_id, book_id, device_id, locator, progression, stamp, read_at, furthest_locator, furthest_progression, furthest_stamp, sequence)
                SELECT md5('q' || n)::uuid, {other}, {book_n}, '{PHONE}', {locator}, 0.5, {stamp}, now(), {locator}, 0.5, {stamp}, 140001 + n FROM generate_series(0, 29999) n;
             INSERT INTO reading_days SELECT {other}, DATE '2026-12-01' + n / 2000, 600, 5, 1, 0 FROM generate_series(0, 59999) n;
             INSERT INTO reading_days SELECT '{READER}', DATE '2015-01-01' + n, 600, 5, 1, 0 FROM generate_series(0, 3999) n;
             INSERT INTO clamps SELECT '{READER}', '{PHONE}', n, 0, n FROM generate_series(0, 4999) n;",
            book_n = book("n"),
            own = annotation(&format!("'{READER}'::uuid"), "own", "(n % 50)"),
            others = annotation(other, "other", "(n % 5000)"),
        ))
        .await;
    library.execute("VACUUM ANALYZE").await;
    library
}

/// Statistics of a session reach the shared counters once a second, with the end of a statement.
async fn flush(library: &Library) {
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let query = format!("{{ annotation(id: \"{}\") {{ id }} }}", Uuid::nil());
    library.guest().run(&query).await.ok();
}

const TABLES: &str = "'annotations', 'progress', 'library_items', 'entitlements', 'books', 'readers', 'reading_days', 'clamps'";

async fn sequential(library: &Library) -> Vec<String> {
    let sql = format!(
        "SELECT relname || '=' || seq_scan AS line FROM pg_stat_user_tables WHERE relname IN ({TABLES}) ORDER BY relname"
    );
    library.lines(&sql).await
}

/// Rows of annotations that were read so far.
async fn rows(library: &Library) -> i64 {
    flush(library).await;
    library.number("SELECT (idx_tup_fetch + seq_tup_read)::bigint AS number FROM pg_stat_user_tables WHERE relname = 'annotations'").await
}

#[tokio::test]
async fn no_query_of_a_reader_reads_a_table_from_end_to_end() {
    let library = filled().await;
    let reader = library.reader(READER);
    flush(&library).await;
    let before = sequential(&library).await;
    let books: Vec<Value> = (0..20)
        .map(|n| json!({ "__typename": "Book", "id": book(n), "pageCount": 200 }))
        .collect();
    let user = json!([{ "__typename": "User", "id": READER }]);
    let of_books = "... on Book { inMyLibrary minutesLeft myProgress { current { progression } }
        myLibraryItem { status entitlements { source } } myAnnotations(first: 20) { nodes { id note } } }";
    let of_user = "... on User { library(first: 50) { nodes { status isReadable progress { furthestProgression } } }
        reading: library(first: 50, status: READING) { nodes { book { id } } } readingStats(period: MONTH) { minutes } }";
    for (fields, representations) in [(of_books, json!(books)), (of_user, user)] {
        let query =
            format!("query($r: [_Any!]!) {{ _entities(representations: $r) {{ {fields} }} }}");
        reader
            .run_with(&query, json!({ "r": representations }))
            .await
            .ok();
    }
    reader
        .run("{ changes(first: 100) { nodes { __typename } pageInfo { endCursor } } }")
        .await
        .ok();
    let now = library.now();
    let mut batch: Vec<Value> = (0..100)
        .map(|n| highlight(v7(n), book(i64::try_from(n).unwrap() % 40), "new", now))
        .collect();
    batch.extend((0..40).map(|n| was_at(book(n), 0.6, now)));
    let outcomes = push(&reader, PHONE, batch).await;
    assert!(
        outcomes.iter().all(|outcome| outcome == "APPLIED"),
        "{outcomes:?}"
    );
    flush(&library).await;
    assert_eq!(sequential(&library).await, before);
}

#[tokio::test]
async fn a_page_deep_down_costs_what_the_first_does() {
    let library = filled().await;
    let reader = library.reader(READER);
    let sync = "query($s: String) { changes(since: $s, first: 100) { nodes { __typename } pageInfo { endCursor hasNextPage } } }";
    let (mut cursor, mut pages, mut costs) = (Value::Null, 0, Vec::new());
    let mut took = Vec::new();
    loop {
        // A hundred thousand annotations are a thousand pages, then come books and places.
        let measured = pages == 0 || pages == 990;
        let before = if measured { rows(&library).await } else { 0 };
        let began = std::time::Instant::now();
        let answer = reader.run_with(sync, json!({ "s": cursor })).await;
        took.push(began.elapsed());
        let page = answer.ok()["changes"].clone();
        cursor = page["pageInfo"]["endCursor"].clone();
        pages += 1;
        if measured {
            costs.push(rows(&library).await - before);
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(pages, 1100);
    assert!(costs[0] <= 110 && costs[1] <= costs[0] + 5, "{costs:?}");

    let list = "query($r: [_Any!]!, $a: String) { _entities(representations: $r) { ... on Book {
        myAnnotations(first: 100, after: $a) { nodes { id } pageInfo { endCursor hasNextPage } } } } }";
    let (mut after, mut found, mut costs) = (Value::Null, 0, Vec::new());
    for page in 0..20 {
        let measured = page == 0 || page == 19;
        let before = if measured { rows(&library).await } else { 0 };
        let variables = json!({ "r": [{ "__typename": "Book", "id": book(7) }], "a": after });
        let answer = reader.run_with(list, variables).await;
        let page = answer.ok()["_entities"][0]["myAnnotations"].clone();
        found += page["nodes"].as_array().unwrap().len();
        after = page["pageInfo"]["endCursor"].clone();
        if measured {
            costs.push(rows(&library).await - before);
        }
    }
    assert_eq!(found, 2000);
    assert!(costs[0] <= 110 && costs[1] <= costs[0] + 5, "{costs:?}");
    took.sort();
    println!(
        "a full sync of {ANNOTATIONS} annotations: {pages} pages in {:?}; a page takes {:?} (median), {:?} (p99)",
        took.iter().sum::<Duration>(),
        took[took.len() / 2],
        took[took.len() * 99 / 100],
    );
}
