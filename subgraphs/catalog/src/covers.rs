//! Generated covers: a title page in SVG, for books whose house sent no picture.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use coko_core::web;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::model::{Book, ContributorRole};
use crate::{Catalog, store};

/// Widths that covers come in.
const WIDTHS: [u32; 3] = [160, 320, 640];
/// Paper, ink and cloth; a book keeps its own for good.
const PALETTES: [(&str, &str, &str); 8] = [
    ("#7a2e1d", "#f6ead7", "#d9a441"),
    ("#1f3d36", "#f2efe4", "#c98b3a"),
    ("#24345c", "#f4f0e6", "#d4b15a"),
    ("#5b2245", "#f7ecdf", "#d79a6b"),
    ("#6b4a17", "#fbf3df", "#2f5d50"),
    ("#2d2a26", "#efe6d2", "#b5532f"),
    ("#0f4c5c", "#f5efe0", "#e0a458"),
    ("#8a3b12", "#fff4e0", "#3a5a40"),
];

/// The absolute address of a book's cover: the file service's where there is one, else the generated one.
pub(crate) fn address(public_url: &str, book: &Book, width: u32) -> String {
    let uploaded = book
        .cover
        .as_ref()
        .and_then(|cover| cover.get(width.to_string())?.as_str());
    match uploaded {
        Some(url) => url.to_owned(),
        None => format!("{public_url}/covers/{}/{width}.svg", book.id),
    }
}

/// `GET /covers/{book}/{width}.svg`.
pub(crate) fn routes(catalog: Arc<Catalog>) -> Router {
    Router::new()
        .route("/covers/{book}/{file}", get(cover))
        .with_state(catalog)
}

async fn cover(
    State(catalog): State<Arc<Catalog>>,
    Path((book, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let width = file
        .strip_suffix(".svg")
        .and_then(|width| width.parse().ok());
    let (Ok(id), Some(width)) = (
        book.parse::<Uuid>(),
        width.filter(|width| WIDTHS.contains(width)),
    ) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match load(&catalog, id).await {
        Ok(Some((book, author))) => answer(&svg(&book, &author, width), &headers),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, book = %id, "a cover could not be drawn");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The book with its authors' names; drafts and withdrawn books show nothing.
async fn load(catalog: &Catalog, id: Uuid) -> coko_core::Result<Option<(Book, String)>> {
    let mut connection = catalog.pool.get().await?;
    let mut books = store::books::by_ids(&mut connection, &[id]).await?;
    books.retain(Book::is_on_shelf);
    let Some(book) = books.pop() else {
        return Ok(None);
    };
    let contributions = store::books::contributors(&mut connection, &[id]).await?;
    let ids: Vec<Uuid> = contributions
        .iter()
        .filter(|(_, contribution)| contribution.role == ContributorRole::Author)
        .map(|(_, contribution)| contribution.author_id)
        .collect();
    let authors = store::authors::by_ids(&mut connection, &ids).await?;
    let names: Vec<&str> = ids
        .iter()
        .filter_map(|id| authors.iter().find(|author| author.id == *id))
        .map(|author| author.name.as_str())
        .take(2)
        .collect();
    Ok(Some((book, names.join(", "))))
}

fn answer(svg: &str, headers: &HeaderMap) -> Response {
    let tag = web::entity_tag(svg);
    let fresh = web::is_known(headers, &tag);
    let cache = [
        (
            header::CACHE_CONTROL,
            "public, max-age=86400, stale-while-revalidate=604800".to_owned(),
        ),
        (header::ETAG, tag),
    ];
    if fresh {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let kind = [
        (header::CONTENT_TYPE, "image/svg+xml; charset=utf-8"),
        // Nothing in a cover runs or is fetched, whatever a title holds.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (cache, kind, svg.to_owned()).into_response()
}

/// The drawing; its shape follows the book's id, so that a book looks the same everywhere.
fn svg(book: &Book, author: &str, width: u32) -> String {
    let seed = Sha256::digest(book.id.as_bytes());
    let (cloth, paper, accent) = PALETTES[usize::from(seed[0]) % PALETTES.len()];
    let height = width * 3 / 2;
    let lines = wrap(&book.title, 14, 5);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 320 480\" role=\"img\">\
         <title>{}</title><rect width=\"320\" height=\"480\" fill=\"{cloth}\"/>",
        escape(&book.title)
    );
    for band in 0..5 {
        let x = i32::from(seed[1 + band] % 240);
        let radius = 24 + u32::from(seed[8 + band] % 64);
        let y = 330 + 30 * i32::try_from(band).unwrap_or(0);
        let _ = write!(
            svg,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{accent}\" opacity=\"0.18\"/>"
        );
    }
    let _ = write!(
        svg,
        "<rect x=\"16\" y=\"16\" width=\"288\" height=\"448\" fill=\"none\" stroke=\"{accent}\" stroke-width=\"2\"/>\
         <g font-family=\"Georgia, 'Noto Serif', serif\" text-anchor=\"middle\" fill=\"{paper}\">"
    );
    for (index, line) in (0_u32..).zip(&lines) {
        let y = 130 + index * 40;
        let _ = write!(
            svg,
            "<text x=\"160\" y=\"{y}\" font-size=\"32\">{}</text>",
            escape(line)
        );
    }
    let mut y = 410;
    for line in wrap(author, 26, 2) {
        let _ = write!(
            svg,
            "<text x=\"160\" y=\"{y}\" font-size=\"18\" fill=\"{accent}\">{}</text>",
            escape(&line)
        );
        y += 24;
    }
    svg.push_str("</g></svg>");
    svg
}

/// Breaks a text into at most `lines` lines of about `width` characters; what does not fit ends in an ellipsis.
fn wrap(text: &str, width: usize, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let fits = out
            .last()
            .is_some_and(|last| last.chars().count() + 1 + word.chars().count() <= width);
        let full = out.len() == lines;
        match out.last_mut() {
            Some(last) if fits => {
                last.push(' ');
                last.push_str(word);
            }
            Some(last) if full => {
                last.push('…');
                return out;
            }
            _ if word.chars().count() > width + 4 => {
                out.push(word.chars().take(width + 3).chain(['…']).collect());
            }
            _ => out.push(word.to_owned()),
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::model::Slug;

    #[test]
    fn a_hostile_title_stays_text() {
        let now = datetime!(2026-01-01 0:00 UTC);
        let mut book = Book::draft(Uuid::from_u128(7), Slug::of("x", "x"), None, now);
        book.title =
            "<script>alert(1)</script> & \"quotes\" Antidisestablishmentarianismandmore".to_owned();
        let drawn = svg(&book, "<b>Nobody</b>", 320);
        assert!(!drawn.contains("<script") && !drawn.contains("<b>"));
        assert!(drawn.contains("&lt;script&gt;") && drawn.ends_with("</svg>"));
        assert_eq!(
            svg(&book, "x", 160).matches("<text").count(),
            svg(&book, "x", 640).matches("<text").count()
        );
        let mut reader = quick_xml::Reader::from_str(&drawn);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    }

    #[test]
    fn long_titles_end_in_an_ellipsis() {
        assert_eq!(wrap("Les Misérables", 14, 5), ["Les Misérables"]);
        assert_eq!(wrap("un deux trois quatre", 8, 2), ["un deux", "trois…"]);
    }
}
