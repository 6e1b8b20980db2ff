//! JSON at the level of bytes: a scanner that finds values without building them, and a string writer.
//!
//! Subgraph answers are scanned once; leaves stay slices of the answer and are copied into the final buffer as they
//! are. Anything rare (keys with escapes, subgraph errors) goes through `serde_json`.

mod scanner;
mod writer;

pub(crate) use scanner::{JsonError, Member, Scanner, Text};
pub(crate) use writer::{json_string, key_prefix, write_string};
