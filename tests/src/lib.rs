//! The stack harness: real processes of the `coko` binary over real PostgreSQL and real JetStream, in either shape.
//!
//! Databases are made on the server of `COKO_TEST_POSTGRES_URL`; each stack has a NATS server of its own, because stream
//! names are the platform's. Roles bind port 0 and say where they listen, so ports are never raced for.

mod client;
mod process;
mod stack;
mod surroundings;
mod traces;

pub use client::{Answer, Client, operation};
pub use process::{Role, coko};
pub use stack::{Account, Shape, Stack};
pub use traces::{Trace, words_in};
