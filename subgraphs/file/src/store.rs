//! Every query of file; a connection in, models out. Nothing else speaks SQL.

pub(crate) mod exports;
pub(crate) mod files;
pub(crate) mod grants;
pub(crate) mod jobs;
pub(crate) mod releases;
pub(crate) mod transfers;
pub(crate) mod uploads;
