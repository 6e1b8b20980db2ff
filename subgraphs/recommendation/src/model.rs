//! Types and rules; no async, no I/O.

pub(crate) mod activity;
pub(crate) mod book;
pub mod engine;
pub(crate) mod feedback;
pub(crate) mod interaction;
pub(crate) mod ranking;
pub(crate) mod taste;
pub(crate) mod window;

pub(crate) use book::Book;
pub(crate) use feedback::{Feedback, Signal};
pub(crate) use interaction::Interaction;
pub(crate) use ranking::{Advice, Because};
pub(crate) use window::Window;
