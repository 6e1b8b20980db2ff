//! Manuscripts, their versions, comments, and ONIX.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};
use coko_core::money::{Currency, Money};

use super::read_back;
use crate::commands::import::{self, Report};
use crate::commands::manuscripts;
use crate::error::{
    ImportOnixError, ManuscriptCommentError, ManuscriptError, ManuscriptVersionError,
};
use crate::graphql::types::{ManuscriptType, NoteType, VersionType};
use crate::graphql::{key, publishing};
use crate::model::{Details, Prices, Texts};

/// A price to be asked.
#[derive(InputObject)]
struct ManuscriptPriceInput {
    /// The amount in the currency's minor unit: francs for XOF, cents for EUR and USD.
    amount: i64,
    /// The currency.
    currency: Currency,
}

/// What a manuscript says of itself, the whole of it.
#[derive(InputObject)]
struct ManuscriptDetailsInput {
    /// The title without the subtitle, at most 300 characters.
    title: String,
    /// What follows the title, at most 300 characters.
    subtitle: Option<String>,
    /// What it is about, at most 10,000 characters.
    description: Option<String>,
    /// BCP 47 language.
    language: String,
    /// ISBN-10 or ISBN-13, with or without hyphens.
    isbn: Option<String>,
    /// The authors' names in order, at most 20.
    #[graphql(default)]
    authors: Vec<String>,
    /// Slugs of the catalogue's categories, at most 10.
    #[graphql(default)]
    categories: Vec<String>,
    /// What it will cost, at most once per currency.
    #[graphql(default)]
    prices: Vec<ManuscriptPriceInput>,
}

impl From<ManuscriptDetailsInput> for Details {
    fn from(input: ManuscriptDetailsInput) -> Self {
        let prices = input.prices.into_iter();
        let price = |price: ManuscriptPriceInput| Money::new(price.amount, price.currency);
        Self {
            title: input.title,
            subtitle: input.subtitle,
            description: input.description,
            language: input.language,
            isbn: input.isbn,
            authors: Texts(input.authors),
            categories: Texts(input.categories),
            prices: Prices(prices.map(price).collect()),
        }
    }
}

/// A manuscript to begin.
#[derive(InputObject)]
struct CreateManuscriptInput {
    /// Whose it is.
    organization_id: ID,
    /// What it says of itself.
    details: ManuscriptDetailsInput,
}

/// A manuscript to change.
#[derive(InputObject)]
struct UpdateManuscriptInput {
    /// The manuscript.
    manuscript_id: ID,
    /// The version that was seen.
    version: i64,
    /// What it says of itself from now on.
    details: ManuscriptDetailsInput,
}

/// A version to add.
#[derive(InputObject)]
struct AddManuscriptVersionInput {
    /// The manuscript.
    manuscript_id: ID,
    /// A file of the kind `EPUB` or `PDF` that was uploaded for the manuscript's `bookId`, once it is `READY`.
    file_id: ID,
    /// What is new in it, at most 2,000 characters.
    notes: Option<String>,
}

/// Something to say about a manuscript.
#[derive(InputObject)]
struct CommentManuscriptInput {
    /// The manuscript.
    manuscript_id: ID,
    /// At most 5,000 characters.
    body: String,
}

/// An ONIX message to import.
#[derive(InputObject)]
struct ImportOnixInput {
    /// Whose the manuscripts are.
    organization_id: ID,
    /// The message: ONIX for Books 3.0, at most 512 KiB and 500 products.
    message: String,
}

/// What `createManuscript` or `updateManuscript` did.
#[derive(SimpleObject)]
struct ManuscriptPayload {
    /// The manuscript as it is now; null when refused.
    manuscript: Option<ManuscriptType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ManuscriptError>,
}

/// What `addManuscriptVersion` did.
#[derive(SimpleObject)]
struct AddManuscriptVersionPayload {
    /// The version; null when refused.
    version: Option<VersionType>,
    /// The manuscript as it is now; null when refused.
    manuscript: Option<ManuscriptType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ManuscriptVersionError>,
}

/// What `commentManuscript` did.
#[derive(SimpleObject)]
struct CommentManuscriptPayload {
    /// What was said; null when refused.
    note: Option<NoteType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ManuscriptCommentError>,
}

/// A product of a message that was not taken in.
#[derive(SimpleObject)]
struct OnixRejection {
    /// Where it begins in the message, from 1.
    line: u64,
    /// The element at fault.
    field: String,
    /// What is wrong with it.
    reason: String,
}

/// What `importOnix` did.
#[derive(SimpleObject)]
struct ImportOnixPayload {
    /// Manuscripts that were made, at most 500.
    created: Vec<ID>,
    /// Manuscripts that changed since they were imported last.
    updated: Vec<ID>,
    /// How many are as they were.
    unchanged: u64,
    /// Products that were not taken in, and why.
    rejected: Vec<OnixRejection>,
    /// Why the message was refused as a whole; empty when it was not.
    errors: Vec<ImportOnixError>,
}

impl ImportOnixPayload {
    fn new(report: Report, errors: Vec<ImportOnixError>) -> Self {
        let rejected = report.rejected.into_iter().map(|rejection| OnixRejection {
            line: rejection.line,
            field: rejection.field,
            reason: rejection.reason,
        });
        Self {
            created: report.created.into_iter().map(ID::from).collect(),
            updated: report.updated.into_iter().map(ID::from).collect(),
            unchanged: report.unchanged as u64,
            rejected: rejected.collect(),
            errors,
        }
    }
}

#[derive(Default)]
pub(super) struct ManuscriptMutation;

#[Object]
impl ManuscriptMutation {
    /// Begins a manuscript of an organisation for which the viewer writes. Needs `books:publish`.
    async fn create_manuscript(
        &self,
        context: &Context<'_>,
        input: CreateManuscriptInput,
    ) -> Result<ManuscriptPayload> {
        let organization = key(&input.organization_id);
        let (command, service) = (context.command(), publishing(context));
        let details = input.details.into();
        let outcome = manuscripts::create(command, service, organization, details).await;
        let (manuscript, errors) = settle(context, outcome, ManuscriptError::new)?;
        Ok(ManuscriptPayload {
            manuscript: manuscript.map(ManuscriptType),
            errors,
        })
    }

    /// Has a draft, or a manuscript of which changes were requested, say something else of itself. Needs `books:publish`.
    async fn update_manuscript(
        &self,
        context: &Context<'_>,
        input: UpdateManuscriptInput,
    ) -> Result<ManuscriptPayload> {
        let which = (key(&input.manuscript_id), input.version);
        let (command, service) = (context.command(), publishing(context));
        let details = input.details.into();
        let outcome = manuscripts::update(command, service, which, details).await;
        let (manuscript, errors) = settle(context, outcome, ManuscriptError::new)?;
        Ok(ManuscriptPayload {
            manuscript: manuscript.map(ManuscriptType),
            errors,
        })
    }

    /// Adds a version to a draft, or to a manuscript of which changes were requested. Needs `books:publish`.
    async fn add_manuscript_version(
        &self,
        context: &Context<'_>,
        input: AddManuscriptVersionInput,
    ) -> Result<AddManuscriptVersionPayload> {
        let (manuscript, file) = (key(&input.manuscript_id), key(&input.file_id));
        let (command, service) = (context.command(), publishing(context));
        let outcome =
            manuscripts::add_version(command, service, manuscript, file, input.notes).await;
        let (version, errors) = settle(context, outcome, ManuscriptVersionError::new)?;
        let of = version.as_ref().map(|version| version.manuscript_id);
        Ok(AddManuscriptVersionPayload {
            manuscript: read_back(context, of).await?,
            version: version.map(VersionType),
            errors,
        })
    }

    /// Says something about a manuscript that the viewer may see, to its authors and reviewers.
    async fn comment_manuscript(
        &self,
        context: &Context<'_>,
        input: CommentManuscriptInput,
    ) -> Result<CommentManuscriptPayload> {
        let manuscript = key(&input.manuscript_id);
        let (command, service) = (context.command(), publishing(context));
        let outcome = manuscripts::comment(command, service, manuscript, &input.body).await;
        let (note, errors) = settle(context, outcome, ManuscriptCommentError::new)?;
        Ok(CommentManuscriptPayload {
            note: note.map(NoteType),
            errors,
        })
    }

    /// Makes drafts of the products of an ONIX message, and brings those up to date that were made of earlier ones; doing it again
    /// changes nothing. Needs `books:publish`.
    async fn import_onix(
        &self,
        context: &Context<'_>,
        input: ImportOnixInput,
    ) -> Result<ImportOnixPayload> {
        let organization = key(&input.organization_id);
        let (command, service) = (context.command(), publishing(context));
        let outcome = import::onix(command, service, organization, input.message).await;
        let (report, errors) = settle(context, outcome, ImportOnixError::new)?;
        Ok(ImportOnixPayload::new(report.unwrap_or_default(), errors))
    }
}
