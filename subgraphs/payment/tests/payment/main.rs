//! Payment over real PostgreSQL and the provider simulator over HTTP.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod crashes;
mod invoices;
mod load;
mod providers;
mod purchases;
mod support;
mod webhooks;
