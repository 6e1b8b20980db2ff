//! The one way a subgraph answers GraphQL: who asks comes from the token, errors leave with a code, nothing internal leaks.

mod connection;
mod errors;
mod handler;
mod money;
mod refusal;

pub use connection::{PageArgs, connection};
pub use fluent_bundle::FluentValue;
pub use handler::{DEADLINE_HEADER, Loaders, router};
pub use money::MoneyType;
pub use refusal::{Failure, Outcome, Refusal, Refusals, refusal_message, settle};

use crate::context::CommandContext;
use crate::identity::Viewer;
use crate::locale::Locale;
use crate::translation::Translations;

/// What resolvers ask of a request.
pub trait RequestExt {
    /// Who asks, when, and in which language: the first argument of every command.
    fn command(&self) -> &CommandContext;

    /// Who asks.
    fn viewer(&self) -> &Viewer;

    /// The language of messages.
    fn locale(&self) -> &Locale;

    /// The service's messages.
    fn translations(&self) -> &Translations;
}

impl RequestExt for async_graphql::Context<'_> {
    fn command(&self) -> &CommandContext {
        self.data_unchecked::<CommandContext>()
    }

    fn viewer(&self) -> &Viewer {
        &self.command().viewer
    }

    fn locale(&self) -> &Locale {
        &self.command().locale
    }

    fn translations(&self) -> &Translations {
        self.data_unchecked::<Translations>()
    }
}
