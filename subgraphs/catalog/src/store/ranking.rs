//! The SQL of searching: which documents match, how they rank, how they divide.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Format;
use crate::search::{
    FACET_VALUES, Facet, FacetCount, Facets, Hit, HitKey, Matching, PriceBand, SearchRequest,
};

/// Exact matches above which relevance is a matter of popularity, and the finer ranking would cost too much.
const BROAD: i64 = 1000;
/// Exact matches below which similar words are looked for.
const FUZZY: i64 = 3;

/// The reader's words in every form that is matched: `$1` as typed, `$2` as a prefix query.
const QUERY: &str = "
    WITH q AS MATERIALIZED (
        SELECT plainto_tsquery('french', catalog_fold($1)) || to_tsquery('simple', catalog_fold($2)) AS words,
               catalog_fold($1) AS text)";

/// Every filter takes its parameter or, when that is NULL, lets everything pass; one text for all requests is planned once.
const LANGUAGE: &str = "($3::text[] IS NULL OR d.language = ANY($3))";
const FORMAT: &str = "($4::text[] IS NULL OR d.format = ANY($4))";
const CATEGORY: &str = "($5::uuid[] IS NULL OR d.category_ids && $5)";
const AUTHOR: &str = "($6::uuid[] IS NULL OR d.author_ids && $6)";
const PRICE: &str = "($7::text[] IS NULL OR d.price_band = ANY($7))";
const OTHERS: &str = "($8::uuid IS NULL OR d.publisher_id = $8) AND ($9::uuid IS NULL OR d.series_id = $9)
    AND ($10::integer IS NULL OR d.publication_year >= $10) AND ($11::integer IS NULL OR d.publication_year <= $11)";

fn condition(matching: Matching) -> &'static str {
    match matching {
        Matching::Exact | Matching::Broad => "d.document @@ q.words",
        Matching::Fuzzy => "(d.document @@ q.words OR q.text <% d.fuzzy)",
    }
}

/// Where the words stand, how much of the title they are, and how much the book is used; in millionths.
fn score(matching: Matching) -> &'static str {
    match matching {
        Matching::Exact => {
            "((0.5 * ts_rank(d.document, q.words) + 0.3 * similarity(d.title, q.text) + 0.05 * d.popularity
               + CASE WHEN d.title = q.text THEN 0.3 ELSE 0 END) * 1e6)::bigint"
        }
        Matching::Broad => {
            "((0.05 * d.popularity + CASE WHEN d.title = q.text THEN 2 WHEN starts_with(d.title, q.text || ' ') THEN 0.4 ELSE 0 END)
              * 1e6)::bigint"
        }
        Matching::Fuzzy => {
            "((word_similarity(q.text, d.fuzzy) + 0.3 * similarity(d.title, q.text) + 0.04 * d.popularity
               + CASE WHEN d.document @@ q.words THEN 0.5 ELSE 0 END) * 1e6)::bigint"
        }
    }
}

#[derive(QueryableByName)]
struct Probe {
    #[diesel(sql_type = BigInt)]
    exact: i64,
}

/// How a query is to be matched. Filters play no part, so that narrowing a search never changes what its words mean.
pub(crate) async fn matching(connection: &mut Connection, text: &str) -> QueryResult<Matching> {
    // The threshold of `<%` is a setting of the session; this is the only statement that touches it.
    let statement = format!(
        "{QUERY}
         SELECT (SELECT count(*) FROM (SELECT 1 FROM book_search d, q WHERE d.document @@ q.words LIMIT $3) matches) AS exact
         FROM (SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', false)) session"
    );
    let probe: Probe = diesel::sql_query(statement)
        .bind::<Text, _>(text)
        .bind::<Text, _>(prefix_query(text))
        .bind::<BigInt, _>(BROAD + 1)
        .get_result(connection)
        .await?;
    Ok(match probe.exact {
        exact if exact > BROAD => Matching::Broad,
        exact if exact < FUZZY => Matching::Fuzzy,
        _ => Matching::Exact,
    })
}

/// `'les' & 'misera':*`: every word, the last one as a prefix. Only letters and digits pass, so nothing can be injected.
fn prefix_query(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("'{word}'"))
        .collect();
    if words.is_empty() {
        return String::new();
    }
    format!("{}:*", words.join(" & "))
}

fn none_if_empty<T>(list: &[T]) -> Option<Vec<T>>
where
    T: Clone,
{
    (!list.is_empty()).then(|| list.to_vec())
}

type Bound<'a> = BoxedSqlQuery<'a, Pg, SqlQuery>;

/// Binds `$1` to `$11`.
fn bind<'a>(statement: String, request: &SearchRequest) -> Bound<'a> {
    let names = |formats: &[Format]| {
        formats
            .iter()
            .map(|format| format.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    let bands: Vec<String> = request
        .price_bands
        .iter()
        .map(|band| band.as_str().to_owned())
        .collect();
    diesel::sql_query(statement)
        .into_boxed::<Pg>()
        .bind::<Text, _>(request.query.clone())
        .bind::<Text, _>(prefix_query(&request.query))
        .bind::<Nullable<Array<Text>>, _>(none_if_empty(&request.languages))
        .bind::<Nullable<Array<Text>>, _>(none_if_empty(&names(&request.formats)))
        .bind::<Nullable<Array<SqlUuid>>, _>(none_if_empty(&request.categories))
        .bind::<Nullable<Array<SqlUuid>>, _>(none_if_empty(&request.authors))
        .bind::<Nullable<Array<Text>>, _>(none_if_empty(&bands))
        .bind::<Nullable<SqlUuid>, _>(request.publisher)
        .bind::<Nullable<SqlUuid>, _>(request.series)
        .bind::<Nullable<Integer>, _>(request.year_from)
        .bind::<Nullable<Integer>, _>(request.year_to)
}

#[derive(QueryableByName)]
struct HitRow {
    #[diesel(sql_type = SqlUuid)]
    book_id: Uuid,
    #[diesel(sql_type = BigInt)]
    score: i64,
}

/// One page of hits in the direction of `page`, one more than asked for when there is.
pub(crate) async fn hits(
    connection: &mut Connection,
    request: &SearchRequest,
    matching: Matching,
    page: &Page<HitKey>,
) -> QueryResult<Vec<Hit>> {
    let (compare, order) = match page.direction {
        Direction::Forward => ("<", "DESC"),
        Direction::Backward => (">", "ASC"),
    };
    let statement = format!(
        "{QUERY}
         SELECT book_id, score FROM (
             SELECT d.book_id, {} AS score FROM book_search d, q
             WHERE {} AND {LANGUAGE} AND {FORMAT} AND {CATEGORY} AND {AUTHOR} AND {PRICE} AND {OTHERS}) hits
         WHERE $12::bigint IS NULL OR (score, book_id) {compare} ($12, $13)
         ORDER BY score {order}, book_id {order} LIMIT $14",
        score(matching),
        condition(matching),
    );
    let (from_score, from_id) = match page.from {
        Some(HitKey::Score(_, score, id)) => (Some(score), Some(id)),
        _ => (None, None),
    };
    let rows: Vec<HitRow> = bind(statement, request)
        .bind::<Nullable<BigInt>, _>(from_score)
        .bind::<Nullable<SqlUuid>, _>(from_id)
        .bind::<BigInt, _>(page.limit())
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Hit {
            book_id: row.book_id,
            key: HitKey::Score(matching, row.score, row.book_id),
        })
        .collect())
}

#[derive(QueryableByName)]
struct FacetRow {
    #[diesel(sql_type = Text)]
    facet: String,
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How the hits divide, in one pass over the matching documents; only the `wanted` facets are counted.
pub(crate) async fn facets(
    connection: &mut Connection,
    request: &SearchRequest,
    matching: Matching,
    wanted: &[Facet],
) -> QueryResult<Facets> {
    let counted = |facet: Facet| {
        let (name, value, filters) = match facet {
            // unnest() in the select list runs once, in a join it would run per row.
            Facet::Categories => ("category", "unnest(category_ids)", "l AND f AND a AND p"),
            Facet::Languages => ("language", "language", "f AND c AND a AND p"),
            Facet::Authors => ("author", "unnest(author_ids)", "l AND f AND c AND p"),
            Facet::PriceBands => ("price", "price_band", "l AND f AND c AND a"),
            Facet::Formats => ("format", "format", "l AND c AND a AND p"),
        };
        format!(
            " UNION ALL (SELECT '{name}', value::text, count FROM (
                  SELECT value, count(*) AS count FROM (SELECT {value} AS value FROM m WHERE {filters}) filtered
                  GROUP BY value ORDER BY 2 DESC, 1 LIMIT {FACET_VALUES}) counted)"
        )
    };
    let parts: String = wanted.iter().copied().map(counted).collect();
    let statement = format!(
        "{QUERY},
         m AS MATERIALIZED (
             SELECT d.language, d.format, d.category_ids, d.author_ids, d.price_band,
                    {LANGUAGE} AS l, {FORMAT} AS f, {CATEGORY} AS c, {AUTHOR} AS a, {PRICE} AS p
             FROM book_search d, q WHERE {} AND {OTHERS})
         SELECT 'total' AS facet, '' AS value, count(*) AS count FROM m WHERE l AND f AND c AND a AND p{parts}",
        condition(matching),
    );
    let rows: Vec<FacetRow> = bind(statement, request).load(connection).await?;
    let mut facets = Facets::default();
    for row in rows {
        let count = u64::try_from(row.count).unwrap_or(0);
        let counted = FacetCount {
            value: row.value,
            count,
        };
        match row.facet.as_str() {
            "total" => facets.total = count,
            "category" => facets.categories.push(counted),
            "language" => facets.languages.push(counted),
            "author" => facets.authors.push(counted),
            "price" => facets.price_bands.push(counted),
            _ => facets.formats.push(counted),
        }
    }
    for list in [
        &mut facets.categories,
        &mut facets.languages,
        &mut facets.authors,
        &mut facets.formats,
    ] {
        list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    }
    // Bands read best from cheap to dear.
    facets.price_bands.sort_by_key(|counted| {
        PriceBand::ALL
            .iter()
            .position(|band| band.as_str() == counted.value)
    });
    Ok(facets)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    book_id: Uuid,
}

/// Books for what is being typed: those whose title or names hold the words, the most used first; else similar ones.
pub(crate) async fn suggest(
    connection: &mut Connection,
    text: &str,
    limit: i64,
) -> QueryResult<Vec<Uuid>> {
    // The candidates are bounded before they are ranked: a first letter matches half the shelf.
    let begun = format!(
        "{QUERY}
         SELECT book_id FROM (
             SELECT d.book_id, d.popularity, starts_with(d.title, q.text) AS begins
             FROM book_search d, q WHERE d.document @@ q.words AND d.fuzzy LIKE '%' || catalog_like($1) || '%'
             LIMIT 2000) candidates
         ORDER BY begins DESC, popularity DESC, book_id LIMIT $3"
    );
    let found: Vec<IdRow> = diesel::sql_query(begun)
        .bind::<Text, _>(text)
        .bind::<Text, _>(prefix_query(text))
        .bind::<BigInt, _>(limit)
        .load(connection)
        .await?;
    let mut ids: Vec<Uuid> = found.into_iter().map(|row| row.book_id).collect();
    // Two letters resemble everything.
    if ids.is_empty() && text.chars().count() >= 3 {
        let request = SearchRequest {
            query: text.to_owned(),
            ..SearchRequest::default()
        };
        let page = Page {
            size: usize::try_from(limit).unwrap_or(1),
            direction: Direction::Forward,
            from: None,
        };
        let matching = matching(connection, text).await?;
        ids = hits(connection, &request, matching, &page)
            .await?
            .into_iter()
            .map(|hit| hit.book_id)
            .collect();
        ids.truncate(page.size);
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_reach_the_query_language() {
        for (text, expected) in [
            ("les misér", "'les' & 'misér':*"),
            ("l'enfant", "'l' & 'enfant':*"),
            (
                "a & !b | (c):* \\ '; DROP TABLE books --",
                "'a' & 'b' & 'c' & 'DROP' & 'TABLE' & 'books':*",
            ),
            ("!!", ""),
        ] {
            assert_eq!(prefix_query(text), expected);
        }
    }
}
