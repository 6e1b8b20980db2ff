//! Every query of payment; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod attempts;
pub(crate) mod books;
pub(crate) mod exports;
pub(crate) mod invoices;
mod lease;
pub(crate) mod ledger;
pub(crate) mod notices;
pub(crate) mod orders;
pub(crate) mod plans;
pub(crate) mod refunds;
