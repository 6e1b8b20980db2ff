//! ONIX for Books 3.0 (EDItEUR), reference names or short tags, product by product.
//!
//! Only one product is in memory at a time. Entities other than XML's own are refused, nothing is ever fetched. What a product
//! says is checked and normalised as far as ONIX governs it; whoever reads it decides what becomes of it.

mod element;
mod product;

use std::io::BufRead;

use coko_core::isbn::Isbn;
use coko_core::money::Money;
use quick_xml::Reader;
use quick_xml::events::Event;

use self::element::{Element, reference};
use self::product::row;

/// Elements inside each other beyond this are no product.
const DEPTH: usize = 32;
/// Bytes of one product in memory: its text, and its elements.
const PRODUCT: usize = 1 << 20;

/// A book as a product describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// The sender's own id (`RecordReference`), at most 200 characters.
    pub reference: String,
    /// The title without the subtitle, at most 300 characters.
    pub title: String,
    /// What follows the title, at most 300 characters.
    pub subtitle: Option<String>,
    /// BCP 47 language of the text.
    pub language: String,
    /// The ISBN, where there is a valid one.
    pub isbn: Option<Isbn>,
    /// What it is read with, where it says.
    pub form: Option<Form>,
    /// Who contributed, in their order, once for each role; names of at most 200 characters.
    pub contributors: Vec<(String, Role)>,
    /// The series it belongs to, and its place in it.
    pub collection: Option<(String, Option<f64>)>,
    /// Pages, 1 to 100,000.
    pub page_count: Option<i32>,
    /// Thema subject codes as they are written, at most 20.
    pub subjects: Vec<String>,
    /// What it is about as plain text, at most 10,000 characters.
    pub description: Option<String>,
    /// Who publishes it, at most 200 characters.
    pub publisher: Option<String>,
    /// When it appeared, as far as it is known: `1953`, `1953-10` or `1953-10-01`; the month and the day are not checked.
    pub published: Option<String>,
    /// At most one price per currency.
    pub prices: Vec<Money>,
}

/// What somebody did for a book, of ONIX code list 17.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Wrote it.
    Author,
    /// Translated it.
    Translator,
    /// Drew for it.
    Illustrator,
    /// Edited or collected it.
    Editor,
    /// Wrote what stands before or after it.
    Preface,
    /// Reads it aloud.
    Narrator,
    /// Photographed for it.
    Photographer,
    /// Anything else.
    Other,
}

/// What a book is read with, of ONIX code lists 150 and 175.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// EPUB.
    Epub,
    /// PDF.
    Pdf,
    /// Sound.
    Audiobook,
}

/// Why a product is no book, or what was left out of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file, from 1.
    pub line: u64,
    /// The element at fault.
    pub field: String,
    /// What was expected and what was found.
    pub reason: String,
}

impl Fault {
    fn new(line: u64, field: &str, reason: impl Into<String>) -> Self {
        Self {
            line,
            field: field.to_owned(),
            reason: reason.into(),
        }
    }
}

/// One product of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Line in the file where it begins, from 1.
    pub line: u64,
    /// The book, or why it is none.
    pub product: Result<Product, Fault>,
    /// What was left out of it.
    pub warnings: Vec<Fault>,
}

/// Why a message could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no ONIX message.
    #[error("expected an ONIXMessage")]
    NoMessage,
    /// The XML is not well-formed from here on.
    #[error("line {line}: the XML is not well-formed: {reason}")]
    Xml {
        /// Line of the fault.
        line: u64,
        /// The parser's words.
        reason: String,
    },
}

/// Reads every product and gives it to `take`, which answers whether to go on.
///
/// # Errors
/// From the place on where the XML is not well-formed.
pub fn read(input: impl BufRead, take: &mut dyn FnMut(Row) -> bool) -> Result<(), Error> {
    let mut reader = Reader::from_reader(Lines::new(input));
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut stack: Vec<Element> = Vec::new();
    let mut line = 1;
    let mut size = 0;
    let mut found = false;
    loop {
        let event = reader.read_event_into(&mut buffer);
        let here = reader.get_ref().line;
        let fault = |reason: String| Error::Xml { line: here, reason };
        match event.map_err(|error| fault(error.to_string()))? {
            Event::Start(start) => {
                let name = reference(start.local_name().as_ref()).to_owned();
                if stack.is_empty() && name != "Product" {
                    found |= name.eq_ignore_ascii_case("ONIXMessage");
                    buffer.clear();
                    continue;
                }
                if stack.is_empty() {
                    line = here;
                    size = 0;
                }
                if stack.len() >= DEPTH {
                    return Err(fault(format!(
                        "more than {DEPTH} elements inside each other"
                    )));
                }
                grow(&mut size, size_of::<Element>() + name.len()).map_err(fault)?;
                stack.push(Element {
                    name,
                    ..Element::default()
                });
            }
            Event::Text(text) => {
                add_text(&mut stack, &text, &mut size).map_err(fault)?;
            }
            Event::CData(text) => {
                add_text(&mut stack, &text, &mut size).map_err(fault)?;
            }
            Event::GeneralRef(entity) => {
                let resolved = match entity
                    .resolve_char_ref()
                    .map_err(|error| fault(error.to_string()))?
                {
                    Some(c) => c.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&entity)
                        .ok_or_else(|| fault(format!("the entity `{}` is not known", &*entity)))?
                        .to_owned(),
                };
                add_text(&mut stack, &resolved, &mut size).map_err(fault)?;
            }
            Event::End(_) => {
                if let Some(element) = stack.pop() {
                    match stack.last_mut() {
                        Some(parent) => parent.children.push(element),
                        None => {
                            found = true;
                            if !take(row(&element, line)) {
                                return Ok(());
                            }
                        }
                    }
                }
            }
            Event::Eof if !stack.is_empty() => {
                return Err(fault("the file ends inside a product".to_owned()));
            }
            Event::Eof if !found => {
                return Err(Error::NoMessage);
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
        buffer.clear();
    }
}

/// Counts what is kept of a product.
fn grow(size: &mut usize, bytes: usize) -> Result<(), String> {
    *size += bytes;
    if *size > PRODUCT {
        return Err(format!("a product of more than {PRODUCT} bytes"));
    }
    Ok(())
}

fn add_text(stack: &mut [Element], text: &str, size: &mut usize) -> Result<(), String> {
    let Some(element) = stack.last_mut() else {
        return Ok(());
    };
    grow(size, text.len())?;
    element.text.push_str(text);
    Ok(())
}

/// Counts lines as they are consumed.
struct Lines<R> {
    inner: R,
    line: u64,
}

impl<R> Lines<R> {
    fn new(inner: R) -> Self {
        Self { inner, line: 1 }
    }
}

impl<R: BufRead> std::io::Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Lines<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        if let Ok(bytes) = self.inner.fill_buf() {
            let lines = bytes
                .iter()
                .take(count)
                .filter(|byte| **byte == b'\n')
                .count();
            self.line += lines as u64;
        }
        self.inner.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use coko_core::money::Currency;

    use super::product::minor_units;
    use super::*;

    const REFERENCE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ONIXMessage release="3.0" xmlns="http://ns.editeur.org/onix/3.0/reference">
 <Header><Sender><SenderName>Maison</SenderName></Sender></Header>
 <Product>
  <RecordReference>com.example.1</RecordReference><NotificationType>03</NotificationType>
  <ProductIdentifier><ProductIDType>15</ProductIDType><IDValue>9780439023481</IDValue></ProductIdentifier>
  <DescriptiveDetail>
   <ProductForm>EA</ProductForm><ProductFormDetail>E101</ProductFormDetail>
   <Collection><TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>02</TitleElementLevel><PartNumber>2</PartNumber><TitleText>Cycle &amp; suite</TitleText></TitleElement></TitleDetail></Collection>
   <TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel><TitlePrefix>L&#39;</TitlePrefix><TitleWithoutPrefix>Enfant noir</TitleWithoutPrefix><Subtitle>Récit</Subtitle></TitleElement></TitleDetail>
   <Contributor><SequenceNumber>2</SequenceNumber><ContributorRole>B06</ContributorRole><PersonName>Ada Traduit</PersonName></Contributor>
   <Contributor><SequenceNumber>1</SequenceNumber><ContributorRole>A01</ContributorRole><PersonName>Camara Laye</PersonName></Contributor>
   <Language><LanguageRole>01</LanguageRole><LanguageCode>fre</LanguageCode></Language>
   <Extent><ExtentType>00</ExtentType><ExtentValue>221</ExtentValue><ExtentUnit>03</ExtentUnit></Extent>
   <Subject><SubjectSchemeIdentifier>93</SubjectSchemeIdentifier><SubjectCode>FBA</SubjectCode></Subject>
  </DescriptiveDetail>
  <CollateralDetail><TextContent><TextType>03</TextType><ContentAudience>00</ContentAudience><Text textformat="05"><p>Une <b>enfance</b> en Guinée.</p></Text></TextContent></CollateralDetail>
  <PublishingDetail><Publisher><PublishingRole>01</PublishingRole><PublisherName>Plon</PublisherName></Publisher><PublishingDate><PublishingDateRole>01</PublishingDateRole><Date>195310</Date></PublishingDate></PublishingDetail>
  <ProductSupply><SupplyDetail><Price><PriceType>02</PriceType><PriceAmount>6.5</PriceAmount><CurrencyCode>EUR</CurrencyCode></Price><Price><PriceAmount>2500</PriceAmount><CurrencyCode>XOF</CurrencyCode></Price></SupplyDetail></ProductSupply>
 </Product>
</ONIXMessage>"#;

    fn rows(input: &str) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        read(input.as_bytes(), &mut |row| {
            rows.push(row);
            true
        })?;
        Ok(rows)
    }

    #[test]
    fn a_product_reads_the_same_under_either_tag_set() {
        let mut short = REFERENCE.replace("ONIXMessage", "ONIXmessage");
        for tag in [
            "product",
            "a001",
            "a002",
            "productidentifier",
            "b221",
            "b244",
            "descriptivedetail",
            "b012",
            "b333",
            "collection",
            "titledetail",
            "b202",
            "titleelement",
            "x409",
            "b203",
            "b030",
            "b031",
            "b029",
            "x410",
            "contributor",
            "b034",
            "b035",
            "b036",
            "language",
            "b253",
            "b252",
            "extent",
            "b218",
            "b219",
            "b220",
            "subject",
            "b067",
            "b069",
            "collateraldetail",
            "textcontent",
            "x426",
            "d104",
            "publishingdetail",
            "publisher",
            "b291",
            "b081",
            "publishingdate",
            "x448",
            "b306",
            "productsupply",
            "supplydetail",
            "price",
            "x462",
            "j151",
            "j152",
        ] {
            for (from, to) in [("<", "<"), ("</", "</")] {
                for end in [">", " "] {
                    short = short.replace(
                        &format!("{from}{}{end}", reference(tag)),
                        &format!("{to}{tag}{end}"),
                    );
                }
            }
        }
        for input in [REFERENCE, &short] {
            let mut rows = rows(input).unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].line, 4);
            let product = rows.remove(0).product.unwrap();
            assert_eq!(product.reference, "com.example.1");
            assert_eq!(
                (product.title.as_str(), product.subtitle.as_deref()),
                ("L' Enfant noir", Some("Récit"))
            );
            assert_eq!(
                product.isbn.as_ref().map(Isbn::as_str),
                Some("9780439023481")
            );
            assert_eq!(
                (product.language.as_str(), product.page_count),
                ("fr", Some(221))
            );
            assert_eq!(product.form, Some(Form::Epub));
            assert_eq!(
                product.collection,
                Some(("Cycle & suite".to_owned(), Some(2.0)))
            );
            assert_eq!(
                product.contributors,
                [
                    ("Camara Laye".to_owned(), Role::Author),
                    ("Ada Traduit".to_owned(), Role::Translator),
                ]
            );
            assert!(product.description.unwrap().contains("enfance"));
            assert_eq!(product.published.as_deref(), Some("1953-10"));
            assert_eq!(
                product.prices,
                [
                    Money::new(2500, Currency::Xof),
                    Money::new(650, Currency::Eur)
                ]
            );
            assert_eq!(product.subjects, ["FBA"]);
        }
    }

    #[test]
    fn products_that_are_no_books_are_reported_and_broken_xml_stops() {
        let product = |inside: &str| {
            format!("<ONIXMessage>\n<Product>{inside}</Product>\n<Product/></ONIXMessage>")
        };
        for (inside, field) in [
            ("<RecordReference>1</RecordReference>", "DescriptiveDetail"),
            ("<Nothing/>", "RecordReference"),
            (
                "<RecordReference>1</RecordReference><NotificationType>05</NotificationType>",
                "NotificationType",
            ),
        ] {
            let rows = rows(&product(inside)).unwrap();
            let fault = rows[0].product.as_ref().unwrap_err();
            assert_eq!((fault.line, fault.field.as_str()), (2, field));
        }
        for broken in [
            "<ONIXMessage><Product><RecordReference>1</Product></ONIXMessage>",
            "<ONIXMessage><Product>",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><ONIXMessage><Product><RecordReference>&e;</RecordReference></Product></ONIXMessage>",
            &format!("<ONIXMessage><Product>{}", "<a>".repeat(100)),
            &format!(
                "<ONIXMessage><Product>{}",
                "<a/>".repeat(100_000) + "</Product></ONIXMessage>"
            ),
        ] {
            assert!(matches!(rows(broken), Err(Error::Xml { .. })), "{broken}");
        }
        assert!(matches!(rows("just text"), Err(Error::NoMessage)));
    }

    #[test]
    fn amounts_are_never_floats() {
        for (text, currency, expected) in [
            ("12.99", Currency::Eur, Some(1299)),
            ("12.9", Currency::Eur, Some(1290)),
            ("12", Currency::Usd, Some(1200)),
            ("2500.00", Currency::Xof, Some(2500)),
            ("2500.5", Currency::Xof, None),
            ("-1", Currency::Eur, None),
            ("1e3", Currency::Eur, None),
            ("", Currency::Eur, None),
        ] {
            assert_eq!(minor_units(text, currency), expected, "{text}");
        }
    }
}
