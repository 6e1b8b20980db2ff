//! Operators who look at the platform as somebody else sees it.

use async_graphql::{Context, ID, Object};
use coko_core::Result;
use time::OffsetDateTime;

use crate::graphql::entity::User;
use crate::model::Impersonation;

/// An operator who looks at the platform as somebody else sees it, without changing anything.
pub(crate) struct ImpersonationType(pub(crate) Impersonation);

/// An operator who looks at the platform as somebody else sees it, without changing anything.
#[Object(name = "Impersonation")]
impl ImpersonationType {
    /// Identifies the impersonation; what its token does is logged under this session.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Who looks.
    async fn operator(&self, context: &Context<'_>) -> Result<Option<User>> {
        User::find(context, &self.0.operator_id.into()).await
    }

    /// As whom.
    async fn user(&self, context: &Context<'_>) -> Result<Option<User>> {
        User::find(context, &self.0.user_id.into()).await
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When it began.
    async fn started_at(&self) -> OffsetDateTime {
        self.0.started_at
    }

    /// When it ends at the latest.
    async fn expires_at(&self) -> OffsetDateTime {
        self.0.expires_at
    }

    /// When it was ended before that.
    async fn ended_at(&self) -> Option<OffsetDateTime> {
        self.0.ended_at
    }
}
