//! ONIX messages become drafts of an organisation, and bring drafts up to date that were made of earlier ones.

use std::collections::{HashMap, HashSet};

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, Outcome, Refusal};
use coko_onix::{Product, Role};
use diesel_async::AsyncConnection as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Publishing, author, members_organization};
use crate::error::ImportOnixErrorCode as Code;
use crate::model::manuscript::Ids;
use crate::model::{Details, Manuscript, MemberRole, Prices, Texts};
use crate::store;

/// Most bytes of a message.
pub(crate) const MAX_BYTES: usize = 512 * 1024;
/// Most products of a message.
pub(crate) const MAX_PRODUCTS: usize = 500;

/// Why a product was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// Line in the message, from 1.
    pub(crate) line: u64,
    /// The element or field at fault.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// What became of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) created: Vec<Uuid>,
    pub(crate) updated: Vec<Uuid>,
    pub(crate) unchanged: usize,
    pub(crate) rejected: Vec<Rejection>,
}

/// A product on its way to a manuscript.
struct Read {
    line: u64,
    reference: String,
    digest: Vec<u8>,
    details: Details,
}

/// Takes the products of a message in. Doing it again changes nothing.
///
/// # Errors
/// Refusals of the message; `FORBIDDEN` without `books:publish`, and for members who do not write.
pub(crate) async fn onix(
    context: &CommandContext,
    publishing: &Publishing,
    organization: Uuid,
    message: String,
) -> Outcome<Report, Code> {
    let user = author(context)?;
    if message.len() > MAX_BYTES {
        let refusal = Refusal::beyond(Code::TooLarge, "message", MAX_BYTES / 1024);
        return Err(Failure::Refused(vec![refusal]));
    }
    // Reading is work for the processor.
    let (read, rejected) = tokio::task::spawn_blocking(move || read(&message))
        .await
        .map_err(Error::internal)??;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let whose = (organization, user);
            members_organization(connection, whose, Code::NotFound, MemberRole::writes).await?;
            let mut report = Report {
                rejected,
                ..Report::default()
            };
            write(connection, context, whose, read, &mut report).await?;
            report.rejected.sort_by_key(|rejection| rejection.line);
            Ok::<_, Failure<Code>>(report)
        })
        .await
}

/// The products of a message that can be manuscripts, and those that cannot.
fn read(message: &str) -> Result<(Vec<Read>, Vec<Rejection>), Failure<Code>> {
    let (mut read, mut rejected) = (Vec::new(), Vec::new());
    let mut seen: HashSet<String> = HashSet::new();
    let mut count = 0;
    let outcome = coko_onix::read(message.as_bytes(), &mut |row| {
        count += 1;
        let product = row.product.map_err(|fault| Rejection {
            line: fault.line,
            field: fault.field,
            reason: fault.reason,
        });
        match product.and_then(|product| manuscript(row.line, product)) {
            Ok(product) if !seen.insert(product.reference.clone()) => rejected.push(Rejection {
                line: product.line,
                field: "RecordReference".to_owned(),
                reason: "the message has it twice".to_owned(),
            }),
            Ok(product) => read.push(product),
            Err(rejection) => rejected.push(rejection),
        }
        count <= MAX_PRODUCTS
    });
    if outcome.is_err() {
        return Err(Failure::field(Code::Malformed, "message"));
    }
    if count > MAX_PRODUCTS {
        let refusal = Refusal::beyond(Code::TooLarge, "message", MAX_BYTES / 1024);
        return Err(Failure::Refused(vec![refusal]));
    }
    Ok((read, rejected))
}

/// What a product says as a manuscript says it.
fn manuscript(line: u64, product: Product) -> Result<Read, Rejection> {
    let authors = product.contributors.into_iter();
    let mut names: Vec<String> = Vec::new();
    for (name, _) in authors.filter(|(_, role)| *role == Role::Author) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(20);
    let prices = product.prices.into_iter().filter(|price| price.amount > 0);
    let details = Details {
        title: product.title,
        subtitle: product.subtitle,
        description: product.description,
        language: product.language,
        isbn: product.isbn.map(|isbn| isbn.to_string()),
        authors: Texts(names),
        // Which of catalog's categories a Thema code belongs to is catalog's to say; an editor chooses here.
        categories: Texts::default(),
        prices: Prices(prices.collect()),
    };
    let details = details.checked().map_err(|refusals| {
        let first = refusals.into_iter().next();
        let field = first.as_ref().and_then(|refusal| refusal.field.clone());
        Rejection {
            line,
            field: field.unwrap_or_default().into_owned(),
            reason: first.map_or_else(String::new, |refusal| format!("{:?}", refusal.code)),
        }
    })?;
    Ok(Read {
        line,
        reference: product.reference,
        digest: digest(&details),
        details,
    })
}

/// SHA-256 of everything that was read of a product.
fn digest(details: &Details) -> Vec<u8> {
    let said = (
        &details.title,
        &details.subtitle,
        &details.description,
        &details.language,
        &details.isbn,
        &details.authors,
        &details.prices,
    );
    // Texts and numbers, whose JSON cannot fail.
    Sha256::digest(serde_json::to_vec(&said).unwrap_or_default()).to_vec()
}

async fn write(
    connection: &mut Connection,
    context: &CommandContext,
    (organization, user): (Uuid, Uuid),
    read: Vec<Read>,
    report: &mut Report,
) -> Result<(), Failure<Code>> {
    let references: Vec<&str> = read.iter().map(|read| read.reference.as_str()).collect();
    let known = store::manuscripts::lock_imported(connection, organization, &references).await?;
    let mut known: HashMap<String, Manuscript> = known
        .into_iter()
        .filter_map(|manuscript| Some((manuscript.onix_reference.clone()?, manuscript)))
        .collect();
    let isbns: Vec<&str> = read
        .iter()
        .filter_map(|read| read.details.isbn.as_deref())
        .collect();
    let owners = store::manuscripts::isbn_owners(connection, &isbns).await?;
    let mut owners: HashMap<String, Uuid> = owners
        .into_iter()
        .filter_map(|(isbn, id)| Some((isbn?, id)))
        .collect();
    for product in read {
        let known = known.remove(&product.reference);
        let id = known
            .as_ref()
            .map_or_else(|| context.id(), |known| known.id);
        let reject = |field: &str, reason: &str| Rejection {
            line: product.line,
            field: field.to_owned(),
            reason: reason.to_owned(),
        };
        let same = |known: &Manuscript| known.onix_digest.as_ref() == Some(&product.digest);
        if known.as_ref().is_some_and(same) {
            report.unchanged += 1;
            continue;
        }
        if known
            .as_ref()
            .is_some_and(|known| !known.status.is_editable())
        {
            let rejection = reject(
                "NotificationType",
                "the manuscript is under way; recall it first",
            );
            report.rejected.push(rejection);
            continue;
        }
        if let Some(isbn) = &product.details.isbn {
            if owners.get(isbn).is_some_and(|owner| *owner != id) {
                report
                    .rejected
                    .push(reject("IDValue", "another manuscript has this ISBN"));
                continue;
            }
            owners.insert(isbn.clone(), id);
        }
        let is_new = known.is_none();
        let mut manuscript = match known {
            Some(mut known) => {
                // What an editor chose here stays.
                let categories = known.categories.clone();
                let details = Details {
                    categories,
                    ..product.details
                };
                known.describe(details, context.now);
                known
            }
            None => {
                let ids = Ids {
                    manuscript: id,
                    book: context.id(),
                };
                Manuscript::draft(ids, organization, user, product.details, context.now)
            }
        };
        manuscript.onix_reference = Some(product.reference);
        manuscript.onix_digest = Some(product.digest);
        if is_new {
            store::manuscripts::insert(connection, &manuscript).await?;
            metrics::counter!("publication_manuscripts_total", "source" => "ONIX").increment(1);
            report.created.push(id);
        } else {
            store::manuscripts::update(connection, &manuscript).await?;
            report.updated.push(id);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(reference: &str, title: &str) -> String {
        format!(
            "<Product><RecordReference>{reference}</RecordReference><DescriptiveDetail><TitleDetail><TitleType>01</TitleType><TitleElement><TitleText>{title}</TitleText></TitleElement></TitleDetail><Contributor><ContributorRole>A01</ContributorRole><PersonName>Awa Ndiaye</PersonName></Contributor><Contributor><ContributorRole>B06</ContributorRole><PersonName>Ada Traduit</PersonName></Contributor><Language><LanguageRole>01</LanguageRole><LanguageCode>fre</LanguageCode></Language></DescriptiveDetail></Product>"
        )
    }

    #[test]
    fn products_become_what_a_manuscript_says() {
        let message = format!(
            "<ONIXMessage>{}{}{}<Product/></ONIXMessage>",
            product("a", "Pluies"),
            product("b", "Vents"),
            product("a", "Pluies encore")
        );
        let (read, rejected) = read(&message).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].details.authors.0, ["Awa Ndiaye"]);
        assert_eq!(read[0].details.language, "fr");
        assert_ne!(read[0].digest, read[1].digest);
        assert_eq!(rejected.len(), 2);
    }

    #[test]
    fn what_is_no_message_or_too_long_is_refused() {
        let code = |message: &str| match read(message) {
            Err(Failure::Refused(refusals)) => Some(refusals[0].code),
            _ => None,
        };
        assert_eq!(code("{}"), Some(Code::Malformed));
        assert_eq!(code("<ONIXMessage><Product>"), Some(Code::Malformed));
        let many = "<Product/>".repeat(MAX_PRODUCTS + 1);
        let many = format!("<ONIXMessage>{many}</ONIXMessage>");
        assert_eq!(code(&many), Some(Code::TooLarge));
    }
}
