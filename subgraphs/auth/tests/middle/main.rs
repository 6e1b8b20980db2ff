//! Auth over a real PostgreSQL: every mutation and query through the schema, as clients see them.

mod account;
mod authorisation;
mod bench;
mod contract;
mod operators;
mod partners;
mod phone;
mod privacy;
mod provider;
mod registration;
mod sessions;
mod social;
