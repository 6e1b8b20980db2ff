//! A statement as a file: CSV for programs and spreadsheets, PDF for people, in French or English.

use coko_core::graphql::FluentValue;
use coko_core::locale::Locale;
use coko_core::translation::Translations;
use coko_pdf::{About, Align, Column, Document, Table};
use time::{Date, OffsetDateTime};

use crate::model::{RoyaltySource, Statement, StatementLine};

/// Most lines that are printed on paper; the CSV has all of them.
pub(crate) const PDF_LINES: i64 = 2_000;

/// Why a statement cannot be written, which would be a fault of ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrintError {
    /// The CSV writer refuses it.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// The CSV writer cannot give its bytes back.
    #[error("the CSV cannot be finished: {0}")]
    Buffer(String),
    /// The PDF writer refuses it.
    #[error(transparent)]
    Pdf(#[from] coko_pdf::Error),
}

/// Everything that stands on a statement.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// The organisation's name; none for a person, whom auth knows.
    pub(crate) payee: Option<String>,
    /// Who pays.
    pub(crate) payer: String,
    pub(crate) statement: Statement,
    pub(crate) lines: Vec<StatementLine>,
}

/// The words of one document.
struct Words<'a> {
    translations: &'a Translations,
    locale: &'a Locale,
}

impl Words<'_> {
    fn say(&self, key: &str, args: &[(&str, FluentValue<'_>)]) -> String {
        let key = format!("publication-statement-{key}");
        self.translations.text(self.locale, &key, args)
    }

    fn plain(&self, key: &str) -> String {
        self.say(key, &[])
    }

    fn month(&self, month: Date) -> String {
        let args = [
            ("month", FluentValue::from(u8::from(month.month()))),
            // A year has no thousands.
            ("year", month.year().to_string().into()),
        ];
        self.say("month", &args)
    }

    fn date(&self, at: OffsetDateTime) -> String {
        let args = [
            ("day", FluentValue::from(at.day())),
            ("month", FluentValue::from(u8::from(at.month()))),
            ("year", at.year().to_string().into()),
        ];
        self.say("date", &args)
    }

    fn source(&self, line: &StatementLine) -> String {
        let key = match (line.source, line.reversal) {
            (RoyaltySource::Sale, false) => "sale",
            (RoyaltySource::Sale, true) => "refund",
            (RoyaltySource::Reading, false) => "reading",
            (RoyaltySource::Reading, true) => "reading-reversal",
        };
        self.plain(key)
    }
}

/// The PDF of a statement.
///
/// # Errors
/// When the document cannot be written.
pub(crate) fn pdf(
    sheet: &Sheet,
    translations: &Translations,
    locale: &Locale,
) -> Result<Vec<u8>, PrintError> {
    let words = Words {
        translations,
        locale,
    };
    let statement = &sheet.statement;
    let code = statement.code();
    let title = words.say("title", &[("number", code.as_str().into())]);
    let mut document = Document::new(About {
        title: title.clone(),
        author: sheet.payer.clone(),
        language: locale.language().to_owned(),
        created: statement.issued_at,
        id: statement.id.to_string(),
    });
    document.heading(1, title);
    document.table(parties(sheet, &words));
    document.table(account(statement, &words));
    if !sheet.lines.is_empty() {
        document.heading(2, words.plain("details"));
        document.table(details(sheet, &words));
    }
    let most = usize::try_from(PDF_LINES).unwrap_or_default();
    if sheet.lines.len() > most {
        document.remark(words.say("more", &[("count", most.into())]));
    }
    document.remark(words.plain("escrow"));
    Ok(document.finish()?)
}

/// Who pays on the one side; whom, for which month and when on the other.
fn parties(sheet: &Sheet, words: &Words<'_>) -> Table {
    let statement = &sheet.statement;
    let mut theirs = vec![
        words.say("of", &[("month", words.month(statement.month).into())]),
        words.say(
            "issued",
            &[("date", words.date(statement.issued_at).into())],
        ),
    ];
    if let Some(payee) = &sheet.payee {
        theirs.push(payee.clone());
    }
    let account = statement.payee_id.simple().to_string();
    theirs.push(words.say("account", &[("account", account.into())]));
    let columns = [Column::new("", 1), Column::new("", 1)];
    Table::new(columns).row([sheet.payer.clone(), theirs.join("\n")])
}

/// From what was there before to what is there now.
fn account(statement: &Statement, words: &Words<'_>) -> Table {
    let money = |amount: i64| statement.money(amount).format(words.locale);
    let columns = [
        Column::new(words.plain("movement"), 3),
        Column::new(words.plain("amount"), 1).align(Align::End),
    ];
    Table::new(columns)
        .row([words.plain("opening"), money(statement.opening)])
        .row([words.plain("accrued"), money(statement.accrued)])
        .row([words.plain("reversed"), money(-statement.reversed)])
        .row([words.plain("paid"), money(-statement.paid)])
        .strong([words.plain("closing"), money(statement.closing)])
}

fn details(sheet: &Sheet, words: &Words<'_>) -> Table {
    let money = |amount: i64| sheet.statement.money(amount).format(words.locale);
    let columns = [
        Column::new(words.plain("work"), 4),
        Column::new(words.plain("source"), 3),
        Column::new(words.plain("quantity"), 2).align(Align::End),
        Column::new(words.plain("gross"), 2).align(Align::End),
        Column::new(words.plain("share"), 2).align(Align::End),
    ];
    let most = usize::try_from(PDF_LINES).unwrap_or_default();
    let mut table = Table::new(columns);
    for line in sheet.lines.iter().take(most) {
        table = table.row([
            line.title.clone(),
            words.source(line),
            line.quantity().to_string(),
            money(line.signed(line.gross)),
            money(line.signed(line.amount)),
        ]);
    }
    table
}

/// The CSV of a statement (RFC 4180, UTF-8): a line for each work, amounts in minor units.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn csv(
    sheet: &Sheet,
    translations: &Translations,
    locale: &Locale,
) -> Result<Vec<u8>, PrintError> {
    let words = Words {
        translations,
        locale,
    };
    let statement = &sheet.statement;
    let code = statement.code();
    let currency = statement.currency.0.code();
    let heads = [
        "statement",
        "work",
        "source",
        "quantity",
        "gross",
        "share",
        "currency",
    ];
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heads.map(|head| words.plain(head)))?;
    for line in &sheet.lines {
        writer.write_record([
            code.clone(),
            cell(&line.title),
            words.source(line),
            line.quantity().to_string(),
            line.signed(line.gross).to_string(),
            line.signed(line.amount).to_string(),
            currency.to_owned(),
        ])?;
    }
    for (key, amount) in [
        ("opening", statement.opening),
        ("paid", -statement.paid),
        ("closing", statement.closing),
    ] {
        let (key, amount) = (words.plain(key), amount.to_string());
        let none = String::new;
        let row = [
            code.clone(),
            none(),
            key,
            none(),
            none(),
            amount,
            currency.to_owned(),
        ];
        writer.write_record(row)?;
    }
    writer
        .into_inner()
        .map_err(|error| PrintError::Buffer(error.to_string()))
}

/// A text as a cell that no spreadsheet takes for a formula (OWASP, CSV injection).
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use coko_core::money::{Currency, CurrencyCode};
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::*;

    fn sheet() -> Sheet {
        let line = |title: &str, source, reversal, amount| StatementLine {
            title: title.to_owned(),
            source,
            reversal,
            units: 120,
            gross: 2 * amount,
            amount,
        };
        Sheet {
            payee: Some("Éditions du Baobab".to_owned()),
            payer: "Coko SARL".to_owned(),
            statement: Statement {
                id: Uuid::from_u128(1),
                payee_id: Uuid::from_u128(0xabcd_1234),
                currency: CurrencyCode(Currency::Xof),
                month: date!(2027 - 01 - 01),
                opening: 500,
                accrued: 84_000,
                reversed: 700,
                paid: 10_000,
                closing: 73_800,
                issued_at: datetime!(2027-02-04 06:00 UTC),
            },
            lines: vec![
                line("Les Pluies", RoyaltySource::Sale, false, 84_000),
                line("=cmd|' /C calc'!A1", RoyaltySource::Sale, true, 700),
                line("Les Pluies", RoyaltySource::Reading, false, 40),
            ],
        }
    }

    fn printed(locale: &Locale) -> String {
        let translations = crate::translations().unwrap();
        let pdf = pdf(&sheet(), &translations, locale).unwrap();
        let pdf = lopdf::Document::load_mem(&pdf).unwrap();
        let pages: Vec<u32> = pdf.get_pages().into_keys().collect();
        let text = pdf.extract_text(&pages).unwrap();
        // Lines end, and spaces do not break, where the layout likes.
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_statement_reads_well_in_both_languages() {
        let french = printed(&Locale::FR);
        for phrase in [
            "R2027-01-ABCD1234-XOF",
            "janvier 2027",
            "4 février 2027",
            "Éditions du Baobab",
            "84 000 F CFA",
            "-700 F CFA",
            "73 800 F CFA",
        ] {
            assert!(french.contains(phrase), "{phrase} is not in {french}");
        }
        let english = printed(&Locale::EN);
        for phrase in ["January 2027", "4 February 2027", "F CFA 84,000"] {
            assert!(english.contains(phrase), "{phrase} is not in {english}");
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        let translations = crate::translations().unwrap();
        let bytes = csv(&sheet(), &translations, &Locale::EN).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 6);
        assert_eq!(&rows[0][5], "84000");
        assert_eq!(&rows[1][1], "'=cmd|' /C calc'!A1");
        assert_eq!((&rows[1][3], &rows[1][5]), ("-120", "-700"));
        assert_eq!(&rows[2][3], "2");
        assert_eq!(&rows[5][5], "73800");
    }
}
