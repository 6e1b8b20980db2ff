//! What a product says of a book.

use coko_core::isbn::Isbn;
use coko_core::language::bcp47;
use coko_core::money::{Currency, Money};
use coko_core::text;

use crate::element::Element;
use crate::{Fault, Form, Product, Role, Row};

/// A product with what was left out of it.
pub(crate) fn row(element: &Element, line: u64) -> Row {
    let mut warnings = Vec::new();
    let product = read(element, line, &mut warnings);
    Row {
        line,
        product,
        warnings,
    }
}

fn read(product: &Element, line: u64, warnings: &mut Vec<Fault>) -> Result<Product, Fault> {
    let reject = |field: &str, reason: String| Fault::new(line, field, reason);
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

    let subtitle = subtitle.map(|text| clean("Subtitle", &text, 300));
    let mut read = Product {
        reference: id,
        title,
        subtitle: subtitle.transpose()?,
        language,
        isbn: None,
        form: form(descriptive),
        contributors: contributors(descriptive, &clean)?,
        collection: None,
        page_count: None,
        subjects: Vec::new(),
        description: None,
        publisher: None,
        published: None,
        prices: prices(product, line, warnings)?,
    };
    // ISBN-13 by either of its names, then ISBN-10.
    for kind in ["15", "03", "02"] {
        let identifier = product
            .coded("ProductIdentifier", "ProductIDType", kind)
            .and_then(|element| element.value("IDValue"));
        let Some(value) = identifier else { continue };
        match value.parse::<Isbn>() {
            Ok(isbn) => {
                read.isbn.get_or_insert(isbn);
            }
            // An EAN of type 03 need not be a book's.
            Err(_) if kind == "03" => {}
            Err(error) => return Err(reject("IDValue", format!("`{value}`: {error}"))),
        }
    }
    for collection in descriptive.all("Collection") {
        if let Some((name, position)) = collection_title(collection) {
            read.collection = Some((clean("Collection", &name, 200)?, position));
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
    read.page_count = pages
        .and_then(|extent| extent.value("ExtentValue")?.parse().ok())
        .filter(|pages| (1..=100_000).contains(pages));
    let subjects = descriptive.all("Subject").filter(|subject| {
        // Thema is scheme 93; 94 to 99 are its qualifiers, which are no shelves.
        subject.value("SubjectSchemeIdentifier") == Some("93")
    });
    read.subjects = subjects
        .filter_map(|subject| Some(subject.value("SubjectCode")?.to_owned()))
        .take(20)
        .collect();
    if let Some(collateral) = product.find("CollateralDetail") {
        let described = ["03", "02"]
            .iter()
            .find_map(|kind| collateral.coded("TextContent", "TextType", kind));
        if let Some(content) = described.and_then(|element| element.find("Text")) {
            let plain = plain_text(content);
            read.description = match text::block(&plain, 10_000) {
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
            read.publisher = Some(clean("PublisherName", name, 200)?);
        }
        let date = publishing
            .coded("PublishingDate", "PublishingDateRole", "01")
            .and_then(|date| date.value("Date"));
        if let Some(digits) = date {
            read.published = Some(
                hyphenated(digits)
                    .ok_or_else(|| reject("Date", format!("`{digits}` is not a date")))?,
            );
        }
    }
    Ok(read)
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
    clean: &dyn Fn(&str, &str, usize) -> Result<String, Fault>,
) -> Result<Vec<(String, Role)>, Fault> {
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
fn role(code: &str) -> Role {
    match code {
        "A01" | "A02" | "A03" => Role::Author,
        "A12" | "A35" | "A36" => Role::Illustrator,
        "A13" => Role::Photographer,
        "A15" | "A19" | "A23" | "A24" => Role::Preface,
        "B01" | "B09" | "B11" | "C01" => Role::Editor,
        "B06" | "B08" | "B10" => Role::Translator,
        "E03" | "E07" => Role::Narrator,
        _ => Role::Other,
    }
}

/// ONIX code lists 150 and 175.
fn form(descriptive: &Element) -> Option<Form> {
    if descriptive
        .value("ProductForm")
        .is_some_and(|form| form.starts_with('A'))
    {
        return Some(Form::Audiobook);
    }
    descriptive
        .all("ProductFormDetail")
        .find_map(|detail| match detail.text.trim() {
            "E101" => Some(Form::Epub),
            "E107" => Some(Form::Pdf),
            _ => None,
        })
}

/// `1953`, `195310` or `19531001`.
fn hyphenated(digits: &str) -> Option<String> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        4 => Some(digits.to_owned()),
        6 => Some(format!("{}-{}", &digits[..4], &digits[4..])),
        8 => Some(format!(
            "{}-{}-{}",
            &digits[..4],
            &digits[4..6],
            &digits[6..]
        )),
        _ => None,
    }
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

fn prices(product: &Element, line: u64, warnings: &mut Vec<Fault>) -> Result<Vec<Money>, Fault> {
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
            warnings.push(Fault::new(
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
            Fault::new(
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
pub(crate) fn minor_units(text: &str, currency: Currency) -> Option<i64> {
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
