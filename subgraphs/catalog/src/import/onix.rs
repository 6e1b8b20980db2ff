//! ONIX for Books 3.0: what a product is as a book of ours.

use std::io::BufRead;

use coko_onix::{Fault, Form, Product, Role};

use super::{CategoryKey, ImportError, Record, Rejection, Row};
use crate::model::{ContributorRole, Format, PublicationDate};

/// Reads every product and gives it to `take`, which answers whether to go on.
///
/// # Errors
/// From the place on where the XML is not well-formed.
pub(super) fn read(
    input: impl BufRead,
    take: &mut dyn FnMut(Row) -> bool,
) -> Result<(), ImportError> {
    coko_onix::read(input, &mut |row| {
        let line = row.line;
        take(Row {
            line,
            record: row
                .product
                .map_err(Rejection::from)
                .and_then(|product| record(product, line)),
            warnings: row.warnings.into_iter().map(Rejection::from).collect(),
        })
    })
    .map_err(ImportError::from)
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        Self::new(fault.line, &fault.field, fault.reason)
    }
}

impl From<coko_onix::Error> for ImportError {
    fn from(error: coko_onix::Error) -> Self {
        match error {
            coko_onix::Error::NoMessage => Self::Header(error.to_string()),
            coko_onix::Error::Xml { line, reason } => Self::Xml { line, reason },
        }
    }
}

fn record(product: Product, line: u64) -> Result<Record, Rejection> {
    let publication = match &product.published {
        Some(date) => Some(
            date.parse::<PublicationDate>()
                .map_err(|_| Rejection::new(line, "Date", format!("`{date}` is not a date")))?,
        ),
        None => None,
    };
    let contributors = product.contributors.into_iter();
    let subjects = product.subjects.into_iter();
    Ok(Record {
        subtitle: product.subtitle,
        description: product.description,
        isbn: product.isbn,
        publication,
        page_count: product.page_count,
        format: product.form.map(format_of),
        contributors: contributors
            .map(|(name, role)| (name, role_of(role)))
            .collect(),
        categories: subjects.map(CategoryKey::Thema).collect(),
        publisher: product.publisher,
        series: product.collection,
        prices: product.prices,
        ..Record::new(product.reference, product.title, product.language)
    })
}

fn role_of(role: Role) -> ContributorRole {
    match role {
        Role::Author => ContributorRole::Author,
        Role::Translator => ContributorRole::Translator,
        Role::Illustrator => ContributorRole::Illustrator,
        Role::Editor => ContributorRole::Editor,
        Role::Preface => ContributorRole::Preface,
        Role::Narrator => ContributorRole::Narrator,
        Role::Photographer => ContributorRole::Photographer,
        Role::Other => ContributorRole::Other,
    }
}

fn format_of(form: Form) -> Format {
    match form {
        Form::Epub => Format::Epub,
        Form::Pdf => Format::Pdf,
        Form::Audiobook => Format::Audiobook,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(input: &str) -> Result<Vec<Row>, ImportError> {
        let mut rows = Vec::new();
        read(input.as_bytes(), &mut |row| {
            rows.push(row);
            true
        })?;
        Ok(rows)
    }

    fn message(date: &str) -> String {
        format!(
            "<ONIXMessage>\n<Product><RecordReference>p1</RecordReference><DescriptiveDetail><ProductFormDetail>E107</ProductFormDetail><TitleDetail><TitleType>01</TitleType><TitleElement><TitleText>Pluies</TitleText></TitleElement></TitleDetail><Contributor><ContributorRole>B06</ContributorRole><PersonName>Ada Traduit</PersonName></Contributor><Language><LanguageRole>01</LanguageRole><LanguageCode>wol</LanguageCode></Language><Subject><SubjectSchemeIdentifier>93</SubjectSchemeIdentifier><SubjectCode>FBA</SubjectCode></Subject></DescriptiveDetail><PublishingDetail><PublishingDate><PublishingDateRole>01</PublishingDateRole><Date>{date}</Date></PublishingDate></PublishingDetail></Product></ONIXMessage>"
        )
    }

    #[test]
    fn a_product_is_a_record() {
        let mut rows = rows(&message("195310")).unwrap();
        let record = rows.remove(0).record.unwrap();
        assert_eq!(
            (record.title.as_str(), record.language.as_str()),
            ("Pluies", "wo")
        );
        assert_eq!(record.format, Some(Format::Pdf));
        assert_eq!(
            record.contributors,
            [("Ada Traduit".to_owned(), ContributorRole::Translator)]
        );
        assert_eq!(record.categories, [CategoryKey::Thema("FBA".to_owned())]);
        assert_eq!(
            record.publication.map(|date| date.to_string()).as_deref(),
            Some("1953-10")
        );
    }

    #[test]
    fn what_is_no_book_is_refused() {
        let rows = rows(&message("195313")).unwrap();
        let rejection = rows[0].record.as_ref().unwrap_err();
        assert_eq!(
            (rejection.line, rejection.field.as_deref()),
            (2, Some("Date"))
        );
        assert!(matches!(rows_of("{}"), Err(ImportError::Header(_))));
        assert!(matches!(
            rows_of("<ONIXMessage><Product>"),
            Err(ImportError::Xml { .. })
        ));
    }

    fn rows_of(input: &str) -> Result<Vec<Row>, ImportError> {
        rows(input)
    }
}
