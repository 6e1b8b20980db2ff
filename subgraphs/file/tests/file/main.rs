//! File over real PostgreSQL, a folder and a bucket: uploads, processing, downloads, rights, events.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod bucket;
mod consuming;
mod downloading;
mod hostile;
mod memory;
mod refusals;
mod rejecting;
mod support;
mod uploading;
mod working;
