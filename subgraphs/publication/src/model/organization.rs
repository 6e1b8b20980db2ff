//! Organisations that publish, and who acts for them.

use coko_core::text;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::OrganizationErrorCode as Code;
use crate::tables::{members, organizations};

/// Most characters of a name.
pub(crate) const MAX_NAME: usize = 200;
/// Most organisations that one account belongs to.
pub(crate) const MAX_ORGANIZATIONS: i64 = 50;
/// Most members of one organisation.
pub(crate) const MAX_MEMBERS: i64 = 200;

coko_core::text_enum! {
    /// What an organisation is.
    pub(crate) OrganizationKind {
        /// A publishing house, whose name stands on its books.
        Publisher = "PUBLISHER",
        /// An author, or several, who publish by themselves.
        Author = "AUTHOR",
    }
}

coko_core::text_enum! {
    /// What a member does for an organisation.
    pub(crate) MemberRole {
        /// Everything, the members included.
        Owner = "OWNER",
        /// Manuscripts.
        Editor = "EDITOR",
        /// Royalties: contracts, statements, payouts.
        Finance = "FINANCE",
    }
}

impl MemberRole {
    /// Whether they decide about members and contracts.
    pub(crate) fn manages(self) -> bool {
        self == Self::Owner
    }

    /// Whether they work on manuscripts.
    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Owner | Self::Editor)
    }

    /// Whether they see and move the organisation's money.
    pub(crate) fn accounts(self) -> bool {
        matches!(self, Self::Owner | Self::Finance)
    }
}

/// An organisation.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = organizations, treat_none_as_null = true)]
pub(crate) struct Organization {
    #[diesel(skip_update)]
    pub(crate) id: Uuid,
    #[diesel(skip_update)]
    pub(crate) kind: OrganizationKind,
    pub(crate) name: String,
    pub(crate) country: Option<String>,
    pub(crate) version: i64,
    #[diesel(skip_update)]
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

/// Someone who acts for an organisation.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = members)]
pub(crate) struct Member {
    pub(crate) organization_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) role: MemberRole,
    pub(crate) added_at: OffsetDateTime,
}

/// A name and country that can be accepted.
///
/// # Errors
/// Every refusal.
pub(crate) fn checked(
    name: &str,
    country: Option<String>,
) -> Result<(String, Option<String>), Vec<coko_core::graphql::Refusal<Code>>> {
    let mut refusals = coko_core::graphql::Refusals::default();
    let name = match text::line(name, MAX_NAME) {
        Ok(name) => name,
        Err(error) => {
            refusals.push(super::details::text_refusal(
                error,
                "name",
                Code::Required,
                Code::TooLong,
                Code::ControlCharacters,
            ));
            String::new()
        }
    };
    if country.as_deref().is_some_and(|code| !is_country(code)) {
        refusals.add(Code::InvalidCountry, "country");
    }
    refusals.finish((name, country))
}

/// Whether a text has the shape of an ISO 3166-1 alpha-2 code.
pub(crate) fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
