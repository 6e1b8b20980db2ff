//! Blocks to rows, and rows to pages.
//!
//! Everything is a row of cells side by side: a paragraph is a row of one. A row that does not fit is continued on the next page,
//! each cell from the line where it stopped.

use std::ops::Range;

use parley::{Alignment, Layout};

use crate::typeset::{Style, Typesetter};
use crate::{Align, Block, Error, Table, TableRow};

/// The page, in points: A4 with margins of 20 mm.
pub(crate) const WIDTH: f32 = 595.28;
/// Its height.
pub(crate) const HEIGHT: f32 = 841.89;
/// Its margin at each side.
pub(crate) const MARGIN: f32 = 56.69;
/// How wide a text is.
pub(crate) const MEASURE: f32 = WIDTH - 2.0 * MARGIN;
const BOTTOM: f32 = HEIGHT - MARGIN - 14.0;

const BODY: f32 = 10.5;
const SMALL: f32 = 8.5;
/// What lies between the columns of a table.
const GUTTER: f32 = 8.0;
/// What lies above and below the text in a table's row.
const PADDING: f32 = 3.0;
const INDENT: f32 = 14.0;

/// What a row is to somebody who hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Heading(u16),
    Paragraph,
    Quote,
    /// A row of the table with this number, of its head or not.
    Table {
        number: usize,
        head: bool,
    },
}

/// One text in its place.
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) layout: Layout<()>,
    /// From the page's left edge.
    pub(crate) left: f32,
}

impl Cell {
    /// How high these lines are together.
    fn height(&self, lines: Range<usize>) -> f32 {
        let top = self.layout.get(lines.start);
        let bottom = lines
            .end
            .checked_sub(1)
            .and_then(|last| self.layout.get(last));
        match (top, bottom) {
            (Some(top), Some(bottom)) if !lines.is_empty() => {
                bottom.metrics().block_max_coord - top.metrics().block_min_coord
            }
            _ => 0.0,
        }
    }

    /// The end of those lines from `start` on that fit into `room`.
    fn fitting(&self, start: usize, room: f32) -> usize {
        (start + 1..=self.layout.len())
            .take_while(|end| self.height(start..*end) <= room)
            .last()
            .unwrap_or(start)
    }
}

/// Cells side by side.
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    pub(crate) role: Role,
    pub(crate) grey: bool,
    /// The space above it, unless it is the first of a page.
    before: f32,
    padding: f32,
    /// How much must fit below it, lest it stands alone at the foot of a page.
    after: f32,
    /// Whether it goes to the next page rather than being split.
    whole: bool,
    /// The row that is repeated above it on a new page.
    head: Option<usize>,
}

impl Row {
    fn height(&self) -> f32 {
        let texts = self
            .cells
            .iter()
            .map(|cell| cell.height(0..cell.layout.len()));
        texts.fold(0.0, f32::max) + 2.0 * self.padding
    }
}

/// The part of a row that stands on one page.
pub(crate) struct Piece {
    pub(crate) row: usize,
    /// From the page's upper edge, with the padding.
    pub(crate) top: f32,
    pub(crate) bottom: f32,
    /// Where its text begins.
    pub(crate) text: f32,
    /// The lines of each cell.
    pub(crate) lines: Vec<Range<usize>>,
    /// Whether it is a head that was on a page before.
    pub(crate) repeated: bool,
}

/// A page: what stands on it, from the top to the bottom.
pub(crate) type Page = Vec<Piece>;

/// Lays the blocks out.
pub(crate) fn rows(blocks: &[Block], typesetter: &mut Typesetter) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let (text, role, size, bold) = match block {
            Block::Heading { level, text } => {
                let size = [19.0, 14.0, 11.5][usize::from(*level) - 1];
                (text, Role::Heading(*level), size, true)
            }
            Block::Paragraph(text) => (text, Role::Paragraph, BODY, false),
            Block::Quote(text) => (text, Role::Quote, BODY, false),
            Block::Remark(text) => (text, Role::Paragraph, SMALL, false),
            Block::Table(table) => {
                table_rows(table, number, typesetter, &mut rows)?;
                continue;
            }
        };
        let heading = matches!(role, Role::Heading(_));
        let indent = if role == Role::Quote { INDENT } else { 0.0 };
        let style = Style {
            size,
            bold,
            align: Alignment::Start,
        };
        rows.push(Row {
            cells: vec![Cell {
                layout: typesetter.lines(text, style, MEASURE - 2.0 * indent),
                text: text.clone(),
                left: MARGIN + indent,
            }],
            role,
            grey: matches!(block, Block::Remark(_)),
            before: if heading { size } else { 6.0 },
            padding: 0.0,
            after: if heading { 48.0 } else { 0.0 },
            whole: heading,
            head: None,
        });
    }
    Ok(rows)
}

fn table_rows(
    table: &Table,
    number: usize,
    typesetter: &mut Typesetter,
    rows: &mut Vec<Row>,
) -> Result<(), Error> {
    let columns = table.columns.len();
    let misfit = table.rows.iter().find(|row| row.cells.len() != columns);
    if columns == 0 || misfit.is_some() {
        return Err(Error::Columns {
            expected: columns,
            found: misfit.map_or(0, |row| row.cells.len()),
        });
    }
    let headed = table.columns.iter().any(|column| !column.title.is_empty());
    let head = headed.then(|| TableRow {
        cells: table
            .columns
            .iter()
            .map(|column| column.title.clone())
            .collect(),
        strong: true,
    });
    let first = rows.len();
    for row in head.iter().chain(&table.rows) {
        let is_head = headed && rows.len() == first;
        let cells = table_cells(table, row, typesetter);
        let row = Row {
            cells,
            role: Role::Table {
                number,
                head: is_head,
            },
            grey: false,
            before: if rows.len() == first { 8.0 } else { 0.0 },
            padding: PADDING,
            after: if is_head { 24.0 } else { 0.0 },
            whole: true,
            head: (headed && !is_head).then_some(first),
        };
        rows.push(row);
    }
    Ok(())
}

/// The cells of a row, in the columns' order from where reading begins.
fn table_cells(table: &Table, row: &TableRow, typesetter: &mut Typesetter) -> Vec<Cell> {
    let leftward = typesetter.is_leftward();
    let shares: f32 = table
        .columns
        .iter()
        .map(|column| f32::from(column.share))
        .sum();
    let mut offset = 0.0;
    let cells = table.columns.iter().zip(&row.cells).map(|(column, text)| {
        let share = MEASURE * f32::from(column.share) / shares;
        let left = if leftward {
            MEASURE - offset - share
        } else {
            offset
        };
        offset += share;
        let style = Style {
            size: BODY - 1.0,
            bold: row.strong,
            align: if leftward == (column.align == Align::Start) {
                Alignment::Right
            } else {
                Alignment::Left
            },
        };
        Cell {
            // A table of very many columns keeps the width of a letter for each.
            layout: typesetter.lines(text, style, (share - GUTTER).max(BODY)),
            text: text.clone(),
            left: MARGIN + left + GUTTER / 2.0,
        }
    });
    cells.collect()
}

/// Puts the rows on pages.
pub(crate) fn pages(rows: &[Row]) -> Vec<Page> {
    let mut book = Book {
        rows,
        pages: vec![Vec::new()],
        y: MARGIN,
    };
    for number in 0..rows.len() {
        book.place(number);
    }
    book.pages
}

struct Book<'a> {
    rows: &'a [Row],
    pages: Vec<Page>,
    /// Where the next row begins on the last page.
    y: f32,
}

impl Book<'_> {
    fn place(&mut self, number: usize) {
        let row = &self.rows[number];
        let height = row.height();
        let room = BOTTOM - MARGIN;
        if self.y > MARGIN {
            self.y += row.before;
            // What is kept whole, but is higher than a page, is split all the same.
            let needed = if row.whole && height <= room / 2.0 {
                height + row.after
            } else {
                height.min(3.0 * BODY)
            };
            if self.y + needed > BOTTOM {
                self.turn(row.head);
            }
        }
        let mut starts = vec![0; row.cells.len()];
        loop {
            let finished = self.put(number, &mut starts, false);
            if finished {
                return;
            }
            self.turn(row.head);
        }
    }

    /// Begins a page with a table's head, if that leaves room for its rows.
    fn turn(&mut self, head: Option<usize>) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
        if let Some(head) = head
            && self.rows[head].height() <= (BOTTOM - MARGIN) / 4.0
        {
            let mut starts = vec![0; self.rows[head].cells.len()];
            self.put(head, &mut starts, true);
        }
    }

    /// Puts as many lines as fit from where each cell stopped. Answers whether that was all.
    fn put(&mut self, number: usize, starts: &mut [usize], repeated: bool) -> bool {
        let row = &self.rows[number];
        let text = self.y + row.padding;
        let room = BOTTOM - text - row.padding;
        let mut lines = Vec::with_capacity(row.cells.len());
        let mut height: f32 = 0.0;
        for (cell, start) in row.cells.iter().zip(starts.iter_mut()) {
            // At least one, so that every page takes something.
            let end = cell
                .fitting(*start, room)
                .max((*start + 1).min(cell.layout.len()));
            height = height.max(cell.height(*start..end));
            lines.push(*start..end);
            *start = end;
        }
        let bottom = text + height + row.padding;
        if let Some(page) = self.pages.last_mut() {
            page.push(Piece {
                row: number,
                top: self.y,
                bottom,
                text,
                lines,
                repeated,
            });
        }
        self.y = bottom;
        row.cells
            .iter()
            .zip(starts)
            .all(|(cell, start)| *start >= cell.layout.len())
    }
}
