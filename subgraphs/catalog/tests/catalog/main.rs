//! Catalog over real PostgreSQL: every query and mutation, imports, search, feeds, events.

mod consuming;
mod editing;
mod feeds;
mod importing;
mod meilisearch;
mod plans;
mod reading;
mod searching;
mod support;
