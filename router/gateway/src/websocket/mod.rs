//! Clients over WebSocket: `graphql-transport-ws`, as graphql-ws's PROTOCOL.md has it. Each operation passes the same
//! stages as one over HTTP.

mod connection;
mod message;
mod upgrade;

pub(crate) use upgrade::{is_upgrade, upgrade};
