//! `User`, the entity that other subgraphs refer to, and who sees how much of it.

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object};
use coko_core::graphql::RequestExt as _;
use coko_core::{Error, Result};
use time::OffsetDateTime;
use uuid::Uuid;

use super::loader::{Accounts, Followed, Roles, Sessions};
use super::types::{PreferencesType, PrivacyType, SessionType, StatusType};
use crate::commands::Auth;
use crate::commands::phone::PHONE;
use crate::model::{Account, Preferences, Privacy, Status};

/// How much of an account the viewer sees; each level holds those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    /// The name alone.
    Name,
    /// The picture as well.
    Picture,
    /// The public profile.
    Profile,
    /// Everything: the owner, and operators with `users:read`.
    All,
}

/// A reader, author or publisher with an account.
pub(crate) struct User {
    account: Account,
    /// Set where the request itself just proved who it comes from, before it had a token that says so.
    proven: bool,
}

impl User {
    /// An account as the viewer's token permits to see it.
    pub(super) fn new(account: Account) -> Self {
        Self {
            account,
            proven: false,
        }
    }

    /// An account whose owner has just signed in.
    pub(super) fn of_owner(account: Account) -> Self {
        Self {
            account,
            proven: true,
        }
    }

    /// The account with this id as this viewer may see it: registrations that nobody has proven are for operators only.
    pub(super) async fn find(context: &Context<'_>, id: &ID) -> Result<Option<Self>> {
        let Ok(id) = id.parse::<Uuid>() else {
            return Ok(None);
        };
        let account = context
            .data_unchecked::<DataLoader<Accounts>>()
            .load_one(id)
            .await?;
        let sees_pending = context.viewer().can("users", "read");
        Ok(account
            .filter(|account| account.status != Status::Pending || sees_pending)
            .map(Self::new))
    }

    async fn sight(&self, context: &Context<'_>) -> Result<Sight> {
        let viewer = context.viewer();
        if self.proven || viewer.can("users", "read") {
            return Ok(Sight::All);
        }
        if self.account.status == Status::Deleted {
            return Ok(Sight::Name);
        }
        // A narrow token of the owner's does not open what its scopes leave out.
        if viewer.user_id() == Some(self.account.id) && viewer.can("profile", "read") {
            return Ok(Sight::All);
        }
        Ok(match self.account.privacy {
            Privacy::Public => Sight::Profile,
            Privacy::Private => Sight::Name,
            Privacy::Followers => {
                let follows = context
                    .data_unchecked::<DataLoader<Followed>>()
                    .load_one(self.account.id)
                    .await?;
                if follows.is_some() {
                    Sight::Profile
                } else {
                    Sight::Picture
                }
            }
        })
    }

    /// `value`, where the viewer's sight reaches `level`.
    async fn seen<T>(
        &self,
        context: &Context<'_>,
        level: Sight,
        value: impl FnOnce(&Account) -> Option<T>,
    ) -> Result<Option<T>> {
        Ok(if self.sight(context).await? >= level {
            value(&self.account)
        } else {
            None
        })
    }
}

/// A reader, author or publisher with an account. What a field shows depends on who looks: everybody sees the name, the rest
/// follows `privacy`; address, number, sessions and settings are for the owner and for operators.
#[Object]
impl User {
    /// Identifies the account, also after its deletion.
    async fn id(&self) -> ID {
        self.account.id.into()
    }

    /// The name shown to others; a deleted account has a neutral one.
    async fn display_name(&self, context: &Context<'_>) -> String {
        if self.account.status == Status::Deleted {
            context
                .translations()
                .text(context.locale(), "auth-deleted-account", &[])
        } else {
            self.account.display_name.clone()
        }
    }

    /// An `https` picture. Hidden where `privacy` is `PRIVATE`.
    async fn avatar(&self, context: &Context<'_>) -> Result<Option<String>> {
        self.seen(context, Sight::Picture, |account| account.avatar.clone())
            .await
    }

    /// ISO 3166-1 alpha-2 country. Part of the public profile.
    async fn country(&self, context: &Context<'_>) -> Result<Option<String>> {
        self.seen(context, Sight::Profile, |account| account.country.clone())
            .await
    }

    /// BCP 47 language the person is addressed in. Owner and operators only.
    async fn language(&self, context: &Context<'_>) -> Result<Option<String>> {
        self.seen(context, Sight::All, |account| {
            Some(account.language.clone())
        })
        .await
    }

    /// IANA time zone. Owner and operators only.
    async fn time_zone(&self, context: &Context<'_>) -> Result<Option<String>> {
        self.seen(context, Sight::All, |account| {
            Some(account.time_zone.clone())
        })
        .await
    }

    /// Who sees the profile. Owner and operators only.
    async fn privacy(&self, context: &Context<'_>) -> Result<Option<PrivacyType>> {
        self.seen(context, Sight::All, |account| Some(account.privacy.into()))
            .await
    }

    /// How the applications behave. Owner and operators only.
    async fn preferences(&self, context: &Context<'_>) -> Result<Option<PreferencesType>> {
        let preferences = |account: &Account| -> Preferences { account.preferences };
        self.seen(context, Sight::All, |account| {
            Some(preferences(account).into())
        })
        .await
    }

    /// The e-mail address. Owner and operators only; none for accounts that have only a phone number.
    async fn email(&self, context: &Context<'_>) -> Result<Option<String>> {
        self.seen(context, Sight::All, |account| account.email.clone())
            .await
    }

    /// Whether the address is proven. Owner and operators only.
    async fn email_verified(&self, context: &Context<'_>) -> Result<Option<bool>> {
        self.seen(context, Sight::All, |account| {
            Some(account.email_verified_at.is_some())
        })
        .await
    }

    /// The phone number in E.164. Owner and operators only.
    async fn phone(&self, context: &Context<'_>) -> Result<Option<String>> {
        let Some(sealed) = self
            .seen(context, Sight::All, |account| account.phone_sealed.clone())
            .await?
        else {
            return Ok(None);
        };
        let auth = context.data_unchecked::<Arc<Auth>>();
        auth.cipher
            .open(PHONE, &sealed)
            .map(Some)
            .map_err(Error::internal)
    }

    /// The names of the account's roles, in alphabetical order. Owner and operators only.
    async fn roles(&self, context: &Context<'_>) -> Result<Option<Vec<String>>> {
        if self.sight(context).await? < Sight::All {
            return Ok(None);
        }
        let roles = context
            .data_unchecked::<DataLoader<Roles>>()
            .load_one(self.account.id)
            .await?;
        Ok(Some(roles.unwrap_or_default()))
    }

    /// Live sessions, newest first. Owner and operators only.
    async fn sessions(&self, context: &Context<'_>) -> Result<Option<Vec<SessionType>>> {
        if self.sight(context).await? < Sight::All {
            return Ok(None);
        }
        let sessions = context
            .data_unchecked::<DataLoader<Sessions>>()
            .load_one(self.account.id)
            .await?;
        Ok(Some(
            sessions
                .unwrap_or_default()
                .into_iter()
                .map(SessionType)
                .collect(),
        ))
    }

    /// Where the account stands. Owner and operators only.
    async fn status(&self, context: &Context<'_>) -> Result<Option<StatusType>> {
        self.seen(context, Sight::All, |account| Some(account.status.into()))
            .await
    }

    /// The operator's reason for a suspension. Owner and operators only.
    async fn status_reason(&self, context: &Context<'_>) -> Result<Option<String>> {
        self.seen(context, Sight::All, |account| account.status_reason.clone())
            .await
    }

    /// Whether the account was deleted; nothing personal is left of it then.
    async fn deleted(&self) -> bool {
        self.account.status == Status::Deleted
    }

    /// When a deletion that was asked for becomes final. Owner and operators only.
    async fn delete_after(&self, context: &Context<'_>) -> Result<Option<OffsetDateTime>> {
        self.seen(context, Sight::All, |account| account.delete_after)
            .await
    }

    /// When it was registered. Part of the public profile.
    async fn created_at(&self, context: &Context<'_>) -> Result<Option<OffsetDateTime>> {
        self.seen(context, Sight::Profile, |account| Some(account.created_at))
            .await
    }
}
