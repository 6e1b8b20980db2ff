//! ONIX for Books 3.0 (EDItEUR), reference names or short tags, product by product.
//!
//! Only one product is in memory at a time. Entities other than XML's own are refused, nothing is ever fetched.

use std::io::BufRead;

use coko_core::money::{Currency, Money};
use coko_core::text;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{CategoryKey, ImportError, Record, Rejection, Row};
use crate::model::{ContributorRole, Format, Isbn, PublicationDate, bcp47};

/// Elements inside each other beyond this are no product.
const DEPTH: usize = 32;
/// Bytes of text in one product.
const PRODUCT: usize = 1 << 20;

/// An element with what is in it; names are the reference names.
#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        Some(self.find(name)?.text.trim()).filter(|text| !text.is_empty())
    }

    /// The child called `name` whose `code` element is `value`.
    fn coded<'a>(&'a self, name: &'a str, code: &'a str, value: &'a str) -> Option<&'a Self> {
        self.all(name)
            .find(|child| child.value(code) == Some(value))
    }
}

/// The reference name of an element, given either of its names.
fn reference(name: &str) -> &str {
    match name {
        "product" => "Product",
        "a001" => "RecordReference",
        "a002" => "NotificationType",
        "productidentifier" => "ProductIdentifier",
        "b221" => "ProductIDType",
        "b244" => "IDValue",
        "descriptivedetail" => "DescriptiveDetail",
        "b012" => "ProductForm",
        "b333" => "ProductFormDetail",
        "collection" => "Collection",
        "titledetail" => "TitleDetail",
        "b202" => "TitleType",
        "titleelement" => "TitleElement",
        "x409" => "TitleElementLevel",
        "b203" => "TitleText",
        "b030" => "TitlePrefix",
        "b031" => "TitleWithoutPrefix",
        "b029" => "Subtitle",
        "x410" => "PartNumber",
        "contributor" => "Contributor",
        "b034" => "SequenceNumber",
        "b035" => "ContributorRole",
        "b036" => "PersonName",
        "b047" => "CorporateName",
        "language" => "Language",
        "b253" => "LanguageRole",
        "b252" => "LanguageCode",
        "extent" => "Extent",
        "b218" => "ExtentType",
        "b219" => "ExtentValue",
        "b220" => "ExtentUnit",
        "subject" => "Subject",
        "b067" => "SubjectSchemeIdentifier",
        "b069" => "SubjectCode",
        "collateraldetail" => "CollateralDetail",
        "textcontent" => "TextContent",
        "x426" => "TextType",
        "d104" => "Text",
        "publishingdetail" => "PublishingDetail",
        "publisher" => "Publisher",
        "b291" => "PublishingRole",
        "b081" => "PublisherName",
        "publishingdate" => "PublishingDate",
        "x448" => "PublishingDateRole",
        "b306" => "Date",
        "productsupply" => "ProductSupply",
        "supplydetail" => "SupplyDetail",
        "price" => "Price",
        "x462" => "PriceType",
        "j151" => "PriceAmount",
        "j152" => "CurrencyCode",
        other => other,
    }
}

/// Reads every product and gives it to `take`, which answers whether to go on.
///
/// # Errors
/// From the place on where the XML is not well-formed.
pub(super) fn read(
    input: impl BufRead,
    take: &mut dyn FnMut(Row) -> bool,
) -> Result<(), ImportError> {
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
        let fault = |reason: String| ImportError::Xml { line: here, reason };
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
                return Err(ImportError::Header("expected an ONIXMessage".to_owned()));
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
        buffer.clear();
    }
}

fn add_text(stack: &mut [Element], text: &str, size: &mut usize) -> Result<(), String> {
    let Some(element) = stack.last_mut() else {
        return Ok(());
    };
    *size += text.len();
    if *size > PRODUCT {
        return Err(format!("a product of more than {PRODUCT} bytes of text"));
    }
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

fn row(product: &Element, line: u64) -> Row {
    let mut warnings = Vec::new();
    let record = record(product, line, &mut warnings);
    Row {
        line,
        record,
        warnings,
    }
}

fn record(
    product: &Element,
    line: u64,
    warnings: &mut Vec<Rejection>,
) -> Result<Record, Rejection> {
    let reject = |field: &str, reason: String| Rejection::new(line, field, reason);
    let clean = |field: &str, input: &str, max: usize| {
        text::line(input, max).map_err(|error| reject(field, error.to_string()))
    };
    let Some(id) = product.value("RecordReference") else {
        return Err(reject(
            "RecordReference",
            "the element is missing".to_owned(),
        ));
    };
    let id = clean("RecordReference", id, 200)?;
    if product.value("NotificationType") == Some("05") {
        return Err(reject(
            "NotificationType",
            "deletions are done by withdrawing the book".to_owned(),
        ));
    }
    let missing = |name: &str| reject(name, "the element is missing".to_owned());
    let descriptive = product
        .find("DescriptiveDetail")
        .ok_or_else(|| missing("DescriptiveDetail"))?;
    let (title, subtitle) = title(descriptive, "01").ok_or_else(|| missing("TitleDetail"))?;
    let title = clean("TitleText", &title, 300)?;
    let language = descriptive
        .coded("Language", "LanguageRole", "01")
        .and_then(|language| language.value("LanguageCode"));
    let code = language.ok_or_else(|| missing("Language"))?;
    let language =
        bcp47(code).ok_or_else(|| reject("LanguageCode", format!("`{code}` is not a language")))?;

    let mut record = Record::new(id, title, language);
    record.subtitle = subtitle
        .map(|text| clean("Subtitle", &text, 300))
        .transpose()?;
    // ISBN-13 by either of its names, then ISBN-10.
    for kind in ["15", "03", "02"] {
        let identifier = product
            .coded("ProductIdentifier", "ProductIDType", kind)
            .and_then(|element| element.value("IDValue"));
        let Some(value) = identifier else { continue };
        match value.parse::<Isbn>() {
            Ok(isbn) => {
                record.isbn.get_or_insert(isbn);
            }
            // An EAN of type 03 need not be a book's.
            Err(_) if kind == "03" => {}
            Err(error) => return Err(reject("IDValue", format!("`{value}`: {error}"))),
        }
    }
    record.format = format(descriptive);
    record.contributors = contributors(descriptive, &clean)?;
    for collection in descriptive.all("Collection") {
        if let Some((name, position)) = collection_title(collection) {
            record.series = Some((clean("Collection", &name, 200)?, position));
            break;
        }
    }
    let pages = descriptive.all("Extent").find(|extent| {
        extent.value("ExtentUnit") == Some("03")
            && matches!(
                extent.value("ExtentType"),
                Some("00" | "05" | "07" | "08" | "10" | "11")
            )
    });
    record.page_count = pages
        .and_then(|extent| extent.value("ExtentValue")?.parse().ok())
        .filter(|pages| (1..=100_000).contains(pages));
    let subjects = descriptive.all("Subject").filter(|subject| {
        // Thema is scheme 93; 94 to 99 are its qualifiers, which are no shelves.
        subject.value("SubjectSchemeIdentifier") == Some("93")
    });
    record.categories = subjects
        .filter_map(|subject| Some(CategoryKey::Thema(subject.value("SubjectCode")?.to_owned())))
        .take(20)
        .collect();
    if let Some(collateral) = product.find("CollateralDetail") {
        let described = ["03", "02"]
            .iter()
            .find_map(|kind| collateral.coded("TextContent", "TextType", kind));
        if let Some(content) = described.and_then(|element| element.find("Text")) {
            let plain = plain_text(content);
            record.description = match text::block(&plain, 10_000) {
                Ok(text) => Some(text),
                Err(text::TextError::Empty) => None,
                Err(error) => return Err(reject("Text", error.to_string())),
            };
        }
    }
    if let Some(publishing) = product.find("PublishingDetail") {
        if let Some(name) = publishing
            .find("Publisher")
            .and_then(|publisher| publisher.value("PublisherName"))
        {
            record.publisher = Some(clean("PublisherName", name, 200)?);
        }
        let date = publishing
            .coded("PublishingDate", "PublishingDateRole", "01")
            .and_then(|date| date.value("Date"));
        if let Some(digits) = date {
            record.publication = Some(
                parse_date(digits)
                    .ok_or_else(|| reject("Date", format!("`{digits}` is not a date")))?,
            );
        }
    }
    record.prices = prices(product, line, warnings)?;
    Ok(record)
}

fn title(parent: &Element, kind: &str) -> Option<(String, Option<String>)> {
    let detail = parent.coded("TitleDetail", "TitleType", kind)?;
    let element = detail
        .coded("TitleElement", "TitleElementLevel", "01")
        .or_else(|| detail.find("TitleElement"))?;
    Some((
        title_text(element)?,
        element.value("Subtitle").map(str::to_owned),
    ))
}

fn title_text(element: &Element) -> Option<String> {
    element.value("TitleText").map(str::to_owned).or_else(|| {
        let rest = element.value("TitleWithoutPrefix")?;
        Some(
            element
                .value("TitlePrefix")
                .map_or_else(|| rest.to_owned(), |prefix| format!("{prefix} {rest}")),
        )
    })
}

fn collection_title(collection: &Element) -> Option<(String, Option<f64>)> {
    let detail = collection.find("TitleDetail")?;
    let named = detail
        .coded("TitleElement", "TitleElementLevel", "02")
        .or_else(|| detail.find("TitleElement"))?;
    let part = detail
        .all("TitleElement")
        .find_map(|element| element.value("PartNumber"));
    let position = part
        .and_then(|part| part.parse().ok())
        .filter(|position| (0.0..=10_000.0).contains(position));
    Some((title_text(named)?, position))
}

fn contributors(
    descriptive: &Element,
    clean: &dyn Fn(&str, &str, usize) -> Result<String, Rejection>,
) -> Result<Vec<(String, ContributorRole)>, Rejection> {
    let mut ordered: Vec<(u32, &Element)> = descriptive
        .all("Contributor")
        .map(|element| {
            let number = element
                .value("SequenceNumber")
                .and_then(|number| number.parse().ok());
            (number.unwrap_or(u32::MAX), element)
        })
        .collect();
    ordered.sort_by_key(|(number, _)| *number);
    let mut contributors = Vec::new();
    for (_, element) in ordered.into_iter().take(100) {
        let Some(name) = element
            .value("PersonName")
            .or_else(|| element.value("CorporateName"))
        else {
            continue;
        };
        let name = clean("PersonName", name, 200)?;
        for code in element.all("ContributorRole") {
            contributors.push((name.clone(), role(code.text.trim())));
        }
    }
    Ok(contributors)
}

/// ONIX code list 17.
fn role(code: &str) -> ContributorRole {
    match code {
        "A01" | "A02" | "A03" => ContributorRole::Author,
        "A12" | "A35" | "A36" => ContributorRole::Illustrator,
        "A13" => ContributorRole::Photographer,
        "A15" | "A19" | "A23" | "A24" => ContributorRole::Preface,
        "B01" | "B09" | "B11" | "C01" => ContributorRole::Editor,
        "B06" | "B08" | "B10" => ContributorRole::Translator,
        "E03" | "E07" => ContributorRole::Narrator,
        _ => ContributorRole::Other,
    }
}

/// ONIX code lists 150 and 175.
fn format(descriptive: &Element) -> Option<Format> {
    if descriptive
        .value("ProductForm")
        .is_some_and(|form| form.starts_with('A'))
    {
        return Some(Format::Audiobook);
    }
    descriptive
        .all("ProductFormDetail")
        .find_map(|detail| match detail.text.trim() {
            "E101" => Some(Format::Epub),
            "E107" => Some(Format::Pdf),
            _ => None,
        })
}

/// `1953`, `195310` or `19531001`.
fn parse_date(digits: &str) -> Option<PublicationDate> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let text = match digits.len() {
        4 => digits.to_owned(),
        6 => format!("{}-{}", &digits[..4], &digits[4..]),
        8 => format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]),
        _ => return None,
    };
    text.parse().ok()
}

/// The text of an element with the text of any XHTML inside it; markup that came escaped is taken out.
fn plain_text(element: &Element) -> String {
    let mut text = element.text.clone();
    for child in &element.children {
        text.push_str(&plain_text(child));
        text.push('\n');
    }
    let mut plain = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => plain.push(c),
            _ => {}
        }
    }
    plain
}

fn prices(
    product: &Element,
    line: u64,
    warnings: &mut Vec<Rejection>,
) -> Result<Vec<Money>, Rejection> {
    let mut prices: Vec<Money> = Vec::new();
    let listed = product
        .all("ProductSupply")
        .flat_map(|supply| supply.all("SupplyDetail"))
        .flat_map(|detail| detail.all("Price"));
    for price in listed {
        let (Some(amount), Some(code)) = (price.value("PriceAmount"), price.value("CurrencyCode"))
        else {
            continue;
        };
        let Ok(currency) = code.parse::<Currency>() else {
            warnings.push(Rejection::new(
                line,
                "CurrencyCode",
                format!("a price in `{code}` is left out"),
            ));
            continue;
        };
        if prices.iter().any(|earlier| earlier.currency == currency) {
            continue;
        }
        let amount = minor_units(amount, currency).ok_or_else(|| {
            Rejection::new(
                line,
                "PriceAmount",
                format!("`{amount}` is not a price in {currency}"),
            )
        })?;
        prices.push(Money::new(amount, currency));
    }
    prices.sort_by_key(|price| price.currency);
    Ok(prices)
}

/// `12.99` EUR is 1299; no float is involved.
fn minor_units(text: &str, currency: Currency) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = currency.exponent() as usize;
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty()
        || whole.len() > 9
        || !digits(whole)
        || !digits(fraction)
        || fraction.len() > exponent
    {
        return None;
    }
    let amount: i64 = format!("{whole}{fraction:0<exponent$}").parse().ok()?;
    (amount <= 100_000_000).then_some(amount)
}

#[cfg(test)]
mod tests {
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

    fn rows(input: &str) -> Result<Vec<Row>, ImportError> {
        let mut rows = Vec::new();
        read(input.as_bytes(), &mut |row| {
            rows.push(row);
            true
        })?;
        Ok(rows)
    }

    #[test]
    fn a_product_becomes_a_record_under_either_tag_set() {
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
            let record = rows.remove(0).record.unwrap();
            assert_eq!(record.source_id, "com.example.1");
            assert_eq!(
                (record.title.as_str(), record.subtitle.as_deref()),
                ("L' Enfant noir", Some("Récit"))
            );
            assert_eq!(
                record.isbn.as_ref().map(Isbn::as_str),
                Some("9780439023481")
            );
            assert_eq!(
                (record.language.as_str(), record.page_count),
                ("fr", Some(221))
            );
            assert_eq!(record.format, Some(Format::Epub));
            assert_eq!(record.series, Some(("Cycle & suite".to_owned(), Some(2.0))));
            assert_eq!(
                record.contributors,
                [
                    ("Camara Laye".to_owned(), ContributorRole::Author),
                    ("Ada Traduit".to_owned(), ContributorRole::Translator),
                ]
            );
            assert!(record.description.unwrap().contains("enfance"));
            assert_eq!(
                record.publication.map(|date| date.to_string()).as_deref(),
                Some("1953-10")
            );
            assert_eq!(
                record.prices,
                [
                    Money::new(2500, Currency::Xof),
                    Money::new(650, Currency::Eur)
                ]
            );
            assert_eq!(record.categories, [CategoryKey::Thema("FBA".to_owned())]);
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
            let rejection = rows[0].record.as_ref().unwrap_err();
            assert_eq!(
                (rejection.line, rejection.field.as_deref()),
                (2, Some(field))
            );
        }
        for broken in [
            "<ONIXMessage><Product><RecordReference>1</Product></ONIXMessage>",
            "<ONIXMessage><Product>",
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><ONIXMessage><Product><RecordReference>&e;</RecordReference></Product></ONIXMessage>",
            &format!("<ONIXMessage><Product>{}", "<a>".repeat(100)),
        ] {
            assert!(
                matches!(rows(broken), Err(ImportError::Xml { .. })),
                "{broken}"
            );
        }
        assert!(matches!(rows("just text"), Err(ImportError::Header(_))));
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
