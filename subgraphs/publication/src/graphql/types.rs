//! What clients see.

mod contract;
mod manuscript;
mod organization;
mod royalty;

use async_graphql::{Enum, ID, SimpleObject};
use coko_core::locale::Locale;
use uuid::Uuid;

pub(super) use contract::{ContractType, PayeeType};
pub(super) use manuscript::{ManuscriptType, NoteType, VersionType};
pub(super) use organization::OrganizationType;
pub(super) use royalty::{AccountType, AccrualType, PayoutType, StatementType, TermsType};

/// A book of the catalogue, by its id.
#[derive(SimpleObject)]
#[graphql(name = "Book", unresolvable = "id")]
pub(crate) struct BookRef {
    /// Identifies the book.
    id: ID,
}

impl From<Uuid> for BookRef {
    fn from(id: Uuid) -> Self {
        Self { id: id.into() }
    }
}

/// An account, by its id.
#[derive(SimpleObject)]
#[graphql(name = "User", unresolvable = "id")]
pub(crate) struct UserRef {
    /// Identifies the account.
    id: ID,
}

impl From<Uuid> for UserRef {
    fn from(id: Uuid) -> Self {
        Self { id: id.into() }
    }
}

/// A file of the file service, by its id.
#[derive(SimpleObject)]
#[graphql(name = "File", unresolvable = "id")]
pub(crate) struct FileRef {
    /// Identifies the file.
    id: ID,
}

impl From<Uuid> for FileRef {
    fn from(id: Uuid) -> Self {
        Self { id: id.into() }
    }
}

/// A language that statements are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum StatementLanguage {
    /// French.
    Fr,
    /// English.
    En,
}

impl StatementLanguage {
    /// The locale, which is the viewer's where none is asked for.
    fn locale(language: Option<Self>, viewers: &Locale) -> Locale {
        match language {
            Some(Self::Fr) => Locale::FR,
            Some(Self::En) => Locale::EN,
            None => viewers.clone(),
        }
    }
}
