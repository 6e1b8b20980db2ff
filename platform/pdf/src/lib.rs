//! Text documents as PDF 1.7: headings, paragraphs, quotes and tables on A4 pages, in any script.
//!
//! Text is shaped, ordered (UAX #9) and broken (UAX #14) by `parley` and written by `krilla`. Fonts are embedded as subsets, so a
//! document looks the same everywhere. It is tagged (ISO 32000-1, 14.8): a screen reader finds headings, paragraphs and tables in
//! their order, and text can be searched and copied in any script. Nothing is read from the machine, neither fonts nor the clock:
//! the same document is the same bytes.
//!
//! Laying out takes processor time, some milliseconds for a page. Call [`Document::finish`] where blocking is allowed.

mod compose;
mod fonts;
mod text;
mod typeset;
mod write;

use time::OffsetDateTime;

/// How much text a document may hold, in characters. Each text counts for at least [`LEAST`] of them.
pub const CHARACTERS: usize = 500_000;

/// What the shortest text counts towards [`CHARACTERS`]: an empty cell has its cost too.
pub const LEAST: usize = 20;

/// How many pages a document may have.
pub const PAGES: usize = 1_000;

/// Why a document could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It holds more than [`CHARACTERS`] or would have more than [`PAGES`]. Its maker splits it.
    #[error("the document is longer than {CHARACTERS} characters or {PAGES} pages")]
    TooLong,
    /// A table has a row of another width, or no column.
    #[error("a row of {found} cells stands in a table of {expected} columns")]
    Columns {
        /// The columns of the table.
        expected: usize,
        /// The cells of the row.
        found: usize,
    },
    /// The writer refused it: a fault of this crate.
    #[error("the PDF cannot be written: {0}")]
    Writing(String),
}

/// What a document says about itself.
#[derive(Clone, Debug)]
pub struct About {
    /// The title, in the viewer's window and at the foot of each page.
    pub title: String,
    /// The author.
    pub author: String,
    /// The main language, as a BCP 47 tag. It decides the direction of pages and tables.
    pub language: String,
    /// When it was made.
    pub created: OffsetDateTime,
    /// What distinguishes it from all other documents; kept from version to version.
    pub id: String,
}

/// Where the text of a column stands, seen in the direction of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Where reading begins.
    Start,
    /// Where reading ends; for numbers.
    End,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    title: String,
    share: u16,
    align: Align,
}

impl Column {
    /// A column with a title, which may be empty, and its share of the width, in parts of the sum of all.
    pub fn new(title: impl Into<String>, share: u16) -> Self {
        Self {
            title: title.into(),
            share: share.max(1),
            align: Align::Start,
        }
    }

    /// Sets where its text stands.
    #[must_use]
    pub fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }
}

/// A table. Its head is repeated on every page, unless all titles are empty: then it has none.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<TableRow>,
}

#[derive(Clone, Debug)]
struct TableRow {
    cells: Vec<String>,
    strong: bool,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: a text for each column.
    #[must_use]
    pub fn row(self, cells: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.push(cells, false)
    }

    /// Adds a row in bold, such as a total.
    #[must_use]
    pub fn strong(self, cells: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.push(cells, true)
    }

    fn push(mut self, cells: impl IntoIterator<Item = impl Into<String>>, strong: bool) -> Self {
        let cells = cells.into_iter().map(Into::into).collect();
        self.rows.push(TableRow { cells, strong });
        self
    }
}

enum Block {
    Heading { level: u16, text: String },
    Paragraph(String),
    Quote(String),
    Remark(String),
    Table(Table),
}

/// A document being written, from the top to the bottom.
///
/// ```
/// let about = coko_pdf::About {
///     title: "Notes".to_owned(),
///     author: "Awa Diop".to_owned(),
///     language: "fr".to_owned(),
///     created: time::OffsetDateTime::UNIX_EPOCH,
///     id: "notes-1".to_owned(),
/// };
/// let mut document = coko_pdf::Document::new(about);
/// document.heading(1, "Une si longue lettre");
/// document.quote("Aïssatou, j'ai reçu ton mot.");
/// document.paragraph("À relire.");
/// let pdf = document.finish()?;
/// assert!(pdf.starts_with(b"%PDF-1.7"));
/// # Ok::<(), coko_pdf::Error>(())
/// ```
pub struct Document {
    about: About,
    blocks: Vec<Block>,
    /// How many characters may still be added; none once the document is too long.
    room: Option<usize>,
}

impl Document {
    /// An empty document.
    pub fn new(about: About) -> Self {
        Self {
            about,
            blocks: Vec::new(),
            room: Some(CHARACTERS),
        }
    }

    /// Adds a heading, also to the outline. `level` is 1 to 3.
    pub fn heading(&mut self, level: u8, text: impl AsRef<str>) {
        let level = u16::from(level.clamp(1, 3));
        if let Some(text) = self.take(text.as_ref()) {
            self.blocks.push(Block::Heading { level, text });
        }
    }

    /// Adds a paragraph. Line feeds break lines.
    pub fn paragraph(&mut self, text: impl AsRef<str>) {
        if let Some(text) = self.take(text.as_ref()) {
            self.blocks.push(Block::Paragraph(text));
        }
    }

    /// Adds a quotation, set off from the text around it.
    pub fn quote(&mut self, text: impl AsRef<str>) {
        if let Some(text) = self.take(text.as_ref()) {
            self.blocks.push(Block::Quote(text));
        }
    }

    /// Adds a paragraph in small grey letters, such as a date or a legal remark.
    pub fn remark(&mut self, text: impl AsRef<str>) {
        if let Some(text) = self.take(text.as_ref()) {
            self.blocks.push(Block::Remark(text));
        }
    }

    /// Adds a table.
    pub fn table(&mut self, mut table: Table) {
        let titles = table.columns.iter_mut().map(|column| &mut column.title);
        let cells = table.rows.iter_mut().flat_map(|row| &mut row.cells);
        for text in titles.chain(cells) {
            match self.take(text) {
                Some(taken) => *text = taken,
                None => return,
            }
        }
        self.blocks.push(Block::Table(table));
    }

    /// Lays the document out and writes it.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        self.write(krilla::SerializeSettings::default())
    }

    fn write(mut self, settings: krilla::SerializeSettings) -> Result<Vec<u8>, Error> {
        let title = std::mem::take(&mut self.about.title);
        self.about.title = self.take(&title).unwrap_or_default();
        self.room.ok_or(Error::TooLong)?;
        let mut typesetter = typeset::Typesetter::new(&self.about.language);
        let rows = compose::rows(&self.blocks, &mut typesetter)?;
        let pages = compose::pages(&rows);
        if pages.len() > PAGES {
            return Err(Error::TooLong);
        }
        write::write(&self.about, &rows, &pages, &mut typesetter, settings)
            .map_err(|error| Error::Writing(format!("{error:?}")))
    }

    /// The text as it can be printed, if there is still room for it.
    fn take(&mut self, text: &str) -> Option<String> {
        let room = self.room?;
        self.room = room.checked_sub(text.chars().count().max(LEAST));
        self.room.map(|_| text::clean(text))
    }
}

#[cfg(test)]
mod tests {
    use krilla::SerializeSettings;
    use krilla::configure::{Accessibility, ConfigurationBuilder};

    use super::*;

    fn about(language: &str) -> About {
        About {
            title: "Facture 2026-000001".to_owned(),
            author: "Coko".to_owned(),
            language: language.to_owned(),
            created: OffsetDateTime::UNIX_EPOCH,
            id: "1".to_owned(),
        }
    }

    fn universal() -> SerializeSettings {
        SerializeSettings {
            configuration: ConfigurationBuilder::new()
                .with_accessibility_validator(Accessibility::UA1)
                .finish()
                .unwrap(),
            ..SerializeSettings::default()
        }
    }

    /// Every script that the fonts cover, each with a phrase of its own.
    const SCRIPTS: [&str; 33] = [
        "Français : œuvre, À, ç, « guillemets », 1 234,50 €, 2 500 F CFA, ₦, ₵, №",
        "Wolof ŋ, Ewe ɖ ƒ ɣ ʋ, Hausa ɓ ɗ ƙ, Yorùbá ọ̀ ẹ́ ṣ",
        "Ελληνικά",
        "Русский",
        "العربية: لا إله، مُحَمَّد ١٢٣",
        "فارسی، اردو ٹ ڈ ڑ ے",
        "አማርኛ፣ ትግርኛ",
        "עִבְרִית",
        "ߒߞߏ ߞߊ߲߫",
        "𞤆𞤵𞤤𞤢𞤪",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ",
        "ꕙꔤ",
        "ꚠꚡ",
        "𐒖𐒗",
        "𞠀𞠁",
        "𖫐𖫑",
        "ⲁⲃⲅ",
        "हिन्दी क्षेत्र",
        "বাংলা",
        "ગુજરાતી",
        "ਪੰਜਾਬੀ",
        "தமிழ்",
        "తెలుగు",
        "ಕನ್ನಡ",
        "മലയാളം",
        "සිංහල",
        "ภาษาไทย",
        "ລາວ",
        "ខ្មែរ",
        "မြန်မာ",
        "ქართული, Հայերեն",
        "中文, 日本語, 한국어",
        "→ ∑ ★ ✓ ⚠",
    ];

    #[test]
    fn scripts_are_accessible_by_pdf_ua() {
        // The validator of PDF/UA-1 refuses characters without a glyph, text without a tag and tables without heads.
        for language in ["fr", "ar"] {
            let mut document = Document::new(about(language));
            document.heading(1, "Écritures");
            for script in SCRIPTS {
                document.heading(2, script);
                document.paragraph(script.repeat(40));
                document.quote(script);
                document.remark(script);
            }
            let mut table = Table::new([
                Column::new("Désignation", 3),
                Column::new("Montant", 1).align(Align::End),
            ]);
            for script in SCRIPTS.repeat(4) {
                table = table.row([script, "1"]);
            }
            document.table(table.strong(["Total", "132"]));
            document.write(universal()).unwrap();
        }
    }

    #[test]
    fn characters_without_a_glyph_stay_in_the_text() {
        let phrase = "A\u{13000}B";
        let mut refused = Document::new(about("fr"));
        refused.paragraph(phrase);
        assert!(matches!(refused.write(universal()), Err(Error::Writing(_))));
        let mut accepted = Document::new(about("fr"));
        accepted.paragraph(phrase);
        accepted.finish().unwrap();
    }
}
