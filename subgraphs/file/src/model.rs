//! Files and the rules about them; no I/O.

mod access;
mod details;
mod file;
mod index;
mod link;
mod name;
mod range;
mod sniff;
mod tus;

pub use access::{Grants, is_staff, may_read};
pub use details::{Chapter, Details, Finding, Publication, Severity};
pub use file::{File, Kind, Reason, Status};
pub use index::{Entry, Index};
pub use link::{Claims, Purpose};
pub use name::{MAX_NAME, clean_name, content_disposition};
pub use range::{ByteRange, RangeOutcome, Validator, select};
pub use sniff::{SNIFFED, sniff};
pub use tus::{Checksum, ChecksumError, append_at};
