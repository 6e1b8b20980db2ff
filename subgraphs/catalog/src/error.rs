//! The codes of refusals. What stops a command is an error of core's.

mod refusals;

pub(crate) use refusals::*;
