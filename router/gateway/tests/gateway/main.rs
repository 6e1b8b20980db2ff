//! The gateway over real HTTP: real subgraphs behind it, a real client in front of it.

mod failures;
mod http;
mod identity;
mod limits;
mod persisted;
mod queries;
mod reload;
mod support;
