//! The catalogue.
pub mod error;
pub mod model;
pub mod search;
mod store;
mod tables;
