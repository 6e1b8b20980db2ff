//! Pages to the bytes of a PDF.

use std::collections::HashMap;
use std::iter::Peekable;
use std::num::NonZeroU16;
use std::ops::Range;

use krilla::color::luma;
use krilla::destination::XyzDestination;
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata, TextDirection};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagTree,
};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use parley::{Alignment, Layout, Run};

use crate::About;
use crate::compose::{HEIGHT, MARGIN, MEASURE, Page, Piece, Role, Row, WIDTH};
use crate::typeset::{Style, Typesetter};

const BLACK: u8 = 0;
const GREY: u8 = 96;
const PALE: u8 = 190;

/// Writes the document.
pub(crate) fn write(
    about: &About,
    rows: &[Row],
    pages: &[Page],
    typesetter: &mut Typesetter,
    settings: SerializeSettings,
) -> Result<Vec<u8>, KrillaError> {
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(about, typesetter));
    let mut pen = Pen::default();
    let mut tags: Vec<Vec<Vec<Identifier>>> = rows
        .iter()
        .map(|row| vec![Vec::new(); row.cells.len()])
        .collect();
    for (index, pieces) in pages.iter().enumerate() {
        let Some(size) = PageSettings::from_wh(WIDTH, HEIGHT) else {
            continue;
        };
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for piece in pieces {
            pen.piece(&mut surface, piece, &rows[piece.row], &mut tags[piece.row]);
        }
        let folio = format!("{} / {}", index + 1, pages.len());
        pen.foot(&mut surface, &about.title, &folio, typesetter);
        surface.finish();
        page.finish();
    }
    document.set_outline(outline(rows, pages));
    document.set_tag_tree(tree(rows, tags, &about.language));
    document.finish()
}

fn metadata(about: &About, typesetter: &Typesetter) -> Metadata {
    let created = about.created.to_offset(time::UtcOffset::UTC);
    let date = DateTime::new(u16::try_from(created.year()).unwrap_or_default())
        .month(created.month().into())
        .day(created.day())
        .hour(created.hour())
        .minute(created.minute())
        .second(created.second())
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(about.title.clone())
        .authors(vec![crate::text::clean(&about.author)])
        .language(about.language.clone())
        .producer("Coko".to_owned())
        .creation_date(date)
        .document_id(about.id.clone())
        .text_direction(if typesetter.is_leftward() {
            TextDirection::RightToLeft
        } else {
            TextDirection::LeftToRight
        })
}

/// What draws. It keeps the fonts as the writer knows them, so that each is embedded once.
#[derive(Default)]
struct Pen {
    fonts: HashMap<(u64, u32), Option<Font>>,
}

impl Pen {
    /// Draws what of a row stands on this page, and notes the pieces of content for the tree of tags.
    fn piece(
        &mut self,
        surface: &mut Surface<'_>,
        piece: &Piece,
        row: &Row,
        tags: &mut [Vec<Identifier>],
    ) {
        surface.set_fill(Some(fill(if row.grey { GREY } else { BLACK })));
        for ((cell, lines), tags) in row.cells.iter().zip(&piece.lines).zip(tags) {
            if lines.is_empty() {
                continue;
            }
            let tag = if piece.repeated {
                ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther))
            } else {
                ContentTag::Span(SpanTag::empty())
            };
            let identifier = surface.start_tagged(tag);
            let place = Point::from_xy(cell.left, piece.text);
            self.lines(surface, &cell.layout, lines.clone(), &cell.text, place);
            surface.end_tagged();
            if !piece.repeated {
                tags.push(identifier);
            }
        }
        match row.role {
            Role::Table { head, .. } => {
                let shade = if head { BLACK } else { PALE };
                rule(surface, (MARGIN, piece.bottom), (MEASURE, 0.6), shade);
            }
            Role::Quote => {
                let leftward = row.cells.iter().any(|cell| cell.layout.is_rtl());
                let x = if leftward {
                    WIDTH - MARGIN - 2.0
                } else {
                    MARGIN
                };
                let height = piece.bottom - piece.top;
                rule(surface, (x, piece.top), (2.0, height), PALE);
            }
            Role::Heading(_) | Role::Paragraph => {}
        }
    }

    /// The title where reading begins and the page's number where it ends.
    fn foot(
        &mut self,
        surface: &mut Surface<'_>,
        title: &str,
        folio: &str,
        typesetter: &mut Typesetter,
    ) {
        surface.set_fill(Some(fill(GREY)));
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
            ArtifactType::Footer,
        )));
        let (start, end) = if typesetter.is_leftward() {
            (Alignment::Right, Alignment::Left)
        } else {
            (Alignment::Left, Alignment::Right)
        };
        let folios = 80.0;
        for (text, align, width) in [(title, start, MEASURE - folios), (folio, end, folios)] {
            let style = Style {
                size: 8.0,
                bold: false,
                align,
            };
            let layout = typesetter.lines(text, style, width);
            let left = if align == Alignment::Left {
                MARGIN
            } else {
                WIDTH - MARGIN - width
            };
            let place = Point::from_xy(left, HEIGHT - MARGIN);
            self.lines(surface, &layout, 0..layout.len().min(1), text, place);
        }
        surface.end_tagged();
    }

    /// Draws lines of a layout with the upper left corner of the first at `place`.
    fn lines(
        &mut self,
        surface: &mut Surface<'_>,
        layout: &Layout<()>,
        lines: Range<usize>,
        text: &str,
        place: Point,
    ) {
        let lines = lines.filter_map(|index| layout.get(index));
        let mut top = None;
        for line in lines {
            let metrics = line.metrics();
            let top = *top.get_or_insert(metrics.block_min_coord);
            let y = place.y + metrics.baseline - top;
            let mut x = place.x + metrics.offset;
            for run in line.runs() {
                let start = Point::from_xy(x, y);
                if let Some(font) = self.font(&run) {
                    let glyphs = glyphs(&run);
                    surface.draw_glyphs(start, &glyphs, font, text, run.font_size(), false);
                }
                x += run.advance();
            }
        }
    }

    fn font(&mut self, run: &Run<'_, ()>) -> Option<Font> {
        let font = run.font();
        let key = (font.data.id(), font.index);
        let known = self.fonts.entry(key).or_insert_with(|| {
            let (data, _id) = font.data.clone().into_raw_parts();
            Font::new(data.into(), font.index)
        });
        known.clone()
    }
}

/// The glyphs of a run from left to right, each with the text that it stands for.
fn glyphs(run: &Run<'_, ()>) -> Vec<KrillaGlyph> {
    let size = run.font_size();
    let mut glyphs: Vec<KrillaGlyph> = Vec::new();
    // The end of a ligature whose later letters came first, as they do from right to left.
    let mut later = None;
    for cluster in run.visual_clusters() {
        let mut text = cluster.text_range();
        if cluster.is_ligature_continuation() {
            if run.is_rtl() {
                later = later.max(Some(text.end));
            } else if let Some(glyph) = glyphs.last_mut() {
                glyph.text_range.end = text.end;
            }
            continue;
        }
        text.end = text.end.max(later.take().unwrap_or_default());
        glyphs.extend(cluster.glyphs().map(|glyph| {
            KrillaGlyph::new(
                GlyphId::new(glyph.id),
                glyph.advance / size,
                glyph.x / size,
                // Down in a layout, up in a font.
                -glyph.y / size,
                0.0,
                text.clone(),
                None,
            )
        }));
    }
    glyphs
}

fn fill(lightness: u8) -> Fill {
    Fill {
        paint: luma::Color::new(lightness).into(),
        ..Fill::default()
    }
}

/// A filled rectangle, which means nothing to somebody who hears the document.
fn rule(surface: &mut Surface<'_>, corner: (f32, f32), size: (f32, f32), lightness: u8) {
    let Some(rectangle) = Rect::from_xywh(corner.0, corner.1, size.0, size.1) else {
        return;
    };
    let mut path = PathBuilder::new();
    path.push_rect(rectangle);
    if let Some(path) = path.finish() {
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
            ArtifactType::Layout,
        )));
        surface.set_fill(Some(fill(lightness)));
        surface.draw_path(&path);
        surface.end_tagged();
    }
}

/// The headings, each under the last one of a higher rank.
fn outline(rows: &[Row], pages: &[Page]) -> Outline {
    let pieces = pages
        .iter()
        .enumerate()
        .flat_map(|(page, pieces)| pieces.iter().map(move |piece| (page, piece)));
    let headings = pieces.filter_map(|(page, piece)| {
        let row = &rows[piece.row];
        let Role::Heading(level) = row.role else {
            return None;
        };
        let cell = row.cells.first()?;
        let beginning = piece.lines.first().is_some_and(|lines| lines.start == 0);
        let place = XyzDestination::new(page, Point::from_xy(MARGIN, piece.top));
        (beginning && !cell.text.is_empty()).then(|| Heading {
            level,
            text: cell.text.replace('\n', " "),
            place,
        })
    });
    let mut outline = Outline::new();
    let mut headings = headings.peekable();
    while let Some(node) = branch(&mut headings, 0) {
        outline.push_child(node);
    }
    outline
}

struct Heading {
    level: u16,
    text: String,
    place: XyzDestination,
}

/// The next heading with those below it, if it is below `above`.
fn branch(
    headings: &mut Peekable<impl Iterator<Item = Heading>>,
    above: u16,
) -> Option<OutlineNode> {
    let heading = headings.next_if(|heading| heading.level > above)?;
    let mut node = OutlineNode::new(heading.text, heading.place);
    while let Some(child) = branch(headings, heading.level) {
        node.push_child(child);
    }
    Some(node)
}

/// What the document is to somebody who hears it.
fn tree(rows: &[Row], tags: Vec<Vec<Vec<Identifier>>>, language: &str) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
    let mut table: Option<(usize, TagGroup)> = None;
    for (row, cells) in rows.iter().zip(tags) {
        if let Role::Table { number, head } = row.role {
            if table.as_ref().is_none_or(|(open, _)| *open != number) {
                tree.children
                    .extend(table.take().map(|(_, group)| Node::Group(group)));
            }
            let (_, group) = table.get_or_insert_with(|| (number, TagGroup::new(Tag::Table)));
            let cells = cells.into_iter().map(|content| {
                let content = content.into_iter().map(Node::from).collect();
                Node::Group(if head {
                    TagGroup::with_children(Tag::TH(TableHeaderScope::Column), content)
                } else {
                    TagGroup::with_children(Tag::TD, content)
                })
            });
            group.push(TagGroup::with_children(Tag::TR, cells.collect()));
            continue;
        }
        tree.children
            .extend(table.take().map(|(_, group)| Node::Group(group)));
        let content = cells.into_iter().flatten().map(Node::from).collect();
        let group = match row.role {
            Role::Heading(level) => {
                let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
                let title = row.cells.first().map(|cell| cell.text.clone());
                TagGroup::with_children(Tag::Hn(level, title), content)
            }
            Role::Quote => {
                let text = TagGroup::with_children(Tag::P, content);
                TagGroup::with_children(Tag::BlockQuote, vec![Node::Group(text)])
            }
            Role::Paragraph | Role::Table { .. } => TagGroup::with_children(Tag::P, content),
        };
        tree.push(group);
    }
    tree.children
        .extend(table.map(|(_, group)| Node::Group(group)));
    tree
}
