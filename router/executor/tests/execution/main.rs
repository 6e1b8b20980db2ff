//! The executor against small subgraphs that resolve real queries over literal data.

mod abstract_types;
mod conditions;
mod entities;
mod failures;
mod introspection;
mod kit;
mod mutations;
mod nulls;
mod scheduling;
mod supergraphs;
mod variables;
